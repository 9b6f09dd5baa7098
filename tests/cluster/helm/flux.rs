//! Releases that Flux declares: its controller would put them back, so that nothing else upgrades them.

use super::{Shop, proposed, reasons};
use crate::bed::{bed, within};

/// The kind as far as it is read; its controller is not needed for what it declares.
const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: helmreleases.helm.toolkit.fluxcd.io}
spec:
  group: helm.toolkit.fluxcd.io
  names: {kind: HelmRelease, listKind: HelmReleaseList, plural: helmreleases, singular: helmrelease}
  scope: Namespaced
  versions:
    - name: v2
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

#[test]
fn what_flux_declares_is_left_to_its_source() {
    let shop = Shop::open("helm4", &[("1.0.0", "1.0.0"), ("1.0.1", "1.0.1")]);
    shop.install("api", &shop.chart("1.0.0", "1.0.0"), &[]);
    bed().apply(DEFINITION);
    let is_served = || {
        let run = shop.namespace.kubectl(&["get", "helmreleases.helm.toolkit.fluxcd.io"]);
        (run.code == Some(0)).then_some(())
    };
    assert!(within(super::WHILE, is_served).is_some(), "the kind is not served");
    // It stands in another namespace than the release that it makes.
    let (here, source) = (shop.namespace.name(), bed().namespace());
    source.create_from(&format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: shop}}
spec: {{releaseName: web, targetNamespace: {here}, storageNamespace: {here}}}
"
    ));
    let owner = format!("belongs to the Flux HelmRelease {}/shop", source.name());

    let row = shop.row("release/web");
    assert_eq!(row["decision"], "blocked", "{row}");
    assert!(reasons(&row).contains(&owner), "{row}");
    assert_eq!(proposed(&shop.row("release/api")), "1.0.1 patch auto update");
    let audit = bed().audit();
    let named = shop.upgrade(&["web", "--yes"]);
    assert!(named.exits(3).stderr.contains(&owner), "{named}");
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
    bed().kubectl(&["delete", "crd", "helmreleases.helm.toolkit.fluxcd.io"]).exits(0);
}
