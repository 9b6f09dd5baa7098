//! Safe Update: finds newer versions of what runs in a cluster, and says why each may or may not
//! be applied.
//!
//! The library carries the program; it makes no promise of stability. Five floors, and a file
//! imports only from floors below its own (`tests/it/architecture.rs` proves it):
//!
//! 0. [`domain`]: values and decisions. No IO, no async, no clock, no serialisation.
//! 1. [`ports`]: the traits through which decisions meet the outside.
//! 2. [`adapters`]: the only floor that knows a protocol; each converts to domain values at its
//!    edge.
//! 3. [`actions`]: one verb a file; sequences ports and decisions, prints nothing, knows no clap.
//! 4. [`cli`]: arguments, settings, rendering, exit codes.
//!
//! Invariants, each with a test: an update is never a downgrade; trouble with one object or one
//! registry never sinks the rest; credentials go only to the host they belong to; no secret is
//! printed; foreign text is escaped before it reaches a terminal; every command ends within its own
//! deadline; memory stays bounded whatever a server sends.

pub mod actions;
pub mod adapters;
pub mod cli;
pub mod domain;
pub mod ports;
