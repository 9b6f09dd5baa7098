//! Charts: their versions as Helm reads them, and what a repository publishes of one.

mod choose;
mod version;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

pub use choose::{Asked, Choice, Pick, choose, verdicts};
pub use version::{ChartVersion, ChartVersionError, KubeRange};

use super::image::Digest;

/// The chart of a release: what the release's record says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartInUse {
    /// The name of the chart.
    pub name: Arc<str>,
    /// Its version as written.
    pub version: Arc<str>,
    /// The version of what it deploys, where it says one.
    pub app_version: Option<Arc<str>>,
    /// Where it comes from, where the record says it (no Helm so far) or whoever declares the release.
    pub source: Option<ChartSource>,
}

/// What is published of one version of a chart: the fields of its `Chart.yaml` that a decision needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartEntry {
    /// Its version.
    pub version: ChartVersion,
    /// The version of what it deploys, where it says one.
    pub app_version: Option<Arc<str>>,
    /// Which versions of Kubernetes it wants, as written.
    pub kube_version: Option<Arc<str>>,
    /// Its authors gave it up.
    pub deprecated: bool,
    /// When it was published, where the repository says so.
    pub created: Option<Timestamp>,
    /// SHA-256 of its archive (index repositories) or of its manifest (OCI).
    pub digest: Option<Digest>,
    /// `artifacthub.io/containsSecurityUpdates: "true"`.
    pub security_updates: bool,
    /// `artifacthub.io/prerelease: "true"`: a pre-release whatever its version says.
    pub marked_prerelease: bool,
    /// `artifacthub.io/changes`: what is new, one line each, at most a few.
    pub changes: Vec<Arc<str>>,
}

/// Where a chart comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChartSource {
    /// A repository with an `index.yaml`: its address, without credentials, without a slash at the end.
    Index {
        /// `https://charts.example.com`.
        url: Arc<str>,
        /// Its name in Helm's configuration, where it has one.
        name: Option<Arc<str>>,
    },
    /// A chart in an OCI registry: `host/path/chart`, without `oci://` and without a version.
    Oci(Arc<str>),
}

impl fmt::Display for ChartSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index { url, name: None } => formatter.write_str(url),
            Self::Index { url, name: Some(name) } => write!(formatter, "{name} ({url})"),
            Self::Oci(reference) => write!(formatter, "oci://{reference}"),
        }
    }
}

impl ChartSource {
    /// The source of a chart in a repository, by the repository's address; of a registry the chart may
    /// be named by it already. None where the text is no address that may be shown.
    pub fn in_repository(address: &str, chart: &str) -> Option<Self> {
        match address.parse().ok()? {
            Self::Oci(path) if path.rsplit('/').next() != Some(chart) => {
                Some(Self::Oci(format!("{path}/{chart}").into()))
            }
            source => Some(source),
        }
    }
}

/// A text that names no source of charts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is no place of a chart: write oci://HOST/PATH/CHART or https://HOST/PATH, without credentials, query and version"
)]
pub struct ChartSourceError(pub String);

impl FromStr for ChartSource {
    type Err = ChartSourceError;

    /// Reads what a policy says: `https://…` or `oci://…`. Credentials and queries in an address are
    /// refused, because addresses are shown and recorded.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // What may hold a password or a token is not repeated.
        let may_be_secret = text.contains(['@', '?', '#']);
        let wrong = || {
            ChartSourceError(if may_be_secret { "the address".into() } else { format!("{text:?}") })
        };
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let (scheme, rest) = text.split_once("://").filter(|_| plain).ok_or_else(wrong)?;
        let rest = rest.trim_end_matches('/');
        let host = rest.split('/').next().unwrap_or_default();
        if host.is_empty() || may_be_secret {
            return Err(wrong());
        }
        match scheme {
            "http" | "https" => {
                Ok(Self::Index { url: format!("{scheme}://{rest}").into(), name: None })
            }
            // A version is said with `--version`, and chosen otherwise.
            "oci" if rest.rsplit_once('/').is_some_and(|(_, chart)| !chart.contains(':')) => {
                Ok(Self::Oci(rest.into()))
            }
            _ => Err(wrong()),
        }
    }
}
