//! The help of every verb, so that a change of it is seen.

use crate::env::TestEnv;

/// Every verb, as it is typed; the program itself first.
const VERBS: [&[&str]; 26] = [
    &[],
    &["plan"],
    &["explain"],
    &["apply"],
    &["upgrade"],
    &["rollback"],
    &["resume"],
    &["status"],
    &["history"],
    &["history", "show"],
    &["approve"],
    &["forget"],
    &["audit"],
    &["audit", "rebuild"],
    &["audit", "verify"],
    &["list"],
    &["check"],
    &["config"],
    &["config", "init"],
    &["config", "show"],
    &["config", "check"],
    &["config", "schema"],
    &["completion"],
    &["completion", "install"],
    &["completion", "uninstall"],
    &["version"],
];

#[test]
fn the_plugin_of_helm_speaks_of_helm() {
    let env = TestEnv::new();
    for flag in ["-h", "--help"] {
        let help = env.command(&[flag]).variable("HELM_PLUGIN_NAME", "safe-upgrade");
        let text = help.run().succeeds();
        assert!(text.contains("Usage: helm safe-upgrade [RELEASE [CHART]] [FLAGS]"), "{text}");
        assert!(
            text.contains("helm safe-upgrade shop ") && !text.contains("kubectl safe"),
            "{text}"
        );
    }
}

#[test]
fn help_of_every_verb() {
    let env = TestEnv::new();
    let mut all = String::new();
    for verb in VERBS {
        let arguments = [verb, &["--help"]].concat();
        let text = env.run(&arguments).succeeds();
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{verb:?}: {line}");
        }
        let title = arguments.join(" ");
        all = format!("{all}$ kubectl safe-update {title}\n{text}\n");
    }
    insta::assert_snapshot!("help", all);
}

#[test]
fn no_verb_is_forgotten() {
    use clap::CommandFactory as _;
    fn count(command: &clap::Command) -> usize {
        1 + command.get_subcommands().map(count).sum::<usize>()
    }
    assert_eq!(
        count(&safe_update::cli::args::Cli::command()),
        VERBS.len(),
        "add the new verb to VERBS"
    );
}

#[test]
fn help_is_the_same_short_and_without_a_home() {
    let env = TestEnv::new();
    let short = env.run(&["plan", "-h"]).succeeds();
    assert!(short.contains("Usage: kubectl safe-update plan"), "{short}");
    let homeless = env.command(&["plan", "-h"]).without_variable("HOME").run();
    assert_eq!(homeless.succeeds(), short);
}

#[test]
fn the_version_is_the_packages() {
    let env = TestEnv::new();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(env.run(&["--version"]).succeeds(), format!("safe-update {version}\n"));
    let json = env.run(&["version", "-o", "json"]).succeeds();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["version"], version);
    assert_eq!(json["os"], std::env::consts::OS);
    let text = env.run(&["version"]).succeeds();
    assert!(text.starts_with(&format!("safe-update {version} (")), "{text}");
}
