//! The configuration: policy files, the environment and `.env`, folded into one policy with the
//! origin of each setting.
//!
//! Nearer wins: `SAFE_UPDATE_*` variables, then `.env`, then the file that `--config` or
//! `SAFE_UPDATE_CONFIG` names; where neither does, the project's `safe-update.yaml` beside the
//! manifests, the one in the working directory, and `config.yaml` in the state directory, one over
//! the other. Never reads the process environment: [`Environment`] is handed in.

mod default;
mod env;
mod error;
mod file;
mod find;
mod merge;
mod read;
mod read_registry;
mod registries;
mod times;
mod values;

#[cfg(test)]
mod tests;

pub use default::DEFAULT_FILE;
pub use env::{Environment, POLICY_VARIABLES, Variable, VariableSource, Variables};
pub use error::{ConfigError, ConfigErrors};
pub use file::policy_schema;
pub use find::{Directories, Lookup, check, load};
pub use merge::{Entry, Merged, Origin};
pub use registries::RegistryEntry;
