//! What was done: records of changes, what a rollback returns to, what is known bad, and what was
//! approved. Values only; the journal and the Lease keep them in forms of their own.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use super::change::{Change, SlotId};
use super::health::Failure;
use super::image::{Digest, Repository, Tag};
use super::rollout::{Images, Outcome, Stage};

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

    /// Whether its story is told.
    pub fn is_final(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.outcome.is_final())
    }

    /// Whether the next run of its `CronJob` has to show whether the new version works.
    pub fn awaits_run(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.outcome == Outcome::AwaitsRun)
    }

    /// Whether `resume` has something to do with it.
    pub fn is_to_take_up(&self) -> bool {
        self.is_open() || self.awaits_run()
    }

    /// The record as it may be kept where others read it: without the words of containers and
    /// servers, which may hold anything.
    #[must_use]
    pub fn without_words(&self) -> Self {
        let mut record = self.clone();
        record.failure = record.failure.map(Failure::without_words);
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

/// A version that was rolled back on an object, or several that failed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBad {
    /// What failed; more than one where it is not clear which of them was at fault.
    pub versions: Vec<BadVersion>,
    /// The record in which it failed.
    pub record: RecordId,
    /// When.
    pub since: Timestamp,
    /// What happened.
    pub why: String,
}

/// One published version, in one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadVersion {
    /// The slot.
    pub slot: SlotId,
    /// The repository.
    pub repository: Repository,
    /// The tag, where one was written.
    pub tag: Option<Tag>,
    /// The digest.
    pub digest: Digest,
}

/// Somebody's yes to one version in one slot, kept in the Lease of the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The slot.
    pub slot: SlotId,
    /// The tag that was looked at.
    pub tag: Tag,
    /// What the tag named then; another digest is not approved.
    pub digest: Digest,
    /// Who approved it, as the cluster knows them.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Until when it counts.
    pub expires: Timestamp,
}

impl Approval {
    /// Whether it counts at a time.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.at <= now && now < self.expires
    }
}

/// What the cluster itself remembers of an object, in its Lease: another machine with an empty
/// state directory finds it there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// The last record.
    pub last: Option<Record>,
    /// What is known bad; the newest last.
    pub known_bad: Vec<KnownBad>,
    /// What was approved.
    pub approvals: Vec<Approval>,
}

fn bad_version(slot: &SlotId, image: &str, digest: &Digest) -> Option<BadVersion> {
    let reference: super::image::ImageReference = image.parse().ok()?;
    Some(BadVersion {
        slot: slot.clone(),
        repository: reference.repository().clone(),
        tag: reference.tag().cloned(),
        digest: digest.clone(),
    })
}

/// The most entries that each list of a [`Memory`] keeps: annotations hold 256 KiB at most.
const LIST_MAX: usize = 32;

impl Memory {
    /// Adds what failed, the container at fault alone where it is known, else all edits together.
    pub fn condemn(&mut self, record: &Record, failure: &Failure, now: Timestamp) {
        let edits = &record.change.edits;
        let at_fault = failure.slot.as_ref();
        let at_fault = at_fault.filter(|slot| edits.iter().any(|edit| edit.slot == **slot));
        let versions = edits
            .iter()
            .filter(|edit| at_fault.is_none_or(|slot| *slot == edit.slot))
            .filter_map(|edit| bad_version(&edit.slot, &edit.to, &edit.digest))
            .collect();
        self.add_bad(versions, record, failure.message.clone(), now);
    }

    /// Adds what a person rolled back: what stood there before the record, all edits together.
    pub fn reject(&mut self, record: &Record, now: Timestamp) {
        let versions = record
            .change
            .edits
            .iter()
            .filter_map(|edit| bad_version(&edit.slot, &edit.from, edit.from_digest.as_ref()?))
            .collect();
        self.add_bad(versions, record, format!("rolled back by {}", record.actor), now);
    }

    fn add_bad(
        &mut self,
        mut versions: Vec<BadVersion>,
        record: &Record,
        why: String,
        now: Timestamp,
    ) {
        versions.dedup();
        if versions.is_empty() {
            return;
        }
        self.known_bad.retain(|known| known.versions != versions);
        self.known_bad.push(KnownBad { versions, record: record.id.clone(), since: now, why });
        let over = self.known_bad.len().saturating_sub(LIST_MAX);
        self.known_bad.drain(..over);
    }

    /// The tags that are known bad in a slot by themselves.
    pub fn bad_tags<'a>(&'a self, slot: &'a SlotId) -> impl Iterator<Item = &'a Tag> {
        self.known_bad.iter().filter_map(move |known| match known.versions.as_slice() {
            [one] if one.slot == *slot => one.tag.as_ref(),
            _ => None,
        })
    }

    /// Whether a change is a combination that failed together, or contains one.
    pub fn is_known_bad(&self, change: &Change) -> Option<&KnownBad> {
        let edits = change.edits.iter().map(|edit| (&edit.slot, &edit.digest));
        self.is_known_bad_together(&edits.collect::<Vec<_>>())
    }

    /// The same before the change is made: slots with the digest that each is to get.
    pub fn is_known_bad_together(&self, wanted: &[(&SlotId, &Digest)]) -> Option<&KnownBad> {
        let is_written = |bad: &BadVersion| {
            wanted.iter().any(|(slot, digest)| **slot == bad.slot && **digest == bad.digest)
        };
        self.known_bad
            .iter()
            .find(|known| !known.versions.is_empty() && known.versions.iter().all(is_written))
    }

    /// Takes off the known-bad list what names a container (or any) in a version (or any), and
    /// gives what was taken off. Of several versions that failed together one is enough.
    pub fn forget(&mut self, container: Option<&str>, tag: Option<&Tag>) -> Vec<KnownBad> {
        let is_meant = |bad: &BadVersion| {
            container.is_none_or(|name| name == &*bad.slot.name)
                && tag.is_none_or(|tag| bad.tag.as_ref() == Some(tag))
        };
        let (forgotten, kept) =
            self.known_bad.drain(..).partition(|known| known.versions.iter().any(is_meant));
        self.known_bad = kept;
        forgotten
    }

    /// The approval of a version in a slot that counts now.
    pub fn approval(
        &self,
        slot: &SlotId,
        tag: &Tag,
        digest: &Digest,
        now: Timestamp,
    ) -> Option<&Approval> {
        self.approvals.iter().find(|approval| {
            approval.slot == *slot
                && approval.tag == *tag
                && approval.digest == *digest
                && approval.counts_at(now)
        })
    }

    /// Adds an approval, in the place of an earlier one of the same version, and drops those that
    /// have expired.
    pub fn approve(&mut self, approval: Approval, now: Timestamp) {
        self.approvals.retain(|known| {
            now < known.expires && (known.slot != approval.slot || known.tag != approval.tag)
        });
        self.approvals.push(approval);
        let over = self.approvals.len().saturating_sub(LIST_MAX);
        self.approvals.drain(..over);
    }
}

#[cfg(test)]
mod tests;
