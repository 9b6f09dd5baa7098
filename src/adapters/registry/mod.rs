//! Registries: the client of the distribution API, credentials, the cache, and OCI layouts on disk;
//! for its sibling that reads charts, also files of servers that are no registries.
//!
//! [`Registries`] implements [`crate::ports::Registry`] and is made for one run: what it learned
//! (tokens, tags, digests, dead hosts) holds until it is dropped. Rules that hold everywhere here:
//!
//! - a credential of one host is never sent to another, by redirect or by token realm;
//! - every body, page count and wait has a bound, and every lookup a deadline;
//! - what a digest names is hashed before it is believed;
//! - no secret, and no query of a URL, appears in an error.

mod auth;
mod cache;
mod cache_files;
mod challenge;
mod client;
mod credentials;
mod docker_config;
mod document;
mod files;
mod flight;
mod helper;
mod hosts;
mod layout;
mod manifests;
mod paging;
mod realm;
mod registries;
mod request;
mod settings;
mod tls;
mod transport;

#[cfg(test)]
pub(in crate::adapters) mod tests;

pub(in crate::adapters) use cache::Validators;
pub(in crate::adapters) use cache_files::{bound, make_directory};
pub use credentials::{CredentialSources, ExplicitCredential};
pub(in crate::adapters) use document::ArtifactKind;
pub(in crate::adapters) use files::{Fetched, FileRequest, Files, Login};
pub(in crate::adapters) use flight::Flights;
pub use registries::{Clock, Registries};
pub(in crate::adapters) use request::Sink;
pub use settings::{CacheSettings, HostSettings, Limits, RegistrySettings};
pub(in crate::adapters) use transport::readable;
