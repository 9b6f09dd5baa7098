//! Makes an index that is damaged or lost anew from the runs that are there. What was damaged is
//! kept beside it, and the new one says that it was made; hashes that somebody remembers of the
//! part that was lost lead nowhere any more.

use std::path::PathBuf;

use jiff::Timestamp;

use super::index::{INDEX, Index, IndexWriter, NewSeal, form, lock_index};
use super::line::SealKind;
use super::log::FILE_MAX;
use super::retention::removal;
use super::seal::{directory_of, runs_on_disk, seal_runs};
use super::store::FileJournal;
use crate::adapters::safe;
use crate::ports::rollouts::JournalError;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// What was wrong with the old index; none where nothing was.
    pub trouble: Option<String>,
    /// Where the old index is kept; none where nothing was wrong with it.
    pub evidence: Option<PathBuf>,
    /// The lines of it that were good, and stay.
    pub kept: usize,
    /// The lines that were added.
    pub added: usize,
    /// Runs that could not be read and are not in the index.
    pub notes: Vec<String>,
    /// The hash that stands for everything now.
    pub head: String,
}

impl FileJournal {
    /// Makes the index anew as far as it is damaged, and gives every run that ended its line.
    ///
    /// # Errors
    /// The disk's, or a newer format.
    pub fn rebuild(&self, now: Timestamp) -> Result<Rebuilt, JournalError> {
        self.make()?;
        let path = self.journal.join(INDEX);
        let lock = lock_index(&self.journal)?;
        let bytes = safe::read(&path, FILE_MAX)?;
        let lost = bytes.is_none();
        let bytes = bytes.unwrap_or_default();
        let (intact, trouble) = Index::intact(&bytes, &path);
        if let Some(error @ JournalError::Newer { .. }) = trouble {
            return Err(error);
        }
        let kept = intact.links.len();
        let mut evidence = None;
        if trouble.is_some() || lost {
            if !lost {
                evidence = Some(self.keep_evidence(&bytes)?);
            }
            let end = usize::try_from(intact.bytes).unwrap_or(bytes.len());
            let mut new = bytes.get(..end).unwrap_or_default().to_vec();
            let known = runs_on_disk(&self.journal)?.iter().map(ToString::to_string).collect();
            let mark = NewSeal { known: Some(known), ..NewSeal::of(SealKind::Rebuilt) };
            let (mark, _) =
                form(&intact, mark, now).map_err(|message| safe::disk(&path, message))?;
            new.extend(mark);
            safe::replace(&path, &new)?;
        }
        let mut writer = IndexWriter::with_lock(&self.journal, lock)?;
        for (run, seals) in writer.index.runs() {
            // The line that said so was lost.
            let gone = !safe::check_directory(&directory_of(&self.journal, &run))?;
            if gone && seals.removed.is_none() {
                writer.add(removal(&run, &seals), now)?;
            }
        }
        let notes = seal_runs(&mut writer, &self.journal, None, now)?;
        writer.sync()?;
        Ok(Rebuilt {
            trouble: match (trouble, lost) {
                (Some(error), _) => Some(error.to_string()),
                (None, true) => Some(format!("{} was not there", path.display())),
                (None, false) => None,
            },
            evidence,
            kept,
            added: writer.index.links.len() - kept,
            notes,
            head: writer.index.head().to_owned(),
        })
    }

    /// Keeps the damaged index under a name that nothing else has.
    fn keep_evidence(&self, bytes: &[u8]) -> Result<PathBuf, JournalError> {
        let mut number = 1_u32;
        loop {
            let path = self.journal.join(format!("index.damaged-{number}.jsonl"));
            if path.symlink_metadata().is_err() {
                safe::replace(&path, bytes)?;
                return Ok(path);
            }
            number += 1;
        }
    }
}
