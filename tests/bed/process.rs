//! Runs of the program that are under way: what they have said so far, signals, and a terminal to type on.

use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::bed::program::PROGRAM;
use crate::bed::{Run, turn, under};

/// How often something that comes by itself is looked for.
const STEP: Duration = Duration::from_millis(10);

/// A started program; killed when dropped, with what it runs under.
#[derive(Debug)]
#[must_use = "it is killed when it is dropped"]
pub(crate) struct Running {
    command: String,
    child: Child,
    keyboard: Option<ChildStdin>,
    stdout: Heard,
    stderr: Heard,
    /// It may outlive the value that started it.
    _home: Arc<TempDir>,
    _turn: Option<turn::Shared>,
}

/// What was read from a stream until now, by a thread.
#[derive(Debug)]
struct Heard {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Heard {
    fn listen(mut stream: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal whose program has ended gives an error where a pipe just ends.
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                heard
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&buffer[..count]);
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Everything, once the program has ended. What it started may live on and hold the stream: that is not waited for.
    fn rest(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = within(Duration::from_secs(2), || reader.is_finished().then_some(()));
        }
        self.so_far()
    }
}

/// Asks until there is an answer; none at the deadline.
pub(crate) fn within<T>(deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        match ask() {
            Some(answer) => return Some(answer),
            None if Instant::now() >= end => return None,
            None => std::thread::sleep(STEP),
        }
    }
}

impl Running {
    pub(super) fn start(command: Command, input: &str, home: Arc<TempDir>) -> Self {
        let mut running = Self::launch(command, home);
        if let Some(mut keyboard) = running.keyboard.take() {
            // Who ends without reading it has not missed anything.
            let _ = keyboard.write_all(input.as_bytes());
        }
        running
    }

    pub(super) fn start_on_terminal(inner: &Command, home: Arc<TempDir>) -> Self {
        under::need("script", "install util-linux");
        let words = std::iter::once(inner.get_program()).chain(inner.get_args());
        let line: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
        let mut outer = Command::new("script");
        outer
            .args([
                "-qefc",
                &format!("stty cols 120 rows 40 && exec {}", line.join(" ")),
                "/dev/null",
            ])
            .env_clear()
            .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("TERM", "xterm-256color")
            .env("SHELL", "/bin/sh");
        if let Some(directory) = inner.get_current_dir() {
            outer.current_dir(directory);
        }
        Self::launch(outer, home)
    }

    fn launch(mut command: Command, home: Arc<TempDir>) -> Self {
        let turn = turn::shared();
        let line = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{line}: {e}"));
        let stdout = child.stdout.take().unwrap_or_else(|| panic!("{line}: no standard output"));
        let stderr = child.stderr.take().unwrap_or_else(|| panic!("{line}: no standard error"));
        Self {
            keyboard: child.stdin.take(),
            command: line,
            child,
            stdout: Heard::listen(stdout),
            stderr: Heard::listen(stderr),
            _home: home,
            _turn: turn,
        }
    }

    /// What it has said on standard output so far.
    pub(crate) fn stdout(&self) -> String {
        self.stdout.so_far()
    }

    /// What it has said on standard error so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.so_far()
    }

    /// Whether it has not ended yet; a stopped program has not.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until one of its streams holds these words.
    ///
    /// # Panics
    ///
    /// When it does not say so in time, with what it said.
    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str, deadline: Duration) -> &Self {
        let said = || self.stdout().contains(words) || self.stderr().contains(words);
        assert!(
            within(deadline, || said().then_some(())).is_some(),
            "not said within {deadline:?}: {words:?}: {}\nstdout:\n{}\nstderr:\n{}",
            self.command,
            self.stdout(),
            self.stderr()
        );
        self
    }

    /// Types on the terminal, as `y\n` or, for ctrl-C, `\u{3}`.
    #[track_caller]
    pub(crate) fn types(&mut self, text: &str) -> &Self {
        let keyboard = self
            .keyboard
            .as_mut()
            .unwrap_or_else(|| panic!("started without a terminal: {}", self.command));
        keyboard
            .write_all(text.as_bytes())
            .and_then(|()| keyboard.flush())
            .unwrap_or_else(|e| panic!("typing {text:?}: {e}: {}", self.command));
        self
    }

    /// The id of the program's process, whatever it runs under.
    ///
    /// # Panics
    ///
    /// When there is none within some seconds.
    #[track_caller]
    pub(crate) fn id(&self) -> u32 {
        let found = within(Duration::from_secs(5), || descendant(self.child.id()));
        found.unwrap_or_else(|| panic!("the program is not running: {}", self.command))
    }

    /// The id of the newest process that the program has started of another one.
    ///
    /// # Panics
    ///
    /// When there is none within some seconds.
    #[track_caller]
    pub(crate) fn child(&self, program: &Path) -> u32 {
        let parent = self.id();
        let is_it =
            |id: u32| std::fs::read_link(format!("/proc/{id}/exe")).is_ok_and(|exe| exe == program);
        let ask = || {
            let children = parents().into_iter().filter(|(_, of)| *of == parent);
            children.map(|(id, _)| id).filter(|id| is_it(*id)).max()
        };
        let found = within(Duration::from_secs(5), ask);
        found.unwrap_or_else(|| panic!("no {} is running: {}", program.display(), self.command))
    }

    /// Sends the program a signal by its name: `KILL`, `STOP`, `CONT`, `INT`, `TERM`.
    #[track_caller]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id();
        assert!(send(name, id), "SIG{name} to {id}: {}", self.command);
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    ///
    /// At the deadline, with what it said until then; it is killed.
    #[track_caller]
    pub(crate) fn wait(mut self, deadline: Duration) -> Run {
        let status = within(deadline, || self.child.try_wait().ok().flatten());
        let (stdout, stderr) = (self.stdout.rest(), self.stderr.rest());
        let run = Run {
            command: self.command.clone(),
            code: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
            stdout,
            stderr,
        };
        assert!(status.is_some(), "it did not end within {deadline:?}: {run}");
        run
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_running() {
            // The program first: what it runs under would leave it behind.
            if let Some(id) = descendant(self.child.id()) {
                send("KILL", id);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Kills a process that a program under test has started, and waits until it is gone.
#[track_caller]
pub(crate) fn kill(id: u32) {
    assert!(send("KILL", id), "SIGKILL to {id}");
    let gone = within(Duration::from_secs(5), || (!is_alive(id)).then_some(()));
    assert!(gone.is_some(), "{id} survives SIGKILL");
}

/// Whether a process has not ended; one that nobody has waited for yet has.
pub(crate) fn is_alive(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
    state.is_some_and(|state| state != "Z")
}

/// A word as the shell reads it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn send(signal: &str, id: u32) -> bool {
    let kill = format!("kill -s {signal} {id}");
    Command::new("sh").args(["-c", &kill]).status().is_ok_and(|status| status.success())
}

/// The process that runs the program: this one, or one below it.
fn descendant(root: u32) -> Option<u32> {
    let mut found = vec![root];
    let parents = parents();
    let mut next = 0;
    while let Some(&id) = found.get(next) {
        let program = std::fs::read_link(format!("/proc/{id}/exe"));
        if program.is_ok_and(|program| program == Path::new(PROGRAM)) {
            return Some(id);
        }
        found.extend(parents.iter().filter(|(_, parent)| *parent == id).map(|(child, _)| *child));
        next += 1;
    }
    None
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name before it is in parentheses, and may hold any character.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((id, parent))
        })
        .collect()
}
