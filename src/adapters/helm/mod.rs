//! Helm: what it has stored, read without its process, and the process that changes it.
//!
//! The form of a record is that of Helm 3 and 4 (`pkg/storage/driver`, `pkg/release/v1`): one object
//! a revision, named `sh.helm.release.v1.NAME.vREVISION`, with the labels `owner=helm`, `name`,
//! `status` and `version`, and under `release` the base64 of gzipped JSON.

pub mod alive;
pub mod chart;
pub mod copies;
pub mod diff;
pub mod driver;
mod group;
pub mod manifest;
pub mod process;
pub mod releases;
pub mod rollouts;
pub mod storage;
pub mod stored;
mod template;
mod unpack;
mod wire;
pub mod words;

pub use unpack::DecodeError;
