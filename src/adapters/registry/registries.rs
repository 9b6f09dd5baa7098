//! The port: every question goes to the cache, to a layout on disk or to a server, and is worked
//! out once for all who ask with the same credentials.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::cache::{Artifact, Cache, Creation, lock};
use super::client::Client;
use super::credentials::{CredentialSet, CredentialSources, Credentials, Fingerprint};
use super::document::ArtifactKind;
use super::flight::Flights;
use super::hosts::HostState;
use super::layout::LayoutRegistry;
use super::paging::Tags;
use super::settings::RegistrySettings;
use crate::domain::image::{Digest, Repository, Tag};
use crate::domain::inventory::PullIdentity;
use crate::ports::{LookupError, Manifest, PullSecrets, Registry, TagList, Usage, Wanted};

/// Reads the time; only ages in the cache depend on it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

type Found<T> = Result<T, LookupError>;
/// An artifact and the digest of its manifest.
type NamedArtifact = Arc<(Digest, Artifact)>;

/// All registries of one run.
pub struct Registries {
    client: Client,
    credentials: Credentials,
    cache: Cache,
    settings: RegistrySettings,
    clock: Clock,
    cache_hits: AtomicU64,
    tags: Flights<(Repository, Fingerprint), Found<Arc<TagList>>>,
    digests: Flights<(Repository, Tag, Fingerprint), Found<Digest>>,
    manifests: Flights<(Repository, Tag, bool, Fingerprint), Found<Arc<Manifest>>>,
    artifacts: Flights<(Repository, Tag, &'static str, Fingerprint), Found<NamedArtifact>>,
}

/// Where a repository is looked up.
enum Place {
    Layout(LayoutRegistry),
    Server(Arc<HostState>, CredentialSet),
}

impl Registries {
    /// Opens nothing yet: clients are built and files read at their first use. Without
    /// `pull_secrets` the credentials of workloads are not read. Dropping it writes the cache.
    pub fn new(
        settings: RegistrySettings,
        credentials: CredentialSources,
        pull_secrets: Option<Arc<dyn PullSecrets>>,
        clock: Clock,
    ) -> Self {
        let offline = settings.cache.offline;
        let helper = settings.limits.helper;
        Self {
            client: Client::new(settings.clone()),
            credentials: Credentials::new(credentials, pull_secrets, helper, offline),
            cache: Cache::new(settings.cache.clone()),
            settings,
            clock,
            cache_hits: AtomicU64::new(0),
            tags: Flights::default(),
            digests: Flights::default(),
            manifests: Flights::default(),
            artifacts: Flights::default(),
        }
    }

    /// Writes to disk what was learned. Also done when this is dropped.
    pub fn save(&self) {
        self.cache.save();
    }

    async fn place(
        &self,
        repository: &Repository,
        pull: Option<&PullIdentity>,
    ) -> Result<Place, LookupError> {
        let settings = self.settings.hosts.get(repository.registry());
        if let Some(root) = settings.and_then(|settings| settings.layout.as_ref()) {
            let max_tags = self.settings.limits.max_tags;
            return Ok(Place::Layout(LayoutRegistry::new(root.clone(), max_tags)));
        }
        let host = self.client.host(repository.registry())?;
        let path = format!("{}{}", host.prefix, repository.path());
        let set = self.credentials.resolve(&host.authority, &path, pull).await;
        Ok(Place::Server(host, set))
    }

    async fn find_tags(
        &self,
        repository: &Repository,
        pull: Option<&PullIdentity>,
    ) -> Result<Arc<TagList>, LookupError> {
        match self.place(repository, pull).await? {
            Place::Layout(layout) => {
                let key = (repository.clone(), Fingerprint::default());
                let wanted = repository.clone();
                let work = blocking(move || layout.tags(&wanted).map(Arc::new));
                self.tags.run(key, work).await
            }
            Place::Server(host, set) => {
                let key = (repository.clone(), set.exact);
                let work = self.tags_of(repository, &host, &set);
                self.tags.run(key, work).await
            }
        }
    }

    async fn tags_of(
        &self,
        repository: &Repository,
        host: &HostState,
        set: &CredentialSet,
    ) -> Result<Arc<TagList>, LookupError> {
        let entry = self.cache.entry(repository, set);
        if let Some(list) = self.cache.tags(&entry, (self.clock)()) {
            return Ok(self.hit(list));
        }
        self.online(|| format!("the tag list of {repository}"))?;
        let validators = {
            let entry = lock(&entry);
            entry.tags.as_ref().map(|tags| tags.validators.clone())
        };
        let lookup = self.client.open(host, repository, set).await?;
        let answer = lookup.tags(&validators.unwrap_or_default()).await?;
        let mut entry = lock(&entry);
        let now = (self.clock)();
        match answer {
            Tags::List(list, validators) => {
                let list = Arc::new(list);
                entry.put_tags(Arc::clone(&list), validators, now);
                Ok(list)
            }
            Tags::Same => match entry.confirm_tags(now) {
                Some(list) => Ok(self.hit(list)),
                // Answered to a question that was not asked: no validators were sent.
                None => Err(LookupError::BadAnswer {
                    host: repository.registry().clone(),
                    what: repository.path().to_owned(),
                    message: "it answered 304 to a question without a condition".into(),
                }),
            },
        }
    }

    async fn find_digest(
        &self,
        repository: &Repository,
        tag: &Tag,
        pull: Option<&PullIdentity>,
    ) -> Result<Digest, LookupError> {
        match self.place(repository, pull).await? {
            Place::Layout(layout) => {
                let key = (repository.clone(), tag.clone(), Fingerprint::default());
                let (repository, tag) = (repository.clone(), tag.clone());
                let work = blocking(move || layout.digest(&repository, &tag));
                self.digests.run(key, work).await
            }
            Place::Server(host, set) => self.digest_of(repository, tag, &host, &set).await,
        }
    }

    async fn digest_of(
        &self,
        repository: &Repository,
        tag: &Tag,
        host: &HostState,
        set: &CredentialSet,
    ) -> Result<Digest, LookupError> {
        let key = (repository.clone(), tag.clone(), set.exact);
        let work = async {
            let entry = self.cache.entry(repository, set);
            if let Some(digest) = self.cache.digest(&entry, tag.as_str(), (self.clock)()) {
                return Ok(self.hit(digest));
            }
            self.online(|| format!("the digest of {repository}:{tag}"))?;
            let lookup = self.client.open(host, repository, set).await?;
            let digest = lookup.digest(tag.as_str()).await?;
            lock(&entry).put_digest(tag.as_str(), digest.clone(), (self.clock)());
            Ok(digest)
        };
        self.digests.run(key, work).await
    }

    async fn find_manifest(
        &self,
        repository: &Repository,
        tag: &Tag,
        wanted: Wanted,
        pull: Option<&PullIdentity>,
    ) -> Result<Arc<Manifest>, LookupError> {
        let key = |who| (repository.clone(), tag.clone(), wanted.created, who);
        match self.place(repository, pull).await? {
            Place::Layout(layout) => {
                let key = key(Fingerprint::default());
                let (repository, tag) = (repository.clone(), tag.clone());
                let work =
                    blocking(move || layout.manifest(&repository, &tag, wanted).map(Arc::new));
                self.manifests.run(key, work).await
            }
            Place::Server(host, set) => {
                let work = Box::pin(self.manifest_of(repository, tag, wanted, &host, &set));
                self.manifests.run(key(set.exact), work).await
            }
        }
    }

    /// By digest always: it costs no more where the digest is known, it cannot change between two
    /// requests, and what it names stays in the cache for ever.
    async fn manifest_of(
        &self,
        repository: &Repository,
        tag: &Tag,
        wanted: Wanted,
        host: &HostState,
        set: &CredentialSet,
    ) -> Result<Arc<Manifest>, LookupError> {
        let digest = self.digest_of(repository, tag, host, set).await?;
        self.facts_of(repository, &digest, wanted, host, set).await
    }

    async fn facts_of(
        &self,
        repository: &Repository,
        digest: &Digest,
        wanted: Wanted,
        host: &HostState,
        set: &CredentialSet,
    ) -> Result<Arc<Manifest>, LookupError> {
        let entry = self.cache.entry(repository, set);
        let known = lock(&entry).facts(digest);
        if let Some(known) = known
            && (!wanted.created || known.created != Creation::NotAsked)
        {
            let created = match known.created {
                Creation::At(time) if wanted.created => Some(time),
                Creation::At(_) | Creation::Unknown | Creation::NotAsked => None,
            };
            let (platforms, children) = (known.platforms, known.children);
            let digest = digest.clone();
            return Ok(self.hit(Arc::new(Manifest { digest, platforms, created, children })));
        }
        self.online(|| format!("the manifest of {repository}@{digest}"))?;
        let lookup = self.client.open(host, repository, set).await?;
        let manifest = lookup.facts(digest, wanted).await?;
        let created = match manifest.created {
            Some(time) => Creation::At(time),
            None if wanted.created => Creation::Unknown,
            None => Creation::NotAsked,
        };
        lock(&entry).put_facts(digest, &manifest, created);
        Ok(Arc::new(manifest))
    }

    async fn find_pinned(
        &self,
        repository: &Repository,
        digest: &Digest,
        pull: Option<&PullIdentity>,
    ) -> Result<Arc<Manifest>, LookupError> {
        let wanted = Wanted { created: false };
        match self.place(repository, pull).await? {
            Place::Layout(layout) => {
                let (repository, digest) = (repository.clone(), digest.clone());
                blocking(move || layout.pinned(&repository, &digest, wanted).map(Arc::new)).await
            }
            Place::Server(host, set) => {
                self.is_there(repository, digest, &host, &set).await?;
                Box::pin(self.facts_of(repository, digest, wanted, &host, &set)).await
            }
        }
    }

    /// Asks whether a registry still has what a digest names: what is known of it stays in the cache
    /// for ever, and a registry may lose it.
    async fn is_there(
        &self,
        repository: &Repository,
        digest: &Digest,
        host: &HostState,
        set: &CredentialSet,
    ) -> Result<(), LookupError> {
        let entry = self.cache.entry(repository, set);
        if self.cache.digest(&entry, digest.as_str(), (self.clock)()).is_some() {
            return Ok(());
        }
        self.online(|| format!("the manifest of {repository}@{digest}"))?;
        let lookup = self.client.open(host, repository, set).await?;
        lookup.digest(digest.as_str()).await?;
        lock(&entry).put_digest(digest.as_str(), digest.clone(), (self.clock)());
        Ok(())
    }

    /// The artifact that a tag names, with the digest of its manifest. By digest, as manifests are.
    pub(in crate::adapters) async fn artifact(
        &self,
        repository: &Repository,
        tag: &Tag,
        kind: ArtifactKind,
    ) -> Result<NamedArtifact, LookupError> {
        let key = |who| (repository.clone(), tag.clone(), kind.config_type, who);
        match self.place(repository, None).await? {
            Place::Layout(layout) => {
                let key = key(Fingerprint::default());
                let (repository, tag) = (repository.clone(), tag.clone());
                let work = blocking(move || layout.artifact(&repository, &tag, kind).map(Arc::new));
                self.artifacts.run(key, work).await
            }
            Place::Server(host, set) => {
                let work = async {
                    let digest = self.digest_of(repository, tag, &host, &set).await?;
                    let entry = self.cache.entry(repository, &set);
                    let known = lock(&entry).artifact(&digest);
                    if let Some(known) = known.filter(|known| known.config_type == kind.config_type)
                    {
                        return Ok(self.hit(Arc::new((digest, known))));
                    }
                    self.online(|| format!("the manifest of {repository}:{tag}"))?;
                    let lookup = self.client.open(&host, repository, &set).await?;
                    let artifact = lookup.artifact(&digest, kind).await?;
                    lock(&entry).put_artifact(&digest, artifact.clone());
                    Ok(Arc::new((digest, artifact)))
                };
                self.artifacts.run(key(set.exact), Box::pin(work)).await
            }
        }
    }

    fn hit<T>(&self, value: T) -> T {
        self.cache_hits.fetch_add(1, Ordering::Relaxed);
        value
    }

    fn online(&self, what: impl FnOnce() -> String) -> Result<(), LookupError> {
        if self.settings.cache.offline {
            Err(LookupError::Offline { what: what() })
        } else {
            Ok(())
        }
    }
}

/// Runs work that reads files away from the event loop.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LookupError> + Send + 'static,
) -> Result<T, LookupError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

impl Registry for Registries {
    fn tags<'a>(
        &'a self,
        repository: &'a Repository,
        pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<TagList>, LookupError>> {
        self.find_tags(repository, pull).boxed()
    }

    fn digest<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
        pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Digest, LookupError>> {
        self.find_digest(repository, tag, pull).boxed()
    }

    fn manifest<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
        wanted: Wanted,
        pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<Manifest>, LookupError>> {
        self.find_manifest(repository, tag, wanted, pull).boxed()
    }

    fn pinned<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<Manifest>, LookupError>> {
        self.find_pinned(repository, digest, pull).boxed()
    }

    fn usage(&self) -> Usage {
        Usage {
            requests: self.client.requests(),
            cache_hits: self.cache_hits.load(Ordering::Relaxed),
            remaining: self.client.remaining(),
        }
    }
}

impl fmt::Debug for Registries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Registries").finish_non_exhaustive()
    }
}
