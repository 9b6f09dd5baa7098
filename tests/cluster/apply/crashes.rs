//! A run that is killed, wherever: what stands is exactly the old or exactly the planned version, and
//! `resume` finishes the story.

use std::time::Duration;

use super::{MINUTE, NEVER_READY, Stage, ended, result};
use crate::bed::{Wrapper, bed};

/// The system calls at which a run can leave something behind.
const CALLS: [&str; 9] =
    ["openat", "write", "writev", "fsync", "fdatasync", "rename", "renameat2", "connect", "sendto"];
/// How many runs the sample has; the full matrix is `just kill-matrix`.
const SAMPLE: usize = 24;

/// Kills one `apply` at one index of one system call, resumes, and looks. False when the run ended by
/// itself, because it makes fewer such calls.
fn killed(stage: &Stage, name: &str, call: &str, nth: usize) -> bool {
    stage.deploy(name, "1.0.0");
    let object = format!("deploy/{name}");
    let program = bed().program().under(Wrapper::kill_at(call, nth));
    let apply = ["apply", &format!("{object}=1.0.1"), "--yes", "-o", "json", "--soak", "0s"];
    let run = stage.run_by(&program, &apply);
    let place = format!("{call} {nth}");
    if !run.was_killed() {
        ended(&run, 0, "succeeded", "done");
        stage.namespace.kubectl(&["delete", &object, "--wait=false"]).exits(0);
        return false;
    }
    let tag = stage.tag(&object);
    assert!(tag == "1.0.0" || tag == "1.0.1", "{place}: {tag}");
    stage.lease_expires(name);
    let program = program.plain();
    program.run(&["audit", "verify"]).exits(0);
    let resumed = stage.run_by(&program, &["resume", &object, "-o", "json", "--soak", "0s"]);
    assert!(matches!(resumed.code, Some(0 | 4)), "{place}: {resumed}");
    let after = stage.tag(&object);
    match resumed.json()["results"].as_array().map(Vec::as_slice) {
        Some([one]) if one["outcome"] == "succeeded" => assert_eq!(after, "1.0.1", "{place}"),
        Some([one]) if one["outcome"] == "untouched" => assert_eq!(after, "1.0.0", "{place}"),
        Some([]) => assert_eq!(after, tag, "{place}: {resumed}"),
        other => panic!("{place}: {other:?}: {resumed}"),
    }
    let again = stage.run_by(&program, &["resume", &object, "-o", "json"]);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{place}: {again}");
    stage.namespace.kubectl(&["delete", &object, "--wait=false"]).exits(0);
    true
}

#[test]
fn killed_at_a_sample_of_system_calls_it_leaves_old_or_new() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    let whole = std::env::var_os("SAFE_UPDATE_KILL_MATRIX").is_some();
    let mut kills = 0;
    for (index, call) in CALLS.into_iter().enumerate() {
        let step = if whole { 1 } else { 7 };
        // Few calls of some kinds: their first ones count; the many of others are sampled.
        let mut nth = 1;
        let mut left = if whole { usize::MAX } else { SAMPLE.div_ceil(CALLS.len()) };
        while left > 0 && killed(&stage, &format!("web-{index}-{nth}"), call, nth) {
            kills += 1;
            left -= 1;
            nth += if nth == 1 { 1 } else { step };
        }
    }
    assert!(kills >= 12, "only {kills} runs were killed at all");
}

#[test]
fn a_run_killed_while_verifying_is_finished_by_resume() {
    let stage = Stage::new(&["1.0.0", NEVER_READY]);
    stage.deploy("web", "1.0.0");
    let namespace = stage.namespace.name();
    let child = stage.program.spawn(&["apply", "--auto", "-o", "json", "-n", namespace]);
    stage.wait_for_tag("deploy/web", NEVER_READY);
    child.signal("KILL");
    let _ = child.wait(MINUTE);
    // The lock is not free yet, and nobody else begins something of their own.
    let other = bed().program();
    let busy = stage.run_by(&other, &["apply", "deploy/web", "--auto", "-o", "json"]);
    assert!(matches!(busy.code, Some(0 | 3 | 7 | 8)), "{busy}");
    stage.lease_expires("web");
    let status = stage.run(&["status"]);
    assert!(status.exits(0).stdout.contains("deploy/web"), "{status}");
    let run = stage.run(&["resume", "-o", "json", "--progress-deadline", "3s"]);
    ended(&run, 4, "rolled-back", "no progress");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}

#[test]
fn a_resume_that_is_killed_again_and_again_comes_to_an_end() {
    let stage = Stage::new(&["1.0.0", NEVER_READY]);
    stage.deploy("web", "1.0.0");
    let namespace = stage.namespace.name();
    let child = stage.program.spawn(&["apply", "--auto", "-o", "json", "-n", namespace]);
    stage.wait_for_tag("deploy/web", NEVER_READY);
    child.signal("KILL");
    let _ = child.wait(MINUTE);
    for _ in 0..3 {
        stage.lease_expires("web");
        let child = stage.program.spawn(&["resume", "-o", "json", "-n", namespace]);
        child.wait_for("verifying", MINUTE);
        child.signal("KILL");
        let _ = child.wait(MINUTE);
    }
    stage.lease_expires("web");
    let run = stage.run(&["resume", "-o", "json"]);
    ended(&run, 5, "inconsistent", "3 times");
    assert!(!result(&run)["commands"].as_array().expect("commands").is_empty(), "{run}");
    let again = stage.run(&["resume", "-o", "json"]);
    assert_eq!(again.exits(0).json()["results"], serde_json::json!([]), "{again}");
}

#[test]
fn the_first_interrupt_stops_at_a_safe_point() {
    let stage = Stage::new(&["1.0.0", NEVER_READY]);
    stage.deploy("web", "1.0.0");
    let namespace = stage.namespace.name();
    for signal in ["INT", "TERM"] {
        let child = stage.program.spawn(&["apply", "--auto", "-o", "json", "-n", namespace]);
        stage.wait_for_tag("deploy/web", NEVER_READY);
        child.wait_for("verifying", MINUTE);
        child.signal(signal);
        ended(&child.wait(Duration::from_secs(20)), 8, "unknown", "the new version stands");
        let run = stage.run(&["resume", "--undo", "-o", "json", "--soak", "0s"]);
        ended(&run, 0, "rolled-back", "put back, asked for with --undo");
        assert_eq!(stage.tag("deploy/web"), "1.0.0");
        stage.run(&["forget", "deploy/web"]).exits(0);
    }
}

#[test]
fn a_holder_that_was_paused_past_its_lease_writes_nothing() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let proxy = bed().proxy();
    let slow = crate::bed::Fault::on("PATCH", "/deployments/web").nth(1);
    proxy.fault(slow.delays(Duration::from_secs(3)));
    let first = bed().program().kubeconfig(&proxy.kubeconfig());
    let namespace = stage.namespace.name();
    let apply = ["apply", "--auto", "-o", "json", "--soak", "0s", "-n", namespace];
    let child = first.spawn(&apply);
    // It has the lock, and is stopped in the dry run, before the write.
    child.wait_for("asking the server", MINUTE);
    child.signal("STOP");
    stage.lease_expires("web");
    ended(&bed().program().run(&apply), 0, "succeeded", "done");
    let back = ["rollback", "deploy/web", "--yes", "-o", "json", "--soak", "0s"];
    let second = bed().program();
    ended(&stage.run_by(&second, &back), 0, "succeeded", "done");
    let generation = stage.field("deploy/web", ".metadata.generation");
    child.signal("CONT");
    let run = child.wait(MINUTE);
    assert!(matches!(run.code, Some(6..=9)), "{run}");
    assert_eq!(stage.field("deploy/web", ".metadata.generation"), generation);
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}
