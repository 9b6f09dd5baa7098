//! The form of the lists that a Lease keeps beside the record: known bad versions and approvals.

use serde::{Deserialize, Serialize};

use super::wire::{ActorForm, SlotForm, text};
use super::{RecordFormatError, VERSION, cut, malformed};
use crate::domain::history::{Approval, BadVersion, KnownBad};
use crate::domain::image::Tag;

type Read<Value> = Result<Value, RecordFormatError>;

#[derive(Serialize, Deserialize)]
pub(super) struct KnownBadForm {
    v: u32,
    entries: Vec<BadForm>,
}

#[derive(Serialize, Deserialize)]
struct BadForm {
    versions: Vec<VersionForm>,
    record: String,
    since: String,
    why: String,
}

#[derive(Serialize, Deserialize)]
struct VersionForm {
    slot: SlotForm,
    repository: String,
    tag: Option<String>,
    digest: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ApprovalsForm {
    v: u32,
    entries: Vec<ApprovalForm>,
}

#[derive(Serialize, Deserialize)]
struct ApprovalForm {
    slot: SlotForm,
    tag: String,
    digest: String,
    by: ActorForm,
    at: String,
    expires: String,
}

impl KnownBadForm {
    pub(super) fn new(entries: &[KnownBad], max: usize) -> Self {
        let form = |known: &KnownBad| BadForm {
            versions: known.versions.iter().map(VersionForm::new).collect(),
            record: known.record.to_string(),
            since: known.since.to_string(),
            why: cut(&known.why, max),
        };
        Self { v: VERSION, entries: entries.iter().map(form).collect() }
    }

    pub(super) fn into_entries(self) -> Read<Vec<KnownBad>> {
        self.entries.into_iter().map(BadForm::into_known_bad).collect()
    }
}

impl BadForm {
    fn into_known_bad(self) -> Read<KnownBad> {
        if self.versions.is_empty() {
            // All of no versions would be found in every change.
            return Err(malformed("versions: at least one is bad"));
        }
        Ok(KnownBad {
            versions: self
                .versions
                .into_iter()
                .map(VersionForm::into_version)
                .collect::<Read<_>>()?,
            record: text("record", &self.record)?,
            since: text("since", &self.since)?,
            why: self.why,
        })
    }
}

impl VersionForm {
    fn new(version: &BadVersion) -> Self {
        Self {
            slot: SlotForm::new(&version.slot),
            repository: version.repository.to_string(),
            tag: version.tag.as_ref().map(ToString::to_string),
            digest: version.digest.to_string(),
        }
    }

    fn into_version(self) -> Read<BadVersion> {
        Ok(BadVersion {
            slot: self.slot.into_slot()?,
            repository: text("repository", &self.repository)?,
            tag: self.tag.map(|tag| text::<Tag>("tag", &tag)).transpose()?,
            digest: text("digest", &self.digest)?,
        })
    }
}

impl ApprovalsForm {
    pub(super) fn new(entries: &[Approval], max: usize) -> Self {
        let form = |approval: &Approval| ApprovalForm {
            slot: SlotForm::new(&approval.slot),
            tag: approval.tag.to_string(),
            digest: approval.digest.to_string(),
            by: ActorForm::new(&approval.by, max),
            at: approval.at.to_string(),
            expires: approval.expires.to_string(),
        };
        Self { v: VERSION, entries: entries.iter().map(form).collect() }
    }

    pub(super) fn into_entries(self) -> Read<Vec<Approval>> {
        self.entries.into_iter().map(ApprovalForm::into_approval).collect()
    }
}

impl ApprovalForm {
    fn into_approval(self) -> Read<Approval> {
        Ok(Approval {
            slot: self.slot.into_slot()?,
            tag: text("tag", &self.tag)?,
            digest: text("digest", &self.digest)?,
            by: self.by.into_actor(),
            at: text("at", &self.at)?,
            expires: text("expires", &self.expires)?,
        })
    }
}
