//! Looks whether the journal is what was written: every entry follows from the one before, every
//! run is what the index says, the index is what somebody remembers of it. Changes nothing.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::index::{Index, RunSeals};
use super::line::{self, Event, GENESIS, LineError, Link, SealKind};
use super::log::{EVENTS, FILE_MAX, wrong};
use super::seal::{directory_of, runs_on_disk};
use super::store::FileJournal;
use crate::adapters::safe;
use crate::domain::history::RunId;
use crate::ports::rollouts::JournalError;

/// A journal that is what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Runs whose entries were looked at.
    pub runs: usize,
    /// Their entries.
    pub entries: usize,
    /// The hash that stands for everything the index knows: whoever keeps it elsewhere can hold
    /// the journal against it later.
    pub head: String,
    /// How many lines the index got since the hash that the journal was held against; none where
    /// it was held against none.
    pub since_anchor: Option<usize>,
    /// Runs that are under way or were killed: the index does not know all of their entries, so
    /// that one that was cut off at their end would not be missed.
    pub open: Vec<RunId>,
    /// What else is to be said, in words.
    pub notes: Vec<String>,
}

/// Why a journal is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The first entry that is not what was written.
    #[error("{entry} {message}")]
    Bad {
        /// `RUN/SEQ`, or `index/SEQ`.
        entry: String,
        /// What is wrong with it.
        message: String,
    },
    /// No line of the index has the hash that somebody remembers.
    #[error(
        "the journal does not lead to {anchor}: its index was cut or written anew, or the hash is of another journal"
    )]
    Anchor {
        /// The hash.
        anchor: String,
    },
    /// It cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn bad(place: &str, number: usize, message: impl Into<String>) -> AuditError {
    AuditError::Bad { entry: format!("{place}/{number}"), message: message.into() }
}

impl FileJournal {
    /// Holds the journal against itself, and against a hash that an earlier run told.
    ///
    /// # Errors
    /// The first entry that is not what was written.
    pub fn verify(&self, anchor: Option<&str>) -> Result<Verified, AuditError> {
        let there = self.check()?;
        let index = if there { read_index(&self.journal)? } else { Index::default() };
        let since_anchor = anchor.map(|anchor| since(&index, anchor)).transpose()?;
        let heads: HashSet<&str> = std::iter::once(GENESIS)
            .chain(index.links.iter().map(|link| link.hash.as_str()))
            .collect();
        let rebuilt: HashSet<&str> = index
            .links
            .iter()
            .filter(|link| link.line.kind == SealKind::Rebuilt.as_str())
            .flat_map(|link| link.line.known.iter().flatten())
            .map(String::as_str)
            .collect();
        let on_disk = if there { runs_on_disk(&self.journal)? } else { Vec::new() };
        let mut runs: BTreeMap<RunId, RunSeals> = index.runs().into_iter().collect();
        for run in on_disk {
            runs.entry(run).or_default();
        }
        let mut verified = Verified {
            runs: 0,
            entries: 0,
            head: index.head().to_owned(),
            since_anchor,
            open: Vec::new(),
            notes: Vec::new(),
        };
        if index.torn {
            verified
                .notes
                .push("the last line of the index was cut short and does not count".into());
        }
        for (run, seals) in &runs {
            let directory = directory_of(&self.journal, run);
            if !seals.is_rest(&directory) {
                let links = verify_run(run, seals, &directory, &mut verified)?;
                // A rebuilt index does not know what stood in the one that was lost.
                let first = links.first().map(|link| link.line.prev.as_str());
                let known = first.is_none_or(|prev| heads.contains(prev));
                if !known && !rebuilt.contains(run.as_str()) {
                    let message = "follows from a line that the index does not have: the index \
                                   was cut, or the run is of another journal";
                    return Err(bad(run.as_str(), 1, message));
                }
            }
        }
        Ok(verified)
    }
}

/// How many lines follow the one that somebody remembers.
fn since(index: &Index, anchor: &str) -> Result<usize, AuditError> {
    let wanted = anchor.trim().to_ascii_lowercase();
    let at = index.links.iter().position(|link| link.hash == wanted);
    match at {
        Some(at) => Ok(index.links.len() - at - 1),
        None => Err(AuditError::Anchor { anchor: anchor.chars().take(100).collect() }),
    }
}

fn read_index(journal: &Path) -> Result<Index, AuditError> {
    Index::read(journal).map_err(|error| match error {
        JournalError::Damaged { line, message, .. } => bad("index", line, message),
        other => other.into(),
    })
}

/// Holds one run against itself and against what the index knows of it; tells its entries.
fn verify_run(
    run: &RunId,
    seals: &RunSeals,
    directory: &Path,
    verified: &mut Verified,
) -> Result<Vec<Link<Event>>, AuditError> {
    safe::check_directory(directory)?;
    let path = directory.join(EVENTS);
    let bytes = safe::read(&path, FILE_MAX)?.unwrap_or_default();
    let (lines, _, torn) = line::split(&bytes);
    let mut links: Vec<Link<Event>> = Vec::with_capacity(lines.len());
    for (index, bytes) in lines.into_iter().enumerate() {
        match line::read(bytes) {
            Ok(link) => links.push(link),
            Err(error @ LineError::Newer(_)) => return Err(wrong(&path, index + 1, error).into()),
            Err(LineError::Damaged(message)) => {
                // An entry before it may be wrong as well, and is the first then.
                let (number, message) = line::broken(&links, None, None)
                    .unwrap_or((index + 1, format!("is no entry: {message}")));
                return Err(bad(run.as_str(), number, message));
            }
        }
    }
    if let Some((number, message)) = seals.broken(&links) {
        return Err(bad(run.as_str(), number, message));
    }
    if links.is_empty() {
        // It was killed before anything durable was written of it.
        return Ok(links);
    }
    verified.runs += 1;
    verified.entries += links.len();
    if seals.seals.last().is_none_or(|(lines, _)| *lines < links.len() as u64) {
        verified.open.push(run.clone());
    }
    if torn {
        let number = links.len() + 1;
        verified.notes.push(format!("{run}/{number} was cut short and does not count"));
    }
    Ok(links)
}
