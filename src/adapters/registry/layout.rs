//! A registry on disk: a directory of OCI image layouts, one for each repository
//! (`ROOT/library/nginx/` with `oci-layout`, `index.json` and `blobs/`).
//!
//! A tag is the annotation `org.opencontainers.image.ref.name` of a descriptor in `index.json`:
//! plain, as skopeo and buildx write it, or a full reference, as crane and podman do; then its
//! repository must be this one (or end like it, since the registry may have been another). Of
//! several descriptors with one tag the last counts. Everything read is held against its digest,
//! and symbolic links may not lead out of the root. Blocking; callers move it off the event loop.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cache::Artifact;
use super::document::{ArtifactKind, ConfigFacts, Descriptor, Document, verify};
use crate::domain::image::{Digest, ImageReference, Repository, Tag};
use crate::domain::platform::Platform;
use crate::ports::{LookupError, Manifest, TagList, Wanted};

/// The annotation with the tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// An index that is longer is not read.
const MAX_INDEX: u64 = 64 << 20;
/// Manifests and configurations that are longer are not read (registries cap manifests at 4 MiB).
const MAX_DOCUMENT: u64 = 16 << 20;
/// Indexes within indexes.
const MAX_INDEXES: usize = 64;

/// A directory of layouts.
#[derive(Debug, Clone)]
pub(super) struct LayoutRegistry {
    root: PathBuf,
    max_tags: usize,
}

impl LayoutRegistry {
    pub(super) fn new(root: PathBuf, max_tags: usize) -> Self {
        Self { root, max_tags }
    }

    /// All tags of a repository, each once.
    pub(super) fn tags(&self, repository: &Repository) -> Result<TagList, LookupError> {
        let layout = self.open(repository)?;
        let mut tags: Vec<Arc<str>> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for (tag, _) in layout.tagged(repository) {
            if tags.len() == self.max_tags {
                return Ok(TagList { tags, truncated: true });
            }
            let tag: Arc<str> = tag.into();
            if seen.insert(Arc::clone(&tag)) {
                tags.push(tag);
            }
        }
        Ok(TagList { tags, truncated: false })
    }

    /// The digest of a tag; what it names is there and intact.
    pub(super) fn digest(&self, repository: &Repository, tag: &Tag) -> Result<Digest, LookupError> {
        let layout = self.open(repository)?;
        let (_, digest) = layout.find(repository, tag)?;
        layout.blob(&digest)?;
        Ok(digest)
    }

    /// The facts of what a digest names.
    pub(super) fn pinned(
        &self,
        repository: &Repository,
        digest: &Digest,
        wanted: Wanted,
    ) -> Result<Manifest, LookupError> {
        let layout = self.open(repository)?;
        let facts = layout.facts(digest, wanted, &mut HashSet::from([digest.clone()]))?;
        Ok(Manifest { digest: digest.clone(), ..facts })
    }

    /// The facts of a tag.
    pub(super) fn manifest(
        &self,
        repository: &Repository,
        tag: &Tag,
        wanted: Wanted,
    ) -> Result<Manifest, LookupError> {
        let layout = self.open(repository)?;
        let (descriptor, digest) = layout.find(repository, tag)?;
        let mut facts = layout.facts(&digest, wanted, &mut HashSet::from([digest.clone()]))?;
        if facts.platforms.is_empty() {
            facts.platforms.extend(descriptor.platform());
        }
        Ok(Manifest { digest, ..facts })
    }

    /// The artifact of a tag, with the digest of its manifest.
    pub(super) fn artifact(
        &self,
        repository: &Repository,
        tag: &Tag,
        kind: ArtifactKind,
    ) -> Result<(Digest, Artifact), LookupError> {
        let layout = self.open(repository)?;
        let (_, digest) = layout.find(repository, tag)?;
        let trouble = |message: String| layout.trouble(&format!("{digest}: {message}"));
        let document = Document::read(&layout.blob(&digest)?).map_err(trouble)?;
        let config = document.config_of(kind).and_then(Descriptor::digest).map_err(trouble)?;
        let config = layout.blob(&config)?;
        if config.len() > kind.config_bytes {
            return Err(trouble("its configuration is too long".into()));
        }
        let config = String::from_utf8(config).map_err(|_| trouble("no text".into()))?;
        let created = document.created();
        Ok((digest.clone(), Artifact { config_type: kind.config_type.into(), created, config }))
    }

    fn open(&self, repository: &Repository) -> Result<Layout, LookupError> {
        let trouble = |path: &Path, message: String| LookupError::Layout {
            path: path.display().to_string(),
            message,
        };
        let root =
            self.root.canonicalize().map_err(|error| trouble(&self.root, error.to_string()))?;
        // The grammar of repositories knows no `..` and no empty component.
        let wanted = root.join(repository.path());
        let directory = match wanted.canonicalize() {
            Ok(directory) if directory.is_dir() => directory,
            Ok(_) => return Err(trouble(&wanted, "not a directory".into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(not_found(repository, None));
            }
            Err(error) => return Err(trouble(&wanted, error.to_string())),
        };
        let mut layout = Layout { root, directory, index: Vec::new() };
        if !layout.directory.starts_with(&layout.root) {
            return Err(layout.trouble("it leads out of the registry's directory"));
        }
        // A directory between others (`library`) is no repository.
        if !layout.directory.join("index.json").exists() {
            return Err(not_found(repository, None));
        }
        let marker = layout.read(Path::new("oci-layout"), MAX_DOCUMENT)?;
        let version = serde_json::from_slice::<serde_json::Value>(&marker)
            .ok()
            .and_then(|value| value.get("imageLayoutVersion")?.as_str().map(str::to_owned));
        if version.as_deref().is_none_or(|version| !version.starts_with("1.")) {
            return Err(layout.trouble("`oci-layout` is not of version 1"));
        }
        let bytes = layout.read(Path::new("index.json"), MAX_INDEX)?;
        let document = Document::read(&bytes)
            .map_err(|error| layout.trouble(&format!("index.json: {error}")))?;
        layout.index = document.manifests.unwrap_or_default();
        Ok(layout)
    }
}

/// One layout.
struct Layout {
    root: PathBuf,
    directory: PathBuf,
    index: Vec<Descriptor>,
}

impl Layout {
    fn tagged(&self, repository: &Repository) -> impl Iterator<Item = (&str, &Descriptor)> {
        self.index.iter().filter_map(move |descriptor| {
            let name = descriptor.annotations.as_ref()?.get(REF_NAME)?;
            Some((tag_of(name, repository)?, descriptor))
        })
    }

    fn find(
        &self,
        repository: &Repository,
        tag: &Tag,
    ) -> Result<(&Descriptor, Digest), LookupError> {
        let (_, descriptor) = self
            .tagged(repository)
            .filter(|(name, _)| *name == tag.as_str())
            .last()
            .ok_or_else(|| not_found(repository, Some(tag)))?;
        let digest = descriptor.digest().map_err(|error| self.trouble(&error))?;
        Ok((descriptor, digest))
    }

    /// The facts of what a digest names. An index that was `visited` says nothing new, however often
    /// others name it.
    fn facts(
        &self,
        digest: &Digest,
        wanted: Wanted,
        visited: &mut HashSet<Digest>,
    ) -> Result<Manifest, LookupError> {
        let read = |digest: &Digest| -> Result<Document, LookupError> {
            let text = self.blob(digest)?;
            Document::read(&text).map_err(|error| self.trouble(&format!("{digest}: {error}")))
        };
        let document = read(digest)?;
        let mut created = document.created();
        let mut platforms = document.platforms();
        if let Some(config) = &document.config {
            if config.is_image_config() {
                let config = self.config(config)?;
                created = created.or(config.created);
                platforms.extend(config.platform);
            }
        } else {
            // Tools that gather layouts put an index into an index; its descriptors say nothing.
            for inner in document.manifests.iter().flatten().filter(|d| d.is_index()) {
                let digest = inner.digest().map_err(|error| self.trouble(&error))?;
                if visited.len() < MAX_INDEXES && visited.insert(digest.clone()) {
                    let facts = self.facts(&digest, wanted, visited)?;
                    created = created.or(facts.created);
                    add(&mut platforms, facts.platforms);
                }
            }
            if wanted.created
                && created.is_none()
                && let Some(image) = document.representative()
            {
                created = image.created();
                if created.is_none() {
                    let digest = image.digest().map_err(|error| self.trouble(&error))?;
                    // A sparse layout need not hold every platform.
                    if self.path_of(&digest).exists()
                        && let Some(config) = &read(&digest)?.config
                        && config.is_image_config()
                    {
                        created = self.config(config)?.created;
                    }
                }
            }
        }
        Ok(Manifest {
            digest: digest.clone(),
            platforms,
            created: created.filter(|_| wanted.created),
            children: document.children(),
        })
    }

    fn config(&self, descriptor: &Descriptor) -> Result<ConfigFacts, LookupError> {
        let digest = descriptor.digest().map_err(|error| self.trouble(&error))?;
        ConfigFacts::read(&self.blob(&digest)?)
            .map_err(|error| self.trouble(&format!("{digest}: {error}")))
    }

    fn path_of(&self, digest: &Digest) -> PathBuf {
        let inner: PathBuf = ["blobs", digest.algorithm(), digest.hex()].iter().collect();
        self.directory.join(inner)
    }

    /// Reads a blob and holds it against its digest.
    fn blob(&self, digest: &Digest) -> Result<Vec<u8>, LookupError> {
        let bytes = self.read(&self.path_of(digest), MAX_DOCUMENT)?;
        verify(&bytes, digest).map_err(|error| self.trouble(&error))?;
        Ok(bytes)
    }

    fn read(&self, file: &Path, limit: u64) -> Result<Vec<u8>, LookupError> {
        let path = self.directory.join(file);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let trouble = |message: &str| self.trouble(&format!("{name}: {message}"));
        let real = path.canonicalize().map_err(|error| trouble(&error.to_string()))?;
        if !real.starts_with(&self.root) {
            return Err(trouble("it leads out of the registry's directory"));
        }
        let is_file = real.metadata().is_ok_and(|metadata| metadata.is_file());
        if !is_file {
            return Err(trouble("not a file"));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(&real)
            .and_then(|opened| opened.take(limit + 1).read_to_end(&mut bytes))
            .map_err(|error| trouble(&error.to_string()))?;
        if bytes.len() as u64 > limit {
            return Err(trouble("it is too long"));
        }
        Ok(bytes)
    }

    fn trouble(&self, message: &str) -> LookupError {
        LookupError::Layout {
            path: self.directory.display().to_string(),
            // It may quote what stands in a file.
            message: message.chars().filter(|c| !c.is_control()).take(200).collect(),
        }
    }
}

/// The tag in an annotation, when it is one of this repository.
fn tag_of<'a>(name: &'a str, repository: &Repository) -> Option<&'a str> {
    if !name.contains(['/', ':', '@']) {
        return (!name.is_empty()).then_some(name);
    }
    let reference: ImageReference = name.parse().ok()?;
    reference.tag()?;
    let last = |path: &str| path.rsplit('/').next().map(str::to_owned);
    let theirs = reference.repository().path();
    if theirs != repository.path() && last(theirs) != last(repository.path()) {
        return None;
    }
    let without_digest = name.split('@').next()?;
    without_digest.rsplit(':').next()
}

fn add(platforms: &mut Vec<Platform>, more: Vec<Platform>) {
    for platform in more {
        if !platforms.contains(&platform) {
            platforms.push(platform);
        }
    }
}

fn not_found(repository: &Repository, tag: Option<&Tag>) -> LookupError {
    LookupError::NotFound {
        host: repository.registry().clone(),
        what: match tag {
            Some(tag) => format!("{}:{tag}", repository.path()),
            None => repository.path().to_owned(),
        },
    }
}
