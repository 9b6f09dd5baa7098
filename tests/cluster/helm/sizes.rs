//! Releases that are large, and many releases.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Shop, proposed, repacked};
use crate::apply::ended;
use crate::bed::{bed, both};

#[test]
fn a_manifest_of_three_megabytes_is_upgraded() {
    both(|major| {
        let shop = Shop::new(major);
        let many = "{{ range $i := until 12 }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ $.Release.Name }}-{{ $i }}}
data: {version: {{ $.Chart.Version | quote }}, text: {{ repeat 280000 \"x\" | quote }}}
{{ end }}";
        let chart = |version: &str| shop.chart(version, version).template("many.yaml", many);
        shop.publish(&[chart("1.0.0"), chart("1.0.1")]);
        shop.install("web", &chart("1.0.0"), &[]);
        assert!(shop.helm.run(&["get", "manifest", "web"]).len() > 3_000_000);
        assert_eq!(proposed(&shop.row("release/web")), "1.0.1 patch auto update");
        let upgrade = ["upgrade", "web", "--yes", "-o", "json", "--soak", "1s"];
        let run = shop.program.spawn(&[&upgrade[..], &["-n", shop.namespace.name()]].concat());
        ended(&run.wait(Duration::from_mins(5)), 0, "succeeded", "done");
        assert_eq!(shop.helm.newest("web"), "2 deployed shop-1.0.1");
        assert_eq!(shop.field("configmap/web-11", ".data.version"), "1.0.1");
    });
}

/// Helm's record of one release as that of another one.
fn copied(record: &Value, name: &str) -> Value {
    let mut labels = record["metadata"]["labels"].clone();
    labels["name"] = name.into();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": record["type"],
        "metadata": {"name": format!("sh.helm.release.v1.{name}.v1"), "labels": labels},
        "data": {"release": repacked(record, |release| release["name"] = name.into())},
    })
}

#[test]
fn two_hundred_releases_are_planned_from_one_index() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    let record = ["get", "secret", "sh.helm.release.v1.web.v1", "-o", "json"];
    let record = shop.namespace.kubectl(&record).exits(0).json();
    let records: Vec<Value> =
        (0..200).map(|number| copied(&record, &format!("copy-{number:03}"))).collect();
    shop.namespace
        .create_from(&json!({"apiVersion": "v1", "kind": "List", "items": records}).to_string());
    assert_eq!(shop.helm.run(&["list", "--short", "--max", "300"]).lines().count(), 201);
    shop.server.forget();
    let audit = bed().audit();
    let plan = shop.run(&["plan", "-o", "json", "--only", "helm"]);
    let rows = plan.exits(0).json()["proposals"].as_array().cloned().unwrap_or_default();
    assert_eq!(rows.len(), 201);
    for row in &rows {
        assert_eq!(proposed(row), "1.0.1 patch auto update", "{row}");
    }
    assert_eq!(shop.server.requests(""), ["GET /stable/index.yaml"]);
    let tally = audit.tally("safe-update", shop.namespace.name());
    // A page has a limit of its own; none is asked for alone.
    assert!(tally.total() <= 20 && tally.writes() == 0, "{tally:#?}");
}
