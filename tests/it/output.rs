//! What comes out: shapes that keep their schema, no foreign control characters, colour only where
//! it is wanted, no secret at any level.

use serde_json::Value;

use crate::bad_input::assert_nothing_steers;
use crate::env::TestEnv;
use crate::layouts::{deployment, web};
use crate::schema::violations;

/// What no output may contain.
const CANARY: &str = "hush-4f1d9c";

#[track_caller]
pub(crate) fn assert_fits(env: &TestEnv, subject: &str, arguments: &[&str]) -> Value {
    let schema = env.run(&["config", "schema", "--for", subject]).succeeds();
    let schema: Value = serde_json::from_str(&schema).expect("a schema");
    let (output, _) = env.run(arguments).streams(0);
    let output: Value = serde_json::from_str(&output).expect("JSON");
    assert_eq!(violations(&output, &schema), [] as [&str; 0], "{output:#}");
    assert_eq!(output["schema"], format!("safe-update/{subject}/v1"));
    assert_eq!(output["schema"], schema["title"]);
    output
}

#[test]
fn machine_output_fits_its_schema() {
    let env = web();
    let many = [
        deployment("web", "nginx:1.25.3"),
        deployment("other", "none:1.0.0"),
        deployment("odd", "\"${IMAGE}\""),
        deployment("moving", "nginx:latest"),
        deployment("newest", "nginx:2.0.0"),
    ];
    env.write("many.yaml", many.join("---\n"));
    let plan = assert_fits(&env, "plan", &["plan", "-f", "many.yaml", "-o", "json"]);
    assert_eq!(plan["summary"]["targets"], 5);
    assert_eq!(plan["proposals"].as_array().map(Vec::len), Some(5));
    let list = assert_fits(&env, "list", &["list", "-f", "many.yaml", "-o", "json"]);
    assert_eq!(list["targets"].as_array().map(Vec::len), Some(5));
    let target = ["explain", "-f", "many.yaml", "deploy/web", "-o", "json"];
    let target = assert_fits(&env, "explain", &target);
    assert_eq!(target["target"]["decision"], "update");
    let image = assert_fits(&env, "explain", &["explain", "nginx:1.25.3", "-o", "json"]);
    assert_eq!(image["target"], Value::Null);
    assert_eq!(image["latest"], "2.0.0");
}

#[test]
fn a_plan_file_fits_the_schema_of_plans() {
    let env = web();
    let _ = env.run(&["plan", "-f", "web.yaml", "--out", "plan.json"]).streams(0);
    let saved = std::fs::read(env.work().join("plan.json")).expect("a file");
    let saved: Value = serde_json::from_slice(&saved).expect("JSON");
    let schema = env.run(&["config", "schema", "--for", "plan"]).succeeds();
    let schema: Value = serde_json::from_str(&schema).expect("a schema");
    assert_eq!(violations(&saved, &schema), [] as [&str; 0], "{saved:#}");
}

/// Words that try to steer a terminal: ESC, C1, a bell, and a turn of the direction of text.
const HOSTILE: &str = "x\\e[31m\\u009b2J\\a\\u202ey";

#[test]
fn no_foreign_control_character_reaches_the_output() {
    let env = web();
    env.publish(
        "library/nginx",
        &["1.25.3", "1.25.4", "1.25.5\u{1b}[2J", "\u{9b}31m", "\u{202e}9.9.9"],
    );
    let manifest = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: \"p{HOSTILE}\"\n  namespace: \"n{HOSTILE}\"\n  labels: {{a: \"{HOSTILE}\"}}\n  annotations: {{safe-update.io/pin: \"{HOSTILE}\"}}\nspec:\n  containers:\n    - {{name: \"c{HOSTILE}\", image: \"nginx:1.25.3\"}}\n    - {{name: d, image: \"nginx:{HOSTILE}\"}}\n"
    );
    env.write("hostile.yaml", manifest);
    for verb in ["plan", "list"] {
        for format in ["table", "wide", "json", "yaml", "name"] {
            let run = env.run(&[verb, "-f", "hostile.yaml", "-o", format]);
            let (stdout, stderr) = run.streams(0);
            assert!(stdout.contains("pod/"), "{stdout}");
            assert_nothing_steers(&stdout);
            assert_nothing_steers(&stderr);
        }
    }
    let (stdout, stderr) = env.run(&["plan", "-f", "hostile.yaml", "--diff"]).streams(0);
    assert_nothing_steers(&stdout);
    assert_nothing_steers(&stderr);
    for format in ["table", "json", "yaml"] {
        let text = env.run(&["explain", "nginx:1.25.3", "-o", format]).succeeds();
        assert!(text.contains("grammar"), "{text}");
        assert_nothing_steers(&text);
    }
}

#[test]
fn errors_and_logs_steer_no_terminal_either() {
    let env = web();
    let hostile = "x\u{1b}[31m\u{9b}\u{202e}";
    env.write("bad.yaml", format!("a: \"{hostile}\n"));
    env.write("policy.yaml", format!("version: 1\n\"{hostile}\": 1\n"));
    for arguments in [
        &["plan", "-f", hostile][..],
        &["plan", "-f", "bad.yaml"],
        &["plan", "-f", "web.yaml", "--config", "policy.yaml"],
        &["plan", "-f", "web.yaml", hostile],
        &["plan", "-f", "web.yaml", "-l", hostile],
        &["explain", hostile],
        &["explain", "nginx:1", "--tags-from", hostile],
        &["config", "check", hostile],
    ] {
        let (stdout, stderr) = env.run(arguments).streams(1);
        assert_eq!(stdout, "");
        assert_nothing_steers(&stderr);
    }
    let manifest =
        deployment("web", "nginx:1.25.3").replace("name: main", "name: \"m\\e[31m\\u009b\"");
    env.write("web.yaml", manifest);
    for format in ["text", "json"] {
        let run = env.run(&["plan", "-f", "web.yaml", "-v=9", "--log-format", format]);
        let (_, stderr) = run.streams(0);
        assert!(stderr.contains("decision"), "{stderr}");
        assert_nothing_steers(&stderr);
    }
}

#[test]
fn colour_is_there_when_it_is_asked_for() {
    let env = web();
    let plan = ["plan", "-f", "web.yaml", "-q"];
    let plain = env.run(&plan).succeeds();
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let without = env.command(&plan).without_variable("NO_COLOR").run();
    assert_eq!(without.succeeds(), plain);
    let never = env.run(&[&plan[..], &["--color", "never"]].concat());
    assert_eq!(never.succeeds(), plain);
    // A flag counts more than a variable.
    let always = env.run(&[&plan[..], &["--color", "always"]].concat()).succeeds();
    assert!(always.contains("\u{1b}[32mupdate"), "{always:?}");
    let mut stripped = String::new();
    let mut inside = false;
    for character in always.chars() {
        match character {
            '\u{1b}' => inside = true,
            'm' if inside => inside = false,
            other if !inside => stripped.push(other),
            _ => {}
        }
    }
    assert_eq!(stripped, plain);
}

#[test]
fn no_secret_is_told_at_any_level() {
    let env = web();
    env.write(
        "kubeconfig",
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: k, cluster: {{server: 'http://127.0.0.1:1'}}}}]\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\nusers: [{{name: u, user: {{token: {CANARY}}}}}]\n"
        ),
    );
    env.write(
        "docker/config.json",
        format!("{{\"auths\": {{\"127.0.0.1:1\": {{\"auth\": \"{CANARY}\", \"password\": \"{CANARY}\"}}}}}}"),
    );
    env.write("local.yaml", deployment("local", "127.0.0.1:1/web:1.0.0"));
    let docker = env.work().join("docker").display().to_string();
    for (code, arguments) in [
        (0, &["plan", "-f", "web.yaml"][..]),
        (9, &["plan", "-f", "local.yaml"]),
        (9, &["explain", "127.0.0.1:1/web:1.0.0"]),
        (9, &["plan", "--kubeconfig", "kubeconfig", "--request-timeout", "2s"]),
        (9, &["plan", "--kubeconfig", "kubeconfig", "--token", CANARY, "--request-timeout", "2s"]),
        (0, &["config", "show"]),
    ] {
        for level in ["-v=0", "-v=4", "-v=9"] {
            for format in ["text", "json"] {
                let arguments = [arguments, &[level, "--log-format", format]].concat();
                let run = env
                    .command(&arguments)
                    .variable("REGISTRY_USERNAME", "me")
                    .variable("REGISTRY_PASSWORD", CANARY)
                    .variable("REGISTRY_HOST", "127.0.0.1:1")
                    .variable("DOCKER_CONFIG", &docker)
                    .variable("DOCKER_AUTH_CONFIG", CANARY)
                    .run();
                let (stdout, stderr) = run.streams(code);
                for text in [stdout, stderr] {
                    assert!(!text.contains(CANARY), "{arguments:?}: {text}");
                }
            }
        }
    }
    for file in files(&env) {
        let bytes = std::fs::read(&file).expect("a file");
        let found = bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
        assert!(!found, "{} holds a secret", file.display());
    }
}

/// What the program itself wrote.
fn files(env: &TestEnv) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![env.home().join("cache"), env.home().join("config")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn logs_are_lines_of_json() {
    let env = web();
    let run = env.run(&["plan", "-f", "web.yaml", "-q", "-v", "--log-format", "json"]);
    let (_, stderr) = run.streams(0);
    let decision = stderr
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
        .find(|line| line["event"] == "decision")
        .expect("a decision");
    for (key, value) in [
        ("asset_id", "shop/deploy/web:main"),
        ("asset_type", "Deployment"),
        ("current_version", "1.25.3"),
        ("new_version", "1.25.5"),
        ("change_type", "patch"),
        ("decision", "update"),
        ("level", "INFO"),
    ] {
        assert_eq!(decision[key], value, "{decision}");
    }
    assert!(decision["timestamp"].is_string(), "{decision}");
}
