//! The shape of `explain -o json`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::plan::{ProposalOutput, proposal};
use crate::actions::explain::Explanation;
use crate::domain::candidate::{Outcome, TagVerdict};
use crate::domain::gate::Finding;

/// Version of the shape.
const EXPLAIN: &str = "safe-update/explain/v1";

/// `explain -o json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "safe-update/explain/v1")]
pub struct ExplainOutput<'a> {
    /// `safe-update/explain/v1`.
    pub schema: &'static str,
    /// The image as written.
    pub image: String,
    /// The highest tag that may ever be offered.
    pub latest: Option<String>,
    /// The candidate of each kind of change; kinds without one are absent.
    pub candidates: BTreeMap<&'static str, String>,
    /// Every published tag.
    #[schemars(with = "Vec<TagOutput<'_>>")]
    pub tags: Tags<'a>,
    /// What each gate says; null without a target.
    pub gates: Option<Vec<GateOutput>>,
    /// What would change the answer.
    pub remedies: Vec<String>,
    /// The target's row of the plan; null without a target.
    pub target: Option<ProposalOutput>,
}

/// One published tag.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TagOutput<'a> {
    /// The tag as published.
    pub tag: &'a str,
    /// candidate or dropped.
    pub verdict: &'static str,
    /// Why it was dropped, from the closed list; null for a candidate.
    pub reason: Option<&'static str>,
    /// The same in words.
    pub detail: Cow<'a, str>,
}

/// The tags of an explanation, converted one by one while they are written: a large repository has
/// a million.
#[derive(Debug)]
pub struct Tags<'a>(&'a Explanation);

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.tags.iter().map(TagOutput::from))
    }
}

impl<'a> From<&'a TagVerdict> for TagOutput<'a> {
    fn from(entry: &'a TagVerdict) -> Self {
        match &entry.outcome {
            Outcome::Candidate(bump) => Self {
                tag: &entry.tag,
                verdict: "candidate",
                reason: None,
                detail: format!("the {bump} candidate").into(),
            },
            Outcome::Dropped { reason, detail } => Self {
                tag: &entry.tag,
                verdict: "dropped",
                reason: Some(reason.code()),
                detail: Cow::Borrowed(detail),
            },
        }
    }
}

/// What one gate says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GateOutput {
    /// Its name.
    pub gate: &'static str,
    /// allow, hold or deny.
    pub verdict: &'static str,
    /// Why, and how to get past it; null when it allows.
    pub reason: Option<String>,
}

impl From<&Finding> for GateOutput {
    fn from(finding: &Finding) -> Self {
        Self {
            gate: finding.gate.as_str(),
            verdict: finding.verdict.as_str(),
            reason: finding.verdict.reason().map(str::to_owned),
        }
    }
}

/// Converts an explanation.
pub fn explain_output(explanation: &Explanation) -> ExplainOutput<'_> {
    let row = explanation.plan.as_ref().and_then(|plan| {
        let row = plan.proposals.first()?;
        Some((plan, row))
    });
    ExplainOutput {
        schema: EXPLAIN,
        image: explanation.image.clone(),
        latest: explanation.latest.as_ref().map(ToString::to_string),
        candidates: explanation
            .candidates
            .iter()
            .map(|(bump, tag)| (bump.as_str(), tag.to_string()))
            .collect(),
        tags: Tags(explanation),
        gates: row.map(|(_, row)| row.findings.iter().map(Into::into).collect()),
        remedies: explanation.remedies.clone(),
        target: row.map(|(plan, row)| proposal(plan, row)),
    }
}
