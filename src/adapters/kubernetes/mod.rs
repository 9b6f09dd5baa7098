//! The cluster: connection, inventory, and the pull secrets of its workloads.

mod address;
mod basis;
mod capacity;
mod client;
mod cluster;
mod error;
mod exec;
mod flags;
mod gathering;
mod inventory;
mod kubeconfig;
mod list;
mod nodes;
mod orphans;
mod page;
mod plugin_policy;
mod pull_secrets;
mod reach;
mod running;
#[cfg(test)]
mod scripted;

pub use basis::Standing;
pub use cluster::{Access, Cluster, Options, Permission};
pub use error::ConnectError;
pub use flags::{ConnectionFlags, Environment};
