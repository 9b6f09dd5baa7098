//! One file a verb: resolved settings in, rendered output and an exit code out.

pub mod basis;
pub mod changes;
pub mod check;
pub mod completion;
pub mod config;
pub mod explain;
pub mod list;
pub mod plan;
pub mod scope;
pub mod version;
