//! Releases that Flux declares: its controller would put them back, so that nothing else upgrades them.

use super::{Shop, proposed, reasons};
use crate::bed::{bed, within};

/// The kinds as far as they are read; their controllers are not needed for what they declare.
const KINDS: [(&str, &str, &str, &str); 2] = [
    ("helmreleases", "helm.toolkit.fluxcd.io", "HelmRelease", "v2"),
    ("helmrepositories", "source.toolkit.fluxcd.io", "HelmRepository", "v1"),
];

#[track_caller]
fn define() {
    for (plural, group, kind, version) in KINDS {
        bed().apply(&format!(
            "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.{group}}}
spec:
  group: {group}
  names: {{kind: {kind}, listKind: {kind}List, plural: {plural}, singular: {singular}}}
  scope: Namespaced
  versions:
    - name: {version}
      served: true
      storage: true
      schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
",
            singular = kind.to_lowercase()
        ));
        let is_served = || {
            let run = bed().kubectl(&["get", &format!("{plural}.{group}"), "-n", "default"]);
            (run.code == Some(0)).then_some(())
        };
        assert!(within(super::WHILE, is_served).is_some(), "{plural} are not served");
    }
}

#[test]
fn what_flux_declares_is_left_to_its_source() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    shop.install("api", &shop.chart("1.0.0", "1.0.0"), &[]);
    define();
    // It stands in another namespace than the release that it makes.
    let (here, source) = (shop.namespace.name(), bed().namespace());
    source.create_from(&format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: shop}}
spec:
  releaseName: web
  targetNamespace: {here}
  storageNamespace: {here}
  chart: {{spec: {{chart: shop, sourceRef: {{kind: HelmRepository, name: hub}}}}}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {{name: hub}}
spec: {{url: \"{}\"}}
",
        shop.server.url("hub")
    ));
    shop.server.publish(
        &shop.helm,
        "hub",
        &[shop.chart("1.0.0", "1.0.0"), shop.chart("1.0.2", "1.0.2")],
    );
    let owner = format!("belongs to the Flux HelmRelease {}/shop", source.name());

    let row = shop.row("release/web");
    assert_eq!(row["decision"], "blocked", "{row}");
    assert!(reasons(&row).contains(&owner), "{row}");
    // What it could move to is what the source of Flux has, whatever helm knows.
    assert_eq!(row["candidate"]["tag"], "1.0.2", "{row}");
    assert_eq!(proposed(&shop.row("release/api")), "1.0.1 patch auto update");
    let audit = bed().audit();
    let named = shop.upgrade(&["web", "--yes"]);
    assert!(named.exits(3).stderr.contains(&owner), "{named}");
    let back = shop.run(&["rollback", "release/web", "--yes"]);
    assert!(back.exits(3).stderr.contains("was never changed from here"), "{back}");
    let unlock = shop.upgrade(&["web", "--yes", "--unlock"]);
    assert!(unlock.exits(3).stderr.contains(&owner), "{unlock}");
    assert_eq!(shop.writes(&audit), Vec::<String>::new());
    // Of what it leaves to Flux, all others go their way.
    shop.apply(&["--auto", "--only", "helm"]).exits(0);
    assert_eq!(shop.helm.newest("web"), "1 deployed shop-1.0.0");
    assert_eq!(shop.helm.newest("api"), "2 deployed shop-1.0.1");

    // Who may not look into other namespaces is told that nobody knows.
    let rules = "[{apiGroups: ['', apps, batch, policy], resources: ['*'], verbs: [get, list]}]";
    let user = shop.namespace.restricted_user("reader", rules);
    let plan = bed().program().kubeconfig(&user).run(&["plan", "--only", "helm", "-o", "json"]);
    assert!(plan.stderr.contains("whether Flux declares these releases is not known"), "{plan}");
    for (plural, group, ..) in KINDS {
        bed().kubectl(&["delete", "crd", &format!("{plural}.{group}")]).exits(0);
    }
}
