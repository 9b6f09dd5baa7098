//! FLOOR 3: one verb a file. Sequences ports and decisions; prints nothing, knows no clap.

pub mod apply;
pub mod discover;
pub mod explain;
pub mod facts;
pub mod intent;
pub mod lookup;
pub mod plan;
pub mod preview;
pub mod resume;
pub mod rollback;
pub mod unlock;
