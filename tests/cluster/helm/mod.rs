//! Releases of the real Helm 3 and Helm 4, with charts that the tests make, in repositories that they
//! serve: what is planned, upgraded, put back, and taken up again.

mod diff;
mod failures;
mod flux;
mod ground;
mod kills;
mod plans;
pub(crate) mod readme;
mod records;
mod secrets;
mod sizes;
mod sources;
mod states;
mod upgrades;

use std::io::{Read as _, Write as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::bed::{
    Chart, ChartServer, Helm, Namespace, Request, Run, SafeUpdate, bed, sure, within,
};

/// More than anything that is waited for here needs.
const WHILE: Duration = Duration::from_secs(40);

/// A namespace, a helm, a repository `stable` of charts, and the program under test with all of it.
struct Shop {
    namespace: Namespace,
    helm: Helm,
    server: ChartServer,
    program: SafeUpdate,
    repository: String,
}

impl Shop {
    #[track_caller]
    fn new(major: &str) -> Self {
        Self::with(major, "")
    }

    /// With Helm's records in another place.
    #[track_caller]
    fn with(major: &str, driver: &'static str) -> Self {
        let namespace = bed().namespace();
        let helm = Helm::new(major, &namespace).driver(driver);
        let server = ChartServer::start(&bed().registry());
        helm.knows(&[("stable", &server.url("stable"))]);
        let program = helm.caller(bed().program());
        let repository = namespace.repository("app");
        bed().registry().push_tags(
            &repository,
            &["1.0.0", "1.0.1", "1.0.2", "1.0.902", "1.0.903", "1.1.0", "2.0.0"],
        );
        Self { namespace, helm, server, program, repository }
    }

    /// The program with this policy.
    fn policy(self, policy: &str) -> Self {
        let program = self.program.home_file("safe-update.yaml", &format!("version: 1\n{policy}"));
        Self { program, ..self }
    }

    fn image(&self, tag: &str) -> String {
        bed().registry().reference(&self.repository, tag)
    }

    /// The chart `shop`: a Deployment with an image, a `ConfigMap` with what its values say, and a Secret.
    fn chart(&self, version: &str, tag: &str) -> Chart {
        Chart::new("shop", version)
            .values(&format!("image: \"{}\"", self.image(tag)))
            .values(&format!("greeting: hello\nnote: default of {version}\npassword: ''"))
            .template("deployment.yaml", DEPLOYMENT)
            .template("settings.yaml", SETTINGS)
            .template("login.yaml", LOGIN)
    }

    /// Publishes charts in `stable`.
    #[track_caller]
    fn publish(&self, charts: &[Chart]) {
        self.server.publish(&self.helm, "stable", charts);
    }

    /// Installs a release of a chart, published or not, and waits until it runs.
    #[track_caller]
    fn install(&self, release: &str, chart: &Chart, args: &[&str]) {
        let directory = crate::bed::shown(&self.helm.unpacked(chart));
        let install = ["install", release, &directory, "--wait", "--timeout=60s"];
        self.helm.run(&[&install, args].concat());
    }

    /// Publishes these versions with the image of the same place, and installs the first as `web`.
    #[track_caller]
    fn open(major: &str, versions: &[(&str, &str)]) -> Self {
        let shop = Self::new(major);
        let charts: Vec<_> = versions.iter().map(|(one, tag)| shop.chart(one, tag)).collect();
        shop.publish(&charts);
        shop.install("web", &charts[0], &[]);
        shop
    }

    /// Runs the program in the namespace.
    fn run(&self, args: &[&str]) -> Run {
        self.program.run(&[args, &["-n", self.namespace.name()]].concat())
    }

    /// `upgrade` with JSON and a short soak.
    fn upgrade(&self, args: &[&str]) -> Run {
        self.run(&[&["upgrade", "-o", "json", "--soak", "1s"], args].concat())
    }

    /// `apply` with JSON and a short soak.
    fn apply(&self, args: &[&str]) -> Run {
        self.run(&[&["apply", "-o", "json", "--soak", "1s"], args].concat())
    }

    /// The row of a plan about a target: `release/web`, `deploy/web`.
    #[track_caller]
    fn row(&self, target: &str) -> Value {
        let run = self.run(&["plan", "-o", "json", "--refresh"]);
        row(&run, target)
    }

    /// A field of an object.
    #[track_caller]
    fn field(&self, object: &str, path: &str) -> String {
        let path = format!("jsonpath={{{path}}}");
        self.namespace.kubectl(&["get", object, "-o", &path]).exits(0).stdout.clone()
    }

    /// The tag of the image that a release's Deployment has now.
    #[track_caller]
    fn tag(&self, release: &str) -> String {
        let image =
            self.field(&format!("deploy/{release}"), ".spec.template.spec.containers[0].image");
        image.rsplit_once(':').map_or_else(String::new, |(_, tag)| tag.to_owned())
    }

    /// What the `ConfigMap` of a release says.
    #[track_caller]
    fn said(&self, release: &str, key: &str) -> String {
        self.field(&format!("configmap/{release}-settings"), &format!(".data.{key}"))
    }

    /// Waits until an object is there.
    #[track_caller]
    fn wait_for(&self, object: &str) {
        let is_there = || (self.namespace.kubectl(&["get", object]).code == Some(0)).then_some(());
        assert!(within(WHILE, is_there).is_some(), "{object} did not come");
    }

    /// Lets the Lease of a release expire, as its time does when nobody renews it.
    #[track_caller]
    fn lease_expires(&self, release: &str) {
        let leases = self.namespace.kubectl(&["get", "leases", "-o", "json"]).exits(0).json();
        let of = format!("{}/release/{release}", self.namespace.name());
        for lease in leases["items"].as_array().into_iter().flatten() {
            if lease["metadata"]["annotations"]["safe-update.io/object"] == *of {
                let lease = lease["metadata"]["name"].as_str().unwrap_or_default();
                let past = r#"{"spec":{"renewTime":"2020-01-01T00:00:00.000000Z"}}"#;
                let patch = ["patch", "lease", lease, "--type", "merge", "-p", past];
                self.namespace.kubectl(&patch).exits(0);
            }
        }
    }

    /// Lets a revision have begun long ago, so that its helm has had its time.
    #[track_caller]
    fn began_long_ago(&self, release: &str, revision: u32) {
        let secret = format!("secret/sh.helm.release.v1.{release}.v{revision}");
        let record = self.namespace.kubectl(&["get", &secret, "-o", "json"]).exits(0).json();
        let data = repacked(&record, |release| {
            release["info"]["last_deployed"] = "2020-01-01T00:00:00Z".into();
        });
        let patch = format!(r#"{{"data": {{"release": "{data}"}}}}"#);
        self.namespace.kubectl(&["patch", &secret, "-p", &patch]).exits(0);
    }

    /// What the program and its helm have written in the namespace.
    fn writes(&self, audit: &crate::bed::Audit) -> Vec<String> {
        let requests = audit.in_namespace(self.namespace.name());
        let ours = |one: &&Request| {
            one.user_agent.starts_with("safe-update") || one.user_agent.starts_with("Helm")
        };
        let writes = requests.iter().filter(ours).filter(|one| one.is_write());
        let kept = writes.filter(|one| !one.uri.contains("dryRun=All"));
        kept.map(|one| format!("{} {} {}", one.verb, one.resource, one.name)).collect()
    }
}

/// The row of a plan about a target.
#[track_caller]
fn row(run: &Run, target: &str) -> Value {
    let plan = run.exits(0).json();
    let rows = plan["proposals"].as_array().cloned().unwrap_or_default();
    let is_it = |row: &Value| {
        let id = row["target"]["id"].as_str().unwrap_or_default();
        id.split_once('/').is_some_and(|(_, rest)| {
            rest == target || rest.strip_prefix(target).is_some_and(|more| more.starts_with(':'))
        })
    };
    let mut found: Vec<Value> = rows.into_iter().filter(is_it).collect();
    assert!(found.len() == 1, "wanted one row of {target}: {run}");
    found.remove(0)
}

/// All reasons of a row in one text.
fn reasons(row: &Value) -> String {
    let reasons = row["reasons"].as_array().into_iter().flatten();
    reasons.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

/// What a row proposes: `VERSION CHANGE ACTION DECISION`.
fn proposed(row: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let words = [&row["candidate"]["tag"], &row["change"], &row["action"], &row["decision"]];
    words.map(text).join(" ")
}

/// The content of Helm's record of a release after a change of it, as the Secret keeps it.
#[track_caller]
fn repacked(record: &Value, change: impl FnOnce(&mut Value)) -> String {
    let data = record["data"]["release"].as_str().unwrap_or_default();
    let packed = sure(BASE64.decode(sure(BASE64.decode(data))));
    let mut text = String::new();
    sure(GzDecoder::new(&packed[..]).read_to_string(&mut text));
    let mut release: Value = sure(serde_json::from_str(&text));
    change(&mut release);
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    sure(packer.write_all(release.to_string().as_bytes()));
    BASE64.encode(BASE64.encode(sure(packer.finish())))
}

/// The hook of a chart: a Job that does its work at an event.
fn hook(event: &str, image: &str, more: &str) -> String {
    HOOK.replace("EVENT", event).replace("IMAGE", image).replace("MORE", more)
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: 1
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: app, image: {{ .Values.image | quote }}}]}
";

const SETTINGS: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-settings}
data: {greeting: {{ .Values.greeting | quote }}, note: {{ .Values.note | quote }}}
";

const LOGIN: &str = "
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-login}
stringData: {password: {{ .Values.password | quote }}}
";

const HOOK: &str = "
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-EVENT
  annotations: {helm.sh/hook: EVENT}
spec:
  backoffLimit: 0
  MORE
  template: {spec: {restartPolicy: Never, containers: [{name: work, image: \"IMAGE\"}]}}
";
