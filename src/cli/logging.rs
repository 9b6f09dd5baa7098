//! Logs on standard error: what `-v` asks for, as text or as one JSON object a line.

use std::io::{self, IsTerminal as _, Write};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::args::{Global, LogFormat};
use super::render::escape::escape_json;

/// Starts logging. Libraries that log bodies or headers stay silent at every level, so that no
/// secret can pass through them.
pub fn start(global: &Global) {
    let level = level(&global.verbosity);
    let format = global.log_format.unwrap_or_default();
    if level == 0 && format == LogFormat::Text {
        return;
    }
    let own = match level {
        0 | 1 => "info",
        2 | 3 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::new(format!("off,safe_update={own}"));
    let builder = fmt().with_env_filter(filter);
    // A second start (in tests) keeps the first subscriber.
    let _ = match format {
        LogFormat::Json => builder
            .with_writer(|| Escaped(io::stderr()))
            .json()
            .flatten_event(true)
            .with_target(false)
            .finish()
            .try_init(),
        LogFormat::Text => builder
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .without_time()
            .finish()
            .try_init(),
    };
}

/// Standard error for JSON. The formatter for text escapes what steers a terminal, the one for JSON
/// leaves C1 and the like as they are.
struct Escaped(io::Stderr);

impl Write for Escaped {
    /// Takes a whole event, as the formatter hands it over.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.0.write_all(escape_json(&text).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// `-v` counts one each, `-v=4` counts as many.
fn level(verbosity: &[u8]) -> u8 {
    verbosity.iter().fold(0, |sum, each| sum.saturating_add(*each))
}
