//! Releases that the real Helm made, in both of its majors and both of its drivers, read back through
//! the library: what is read is what Helm itself says of them.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use safe_update::adapters::helm::driver::Driver;
use safe_update::adapters::helm::storage::Storage;
use safe_update::adapters::kubernetes::{Cluster, ConnectionFlags, Environment, Options};
use safe_update::domain::release::{Release, ReleaseStatus};
use safe_update::ports::Scope;
use safe_update::ports::releases::ReleaseError;
use serde_json::json;

use crate::bed::{Helm, MAJORS, Namespace, bed, sure};

/// One of the two programs with the chart in its home.
fn helm(major: &str, namespace: &Namespace, driver: &'static str) -> Helm {
    let helm = Helm::new(major, namespace).driver(driver);
    for (file, text) in CHART {
        helm.file(&format!("shop/{file}"), text);
    }
    helm
}

/// A chart with hooks, a test and a definition, and an object whose name a value gives.
const CHART: [(&str, &str); 7] = [
    (
        "Chart.yaml",
        "apiVersion: v2\nname: shop\nversion: 1.2.3-rc.1+build.5\nappVersion: \"9.10\"\n",
    ),
    ("values.yaml", "password: \"\"\nname: plain\nwaits: false\nlist: [1, 2]\n"),
    (
        "templates/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Release.Name }}-{{ .Values.name }}\"}\ndata: {password: {{ .Values.password | quote }}}\n",
    ),
    (
        "templates/claim.yaml",
        "{{- if .Values.waits }}\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}}\nspec:\n  selector: {matchLabels: {app: x}}\n  template:\n    metadata: {labels: {app: x}}\n    spec: {nodeSelector: {no: where}, containers: [{name: app, image: x}]}\n{{- end }}\n",
    ),
    (
        "templates/hook.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-hook\n  annotations: {helm.sh/hook: \"pre-upgrade,post-install\"}\n",
    ),
    (
        "templates/tests/look.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Release.Name }}-look, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: app, image: x}]}\n",
    ),
    (
        "crds/thing.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n",
    ),
];

/// Runs what is asynchronous, with Helm's records as somebody sees them.
fn with<T>(kubeconfig: &Path, driver: &str, work: impl AsyncFnOnce(Storage<'_>) -> T) -> T {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    sure(tokio::runtime::Runtime::new()).block_on(async {
        let flags = ConnectionFlags {
            kubeconfig: Some(kubeconfig.to_owned()),
            ..ConnectionFlags::default()
        };
        let environment = Environment::read(None, &|_| None);
        let cluster = sure(Cluster::connect(&flags, &environment, Options::default()).await);
        work(Storage::new(&cluster, sure(driver.parse::<Driver>()))).await
    })
}

fn scope(namespace: &Namespace) -> Scope {
    Scope::Namespace(namespace.name().to_owned())
}

/// The one release of a namespace.
fn one(namespace: &Namespace, driver: &str) -> Release {
    let found = with(bed().kubeconfig(), driver, async |storage| {
        sure(storage.summaries(&scope(namespace)).await)
    });
    assert_eq!(found.warnings, []);
    let [release] = found.releases.as_slice() else { panic!("{:?}", found.releases) };
    release.clone()
}

#[test]
fn what_helm_stores_is_read_as_helm_reads_it() {
    for (major, driver) in MAJORS.into_iter().flat_map(|it| [(it, "secret"), (it, "configmap")]) {
        let namespace = bed().namespace();
        let helm = helm(major, &namespace, driver);
        let before = jiff::Timestamp::now();
        helm.run(&["install", "web", "shop", "--skip-crds", "--set", "password=hunter2"]);
        let release = one(&namespace, driver);
        let chart = &release.chart;
        assert_eq!(release.id(), format!("{}/web", namespace.name()));
        assert_eq!((&*chart.name, &*chart.version), ("shop", "1.2.3-rc.1+build.5"));
        assert_eq!(chart.app_version.as_deref(), Some("9.10"));
        assert_eq!((release.revision, release.status), (1, ReleaseStatus::Deployed));
        assert_eq!((release.deployed.as_ref(), release.target_namespace.as_ref()), (None, None));
        assert!(release.has_hooks && release.has_crds, "{major} {driver}");
        assert_eq!(&*release.description, "Install complete");
        assert!(release.first_deployed >= Some(before - Duration::from_secs(1)), "{release:?}");

        // Nothing but a name that the server refuses.
        helm.fails(&["upgrade", "web", "shop", "--reuse-values", "--set", "name=NOT_A_NAME"]);
        let release = one(&namespace, driver);
        assert_eq!((release.revision, release.status), (2, ReleaseStatus::Failed));
        let deployed = release.deployed.as_ref().map(|it| (it.revision, &*it.version));
        assert_eq!(deployed, Some((1, "1.2.3-rc.1+build.5")));

        let stored = with(bed().kubeconfig(), driver, async |storage| {
            sure(storage.stored(namespace.name(), "web").await)
        });
        let failed = &stored.newest;
        assert_eq!(failed.release, release, "{major} {driver}");
        assert_eq!(failed.values, helm.json(&["get", "values", "web"]));
        assert_eq!(failed.manifest.trim(), helm.run(&["get", "manifest", "web"]).trim());
        let Some(deployed) = &stored.deployed else { panic!("revision 1: {stored:?}") };
        assert_eq!(deployed.values, json!({"password": "hunter2"}));
        assert_eq!(deployed.values, helm.json(&["get", "values", "web", "--revision", "1"]));
        let manifest = helm.run(&["get", "manifest", "web", "--revision", "1"]);
        assert_eq!(deployed.manifest.trim(), manifest.trim());
        assert!(deployed.manifest.contains("password: \"hunter2\""), "{major} {driver}");
        assert_ne!(deployed.manifest_digest, failed.manifest_digest);
        assert_ne!(deployed.values_digest, failed.values_digest);
        let defaults = json!({"password": "", "name": "plain", "waits": false, "list": [1, 2]});
        assert_eq!(deployed.chart_values, defaults);
        let mut hooks: Vec<_> = deployed
            .hooks
            .iter()
            .map(|hook| (&*hook.kind, &*hook.name, &*hook.path, hook.events.join(",")))
            .collect();
        hooks.sort_unstable();
        let hook = ("ConfigMap", "web-hook", "shop/templates/hook.yaml");
        let test = ("Pod", "web-look", "shop/templates/tests/look.yaml");
        let events = "pre-upgrade,post-install".to_owned();
        assert_eq!(
            hooks,
            [(hook.0, hook.1, hook.2, events), (test.0, test.1, test.2, "test".into())]
        );
        let method = (major == "helm4").then_some("ssa");
        assert_eq!(deployed.apply_method.as_deref(), method);
        assert!(!format!("{stored:?}").contains("hunter2"));
    }
}

#[test]
fn an_upgrade_that_was_cut_off_is_pending() {
    for major in MAJORS {
        let namespace = bed().namespace();
        let helm = helm(major, &namespace, "");
        helm.run(&["install", "web", "shop", "--skip-crds"]);
        let waiting = ["upgrade", "web", "shop", "--set", "waits=true", "--wait", "--timeout=60s"];
        let mut upgrade =
            sure(helm.command(&waiting).stdout(Stdio::null()).stderr(Stdio::null()).spawn());
        let end = Instant::now() + Duration::from_secs(30);
        while one(&namespace, "").revision < 2 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(200));
        }
        sure(upgrade.kill());
        sure(upgrade.wait());
        let release = one(&namespace, "");
        assert_eq!((release.revision, release.status), (2, ReleaseStatus::PendingUpgrade));
        assert_eq!(release.deployed.map(|it| it.revision), Some(1), "{major}");
    }
}

#[test]
fn history_is_not_downloaded_and_still_counts_where_nothing_else_is_left() {
    let namespace = bed().namespace();
    let helm = helm("helm4", &namespace, "");
    helm.run(&["install", "web", "shop", "--skip-crds", "--set", "password=1"]);
    helm.run(&["upgrade", "web", "shop", "--set", "password=2"]);
    let read = |number: Option<u32>| {
        with(bed().kubeconfig(), "", async |storage| match number {
            None => storage.stored(namespace.name(), "web").await.map(|stored| stored.newest),
            Some(number) => storage.revision(namespace.name(), "web", number).await,
        })
    };
    let newest = sure(read(None));
    assert_eq!((newest.release.revision, &newest.values), (2, &json!({"password": 2})));
    let first = sure(read(Some(1)));
    assert_eq!(
        (first.release.status, &first.values),
        (ReleaseStatus::Superseded, &json!({"password": 1}))
    );
    assert!(matches!(read(Some(3)), Err(ReleaseError::Gone { revision: Some(3), .. })));

    let label = ["label", "secret", "--selector=owner=helm", "status=superseded", "--overwrite"];
    namespace.kubectl(&label).exits(0);
    assert_eq!(sure(read(None)).release.revision, 2);
    helm.run(&["uninstall", "web"]);
    assert!(matches!(read(None), Err(ReleaseError::Gone { revision: None, .. })));
}

#[test]
fn who_may_not_list_secrets_is_told_so_and_sees_the_rest() {
    let namespace = bed().namespace();
    for driver in ["secret", "configmap"] {
        helm("helm3", &namespace, driver).run(&["install", driver, "shop", "--skip-crds"]);
    }
    let rules = "[{apiGroups: [''], resources: [configmaps], verbs: [get, list]}]";
    let user = namespace.restricted_user("reader", rules);
    let read = |driver: &str| {
        with(&user, driver, async |storage| sure(storage.summaries(&scope(&namespace)).await))
    };
    let refused = read("secret");
    let messages: Vec<_> = refused.warnings.iter().map(|it| (it.code, &*it.message)).collect();
    let name = namespace.name();
    let expected =
        format!("not allowed to `list secrets` in namespace {name}, where Helm keeps its releases");
    assert_eq!(messages, [("forbidden", &*expected)]);
    assert_eq!(refused.releases, []);
    let seen = read("configmap");
    assert_eq!(seen.warnings, []);
    let names: Vec<_> = seen.releases.iter().map(|release| &*release.name).collect();
    assert_eq!(names, ["configmap"]);
}
