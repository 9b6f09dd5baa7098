//! Carries changes out: record before apply, verify after, undo what fails, and verify the undo.
//!
//! `batch` decides nothing but who goes when; `prepare` makes an intent certain (digests, lock, a
//! fresh reading); `drive` is the one room that performs the effects of the rollout machine.

mod batch;
mod drive;
mod leash;
mod perform;
mod prepare;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::calendar::{Freeze, Window};
use crate::domain::change::{Change, ObjectId};
use crate::domain::history::{Actor, Record, RecordId, RunId};
use crate::domain::rollout::{Images, Moment, Outcome};
use crate::ports::rollouts::{Clock, Journal, Lock, Prober, Rollouts};
use crate::ports::{EventSink, Registry};

pub use batch::{Limits, apply};
pub(in crate::actions) use drive::{Start, drive, save};
pub(in crate::actions) use leash::Leash;
pub(in crate::actions) use prepare::PROGRESS_DEADLINE;

/// The outside that carrying out changes needs.
#[derive(Clone, Copy)]
pub struct Room<'a> {
    /// The leg that writes.
    pub rollouts: &'a dyn Rollouts,
    /// The one writer of each object.
    pub lock: &'a dyn Lock,
    /// The durable record.
    pub journal: &'a dyn Journal,
    /// Registries, asked anew whatever is in the cache.
    pub registry: &'a dyn Registry,
    /// Probes of the policy.
    pub prober: &'a dyn Prober,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Hears of every step.
    pub events: &'a dyn EventSink,
    /// Becomes true when the user wants to stop.
    pub stop: &'a watch::Receiver<bool>,
    /// How it is done.
    pub manner: &'a Manner,
}

/// What holds for all changes of a run.
#[derive(Debug, Clone)]
pub struct Manner {
    /// The run.
    pub run: RunId,
    /// Which cluster.
    pub cluster: Arc<str>,
    /// Who.
    pub actor: Actor,
    /// `--progress-deadline`: instead of what the objects say.
    pub progress_deadline: Option<Duration>,
    /// `--soak`: instead of what the policy says.
    pub soak: Option<Duration>,
    /// When waiting ends, whatever is under way.
    pub until: Option<Moment>,
    /// Only the server's dry run.
    pub rehearsal: bool,
    /// Start a Job of each changed `CronJob` and judge that.
    pub run_once: bool,
    /// When changes may begin.
    pub windows: Vec<Window>,
    /// When none may begin.
    pub freezes: Vec<Freeze>,
    /// Go on without a Lease where none may be written: a person was asked.
    pub without_lease: bool,
}

/// What became of one change.
#[derive(Debug, Clone)]
pub struct Report {
    /// The object.
    pub object: ObjectId,
    /// The change as it was carried out; none where it never became certain.
    pub change: Option<Change>,
    /// What an undo wrote or would write, where one began; the old references otherwise.
    pub restored: Images,
    /// Its record; none where nothing was recorded.
    pub record: Option<RecordId>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// Of a change that never became certain.
    pub fn early(object: ObjectId, outcome: Outcome) -> Self {
        Self {
            object,
            change: None,
            restored: Images::new(),
            record: None,
            outcome,
            took: Duration::ZERO,
        }
    }

    /// Of a record that has come to an end.
    pub(in crate::actions) fn of(record: &Record, outcome: Outcome, took: Duration) -> Self {
        Self {
            object: record.change.object.clone(),
            change: Some(record.change.clone()),
            restored: record.restored.clone(),
            record: Some(record.id.clone()),
            outcome,
            took,
        }
    }

    /// Whether nothing more should be begun after it.
    pub fn is_failure(&self) -> bool {
        match self.outcome {
            Outcome::Rehearsed
            | Outcome::Succeeded { .. }
            | Outcome::Unverified(_)
            | Outcome::AwaitsRun
            | Outcome::NotBegun(_)
            | Outcome::Untouched
            | Outcome::Busy(_)
            | Outcome::Refused(_)
            | Outcome::Stale(_) => false,
            Outcome::Abandoned(_)
            | Outcome::Interrupted(_)
            | Outcome::Superseded(_)
            | Outcome::Unknown(_)
            | Outcome::FailedKept(_)
            | Outcome::RolledBack(_)
            | Outcome::Inconsistent { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests;
