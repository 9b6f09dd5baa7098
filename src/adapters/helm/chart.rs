//! Charts on this machine: fetched by helm, with the credentials that helm has, and rendered by it.
//! What was fetched is what is looked at, and what is installed later: nothing can be exchanged in
//! between.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::process::{Call, Helm, HelmError};
use super::stored::StoredRelease;
use super::words::without_credentials;
use crate::adapters::hash::sha256;
use crate::adapters::temporary::TemporaryDirectory;
use crate::domain::chart::ChartSource;
use crate::domain::image::Digest;

/// How long fetching a chart may take.
const FETCH: Duration = Duration::from_mins(2);
/// How long rendering may take.
pub(super) const RENDER: Duration = Duration::from_mins(2);
/// The largest archive: what Helm itself reads is 100 MiB unpacked.
const ARCHIVE_MAX: u64 = 100 << 20;

/// What the HTTP client of Go says where a server speaks no TLS.
const NO_TLS: &str = "server gave HTTP response to HTTPS client";

/// A chart on this machine.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The archive.
    pub path: PathBuf,
    /// SHA-256 of what its repository names: of the archive, or of the manifest in a registry.
    pub digest: Digest,
    /// The directory that it was fetched into.
    pub kept: Option<Arc<TemporaryDirectory>>,
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
    /// The repository gave no index.
    #[error("helm could get no index of {0}: is it there, and does `helm repo update` reach it?")]
    Index(String),
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
    /// How its registry is reached.
    pub reach: &'a Reach,
}

/// How helm reaches a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Unchecked certificates are accepted; and where there is no TLS, plain HTTP.
    pub insecure: bool,
    /// It speaks plain HTTP.
    pub plain: bool,
    /// Certificates that are trusted.
    pub ca: Option<PathBuf>,
    /// Our own certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Reach {
    fn flags(&self) -> Vec<OsString> {
        let mut flags: Vec<OsString> = Vec::new();
        if self.plain {
            flags.push("--plain-http".into());
            return flags;
        }
        if self.insecure {
            flags.push("--insecure-skip-tls-verify".into());
        }
        if let Some(ca) = &self.ca {
            flags.extend(["--ca-file".into(), ca.into()]);
        }
        if let Some((certificate, key)) = &self.identity {
            flags.extend(["--cert-file".into(), certificate.into()]);
            flags.extend(["--key-file".into(), key.into()]);
        }
        flags
    }
}

/// The indexes that helm fetched in this run.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    /// Where they are kept.
    directory: Option<Arc<TemporaryDirectory>>,
    /// The names of their repositories.
    fetched: BTreeSet<String>,
}

/// A repository as helm is told of it.
struct Index {
    repository: String,
    environment: Vec<(&'static str, OsString)>,
}

impl Helm {
    /// Fetches a chart.
    ///
    /// # Errors
    /// helm's, the disk's, or that it is another one than was announced.
    pub async fn fetch(&self, wanted: &Wanted<'_>) -> Result<Fetched, FetchError> {
        match self.fetch_by(wanted).await {
            // TLS first, so that credentials go in plain only where nothing else is spoken.
            Err(FetchError::Helm(HelmError::Failed { message, .. }))
                if wanted.reach.insecure && !wanted.reach.plain && message.contains(NO_TLS) =>
            {
                let plain = Reach { plain: true, ..wanted.reach.clone() };
                self.fetch_by(&Wanted { reach: &plain, ..*wanted }).await
            }
            fetched => fetched,
        }
    }

    async fn fetch_by(&self, wanted: &Wanted<'_>) -> Result<Fetched, FetchError> {
        let directory = TemporaryDirectory::new("safe-update-chart.")?;
        let mut environment: Vec<(&'static str, OsString)> = Vec::new();
        let mut arguments: Vec<OsString> = vec!["pull".into()];
        match wanted.source {
            ChartSource::Index { url, name } => {
                let index = self.index(url, name.as_deref()).await?;
                environment = index.environment;
                arguments.extend(["--version", wanted.version, "--"].map(Into::into));
                arguments.push(format!("{}/{}", index.repository, wanted.name).into());
            }
            ChartSource::Oci(reference) => {
                arguments.extend(["--version", wanted.version].map(Into::into));
                arguments.extend(wanted.reach.flags());
                arguments.push("--".into());
                arguments.push(format!("oci://{reference}").into());
            }
        }
        arguments.insert(1, "--destination".into());
        arguments.insert(2, directory.path().into());
        let call = Call { arguments, environment, deadline: FETCH, ..Call::default() };
        let printed = self.run(&call).await?;
        let path = archive(directory.path())?.ok_or_else(|| {
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
            None => digest_of(&path)?,
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

    /// A repository as helm is told of it, its index fetched once in a run. The user's own copy may be
    /// old, and is not touched.
    async fn index(&self, url: &str, name: Option<&str>) -> Result<Index, FetchError> {
        let mut indexes = self.indexes.lock().await;
        let directory = if let Some(directory) = &indexes.directory {
            Arc::clone(directory)
        } else {
            let new = TemporaryDirectory::new("safe-update-indexes.")?;
            Arc::clone(indexes.directory.insert(Arc::new(new)))
        };
        let cache = directory.path().join("cache");
        let mut environment = vec![("HELM_REPOSITORY_CACHE", cache.clone().into())];
        let repository = name.map_or_else(
            || format!("safe-update-{}", &sha256([url.as_bytes()])[..16]),
            str::to_owned,
        );
        if name.is_none() {
            // helm has no name for it, and fetches the index of `--repo` anew for every chart.
            let known = directory.path().join(format!("{repository}.json"));
            let text = serde_json::json!({
                "apiVersion": "v1",
                "repositories": [{"name": repository, "url": url}],
            });
            std::fs::write(&known, text.to_string())?;
            environment.push(("HELM_REPOSITORY_CONFIG", known.into()));
        }
        if !indexes.fetched.contains(&repository) {
            let arguments = ["repo", "update", "--", &repository].map(Into::into).to_vec();
            let environment = environment.clone();
            let call = Call { arguments, environment, deadline: FETCH, ..Call::default() };
            self.run(&call).await?;
            // Helm 3 ends with 0 where a repository did not answer. Its words quote the address, which
            // may hold credentials.
            if !cache.join(format!("{repository}-index.yaml")).is_file() {
                return Err(FetchError::Index(without_credentials(name.unwrap_or(url))));
            }
            indexes.fetched.insert(repository.clone());
        }
        Ok(Index { repository, environment })
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
                said: String::new(),
                killed: false,
            }
        })
    }
}

impl From<std::io::Error> for FetchError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.to_string())
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::process::tests::find;
    use super::*;

    /// Fetches `shop` 1.0.1 with a helm that does what a script says, `$log` being a file of its own.
    /// What it was called for is the second value.
    async fn fetched(script: &str, source: &str, reach: &Reach) -> (String, String) {
        fetched_of(script, &source.parse().expect("a source"), reach).await
    }

    async fn fetched_of(script: &str, source: &ChartSource, reach: &Reach) -> (String, String) {
        let logs = tempfile::tempdir().expect("a directory");
        let log = logs.path().join("log");
        let script = format!(
            "[ \"$1\" = version ] && {{ echo v3.22.0; exit; }}\nlog='{}'\necho \"$*\" >>\"$log\"\n{script}",
            log.display()
        );
        let (_directory, helm) = find(&script).await;
        let wanted = Wanted { source, name: "shop", version: "1.0.1", digest: None, reach };
        let error = helm.expect("a helm").fetch(&wanted).await.expect_err("it fails").to_string();
        (error, std::fs::read_to_string(log).expect("it was called"))
    }

    #[tokio::test]
    async fn an_index_that_did_not_come_is_told_though_helm_ends_well() {
        let source = "https://charts.test/stable";
        let (error, calls) = fetched("exit 0", source, &Reach::default()).await;
        assert!(error.contains("helm could get no index of https://charts.test/stable"), "{error}");
        assert!(calls.starts_with("repo update") && !calls.contains("pull"), "{calls}");
    }

    #[tokio::test]
    async fn what_helm_says_of_addresses_names_no_credentials() {
        let script = |verb: &str| {
            format!(
                r#"[ "$1" = {verb} ] && {{ echo "Error: failed: https://ann:s3cret@charts.test/x?s=sig-1" >&2; exit 1; }}
                [ "$1" = repo ] && {{ mkdir -p "$HELM_REPOSITORY_CACHE"
                    touch "$HELM_REPOSITORY_CACHE/charts-index.yaml"; }}
                exit 0"#
            )
        };
        // Helm 4 ends with 1 where a repository did not answer.
        for verb in ["repo", "pull"] {
            let source = ChartSource::Index {
                url: "https://charts.test".into(),
                name: Some("charts".into()),
            };
            let (error, calls) = fetched_of(&script(verb), &source, &Reach::default()).await;
            assert!(error.contains("https://charts.test/x?***"), "{error}");
            assert!(!error.contains("s3cret") && !error.contains("sig-1"), "{error}");
            assert!(calls.contains(verb), "{calls}");
        }
    }

    #[tokio::test]
    async fn credentials_go_in_plain_only_where_no_tls_is_spoken() {
        let insecure = Reach { insecure: true, ..Reach::default() };
        let source = "oci://charts.test/shop";
        let plain = |calls: &str| calls.matches("--plain-http").count();
        let refused = "echo 'Error: connection refused' >&2; exit 1";
        let (error, calls) = fetched(refused, source, &insecure).await;
        assert!(error.contains("refused") && plain(&calls) == 0, "{error} {calls}");
        let spoken = format!("echo 'Error: {NO_TLS}' >&2; exit 1");
        let (_, calls) = fetched(&spoken, source, &insecure).await;
        assert_eq!((plain(&calls), calls.lines().count()), (1, 2), "{calls}");
        let (_, calls) = fetched(&spoken, source, &Reach::default()).await;
        assert_eq!((plain(&calls), calls.lines().count()), (0, 1), "{calls}");
    }
}
