//! The rules on whole catalogs: reasons, properties, choice by facts.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::image::Tag;
use super::super::version::{Bump, Reading, read};
use super::*;
use crate::domain::platform::Platform;

fn tag(text: &str) -> Tag {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn catalog(tags: &str) -> Catalog {
    tags.split(' ').collect()
}

fn best(current: &str, tags: &str, bump: Bump, criteria: &Criteria) -> Option<String> {
    let found = shortlist(&tag(current), &catalog(tags), criteria);
    found.best(bump).map(|candidate| candidate.tag().to_string())
}

fn reason(current: &str, other: &str, criteria: &Criteria) -> &'static str {
    let catalog: Catalog = [current, other].into_iter().collect();
    let verdicts = verdicts(&tag(current), &catalog, criteria);
    let verdict =
        verdicts.iter().find(|verdict| &*verdict.tag == other).expect("every tag is told");
    match &verdict.outcome {
        Outcome::Candidate(_) => "candidate",
        Outcome::Dropped { reason, detail } => {
            assert!(!detail.is_empty(), "{current} -> {other}: {reason} without detail");
            reason.code()
        }
    }
}

#[test]
fn each_bump_has_its_own_highest() {
    let tags = "1.2.3 1.2.4 1.2.9 1.3.0 1.9.1 2.0.0 3.1.0";
    let plain = Criteria::default();
    assert_eq!(best("1.2.3", tags, Bump::Patch, &plain).as_deref(), Some("1.2.9"));
    assert_eq!(best("1.2.3", tags, Bump::Minor, &plain).as_deref(), Some("1.9.1"));
    assert_eq!(best("1.2.3", tags, Bump::Major, &plain).as_deref(), Some("3.1.0"));
    assert_eq!(best("1.2.3", tags, Bump::Prerelease, &plain), None);
}

#[test]
fn the_list_below_the_highest_is_kept_short() {
    let tags: Catalog = (0..200).map(|patch| format!("1.0.{patch}")).collect();
    let found = shortlist(&tag("1.0.0"), &tags, &Criteria::default());
    let kept: Vec<String> = found.of(Bump::Patch).map(|one| one.tag().to_string()).collect();
    assert_eq!(kept.first().map(String::as_str), Some("1.0.199"));
    assert_eq!(kept.last().map(String::as_str), Some("1.0.100"));
}

#[test]
fn every_tag_has_a_reason() {
    let plain = Criteria::default();
    let level = Criteria { level: Some(Level::Patch), ..Criteria::default() };
    let constraint =
        Criteria { constraints: vec!["<1.3".parse().expect("valid")], ..Criteria::default() };
    let known_bad = Criteria { known_bad: HashSet::from([tag("1.2.4")]), ..Criteria::default() };
    let base = Criteria { allow_base_change: true, ..Criteria::default() };
    for (current, other, criteria, code) in [
        ("1.2.3", "1.2.4", &plain, "candidate"),
        ("1.2.3", "1.2.3", &plain, "current"),
        ("1.2.3", "1.2.2", &plain, "older"),
        ("1.08", "1.8", &plain, "older"),
        ("1.2.3", "1.3.0", &level, "level"),
        ("1.2.3", "1.3.0", &constraint, "constraint"),
        ("1.2.3", "1.2.4", &known_bad, "known-bad"),
        ("20240115", "240201", &plain, "scheme"),
        ("latest", "1.0.0", &plain, "scheme"),
        ("1.2.3", "v1.3.0", &plain, "prefix"),
        ("1.2", "1.3.0", &plain, "precision"),
        ("1.2.3", "1.3.0-alpine", &plain, "variant"),
        ("1.2.3", "1.3.0-rc1", &plain, "prerelease"),
        ("1.2.3-rc1", "1.3.0-rc1", &plain, "prerelease"),
        ("1.2.3-alpine3.18", "1.3.0-alpine3.19", &plain, "base"),
        ("1.2.3-alpine3.18", "1.3.0-alpine3.19", &base, "candidate"),
        ("1.2.3-alpine3.18", "1.2.2-alpine3.19", &base, "older"),
        ("1.2.3", "latest", &plain, "floating"),
        ("1.2.3", "abc1234", &plain, "hash"),
        ("1.2.3", "1.2.4.sig", &plain, "artifact"),
        ("1.2.3", "2021.1.1", &plain, "scheme-break"),
        ("v1.2.3", "608111629", &plain, "scheme-break"),
        ("1.2.3", "1.2.4 ", &plain, "grammar"),
    ] {
        assert_eq!(reason(current, other, criteria), code, "{current} -> {other}");
    }
    let both = catalog("1.2.4 1.2.5");
    let told = verdicts(&tag("1.2.3"), &both, &plain);
    let expected = Outcome::Dropped {
        reason: Reason::Outranked,
        detail: "`1.2.5` is the highest patch step".into(),
    };
    assert_eq!(told[0].outcome, expected);
}

#[test]
fn flavours_are_told_from_counters_whatever_release_is_looked_at_first() {
    for (tags, expected) in [
        ("4.0.12-22-x 4.0.12-24-x 4.0.13-22-x 4.0.13-24-x", "4.0.13-22-x"),
        // The second release counts from 1: then the first does too, and lost its older builds.
        ("4.0.12-22-x 4.0.12-24-x 4.0.13-1-x 4.0.13-22-x 4.0.13-24-x", "4.0.13-24-x"),
    ] {
        // Each catalog has another order of hashing.
        for _ in 0..50 {
            let found = best("4.0.12-22-x", tags, Bump::Patch, &Criteria::default());
            assert_eq!(found.as_deref(), Some(expected), "{tags}");
        }
    }
}

#[test]
fn a_newer_base_is_asked_for_and_shown_apart() {
    let base = Criteria { allow_base_change: true, ..Criteria::default() };
    let tags =
        "17.3.0-alpine3.13 17.3.1-alpine3.13 17.4.0-alpine3.15 17.4.0-alpine3.14 17.9.0-slim";
    assert_eq!(
        best("17.3.0-alpine3.13", tags, Bump::Base, &base).as_deref(),
        Some("17.4.0-alpine3.15")
    );
    assert_eq!(
        best("17.3.0-alpine3.13", tags, Bump::Patch, &base).as_deref(),
        Some("17.3.1-alpine3.13")
    );
    let patch = Criteria { level: Some(Level::Patch), ..base.clone() };
    assert_eq!(best("17.3.0-alpine3.13", tags, Bump::Base, &patch), None);
    let same = "1.0.0-debian-11-r9 1.0.0-debian-12-r0";
    assert_eq!(
        best("1.0.0-debian-11-r9", same, Bump::Base, &base).as_deref(),
        Some("1.0.0-debian-12-r0")
    );
}

#[test]
fn a_catalog_reads_each_tag_once_and_keeps_what_is_none() {
    let tags: Catalog = ["1.0", "1.0", "bad tag", "bad tag", "", "1.1"].into_iter().collect();
    assert_eq!(tags.len(), 2);
    assert_eq!(tags.outside_grammar().map(|text| &**text).collect::<Vec<_>>(), ["bad tag", ""]);
    assert!(tags.contains(&tag("1.1")) && !tags.contains(&tag("1.2")));
    let long: Catalog = ["é".repeat(400)].into_iter().collect();
    assert!(long.outside_grammar().all(|text| text.len() <= 256));
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn needs(platforms: &[&str], days: i64) -> Needs {
    Needs {
        platforms: platforms.iter().map(|text| text.parse().expect("a platform")).collect(),
        minimum_age: (days > 0).then(|| SignedDuration::from_hours(24 * days)),
        now: moment("2026-03-10T00:00:00Z"),
    }
}

fn facts(platforms: &[&str], created: Option<&str>) -> Facts {
    Facts {
        digest: None,
        platforms: Some(platforms.iter().map(|text| text.parse().expect("valid")).collect()),
        created: created.map(moment),
    }
}

#[test]
fn a_young_or_incomplete_release_never_hides_the_good_one_below() {
    let found =
        shortlist(&tag("1.0.0"), &catalog("1.0.1 1.0.2 1.0.3 1.0.4 2.0.0"), &Criteria::default());
    let known = HashMap::from([
        (tag("1.0.4"), facts(&["linux/amd64"], Some("2026-03-09T00:00:00Z"))),
        (tag("1.0.3"), facts(&["linux/arm64"], Some("2026-01-01T00:00:00Z"))),
        (tag("1.0.2"), facts(&["linux/amd64"], Some("2026-01-01T00:00:00Z"))),
        (tag("2.0.0"), facts(&["linux/amd64"], None)),
    ]);
    let choice = choose(&found, |tag| known.get(tag), &needs(&["linux/amd64"], 3));
    let chosen: Vec<_> =
        choice.candidates.iter().map(|one| (one.bump(), one.tag().as_str())).collect();
    assert_eq!(chosen, [(Bump::Patch, "1.0.2")]);
    let passed: Vec<_> =
        choice.passed_over.iter().map(|one| (one.tag.as_str(), one.reason)).collect();
    assert_eq!(
        passed,
        [("2.0.0", Reason::Age), ("1.0.4", Reason::Age), ("1.0.3", Reason::Platform)]
    );
    assert_eq!(
        choice.passed_over[1].detail,
        "it is younger than 72h; wait until 2026-03-12 00:00 UTC"
    );
    assert_eq!(choice.passed_over[2].detail, "it is not built for linux/amd64");
}

#[test]
fn what_is_not_asked_for_needs_no_facts() {
    let found = shortlist(&tag("1.0.0"), &catalog("1.0.1 2.0.0"), &Criteria::default());
    let choice = choose(&found, |_| None, &needs(&[], 0));
    assert_eq!(choice.latest().map(|one| one.tag().as_str()), Some("2.0.0"));
    assert!(choice.passed_over.is_empty());
    let choice = choose(&found, |_| None, &needs(&["linux/amd64"], 0));
    assert!(choice.candidates.is_empty());
    let every = needs(&["linux/amd64", "linux/arm64"], 0);
    let known = facts(&["linux/amd64"], None);
    assert!(choose(&found, |_| Some(&known), &every).candidates.is_empty());
}

#[test]
fn a_platform_runs_what_its_machine_runs() {
    let runs = |image: &str, machine: &str| {
        let parse = |text: &str| text.parse::<Platform>().expect("a platform");
        parse(image).runs_on(&parse(machine))
    };
    assert!(runs("linux/arm64/v8", "linux/arm64"));
    assert!(runs("linux/arm64", "linux/arm64/v8"));
    assert!(runs("linux/arm/v6", "linux/arm/v7"));
    assert!(!runs("linux/arm/v7", "linux/arm/v6"));
    assert!(!runs("linux/amd64/v3", "linux/amd64"));
    assert!(runs("linux/amd64", "linux/amd64/v3"));
    assert!(!runs("windows/amd64", "linux/amd64"));
    assert!("linux".parse::<Platform>().is_err() && "a/b/c/d".parse::<Platform>().is_err());
    assert_eq!(Platform::new("Linux", "ARM", Some("v6")).to_string(), "linux/arm/v6");
}

fn any_tag() -> impl Strategy<Value = String> {
    let body = prop::collection::vec(0u32..6, 1..4)
        .prop_map(|parts| parts.iter().map(u32::to_string).collect::<Vec<_>>().join("."));
    let prefix = prop::sample::select(vec!["", "", "", "v", "jdk-"]);
    let suffix = prop::sample::select(vec![
        "",
        "",
        "",
        "-alpine3.18",
        "-alpine3.19",
        "-alpine3.9-p4",
        "-rc1",
        "-rc2",
        "-ls1",
        "-ls3",
        "_2",
        "_11",
        "-bullseye",
        "-bookworm",
        "-g0a1b2c3",
        "-dev-3",
        "-22-trixie",
        "-24-trixie",
    ]);
    let version = (prefix, body, suffix).prop_map(|(a, b, c)| format!("{a}{b}{c}"));
    let other =
        prop::sample::select(vec!["latest", "20240115", "2024-01-15", "608111629", "abc1234"]);
    prop_oneof![9 => version, 1 => other.prop_map(str::to_owned)]
}

fn any_criteria() -> impl Strategy<Value = Criteria> {
    let level = prop::sample::select(vec![
        None,
        Some(Level::Patch),
        Some(Level::Minor),
        Some(Level::Major),
    ]);
    let constraint = prop::sample::select(vec!["", "", "<3", "~1.2", ">=1.2.3-0", "!=2"]);
    (level, constraint, any::<bool>(), prop::option::of(any_tag())).prop_map(
        |(level, constraint, allow_base_change, bad)| Criteria {
            level,
            constraints: (!constraint.is_empty())
                .then(|| constraint.parse().expect("valid"))
                .into_iter()
                .collect(),
            allow_base_change,
            known_bad: bad.into_iter().map(|text| tag(&text)).collect(),
            only: None,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_shortlist_and_the_verdicts_agree_and_nothing_goes_down(
        current in any_tag(),
        tags in prop::collection::vec(any_tag(), 0..60),
        criteria in any_criteria(),
    ) {
        let (current, catalog) = (tag(&current), tags.iter().collect::<Catalog>());
        let found = shortlist(&current, &catalog, &criteria);
        let told = verdicts(&current, &catalog, &criteria);
        prop_assert_eq!(told.len(), catalog.len());
        for bump in Bump::ALL {
            let listed = found.best(bump).map(|one| one.tag().as_str());
            let mut explained = told.iter().filter(|one| one.outcome == Outcome::Candidate(bump));
            prop_assert_eq!(listed, explained.next().map(|one| &*one.tag), "{} {}", current, bump);
            prop_assert!(explained.next().is_none());
        }
        let Reading::Version(from) = read(&current) else {
            prop_assert!(found.is_empty());
            return Ok(());
        };
        for candidate in found.iter() {
            let to = candidate.version();
            prop_assert!(from.order_release(to).is_le(), "{} -> {}", from, to);
            prop_assert!(candidate.bump() == Bump::Base || from.compare(to).is_some_and(Ordering::is_lt));
            prop_assert!(!criteria.known_bad.contains(candidate.tag()));
            prop_assert!(from.is_prerelease() || !to.is_prerelease());
        }
    }

    #[test]
    fn asking_for_more_never_brings_a_new_tag(
        current in any_tag(),
        tags in prop::collection::vec(any_tag(), 0..60),
        tight in any_criteria(),
    ) {
        let (current, catalog) = (tag(&current), tags.iter().collect::<Catalog>());
        let loose = Criteria { allow_base_change: true, ..Criteria::default() };
        let admitted = |criteria: &Criteria| -> HashSet<Arc<str>> {
            let told = verdicts(&current, &catalog, criteria);
            told.into_iter().filter_map(|one| match one.outcome {
                Outcome::Candidate(_) | Outcome::Dropped { reason: Reason::Outranked, .. } => {
                    Some(one.tag)
                }
                Outcome::Dropped { .. } => None,
            }).collect()
        };
        prop_assert!(admitted(&tight).is_subset(&admitted(&loose)));
        let highest = |criteria: &Criteria| {
            shortlist(&current, &catalog, criteria).latest().map(|one| one.version().clone())
        };
        if let Some(tight) = highest(&tight) {
            let loose = highest(&loose).expect("what the tighter criteria leave");
            prop_assert!(tight.order_release(&loose).is_le(), "{} above {}", tight, loose);
        }
    }
}
