//! How changes ended: the sentence for a person, the table, the exit code, and what a person has to do
//! next.

use super::escape::escape;
use super::grid::grid;
use super::styles::Styles;
use crate::actions::apply::Report;
use crate::cli::exit::Exit;
use crate::domain::change::{Change, Edit, ObjectId, ReleaseBefore};
use crate::domain::health::{Failure, FailureCode};
use crate::domain::inventory::{Kind, SlotKind};
use crate::domain::rollout::Outcome;

/// One outcome in words.
pub fn sentence(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Rehearsed => "the server would accept it; nothing was written".into(),
        Outcome::Succeeded { soaked, unverified } => {
            let soaked = if soaked.is_zero() {
                "not soaked".to_owned()
            } else {
                format!("soaked {} s", soaked.as_secs())
            };
            match unverified {
                None => format!("done ({soaked})"),
                Some(what) => format!("done, but {what} ({soaked})"),
            }
        }
        Outcome::Unverified(why) => format!("written, and unverified: {why}"),
        Outcome::AwaitsRun => "written; its next run shows whether it works".into(),
        Outcome::NotBegun(why) => format!("not begun: {why}"),
        Outcome::Refused(why) => format!("refused, nothing was written: {why}"),
        Outcome::Stale(why) => format!("stale, nothing was written: {why}"),
        Outcome::Abandoned(why) => format!("given up, nothing was written: {why}"),
        Outcome::Interrupted(why) => format!("interrupted, nothing was written: {why}"),
        Outcome::Busy(why) => format!("busy, nothing was written: {why}"),
        Outcome::Untouched => "nothing had been written: the old version stands".into(),
        Outcome::Superseded(what) => format!("superseded, what stands is kept: {what}"),
        Outcome::Unknown(why) => format!("outcome unknown: {why}"),
        Outcome::FailedKept(failure) => {
            format!("failed, the new version is kept: {}", failure.message)
        }
        Outcome::RolledBack(failure) if failure.code == FailureCode::Undo => {
            format!("put back, {}", failure.message)
        }
        Outcome::RolledBack(failure) => {
            format!("failed and rolled back: {}", failure.message)
        }
        Outcome::Inconsistent { cause, second } => {
            format!("failed, and the rollback failed too: {}; rollback: {second}", cause.message)
        }
    }
}

/// The exit code of one outcome.
pub fn code(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Rehearsed
        | Outcome::Succeeded { .. }
        | Outcome::AwaitsRun
        // What stopped the run has a code of its own; a window that closed is a hold.
        | Outcome::NotBegun(_)
        | Outcome::Untouched => Exit::Done,
        Outcome::RolledBack(failure) if failure.code == FailureCode::Undo => Exit::Done,
        Outcome::Refused(_) => Exit::Refused,
        Outcome::Stale(_) => Exit::Stale,
        Outcome::Abandoned(_) => Exit::Environment,
        Outcome::Busy(_) => Exit::Busy,
        Outcome::Unverified(_)
        | Outcome::Interrupted(_)
        | Outcome::Superseded(_)
        | Outcome::Unknown(_) => Exit::Unknown,
        Outcome::FailedKept(_) | Outcome::Inconsistent { .. } => Exit::NotRestored,
        Outcome::RolledBack(_) => Exit::RolledBack,
    }
}

/// The exit code of a run. What was named and not begun counts as refused.
pub fn exit(reports: &[Report], named: bool) -> Exit {
    let code = |outcome: &Outcome| match outcome {
        Outcome::NotBegun(_) if named => Exit::Refused,
        outcome => code(outcome),
    };
    reports.iter().fold(Exit::Done, |worst, report| worst.worst(code(&report.outcome)))
}

/// The result as a table.
pub fn table(reports: &[Report], width: Option<u16>, styles: &Styles) -> String {
    if reports.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = reports
        .iter()
        .map(|report| {
            let changes = report.change.as_ref().map(written).unwrap_or_default();
            let record = report.record.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            vec![
                escape(&report.object.to_string()).into_owned(),
                report.outcome.as_str().to_owned(),
                escape(&changes).into_owned(),
                record,
                escape(&sentence(&report.outcome)).into_owned(),
            ]
        })
        .collect();
    let heads = ["OBJECT", "OUTCOME", "CHANGE", "RECORD", "WHAT HAPPENED"];
    let mut text = grid(&heads, &rows, width, true, styles, |row, column, cell| {
        if column != 1 {
            return cell.to_owned();
        }
        let style = match code(&reports[row].outcome) {
            Exit::Done if matches!(reports[row].outcome, Outcome::NotBegun(_)) => styles.held,
            Exit::Done => styles.update,
            Exit::RolledBack | Exit::NotRestored | Exit::Usage | Exit::Environment => {
                styles.blocked
            }
            Exit::Pending | Exit::Refused | Exit::Stale | Exit::Busy | Exit::Unknown => styles.held,
        };
        style.style(cell).to_string()
    });
    text.push('\n');
    text.push_str(&summary(reports));
    text.push('\n');
    text
}

fn written(change: &Change) -> String {
    let edits = change.edits.iter();
    edits
        .map(|edit| format!("{}: {} -> {}", edit.slot, edit.from, edit.to))
        .collect::<Vec<_>>()
        .join(", ")
}

fn summary(reports: &[Report]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for report in reports {
        let word = report.outcome.as_str();
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    let words: Vec<String> =
        counts.into_iter().map(|(word, count)| format!("{count} {word}")).collect();
    let changes = if reports.len() == 1 { "change" } else { "changes" };
    format!("{} {changes}: {}", reports.len(), words.join(", "))
}

/// What a person has to do next, with the exact commands.
pub fn advice(reports: &[Report]) -> Vec<String> {
    reports.iter().flat_map(|report| commands(report).into_iter()).collect()
}

/// The commands that help after one change.
pub fn commands(report: &Report) -> Vec<String> {
    let object = &report.object;
    match &report.outcome {
        Outcome::Inconsistent { .. } | Outcome::FailedKept(_) => {
            let Some(change) = &report.change else { return Vec::new() };
            if let Some(before) = &change.release {
                return of_release(object, change, before, report.outcome.failure());
            }
            vec![
                format!(
                    "{object}: to see it: kubectl -n {} describe {}/{}",
                    object.namespace,
                    object.kind.short(),
                    object.name
                ),
                format!(
                    "{object}: back to the old version: {}",
                    set_image(object, change, &|edit| old(report, edit))
                ),
                format!(
                    "{object}: forward to the new version: {}",
                    set_image(object, change, &|edit| &edit.to)
                ),
            ]
        }
        Outcome::Unknown(_) => {
            vec![format!(
                "{object}: `resume {object}` goes on, `resume --undo {object}` puts the old version back"
            )]
        }
        Outcome::AwaitsRun => {
            vec![format!("{object}: the next `apply`, or `resume {object}`, judges its next run")]
        }
        // A Job at work is not ended by a template that goes back, and may keep others from starting.
        Outcome::RolledBack(_) if object.kind == Kind::CronJob => vec![format!(
            "{object}: Jobs of the version that was put back may be at work still: kubectl -n {} get jobs",
            object.namespace
        )],
        Outcome::Unverified(_) => {
            vec![format!(
                "{object}: `resume {object}` looks at it again, when its pods are replaced"
            )]
        }
        Outcome::Rehearsed
        | Outcome::Succeeded { .. }
        | Outcome::NotBegun(_)
        | Outcome::Refused(_)
        | Outcome::Stale(_)
        | Outcome::Abandoned(_)
        | Outcome::Interrupted(_)
        | Outcome::Busy(_)
        | Outcome::Untouched
        | Outcome::Superseded(_)
        | Outcome::RolledBack(_) => Vec::new(),
    }
}

/// The commands for both ways of a release. What was rolled out is in Helm's history.
fn of_release(
    object: &ObjectId,
    change: &Change,
    before: &ReleaseBefore,
    failure: Option<&Failure>,
) -> Vec<String> {
    let (namespace, name) = (&object.namespace, &object.name);
    let mut told = vec![
        format!("{object}: to see it: helm -n {namespace} history {name}"),
        format!(
            "{object}: back to the old version: helm -n {namespace} rollback {name} {}",
            before.back
        ),
    ];
    if let (Some(Edit { to, .. }), None) = (change.edits.first(), &before.to) {
        let helm_failed = failure.is_some_and(|failure| failure.code.is_of_helm());
        told.push(if helm_failed {
            format!(
                "{object}: forward to the new version: `forget release/{name} -n {namespace} --version {to}`, then `upgrade {name} -n {namespace} --version {to} --yes`"
            )
        } else {
            format!(
                "{object}: forward: where version {to} stands in that history as deployed, what is mended in the cluster is enough; or take a newer one"
            )
        });
    }
    told
}

/// What is written to put an edit back: with its digest where the old tag has moved since.
fn old<'a>(report: &'a Report, edit: &'a Edit) -> &'a str {
    let known = report.restored.iter().find(|(slot, _)| *slot == edit.slot);
    known.map_or(&edit.from, |(_, image)| image)
}

/// The command of kubectl that writes one side of a change. Image volumes have none, so they are
/// edited by hand.
fn set_image<'a>(
    object: &ObjectId,
    change: &'a Change,
    image: &dyn Fn(&'a Edit) -> &'a str,
) -> String {
    let (namespace, kind, name) = (&object.namespace, object.kind.short(), &object.name);
    let images: Vec<String> = change
        .edits
        .iter()
        .filter(|edit| edit.slot.kind != SlotKind::Volume)
        .map(|edit| format!("{}={}", edit.slot, image(edit)))
        .collect();
    if images.is_empty() {
        return format!("kubectl -n {namespace} edit {kind}/{name}");
    }
    format!("kubectl -n {namespace} set image {kind}/{name} {}", images.join(" "))
}

#[cfg(test)]
mod tests;
