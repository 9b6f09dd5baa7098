//! Runs of programs: the built binary in an environment that holds nothing of the caller's, and what a run left behind.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::bed::turn;

/// The program that is tested.
const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-safe_update");

/// What a run of the program may take before the test gives it up as hanging.
const DEADLINE: Duration = Duration::from_mins(1);

/// What a program left behind when it had ended.
#[derive(Debug)]
#[must_use = "a run proves nothing until its code or its output is looked at"]
pub(crate) struct Run {
    /// The command line, for messages.
    pub(crate) command: String,
    /// The exit code; none when a signal ended it, the deadline's included.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Run {
    /// The run itself, if it exited with this code; else a panic with all that it said.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert!(self.code == Some(code), "wanted exit code {code}: {self}");
        self
    }

    /// Standard output read as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("standard output is no JSON ({e}): {self}"))
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "{command}\nexit code: {code:?}\nstdout:\n{stdout}\nstderr:\n{stderr}")
    }
}

/// Runs a command to its end, killing it at the deadline.
pub(super) fn run(mut command: assert_cmd::Command, input: &str, deadline: Duration) -> Run {
    let line = format!("{command:?}");
    let output = command
        .write_stdin(input)
        .timeout(deadline)
        .output()
        .unwrap_or_else(|e| panic!("{line}: {e}"));
    Run {
        command: line,
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A run of the program that is being put together.
///
/// The environment is built from nothing: a home directory of its own, no proxies, no colour, UTC, and the kubeconfig.
/// Runs of one value share the home, so what the first leaves in state and cache the second finds.
#[derive(Debug)]
pub(crate) struct SafeUpdate {
    home: TempDir,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    input: String,
}

impl SafeUpdate {
    pub(super) fn new(kubeconfig: &Path) -> Self {
        let home = TempDir::with_prefix("safe-update-home.")
            .unwrap_or_else(|e| panic!("a home directory for the program: {e}"));
        let mut path = home.path().join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        Self { home, environment: Vec::new(), directory: None, input: String::new() }
            .env("PATH", path)
            .env("KUBECONFIG", kubeconfig)
            .env("NO_COLOR", "1")
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
    }

    /// The home directory: what lies here is the user's.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file below the home directory, such as `.docker/config.json`.
    pub(crate) fn home_file(self, path: &str, content: &str) -> Self {
        let file = self.home().join(path);
        file.parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&file, content))
            .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self
    }

    /// Sets one environment variable; a later value replaces an earlier one.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Uses another kubeconfig, such as that of a restricted user.
    pub(crate) fn kubeconfig(self, kubeconfig: &Path) -> Self {
        self.env("KUBECONFIG", kubeconfig)
    }

    /// The working directory, which is else the home.
    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// What the program reads on standard input, which is else empty.
    pub(crate) fn input(mut self, input: &str) -> Self {
        input.clone_into(&mut self.input);
        self
    }

    /// Runs the program.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.start(Path::new(PROGRAM), args)
    }

    /// Runs kubectl, which finds the program as its plugin in `PATH`.
    pub(super) fn run_kubectl(&self, kubectl: &Path, args: &[&str]) -> Run {
        let bin = self.home().join("bin");
        let link = bin.join("kubectl-safe_update");
        if !link.is_symlink() {
            std::fs::create_dir_all(&bin)
                .and_then(|()| std::os::unix::fs::symlink(PROGRAM, &link))
                .unwrap_or_else(|e| panic!("{}: {e}", link.display()));
        }
        self.start(kubectl, args)
    }

    fn start(&self, program: &Path, args: &[&str]) -> Run {
        let home = self.home.path();
        let mut command = assert_cmd::Command::new(program);
        command
            .env_clear()
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("XDG_STATE_HOME", home.join(".local/state"))
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("XDG_RUNTIME_DIR", home.join(".run"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory.as_deref().unwrap_or(home))
            .args(args);
        let _turn = turn::shared();
        run(command, &self.input, DEADLINE)
    }
}
