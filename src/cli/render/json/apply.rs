//! The shape of `apply -o json`, and of the other verbs that carry changes out.

use schemars::JsonSchema;
use serde::Serialize;

use super::preview::PreviewedOutput;
use crate::actions::apply::Report;
use crate::cli::exit::Exit;
use crate::cli::render::outcomes;
use crate::domain::change::{Change, Edit};
use crate::domain::health::Failure;
use crate::domain::history::RunId;
use crate::domain::rollout::Outcome;

/// Version of the shape.
const APPLY: &str = "safe-update/apply/v1";

/// `apply -o json`, `rollback -o json`, `resume -o json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "safe-update/apply/v1")]
pub struct ApplyOutput {
    /// `safe-update/apply/v1`.
    pub schema: &'static str,
    /// The run; null where there was nothing to do.
    pub run: Option<String>,
    /// The head of the journal after the run, to be kept elsewhere for `audit verify --head`; null
    /// where nothing was recorded.
    pub journal_head: Option<String>,
    /// The exit code.
    pub exit: u8,
    /// One entry for each object that was begun, and for each container or chart that was named and
    /// refused, where nothing of its object was begun.
    pub results: Vec<ResultOutput>,
    /// What was seen of the upgrades of releases before they were made.
    #[schemars(with = "Vec<PreviewedOutput>")]
    pub previews: Vec<serde_json::Value>,
}

/// How the change of one object ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResultOutput {
    /// `NAMESPACE/KIND/NAME`.
    pub object: String,
    /// The record, `RUN/N`; null where nothing was recorded.
    pub record: Option<String>,
    /// rehearsed, succeeded, unverified, awaits-run, not-begun, refused, stale, abandoned,
    /// interrupted, busy, untouched, superseded, unknown, failed-kept, rolled-back or inconsistent.
    pub outcome: &'static str,
    /// The same in words.
    pub message: String,
    /// Why the new version failed; null where it did not.
    pub failure: Option<FailureOutput>,
    /// Why the rollback failed too; null where it did not.
    pub rollback_failure: Option<String>,
    /// What could not be verified; null where nothing.
    pub unverified: Option<String>,
    /// How long it was watched after it was healthy; null where it never was.
    pub soaked_seconds: Option<f64>,
    /// How long it took.
    pub took_seconds: f64,
    /// What was changed; empty where it never became certain.
    pub edits: Vec<EditOutput>,
    /// What a person may have to run next.
    pub commands: Vec<String>,
}

/// Why a version does not work here.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FailureOutput {
    /// One word: image-pull, pull-denied, crash, config, quota, admission, unschedulable, deadline,
    /// digest, rewritten, probe, restarts, job, relapse, stopped, undo or unknown; of a release cut-off,
    /// conflict, api, timeout, hook, helm or rollback, too.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// The container at fault; null where none is.
    pub container: Option<String>,
}

/// One changed container.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EditOutput {
    /// containers, initContainers or volumes.
    pub slot: &'static str,
    /// Its name.
    pub container: String,
    /// What stood there.
    pub from: String,
    /// What was to stand there.
    pub to: String,
    /// The digest of `to`.
    pub digest: String,
    /// The digest of `from`; null where it is not known.
    pub from_digest: Option<String>,
    /// patch, minor, major, digest, base or prerelease.
    pub change: &'static str,
}

/// Converts results.
pub fn apply_output<'a>(
    run: Option<(&RunId, Option<&str>)>,
    reports: impl IntoIterator<Item = &'a Report>,
    previews: Vec<serde_json::Value>,
    exit: Exit,
) -> ApplyOutput {
    ApplyOutput {
        schema: APPLY,
        run: run.map(|(run, _)| run.to_string()),
        journal_head: run.and_then(|(_, head)| head).map(str::to_owned),
        exit: exit.code(),
        results: reports.into_iter().map(result).collect(),
        previews,
    }
}

fn result(report: &Report) -> ResultOutput {
    let outcome = &report.outcome;
    ResultOutput {
        object: report.object.to_string(),
        record: report.record.as_ref().map(ToString::to_string),
        outcome: outcome.as_str(),
        message: outcomes::sentence(outcome),
        failure: outcome.failure().map(failure),
        rollback_failure: match outcome {
            Outcome::Inconsistent { second, .. } => Some(second.clone()),
            _ => None,
        },
        unverified: unverified_of(outcome),
        soaked_seconds: soaked_of(outcome),
        took_seconds: report.took.as_secs_f64(),
        edits: report.change.as_ref().map(edits).unwrap_or_default(),
        commands: outcomes::commands(report),
    }
}

/// What could not be verified of what was written.
pub(super) fn unverified_of(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Succeeded { unverified, .. } => unverified.clone(),
        Outcome::Unverified(why) => Some(why.clone()),
        Outcome::AwaitsRun => Some("until its next run nothing of it runs".into()),
        _ => None,
    }
}

pub(super) fn soaked_of(outcome: &Outcome) -> Option<f64> {
    match outcome {
        Outcome::Succeeded { soaked, .. } => Some(soaked.as_secs_f64()),
        _ => None,
    }
}

/// Converts a failure.
pub fn failure(failure: &Failure) -> FailureOutput {
    FailureOutput {
        code: failure.code.as_str(),
        message: failure.message.clone(),
        container: failure.slot.as_ref().map(ToString::to_string),
    }
}

/// Converts the edits of a change.
pub fn edits(change: &Change) -> Vec<EditOutput> {
    let edit = |edit: &Edit| EditOutput {
        slot: edit.slot.kind.as_str(),
        container: edit.slot.name.to_string(),
        from: edit.from.to_string(),
        to: edit.to.to_string(),
        digest: edit.digest.to_string(),
        from_digest: edit.from_digest.as_ref().map(ToString::to_string),
        change: edit.bump.as_str(),
    };
    change.edits.iter().map(edit).collect()
}
