//! Turning values into text: tables, differences, machine output, progress.

pub mod diff;
pub mod escape;
pub mod explanation;
pub mod grid;
pub mod json;
pub mod machine;
pub mod outcomes;
pub mod preview;
pub mod progress;
pub mod records;
pub mod rollouts;
pub mod styles;
pub mod table;
