//! What became of every published tag, and why.

use std::collections::HashMap;

use super::super::image::Tag;
use super::super::version::{Bump, Reading, Version, read};
use super::catalog::Catalog;
use super::rules::{Criteria, Judge, Judgement, Reason, rank};

/// What became of one published tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagVerdict<'c> {
    /// The tag, or the text that is none.
    pub tag: &'c str,
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
        /// What differs and what would change it, for people.
        detail: String,
    },
}

/// Tells of every published tag what became of it, in the order of publication; texts that are no
/// tags follow.
pub fn verdicts<'c>(
    current: &Tag,
    catalog: &'c Catalog,
    criteria: &Criteria,
) -> Vec<TagVerdict<'c>> {
    let reading = read(current);
    let outcomes = match &reading {
        Reading::Version(version) => judge_all(version, catalog, criteria),
        Reading::Floating | Reading::Hash | Reading::Artifact => {
            catalog.readings().map(|(tag, _)| unordered(current, &reading, tag)).collect()
        }
    };
    let outside = catalog.outside_grammar().map(|text| TagVerdict {
        tag: text,
        outcome: dropped(
            Reason::Grammar,
            "a tag has 1 to 128 of the characters A-Z a-z 0-9 _ . - and begins with none of . -"
                .into(),
        ),
    });
    catalog
        .tags()
        .zip(outcomes)
        .map(|(tag, outcome)| TagVerdict { tag: tag.as_str(), outcome })
        .chain(outside)
        .collect()
}

fn dropped(reason: Reason, detail: String) -> Outcome {
    Outcome::Dropped { reason, detail }
}

/// The verdict beside a current tag that has no version.
fn unordered(current: &Tag, reading: &Reading, tag: &Tag) -> Outcome {
    if current == tag {
        return dropped(Reason::Current, "this tag runs".into());
    }
    let kind = match reading {
        Reading::Hash => "names a commit",
        Reading::Artifact => "is a signature or an attestation",
        Reading::Floating | Reading::Version(_) => "is a name without a version",
    };
    dropped(
        Reason::Scheme,
        format!("`{current}` {kind}, so no tag is newer; name a versioned tag to follow versions"),
    )
}

fn judge_all(current: &Version, catalog: &Catalog, criteria: &Criteria) -> Vec<Outcome> {
    let judge = Judge::new(current, catalog, criteria);
    let mut best: HashMap<Bump, &Version> = HashMap::new();
    let mut judged = Vec::with_capacity(catalog.len());
    for (tag, reading) in catalog.readings() {
        let judgement = match reading {
            Reading::Version(version) => {
                let judgement = judge.judge(version);
                if let Judgement::Admitted(bump) = judgement {
                    best.entry(bump)
                        .and_modify(|best| {
                            if rank(best, version).is_lt() {
                                *best = version;
                            }
                        })
                        .or_insert(version);
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
    let outranked: HashMap<Bump, String> = best
        .iter()
        .map(|(bump, highest)| (*bump, format!("`{highest}` is the highest {bump} step")))
        .collect();
    let older = format!("lower than `{current}`");
    judged
        .into_iter()
        .map(|(tag, reading, judgement)| match (judgement, reading) {
            (Judgement::Admitted(bump), _) => match (best.get(&bump), outranked.get(&bump)) {
                (Some(higher), Some(words)) if higher.tag() != tag => {
                    dropped(Reason::Outranked, words.clone())
                }
                _ => Outcome::Candidate(bump),
            },
            (Judgement::Dropped(Reason::Older), Reading::Version(version))
                if current.order(version).is_ne() =>
            {
                dropped(Reason::Older, older.clone())
            }
            (Judgement::Dropped(reason), Reading::Version(version)) => {
                dropped(reason, detail(reason, current, version, criteria))
            }
            (Judgement::Dropped(reason), _) => dropped(reason, plain(reason).to_owned()),
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
