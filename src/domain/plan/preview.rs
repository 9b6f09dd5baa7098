//! What a preview of an upgrade found, where it changes what is decided.

use super::{Lookup, Proposal};
use crate::domain::gate::{self, Decision, Finding, Gate, Verdict};
use crate::domain::image::Digest;
use crate::domain::policy::{Action, Limits};
use crate::domain::version::Bump;

/// What a preview of an upgrade found, as far as it decides something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The release may not stand on its chart: an upgrade would take away what was added to it.
    pub ground: Option<String>,
    /// The API server would refuse a part of it.
    pub fails: Option<String>,
    /// Images that are not there.
    pub missing: Option<String>,
    /// The largest step of an image.
    pub images: Option<Bump>,
    /// Images that would go to an older version.
    pub older: Option<String>,
    /// Images that are not built for every node on which they may land.
    pub misfits: Option<String>,
    /// The digest of the chart that was looked at.
    pub digest: Option<Digest>,
}

/// Judges a release anew with what a preview found.
pub fn count_preview(proposal: &mut Proposal, limits: &Limits, found: Findings) {
    let Some(offer) = &mut proposal.candidate else { return };
    let Findings { ground, fails, missing, images, older, misfits, digest } = found;
    let mut add = |gate, verdict: Verdict| proposal.findings.push(Finding { gate, verdict });
    let mut reasons = Vec::new();
    if offer.digest.is_none() {
        offer.digest = digest;
    }
    for (gate, why) in [(Gate::Images, missing), (Gate::Preview, fails)] {
        if let Some(why) = why {
            reasons.push(why.clone());
            add(gate, Verdict::Deny(why));
        }
    }
    let held = [(Gate::Ground, ground), (Gate::Images, older), (Gate::Images, misfits)];
    for (gate, why) in held {
        if let Some(why) = why {
            reasons.push(why.clone());
            add(gate, Verdict::Hold(why));
        }
    }
    if let Some(step) = images {
        if step.height() > offer.size.height() {
            offer.size = step;
        }
        let set = limits.action(step);
        // Of chart, application and images the largest step is what the policy is asked about.
        if set.value > offer.action {
            offer.action = set.value;
            let why = format!("its images take a {step} step");
            let (why, verdict) = match set.value {
                Action::Auto => (why, Verdict::Allow),
                Action::Review => {
                    let why = format!("{why}, which needs a yes (set by {})", set.source);
                    (why.clone(), Verdict::Hold(why))
                }
                Action::Manual => {
                    let why =
                        format!("{why}, which needs the version by name (set by {})", set.source);
                    (why.clone(), Verdict::Hold(why))
                }
                Action::Skip => {
                    let why = format!("{why}, which never happens here (set by {})", set.source);
                    (why.clone(), Verdict::Deny(why))
                }
            };
            reasons.push(why);
            add(Gate::Policy, verdict);
        }
    }
    // A preview never frees.
    offer.decision = offer.decision.max(gate::fold(&proposal.findings));
    proposal.decision = offer.decision;
    reasons.append(&mut proposal.reasons);
    proposal.reasons = reasons;
}

/// Why an upgrade could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// The chart does not render with these values, and will not the next time.
    DoesNotRender,
    /// Nobody knows whether it would.
    NotKnown,
}

/// An upgrade that cannot be looked at is not made.
pub fn block_unseen(proposal: &mut Proposal, unseen: Unseen, why: String) {
    let decision = match unseen {
        Unseen::DoesNotRender => Decision::Blocked,
        Unseen::NotKnown => {
            proposal.lookup = Lookup::Failed;
            Decision::Unknown
        }
    };
    proposal.overrule(decision, Gate::Preview, Verdict::Deny, why);
}
