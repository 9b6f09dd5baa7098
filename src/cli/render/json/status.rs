//! The shape of `status -o json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::history::{ActorOutput, actor};
use crate::actions::resume::UnderWay;
use crate::cli::render::records;
use crate::domain::history::Record;

/// Version of the shape.
const STATUS: &str = "safe-update/status/v1";

/// `status -o json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "safe-update/status/v1")]
pub struct StatusOutput {
    /// `safe-update/status/v1`.
    pub schema: &'static str,
    /// What somebody carries out right now.
    pub under_way: Vec<UnderWayOutput>,
    /// What was left unfinished.
    pub unfinished: Vec<UnfinishedOutput>,
    /// Changes of `CronJobs` whose next run has to show whether they work.
    pub awaiting_runs: Vec<UnfinishedOutput>,
}

/// A change that is under way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnderWayOutput {
    /// `NAMESPACE/KIND/NAME`.
    pub object: String,
    /// The holder as the Lease names it.
    pub holder: String,
    /// Who that is; null where the Lease does not say.
    pub actor: Option<ActorOutput>,
    /// Since when (RFC 3339); null where the Lease does not say.
    pub since: Option<String>,
    /// The record, `RUN/N`; null where the Lease does not say.
    pub record: Option<String>,
    /// recorded, applying, applied or rolling-back; null where the Lease does not say.
    pub stage: Option<&'static str>,
}

/// A change that was left unfinished.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnfinishedOutput {
    /// `NAMESPACE/KIND/NAME`.
    pub object: String,
    /// The record, `RUN/N`.
    pub record: String,
    /// Who began it.
    pub actor: ActorOutput,
    /// When it was recorded (RFC 3339).
    pub started: String,
    /// How far it came: recorded, applying, applied or rolling-back.
    pub stage: &'static str,
    /// `unknown`, or null where it was killed.
    pub outcome: Option<&'static str>,
    /// How often it was taken up again.
    pub attempts: u32,
    /// What a person can run next.
    pub commands: Vec<String>,
}

/// Converts.
pub fn status_output(under_way: &[UnderWay], open: &[Record], awaiting: &[Record]) -> StatusOutput {
    StatusOutput {
        schema: STATUS,
        under_way: under_way.iter().map(held).collect(),
        unfinished: open.iter().map(unfinished).collect(),
        awaiting_runs: awaiting.iter().map(unfinished).collect(),
    }
}

fn held(held: &UnderWay) -> UnderWayOutput {
    let record = held.record.as_ref();
    UnderWayOutput {
        object: held.object.to_string(),
        holder: held.holder.to_string(),
        actor: record.map(|record| actor(&record.actor)),
        since: held.since.map(|since| since.to_string()),
        record: record.map(|record| record.id.to_string()),
        stage: record.map(|record| record.stage.as_str()),
    }
}

fn unfinished(record: &Record) -> UnfinishedOutput {
    UnfinishedOutput {
        object: record.change.object.to_string(),
        record: record.id.to_string(),
        actor: actor(&record.actor),
        started: record.started.to_string(),
        stage: record.stage.as_str(),
        outcome: record.end.as_ref().map(|end| end.outcome.as_str()),
        attempts: record.attempts,
        commands: records::commands(record),
    }
}
