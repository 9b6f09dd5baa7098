//! Stateful workloads, daemons, and workloads whose new version cannot be seen to work.

use super::{CRASH, ERR_PULL, Stage, ended, result};

fn stateful_set(image: &str, extra: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  replicas: 3
  serviceName: db
  selector: {{matchLabels: {{app: db}}}}
  {extra}
  template:
    metadata: {{labels: {{app: db}}}}
    spec: {{containers: [{{name: app, image: \"{image}\"}}]}}
"
    )
}

fn stage(tag: &str, extra: &str, tags: &[&str]) -> Stage {
    let stage = Stage::new(tags);
    stage.namespace.create_from(&stateful_set(&stage.image(tag), extra));
    let wait = ["rollout", "status", "sts/db", "--timeout=30s"];
    if extra.contains("OnDelete") {
        let ready = ["wait", "sts/db", "--for=jsonpath={.status.readyReplicas}=3", "--timeout=30s"];
        stage.namespace.kubectl(&ready).exits(0);
    } else {
        stage.namespace.kubectl(&wait).exits(0);
    }
    stage
}

#[test]
fn a_stateful_set_is_rolled_out_pod_by_pod() {
    let stage = stage("1.0.0", "", &["1.0.0", "1.0.1"]);
    ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");
    assert_eq!(stage.tag("sts/db"), "1.0.1");
}

#[test]
fn the_stuck_pod_of_a_stateful_set_is_freed_on_the_way_back() {
    let stage = stage("1.0.0", "", &["1.0.0", CRASH]);
    ended(&stage.apply(&["--auto"]), 4, "rolled-back", "CrashLoopBackOff");
    assert_eq!(stage.tag("sts/db"), "1.0.0");
    // Nobody has to help: every pod runs the old version.
    let images = stage.field("pods", ".items[*].spec.containers[0].image");
    let pods: Vec<&str> = images.split_whitespace().collect();
    assert_eq!(pods.len(), 3, "{images}");
    assert!(pods.iter().all(|image| image.ends_with(":1.0.0")), "{images}");
}

#[test]
fn a_larger_step_of_a_stateful_workload_that_ran_is_kept() {
    let claims = "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}]";
    let stage = Stage::new(&["1.0.0", "1.1.902", "1.1.901"]);
    // Without volumes no pod would start: the bed has no storage, so the set has no pod that mounts it.
    stage.namespace.create_from(
        &stateful_set(&stage.image("1.0.0"), claims).replace("replicas: 3", "replicas: 0"),
    );
    let named = stage.apply(&["sts/db=1.1.902", "--yes"]);
    // Zero replicas: said as what it is, never a plain success.
    let result = result(named.exits(0));
    assert!(result["unverified"].as_str().is_some_and(|why| why.contains("replicas")), "{named}");
}

#[test]
fn a_partition_is_reported_as_what_it_is() {
    let stage = stage(
        "1.0.0",
        "updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}",
        &["1.0.0", "1.0.1"],
    );
    let held = stage.apply(&["--auto"]);
    assert_eq!(held.exits(0).json()["results"], serde_json::json!([]), "{held}");
    let run = stage.apply(&["sts/db", "--yes"]);
    let result = result(run.exits(0));
    let unverified = result["unverified"].as_str().unwrap_or_default();
    assert!(unverified.contains("of 3"), "{run}");
}

#[test]
fn on_delete_is_never_a_plain_success() {
    let stage = stage("1.0.0", "updateStrategy: {type: OnDelete}", &["1.0.0", "1.0.1"]);
    let run = stage.apply(&["sts/db", "--yes"]);
    let result = result(run.exits(0));
    assert!(result["unverified"].as_str().is_some_and(|why| why.contains("deletes them")), "{run}");
}

#[test]
fn a_daemon_set_is_rolled_out_and_rolled_back() {
    let manifest = |image: &str| {
        format!(
            "apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  selector: {{matchLabels: {{app: agent}}}}
  template:
    metadata: {{labels: {{app: agent}}}}
    spec: {{containers: [{{name: app, image: \"{image}\"}}]}}
"
        )
    };
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.namespace.create_from(&manifest(&stage.image("1.0.0")));
    stage.namespace.wait_rolled_out("daemonset/agent");
    ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");
    assert_eq!(stage.tag("ds/agent"), "1.0.1");
    let registry = crate::bed::bed().registry();
    registry.push_tags(&stage.repository, &[ERR_PULL]);
    ended(&stage.apply(&["--auto"]), 4, "rolled-back", "ErrImagePull");
    assert_eq!(stage.tag("ds/agent"), "1.0.1");
}

#[test]
fn a_cron_job_waits_for_its_next_run_or_is_run_once() {
    let manifest = |image: &str| {
        format!(
            "apiVersion: batch/v1
kind: CronJob
metadata: {{name: backup}}
spec:
  schedule: \"0 0 1 1 *\"
  jobTemplate:
    spec:
      template:
        spec: {{restartPolicy: Never, containers: [{{name: app, image: \"{image}\"}}]}}
"
        )
    };
    let tag = |stage: &Stage| {
        stage.field("cj/backup", ".spec.jobTemplate.spec.template.spec.containers[0].image")
    };
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.namespace.create_from(&manifest(&stage.image("1.0.0")));
    let run = stage.apply(&["--auto"]);
    ended(&run, 0, "succeeded", "next run");
    assert!(tag(&stage).ends_with(":1.0.1"));
    let registry = crate::bed::bed().registry();
    registry.push_tags(&stage.repository, &["1.0.2"]);
    ended(&stage.apply(&["--auto", "--run-once"]), 0, "succeeded", "done");
    registry.push_tags(&stage.repository, &[CRASH]);
    ended(&stage.apply(&["--auto", "--run-once"]), 4, "rolled-back", "CrashLoopBackOff");
    assert!(tag(&stage).ends_with(":1.0.2"));
}
