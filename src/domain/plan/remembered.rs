//! What is remembered of an object, where it changes what is decided: an approval, what failed together,
//! a change that was not seen to work, who began what is under way.

use std::sync::Arc;

use super::{Offer, Plan, Proposal};
use crate::domain::change::SlotId;
use crate::domain::consent::slot_id;
use crate::domain::gate::{self, Decision, Gate, Verdict};
use crate::domain::history::Memory;
use crate::domain::image::{Digest, Tag};
use crate::domain::inventory::{Inventory, Kind, Progress, Workload};
use crate::domain::policy::{Action, Limits};

/// Lets an approval of the candidate, bound to its digest, count as the yes that the policy asks for.
pub fn count_approval(proposal: &mut Proposal, limits: &Limits) {
    let Some(offer) = &mut proposal.candidate else { return };
    let approved =
        |(tag, digest): &(Tag, Digest)| *tag == offer.tag && Some(digest) == offer.digest.as_ref();
    let asks = matches!(offer.action, Action::Review | Action::Manual);
    // What is left alone stays so, whatever was approved before.
    let closed = limits.skip.is_some() || !limits.errors.is_empty();
    if !asks || closed || !limits.approved.iter().any(approved) {
        return;
    }
    for finding in &mut proposal.findings {
        if finding.gate == Gate::Policy {
            finding.verdict = Verdict::Allow;
        }
    }
    offer.decision = gate::fold(&proposal.findings);
    proposal.decision = offer.decision;
    let others = proposal.findings.iter().filter_map(|each| each.verdict.reason());
    proposal.reasons = others.map(str::to_owned).collect();
    proposal.reasons.push(format!("a {} change, approved", offer.change));
}

/// Blocks the rows of a workload that would go out together as what failed together there before.
/// Each of them may be fine by itself, and can be named.
pub fn block_known_combinations<'a>(
    plan: &mut Plan,
    memory: impl Fn(&Workload) -> Option<&'a Memory>,
) {
    for (index, workload) in plan.inventory.workloads.iter().enumerate() {
        let Some(memory) = memory(workload) else { continue };
        let rows = || plan.proposals.iter().filter(|row| row.workload == index);
        // What needs a yes may not get one, and is looked at again when it did.
        let offered = |row: &Proposal| {
            if row.decision != Decision::Update {
                return None;
            }
            let slot = slot_id(&workload.slots[row.slot]);
            Some((slot, row.candidate.as_ref()?.digest.clone()?))
        };
        let offers: Vec<(SlotId, Digest)> = rows().filter_map(offered).collect();
        let wanted: Vec<(&SlotId, &Digest)> = offers.iter().map(|(slot, to)| (slot, to)).collect();
        let Some(known) = memory.is_known_bad_together(&wanted) else { continue };
        let why = format!(
            "these versions failed together on {}: {}; name one container by itself, or `forget` them",
            known.since.strftime("%Y-%m-%d"),
            known.why
        );
        for row in plan.proposals.iter_mut().filter(|row| row.workload == index) {
            let slot = slot_id(&workload.slots[row.slot]);
            let part = known.versions.iter().any(|bad| bad.slot == slot);
            if part && row.candidate.is_some() {
                row.overrule(Decision::Blocked, Gate::Policy, Verdict::Deny, why.clone());
            }
        }
    }
}

/// Holds the rows of `CronJobs` whose last change was not seen to work yet: a step from there would
/// leave nothing behind it that is known to work.
pub fn hold_unproved<'a>(plan: &mut Plan, memory: impl Fn(&Workload) -> Option<&'a Memory>) {
    for (index, workload) in plan.inventory.workloads.iter().enumerate() {
        let Some(memory) = memory(workload) else { continue };
        let last = memory.last.as_ref();
        let Some(last) = last.filter(|last| last.awaits_run()) else { continue };
        let stands = |(slot, image): &(SlotId, Arc<str>)| {
            workload
                .slots
                .iter()
                .any(|one| slot_id(one) == *slot && one.image.as_written() == &**image)
        };
        // Somebody went on from there already.
        if !last.written.iter().all(stands) {
            continue;
        }
        let why = format!(
            "its next run has to show first whether its last change works ({}); `--yes` goes on from there",
            last.id
        );
        let is_approved = |slot: &SlotId, offer: &Offer| {
            let approval = |digest| memory.approval(slot, &offer.tag, digest, plan.created);
            offer.digest.as_ref().and_then(approval).is_some()
        };
        for row in plan.proposals.iter_mut().filter(|row| row.workload == index) {
            let slot = slot_id(&workload.slots[row.slot]);
            let asks_nobody =
                row.candidate.as_ref().is_some_and(|offer| !is_approved(&slot, offer));
            if row.decision == Decision::Update && asks_nobody {
                row.overrule(Decision::Held, Gate::Verifiable, Verdict::Hold, why.clone());
            }
        }
    }
}

/// Says of releases that somebody works on who began it, where a record of ours knows: before they are
/// judged, so that it stands in every reason.
pub fn tell_who<'a>(inventory: &mut Inventory, memory: impl Fn(&Workload) -> Option<&'a Memory>) {
    for workload in inventory.workloads.iter_mut().filter(|one| one.kind == Kind::Release) {
        let known = memory(workload).and_then(|memory| memory.last.as_ref());
        if let (Some(last), Progress::Underway(what)) =
            (known.filter(|last| last.is_open()), &mut workload.rollout.progress)
        {
            *what = format!("{what}; begun by {} ({})", last.actor, last.id);
        }
    }
}
