//! The entries of one run: read, and added to. Every entry is one write and one sync; a sync that
//! failed is never tried again, because nobody knows what of it is on the disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::index::RunSeals;
use super::line::{self, Event, EventKind, LineError, Link, VERSION};
use crate::adapters::record::record_from_json;
use crate::adapters::safe;
use crate::domain::history::{Record, RunId};
use crate::ports::rollouts::JournalError;

/// The entries of a run.
pub(super) const EVENTS: &str = "events.jsonl";
/// Held while a run goes on.
pub(super) const ALIVE: &str = "alive";
/// The plan of a run.
pub(super) const PLAN: &str = "plan.json";
/// A run, or the index, may not be larger.
pub(super) const FILE_MAX: u64 = 64 * 1024 * 1024;

/// The entries of a run, each following from the one before.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) links: Vec<Link<Event>>,
    /// The bytes of the complete entries.
    pub(super) bytes: u64,
    /// Something that was cut short stands behind them.
    pub(super) torn: bool,
}

impl Log {
    /// The entries of the run in a directory; none where it has no file of them.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, JournalError> {
        let path = directory.join(EVENTS);
        safe::read(&path, FILE_MAX)?.map(|bytes| Self::parse(&bytes, &path)).transpose()
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<Self, JournalError> {
        let (lines, end, torn) = line::split(bytes);
        let mut links = Vec::with_capacity(lines.len());
        for (index, bytes) in lines.into_iter().enumerate() {
            links.push(line::read(bytes).map_err(|error| wrong(path, index + 1, error))?);
        }
        if let Some((line, message)) = line::broken(&links, None, None) {
            return Err(damaged(path, line, format!("entry {line} {message}")));
        }
        Ok(Self { links, bytes: end as u64, torn })
    }

    pub(super) fn head(&self) -> &str {
        self.links.last().map_or("", |link| &link.hash)
    }

    /// The exit code, where the run came to its end.
    pub(super) fn exit(&self) -> Option<u8> {
        let end = |link: &&Link<Event>| link.line.kind == EventKind::End.as_str();
        self.links.iter().rev().find(end).and_then(|link| link.line.exit)
    }

    /// Whether the entries are those that the index knows. More of them are no fault: a run that
    /// is taken up again gets some.
    pub(super) fn check(&self, seals: &RunSeals, directory: &Path) -> Result<(), JournalError> {
        match seals.broken(&self.links) {
            None => Ok(()),
            Some((line, message)) => {
                Err(damaged(&directory.join(EVENTS), line, format!("entry {line} {message}")))
            }
        }
    }

    /// The records as they stood last, by number.
    pub(super) fn records(
        &self,
        run: &RunId,
        directory: &Path,
    ) -> Result<Vec<Record>, JournalError> {
        let path = directory.join(EVENTS);
        // Only the last state of each is read in full.
        let mut last = BTreeMap::new();
        for (index, link) in self.links.iter().enumerate() {
            if let Some(value) = &link.line.record {
                let id = value.get("id").and_then(|id| id.as_str()).unwrap_or_default();
                last.insert(id, (index + 1, value));
            }
        }
        let mut records = Vec::with_capacity(last.len());
        for (line, value) in last.into_values() {
            let record =
                record_from_json(value).map_err(|error| damaged(&path, line, error.to_string()))?;
            if record.id.run != *run {
                return Err(damaged(&path, line, format!("{} is of another run", record.id)));
            }
            records.push(record);
        }
        Ok(records)
    }
}

pub(super) fn damaged(path: &Path, line: usize, message: String) -> JournalError {
    JournalError::Damaged { path: path.display().to_string(), line, message }
}

pub(super) fn wrong(path: &Path, line: usize, error: LineError) -> JournalError {
    match error {
        LineError::Newer(found) => {
            JournalError::Newer { path: path.display().to_string(), found, known: VERSION }
        }
        LineError::Damaged(message) => damaged(path, line, message),
    }
}

/// What an entry says beside its place in the chain.
pub(super) struct Entry {
    pub(super) kind: EventKind,
    pub(super) run: Option<serde_json::Value>,
    pub(super) state: Option<String>,
    pub(super) record: Option<serde_json::Value>,
    pub(super) exit: Option<u8>,
}

impl Entry {
    /// An entry that says no more than its kind.
    pub(super) fn of(kind: EventKind) -> Self {
        Self { kind, run: None, state: None, record: None, exit: None }
    }
}

/// A run that is added to.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    /// The state of the file after our last entry. Another process may have added to it since.
    bytes: u64,
    seq: u64,
    head: String,
    /// Held until the run ends; none for a run that another process began.
    alive: Option<File>,
}

/// Why an entry was not added.
pub(super) enum AppendError {
    /// It is not there.
    Not(JournalError),
    /// Nobody knows whether it is there.
    Unclear(JournalError),
}

impl Writer {
    /// The writer of a run that has no entries yet.
    pub(super) fn create(
        directory: &Path,
        head: &str,
        alive: Option<File>,
    ) -> Result<Self, JournalError> {
        let path = directory.join(EVENTS);
        let file = safe::create(&path).map_err(|error| safe::disk(&path, error))?;
        Ok(Self { path, file, bytes: 0, seq: 0, head: head.to_owned(), alive })
    }

    /// The writer of a run that another process began; none where it has no file of entries here.
    pub(super) fn open(directory: &Path, head: &str) -> Result<Option<Self>, JournalError> {
        let path = directory.join(EVENTS);
        let Some(file) = safe::open_append(&path)? else {
            return Ok(None);
        };
        let mut writer = Self { path, file, bytes: 0, seq: 0, head: head.to_owned(), alive: None };
        safe::wait_for_lock(&writer.file, &writer.path)?;
        let read = writer.catch_up();
        let _ = writer.file.unlock();
        read.map(|()| Some(writer))
    }

    /// Whether this process began the run.
    pub(super) fn is_own(&self) -> bool {
        self.alive.is_some()
    }

    /// Whether it has no entries yet.
    pub(super) fn is_empty(&self) -> bool {
        self.seq == 0
    }

    /// Adds an entry. Durable when this returns.
    pub(super) fn append(&mut self, entry: Entry, now: Timestamp) -> Result<(), AppendError> {
        safe::wait_for_lock(&self.file, &self.path).map_err(AppendError::Not)?;
        let added = self.append_locked(entry, now);
        // A lock that cannot be given back goes with the file.
        let _ = self.file.unlock();
        added
    }

    fn append_locked(&mut self, entry: Entry, now: Timestamp) -> Result<(), AppendError> {
        self.catch_up().map_err(AppendError::Not)?;
        let event = Event {
            v: VERSION,
            seq: self.seq + 1,
            prev: self.head.clone(),
            ts: now.to_string(),
            kind: entry.kind.as_str().into(),
            run: entry.run,
            state: entry.state,
            record: entry.record,
            exit: entry.exit,
        };
        let bytes = line::to_bytes(&event)
            .map_err(|message| AppendError::Not(safe::disk(&self.path, message)))?;
        let size = self.bytes + bytes.len() as u64;
        if size > FILE_MAX {
            let message = format!("is full: {} MiB", FILE_MAX / 1024 / 1024);
            return Err(AppendError::Not(safe::disk(&self.path, message)));
        }
        write_once(&mut self.file, &self.path, self.bytes, &bytes).map_err(AppendError::Not)?;
        self.file
            .sync_data()
            .map_err(|error| AppendError::Unclear(safe::disk(&self.path, error)))?;
        self.bytes = size;
        self.seq = event.seq;
        self.head = line::hash(&bytes);
        Ok(())
    }

    /// Reads what another process added, and cuts off what a kill left of an entry.
    fn catch_up(&mut self) -> Result<(), JournalError> {
        let wrong = |error| safe::disk(&self.path, error);
        let size = self.file.metadata().map_err(wrong)?.len();
        if size == self.bytes {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(0)).map_err(wrong)?;
        let bytes = safe::read_all(&self.file, &self.path, FILE_MAX)?;
        let log = Log::parse(&bytes, &self.path)?;
        if log.torn {
            self.file.set_len(log.bytes).map_err(wrong)?;
        }
        self.bytes = log.bytes;
        self.seq = log.links.len() as u64;
        if !log.links.is_empty() {
            log.head().clone_into(&mut self.head);
        }
        Ok(())
    }
}

/// Writes a line with one call. What was written of it only in part is taken back, so that the file
/// ends as it did before.
pub(super) fn write_once(
    file: &mut File,
    path: &Path,
    size: u64,
    bytes: &[u8],
) -> Result<(), JournalError> {
    let error = loop {
        match file.write(bytes) {
            Ok(written) if written == bytes.len() => return Ok(()),
            Ok(written) => {
                break safe::disk(path, format!("only {written} of {} bytes fit", bytes.len()));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break safe::disk(path, error),
        }
    };
    // Where that fails as well, readers pass over the part.
    let _ = file.set_len(size);
    Err(error)
}

/// Whether the process of a run goes on.
pub(super) fn is_alive(directory: &Path) -> bool {
    // Shared, so that two who look do not take each other for the run.
    let file = safe::open_read(&directory.join(ALIVE));
    file.is_ok_and(|file| {
        file.is_some_and(|file| {
            matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))
        })
    })
}
