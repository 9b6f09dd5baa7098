//! The cluster: connection, inventory, the pull secrets of its workloads, and how changes of them
//! are carried out and watched.

mod address;
mod basis;
mod capacity;
mod client;
mod cluster;
mod creation;
mod error;
mod exec;
mod feed;
mod flags;
mod flux;
mod gathering;
mod inspect;
mod inventory;
mod jobs;
mod kubeconfig;
mod lease;
mod list;
mod names;
mod nodes;
mod object;
mod orphans;
mod page;
mod patch;
mod plugin_policy;
mod pod;
mod pull_secrets;
mod reach;
mod rehearse;
mod releases;
mod revision;
mod rollouts;
mod run_once;
mod running;
#[cfg(test)]
mod scripted;
mod seen;
mod selector;
mod sight;
mod unstick;
mod watch;

pub use basis::Standing;
pub use cluster::{Access, Cluster, Options, Permission};
pub use error::ConnectError;
pub use flags::{ConnectionFlags, Environment};
pub use names::{Known, Named};
