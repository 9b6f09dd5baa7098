//! What only a real node can show: images that are pulled, or are not, and processes that run, or do not. Needs root.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bed::{Behaviour, Namespace, bed};

/// Waits until a pod of this Deployment has a container status as wanted.
#[track_caller]
fn wait_for(namespace: &Namespace, app: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let label = format!("app={app}");
        let pods = namespace.kubectl(&["get", "pods", "-l", &label, "-o", "json"]).exits(0).json();
        let statuses = pods["items"].as_array().into_iter().flatten();
        let mut statuses = statuses.map(|pod| &pod["status"]["containerStatuses"][0]);
        if let Some(status) = statuses.find(|status| wanted(status)) {
            return status.clone();
        }
        assert!(Instant::now() < end, "never came: {pods:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_real_node_pulls_runs_and_reports() {
    let node = bed().node();
    let namespace = bed().namespace();
    let repository = namespace.repository("app");
    let (good, digest) = node.push(&repository, "1.0.0", Behaviour::Runs);
    let (bad, _) = node.push(&repository, "1.0.1", Behaviour::Crashes);
    // The node may name any repository that it knows the same content from.
    let is_good = |status: &Value| {
        let id = status["imageID"].as_str().unwrap_or_default();
        id.ends_with(&format!("@{digest}"))
    };

    node.deploy(&namespace, "web", &good);
    let status = wait_for(&namespace, "web", |status| status["ready"] == true);
    assert!(is_good(&status), "{status:#}");

    // The new image crashes; the old pod stays, as nothing takes its place.
    namespace.kubectl(&["set", "image", "deploy/web", &format!("app={bad}")]).exits(0);
    let status = wait_for(&namespace, "web", |status| {
        status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    });
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 3, "{status:#}");
    assert!(is_good(&wait_for(&namespace, "web", |status| status["ready"] == true)));
    // Which is not there at all is said at once.
    namespace.kubectl(&["set", "image", "deploy/web", &format!("app={good}-absent")]).exits(0);
    let status = wait_for(&namespace, "web", |status| {
        status["state"]["waiting"]["reason"] == "ErrImagePull"
    });
    let message = status["state"]["waiting"]["message"].as_str().expect("a message");
    assert!(message.contains("not found"), "{message}");
}

#[test]
fn a_real_node_is_left_alone_by_kwok_and_by_other_pods() {
    let node = bed().node();
    let is = |path: &str| {
        let path = format!("jsonpath={{{path}}}");
        bed().kubectl(&["get", "node", node.name(), "-o", &path]).exits(0).stdout.clone()
    };
    assert!(is(".status.nodeInfo.containerRuntimeVersion").starts_with("containerd://"));
    assert!(is(".status.nodeInfo.kubeletVersion").starts_with("v1.34."));
    let namespace = bed().namespace();
    let (image, _) = node.push(&namespace.repository("app"), "1", Behaviour::NeverReady);
    namespace.create_from(&node.deployment("web", &image));
    let status = wait_for(&namespace, "web", |status| status["state"]["running"].is_object());
    assert_eq!(status["ready"], false);
}
