//! Completion: scripts that know every verb, the protocol of kubectl and helm as far as it needs no
//! cluster, and the link that kubectl looks for.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use safe_update::cli::args::Cli;

use crate::env::TestEnv;

/// The scripts in `completions/`, by the name under which the shell looks for them.
const SCRIPTS: [(&str, &str); 4] = [
    ("bash", "kubectl-safe_update.bash"),
    ("zsh", "_kubectl-safe_update"),
    ("fish", "kubectl-safe_update.fish"),
    ("powershell", "_kubectl-safe_update.ps1"),
];

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

#[test]
fn the_scripts_are_those_of_the_program() {
    let env = TestEnv::new();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in SCRIPTS {
        let script = env.run(&["completion", shell]).succeeds();
        let file = directory.join(file);
        if std::env::var_os("UPDATE_COMPLETIONS").is_some() {
            fs::create_dir_all(&directory).expect("a directory");
            fs::write(&file, script).expect("a file");
            continue;
        }
        let kept = fs::read_to_string(&file).expect("a script");
        assert!(kept == script, "{}: `just completions` writes it anew", file.display());
    }
    let files = fs::read_dir(&directory).expect("the directory").count();
    assert_eq!(files, SCRIPTS.len(), "a file of no shell");
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
    env.run(&["completion", "tcsh"]).fails(1, &["'tcsh'"]);
    env.run(&["completion"]).fails(1, &["<SHELL>"]);
    // Behind helm there is no program of which a script could complete the words.
    let helm = env.command(&["completion", "bash"]).variable("HELM_PLUGIN_NAME", "safe-upgrade");
    helm.run().fails(1, &["helm completion SHELL"]);
}

#[test]
fn the_protocol_is_lines_and_a_directive() {
    let env = TestEnv::new();
    let json = env.run(&["__complete", "plan", "-o", "j"]).succeeds();
    assert_eq!(json, "json\tJSON with a schema (`config schema --for plan`)\n:4\n");
    assert_eq!(env.run(&["__completeNoDesc", "plan", "-o", "j"]).succeeds(), "json\n:4\n");
    assert_eq!(env.run(&["__complete", "plan", "-f", ""]).succeeds(), ":0\n");
    assert_eq!(env.run(&["__complete", "nonsense", ""]).succeeds(), ":4\n");
    let verbs = env.run(&["__complete"]).succeeds();
    for verb in Cli::command().get_subcommands() {
        assert!(verbs.contains(&format!("{}\t", verb.get_name())), "{verbs}");
    }
    let helm = env.command(&["__complete", "--timeo"]).variable("HELM_PLUGIN_NAME", "safe-upgrade");
    assert_eq!(
        helm.run().succeeds(),
        "--timeout\thelm's own timeout for each hook and each wait (5m0s)\n:4\n"
    );
}

#[test]
fn trouble_is_no_candidates() {
    let env = TestEnv::new();
    env.write("broken", "clusters: [");
    env.write("safe-update.yaml", "version: 1\n");
    let closed = ["--server=https://127.0.0.1:1"];
    for line in [
        &["plan", "-n", ""][..],
        &["plan", "--kubeconfig=broken", "-n", ""],
        &["plan", "--kubeconfig=broken", "--context", ""],
        &["plan", "--kubeconfig=nowhere", "deploy/"],
        &["plan", closed[0], ""],
        &["plan", closed[0], "deploy/web:"],
        &["apply", "--request-timeout=nonsense", "deploy/"],
        &["explain", closed[0], "nginx:1.2"],
    ] {
        let line = [&["__complete"], line].concat();
        assert_eq!(env.run(&line).succeeds(), ":4\n", "{line:?}");
    }
    assert_eq!(env.run(&["__complete", "apply", closed[0], "x"]).succeeds(), ":0\n");
    assert_eq!(env.run(&["__complete", "upgrade", closed[0], ""]).succeeds(), ":4\n");
    // A policy that cannot be read stands in the way as well, and says nothing here either.
    env.write("safe-update.yaml", "nonsense: {");
    assert_eq!(env.run(&["__complete", "rollback", "--to", ""]).succeeds(), ":4\n");
}

#[test]
fn contexts_are_those_of_the_file_that_was_typed() {
    let env = TestEnv::new();
    let text = "contexts:\n- {name: dev, context: {cluster: one}}\n- {name: 'arn:aws:eks:x:1:cluster/prod', context: {cluster: two}}\n- {name: $(reboot)}\nclusters: [{name: one}, {name: two}]\nusers: [{name: ada}]\n";
    env.write("config.yaml", text);
    let ask = |line: &[&str]| {
        let line = [&["__complete", "plan", "--kubeconfig", "config.yaml"], line].concat();
        env.run(&line).succeeds()
    };
    assert_eq!(ask(&["--context", ""]), "dev\tone\narn:aws:eks:x:1:cluster/prod\ttwo\n:4\n");
    assert_eq!(ask(&["--context=d"]), "dev\tone\n:4\n");
    assert_eq!(ask(&["--cluster", "t"]), "two\n:4\n");
    assert_eq!(ask(&["--user", ""]), "ada\n:4\n");
}

#[cfg(target_os = "linux")]
#[test]
fn records_are_offered_newest_first_and_those_of_the_target() {
    let env = TestEnv::new();
    let (first, _) = crate::records::leave_another(&env, 1);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let (second, _) = crate::records::leave_another(&env, 2);
    let ask = |line: &[&str]| env.run(&[&["__completeNoDesc"], line].concat()).succeeds();
    let both = format!("{second}\n{first}\n:36\n");
    assert_eq!(ask(&["history", "show", ""]), both);
    assert_eq!(ask(&["rollback", "deploy/web", "--to", ""]), both);
    assert_eq!(ask(&["rollback", "-n", "shop", "deploy/web", "--to="]), both);
    assert_eq!(ask(&["rollback", "shop/deploy/web", "--to", &second]), format!("{second}\n:36\n"));
    for other in [&["deploy/other"][..], &["other/deploy/web"], &["-n", "other", "deploy/web"]] {
        assert_eq!(ask(&[&["rollback"], other, &["--to", ""]].concat()), ":36\n");
    }
    let told = env.run(&["__complete", "history", "show", &first]).succeeds();
    assert!(told.contains("\tshop/deploy/web, main: 1.25.3 -> 1.25.4, succeeded\n"), "{told}");
}

#[cfg(unix)]
#[test]
fn the_link_is_made_found_and_removed() {
    use crate::env::PROGRAM;
    let env = TestEnv::new();
    let bin = env.home().join("bin");
    fs::create_dir(&bin).expect("a directory");
    std::os::unix::fs::symlink(PROGRAM, bin.join("kubectl-safe_update")).expect("a link");
    let run = |line: &[&str]| {
        let line = [&["completion"], line].concat();
        env.command(&line).variable("PATH", &bin.display().to_string()).run().streams(0)
    };
    let (out, note) = run(&["install"]);
    assert_eq!(out, "linked $HOME/bin/kubectl_complete-safe_update -> kubectl-safe_update\n");
    assert_eq!(note, "kubectl's own completion has to be set up: `kubectl completion --help`\n");
    let link = bin.join("kubectl_complete-safe_update");
    let output = std::process::Command::new(&link).arg("pla").output().expect("the program");
    assert!(output.stdout.starts_with(b"plan\t") && output.stderr.is_empty(), "{output:?}");
    assert!(run(&["install"]).0.starts_with("is there already: "));
    assert_eq!(run(&["uninstall"]).0, "removed $HOME/bin/kubectl_complete-safe_update\n");
    assert!(link.symlink_metadata().is_err() && bin.join("kubectl-safe_update").exists());
    assert_eq!(run(&["uninstall"]), (String::new(), "Nothing to remove.\n".to_owned()));

    let (out, note) = run(&["install", "--dir", "."]);
    let expected = "linked $WORK/kubectl_complete-safe_update -> $HOME/bin/kubectl-safe_update\n";
    assert_eq!(out, expected);
    assert!(note.starts_with("warning: $WORK is not in PATH, where kubectl looks for"), "{note}");
    assert_eq!(run(&["uninstall", "--dir", "."]).0, "removed ./kubectl_complete-safe_update\n");
    fs::write(&link, "#!/bin/sh\n").expect("a file");
    let (out, note) = run(&["uninstall"]);
    assert!(out.is_empty() && note.contains("is none that install made, and stays"), "{note}");
    let taken = env.command(&["completion", "install"]);
    taken
        .variable("PATH", &bin.display().to_string())
        .run()
        .fails(1, &["is there already, and none that install made", "--dir"]);
    env.command(&["completion", "install"])
        .variable("HELM_PLUGIN_NAME", "safe-upgrade")
        .run()
        .fails(1, &["helm asks its plugin itself"]);
}

#[cfg(target_os = "linux")]
#[test]
fn programs_for_credentials_are_neither_heard_nor_left_behind() {
    let env = TestEnv::new();
    let text = "current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]\nusers:\n- name: a\n  user:\n    exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, args: [-c, 'echo noise >&2; echo $$ >child; exec sleep 60'], interactiveMode: IfAvailable}\n";
    env.write("config.yaml", text);
    let start = std::time::Instant::now();
    let told = env.run(&["__complete", "plan", "--kubeconfig=config.yaml", "-n", ""]).succeeds();
    assert_eq!(told, ":4\n");
    assert!(start.elapsed() < std::time::Duration::from_secs(3), "{:?}", start.elapsed());
    let child = fs::read_to_string(env.work().join("child")).expect("the program was started");
    let status = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    // Killed and perhaps not yet waited for by whoever inherited it.
    assert!(status.is_empty() || status.contains(") Z "), "{status}");
}
