//! FLOOR 1: the traits through which decisions meet the outside. Adapters implement them, actions
//! call them. All are object-safe; trouble is typed and says what to do next.

pub mod charts;
pub mod previews;
pub mod releases;
pub mod rollouts;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::domain::change::{Change, ObjectId};
use crate::domain::history::RecordId;
use crate::domain::image::{Digest, Registry as Host, Repository, Tag};
use crate::domain::inventory::{Inventory, Kind, PullIdentity};
use crate::domain::platform::Platform as NodePlatform;
use crate::domain::rollout::Phase;

/// Which objects to look at, as kubectl understands it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Which namespaces.
    pub scope: Scope,
    /// Label selector, handed to the server as it is.
    pub selector: Option<String>,
    /// Field selector, handed to the server as it is.
    pub field_selector: Option<String>,
    /// Only these objects, when not empty. Naming one that does not exist is an error.
    pub objects: Vec<ObjectName>,
}

/// The namespaces of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scope {
    /// The namespace of the context, `default` where it says none.
    #[default]
    Current,
    /// One namespace.
    Namespace(String),
    /// All of them.
    All,
}

/// An object that was named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// Its namespace, where one was written; else that of the scope.
    pub namespace: Option<String>,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

/// Something that runs workloads, or holds their manifests.
pub trait Platform: Send + Sync {
    /// Finds the workloads of a query. Partial trouble comes back as warnings inside the
    /// inventory; an error means that nothing could be seen.
    fn discover<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Inventory, DiscoverError>>;
}

/// Why nothing could be discovered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// A named object does not exist.
    #[error("{object} not found")]
    NotFound {
        /// `NAMESPACE/KIND/NAME`.
        object: String,
    },
    /// What was asked for is malformed (selector, field selector, manifest).
    #[error("{message}")]
    Invalid {
        /// What is wrong, with its place.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The server refused the credentials.
    #[error("the server refused the credentials: {message}")]
    Unauthorized {
        /// The server's words.
        message: String,
    },
    /// Not allowed to read anything of what was asked for.
    #[error("{message}")]
    Forbidden {
        /// The missing permission.
        message: String,
    },
    /// The server did not answer, or not in time.
    #[error("{message}")]
    Unavailable {
        /// What was tried and what happened.
        message: String,
    },
}

/// What is published in a registry.
pub trait Registry: Send + Sync {
    /// All tags of a repository, as the registry gave them: unsorted, and unchecked against the
    /// grammar.
    fn tags<'a>(
        &'a self,
        repository: &'a Repository,
        pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<TagList>, LookupError>>;

    /// The digest that a tag names now (HEAD; no pull).
    fn digest<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
        pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Digest, LookupError>>;

    /// What an image is made for, and when. Costs a GET, which counts as a pull on Docker Hub.
    fn manifest<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
        wanted: Wanted,
        pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<Manifest>, LookupError>>;

    /// What a digest names; not found where nothing does any more. Costs a GET, too.
    fn pinned<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<Manifest>, LookupError>>;

    /// What the lookups have cost so far.
    fn usage(&self) -> Usage;
}

/// The tags of one repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagList {
    /// The tags as the registry wrote them.
    pub tags: Vec<Arc<str>>,
    /// The list was cut at a cap, so newer tags may be missing.
    pub truncated: bool,
}

/// Which parts of a manifest are worth a request of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The time of creation, which stands in the config blob (one more GET).
    pub created: bool,
}

/// Facts of a published image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The digest of the manifest or index that the tag names.
    pub digest: Digest,
    /// What it runs on; empty where the registry does not say.
    pub platforms: Vec<NodePlatform>,
    /// When the builder says it was created; none when unknown or not asked for.
    pub created: Option<Timestamp>,
    /// The digests of the manifests that an index lists. Some nodes report the one of their own
    /// platform as what runs.
    pub children: Vec<Digest>,
}

/// What lookups cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests sent to registries.
    pub requests: u64,
    /// Answers taken from the cache on disk.
    pub cache_hits: u64,
    /// Pulls left, as the registries that count them said last: host and number.
    pub remaining: Vec<(String, u64)>,
}

/// Why something could not be looked up. `Display` is a fragment; [`LookupError::hint`] says what
/// to try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The repository or the tag does not exist there (or is hidden from these credentials).
    #[error("{what} not found in {host}")]
    NotFound {
        /// The registry.
        host: Host,
        /// Repository or tag.
        what: String,
    },
    /// The registry wants other credentials.
    #[error("{host} refused access to {what}: {message}")]
    Unauthorized {
        /// The registry.
        host: Host,
        /// Repository.
        what: String,
        /// What was tried and what the registry said.
        message: String,
    },
    /// Credentials could not be read (helper missing, helper failed, secret malformed).
    #[error("credentials for {host}: {message}")]
    Credentials {
        /// The registry.
        host: Host,
        /// What failed, without any secret.
        message: String,
    },
    /// The registry asks to come back later than the deadline allows, or its budget is used up.
    #[error("{host} limits the rate of requests")]
    RateLimited {
        /// The registry.
        host: Host,
        /// How long it asks to wait, where it says so.
        retry_after: Option<Duration>,
    },
    /// No connection: name, route, TLS.
    #[error("{host} cannot be reached: {message}")]
    Unreachable {
        /// The registry.
        host: Host,
        /// What failed.
        message: String,
    },
    /// No full answer inside the deadline.
    #[error("{host} did not answer within {} s", deadline.as_secs())]
    Timeout {
        /// The registry.
        host: Host,
        /// The deadline that passed.
        deadline: Duration,
    },
    /// The answer is not what the protocol says (wrong JSON, wrong digest, too long, a loop).
    #[error("{host} gave an unusable answer for {what}: {message}")]
    BadAnswer {
        /// The registry.
        host: Host,
        /// Repository or tag.
        what: String,
        /// What is wrong with it.
        message: String,
    },
    /// A server error that did not go away.
    #[error("{host} answered {status}")]
    Server {
        /// The registry.
        host: Host,
        /// The HTTP status.
        status: u16,
    },
    /// Only the cache may be used, and it does not have this.
    #[error("{what} is not in the cache")]
    Offline {
        /// What was asked for.
        what: String,
    },
    /// The registry failed so often in this run that it is left alone.
    #[error("{host} is left alone for the rest of the run: {cause}")]
    GivenUp {
        /// The registry.
        host: Host,
        /// The last trouble.
        cause: String,
    },
    /// A registry on disk that cannot be read.
    #[error("the registry in {path}: {message}")]
    Layout {
        /// The directory.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}

impl LookupError {
    /// What a person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NotFound { host, .. } => format!(
                "check the name; {host} may hide a private repository from credentials that cannot read it"
            ),
            Self::Unauthorized { host, .. } => format!(
                "log in to {host}, name a pull secret in the workload, or set REGISTRY_HOST, REGISTRY_USERNAME and REGISTRY_PASSWORD"
            ),
            Self::Credentials { .. } => "mend the credentials or the helper, then try again".into(),
            Self::RateLimited { retry_after: Some(after), .. } => {
                format!("try again in {} s, or log in for a higher limit", after.as_secs())
            }
            Self::RateLimited { .. } => "try again later, or log in for a higher limit".into(),
            Self::Unreachable { host, .. } => format!(
                "check name, network and proxy; a private CA, a mirror or plain HTTP of {host} is set under `registries`"
            ),
            Self::Timeout { .. } | Self::Server { .. } | Self::GivenUp { .. } => {
                "try again later; what is in the cache works with --offline".into()
            }
            Self::BadAnswer { host, .. } => {
                format!("check that {host} is a registry and that no proxy changes its answers")
            }
            Self::Offline { .. } => "run once without --offline".into(),
            Self::Layout { .. } => "check the `layout` setting of this registry".into(),
        }
    }
}

/// Reads the pull secrets of workloads. The content is Docker's `config.json` format (or its older
/// form without `auths`), parsed by whoever talks to registries.
pub trait PullSecrets: Send + Sync {
    /// The secrets that apply to an identity, in the order in which the kubelet tries them. A
    /// secret that is absent or may not be read is left out and reported once as a warning.
    fn read<'a>(&'a self, identity: &'a PullIdentity) -> BoxFuture<'a, Vec<SecretString>>;

    /// What could not be read so far.
    fn warnings(&self) -> Vec<crate::domain::inventory::Warning>;
}

/// The one outward stream of a run: progress, logs and metrics are its consumers.
pub trait EventSink: Send + Sync {
    /// Takes one event; must not block.
    fn event(&self, event: Event<'_>);
}

/// What happens during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A list page arrived.
    Listed {
        /// Plural of the kind.
        kind: &'a str,
        /// Objects so far.
        objects: usize,
    },
    /// That many repositories are to be looked up.
    LookupsPlanned {
        /// Number of repositories.
        repositories: usize,
    },
    /// One repository was looked up.
    LookedUp {
        /// The repository.
        repository: &'a Repository,
        /// Whether it succeeded.
        found: bool,
    },
    /// That many manifests are to be asked for.
    FactsPlanned {
        /// Number of manifests.
        manifests: usize,
    },
    /// One of them was answered.
    FactLearned,
    /// A change has moved on.
    Rollout(&'a RolloutEvent<'a>),
    /// Trouble that does not stop a rollout: the journal, the Lease.
    Trouble {
        /// What it is about.
        object: &'a ObjectId,
        /// What happened.
        message: &'a str,
    },
}

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolloutEvent<'a> {
    /// The change.
    pub change: &'a Change,
    /// The name of its record.
    pub record: &'a RecordId,
    /// The phase that it is in now.
    pub phase: &'a Phase,
    /// How long it took so far.
    pub elapsed: Duration,
}

/// A sink that drops everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl EventSink for Silent {
    fn event(&self, _event: Event<'_>) {}
}
