//! FLOOR 0: values and decisions.
//!
//! No IO, no async, no clock, no serialisation: what a function decides follows from its arguments
//! alone, and `now` is one of them. `tests/it/architecture.rs` proves it.

pub mod calendar;
pub mod candidate;
pub mod change;
pub mod chart;
pub mod consent;
pub mod constraint;
pub mod diff;
pub mod gate;
pub mod health;
pub mod history;
pub mod image;
pub mod inventory;
pub mod plan;
pub mod platform;
pub mod policy;
pub mod preview;
pub mod release;
pub mod rollout;
pub mod target;
pub mod text;
pub mod version;
