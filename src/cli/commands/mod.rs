//! One file a verb: resolved settings in, rendered output and an exit code out.

pub mod apply;
pub mod approve;
pub mod audit;
pub mod basis;
pub mod carry;
pub mod changes;
pub mod check;
pub mod completion;
pub mod config;
pub mod confirm;
pub mod draft;
pub mod explain;
pub mod forget;
pub mod history;
pub mod list;
pub mod memories;
pub mod plan;
pub mod plan_file;
pub mod remembered;
pub mod resume;
pub mod rollback;
pub mod scope;
pub mod since;
pub mod status;
pub mod subjects;
pub mod version;
