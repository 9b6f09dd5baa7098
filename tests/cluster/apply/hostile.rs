//! Words of others never steer a terminal, and secrets appear nowhere.

use super::Stage;
use crate::bed::{Admission, Answer, Fault, Run, Verdict, bed};

/// The version whose pods tell of their end with terminal escapes, a link and a change of direction.
const HOSTILE: &str = "1.0.909";

#[test]
fn words_of_pods_and_objects_are_escaped_wherever_they_appear() {
    let stage = Stage::new(&["1.0.0", HOSTILE]);
    let stage = Stage { program: stage.program.env("USER", "\u{1b}[31mred\u{202e}"), ..stage };
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
    let history = stage.run(&["history", "-o", "json"]);
    let id = history.exits(0).json()["records"][0]["id"].as_str().expect("a record").to_owned();
    for args in [
        &["history"][..],
        &["history", "-o", "json"],
        &["history", "show", &id],
        &["history", "show", &id, "-o", "yaml"],
        &["status"],
        &["plan", "-o", "json"],
    ] {
        steers_nothing(&stage.run(args));
    }
    // They are told all the same.
    for run in [history, stage.run(&["history", "show", &id])] {
        assert!(run.exits(0).stdout.contains("cannot open"), "{run}");
    }
}

/// Fails where something that a run says could steer a terminal.
#[track_caller]
fn steers_nothing(run: &Run) {
    let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!run.stdout.contains(steers) && !run.stderr.contains(steers), "{run:?}");
}

#[test]
fn words_of_servers_and_webhooks_are_escaped_too() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let words = "\u{1b}]0;owned\u{7}\u{202e}no\u{9b}31m";
    let proxy = bed().proxy();
    let program = bed().program().kubeconfig(&proxy.kubeconfig());
    proxy.fault(Fault::on("READ", "/statefulsets").answers(Answer::status(500, words)));
    // A warning, and an error.
    let run = stage.run_by(&program, &["plan"]);
    assert!(run.exits(0).stderr.contains("owned"), "{run:?}");
    steers_nothing(&run);
    let run = stage.run_by(&program, &["apply", "sts/db=1.0.1", "--yes"]);
    assert!(run.code != Some(0) && run.stderr.contains("owned"), "{run:?}");
    steers_nothing(&run);
    // The outcome of a change, as a table and while it goes on.
    let _webhook = stage.namespace.admission(&Admission::new(Verdict::Deny(words.to_owned())));
    let run = stage.run(&["apply", "deploy/web=1.0.1", "--yes"]);
    assert!(run.exits(3).stdout.contains("owned"), "{run:?}");
    steers_nothing(&run);
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
