//! Old and new versions side by side: the state that a version has left is kept in `tests/it/state`, and
//! every later one reads it; a released version that was not kept is a failure. What a newer one writes is
//! refused, never misread.
//!
//! `UPDATE_STATE=1 cargo test --test it versions` keeps what this version leaves, once, with its release.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::env::TestEnv;
use crate::records;

const JOURNAL: &str = "config/safe-update/journal";

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/state")
}

/// Copies a directory, for its owner alone, as the program makes it; Git keeps no such modes.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    fs::set_permissions(to, PermissionsExt::from_mode(0o700)).expect("a mode");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a file");
            fs::set_permissions(&target, PermissionsExt::from_mode(0o600)).expect("a mode");
        }
    }
}

/// A home with the state of a version.
fn home_of(version: &Path) -> TestEnv {
    let env = TestEnv::new();
    copy(version, &env.home().join(JOURNAL));
    let state = env.home().join("config/safe-update");
    fs::set_permissions(state, PermissionsExt::from_mode(0o700)).expect("a mode");
    env
}

fn json(env: &TestEnv) -> Value {
    let text = env.run(&["history", "-o", "json"]).succeeds();
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn what_an_older_version_left_is_read() {
    if std::env::var_os("UPDATE_STATE").is_some() {
        let env = TestEnv::new();
        records::leave(&env);
        let _ = records::leave_another(&env, 8);
        let version = kept().join(env!("CARGO_PKG_VERSION"));
        assert!(!version.exists(), "{} is kept already", version.display());
        copy(&env.home().join(JOURNAL), &version);
    }
    let mut versions = 0;
    for version in fs::read_dir(kept()).expect("the states that were kept") {
        let env = home_of(&version.expect("an entry").path());
        let history = json(&env);
        let all = history["records"].as_array().expect("records");
        assert_eq!(all.len(), 2, "{history}");
        for record in all {
            let id = record["id"].as_str().expect("a name");
            let shown = env.run(&["history", "show", id]).succeeds();
            for words in ["shop/deploy/web", "nginx:1.25.3", "nginx:1.25.4", "ann"] {
                assert!(shown.contains(words), "{words}: {shown}");
            }
        }
        let verified = env.run(&["audit", "verify"]).succeeds();
        assert!(verified.contains("Runs     2"), "{verified}");
        // And goes on from there.
        let (id, _) = records::leave_another(&env, 9);
        let after = json(&env);
        assert_eq!(after["records"].as_array().map(Vec::len), Some(3), "{after}");
        assert_eq!(after["records"][0]["id"], id, "{after}");
        env.run(&["audit", "verify"]).succeeds();
        versions += 1;
    }
    assert!(versions > 0, "no state is kept");
}

#[test]
fn what_a_newer_version_left_is_refused_in_clear_words() {
    let env = TestEnv::new();
    let id = records::leave(&env);
    let run = id.split('/').next().expect("a run");
    let events = env.home().join(JOURNAL).join(run).join("events.jsonl");
    let text = fs::read_to_string(&events).expect("the journal");
    fs::write(&events, text.replace("{\"v\":1", "{\"v\":2")).expect("the journal");
    let words = ["has format 2, this program knows 1"];
    let more = "use the version of the program that wrote it";
    env.run(&["audit", "verify"]).fails(9, &[words[0], more]);
    let (_, told) = env.run(&["history", "show", &id]).streams(1);
    assert!(told.contains(words[0]), "{told}");
    let (listed, warned) = env.run(&["history"]).streams(0);
    assert!(!listed.contains(&id) && warned.contains(words[0]), "{listed}{warned}");
}

/// The versions that a changelog has a head of.
fn released(changelog: &str) -> Vec<&str> {
    let heads = changelog.lines().filter_map(|line| line.strip_prefix("## ["));
    let names = heads.map(|rest| rest.split(']').next().unwrap_or_default());
    names.filter(|name| *name != "Unreleased").collect()
}

#[test]
fn the_state_of_every_released_version_is_kept() {
    let heads =
        "# Changelog\n\n## [Unreleased]\n\n### Added\n\n## [0.2.0] - 2027-02-03\n\n## [0.1.0]\n";
    assert_eq!(released(heads), ["0.2.0", "0.1.0"]);
    let changelog = Path::new(env!("CARGO_MANIFEST_DIR")).join("CHANGELOG.md");
    let changelog = fs::read_to_string(changelog).expect("the changelog");
    // This one is being kept at the same time.
    let is_made = |version: &str| {
        std::env::var_os("UPDATE_STATE").is_some() && version == env!("CARGO_PKG_VERSION")
    };
    for version in released(&changelog).into_iter().filter(|version| !is_made(version)) {
        let hint = "`UPDATE_STATE=1 cargo test --test it versions` keeps it, run by that version";
        assert!(kept().join(version).is_dir(), "the state of {version} is not kept: {hint}");
    }
}
