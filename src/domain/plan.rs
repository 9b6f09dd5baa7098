//! The plan: what could move, to what, and what is decided about it.
//!
//! [`judge`] puts one target's candidates, limits and gates together. It is pure: the same inputs
//! give the same proposal.

mod preview;
mod remembered;

use jiff::Timestamp;

use super::candidate::{PassedOver, Reason};
use super::chart::ChartSource;
use super::gate::{self, Decision, Finding, Gate, Step, Surroundings, Verdict};
use super::image::{Digest, ImageReference, Tag};
use super::inventory::{Inventory, Running, Slot, Warning, Workload};
use super::policy::{Action, Limits, Pin, Source};
use super::version::Bump;

pub use self::preview::{Findings, Unseen, block_unseen, count_preview};
pub use self::remembered::{block_known_combinations, count_approval, hold_unproved, tell_who};

/// A candidate and what is decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The tag to move to; for a digest change the same tag.
    pub tag: Tag,
    /// What the tag names now; none where nobody asked.
    pub digest: Option<Digest>,
    /// What kind of change it is.
    pub change: Bump,
    /// The largest step that comes with it: of the version alone; of a chart also of what it deploys.
    pub size: Bump,
    /// What the policy says about it.
    pub action: Action,
    /// What the gates make of it.
    pub decision: Decision,
}

/// What is known of the image that is written or runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Current {
    /// The tag that is meant (`latest` where none is written).
    pub tag: Option<Tag>,
    /// The digest: from the reference, else for floating tags from the nodes.
    pub digest: Option<Digest>,
}

/// Whether a target had to be looked up, and whether that worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// There was nothing to look up.
    NotNeeded,
    /// What was needed is known.
    Done,
    /// A registry could not say.
    Failed,
    /// The image is no reference.
    Malformed,
}

/// One target, judged.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Index of the workload in the plan's inventory.
    pub workload: usize,
    /// Index of the slot in the workload.
    pub slot: usize,
    /// What runs.
    pub current: Current,
    /// What is proposed.
    pub candidate: Option<Offer>,
    /// What else could be taken.
    pub others: Vec<Offer>,
    /// What is decided.
    pub decision: Decision,
    /// Why, and how to get past it.
    pub reasons: Vec<String>,
    /// Whether it had to be looked up.
    pub lookup: Lookup,
    /// What each gate said about the candidate; kept where a single target is looked at.
    pub findings: Vec<Finding>,
    /// Where the chart of a release comes from, where that is known.
    pub source: Option<Box<ChartSource>>,
}

/// The whole plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// When it was made.
    pub created: Timestamp,
    /// What it is about.
    pub inventory: Inventory,
    /// One row per slot, in the order of the inventory.
    pub proposals: Vec<Proposal>,
}

/// How many targets ended in which decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// All targets.
    pub targets: usize,
    /// Decision `update`.
    pub updates: usize,
    /// Decision `held`.
    pub held: usize,
    /// Decision `blocked`.
    pub blocked: usize,
    /// Decision `up-to-date`.
    pub up_to_date: usize,
    /// Decision `unknown`.
    pub unknown: usize,
}

impl Proposal {
    /// Decides it anew, for a reason that is told first.
    fn overrule(
        &mut self,
        decision: Decision,
        gate: Gate,
        verdict: fn(String) -> Verdict,
        why: String,
    ) {
        self.findings.push(Finding { gate, verdict: verdict(why.clone()) });
        self.reasons.insert(0, why);
        self.decision = decision;
        if let Some(offer) = &mut self.candidate {
            offer.decision = decision;
        }
    }
}

impl Plan {
    /// The workload and slot of a proposal.
    pub fn target(&self, proposal: &Proposal) -> (&Workload, &Slot) {
        let workload = &self.inventory.workloads[proposal.workload];
        (workload, &workload.slots[proposal.slot])
    }

    /// What could not be read or looked up.
    pub fn warnings(&self) -> &[Warning] {
        &self.inventory.warnings
    }

    /// Counts the decisions.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary { targets: self.proposals.len(), ..Summary::default() };
        for proposal in &self.proposals {
            let counter = match proposal.decision {
                Decision::Update => &mut summary.updates,
                Decision::Held => &mut summary.held,
                Decision::Blocked => &mut summary.blocked,
                Decision::UpToDate => &mut summary.up_to_date,
                Decision::Unknown => &mut summary.unknown,
            };
            *counter += 1;
        }
        summary
    }
}

/// A candidate before it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// Its tag.
    pub tag: Tag,
    /// What kind of change it is.
    pub change: Bump,
    /// The step of the version alone: a changed base may come with a major step.
    pub size: Bump,
    /// Its digest, where it is known.
    pub digest: Option<Digest>,
}

/// What is known about the published versions of one target.
#[derive(Debug, Clone, Default)]
pub struct Prospects {
    /// At most one candidate per kind of change.
    pub candidates: Vec<Prospect>,
    /// Newer versions that were passed over, the highest first: for their age or platforms, or for
    /// a constraint or level that left nothing.
    pub passed_over: Vec<PassedOver>,
    /// Why there is nothing to compare (a floating tag, a hash, a bare digest), in words.
    pub incomparable: Option<String>,
    /// Whether the running tag is still published; none when that is not known.
    pub still_listed: Option<bool>,
}

/// Judges one target.
pub fn judge(
    (workload_index, slot_index): (usize, usize),
    (workload, slot): (&Workload, &Slot),
    current: Current,
    limits: &Limits,
    prospects: &Prospects,
    surroundings: Surroundings<'_>,
) -> Proposal {
    let mut proposal = Proposal {
        workload: workload_index,
        slot: slot_index,
        current,
        candidate: None,
        others: Vec::new(),
        decision: Decision::UpToDate,
        reasons: Vec::new(),
        lookup: match prospects.incomparable {
            Some(_) => Lookup::NotNeeded,
            None => Lookup::Done,
        },
        findings: Vec::new(),
        source: None,
    };
    let surroundings = Surroundings { still_listed: prospects.still_listed, ..surroundings };
    let mut offers: Vec<(Offer, Source, Vec<Finding>)> = prospects
        .candidates
        .iter()
        .filter_map(|prospect| {
            let step =
                Step { bump: prospect.change, size: prospect.size, version: prospect.tag.as_str() };
            let (action, source) = gate::action(workload, limits, step, surroundings.manifests);
            // What is skipped by default is not even listed: nobody asked for it.
            if action == Action::Skip && source == Source::Default {
                return None;
            }
            let findings = gate::judge(workload, slot, limits, step, surroundings);
            let offer = Offer {
                tag: prospect.tag.clone(),
                digest: prospect.digest.clone(),
                change: prospect.change,
                size: prospect.size,
                action,
                decision: gate::fold(&findings),
            };
            Some((offer, source, findings))
        })
        .collect();
    offers.sort_by_key(|(offer, ..)| std::cmp::Reverse(rank(offer, limits)));
    let mut offers = offers.into_iter();
    if let Some((offer, _, findings)) = offers.next() {
        proposal.decision = offer.decision;
        proposal.reasons = findings
            .iter()
            .filter_map(|finding| finding.verdict.reason().map(str::to_owned))
            .collect();
        if proposal.reasons.is_empty() {
            proposal.reasons.push(format!("a {} change, allowed by the policy", offer.change));
        }
        proposal.findings = findings;
        proposal.candidate = Some(offer);
        proposal.others = offers.map(|(offer, ..)| offer).collect();
    } else {
        without_candidate(&mut proposal, limits, prospects);
    }
    for error in &limits.errors {
        if !proposal.reasons.iter().any(|reason| reason.starts_with(error.as_str())) {
            proposal.reasons.push(error.clone());
        }
    }
    if slot.running == Running::Unreported && proposal.decision != Decision::Unknown {
        proposal
            .reasons
            .push("no node reports which digest runs, so a moved tag would not be noticed".into());
    }
    proposal
}

/// The order in which one of several candidates is shown: with `--level` the highest up to that
/// level; else one that was approved, then the highest whose action is auto, then review, then
/// manual, then skip.
fn rank(offer: &Offer, limits: &Limits) -> (u8, u8) {
    let freedom = match offer.action {
        _ if limits.level.is_some() => 0,
        _ if limits.approved.iter().any(|(tag, _)| *tag == offer.tag) => 4,
        Action::Auto => 3,
        Action::Review => 2,
        Action::Manual => 1,
        Action::Skip => 0,
    };
    (freedom, offer.change.height())
}

fn without_candidate(proposal: &mut Proposal, limits: &Limits, prospects: &Prospects) {
    if let Some(why) = &prospects.incomparable {
        proposal.reasons.push(why.clone());
        return;
    }
    // A version that is only too young will come by itself; the others need a hand.
    let passed = prospects
        .passed_over
        .iter()
        .find(|passed| passed.reason == Reason::Age)
        .or_else(|| prospects.passed_over.first());
    let Some(passed) = passed else {
        proposal.reasons.push("no newer version".into());
        return;
    };
    proposal.decision = match passed.reason {
        Reason::Age => Decision::Held,
        Reason::Level => Decision::UpToDate,
        _ => Decision::Blocked,
    };
    if proposal.decision != Decision::UpToDate
        && let Some(source) = &limits.skip
    {
        proposal.decision = Decision::Blocked;
        proposal.reasons.push(format!("left alone by {source}"));
    }
    proposal.reasons.push(passed.detail.clone());
}

/// A target of which nothing can be said: its lookup failed, or its image is no reference.
pub fn unknown(
    (workload_index, slot_index): (usize, usize),
    current: Current,
    lookup: Lookup,
    why: String,
) -> Proposal {
    Proposal {
        workload: workload_index,
        slot: slot_index,
        current,
        candidate: None,
        others: Vec::new(),
        decision: Decision::Unknown,
        reasons: vec![why],
        lookup,
        findings: Vec::new(),
        source: None,
    }
}

/// The reference that an offer writes: in the form it had, or with the digest where the policy or
/// the kind of change asks for it (the same tag again would be no rollout).
pub fn written(reference: &ImageReference, offer: &Offer, pin: Pin) -> ImageReference {
    let pinned = pin == Pin::Always || offer.change == Bump::Digest || reference.digest().is_some();
    let digest = offer.digest.as_ref().filter(|_| pinned);
    reference.with(Some(&offer.tag), digest)
}

#[cfg(test)]
mod tests;
