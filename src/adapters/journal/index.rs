//! The index of the journal: one line for each run that ended, each following from the one before.
//! Added to under a lock of its own; its newest hash stands for everything before it.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::line::{self, Event, GENESIS, Link, Seal, SealKind, VERSION};
use super::log::{FILE_MAX, Log, damaged, write_once, wrong};
use crate::adapters::safe;
use crate::domain::history::RunId;
use crate::ports::rollouts::JournalError;

/// The lines of the index.
pub(super) const INDEX: &str = "index.jsonl";
/// Held while the index is added to. A file of its own, because the index may be replaced.
const INDEX_LOCK: &str = "index.lock";

/// The lines of the index.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) links: Vec<Link<Seal>>,
    /// The bytes of the complete lines.
    pub(super) bytes: u64,
    /// Something that was cut short stands behind them.
    pub(super) torn: bool,
}

/// What the index knows of one run.
#[derive(Debug, Default, Clone)]
pub(super) struct RunSeals {
    /// How many entries it had each time, and the hash of the last; never empty, except where the
    /// index does not know the run.
    pub(super) seals: Vec<(u64, String)>,
    /// The bytes of its entries, the last time.
    pub(super) bytes: Option<u64>,
    /// Its entries were removed because of their age: how many, and the hash of the last.
    pub(super) removed: Option<(u64, String)>,
}

impl RunSeals {
    /// Whether what is there of a run that was removed is a rest of it, because the removal was
    /// interrupted. Else somebody took the run up again since.
    pub(super) fn is_rest(&self, directory: &Path) -> bool {
        let Some((lines, head)) = &self.removed else {
            return false;
        };
        match Log::read(directory) {
            Ok(None) | Err(_) => true,
            Ok(Some(log)) => {
                let at = usize::try_from(*lines).unwrap_or(usize::MAX).wrapping_sub(1);
                log.links.is_empty() || log.links.get(at).is_some_and(|link| link.hash == *head)
            }
        }
    }

    /// The first entry of a run that is not what the index knows, counted from one.
    pub(super) fn broken(&self, links: &[Link<Event>]) -> Option<(usize, String)> {
        let length = links.len() as u64;
        let last = self.seals.last().filter(|(lines, _)| *lines == length);
        if let Some(found) = line::broken(links, None, last.map(|(_, head)| head.as_str())) {
            return Some(found);
        }
        for (lines, head) in &self.seals {
            let position = usize::try_from(*lines).unwrap_or(usize::MAX);
            if length < *lines {
                let message = format!("is missing: the index knows {lines}");
                return Some((links.len() + 1, message));
            }
            if links.get(position.wrapping_sub(1)).is_none_or(|link| link.hash != *head) {
                return Some((position, "is not the one that the index knows".into()));
            }
        }
        None
    }
}

impl Index {
    /// Reads the index in the directory of the journal. What is cut short at its end is passed
    /// over.
    pub(super) fn read(journal: &Path) -> Result<Self, JournalError> {
        let path = journal.join(INDEX);
        let bytes = safe::read(&path, FILE_MAX)?.unwrap_or_default();
        Self::parse(&bytes, &path)
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<Self, JournalError> {
        let (lines, end, torn) = line::split(bytes);
        let mut links = Vec::with_capacity(lines.len());
        for (index, bytes) in lines.into_iter().enumerate() {
            links.push(line::read(bytes).map_err(|error| wrong(path, index + 1, error))?);
        }
        if let Some((line, message)) = line::broken(&links, Some(GENESIS), None) {
            return Err(damaged(path, line, format!("line {line} {message}")));
        }
        Ok(Self { links, bytes: end as u64, torn })
    }

    /// The lines before the first that is damaged, and what is wrong with that one.
    pub(super) fn intact(bytes: &[u8], path: &Path) -> (Self, Option<JournalError>) {
        let mut lines = bytes;
        let mut trouble = None;
        loop {
            match Self::parse(lines, path) {
                Ok(index) => return (index, trouble),
                Err(error) => {
                    let known = match &error {
                        JournalError::Damaged { line, .. } => line.saturating_sub(1),
                        _ => 0,
                    };
                    let (all, ..) = line::split(lines);
                    let end = all.iter().take(known).map(|line| line.len()).sum();
                    lines = &bytes[..end];
                    trouble.get_or_insert(error);
                }
            }
        }
    }

    /// The hash that stands for everything so far.
    pub(super) fn head(&self) -> &str {
        self.links.last().map_or(GENESIS, |link| &link.hash)
    }

    /// What is known of each run.
    pub(super) fn runs(&self) -> HashMap<RunId, RunSeals> {
        let mut runs: HashMap<RunId, RunSeals> = HashMap::new();
        for Link { line, .. } in &self.links {
            let Some(run) = line.run.as_deref().and_then(|run| run.parse().ok()) else {
                continue;
            };
            let known = runs.entry(run).or_default();
            let (Some(lines), Some(head)) = (line.lines, &line.head) else {
                continue;
            };
            if line.kind == SealKind::Removed.as_str() {
                *known = RunSeals { removed: Some((lines, head.clone())), ..RunSeals::default() };
            } else if line.kind == SealKind::Run.as_str() {
                known.seals.push((lines, head.clone()));
                known.bytes = line.bytes;
                known.removed = None;
            }
        }
        runs
    }
}

/// What a new line of the index says.
pub(super) struct NewSeal<'a> {
    pub(super) kind: SealKind,
    pub(super) run: Option<&'a RunId>,
    pub(super) lines: Option<u64>,
    pub(super) bytes: Option<u64>,
    pub(super) head: Option<String>,
    pub(super) exit: Option<u8>,
    pub(super) known: Option<Vec<String>>,
}

impl NewSeal<'_> {
    /// A line that says no more than its kind.
    pub(super) fn of(kind: SealKind) -> Self {
        Self { kind, run: None, lines: None, bytes: None, head: None, exit: None, known: None }
    }
}

/// The index, held by this process alone.
pub(super) struct IndexWriter {
    _lock: File,
    path: PathBuf,
    file: File,
    pub(super) index: Index,
}

/// Takes the lock under which the index is changed.
pub(super) fn lock_index(journal: &Path) -> Result<File, JournalError> {
    let path = journal.join(INDEX_LOCK);
    let lock = safe::open_or_create(&path)?;
    safe::wait_for_lock(&lock, &path)?;
    Ok(lock)
}

impl IndexWriter {
    /// Opens the index, and cuts off what a kill left of a line.
    pub(super) fn open(journal: &Path) -> Result<Self, JournalError> {
        let lock = lock_index(journal)?;
        Self::with_lock(journal, lock)
    }

    /// The same for who has the lock already.
    pub(super) fn with_lock(journal: &Path, lock: File) -> Result<Self, JournalError> {
        let path = journal.join(INDEX);
        let file = safe::open_or_create(&path)?;
        let bytes = safe::read_all(&file, &path, FILE_MAX)?;
        let index = Index::parse(&bytes, &path)?;
        if index.torn {
            file.set_len(index.bytes).map_err(|error| safe::disk(&path, error))?;
        }
        Ok(Self { _lock: lock, path, file, index })
    }

    /// Adds a line; durable after [`sync`](Self::sync).
    pub(super) fn add(&mut self, seal: NewSeal<'_>, now: Timestamp) -> Result<(), JournalError> {
        let (bytes, link) =
            form(&self.index, seal, now).map_err(|message| safe::disk(&self.path, message))?;
        if self.index.bytes + bytes.len() as u64 > FILE_MAX {
            return Err(safe::disk(&self.path, "is full"));
        }
        write_once(&mut self.file, &self.path, self.index.bytes, &bytes)?;
        self.index.bytes += bytes.len() as u64;
        self.index.links.push(link);
        Ok(())
    }

    /// Makes durable what was added.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        self.file.sync_data().map_err(|error| safe::disk(&self.path, error))
    }
}

/// The next line of an index.
pub(super) fn form(
    index: &Index,
    seal: NewSeal<'_>,
    now: Timestamp,
) -> Result<(Vec<u8>, Link<Seal>), String> {
    let line = Seal {
        v: VERSION,
        seq: index.links.len() as u64 + 1,
        prev: index.head().to_owned(),
        ts: now.to_string(),
        kind: seal.kind.as_str().into(),
        run: seal.run.map(ToString::to_string),
        lines: seal.lines,
        bytes: seal.bytes,
        head: seal.head,
        exit: seal.exit,
        known: seal.known,
    };
    let bytes = line::to_bytes(&line)?;
    let hash = line::hash(&bytes);
    Ok((bytes, Link { line, hash }))
}
