//! `rollback`: a new rollout to what a record kept.

use super::carry::{Left, Work};
use super::confirm::agrees;
use super::resume::{hosts, object};
use crate::actions::apply::{Limits, apply};
use crate::actions::rollback::{RollbackError, intent, record_of};
use crate::adapters::kubernetes::Cluster;
use crate::cli::args::{Global, Lookup};
use crate::cli::args_write::RollbackArgs;
use crate::cli::error::{CommandError, Kind};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::progress::Progress;
use crate::cli::render::rollouts::Rollouts;
use crate::cli::session::{Purpose, Stop, stoppable};
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::change::ObjectId;
use crate::domain::history::{Record, RecordId};
use crate::domain::inventory;
use crate::domain::target::TargetName;
use crate::ports::rollouts::{Journal as _, Lock as _, ReadError, Remembered};

/// Rolls back.
///
/// # Errors
/// There is nothing to go back to, or it is not as the record left it.
pub fn run(
    global: &Global,
    arguments: &RollbackArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let target: TargetName = arguments.target.parse().map_err(|error| {
        CommandError::usage(error).hint("`history` shows what can be taken back")
    })?;
    let named = arguments
        .to
        .as_deref()
        .map(str::parse::<RecordId>)
        .transpose()
        .map_err(CommandError::usage)?;
    if !arguments.yes && arguments.dry_run.is_none() && !printer.can_ask() {
        return Err(CommandError::usage_message("this is no terminal, so nobody can be asked")
            .hint("say yes with --yes"));
    }
    let settings = Settings::load(global, &Lookup::default(), &[], printer)?;
    stoppable(printer, |stop| carry_out(arguments, target, named, &settings, stop, printer))
}

async fn carry_out(
    arguments: &RollbackArgs,
    target: TargetName,
    named: Option<RecordId>,
    settings: &Settings,
    stop: Stop,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let progress =
        std::sync::Arc::new(Progress::start(printer.bars(), settings.quiet, "reading records"));
    let cluster = wire::cluster(settings, progress.clone()).await?;
    let object = object(&target, cluster.default_namespace());
    let records = records(&cluster, settings, &object, printer).await?;
    let record = match record_of(&object, &records, named.as_ref()) {
        Ok(record) => record.clone(),
        // Asked for again: what was wanted is so.
        Err(error @ RollbackError::Already(..)) => {
            printer.note(&escape(&format!("{error}; --to goes back from another record")));
            return Ok(Exit::Done);
        }
        Err(error) => return Err(refused(error)),
    };
    progress.finish();
    let changes: Vec<String> = record
        .change
        .edits
        .iter()
        .map(|edit| format!("{}: {} -> {}", edit.slot, edit.to, edit.from))
        .collect();
    let what = format!("{object}, {} ({})", changes.join(", "), record.id);
    let asks = !arguments.yes && arguments.dry_run.is_none();
    if asks && !agrees(printer, &format!("Put back {}?", escape(&what)))? {
        printer.note("Nothing was changed.");
        return Ok(Exit::Done);
    }
    let work = Work {
        settings,
        cluster,
        releases: None,
        hosts: hosts(std::slice::from_ref(&record)),
        purpose: Purpose {
            pace: &arguments.pace,
            rehearsal: arguments.dry_run.is_some(),
            run_once: false,
            unattended: false,
            command: format!("rollback {}", arguments.target),
        },
        output: arguments.output,
        named: true,
        metrics: None,
        plan: None,
        previews: &[],
        left: Left::NOTHING,
    };
    let session = work.open(stop, printer).await?;
    let display = Rollouts::start(printer, settings.quiet);
    let room = session.room(&display);
    let intent = match intent(&room, &record, named.is_some()).await {
        Ok(intent) => intent,
        Err(error) => {
            let error = refused(error);
            session.finish(error.exit(), printer);
            return Err(error);
        }
    };
    // One at a time, and the first failure ends it.
    let limits = Limits { in_flight: 1, failures: 1 };
    let reports = apply(&room, vec![intent], limits).await;
    drop(display);
    work.tell(&session, &reports, printer)
}

/// What this machine and the cluster know of an object, the newest first.
async fn records(
    cluster: &Cluster,
    settings: &Settings,
    object: &ObjectId,
    printer: &Printer,
) -> Result<Vec<Record>, CommandError> {
    let identity = cluster.identity().await?;
    let (mut records, troubles) = wire::journal(settings).records()?;
    for trouble in troubles {
        printer.warning(&trouble);
    }
    records.retain(|record| *record.cluster == *identity && record.change.object == *object);
    match cluster.read(object).await {
        Ok(Remembered { holder: Some((holder, _)), .. }) => {
            let message = format!("{object} is held by {holder}, nothing was written");
            return Err(CommandError::message(Kind::Busy, message)
                .hint("`status` shows what is under way; try again when it has ended"));
        }
        Ok(remembered) => {
            if let Some(last) = remembered.memory.last.filter(|last| *last.cluster == *identity) {
                records.retain(|record| record.id != last.id);
                records.push(last);
            }
        }
        Err(error) => printer.warning(&format!("{error}; only this machine's journal is heard")),
    }
    records.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(records)
}

/// A rollback that cannot begin.
fn refused(error: RollbackError) -> CommandError {
    let (kind, hint) = match &error {
        RollbackError::NoRecord(object) if object.kind == inventory::Kind::Release => {
            (Kind::Refused, "`helm history` shows its revisions, `helm rollback` goes back to one")
        }
        RollbackError::NoRecord(_) => {
            (Kind::Refused, "`kubectl rollout undo` knows what the controller kept")
        }
        RollbackError::OtherObject { .. } | RollbackError::Read(ReadError::Gone(_)) => {
            (Kind::Usage, "`history TARGET` shows its records")
        }
        RollbackError::Unfinished(..) => {
            (Kind::Unfinished, "`resume` goes on, `resume --undo` puts the old version back")
        }
        RollbackError::Already(..) => {
            (Kind::Refused, "`history TARGET` shows older records for --to")
        }
        RollbackError::Moved { .. } => {
            (Kind::Stale, "name the record with --to to go back in spite of it")
        }
        RollbackError::Read(_) => (Kind::Environment, "check the server and the network"),
    };
    CommandError { kind, error: error.into(), hints: vec![hint.into()] }
}
