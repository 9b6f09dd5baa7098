//! The verbs that change something, as far as they can be seen without a cluster: what they refuse
//! before they connect, and what they tell of an empty or a damaged journal.

use serde_json::Value;

use crate::env::TestEnv;
use crate::layouts::web;
#[cfg(target_os = "linux")]
use crate::output::assert_fits;

#[test]
fn what_says_how_a_release_is_upgraded_needs_one() {
    let env = web();
    for flags in [
        &["--version", "1.0.0"][..],
        &["--set", "a=b"],
        &["--set-string", "a=b"],
        &["--set-file", "a=b"],
        &["--set-json", "a=1"],
        &["--set-literal", "a=b"],
        &["--values", "v.yaml"],
        &["--reuse-values"],
        &["--reset-values"],
        &["--timeout", "5m"],
        &["--soak", "5m"],
        &["--progress-deadline", "5m"],
        &["--run-timeout", "5m"],
        &["--metrics-file", "m"],
        &["--diff-context", "1"],
        &["--unlock"],
        &["--auto"],
        &["--yes"],
        &["--dry-run"],
    ] {
        let parts = ["required arguments were not provided", "<RELEASE>"];
        env.run(&[&["upgrade"][..], flags].concat()).fails(1, &parts);
    }
}

#[test]
fn apply_asks_somebody_or_is_told_whom_not_to_ask() {
    let env = web();
    for (arguments, parts) in [
        (&["apply", "--yes"][..], &["nothing is named", "--auto takes what needs no yes"][..]),
        (&["apply", "-y", "-A"], &["nothing is named"]),
        (&["apply", "deploy/web", "--yes", "--auto"], &["--yes", "--auto"]),
        (&["apply"], &["no terminal", "--auto", "--yes"]),
        (&["apply", "deploy/web"], &["no terminal"]),
        (&["apply", "deploy/web", "-o", "json"], &["no terminal"]),
        (&["apply", "-f", "web.yaml", "--auto"], &["-f has no meaning", "`plan -f … --diff`"]),
        (&["apply", "web", "--yes"], &["\"web\" is no target", "`plan -o name`"]),
        (&["apply", "deploy/web=a b", "--yes"], &["deploy/web=a b"]),
        (&["apply", "plan.json", "deploy/web", "--yes"], &["plan.json", "stands alone"]),
        (&["apply", "deploy/web", "--dry-run=client"], &["'client'", "server"]),
        (&["apply", "--auto", "--max-in-flight", "0"], &["--max-in-flight", "1..=100"]),
        (&["apply", "--auto", "--soak", "soon"], &["--soak", "\"soon\" is no length of time"]),
        (&["rollback", "deploy/web"], &["no terminal", "--yes"]),
        (&["rollback", "web", "--yes"], &["\"web\" is no target", "`history`"]),
        (&["rollback", "deploy/web", "--to", "1"], &["\"1\" is no record", "RUN/N"]),
        (&["resume", "web"], &["\"web\" is no target", "`status`"]),
        (&["approve"], &["<PLAN.json|TARGET[=VERSION]>"]),
        (&["approve", "deploy/web", "--expires", "0"], &["--expires", "future"]),
        (&["forget", "web"], &["\"web\" is no target"]),
        (&["forget", "deploy/web", "--version", "a b"], &["a b"]),
        (&["history", "--since", "yesterday"], &["\"yesterday\"", "36h, 7d, 2026-11-24"]),
        (&["history", "show", "nonsense"], &["\"nonsense\" is no record", "RUN/N"]),
        (
            &["history", "show", "20261124t165301z-5f3a9c01/1"],
            &["no record 20261124t165301z-5f3a9c01/1", "`history`"],
        ),
        (&["audit", "verify", "--head", "abc"], &["\"abc\"", "64 hexadecimal digits"]),
    ] {
        env.run(arguments).fails(1, parts);
    }
}

#[test]
fn a_plan_file_that_is_none_says_what_is_wrong_and_where() {
    let env = web();
    let _ = env.run(&["plan", "-f", "web.yaml", "--out", "files.json"]).streams(0);
    let saved = std::fs::read_to_string(env.work().join("files.json")).expect("a plan");
    env.write("short.json", &saved[..saved.len() / 2]);
    env.write("newer.json", saved.replace("safe-update/plan/v1", "safe-update/plan/v2"));
    env.write("list.json", "[]");
    for (file, parts) in [
        (
            "none.json",
            &["the plan file none.json cannot be read", "`plan --out FILE` writes one"][..],
        ),
        ("short.json", &["short.json is cut short (line ", "make it anew"]),
        ("newer.json", &["has the format safe-update/plan/v2", "reads safe-update/plan/v1"]),
        ("list.json", &["is no plan (line 1, column "]),
        ("files.json", &["files.json does not say which cluster it was made from", "of manifests"]),
        ("./web.yaml", &["is no plan (line 1, column 1)"]),
    ] {
        for arguments in [&["apply", file, "--yes"][..], &["approve", file]] {
            env.run(arguments).fails(1, parts);
        }
    }
}

#[test]
fn without_a_cluster_nothing_is_written_and_the_journal_is_still_told() {
    let env = TestEnv::new();
    for arguments in [
        &["apply", "deploy/web", "--yes"][..],
        &["apply", "--auto"],
        &["rollback", "deploy/web", "--yes"],
        &["resume"],
        &["approve", "deploy/web"],
        &["forget", "deploy/web"],
    ] {
        env.run(arguments).fails(9, &["no kubeconfig"]);
    }
    assert_eq!(env.run(&["history"]).ends(0, "No records.\n"), "");
    let (stdout, stderr) = env.run(&["history", "deploy/web"]).streams(0);
    assert_eq!(stdout, "");
    assert!(stderr.starts_with("warning: "), "{stderr}");
    assert!(stderr.contains("only this machine's journal is heard\nNo records.\n"), "{stderr}");
    let (stdout, stderr) = env.run(&["status"]).streams(9);
    assert_eq!(stdout, "");
    assert!(stderr.contains("no kubeconfig") && !stderr.contains("Nothing"), "{stderr}");
    // Looking leaves nothing behind.
    assert!(!env.home().join("config/safe-update/journal").exists());
}

#[test]
fn an_empty_journal_is_what_was_written() {
    let env = TestEnv::new();
    let text = env.run(&["audit", "verify"]).succeeds();
    assert!(
        text.starts_with("The journal is what was written.\nRuns     0\nEntries  0\n"),
        "{text}"
    );
    let json = env.run(&["audit", "verify", "-o", "json"]).succeeds();
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["runs"], &json["since_head"]), (&0.into(), &Value::Null));
    let head = "a".repeat(64);
    let lost = env.run(&["audit", "verify", "--head", &head]);
    lost.fails(9, &["the journal does not lead to aaaa", "keep the state directory as it is"]);
}

#[cfg(target_os = "linux")]
#[test]
fn records_of_an_earlier_run_are_told_whole() {
    let env = TestEnv::new();
    let id = crate::records::leave(&env);
    let table = env.run(&["history"]).succeeds();
    let head = "RECORD                       STARTED               OBJECT           CHANGE";
    assert!(table.starts_with(head), "{table}");
    assert!(table.contains("main: 1.25.3 -> 1.25.4  succeeded  ann (ann@desk)\n"), "{table}");
    for arguments in [
        &["history", "deploy/web", "-q"][..],
        &["history", "shop/deploy/web", "-q"],
        &["history", "deploy/web:main", "-q"],
        &["history", "deploy/web", "-n", "shop", "-q"],
        &["history", "--since", "2026-11-24"],
        &["history", "--limit", "0"],
    ] {
        assert_eq!(env.run(arguments).succeeds(), table, "{arguments:?}");
    }
    for arguments in [
        &["history", "deploy/api", "-q"][..],
        &["history", "deploy/web:log", "-q"],
        &["history", "deploy/web", "-n", "other", "-q"],
        &["history", "--since", "2100-01-01", "-q"],
    ] {
        assert_eq!(env.run(arguments).succeeds(), "", "{arguments:?}");
    }
    let whole = env.run(&["history", "show", &id]).succeeds();
    for part in
        ["Why        main: a patch change", "Cluster    c-1", "`rollback shop/deploy/web --to "]
    {
        assert!(whole.contains(part), "no {part:?} in {whole}");
    }
    let history = assert_fits(&env, "history", &["history", "-o", "json"]);
    assert_eq!(history["records"][0]["id"], id.as_str());
    let record = assert_fits(&env, "record", &["history", "show", &id, "-o", "json"]);
    assert_eq!(record["record"]["outcome"], "succeeded");
    let verified = env.run(&["audit", "verify"]).succeeds();
    assert!(verified.contains("Runs     1\n"), "{verified}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_entry_that_was_changed_is_named() {
    let env = TestEnv::new();
    let id = crate::records::leave(&env);
    let (run, _) = id.split_once('/').expect("a record");
    let events = env.home().join("config/safe-update/journal").join(run).join("events.jsonl");
    let text = std::fs::read_to_string(&events).expect("entries");
    std::fs::write(&events, text.replacen("nginx:1.25.4", "nginx:1.25.5", 1)).expect("entries");
    let place = format!("{run}/");
    env.run(&["audit", "verify"]).fails(
        9,
        &["the journal is not what was written", &place, "keep the state directory as it is"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn entries_that_are_missing_or_out_of_their_place_are_named() {
    let env = TestEnv::new();
    let id = crate::records::leave(&env);
    let (run, _) = id.split_once('/').expect("a record");
    let events = env.home().join("config/safe-update/journal").join(run).join("events.jsonl");
    let whole = std::fs::read_to_string(&events).expect("entries");
    let lines: Vec<&str> = whole.lines().collect();
    for (kept, first) in [
        (&[0, 2][..], 2),
        (&[1, 2], 1),
        (&[0, 1], 3),
        (&[0], 2),
        (&[], 1),
        (&[1, 0, 2], 1),
        (&[0, 2, 1], 2),
        (&[0, 1, 1, 2], 3),
    ] {
        let text: String = kept.iter().map(|at: &usize| [lines[*at], "\n"].concat()).collect();
        std::fs::write(&events, text).expect("entries");
        let place = format!("{run}/{first} ");
        env.run(&["audit", "verify"]).fails(9, &["the journal is not what was written", &place]);
    }
    std::fs::write(&events, whole).expect("entries");
    let _ = env.run(&["audit", "verify"]).succeeds();
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_index_knows_cannot_be_written_anew_below_what_was_added_since() {
    let env = TestEnv::new();
    let id = crate::records::leave(&env);
    crate::records::add(&env, &id);
    let (run, _) = id.split_once('/').expect("a record");
    let events = env.home().join("config/safe-update/journal").join(run).join("events.jsonl");
    let _ = env.run(&["audit", "verify"]).succeeds();
    let text = std::fs::read_to_string(&events).expect("entries").replace("1.25.4", "1.25.5");
    // Every hash is right again.
    let mut prev: Option<String> = None;
    let mut chained = String::new();
    for line in text.lines() {
        let mut entry: Value = serde_json::from_str(line).expect("JSON");
        if let Some(prev) = prev {
            entry["prev"] = prev.into();
        }
        let line = entry.to_string();
        let hash = ring::digest::digest(&ring::digest::SHA256, line.as_bytes());
        prev = Some(
            hash.as_ref()
                .iter()
                .flat_map(|byte| [byte >> 4, byte & 15])
                .filter_map(|digit| char::from_digit(digit.into(), 16))
                .collect(),
        );
        chained.push_str(&line);
        chained.push('\n');
    }
    std::fs::write(&events, chained).expect("entries");
    let place = format!("{run}/3 is not the one that the index knows");
    env.run(&["audit", "verify"]).fails(9, &[&place]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_head_that_was_kept_shows_what_was_cut_off_or_written_anew_as_a_whole() {
    let env = TestEnv::new();
    let (_, first) = crate::records::leave_another(&env, 1);
    let (id, last) = crate::records::leave_another(&env, 2);
    let against = |env: &TestEnv, head: &str| env.run(&["audit", "verify", "--head", head]);
    let text = against(&env, &first).succeeds();
    assert!(text.contains("Since    1 lines"), "{text}");
    let _ = against(&env, &last).succeeds();

    // The last run and its line of the index, so that the rest is a journal of its own.
    let journal = env.home().join("config/safe-update/journal");
    let (run, _) = id.split_once('/').expect("a record");
    std::fs::remove_dir_all(journal.join(run)).expect("a run");
    let index = journal.join("index.jsonl");
    let lines = std::fs::read_to_string(&index).expect("the index");
    let (line, _) = lines.split_once('\n').expect("two lines");
    std::fs::write(&index, format!("{line}\n")).expect("the index");
    let _ = env.run(&["audit", "verify"]).succeeds();
    let _ = against(&env, &first).succeeds();
    against(&env, &last).fails(9, &["does not lead to", &last, "keep the state directory"]);

    // Another journal in its place.
    let other = TestEnv::new();
    let _ = crate::records::leave_another(&other, 1);
    std::fs::remove_dir_all(&journal).expect("the journal");
    std::fs::rename(other.home().join("config/safe-update/journal"), &journal).expect("a journal");
    let _ = env.run(&["audit", "verify"]).succeeds();
    for head in [&first, &last] {
        against(&env, head).fails(9, &["does not lead to"]);
    }
}

/// A damaged file is told by the verbs that read, with what is whole, and stays as it is.
#[cfg(target_os = "linux")]
#[test]
fn what_is_damaged_is_told_beside_what_is_whole() {
    let env = TestEnv::new();
    let (id, _) = crate::records::leave_another(&env, 1);
    let (whole, _) = crate::records::leave_another(&env, 2);
    let (run, _) = id.split_once('/').expect("a record");
    let events = env.home().join("config/safe-update/journal").join(run).join("events.jsonl");
    let text = std::fs::read_to_string(&events).expect("entries");
    for (damaged, words) in [
        (text[..text.len() / 2].to_owned(), "is missing"),
        (text.replacen("1.25.4", "1.25.5", 1), "was changed after it was written"),
        (String::new(), "is missing"),
        (text.replacen("\"v\":1", "\"v\":2", 1), "format 2"),
    ] {
        std::fs::write(&events, &damaged).expect("entries");
        let (stdout, stderr) = env.run(&["history", "-o", "json"]).streams(0);
        let json: Value = serde_json::from_str(&stdout).expect("JSON");
        let ids: Vec<&str> = json["records"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|r| r["id"].as_str())
            .collect();
        assert_eq!(ids, [whole.as_str()], "{stdout}");
        assert!(stderr.starts_with("warning: ") && stderr.contains(words), "{words}: {stderr}");
        assert_eq!(std::fs::read_to_string(&events).expect("entries"), damaged);
    }
}
