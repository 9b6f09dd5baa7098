//! The display of changes under way: a line each on a terminal, one line a step on a pipe, an event a
//! step in the log.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::escape::escape;
use super::outcomes;
use crate::cli::printer::Printer;
use crate::domain::change::ObjectId;
use crate::domain::rollout::{Outcome, Phase, Undo};
use crate::ports::{Event, EventSink, RolloutEvent};

/// How often lines are drawn.
const TICK: Duration = Duration::from_millis(120);

/// The display.
pub struct Rollouts<'p> {
    printer: &'p Printer,
    terminal: bool,
    shown: Mutex<HashMap<ObjectId, Shown>>,
}

struct Shown {
    bar: Option<ProgressBar>,
    last: String,
    logged: &'static str,
}

impl<'p> Rollouts<'p> {
    /// Starts it; on a terminal with lines that are drawn anew, unless `quiet`.
    pub fn start(printer: &'p Printer, quiet: bool) -> Self {
        let terminal = !quiet && printer.can_redraw();
        Self { printer, terminal, shown: Mutex::default() }
    }

    fn bar(&self) -> Option<ProgressBar> {
        let bar = self.terminal.then(|| self.printer.bars().add(ProgressBar::new_spinner()))?;
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Some(bar)
    }

    fn rollout(&self, event: &RolloutEvent<'_>) {
        let object = &event.change.object;
        let text = words(event.phase);
        let mut shown = self.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = shown.entry(object.clone()).or_insert_with(|| Shown {
            bar: self.bar(),
            last: String::new(),
            logged: "",
        });
        if known.logged != event.phase.as_str() {
            known.logged = event.phase.as_str();
            log(event);
        }
        if known.last == text {
            return;
        }
        let line = format!("{}: {}", escape(&object.to_string()), escape(&text));
        match (&known.bar, event.phase) {
            (Some(bar), Phase::Ended(_)) => {
                bar.finish_and_clear();
                self.printer.note(&line);
            }
            (Some(bar), _) => bar.set_message(line),
            (None, _) => self.printer.note(&line),
        }
        known.last = text;
    }
}

impl EventSink for Rollouts<'_> {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Rollout(event) => self.rollout(event),
            Event::Trouble { object, message } => {
                self.printer.warning(&format!("{object}: {message}"));
            }
            _ => {}
        }
    }
}

/// What a phase says to a person.
fn words(phase: &Phase) -> String {
    let awaited = |first: &str, awaited: &str| match awaited {
        "" => first.to_owned(),
        awaited => format!("{first}: {awaited}"),
    };
    match phase {
        Phase::Pending => "preparing".into(),
        Phase::Recorded(_) => "asking the server (dry run)".into(),
        Phase::Applying(_) => "writing".into(),
        Phase::Verifying(watch) => awaited("verifying", &watch.awaited),
        Phase::Soaking { watch, .. } => awaited("healthy, watching for a relapse", &watch.awaited),
        Phase::Committing { .. } => "a last look".into(),
        Phase::RollingBack { cause, undo: Undo::Writing(_) } => {
            format!("failed, putting the old version back: {}", cause.message)
        }
        Phase::RollingBack { undo: Undo::Verifying(watch), .. } => {
            awaited("the old version comes back", &watch.awaited)
        }
        Phase::Ended(outcome) => outcomes::sentence(outcome),
    }
}

fn log(event: &RolloutEvent<'_>) {
    let outcome = match event.phase {
        Phase::Ended(outcome) => Some(outcome),
        _ => None,
    };
    for edit in &event.change.edits {
        let failed = outcome.is_some_and(|outcome| outcome.failure().is_some());
        tracing::info!(
            event = "rollout",
            asset_id = format!("{}:{}", event.change.object, edit.slot),
            asset_type = event.change.object.kind.as_str(),
            current_version = &*edit.from,
            new_version = &*edit.to,
            change_type = edit.bump.as_str(),
            record = event.record.to_string(),
            phase = event.phase.as_str(),
            outcome = outcome.map(Outcome::as_str),
            failed,
            elapsed_seconds = event.elapsed.as_secs_f64(),
        );
    }
}
