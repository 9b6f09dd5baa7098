//! Selection cases from the field and from public test suites, run through the library.
//!
//! `picks.json`: `current` is the tag that runs, `tags` what is published, `ceiling` the level,
//! `expect.latest` the highest tag that may ever be offered (null: stay), `expect.candidates` some
//! of the bumps. `must` is agreed by every competent engineer, `should` is defensible.

use std::collections::BTreeMap;

use safe_update::domain::candidate::{Catalog, Criteria, Outcome, shortlist, verdicts};
use safe_update::domain::image::Tag;
use safe_update::domain::version::Bump;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    current: String,
    tags: Vec<String>,
    ceiling: Option<String>,
    constraint: Option<String>,
    #[serde(default)]
    allow_base_change: bool,
    expect: Expect,
    why: String,
    weight: Weight,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    latest: Option<String>,
    #[serde(default)]
    candidates: BTreeMap<String, Option<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Weight {
    Must,
    Should,
}

/// Cases that are answered otherwise on purpose, each with the reason.
const ARGUED: [(&str, &str); 0] = [];

/// Reads a part of a case; the cases are ours, so a malformed one is a failed test.
#[track_caller]
fn parse<T>(text: &str) -> T
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

fn bump_named(name: &str) -> Bump {
    Bump::ALL.into_iter().find(|bump| bump.as_str() == name).unwrap_or_else(|| panic!("{name}"))
}

/// What is wrong with the answer to a case.
fn wrong(case: &Case) -> Vec<String> {
    let current: Tag = parse(&case.current);
    let catalog: Catalog = case.tags.iter().collect();
    let criteria = Criteria {
        level: case.ceiling.as_deref().map(parse),
        constraints: case.constraint.as_deref().map(parse).into_iter().collect(),
        allow_base_change: case.allow_base_change,
        ..Criteria::default()
    };
    let found = shortlist(&current, &catalog, &criteria);
    let latest = found.latest().map(|candidate| candidate.tag().as_str());
    let mut wrong = Vec::new();
    if latest != case.expect.latest.as_deref() {
        wrong.push(format!("latest {latest:?}, expected {:?}", case.expect.latest));
    }
    for (name, expected) in &case.expect.candidates {
        let best = found.best(bump_named(name)).map(|candidate| candidate.tag().as_str());
        if best != expected.as_deref() {
            wrong.push(format!("{name} {best:?}, expected {expected:?}"));
        }
    }
    let told = verdicts(&current, &catalog, &criteria).into_iter().filter_map(|verdict| {
        match verdict.outcome {
            Outcome::Candidate(bump) => Some((bump, verdict.tag)),
            Outcome::Dropped { .. } => None,
        }
    });
    for (bump, tag) in told {
        let best = found.best(bump).map(|candidate| candidate.tag().as_str());
        if best != Some(&*tag) {
            wrong.push(format!("explained {bump} {tag}, listed {best:?}"));
        }
    }
    wrong
}

#[test]
fn every_case_is_answered_as_expected() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("picks.json")).expect("the cases are well formed");
    assert!(cases.len() >= 57, "cases got lost");
    let mut failures = Vec::new();
    for case in &cases {
        let argued = case.weight == Weight::Should && ARGUED.iter().any(|(id, _)| *id == case.id);
        let wrong = wrong(case);
        if !wrong.is_empty() && !argued {
            failures.push(format!(
                "{} ({:?}, {}): {} — {}",
                case.id,
                case.weight,
                case.source,
                wrong.join("; "),
                case.why
            ));
        }
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}
