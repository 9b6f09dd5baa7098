//! Runs of programs: the built binary in an environment that holds nothing of the caller's, and what a run left behind.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::bed::under::Wrapper;
use crate::bed::{Running, turn};

/// The program that is tested.
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-safe_update");

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
    /// The number of the signal that ended it, as 9 for SIGKILL.
    pub(crate) signal: Option<i32>,
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

    /// Whether SIGKILL ended it.
    pub(crate) fn was_killed(&self) -> bool {
        self.signal == Some(9)
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
        let Self { command, code, signal, stdout, stderr } = self;
        write!(
            f,
            "{command}\nexit code: {code:?}, signal: {signal:?}\nstdout:\n{stdout}\nstderr:\n{stderr}"
        )
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
        signal: output.status.signal(),
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
    home: Arc<TempDir>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    input: String,
    wrappers: Vec<Wrapper>,
}

impl SafeUpdate {
    pub(super) fn new(kubeconfig: &Path) -> Self {
        let home = TempDir::with_prefix("safe-update-home.")
            .unwrap_or_else(|e| panic!("a home directory for the program: {e}"));
        let mut path = home.path().join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        Self {
            home: Arc::new(home),
            environment: Vec::new(),
            directory: None,
            input: String::new(),
            wrappers: Vec::new(),
        }
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

    /// The same program, with its home, under nothing.
    pub(crate) fn plain(mut self) -> Self {
        self.wrappers.clear();
        self
    }

    /// Runs the program under something, such as [`Wrapper::kill_at`]; the last one given is the outermost.
    pub(crate) fn under(mut self, wrapper: Wrapper) -> Self {
        self.wrappers.push(wrapper);
        self
    }

    /// The directory in which the program keeps its state.
    pub(crate) fn state_home(&self) -> PathBuf {
        self.home().join(".config/safe-update")
    }

    /// Runs the program.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        if !self.wrappers.is_empty() {
            // What hangs under something is not ended by ending that.
            return self.spawn(args).wait(DEADLINE);
        }
        self.run_to_end(Path::new(PROGRAM), args)
    }

    /// Starts the program and does not wait for it; it is killed when the value is dropped.
    pub(crate) fn spawn(&self, args: &[&str]) -> Running {
        Running::start(self.command(Path::new(PROGRAM), args), &self.input, Arc::clone(&self.home))
    }

    /// Starts the program on a terminal of its own, 120 columns wide; what it prints, on either stream, and the echo of
    /// what is typed are all on standard output, with the terminal's line ends (`\r\n`).
    pub(crate) fn terminal(&self, args: &[&str]) -> Running {
        let inner = self.command(Path::new(PROGRAM), args);
        Running::start_on_terminal(&inner, Arc::clone(&self.home))
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
        self.run_to_end(kubectl, args)
    }

    fn run_to_end(&self, program: &Path, args: &[&str]) -> Run {
        let command = self.command(program, args);
        let _turn = turn::shared();
        run(assert_cmd::Command::from_std(command), &self.input, DEADLINE)
    }

    /// Runs something else where the program would run, to look at that place itself.
    pub(crate) fn run_wrapped(&self, wrapper: &Wrapper, line: Vec<OsString>) -> Run {
        let command = self.command_line(wrapper.wrap(&self.state_home(), line));
        run(assert_cmd::Command::from_std(command), &self.input, DEADLINE)
    }

    fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut line = vec![program.as_os_str().to_owned()];
        line.extend(args.iter().map(OsString::from));
        self.command_line(line)
    }

    fn command_line(&self, mut line: Vec<OsString>) -> Command {
        for wrapper in &self.wrappers {
            line = wrapper.wrap(&self.state_home(), line);
        }
        let home = self.home.path();
        let mut command = Command::new(&line[0]);
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
            .args(&line[1..]);
        command
    }
}
