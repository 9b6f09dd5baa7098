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
