//! Where the chart of a release comes from, which Helm does not record.

use super::{Shop, proposed, reasons};
use crate::bed::{Chart, bed};

/// Two repositories that both have `shop` 1.0.0, and other newer versions of it.
fn two(major: &str) -> (Shop, Chart) {
    let shop = Shop::open(major, &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let old = shop.chart("1.0.0", "1.0.0");
    let charts = [old.clone(), shop.chart("1.0.2", "1.0.2")];
    shop.server.publish(&shop.helm, "other", &charts);
    let (stable, other) = (shop.server.url("stable"), shop.server.url("other"));
    shop.helm.knows(&[("stable", &stable), ("other", &other)]);
    (shop, old)
}

#[test]
fn two_repositories_with_the_same_version_are_told_apart_by_hand() {
    let (shop, old) = two("helm4");
    shop.install("api", &old, &[]);
    for release in ["release/web", "release/api"] {
        let row = shop.row(release);
        assert_eq!(row["decision"], "held", "{row}");
        let reasons = reasons(&row);
        for repository in ["stable", "other"] {
            assert!(reasons.contains(&shop.server.url(repository)), "{reasons}");
        }
    }
    let audit = bed().audit();
    let named = shop.upgrade(&["web", "--yes"]);
    assert!(named.exits(3).stderr.contains("other"), "{named}");
    let auto = shop.apply(&["--auto", "--only", "helm"]);
    assert_eq!(auto.exits(0).json()["results"], serde_json::json!([]), "{auto}");
    assert_eq!(shop.writes(&audit), Vec::<String>::new());

    // Whoever says which, on the command line or in the policy, gets that one.
    shop.upgrade(&["web", "stable/shop", "--yes"]).exits(0);
    assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
    let other = shop.server.url("other");
    let shop = shop.policy(&format!("charts: {{shop: \"{other}\"}}\n"));
    assert_eq!(proposed(&shop.row("release/api")), "1.0.2 patch auto update");
    shop.upgrade(&["api", "--yes"]).exits(0);
    assert_eq!(shop.helm.newest("api"), "2 deployed shop-1.0.2");
}

#[test]
fn a_chart_that_nobody_has_is_held_with_what_to_do() {
    let shop = Shop::new("helm3");
    shop.publish(&[shop.chart("3.0.0", "1.0.0")]);
    shop.install("web", &shop.chart("1.0.0", "1.0.0"), &[]);
    let row = shop.row("release/web");
    let reasons = reasons(&row);
    assert!(
        reasons.contains("but not version 1.0.0") && reasons.contains("charts: {"),
        "{reasons}"
    );
    let named = shop.upgrade(&["web", "--yes"]);
    named.exits(3);
    // An upgrade never exchanges a chart for another.
    let stable = shop.server.url("stable");
    for chart in [&["nginx", "--repo", &stable][..], &["stable/nginx"]] {
        let other = shop.upgrade(&[&["web", "--yes"], chart].concat());
        assert!(other.exits(3).stderr.contains("an upgrade to chart nginx"), "{other}");
    }
    // What is said counts, even where the installed version is not there.
    let repo = ["web", "shop", "--repo", &shop.server.url("stable"), "--version", "3.0.0", "--yes"];
    shop.server.forget();
    shop.upgrade(&repo).exits(0);
    assert_eq!(shop.helm.newest("web"), "2 deployed shop-3.0.0");
    // Once to plan, and once by helm, whatever it fetches.
    assert_eq!(shop.server.requests("index.yaml").len(), 2, "{:?}", shop.server.requests(""));
}

#[test]
fn an_index_that_cannot_be_had_is_said_and_holds_what_it_may_have() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let (stable, gone) = (shop.server.url("stable"), shop.server.url("gone"));
    shop.helm.knows(&[("gone", &gone), ("stable", &stable)]);
    let plan = shop.run(&["plan", "-o", "json"]);
    // Nobody knows whether that one has it as well.
    let row = super::row(&plan, "release/web");
    assert_eq!(proposed(&row), "1.0.1 patch auto held", "{plan}");
    assert!(reasons(&row).contains("which could not be asked"), "{row}");
    assert!(plan.stderr.contains(&gone), "{plan}");
    shop.helm.knows(&[("gone", &gone)]);
    let named = shop.upgrade(&["web", "--yes"]);
    assert!(named.exits(9).stderr.contains(&gone), "{named}");
}
