//! The state directory: trouble with it shows before anything is written to the cluster.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{MINUTE, NEVER_READY, Stage, ended};
use crate::bed::{SafeUpdate, Wrapper, bed};

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
        cannot_begin(&stage, &stage.run_by(&program, &APPLY), "nput/output error");
    }
}

#[test]
fn a_record_that_cannot_be_made_durable_stops_it_before_the_write() {
    let stage = stage();
    // The first is the beginning of the run, the second the record of the change.
    let program = bed().program().under(Wrapper::fail_once_at("fdatasync", "EIO", 2));
    let run = stage.run_by(&program, &APPLY);
    ended(&run, 9, "abandoned", "nothing was written");
    // Whatever follows a sync that failed promises nothing.
    assert!(!run.stderr.contains("journal head"), "{run}");
    assert!(run.stderr.contains("could not be made durable"), "{run}");
    assert_eq!(stage.field("deploy/web", ".metadata.generation"), "1");
    // The lock is free, and the next run goes on as if nothing had been.
    ended(&stage.run_by(&program.plain(), &APPLY), 0, "succeeded", "done");
}

#[test]
fn a_full_disk_stops_it_before_the_cluster() {
    let stage = stage();
    let program = bed().program().home_file(".config/safe-update/notes", &"full ".repeat(10_000));
    let program = program.under(Wrapper::state_on_disk_of("64k"));
    cannot_begin(&stage, &stage.run_by(&program, &APPLY), "No space left on device");
    let program = program.plain();
    program.run(&["audit", "verify"]).exits(0);
    ended(&stage.run_by(&program, &APPLY), 0, "succeeded", "done");
}

/// Fills the disk that only the program sees.
fn fill(program: &SafeUpdate, id: u32) {
    use std::io::Write as _;
    let state = program.state_home();
    let seen = Path::new("/proc").join(id.to_string()).join("root");
    let below = state.strip_prefix("/").unwrap_or(&state);
    let filler = seen.join(below).join("filler");
    let mut file =
        std::fs::File::create(&filler).unwrap_or_else(|e| panic!("{}: {e}", filler.display()));
    while file.write(&[0; 256]).is_ok_and(|written| written > 0) {}
}

#[test]
fn a_disk_that_is_full_after_the_write_stops_neither_the_update_nor_the_way_back() {
    for (tag, code, outcome) in [("1.0.1", 0, "succeeded"), (NEVER_READY, 4, "rolled-back")] {
        let stage = Stage::new(&["1.0.0", tag]);
        stage.deploy("web", "1.0.0");
        let program = bed().program();
        let plain = ["history", "-o", "json", "-n", stage.namespace.name()];
        let program = program.under(Wrapper::state_on_disk_of("512k"));
        let args = ["apply", "--auto", "-o", "json", "--soak", "3s", "--progress-deadline", "6s"];
        let child = program.spawn(&[&args[..], &["-n", stage.namespace.name()]].concat());
        stage.wait_for_tag("deploy/web", tag);
        child.wait_for("verifying", MINUTE);
        fill(&program, child.id());
        let run = child.wait(MINUTE);
        ended(&run, code, outcome, "");
        assert!(run.stderr.contains("the journal: "), "{run}");
        // A last piece may have fitted.
        let full = ["No space left on device", " bytes fit"];
        assert!(full.iter().any(|words| run.stderr.contains(words)), "{run}");
        // What was written before is whole, and the Lease knows how it ended.
        let program = program.plain();
        program.run(&["audit", "verify"]).exits(0);
        let records = program.run(&plain).exits(0).json()["records"].as_array().map(Vec::len);
        assert_eq!(records, Some(1), "{tag}");
        std::fs::remove_file(program.state_home().join("filler")).expect("the filler");
        let resumed = stage.run_by(&program, &["resume", "-o", "json"]);
        assert_eq!(resumed.exits(0).json()["results"], serde_json::json!([]), "{resumed}");
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

    // Whoever is not root cannot give a directory away, but has enough that belong to root.
    let program = bed().program();
    let state = program.state_home();
    std::fs::create_dir_all(&state).expect("a directory");
    let given = std::os::unix::fs::chown(&state, Some(65534), None).is_ok();
    let program = if given { program } else { program.env("SAFE_UPDATE_HOME", "/usr") };
    cannot_begin(&stage, &stage.run_by(&program, &APPLY), "belongs to another user");
    assert_eq!(std::fs::read_dir(&state).expect("a directory").count(), 0);
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
