//! The shapes of `history -o json` and `history show -o json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::apply::{EditOutput, FailureOutput, edits, failure, soaked_of, unverified_of};
use crate::cli::render::{outcomes, records};
use crate::domain::history::{Actor, Record};
use crate::domain::rollout::{Images, Outcome};

/// Versions of the shapes.
const HISTORY: &str = "safe-update/history/v1";
const RECORD: &str = "safe-update/record/v1";

/// `history -o json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "safe-update/history/v1")]
pub struct HistoryOutput {
    /// `safe-update/history/v1`.
    pub schema: &'static str,
    /// The records, the newest first.
    pub records: Vec<RecordOutput>,
}

/// `history show -o json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "safe-update/record/v1")]
pub struct RecordShownOutput {
    /// `safe-update/record/v1`.
    pub schema: &'static str,
    /// The record.
    pub record: RecordOutput,
    /// What a person may have to run next, the way back first.
    pub commands: Vec<String>,
}

/// One change of one object, and what became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordOutput {
    /// `RUN/N`.
    pub id: String,
    /// Identity of the cluster.
    pub cluster: String,
    /// apply or rollback.
    pub verb: &'static str,
    /// `NAMESPACE/KIND/NAME`.
    pub object: String,
    /// Its uid.
    pub uid: String,
    /// What was changed.
    pub edits: Vec<EditOutput>,
    /// Why it was decided, in words.
    pub why: Vec<String>,
    /// Who did it.
    pub actor: ActorOutput,
    /// When it was recorded (RFC 3339).
    pub started: String,
    /// When it ended; null while it is open.
    pub ended: Option<String>,
    /// How far it came: recorded, applying, applied or rolling-back.
    pub stage: &'static str,
    /// How it ended, as in `safe-update/apply/v1`; null while it is open.
    pub outcome: Option<&'static str>,
    /// The same in words; null while it is open.
    pub message: Option<String>,
    /// Whether it can be taken up by `resume`.
    pub open: bool,
    /// Why the new version failed; null where it did not.
    pub failure: Option<FailureOutput>,
    /// Why the rollback failed too; null where it did not.
    pub rollback_failure: Option<String>,
    /// What could not be verified; null where nothing.
    pub unverified: Option<String>,
    /// How long it was watched after it was healthy; null where it never was.
    pub soaked_seconds: Option<f64>,
    /// What was read back after the write; empty before.
    pub written: Vec<ImageOutput>,
    /// What an undo wrote; empty where none began.
    pub restored: Vec<ImageOutput>,
    /// What the tool that wrote it said last, warnings included (helm's standard error); null where
    /// nothing.
    pub said: Option<String>,
    /// How often it was taken up again.
    pub attempts: u32,
}

/// Who did something.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActorOutput {
    /// Whom the cluster takes the connection for; null where it does not say.
    pub user: Option<String>,
    /// The user of the machine.
    pub local: String,
    /// The machine.
    pub host: String,
}

/// An image in its place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImageOutput {
    /// containers, initContainers or volumes.
    pub slot: &'static str,
    /// Name of the container or volume.
    pub container: String,
    /// The image.
    pub image: String,
}

/// Converts records.
pub fn history_output(records: &[Record]) -> HistoryOutput {
    HistoryOutput { schema: HISTORY, records: records.iter().map(record).collect() }
}

/// Converts one record.
pub fn record_output(shown: &Record) -> RecordShownOutput {
    RecordShownOutput { schema: RECORD, record: record(shown), commands: records::commands(shown) }
}

/// Converts an actor.
pub(super) fn actor(actor: &Actor) -> ActorOutput {
    ActorOutput { user: actor.user.clone(), local: actor.local.clone(), host: actor.host.clone() }
}

fn record(record: &Record) -> RecordOutput {
    let outcome = record.end.as_ref().map(|end| &end.outcome);
    let failed = outcome.and_then(Outcome::failure).or(record.failure.as_ref());
    RecordOutput {
        id: record.id.to_string(),
        cluster: record.cluster.to_string(),
        verb: record.verb.as_str(),
        object: record.change.object.to_string(),
        uid: record.change.uid.to_string(),
        edits: edits(&record.change),
        why: record.why.clone(),
        actor: actor(&record.actor),
        started: record.started.to_string(),
        ended: record.end.as_ref().map(|end| end.at.to_string()),
        stage: record.stage.as_str(),
        outcome: outcome.map(Outcome::as_str),
        message: outcome.map(outcomes::sentence),
        open: record.is_open(),
        failure: failed.map(failure),
        rollback_failure: match outcome {
            Some(Outcome::Inconsistent { second, .. }) => Some(second.clone()),
            _ => None,
        },
        unverified: outcome.and_then(unverified_of),
        soaked_seconds: outcome.and_then(soaked_of),
        written: images(&record.written),
        restored: images(&record.restored),
        said: record.said.as_deref().map(str::to_owned),
        attempts: record.attempts,
    }
}

fn images(images: &Images) -> Vec<ImageOutput> {
    let image =
        |(slot, image): &(crate::domain::change::SlotId, std::sync::Arc<str>)| ImageOutput {
            slot: slot.kind.as_str(),
            container: slot.name.to_string(),
            image: image.to_string(),
        };
    images.iter().map(image).collect()
}
