//! A machine with Helm's files on it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::adapters::charts::{ChartSettings, Environment, HelmCharts};
use crate::adapters::registry::tests::server::{at, open, quick};
use crate::adapters::registry::{CacheSettings, Limits};
use crate::domain::chart::ChartSource;
use crate::ports::LookupError;
use crate::ports::charts::{Charts as _, PublishedCharts};

/// The second that [`at`] counts from.
pub(super) const EPOCH: u64 = 1_800_000_000;

pub(super) struct Home {
    directory: tempfile::TempDir,
    pub(super) settings: ChartSettings,
}

impl Home {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("helm")).unwrap();
        let settings = ChartSettings {
            cache: CacheSettings {
                directory: Some(directory.path().join("cache")),
                ..CacheSettings::default()
            },
            limits: Limits {
                lookup: Duration::from_secs(20),
                backoff: Duration::from_millis(5),
                page_bytes: 1 << 20,
                ..Limits::default()
            },
            user_agent: String::new(),
        };
        Self { directory, settings }
    }

    /// A home whose Helm is configured with repositories: the lines of the list.
    pub(super) fn with(repositories: &str) -> Self {
        let home = Self::new();
        let text = format!("repositories:\n{repositories}");
        std::fs::write(home.path("repositories.yaml"), text).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("helm").join(name)
    }

    /// Helm's copy of an index, some hours old at the second zero.
    pub(super) fn copy(&self, name: &str, text: &str, hours: u64) {
        let path = self.path(&format!("{name}-index.yaml"));
        std::fs::write(&path, text).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH - hours * 3_600);
        std::fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
    }

    pub(super) fn cache(&self) -> Vec<PathBuf> {
        files(&self.directory.path().join("cache"))
    }

    /// A run that begins at that second.
    pub(super) fn run(&self, second: i64) -> HelmCharts {
        let environment = Environment {
            repositories: Some(self.path("repositories.yaml")),
            repository_cache: Some(self.path("")),
            plugins: None,
            registry_config: None,
        };
        let registries = Arc::new(open(quick()));
        HelmCharts::new(environment, self.settings.clone(), registries, at(second))
    }

    /// What one run finds of one chart, as [`ask`] says it.
    pub(super) async fn ask(&self, second: i64, source: &ChartSource) -> String {
        ask(&self.run(second), source, "nginx").await
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(directory).into_iter().flatten();
    found.map(|file| file.unwrap().path()).collect()
}

pub(super) async fn published(
    charts: &HelmCharts,
    source: &ChartSource,
    names: &[&str],
) -> Result<Arc<PublishedCharts>, LookupError> {
    let names: BTreeSet<Arc<str>> = names.iter().map(|name| Arc::from(*name)).collect();
    charts.published(source, &names).await
}

/// `VERSION VERSION`, then `!WARNING`; or the error.
pub(super) async fn ask(charts: &HelmCharts, source: &ChartSource, name: &str) -> String {
    match published(charts, source, &[name]).await {
        Err(error) => error.to_string(),
        Ok(published) => {
            let versions = published.of(name).map(|all| &**all).unwrap_or_default();
            let versions = versions.iter().map(|entry| entry.version.to_string());
            let warnings = published.warnings.iter().map(|warning| format!("!{warning}"));
            versions.chain(warnings).collect::<Vec<_>>().join(" ")
        }
    }
}

pub(super) fn index(url: &str) -> ChartSource {
    url.parse().unwrap()
}

/// An index with one chart, `nginx`.
pub(super) fn nginx(versions: &[&str]) -> String {
    let entry = |version: &&str| format!("  - name: nginx\n    version: {version}\n");
    let entries = versions.iter().map(entry).collect::<Vec<_>>().concat();
    format!("apiVersion: v1\nentries:\n  nginx:\n{entries}")
}
