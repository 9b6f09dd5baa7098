//! Manifests, indexes and image configurations as JSON, and the facts in them. Pure: no network,
//! no disk. The shapes are those of the OCI image specification 1.1; Docker's schema 2 has the same.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ring::digest;
use serde::Deserialize;

use crate::adapters::hash::hex;
use crate::domain::image::Digest;
use crate::domain::platform::Platform;

/// What can be asked for, in the order of preference. Without these some registries answer with
/// schema 1, whose digest is another one.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json";
/// The annotation that says when something was built (image specification, annotations).
const CREATED: &str = "org.opencontainers.image.created";
/// Docker's first release. An older time of creation is a placeholder of reproducible builds.
const DOCKER_EPOCH: i64 = 1_363_737_600;

/// A kind of artifact, told by the type of its configuration.
#[derive(Debug, Clone, Copy)]
pub(in crate::adapters) struct ArtifactKind {
    /// What people call it, for errors.
    pub(in crate::adapters) name: &'static str,
    /// The media type of its configuration.
    pub(in crate::adapters) config_type: &'static str,
    /// Bytes that its configuration may have.
    pub(in crate::adapters) config_bytes: usize,
}

/// A manifest or an index.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    /// The descriptors of an index.
    #[serde(default)]
    pub(super) manifests: Option<Vec<Descriptor>>,
    /// The configuration of a manifest.
    #[serde(default)]
    pub(super) config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "schemaVersion")]
    schema: Option<u64>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

/// A pointer to content by digest.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Descriptor {
    #[serde(default, rename = "mediaType")]
    pub(super) media_type: String,
    /// Unchecked text; see [`Descriptor::digest`].
    #[serde(rename = "digest")]
    pub(super) digest_text: String,
    #[serde(default)]
    pub(super) annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    platform: Option<WirePlatform>,
}

#[derive(Debug, Clone, Deserialize)]
struct WirePlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

/// The facts of an image configuration.
#[derive(Debug, Deserialize)]
struct WireConfig {
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    created: Option<String>,
}

/// What an image configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ConfigFacts {
    pub(super) platform: Option<Platform>,
    pub(super) created: Option<Timestamp>,
}

impl Document {
    /// Reads a manifest or an index.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let document: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("not a manifest: {error}"))?;
        if document.schema == Some(1) {
            return Err("a manifest of the old schema 1, which is not supported".into());
        }
        // A document that is both could be read as one thing here and as another by the node.
        if document.manifests.is_some() && (document.config.is_some() || document.layers.is_some())
        {
            return Err("a document that is an index and a manifest at once".into());
        }
        if document.manifests.is_none() && document.config.is_none() {
            return Err("neither a manifest nor an index".into());
        }
        Ok(document)
    }

    /// When an annotation of the document says that it was built.
    pub(super) fn created(&self) -> Option<Timestamp> {
        timestamp(self.annotations.as_ref()?.get(CREATED)?)
    }

    /// The configuration of an artifact, which has to be of the kind that is looked for.
    pub(super) fn config_of(&self, kind: ArtifactKind) -> Result<&Descriptor, String> {
        match &self.config {
            Some(config) if config.media_type == kind.config_type => Ok(config),
            Some(config) => Err(format!(
                "it is no {}: its configuration is of the type {:?}",
                kind.name, config.media_type
            )),
            None => Err(format!("it is no {}: it is an index of manifests", kind.name)),
        }
    }

    /// The descriptors of images: no attestations, no signatures.
    pub(super) fn images(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().flatten().filter(|descriptor| {
            let attestation = descriptor
                .annotations
                .as_ref()
                .is_some_and(|annotations| annotations.contains_key("vnd.docker.reference.type"));
            !attestation && descriptor.platform().is_some_and(|platform| platform.os() != "unknown")
        })
    }

    /// The platforms of an index, without duplicates.
    pub(super) fn platforms(&self) -> Vec<Platform> {
        let mut found = Vec::new();
        for platform in self.images().filter_map(Descriptor::platform) {
            if !found.contains(&platform) {
                found.push(platform);
            }
        }
        found
    }

    /// The digests of the images of an index. One that is malformed names nothing, and is left out.
    pub(super) fn children(&self) -> Vec<Digest> {
        self.images().filter_map(|descriptor| descriptor.digest().ok()).collect()
    }

    /// The image of an index that stands for all when its time of creation is asked for:
    /// `linux/amd64`, else the first; where no platform is written, the first manifest.
    pub(super) fn representative(&self) -> Option<&Descriptor> {
        self.images()
            .find(|descriptor| {
                descriptor
                    .platform()
                    .is_some_and(|p| (p.os(), p.architecture()) == ("linux", "amd64"))
            })
            .or_else(|| self.images().next())
            .or_else(|| {
                let unsaid = |d: &&Descriptor| d.platform.is_none() && !d.is_index();
                self.manifests.iter().flatten().find(unsaid)
            })
    }
}

impl Descriptor {
    /// The digest, checked against its grammar.
    pub(super) fn digest(&self) -> Result<Digest, String> {
        self.digest_text
            .parse()
            .map_err(|error| format!("a descriptor with a malformed digest: {error}"))
    }

    /// The platform, when it is written.
    pub(super) fn platform(&self) -> Option<Platform> {
        let wire = self.platform.as_ref()?;
        platform(&wire.os, &wire.architecture, wire.variant.as_deref())
    }

    /// When an annotation says that it was built.
    pub(super) fn created(&self) -> Option<Timestamp> {
        timestamp(self.annotations.as_ref()?.get(CREATED)?)
    }

    /// Whether the content is an index.
    pub(super) fn is_index(&self) -> bool {
        self.media_type.contains("image.index") || self.media_type.contains("manifest.list")
    }

    /// Whether the content is the configuration of an image, and not of a chart or the like.
    pub(super) fn is_image_config(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            "application/vnd.oci.image.config.v1+json"
                | "application/vnd.docker.container.image.v1+json"
        )
    }
}

impl ConfigFacts {
    /// Reads an image configuration.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let wire: WireConfig = serde_json::from_slice(bytes)
            .map_err(|error| format!("not an image configuration: {error}"))?;
        Ok(Self {
            platform: platform(
                wire.os.as_deref().unwrap_or_default(),
                wire.architecture.as_deref().unwrap_or_default(),
                wire.variant.as_deref(),
            ),
            created: wire.created.as_deref().and_then(timestamp),
        })
    }
}

fn platform(os: &str, architecture: &str, variant: Option<&str>) -> Option<Platform> {
    if os.is_empty() || architecture.is_empty() {
        return None;
    }
    Some(Platform::new(os, architecture, variant))
}

/// A time of creation; none when it is no time, or a placeholder such as 1970.
fn timestamp(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    (time.as_second() >= DOCKER_EPOCH).then_some(time)
}

/// The SHA-256 digest of some bytes.
pub(super) fn sha256(bytes: &[u8]) -> Digest {
    let text = format!("sha256:{}", hex(digest::digest(&digest::SHA256, bytes).as_ref()));
    match text.parse() {
        Ok(digest) => digest,
        Err(error) => unreachable!("a computed digest is well-formed: {error}"),
    }
}

/// Holds bytes against the digest that names them.
pub(super) fn verify(bytes: &[u8], expected: &Digest) -> Result<(), String> {
    let algorithm = match expected.algorithm() {
        "sha256" => &digest::SHA256,
        "sha384" => &digest::SHA384,
        "sha512" => &digest::SHA512,
        other => return Err(format!("the digest algorithm {other} cannot be checked")),
    };
    let actual = hex(digest::digest(algorithm, bytes).as_ref());
    if actual == expected.hex() {
        Ok(())
    } else {
        Err(format!(
            "the content does not have the digest {}: it has {}:{}",
            expected.short(),
            expected.algorithm(),
            &actual[..12]
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(platforms: &[Platform]) -> Vec<String> {
        platforms.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_index_gives_its_platforms_without_attestations() {
        let digest = sha256(b"x");
        let text = format!(
            r#"{{"schemaVersion":2,"manifests":[
              {{"digest":"{digest}","platform":{{"os":"linux","architecture":"arm","variant":"v7"}}}},
              {{"digest":"{digest}","platform":{{"os":"linux","architecture":"amd64"}}}},
              {{"digest":"{digest}","platform":{{"os":"linux","architecture":"amd64"}}}},
              {{"digest":"{digest}","platform":{{"os":"unknown","architecture":"unknown"}}}},
              {{"digest":"{digest}","platform":{{"os":"linux","architecture":"s390x"}},
                "annotations":{{"vnd.docker.reference.type":"attestation-manifest"}}}},
              {{"digest":"{digest}"}}]}}"#
        );
        let document = Document::read(text.as_bytes()).unwrap();
        assert_eq!(names(&document.platforms()), ["linux/arm", "linux/amd64"]);
        let chosen = document.representative().unwrap().platform().unwrap();
        assert_eq!(chosen.to_string(), "linux/amd64");
        let bare = format!(r#"{{"manifests":[{{"digest":"{digest}"}}]}}"#);
        let document = Document::read(bare.as_bytes()).unwrap();
        assert!(document.platforms().is_empty() && document.representative().is_some());
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            "null",
            "{\"schemaVersion\":1,\"config\":{\"digest\":\"x\"}}",
            "{\"manifests\":[],\"config\":{\"digest\":\"x\"}}",
            "{\"manifests\":[],\"layers\":[]}",
            "{\"manifests\":[],\"manifests\":[]}",
            "{\"manifests\":{}}",
        ] {
            assert!(Document::read(text.as_bytes()).is_err(), "{text}");
        }
        let deep = format!("{{\"manifests\":{}", "[".repeat(100_000));
        assert!(Document::read(deep.as_bytes()).is_err());
    }

    #[test]
    fn placeholders_are_no_time_of_creation() {
        for (text, known) in [
            ("2026-03-01T10:00:00Z", true),
            ("2026-03-01T10:00:00.123456789+01:00", true),
            ("1970-01-01T00:00:00Z", false),
            ("1980-01-01T00:00:01Z", false),
            ("0001-01-01T00:00:00Z", false),
            ("yesterday", false),
        ] {
            let facts = ConfigFacts::read(format!(r#"{{"created":"{text}"}}"#).as_bytes()).unwrap();
            assert_eq!(facts.created.is_some(), known, "{text}");
        }
        let null = ConfigFacts::read(br#"{"created":null,"os":"linux","architecture":"arm64"}"#);
        assert_eq!(null.unwrap().platform.unwrap().to_string(), "linux/arm64");
    }

    #[test]
    fn content_is_held_against_its_digest() {
        let known: Digest =
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
                .parse()
                .unwrap();
        assert_eq!(sha256(b"abc"), known);
        assert!(verify(b"abc", &known).is_ok());
        assert!(verify(b"abd", &known).is_err());
        let odd: Digest = format!("md5:{}", "a".repeat(32)).parse().unwrap();
        assert!(verify(b"abc", &odd).is_err());
    }
}
