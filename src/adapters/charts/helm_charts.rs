//! The port: every source is an index or a repository of a registry.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::Url;

use super::address::host_named;
use super::environment::Environment;
use super::indexes::Indexes;
use super::oci;
use super::repositories::{self, Repository};
use super::store::Store;
use crate::adapters::registry::{CacheSettings, Clock, Files, Flights, Limits, Registries};
use crate::domain::chart::{ChartEntry, ChartSource, ChartVersion};
use crate::ports::LookupError;
use crate::ports::charts::{Charts, PublishedCharts};

/// What can be set about repositories with an index. OCI registries have their own settings.
#[derive(Debug, Clone)]
pub struct ChartSettings {
    /// The indexes on disk: a directory of their own.
    pub cache: CacheSettings,
    /// Bounds of one index: [`Limits::page_bytes`] is its size, [`Limits::lookup`] its time.
    pub limits: Limits,
    /// Sent as `User-Agent`; empty means the name and version of this program.
    pub user_agent: String,
}

impl Default for ChartSettings {
    fn default() -> Self {
        Self {
            cache: CacheSettings { max_bytes: 512 << 20, ..CacheSettings::default() },
            // Some indexes have tens of megabytes, and some servers make them when they are asked.
            limits: Limits {
                request: Duration::from_mins(1),
                lookup: Duration::from_mins(2),
                page_bytes: 128 << 20,
                ..Limits::default()
            },
            user_agent: String::new(),
        }
    }
}

/// All sources of charts of one run.
pub struct HelmCharts {
    environment: Environment,
    repositories: OnceLock<Result<Vec<Repository>, String>>,
    indexes: Indexes,
    registries: Arc<Registries>,
    metadata: Flights<(Arc<str>, String), Result<Arc<ChartEntry>, LookupError>>,
}

impl HelmCharts {
    /// Opens nothing yet: Helm's files are read and servers asked at their first use. Charts in OCI
    /// registries are looked up through `registries`, with its credentials, mirrors and cache.
    pub fn new(
        environment: Environment,
        settings: ChartSettings,
        registries: Arc<Registries>,
        clock: Clock,
    ) -> Self {
        let ChartSettings { cache, limits, user_agent } = settings;
        let files = Files::new(limits, user_agent);
        let helm_cache = environment.repository_cache.clone();
        Self {
            environment,
            repositories: OnceLock::new(),
            indexes: Indexes::new(files, Store { settings: cache }, helm_cache, clock),
            registries,
            metadata: Flights::default(),
        }
    }

    /// Requests that indexes have cost so far; those of registries are counted there.
    pub fn requests(&self) -> u64 {
        self.indexes.requests()
    }

    fn repositories(&self) -> Result<&[Repository], &String> {
        let file = self.environment.repositories.as_deref();
        self.repositories.get_or_init(|| repositories::read(file)).as_deref()
    }

    async fn find(
        &self,
        source: &ChartSource,
        charts: &BTreeSet<Arc<str>>,
    ) -> Result<Arc<PublishedCharts>, LookupError> {
        let published = match source {
            ChartSource::Index { url, name } => {
                let url = parsed(url)?;
                // That the file cannot be read is said where it is asked for; here its repositories
                // are as good as unknown.
                let known = self.repositories().unwrap_or_default();
                let known = repositories::find(known, &url, name.as_deref());
                let plain = || Repository::plain(&url);
                let repository = known.cloned().unwrap_or_else(plain);
                self.indexes.published(&repository, charts).await?
            }
            ChartSource::Oci(reference) => {
                oci::published(&self.registries, reference, charts).await?
            }
        };
        Ok(Arc::new(published))
    }

    async fn find_metadata(
        &self,
        source: &ChartSource,
        version: &ChartVersion,
    ) -> Result<Arc<ChartEntry>, LookupError> {
        match source {
            ChartSource::Oci(reference) => {
                let key = (Arc::clone(reference), version.to_string());
                let work = async {
                    oci::metadata(&self.registries, reference, version).await.map(Arc::new)
                };
                self.metadata.run(key, Box::pin(work)).await
            }
            ChartSource::Index { url, .. } => Err(LookupError::BadAnswer {
                host: host_named(parsed(url)?.host_str().unwrap_or_default()),
                what: version.to_string(),
                message: "an index says all that it knows of a version at once".into(),
            }),
        }
    }
}

fn parsed(url: &str) -> Result<Url, LookupError> {
    Url::parse(url).ok().filter(Url::has_host).ok_or_else(|| LookupError::BadAnswer {
        host: host_named(""),
        what: "a repository of charts".into(),
        message: "its address is no URL".into(),
    })
}

impl Charts for HelmCharts {
    fn configured(&self) -> Result<Vec<ChartSource>, String> {
        match self.repositories() {
            Ok(repositories) => Ok(repositories.iter().map(Repository::source).collect()),
            Err(message) => Err(message.clone()),
        }
    }

    fn published<'a>(
        &'a self,
        source: &'a ChartSource,
        charts: &'a BTreeSet<Arc<str>>,
    ) -> BoxFuture<'a, Result<Arc<PublishedCharts>, LookupError>> {
        self.find(source, charts).boxed()
    }

    fn metadata<'a>(
        &'a self,
        source: &'a ChartSource,
        version: &'a ChartVersion,
    ) -> BoxFuture<'a, Result<Arc<ChartEntry>, LookupError>> {
        self.find_metadata(source, version).boxed()
    }
}

impl fmt::Debug for HelmCharts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HelmCharts").finish_non_exhaustive()
    }
}
