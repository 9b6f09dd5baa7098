//! Charts of releases, with repositories in memory.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;

use super::*;
use crate::domain::chart::{ChartEntry, ChartInUse, ChartSource, ChartVersion};
use crate::domain::inventory::Leg;
use crate::ports::charts::{Charts, PublishedCharts};

/// Repositories by name: chart, and its versions as `VERSION/APPVERSION`.
#[derive(Default)]
struct Shelf {
    indexes: Vec<(&'static str, &'static str, Vec<&'static str>)>,
    /// Versions of the one OCI chart; those with a `!` are listed and not there.
    oci: Vec<&'static str>,
    broken: bool,
    asked: Mutex<Vec<String>>,
}

/// `VERSION/APPVERSION~DAYS`: so many days old.
fn entry(text: &str) -> ChartEntry {
    let (text, days) = text.split_once('~').unwrap_or((text, ""));
    let (version, app) = text.split_once('/').unwrap_or((text, ""));
    let created = days.parse().ok().map(|days: i64| now() - SignedDuration::from_hours(24 * days));
    ChartEntry {
        version: version.parse().expect("a version"),
        app_version: (!app.is_empty()).then(|| app.into()),
        kube_version: None,
        deprecated: version == "1.0.9",
        created,
        digest: Some(digest('c')),
        security_updates: version == "1.0.8",
        marked_prerelease: false,
        changes: if version == "1.0.8" { vec!["a flag for TLS".into()] } else { Vec::new() },
    }
}

fn index(name: &str) -> ChartSource {
    ChartSource::Index { url: format!("https://{name}.test").into(), name: Some(name.into()) }
}

fn down(what: &str) -> LookupError {
    LookupError::Server { host: what.parse().expect("a host"), status: 503 }
}

impl Charts for Shelf {
    fn configured(&self) -> Result<Vec<ChartSource>, String> {
        Ok(self.indexes.iter().map(|(name, ..)| index(name)).collect())
    }

    fn published<'a>(
        &'a self,
        source: &'a ChartSource,
        charts: &'a BTreeSet<Arc<str>>,
    ) -> BoxFuture<'a, Result<Arc<PublishedCharts>, LookupError>> {
        self.asked.lock().expect("one thread").push(source.to_string());
        let found = match source {
            ChartSource::Index { .. } => self
                .indexes
                .iter()
                .filter(|(name, chart, _)| index(name) == *source && charts.contains(*chart))
                .map(|(_, chart, versions)| {
                    (Arc::from(*chart), versions.iter().map(|text| entry(text)).collect())
                })
                .collect(),
            ChartSource::Oci(_) => {
                let bare = |text: &&str| {
                    let version = text.trim_end_matches('!').split(['/', '~']).next();
                    entry(version.unwrap_or_default())
                };
                vec![(Arc::from("shop"), self.oci.iter().map(bare).collect())]
            }
        };
        let answer = PublishedCharts { charts: found, warnings: Vec::new() };
        async move { if self.broken { Err(down("r.test")) } else { Ok(Arc::new(answer)) } }.boxed()
    }

    fn metadata<'a>(
        &'a self,
        _source: &'a ChartSource,
        version: &'a ChartVersion,
    ) -> BoxFuture<'a, Result<Arc<ChartEntry>, LookupError>> {
        self.asked.lock().expect("one thread").push(format!("metadata {version}"));
        let known =
            self.oci.iter().find(|text| entry(text.trim_end_matches('!')).version == *version);
        let known = known.filter(|text| !text.ends_with('!')).map(|text| Arc::new(entry(text)));
        let host = "r.test".parse().expect("a host");
        async move { known.ok_or(LookupError::NotFound { host, what: "it".into() }) }.boxed()
    }
}

fn release(name: &str, version: &str) -> Workload {
    let (version, app) = version.split_once('/').unwrap_or((version, ""));
    let chart = ChartInUse {
        name: "shop".into(),
        version: version.into(),
        app_version: (!app.is_empty()).then(|| app.into()),
        source: None,
    };
    let slot = Slot {
        name: "shop".into(),
        image: SlotImage::Chart(Arc::new(chart)),
        ..slot(SlotKind::Chart)
    };
    Workload { leg: Leg::Helm, name: name.into(), slots: vec![slot], ..workload(Kind::Release) }
}

#[track_caller]
fn check(shelf: &Shelf, sources: &[(&str, &str)], releases: Vec<Workload>, expected: &[&str]) {
    check_under(&Policy::default(), shelf, sources, releases, expected);
}

#[track_caller]
fn check_under(
    policy: &Policy,
    shelf: &Shelf,
    sources: &[(&str, &str)],
    releases: Vec<Workload>,
    expected: &[&str],
) {
    let sources = sources
        .iter()
        .map(|(name, source)| ((*name).to_owned(), source.parse().expect("a source")))
        .collect();
    let overrides = Overrides::default();
    let options = Options {
        policy,
        overrides: &overrides,
        now: now(),
        memories: &Memories::new(),
        named: &[],
        findings: true,
        charts: Some(ChartRoom { charts: shelf, cluster: None, sources: &sources, given: None }),
    };
    let inventory = Inventory { workloads: releases, ..Inventory::default() };
    let registry = Memory::default();
    let plan = plan(inventory, &registry, &options, &Silent).now_or_never();
    let rows = rows(&plan.expect("memory never waits"));
    assert_eq!(rows.len(), expected.len(), "{rows:#?}");
    for (row, expected) in rows.iter().zip(expected) {
        assert!(row.starts_with(expected), "expected {expected:?} in {rows:#?}");
    }
    assert!(registry.asked().is_empty(), "charts are no images");
}

fn asked(shelf: &Shelf) -> Vec<String> {
    shelf.asked.lock().expect("one thread").clone()
}

#[test]
fn a_chart_is_found_where_its_installed_version_is() {
    let shelf = Shelf {
        indexes: vec![
            ("other", "shop", vec!["7.0.0", "7.1.0"]),
            ("corp", "shop", vec!["1.0.0", "1.0.2", "1.1.0", "2.0.0"]),
            ("third", "unrelated", vec!["1.0.0"]),
        ],
        ..Shelf::default()
    };
    let releases = vec![release("a", "1.0.0"), release("b", "1.1.0"), release("c", "9.9.9")];
    check(
        &shelf,
        &[],
        releases,
        &[
            "1.0.2@c patch update: a patch change",
            "2.0.0@c major held: a major change needs its name and version: prod/release/b=2.0.0",
            "- unknown: helm does not record where chart shop comes from, and corp",
        ],
    );
    // Each index once, however many releases there are.
    assert_eq!(asked(&shelf).len(), 3);
}

#[test]
fn whoever_declares_a_release_says_where_its_chart_comes_from() {
    let shelf = Shelf {
        indexes: vec![
            ("corp", "shop", vec!["1.0.0", "1.0.2"]),
            ("flux", "shop", vec!["1.0.1"]),
            ("policy", "shop", vec!["1.0.3"]),
        ],
        ..Shelf::default()
    };
    let declared = || {
        let mut web = release("web", "1.0.0");
        if let SlotImage::Chart(chart) = &mut web.slots[0].image {
            Arc::make_mut(chart).source = Some(index("flux"));
        }
        vec![web]
    };
    check(&shelf, &[], declared(), &["1.0.1@c patch update"]);
    // The policy goes before.
    let said = [("prod/web", "https://policy.test")];
    check(&shelf, &said, declared(), &["1.0.3@c patch update"]);
}

#[test]
fn several_repositories_that_fit_are_held_until_somebody_says_which() {
    let shelf = Shelf {
        indexes: vec![("a", "shop", vec!["1.0.0", "1.0.1"]), ("b", "shop", vec!["1.0.0"])],
        ..Shelf::default()
    };
    check(
        &shelf,
        &[],
        vec![release("web", "1.0.0")],
        &["1.0.1@c patch held: its chart may come from a (https://a.test) or from b"],
    );
    let said = [("prod/web", "https://a.test")];
    let unnamed = Shelf { indexes: vec![("a", "shop", vec![])], ..Shelf::default() };
    check(
        &unnamed,
        &said,
        vec![release("web", "1.0.0")],
        &["- unknown: a (https://a.test) has no chart shop"],
    );
}

#[test]
fn of_a_registry_only_what_is_proposed_is_asked_about() {
    let shelf = Shelf {
        oci: vec!["1.0.0", "1.0.1", "1.0.9!", "1.0.3/2.0", "1.1.0/1.1"],
        ..Shelf::default()
    };
    check(
        &shelf,
        &[("shop", "oci://r.test/charts/shop")],
        vec![release("web", "1.0.0/1.0")],
        // The application of the patch takes a major step, and is judged by that.
        &["1.1.0@c minor held: a minor change needs a yes"],
    );
    let mut asked = asked(&shelf);
    asked.sort();
    let expected =
        ["metadata 1.0.3", "metadata 1.0.9", "metadata 1.1.0", "oci://r.test/charts/shop"];
    assert_eq!(asked, expected);
}

#[test]
fn the_age_of_what_a_registry_has_is_learned_before_it_counts() {
    let mut policy = Policy::default();
    policy.base.minimum_age = Some(Duration::from_hours(72));
    let source = [("shop", "oci://r.test/charts/shop")];
    let young = |oci| Shelf { oci, ..Shelf::default() };
    let check = |oci, expected: &str| {
        let releases = vec![release("web", "1.0.0")];
        check_under(&policy, &young(oci), &source, releases, &[expected]);
    };
    check(vec!["1.0.0", "1.0.1~9", "1.0.2~5", "1.0.3~1"], "1.0.2@c patch update");
    check(vec!["1.0.0", "1.0.3~1"], "- held: 1.0.3 is younger than");
    // One that does not say when it was made is not old enough.
    check(vec!["1.0.0", "1.0.3"], "- held: the age of 1.0.3 is not known");
}

#[test]
fn a_source_that_was_named_for_another_release_is_not_searched() {
    let shelf = Shelf {
        indexes: vec![("corp", "shop", vec!["1.0.0", "1.0.1"])],
        oci: vec!["1.0.0", "1.0.7"],
        ..Shelf::default()
    };
    let said = [("prod/other", "oci://r.test/charts/shop")];
    let releases = vec![release("web", "1.0.0"), release("other", "1.0.0")];
    check(&shelf, &said, releases, &["1.0.1@c patch update", "1.0.7@c patch update"]);
}

#[test]
fn what_is_worth_knowing_is_told() {
    let shelf =
        Shelf { indexes: vec![("a", "shop", vec!["1.0.0", "1.0.9/17.1"])], ..Shelf::default() };
    check(
        &shelf,
        &[],
        vec![release("web", "1.0.0/16.3")],
        &["1.0.9@c patch held: a major change needs its name and version"],
    );
    let secure = Shelf { indexes: vec![("a", "shop", vec!["1.0.0", "1.0.8"])], ..Shelf::default() };
    let told = "1.0.8@c patch update: a patch change, allowed by the policy; contains security updates; new: a flag for TLS";
    check(&secure, &[], vec![release("web", "1.0.0")], &[told]);
    let shelf = Shelf { broken: true, ..shelf };
    check(&shelf, &[], vec![release("web", "1.0.0")], &["- unknown: r.test answered 503"]);
    check(
        &Shelf::default(),
        &[],
        vec![release("web", "1.0.0"), release("odd", "latest")],
        &["- unknown: helm does not record where", "- unknown: helm does not record where"],
    );
}
