//! Why a target stands where it stands: every tag with its reason, every gate with its verdict,
//! and what would change the answer.

use std::collections::HashMap;

use super::lookup::{Place, Published, ask};
use super::plan::{Detail, Options, criteria, plan_in_detail};
use crate::domain::candidate::{
    Candidate, Catalog, Criteria, Level, Outcome, PassedOver, Reason, TagVerdict, rank, shortlist,
    verdicts,
};
use crate::domain::gate::Verdict;
use crate::domain::image::{ImageReference, Tag};
use crate::domain::inventory::Inventory;
use crate::domain::plan::{Lookup, Plan};
use crate::domain::version::{Bump, Reading, Version, read};
use crate::ports::{EventSink, LookupError, Registry};

/// The whole answer.
#[derive(Debug)]
pub struct Explanation {
    /// The image as written.
    pub image: String,
    /// The tag that everything is compared with.
    pub current: Option<Tag>,
    /// The highest tag that may ever be offered.
    pub latest: Option<Tag>,
    /// The candidate of each kind of change, the highest first.
    pub candidates: Vec<(Bump, Tag)>,
    /// Every published tag.
    pub tags: Vec<TagVerdict>,
    /// What would change the answer.
    pub remedies: Vec<String>,
    /// The list of tags was cut at a cap.
    pub truncated: bool,
    /// A plan of one row; none when an image was explained.
    pub plan: Option<Plan>,
}

/// Explains an image among tags that are given.
pub fn image_among(
    reference: &ImageReference,
    catalog: &Catalog,
    truncated: bool,
    criteria: &Criteria,
) -> Explanation {
    let current = reference.effective_tag();
    let mut explanation = Explanation {
        image: reference.as_written().to_owned(),
        latest: None,
        candidates: Vec::new(),
        tags: Vec::new(),
        remedies: Vec::new(),
        truncated,
        plan: None,
        current: current.clone(),
    };
    let Some(tag) = current else {
        explanation.remedies.push(
            "write the tag beside the digest (name:tag@digest) to be told of newer versions".into(),
        );
        return explanation;
    };
    explain_rules(&mut explanation, &tag, catalog, criteria);
    explanation
}

/// What the rules alone say: every tag, the candidates, and what would let others through.
fn explain_rules(explanation: &mut Explanation, tag: &Tag, catalog: &Catalog, criteria: &Criteria) {
    explanation.tags = verdicts(tag, catalog, criteria);
    explanation.candidates = candidates(&explanation.tags);
    explanation.latest = explanation.candidates.first().map(|(_, tag)| tag.clone());
    explanation.remedies = remedies(tag, catalog, criteria, explanation.latest.as_ref());
}

/// The candidates among explained tags, the highest first.
fn candidates(tags: &[TagVerdict]) -> Vec<(Bump, Tag)> {
    let mut found: Vec<(Bump, Version)> = tags
        .iter()
        .filter_map(|entry| match entry.outcome {
            Outcome::Candidate(bump) => Some((bump, entry.tag.parse().ok()?)),
            Outcome::Dropped { .. } => None,
        })
        .filter_map(|(bump, tag)| match read(&tag) {
            Reading::Version(version) => Some((bump, version)),
            Reading::Floating | Reading::Hash | Reading::Artifact => None,
        })
        .collect();
    found.sort_by(|(_, left), (_, right)| rank(right, left));
    found.into_iter().map(|(bump, version)| (bump, version.tag().clone())).collect()
}

/// Explains an image with what its registry publishes.
///
/// # Errors
/// The lookup's.
pub async fn image(
    registry: &dyn Registry,
    reference: &ImageReference,
    criteria: &Criteria,
    events: &dyn EventSink,
) -> Result<Explanation, LookupError> {
    let place = Place { repository: reference.repository().clone(), pull: None };
    let catalogs = ask(registry, vec![place.clone()], events).await;
    match catalogs.get(&place) {
        Some(Ok(published)) => {
            Ok(image_among(reference, &published.catalog, published.truncated, criteria))
        }
        Some(Err(error)) => Err(error.clone()),
        None => Err(LookupError::Offline { what: place.repository.to_string() }),
    }
}

/// Explains a target: an inventory with one slot.
///
/// # Errors
/// The lookup's, when nothing is known of its repository.
pub async fn target(
    inventory: Inventory,
    registry: &dyn Registry,
    options: &Options<'_>,
    tags: Option<Published>,
    events: &dyn EventSink,
) -> Result<Explanation, LookupError> {
    let (plan, detail) = plan_in_detail(inventory, registry, options, tags, events).await;
    let written = plan
        .proposals
        .first()
        .map(|proposal| plan.target(proposal).1.image.described().into_owned())
        .unwrap_or_default();
    let current = plan.proposals.first().and_then(|proposal| proposal.current.tag.clone());
    let mut explanation = Explanation {
        image: written,
        current: current.clone(),
        latest: None,
        candidates: Vec::new(),
        tags: Vec::new(),
        remedies: Vec::new(),
        truncated: false,
        plan: None,
    };
    if let Some(detail) = detail {
        if let Some(error) = detail.error {
            return Err(error);
        }
        if let (Some(tag), Some(published)) = (current, &detail.published) {
            let criteria = criteria(&detail.limits);
            explanation.truncated = published.truncated;
            explain_rules(&mut explanation, &tag, &published.catalog, &criteria);
            // What an unknown row would be judged by is not known; what the rules say is.
            if plan.proposals.iter().all(|row| row.lookup == Lookup::Done) {
                apply_facts(&mut explanation.tags, &detail);
                explanation.candidates = detail
                    .candidates
                    .iter()
                    .map(|prospect| (prospect.change, prospect.tag.clone()))
                    .collect();
            }
            explanation.latest = explanation.candidates.first().map(|(_, tag)| tag.clone());
        } else if !detail.versions.is_empty() {
            explanation.tags = detail.versions;
            let found = detail.candidates.iter();
            explanation.candidates =
                found.map(|prospect| (prospect.change, prospect.tag.clone())).collect();
            explanation.latest = explanation.candidates.first().map(|(_, tag)| tag.clone());
        } else if let Some(moved) = detail.candidates.first() {
            explanation.candidates.push((moved.change, moved.tag.clone()));
            explanation.latest = Some(moved.tag.clone());
        }
    }
    if let Some(proposal) = plan.proposals.first() {
        for finding in &proposal.findings {
            if let Verdict::Hold(reason) | Verdict::Deny(reason) = &finding.verdict {
                explanation.remedies.push(format!("{}: {reason}", finding.gate));
            }
        }
    }
    explanation.plan = Some(plan);
    Ok(explanation)
}

/// The rules know no facts: what was passed over for its facts is dropped, and the one below it
/// takes its place.
fn apply_facts(tags: &mut [TagVerdict], detail: &Detail) {
    let passed: HashMap<&str, &PassedOver> =
        detail.passed_over.iter().map(|passed| (passed.tag.as_str(), passed)).collect();
    let chosen: HashMap<&str, Bump> = detail
        .candidates
        .iter()
        .filter(|prospect| prospect.change != Bump::Digest)
        .map(|prospect| (prospect.tag.as_str(), prospect.change))
        .collect();
    for entry in tags {
        if let Some(bump) = chosen.get(&*entry.tag) {
            entry.outcome = Outcome::Candidate(*bump);
        } else if let Some(passed) = passed.get(&*entry.tag)
            && matches!(passed.reason, Reason::Age | Reason::Platform)
        {
            entry.outcome =
                Outcome::Dropped { reason: passed.reason, detail: passed.detail.as_str().into() };
        } else if let Outcome::Candidate(bump) = entry.outcome {
            // Not chosen and not passed over: its manifest is gone.
            entry.outcome = Outcome::Dropped {
                reason: Reason::Artifact,
                detail: format!("listed for a {bump} change, but its manifest is gone").into(),
            };
        }
    }
}

/// What would let a higher tag through.
fn remedies(
    tag: &Tag,
    catalog: &Catalog,
    criteria: &Criteria,
    latest: Option<&Tag>,
) -> Vec<String> {
    let mut remedies = Vec::new();
    let reading = read(tag);
    match &reading {
        Reading::Floating => remedies.push(format!(
            "{tag} is a floating name: use a version tag, so that versions can be compared"
        )),
        Reading::Hash | Reading::Artifact => remedies.push(format!(
            "{tag} names a build: use a version tag, so that versions can be compared"
        )),
        Reading::Version(_) => {}
    }
    let mut offer = |wider: &Criteria, how: &dyn Fn(&Candidate) -> String| {
        let wider = shortlist(tag, catalog, wider);
        if let Some(best) = wider.latest().filter(|best| Some(best.tag()) != latest) {
            remedies.push(how(best));
        }
    };
    if criteria.level.is_some_and(|level| level < Level::Major) {
        let wider = Criteria { level: None, ..criteria.clone() };
        offer(&wider, &|best| format!("a higher --level would let {} through", best.tag()));
    }
    if !criteria.constraints.is_empty() {
        let wider = Criteria { constraints: Vec::new(), ..criteria.clone() };
        offer(&wider, &|best| format!("a wider range would let {} through", best.tag()));
    }
    // Only a variant can have another base.
    let has_variant =
        matches!(&reading, Reading::Version(version) if !version.variant().is_empty());
    if has_variant && !criteria.allow_base_change {
        let wider = Criteria { allow_base_change: true, ..criteria.clone() };
        if let Some(best) = shortlist(tag, catalog, &wider).best(Bump::Base) {
            remedies.push(format!(
                "--allow-base-change would let {} through, which has another base",
                best.tag()
            ));
        }
    }
    remedies
}
