//! Who says yes: policy, flags, approvals, and a person at a terminal.

use super::{MINUTE, Stage, ended};
use crate::bed::bed;

#[test]
fn unattended_runs_take_what_needs_nobody_and_nothing_else() {
    let stage = Stage::new(&["1.0.0", "1.1.0"]);
    stage.deploy("web", "1.0.0");
    let run = stage.apply(&["--auto"]);
    assert_eq!(run.exits(0).json()["results"], serde_json::json!([]), "{run}");
    ended(&stage.apply(&["deploy/web", "--yes"]), 0, "succeeded", "done");
    assert_eq!(stage.tag("deploy/web"), "1.1.0");
}

#[test]
fn a_major_step_wants_its_name() {
    let stage = Stage::new(&["1.0.0", "2.0.0"]);
    stage.deploy("web", "1.0.0");
    let run = stage.apply(&["deploy/web", "--yes"]);
    assert!(run.exits(3).stderr.contains("needs its name"), "{run}");
    ended(&stage.apply(&["deploy/web=2.0.0", "--yes"]), 0, "succeeded", "done");
    let down = stage.apply(&["deploy/web=1.0.0", "--yes"]);
    assert!(down.exits(3).stderr.contains("cannot be taken"), "{down}");
    assert_eq!(stage.tag("deploy/web"), "2.0.0");
}

#[test]
fn without_a_terminal_somebody_has_to_have_said_yes() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let run = stage.apply(&[]);
    assert!(run.exits(1).stderr.contains("--auto"), "{run}");
    let run = stage.apply(&["--yes"]);
    assert!(run.exits(1).stderr.contains("nothing is named"), "{run}");
}

#[test]
fn a_person_is_asked_and_sees_the_difference() {
    let stage = Stage::new(&["1.0.0", "1.1.0"]);
    stage.deploy("web", "1.0.0");
    let namespace = stage.namespace.name();
    let mut run = stage.program.terminal(&["apply", "--soak", "1s", "-n", namespace]);
    run.wait_for("[y, n, d for the diff, a for all, q]", MINUTE);
    run.types("d\n");
    run.wait_for("+++ ", MINUTE);
    run.types("y\n");
    run.wait_for("succeeded", MINUTE);
    assert_eq!(run.wait(MINUTE).code, Some(0));
    assert_eq!(stage.tag("deploy/web"), "1.1.0");
}

#[test]
fn a_no_changes_nothing() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let namespace = stage.namespace.name();
    let mut run = stage.program.terminal(&["apply", "-n", namespace]);
    run.wait_for("Apply the update that needs no review?", MINUTE);
    run.types("n\n");
    assert_eq!(run.wait(MINUTE).code, Some(0));
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn an_approval_counts_as_the_yes_for_its_digest_alone() {
    let stage = Stage::new(&["1.0.0", "1.1.0"]);
    stage.deploy("web", "1.0.0");
    stage.run(&["approve", "deploy/web=1.1.0"]).exits(0);
    bed().registry().push(&stage.repository, &crate::bed::Image::tag("1.1.0").revision(2));
    let run = stage.apply(&["--auto"]);
    assert_eq!(run.exits(0).json()["results"], serde_json::json!([]), "{run}");
    stage.run(&["approve", "deploy/web=1.1.0"]).exits(0);
    ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");
    assert_eq!(stage.tag("deploy/web"), "1.1.0");
}

#[test]
fn an_approval_counts_until_it_expires() {
    let stage = Stage::new(&["1.0.0", "1.1.0"]);
    stage.deploy("web", "1.0.0");
    stage.run(&["approve", "deploy/web=1.1.0", "--expires", "1s"]).exits(0);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let run = stage.apply(&["--auto"]);
    assert_eq!(run.exits(0).json()["results"], serde_json::json!([]), "{run}");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn whoever_approves_twice_has_approved_once() {
    let stage = Stage::new(&["1.0.0", "1.1.0"]);
    stage.deploy("web", "1.0.0");
    for _ in 0..2 {
        stage.run(&["approve", "deploy/web=1.1.0"]).exits(0);
    }
    let lease = stage.namespace.kubectl(&["get", "leases", "-o", "json"]).exits(0).json();
    let kept = lease["items"][0]["metadata"]["annotations"]["safe-update.io/approvals"].as_str();
    let kept: serde_json::Value =
        serde_json::from_str(kept.unwrap_or_default()).unwrap_or_else(|e| panic!("{e}: {lease}"));
    assert_eq!(kept.to_string().matches("\"1.1.0\"").count(), 1, "{kept}");
}

#[test]
fn a_rollback_is_a_new_rollout_and_forget_lifts_what_is_known_bad() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");
    let back = stage.run(&["rollback", "deploy/web", "--yes", "-o", "json", "--soak", "1s"]);
    ended(&back, 0, "succeeded", "done");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
    let history = stage.run(&["history", "deploy/web", "-o", "json"]);
    assert_eq!(history.exits(0).json()["records"].as_array().map(Vec::len), Some(2), "{history}");
    let again = stage.apply(&["--auto"]);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
    stage.run(&["forget", "deploy/web"]).exits(0);
    ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");
    assert_eq!(stage.tag("deploy/web"), "1.0.1");
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let namespace = stage.namespace.name();
    let mut run = stage.program.terminal(&["apply", "-n", namespace]);
    run.types("y\n");
    run.wait_for("Apply the update that needs no review?", MINUTE);
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
    run.types("n\n");
    assert_eq!(run.wait(MINUTE).code, Some(0));
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn what_failed_together_is_blocked_together() {
    let stage = Stage::new(&["1.0.0", super::CRASH]);
    let image = stage.image("1.0.0");
    // Another repository, so that one may be taken without the other.
    let side = stage.namespace.repository("side");
    bed().registry().push_tags(&side, &["1.0.0", super::CRASH]);
    let other = bed().registry().reference(&side, "1.0.0");
    stage.namespace.create_from(&format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: pair}}
spec:
  selector: {{matchLabels: {{app: pair}}}}
  template:
    metadata: {{labels: {{app: pair}}}}
    spec: {{containers: [{{name: app, image: \"{image}\"}}, {{name: side, image: \"{other}\"}}]}}
"
    ));
    stage.namespace.wait_rolled_out("deploy/pair");
    let run = stage.apply(&["--auto"]);
    ended(&run, 4, "rolled-back", "CrashLoopBackOff");
    let plan = stage.run(&["plan", "-o", "json"]);
    let rows = plan.exits(0).json();
    for row in rows["proposals"].as_array().into_iter().flatten() {
        assert_eq!(row["decision"], "blocked", "{plan}");
        assert!(row["reasons"][0].as_str().is_some_and(|why| why.contains("failed together")));
    }
    let again = stage.apply(&["--auto"]);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
    // Each may be fine by itself, and is tried when it is named.
    let alone = stage.apply(&["deploy/pair:side", "--yes"]);
    ended(&alone, 4, "rolled-back", "CrashLoopBackOff");
}
