//! What was done: records of changes, what a rollback returns to, what is known bad, and what was
//! approved. Values only; the journal and the Lease keep them in forms of their own.

mod memory;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use super::change::Change;
use super::health::Failure;
use super::rollout::{Images, Outcome, Stage};

pub use memory::{Approval, BadVersion, KnownBad, Memory};

/// How often an unfinished record is taken up again before it counts as inconsistent.
pub const ATTEMPTS_MAX: u32 = 3;

/// The name of a run: sorts by time, and no two are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(Arc<str>);

/// A text that names no run or record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no record: write it as `history` shows it, RUN/N")]
pub struct RecordIdError(pub String);

impl RunId {
    /// From the start of a run and some random bits.
    pub fn new(started: Timestamp, random: u32) -> Self {
        Self(format!("{}-{random:08x}", started.strftime("%Y%m%dt%H%M%Sz")).into())
    }

    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = RecordIdError;

    /// `20261124t165301z-5f3a9c01`: safe as the name of a directory, whatever it was read from.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = |index: usize, byte: u8| match index {
            8 => byte == b't',
            15 => byte == b'z',
            16 => byte == b'-',
            0..=14 => byte.is_ascii_digit(),
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        };
        let fits = text.len() == 25 && text.bytes().enumerate().all(|(at, byte)| shape(at, byte));
        if fits { Ok(Self(text.into())) } else { Err(RecordIdError(text.to_owned())) }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The name of a record: its run, and its number in it, counted from one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// The run.
    pub run: RunId,
    /// The number.
    pub number: u32,
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.run, self.number)
    }
}

impl FromStr for RecordId {
    type Err = RecordIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || RecordIdError(text.to_owned());
        let (run, number) = text.split_once('/').ok_or_else(wrong)?;
        let run = run.parse().map_err(|_| wrong())?;
        let number = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
        Ok(Self { run, number })
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Whom the cluster takes the connection for; none where it does not say.
    pub user: Option<String>,
    /// The user of the machine.
    pub local: String,
    /// The machine.
    pub host: String,
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => write!(formatter, "{user} ({}@{})", self.local, self.host),
            None => write!(formatter, "{}@{}", self.local, self.host),
        }
    }
}

/// What made the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `apply`.
    Apply,
    /// `rollback`, asked for by a person.
    Rollback,
}

impl Verb {
    /// The word in machine output and in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Rollback => "rollback",
        }
    }
}

/// One change of one object: what was there, what was wanted, and what became of it. It holds
/// references only, never the body of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub id: RecordId,
    /// Which cluster: the uid of its kube-system namespace, or what stands for it.
    pub cluster: Arc<str>,
    /// What made it.
    pub verb: Verb,
    /// The change, with what was there before.
    pub change: Change,
    /// Why it was decided, in words.
    pub why: Vec<String>,
    /// Who did it.
    pub actor: Actor,
    /// When it was recorded.
    pub started: Timestamp,
    /// How far it came.
    pub stage: Stage,
    /// What was read back after the write; empty before.
    pub written: Images,
    /// SHA-256 of the whole pod template after the write; none before. Another one later is somebody
    /// else's, even where our images stand in it.
    pub template: Option<Arc<str>>,
    /// What an undo writes; empty before one begins.
    pub restored: Images,
    /// Why it is being undone; none otherwise.
    pub failure: Option<Failure>,
    /// What the tool that wrote it said last, warnings included, secrets masked; helm's standard error.
    pub said: Option<Arc<str>>,
    /// How often it was taken up again.
    pub attempts: u32,
    /// How it ended; none while it is under way (or was killed).
    pub end: Option<RecordEnd>,
}

/// The end of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordEnd {
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: Outcome,
}

impl Record {
    /// Whether the story is not over: it was killed, or its outcome is unknown.
    pub fn is_open(&self) -> bool {
        self.end.as_ref().is_none_or(|end| !end.outcome.is_final())
    }

    /// Whether the next run of its `CronJob` has to show whether the new version works.
    pub fn awaits_run(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.outcome == Outcome::AwaitsRun)
    }

    /// Whether `resume` has something to do with it.
    pub fn is_to_take_up(&self) -> bool {
        self.is_open() || self.awaits_run()
    }

    /// Whether `resume` can look at it again: also where it could not be seen to work, which may have
    /// changed.
    pub fn may_be_taken_up(&self) -> bool {
        let unverified = |end: &RecordEnd| matches!(end.outcome, Outcome::Unverified(_));
        self.is_to_take_up() || self.end.as_ref().is_some_and(unverified)
    }

    /// The record as it may be kept where others read it: without the words of containers and
    /// servers, which may hold anything.
    #[must_use]
    pub fn without_words(&self) -> Self {
        let mut record = self.clone();
        record.failure = record.failure.map(Failure::without_words);
        record.said = None;
        if let Some(end) = &mut record.end {
            end.outcome = end.outcome.clone().without_words();
        }
        record
    }

    /// Whether the object was left at the new version by this record.
    pub fn left_the_new_version(&self) -> bool {
        matches!(
            self.end.as_ref().map(|end| &end.outcome),
            Some(
                Outcome::Succeeded { .. }
                    | Outcome::Unverified(_)
                    | Outcome::AwaitsRun
                    | Outcome::FailedKept(_)
                    | Outcome::Unknown(_)
                    | Outcome::Inconsistent { .. }
            )
        )
    }

    /// Whether it ended by putting back what ran before: a rollback that was asked for, or one that
    /// followed a failure. To go back from there needs a record that is named.
    pub fn left_the_old_version(&self) -> bool {
        match self.end.as_ref().map(|end| &end.outcome) {
            Some(Outcome::RolledBack(_)) => true,
            Some(Outcome::Succeeded { .. } | Outcome::Unverified(_) | Outcome::AwaitsRun) => {
                self.verb == Verb::Rollback
            }
            Some(
                Outcome::Rehearsed
                | Outcome::NotBegun(_)
                | Outcome::Refused(_)
                | Outcome::Stale(_)
                | Outcome::Abandoned(_)
                | Outcome::Interrupted(_)
                | Outcome::Busy(_)
                | Outcome::Untouched
                | Outcome::Superseded(_)
                | Outcome::Unknown(_)
                | Outcome::FailedKept(_)
                | Outcome::Inconsistent { .. },
            )
            | None => false,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
