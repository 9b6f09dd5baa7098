//! What the cluster remembers of an object: its last record, what is known bad, what was approved.

use jiff::Timestamp;

use super::{Actor, Record, RecordId};
use crate::domain::change::{Change, SlotId};
use crate::domain::health::Failure;
use crate::domain::image::{Digest, ImageReference, Repository, Tag};
use crate::domain::inventory::SlotKind;

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
    let tag = match slot.kind {
        SlotKind::Chart => image.replace('+', "_").parse().ok(),
        _ => image.parse::<ImageReference>().ok()?.tag().cloned(),
    };
    let repository = repository(slot, image)?;
    Some(BadVersion { slot: slot.clone(), repository, tag, digest: digest.clone() })
}

/// Where what stands in a slot comes from. Where a chart comes from is no part of what it is; its name
/// takes the place.
fn repository(slot: &SlotId, image: &str) -> Option<Repository> {
    if slot.kind == SlotKind::Chart {
        let name = slot.name.to_ascii_lowercase();
        return name.parse().or_else(|_| "chart".parse()).ok();
    }
    Some(image.parse::<ImageReference>().ok()?.repository().clone())
}

/// The most entries that each list of a [`Memory`] keeps: annotations hold 256 KiB at most.
pub(super) const LIST_MAX: usize = 32;

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

    /// The tags that are known bad by themselves in a slot where `image` stands: those of its repository.
    pub fn bad_tags<'a>(&'a self, slot: &'a SlotId, image: &str) -> impl Iterator<Item = &'a Tag> {
        let repository = repository(slot, image);
        self.known_bad.iter().filter_map(move |known| match known.versions.as_slice() {
            [one] if one.slot == *slot && Some(&one.repository) == repository.as_ref() => {
                one.tag.as_ref()
            }
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
