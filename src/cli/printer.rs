//! The one door to standard output and standard error.
//!
//! Data goes to standard output, everything else to standard error. Colour is stripped here where
//! the stream does not want it.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write};
use std::sync::Mutex;

use anstream::{AutoStream, ColorChoice};
use indicatif::MultiProgress;
use serde::Serialize;

use super::error::CommandError;
use super::render::escape::escape;
use super::render::machine;
use super::render::styles::Styles;

/// Writes for people and programs.
pub struct Printer {
    out: Mutex<AutoStream<io::Stdout>>,
    err: Mutex<AutoStream<io::Stderr>>,
    /// Bars that must be hidden while something is written to standard error.
    bars: MultiProgress,
    /// Styles for standard output.
    pub styles: Styles,
    quiet: bool,
    /// Messages are logged instead of written, so that standard error is one JSON object a line.
    logs: bool,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal that wants it (`NO_COLOR` and `TERM=dumb` do not).
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Printer {
    /// Opens the door. Colour is decided for each stream by itself.
    pub fn new(color: Color, quiet: bool, logs: bool) -> Self {
        let choice = match color {
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
            // kubectl's rule: the presence of NO_COLOR is enough, even empty.
            Color::Auto if std::env::var_os("NO_COLOR").is_some() => ColorChoice::Never,
            Color::Auto => ColorChoice::Auto,
        };
        Self {
            out: Mutex::new(AutoStream::new(io::stdout(), choice)),
            err: Mutex::new(AutoStream::new(io::stderr(), choice)),
            bars: MultiProgress::new(),
            // The streams strip what they do not want, so text can always be styled.
            styles: Styles::colored(),
            quiet,
            logs,
        }
    }

    /// The bars that live on standard error.
    pub fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Columns of the terminal that standard output is; none when it is none, so that lines may
    /// be as long as they like.
    pub fn width(&self) -> Option<u16> {
        if !io::stdout().is_terminal() {
            return None;
        }
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        columns.or_else(|| terminal_size::terminal_size().map(|(width, _)| width.0))
    }

    /// Writes data.
    ///
    /// # Errors
    /// A closed pipe or a full disk.
    pub fn data(&self, text: &str) -> Result<(), CommandError> {
        // Looking for colour to strip costs more than making ten thousand rows of JSON, which has
        // none.
        if text.as_bytes().contains(&b'\x1b') {
            let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            out.write_all(text.as_bytes())?;
            out.flush()?;
        } else {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()?;
        }
        Ok(())
    }

    /// Writes a value as JSON while it is serialised: the tags of a large repository make hundreds
    /// of megabytes.
    ///
    /// # Errors
    /// A closed pipe or a full disk.
    pub fn json(&self, value: &impl Serialize) -> Result<(), CommandError> {
        Ok(machine::write_json(io::stdout().lock(), value)?)
    }

    /// Writes one line to standard error. Trouble there has nowhere to be told, so it is dropped.
    pub fn say(&self, text: &str) {
        self.bars.suspend(|| {
            let mut err = self.err.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let _ = writeln!(err, "{text}");
        });
    }

    /// Whether lines on standard error can be drawn anew: it is a terminal.
    pub fn can_redraw(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Whether a person can be asked: standard input and standard error are terminals.
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks on standard error and reads one line of standard input; none at its end.
    ///
    /// # Errors
    /// Standard input cannot be read.
    pub fn ask(&self, question: &str) -> Result<Option<String>, CommandError> {
        let mut line = String::new();
        let read = self.bars.suspend(|| {
            let mut err = self.err.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            forget_typed_ahead();
            let _ = write!(err, "{question}");
            let _ = err.flush();
            // More than a line is no answer.
            io::stdin().lock().take(4096).read_line(&mut line)
        })?;
        Ok((read > 0).then_some(line))
    }

    /// A question whose answer somebody else reads.
    pub fn prompt(&self, question: &str) {
        self.bars.suspend(|| {
            let mut err = self.err.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            forget_typed_ahead();
            let _ = write!(err, "{question}");
            let _ = err.flush();
        });
    }

    /// A note that `--quiet` leaves out.
    pub fn note(&self, text: &str) {
        match (self.quiet, self.logs) {
            (true, _) => {}
            (false, true) => tracing::info!(event = "note", message = text),
            (false, false) => self.say(text),
        }
    }

    /// A warning; its text may be foreign.
    pub fn warning(&self, text: &str) {
        if self.logs {
            tracing::warn!(event = "warning", message = text);
        } else if !self.quiet {
            let label = self.styles.warning.style("warning:").to_string();
            self.say(&format!("{label} {}", escape(text)));
        }
    }

    /// An error with its causes and hints.
    pub fn error(&self, error: &CommandError) {
        if self.logs {
            let hints = error.hints.join("; ");
            tracing::error!(event = "error", message = format!("{:#}", error.error), hints);
            return;
        }
        let label = self.styles.error.style("error:").to_string();
        let mut text = format!("{label} {}", escape_lines(&error.error.to_string()));
        for cause in error.error.chain().skip(1) {
            text.push_str("\n  caused by: ");
            text.push_str(&escape_lines(&cause.to_string()));
        }
        for hint in &error.hints {
            text.push('\n');
            text.push_str(&self.styles.hint.style("hint:").to_string());
            text.push(' ');
            text.push_str(&escape_lines(hint));
        }
        self.say(&text);
    }
}

/// From now on nothing gets to standard error and nothing is read from standard input, whoever would:
/// this program or those that it starts, which may ask for a password else.
pub fn leave_the_terminal() {
    #[cfg(unix)]
    {
        // Not closed but led away: the next file that is opened would become standard error.
        let nowhere = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null");
        if let Ok(nowhere) = nowhere {
            let _ = rustix::stdio::dup2_stderr(&nowhere);
            let _ = rustix::stdio::dup2_stdin(&nowhere);
        }
    }
}

/// What was typed before a question was asked is no answer to it.
fn forget_typed_ahead() {
    #[cfg(unix)]
    {
        use rustix::termios::{QueueSelector, tcflush};
        // Standard input that is no terminal has nothing typed.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    }
}

/// Escapes foreign text but keeps line ends, for messages that show a piece of a file.
fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}
