//! Charts: what repositories with an `index.yaml` and OCI registries publish of them.
//!
//! [`HelmCharts`] implements [`crate::ports::charts::Charts`] and is made for one run. Helm's own
//! files say which repositories there are and with which credentials; nothing is written into them.
//! Requests go through the sibling [`super::registry`], with its bounds and its care for
//! credentials. Rules that hold everywhere here:
//!
//! - an index is fetched once a run and read from a file, by lines where its style allows that; only
//!   the charts that were asked for are kept;
//! - what cannot be read of a chart is counted and left out; what is used although it is old is said;
//! - a chart itself is never fetched;
//! - no secret, and no query of a URL, appears in an error, a warning or a name of a file.

mod address;
mod changes;
mod entry;
mod environment;
mod helm_charts;
mod indexes;
mod oci;
mod read;
mod repositories;
mod scan;
mod store;

#[cfg(test)]
mod tests;

pub use environment::Environment;
pub use helm_charts::{ChartSettings, HelmCharts};
