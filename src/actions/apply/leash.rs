//! The hold on an object while it is changed: the Lease and what it remembers. Trouble with it never
//! stops a rollback; losing it to another run does.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::Room;
use crate::domain::history::{Memory, Record};
use crate::domain::rollout::Moment;
use crate::ports::Event;
use crate::ports::rollouts::{Fence, Held, LockError};

/// How often a lock is renewed while its holder waits: a third of what it lasts.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// The longest that one renewal may take.
const KEEP_DEADLINE: Duration = Duration::from_secs(10);
/// The age up to which a lock is ours without asking: far less than it lasts.
const CONFIRM_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// A lock that was taken, or none where none may be written and a person accepted that.
#[derive(Debug)]
pub(in crate::actions) struct Leash {
    held: Option<Fence>,
    pub(in crate::actions) memory: Memory,
    before: Option<Record>,
    due: Moment,
    /// When it was written last, by the time of day.
    taken: Timestamp,
}

impl Leash {
    /// Takes the lock of the record's object.
    ///
    /// # Errors
    /// The lock's.
    pub(in crate::actions) async fn take(
        room: &Room<'_>,
        record: &Record,
        resuming: bool,
    ) -> Result<Self, LockError> {
        let change = &record.change;
        let due = room.clock.moment().after(RENEW_EVERY);
        let taken = room.clock.now();
        match room.lock.take(&change.object, &change.uid, record, resuming).await {
            Ok(Held { fence, memory, before }) => {
                Ok(Self { held: Some(fence), memory, before, due, taken })
            }
            Err(LockError::Forbidden { message }) if room.manner.without_lease => {
                room.events.event(Event::Trouble {
                    object: &change.object,
                    message: &format!("{message}; other machines do not see this run"),
                });
                Ok(Self { held: None, memory: Memory::default(), before: None, due, taken })
            }
            Err(error) => Err(error),
        }
    }

    /// No lock at all: for a dry run, which writes nothing.
    pub(super) fn none() -> Self {
        Self {
            held: None,
            memory: Memory::default(),
            before: None,
            due: Moment(Duration::MAX),
            taken: Timestamp::UNIX_EPOCH,
        }
    }

    /// When it has to be renewed.
    pub(super) fn due(&self) -> Moment {
        self.due
    }

    /// What asks whether the lock is ours, while it is renewed elsewhere.
    pub(super) fn guard(&self) -> Guard {
        Guard { held: self.held.clone(), taken: self.taken }
    }

    /// Renews the lock, with the record as it stands.
    ///
    /// # Errors
    /// Only that it is lost: other trouble is told and waited out.
    pub(super) async fn keep(&mut self, room: &Room<'_>, record: &Record) -> Result<(), LockError> {
        self.memory.last = Some(record.without_words());
        let kept = match &mut self.held {
            None => Ok(Ok(())),
            Some(fence) => timeout(KEEP_DEADLINE, room.lock.keep(fence, &self.memory)).await,
        };
        // Counted from the answer: a silent server must not leave time for nothing else.
        self.due = room.clock.moment().after(RENEW_EVERY);
        match kept {
            Ok(Err(error @ LockError::Lost { .. })) => Err(error),
            Ok(Err(error)) => {
                tell(room, record, &error.to_string());
                Ok(())
            }
            Err(_) => {
                tell(room, record, "the Lease could not be renewed in time");
                Ok(())
            }
            Ok(Ok(())) => {
                self.taken = room.clock.now();
                Ok(())
            }
        }
    }

    /// Gives the lock back.
    pub(in crate::actions) async fn release(mut self, room: &Room<'_>, record: &Record) {
        self.memory.last = Some(record.without_words());
        self.give_back(room, record).await;
    }

    /// Gives the lock back as if it had never been taken: nothing was written, so the record before
    /// counts again.
    pub(in crate::actions) async fn withdraw(mut self, room: &Room<'_>, record: &Record) {
        self.memory.last = self.before.take();
        self.give_back(room, record).await;
    }

    async fn give_back(&mut self, room: &Room<'_>, record: &Record) {
        let Some(fence) = self.held.take() else { return };
        if let Err(error) = room.lock.release(fence, &self.memory).await {
            tell(room, record, &error.to_string());
        }
    }

    /// The record that stood there before this run took the lock.
    pub(in crate::actions) fn before(&self) -> Option<&Record> {
        self.before.as_ref()
    }
}

/// Asks whether a lock is ours still: by its holder, which stays the same while it is renewed elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    held: Option<Fence>,
    taken: Timestamp,
}

impl Guard {
    /// Whether the lock is ours still, as the server says.
    pub(super) async fn confirm(&self, room: &Room<'_>) -> Result<(), LockError> {
        match &self.held {
            Some(fence) => room.lock.confirm(fence).await,
            None => Ok(()),
        }
    }

    /// Whether the lock is ours still; asked only when so much time has passed since it was written
    /// that somebody could have taken it. The time of day tells, because it goes on while a process
    /// is stopped or a machine sleeps.
    pub(super) async fn confirm_if_old(&self, room: &Room<'_>) -> Result<(), LockError> {
        let age = room.clock.now().duration_since(self.taken);
        if age.is_negative() || age > CONFIRM_AFTER { self.confirm(room).await } else { Ok(()) }
    }
}

fn tell(room: &Room<'_>, record: &Record, message: &str) {
    let object = &record.change.object;
    room.events.event(Event::Trouble { object, message });
}
