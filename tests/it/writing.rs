//! The verbs that change something, as far as they can be seen without a cluster: what they refuse
//! before they connect, and what they tell of an empty or a damaged journal.

use serde_json::Value;

use crate::env::TestEnv;
use crate::layouts::web;
#[cfg(target_os = "linux")]
use crate::output::assert_fits;

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
