//! FLOOR 3: one verb a file. Sequences ports and decisions; prints nothing, knows no clap.

pub mod discover;
pub mod explain;

pub mod facts;
pub mod lookup;
pub mod plan;
