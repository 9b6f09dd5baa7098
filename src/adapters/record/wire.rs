//! The form of a record and of all that is in it. The field names are the format.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ending::{EndForm, FailureForm};
use super::{RecordFormatError, VERSION, cut, malformed};
use crate::domain::change::{Change, Edit, Probe, ReleaseBefore, Revision, SlotId, Terms};
use crate::domain::history::{Actor, Record, Verb};
use crate::domain::image::Digest;
use crate::domain::inventory::SlotKind;
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::{Images, Stage};
use crate::domain::version::Bump;
use crate::ports::rollouts::RunStart;

/// The reasons that a record keeps; more of them than anybody reads.
const WHY_MAX: usize = 32;
pub(super) type Read<Value> = Result<Value, RecordFormatError>;

#[derive(Serialize, Deserialize)]
pub(super) struct RecordForm {
    v: u32,
    id: String,
    cluster: String,
    verb: String,
    change: ChangeForm,
    why: Vec<String>,
    actor: ActorForm,
    started: String,
    stage: String,
    written: Vec<ImageForm>,
    template: Option<String>,
    restored: Vec<ImageForm>,
    failure: Option<FailureForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said: Option<String>,
    attempts: u32,
    end: Option<EndForm>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RunForm {
    v: u32,
    id: String,
    started: String,
    cluster: String,
    place: String,
    actor: ActorForm,
    command: String,
}

#[derive(Serialize, Deserialize)]
struct ChangeForm {
    object: String,
    uid: String,
    edits: Vec<EditForm>,
    terms: TermsForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release: Option<ReleaseForm>,
}

#[derive(Serialize, Deserialize)]
struct ReleaseForm {
    newest: u32,
    back: u32,
    manifest: String,
    values: String,
    to: Option<RevisionForm>,
    patience_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct RevisionForm {
    number: u32,
    manifest: String,
    values: String,
}

#[derive(Serialize, Deserialize)]
struct EditForm {
    slot: SlotForm,
    from: String,
    to: String,
    digest: String,
    parts: Vec<String>,
    from_digest: Option<String>,
    bump: String,
}

#[derive(Serialize, Deserialize)]
struct TermsForm {
    soak_ms: u64,
    progress_deadline_ms: u64,
    rollback: String,
    stateful: bool,
    was_healthy: bool,
    probes: Vec<ProbeForm>,
    run_once: bool,
}

#[derive(Serialize, Deserialize)]
struct ProbeForm {
    kind: String,
    address: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SlotForm {
    kind: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct ImageForm {
    slot: SlotForm,
    image: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ActorForm {
    user: Option<String>,
    local: String,
    host: String,
}

impl RecordForm {
    pub(super) fn new(record: &Record, max: usize) -> Self {
        Self {
            v: VERSION,
            id: record.id.to_string(),
            cluster: record.cluster.to_string(),
            verb: record.verb.as_str().into(),
            change: ChangeForm::new(&record.change),
            why: record.why.iter().take(WHY_MAX).map(|why| cut(why, max)).collect(),
            actor: ActorForm::new(&record.actor, max),
            started: record.started.to_string(),
            stage: record.stage.as_str().into(),
            written: images_form(&record.written),
            template: record.template.as_deref().map(Into::into),
            restored: images_form(&record.restored),
            failure: record.failure.as_ref().map(|failure| FailureForm::new(failure, max)),
            said: record.said.as_ref().map(|said| cut(said, max)),
            attempts: record.attempts,
            end: record.end.as_ref().map(|end| EndForm::new(end, max)),
        }
    }

    pub(super) fn into_record(self) -> Read<Record> {
        Ok(Record {
            id: text("id", &self.id)?,
            cluster: self.cluster.into(),
            verb: word("verb", &self.verb, &[Verb::Apply, Verb::Rollback], Verb::as_str)?,
            change: self.change.into_change()?,
            why: self.why,
            actor: self.actor.into_actor(),
            started: text("started", &self.started)?,
            stage: word("stage", &self.stage, &Stage::ALL, Stage::as_str)?,
            written: images(self.written)?,
            template: self.template.map(Into::into),
            restored: images(self.restored)?,
            failure: self.failure.map(FailureForm::into_failure).transpose()?,
            said: self.said.map(Into::into),
            attempts: self.attempts,
            end: self.end.map(EndForm::into_end).transpose()?,
        })
    }
}

impl RunForm {
    pub(super) fn new(run: &RunStart, max: usize) -> Self {
        Self {
            v: VERSION,
            id: run.id.to_string(),
            started: run.started.to_string(),
            cluster: run.cluster.to_string(),
            place: cut(&run.place, max),
            actor: ActorForm::new(&run.actor, max),
            command: cut(&run.command, max),
        }
    }

    pub(super) fn into_run(self) -> Read<RunStart> {
        Ok(RunStart {
            id: text("id", &self.id)?,
            started: text("started", &self.started)?,
            cluster: self.cluster.into(),
            place: self.place,
            actor: self.actor.into_actor(),
            command: self.command,
        })
    }
}

impl ChangeForm {
    fn new(change: &Change) -> Self {
        Self {
            object: change.object.to_string(),
            uid: change.uid.to_string(),
            edits: change.edits.iter().map(EditForm::new).collect(),
            terms: TermsForm::new(&change.terms),
            release: change.release.as_ref().map(ReleaseForm::new),
        }
    }

    fn into_change(self) -> Read<Change> {
        if self.edits.is_empty() {
            return Err(RecordFormatError::Malformed("edits: a change has at least one".into()));
        }
        Ok(Change {
            object: text("object", &self.object)?,
            uid: self.uid.into(),
            edits: self.edits.into_iter().map(EditForm::into_edit).collect::<Read<_>>()?,
            terms: self.terms.into_terms()?,
            release: self.release.map(ReleaseForm::into_release).transpose()?,
        })
    }
}

impl ReleaseForm {
    fn new(before: &ReleaseBefore) -> Self {
        Self {
            newest: before.newest,
            back: before.back,
            manifest: before.manifest.to_string(),
            values: before.values.to_string(),
            to: before.to.as_ref().map(|to| RevisionForm {
                number: to.number,
                manifest: to.manifest.to_string(),
                values: to.values.to_string(),
            }),
            patience_ms: millis(before.patience),
        }
    }

    fn into_release(self) -> Read<ReleaseBefore> {
        Ok(ReleaseBefore {
            newest: self.newest,
            back: self.back,
            manifest: text("manifest", &self.manifest)?,
            values: text("values", &self.values)?,
            to: self
                .to
                .map(|to| -> Read<Revision> {
                    Ok(Revision {
                        number: to.number,
                        manifest: text("manifest", &to.manifest)?,
                        values: text("values", &to.values)?,
                    })
                })
                .transpose()?,
            patience: Duration::from_millis(self.patience_ms),
        })
    }
}

impl EditForm {
    fn new(edit: &Edit) -> Self {
        Self {
            slot: SlotForm::new(&edit.slot),
            from: edit.from.to_string(),
            to: edit.to.to_string(),
            digest: edit.digest.to_string(),
            parts: edit.parts.iter().map(ToString::to_string).collect(),
            from_digest: edit.from_digest.as_ref().map(ToString::to_string),
            bump: edit.bump.as_str().into(),
        }
    }

    fn into_edit(self) -> Read<Edit> {
        Ok(Edit {
            slot: self.slot.into_slot()?,
            from: self.from.into(),
            to: self.to.into(),
            digest: text("digest", &self.digest)?,
            parts: self.parts.iter().map(|part| text("parts", part)).collect::<Read<_>>()?,
            from_digest: self
                .from_digest
                .map(|digest| text::<Digest>("from_digest", &digest))
                .transpose()?,
            bump: word("bump", &self.bump, &Bump::ALL, Bump::as_str)?,
        })
    }
}

impl TermsForm {
    fn new(terms: &Terms) -> Self {
        Self {
            soak_ms: millis(terms.soak),
            progress_deadline_ms: millis(terms.progress_deadline),
            rollback: rollback_word(terms.rollback).into(),
            stateful: terms.stateful,
            was_healthy: terms.was_healthy,
            probes: terms.probes.iter().map(ProbeForm::new).collect(),
            run_once: terms.run_once,
        }
    }

    fn into_terms(self) -> Read<Terms> {
        Ok(Terms {
            soak: Duration::from_millis(self.soak_ms),
            progress_deadline: Duration::from_millis(self.progress_deadline_ms),
            rollback: text("rollback", &self.rollback)?,
            stateful: self.stateful,
            was_healthy: self.was_healthy,
            probes: self.probes.into_iter().map(ProbeForm::into_probe).collect::<Read<_>>()?,
            run_once: self.run_once,
        })
    }
}

fn rollback_word(mode: RollbackMode) -> &'static str {
    match mode {
        RollbackMode::Careful => "careful",
        RollbackMode::Always => "always",
        RollbackMode::Never => "never",
    }
}

impl ProbeForm {
    fn new(probe: &Probe) -> Self {
        let (kind, address) = match probe {
            Probe::Http(url) => ("http", url),
            Probe::Tcp(address) => ("tcp", address),
        };
        Self { kind: kind.into(), address: address.clone() }
    }

    fn into_probe(self) -> Read<Probe> {
        match self.kind.as_str() {
            "http" => Ok(Probe::Http(self.address)),
            "tcp" => Ok(Probe::Tcp(self.address)),
            other => Err(unknown("probe", other)),
        }
    }
}

impl SlotForm {
    pub(super) fn new(slot: &SlotId) -> Self {
        Self { kind: slot_word(slot.kind).into(), name: slot.name.to_string() }
    }

    pub(super) fn into_slot(self) -> Read<SlotId> {
        let kinds = [
            SlotKind::Container,
            SlotKind::InitContainer,
            SlotKind::EphemeralContainer,
            SlotKind::Volume,
            SlotKind::Chart,
        ];
        Ok(SlotId { kind: word("slot", &self.kind, &kinds, slot_word)?, name: self.name.into() })
    }
}

fn slot_word(kind: SlotKind) -> &'static str {
    match kind {
        SlotKind::Container => "container",
        SlotKind::InitContainer => "init-container",
        SlotKind::EphemeralContainer => "ephemeral-container",
        SlotKind::Volume => "volume",
        SlotKind::Chart => "chart",
    }
}

fn images_form(images: &[(SlotId, Arc<str>)]) -> Vec<ImageForm> {
    let form = |(slot, image): &(SlotId, Arc<str>)| ImageForm {
        slot: SlotForm::new(slot),
        image: image.to_string(),
    };
    images.iter().map(form).collect()
}

fn images(forms: Vec<ImageForm>) -> Read<Images> {
    forms.into_iter().map(|form| Ok((form.slot.into_slot()?, form.image.into()))).collect()
}

impl ActorForm {
    pub(super) fn new(actor: &Actor, max: usize) -> Self {
        Self {
            user: actor.user.as_ref().map(|user| cut(user, max)),
            local: cut(&actor.local, max),
            host: cut(&actor.host, max),
        }
    }

    pub(super) fn into_actor(self) -> Actor {
        Actor { user: self.user, local: self.local, host: self.host }
    }
}

pub(super) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// Reads a text with the grammar of its own type.
pub(super) fn text<Parsed: FromStr<Err: Display>>(field: &str, text: &str) -> Read<Parsed> {
    text.parse().map_err(|error| malformed(format!("{field}: {error}")))
}

fn word<Word: Copy>(
    field: &str,
    text: &str,
    all: &[Word],
    name: impl Fn(Word) -> &'static str,
) -> Read<Word> {
    let found = all.iter().copied().find(|word| name(*word) == text);
    found.ok_or_else(|| unknown(field, text))
}

pub(super) fn unknown(field: &str, text: &str) -> RecordFormatError {
    malformed(format!("{field}: the word {text:?} is not known"))
}

pub(super) fn missing(field: &str) -> RecordFormatError {
    malformed(format!("{field}: is missing"))
}
