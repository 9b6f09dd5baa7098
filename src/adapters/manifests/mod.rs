//! Manifests on disk and on standard input as a platform: YAML and JSON, many documents in a file,
//! lists of objects. Each workload knows the file and the line it was read from, each image its
//! line.
//!
//! A document that is no YAML is an error, and all such errors are told at once; a document that is
//! no workload is passed over. Excerpts of documents that may hold a secret are never shown.

mod document;
mod files;
mod read;
mod selector;
mod split;

pub use read::Manifests;

#[cfg(test)]
mod tests;
