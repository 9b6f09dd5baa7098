//! The records of Helm's releases: objects of the cluster, each one revision. What is in them is for
//! whoever reads releases; here they are objects with labels and one long text.

use futures_util::future::BoxFuture;

use super::{DiscoverError, Scope};
use crate::domain::chart::ChartSource;
use crate::domain::inventory::{Owner, Warning};

/// The kind of object in which Helm keeps its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// Secrets, as Helm does unless it is told otherwise.
    Secrets,
    /// `ConfigMaps`.
    ConfigMaps,
}

impl Keeper {
    /// The plural, as permissions name it.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::ConfigMaps => "configmaps",
        }
    }
}

/// Which records are asked for.
#[derive(Debug, Clone)]
pub struct RecordQuery<'a> {
    /// Where they are kept.
    pub keeper: Keeper,
    /// In which namespaces.
    pub scope: &'a Scope,
    /// Label selector.
    pub selector: &'a str,
    /// Names and labels are enough; the records themselves are not sent.
    pub names_only: bool,
}

/// One object that holds a record. It has no `Debug`, because the record may hold secrets.
#[derive(Clone, Copy)]
pub struct RecordObject<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its labels.
    pub labels: &'a [(&'a str, &'a str)],
    /// What stands under the key `release`, byte for byte as the API wrote it: in a Secret base64
    /// once more than in a `ConfigMap`.
    pub data: Option<&'a str>,
}

impl RecordObject<'_> {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

/// The releases that controllers declare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declarations {
    /// Those that were seen.
    pub declared: Vec<Declared>,
    /// Every namespace was looked into; else others than those that were named may declare more.
    pub all: bool,
}

/// A release that a controller declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The namespace in which its records are kept.
    pub namespace: String,
    /// The name of the release.
    pub release: String,
    /// Who declares it.
    pub owner: Owner,
    /// Where it takes the chart from, where that can be read.
    pub source: Option<ChartSource>,
}

/// Is handed one object after the other, which is gone afterwards.
pub type TakeRecord<'a> = dyn FnMut(&RecordObject<'_>) + Send + 'a;

/// Where Helm's records are read.
pub trait ReleaseRecords: Send + Sync {
    /// Lists objects, page after page. Each is handed over and dropped; one may be handed over twice,
    /// when a list had to be begun again. Namespaces that may not be read are told as warnings.
    ///
    /// # Errors
    /// Nothing could be listed; `Forbidden` when it is allowed nowhere.
    fn list<'a>(
        &'a self,
        query: &'a RecordQuery<'a>,
        take: &'a mut TakeRecord<'a>,
    ) -> BoxFuture<'a, Result<Vec<Warning>, DiscoverError>>;

    /// The releases that a controller declares and would put back: Flux `HelmReleases`. Where
    /// there is no such kind, none.
    ///
    /// # Errors
    /// They may not be read, or the server does not answer.
    fn declared<'a>(
        &'a self,
        namespaces: &'a [&'a str],
    ) -> BoxFuture<'a, Result<Declarations, String>>;

    /// Reads one object by its name. False where it is not there.
    ///
    /// # Errors
    /// It could not be read.
    fn get<'a>(
        &'a self,
        keeper: Keeper,
        namespace: &'a str,
        name: &'a str,
        take: &'a mut TakeRecord<'a>,
    ) -> BoxFuture<'a, Result<bool, DiscoverError>>;
}

/// Why a release could not be read. No text quotes what is in its record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// It is not there, or the revision is not.
    #[error("release {release}{} not found", revision.map(|number| format!(" revision {number}")).unwrap_or_default())]
    Gone {
        /// `NAMESPACE/NAME`.
        release: String,
        /// The revision that was asked for; none for the newest.
        revision: Option<u32>,
    },
    /// Its record is damaged, too large, or not what Helm writes.
    #[error("release {release} revision {revision} cannot be read: {message}")]
    Unreadable {
        /// `NAMESPACE/NAME`.
        release: String,
        /// The revision.
        revision: u32,
        /// What is wrong with it.
        message: String,
    },
    /// Not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// The server did not answer, not in time, or with an error of its own.
    #[error("{0}")]
    Unavailable(String),
}
