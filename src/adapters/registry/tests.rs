//! The adapter against registries that misbehave, over real sockets, and against layouts on disk.

mod access;
mod boundaries;
mod caching;
mod keepers;
mod layouts;
mod lists;
mod manifests;
mod secure;
pub(in crate::adapters) mod server;
mod trouble;
