//! `rollback`: a new rollout to what a record says was there before. It is recorded like any other
//! change, and erases nothing.

use std::sync::Arc;

use super::apply::Room;
use super::intent::{Goal, Intent, Step};
use crate::domain::change::{ObjectId, ReleaseBefore};
use crate::domain::history::{Record, Verb};
use crate::domain::image::ImageReference;
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::Standing;
use crate::domain::version::Bump;
use crate::ports::rollouts::ReadError;

/// Why there is nothing to go back to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RollbackError {
    /// No record names the object.
    #[error("{0} was never changed from here: there is no record to go back to")]
    NoRecord(ObjectId),
    /// The record is of another object.
    #[error("{record} is a record of {of}, not of {object}")]
    OtherObject {
        /// The record.
        record: String,
        /// Its object.
        of: ObjectId,
        /// What was asked for.
        object: ObjectId,
    },
    /// The old version stands already.
    #[error("{0} was put back by {1} already")]
    Already(ObjectId, String),
    /// Somebody else changed it since.
    #[error("{object} was changed since {record}: {what}")]
    Moved {
        /// The object.
        object: ObjectId,
        /// The record.
        record: String,
        /// What stands there.
        what: String,
    },
    /// The last record has not come to its end.
    #[error("{0} was left unfinished by {1}")]
    Unfinished(ObjectId, String),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The record that a rollback goes back from: the newest that left its new version in place, or the
/// one that was named.
///
/// # Errors
/// There is none.
pub fn record_of<'r>(
    object: &ObjectId,
    records: &'r [Record],
    named: Option<&crate::domain::history::RecordId>,
) -> Result<&'r Record, RollbackError> {
    if let Some(id) = named {
        let record = records.iter().find(|record| record.id == *id);
        let record = record.ok_or_else(|| RollbackError::NoRecord(object.clone()))?;
        if record.change.object != *object {
            return Err(RollbackError::OtherObject {
                record: id.to_string(),
                of: record.change.object.clone(),
                object: object.clone(),
            });
        }
        return Ok(record);
    }
    // What ended with nothing written says nothing about what stands.
    let wrote =
        |record: &&Record| record.end.as_ref().is_none_or(|end| !end.outcome.wrote_nothing());
    let of_object = records.iter().filter(|record| record.change.object == *object);
    let mut of_object = of_object.filter(wrote);
    let last = of_object.next().ok_or_else(|| RollbackError::NoRecord(object.clone()))?;
    if last.is_open() {
        return Err(RollbackError::Unfinished(object.clone(), last.id.to_string()));
    }
    if last.left_the_old_version() {
        return Err(RollbackError::Already(object.clone(), last.id.to_string()));
    }
    std::iter::once(last)
        .chain(of_object)
        .find(|record| record.left_the_new_version())
        .ok_or_else(|| RollbackError::NoRecord(object.clone()))
}

/// What a rollback of a record intends. Without a named record the object has to stand where the
/// record left it; with one it may stand anywhere, because a person chose what to go back to.
///
/// # Errors
/// The object is not where the record left it, or cannot be read.
pub async fn intent(
    room: &Room<'_>,
    record: &Record,
    named: bool,
) -> Result<Intent, RollbackError> {
    let change = &record.change;
    let seen = room.rollouts.inspect(&change.object).await?;
    let id = record.id.to_string();
    if change.release.is_some() && seen.uid != change.uid {
        let what = "it was uninstalled and installed anew".to_owned();
        return Err(RollbackError::Moved { object: change.object.clone(), record: id, what });
    }
    match seen.standing(record) {
        Standing::Applied | Standing::Partial => {}
        Standing::Untouched | Standing::Restored => {
            return Err(RollbackError::Already(change.object.clone(), id));
        }
        Standing::Gone => {
            return Err(RollbackError::Read(ReadError::Gone(change.object.clone())));
        }
        Standing::Foreign(_) if named => {}
        Standing::Foreign(what) => {
            return Err(RollbackError::Moved { object: change.object.clone(), record: id, what });
        }
    }
    let stands = seen.images();
    let pull = seen.workload.pull.clone();
    let mut steps = Vec::new();
    for edit in &change.edits {
        let Some((_, from)) = stands.iter().find(|(slot, _)| *slot == edit.slot) else {
            let what = format!("{} is no longer there", edit.slot);
            return Err(RollbackError::Moved { object: change.object.clone(), record: id, what });
        };
        if change.release.is_some() {
            steps.push(Step {
                slot: edit.slot.clone(),
                from: Arc::clone(from),
                digest: Some(edit.digest.clone()),
                to: Goal::Chart(Arc::clone(&edit.from)),
                // What is left behind is what the record brought.
                running: (*from == edit.to).then(|| edit.digest.clone()),
                bump: Bump::Patch,
            });
            continue;
        }
        let Ok(mut to) = edit.from.parse::<ImageReference>() else { continue };
        if *from == edit.from {
            continue;
        }
        let tag = to.effective_tag();
        if let (Some(old), Some(tag), None) = (&edit.from_digest, &tag, to.digest()) {
            let now = room.registry.digest(to.repository(), tag, pull.as_deref()).await;
            // The tag moved since: the digest beside it is what ran.
            if now.is_ok_and(|now| now != *old) {
                to = to.with(Some(tag), Some(old));
            }
        }
        steps.push(Step {
            slot: edit.slot.clone(),
            from: Arc::clone(from),
            digest: edit.from_digest.clone(),
            to: Goal::Image(to),
            // Only where the record's version stands is it known what runs.
            running: (*from == edit.to).then(|| edit.digest.clone()),
            bump: Bump::Patch,
        });
    }
    let terms = &change.terms;
    Ok(Intent {
        verb: Verb::Rollback,
        object: change.object.clone(),
        uid: seen.uid,
        template_hash: None,
        pull,
        steps,
        soak: terms.soak,
        // There is nothing behind it to go back to.
        rollback: RollbackMode::Never,
        probes: terms.probes.clone(),
        revision: change.release.as_ref().map(ReleaseBefore::revision),
        order: 0,
        why: vec![format!("asked for: back to what was there before {id}")],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::RecordEnd;
    use crate::domain::history::tests::record;
    use crate::domain::rollout::Outcome;

    /// The number of the record that a rollback goes back from, or the error.
    fn from(outcomes: &[Outcome]) -> String {
        let mut records: Vec<Record> = outcomes
            .iter()
            .zip(1..)
            .map(|(outcome, number)| {
                let mut record = record(&[], None);
                record.id.number = number;
                record.end = Some(RecordEnd { at: record.started, outcome: outcome.clone() });
                record
            })
            .collect();
        records.reverse();
        let object = records[0].change.object.clone();
        match record_of(&object, &records, None) {
            Ok(record) => record.id.number.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_wrote_nothing_is_passed_over() {
        let succeeded =
            || Outcome::Succeeded { soaked: std::time::Duration::ZERO, unverified: None };
        let failure = crate::domain::rollout::unknown_cause;
        let back = || Outcome::RolledBack(failure());
        let refused = || Outcome::Refused("a webhook".into());
        assert_eq!(from(&[succeeded()]), "1");
        assert_eq!(from(&[succeeded(), refused()]), "1");
        assert!(from(&[succeeded(), back()]).contains("was put back by"));
        assert!(from(&[succeeded(), back(), refused()]).contains("was put back by"));
        assert!(from(&[refused()]).contains("never changed from here"));
    }
}
