//! The state machine that carries out one change: phase and event in, phase and effect out.
//!
//! ```text
//! Pending -> Recorded -> Applying -> Verifying -> Soaking -> Committing -> Succeeded
//!                 \          \           \            \___________\
//!                  Refused    Refused     `-> RollingBack -> RolledBack | Inconsistent
//!                  Stale      Stale           FailedKept, Superseded, Unknown
//! ```
//!
//! Nothing is performed here. Effects are values that one room performs; what comes of them returns
//! as an event. Time is an argument, measured from the start of the run by a clock that never jumps.
//! Trouble with the API is never a reason to roll back, and somebody else's change is never undone.

mod back;
mod forward;
mod outcome;
mod standing;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use super::change::{Change, SlotId};
use super::health::{Failure, Health};
use super::inventory::Kind;

/// How often a write is tried again while the object is the same.
const WRITES_MAX: u32 = 3;
/// The longest time in which a write has to succeed or be found to have succeeded.
const WRITE_DEADLINE: Duration = Duration::from_mins(1);
/// The pause before something is tried again.
const PAUSE: Duration = Duration::from_secs(2);
/// How often the stuck pods of a `StatefulSet` are freed while it goes back.
const UNSTICK_EVERY: Duration = Duration::from_secs(5);

/// A moment of a run: the time since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Duration);

impl Moment {
    /// This long after the moment.
    #[must_use]
    pub fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(length))
    }

    fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

pub use outcome::Outcome;
pub use standing::{
    Half, ReleaseStanding, Standing, Working, locate, locate_release, resume, unknown_cause,
};
pub use watch::Watch;
use watch::observe;

/// Images by slot, as they stand in a pod template.
pub type Images = Vec<(SlotId, Arc<str>)>;

/// What does not change while a rollout is under way.
#[derive(Debug, Clone)]
pub struct Course {
    /// The change.
    pub change: Change,
    /// Only the server's dry run is made.
    pub rehearsal: bool,
}

impl Course {
    /// Whether a Helm release is changed, whose write has many parts.
    pub fn is_of_release(&self) -> bool {
        self.change.object.kind == Kind::Release
    }
}

/// Where a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Nothing has happened yet.
    Pending,
    /// The record is durable; nothing was written to the object.
    Recorded(Writing),
    /// The write may be on its way.
    Applying(Writing),
    /// The write is done; the new version has to show that it works.
    Verifying(Watch),
    /// It works; a relapse still rolls back.
    Soaking {
        /// The watch.
        watch: Watch,
        /// When the soak ends.
        until: Moment,
    },
    /// A last look before it counts.
    Committing {
        /// The watch.
        watch: Watch,
        /// Since when.
        since: Moment,
    },
    /// The old version is being put back.
    RollingBack {
        /// Why.
        cause: Failure,
        /// How far it is.
        undo: Undo,
    },
    /// The end.
    Ended(Outcome),
}

/// A write that is being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    since: Moment,
    tries: u32,
    /// A request was sent whose answer is not known, so that it may have been carried out.
    unclear: bool,
}

/// How far a rollback is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// The old references are being written.
    Writing(Writing),
    /// They are written; the old version has to be complete again.
    Verifying(Watch),
}

/// What has to be done next. One room performs it and answers with an [`Event`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make the record durable.
    Record,
    /// Ask the server what the write would do, without doing it.
    Rehearse,
    /// Write the new references.
    Apply,
    /// Write the old references.
    Restore,
    /// Read the object anew: where does it stand?
    Locate,
    /// Wait for the next observation, at most until this moment.
    Observe(Moment),
    /// Free pods of the failed revision that keep a `StatefulSet` from going back.
    Unstick,
    /// Do nothing until this moment.
    Wait(Moment),
    /// Nothing more: say how it ended.
    End,
}

impl Effect {
    /// Whether it has to come to its end once it was begun: giving it up half-way would leave
    /// behind what nobody knows.
    pub fn must_finish(&self) -> bool {
        match self {
            Self::Record | Self::Apply | Self::Restore | Self::Unstick | Self::End => true,
            Self::Rehearse | Self::Locate | Self::Observe(_) | Self::Wait(_) => false,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The rollout begins.
    Begin,
    /// The record is durable.
    Recorded,
    /// The record could not be made durable.
    RecordFailed(String),
    /// The dry run went well; what the server would store.
    Rehearsed(Images),
    /// The write (or the undo) is done; what the server stored.
    Written(Images),
    /// The server's rules forbid the write: admission, validation, permissions.
    Denied(String),
    /// The object is no longer what the write was made for.
    Moved(String),
    /// The write was begun and has failed: a part of it may stand.
    Broken(Failure),
    /// The write may or may not have been carried out.
    Unclear(String),
    /// The request did not reach the server, so that nothing was done.
    Trouble(String),
    /// Where the object stands.
    Located(Standing),
    /// What was seen.
    Observed(Health),
    /// The object could not be seen.
    Blind(String),
    /// Stuck pods were freed, or could not be.
    Unstuck,
    /// The moment that an effect named has come.
    Timer,
    /// The user wants to stop.
    Interrupted,
    /// Another run holds the lease.
    LeaseLost,
}

impl Phase {
    /// The word in machine output and in the journal.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Recorded(_) => "recorded",
            Self::Applying(_) => "applying",
            Self::Verifying(_) => "verifying",
            Self::Soaking { .. } => "soaking",
            Self::Committing { .. } => "committing",
            Self::RollingBack { .. } => "rolling-back",
            Self::Ended(outcome) => outcome.as_str(),
        }
    }
}

/// The part of a phase that outlives a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The record is durable.
    Recorded,
    /// The write may be on its way.
    Applying,
    /// The new version is written, and is verified, soaks or is committed.
    Applied,
    /// The old version is being put back.
    RollingBack,
}

impl Stage {
    /// Every stage in order.
    pub const ALL: [Self; 4] = [Self::Recorded, Self::Applying, Self::Applied, Self::RollingBack];

    /// The word in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::RollingBack => "rolling-back",
        }
    }

    /// The stage that a phase has reached; none before the record and after the end.
    pub fn of(phase: &Phase) -> Option<Self> {
        match phase {
            Phase::Pending | Phase::Ended(_) => None,
            Phase::Recorded(_) => Some(Self::Recorded),
            Phase::Applying(_) => Some(Self::Applying),
            Phase::Verifying(_) | Phase::Soaking { .. } | Phase::Committing { .. } => {
                Some(Self::Applied)
            }
            Phase::RollingBack { .. } => Some(Self::RollingBack),
        }
    }
}

/// The next phase and the next effect. An event that a phase does not wait for changes nothing:
/// the phase asks again for what it waits for.
pub fn step(course: &Course, phase: Phase, event: Event, now: Moment) -> (Phase, Effect) {
    match phase {
        Phase::Pending => forward::pending(event, now),
        Phase::Recorded(writing) => forward::recorded(course, writing, event, now),
        Phase::Applying(writing) => forward::applying(course, writing, event, now),
        Phase::Verifying(watch) => forward::verifying(course, watch, event, now),
        Phase::Soaking { watch, until } => forward::soaking(course, watch, until, event, now),
        Phase::Committing { watch, since } => forward::committing(course, watch, since, event, now),
        Phase::RollingBack { cause, undo: Undo::Writing(writing) } => {
            back::restoring(course, cause, writing, event, now)
        }
        Phase::RollingBack { cause, undo: Undo::Verifying(watch) } => {
            back::going_back(course, cause, watch, event, now)
        }
        Phase::Ended(outcome) => end(outcome),
    }
}

/// The first step of a dry run, which leaves no record.
pub fn rehearse(now: Moment) -> (Phase, Effect) {
    let writing = Writing { since: now, tries: 0, unclear: false };
    (Phase::Recorded(writing), Effect::Rehearse)
}

fn end(outcome: Outcome) -> (Phase, Effect) {
    (Phase::Ended(outcome), Effect::End)
}

#[cfg(test)]
mod tests;
