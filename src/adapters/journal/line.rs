//! The lines of the journal and of its index: their form, their hashes, and where a chain of them
//! breaks. The field names are the format. Pure: no disk.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::adapters::hash::sha256;

/// The newest format that is known, and the one that is written.
pub(super) const VERSION: u32 = 1;
/// The longest line.
pub(super) const LINE_MAX: usize = 1024 * 1024;
/// What stands before the first line of the index.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What an entry of a run says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    /// It began.
    Run,
    /// This machine took up a record of a run that another machine began.
    TakenUp,
    /// A record as it stands.
    Record,
    /// It ended.
    End,
}

impl EventKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::TakenUp => "taken-up",
            Self::Record => "record",
            Self::End => "end",
        }
    }
}

/// An entry of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) v: u32,
    pub(super) seq: u64,
    pub(super) prev: String,
    pub(super) ts: String,
    /// A word of [`EventKind`], or one that a later version adds.
    pub(super) kind: String,
    /// The run, where it begins.
    pub(super) run: Option<Value>,
    /// The stage or outcome of the record, for people who search.
    pub(super) state: Option<String>,
    /// The record.
    pub(super) record: Option<Value>,
    /// The exit code, where it ends.
    pub(super) exit: Option<u8>,
}

/// What a line of the index says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SealKind {
    /// A run has these entries. A run that is taken up again gets another line.
    Run,
    /// The entries of a run were removed because of their age.
    Removed,
    /// The index was damaged; what follows was made from the runs that were there.
    Rebuilt,
}

impl SealKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Removed => "removed",
            Self::Rebuilt => "rebuilt",
        }
    }
}

/// A line of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    pub(super) v: u32,
    pub(super) seq: u64,
    pub(super) prev: String,
    pub(super) ts: String,
    /// A word of [`SealKind`], or one that a later version adds.
    pub(super) kind: String,
    pub(super) run: Option<String>,
    /// How many entries the run has.
    pub(super) lines: Option<u64>,
    /// How many bytes they are.
    pub(super) bytes: Option<u64>,
    /// The hash of the last of them.
    pub(super) head: Option<String>,
    /// The exit code, where the run came to its end.
    pub(super) exit: Option<u8>,
    /// The runs that were there when the index was made anew: they may follow from lines that were
    /// lost.
    pub(super) known: Option<Vec<String>>,
}

/// A line that can stand in a chain.
pub(super) trait Chained: Serialize + DeserializeOwned {
    fn seq(&self) -> u64;
    fn prev(&self) -> &str;
}

impl Chained for Event {
    fn seq(&self) -> u64 {
        self.seq
    }

    fn prev(&self) -> &str {
        &self.prev
    }
}

impl Chained for Seal {
    fn seq(&self) -> u64 {
        self.seq
    }

    fn prev(&self) -> &str {
        &self.prev
    }
}

/// A line that was read, and its hash.
#[derive(Debug, Clone)]
pub(super) struct Link<Line> {
    pub(super) line: Line,
    pub(super) hash: String,
}

/// Why a line is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineError {
    /// A newer version of the program wrote it.
    Newer(u32),
    /// It is damaged.
    Damaged(String),
}

/// The bytes of a line, with its end.
pub(super) fn to_bytes<Line: Chained>(line: &Line) -> Result<Vec<u8>, String> {
    let mut bytes = serde_json::to_vec(line).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    if bytes.len() > LINE_MAX {
        return Err(format!("an entry of {} KiB is too long", bytes.len() / 1024));
    }
    Ok(bytes)
}

/// The hash of a line; its end does not count.
pub(super) fn hash(line: &[u8]) -> String {
    sha256([line.strip_suffix(b"\n").unwrap_or(line)])
}

/// The complete lines of a file, how many bytes they are, and whether something is left behind them
/// that was cut short.
pub(super) fn split(bytes: &[u8]) -> (Vec<&[u8]>, usize, bool) {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let lines = bytes[..end].split_inclusive(|byte| *byte == b'\n').collect();
    (lines, end, end < bytes.len())
}

/// Reads a line.
pub(super) fn read<Line: Chained>(bytes: &[u8]) -> Result<Link<Line>, LineError> {
    #[derive(Deserialize)]
    struct Envelope {
        v: u32,
    }
    if bytes.len() > LINE_MAX {
        return Err(LineError::Damaged("longer than any entry".into()));
    }
    let damaged = |error: serde_json::Error| LineError::Damaged(short(&error.to_string()));
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(damaged)?;
    if envelope.v > VERSION {
        return Err(LineError::Newer(envelope.v));
    }
    let line = serde_json::from_slice(bytes).map_err(damaged)?;
    Ok(Link { line, hash: hash(bytes) })
}

/// Parsers quote what they read.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The first line of a chain that is not what was written, counted from one, and what is wrong with
/// it. `first` is what the first line has to follow, `last` the hash that the last one has to have,
/// where they are known.
pub(super) fn broken<Line: Chained>(
    links: &[Link<Line>],
    first: Option<&str>,
    last: Option<&str>,
) -> Option<(usize, String)> {
    const CHANGED: &str = "was changed after it was written";
    for (index, link) in links.iter().enumerate() {
        let number = index + 1;
        if link.line.seq() != number as u64 {
            let message = format!("is not in its place: entry {} is there", link.line.seq());
            return Some((number, message));
        }
        let expected = match index.checked_sub(1) {
            Some(before) => Some(links[before].hash.as_str()),
            None => first,
        };
        if expected.is_some_and(|expected| expected != link.line.prev()) {
            // Either this line or the one before it was changed: what follows knows this one.
            let known = links.get(number).map(|next| next.line.prev()).or(last);
            let itself = index == 0 || known.is_some_and(|known| known != link.hash);
            return Some((if itself { number } else { index }, CHANGED.into()));
        }
    }
    let end = links.last()?;
    last.is_some_and(|last| last != end.hash).then(|| (links.len(), CHANGED.into()))
}
