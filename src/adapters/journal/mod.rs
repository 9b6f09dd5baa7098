//! The journal on disk: what was done on this machine, durable and chained.
//!
//! ```text
//! STATE/journal/RUN/events.jsonl   what a run did, one entry a line, only ever added to
//! STATE/journal/RUN/plan.json      the plan that it carried out, where it kept one
//! STATE/journal/RUN/alive          held while the run goes on
//! STATE/journal/index.jsonl        one line for each run that ended, only ever added to
//! STATE/journal/index.lock         held while the index is added to
//! STATE/locks/HASH                 held by the one run that changes an object
//! ```
//!
//! Every line carries the SHA-256 of the line before it, and the first line of a run that of the
//! last line of the index when it began. A line of the index carries the number of entries of a run
//! and the hash of the last, so that an entry that was edited, deleted, reordered or cut off is
//! found. Whoever keeps the hash of the newest line of the index elsewhere also finds a journal
//! that was written anew as a whole: it is what [`finish`](crate::ports::rollouts::Journal::finish)
//! tells.
//!
//! A run that was killed has no line in the index; the next one that ends gives it one. A line that
//! was cut short by the kill was never durable, so that nothing was done on the strength of it: it
//! is passed over, and cut off when the run is taken up again.

mod audit;
mod index;
mod line;
mod locks;
mod log;
mod rebuild;
mod retention;
mod seal;
mod store;

pub use audit::{AuditError, Verified};
pub use rebuild::Rebuilt;
pub use retention::Retention;
pub use store::FileJournal;

#[cfg(test)]
mod tests;
