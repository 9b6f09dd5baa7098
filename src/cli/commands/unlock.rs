//! `--unlock`: frees releases that a dead helm left pending. What a run from here left is taken up;
//! what another helm left goes back to its last deployed revision, once that helm has had its time.

use std::sync::Arc;

use super::carry::Work;
use super::previews::HelmFlags;
use super::resume::{hosts, object};
use crate::actions::resume::resume;
use crate::adapters::helm::rollouts::{UnlockError, Unlocked};
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
use crate::domain::inventory;
use crate::domain::rollout::Outcome;
use crate::domain::target::TargetName;
use crate::ports::Silent;
use crate::ports::rollouts::{Journal as _, Lock as _};

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
    let identity = cluster.identity().await?;
    let journal = wire::journal(settings);
    let leg = wire::releases(settings, &cluster, flags.options.clone(), false).await?;
    let releases = targets.iter().filter(|target| target.kind == inventory::Kind::Release);
    for target in releases {
        let object = object(target, cluster.default_namespace());
        let last = cluster.read(&object).await?.memory.last;
        if let Some(record) = last.filter(crate::domain::history::Record::is_open) {
            let pace = Pace::default();
            let work = Work {
                settings,
                cluster: cluster.clone(),
                releases: Some(Arc::clone(&leg)),
                hosts: hosts(std::slice::from_ref(&record)),
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
            };
            let session = work.open(stop.clone(), printer).await?;
            let display = Rollouts::start(printer, settings.quiet);
            let report = Box::pin(resume(&session.room(&display), record, None)).await;
            drop(display);
            session.finish(outcomes::exit(std::slice::from_ref(&report), true), printer);
            let sentence = outcomes::sentence(&report.outcome);
            if let Outcome::Busy(why) = &report.outcome {
                return Err(CommandError::message(Kind::Busy, format!("{object}: {why}")));
            }
            printer.say(&escape(&format!("{object}: {sentence}")));
            let is_free = matches!(
                report.outcome,
                Outcome::Succeeded { .. } | Outcome::RolledBack(_) | Outcome::Untouched
            );
            if !is_free {
                let message = format!("{object} is not free: {sentence}");
                return Err(CommandError::message(Kind::Unfinished, message));
            }
            continue;
        }
        // One writer on this machine.
        let _machine = journal.lock(&identity, &object)?;
        match leg.unlock(&object, settings.now).await {
            Ok(Unlocked::NotNeeded) => {}
            Ok(Unlocked::Back(revision)) => {
                printer.say(&format!("{object}: freed, back at revision {revision}"));
            }
            Err(error) => {
                let kind = match &error {
                    UnlockError::Busy(_) => Kind::Busy,
                    UnlockError::Nothing(_) => Kind::Usage,
                    _ => Kind::Environment,
                };
                return Err(CommandError::message(kind, format!("{object}: {error}")));
            }
        }
    }
    Ok(())
}
