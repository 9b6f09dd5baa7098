//! The choice by facts: platforms and age of the tags on the shortlist.

use jiff::{SignedDuration, Timestamp};

use super::super::image::{Digest, Tag};
use super::super::platform::{Platform, not_built_for};
use super::super::version::Bump;
use super::rules::{Candidate, Reason, Shortlist};

/// What the registry says of one tag. What it did not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The digest that the tag resolves to.
    pub digest: Option<Digest>,
    /// The platforms that it was built for.
    pub platforms: Option<Vec<Platform>>,
    /// When it was built, as its builder says; registries know no date of publication.
    pub created: Option<Timestamp>,
}

/// What a target needs of a candidate beside the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// The platforms of the machines on which it may run; none asks nothing.
    pub platforms: Vec<Platform>,
    /// How old a tag must be; `None` asks nothing.
    pub minimum_age: Option<SignedDuration>,
    /// The moment against which age is measured.
    pub now: Timestamp,
}

/// A tag that was passed over for its facts.
#[derive(Debug, Clone)]
pub struct PassedOver {
    /// The tag.
    pub tag: Tag,
    /// The step that it would have been.
    pub bump: Bump,
    /// [`Reason::Age`] or [`Reason::Platform`].
    pub reason: Reason,
    /// What was missing, for people.
    pub detail: String,
}

/// Per bump the highest tag whose facts hold, and the higher ones whose facts do not.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// At most one per bump, the highest first.
    pub candidates: Vec<Candidate>,
    /// What stood above them, the highest first.
    pub passed_over: Vec<PassedOver>,
}

impl Choice {
    /// The highest tag that may be offered at all.
    pub fn latest(&self) -> Option<&Candidate> {
        self.candidates.first()
    }

    /// The candidate of one bump.
    pub fn best(&self, bump: Bump) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.bump() == bump)
    }
}

/// Chooses per bump the highest tag whose facts hold, so that a young or incomplete release never
/// hides the good one below it.
///
/// What is asked for and not known does not hold: an unknown age waits, unknown platforms are
/// passed over. What is not asked for needs no facts.
pub fn choose<'f>(
    shortlist: &Shortlist,
    facts: impl Fn(&Tag) -> Option<&'f Facts>,
    needs: &Needs,
) -> Choice {
    let mut choice = Choice::default();
    for candidate in shortlist.iter() {
        let (tag, bump) = (candidate.tag(), candidate.bump());
        if choice.best(bump).is_some() {
            continue;
        }
        match objection(facts(tag), needs) {
            None => choice.candidates.push(candidate.clone()),
            Some((reason, detail)) => {
                choice.passed_over.push(PassedOver { tag: tag.clone(), bump, reason, detail });
            }
        }
    }
    choice
}

/// Why the facts of a tag do not hold; none when they do.
pub fn objection(facts: Option<&Facts>, needs: &Needs) -> Option<(Reason, String)> {
    let platforms = facts.and_then(|facts| facts.platforms.as_deref());
    platform_objection(platforms, needs)
        .map(|detail| (Reason::Platform, detail))
        .or_else(|| age_objection(facts, needs).map(|detail| (Reason::Age, detail)))
}

fn platform_objection(platforms: Option<&[Platform]>, needs: &Needs) -> Option<String> {
    let [first, ..] = needs.platforms.as_slice() else {
        return None;
    };
    let Some(platforms) = platforms else {
        return Some(format!("its platforms are not known, and {first} is needed"));
    };
    not_built_for(platforms, &needs.platforms)
}

fn age_objection(facts: Option<&Facts>, needs: &Needs) -> Option<String> {
    let least = needs.minimum_age.filter(SignedDuration::is_positive)?;
    let Some(created) = facts.and_then(|facts| facts.created) else {
        return Some(format!("its age is not known, and {least:#} is asked for"));
    };
    let age = needs.now.duration_since(created);
    (age < least).then(|| {
        let until = created.checked_add(least).map_or_else(
            |_| "it is old enough".to_owned(),
            |moment| moment.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        );
        format!("it is younger than {least:#}; wait until {until}")
    })
}
