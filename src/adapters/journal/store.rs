//! The journal as the actions use it: begins, adds, ends, and tells what is there.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::index::{INDEX, Index, IndexWriter};
use super::line::EventKind;
use super::log::{ALIVE, AppendError, EVENTS, Entry, Log, PLAN, Writer, is_alive};
use super::retention::{Retention, remove_old};
use super::seal::{directory_of, runs_on_disk, seal_runs};
use super::{index, locks};
use crate::adapters::record::{record_to_json, run_to_json};
use crate::adapters::safe;
use crate::domain::change::ObjectId;
use crate::domain::history::{Record, RunId};
use crate::ports::rollouts::{Journal, JournalError, RunStart};

/// What has to fit on the disk before a run begins: its entries, and those of its end.
const SPACE: usize = 64 * 1024;

/// The journal in a state directory.
#[derive(Debug)]
pub struct FileJournal {
    state: PathBuf,
    pub(super) journal: PathBuf,
    retention: Retention,
    /// The runs that this process adds to.
    open: Mutex<HashMap<RunId, Writer>>,
    /// A sync failed: what is on the disk since is not known, so that nothing more is promised.
    failed: AtomicBool,
}

impl FileJournal {
    /// The journal in a state directory. Nothing is made or looked at before it is used.
    pub fn new(state: impl Into<PathBuf>, retention: Retention) -> Self {
        // With a slash at its end, a link would be taken for what it points to.
        let state: PathBuf = state.into().components().collect();
        let journal = state.join("journal");
        Self {
            state,
            journal,
            retention,
            open: Mutex::new(HashMap::new()),
            failed: AtomicBool::new(false),
        }
    }

    /// Whether there is a journal, and that it is safe to read.
    pub(super) fn check(&self) -> Result<bool, JournalError> {
        Ok(safe::check_directory(&self.state)? && safe::check_directory(&self.journal)?)
    }

    /// Makes the directories that are missing, and looks at those that are there.
    pub(super) fn make(&self) -> Result<(), JournalError> {
        safe::make_directory(&self.state)?;
        safe::make_directory(&self.journal)
    }

    /// Refuses to go on after a sync failed.
    fn check_disk(&self) -> Result<(), JournalError> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(safe::disk(&self.journal, "an earlier entry could not be made durable"));
        }
        Ok(())
    }

    fn fail(&self, error: JournalError) -> JournalError {
        self.failed.store(true, Ordering::Relaxed);
        error
    }

    fn add(&self, writer: &mut Writer, entry: Entry, now: Timestamp) -> Result<(), JournalError> {
        writer.append(entry, now).map_err(|error| match error {
            AppendError::Not(error) => error,
            AppendError::Unclear(error) => self.fail(error),
        })
    }

    fn begin_in(&self, directory: &Path, run: &RunStart) -> Result<Writer, JournalError> {
        let path = directory.join(ALIVE);
        let alive = safe::create(&path).map_err(|error| safe::disk(&path, error))?;
        alive.try_lock().map_err(|error| safe::disk(&path, error))?;
        reserve(directory)?;
        let head = Index::read(&self.journal)?.head().to_owned();
        let mut writer = Writer::create(directory, &head, Some(alive))?;
        let entry = Entry { run: Some(run_to_json(run)), ..Entry::of(EventKind::Run) };
        self.add(&mut writer, entry, run.started)?;
        safe::sync_directory(directory).map_err(|error| self.fail(error))?;
        safe::sync_directory(&self.journal).map_err(|error| self.fail(error))?;
        Ok(writer)
    }

    /// The writer of a run that this process did not begin: it takes up one of its records.
    fn take_up(&self, run: &RunId, now: Timestamp) -> Result<Writer, JournalError> {
        self.make()?;
        let directory = directory_of(&self.journal, run);
        safe::make_directory(&directory)?;
        let head = Index::read(&self.journal)?.head().to_owned();
        let mut writer = match Writer::open(&directory, &head)? {
            Some(writer) => writer,
            None => Writer::create(&directory, &head, None)?,
        };
        if writer.is_empty() {
            self.add(&mut writer, Entry::of(EventKind::TakenUp), now)?;
            safe::sync_directory(&directory).map_err(|error| self.fail(error))?;
        }
        Ok(writer)
    }

    fn append_to(&self, run: &RunId, entry: Entry, now: Timestamp) -> Result<(), JournalError> {
        self.check_disk()?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = open.get_mut(run) {
            return self.add(writer, entry, now);
        }
        let mut writer = self.take_up(run, now)?;
        let added = self.add(&mut writer, entry, now);
        open.insert(run.clone(), writer);
        added
    }

    /// The records of one run, and what is to be said about it.
    fn records_of(
        &self,
        run: &RunId,
        seals: &index::RunSeals,
    ) -> Result<(Vec<Record>, Option<String>), JournalError> {
        let directory = directory_of(&self.journal, run);
        safe::check_directory(&directory)?;
        let Some(log) = Log::read(&directory)? else {
            if seals.seals.is_empty() {
                return Ok((Vec::new(), None));
            }
            return Err(safe::disk(&directory.join(EVENTS), "is missing"));
        };
        log.check(seals, &directory)?;
        // A live run may be writing at this moment. A run without entries was killed before it
        // began, so that there is nothing to say about it.
        let cut = log.torn && !log.links.is_empty() && !is_alive(&directory);
        let note = cut.then(|| {
            let number = log.links.len() + 1;
            format!("{run}: entry {number} was cut short and does not count; the run was stopped while it wrote it")
        });
        Ok((log.records(run, &directory)?, note))
    }
}

/// Sees that a few entries fit on the disk.
fn reserve(directory: &Path) -> Result<(), JournalError> {
    let path = directory.join(".tmp-space");
    let file = safe::create(&path).map_err(|error| safe::disk(&path, error))?;
    let fill = |mut file: &File| {
        std::io::Write::write_all(&mut file, &vec![0; SPACE])?;
        file.sync_all()
    };
    let filled = fill(&file);
    let removed = std::fs::remove_file(&path);
    filled.and(removed).map_err(|error| safe::disk(directory, error))
}

impl Journal for FileJournal {
    fn begin(&self, run: &RunStart) -> Result<(), JournalError> {
        self.check_disk()?;
        self.make()?;
        // It is added to when the run ends; whether that can be done shows now.
        safe::open_or_create(&self.journal.join(INDEX))?;
        let directory = directory_of(&self.journal, &run.id);
        safe::new_directory(&directory).map_err(|error| safe::disk(&directory, error))?;
        match self.begin_in(&directory, run) {
            Ok(writer) => {
                let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
                open.insert(run.id.clone(), writer);
                Ok(())
            }
            Err(error) => {
                // Nothing has been done yet, so that there is nothing to remember.
                for name in [EVENTS, ALIVE] {
                    let _ = std::fs::remove_file(directory.join(name));
                }
                let _ = std::fs::remove_dir(&directory);
                Err(error)
            }
        }
    }

    fn append(&self, record: &Record, now: Timestamp) -> Result<(), JournalError> {
        let state = match &record.end {
            Some(end) => end.outcome.as_str(),
            None => record.stage.as_str(),
        };
        let entry = Entry {
            state: Some(state.into()),
            record: Some(record_to_json(record)),
            ..Entry::of(EventKind::Record)
        };
        self.append_to(&record.id.run, entry, now)
    }

    fn keep_plan(&self, run: &RunId, plan: &str) -> Result<(), JournalError> {
        self.check_disk()?;
        let directory = directory_of(&self.journal, run);
        if !(self.check()? && safe::check_directory(&directory)?) {
            return Err(safe::disk(&directory, "there is no such run"));
        }
        safe::replace(&directory.join(PLAN), plan.as_bytes())
    }

    fn finish(&self, run: &RunId, exit: u8, now: Timestamp) -> Result<String, JournalError> {
        let entry = Entry { exit: Some(exit), ..Entry::of(EventKind::End) };
        self.append_to(run, entry, now)?;
        let mut writer = IndexWriter::open(&self.journal)?;
        // What cannot be read of other runs is told by who reads them.
        seal_runs(&mut writer, &self.journal, Some(run), now)?;
        writer.sync().map_err(|error| self.fail(error))?;
        // Files of runs that were taken up are closed too: they may be removed now.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|other, writer| other != run && writer.is_own());
        drop(open);
        let head = writer.index.head().to_owned();
        // The run has ended well; what is old can be removed another time.
        match remove_old(&mut writer, &self.journal, self.retention, now) {
            Ok(()) => Ok(writer.index.head().to_owned()),
            Err(_) => Ok(head),
        }
    }

    fn records(&self) -> Result<(Vec<Record>, Vec<String>), JournalError> {
        if !self.check()? {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut notes = Vec::new();
        let known = match Index::read(&self.journal) {
            Ok(index) => index.runs(),
            Err(error) => {
                notes.push(error.to_string());
                HashMap::new()
            }
        };
        let unknown = index::RunSeals::default();
        let mut records = Vec::new();
        for run in runs_on_disk(&self.journal)? {
            let seals = known.get(&run).unwrap_or(&unknown);
            if seals.is_rest(&directory_of(&self.journal, &run)) {
                continue;
            }
            match self.records_of(&run, seals) {
                Ok((more, note)) => {
                    records.extend(more);
                    notes.extend(note);
                }
                Err(error) => notes.push(error.to_string()),
            }
        }
        records.sort_by(|one, other| other.id.cmp(&one.id));
        Ok((records, notes))
    }

    fn lock(&self, cluster: &str, object: &ObjectId) -> Result<Box<dyn Send>, JournalError> {
        safe::make_directory(&self.state)?;
        locks::lock(&self.state.join("locks"), cluster, object)
    }
}
