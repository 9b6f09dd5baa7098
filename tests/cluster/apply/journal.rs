//! A journal that is damaged: it is told and kept as it is, and what can go on does.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{MINUTE, Stage, ended, result};
use crate::bed::Run;

/// A stage whose program has carried out one update, and the files of its journal: the entries of that
/// run, and the index.
fn stage() -> (Stage, PathBuf, PathBuf) {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let run = stage.apply(&["--auto"]);
    ended(&run, 0, "succeeded", "done");
    let journal = stage.program.state_home().join("journal");
    let id = run.json()["run"].as_str().unwrap_or_default().to_owned();
    (stage, journal.join(id).join("events.jsonl"), journal.join("index.jsonl"))
}

/// The ways in which a file of lines can be damaged.
fn damages(file: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let whole = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut flipped = whole.clone();
    let time = flipped.windows(4).position(|four| four == b"\"ts\"").unwrap_or_default();
    flipped[time + 6] ^= 1;
    let newer = String::from_utf8_lossy(&whole).replacen("\"v\":1", "\"v\":2", 1).into_bytes();
    let line = whole.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    vec![
        ("cut", whole[..line / 2].to_vec()),
        ("flipped", flipped),
        ("empty", Vec::new()),
        ("newer", newer),
    ]
}

#[track_caller]
fn says(run: &Run, words: &str) {
    assert!(run.stderr.contains(words), "wanted {words:?}: {run}");
}

#[test]
fn damaged_entries_are_told_and_stay_and_others_go_on() {
    let (stage, events, _) = stage();
    let name = events.parent().and_then(Path::file_name).expect("a run").to_string_lossy();
    for (next, (damage, bytes)) in (2..).zip(damages(&events)) {
        std::fs::write(&events, &bytes).expect("the entries");
        let words = if damage == "newer" { "format 2" } else { "is missing" };
        let words = if damage == "flipped" { "was changed" } else { words };
        let run = stage.run(&["history"]);
        says(run.exits(0), words);
        let run = stage.run(&["resume", "-o", "json"]);
        assert_eq!(run.exits(0).json()["results"], json!([]), "{damage}: {run}");
        says(&run, words);
        says(stage.program.run(&["audit", "verify"]).exits(9), &name);
        let tag = format!("1.0.{next}");
        crate::bed::bed().registry().push_tags(&stage.repository, &[&tag]);
        ended(&stage.apply(&["--auto"]), 0, "succeeded", "done");
        assert_eq!(stage.tag("deploy/web"), tag, "{damage}");
        assert!(std::fs::read(&events).expect("the entries") == bytes, "{damage}: it was changed");
    }
}

#[test]
fn with_a_damaged_index_nothing_is_begun() {
    let (stage, _, index) = stage();
    crate::bed::bed().registry().push_tags(&stage.repository, &["1.0.2"]);
    // One more line, so that something follows what is damaged.
    ended(
        &stage.run(&["rollback", "deploy/web", "--yes", "-o", "json", "--soak", "0s"]),
        0,
        "succeeded",
        "done",
    );
    for (damage, bytes) in damages(&index) {
        if matches!(damage, "cut" | "empty") {
            // What is cut short may be the rest of a kill.
            continue;
        }
        std::fs::write(&index, &bytes).expect("the index");
        let generation = stage.field("deploy/web", ".metadata.generation");
        says(stage.run(&["history"]).exits(0), "index.jsonl");
        for args in [&["deploy/web=1.0.2", "--yes"][..], &["--auto"]] {
            says(stage.apply(args).exits(9), "index.jsonl");
        }
        says(stage.program.run(&["audit", "verify"]).exits(9), "index");
        assert_eq!(stage.field("deploy/web", ".metadata.generation"), generation, "{damage}");
        assert!(std::fs::read(&index).expect("the index") == bytes, "{damage}: it was changed");
    }
}

#[test]
fn what_was_left_open_in_damaged_entries_is_resumed_by_its_lease() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let args = ["apply", "--auto", "-o", "json", "--soak", "60s", "-n", stage.namespace.name()];
    let child = stage.program.spawn(&args);
    child.wait_for("watching for a relapse", MINUTE);
    child.signal("KILL");
    let _ = child.wait(MINUTE);
    stage.lease_expires("web");
    let journal = stage.program.state_home().join("journal");
    let mut runs = std::fs::read_dir(&journal).expect("the journal").filter_map(Result::ok);
    let run = runs.find(|entry| entry.path().is_dir()).expect("a run");
    let events = run.path().join("events.jsonl");
    let (_, bytes) = damages(&events).swap_remove(1);
    std::fs::write(&events, &bytes).expect("the entries");
    let resumed = stage.run(&["resume", "-o", "json", "--soak", "1s"]);
    ended(&resumed, 0, "succeeded", "done");
    says(&resumed, "was changed");
    assert!(result(&resumed)["record"].is_string(), "{resumed}");
    assert!(std::fs::read(&events).expect("the entries") == bytes, "it was changed");
    let again = stage.run(&["resume", "-o", "json"]);
    assert_eq!(again.exits(0).json()["results"], json!([]), "{again}");
}
