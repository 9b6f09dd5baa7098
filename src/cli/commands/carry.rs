//! What the writing verbs have in common: a session, the changes in it, the display meanwhile, the
//! result, and the exit code.

use std::collections::BTreeSet;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;

use super::previews::Looked;
use crate::actions::apply::{self, Limits, Report};
use crate::actions::intent::Intent;
use crate::actions::resume::{Undo, resume};
use crate::adapters::helm::rollouts::HelmRollouts;
use crate::adapters::helm::words::masked;
use crate::adapters::kubernetes::Cluster;
use crate::adapters::metrics::Metrics;
use crate::cli::args::TextFormat;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::rollouts::Rollouts;
use crate::cli::render::{json, machine, outcomes};
use crate::cli::session::{Purpose, Session, Stop};
use crate::cli::settings::Settings;
use crate::domain::change::ObjectId;
use crate::domain::history::Record;
use crate::domain::image::Registry as Host;
use crate::domain::rollout::Outcome;
use crate::ports::rollouts::Journal as _;
use crate::ports::{Event, EventSink};

/// What is carried out, and how it is told.
pub struct Work<'a> {
    /// The settings of the run.
    pub settings: &'a Settings,
    /// The cluster.
    pub cluster: Cluster,
    /// Releases that were made ready; none where nothing was.
    pub releases: Option<Arc<HelmRollouts>>,
    /// The registries that may be asked.
    pub hosts: BTreeSet<Host>,
    /// Why the session is opened.
    pub purpose: Purpose<'a>,
    /// Output of the result.
    pub output: TextFormat,
    /// What is done was named, and is no bulk run.
    pub named: bool,
    /// Where the metrics of the run go.
    pub metrics: Option<Metrics>,
    /// The plan that is carried out, to be kept beside the run; none where there is none.
    pub plan: Option<String>,
    /// What was seen of the upgrades of releases.
    pub previews: &'a [PreviewedRow<'a>],
    /// What was asked for and is not begun.
    pub left: Left,
}

/// What was asked for and is not begun.
#[derive(Debug)]
pub struct Left {
    /// The exit code that follows from it.
    pub exit: Exit,
    /// Why, for programs; people have read it when it was decided.
    pub refused: Vec<Report>,
}

impl Left {
    /// Nothing is left.
    pub const NOTHING: Self = Self { exit: Exit::Done, refused: Vec::new() };
}

/// A release, and what was seen of its upgrade.
pub type PreviewedRow<'a> = (ObjectId, &'a Looked);

/// What a run has to do.
pub struct Todo {
    /// Changes of earlier runs whose `CronJobs` have run since: they are judged first.
    pub judged: Vec<Record>,
    /// The objects of all that could be judged: what is not judged well is not built upon.
    pub judgeable: Vec<ObjectId>,
    /// What is changed.
    pub intents: Vec<Intent>,
    /// How many at once.
    pub limits: Limits,
}

/// Everything that hears of the steps of a run.
struct Ears<'a> {
    display: Rollouts<'a>,
    metrics: Option<&'a Metrics>,
}

impl EventSink for Ears<'_> {
    fn event(&self, event: Event<'_>) {
        self.display.event(event);
        if let Some(metrics) = self.metrics {
            metrics.event(event);
        }
    }
}

impl Work<'_> {
    fn ears<'a>(&'a self, printer: &'a Printer) -> Ears<'a> {
        let display = Rollouts::start(printer, self.settings.quiet);
        Ears { display, metrics: self.metrics.as_ref() }
    }

    /// Opens the session.
    ///
    /// # Errors
    /// The session's.
    pub async fn open(&self, stop: Stop, printer: &Printer) -> Result<Session, CommandError> {
        let cluster = self.cluster.clone();
        let releases = self.releases.clone();
        let (settings, purpose) = (self.settings, &self.purpose);
        Session::open(settings, cluster, releases, &self.hosts, purpose, stop, printer).await
    }

    /// Tells how it ended.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn tell(
        &self,
        session: &Session,
        reports: &[Report],
        printer: &Printer,
    ) -> Result<Exit, CommandError> {
        let exit = outcomes::exit(reports, self.named).worst(self.left.exit);
        if session.is_out_of_time() {
            printer.warning("the time of --run-timeout is up; what is under way goes on by itself");
        }
        let head = session.finish(exit, printer);
        let run = Some((&session.manner.run, head.as_deref()));
        let previews = seen(self.previews)?;
        let results = reports.iter().chain(&self.left.refused);
        let output = |run| json::apply_output(run, results, previews, exit);
        let text = match self.output {
            TextFormat::Table => outcomes::table(reports, printer.width(), &printer.styles),
            TextFormat::Json => machine::json(&output(run))?,
            TextFormat::Yaml => machine::yaml(&output(run))?,
        };
        printer.data(&text)?;
        for line in outcomes::advice(reports) {
            printer.note(&line);
        }
        Ok(exit)
    }
}

/// Judges what waited for that, carries intents out, and tells how that went.
///
/// # Errors
/// The session could not be opened, or the output not written.
pub async fn carry(
    work: Work<'_>,
    todo: Todo,
    stop: Stop,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let Todo { judged, judgeable, mut intents, mut limits } = todo;
    let mut session = work.open(stop, printer).await?;
    if let (Some(plan), false) = (&work.plan, session.manner.rehearsal)
        && let Err(error) = session.journal.keep_plan(&session.manner.run, plan)
    {
        printer.warning(&format!("the plan is not kept beside the run: {error}"));
    }
    let ears = work.ears(printer);
    let room = session.room(&ears);
    let mut reports = Vec::new();
    for record in judged {
        if session.was_stopped() || session.is_out_of_time() {
            break;
        }
        reports.push(Box::pin(resume(&room, record, None)).await);
    }
    // What did not work was put back, so that the next step was planned for what no longer stands.
    let failed: Vec<_> = reports.iter().filter(|report| report.is_failure()).collect();
    let failed: BTreeSet<_> = failed.iter().map(|report| report.object.clone()).collect();
    let over = !failed.is_empty() && failed.len() >= limits.failures.max(1);
    limits.failures = limits.failures.saturating_sub(failed.len());
    let proved = |object: &ObjectId| {
        let succeeded = |report: &Report| matches!(report.outcome, Outcome::Succeeded { .. });
        reports.iter().any(|report| report.object == *object && succeeded(report))
    };
    let unproved: BTreeSet<_> = judgeable.iter().filter(|object| !proved(object)).collect();
    let left = intents.extract_if(.., |intent| over || unproved.contains(&intent.object));
    let left: Vec<Report> = left
        .map(|intent| {
            let why = if failed.contains(&intent.object) {
                "its last change failed: the next run plans it anew"
            } else if unproved.contains(&intent.object) {
                "its last change was not seen to work yet"
            } else {
                "another change failed"
            };
            Report::early(intent.object, Outcome::NotBegun(why.into()))
        })
        .collect();
    reports.extend(left);
    reports.extend(apply::apply(&room, intents, limits).await);
    drop(ears);
    offer_rollback(&mut session, &work, &mut reports, printer).await;
    if let Some(metrics) = &work.metrics {
        for report in reports.iter().filter(|report| report.change.is_none()) {
            metrics.not_begun(&report.outcome);
        }
        metrics.asked(&session.usage());
        if let Err(error) = metrics.finish() {
            printer.warning(&format!("the metrics could not be written: {error}"));
        }
    }
    work.tell(&session, &reports, printer)
}

/// After Ctrl-C: says what stands, and offers to put the old versions back.
async fn offer_rollback(
    session: &mut Session,
    work: &Work<'_>,
    reports: &mut [Report],
    printer: &Printer,
) {
    let is_open = |report: &Report| matches!(report.outcome, Outcome::Unknown(_));
    if !session.was_stopped() || !printer.can_ask() || !reports.iter().any(is_open) {
        return;
    }
    for report in reports.iter().filter(|report| is_open(report)) {
        let sentence = outcomes::sentence(&report.outcome);
        printer.say(&escape(&format!("{}: {sentence}", report.object)));
    }
    // Asked on a thread of its own, so that another Ctrl-C is heard meanwhile.
    printer.prompt("Put the old versions back now? [y, n] ");
    let (answer, reply) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        // Nobody waits any more when the program ends.
        let _ = answer.send(read.map(|_| line).unwrap_or_default());
    });
    let reply = reply.await.unwrap_or_default();
    if !matches!(reply.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return;
    }
    session.go_on();
    let records = match session.journal.records() {
        Ok((records, _)) => records,
        Err(error) => {
            printer.warning(&format!("nothing was put back, the journal: {error}"));
            return;
        }
    };
    let ears = work.ears(printer);
    for report in reports.iter_mut().filter(|report| is_open(report)) {
        let record = records.iter().find(|record| Some(&record.id) == report.record.as_ref());
        if let Some(record) = record {
            let undo = Some(Undo::Stopped);
            *report = Box::pin(resume(&session.room(&ears), record.clone(), undo)).await;
        }
    }
}

/// Previews for programs, without what is to be hidden.
fn seen(previews: &[PreviewedRow<'_>]) -> Result<Vec<Value>, CommandError> {
    let shown = |(object, looked): &PreviewedRow<'_>| {
        let seen = json::previewed_output(object.to_string(), &looked.seen);
        let mut seen = serde_json::to_value(seen).map_err(CommandError::environment)?;
        hide(&mut seen, &looked.hidden);
        // It is named in the results as well, and programs hold one against the other.
        seen["object"] = object.to_string().into();
        Ok(seen)
    };
    previews.iter().map(shown).collect()
}

/// Masks what is to be hidden in the texts of a value.
fn hide(value: &mut Value, hidden: &[SecretString]) {
    match value {
        Value::String(text) => *text = masked(text, hidden),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, hidden)),
        Value::Object(fields) => fields.values_mut().for_each(|field| hide(field, hidden)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The result of a run in which there was nothing to do, for programs.
///
/// # Errors
/// The output cannot be written.
pub fn nothing(
    output: TextFormat,
    previews: &[PreviewedRow<'_>],
    left: &Left,
    printer: &Printer,
) -> Result<(), CommandError> {
    let empty = json::apply_output(None, &left.refused, seen(previews)?, left.exit);
    printer.data(&match output {
        TextFormat::Yaml => machine::yaml(&empty)?,
        TextFormat::Json | TextFormat::Table => machine::json(&empty)?,
    })
}
