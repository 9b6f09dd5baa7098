//! What the program can be run under: a crash or an error at a chosen system call, a disk that is full, a state
//! directory that cannot be written.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

/// Something that stands between the test and the program; given to [`crate::bed::SafeUpdate::under`].
#[derive(Debug, Clone)]
pub(crate) enum Wrapper {
    /// strace with these options, silent.
    Strace(Vec<String>),
    /// A shell script in a mount namespace of its own; its `$1` is the state directory, `"$@"` after it the command.
    Mounts(String),
}

impl Wrapper {
    /// Kills the program at its `nth` call (from 1) of this system call, before the call does anything. The run ends by
    /// SIGKILL ([`crate::bed::Run::was_killed`]); a program that ends by itself made fewer calls.
    ///
    /// Threads count each for themselves: what is done on a fresh thread of a pool is that thread's first call.
    pub(crate) fn kill_at(call: &str, nth: usize) -> Self {
        Self::inject(call, &format!("signal=SIGKILL:when={nth}"))
    }

    /// Makes the `nth` call of this system call and all that follow fail with this error, such as `ENOSPC` or `EIO`.
    ///
    /// A program writes to more than files: `write` without [`Wrapper::at`] fails what its threads wake each other by.
    pub(crate) fn fail_at(call: &str, error: &str, nth: usize) -> Self {
        Self::inject(call, &format!("error={error}:when={nth}+"))
    }

    /// Makes only the `nth` call fail.
    pub(crate) fn fail_once_at(call: &str, error: &str, nth: usize) -> Self {
        Self::inject(call, &format!("error={error}:when={nth}"))
    }

    /// Strikes, and counts, only calls about this very file; for a file that is renamed, the name at the time counts.
    pub(crate) fn at(mut self, file: &Path) -> Self {
        match &mut self {
            Self::Strace(options) => options.extend(["-P".to_owned(), file.display().to_string()]),
            Self::Mounts(_) => panic!("a disk has no system calls to choose from"),
        }
        self
    }

    /// Writes every call of these system calls (names with commas) into a file, with whole paths.
    pub(crate) fn trace(calls: &str, file: &Path) -> Self {
        need("strace", "tests/bed/get.sh strace gets it");
        let calls = format!("trace={calls}");
        let file = file.display().to_string();
        Self::Strace(["-o", &file, "-s", "4096", "-e", &calls].map(str::to_owned).into())
    }

    fn inject(call: &str, what: &str) -> Self {
        need("strace", "tests/bed/get.sh strace gets it");
        // What is not traced cannot be injected into.
        Self::Strace(vec![
            "-e".to_owned(),
            format!("trace={call}"),
            "-e".to_owned(),
            format!("inject={call}:{what}"),
        ])
    }

    /// Keeps the state directory on a disk of this size, such as `64k`, for the length of the run. It begins with what
    /// was there, which has to fit, and what the program leaves there is in the state directory afterwards.
    ///
    /// The program is a child of the shell that sees to it, so a signal that ends it is an exit code of 128 and more.
    ///
    /// # Panics
    ///
    /// Where neither root nor a user namespace allows mounts.
    pub(crate) fn state_on_disk_of(size: &str) -> Self {
        Self::mounts(format!(
            r#"state=$1; shift; disk=$(mktemp -d)
mount -t tmpfs -o size={size},mode=700 bed "$disk" && cp -a "$state/." "$disk/" || exit 125
mount --bind "$disk" "$state" || exit 125
"$@"; code=$?
umount "$state" && find "$state" -mindepth 1 -delete && cp -a "$disk/." "$state/" || exit 125
umount "$disk" && rmdir "$disk"; exit $code"#
        ))
    }

    /// Makes the state directory, with what is in it, one that cannot be written, not even by root.
    ///
    /// # Panics
    ///
    /// Where neither root nor a user namespace allows mounts.
    pub(crate) fn read_only_state() -> Self {
        Self::mounts(
            r#"state=$1; shift
mount --bind "$state" "$state" && mount -o remount,bind,ro "$state" || exit 125
exec "$@""#
                .to_owned(),
        )
    }

    fn mounts(script: String) -> Self {
        let mut probe = Command::new("unshare");
        let allowed = probe.args(UNSHARE).args(["mount", "-t", "tmpfs", "bed", "/mnt"]).output();
        let said = match &allowed {
            Ok(output) if output.status.success() => return Self::Mounts(script),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(e) => e.to_string(),
        };
        panic!(
            "a disk of the program's own needs a mount namespace: run the tests as root, or where users may have \
             namespaces (sysctl kernel.unprivileged_userns_clone=1). unshare said: {said}"
        );
    }

    /// The command line that runs this one under the wrapper.
    pub(super) fn wrap(&self, state: &Path, line: Vec<OsString>) -> Vec<OsString> {
        let mut outer: Vec<OsString> = match self {
            Self::Strace(options) => {
                let silent = ["strace", "-f", "-qq", "-o", "/dev/null"];
                silent
                    .iter()
                    .copied()
                    .chain(options.iter().map(String::as_str))
                    .map(OsString::from)
                    .collect()
            }
            Self::Mounts(script) => {
                std::fs::create_dir_all(state)
                    .unwrap_or_else(|e| panic!("{}: {e}", state.display()));
                let shell = ["sh", "-c", script, "mounts"];
                let mut outer: Vec<OsString> = vec!["unshare".into()];
                outer.extend(UNSHARE.iter().chain(&shell).map(OsString::from));
                outer.push(state.into());
                outer
            }
        };
        outer.extend(line);
        outer
    }
}

/// Root in a user namespace is enough to mount, and is no more than the user is outside of it.
const UNSHARE: &[&str] = &["--map-root-user", "--mount"];

/// Panics unless a program is on PATH.
pub(super) fn need(program: &str, how: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join(OsStr::new(program)).is_file());
    assert!(found, "{program} is not on PATH: {how}");
}
