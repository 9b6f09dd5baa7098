//! Logs on standard error: what `-v` asks for, as text or as one JSON object a line.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::args::{Global, LogFormat};
use super::render::escape::Escaped;

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
        // The formatter for text escapes what steers a terminal, the one for JSON leaves C1 and the
        // like as they are. It hands over whole events.
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

/// `-v` counts one each, `-v=4` counts as many.
fn level(verbosity: &[u8]) -> u8 {
    verbosity.iter().fold(0, |sum, each| sum.saturating_add(*each))
}
