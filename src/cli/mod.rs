//! FLOOR 4: the faces. Arguments, settings, wiring, rendering, exit codes.

pub mod args;
pub mod args_helm;
pub mod args_write;
pub mod commands;
pub mod complete;
pub mod error;
pub mod exit;
pub mod face;
pub mod logging;
pub mod printer;
pub mod render;
pub mod run;
pub mod session;
pub mod settings;
pub mod variables;
pub mod wire;

pub use run::run;
