//! Charts on this machine: fetched by helm, with the credentials that helm has, and rendered by it.
//! What was fetched is what is looked at, and what is installed later: nothing can be exchanged in
//! between.

use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tempfile::TempDir;

use super::process::{Call, Helm, HelmError};
use super::stored::StoredRelease;
use crate::adapters::hash::sha256;
use crate::domain::chart::ChartSource;
use crate::domain::image::Digest;

/// How long fetching a chart may take.
const FETCH: Duration = Duration::from_mins(2);
/// How long rendering may take.
const RENDER: Duration = Duration::from_mins(2);
/// The largest archive: what Helm itself reads is 100 MiB unpacked.
const ARCHIVE_MAX: u64 = 100 << 20;

/// A chart on this machine.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The archive.
    pub path: PathBuf,
    /// SHA-256 of what its repository names: of the archive, or of the manifest in a registry.
    pub digest: Digest,
    /// The directory that it was fetched into.
    pub kept: Option<Arc<TempDir>>,
}

/// Why a chart is not here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// helm could not get it.
    #[error(transparent)]
    Helm(#[from] HelmError),
    /// It could not be kept or read on this machine.
    #[error("{0}")]
    Disk(String),
    /// It is not what its repository says.
    #[error("{source_name} gave chart {chart} with digest {found}, and its index says {expected}")]
    Digest {
        /// The source.
        source_name: String,
        /// Name and version.
        chart: String,
        /// What was announced.
        expected: Digest,
        /// What came.
        found: Digest,
    },
}

/// A chart that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Where it comes from.
    pub source: &'a ChartSource,
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// What its repository says that it is.
    pub digest: Option<&'a Digest>,
    /// The registry speaks plain HTTP.
    pub plain_http: bool,
}

impl Helm {
    /// Fetches a chart.
    ///
    /// # Errors
    /// helm's, the disk's, or that it is another one than was announced.
    pub async fn fetch(&self, wanted: &Wanted<'_>) -> Result<Fetched, FetchError> {
        let disk = |error: std::io::Error| FetchError::Disk(error.to_string());
        let directory = TempDir::with_prefix("safe-update-chart.").map_err(disk)?;
        let mut environment: Vec<(&'static str, OsString)> = Vec::new();
        let mut arguments: Vec<OsString> = vec!["pull".into()];
        match wanted.source {
            ChartSource::Index { name: Some(repository), .. } => {
                // The user's own copy of the index may be old, and is not touched.
                environment.push(("HELM_REPOSITORY_CACHE", directory.path().join("cache").into()));
                let update = ["repo", "update", "--", repository].map(Into::into).to_vec();
                self.run(&Call {
                    arguments: update,
                    environment: environment.clone(),
                    deadline: FETCH,
                    ..Call::default()
                })
                .await?;
                arguments.push("--version".into());
                arguments.push(wanted.version.into());
                arguments.push("--".into());
                arguments.push(format!("{repository}/{}", wanted.name).into());
            }
            ChartSource::Index { url, name: None } => {
                // With repositories of its own, helm would want to have the indexes of all of them.
                environment.push(("HELM_REPOSITORY_CACHE", directory.path().join("cache").into()));
                environment.push(("HELM_REPOSITORY_CONFIG", directory.path().join("none").into()));
                arguments.extend(["--repo", url, "--version", wanted.version].map(Into::into));
                arguments.push("--".into());
                arguments.push(wanted.name.into());
            }
            ChartSource::Oci(reference) => {
                arguments.extend(["--version", wanted.version].map(Into::into));
                if wanted.plain_http {
                    arguments.push("--plain-http".into());
                }
                arguments.push("--".into());
                arguments.push(format!("oci://{reference}").into());
            }
        }
        arguments.insert(1, "--destination".into());
        arguments.insert(2, directory.path().into());
        let call = Call { arguments, environment, deadline: FETCH, ..Call::default() };
        let printed = self.run(&call).await?;
        let path = archive(directory.path()).map_err(disk)?.ok_or_else(|| {
            FetchError::Disk(format!("helm pull left no archive of {}", wanted.name))
        })?;
        let found = match wanted.source {
            ChartSource::Oci(_) => {
                said_digest(&printed.stdout).or_else(|| said_digest(printed.stderr.as_bytes()))
            }
            ChartSource::Index { .. } => None,
        };
        let found = match found {
            Some(found) => found,
            None => digest_of(&path).map_err(disk)?,
        };
        if let Some(expected) = wanted.digest.filter(|expected| **expected != found) {
            return Err(FetchError::Digest {
                source_name: wanted.source.to_string(),
                chart: format!("{}-{}", wanted.name, wanted.version),
                expected: expected.clone(),
                found,
            });
        }
        Ok(Fetched { path, digest: found, kept: Some(Arc::new(directory)) })
    }

    /// Renders a chart as an upgrade of a release would: what helm would store, with the answers of
    /// the server. Nothing is written.
    ///
    /// # Errors
    /// helm's, or what it printed is no record.
    pub async fn render(
        &self,
        (namespace, release): (&str, &str),
        chart: &Path,
        values: &[OsString],
        secrets: &[SecretString],
    ) -> Result<StoredRelease, HelmError> {
        let mut arguments: Vec<OsString> = vec![
            "upgrade".into(),
            "--dry-run=server".into(),
            "--output".into(),
            "json".into(),
            "--namespace".into(),
            namespace.into(),
        ];
        arguments.extend(values.iter().cloned());
        arguments.push("--".into());
        arguments.push(release.into());
        arguments.push(chart.into());
        let call = Call {
            arguments,
            namespace: Some(namespace),
            deadline: RENDER,
            secrets,
            ..Call::default()
        };
        let printed = self.run(&call).await?;
        StoredRelease::printed(&printed.stdout, namespace, release).map_err(|error| {
            HelmError::Failed {
                verb: "upgrade --dry-run".into(),
                message: format!("what it printed cannot be read: {error}"),
                killed: false,
            }
        })
    }
}

/// The archive that helm left in a directory.
fn archive(directory: &Path) -> std::io::Result<Option<PathBuf>> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_file() && path.extension() == Some(OsStr::new("tgz")) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The digest that helm says of what it pulled from a registry: `Digest: sha256:…`.
fn said_digest(printed: &[u8]) -> Option<Digest> {
    let text = String::from_utf8_lossy(printed);
    text.lines().find_map(|line| line.trim().strip_prefix("Digest:")?.trim().parse().ok())
}

/// SHA-256 of an archive.
fn digest_of(path: &Path) -> std::io::Result<Digest> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(ARCHIVE_MAX).read_to_end(&mut bytes)?;
    format!("sha256:{}", sha256([bytes.as_slice()])).parse().map_err(std::io::Error::other)
}
