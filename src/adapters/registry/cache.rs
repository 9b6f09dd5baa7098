//! What registries said, on disk: one file for each repository and set of credentials.
//!
//! An entry is used again only for the same credentials, secret included, so that a list that one
//! user may see is never shown to another. Offline there is one relief: an entry of the same
//! accounts (host and user, whatever the secret) counts too, because tokens of cloud registries
//! change every few hours, and so does one that needed no credentials at all.
//!
//! A file is named `REPOSITORY-ACCOUNT-EXACT.json`, all of them hashes; the repository's name
//! stands inside. Files are replaced by rename, without fsync: a cache may be lost, never torn.
//! Whatever cannot be read is a miss. Reading is done on the calling thread: it is one small file
//! for each repository, and cheaper than handing it to another thread.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cache_files::{bound, list, make_directory, read, write};
use super::credentials::{CredentialSet, Fingerprint};
use super::document::sha256;
use super::settings::CacheSettings;
use crate::domain::image::{Digest, Repository};
use crate::domain::platform::Platform;
use crate::ports::{Manifest, TagList};

/// The format of the files; others are misses.
const FORMAT: u32 = 1;
/// Configurations of artifacts kept for one repository, and the longest of them.
const MAX_ARTIFACTS: usize = 64;
const MAX_ARTIFACT: usize = 64 << 10;
/// Facts kept for one repository; the oldest digests of tags that moved on go first.
const MAX_FACTS: usize = 512;

/// Everything known of one repository.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Entry {
    format: u32,
    repository: String,
    /// The tag list.
    #[serde(default)]
    pub(super) tags: Option<CachedTags>,
    /// Digests by tag.
    #[serde(default)]
    pub(super) digests: BTreeMap<String, CachedDigest>,
    /// What is named by digest never changes.
    #[serde(default)]
    pub(super) facts: BTreeMap<String, CachedFacts>,
    /// Configurations of artifacts, by the digest of their manifest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    artifacts: BTreeMap<String, Artifact>,
    #[serde(skip)]
    dirty: bool,
}

/// A tag list and when the registry gave it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CachedTags {
    at: Timestamp,
    /// What makes the next question cheap.
    #[serde(default)]
    pub(super) validators: Validators,
    truncated: bool,
    #[serde(serialize_with = "write_texts", deserialize_with = "read_texts")]
    tags: Arc<TagList>,
}

/// The validators of an answer (RFC 9110 §8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::adapters) struct Validators {
    /// `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters) etag: Option<String>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters) last_modified: Option<String>,
}

/// The digest of a tag and when the registry said so.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CachedDigest {
    at: Timestamp,
    #[serde(with = "text")]
    digest: Digest,
}

/// What a manifest says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CachedFacts {
    platforms: Vec<String>,
    #[serde(default)]
    created: Creation,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    children: Vec<String>,
}

/// What is kept of an artifact that is no image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::adapters) struct Artifact {
    /// The media type of the configuration.
    pub(in crate::adapters) config_type: String,
    /// When an annotation says that it was built.
    pub(in crate::adapters) created: Option<Timestamp>,
    /// The configuration, which is JSON.
    pub(in crate::adapters) config: String,
}

/// What is known of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownFacts {
    pub(super) platforms: Vec<Platform>,
    pub(super) created: Creation,
    pub(super) children: Vec<Digest>,
}

/// The time of creation of an image, as far as it was looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Creation {
    /// Nobody asked yet.
    #[default]
    NotAsked,
    /// Asked, and the image does not say.
    Unknown,
    /// This is it.
    At(Timestamp),
}

/// The cache of one run.
pub(super) struct Cache {
    settings: CacheSettings,
    entries: Mutex<HashMap<PathBuf, Arc<Mutex<Entry>>>>,
    /// Files by the hash of their repository; only listed when offline.
    listing: OnceLock<HashMap<String, Vec<PathBuf>>>,
}

impl Cache {
    pub(super) fn new(settings: CacheSettings) -> Self {
        Self { settings, entries: Mutex::default(), listing: OnceLock::new() }
    }

    /// The entry of a repository for a set of credentials, read at its first use.
    pub(super) fn entry(&self, repository: &Repository, set: &CredentialSet) -> Arc<Mutex<Entry>> {
        let name = repository.to_string();
        let hash = sha256(name.as_bytes()).hex()[..32].to_owned();
        let file =
            PathBuf::from(format!("{hash}-{}-{}.json", set.account.short(), set.exact.short()));
        if let Some(entry) = lock(&self.entries).get(&file) {
            return Arc::clone(entry);
        }
        let directory = self.settings.directory.as_ref();
        let entry = directory
            .filter(|_| !self.settings.refresh)
            .and_then(|directory| {
                read(&directory.join(&file)).and_then(|bytes| Entry::read(&bytes, &name)).or_else(
                    || {
                        self.relief(directory, &hash, set)
                            .find_map(|other| Entry::read(&read(&other)?, &name))
                    },
                )
            })
            .unwrap_or_else(|| Entry { format: FORMAT, repository: name, ..Entry::default() });
        // Two callers may have read at once; the first one's entry stays.
        let entry = Arc::new(Mutex::new(entry));
        Arc::clone(lock(&self.entries).entry(file).or_insert(entry))
    }

    /// Files that also count when offline: the same accounts, newest first, then nobody's.
    fn relief<'a>(
        &'a self,
        directory: &Path,
        hash: &str,
        set: &CredentialSet,
    ) -> impl Iterator<Item = PathBuf> + use<'a> {
        let mut files = Vec::new();
        if self.settings.offline {
            let listing = self.listing.get_or_init(|| list(directory));
            let found = listing.get(hash).map(Vec::as_slice).unwrap_or_default();
            let part = |account: &Fingerprint| format!("-{}-", account.short());
            for wanted in [part(&set.account), part(&Fingerprint::default())] {
                files.extend(
                    found.iter().filter(|file| file.to_string_lossy().contains(&wanted)).cloned(),
                );
            }
        }
        files.into_iter()
    }

    /// Whether something of that time is taken as it is.
    fn fresh(&self, at: Timestamp, now: Timestamp) -> bool {
        if self.settings.offline {
            return true;
        }
        // A time in the future comes from a clock that was wrong.
        Duration::try_from(now.duration_since(at)).is_ok_and(|age| age < self.settings.fresh_for)
    }

    /// The tag list, when it is fresh enough.
    pub(super) fn tags(&self, entry: &Mutex<Entry>, now: Timestamp) -> Option<Arc<TagList>> {
        let entry = lock(entry);
        let cached = entry.tags.as_ref()?;
        self.fresh(cached.at, now).then(|| Arc::clone(&cached.tags))
    }

    /// The digest of a tag, when it is fresh enough.
    pub(super) fn digest(&self, entry: &Mutex<Entry>, tag: &str, now: Timestamp) -> Option<Digest> {
        let entry = lock(entry);
        let cached = entry.digests.get(tag)?;
        self.fresh(cached.at, now).then(|| cached.digest.clone())
    }

    /// Writes what changed, and once the bound is passed removes the oldest files. Trouble is
    /// logged: a cache that cannot be written costs time and nothing else.
    pub(super) fn save(&self) {
        let Some(directory) = &self.settings.directory else {
            return;
        };
        let entries: Vec<_> = lock(&self.entries)
            .iter()
            .map(|(file, entry)| (file.clone(), Arc::clone(entry)))
            .collect();
        let mut wrote = false;
        for (file, entry) in entries {
            let mut entry = lock(&entry);
            if !std::mem::take(&mut entry.dirty) {
                continue;
            }
            if !wrote && let Err(error) = make_directory(directory) {
                tracing::warn!(directory = %directory.display(), %error, "cache cannot be written");
                return;
            }
            wrote = true;
            if let Err(error) = serde_json::to_vec(&*entry)
                .map_err(Into::into)
                .and_then(|bytes| write(directory, &file, &bytes))
            {
                tracing::warn!(directory = %directory.display(), %error, "cache cannot be written");
                return;
            }
        }
        if wrote {
            bound(directory, ".json", self.settings.max_bytes);
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.save();
    }
}

impl Entry {
    /// Reads a file; none when it is damaged, of another format or of another repository.
    fn read(bytes: &[u8], repository: &str) -> Option<Self> {
        let mut entry: Self = serde_json::from_slice(bytes).ok()?;
        if let Some(cached) = &mut entry.tags
            && cached.truncated
        {
            Arc::make_mut(&mut cached.tags).truncated = true;
        }
        (entry.format == FORMAT && entry.repository == repository).then_some(entry)
    }

    /// Keeps a tag list. Digests of tags that are gone go with it.
    pub(super) fn put_tags(&mut self, tags: Arc<TagList>, validators: Validators, now: Timestamp) {
        if !self.digests.is_empty() {
            let known: std::collections::HashSet<&str> = tags.tags.iter().map(|t| &**t).collect();
            self.digests.retain(|tag, _| tags.truncated || known.contains(tag.as_str()));
        }
        self.tags = Some(CachedTags { at: now, validators, truncated: tags.truncated, tags });
        self.dirty = true;
    }

    /// The registry said that the tag list is the same; gives it back.
    pub(super) fn confirm_tags(&mut self, now: Timestamp) -> Option<Arc<TagList>> {
        let cached = self.tags.as_mut()?;
        cached.at = now;
        self.dirty = true;
        Some(Arc::clone(&cached.tags))
    }

    /// Keeps the digest of a tag.
    pub(super) fn put_digest(&mut self, tag: &str, digest: Digest, now: Timestamp) {
        self.digests.insert(tag.to_owned(), CachedDigest { at: now, digest });
        self.dirty = true;
    }

    /// What is known of a manifest.
    pub(super) fn facts(&self, digest: &Digest) -> Option<KnownFacts> {
        let cached = self.facts.get(digest.as_str())?;
        let platforms: Option<Vec<Platform>> =
            cached.platforms.iter().map(|text| text.parse().ok()).collect();
        let children: Option<Vec<Digest>> =
            cached.children.iter().map(|text| text.parse().ok()).collect();
        Some(KnownFacts { platforms: platforms?, created: cached.created, children: children? })
    }

    /// Keeps the facts of a manifest.
    pub(super) fn put_facts(&mut self, digest: &Digest, manifest: &Manifest, created: Creation) {
        if self.facts.len() >= MAX_FACTS {
            let named: std::collections::HashSet<String> =
                self.digests.values().map(|kept| kept.digest.to_string()).collect();
            self.facts.retain(|digest, _| named.contains(digest));
        }
        let cached = CachedFacts {
            platforms: manifest.platforms.iter().map(ToString::to_string).collect(),
            created,
            children: manifest.children.iter().map(ToString::to_string).collect(),
        };
        self.facts.insert(digest.to_string(), cached);
        self.dirty = true;
    }

    /// The artifact with that manifest.
    pub(super) fn artifact(&self, manifest: &Digest) -> Option<Artifact> {
        self.artifacts.get(manifest.as_str()).cloned()
    }

    /// Keeps the configuration of an artifact, unless it is a long one.
    pub(super) fn put_artifact(&mut self, manifest: &Digest, artifact: Artifact) {
        if artifact.config.len() > MAX_ARTIFACT {
            return;
        }
        if self.artifacts.len() >= MAX_ARTIFACTS {
            self.artifacts.clear();
        }
        self.artifacts.insert(manifest.to_string(), artifact);
        self.dirty = true;
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_texts<S: Serializer>(list: &Arc<TagList>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.tags.iter().map(|tag| &**tag))
}

fn read_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<TagList>, D::Error> {
    let texts = Vec::<super::paging::TagText>::deserialize(deserializer)?;
    Ok(Arc::new(TagList { tags: texts.into_iter().map(|text| text.0).collect(), truncated: false }))
}

/// A digest as text.
mod text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::domain::image::Digest;

    pub(super) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(digest.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
