//! The durable store of what is done on a machine.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::change::ObjectId;
use crate::domain::history::{Actor, Record, RunId};

/// A run as the journal knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStart {
    /// Its name.
    pub id: RunId,
    /// When it began.
    pub started: Timestamp,
    /// Which cluster.
    pub cluster: Arc<str>,
    /// The address or context, for people.
    pub place: String,
    /// Who.
    pub actor: Actor,
    /// The verb and what it was told, without secrets.
    pub command: String,
}

/// The durable store of what is done on this machine.
pub trait Journal: Send + Sync {
    /// Begins a run. What it needs on the disk is written now: a full disk or a read-only
    /// directory shows before anything is written to the cluster.
    ///
    /// # Errors
    /// The state directory is not ours, not safe, or cannot be written.
    fn begin(&self, run: &RunStart) -> Result<(), JournalError>;

    /// Adds an entry to a run: the record as it stands now. Durable when this returns.
    ///
    /// # Errors
    /// The disk's.
    fn append(&self, record: &Record, now: Timestamp) -> Result<(), JournalError>;

    /// Keeps the plan of a run beside its entries.
    ///
    /// # Errors
    /// The disk's.
    fn keep_plan(&self, run: &RunId, plan: &str) -> Result<(), JournalError>;

    /// Ends a run; tells the head of the chain of hashes.
    ///
    /// # Errors
    /// The disk's.
    fn finish(&self, run: &RunId, exit: u8, now: Timestamp) -> Result<String, JournalError>;

    /// The records of this machine, the newest first, each as it stood last. Unreadable runs are
    /// told beside them and hide no others.
    ///
    /// # Errors
    /// The state directory cannot be read.
    fn records(&self) -> Result<(Vec<Record>, Vec<String>), JournalError>;

    /// The lock of an object on this machine, held as long as the value lives.
    ///
    /// # Errors
    /// Another process of this machine holds it.
    fn lock(&self, cluster: &str, object: &ObjectId) -> Result<Box<dyn Send>, JournalError>;
}

/// Trouble with the state directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// It cannot be read or written.
    #[error("{path}: {message}")]
    Disk {
        /// The file or directory.
        path: String,
        /// What the system said.
        message: String,
    },
    /// It is not safe: a link, of another user, or writable by others.
    #[error("{path} {message}")]
    Unsafe {
        /// The file or directory.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// It was written by a newer version of the program.
    #[error("{path} has format {found}, this program knows {known}")]
    Newer {
        /// The file.
        path: String,
        /// Its format.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// It is damaged.
    #[error("{path}:{line}: {message}")]
    Damaged {
        /// The file.
        path: String,
        /// One-based line.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// Another process holds the object.
    #[error("another run on this machine holds {object}")]
    Busy {
        /// The object.
        object: ObjectId,
    },
}
