//! A running tag beside what is published. Many targets run the same image under the same rules, so
//! each comparison is made once and shared.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::actions::lookup::Published;
use crate::domain::candidate::{
    Catalog, Criteria, Level, Outcome, PassedOver, Reason, Shortlist, shortlist, verdicts,
};
use crate::domain::constraint::Constraint;
use crate::domain::image::Tag;
use crate::domain::plan::Prospects;
use crate::domain::policy::{Action, Limits, Sourced};
use crate::domain::version::Bump;

/// What the rules leave of the published tags.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    /// Newer versions, the highest first.
    pub(super) shortlist: Shortlist,
    /// What is known without any fact: whether the running tag is still published, and what a
    /// constraint or level took.
    pub(super) prospects: Prospects,
}

/// The comparisons so far.
#[derive(Debug, Default)]
pub(super) struct Comparisons(HashMap<Key, Arc<Comparison>>);

/// Everything that a comparison depends on. Catalogs live as long as the plan is made, so that an
/// address means one of them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    catalog: *const Catalog,
    tag: Tag,
    level: Option<Level>,
    base: bool,
    only: Option<Tag>,
    known_bad: Vec<Tag>,
    ranges: Vec<String>,
}

impl Comparisons {
    /// The comparison of a tag under some limits.
    pub(super) fn get(
        &mut self,
        tag: &Tag,
        published: &Published,
        limits: &Limits,
    ) -> Arc<Comparison> {
        let key = Key {
            catalog: Arc::as_ptr(&published.catalog),
            tag: tag.clone(),
            level: limits.level,
            base: admits_base(limits),
            only: limits.only.clone(),
            known_bad: limits.known_bad.clone(),
            // The words of a passed-over version name who set the range.
            ranges: limits.constraints.iter().map(range).collect(),
        };
        let compared = self.0.entry(key);
        compared.or_insert_with(|| Arc::new(compare(tag, published, limits))).clone()
    }
}

/// The criteria that a target's limits set.
pub(in crate::actions) fn criteria(limits: &Limits) -> Criteria {
    Criteria {
        level: limits.level,
        constraints: limits.constraints.iter().map(|each| each.value.clone()).collect(),
        allow_base_change: admits_base(limits),
        known_bad: limits.known_bad.iter().cloned().collect(),
        only: limits.only.clone(),
    }
}

/// Whether another base may be proposed: asked for, or for review or better by the policy.
fn admits_base(limits: &Limits) -> bool {
    limits.allow_base_change || limits.action(Bump::Base).value != Action::Skip
}

/// Shortlists, and where nothing is left tells whether a constraint or level took it.
fn compare(tag: &Tag, published: &Published, limits: &Limits) -> Comparison {
    let catalog = &published.catalog;
    let criteria = criteria(limits);
    let listed = shortlist(tag, catalog, &criteria);
    let mut prospects = Prospects {
        still_listed: (!published.truncated).then(|| catalog.contains(tag)),
        ..Prospects::default()
    };
    let runs = criteria.only.as_ref() == Some(tag);
    if let Some(only) = criteria.only.as_ref().filter(|_| listed.is_empty() && !runs) {
        prospects.passed_over.push(PassedOver {
            tag: only.clone(),
            bump: Bump::Patch,
            reason: Reason::Outranked,
            detail: refused(tag, only, published, &criteria),
        });
    } else if listed.is_empty() {
        let open = |criteria: &Criteria| {
            shortlist(tag, catalog, criteria).latest().map(|best| (best.tag().clone(), best.bump()))
        };
        if let Some(level) = criteria.level {
            let wider = Criteria { level: None, ..criteria.clone() };
            if let Some((tag, bump)) = open(&wider) {
                let detail =
                    format!("{tag} is newer, but a {bump} change is above --level {level}");
                prospects.passed_over.push(PassedOver { tag, bump, reason: Reason::Level, detail });
            }
        }
        if !criteria.known_bad.is_empty() {
            let wider = Criteria { known_bad: HashSet::new(), ..criteria.clone() };
            if let Some((tag, bump)) = open(&wider) {
                let detail = format!(
                    "{tag} is newer, but it was rolled back here; `forget` takes it off the list"
                );
                let reason = Reason::KnownBad;
                prospects.passed_over.push(PassedOver { tag, bump, reason, detail });
            }
        }
        if !criteria.constraints.is_empty() {
            let wider = Criteria { constraints: Vec::new(), ..criteria };
            if let Some((tag, bump)) = open(&wider) {
                let detail =
                    format!("{tag} is newer, but {} leaves nothing", ranges(&limits.constraints));
                let reason = Reason::Constraint;
                prospects.passed_over.push(PassedOver { tag, bump, reason, detail });
            }
        }
    }
    Comparison { shortlist: listed, prospects }
}

/// Why the one version that was named is none that this target may move to.
fn refused(tag: &Tag, only: &Tag, published: &Published, criteria: &Criteria) -> String {
    if !published.catalog.contains(only) {
        return format!("{only} is not published");
    }
    let verdicts = verdicts(tag, &published.catalog, criteria);
    let verdict = verdicts.into_iter().find(|verdict| &*verdict.tag == only.as_str());
    match verdict.map(|verdict| verdict.outcome) {
        Some(Outcome::Dropped { detail, .. }) => format!("{only} cannot be taken: {detail}"),
        Some(Outcome::Candidate(_)) | None => format!("{only} cannot be taken"),
    }
}

fn ranges(constraints: &[Sourced<Constraint>]) -> String {
    constraints.iter().map(range).collect::<Vec<_>>().join(" and ")
}

fn range(constraint: &Sourced<Constraint>) -> String {
    format!("the range {} (set by {})", constraint.value.as_str(), constraint.source)
}
