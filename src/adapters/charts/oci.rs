//! Charts in OCI registries: the tags of a repository are its versions, and the configuration of a
//! manifest is the chart's metadata. The chart itself is not fetched.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::address::host_named;
use super::entry::WireEntry;
use crate::adapters::registry::{ArtifactKind, Registries, readable};
use crate::domain::chart::{ChartEntry, ChartVersion};
use crate::domain::image::{Repository, Tag};
use crate::ports::charts::PublishedCharts;
use crate::ports::{LookupError, Registry as _};

/// Helm's charts, by the type that its registry client gives their configuration.
const CHART: ArtifactKind = ArtifactKind {
    name: "Helm chart",
    config_type: "application/vnd.cncf.helm.config.v1+json",
    config_bytes: 1 << 20,
};

/// The versions of the chart in a repository, when that is one of the wanted.
pub(super) async fn published(
    registries: &Registries,
    reference: &str,
    wanted: &BTreeSet<Arc<str>>,
) -> Result<PublishedCharts, LookupError> {
    let repository = repository(reference)?;
    let chart = chart_of(&repository);
    let Some(name) = wanted.get(chart) else {
        let mut published = PublishedCharts::default();
        if !wanted.is_empty() {
            let wanted = wanted.iter().map(|name| &**name).collect::<Vec<_>>().join(", ");
            published.warnings.push(format!(
                "oci://{repository} holds the chart {chart}, not {wanted}: the last part of its path is the name"
            ));
        }
        return Ok(published);
    };
    let list = registries.tags(&repository, None).await?;
    let versions: Arc<[ChartEntry]> =
        list.tags.iter().filter_map(|tag| version_of(tag)).map(bare).collect();
    let mut warnings = Vec::new();
    if list.truncated {
        warnings.push(format!(
            "oci://{repository} has too many tags: the list was cut, newer versions may be missing"
        ));
    }
    Ok(PublishedCharts { charts: vec![(Arc::clone(name), versions)], warnings })
}

/// What the manifest of a version says.
pub(super) async fn metadata(
    registries: &Registries,
    reference: &str,
    version: &ChartVersion,
) -> Result<ChartEntry, LookupError> {
    let repository = repository(reference)?;
    let what = format!("{}:{version}", repository.path());
    let bad = |message: &str| LookupError::BadAnswer {
        host: repository.registry().clone(),
        what: what.clone(),
        message: readable(message),
    };
    let tag = version.tag().map_err(|error| bad(&error.to_string()))?;
    let found = registries.artifact(&repository, &tag, CHART).await?;
    let (digest, artifact) = &*found;
    let wire: WireEntry = serde_json::from_str(&artifact.config)
        .map_err(|error| bad(&format!("its metadata cannot be read: {error}")))?;
    // Helm pushes under no other name and version, and would install what the chart says.
    let chart = chart_of(&repository);
    if let Some(name) = wire.name.as_deref().filter(|name| *name != chart) {
        return Err(bad(&format!("it holds the chart {name:?}")));
    }
    let written = wire.version().ok_or_else(|| bad("its metadata has no version"))?;
    if written.precedence(version).is_ne() {
        return Err(bad(&format!("it holds the version {written}")));
    }
    let entry = wire.entry().ok_or_else(|| bad("its metadata has no version"))?;
    Ok(ChartEntry {
        version: version.clone(),
        created: artifact.created,
        digest: Some(digest.clone()),
        ..entry
    })
}

/// A version of which only the number is known.
fn bare(version: ChartVersion) -> ChartEntry {
    ChartEntry {
        version,
        app_version: None,
        kube_version: None,
        deprecated: false,
        created: None,
        digest: None,
        security_updates: false,
        marked_prerelease: false,
        changes: Vec::new(),
    }
}

/// The version that a tag names, if it is one that Helm takes: three numbers, no `v` before them.
fn version_of(tag: &str) -> Option<ChartVersion> {
    let tag: Tag = tag.parse().ok()?;
    let version = ChartVersion::of_tag(&tag).ok()?;
    semver::Version::parse(version.as_str()).is_ok().then_some(version)
}

fn chart_of(repository: &Repository) -> &str {
    repository.path().rsplit('/').next().unwrap_or_default()
}

fn repository(reference: &str) -> Result<Repository, LookupError> {
    reference.parse().map_err(|error| LookupError::BadAnswer {
        host: host_named(reference.split('/').next().unwrap_or_default()),
        what: readable(reference),
        message: format!("no repository is named like that: {error}"),
    })
}
