//! Image references: the grammar, the normal form, and the text as it was written.
//!
//! The grammar is the one of the `distribution/reference` package, version 0.6:
//!
//! ```text
//! reference       := name [ ":" tag ] [ "@" digest ]
//! name            := [ domain "/" ] path
//! domain          := host [ ":" port ]
//! host            := domain-component *( "." domain-component ) | "[" ipv6 "]"
//! domain-component:= [A-Za-z0-9] | [A-Za-z0-9] [A-Za-z0-9-]* [A-Za-z0-9]
//! port            := [0-9]+
//! path            := path-component *( "/" path-component )
//! path-component  := alpha-numeric *( separator alpha-numeric )
//! alpha-numeric   := [a-z0-9]+
//! separator       := "." | "_" | "__" | "-"+
//! tag             := [A-Za-z0-9_] [A-Za-z0-9_.-]{0,127}
//! digest          := algorithm ":" hex
//! algorithm       := component *( [+.-_] component )       component := [A-Za-z] [A-Za-z0-9]*
//! hex             := [0-9a-fA-F]{32,}                        sha256 takes 64, sha384 96, sha512 128
//! ```
//!
//! Docker's familiar names are normalised: the first component is a domain only when it contains
//! a `.` or a `:`, is `localhost`, or has an upper-case letter; otherwise the domain is
//! `docker.io`. `index.docker.io` and `registry-1.docker.io` are the same registry, and a
//! single-component path of it gets `library/`. A reference without tag and digest means the tag
//! `latest` (see [`ImageReference::effective_tag`]); the text as written is kept.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The registry of Docker's familiar names.
pub const DOCKER_HUB: &str = "docker.io";
/// The longest `domain/path` that registries accept (distribution: `NameTotalLengthMax`).
const NAME_MAX: usize = 255;
/// The longest tag of the grammar.
const TAG_MAX: usize = 128;

/// Why a text is not an image reference (or not a part of one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// Nothing was written.
    #[error("an image reference must not be empty")]
    Empty,
    /// The name has upper-case letters in its path.
    #[error("the repository must be lower case")]
    UpperCase,
    /// The registry host or its port is malformed.
    #[error("the registry must be a host name with an optional port")]
    Domain,
    /// The repository path is malformed.
    #[error(
        "the repository may have lower-case letters and digits, joined by one of . _ __ - or /"
    )]
    Path,
    /// The name is longer than registries accept.
    #[error("the name is longer than {NAME_MAX} characters")]
    TooLong,
    /// The tag is outside its grammar.
    #[error(
        "a tag has 1 to {TAG_MAX} of the characters A-Z a-z 0-9 _ . - and does not begin with . or -"
    )]
    Tag,
    /// The digest is outside its grammar.
    #[error("a digest is written algorithm:hex, for example sha256: and 64 hexadecimal digits")]
    Digest,
    /// A bare 64-digit hexadecimal name, which Docker reads as an image id.
    #[error("64 hexadecimal digits are an image id, not a repository")]
    Identifier,
}

/// A registry: host and optional port, in normal form (`docker.io`, `ghcr.io`, `127.0.0.1:5000`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registry(Arc<str>);

impl Registry {
    /// Host and port as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is Docker Hub, whose API host and credentials key are named differently.
    pub fn is_docker_hub(&self) -> bool {
        &*self.0 == DOCKER_HUB
    }

    /// The host without its port.
    pub fn host(&self) -> &str {
        match self.0.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.0,
        }
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Registry {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !is_domain(text) {
            return Err(ReferenceError::Domain);
        }
        let text = match text {
            "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
            other => other,
        };
        Ok(Self(text.into()))
    }
}

/// A repository in normal form: registry and path (`docker.io` and `library/nginx`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: Registry,
    path: Arc<str>,
}

impl Repository {
    /// The registry that serves it.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The path under the registry, `library/` included for Docker's official images.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The name as people write it: without `docker.io/` and `library/`.
    pub fn familiar(&self) -> String {
        if !self.registry.is_docker_hub() {
            return self.to_string();
        }
        match self.path.strip_prefix("library/") {
            // `library/a/b` is not an official image: only one more component is.
            Some(rest) if !rest.contains('/') => rest.to_owned(),
            _ => self.path.to_string(),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.path)
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    /// Reads a name without tag and digest, familiar or full.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(ReferenceError::Identifier);
        }
        let (domain, path) = split_domain(name);
        let registry = match domain {
            Some(domain) => domain.parse()?,
            None => Registry(DOCKER_HUB.into()),
        };
        if !is_path(path) {
            let lower = path.to_ascii_lowercase();
            let upper_case_only = lower != path && is_path(&lower);
            return Err(if upper_case_only {
                ReferenceError::UpperCase
            } else {
                ReferenceError::Path
            });
        }
        let path: Arc<str> = if registry.is_docker_hub() && !path.contains('/') {
            format!("library/{path}").into()
        } else {
            path.into()
        };
        if registry.as_str().len() + 1 + path.len() > NAME_MAX {
            return Err(ReferenceError::TooLong);
        }
        Ok(Self { registry, path })
    }
}

/// A tag: `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text, kept by both.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let valid = (1..=TAG_MAX).contains(&bytes.len())
            && word(&bytes[0])
            && bytes.iter().all(|byte| word(byte) || matches!(byte, b'.' | b'-'));
        if valid { Ok(Self(text.into())) } else { Err(ReferenceError::Tag) }
    }
}

/// A content digest, `sha256:…` in nearly every case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Arc<str>);

impl Digest {
    /// `algorithm:hex` as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The algorithm, `sha256` in nearly every case.
    pub fn algorithm(&self) -> &str {
        self.0.split_once(':').map_or("", |(algorithm, _)| algorithm)
    }

    /// The hexadecimal part.
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, hex)| hex)
    }

    /// `sha256:` and the first twelve digits, for people.
    pub fn short(&self) -> String {
        let hex = self.hex();
        format!("{}:{}", self.algorithm(), &hex[..hex.len().min(12)])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Digest {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (algorithm, hex) = text.split_once(':').ok_or(ReferenceError::Digest)?;
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let any_hex = |byte: u8| byte.is_ascii_hexdigit();
        let valid = match algorithm {
            // The registered algorithms have one length and lower-case digits (OCI image spec).
            "sha256" => hex.len() == 64 && hex.bytes().all(lower_hex),
            "sha384" => hex.len() == 96 && hex.bytes().all(lower_hex),
            "sha512" => hex.len() == 128 && hex.bytes().all(lower_hex),
            other => is_algorithm(other) && hex.len() >= 32 && hex.bytes().all(any_hex),
        };
        if valid { Ok(Self(text.into())) } else { Err(ReferenceError::Digest) }
    }
}

/// A reference to an image: repository with an optional tag and an optional digest.
///
/// `Display` gives the normal form, [`as_written`](Self::as_written) the text that was read. Two
/// references are equal when their normal forms are.
#[derive(Debug, Clone)]
pub struct ImageReference {
    written: Arc<str>,
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl ImageReference {
    /// The text that was read, unchanged.
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The repository in normal form.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag, when one was written.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, when one was written. It decides what runs; the tag beside it is a comment.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The tag that is meant: the written one, or `latest` when neither tag nor digest was written.
    pub fn effective_tag(&self) -> Option<Tag> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(Tag("latest".into())),
        }
    }

    /// The same reference moved to another tag (and digest), with its name as it was written:
    /// `nginx:1.25` becomes `nginx:1.26`, never `docker.io/library/nginx:1.26`.
    #[must_use]
    pub fn with(&self, tag: Option<&Tag>, digest: Option<&Digest>) -> Self {
        let (name, ..) = split_reference(&self.written);
        let mut written = name.to_owned();
        if let Some(tag) = tag {
            written.push(':');
            written.push_str(tag.as_str());
        }
        if let Some(digest) = digest {
            written.push('@');
            written.push_str(digest.as_str());
        }
        Self {
            written: written.into(),
            repository: self.repository.clone(),
            tag: tag.cloned(),
            digest: digest.cloned(),
        }
    }
}

impl PartialEq for ImageReference {
    fn eq(&self, other: &Self) -> bool {
        (&self.repository, &self.tag, &self.digest)
            == (&other.repository, &other.tag, &other.digest)
    }
}

impl Eq for ImageReference {}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        let (name, tag, digest) = split_reference(text);
        let digest = digest.map(str::parse).transpose()?;
        let tag = tag.map(str::parse).transpose()?;
        Ok(Self { written: text.into(), repository: name.parse()?, tag, digest })
    }
}

/// Splits into name, tag and digest; a `:` before the last `/` belongs to a port.
fn split_reference(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag), digest),
        _ => (rest, None, digest),
    }
}

/// The domain of a familiar name, when its first component is one, and the path.
fn split_domain(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.bytes().any(|byte| byte.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

fn is_domain(text: &str) -> bool {
    let (host, port) = if text.starts_with('[') {
        match text.split_once(']') {
            Some((inner, rest)) => {
                let inner = &inner[1..];
                let ipv6 = !inner.is_empty()
                    && inner.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
                return ipv6 && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port));
            }
            None => return false,
        }
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    host.split('.').all(is_domain_component) && port.is_none_or(is_port)
}

fn is_domain_component(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_path(text: &str) -> bool {
    text.split('/').all(is_path_component)
}

fn is_path_component(text: &str) -> bool {
    let alphanumeric = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| alphanumeric(*byte));
    if !ends(bytes.first()) || !ends(bytes.last()) {
        return false;
    }
    // Between two runs of letters and digits stands exactly one separator.
    bytes.split(|byte| alphanumeric(*byte)).all(|separator| {
        matches!(separator, b"" | b"." | b"_" | b"__") || separator.iter().all(|b| *b == b'-')
    })
}

fn is_algorithm(text: &str) -> bool {
    text.split(['+', '.', '-', '_']).all(|component| {
        component.starts_with(|first: char| first.is_ascii_alphabetic())
            && component.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests;
