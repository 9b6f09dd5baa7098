//! Images as small as images can be, still complete: manifest, configuration and one empty layer, in OCI's formats.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use serde_json::json;

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A tar archive without members: two empty blocks.
const EMPTY_TAR: [u8; 1024] = [0; 1024];
/// The same, as `gzip -n9` makes it. Clients expect layers to be compressed, whatever their media type says.
const EMPTY_TAR_GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x63\x60\x18\x05\xa3\x60\x14\x8c\x54\x00\x00\x2e\xaf\xb5\xef\x00\x04\x00\x00";

/// What is to be published under one tag. Images that differ in anything, the tag included, have different digests.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    tag: String,
    platforms: Vec<String>,
    created: String,
    revision: u32,
}

/// One thing to upload: bytes and their digest.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) digest: String,
    pub(super) bytes: Vec<u8>,
}

/// A manifest to upload: its media type and bytes.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) media_type: &'static str,
    pub(super) blob: Blob,
}

/// An image as a registry takes it: blobs first, then the manifests of the platforms, and at last what the tag names.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) tag: String,
    pub(super) blobs: Vec<Blob>,
    pub(super) children: Vec<Manifest>,
    pub(super) root: Manifest,
}

impl Blob {
    fn new(bytes: Vec<u8>) -> Self {
        Self { digest: sha256(&bytes), bytes }
    }

    fn descriptor(&self, media_type: &str) -> serde_json::Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

impl Image {
    /// An image for linux/amd64, published as a plain manifest.
    pub(crate) fn tag(tag: &str) -> Self {
        Self {
            tag: tag.to_owned(),
            platforms: Vec::new(),
            created: "2026-01-01T00:00:00Z".to_owned(),
            revision: 0,
        }
    }

    /// Publishes an index with one manifest per platform (`linux/arm64`, `linux/arm/v7`).
    pub(crate) fn platforms(mut self, platforms: &[&str]) -> Self {
        self.platforms = platforms.iter().map(|&platform| platform.to_owned()).collect();
        self
    }

    /// When the image says it was built (RFC 3339); the beginning of 2026 when nothing is said.
    pub(crate) fn created(mut self, created: &str) -> Self {
        created.clone_into(&mut self.created);
        self
    }

    /// Another image under the same tag: what a moved tag points at.
    pub(crate) fn revision(mut self, revision: u32) -> Self {
        self.revision = revision;
        self
    }

    pub(super) fn layout(&self) -> Layout {
        let layer = Blob::new(EMPTY_TAR_GZIP.to_vec());
        let plain = self.platforms.is_empty();
        let platforms = if plain {
            vec!["linux/amd64"]
        } else {
            self.platforms.iter().map(String::as_str).collect()
        };
        let mut blobs = vec![layer.clone()];
        let mut children = Vec::new();
        let mut descriptors = Vec::new();
        for platform in platforms {
            let platform = platform_fields(platform);
            let config = self.config(&platform);
            let manifest = self.manifest(&config, &layer);
            let mut descriptor = manifest.blob.descriptor(manifest.media_type);
            descriptor["platform"] = platform;
            descriptors.push(descriptor);
            blobs.push(config);
            children.push(manifest);
        }
        let root = if plain {
            children.remove(0)
        } else {
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors});
            Manifest { media_type: INDEX, blob: Blob::new(index.to_string().into_bytes()) }
        };
        Layout { tag: self.tag.clone(), blobs, children, root }
    }

    /// The same for all tags of a repository that have the same date, so that it is uploaded once.
    fn config(&self, platform: &serde_json::Value) -> Blob {
        let mut config = json!({
            "created": self.created,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [Blob::new(EMPTY_TAR.to_vec()).digest]},
        });
        for (field, value) in platform.as_object().into_iter().flatten() {
            config[field] = value.clone();
        }
        Blob::new(config.to_string().into_bytes())
    }

    /// The annotations make its digest the tag's own.
    fn manifest(&self, config: &Blob, layer: &Blob) -> Manifest {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor(CONFIG),
            "layers": [layer.descriptor(LAYER)],
            "annotations": {
                "org.opencontainers.image.version": self.tag,
                "org.opencontainers.image.revision": self.revision.to_string(),
            },
        });
        Manifest { media_type: MANIFEST, blob: Blob::new(manifest.to_string().into_bytes()) }
    }
}

/// `linux/arm/v7` as the fields of an index entry.
fn platform_fields(platform: &str) -> serde_json::Value {
    let mut parts = platform.splitn(3, '/');
    let (os, architecture) = (parts.next(), parts.next());
    let mut fields = json!({"os": os, "architecture": architecture});
    if let Some(variant) = parts.next() {
        fields["variant"] = variant.into();
    }
    fields
}

/// The digest of some bytes, as `sha256:…`.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let mut name = String::from("sha256:");
    for byte in digest(&SHA256, bytes).as_ref() {
        let _ = write!(name, "{byte:02x}");
    }
    name
}
