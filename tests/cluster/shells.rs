//! Completion in the real shells, by our scripts and by those of kubectl and helm: somebody types a word's beginning and a tab.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::bed::{bed, deployment, shown, sure, tool, within};
use crate::plugin::{Helm, MAJORS};

const COMPLETIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/completions");
const PATIENCE: Duration = Duration::from_secs(30);

/// A shell on a terminal of its own, with an empty home.
struct Shell {
    child: Child,
    said: Arc<Mutex<String>>,
    _home: TempDir,
}

impl Shell {
    #[track_caller]
    fn start(command: &str) -> Self {
        let home = sure(TempDir::with_prefix("safe-update-shell."));
        let mut child = sure(
            Command::new("script")
                .args(["-qefc", &format!("stty cols 200 rows 50 && exec {command}"), "/dev/null"])
                .env_clear()
                .env("HOME", home.path())
                .env("XDG_CONFIG_HOME", home.path())
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("LANG", "C.UTF-8")
                .env("TERM", "dumb")
                .current_dir(home.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn(),
        );
        let said = Arc::new(Mutex::new(String::new()));
        let mut stdout = child.stdout.take().unwrap_or_else(|| panic!("{command}: no output"));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(read @ 1..) = stdout.read(&mut part) {
                let text = String::from_utf8_lossy(&part[..read]).into_owned();
                heard.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
            }
        });
        Self { child, said, _home: home }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[track_caller]
    fn types(&mut self, text: &str) {
        let keyboard = self.child.stdin.as_mut().unwrap_or_else(|| panic!("no keyboard"));
        sure(keyboard.write_all(text.as_bytes()).and_then(|()| keyboard.flush()));
    }

    #[track_caller]
    fn waits_for(&self, words: &str) {
        let said = || self.said().contains(words).then_some(());
        assert!(within(PATIENCE, said).is_some(), "not said: {words:?}: {}", self.said());
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It ends with its terminal.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a shell that is set up, what is typed with tabs is run as the whole words.
#[track_caller]
fn check(command: &str, setup: &str) {
    let mut shell = Shell::start(command);
    // The function stands for the program, and tells what it is called with. The words that are waited
    // for are not those that are typed.
    shell.types(&format!(
        "{setup}\nkubectl-safe_update() {{ echo asked: \"$@\"; }}; echo REA''DY\n"
    ));
    shell.waits_for("READY");
    for (typed, whole) in [
        ("expl\tnginx:1", "asked: explain nginx:1"),
        ("plan --only k\t", "asked: plan --only kubernetes"),
        ("plan --no-head\t", "asked: plan --no-headers"),
        ("stat\t-A", "asked: status"),
    ] {
        shell.types(&format!("kubectl-safe_update {typed}\n"));
        shell.waits_for(whole);
    }
}

#[test]
fn bash_completes() {
    let script = shown(&Path::new(COMPLETIONS).join("kubectl-safe_update.bash"));
    check("bash --norc --noprofile -i", &format!("source {script}"));
}

/// A line that sets zsh up. Taken out of its package it does not find what belongs to it by itself.
fn zsh_setup() -> String {
    format!(
        "if [ -n \"$ZSH_TREE\" ]; then module_path=($ZSH_TREE/usr/lib/*/zsh/*(/)); fpath=($ZSH_TREE/usr/share/zsh/functions/**/*(/)); fi; \
         fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -u -D"
    )
}

#[test]
fn zsh_completes() {
    check(&format!("{} -f -i", shown(&tool("zsh"))), &zsh_setup());
}

/// What kubectl's and helm's scripts for bash call of the package bash-completion.
const WORDS_OF_BASH: &str = "_get_comp_words_by_ref() { words=(\"${COMP_WORDS[@]}\"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword-1]}; }; \
     __ltrim_colon_completions() { :; }";

/// In each shell with the completion of the program that has the plugin, what is typed with tabs is run as the whole
/// words. The program is run for what it completes, and tells everything else.
#[track_caller]
fn check_behind(name: &str, program: &str, cases: &[(&str, &str)]) {
    let zsh = format!("{} -f -i", shown(&tool("zsh")));
    let setup = format!(
        "{}; {name}() {{ if [[ $1 == *omplet* ]]; then {program} \"$@\"; else echo asked: \"$@\"; fi }}; \
         source <({name} completion zsh)",
        zsh_setup()
    );
    let bash = "bash --norc --noprofile -i".to_owned();
    let setup_of_bash = format!(
        "{WORDS_OF_BASH}; {name}() {{ if [[ $1 == *omplet* ]]; then {program} \"$@\"; else echo asked: \"$@\"; fi }}; \
         source <({name} completion bash)"
    );
    let fish = format!("{} --no-config", shown(&tool("fish")));
    let function = format!(
        "function {name}; if string match -q '*omplet*' -- $argv[1]; {program} $argv; else; echo asked: $argv; end; end; \
         {name} completion fish | source"
    );
    for (shell, setup) in [(bash, setup_of_bash), (zsh, setup), (fish, function)] {
        let mut shell = Shell::start(&shell);
        shell.types(&format!("{setup}; echo REA''DY\n"));
        shell.waits_for("READY");
        for (typed, whole) in cases {
            shell.types(&format!("{name} {typed}END\n"));
            shell.waits_for(whole);
        }
    }
}

#[test]
fn kubectl_completes_its_plugin_in_shells() {
    let namespace = bed().namespace();
    let name = namespace.name();
    namespace.create_from(&deployment("web", "registry.invalid/web:1.0.0"));
    let program = bed().program();
    bed().plugin(&program, &["safe-update", "completion", "install"]).exits(0);
    let kubectl = format!(
        "env PATH={}:$PATH KUBECONFIG={} {}",
        shown(&program.home().join("bin")),
        shown(bed().kubeconfig()),
        shown(&tool("kubectl"))
    );
    check_behind(
        "kubectl",
        &kubectl,
        &[
            ("safe-update expl\t", "asked: safe-update explain END"),
            (
                &format!("safe-update plan -n {name} deploy/we\t"),
                &format!("asked: safe-update plan -n {name} deploy/web END"),
            ),
        ],
    );
}

#[test]
fn helm_completes_its_plugin_in_shells() {
    for major in MAJORS {
        let namespace = bed().namespace();
        let name = namespace.name();
        let helm = Helm::with_plugin(major);
        helm.release(&namespace, "storefront");
        let program = format!(
            "env HOME={} KUBECONFIG={} {}",
            shown(helm.home()),
            shown(bed().kubeconfig()),
            shown(&tool(major))
        );
        check_behind(
            "helm",
            &program,
            &[
                ("safe-upgrade expl\t", "asked: safe-upgrade explain END"),
                (
                    &format!("-n {name} safe-upgrade sto\t"),
                    &format!("asked: -n {name} safe-upgrade storefront END"),
                ),
            ],
        );
    }
}

#[test]
fn fish_completes() {
    let fish = shown(&tool("fish"));
    let script = shown(&Path::new(COMPLETIONS).join("kubectl-safe_update.fish"));
    let mut shell = Shell::start(&format!("{fish} --no-config"));
    let function = "function kubectl-safe_update; echo asked: $argv; end";
    shell.types(&format!("source {script}; {function}; echo REA''DY\n"));
    shell.waits_for("READY");
    for (typed, whole) in [
        ("expl\tnginx:1", "asked: explain nginx:1"),
        ("plan --only k\t", "asked: plan --only kubernetes"),
        ("plan --no-head\t", "asked: plan --no-headers"),
    ] {
        shell.types(&format!("kubectl-safe_update {typed}\n"));
        shell.waits_for(whole);
    }
}
