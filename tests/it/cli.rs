//! The verbs as a user sees them: streams, codes, selection, inputs.

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::env::{PROGRAM, TestEnv};
use crate::layouts::{WEB_PLAN, deployment, web};

/// What every plan says last on standard error when its registries are on disk.
const NO_REQUESTS: &str = "0 registry requests, 0 answers from the cache\n";

#[test]
fn a_plan_as_a_table() {
    let env = web();
    let plan = env.run(&["plan", "-f", "web.yaml"]);
    assert_eq!(plan.ends(0, NO_REQUESTS), WEB_PLAN);
    let quiet = env.run(&["plan", "-f", "web.yaml", "-q"]);
    assert_eq!(quiet.succeeds(), WEB_PLAN);
    let bare = env.run(&["plan", "-f", "web.yaml", "-q", "--no-headers"]);
    let rest = bare.succeeds();
    assert!(rest.starts_with("shop/deploy/web:main  nginx:1.25.3"), "{rest}");
}

#[test]
fn a_plan_as_a_wide_table_names_place_action_and_others() {
    let env = web();
    let plan = env.run(&["plan", "-f", "web.yaml", "-o", "wide", "-q"]).succeeds();
    for part in [
        "ACTION",
        "OTHERS",
        "OWNER",
        "web.yaml:11",
        "1.26.0 (minor, review), 2.0.0 (major, manual)",
    ] {
        assert!(plan.contains(part), "no {part} in {plan}");
    }
}

#[test]
fn names_are_what_every_verb_takes() {
    let env = web();
    let names = env.run(&["plan", "-f", "web.yaml", "-o", "name"]).succeeds();
    assert_eq!(names, "shop/deploy/web:main\n");
    assert_eq!(env.run(&["list", "-f", "web.yaml", "-o", "name"]).succeeds(), names);
    let name = names.trim_end();
    for verb in ["plan", "list"] {
        let json = env.run(&[verb, "-f", "web.yaml", name, "-o", "json"]).succeeds();
        assert!(json.contains(&format!("\"{name}\"")), "{json}");
    }
    let explained = env.run(&["explain", "-f", "web.yaml", name]).succeeds();
    assert!(explained.contains(&format!("Target     {name}\n")), "{explained}");
}

#[test]
fn yaml_says_the_same_as_json() {
    let env = web();
    env.write("tags", "1.25.3\n1.25.4\n1.25.4-rc1\nlatest\n'quoted'\n0x10\nnull\n1e3\n");
    for arguments in [
        &["plan", "-f", "web.yaml"][..],
        &["list", "-f", "web.yaml"],
        &["explain", "nginx:1.25.3", "--tags-from", "tags"],
        &["config", "show"],
        &["version"],
    ] {
        let output = |format| env.run(&[arguments, &["-o", format]].concat()).succeeds();
        let mut json: Value = serde_json::from_str(&output("json")).expect("JSON");
        let mut yaml: Value = serde_yaml::from_str(&output("yaml")).expect("YAML");
        for value in [&mut json, &mut yaml] {
            if let Some(created) = value.get_mut("created") {
                *created = Value::Null;
            }
        }
        assert_eq!(json, yaml, "{arguments:?}");
    }
}

#[test]
fn the_detailed_code_tells_that_something_is_to_be_done() {
    let env = web();
    env.write("current.yaml", deployment("current", "nginx:2.0.0"));
    let plan = |file| env.run(&["plan", "-q", "--detailed-exitcode", "-f", file]);
    let _ = plan("web.yaml").ends(2, "");
    let _ = plan("current.yaml").ends(0, "");
    // Held counts as well, blocked does not.
    env.policy("actions: {patch: manual, minor: manual}\n");
    let _ = plan("web.yaml").ends(2, "");
    env.policy("skip: true\n");
    let _ = plan("web.yaml").ends(0, "");
}

#[test]
fn a_plan_file_holds_what_it_was_made_from() {
    let env = web();
    let plan = env.run(&["plan", "-f", "web.yaml", "-q", "--out", "plan.json"]);
    assert_eq!(plan.succeeds(), WEB_PLAN);
    let saved = std::fs::read(env.work().join("plan.json")).expect("a plan file");
    let saved: Value = serde_json::from_slice(&saved).expect("JSON");
    assert_eq!(saved["schema"], "safe-update/plan/v1");
    assert_eq!(saved["basis"]["cluster"], Value::Null);
    // Nothing can be applied from a file, so there is nothing to hold against a server.
    assert_eq!(saved["basis"]["changes"], serde_json::json!([]));
    let hash = saved["basis"]["policy_hash"].as_str().expect("a hash");
    assert_eq!(hash.len(), 64, "{hash}");
    let printed = env.run(&["plan", "-f", "web.yaml", "-o", "json"]).succeeds();
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(printed["basis"], Value::Null);
    assert_eq!(printed["proposals"], saved["proposals"]);
}

#[test]
fn flags_limit_what_is_proposed() {
    let env = web();
    for (arguments, candidate) in [
        (&["--level", "patch"][..], "1.25.5"),
        (&["--level", "minor"], "1.26.0"),
        (&["--level", "major"], "2.0.0"),
        (&["--constraint", "<1.25.5"], "1.25.4"),
        (&["--constraint", ">=1.26 <2"], "1.26.0"),
    ] {
        let plan = [&["plan", "-f", "web.yaml", "-o", "json"][..], arguments].concat();
        let json: Value = serde_json::from_str(&env.run(&plan).succeeds()).expect("JSON");
        assert_eq!(json["proposals"][0]["candidate"]["tag"], candidate, "{arguments:?}");
    }
}

#[test]
fn without_a_cluster_it_says_what_to_do() {
    TestEnv::new()
        .run(&["plan"])
        .fails(9, &["no kubeconfig", "hint: set --kubeconfig or KUBECONFIG, or use -f"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let env = web();
    let mut tags = String::new();
    for number in 0..50_000 {
        let _ = writeln!(tags, "1.25.{number}");
    }
    env.write("tags", tags);
    for arguments in [
        &["explain", "nginx:1.25.3", "--tags-from", "tags", "--all-tags"][..],
        &["config", "schema", "--for", "plan"],
        &["plan", "--help"],
    ] {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .current_dir(env.work())
            .env_clear()
            .envs(env.variables())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut first = [0; 1];
        let mut stdout = child.stdout.take().expect("a pipe");
        stdout.read_exact(&mut first).expect("a byte");
        drop(stdout);
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn what_config_init_writes_is_taken_and_changes_nothing() {
    let env = TestEnv::new();
    let before = env.run(&["config", "show", "-o", "json"]).succeeds();
    let _ = env.run(&["config", "init"]).ends(0, "wrote safe-update.yaml\n");
    let _ = env.run(&["config", "check"]).ends(0, "$WORK/safe-update.yaml: ok\n");
    let after = env.run(&["config", "show", "-o", "json"]).succeeds();
    let settings = |text: &str| -> Vec<(Value, Value)> {
        let list: Vec<Value> = serde_json::from_str(text).expect("JSON");
        let mut settings: Vec<_> =
            list.iter().map(|entry| (entry["key"].clone(), entry["value"].clone())).collect();
        settings.sort_by_key(|(key, _)| key.to_string());
        settings
    };
    assert_eq!(settings(&before), settings(&after));
    assert!(after.contains("$WORK/safe-update.yaml:"), "{after}");
    let forced = env.run(&["config", "init", "--force", "-q"]);
    assert_eq!(forced.succeeds(), "");
    let printed = env.run(&["config", "init", "-"]).succeeds();
    let written = std::fs::read_to_string(env.work().join("safe-update.yaml")).expect("a file");
    assert_eq!(printed, written);
}

#[test]
fn variables_stand_in_for_flags() {
    let env = web();
    env.write(
        "elsewhere/policy.yaml",
        "version: 1\nskip: true\nregistries: {docker.io: {layout: ../registry}}\n",
    );
    let plan = |variables: &[(&str, &str)], arguments: &[&str]| {
        let arguments = [&["plan", "-f", "web.yaml", "-q"][..], arguments].concat();
        let command = variables
            .iter()
            .fold(env.command(&arguments), |command, (name, value)| command.variable(name, value));
        command.run()
    };
    let minor = plan(&[("SAFE_UPDATE_LEVEL", "minor")], &[]).succeeds();
    assert!(minor.contains("1.26.0"), "{minor}");
    let typed = plan(&[("SAFE_UPDATE_LEVEL", "minor")], &["--level", "major"]).succeeds();
    assert!(typed.contains("2.0.0"), "{typed}");
    let skipped = plan(&[("SAFE_UPDATE_CONFIG", "elsewhere/policy.yaml")], &[]).succeeds();
    assert!(skipped.contains("1 blocked"), "{skipped}");
    let coloured = plan(&[("SAFE_UPDATE_COLOR", "always")], &[]).succeeds();
    assert!(coloured.contains('\u{1b}'), "{coloured}");
    plan(&[("SAFE_UPDATE_OFFLINE", "perhaps")], &[])
        .fails(1, &["SAFE_UPDATE_OFFLINE is \"perhaps\": use true or false"]);
    let (stdout, stderr) = plan_with_typo(&env).streams(0);
    assert!(stdout.contains("1 update"), "{stdout}");
    assert!(stderr.contains("warning: SAFE_UPDATE_LEVLE is set"), "{stderr}");
}

fn plan_with_typo(env: &TestEnv) -> crate::env::Finished {
    env.command(&["plan", "-f", "web.yaml"]).variable("SAFE_UPDATE_LEVLE", "minor").run()
}

#[test]
fn a_policy_says_what_happens_and_flags_say_it_last() {
    let env = web();
    let row = |arguments: &[&str]| {
        let arguments = [&["plan", "-f", "web.yaml", "-o", "json"][..], arguments].concat();
        let json: Value = serde_json::from_str(&env.run(&arguments).succeeds()).expect("JSON");
        let row = &json["proposals"][0];
        format!("{} {} {}", row["candidate"]["tag"], row["action"], row["decision"])
            .replace('"', "")
    };
    assert_eq!(row(&[]), "1.25.5 auto update");
    env.policy("actions: {patch: skip}\n");
    assert_eq!(row(&[]), "1.26.0 review held");
    env.policy("rules: [{match: {image: \"*/nginx\"}, actions: {minor: auto}}]\n");
    assert_eq!(row(&[]), "1.26.0 auto update");
    env.policy("constraint: \"<1.25.5\"\n");
    assert_eq!(row(&[]), "1.25.4 auto update");
    assert_eq!(row(&["--constraint", "<2"]), "1.25.5 auto update");
    env.write(
        "web.yaml",
        deployment("web", "nginx:1.25.3").replace(
            "  namespace: shop\n",
            "  namespace: shop\n  annotations: {safe-update.io/actions: \"patch=manual,minor=manual\"}\n",
        ),
    );
    env.policy("");
    assert_eq!(row(&["--level", "patch"]), "1.25.5 manual held");
    env.policy("annotations: ignore\n");
    assert_eq!(row(&[]), "1.25.5 auto update");
}

#[cfg(target_os = "linux")]
#[test]
fn narrow_terminals_get_lines_that_fit() {
    let env = web();
    for columns in [20, 40, 80] {
        for command in [
            "plan -f web.yaml",
            "plan -f web.yaml -o wide",
            "list -f web.yaml",
            "explain -f web.yaml deploy/web",
        ] {
            let command = format!("kubectl safe-update {command} -q");
            let text = crate::readme::on_terminal(&env, columns, &env.work(), &command);
            assert!(text.contains("nginx"), "{text}");
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(usize::from(columns)), "{columns}: {text}");
        }
    }
}

#[test]
fn tags_of_a_file_explain_a_target_without_any_registry() {
    let env = web();
    env.write("safe-update.yaml", "version: 1\n");
    env.write("tags", "1.25.3\n1.25.4\n");
    let target = ["explain", "-f", "web.yaml", "deploy/web", "--tags-from", "tags"];
    let text = env.run(&target).succeeds();
    for part in ["Decision   update\n", "Latest     1.25.4\n", "policy      allow"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn offline_asks_nobody_and_says_what_is_lacking() {
    let env = web();
    env.write("safe-update.yaml", "version: 1\n");
    let (stdout, stderr) = env.run(&["plan", "-f", "web.yaml", "--offline"]).streams(9);
    assert!(stdout.contains("1 target: 1 unknown"), "{stdout}");
    assert!(stderr.contains("is not in the cache; run once without --offline"), "{stderr}");
    assert!(stderr.ends_with(NO_REQUESTS), "{stderr}");
}
