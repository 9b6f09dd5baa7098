//! Manifests of Helm releases, stored or freshly rendered, as the objects of a preview: each in its
//! normal form, its secrets sealed, and with the facts that a summary needs.
//!
//! A manifest is foreign text of several megabytes: it is split first, and each document is read for
//! itself, within the limits of all YAML that is read. A document that is no object is an error that
//! names its template, because a preview without it would be wrong.

mod body;
mod facts;
mod fixed;
mod kinds;
mod read;
mod rules;
mod split;

#[cfg(test)]
mod tests;

pub use body::values;
pub use read::{ManifestError, documents, read, secrets};
