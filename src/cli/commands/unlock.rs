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
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::outcomes;
use crate::cli::render::rollouts::Rollouts;
use crate::cli::session::{Purpose, Stop};
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::change::ObjectId;
use crate::domain::consent::may_be_written;
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
        let refused =
            |why: String| CommandError::message(Kind::Refused, format!("{object}: {why}"));
        let left = match &seen {
            Some(seen) => {
                may_be_written(&seen.workload).map_err(refused)?;
                unlock::pending(&object, seen).map_err(refused)?
            }
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
/// It is not free, nobody knows whether it is, or what it went back to does not work.
async fn freed(
    leg: &HelmRollouts,
    object: &ObjectId,
    outcome: &Outcome,
    printer: &Printer,
) -> Result<(), CommandError> {
    let sentence = outcomes::sentence(outcome);
    let (message, hint) = match outcome {
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
        Outcome::Inconsistent { .. } => {
            let seen = leg.inspect(object).await.map_err(|error| unread(&error))?;
            if let Ok(None) = unlock::pending(object, &seen) {
                let free = format!("{object} is free, and what it went back to does not work");
                (
                    format!("{free}: {sentence}"),
                    Some("`upgrade` without --unlock goes on from there"),
                )
            } else {
                (format!("{object} is not free: {sentence}"), None)
            }
        }
        Outcome::Unknown(_) | Outcome::Interrupted(_) | Outcome::Unverified(_) => (
            format!("whether {object} is free is not known: {sentence}"),
            Some("`status` shows it, `resume` takes it up"),
        ),
        _ => (format!("{object}: {sentence}"), None),
    };
    let error = CommandError::message(kind(outcome), message);
    Err(match hint {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

/// The kind of error that an outcome is, with the exit code that it has everywhere.
fn kind(outcome: &Outcome) -> Kind {
    match outcomes::code(outcome) {
        Exit::Environment => Kind::Environment,
        Exit::Busy => Kind::Busy,
        Exit::Stale => Kind::Stale,
        Exit::NotRestored => Kind::NotRestored,
        Exit::Unknown => Kind::Unfinished,
        _ => Kind::Refused,
    }
}

fn unread(error: &ReadError) -> CommandError {
    let kind = match error {
        ReadError::Gone(_) => Kind::Usage,
        ReadError::Forbidden(_) | ReadError::Unavailable(_) => Kind::Environment,
    };
    CommandError::message(kind, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::health::{Failure, FailureCode};

    #[test]
    fn what_is_not_free_ends_with_the_code_of_its_outcome() {
        let failure = || Failure {
            code: FailureCode::CutOff,
            message: "cut off".into(),
            never_ran: false,
            slot: None,
        };
        let why = || "why".to_owned();
        for (outcome, exit) in [
            (Outcome::Unknown(why()), Exit::Unknown),
            (Outcome::Interrupted(why()), Exit::Unknown),
            (Outcome::Unverified(why()), Exit::Unknown),
            (Outcome::FailedKept(failure()), Exit::NotRestored),
            (Outcome::Inconsistent { cause: failure(), second: why() }, Exit::NotRestored),
            (Outcome::Abandoned(why()), Exit::Environment),
            (Outcome::Busy(why()), Exit::Busy),
            (Outcome::Stale(why()), Exit::Stale),
            (Outcome::Refused(why()), Exit::Refused),
            (Outcome::NotBegun(why()), Exit::Refused),
        ] {
            let error = CommandError::message(kind(&outcome), "not free");
            assert_eq!(error.exit(), exit, "{outcome:?}");
        }
    }
}
