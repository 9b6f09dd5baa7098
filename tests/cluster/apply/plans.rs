//! Saved plans: held against the cluster before anything is written.

use std::time::{Duration, Instant};

use super::{MINUTE, Stage, ended};
use crate::bed::{Fault, bed};

/// A stage with a saved plan of `web` from 1.0.0 to 1.0.1.
fn planned() -> (Stage, String) {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let file = stage.program.home().join("plan.json").display().to_string();
    stage.run(&["plan", "--out", &file]).exits(0);
    (stage, file)
}

/// Fails unless the plan is refused as stale, for this reason, with nothing written.
#[track_caller]
fn is_stale(stage: &Stage, file: &str, words: &str) {
    let audit = bed().audit();
    let run = stage.apply(&[file, "--yes"]);
    assert!(run.exits(6).stderr.contains(words), "wanted {words:?}: {run}");
    let namespace = stage.namespace.name();
    let ours = |request: &&crate::bed::Request| {
        request.is_write() && request.user_agent.starts_with("safe-update/")
    };
    let writes: Vec<_> = audit.in_namespace(namespace).into_iter().filter(|r| ours(&r)).collect();
    assert!(writes.is_empty(), "{writes:?}");
}

#[test]
fn a_plan_is_carried_out_as_long_as_it_holds() {
    let (stage, file) = planned();
    ended(&stage.apply(&[&file, "--yes"]), 0, "succeeded", "done");
    assert_eq!(stage.tag("deploy/web"), "1.0.1");
    // A second time there is nothing to do, and that is no trouble.
    let again = stage.apply(&[&file, "--yes"]);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
    assert!(again.stderr.contains("there already"), "{again}");
    // Something else in its place is.
    stage.namespace.deploy("other", &stage.image("1.0.0"));
    stage.namespace.kubectl(&["set", "image", "deploy/web", "app=registry.invalid/x:1"]).exits(0);
    is_stale(&stage, &file, "the pod template of");
}

#[test]
fn an_edit_between_plan_and_apply_makes_it_stale() {
    let (stage, file) = planned();
    stage.namespace.kubectl(&["set", "env", "deploy/web", "A=b"]).exits(0);
    is_stale(&stage, &file, "the pod template of");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn another_object_of_the_same_name_makes_it_stale() {
    let (stage, file) = planned();
    stage.namespace.kubectl(&["delete", "deploy/web"]).exits(0);
    stage.deploy("web", "1.0.0");
    is_stale(&stage, &file, "was deleted and made anew");
}

#[test]
fn a_tag_that_moved_makes_it_stale() {
    let (stage, file) = planned();
    bed().registry().push(&stage.repository, &crate::bed::Image::tag("1.0.1").revision(2));
    is_stale(&stage, &file, "and is sha256:");
}

#[test]
fn a_tag_that_moves_while_the_run_begins_is_seen_before_the_write() {
    let (stage, file) = planned();
    let proxy = bed().proxy();
    // Asked for after the plan was held against the registry, and before the digests are resolved.
    let who = Fault::on("POST", "/selfsubjectreviews").nth(1);
    proxy.fault(who.delays(Duration::from_secs(4)));
    let program = bed().program().kubeconfig(&proxy.kubeconfig());
    let args = ["apply", &file, "--yes", "-o", "json", "--soak", "0s"];
    let child = program.spawn(&[&args[..], &["-n", stage.namespace.name()]].concat());
    let end = Instant::now() + MINUTE;
    while proxy.count("POST", "/selfsubjectreviews") == 0 {
        assert!(Instant::now() < end, "it never asked who it is");
        std::thread::sleep(Duration::from_millis(10));
    }
    bed().registry().push(&stage.repository, &crate::bed::Image::tag("1.0.1").revision(2));
    ended(&child.wait(MINUTE), 6, "stale", "when it was planned and names");
    assert_eq!(stage.field("deploy/web", ".metadata.generation"), "1");
}

#[test]
fn another_policy_makes_it_stale() {
    let (stage, file) = planned();
    let stage = Stage {
        program: stage.program.home_file("safe-update.yaml", "version: 1\nsoak: 5s\n"),
        ..stage
    };
    is_stale(&stage, &file, "the policy was changed since");
}

#[test]
fn what_is_no_plan_is_refused_with_place_and_hint() {
    let (stage, file) = planned();
    let text = std::fs::read_to_string(&file).expect("the plan");
    let cases = [
        (text[..text.len() / 2].to_owned(), "is cut short"),
        (text.replace("plan/v1", "plan/v9"), "has the format safe-update/plan/v9"),
        ("[]".to_owned(), "is no plan"),
        (String::new(), "is cut short"),
    ];
    for (text, words) in cases {
        std::fs::write(&file, text).expect("the plan");
        let run = stage.apply(&[&file, "--yes"]);
        assert!(run.exits(1).stderr.contains(words), "wanted {words:?}: {run}");
    }
    let run = stage.apply(&["absent.json", "--yes"]);
    assert!(run.exits(1).stderr.contains("cannot be read"), "{run}");
}

#[test]
fn what_was_written_and_failed_or_was_stopped_is_not_taken_for_done() {
    let (stage, file) = planned();
    let namespace = stage.namespace.name();
    let args = ["apply", &file, "--yes", "-o", "json", "--soak", "60s", "-n", namespace];
    let child = stage.program.spawn(&args);
    child.wait_for("watching for a relapse", super::MINUTE);
    // Another machine, because this one is held back by its own lock.
    let other = bed().program();
    let again = ["apply", &file, "--yes", "-o", "json"];
    let busy = stage.run_by(&other, &again);
    assert!(busy.exits(7).stderr.contains("is held by"), "{busy}");
    child.signal("TERM");
    ended(&child.wait(super::MINUTE), 8, "unknown", "the new version stands");
    let open = stage.run_by(&other, &again);
    assert!(open.exits(8).stderr.contains("was left unfinished"), "{open}");
    ended(&stage.run(&["resume", "-o", "json", "--soak", "1s"]), 0, "succeeded", "done");
    stage.run_by(&other, &again).exits(0);
}
