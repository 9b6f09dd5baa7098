//! The shape of `plan -o json` and of plan files.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::domain::inventory::{Slot, Warning, Workload};
use crate::domain::plan::{self, Offer, Plan, Proposal};

/// Version of the shape.
const PLAN: &str = "safe-update/plan/v1";

/// `plan -o json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "safe-update/plan/v1")]
pub struct PlanOutput<'a> {
    /// `safe-update/plan/v1`.
    pub schema: &'static str,
    /// When the plan was made (RFC 3339).
    pub created: String,
    /// How many targets ended in which decision.
    pub summary: SummaryOutput,
    /// One entry per target.
    #[schemars(with = "Vec<ProposalOutput>")]
    pub proposals: Proposals<'a>,
    /// What could not be read or looked up.
    pub warnings: Vec<WarningOutput>,
    /// What the plan was made from; only in a plan file (`--out`), else null.
    pub basis: Option<BasisOutput>,
}

/// The rows of a plan, converted one by one while they are written: a large estate has ten thousand.
#[derive(Debug)]
pub struct Proposals<'a>(&'a Plan);

impl Serialize for Proposals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.proposals.iter().map(|row| proposal(self.0, row)))
    }
}

/// Counts of decisions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SummaryOutput {
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

impl From<plan::Summary> for SummaryOutput {
    fn from(summary: plan::Summary) -> Self {
        Self {
            targets: summary.targets,
            updates: summary.updates,
            held: summary.held,
            blocked: summary.blocked,
            up_to_date: summary.up_to_date,
            unknown: summary.unknown,
        }
    }
}

/// One target, judged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProposalOutput {
    /// What it is about.
    pub target: TargetOutput,
    /// What runs.
    pub current: CurrentOutput,
    /// What is proposed.
    pub candidate: Option<CandidateOutput>,
    /// patch, minor, major, digest, base, prerelease or none.
    pub change: &'static str,
    /// auto, review, manual, skip, or null without a candidate.
    pub action: Option<&'static str>,
    /// update, held, blocked, up-to-date or unknown.
    pub decision: &'static str,
    /// Why, and how to get past it, in words.
    pub reasons: Vec<String>,
    /// What else could be taken.
    pub others: Vec<OtherOutput>,
    /// Where the chart of a release comes from; null where that is not known, and for images.
    pub source: Option<String>,
}

/// A container (or image volume) of a workload.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetOutput {
    /// The full name, as every verb takes it.
    pub id: String,
    /// kubernetes, helm, docker or file.
    pub platform: &'static str,
    /// API version of the object.
    pub api_version: &'static str,
    /// Kind of the object.
    pub kind: &'static str,
    /// Namespace of the object; null in files that do not say.
    pub namespace: Option<String>,
    /// Name of the object.
    pub name: String,
    /// containers, initContainers, ephemeralContainers or volumes; chart for a release.
    pub slot: &'static str,
    /// Name of the container or volume; of a release's chart.
    pub container: String,
    /// File it was read from, else null.
    pub file: Option<String>,
    /// One-based line of the image in that file, else null.
    pub line: Option<u32>,
}

/// What runs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CurrentOutput {
    /// The image as written; of a release the chart with its version.
    pub image: String,
    /// Its tag; `latest` where none is written, null for a bare digest.
    pub tag: Option<String>,
    /// Its digest, where it is written or the nodes report it.
    pub digest: Option<String>,
}

/// What is proposed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CandidateOutput {
    /// The tag.
    pub tag: String,
    /// What the tag names now; null where nobody asked.
    pub digest: Option<String>,
}

/// Another version that could be taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OtherOutput {
    /// The tag.
    pub tag: String,
    /// What kind of change it is.
    pub change: &'static str,
    /// What the policy says about it.
    pub action: &'static str,
    /// What is decided about it.
    pub decision: &'static str,
}

/// Trouble that did not stop the rest.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WarningOutput {
    /// A stable word.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// What it is about, else null.
    pub object: Option<String>,
}

impl From<&Warning> for WarningOutput {
    fn from(warning: &Warning) -> Self {
        Self {
            code: warning.code.to_owned(),
            message: warning.message.clone(),
            object: warning.object.clone(),
        }
    }
}

/// What a saved plan was made from, so that a later apply can tell whether it still holds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BasisOutput {
    /// Identity of the cluster; null for manifests on disk.
    pub cluster: Option<String>,
    /// SHA-256 of the policy that was in force.
    pub policy_hash: String,
    /// When the plan stops being usable (RFC 3339).
    pub expires: String,
    /// One entry per object that has a candidate.
    pub changes: Vec<ChangeBasis>,
}

/// What one object looked like when the plan was made.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeBasis {
    /// `NAMESPACE/KIND/NAME`.
    pub object: String,
    /// Its uid; null for manifests on disk.
    pub uid: Option<String>,
    /// SHA-256 of its pod template as the server sent it.
    pub template_hash: String,
    /// The digest of each proposed reference.
    pub digests: BTreeMap<String, Option<String>>,
}

pub(super) fn target(workload: &Workload, slot: &Slot) -> TargetOutput {
    TargetOutput {
        id: workload.target_id(slot),
        platform: workload.leg.as_str(),
        api_version: workload.kind.api_version(),
        kind: workload.kind.as_str(),
        namespace: workload.namespace.as_deref().map(str::to_owned),
        name: workload.name.to_string(),
        slot: slot.kind.as_str(),
        container: slot.name.to_string(),
        file: workload.origin.as_ref().map(|origin| origin.file.to_string()),
        line: slot.line,
    }
}

pub(super) fn proposal(plan: &Plan, proposal: &Proposal) -> ProposalOutput {
    let (workload, slot) = plan.target(proposal);
    let candidate = proposal.candidate.as_ref();
    ProposalOutput {
        target: target(workload, slot),
        current: CurrentOutput {
            image: slot.image.described().into_owned(),
            tag: proposal.current.tag.as_ref().map(|tag| slot.image.shown(tag)),
            digest: proposal.current.digest.as_ref().map(ToString::to_string),
        },
        candidate: candidate.map(|offer| CandidateOutput {
            tag: slot.image.shown(&offer.tag),
            digest: offer.digest.as_ref().map(ToString::to_string),
        }),
        change: candidate.map_or("none", |offer| offer.change.as_str()),
        action: candidate.map(|offer| offer.action.as_str()),
        decision: proposal.decision.as_str(),
        reasons: proposal.reasons.clone(),
        others: proposal.others.iter().map(|offer| other(slot, offer)).collect(),
        source: proposal.source.as_ref().map(ToString::to_string),
    }
}

fn other(slot: &Slot, offer: &Offer) -> OtherOutput {
    OtherOutput {
        tag: slot.image.shown(&offer.tag),
        change: offer.change.as_str(),
        action: offer.action.as_str(),
        decision: offer.decision.as_str(),
    }
}

/// Converts a plan.
pub fn plan_output(plan: &Plan, basis: Option<BasisOutput>) -> PlanOutput<'_> {
    PlanOutput {
        schema: PLAN,
        created: plan.created.to_string(),
        summary: plan.summary().into(),
        proposals: Proposals(plan),
        warnings: plan.warnings().iter().map(Into::into).collect(),
        basis,
    }
}
