//! What became of every published tag, and why.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::image::Tag;
use super::super::version::{Bump, Reading, Version, read};
use super::catalog::Catalog;
use super::rules::{Criteria, Judge, Judgement, Reason, rank};

/// What became of one published tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagVerdict {
    /// The tag as published, or the text that is none.
    pub tag: Arc<str>,
    /// Taken or dropped.
    pub outcome: Outcome,
}

/// Taken or dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The highest of its bump.
    Candidate(Bump),
    /// Not proposed.
    Dropped {
        /// The rule that dropped it.
        reason: Reason,
        /// What differs and what would change it, for people. Thousands of tags share the words.
        detail: Arc<str>,
    },
}

/// Tells of every published tag what became of it, in the order of publication; texts that are no
/// tags follow.
pub fn verdicts(current: &Tag, catalog: &Catalog, criteria: &Criteria) -> Vec<TagVerdict> {
    let reading = read(current);
    let outcomes = match &reading {
        Reading::Version(version) => judge_all(version, catalog, criteria),
        Reading::Floating | Reading::Hash | Reading::Artifact => {
            unordered(current, &reading, catalog)
        }
    };
    let none: Arc<str> =
        "a tag has 1 to 128 of the characters A-Z a-z 0-9 _ . - and begins with none of . -".into();
    let outside = catalog
        .outside_grammar()
        .map(|text| TagVerdict { tag: Arc::clone(text), outcome: dropped(Reason::Grammar, &none) });
    catalog
        .tags()
        .zip(outcomes)
        .map(|(tag, outcome)| TagVerdict { tag: tag.shared(), outcome })
        .chain(outside)
        .collect()
}

fn dropped(reason: Reason, detail: &Arc<str>) -> Outcome {
    Outcome::Dropped { reason, detail: Arc::clone(detail) }
}

/// The verdicts beside a current tag that has no version.
fn unordered(current: &Tag, reading: &Reading, catalog: &Catalog) -> Vec<Outcome> {
    let kind = match reading {
        Reading::Hash => "names a commit",
        Reading::Artifact => "is a signature or an attestation",
        Reading::Floating | Reading::Version(_) => "is a name without a version",
    };
    let runs = plain(Reason::Current).into();
    let other =
        format!("`{current}` {kind}, so no tag is newer; name a versioned tag to follow versions")
            .into();
    catalog
        .tags()
        .map(|tag| {
            if tag == current {
                dropped(Reason::Current, &runs)
            } else {
                dropped(Reason::Scheme, &other)
            }
        })
        .collect()
}

fn judge_all(current: &Version, catalog: &Catalog, criteria: &Criteria) -> Vec<Outcome> {
    let judge = Judge::new(current, catalog, criteria);
    let mut best: [Option<&Version>; Bump::ALL.len()] = [None; Bump::ALL.len()];
    let mut judged = Vec::with_capacity(catalog.len());
    for (tag, reading) in catalog.readings() {
        let judgement = match reading {
            Reading::Version(version) => {
                let judgement = judge.judge(version);
                if let Judgement::Admitted(bump) = judgement {
                    let best = &mut best[bump as usize];
                    if best.is_none_or(|best| rank(best, version).is_lt()) {
                        *best = Some(version);
                    }
                }
                judgement
            }
            Reading::Floating => Judgement::Dropped(Reason::Floating),
            Reading::Hash => Judgement::Dropped(Reason::Hash),
            Reading::Artifact => Judgement::Dropped(Reason::Artifact),
        };
        judged.push((tag, reading, judgement));
    }
    // Ten thousand tags share these words.
    let outranked = Bump::ALL.map(|bump| {
        let highest = best[bump as usize]?;
        Some((highest.tag(), format!("`{highest}` is the highest {bump} step").into()))
    });
    let older = format!("lower than `{current}`").into();
    let mut unversioned: HashMap<Reason, Arc<str>> = HashMap::new();
    judged
        .into_iter()
        .map(|(tag, reading, judgement)| match (judgement, reading) {
            (Judgement::Admitted(bump), _) => match &outranked[bump as usize] {
                Some((highest, words)) if *highest != tag => dropped(Reason::Outranked, words),
                _ => Outcome::Candidate(bump),
            },
            (Judgement::Dropped(Reason::Older), Reading::Version(version))
                if current.order(version).is_ne() =>
            {
                dropped(Reason::Older, &older)
            }
            (Judgement::Dropped(reason), Reading::Version(version)) => {
                let detail = detail(reason, current, version, criteria).into();
                Outcome::Dropped { reason, detail }
            }
            (Judgement::Dropped(reason), _) => {
                dropped(reason, unversioned.entry(reason).or_insert_with(|| plain(reason).into()))
            }
        })
        .collect()
}

/// The detail of a reason that needs no version.
fn plain(reason: Reason) -> &'static str {
    match reason {
        Reason::Floating => "a name without a version, which may be moved to any image",
        Reason::Hash => "named by a commit or digest, which has no order",
        Reason::Artifact => "a signature or an attestation, not an image that runs",
        Reason::Current => "this tag runs",
        _ => "",
    }
}

fn detail(reason: Reason, current: &Version, other: &Version, criteria: &Criteria) -> String {
    match reason {
        Reason::Older => format!("the same version as `{current}`, written another way"),
        Reason::Level => format!(
            "a {} step; --level {} allows less",
            current.bump_to(other),
            criteria.level.map_or("major", |level| level.as_str()),
        ),
        Reason::Constraint => format!(
            "{} is outside the constraint `{}`",
            other.numeric(),
            criteria
                .constraints
                .iter()
                .find(|constraint| !constraint.admits(other))
                .map_or("", |constraint| constraint.as_str()),
        ),
        Reason::Scheme => {
            format!("written as {}, the current tag as {}", other.scheme(), current.scheme())
        }
        Reason::Prefix => {
            format!(
                "begins with {}, the current tag with {}",
                shown(other.prefix()),
                shown(current.prefix())
            )
        }
        Reason::Precision => format!(
            "has {}, the current tag {}",
            count(other.precision()),
            count(current.precision()),
        ),
        Reason::Variant if current.variant() == other.variant() => format!(
            "flavour {}, the current tag has {}",
            other.number_before_variant().unwrap_or_default(),
            current.number_before_variant().unwrap_or_default(),
        ),
        Reason::Variant => format!(
            "variant {}, the current tag has {}",
            shown(other.variant()),
            shown(current.variant()),
        ),
        Reason::Prerelease => {
            if current.is_prerelease() {
                format!("a pre-release of another version than {}", current.numeric())
            } else {
                "a pre-release; the current tag is a release".into()
            }
        }
        Reason::Base => format!(
            "newer base {} instead of {}; --allow-base-change proposes it",
            shown(other.variant()),
            shown(current.variant()),
        ),
        Reason::SchemeBreak => format!(
            "{} after {} is no release step but another scheme; name the tag to move to it",
            other.numeric(),
            current.numeric(),
        ),
        Reason::KnownBad => "it was rolled back here; `forget` takes it off the list".into(),
        Reason::Current
        | Reason::Outranked
        | Reason::Floating
        | Reason::Hash
        | Reason::Artifact
        | Reason::Grammar
        | Reason::Age
        | Reason::Platform => plain(reason).into(),
    }
}

fn shown(text: &str) -> String {
    if text.is_empty() { "none".into() } else { format!("`{text}`") }
}

fn count(parts: usize) -> String {
    if parts == 1 { "1 part".into() } else { format!("{parts} parts") }
}
