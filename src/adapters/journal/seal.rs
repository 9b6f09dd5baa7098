//! Giving runs their line in the index: the one that ends, and those whose process is gone.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::index::{IndexWriter, NewSeal, RunSeals};
use super::line::SealKind;
use super::log::{EVENTS, Log, is_alive};
use crate::adapters::safe;
use crate::domain::history::RunId;
use crate::ports::rollouts::JournalError;

/// The runs that have a directory, the oldest first. Whatever else lies there is passed over.
pub(super) fn runs_on_disk(journal: &Path) -> Result<Vec<RunId>, JournalError> {
    let entries = match fs::read_dir(journal) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(safe::disk(journal, error)),
    };
    let mut runs = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| safe::disk(journal, error))?;
        runs.extend(entry.file_name().to_str().and_then(|name| name.parse::<RunId>().ok()));
    }
    runs.sort();
    Ok(runs)
}

/// The directory of a run. The grammar of its name keeps it inside the journal.
pub(super) fn directory_of(journal: &Path, run: &RunId) -> PathBuf {
    journal.join(run.as_str())
}

/// Adds a line for `own`, and for every run whose process is gone and whose entries the index does
/// not know, or not all of. Tells which runs could not be read; trouble with one hides no other.
pub(super) fn seal_runs(
    writer: &mut IndexWriter,
    journal: &Path,
    own: Option<&RunId>,
    now: Timestamp,
) -> Result<Vec<String>, JournalError> {
    let known = writer.index.runs();
    let mut notes = Vec::new();
    for run in runs_on_disk(journal)? {
        let seals = known.get(&run).cloned().unwrap_or_default();
        let directory = directory_of(journal, &run);
        let is_own = own == Some(&run);
        if !is_own && (!needs_seal(&directory, &seals) || is_alive(&directory)) {
            continue;
        }
        match seal(writer, &run, &seals, &directory, now) {
            Ok(()) => {}
            Err(error) if is_own => return Err(error),
            Err(error) => notes.push(error.to_string()),
        }
    }
    Ok(notes)
}

/// Whether there is more (or less) of a run than the index knows; without reading it.
fn needs_seal(directory: &Path, seals: &RunSeals) -> bool {
    let size = directory.join(EVENTS).symlink_metadata().map(|metadata| metadata.len());
    let differs = size.is_ok_and(|size| size > 0 && seals.bytes != Some(size));
    differs && !seals.is_rest(directory)
}

fn seal(
    writer: &mut IndexWriter,
    run: &RunId,
    seals: &RunSeals,
    directory: &Path,
    now: Timestamp,
) -> Result<(), JournalError> {
    safe::check_directory(directory)?;
    let Some(log) = Log::read(directory)? else {
        return Ok(());
    };
    log.check(seals, directory)?;
    let lines = log.links.len() as u64;
    if lines == 0 || seals.seals.last().is_some_and(|(known, _)| *known == lines) {
        return Ok(());
    }
    let seal = NewSeal {
        run: Some(run),
        lines: Some(lines),
        bytes: Some(log.bytes),
        head: Some(log.head().to_owned()),
        exit: log.exit(),
        ..NewSeal::of(SealKind::Run)
    };
    writer.add(seal, now)
}
