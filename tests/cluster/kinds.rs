//! What runs: every kind of workload, every class of container, and what each kind means for an update.

use crate::bed::{Namespace, bed};
use crate::rows::Rows;

/// Publishes 1.0.0 and 1.0.1; the reference of the first.
fn published(namespace: &Namespace) -> String {
    let repository = namespace.repository("app");
    let registry = bed().registry();
    registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
    registry.reference(&repository, "1.0.0")
}

fn plan(namespace: &Namespace) -> Rows {
    Rows::of(&bed().safe_update(&["plan", "-n", namespace.name(), "-o", "json"]))
}

/// A workload of the group `apps` with one container `app`; `spec` adds lines to its specification, such as
/// `replicas: 2`, and `pod` to that of its pods.
fn workload(kind: &str, name: &str, image: &str, spec: &str, pod: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  {spec}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      {pod}
      containers: [{{name: app, image: '{image}'}}]
"
    )
}

fn simple(kind: &str, name: &str, image: &str) -> String {
    workload(kind, name, image, NONE, NONE)
}

#[test]
fn each_kind_is_listed_once_and_judged_as_what_it_is() {
    let namespace = bed().namespace();
    let image = published(&namespace);
    let batch = |kind: &str, name: &str, spec: &str| {
        format!(
            "---\napiVersion: batch/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        )
    };
    let pod = format!("{{containers: [{{name: app, image: '{image}'}}], restartPolicy: Never}}");
    let manifests = [
        simple("Deployment", "web", &image),
        simple("StatefulSet", "db", &image),
        simple("DaemonSet", "agent", &image),
        simple("ReplicaSet", "lone", &image),
        batch("Job", "once", &format!("{{template: {{spec: {pod}}}}}")),
        batch(
            "CronJob",
            "nightly",
            &format!(
                "{{schedule: '0 0 1 1 *', jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}}}"
            ),
        ),
        format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: bare}}\nspec: {pod}\n"),
    ];
    namespace.create_from(&manifests.concat());
    // A Job of the CronJob, as its controller makes them.
    namespace.kubectl(&["create", "job", "nightly-1", "--from=cronjob/nightly"]).exits(0);
    for workload in ["deployment/web", "statefulset/db", "daemonset/agent"] {
        namespace.wait_rolled_out(workload);
    }
    let job = ["wait", "job/once", "--for=condition=Complete", "--timeout=20s"];
    namespace.kubectl(&job).exits(0);

    let plan = plan(&namespace);
    let expected = [
        ("cj/nightly:app", "update 1.0.1", ""),
        ("deploy/web:app", "update 1.0.1", ""),
        ("ds/agent:app", "update 1.0.1", ""),
        ("job/once:app", "blocked 1.0.1", "the pod template of a Job cannot be changed"),
        ("pod/bare:app", "blocked 1.0.1", "nothing replaces a Pod without an owner"),
        ("rs/lone:app", "blocked 1.0.1", "a ReplicaSet does not replace running pods"),
        ("sts/db:app", "update 1.0.1", ""),
    ];
    for (name, decision, words) in expected {
        plan.row(name).is(decision, words);
    }
    let mut names = plan.names();
    names.sort_unstable();
    // Nothing else: no ReplicaSet of the Deployment, no pod of a controller, no Job of the CronJob.
    assert_eq!(names, expected.map(|(name, ..)| name));
}

#[test]
fn each_class_of_container_is_a_target() {
    let namespace = bed().namespace();
    let image = published(&namespace);
    let pod = format!(
        "initContainers:
      - {{name: prepare, image: '{image}'}}
      - {{name: proxy, image: '{image}', restartPolicy: Always}}
      volumes: [{{name: model, image: {{reference: '{image}', pullPolicy: IfNotPresent}}}}]"
    );
    let web = workload("Deployment", "web", &image, NONE, &pod);
    namespace.create_from(&web);
    namespace.create_from(&format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: bare}}\nspec: {{containers: [{{name: app, image: '{image}'}}]}}\n"
    ));
    let probe = format!("--image={image}");
    namespace
        .kubectl(&[
            "debug",
            "bare",
            &probe,
            "--container=probe",
            "--attach=false",
            "--profile=general",
        ])
        .exits(0);
    namespace.wait_rolled_out("deployment/web");

    let plan = plan(&namespace);
    let expected = [
        ("deploy/web:app", "containers", "update 1.0.1"),
        ("deploy/web:prepare", "initContainers", "update 1.0.1"),
        ("deploy/web:proxy", "initContainers", "update 1.0.1"),
        ("deploy/web:model", "volumes", "update 1.0.1"),
        ("pod/bare:app", "containers", "blocked 1.0.1"),
        ("pod/bare:probe", "ephemeralContainers", "blocked 1.0.1"),
    ];
    for (name, slot, decision) in expected {
        let row = plan.row(name).is(decision, "");
        assert_eq!(row.text("/target/slot"), slot, "{name}");
    }
    assert_eq!(plan.names().len(), expected.len(), "{plan:?}");
    plan.row("pod/bare:probe").is("blocked 1.0.1", "ephemeral container");

    let one = bed().safe_update(&["plan", "deploy/web:model", "-n", namespace.name(), "--diff"]);
    let diff = &one.exits(0).stdout;
    let changed: Vec<&str> = diff
        .lines()
        .filter(|line| line.contains("reference:") || line.contains("image:"))
        .filter(|line| line.starts_with(['+', '-']))
        .map(|line| line.rsplit_once(':').map_or(line, |(_, tag)| tag))
        .collect();
    assert_eq!(changed, ["1.0.0", "1.0.1"], "only the volume is changed: {one}");
}

const NONE: &str = "# nothing more";
const CLAIM: &str = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]";

/// Nothing rolls out where it is paused or deleted by hand, and nothing binds claims here.
const STILL: [&str; 6] = ["paused", "by-hand", "by-hand-too", "claiming", "unsurging", "keeping"];

/// Kind, name, lines of the specification, lines of the pods, decision, words.
type Hindered =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const HINDERED: [Hindered; 12] = [
    (
        "Deployment",
        "paused",
        "paused: true",
        NONE,
        "blocked 1.0.1",
        "`kubectl rollout resume deploy/paused -n ",
    ),
    ("Deployment", "idle", "replicas: 0", NONE, "held 1.0.1", "zero replicas"),
    (
        "Deployment",
        "recreated",
        "strategy: {type: Recreate}",
        NONE,
        "held 1.0.1",
        "strategy Recreate",
    ),
    (
        "Deployment",
        "guarded",
        NONE,
        NONE,
        "held 1.0.1",
        "the PodDisruptionBudget guard allows no disruption now",
    ),
    (
        "Deployment",
        "claiming",
        NONE,
        CLAIM,
        "held 1.0.1",
        "the claim data can be mounted by one node only",
    ),
    ("Deployment", "free", NONE, NONE, "update 1.0.1", ""),
    // The old pod goes before the new one comes, so the claim is free for it.
    (
        "Deployment",
        "unsurging",
        "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}",
        CLAIM,
        "update 1.0.1",
        "",
    ),
    (
        "StatefulSet",
        "keeping",
        "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]",
        NONE,
        "update 1.0.1",
        "",
    ),
    ("StatefulSet", "asleep", "replicas: 0", NONE, "held 1.0.1", "zero replicas"),
    ("StatefulSet", "by-hand", "updateStrategy: {type: OnDelete}", NONE, "held 1.0.1", "OnDelete"),
    (
        "StatefulSet",
        "parted",
        "updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}",
        NONE,
        "held 1.0.1",
        "partition 1: pods with a lower ordinal would stay",
    ),
    (
        "DaemonSet",
        "by-hand-too",
        "updateStrategy: {type: OnDelete}",
        NONE,
        "held 1.0.1",
        "OnDelete",
    ),
];

#[test]
fn what_would_not_roll_out_or_would_interrupt_is_held_with_the_words() {
    let namespace = bed().namespace();
    let image = published(&namespace);
    let mut manifests = String::from(
        "apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: guard}
spec: {minAvailable: 1, selector: {matchLabels: {app: guarded}}}
",
    );
    for (kind, name, spec, pod, ..) in HINDERED {
        manifests.push_str(&workload(kind, name, &image, spec, pod));
    }
    namespace.create_from(&manifests);
    for (kind, name, ..) in HINDERED {
        if !STILL.contains(&name) {
            namespace.wait_rolled_out(&format!("{kind}/{name}"));
        }
    }
    let ready = "--for=jsonpath={.status.currentHealthy}=1";
    namespace.kubectl(&["wait", "pdb/guard", ready, "--timeout=20s"]).exits(0);

    let plan = plan(&namespace);
    for (kind, name, _, _, decision, words) in HINDERED {
        let short = match kind {
            "Deployment" => "deploy",
            "StatefulSet" => "sts",
            _ => "ds",
        };
        plan.row(&format!("{short}/{name}:app")).is(decision, words);
    }
}

#[test]
fn a_rollout_under_way_holds_and_one_that_gave_up_does_not() {
    let namespace = bed().namespace();
    let image = published(&namespace);
    let repository = namespace.repository("app");
    bed().registry().push_tags(&repository, &["1.0.0-errpull", "1.0.1-errpull"]);
    let hasty = "progressDeadlineSeconds: 1";
    let manifests = [
        simple("Deployment", "under-way", &image),
        workload("Deployment", "gave-up", &image, hasty, NONE),
    ];
    namespace.create_from(&manifests.concat());
    let stuck = format!("app={image}-errpull");
    for name in ["deployment/under-way", "deployment/gave-up"] {
        namespace.wait_rolled_out(name);
        namespace.kubectl(&["set", "image", name, &stuck]).exits(0);
        // One pod of the old version, one that never comes up.
        let both = "--for=jsonpath={.status.replicas}=2";
        namespace.kubectl(&["wait", name, both, "--timeout=20s"]).exits(0);
    }
    let late = "--for=condition=Progressing=False";
    namespace.kubectl(&["wait", "deploy/gave-up", late, "--timeout=20s"]).exits(0);

    let plan = plan(&namespace);
    plan.row("deploy/under-way:app")
        .is("held 1.0.1-errpull", "another rollout is under way: 1 old replicas are still there");
    plan.row("deploy/gave-up:app").is("update 1.0.1-errpull", "");
}

#[test]
fn an_orphaned_replica_set_is_found_by_its_pods() {
    let namespace = bed().namespace();
    namespace.deploy("web", &published(&namespace));
    // It waits until the references to the Deployment are gone.
    let orphan = ["delete", "deployment/web", "--cascade=orphan"];
    namespace.kubectl(&orphan).exits(0);
    let set = namespace
        .kubectl(&["get", "rs", "-o", "jsonpath={.items[0].metadata.name}"])
        .exits(0)
        .stdout
        .clone();
    for scope in [&["-n", namespace.name()][..], &["-A"]] {
        let args = [&["list", "-o", "name"], scope].concat();
        let list = bed().safe_update(&args);
        let here = format!("{}/", namespace.name());
        let names: Vec<&str> =
            list.exits(0).stdout.lines().filter_map(|line| line.strip_prefix(&here)).collect();
        assert_eq!(names, [format!("rs/{set}:app")], "{list}");
    }
}
