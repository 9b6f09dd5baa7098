//! What is planned of releases: one version a step, and why.

use serde_json::Value;

use super::{Shop, proposed, reasons};
use crate::bed::{Chart, both, shown};

#[test]
fn patch_minor_and_major_stand_side_by_side() {
    both(|major| {
        let shop = Shop::new(major);
        let chart = |version: &str| shop.chart(version, "1.0.0");
        let mut charts: Vec<Chart> = [
            "1.0.0",
            "1.0.1",
            "1.0.2",
            "1.1.0",
            "1.2.0",
            "2.0.0",
            "2.1.0",
            "2.2.0-rc.1",
            "1.2.1-rc.1",
        ]
        .map(chart)
        .into();
        charts.push(chart("1.0.3").head("kubeVersion: \">=1.99.0-0\""));
        charts.push(chart("1.2.1").head("kubeVersion: \">=1.99.0-0\""));
        shop.publish(&charts);
        // One index, however many releases come from it.
        shop.install("web", &charts[0], &[]);
        shop.install("api", &charts[0], &[]);
        shop.server.forget();
        let plan = shop.run(&["plan", "-o", "json"]);
        for release in ["release/web", "release/api"] {
            let row = super::row(&plan, release);
            assert_eq!(proposed(&row), "1.0.2 patch auto update", "{plan}");
            assert_eq!(row["current"]["image"], "shop-1.0.0", "{plan}");
            let others = row["others"].as_array().into_iter().flatten();
            let others: Vec<_> = others
                .map(|one| ["tag", "change", "action", "decision"].map(|field| one[field].clone()))
                .collect();
            let expected: [[Value; 4]; 2] = [
                ["1.2.0", "minor", "review", "held"].map(Value::from),
                ["2.1.0", "major", "manual", "held"].map(Value::from),
            ];
            assert_eq!(others, expected, "{plan}");
        }
        assert_eq!(shop.server.requests("/stable"), ["GET /stable/index.yaml"]);
    });
}

#[test]
fn the_step_of_the_application_counts_where_it_is_larger() {
    let shop = Shop::new("helm4");
    let old = shop.chart("1.0.0", "1.0.0").head("appVersion: \"16.3\"");
    let new = shop.chart("1.0.1", "1.0.0").head("appVersion: \"17.0\"");
    shop.publish(&[old.clone(), new]);
    shop.install("web", &old, &[]);
    let row = shop.row("release/web");
    assert_eq!(proposed(&row), "1.0.1 patch manual held", "{row}");
    let reasons = reasons(&row);
    assert!(
        reasons.contains("from 16.3 to 17.0, so that it is judged as a major change"),
        "{reasons}"
    );
    // And so does that of the images, which only shows when the chart is looked at.
    shop.publish(&[shop.chart("1.0.2", "2.0.0").head("appVersion: \"16.4\"")]);
    let run = shop.apply(&["--auto", "--only", "helm"]);
    assert_eq!(run.exits(0).json()["results"], serde_json::json!([]), "{run}");
    assert_eq!(shop.helm.newest("web"), "1 deployed shop-1.0.0");
}

#[test]
fn what_is_given_up_or_does_not_fit_is_said() {
    let shop = Shop::open("helm3", &[("1.0.0", "1.0.0")]);
    let odd = shop.chart("1.0.1", "1.0.1").head("kubeVersion: \">=1.99.0-0\"");
    shop.publish(std::slice::from_ref(&odd));
    let row = shop.row("release/web");
    assert_eq!(proposed(&row), "- none - blocked", "{row}");
    assert!(reasons(&row).contains("1.0.1 wants Kubernetes >=1.99.0-0"), "{row}");
    shop.publish(&[shop.chart("1.0.2", "1.0.1").head("deprecated: true")]);
    let row = shop.row("release/web");
    assert_eq!(proposed(&row), "1.0.2 patch auto update", "{row}");
    assert!(reasons(&row).contains("deprecated"), "{row}");
    // A pre-release is taken by its name, and only so.
    shop.publish(&[shop.chart("1.0.3-rc.1", "1.0.1")]);
    assert_eq!(proposed(&shop.row("release/web")), "1.0.2 patch auto update");
    shop.upgrade(&["web", "--version", "1.0.3-rc.1", "--yes"]).exits(0);
    assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.3-rc.1");
}

#[test]
fn charts_of_a_registry_cost_one_request_for_their_tags() {
    both(|major| {
        let shop = Shop::new(major);
        let charts = format!("{}/charts", shop.namespace.name());
        let push = |version: &str| {
            let archive = shop.helm.package(&shop.chart(version, "1.0.0"), shop.helm.home());
            let registry = format!("oci://{}/{charts}", crate::bed::bed().registry().host());
            shop.helm.run(&["push", &shown(&archive), &registry, "--plain-http"]);
        };
        for version in ["1.0.0", "1.0.1", "1.1.0", "1.1.1"] {
            push(version);
        }
        let source = format!("oci://{}/{charts}/shop", shop.server.host());
        let shop = shop.policy(&format!("charts: {{shop: \"{source}\"}}\n"));
        let old = shop.chart("1.0.0", "1.0.0");
        shop.install("web", &old, &[]);
        shop.install("api", &old, &[]);
        let plan = shop.run(&["plan", "-o", "json"]);
        for release in ["release/web", "release/api"] {
            let row = super::row(&plan, release);
            assert_eq!(proposed(&row), "1.0.1 patch auto update", "{plan}");
            assert_eq!(row["others"][0]["tag"], "1.1.1", "{plan}");
        }
        let tags = format!("/v2/{charts}/shop/tags/list");
        assert_eq!(shop.server.requests(&tags).len(), 1, "{:?}", shop.server.requests(""));
        shop.upgrade(&["web", "--yes"]).exits(0);
        assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
        shop.upgrade(&["api", &source, "--version", "1.1.1", "--yes"]).exits(0);
        assert_eq!(shop.helm.newest("api"), "2 deployed shop-1.1.1");
    });
}

#[test]
fn what_a_release_owns_is_changed_there() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0")]);
    let row = shop.row("deploy/web");
    assert_eq!(row["decision"], "blocked", "{row}");
    let owner = format!("belongs to the Helm release {}/web", shop.namespace.name());
    assert!(reasons(&row).contains(&owner), "{row}");
    let list = shop.run(&["list"]);
    assert!(list.exits(0).stdout.contains("release/web"), "{list}");
    let named = shop.apply(&["deploy/web", "--yes"]);
    assert!(named.exits(3).stderr.contains(&owner), "{named}");
    assert_eq!(shop.tag("web"), "1.0.0");
}
