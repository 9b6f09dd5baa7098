//! What becomes of a rollout: the new version works, or it does not and the old one is put back.

use super::{CRASH, ERR_PULL, INIT_CRASH, LATE, NEVER_READY, RESTARTS, Stage, ended, result};
use crate::bed::{Request, bed};

#[test]
fn a_good_version_is_applied_verified_and_recorded() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let run = stage.apply(&["--auto"]);
    ended(&run, 0, "succeeded", "soaked 1 s");
    assert_eq!(stage.tag("deploy/web"), "1.0.1");
    assert!(run.stderr.contains("journal head "), "{run}");
    let record = result(&run)["record"].as_str().expect("a record").to_owned();
    // What was done is remembered in the cluster, without the lock.
    let lease = stage.namespace.kubectl(&["get", "leases", "-o", "json"]).exits(0).json();
    let lease = &lease["items"][0];
    assert_eq!(lease["spec"]["holderIdentity"].as_str().unwrap_or_default(), "");
    let kept = lease["metadata"]["annotations"]["safe-update.io/record"].as_str().expect("kept");
    assert!(kept.contains(&record), "{kept}");
    // A second run has nothing to do.
    let again = stage.apply(&["--auto"]);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
}

#[test]
fn nothing_but_the_images_is_written() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let before = stage.field("deploy/web", ".spec.replicas");
    let audit = bed().audit();
    ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");
    let requests = audit.in_namespace(stage.namespace.name());
    let writes: Vec<&Request> = requests
        .iter()
        .filter(|request| request.is_write() && request.resource == "deployments")
        .collect();
    // The dry run and the write.
    assert_eq!(writes.iter().map(|write| write.verb.as_str()).collect::<Vec<_>>(), ["patch"; 2]);
    for write in writes {
        let operations = write.body.as_array().into_iter().flatten();
        let changed: Vec<&str> = operations
            .filter(|operation| operation["op"] != "test")
            .filter_map(|operation| operation["path"].as_str())
            .collect();
        assert_eq!(changed, ["/spec/template/spec/containers/0/image"], "{write:#?}");
    }
    assert_eq!(stage.field("deploy/web", ".spec.replicas"), before);
}

#[test]
fn a_dry_run_writes_nothing() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let generation = stage.field("deploy/web", ".metadata.generation");
    let run = stage.apply(&["--dry-run"]);
    ended(&run, 0, "rehearsed", "nothing was written");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
    assert_eq!(stage.field("deploy/web", ".metadata.generation"), generation);
    assert_eq!(stage.namespace.kubectl(&["get", "leases", "-o", "name"]).exits(0).stdout, "");
}

#[test]
fn a_version_that_is_not_published_is_refused_before_anything_is_written() {
    let stage = Stage::new(&["1.0.0"]);
    stage.deploy("web", "1.0.0");
    let audit = bed().audit();
    let run = stage.apply(&["deploy/web=9.9.9", "--yes"]);
    assert!(run.exits(3).stderr.contains("9.9.9 is not published"), "{run}");
    assert!(!audit.in_namespace(stage.namespace.name()).iter().any(Request::is_write));
}

#[test]
fn a_version_that_cannot_be_pulled_is_rolled_back() {
    let stage = Stage::new(&["1.0.0", ERR_PULL]);
    stage.deploy("web", "1.0.0");
    let run = stage.apply(&["--auto"]);
    ended(&run, 4, "rolled-back", "ErrImagePull");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
    stage.namespace.wait_rolled_out("deployment/web");
    // It is known bad now, for this machine and for every other.
    let again = stage.apply(&["--auto"]);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
    let other = bed().program();
    let again = stage.run_by(&other, &["plan", "-o", "json"]);
    assert!(again.exits(0).stdout.contains("rolled back here"), "{again}");
    let named = stage.apply(&[&format!("deploy/web={ERR_PULL}"), "--yes"]);
    assert!(named.exits(3).stderr.contains("forget"), "{named}");
}

#[test]
fn a_version_that_crashes_is_rolled_back() {
    let stage = Stage::new(&["1.0.0", CRASH]);
    stage.deploy("web", "1.0.0");
    let run = stage.apply(&["--auto"]);
    ended(&run, 4, "rolled-back", "CrashLoopBackOff");
    let result = result(&run);
    assert_eq!(result["failure"]["code"], "crash", "{run}");
    assert_eq!(result["failure"]["container"], "app", "{run}");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn an_init_container_that_crashes_is_seen_too() {
    let stage = Stage::new(&["1.0.0", INIT_CRASH]);
    let image = stage.image("1.0.0");
    let containers = format!("containers: [{{name: app, image: \"{image}\"}}]");
    let init = format!("initContainers: [{{name: prepare, image: \"{image}\"}}], {containers}");
    let manifest = crate::bed::deployment("web", &image).replace(&containers, &init);
    stage.namespace.create_from(&manifest);
    stage.namespace.wait_rolled_out("deployment/web");
    let run = stage.apply(&["--auto"]);
    ended(&run, 4, "rolled-back", "init container prepare");
    assert_eq!(result(&run)["failure"]["code"], "crash", "{run}");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn a_version_that_never_becomes_ready_is_rolled_back_at_our_deadline() {
    let stage = Stage::new(&["1.0.0", NEVER_READY]);
    stage.deploy("web", "1.0.0");
    let patch = r#"{"spec":{"progressDeadlineSeconds":2147483647}}"#;
    stage.namespace.kubectl(&["patch", "deploy/web", "-p", patch]).exits(0);
    stage.namespace.wait_rolled_out("deployment/web");
    let run = stage.apply(&["--auto", "--progress-deadline", "4s"]);
    ended(&run, 4, "rolled-back", "no progress for 4 s");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn a_relapse_during_the_soak_is_rolled_back() {
    let stage = Stage::new(&["1.0.0", LATE]);
    stage.deploy("web", "1.0.0");
    let run = stage.run(&["apply", "--auto", "-o", "json", "--soak", "15s"]);
    ended(&run, 4, "rolled-back", "OOMKilled");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn a_restart_during_the_soak_is_a_relapse_though_it_is_ready_again_at_once() {
    let stage = Stage::new(&["1.0.0", RESTARTS]);
    stage.deploy("web", "1.0.0");
    let run = stage.run(&["apply", "--auto", "-o", "json", "--soak", "15s"]);
    ended(&run, 4, "rolled-back", "OOMKilled");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn without_a_soak_nobody_says_that_there_was_one() {
    let stage = Stage::new(&["1.0.0", LATE]);
    stage.deploy("web", "1.0.0");
    let run = stage.run(&["apply", "--auto", "-o", "json", "--soak", "0s"]);
    ended(&run, 0, "succeeded", "not soaked");
}

#[test]
fn what_was_broken_before_is_not_blamed_on_the_update() {
    let stage = Stage::new(&[CRASH, "1.0.1000"]);
    let manifest = crate::bed::deployment("web", &stage.image(CRASH));
    stage.namespace.create_from(&manifest);
    let patch = r#"{"spec":{"progressDeadlineSeconds":1}}"#;
    stage.namespace.kubectl(&["patch", "deploy/web", "-p", patch]).exits(0);
    stage
        .namespace
        .kubectl(&["wait", "deploy/web", "--for=condition=Progressing=false", "--timeout=30s"])
        .exits(0);
    // Its own deadline was for the test; the rollout is given the usual time.
    let patch = r#"{"spec":{"progressDeadlineSeconds":600}}"#;
    stage.namespace.kubectl(&["patch", "deploy/web", "-p", patch]).exits(0);
    let run = stage.apply(&["--auto", "--progress-deadline", "30s"]);
    ended(&run, 0, "succeeded", "done");
    assert_eq!(stage.tag("deploy/web"), "1.0.1000");
}

#[test]
fn a_quota_that_forbids_new_pods_is_named_and_the_old_version_is_put_back() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    stage.namespace.create_from(
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: tight}\nspec: {hard: {pods: \"1\"}}\n",
    );
    // The controller has to have counted before the quota holds.
    stage
        .namespace
        .kubectl(&["wait", "quota/tight", "--for=jsonpath={.status.used.pods}=1", "--timeout=30s"])
        .exits(0);
    let run = stage.apply(&["--auto"]);
    ended(&run, 4, "rolled-back", "tight");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
    // The version is not at fault, so it is proposed again.
    let plan = stage.run(&["plan", "-o", "json"]);
    assert!(plan.exits(0).stdout.contains("\"1.0.1\""), "{plan}");
}

#[test]
fn probes_of_the_policy_have_to_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let policy = format!("version: 1\nprobes: [\"tcp://{address}\"]\n");
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    let stage = Stage { program: bed().program().home_file("safe-update.yaml", &policy), ..stage };
    stage.deploy("web", "1.0.0");
    ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");
    bed().registry().push_tags(&stage.repository, &["1.0.2"]);
    let place = ["-n", stage.namespace.name()];
    let args = ["apply", "--auto", "-o", "json", "--soak", "30s", "--progress-deadline", "6s"];
    let child = stage.program.spawn(&[&args[..], &place].concat());
    stage.wait_for_tag("deploy/web", "1.0.2");
    drop(listener);
    let run = child.wait(super::MINUTE);
    // Either it stopped to answer before the update was healthy, or during the soak.
    ended(&run, 4, "rolled-back", "probe");
    assert_eq!(result(&run)["failure"]["code"], "probe", "{run}");
    assert_eq!(stage.tag("deploy/web"), "1.0.1");
    // What does not answer before can tell nothing, and blames nobody.
    bed().registry().push_tags(&stage.repository, &["1.0.3"]);
    ended(&stage.apply(&["--auto"]), 0, "not-begun", "does not answer already");
    ended(&stage.apply(&["deploy/web", "--yes"]), 3, "not-begun", "does not answer already");
    assert_eq!(stage.tag("deploy/web"), "1.0.1");
}

#[test]
fn a_deadline_names_the_pod_that_is_not_ready() {
    let stage = Stage::new(&["1.0.0", super::NEVER_READY]);
    stage.deploy("web", "1.0.0");
    let run = stage.apply(&["--auto", "--progress-deadline", "4s"]);
    ended(&run, 4, "rolled-back", "is not ready: app runs");
    let head = run.json()["journal_head"].as_str().map(str::len);
    assert_eq!(head, Some(64), "{run}");
}
