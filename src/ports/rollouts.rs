//! What carrying out a change needs of the outside: the object, the lock, the journal.

mod journal;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::domain::change::{Change, ObjectId, Probe, Revision, SlotId};
use crate::domain::health::{Failure, JobState, Observation};
use crate::domain::history::{Memory, Record, RecordId};
use crate::domain::inventory::Workload;
use crate::domain::rollout::{Images, Moment, ReleaseStanding, Standing, locate, locate_release};

pub use journal::{Journal, JournalError, RunStart};

/// One object read anew, with everything that a decision about writing it needs.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// The object as the gates know it. Its digests, claims and budgets are not filled in.
    pub workload: Workload,
    /// Its uid.
    pub uid: Arc<str>,
    /// Names this state of it; a write that tests it fails when anything was changed since.
    pub resource_version: Arc<str>,
    /// Counts changes of its spec.
    pub generation: i64,
    /// SHA-256 of its pod template, byte for byte as the server sent it.
    pub template_hash: String,
    /// The images of its template, with the index of each in its list.
    pub places: Vec<Placed>,
    /// Who wrote the images last, where the managed fields say so.
    pub writer: Option<Arc<str>>,
    /// Its own progress deadline, where it sets one that is not absurd.
    pub progress_deadline: Option<Duration>,
    /// Every replica is ready and available.
    pub healthy: bool,
    /// It has `volumeClaimTemplates`; a release has hooks or CRDs.
    pub stateful: bool,
    /// What stands of a release; none for other objects.
    pub release: Option<ReleaseStanding>,
}

/// An image of a template and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The slot.
    pub slot: SlotId,
    /// Its index in the list of the pod spec.
    pub index: usize,
    /// The image, byte for byte.
    pub image: Arc<str>,
}

impl Inspected {
    /// The images by slot.
    pub fn images(&self) -> Images {
        self.places.iter().map(|place| (place.slot.clone(), Arc::clone(&place.image))).collect()
    }

    /// Where it stands between the old and the new version of a record.
    pub fn standing(&self, record: &Record) -> Standing {
        let Some(release) = &self.release else {
            return locate(&record.change, &record.written, &record.restored, &self.images());
        };
        let version = self.places.first().map_or("", |place| &*place.image);
        let hashes = (record.template.as_deref(), self.template_hash.as_str());
        locate_release(&record.change, version, hashes, release)
    }
}

/// What a write stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The images of the template, read back from the answer.
    pub images: Images,
    /// The generation after the write.
    pub generation: i64,
    /// The state after the write; watching begins here.
    pub resource_version: Arc<str>,
    /// SHA-256 of the pod template as the server stored it.
    pub template_hash: String,
}

/// Why a write did not happen, or may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The server's rules forbid it: admission, validation, permissions. Nothing was written.
    #[error("{0}")]
    Denied(String),
    /// The object is not what the write was made for: another uid, another resource version, another
    /// image at its place. Nothing was written.
    #[error("{0}")]
    Moved(String),
    /// The request was sent and no answer came: it may have been carried out.
    #[error("{0}")]
    Unclear(String),
    /// The request did not reach the server or was turned away before it was looked at (429, 503):
    /// nothing was written.
    #[error("{0}")]
    Trouble(String),
    /// It has many parts, of which some were written before it failed.
    #[error("{}", .0.message)]
    Broken(Failure),
}

/// Why an object could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is not there.
    #[error("{0} not found")]
    Gone(ObjectId),
    /// Not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// The server did not answer, not in time, or with an error of its own.
    #[error("{0}")]
    Unavailable(String),
}

/// Carries out changes on one leg. Every write is guarded, so that doing it twice does it once.
pub trait Rollouts: Send + Sync {
    /// Reads an object anew.
    fn inspect<'a>(&'a self, object: &'a ObjectId) -> BoxFuture<'a, Result<Inspected, ReadError>>;

    /// Writes images, and nothing else, in one request that tests uid, resource version, and for
    /// each image that `from` stands at its place; with `rehearsal` the server only says what it
    /// would do. `base` is a fresh reading, taken after the lock.
    fn write<'a>(
        &'a self,
        object: &'a ObjectId,
        base: &'a Inspected,
        images: &'a [Replacement],
        rehearsal: bool,
    ) -> BoxFuture<'a, Result<Written, WriteError>>;

    /// What the tool that wrote an object last said of it, secrets masked; none where no tool did.
    fn said(&self, object: &ObjectId) -> Option<Arc<str>> {
        let _ = object;
        None
    }

    /// Watches an object and its pods from a state on.
    fn watch<'a>(&'a self, subject: WatchSubject) -> Box<dyn Watcher + 'a>;

    /// Frees pods that keep a `StatefulSet` from going back: those that carry a template with these
    /// images and are not ready; by eviction, and where a budget refuses by deletion with
    /// preconditions. Tells the pods.
    fn unstick<'a>(
        &'a self,
        object: &'a ObjectId,
        failed: &'a [(SlotId, Arc<str>)],
    ) -> BoxFuture<'a, Result<Vec<String>, ReadError>>;

    /// Where a Job stands that is there by itself.
    fn job<'a>(&'a self, job: &'a ObjectId) -> BoxFuture<'a, Result<JobState, ReadError>>;

    /// Starts a Job from the template of a `CronJob` now; tells its name. The same `record` starts
    /// no second one.
    fn run_once<'a>(
        &'a self,
        object: &'a ObjectId,
        record: &'a RecordId,
    ) -> BoxFuture<'a, Result<String, WriteError>>;

    /// Stops the Job that was started for a record: its pods end, and it stays to be looked at. That
    /// there is none is no error.
    fn stop_job<'a>(
        &'a self,
        object: &'a ObjectId,
        record: &'a RecordId,
    ) -> BoxFuture<'a, Result<(), WriteError>>;

    /// The Job that shows how these images of a `CronJob` run: the newest that has ended since they
    /// were written, else the newest that is at work.
    fn newest_job<'a>(
        &'a self,
        object: &'a ObjectId,
        images: &'a [(SlotId, Arc<str>)],
    ) -> BoxFuture<'a, Result<Option<CronRun>, ReadError>>;
}

/// A run of a `CronJob`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronRun {
    /// The name of its Job.
    pub job: String,
    /// The Job has ended.
    pub ended: bool,
}

/// The time: the only way in which an action learns it.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// The time since the start of the run, by a clock that never jumps.
    fn moment(&self) -> Moment;
}

/// Asks the probes of the policy.
pub trait Prober: Send + Sync {
    /// Asks once.
    ///
    /// # Errors
    /// What came instead of an answer.
    fn probe<'a>(&'a self, probe: &'a Probe) -> BoxFuture<'a, Result<(), String>>;
}

/// One image to write: in a slot, what stands there and what is to stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The slot.
    pub slot: SlotId,
    /// What stands there now.
    pub from: Arc<str>,
    /// What is to stand there.
    pub to: Arc<str>,
    /// The revision of a release that is wanted again; none where it is upgraded.
    pub revision: Option<Revision>,
}

/// What is watched.
#[derive(Debug, Clone)]
pub struct WatchSubject {
    /// The object.
    pub object: ObjectId,
    /// Its uid.
    pub uid: Arc<str>,
    /// The images that make a pod one of the new template.
    pub images: Images,
    /// The generation of the write, where it is known.
    pub generation: i64,
    /// The Job that was started from a `CronJob`, where one was.
    pub job: Option<String>,
}

/// An object under watch.
pub trait Watcher: Send {
    /// The next observation: the first at once, each further one when something has changed. Reads
    /// anew by itself after a gap.
    ///
    /// # Errors
    /// The object could not be seen; asking again tries again.
    fn next(&mut self) -> BoxFuture<'_, Result<Observation, ReadError>>;
}

/// The one writer of an object.
pub trait Lock: Send + Sync {
    /// Takes the lock and leaves `record` in it as the last record, before anything is written.
    /// With `resuming`, an open record that stands there is taken up instead of refused.
    fn take<'a>(
        &'a self,
        object: &'a ObjectId,
        uid: &'a str,
        record: &'a Record,
        resuming: bool,
    ) -> BoxFuture<'a, Result<Held, LockError>>;

    /// Whether the lock is still ours, read from the server: asked before each write.
    fn confirm<'a>(&'a self, fence: &'a Fence) -> BoxFuture<'a, Result<(), LockError>>;

    /// Renews the lock and writes what is to be remembered. Called when a rollback begins, after the
    /// write where a soak follows, and every so often while waiting.
    fn keep<'a>(
        &'a self,
        fence: &'a mut Fence,
        memory: &'a Memory,
    ) -> BoxFuture<'a, Result<(), LockError>>;

    /// Gives the lock back and leaves what is to be remembered.
    fn release<'a>(
        &'a self,
        fence: Fence,
        memory: &'a Memory,
    ) -> BoxFuture<'a, Result<(), LockError>>;

    /// What is remembered of an object; the default where nothing is.
    fn read<'a>(&'a self, object: &'a ObjectId) -> BoxFuture<'a, Result<Remembered, LockError>>;

    /// What is remembered of all objects in a namespace, or in all.
    fn read_all<'a>(
        &'a self,
        namespace: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<(ObjectId, Remembered)>, LockError>>;

    /// Changes what is remembered of an object while nobody holds it: approvals and `forget`. The
    /// function may be called more than once.
    fn edit<'a>(
        &'a self,
        object: &'a ObjectId,
        uid: &'a str,
        change: &'a (dyn Fn(&mut Memory) + Send + Sync),
    ) -> BoxFuture<'a, Result<(), LockError>>;
}

/// A lock that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The proof.
    pub fence: Fence,
    /// What is remembered, with the new record in it already.
    pub memory: Memory,
    /// The record that stood there before.
    pub before: Option<Record>,
}

/// The proof that a lock was taken, and its state when it was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The object.
    pub object: ObjectId,
    /// Who holds it: unique for each run.
    pub holder: Arc<str>,
    /// The state of the lock as it was last written; another one means that somebody took it. Empty
    /// where no lock could be kept in the cluster and a person accepted that.
    pub version: Arc<str>,
}

/// What is remembered of an object, and who holds it now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// What is remembered.
    pub memory: Memory,
    /// Who holds it and since when; none when nobody does or the holder let it expire.
    pub holder: Option<(Arc<str>, Option<Timestamp>)>,
}

/// Why a lock was not taken, or was lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another run holds it.
    #[error("{object} is held by {holder}")]
    Busy {
        /// The object.
        object: ObjectId,
        /// Who.
        holder: String,
    },
    /// An earlier run left it unfinished.
    #[error("{object} was left unfinished by {}", record.id)]
    Unfinished {
        /// The object.
        object: ObjectId,
        /// Its record.
        record: Box<Record>,
    },
    /// It was ours and is not any more.
    #[error("another run took {object}")]
    Lost {
        /// The object.
        object: ObjectId,
    },
    /// Leases may not be read or written here.
    #[error("{message}")]
    Forbidden {
        /// The missing permission.
        message: String,
    },
    /// What is remembered cannot be read: a newer format, or damaged.
    #[error("the Lease of {object} cannot be read: {message}")]
    Unreadable {
        /// The object.
        object: ObjectId,
        /// What is wrong with it.
        message: String,
    },
    /// The server did not answer, or not in time.
    #[error("{message}")]
    Unavailable {
        /// What happened.
        message: String,
    },
}

/// Names of a change for a record: kept here, because both the journal and the lock write it.
pub fn replacements(change: &Change) -> Vec<Replacement> {
    let edits = change.edits.iter().map(|edit| Replacement {
        slot: edit.slot.clone(),
        from: Arc::clone(&edit.from),
        to: Arc::clone(&edit.to),
        revision: change.release.as_ref().and_then(|before| before.to.clone()),
    });
    edits.collect()
}
