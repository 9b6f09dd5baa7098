//! The unit of every rollout: one object with one or more edits. One change is one patch, one
//! rollout, one lock, one record and one rollback.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::image::{Digest, ImageReference, Tag};
use super::inventory::{Kind, SlotKind};
use super::policy::{PolicyError, RollbackMode};
use super::target::{TargetError, TargetName};
use super::version::Bump;

/// An object of a cluster by its name. Another object may bear the same name later; the uid tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: Arc<str>,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.namespace, self.kind.short(), self.name)
    }
}

impl FromStr for ObjectId {
    type Err = TargetError;

    /// Reads `NAMESPACE/KIND/NAME`, as `Display` writes it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse()? {
            TargetName { namespace: Some(namespace), kind, name, container: None } => {
                Ok(Self { namespace: namespace.into(), kind, name: name.into() })
            }
            _ => Err(TargetError::Shape(text.to_owned())),
        }
    }
}

/// The name of a slot: which list of the pod spec, and which entry of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId {
    /// The list.
    pub kind: SlotKind,
    /// The name of the container or volume.
    pub name: Arc<str>,
}

impl fmt::Display for SlotId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// An accepted step of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub slot: SlotId,
    /// What stands there now, byte for byte.
    pub from: Arc<str>,
    /// What is to stand there.
    pub to: Arc<str>,
    /// The digest that `to` was resolved to before anything was written.
    pub digest: Digest,
    /// Further digests that a node may report when it runs `digest`: the manifests that an index
    /// lists.
    pub parts: Vec<Digest>,
    /// What `from` was resolved to, or what the nodes reported to run; none where nobody could say.
    /// When the tag of `from` names another image later, the undo writes this digest beside it.
    pub from_digest: Option<Digest>,
    /// The size of the step.
    pub bump: Bump,
}

impl Edit {
    /// Whether a digest that a node reports is what this edit wanted.
    pub fn is_wanted(&self, reported: &Digest) -> bool {
        *reported == self.digest || self.parts.contains(reported)
    }

    /// Whether what ran before can be put back: a tag that moved names the new image by now.
    pub fn knows_the_way_back(&self) -> bool {
        self.bump != Bump::Digest || self.from_digest.is_some()
    }

    /// Whether an image is the old one, as it stood or as an undo writes it: with its digest.
    pub fn is_old(&self, image: &str) -> bool {
        image == &*self.from
            || self.pinned().is_some_and(|(_, pinned)| pinned.as_written() == image)
    }

    /// The old reference with its digest beside its tag, and that tag: what an undo writes where the tag
    /// names another image by now. None where no digest is known, or one stands there already.
    pub fn pinned(&self) -> Option<(Tag, ImageReference)> {
        let digest = self.from_digest.as_ref()?;
        let old: ImageReference = self.from.parse().ok()?;
        let tag = old.effective_tag().filter(|_| old.digest().is_none())?;
        let pinned = old.with(Some(&tag), Some(digest));
        Some((tag, pinned))
    }
}

/// The edits of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The object.
    pub object: ObjectId,
    /// Its uid: an object of the same name with another one is another object.
    pub uid: Arc<str>,
    /// What changes, in the order of the pod spec; never empty.
    pub edits: Vec<Edit>,
    /// How it is carried out.
    pub terms: Terms,
    /// What a release needs to go back; none for other objects.
    pub release: Option<ReleaseBefore>,
}

/// A release before its change: by reference, never by content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseBefore {
    /// The newest revision, whatever became of it.
    pub newest: u32,
    /// The revision to go back to: the newest that was deployed.
    pub back: u32,
    /// SHA-256 of its manifest.
    pub manifest: Digest,
    /// SHA-256 of the values that the user gave it.
    pub values: Digest,
    /// What is wanted again, where the change is itself a way back.
    pub to: Option<Revision>,
    /// How long the helm of this change may be at work.
    pub patience: Duration,
}

impl ReleaseBefore {
    /// What an undo goes back to.
    pub fn revision(&self) -> Revision {
        Revision { number: self.back, manifest: self.manifest.clone(), values: self.values.clone() }
    }
}

/// A revision of a release, known by what was in it: a number alone may mean another one after the
/// release was installed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub number: u32,
    /// SHA-256 of its manifest.
    pub manifest: Digest,
    /// SHA-256 of the values that the user gave it.
    pub values: Digest,
}

/// How a change is carried out and judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How long a healthy update is watched before it counts as done.
    pub soak: Duration,
    /// The longest time without any progress.
    pub progress_deadline: Duration,
    /// When a failed update is undone.
    pub rollback: RollbackMode,
    /// The workload keeps state (`volumeClaimTemplates`): undoing a larger step may harm it.
    pub stateful: bool,
    /// What ran before was complete and ready. When it was not, the old version need not become
    /// healthy for a rollback to count as done.
    pub was_healthy: bool,
    /// What has to answer before the update counts as healthy.
    pub probes: Vec<Probe>,
    /// `CronJob`: a Job is started of the new version and judged.
    pub run_once: bool,
}

/// A question to the updated service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// GET answers with a status below 400.
    Http(String),
    /// A connection is accepted at `HOST:PORT`.
    Tcp(String),
}

impl fmt::Display for Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(url) => formatter.write_str(url),
            Self::Tcp(address) => write!(formatter, "tcp://{address}"),
        }
    }
}

impl FromStr for Probe {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Credentials are not repeated.
        let shown = if text.contains('@') { "the address".into() } else { format!("{text:?}") };
        let wrong = || {
            PolicyError(format!(
                "{shown} is no probe: write http://HOST/PATH, https://HOST/PATH or tcp://HOST:PORT"
            ))
        };
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let (scheme, rest) = text.split_once("://").filter(|_| plain).ok_or_else(wrong)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // Credentials would be written into records and messages.
        if authority.is_empty() || authority.contains('@') {
            return Err(wrong());
        }
        match scheme {
            "http" | "https" => Ok(Self::Http(text.to_owned())),
            "tcp" => {
                let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
                if host.is_empty() || port.parse::<u16>().is_err() {
                    return Err(wrong());
                }
                Ok(Self::Tcp(rest.to_owned()))
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_image_is_known_as_it_stood_and_as_an_undo_writes_it() {
        let digest: Digest = format!("sha256:{}", "a".repeat(64)).parse().expect("a digest");
        let edit = |from: &str| Edit {
            slot: SlotId { kind: SlotKind::Container, name: "app".into() },
            from: from.into(),
            to: "nginx:9".into(),
            digest: digest.clone(),
            parts: Vec::new(),
            from_digest: Some(digest.clone()),
            bump: Bump::Digest,
        };
        for (from, image, expected) in [
            ("nginx", "nginx".to_owned(), true),
            ("nginx", format!("nginx:latest@{digest}"), true),
            ("nginx:1", format!("nginx:1@{digest}"), true),
            ("nginx:1", format!("nginx:1@sha256:{}", "b".repeat(64)), false),
            ("nginx", "nginx:latest".to_owned(), false),
            ("nginx:1", "nginx:1.2".to_owned(), false),
        ] {
            assert_eq!(edit(from).is_old(&image), expected, "{from} {image}");
        }
    }

    #[test]
    fn objects_are_read_as_they_are_written() {
        for text in ["prod/deploy/web", "default/sts/db-0", "kube-system/ds/agent"] {
            let object: ObjectId = text.parse().expect(text);
            assert_eq!(object.to_string(), text);
        }
        for text in ["deploy/web", "prod/deploy/web:app", "", "a/b/c/d"] {
            assert!(text.parse::<ObjectId>().is_err(), "{text}");
        }
    }
}
