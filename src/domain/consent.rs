//! Which rows of a plan are carried out: what was said about each, held against what the gates say.
//!
//! An unattended run takes what needs nobody. A yes passes what a person may decide: the policy's
//! review, and a hold about risk (capacity, way back, what cannot be verified). A name with its
//! version passes the policy's `manual` too. Nothing passes what is not a matter of consent: a
//! denial, another rollout under way, a closed window, an annotation that cannot be read.

use std::sync::Arc;

use super::change::SlotId;
use super::gate::{Decision, Finding, Gate, Verdict, owner_sentence, unchangeable};
use super::image::{Digest, Tag};
use super::inventory::{Slot, SlotImage, Workload};
use super::plan::{Offer, Plan, Proposal};
use super::policy::{Action, Limits};

/// What was said about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consent {
    /// Nothing: only what needs nobody is taken.
    None,
    /// A yes, given at the prompt, by `--yes`, or recorded as an approval.
    Yes,
    /// The target was named together with the version.
    Named,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is carried out.
    Take,
    /// There is nothing to do.
    Nothing,
    /// A yes would let it pass.
    Ask,
    /// It is left out; the reasons are the row's.
    Leave,
}

/// Whether a row is carried out under a consent.
pub fn answer(proposal: &Proposal, limits: &Limits, consent: Consent) -> Answer {
    let Some(offer) = &proposal.candidate else {
        return match proposal.decision {
            Decision::UpToDate => Answer::Nothing,
            Decision::Update | Decision::Held | Decision::Blocked | Decision::Unknown => {
                Answer::Leave
            }
        };
    };
    match proposal.decision {
        Decision::Update => Answer::Take,
        Decision::UpToDate => Answer::Nothing,
        Decision::Blocked | Decision::Unknown => Answer::Leave,
        // Nobody says why, so that nothing says what would pass it.
        Decision::Held if proposal.findings.is_empty() => Answer::Leave,
        Decision::Held => {
            let needed = proposal
                .findings
                .iter()
                .map(|finding| needed(finding, offer, limits))
                .try_fold(Consent::None, |most, each| Some(most.max(each?)));
            match needed {
                Some(needed) if needed <= consent => Answer::Take,
                Some(Consent::None | Consent::Yes) => Answer::Ask,
                Some(Consent::Named) | None => Answer::Leave,
            }
        }
    }
}

/// The consent that passes what a gate said; none where nothing does.
fn needed(finding: &Finding, offer: &Offer, limits: &Limits) -> Option<Consent> {
    match (&finding.verdict, finding.gate) {
        (Verdict::Allow, _) => Some(Consent::None),
        (Verdict::Hold(_), Gate::Policy) => match offer.action {
            _ if !limits.errors.is_empty() => None,
            Action::Auto | Action::Review => Some(Consent::Yes),
            Action::Manual => Some(Consent::Named),
            Action::Skip => None,
        },
        (
            Verdict::Hold(_),
            Gate::Verifiable | Gate::Capacity | Gate::WayBack | Gate::Ground | Gate::Images,
        ) => Some(Consent::Yes),
        (
            Verdict::Hold(_),
            Gate::Owner | Gate::Settled | Gate::Window | Gate::Source | Gate::Preview,
        )
        | (Verdict::Deny(_), _) => None,
    }
}

/// The version that an approval would be for, or why there is none.
///
/// # Errors
/// There is no candidate, it is blocked, its digest is not known, or nobody has to be asked for it.
pub fn approvable(proposal: &Proposal, named: bool) -> Result<(Tag, Digest), String> {
    let (Some(offer), Decision::Update | Decision::Held) = (&proposal.candidate, proposal.decision)
    else {
        return Err(proposal.reasons.join("; "));
    };
    match (offer.action, &offer.digest) {
        (Action::Manual, _) if !named => Err(proposal.reasons.join("; ")),
        (Action::Review | Action::Manual, Some(digest)) => Ok((offer.tag.clone(), digest.clone())),
        (Action::Review | Action::Manual, None) => {
            Err(format!("the registry does not say which digest {} names", offer.tag))
        }
        (Action::Auto, _) if proposal.decision == Decision::Update => {
            Err("the policy asks nobody for it, so it goes out by itself".into())
        }
        (Action::Auto | Action::Skip, _) => Err(proposal.reasons.join("; ")),
    }
}

/// The name of a slot of a workload.
pub fn slot_id(slot: &Slot) -> SlotId {
    SlotId { kind: slot.kind, name: Arc::clone(&slot.name) }
}

/// Rows of one workload whose images come from one repository and stand at the same version move
/// together: a row that is left out keeps the others of its repository and version back.
///
/// `taken` are rows of one plan. The second value are those that are kept back.
pub fn together(plan: &Plan, taken: Vec<usize>) -> (Vec<usize>, Vec<usize>) {
    let key = |row: usize| {
        let proposal = &plan.proposals[row];
        let (_, slot) = plan.target(proposal);
        match &slot.image {
            SlotImage::Reference(reference) => {
                Some((proposal.workload, reference.repository().clone(), reference.effective_tag()))
            }
            SlotImage::Malformed { .. } | SlotImage::Chart(_) => None,
        }
    };
    let left: Vec<_> = (0..plan.proposals.len())
        .filter(|row| !taken.contains(row) && plan.proposals[*row].candidate.is_some())
        .filter_map(key)
        .collect();
    taken.into_iter().partition(|row| key(*row).is_none_or(|key| !left.contains(&key)))
}

/// Whether an object may be written at all, whatever is said: its owner, and its kind.
pub fn may_be_written(workload: &Workload) -> Result<(), String> {
    match owner_sentence(&workload.owner).or_else(|| unchangeable(workload)) {
        Some(why) => Err(why),
        None => Ok(()),
    }
}
