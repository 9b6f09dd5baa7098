//! Stateful workloads, daemons, and workloads whose new version cannot be seen to work.

use super::{CRASH, ERR_PULL, Stage, ended, result};
use crate::bed::bed;
use crate::bed::{Admission, Verdict};

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
fn why_its_pods_cannot_be_created_is_told() {
    let stage = stage("1.0.0", "", &["1.0.0", "1.0.1"]);
    let denies = Admission::new(Verdict::Deny("no pods on fridays".into()));
    let _webhook = stage.namespace.admission(&denies.of(&["pods"]).when(&["CREATE"]));
    // The old version cannot come back either as long as that holds, which is said with the way out.
    let run = stage.apply(&["--auto", "--progress-deadline", "20s"]);
    ended(&run, 5, "inconsistent", "no pods on fridays");
    assert_eq!(result(&run)["failure"]["code"], "admission", "{run}");
    assert_eq!(stage.tag("sts/db"), "1.0.0");
}

#[test]
fn a_larger_step_of_a_stateful_workload_that_ran_is_kept() {
    let stage = Stage::new(&["1.0.0", "1.1.902"]);
    let class = stage.namespace.name();
    let volumes: Vec<String> = (0..3)
        .map(|number| {
            format!(
                "---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {class}-{number}}}
spec:
  storageClassName: {class}
  capacity: {{storage: 1Mi}}
  accessModes: [ReadWriteOnce]
  hostPath: {{path: /nowhere}}
"
            )
        })
        .collect();
    let claims = format!(
        "volumeClaimTemplates: [{{metadata: {{name: data}}, spec: {{storageClassName: {class}, \
         accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Mi}}}}}}}}]"
    );
    let set = stateful_set(&stage.image("1.0.0"), &claims);
    stage.namespace.create_from(&format!("{set}{}", volumes.concat()));
    stage.namespace.wait_rolled_out("sts/db");
    let run = stage.apply(&["sts/db=1.1.902", "--yes"]);
    ended(&run, 5, "failed-kept", "CrashLoopBackOff");
    // Its data may have been changed by what ran: what follows is for a person to say.
    assert_eq!(stage.tag("sts/db"), "1.1.902");
    let commands = result(&run)["commands"].to_string();
    assert!(commands.contains("set image sts/db") && commands.contains(":1.0.0"), "{run}");
}

#[test]
fn zero_replicas_are_reported_as_what_they_are() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    let set = stateful_set(&stage.image("1.0.0"), "").replace("replicas: 3", "replicas: 0");
    stage.namespace.create_from(&set);
    ended(&stage.apply(&["sts/db", "--yes"]), 8, "unverified", "it has no replicas");
    assert_eq!(stage.tag("sts/db"), "1.0.1");
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
    ended(&run, 8, "unverified", "1 of 3 pods updated");
}

#[test]
fn on_delete_is_never_a_plain_success() {
    let stage = stage("1.0.0", "updateStrategy: {type: OnDelete}", &["1.0.0", "1.0.1"]);
    let held = stage.apply(&["--auto"]);
    assert_eq!(held.exits(0).json()["results"], serde_json::json!([]), "{held}");
    let run = stage.apply(&["sts/db", "--yes"]);
    ended(&run, 8, "unverified", "deletes them, 0 of 3 pods updated");
    // The next run finds nothing to do, and `resume` looks at it again when it is named.
    let again = stage.apply(&["sts/db", "--yes"]);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
    let resume = ["resume", "sts/db", "-o", "json", "--soak", "1s"];
    ended(&stage.run(&resume), 8, "unverified", "0 of 3 pods updated");
    stage.namespace.kubectl(&["delete", "pods", "--all", "--wait=false"]).exits(0);
    let ready = ["wait", "sts/db", "--for=jsonpath={.status.updatedReplicas}=3", "--timeout=60s"];
    stage.namespace.kubectl(&ready).exits(0);
    ended(&stage.run(&resume), 0, "succeeded", "done");
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
    let registry = bed().registry();
    registry.push_tags(&stage.repository, &[ERR_PULL]);
    ended(&stage.apply(&["--auto"]), 4, "rolled-back", "ErrImagePull");
    assert_eq!(stage.tag("ds/agent"), "1.0.1");
}

/// A `CronJob` that never runs by itself.
fn cron_job(image: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: CronJob
metadata: {{name: backup}}
spec:
  schedule: \"0 0 1 1 *\"
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec: {{restartPolicy: Never, containers: [{{name: app, image: \"{image}\"}}]}}
"
    )
}

fn tag(stage: &Stage) -> String {
    stage.field("cj/backup", ".spec.jobTemplate.spec.template.spec.containers[0].image")
}

#[test]
fn a_cron_job_waits_for_its_next_run_or_is_run_once() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.namespace.create_from(&cron_job(&stage.image("1.0.0")));
    ended(&stage.apply(&["--auto"]), 0, "awaits-run", "next run");
    assert!(tag(&stage).ends_with(":1.0.1"));
    let registry = bed().registry();
    registry.push_tags(&stage.repository, &["1.0.2"]);
    // Its last change was not seen to work yet, so that the next one wants a yes.
    let run = stage.apply(&["cj/backup", "--yes", "--run-once"]);
    ended(&run, 0, "succeeded", "done");
    registry.push_tags(&stage.repository, &[CRASH]);
    // A Job tries again as often as it says: only the time that it gets ends that.
    let run = stage.apply(&["--auto", "--run-once", "--progress-deadline", "5s"]);
    ended(&run, 4, "rolled-back", "CrashLoopBackOff");
    assert!(tag(&stage).ends_with(":1.0.2"));
    // What was started of the bad version does not go on, and can be looked at.
    let jobs = stage.field("jobs", "range .items[?(@.spec.suspend==true)]}{.metadata.name}{end");
    assert_eq!(jobs.matches("backup-").count(), 1, "{jobs}");
}

#[test]
fn the_next_run_of_a_cron_job_is_judged_by_the_run_after_it() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.namespace.create_from(&cron_job(&stage.image("1.0.0")));
    let registry = bed().registry();
    ended(&stage.apply(&["--auto"]), 0, "awaits-run", "next run");
    // Nothing has run: nothing is judged, and nothing is to be done.
    let idle = stage.apply(&["--auto"]);
    assert_eq!(idle.exits(0).json()["results"], serde_json::json!([]), "{idle}");
    ended(&stage.run(&["resume", "cj/backup", "-o", "json"]), 0, "awaits-run", "next run");

    stage.next_run("good", "Complete");
    ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");

    registry.push_tags(&stage.repository, &[CRASH]);
    ended(&stage.apply(&["--auto"]), 0, "awaits-run", "next run");
    stage.next_run("bad", "Failed");
    // A version that came meanwhile waits until what does not work was put back.
    registry.push_tags(&stage.repository, &["1.0.999"]);
    let judged = stage.apply(&["--auto"]);
    let results = judged.exits(4).json();
    let outcomes: Vec<_> =
        results["results"].as_array().into_iter().flatten().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["rolled-back", "not-begun"], "{judged}");
    assert!(tag(&stage).ends_with(":1.0.1"), "{judged}");
    ended(&stage.apply(&["--auto"]), 0, "awaits-run", "next run");
    assert!(tag(&stage).ends_with(":1.0.999"));
}

#[test]
fn a_quota_that_keeps_a_pod_from_coming_back_is_named() {
    let stage = stage("1.0.0", "", &["1.0.0", "1.0.1"]);
    stage.namespace.create_from(
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: tight}\nspec: {hard: {pods: \"0\"}}\n",
    );
    let counted = ["wait", "quota/tight", "--for=jsonpath={.status.used.pods}=3", "--timeout=30s"];
    stage.namespace.kubectl(&counted).exits(0);
    // The old version cannot come back either while there is no room, which is said with the way out.
    let run = stage.apply(&["--auto", "--progress-deadline", "10s"]);
    ended(&run, 5, "inconsistent", "tight");
    assert_eq!(result(&run)["failure"]["code"], "quota", "{run}");
    assert_eq!(stage.tag("sts/db"), "1.0.0");
}

#[test]
fn a_cron_job_that_somebody_else_changed_is_not_judged() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.namespace.create_from(&cron_job(&stage.image("1.0.0")));
    ended(&stage.apply(&["--auto"]), 0, "awaits-run", "next run");
    let theirs = format!("app={}", stage.image("1.0.0"));
    stage.namespace.kubectl(&["set", "image", "cj/backup", &theirs]).exits(0);
    let resume = ["resume", "cj/backup", "-o", "json"];
    ended(&stage.run(&resume), 8, "superseded", "old version back");
    // Its story is told.
    let again = stage.run(&resume);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
}

#[test]
fn a_job_that_was_cleaned_up_is_held_against_nobody() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.namespace.create_from(
        &cron_job(&stage.image("1.0.0"))
            .replace("backoffLimit: 0", "backoffLimit: 0\n      ttlSecondsAfterFinished: 0"),
    );
    // It ran well, or nothing was seen of it; never is it rolled back.
    let run = stage.apply(&["--auto", "--run-once"]);
    let outcome = result(run.exits(0))["outcome"].clone();
    assert!(outcome == "succeeded" || outcome == "awaits-run", "{run}");
    assert!(tag(&stage).ends_with(":1.0.1"), "{run}");
}

#[test]
fn a_run_that_can_never_end_well_is_judged_while_it_is_at_work() {
    let stage = Stage::new(&["1.0.0", ERR_PULL]);
    stage.namespace.create_from(&cron_job(&stage.image("1.0.0")));
    ended(&stage.apply(&["--auto"]), 0, "awaits-run", "next run");
    let status = stage.run(&["status"]);
    assert!(status.exits(0).stdout.contains("AWAITS ITS RUN"), "{status}");
    // A step from there would leave nothing behind that is known to work.
    bed().registry().push_tags(&stage.repository, &["1.0.950"]);
    let held = stage.apply(&["--auto"]);
    assert_eq!(held.exits(0).json()["results"], serde_json::json!([]), "{held}");
    stage.namespace.kubectl(&["create", "job", "now", "--from=cronjob/backup"]).exits(0);
    let path = "jsonpath={.items[0].status.containerStatuses[0].state.waiting.reason}";
    let pods = ["get", "pods", "-l", "job-name=now", "-o", path];
    let end = std::time::Instant::now() + super::MINUTE;
    while stage.namespace.kubectl(&pods).stdout != "ErrImagePull" {
        assert!(std::time::Instant::now() < end, "the pod never failed to pull");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let run = stage.apply(&["--auto"]);
    let outcomes: Vec<_> = run.exits(4).json()["results"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| one["outcome"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(outcomes, ["rolled-back", "not-begun"], "{run}");
    assert!(tag(&stage).ends_with(":1.0.0"), "{run}");
}

#[test]
fn a_cron_job_that_is_gone_ends_the_story_of_its_change() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.namespace.create_from(&cron_job(&stage.image("1.0.0")));
    ended(&stage.apply(&["--auto"]), 0, "awaits-run", "next run");
    stage.namespace.kubectl(&["delete", "cj/backup"]).exits(0);
    let resume = ["resume", "-o", "json"];
    ended(&stage.run(&resume), 8, "superseded", "is gone");
    let again = stage.run(&resume);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
    // A slip of the name is no good news.
    let slip = stage.run(&["resume", "cj/backup"]);
    assert!(slip.exits(1).stderr.contains("not found"), "{slip}");
}
