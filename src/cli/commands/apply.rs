//! `apply`: carries a plan out. Plans (or reads a saved plan and holds it against the cluster), asks,
//! and hands what was accepted to the rollout.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;

use std::sync::Arc;

use super::carry::{self, Left, PreviewedRow};
use super::confirm::{agrees, confirm};
use super::draft::{Drafted, draft, refusal};
use super::plan_file::{self, Planned};
use super::previews::{self, HelmFlags, Previews};
use super::scope::Selected;
use super::subjects::Subjects;
use super::unlock;
use super::{basis, changes, memories};
use crate::actions::apply::{Limits as BatchLimits, Report};
use crate::actions::intent::{Intent, intents};
use crate::actions::plan::{NamedVersion, nothing_could_be_looked_up};
use crate::adapters::clock::SystemClock;
use crate::adapters::helm::rollouts::UpgradeOptions;
use crate::adapters::metrics::Metrics;
use crate::cli::args::{Connection, Global, Lookup, TextFormat};
use crate::cli::args_write::ApplyArgs;
use crate::cli::error::{CommandError, Kind};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::{diff, json, machine, table};
use crate::cli::session::{Purpose, Stop, stoppable};
use crate::cli::settings::{Settings, overrides};
use crate::cli::wire;
use crate::domain::change::ObjectId;
use crate::domain::chart::ChartInUse;
use crate::domain::consent::{self, Answer, Consent};
use crate::domain::gate::Decision;
use crate::domain::history::Record;
use crate::domain::inventory::{Kind as WorkloadKind, Progress, Warning, Workload};
use crate::domain::plan::Plan;
use crate::domain::policy::Overrides;
use crate::domain::rollout::Outcome;
use crate::ports::Silent;
use crate::ports::rollouts::Clock as _;

/// Applies.
///
/// # Errors
/// What stands in the way of beginning; what becomes of single changes is the result.
pub fn run(
    global: &Global,
    arguments: &ApplyArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let for_people = arguments.output == TextFormat::Table;
    run_with(global, arguments, &HelmFlags::new(for_people), printer)
}

/// Applies, with what is said about upgrades of releases.
///
/// # Errors
/// What stands in the way of beginning; what becomes of single changes is the result.
pub fn run_with(
    global: &Global,
    arguments: &ApplyArgs,
    helm: &HelmFlags,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let subjects = Subjects::read(&arguments.subjects)?;
    let planned = subjects.file.as_deref().map(plan_file::read).transpose()?;
    let asks = mode(arguments, &subjects, printer)?;
    let lookup = Lookup { refresh: true, ..Lookup::default() };
    let settings = Settings::load(global, &lookup, &[], printer)?;
    let targets = planned.as_ref().map_or(&subjects.targets, |planned| &planned.targets);
    if planned.is_some() && targets.is_empty() {
        return nothing(
            "The plan holds nothing to apply.",
            arguments,
            (&[], &Left::NOTHING),
            printer,
        );
    }
    let selected = Selected::read(targets, &arguments.selection, &global.connection)?;
    let run = Run {
        arguments,
        subjects: &subjects,
        planned,
        selected,
        settings: &settings,
        connection: &global.connection,
        asks,
        helm,
    };
    stoppable(printer, |stop| run.carry_out(stop, printer))
}

/// Who says yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// The person at the terminal.
    Person,
    /// Nobody: only what needs nobody is taken.
    Nobody,
    /// Whoever typed the names (`--yes`, or a dry run, which needs no yes).
    Names,
}

fn mode(
    arguments: &ApplyArgs,
    subjects: &Subjects,
    printer: &Printer,
) -> Result<Asks, CommandError> {
    if !arguments.selection.filename.is_empty() {
        return Err(CommandError::usage_message(
            "apply writes to a cluster, so -f has no meaning here",
        )
        .hint("`plan -f … --diff` shows what to change in the manifests"));
    }
    if arguments.yes && !subjects.is_named() {
        return Err(CommandError::usage_message(
            "--yes says yes to what is named, and nothing is named",
        )
        .hint("name a plan file or targets; --auto takes what needs no yes"));
    }
    Ok(match (arguments.auto, arguments.yes, arguments.dry_run.is_some()) {
        (true, _, _) => Asks::Nobody,
        (_, true, _) | (_, _, true) => Asks::Names,
        _ if printer.can_ask() => Asks::Person,
        _ => {
            return Err(CommandError::usage_message("this is no terminal, so nobody can be asked")
                .hint("use --auto for what needs no yes, or name what to apply with --yes"));
        }
    })
}

struct Run<'a> {
    arguments: &'a ApplyArgs,
    subjects: &'a Subjects,
    planned: Option<Planned>,
    selected: Selected,
    settings: &'a Settings,
    connection: &'a Connection,
    asks: Asks,
    helm: &'a HelmFlags,
}

impl Run<'_> {
    async fn carry_out(mut self, stop: Stop, printer: &Printer) -> Result<Exit, CommandError> {
        let (arguments, settings) = (self.arguments, self.settings);
        let overrides = overrides(&arguments.candidates);
        let clock = SystemClock::start();
        if self.helm.unlock {
            let flags = (self.helm, self.asks == Asks::Nobody);
            unlock::free(settings, self.selected.targets(), flags, stop.clone(), printer).await?;
        }
        if let Some(planned) = &mut self.planned {
            // Before its targets are looked for: what is gone makes it stale, and is no slip of the name.
            let cluster = wire::cluster(settings, Arc::new(Silent)).await?;
            let hash = basis::policy_hash(&settings.merged);
            let leg = wire::releases(settings, &cluster, UpgradeOptions::default(), false).await?;
            let done = planned.check(&cluster, &*leg, &hash, settings.now).await?;
            memories::really_done(&cluster, &done).await?;
            planned.leave_out(&done.into_iter().map(|(object, _)| object).collect::<Vec<_>>());
            if planned.targets.is_empty() {
                let why = "Everything in the plan is there already.";
                return nothing(why, arguments, (&[], &Left::NOTHING), printer);
            }
            self.selected =
                Selected::read(&planned.targets, &arguments.selection, self.connection)?;
        }
        let named = self.planned.as_ref().map_or(&self.subjects.versions, |it| &it.versions);
        let helm = Some((self.helm, self.most()));
        let drafted = draft(&self.selected, named, settings, &overrides, helm, printer).await?;
        let Drafted { plan, cluster, .. } = &drafted;
        let metrics = self.metrics(&drafted, clock.moment().0)?;
        if self.subjects.is_named() {
            free(&drafted)?;
        }
        if let Some(planned) = &self.planned {
            planned.check_digests(plan, &[])?;
        }
        let unfinished = memories::unfinished(&drafted.memories, &plan.inventory, printer);
        if self.is_for_people() {
            self.show(&drafted, printer)?;
        }
        let (taken, declined) = self.choose(&drafted, &overrides, printer)?;
        let (taken, apart) = consent::together(plan, taken);
        for row in &apart {
            let (workload, slot) = plan.target(&plan.proposals[*row]);
            printer.warning(&format!(
                "{} is left out: another container runs the same image and was not accepted, and they move together",
                workload.target_id(slot)
            ));
        }
        let left = self.left(plan, &taken, &declined, printer);
        let previews = previewed(&drafted);
        let intents = self.intents(plan, &taken, &drafted);
        let rehearsal = arguments.dry_run.is_some();
        let judged = if rehearsal { Vec::new() } else { self.judged(&drafted, printer)? };
        if intents.is_empty() && judged.is_empty() {
            let mut left = left;
            if unfinished && self.subjects.is_named() {
                left.exit = left.exit.worst(Exit::Unknown);
            }
            return nothing("Nothing to apply.", arguments, (&previews, &left), printer);
        }
        let purpose = Purpose {
            pace: &arguments.pace,
            rehearsal,
            run_once: arguments.run_once,
            unattended: self.asks == Asks::Nobody,
            command: format!("{} {}", self.helm.verb, arguments.subjects.join(" "))
                .trim_end()
                .to_owned(),
        };
        let in_flight = arguments
            .max_in_flight
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(settings.merged.policy.max_in_flight);
        let batch = BatchLimits {
            in_flight,
            failures: usize::try_from(arguments.stop_after_failures).unwrap_or(usize::MAX),
        };
        let work = carry::Work {
            settings,
            cluster: cluster.clone(),
            releases: drafted.releases.clone(),
            hosts: wire::hosts_of(&plan.inventory),
            purpose,
            output: arguments.output,
            named: self.subjects.is_named(),
            metrics,
            plan: machine::json(&json::plan_output(plan, None)).ok(),
            previews: &previews,
            left,
        };
        let judgeable = drafted.judgeable.iter();
        let judgeable = judgeable.map(|record| record.change.object.clone()).collect();
        let todo = carry::Todo { judged, judgeable, intents, limits: batch };
        carry::carry(work, todo, stop, printer).await
    }

    /// The rows that are taken, and those that the person was asked about and declined.
    fn choose(
        &self,
        drafted: &Drafted,
        overrides: &Overrides,
        printer: &Printer,
    ) -> Result<(Vec<usize>, Vec<usize>), CommandError> {
        let Drafted { plan, limits, named: versions, .. } = drafted;
        let rows = 0..plan.proposals.len();
        let consents: Vec<Consent> =
            rows.clone().map(|row| self.consent(plan, row, versions)).collect();
        let answer =
            |row: usize, consent| consent::answer(&plan.proposals[row], &limits[row], consent);
        let auto: Vec<usize> =
            rows.clone().filter(|row| answer(*row, Consent::None) == Answer::Take).collect();
        Ok(match self.asks {
            Asks::Nobody => (auto, Vec::new()),
            Asks::Names => (
                rows.clone().filter(|row| answer(*row, consents[*row]) == Answer::Take).collect(),
                Vec::new(),
            ),
            Asks::Person => {
                let asked: Vec<usize> = rows
                    .clone()
                    .filter(|row| !auto.contains(row))
                    .filter(|row| {
                        matches!(answer(*row, consents[*row]), Answer::Ask | Answer::Take)
                    })
                    .collect();
                let taken = {
                    let show = |rows: &BTreeSet<usize>| {
                        let (settings, previews) = (self.settings, &drafted.previews);
                        shown(plan, rows, (settings, overrides), previews, printer)
                    };
                    confirm(plan, &auto, &asked, &show, printer)?
                };
                let all = auto.into_iter().chain(asked);
                let declined = all.filter(|row| !taken.contains(row)).collect::<Vec<_>>();
                (taken, declined)
            }
        })
    }

    /// What earlier runs changed and can be judged now. A person is asked, because what failed is
    /// put back.
    fn judged(&self, drafted: &Drafted, printer: &Printer) -> Result<Vec<Record>, CommandError> {
        let mut judged = drafted.judgeable.clone();
        if self.asks == Asks::Person {
            let mut agreed = Vec::new();
            for record in judged {
                let object = &record.change.object;
                let what = format!(
                    "A run of {object} shows how its new version does: judge it, and put it back if it failed?"
                );
                if agrees(printer, &escape(&what))? {
                    agreed.push(record);
                }
            }
            judged = agreed;
        }
        Ok(judged)
    }

    /// The metrics of the plan, already written once: a file that cannot be written shows before
    /// anything is changed.
    fn metrics(&self, drafted: &Drafted, took: Duration) -> Result<Option<Metrics>, CommandError> {
        let Some(file) = &self.arguments.metrics_file else { return Ok(None) };
        let metrics = Metrics::new(file).map_err(CommandError::environment)?;
        let summary = drafted.plan.summary();
        metrics.scanned(took, summary.targets, summary.updates + summary.held);
        metrics.asked(&drafted.usage);
        metrics
            .save()
            .with_context(|| format!("the metrics cannot be written to {}", file.display()))
            .map_err(|error| {
                CommandError::environment(error).hint("check the path of --metrics-file")
            })?;
        Ok(Some(metrics))
    }

    fn is_for_people(&self) -> bool {
        self.arguments.output == TextFormat::Table
    }

    fn show(&self, drafted: &Drafted, printer: &Printer) -> Result<(), CommandError> {
        let plan = &drafted.plan;
        if plan.proposals.is_empty() {
            return Ok(());
        }
        let layout = table::Layout {
            width: printer.width(),
            wide: false,
            headers: true,
            namespaces: self.selected.spans_namespaces(),
        };
        printer.data(&table::plan(plan, layout, &printer.styles))?;
        // Whoever names a release wants to see what it gets; of many, one asks with `d`.
        if self.subjects.is_named() && !drafted.previews.is_empty() {
            let rows = drafted.previews.keys().copied().collect();
            let shown = previews::shown(plan, &drafted.previews, &rows, printer);
            printer.data(&format!("\n{shown}"))?;
        }
        Ok(())
    }

    /// The most that anybody could say yes to.
    fn most(&self) -> Consent {
        match self.asks {
            Asks::Nobody => Consent::None,
            Asks::Names | Asks::Person if self.selected.is_named() => Consent::Named,
            Asks::Names | Asks::Person => Consent::Yes,
        }
    }

    /// What was said about a row by naming it.
    fn consent(&self, plan: &Plan, row: usize, versions: &[NamedVersion]) -> Consent {
        let (workload, slot) = plan.target(&plan.proposals[row]);
        // A saved plan names what it holds; that nobody looked at each major step in it is why those
        // still want to be typed.
        let typed =
            self.planned.is_none() && versions.iter().any(|named| named.is_of(workload, slot));
        if typed { Consent::Named } else { Consent::Yes }
    }

    /// Tells what was named and is not taken.
    fn left(&self, plan: &Plan, taken: &[usize], declined: &[usize], printer: &Printer) -> Left {
        let mut left = Left::NOTHING;
        let named = self.subjects.is_named();
        // A whole kind that is missing from a bulk run is more than a warning: nobody else would
        // notice. That it may not be listed is how it was set up.
        let missing = |warning: &Warning| {
            let object = warning.object.as_deref().unwrap_or_default();
            let written =
                ["deployments.apps", "statefulsets.apps", "daemonsets.apps", "cronjobs.batch"];
            warning.code == "unavailable" && written.contains(&object)
        };
        if !named && (plan.warnings().iter().any(missing) || nothing_could_be_looked_up(plan)) {
            left.exit = Exit::Environment;
        }
        for (row, proposal) in plan.proposals.iter().enumerate() {
            if !named || taken.contains(&row) || declined.contains(&row) {
                continue;
            }
            let (workload, slot) = plan.target(proposal);
            let (exit, why) = match proposal.decision {
                Decision::UpToDate => match slot.image.chart() {
                    Some(chart) if self.helm.sets_values() => {
                        (Exit::Refused, values_alone(&workload.name, chart))
                    }
                    _ => continue,
                },
                _ => (refusal(proposal), proposal.reasons.join("; ")),
            };
            let target = workload.target_id(slot);
            printer.warning(&format!("{target} is not applied: {}", escape(&why)));
            left.exit = left.exit.worst(exit);
            let begun = |row: &usize| plan.proposals[*row].workload == proposal.workload;
            if let Some(object) = workload.object().filter(|_| !taken.iter().any(begun)) {
                let outcome = match exit {
                    Exit::Environment => Outcome::Abandoned(why),
                    _ => Outcome::Refused(why),
                };
                left.refused.push(Report::early(object, outcome));
            }
        }
        left
    }

    fn intents(&self, plan: &Plan, taken: &[usize], drafted: &Drafted) -> Vec<Intent> {
        let mut intents = intents(plan, taken, &|row| drafted.limits[row].clone());
        for intent in &mut intents {
            intent.template_hash = match &self.planned {
                Some(planned) => planned.template_hash(&intent.object).map(str::to_owned),
                // What was shown is what is upgraded, or nothing is.
                None => looked_at(drafted, &intent.object),
            };
        }
        intents
    }
}

/// Why values alone are no upgrade here.
fn values_alone(release: &str, chart: &ChartInUse) -> String {
    let ChartInUse { name, version, .. } = chart;
    format!(
        "it has the newest version that it may have, and values alone are not changed from here: `helm upgrade {release} REPOSITORY/{name} --version {version}` with these values does that"
    )
}

/// What changes with some rows, as text.
fn shown(
    plan: &Plan,
    rows: &BTreeSet<usize>,
    (settings, overrides): (&Settings, &Overrides),
    known: &Previews,
    printer: &Printer,
) -> String {
    let mut text = String::new();
    for change in changes::changes_of(plan, rows, settings, overrides) {
        text.push_str(&diff::unified(&change, &printer.styles));
    }
    text.push_str(&previews::shown(plan, known, rows, printer));
    text
}

/// The releases that were looked at.
fn previewed(drafted: &Drafted) -> Vec<PreviewedRow<'_>> {
    let Drafted { plan, previews, .. } = drafted;
    let seen = previews.iter().filter_map(|(row, seen)| {
        let (workload, _) = plan.target(&plan.proposals[*row]);
        Some((workload.object()?, seen))
    });
    seen.collect()
}

/// The state of a release when its upgrade was looked at.
fn looked_at(drafted: &Drafted, object: &ObjectId) -> Option<String> {
    let mut rows = previewed(drafted).into_iter();
    let (_, looked) = rows.find(|(one, _)| one == object)?;
    Some(looked.seen.template_hash.clone())
}

/// Says that there is nothing to do.
fn nothing(
    why: &str,
    arguments: &ApplyArgs,
    (previews, left): (&[PreviewedRow<'_>], &Left),
    printer: &Printer,
) -> Result<Exit, CommandError> {
    printer.note(why);
    if arguments.output != TextFormat::Table {
        carry::nothing(arguments.output, previews, left, printer)?;
    }
    Ok(left.exit)
}

/// What is named must not be in the hands of another run: what it would be judged by moves.
fn free(drafted: &Drafted) -> Result<(), CommandError> {
    for one in
        drafted.plan.inventory.workloads.iter().filter(|one| one.kind == WorkloadKind::Release)
    {
        if let Progress::Underway(what) = &one.rollout.progress {
            let message = format!("{} is at work: {what}", one.id());
            return Err(CommandError::message(Kind::Busy, message)
                .hint("`resume` finishes what a run from here left; --unlock frees what another helm left"));
        }
    }
    let objects = drafted.plan.inventory.workloads.iter().filter_map(Workload::object);
    for object in objects {
        if let Some(holder) = drafted.holders.get(&object) {
            let message = format!("{object} is held by {holder}, nothing was written");
            return Err(CommandError::message(Kind::Busy, message)
                .hint("`status` shows what is under way; try again when it has ended"));
        }
    }
    Ok(())
}
