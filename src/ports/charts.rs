//! What is published in repositories of charts.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::LookupError;
use crate::domain::chart::{ChartEntry, ChartSource, ChartVersion};

/// Repositories of charts: those with an index, and OCI registries.
pub trait Charts: Send + Sync {
    /// The repositories with an index that Helm is configured with on this machine, in the order of
    /// its file. None where there is no such file.
    ///
    /// # Errors
    /// The file cannot be read; the text names it.
    fn configured(&self) -> Result<Vec<ChartSource>, String>;

    /// What a source publishes of each of these charts. Of an index only these entries are kept, and
    /// it is fetched once a run, whatever is asked of it later. An OCI source publishes one chart,
    /// and of its versions only the numbers are known here.
    fn published<'a>(
        &'a self,
        source: &'a ChartSource,
        charts: &'a BTreeSet<Arc<str>>,
    ) -> BoxFuture<'a, Result<Arc<PublishedCharts>, LookupError>>;

    /// What is known of one version in an OCI registry: its manifest and its metadata, not the chart.
    fn metadata<'a>(
        &'a self,
        source: &'a ChartSource,
        version: &'a ChartVersion,
    ) -> BoxFuture<'a, Result<Arc<ChartEntry>, LookupError>>;
}

/// The versions of some charts in one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishedCharts {
    /// The name of each chart that was asked for and is there, with its versions in the order of the
    /// source. An entry that cannot be read is left out.
    pub charts: Vec<(Arc<str>, Arc<[ChartEntry]>)>,
    /// What was wrong, although something could be read: entries that were left out, an old copy
    /// that was used because the source did not answer.
    pub warnings: Vec<String>,
}

impl PublishedCharts {
    /// The versions of a chart; none where the source does not have it.
    pub fn of(&self, chart: &str) -> Option<&Arc<[ChartEntry]>> {
        self.charts.iter().find(|(name, _)| **name == *chart).map(|(_, versions)| versions)
    }
}
