//! The state directory: trouble with it shows before anything is written to the cluster.

use std::os::unix::fs::PermissionsExt as _;

use super::{Stage, ended};
use crate::bed::{Wrapper, bed};

/// Fails unless the run ends as one that could not begin, with nothing written by it.
#[track_caller]
fn cannot_begin(stage: &Stage, run: &crate::bed::Run, words: &str) {
    assert!(run.exits(9).stderr.contains(words), "wanted {words:?}: {run}");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
    assert_eq!(stage.namespace.kubectl(&["get", "leases", "-o", "name"]).exits(0).stdout, "");
}

fn stage() -> Stage {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    stage
}

const APPLY: [&str; 6] = ["apply", "--auto", "-o", "json", "--soak", "1s"];

#[test]
fn a_state_directory_that_cannot_be_written_stops_it_before_the_cluster() {
    let stage = stage();
    let program = bed().program().under(Wrapper::read_only_state());
    cannot_begin(&stage, &stage.run_by(&program, &APPLY), "Read-only file system");
}

#[test]
fn a_failed_sync_of_the_journal_stops_it_before_the_cluster() {
    let stage = stage();
    for call in ["fsync", "fdatasync"] {
        let program = bed().program().under(Wrapper::fail_at(call, "EIO", 1));
        let run = stage.run_by(&program, &APPLY);
        if call == "fsync" {
            cannot_begin(&stage, &run, "nput/output error");
        }
    }
}

#[test]
fn an_unsafe_state_directory_is_refused() {
    let stage = stage();
    let program = bed().program();
    let state = program.state_home();
    std::fs::create_dir_all(&state).expect("a directory");
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o777)).expect("a mode");
    cannot_begin(&stage, &stage.run_by(&program, &APPLY), "chmod");

    let program = bed().program();
    let state = program.state_home();
    let elsewhere = program.home().join("elsewhere");
    std::fs::create_dir_all(&elsewhere).expect("a directory");
    std::fs::create_dir_all(state.parent().expect("a parent")).expect("a directory");
    std::os::unix::fs::symlink(&elsewhere, &state).expect("a link");
    cannot_begin(&stage, &stage.run_by(&program, &APPLY), "link");
    assert_eq!(std::fs::read_dir(&elsewhere).expect("a directory").count(), 0);
}

#[test]
fn an_edited_journal_is_named() {
    let stage = stage();
    ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");
    let verify = ["audit", "verify"];
    stage.program.run(&verify).exits(0);
    let journal = stage.program.state_home().join("journal");
    let run = std::fs::read_dir(&journal)
        .expect("the journal")
        .filter_map(Result::ok)
        .find(|entry| entry.path().is_dir())
        .expect("a run");
    let events = run.path().join("events.jsonl");
    let text = std::fs::read_to_string(&events).expect("the events");
    std::fs::write(&events, text.replacen("1.0.1", "1.0.2", 1)).expect("the events");
    let verified = stage.program.run(&verify);
    let name = run.file_name().to_string_lossy().into_owned();
    assert!(verified.exits(9).stderr.contains(&name), "{verified}");
}
