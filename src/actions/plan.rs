//! From an inventory to a plan: look up, shortlist, learn facts, choose, judge.
//!
//! Facts are learned in rounds: every target says what it still has to know, all questions of a
//! round are asked at once, and a target that knows enough is judged. A release that turns out to be
//! too young, incomplete or gone makes its target ask about the next one below it.

mod charts;
mod comparison;
mod draft;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

pub use self::charts::{ChartRoom, NamedChart};
use self::comparison::Comparisons;
pub(super) use self::comparison::criteria;
use self::draft::Draft;
pub use self::draft::limits;
use super::facts::Facts;
use super::lookup::{Catalogs, Published, lookup};
use crate::domain::calendar;
use crate::domain::candidate::{PassedOver, TagVerdict};
use crate::domain::change::ObjectId;
use crate::domain::gate::Surroundings;
use crate::domain::history::Memory;
use crate::domain::image::Tag;
use crate::domain::inventory::{Inventory, Running, Slot, Warning, Workload};
use crate::domain::plan::{self, Lookup, Plan, Proposal, Prospect};
use crate::domain::policy::{Limits, Overrides, Policy};
use crate::domain::target::TargetName;
use crate::ports::{EventSink, LookupError, Registry};

/// What a plan is made with.
#[derive(Debug)]
pub struct Options<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// What the command line says.
    pub overrides: &'a Overrides,
    /// The time of the run.
    pub now: Timestamp,
    /// What the cluster remembers of its objects: what is known bad, what was approved.
    pub memories: &'a Memories,
    /// Versions that were named for targets.
    pub named: &'a [NamedVersion],
    /// Keep what each gate said about each row.
    pub findings: bool,
    /// Where charts of releases are looked for; none where there are no releases.
    pub charts: Option<ChartRoom<'a>>,
}

/// What is remembered, by object.
pub type Memories = HashMap<ObjectId, Memory>;

/// A version that was named for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedVersion {
    /// The target, with its namespace.
    pub target: TargetName,
    /// The version.
    pub tag: Tag,
}

impl NamedVersion {
    /// Whether a slot is meant.
    pub fn is_of(&self, workload: &Workload, slot: &Slot) -> bool {
        self.target.kind == workload.kind
            && *self.target.name == *workload.name
            && self
                .target
                .namespace
                .as_deref()
                .is_none_or(|namespace| workload.namespace.as_deref() == Some(namespace))
            && self.target.container.as_deref().is_none_or(|name| name == &*slot.name)
    }
}

/// Makes the plan.
pub async fn plan(
    inventory: Inventory,
    registry: &dyn Registry,
    options: &Options<'_>,
    events: &dyn EventSink,
) -> Plan {
    let mut plan = plan_in_detail(inventory, registry, options, None, events).await.0;
    // Of a large estate nobody reads what each gate said about each row; the reasons are kept.
    if !options.findings {
        for proposal in &mut plan.proposals {
            proposal.findings = Vec::new();
        }
    }
    plan
}

/// What a proposal was made from.
#[derive(Debug)]
pub(super) struct Detail {
    pub(super) limits: Limits,
    pub(super) published: Option<Published>,
    pub(super) error: Option<LookupError>,
    pub(super) candidates: Vec<Prospect>,
    pub(super) passed_over: Vec<PassedOver>,
    /// Of a chart: what became of every version.
    pub(super) versions: Vec<TagVerdict>,
}

/// Makes the plan, and keeps what its row was made from when it has only one. With `tags`, all repositories have
/// those tags, and none is asked for them.
pub(super) async fn plan_in_detail(
    mut inventory: Inventory,
    registry: &dyn Registry,
    options: &Options<'_>,
    tags: Option<Published>,
    events: &dyn EventSink,
) -> (Plan, Option<Detail>) {
    let memory =
        |workload: &Workload| workload.object().and_then(|object| options.memories.get(&object));
    plan::tell_who(&mut inventory, memory);
    let catalogs = match tags {
        Some(tags) => Catalogs::given(&inventory, &tags),
        None => lookup(registry, &inventory, events).await,
    };
    inventory.warnings.extend(lookup_warnings(&catalogs));
    let (mut charts, warnings) = charts::find(&inventory, options).await;
    inventory.warnings.extend(warnings);
    let closed = calendar::closed(&options.policy.windows, &options.policy.freezes, options.now);
    let surroundings = Surroundings {
        closed: closed.as_deref(),
        manifests: options.policy.manifests,
        still_listed: None,
    };
    let mut facts = Facts::default();
    let mut comparisons = Comparisons::default();
    let mut detail = None;
    let mut proposals: Vec<Option<Proposal>> = Vec::new();
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for (index, workload) in inventory.workloads.iter().enumerate() {
        for (position, slot) in workload.slots.iter().enumerate() {
            let platforms = inventory.needed_platforms(&workload.placement);
            let place = (index, position);
            let target = (workload, slot);
            let chart = charts.remove(&place);
            let known = (&catalogs, &mut comparisons, chart);
            drafts.push(Draft::new(place, target, known, options, platforms));
        }
    }
    proposals.resize_with(drafts.len(), || None);
    let mut waiting: Vec<(usize, Draft<'_>)> = drafts.into_iter().enumerate().collect();
    loop {
        let mut questions = HashSet::new();
        let mut still = Vec::new();
        for (row, mut draft) in waiting {
            match draft.judge(&facts, surroundings, &mut questions) {
                Some(proposal) => {
                    let explained = proposals.len() == 1;
                    // Of a large estate nobody reads what each gate said; the reasons are kept.
                    let kept = explained || options.findings;
                    let findings = if kept { proposal.findings } else { Vec::new() };
                    proposals[row] = Some(Proposal { findings, ..proposal });
                    detail = explained.then(|| draft.detail(&catalogs));
                }
                None => still.push((row, draft)),
            }
        }
        waiting = still;
        if questions.is_empty() {
            break;
        }
        facts.learn(registry, questions, events).await;
    }
    let proposals = proposals.into_iter().flatten().collect();
    let unverified = unverified(&inventory);
    inventory.warnings.extend(unverified);
    let mut plan = Plan { created: options.now, proposals, inventory };
    plan::block_known_combinations(&mut plan, memory);
    plan::hold_unproved(&mut plan, memory);
    (plan, detail)
}

/// Rows whose moved tag would not be noticed, because no node says what runs.
fn unverified(inventory: &Inventory) -> Vec<Warning> {
    let slots = inventory
        .workloads
        .iter()
        .flat_map(|workload| workload.slots.iter().map(move |slot| (workload, slot)));
    slots
        .filter(|(_, slot)| slot.running == Running::Unreported)
        .map(|(workload, slot)| Warning {
            code: "unverified",
            message: format!(
                "no node reports which digest of {} runs in {}",
                slot.image.as_written(),
                workload.target_id(slot)
            ),
            object: Some(workload.target_id(slot)),
        })
        .collect()
}

fn lookup_warnings(catalogs: &Catalogs) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = catalogs
        .failures()
        .into_iter()
        .map(|(place, error)| Warning {
            code: "lookup-failed",
            message: format!("{error}; {}", error.hint()),
            object: Some(place.repository.to_string()),
        })
        .collect();
    warnings.extend(catalogs.truncated().map(|repository| Warning {
        code: "tags-truncated",
        message: format!(
            "{repository} has more tags than are read at once: newer ones may be missing"
        ),
        object: Some(repository.to_string()),
    }));
    warnings.sort();
    warnings.dedup();
    warnings
}

/// Whether every row that needed a lookup failed to get one.
pub fn nothing_could_be_looked_up(plan: &Plan) -> bool {
    let any = |wanted| plan.proposals.iter().any(|proposal| proposal.lookup == wanted);
    any(Lookup::Failed) && !any(Lookup::Done)
}
