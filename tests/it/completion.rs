//! Completion scripts: made without error, and they know every verb.

use clap::CommandFactory as _;
use safe_update::cli::args::Cli;

use crate::env::TestEnv;

#[test]
fn every_shell_knows_every_verb() {
    let env = TestEnv::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = env.run(&["completion", shell]).succeeds();
        for verb in Cli::command().get_subcommands() {
            let name = verb.get_name();
            assert!(script.contains(name), "{shell} does not know {name}");
        }
        for word in ["detailed-exitcode", "kubectl-safe_update"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
}

#[cfg(unix)]
#[test]
fn bash_can_read_its_script() {
    let env = TestEnv::new();
    let script = env.run(&["completion", "bash"]).succeeds();
    let output = assert_cmd::Command::new("bash")
        .args(["--norc", "-n"])
        .write_stdin(script)
        .output()
        .expect("bash");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn an_unknown_shell_is_told_the_known_ones() {
    let env = TestEnv::new();
    env.run(&["completion", "tcsh"]).fails(1, &["'tcsh'", "bash, elvish, fish, powershell, zsh"]);
}
