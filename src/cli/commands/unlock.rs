//! `--unlock`: frees releases that a dead helm left pending. What a run from here left is taken up;
//! what another helm left goes back to its last deployed revision, once that helm has had its time.

use std::sync::Arc;

use super::carry::{Left, Work};
use super::previews::HelmFlags;
use super::resume::{hosts, object};
use crate::actions::resume::resume;
use crate::actions::unlock;
use crate::adapters::helm::rollouts::HelmRollouts;
use crate::cli::args::TextFormat;
use crate::cli::args_write::Pace;
use crate::cli::error::{CommandError, Kind};
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::outcomes;
use crate::cli::render::rollouts::Rollouts;
use crate::cli::session::{Purpose, Stop};
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::change::ObjectId;
use crate::domain::history::Record;
use crate::domain::inventory;
use crate::domain::rollout::Outcome;
use crate::domain::target::TargetName;
use crate::ports::Silent;
use crate::ports::rollouts::{Lock as _, ReadError, Rollouts as _};

/// Frees the releases among some targets.
///
/// # Errors
/// Whoever holds one may still be at work, or it cannot be freed.
pub async fn free(
    settings: &Settings,
    targets: &[TargetName],
    (flags, unattended): (&HelmFlags, bool),
    stop: Stop,
    printer: &Printer,
) -> Result<(), CommandError> {
    let cluster = wire::cluster(settings, Arc::new(Silent)).await?;
    let leg = wire::releases(settings, &cluster, flags.options.clone(), false).await?;
    let releases = targets.iter().filter(|target| target.kind == inventory::Kind::Release);
    for target in releases {
        let object = object(target, cluster.default_namespace());
        let last = cluster.read(&object).await?.memory.last.filter(Record::is_open);
        let seen = match &last {
            Some(_) => None,
            None => Some(leg.inspect(&object).await.map_err(|error| unread(&error))?),
        };
        let left = match &seen {
            Some(seen) => unlock::pending(&object, seen)
                .map_err(|why| CommandError::message(Kind::Usage, format!("{object}: {why}")))?,
            None => None,
        };
        if last.is_none() && left.is_none() {
            printer.note(&format!("{object} is not pending: there is nothing to unlock."));
            continue;
        }
        let pace = Pace::default();
        let work = Work {
            settings,
            cluster: cluster.clone(),
            releases: Some(Arc::clone(&leg)),
            hosts: last.iter().flat_map(|record| hosts(std::slice::from_ref(record))).collect(),
            purpose: Purpose {
                pace: &pace,
                rehearsal: false,
                run_once: false,
                unattended,
                command: format!("unlock {object}"),
            },
            output: TextFormat::Table,
            named: true,
            metrics: None,
            plan: None,
            previews: &[],
            left: Left::NOTHING,
        };
        let session = work.open(stop.clone(), printer).await?;
        let display = Rollouts::start(printer, settings.quiet);
        let room = session.room(&display);
        let left = left.and_then(|left| left.record(&room, &object));
        let Some(record) = last.or(left) else { continue };
        let report = Box::pin(resume(&room, record, None)).await;
        drop(display);
        session.finish(outcomes::exit(std::slice::from_ref(&report), true), printer);
        freed(&leg, &object, &report.outcome, printer).await?;
    }
    Ok(())
}

/// Tells how it ended.
///
/// # Errors
/// It is not free, or what it went back to does not work.
async fn freed(
    leg: &HelmRollouts,
    object: &ObjectId,
    outcome: &Outcome,
    printer: &Printer,
) -> Result<(), CommandError> {
    let sentence = outcomes::sentence(outcome);
    let (kind, why) = match outcome {
        Outcome::RolledBack(failure) => {
            let why = &failure.message;
            let told = format!("{object} is free: its last deployed revision is back ({why})");
            printer.say(&escape(&told));
            return Ok(());
        }
        // Superseded: its helm came to its end meanwhile, and the plan sees what stands now.
        Outcome::Succeeded { .. } | Outcome::Untouched | Outcome::Superseded(_) => {
            printer.say(&escape(&format!("{object}: {sentence}")));
            return Ok(());
        }
        Outcome::Abandoned(why) => (Kind::Environment, why),
        Outcome::Busy(why) => (Kind::Busy, why),
        _ => {
            let seen = leg.inspect(object).await.map_err(|error| unread(&error))?;
            let error = if let Ok(None) = unlock::pending(object, &seen) {
                let message = format!("{object} is free, and what it went back to does not work");
                CommandError::message(Kind::NotRestored, format!("{message}: {sentence}"))
                    .hint("`upgrade` without --unlock goes on from there")
            } else {
                let message = format!("{object} is not free: {sentence}");
                CommandError::message(Kind::Unfinished, message)
            };
            return Err(error);
        }
    };
    Err(CommandError::message(kind, format!("{object}: {why}")))
}

fn unread(error: &ReadError) -> CommandError {
    let kind = match error {
        ReadError::Gone(_) => Kind::Usage,
        ReadError::Forbidden(_) | ReadError::Unavailable(_) => Kind::Environment,
    };
    CommandError::message(kind, error.to_string())
}
