//! A plan as the writing verbs need it: with what each gate said, with what the cluster remembers of
//! its objects, and with the limits of each row.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::memories::{Remembrance, judgeable, memories};
use super::previews::{HelmFlags, Previews, previews};
use super::scope::{Found, Selected};
use crate::actions::plan::{self, ChartRoom, Memories, NamedVersion, Options};
use crate::adapters::helm::rollouts::HelmRollouts;
use crate::adapters::kubernetes::Cluster;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::progress::Progress;
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::change::ObjectId;
use crate::domain::consent::Consent;
use crate::domain::history::Record;
use crate::domain::inventory::{Inventory, Kind};
use crate::domain::plan::{Lookup, Plan, Proposal};
use crate::domain::policy::{Limits, Overrides};
use crate::ports::{EventSink, PullSecrets, Registry, Usage};

/// A plan, and what it was made from.
pub struct Drafted {
    /// The plan.
    pub plan: Plan,
    /// The limits of each row.
    pub limits: Vec<Limits>,
    /// What the cluster remembers of its objects.
    pub memories: Memories,
    /// Who holds which of its objects now.
    pub holders: BTreeMap<ObjectId, String>,
    /// The cluster.
    pub cluster: Cluster,
    /// Last records of `CronJobs` of which a run shows how the new version does.
    pub judgeable: Vec<Record>,
    /// The versions that were named, each with its namespace.
    pub named: Vec<NamedVersion>,
    /// What the lookups have cost.
    pub usage: Usage,
    /// What the upgrades of releases would do.
    pub previews: Previews,
    /// The releases, those that were looked at made ready.
    pub releases: Option<Arc<HelmRollouts>>,
}

/// The exit code of a row that was named and is not taken.
pub fn refusal(proposal: &Proposal) -> Exit {
    match proposal.lookup {
        Lookup::Failed => Exit::Environment,
        Lookup::Malformed => Exit::Usage,
        Lookup::NotNeeded | Lookup::Done => Exit::Refused,
    }
}

/// Makes the plan of what is selected in a cluster.
///
/// # Errors
/// What stands in the way of seeing the targets at all.
pub async fn draft(
    selected: &Selected,
    named: &[NamedVersion],
    settings: &Settings,
    overrides: &Overrides,
    helm: Option<(&HelmFlags, Consent)>,
    printer: &Printer,
) -> Result<Drafted, CommandError> {
    let progress = Arc::new(Progress::start(printer.bars(), settings.quiet, "reading workloads"));
    let events: Arc<dyn EventSink> = progress.clone();
    let Found { mut inventory, cluster } = selected.find(settings, &events).await?;
    let Some(cluster) = cluster else {
        return Err(CommandError::usage_message(
            "manifests on disk cannot be applied from here: edit them, or leave out -f",
        )
        .hint("`plan -f … --diff` shows the change"));
    };
    one_meant(&inventory, named)?;
    let Remembrance { mut memories, holders } = memories(&cluster, &inventory, &mut |message| {
        printer.warning(&format!("{message}; what was rolled back or approved is not seen"));
    })
    .await?;
    let judgeable = judgeable(&cluster, &memories, &inventory, printer).await?;
    for record in &judgeable {
        // It is judged before anything else, so that the plan need not wait for it.
        if let Some(memory) = memories.get_mut(&record.change.object) {
            memory.last = None;
        }
    }
    let named: Vec<NamedVersion> = named
        .iter()
        .cloned()
        .map(|mut named| {
            let here = || Some(cluster.default_namespace().to_owned());
            named.target.namespace = named.target.namespace.or_else(here);
            named
        })
        .collect();
    let secrets: Arc<dyn PullSecrets> = Arc::new(cluster.clone());
    let registries =
        Arc::new(wire::registries(settings, &inventory, Some(secrets.clone()), printer)?);
    let charts = wire::charts(settings, &registries, settings.cache);
    let version = wire::version_for_charts(Some(&cluster), &mut inventory).await;
    let options = Options {
        policy: &settings.merged.policy,
        overrides,
        now: settings.now,
        memories: &memories,
        named: &named,
        findings: true,
        charts: Some(ChartRoom {
            charts: &charts,
            cluster: version.as_ref(),
            sources: &settings.merged.charts,
            given: helm.and_then(|(flags, _)| flags.chart.as_ref()),
        }),
    };
    let mut plan = plan::plan(inventory, &*registries, &options, &*progress).await;
    plan.inventory.warnings.extend(secrets.warnings());
    let limits: Vec<Limits> = plan
        .proposals
        .iter()
        .map(|proposal| {
            let (workload, slot) = plan.target(proposal);
            plan::limits(workload, slot, &options)
        })
        .collect();
    let mut releases = None;
    let mut found = Previews::new();
    let any = plan.inventory.workloads.iter().any(|one| one.kind == Kind::Release);
    if let Some((flags, consent)) = helm.filter(|_| any) {
        let leg =
            wire::releases(settings, &cluster, flags.options.clone(), flags.for_people).await?;
        cluster.learn_platforms(&mut plan.inventory).await;
        let rooms = (&leg, &*registries as &dyn Registry);
        found = previews(&mut plan, &limits, consent, rooms, flags, printer).await?;
        releases = Some(leg);
    }
    registries.save();
    drop(events);
    progress.finish();
    for warning in plan.warnings() {
        printer.warning(&warning.message);
    }
    let usage = registries.usage();
    Ok(Drafted {
        plan,
        limits,
        memories,
        holders,
        cluster,
        judgeable,
        named,
        usage,
        previews: found,
        releases,
    })
}

/// A version that is named for a whole workload is meant for its only container: of several, one has to
/// be said.
fn one_meant(inventory: &Inventory, named: &[NamedVersion]) -> Result<(), CommandError> {
    for version in named.iter().filter(|named| named.target.container.is_none()) {
        let several = inventory.workloads.iter().find(|workload| {
            workload.slots.len() > 1
                && workload.slots.iter().any(|slot| version.is_of(workload, slot))
        });
        if let Some(workload) = several {
            let names: Vec<String> = workload
                .slots
                .iter()
                .map(|slot| format!("{}:{}={}", version.target, slot.name, version.tag))
                .collect();
            return Err(CommandError::usage_message(format!(
                "{} has {} images, and {} is a version of one of them",
                version.target,
                workload.slots.len(),
                version.tag
            ))
            .hint(format!("say which: {}", names.join(", "))));
        }
    }
    Ok(())
}
