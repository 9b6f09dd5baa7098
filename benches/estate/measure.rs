//! Runs a process and measures wall time, CPU time and peak memory.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::bed::Bed;

/// What one run took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    /// High-water mark of resident memory, in KiB.
    pub(crate) peak_kib: u64,
    /// What the program said of its own cost.
    pub(crate) note: String,
}

/// Runs something several times; the run in the middle by wall time counts.
pub(crate) fn median(runs: usize, mut run: impl FnMut() -> Measured) -> Measured {
    let mut all: Vec<Measured> = (0..runs).map(|_| run()).collect();
    all.sort_by_key(|measured| measured.wall);
    all.swap_remove(runs / 2)
}

/// Runs a command to its end. It must succeed.
pub(crate) fn measure(command: &mut Command) -> Measured {
    // The shell's `times` would need a shell; GNU time writes what the kernel counted.
    let report = tempfile::NamedTempFile::new().expect("a temporary file");
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-q", "-f", "%U %S %M", "-o"]).arg(report.path());
    timed.arg(command.get_program()).args(command.get_args());
    timed.env_clear();
    timed.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    timed.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let output = timed.output().unwrap_or_else(|error| {
        panic!("/usr/bin/time cannot be run ({error}); on Debian: apt-get install time")
    });
    let wall = start.elapsed();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {errors}");
    let text = std::fs::read_to_string(report.path()).expect("the report of time");
    let numbers: Vec<f64> =
        text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let note = errors.lines().find(|line| line.contains("registry request")).unwrap_or_default();
    Measured {
        wall,
        cpu: Duration::from_secs_f64(numbers[0] + numbers[1]),
        peak_kib: numbers[2] as u64,
        note: note.to_owned(),
    }
}

/// A run of the program in a home of its own.
pub(crate) struct Program {
    command: Command,
    home: std::path::PathBuf,
}

impl Program {
    pub(crate) fn new(bed: &Bed, verb: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-safe_update"));
        let home = bed.home().to_owned();
        command.arg(verb).env("HOME", &home).env("KUBECONFIG", bed.kubeconfig());
        Self { command, home }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn tags_from(self, file: &Path) -> Self {
        self.arg("--tags-from").arg(file).arg("-o").arg("json")
    }

    pub(crate) fn forget_cache(&self) {
        let _ = std::fs::remove_dir_all(self.home.join(".cache"));
    }

    pub(crate) fn run(mut self) -> Measured {
        measure(&mut self.command)
    }
}
