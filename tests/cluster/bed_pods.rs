//! The bed's pods: each comes to the end that the tag of its image says.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bed::{Namespace, bed, deployment};

/// A pod `probe` with one container `app` whose image has this tag; the repository is called as a fate too, as only the
/// tag may decide.
fn probe(tag: &str) -> Namespace {
    let namespace = bed().namespace();
    namespace.create_from(&format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: probe}}
spec:
  initContainers: [{{name: first, image: 'registry.invalid:5000/crash:{tag}'}}]
  containers: [{{name: app, image: 'registry.invalid:5000/crash:{tag}'}}]
"
    ));
    namespace
}

fn pod(namespace: &Namespace, name: &str) -> Value {
    namespace.kubectl(&["get", name, "-o", "json"]).exits(0).json()
}

/// Waits until the first status of such a list in the pod is as wanted.
#[track_caller]
fn wait_for(namespace: &Namespace, list: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let status = pod(namespace, "pod/probe")["status"][list][0].clone();
        if wanted(&status) {
            return status;
        }
        assert!(Instant::now() < end, "never came: {status:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn waits(reason: &str) -> impl Fn(&Value) -> bool {
    move |status| status["state"]["waiting"]["reason"] == reason
}

#[test]
fn what_keeps_a_container_from_starting_is_told_apart() {
    let cases = [
        ("1.0.0-errpull", "ErrImagePull", ": not found"),
        ("1.0.0-errtransient", "ErrImagePull", "i/o timeout"),
        ("1.0.0-configerror", "CreateContainerConfigError", "secret \"settings\" not found"),
    ];
    let probes = cases.map(|(tag, ..)| probe(tag));
    for (namespace, (tag, reason, message)) in probes.iter().zip(cases) {
        let status = wait_for(namespace, "containerStatuses", waits(reason));
        let said = status["state"]["waiting"]["message"].as_str().expect("a message");
        assert!(said.contains(message), "{tag}: {said}");
    }
}

#[test]
fn an_init_container_crashes_and_the_others_wait() {
    let namespace = probe("1.0.0-initcrash");
    let init = wait_for(&namespace, "initContainerStatuses", waits("CrashLoopBackOff"));
    assert_eq!((&init["name"], &init["restartCount"]), (&"first".into(), &3.into()));
    let status = pod(&namespace, "pod/probe")["status"].clone();
    assert_eq!(status["phase"], "Pending");
    assert_eq!(status["containerStatuses"][0]["state"]["waiting"]["reason"], "PodInitializing");
}

#[test]
fn messages_of_nodes_may_be_hostile() {
    let namespace = probe("1.0.0-hostile");
    let status = wait_for(&namespace, "containerStatuses", waits("CrashLoopBackOff"));
    let waiting = status["state"]["waiting"]["message"].as_str().expect("a message");
    let last = status["lastState"]["terminated"]["message"].as_str().expect("a message");
    // Title of the window, clear the screen, right to left, C1's introducer of sequences.
    for evil in ["\u{1b}]0;owned\u{7}", "\u{1b}[2J", "\u{202e}", "\u{9b}31m"] {
        assert!(waiting.contains(evil), "{evil:?}: {waiting:?}");
    }
    for evil in ["\u{1b}]8;;https://evil.invalid/\u{1b}\\", "\r\nerror: all is well", "\u{2066}"] {
        assert!(last.contains(evil), "{evil:?}: {last:?}");
    }
}

#[test]
fn a_slow_pod_takes_six_seconds() {
    let start = Instant::now();
    let namespace = probe("1.0.0-slow");
    wait_for(&namespace, "containerStatuses", |status| status["started"] == true);
    wait_for(&namespace, "containerStatuses", |status| status["ready"] == true);
    assert!(start.elapsed() > Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_container_killed_for_its_memory_is_restarted_and_killed_again() {
    let namespace = probe("1.0.0-oom-late");
    let ready = |status: &Value| status["ready"] == true;
    let killed = |status: &Value| status["state"]["terminated"]["reason"] == "OOMKilled";
    assert_eq!(wait_for(&namespace, "containerStatuses", ready)["restartCount"], 0);
    let status = wait_for(&namespace, "containerStatuses", killed);
    assert_eq!(status["state"]["terminated"]["exitCode"], 137);
    // On a busy machine a look may come late, and find one more.
    let restarts = |status: &Value| status["restartCount"].as_u64().unwrap_or(0);
    let again = |status: &Value| restarts(status) >= 1 && status["state"]["running"].is_object();
    let status = wait_for(&namespace, "containerStatuses", again);
    assert_eq!(status["lastState"]["terminated"]["reason"], "OOMKilled");
    wait_for(&namespace, "containerStatuses", |later| restarts(later) > restarts(&status));
}

#[test]
fn a_pod_reports_the_digest_that_its_image_has() {
    let namespace = bed().namespace();
    let digest = format!("sha256:{}", "a".repeat(64));
    namespace.deploy("web", &format!("registry.invalid:5000/team/web:1.0.0@{digest}"));
    let pods = pod(&namespace, "pods");
    let id = format!("registry.invalid:5000/team/web@{digest}");
    assert_eq!(pods["items"][0]["status"]["containerStatuses"][0]["imageID"], id);
}

#[test]
fn a_pod_reports_what_its_tag_names_where_a_webhook_looks_it_up() {
    let namespace = bed().namespace();
    let (registry, repository) = (bed().registry(), namespace.repository("web"));
    let digest = &registry.push_tags(&repository, &["1.0.0"])[0];
    let webhook = namespace.image_ids();
    namespace.deploy("web", &registry.reference(&repository, "1.0.0"));
    namespace.create_from(&deployment("elsewhere", "registry.invalid/web:1.0.0"));
    namespace.wait_rolled_out("deploy/elsewhere");
    let id = |app: &str| {
        let pods = ["get", "pods", "-l", &format!("app={app}"), "-o", "json"];
        let pods = namespace.kubectl(&pods).exits(0).json();
        pods["items"][0]["status"]["containerStatuses"][0]["imageID"].clone()
    };
    assert_eq!(id("web"), format!("{}/{repository}@{digest}", registry.host()));
    assert_eq!(id("elsewhere"), "");
    assert!(webhook.reviews().iter().all(|review| review.resource == "pods"));
}
