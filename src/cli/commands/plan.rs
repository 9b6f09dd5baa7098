//! `plan`: what could move, to what, and what the policy says about it.

use std::fmt::Write as _;
use std::sync::Arc;

use super::previews::{HelmFlags, Previews, previews, shown};
use super::scope::{Found, Selected};
use super::{basis, changes, memories};
use crate::actions::plan::{self, ChartRoom, Options, nothing_could_be_looked_up};
use crate::cli::args::{Global, PlanArgs, PlanFormat};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::progress::Progress;
use crate::cli::render::{diff, escape::escape, json, machine, table};
use crate::cli::settings::{Settings, overrides};
use crate::cli::wire;
use crate::domain::consent::Consent;
use crate::domain::gate::Decision;
use crate::domain::inventory::Kind;
use crate::domain::plan::{Lookup, Plan, Proposal};
use crate::domain::policy::Overrides;
use crate::ports::{EventSink, PullSecrets, Registry, Usage};

/// Plans.
///
/// # Errors
/// What stands in the way of seeing the targets at all; trouble with single ones is in the plan.
pub fn run(global: &Global, arguments: &PlanArgs, printer: &Printer) -> Result<Exit, CommandError> {
    if arguments.diff && !is_for_people(arguments.output) {
        return Err(CommandError::usage_message(
            "--diff is for people: use it with -o table or wide",
        )
        .hint("-o json names every change; leave out one of the two"));
    }
    let selected = Selected::read(&arguments.targets, &arguments.selection, &global.connection)?;
    let settings =
        Settings::load(global, &arguments.lookup, &arguments.selection.filename, printer)?;
    wire::block_on(make(&selected, &settings, arguments, printer))
}

async fn make(
    selected: &Selected,
    settings: &Settings,
    arguments: &PlanArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let overrides = overrides(&arguments.candidates);
    let progress = Arc::new(Progress::start(printer.bars(), settings.quiet, "reading workloads"));
    let events: Arc<dyn EventSink> = progress.clone();
    let Found { mut inventory, cluster } = selected.find(settings, &events).await?;
    let empty = inventory.workloads.is_empty().then(|| selected.nothing(cluster.as_ref()));
    let secrets = cluster.clone().map(|cluster| Arc::new(cluster) as Arc<dyn PullSecrets>);
    let registries = Arc::new(wire::registries(settings, &inventory, secrets.clone(), printer)?);
    let charts = wire::charts(settings, &registries, settings.cache);
    let version = wire::version_for_charts(cluster.as_ref(), &mut inventory).await;
    let memories = memories::for_reading(cluster.as_ref(), &mut inventory).await?;
    memories::unfinished(&memories, &inventory, printer);
    let options = Options {
        policy: &settings.merged.policy,
        overrides: &overrides,
        now: settings.now,
        memories: &memories,
        named: &[],
        findings: arguments.diff,
        charts: Some(ChartRoom {
            charts: &charts,
            cluster: version.as_ref(),
            sources: &settings.merged.charts,
            given: None,
        }),
    };
    let mut plan = plan::plan(inventory, &*registries, &options, &*progress).await;
    let mut looked_at = Previews::new();
    if let (true, Some(cluster)) = (arguments.diff, &cluster) {
        let limits = plan.proposals.iter().map(|proposal| {
            let (workload, slot) = plan.target(proposal);
            plan::limits(workload, slot, &options)
        });
        let limits: Vec<_> = limits.collect();
        let flags = HelmFlags::new(true);
        let leg = wire::releases(settings, cluster, flags.options.clone(), true).await?;
        cluster.learn_platforms(&mut plan.inventory).await;
        let rooms = (&leg, &*registries as &dyn Registry);
        looked_at = previews(&mut plan, &limits, Consent::Named, rooms, &flags, printer).await?;
    }
    if let Some(secrets) = secrets {
        plan.inventory.warnings.extend(secrets.warnings());
    }
    registries.save();
    drop(events);
    progress.finish();
    log_decisions(&plan);
    for warning in plan.warnings() {
        printer.warning(&warning.message);
    }
    if let Some(nothing) = empty.filter(|_| is_for_people(arguments.output)) {
        printer.note(&escape(&nothing));
    } else {
        let mut text = rendered(&plan, selected, settings, &overrides, arguments, printer)?;
        if !looked_at.is_empty() {
            let rows = looked_at.keys().copied().collect();
            text.push('\n');
            text.push_str(&shown(&plan, &looked_at, &rows, printer));
        }
        printer.data(&text)?;
    }
    if is_for_people(arguments.output) && !plan.proposals.is_empty() {
        let mut cost = registries.usage();
        cost.requests += charts.requests();
        printer.note(&usage(&cost));
        let unseen = if arguments.diff { 0 } else { upgrades(&plan) };
        if unseen > 0 {
            let whose =
                if unseen == 1 { "1 release was" } else { &format!("{unseen} releases were") };
            printer.note(&format!(
                "{whose} judged by what is published of the chart; --diff renders the upgrade as well"
            ));
        }
    }
    if let Some(file) = &arguments.out {
        let basis = basis::basis(&plan, cluster.as_ref(), settings, &overrides, printer).await?;
        basis::write(file, &plan, basis)?;
    }
    Ok(exit(&plan, selected, arguments))
}

fn is_for_people(format: PlanFormat) -> bool {
    matches!(format, PlanFormat::Table | PlanFormat::Wide)
}

fn rendered(
    plan: &Plan,
    selected: &Selected,
    settings: &Settings,
    overrides: &Overrides,
    arguments: &PlanArgs,
    printer: &Printer,
) -> Result<String, CommandError> {
    let mut text = match arguments.output {
        PlanFormat::Table | PlanFormat::Wide => {
            let layout = table::Layout {
                width: printer.width(),
                wide: arguments.output == PlanFormat::Wide,
                headers: !arguments.no_headers,
                namespaces: selected.spans_namespaces() || selected.is_of_files(),
            };
            table::plan(plan, layout, &printer.styles)
        }
        PlanFormat::Json => machine::json(&json::plan_output(plan, None))?,
        PlanFormat::Yaml => machine::yaml(&json::plan_output(plan, None))?,
        PlanFormat::Name => plan.proposals.iter().fold(String::new(), |mut text, proposal| {
            let (workload, slot) = plan.target(proposal);
            let _ = writeln!(text, "{}", escape(&workload.target_id(slot)));
            text
        }),
    };
    if arguments.diff {
        for change in changes::changes(plan, settings, overrides) {
            text.push('\n');
            text.push_str(&diff::unified(&change, &printer.styles));
        }
    }
    Ok(text)
}

/// How many upgrades of releases may be made, as far as is known.
fn upgrades(plan: &Plan) -> usize {
    let may_be_made = |proposal: &&Proposal| {
        let (workload, _) = plan.target(proposal);
        workload.kind == Kind::Release
            && proposal.candidate.is_some()
            && matches!(proposal.decision, Decision::Update | Decision::Held)
    };
    plan.proposals.iter().filter(may_be_made).count()
}

/// What the lookups cost, in one line.
fn usage(usage: &Usage) -> String {
    let plural = |count: u64, one: &str, more: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    };
    let mut text = format!(
        "{}, {} from the cache",
        plural(usage.requests, "registry request", "registry requests"),
        plural(usage.cache_hits, "answer", "answers")
    );
    for (host, left) in &usage.remaining {
        let _ = write!(text, "; {host} leaves {left} pulls");
    }
    text
}

/// One event per decision, for `-v` and `--log-format json`.
fn log_decisions(plan: &Plan) {
    for proposal in &plan.proposals {
        let (workload, slot) = plan.target(proposal);
        let offer = proposal.candidate.as_ref();
        tracing::info!(
            event = "decision",
            asset_id = workload.target_id(slot),
            asset_type = workload.kind.as_str(),
            current_version = proposal.current.tag.as_ref().map(ToString::to_string),
            new_version = offer.map(|offer| offer.tag.to_string()),
            change_type = offer.map_or("none", |offer| offer.change.as_str()),
            decision = proposal.decision.as_str(),
        );
    }
}

fn exit(plan: &Plan, selected: &Selected, arguments: &PlanArgs) -> Exit {
    let summary = plan.summary();
    let any = |wanted| plan.proposals.iter().any(|proposal| proposal.lookup == wanted);
    if nothing_could_be_looked_up(plan) || (selected.is_named() && any(Lookup::Failed)) {
        Exit::Environment
    } else if selected.is_named() && any(Lookup::Malformed) {
        Exit::Usage
    } else if arguments.detailed_exitcode && summary.updates + summary.held > 0 {
        Exit::Pending
    } else {
        Exit::Done
    }
}
