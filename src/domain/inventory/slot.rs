//! The places in a workload that name an image, or a chart, and what stands there.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::chart::ChartInUse;
use super::super::image::{Digest, ImageReference, ReferenceError, Tag};

/// The list of a pod spec in which an image stands. Sidecars are init containers that restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlotKind {
    /// `spec.containers`.
    Container,
    /// `spec.initContainers`, sidecars included.
    InitContainer,
    /// `spec.ephemeralContainers`, which only pods have and nobody can change.
    EphemeralContainer,
    /// `spec.volumes[].image`.
    Volume,
    /// The chart of a release.
    Chart,
}

impl SlotKind {
    /// The field name in the pod spec, as machine output writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Container => "containers",
            Self::InitContainer => "initContainers",
            Self::EphemeralContainer => "ephemeralContainers",
            Self::Volume => "volumes",
            Self::Chart => "chart",
        }
    }
}

/// One place of a pod spec that names an image.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Which list it stands in.
    pub kind: SlotKind,
    /// The name of the container or volume.
    pub name: Arc<str>,
    /// What is written there.
    pub image: SlotImage,
    /// Digests that the selected pods report as running (`imageID`), without duplicates. Filled
    /// for floating tags only, because only there it is needed; see [`Running`].
    pub running: Running,
    /// One-based line of the image in the file it was read from.
    pub line: Option<u32>,
}

impl Slot {
    /// The digest that is written beside the tag, else the one that all pods report; none where they run
    /// different ones, or none says which.
    pub fn pinned_or_running(&self) -> Option<&Digest> {
        let reported = match &self.running {
            Running::Digests(digests) => match digests.as_slice() {
                [one] => Some(one),
                _ => None,
            },
            Running::NotAsked | Running::Unreported => None,
        };
        self.image.reference()?.digest().or(reported)
    }
}

/// The image of a slot: a reference, or text that is none.
#[derive(Debug, Clone)]
pub enum SlotImage {
    /// A well-formed reference; shared, because many slots name the same image.
    Reference(Arc<ImageReference>),
    /// What stands there is no reference.
    Malformed {
        /// The text as written.
        written: Arc<str>,
        /// What is wrong with it.
        error: ReferenceError,
    },
    /// A release has a chart in its place.
    Chart(Arc<ChartInUse>),
}

impl SlotImage {
    /// Reads the text of an image field.
    pub fn read(written: &str) -> Self {
        match written.parse() {
            Ok(reference) => Self::Reference(Arc::new(reference)),
            Err(error) => Self::Malformed { written: written.into(), error },
        }
    }

    /// The text as written.
    pub fn as_written(&self) -> &str {
        match self {
            Self::Reference(reference) => reference.as_written(),
            Self::Malformed { written, .. } => written,
            Self::Chart(chart) => &chart.version,
        }
    }

    /// The reference, when it is one.
    pub fn reference(&self) -> Option<&ImageReference> {
        match self {
            Self::Reference(reference) => Some(reference),
            Self::Malformed { .. } | Self::Chart(_) => None,
        }
    }

    /// What stands there, for people: of a chart its name as well, as helm writes both.
    pub fn described(&self) -> Cow<'_, str> {
        match self {
            Self::Chart(chart) => format!("{}-{}", chart.name, chart.version).into(),
            Self::Reference(_) | Self::Malformed { .. } => self.as_written().into(),
        }
    }

    /// How a version that is offered in its place is written: charts have a plus where tags have an
    /// underscore.
    pub fn shown(&self, tag: &Tag) -> String {
        match self {
            Self::Chart(_) => tag.as_str().replace('_', "+"),
            Self::Reference(_) | Self::Malformed { .. } => tag.to_string(),
        }
    }

    /// The chart, when it is one.
    pub fn chart(&self) -> Option<&ChartInUse> {
        match self {
            Self::Chart(chart) => Some(chart),
            Self::Reference(_) | Self::Malformed { .. } => None,
        }
    }
}

/// What the nodes say of the running image of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Running {
    /// Nobody asked: the reference says all that is needed, or there is no cluster.
    #[default]
    NotAsked,
    /// Pods were looked at, and no node reported a digest.
    Unreported,
    /// The digests that run now; more than one while pods differ.
    Digests(Vec<Digest>),
}
