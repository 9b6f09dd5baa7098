//! Which runs are removed: old ones, and never one that is not over. Their lines in the index stay,
//! so that the chain does.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::index::{IndexWriter, NewSeal, RunSeals};
use super::line::SealKind;
use super::log::{ALIVE, EVENTS, Log, PLAN, is_alive};
use super::seal::{directory_of, runs_on_disk};
use crate::adapters::safe;
use crate::domain::history::{Record, RunId};
use crate::ports::rollouts::JournalError;

/// The most runs that one end of a run removes: it is not kept waiting for long.
const REMOVED_MAX: usize = 100;
/// A run of which nothing was written is one that is being made, or one that was killed then.
const EMPTY_AGE: Duration = Duration::from_hours(24);

/// How much is kept: no more than so many runs, none that is older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The newest so many.
    pub runs: usize,
    /// Those that began within this time.
    pub age: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { runs: 1000, age: Duration::from_hours(400 * 24) }
    }
}

/// Removes what is too much.
pub(super) fn remove_old(
    writer: &mut IndexWriter,
    journal: &Path,
    retention: Retention,
    now: Timestamp,
) -> Result<(), JournalError> {
    let known = writer.index.runs();
    let runs = runs_on_disk(journal)?;
    let over = runs.len().saturating_sub(retention.runs);
    let mut removed = Vec::new();
    for (index, run) in runs.into_iter().enumerate() {
        if removed.len() == REMOVED_MAX {
            break;
        }
        let directory = directory_of(journal, &run);
        let age =
            started(&run).and_then(|started| Duration::try_from(now.duration_since(started)).ok());
        let older = |limit| age.is_some_and(|age| age > limit);
        match known.get(&run) {
            // Killed between the line in the index and the removal.
            Some(seals) if seals.is_rest(&directory) => removed.push(directory),
            Some(seals) => {
                let too_much = index < over || older(retention.age);
                if too_much && is_over(&run, seals, &directory) {
                    writer.add(removal(&run, seals), now)?;
                    removed.push(directory);
                }
            }
            None if older(EMPTY_AGE) && is_empty(&directory) => removed.push(directory),
            None => {}
        }
    }
    if removed.is_empty() {
        return Ok(());
    }
    writer.sync()?;
    for directory in removed {
        remove(&directory);
    }
    safe::sync_directory(journal)
}

/// The line that says that a run was removed.
pub(super) fn removal<'a>(run: &'a RunId, seals: &RunSeals) -> NewSeal<'a> {
    let last = seals.seals.last();
    NewSeal {
        run: Some(run),
        lines: last.map(|(lines, _)| *lines),
        bytes: seals.bytes,
        head: last.map(|(_, head)| head.clone()),
        ..NewSeal::of(SealKind::Removed)
    }
}

/// Whether a run can be forgotten: the index knows all of it, nothing of it is wrong, its process
/// is gone, and so are its open records.
fn is_over(run: &RunId, seals: &RunSeals, directory: &Path) -> bool {
    let Ok(Some(log)) = Log::read(directory) else {
        return false;
    };
    let sealed = seals.seals.last().is_some_and(|(lines, _)| *lines == log.links.len() as u64);
    let closed =
        || log.records(run, directory).is_ok_and(|records| !records.iter().any(Record::is_open));
    sealed && log.check(seals, directory).is_ok() && !is_alive(directory) && closed()
}

/// Whether nothing durable was ever written of a run.
fn is_empty(directory: &Path) -> bool {
    let nothing = match Log::read(directory) {
        Ok(None) => true,
        Ok(Some(log)) => log.links.is_empty(),
        Err(_) => false,
    };
    nothing && !is_alive(directory)
}

/// Removes the files that are ours, by name, and the directory when nothing else is in it.
fn remove(directory: &Path) {
    if !safe::check_directory(directory).is_ok_and(|there| there) {
        return;
    }
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if [EVENTS, PLAN, ALIVE].contains(&name.as_ref()) || name.starts_with(".tmp-") {
            // What stays is tried again when the next run ends.
            let _ = fs::remove_file(entry.path());
        }
    }
    let _ = fs::remove_dir(directory);
}

/// When a run began, from its name: times of files can be anything.
pub(super) fn started(run: &RunId) -> Option<Timestamp> {
    let (time, _) = run.as_str().split_once('-')?;
    let time = DateTime::strptime("%Y%m%dt%H%M%Sz", time).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}
