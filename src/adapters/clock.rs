//! The time of a run, read once. Ages of tokens and cached files, and waits, are measured where they
//! are used.

use jiff::Timestamp;

/// The time now.
pub fn now() -> Timestamp {
    Timestamp::now()
}
