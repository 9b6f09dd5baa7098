//! Words of others never steer a terminal, and secrets appear nowhere.

use super::Stage;
use crate::bed::bed;

/// The version whose pods tell of their end with terminal escapes, a link and a change of direction.
const HOSTILE: &str = "1.0.909";

#[test]
fn words_of_pods_and_objects_are_escaped_wherever_they_appear() {
    let stage = Stage::new(&["1.0.0", HOSTILE]);
    stage.deploy("web", "1.0.0");
    let namespace = stage.namespace.name();
    let run = stage.program.terminal(&["apply", "--auto", "-n", namespace]).wait(super::MINUTE);
    assert_eq!(run.code, Some(4), "{run}");
    // What a display of our own writes: colours, and lines that are drawn anew.
    let foreign = ["\u{1b}]", "\u{9b}", "\u{202e}", "\u{1b}[31mred"];
    for text in [&run.stdout, &run.stderr] {
        for words in foreign {
            assert!(!text.contains(words), "{words:?}: {run}");
        }
    }
    for args in [&["history"][..], &["history", "-o", "json"], &["status"], &["plan", "-o", "json"]]
    {
        let run = stage.run(args);
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!run.stdout.contains(steers) && !run.stderr.contains(steers), "{run}");
    }
    // They are told all the same.
    let history = stage.run(&["history", "-o", "json"]);
    assert!(history.exits(0).stdout.contains("cannot open"), "{history}");
}

#[test]
fn a_secret_is_nowhere() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let canary = "c4n4ry-s3cr3t";
    stage.namespace.kubectl(&["set", "env", "deploy/web", &format!("PASSWORD={canary}")]).exits(0);
    stage.namespace.wait_rolled_out("deployment/web");
    let metrics = stage.program.home().join("metrics.prom").display().to_string();
    let run = stage.run(&[
        "apply",
        "--auto",
        "-vvvv",
        "--log-format",
        "json",
        "--soak",
        "0s",
        "--metrics-file",
        &metrics,
    ]);
    assert!(!run.exits(0).stdout.contains(canary) && !run.stderr.contains(canary), "{run}");
    let token = std::fs::read_to_string(bed().kubeconfig()).expect("a kubeconfig");
    let token = token.split("token: ").nth(1).and_then(|rest| rest.split('}').next());
    let token = token.expect("a token").trim();
    let mut files = vec![stage.program.home().to_owned()];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a directory");
            files.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            seen += 1;
            assert!(!text.contains(canary) && !text.contains(token), "{}", path.display());
        }
    }
    assert!(seen >= 3, "only {seen} files were looked at");
    let text = std::fs::read_to_string(&metrics).expect("metrics");
    assert!(text.contains("safe_updater_updates_succeeded_total"), "{text}");
}
