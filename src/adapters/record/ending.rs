//! The form of what became of a change: how it ended, and why it failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cut;
use super::wire::{Read, SlotForm, millis, missing, text, unknown};
use crate::domain::health::{Failure, FailureCode};
use crate::domain::history::RecordEnd;
use crate::domain::rollout::Outcome;

#[derive(Serialize, Deserialize)]
pub(super) struct FailureForm {
    code: String,
    message: String,
    never_ran: bool,
    slot: Option<SlotForm>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct EndForm {
    at: String,
    outcome: OutcomeForm,
}

/// An outcome: its word, and what belongs to that word.
#[derive(Serialize, Deserialize)]
struct OutcomeForm {
    word: String,
    message: Option<String>,
    soaked_ms: Option<u64>,
    unverified: Option<String>,
    failure: Option<FailureForm>,
}

impl FailureForm {
    pub(super) fn new(failure: &Failure, max: usize) -> Self {
        Self {
            code: failure.code.as_str().into(),
            message: cut(&failure.message, max),
            never_ran: failure.never_ran,
            slot: failure.slot.as_ref().map(SlotForm::new),
        }
    }

    pub(super) fn into_failure(self) -> Read<Failure> {
        Ok(Failure {
            code: FailureCode::read(&self.code),
            message: self.message,
            never_ran: self.never_ran,
            slot: self.slot.map(SlotForm::into_slot).transpose()?,
        })
    }
}

impl EndForm {
    pub(super) fn new(end: &RecordEnd, max: usize) -> Self {
        Self { at: end.at.to_string(), outcome: OutcomeForm::new(&end.outcome, max) }
    }

    pub(super) fn into_end(self) -> Read<RecordEnd> {
        Ok(RecordEnd { at: text("at", &self.at)?, outcome: self.outcome.into_outcome()? })
    }
}

impl OutcomeForm {
    fn new(outcome: &Outcome, max: usize) -> Self {
        let mut form = Self {
            word: outcome.as_str().into(),
            message: None,
            soaked_ms: None,
            unverified: None,
            failure: None,
        };
        match outcome {
            Outcome::Rehearsed | Outcome::Untouched | Outcome::AwaitsRun => {}
            Outcome::Succeeded { soaked, unverified } => {
                form.soaked_ms = Some(millis(*soaked));
                form.unverified = unverified.as_ref().map(|text| cut(text, max));
            }
            Outcome::Unverified(message)
            | Outcome::NotBegun(message)
            | Outcome::Refused(message)
            | Outcome::Stale(message)
            | Outcome::Abandoned(message)
            | Outcome::Interrupted(message)
            | Outcome::Busy(message)
            | Outcome::Superseded(message)
            | Outcome::Unknown(message) => form.message = Some(cut(message, max)),
            Outcome::FailedKept(failure) | Outcome::RolledBack(failure) => {
                form.failure = Some(FailureForm::new(failure, max));
            }
            Outcome::Inconsistent { cause, second } => {
                form.failure = Some(FailureForm::new(cause, max));
                form.message = Some(cut(second, max));
            }
        }
        form
    }

    fn into_outcome(self) -> Read<Outcome> {
        let message = self.message.ok_or_else(|| missing("message"));
        let failure = self.failure.ok_or_else(|| missing("failure"));
        let failure = failure.and_then(FailureForm::into_failure);
        Ok(match self.word.as_str() {
            "rehearsed" => Outcome::Rehearsed,
            "succeeded" => Outcome::Succeeded {
                soaked: Duration::from_millis(self.soaked_ms.ok_or_else(|| missing("soaked_ms"))?),
                unverified: self.unverified,
            },
            "unverified" => Outcome::Unverified(message?),
            "awaits-run" => Outcome::AwaitsRun,
            "not-begun" => Outcome::NotBegun(message?),
            "refused" => Outcome::Refused(message?),
            "stale" => Outcome::Stale(message?),
            "abandoned" => Outcome::Abandoned(message?),
            "interrupted" => Outcome::Interrupted(message?),
            "busy" => Outcome::Busy(message?),
            "untouched" => Outcome::Untouched,
            "superseded" => Outcome::Superseded(message?),
            "unknown" => Outcome::Unknown(message?),
            "failed-kept" => Outcome::FailedKept(failure?),
            "rolled-back" => Outcome::RolledBack(failure?),
            "inconsistent" => Outcome::Inconsistent { cause: failure?, second: message? },
            other => return Err(unknown("outcome", other)),
        })
    }
}
