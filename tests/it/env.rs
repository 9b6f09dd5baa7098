//! Runs the binary in a world of its own: no inherited environment, its own home and working
//! directory, no terminal. Nothing it does may depend on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// How long one run may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_mins(2);

/// The binary under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-safe_update");

/// A home, and a working directory `work` in it.
#[must_use]
pub(crate) struct TestEnv {
    home: TempDir,
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        fs::create_dir(home.path().join("work")).expect("a directory");
        Self { home }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The working directory.
    pub(crate) fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// Writes a file below the working directory.
    pub(crate) fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().expect("below the working directory"))
            .expect("a directory");
        fs::write(path, contents).expect("a file");
    }

    /// A run with some arguments, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Invocation<'_> {
        let mut command = assert_cmd::Command::new(PROGRAM);
        command.args(arguments).current_dir(self.work()).timeout(PATIENCE);
        command.env_clear().envs(self.variables());
        Invocation { env: self, command }
    }

    /// Runs with some arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.command(arguments).run()
    }

    /// The environment of every run. On Windows a process does not start without `SystemRoot`.
    pub(crate) fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let below = |path: &str| self.home().join(path);
        let mut variables = vec![
            ("HOME", below("")),
            ("USERPROFILE", below("")),
            ("XDG_CONFIG_HOME", below("config")),
            ("XDG_CACHE_HOME", below("cache")),
            ("XDG_RUNTIME_DIR", below("run")),
            ("NO_COLOR", "1".into()),
        ];
        if let Some(root) = std::env::var_os("SystemRoot") {
            variables.push(("SystemRoot", root.into()));
        }
        variables
    }
}

/// A run that is being prepared.
#[must_use]
pub(crate) struct Invocation<'a> {
    env: &'a TestEnv,
    command: assert_cmd::Command,
}

impl Invocation<'_> {
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_variable(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.command.write_stdin(bytes);
        self
    }

    pub(crate) fn run(mut self) -> Finished {
        let output = self.command.output().expect("the program starts");
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("output is UTF-8");
            // macOS reaches its temporary directories through a link.
            let real = self.env.work().canonicalize().expect("a directory");
            text.replace(&real.display().to_string(), "$WORK")
                .replace(&self.env.work().display().to_string(), "$WORK")
                .replace(&self.env.home().display().to_string(), "$HOME")
        };
        Finished {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// A run that has ended. One of its checks has to be called: each looks at all three, the code and
/// both streams.
#[must_use]
#[derive(Debug)]
pub(crate) struct Finished {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Finished {
    /// It went well and had nothing to remark; gives standard output.
    #[track_caller]
    pub(crate) fn succeeds(self) -> String {
        self.ends(0, "")
    }

    /// It ended with a code and said exactly this on standard error; gives standard output.
    #[track_caller]
    pub(crate) fn ends(self, code: i32, stderr: &str) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(code), stderr), "{self:#?}");
        self.stdout
    }

    /// It ended with a code; gives both streams, for closer looks.
    #[track_caller]
    pub(crate) fn streams(self, code: i32) -> (String, String) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        (self.stdout, self.stderr)
    }

    /// It printed no data, ended with a code, and told an error that has all these parts.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, parts: &[&str]) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{self:#?}");
        assert!(self.stderr.starts_with("error: "), "{self:#?}");
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in {self:#?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
    }
}
