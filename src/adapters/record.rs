//! The JSON form of records, known bad versions and approvals, which the journal and the Lease
//! share. Owns the format and its version; never reads a file and never asks a server.
//!
//! What is absent is null, words are lower-case with `-`, times are RFC 3339, lengths of time are
//! milliseconds. Fields that are not known are passed over, so that a later version may add some;
//! a newer [`VERSION`] is refused. Free text gives way when a text grows too large; references and
//! digests, which decide what is done, are never cut.

mod ending;
mod memory;
mod wire;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::history::{Memory, Record};
use crate::ports::rollouts::RunStart;

/// The newest format that is known, and the one that is written.
pub const VERSION: u32 = 1;
/// The longest text that is read: what all annotations of an object may hold together.
const TEXT_MAX: usize = 256 * 1024;
/// What a record may take, so that it fits into a Lease beside the lists.
const RECORD_MAX: usize = 32 * 1024;
/// What each list may take.
const LIST_MAX: usize = 48 * 1024;
/// How long a free text may be: the first bound with which the whole fits is taken.
const CUTS: [usize; 4] = [2_000, 500, 120, 30];

/// Why a text is no record (or list of a Lease).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFormatError {
    /// A newer version of the program wrote it.
    #[error("format {found} is newer than this program knows ({known})")]
    Newer {
        /// Its format.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// It is larger than anything that is written.
    #[error("larger than {} KiB", TEXT_MAX / 1024)]
    TooLong,
    /// It is damaged.
    #[error("{0}")]
    Malformed(String),
}

/// What a Lease keeps, each text in an annotation of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryTexts {
    /// The last record; none where there is none.
    pub record: Option<String>,
    /// What is known bad.
    pub known_bad: String,
    /// What was approved.
    pub approvals: String,
}

/// The JSON form of a record: at most 32 KiB, except where its references alone take more.
pub fn record_to_json(record: &Record) -> Value {
    fit(RECORD_MAX, |cut| wire::RecordForm::new(record, cut))
}

/// Reads a record.
///
/// # Errors
/// It is newer than this program, or damaged.
pub fn record_from_json(value: &Value) -> Result<Record, RecordFormatError> {
    read::<wire::RecordForm>(value)?.into_record()
}

/// The JSON form of the beginning of a run.
pub fn run_to_json(run: &RunStart) -> Value {
    fit(RECORD_MAX, |cut| wire::RunForm::new(run, cut))
}

/// Reads the beginning of a run.
///
/// # Errors
/// It is newer than this program, or damaged.
pub fn run_from_json(value: &Value) -> Result<RunStart, RecordFormatError> {
    read::<wire::RunForm>(value)?.into_run()
}

/// What is remembered of an object as three texts.
pub fn memory_to_texts(memory: &Memory) -> MemoryTexts {
    MemoryTexts {
        record: memory.last.as_ref().map(|record| record_to_json(record).to_string()),
        known_bad: fit(LIST_MAX, |cut| memory::KnownBadForm::new(&memory.known_bad, cut))
            .to_string(),
        approvals: fit(LIST_MAX, |cut| memory::ApprovalsForm::new(&memory.approvals, cut))
            .to_string(),
    }
}

/// Reads what is remembered of an object; what is not there is nothing remembered.
///
/// # Errors
/// One of the texts is newer than this program, or damaged.
pub fn memory_from_texts(
    record: Option<&str>,
    known_bad: Option<&str>,
    approvals: Option<&str>,
) -> Result<Memory, RecordFormatError> {
    let last = record.map(|text| record_from_json(&parse(text)?)).transpose()?;
    let known_bad = known_bad
        .map(|text| read::<memory::KnownBadForm>(&parse(text)?)?.into_entries())
        .transpose()?;
    let approvals = approvals
        .map(|text| read::<memory::ApprovalsForm>(&parse(text)?)?.into_entries())
        .transpose()?;
    Ok(Memory {
        last,
        known_bad: known_bad.unwrap_or_default(),
        approvals: approvals.unwrap_or_default(),
    })
}

#[derive(Deserialize)]
struct Envelope {
    v: u32,
}

/// The version is looked at first: a newer format need not have the fields of this one.
fn read<Form: DeserializeOwned>(value: &Value) -> Result<Form, RecordFormatError> {
    match Envelope::deserialize(value).map_err(malformed)?.v {
        VERSION => Form::deserialize(value).map_err(malformed),
        0 => Err(RecordFormatError::Malformed("format 0 does not exist".into())),
        found => Err(RecordFormatError::Newer { found, known: VERSION }),
    }
}

fn parse(text: &str) -> Result<Value, RecordFormatError> {
    if text.len() > TEXT_MAX {
        return Err(RecordFormatError::TooLong);
    }
    serde_json::from_str(text).map_err(malformed)
}

/// Parsers quote what they read, so that their words are bounded too.
#[allow(clippy::needless_pass_by_value)] // it is what `map_err` hands over
fn malformed(error: impl ToString) -> RecordFormatError {
    RecordFormatError::Malformed(cut(&error.to_string(), 200))
}

/// The form with the longest texts that stays within a bound.
fn fit<Form: Serialize>(max: usize, form: impl Fn(usize) -> Form) -> Value {
    let mut value = Value::Null;
    for cut in CUTS {
        // Plain structs of texts and numbers: there is nothing that JSON cannot say.
        value = serde_json::to_value(form(cut)).unwrap_or_default();
        if value.to_string().len() <= max {
            break;
        }
    }
    value
}

/// The beginning of a text, with a mark where something was cut off.
fn cut(text: &str, max: usize) -> String {
    if text.chars().nth(max).is_none() {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
