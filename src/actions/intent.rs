//! From the rows of a plan that were accepted to what is intended: one change an object, in the
//! order in which they are carried out. Pure; asks nobody.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::change::{ObjectId, Probe, Revision, SlotId};
use crate::domain::consent::slot_id;
use crate::domain::history::Verb;
use crate::domain::image::{Digest, ImageReference};
use crate::domain::inventory::{PullIdentity, SlotImage};
use crate::domain::plan::{Plan, written};
use crate::domain::policy::{Limits, RollbackMode};
use crate::domain::version::Bump;

/// What is to be done to one object, before anything of it was read anew.
#[derive(Debug, Clone)]
pub struct Intent {
    /// What asks for it.
    pub verb: Verb,
    /// The object.
    pub object: ObjectId,
    /// Its uid.
    pub uid: Arc<str>,
    /// The hash of its template when the plan was made, where a plan file says it.
    pub template_hash: Option<String>,
    /// Whose credentials pull its images.
    pub pull: Option<Arc<PullIdentity>>,
    /// What changes.
    pub steps: Vec<Step>,
    /// How long a healthy update is watched.
    pub soak: Duration,
    /// When a failed update is undone.
    pub rollback: RollbackMode,
    /// What has to answer.
    pub probes: Vec<Probe>,
    /// The revision of a release to go back to, where it is one.
    pub revision: Option<Revision>,
    /// The place in the order of application.
    pub order: i32,
    /// Why, in words.
    pub why: Vec<String>,
}

/// What is to stand in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// An image.
    Image(ImageReference),
    /// A version of the release's chart.
    Chart(Arc<str>),
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => formatter.write_str(image.as_written()),
            Self::Chart(version) => formatter.write_str(version),
        }
    }
}

/// One step of one slot.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where.
    pub slot: SlotId,
    /// What stands there.
    pub from: Arc<str>,
    /// What is to stand there.
    pub to: Goal,
    /// What `to` named when the plan was made; none where nobody asked.
    pub digest: Option<Digest>,
    /// What runs, where it is known.
    pub running: Option<Digest>,
    /// The size of the step.
    pub bump: Bump,
}

/// Puts accepted rows together: one intent an object, ordered by the policy's order, then by
/// namespace, kind and name. Rows without a uid (manifests on disk) are left out.
pub fn intents(plan: &Plan, rows: &[usize], limits: &dyn Fn(usize) -> Limits) -> Vec<Intent> {
    let mut by_object: BTreeMap<usize, Intent> = BTreeMap::new();
    for row in rows {
        let proposal = &plan.proposals[*row];
        let (workload, slot) = plan.target(proposal);
        let (Some(object), Some(uid), Some(offer)) =
            (workload.object(), workload.uid.clone(), proposal.candidate.as_ref())
        else {
            continue;
        };
        let limits = limits(*row);
        let (to, bump) = match &slot.image {
            SlotImage::Reference(reference) => {
                (Goal::Image(written(reference, offer, limits.pin)), offer.change)
            }
            // What a small step of a chart deploys may be a large one, and have changed its data.
            SlotImage::Chart(_) => (Goal::Chart(slot.image.shown(&offer.tag).into()), offer.size),
            SlotImage::Malformed { .. } => continue,
        };
        let step = Step {
            slot: slot_id(slot),
            from: slot.image.as_written().into(),
            to,
            digest: offer.digest.clone(),
            running: proposal.current.digest.clone(),
            bump,
        };
        let intent = by_object.entry(proposal.workload).or_insert_with(|| Intent {
            verb: Verb::Apply,
            object,
            uid,
            template_hash: None,
            pull: workload.pull.clone(),
            steps: Vec::new(),
            soak: Duration::ZERO,
            rollback: limits.rollback,
            probes: Vec::new(),
            revision: None,
            order: limits.order,
            why: Vec::new(),
        });
        intent.steps.push(step);
        // Of several containers the strictest counts.
        intent.soak = intent.soak.max(limits.soak);
        intent.rollback = intent.rollback.stricter(limits.rollback);
        intent.order = intent.order.min(limits.order);
        for probe in limits.probes {
            if !intent.probes.contains(&probe) {
                intent.probes.push(probe);
            }
        }
        intent.why.extend(proposal.reasons.iter().map(|why| format!("{}: {why}", slot.name)));
    }
    let mut intents: Vec<Intent> = by_object.into_values().collect();
    intents.sort_by(|a, b| (a.order, &a.object).cmp(&(b.order, &b.object)));
    intents
}
