//! Wrong and hostile input: what is said, with which code, and that nothing panics.

use std::fmt::Write as _;

use crate::env::TestEnv;
use crate::layouts::{deployment, web};

/// One tag, with a million behind it that are not newer.
const MANY: u32 = 1_000_000;

#[test]
fn what_is_typed_wrong_ends_with_1_and_says_what_would_be_right() {
    let env = web();
    for (arguments, parts) in [
        (&["bogus"][..], &["'bogus'", "Usage"][..]),
        (&["plan", "--bogus"], &["'--bogus'", "Usage"]),
        (&["plan", "--offline", "--refresh"], &["'--offline'", "'--refresh'"]),
        (&["plan", "--level", "tiny"], &["use patch, minor or major"]),
        (&["plan", "--constraint", ">=1 <two"], &["`two`", "byte 5", ">=1.25 <2"]),
        (&["plan", "--only", "docker"], &["'docker'", "kubernetes, helm"]),
        (&["plan", "-o", "xml"], &["'xml'", "table, wide, json, yaml, name"]),
        (&["plan", "--color", "green"], &["'green'", "auto, always, never"]),
        (&["plan", "-v=many"], &["'many'"]),
        (&["plan", "--request-timeout", "soon"], &["--request-timeout", "soon"]),
        (&["plan", "deploy/web", "-l", "app=web"], &["cannot be combined"]),
        (&["plan", "-A", "deploy/web"], &["deploy/web", "NAMESPACE/deploy/web"]),
        (&["plan", "web"], &["\"web\" is no target", "deploy/web"]),
        (&["plan", "svc/web"], &["svc", "deploy, sts, ds"]),
        (&["plan", "-f", "web.yaml", "deploy/"], &["no name of an object"]),
        (&["plan", "-f", "web.yaml", "deploy/none"], &["deploy/none not found", "`list`"]),
        (&["plan", "-f", "web.yaml", "deploy/web:none"], &["no container", "\"none\""]),
        (
            &["plan", "-f", "web.yaml", "deploy/web", "-c", "none"],
            &["no target has a container", "\"none\""],
        ),
        (&["plan", "-f", "web.yaml", "-l", "a in ("], &["\"a in (\"", "app=web"]),
        (&["plan", "-f", "web.yaml", "--field-selector", "a=b,c=d"], &["needs a cluster"]),
        (&["plan", "-f", "none.yaml"], &["none.yaml: no such file"]),
        (&["list", "-f", "web.yaml", "-f", "none"], &["none: no such file"]),
        (
            &["plan", "-f", "web.yaml", "--config", "none.yaml"],
            &["none.yaml: no such file", "--config"],
        ),
        (&["config", "check", "none.yaml"], &["none.yaml: no such file"]),
        (&["config", "init"], &["safe-update.yaml is there already", "--force"]),
        (
            &["config", "schema", "--for", "nothing"],
            &["policy, plan, explain, list, apply, history, record, status"],
        ),
        (&["explain"], &["<TARGET|IMAGE>"]),
        (&["explain", "nginx:1.25.3", "-f", "web.yaml"], &["-f", "is an image"]),
        (&["explain", "nginx:1.25.3", "-c", "main"], &["-c", "is an image"]),
    ] {
        let finished = env.run(arguments);
        finished.fails(1, parts);
    }
}

#[test]
fn no_verb_at_all_shows_the_help() {
    let (stdout, stderr) = TestEnv::new().run(&[]).streams(1);
    assert_eq!(stdout, "");
    assert!(stderr.contains("Usage: kubectl safe-update"), "{stderr}");
}

#[test]
fn a_reference_that_is_none() {
    let env = web();
    for subject in [
        "",
        " ",
        ":",
        "@",
        ":tag",
        "nginx:",
        "UPPER:1",
        "nginx:1:2",
        "nginx@sha256:12",
        "a b:1",
        "nginx:\u{1b}[31m",
        "http://nginx:1",
        "../nginx:1",
        "nginx:-1",
        "registry.example.com/:1",
    ] {
        env.write("tags", "1.0.0\n");
        env.run(&["explain", "--image", "--tags-from", "tags", "--", subject])
            .fails(1, &["is no image reference", "nginx:1.25.3"]);
    }
}

#[test]
fn tag_files_that_cannot_be_read() {
    let env = web();
    env.write("broken.json", "[\"1.0.0\", ");
    env.write("numbers.json", "[1, 2]");
    env.write("nested.json", "[".repeat(100_000));
    for (file, part) in [
        ("none.txt", "No such file"),
        (".", "cannot read tags from ."),
        ("broken.json", "no JSON list of strings"),
        ("numbers.json", "no JSON list of strings"),
        ("nested.json", "no JSON list of strings"),
    ] {
        env.run(&["explain", "nginx:1.25.3", "--tags-from", file]).fails(1, &[part, "hint: "]);
    }
}

#[test]
fn tags_come_as_lines_as_json_and_from_standard_input() {
    let env = web();
    let wanted = "\
Image      nginx:1.25.3
Latest     1.25.4
           1.25.4 (patch)

2 published tags
TAG     VERDICT    WHY
1.25.4  candidate  the patch candidate
1.25.3  current    this tag runs
";
    for text in [
        "1.25.3\n1.25.4\n",
        "1.25.4\n1.25.3",
        "1.25.3\r\n\r\n1.25.4\r\n",
        "\u{feff}1.25.3\n1.25.4\n",
        "[\"1.25.3\", \"1.25.4\"]",
        "\n  [\n\"1.25.4\",\n\"1.25.3\"]\n",
    ] {
        env.write("tags", text);
        let explain = ["explain", "nginx:1.25.3", "--tags-from"];
        let of_file = env.run(&[&explain[..], &["tags"]].concat()).succeeds();
        assert_eq!(of_file, wanted, "{text:?}");
        let piped = env.command(&[&explain[..], &["-"]].concat()).input(text);
        assert_eq!(piped.run().succeeds(), wanted, "{text:?}");
    }
}

#[test]
fn garbage_among_tags_is_told_and_steers_no_terminal() {
    let env = web();
    let mut tags = b"1.25.3\n1.25.4\n\xff\xfe\x00\n\x1b[2J\x1b]0;x\x07\n".to_vec();
    tags.extend("\u{9b}31m\n\u{202e}4.52.1\n".bytes());
    tags.extend((0..=255_u8).filter(|byte| *byte != b'\n'));
    env.write("tags", &tags);
    for format in ["table", "json", "yaml"] {
        let text = env
            .run(&["explain", "nginx:1.25.3", "--tags-from", "tags", "--all-tags", "-o", format])
            .succeeds();
        assert!(text.contains("grammar"), "{text}");
        assert!(text.contains("1.25.4"), "{text}");
        assert_nothing_steers(&text);
    }
}

/// No control character but the line end, and none that turns the direction of text.
#[track_caller]
pub(crate) fn assert_nothing_steers(text: &str) {
    let steering = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let found = text.chars().find(|c| steering(*c));
    assert_eq!(found, None, "{text:?}");
}

#[test]
fn a_million_tags_are_read() {
    let env = web();
    let mut tags = String::from("1.25.3\n1.25.4\n");
    for number in 0..MANY {
        let _ = writeln!(tags, "0.{number}.0");
    }
    env.write("tags", tags);
    let text = env.run(&["explain", "nginx:1.25.3", "--tags-from", "tags"]).succeeds();
    assert!(text.contains("Latest     1.25.4\n"), "{text}");
    assert!(text.contains("1000002 published tags\n"), "{text}");
    assert!(text.contains("--all-tags shows them\n"), "{text}");
    assert!(text.len() < 10_000, "{} bytes", text.len());
}

/// What `config check` says about a text.
#[track_caller]
fn check_policy(text: impl AsRef<[u8]>, wanted: &[&str]) {
    let env = TestEnv::new();
    env.write("policy.yaml", text);
    env.run(&["config", "check", "policy.yaml"]).fails(1, wanted);
}

#[test]
fn policies_that_cannot_be_taken_are_told_with_their_place() {
    check_policy(
        "version: 1\nminAge: 3d\n",
        &["policy.yaml:2:1: unknown key \"minAge\"", "2 | minAge: 3d", "minimumAge"],
    );
    check_policy(
        "version: 1\npin: keep\npin: always\n",
        &["policy.yaml:3:1: the key \"pin\" stands here twice"],
    );
    check_policy(
        "version: 1\nrules:\n  - match: {image: \"*/postgres\"}\n    constraint: \">=16 <seventeen\"\n",
        &["policy.yaml:4:17: `seventeen` is not a version at byte 6"],
    );
    check_policy(
        "version: 1\nrules:\n  - match: {name: \"db-[\"}\n    skip: true\n",
        &["policy.yaml:3:19: \"db-[\" is no pattern"],
    );
    check_policy(
        "version: 1\nwindows: [{days: [mon], from: \"9:00\", to: \"10:00\", timeZone: Europe/Prag}]\n",
        &["policy.yaml:2:", "\"Europe/Prag\" is no time zone"],
    );
    check_policy(
        "version: 1\nactions:\n  patch: auto\n minor: review\n",
        &["policy.yaml:4:2: ", "hint: check the indentation"],
    );
    check_policy(
        "version: 1\nactions: {patch: sometimes}\n",
        &["policy.yaml:2:18: \"sometimes\" is no action: use auto, review, manual or skip"],
    );
    check_policy("version: 2\n", &["policy.yaml:1:10: version 2", "newer program"]);
    check_policy(
        "pin: keep\n",
        &["\"version\" is missing", "hint: begin the file with `version: 1`"],
    );
    for nothing in ["", "# later\n\n"] {
        check_policy(nothing, &["policy.yaml:", "hint: begin the file with `version: 1`"]);
    }
    check_policy(b"version: 1\n\xff\xfe\n", &["policy.yaml:2: is not UTF-8 text"]);
    check_policy("version: 1\nfreeze: [{from: 2027-01-03, to: 2026-12-20}]\n", &["policy.yaml:2:"]);
    check_policy("[".repeat(50_000), &["policy.yaml:1:"]);
    check_policy(
        "a: &a [x, x]\nb: &b [*a, *a]\nversion: 1\n",
        &["policy.yaml:1:1: unknown key \"a\""],
    );
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    check_policy(
        "version: 1\nminimumAge: 3 fortnights\npin: perhaps\nactions: {minor: never}\n",
        &[
            "policy.yaml:2:13: \"3 fortnights\" is no length of time",
            "policy.yaml:3:6: \"perhaps\" is no pin",
            "policy.yaml:4:18: \"never\" is no action",
        ],
    );
}

#[test]
fn a_broken_policy_stops_every_verb_that_needs_it() {
    let env = web();
    env.write("safe-update.yaml", "version: 1\nminAge: 3d\n");
    for verb in ["plan", "list"] {
        env.run(&[verb, "-f", "web.yaml"])
            .fails(1, &["safe-update.yaml:2:1: unknown key \"minAge\""]);
    }
}

#[test]
fn manifests_that_are_no_yaml_are_told_with_their_place() {
    let env = web();
    for (text, place) in [
        ("metadata:\n  name: web\n   namespace: x\n", "bad.yaml:3:13: "),
        ("a: [\n", "bad.yaml:1:"),
        ("a: \"b\n", "bad.yaml:1:"),
        ("ok: 1\n---\na: b: c\n", "bad.yaml:3:"),
    ] {
        env.write("bad.yaml", text);
        env.run(&["plan", "-f", "bad.yaml"]).fails(1, &[place]);
    }
}

#[test]
fn nothing_to_look_at_is_said_and_is_no_failure() {
    let env = web();
    std::fs::create_dir(env.work().join("empty")).expect("a directory");
    env.write("service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n");
    env.write("null.yaml", "");
    for path in ["empty", "service.yaml", "null.yaml"] {
        for verb in ["plan", "list"] {
            let (stdout, stderr) = env.run(&[verb, "-f", path]).streams(0);
            assert_eq!(stdout, "");
            let said = format!("No workloads found in {path}.");
            assert!(stderr.lines().any(|line| line == said), "{stderr}");
        }
    }
    let (stdout, stderr) = env.run(&["plan", "-f", "web.yaml", "-l", "app=other"]).streams(0);
    assert_eq!(
        (stdout.as_str(), stderr.as_str()),
        ("", "No workloads that match found in web.yaml.\n")
    );
}

#[test]
fn images_that_are_none_are_rows_that_say_so() {
    let env = web();
    env.write("web.yaml", deployment("web", "\"${IMAGE}\""));
    let (stdout, _) = env.run(&["plan", "-f", "web.yaml"]).streams(0);
    assert!(stdout.contains("${IMAGE}"), "{stdout}");
    let (stdout, _) = env.run(&["plan", "-f", "web.yaml", "-o", "json"]).streams(0);
    let json: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let row = &json["proposals"][0];
    assert_eq!(row["current"]["tag"], serde_json::Value::Null);
    assert_ne!(row["reasons"], serde_json::json!([]), "{row}");
}

#[test]
fn half_a_login_is_refused() {
    let env = web();
    let run = env.command(&["plan", "-f", "web.yaml"]).variable("REGISTRY_USERNAME", "me");
    run.run().fails(1, &["REGISTRY_PASSWORD is not", "hint: "]);
}

#[test]
fn a_repository_that_is_not_there_is_a_row_and_not_the_end() {
    let env = web();
    let both =
        format!("{}---\n{}", deployment("web", "nginx:1.25.3"), deployment("other", "none:1.0.0"));
    env.write("both.yaml", both);
    let (stdout, stderr) = env.run(&["plan", "-f", "both.yaml"]).streams(0);
    assert!(stdout.contains("2 targets: 1 update, 1 unknown"), "{stdout}");
    assert!(stderr.contains("warning: "), "{stderr}");
    // Named, it is what was asked for, so it counts.
    let named = env.run(&["plan", "-f", "both.yaml", "deploy/other"]);
    let (stdout, _) = named.streams(9);
    assert!(stdout.contains("1 target: 1 unknown"), "{stdout}");
}
