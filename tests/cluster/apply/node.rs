//! The same on a real node, with real pulls, real image ids and real crashes: what is true there is
//! the truth.

use std::time::Duration;

use super::{MINUTE, Stage, ended, result};
use crate::bed::{Behaviour, Fault, Image, bed};

/// A Deployment on the real node at a version that runs, with another version published.
fn stage(next: Behaviour) -> Stage {
    let node = bed().node();
    let stage = Stage::new(&[]);
    let (good, _) = node.push(&stage.repository, "1.0.0", Behaviour::Runs);
    node.push(&stage.repository, "1.0.1", next);
    node.deploy(&stage.namespace, "web", &good);
    stage.namespace.wait_rolled_out("deployment/web");
    stage
}

#[test]
fn a_version_that_runs_is_verified_by_its_digest() {
    let stage = stage(Behaviour::Runs);
    let run = stage.apply(&["--auto"]);
    ended(&run, 0, "succeeded", "done (soaked 1 s)");
    assert!(result(&run)["unverified"].is_null(), "{run}");
    assert_eq!(stage.tag("deploy/web"), "1.0.1");
}

#[test]
fn a_version_that_crashes_there_is_rolled_back() {
    let stage = stage(Behaviour::Crashes);
    let run = stage.apply(&["--auto"]);
    ended(&run, 4, "rolled-back", "exit code 3");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn what_moves_or_vanishes_before_the_node_pulls_is_never_a_success() {
    for fate in ["moved", "gone"] {
        let stage = stage(Behaviour::Runs);
        let proxy = bed().proxy();
        // The write is held up, so that there is time between the last look at the tag and the pull.
        proxy.fault(Fault::on("PATCH", "/deployments/web").nth(2).delays(Duration::from_secs(4)));
        let program = bed().program().kubeconfig(&proxy.kubeconfig());
        let namespace = stage.namespace.name();
        let args = ["apply", "--auto", "-o", "json", "--soak", "1s", "-n", namespace];
        let child = program.spawn(&args);
        child.wait_for(": writing", MINUTE);
        let words = if fate == "moved" {
            bed().node().push(&stage.repository, "1.0.1", Behaviour::NeverReady);
            "sha256:"
        } else {
            let moved = Image::tag("1.0.1").revision(7);
            let digest = bed().registry().push(&stage.repository, &moved);
            bed().registry().delete(&stage.repository, &digest);
            "not found"
        };
        let run = child.wait(MINUTE);
        let result = result(run.exits(4));
        assert_eq!(result["outcome"], "rolled-back", "{fate}: {run}");
        let message = result["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{fate}: {run}");
        assert_eq!(stage.tag("deploy/web"), "1.0.0", "{fate}");
    }
}
