//! What runs: workloads, the containers in them that name images, who owns them, and the facts
//! that gates judge. Values only; the adapters fill them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::change::ObjectId;
use super::image::{Digest, ImageReference, ReferenceError};
use super::platform::Platform;

/// Where a target lives. Later legs (releases, Docker containers) join here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// A cluster's API server.
    Kubernetes,
    /// A manifest on disk or on standard input.
    File,
}

impl Leg {
    /// The name in machine output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::File => "file",
        }
    }
}

/// The kinds whose pod template (or pod) names images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 `StatefulSet`.
    StatefulSet,
    /// apps/v1 `DaemonSet`.
    DaemonSet,
    /// batch/v1 `CronJob`.
    CronJob,
    /// batch/v1 Job that no `CronJob` owns.
    Job,
    /// apps/v1 `ReplicaSet` that no Deployment owns.
    ReplicaSet,
    /// v1 Pod that nothing owns.
    Pod,
}

impl Kind {
    /// Every kind, in the order in which they are listed.
    pub const ALL: [Self; 7] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::CronJob,
        Self::Job,
        Self::ReplicaSet,
        Self::Pod,
    ];

    /// The kind as the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::CronJob => "CronJob",
            Self::Job => "Job",
            Self::ReplicaSet => "ReplicaSet",
            Self::Pod => "Pod",
        }
    }

    /// The short name that kubectl takes and that a target is written with.
    pub fn short(self) -> &'static str {
        match self {
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
            Self::CronJob => "cj",
            Self::Job => "job",
            Self::ReplicaSet => "rs",
            Self::Pod => "pod",
        }
    }

    /// The plural resource name.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::CronJob => "cronjobs",
            Self::Job => "jobs",
            Self::ReplicaSet => "replicasets",
            Self::Pod => "pods",
        }
    }

    /// API group, empty for the core group.
    pub fn group(self) -> &'static str {
        match self {
            Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::ReplicaSet => "apps",
            Self::CronJob | Self::Job => "batch",
            Self::Pod => "",
        }
    }

    /// `apps/v1`, `batch/v1` or `v1`.
    pub fn api_version(self) -> &'static str {
        match self.group() {
            "apps" => "apps/v1",
            "batch" => "batch/v1",
            _ => "v1",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A word that names no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind that has images: use deploy, sts, ds, cj, job, rs or pod")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Reads what kubectl takes: kind, singular, plural or short name, in any case, with or
    /// without a group (`deployments.apps`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase();
        let word = lower.split('.').next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|kind| {
                let extra = match kind {
                    Self::Pod => "po",
                    _ => kind.short(),
                };
                word == kind.as_str().to_ascii_lowercase()
                    || word == kind.plural()
                    || word == kind.short()
                    || word == extra
            })
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

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
}

impl SlotKind {
    /// The field name in the pod spec, as machine output writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Container => "containers",
            Self::InitContainer => "initContainers",
            Self::EphemeralContainer => "ephemeralContainers",
            Self::Volume => "volumes",
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
        }
    }

    /// The reference, when it is one.
    pub fn reference(&self) -> Option<&ImageReference> {
        match self {
            Self::Reference(reference) => Some(reference),
            Self::Malformed { .. } => None,
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

/// Who decides what the object looks like, and so where a change has to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Nobody else: a person or a script made it imperatively.
    Nobody,
    /// A manifest that somebody applies: the `last-applied` annotation, or a field manager of
    /// server-side apply.
    Manifest {
        /// The field manager, where it is known.
        manager: Option<String>,
    },
    /// A Helm release.
    Helm {
        /// Name of the release.
        release: String,
        /// Its namespace.
        namespace: String,
    },
    /// An Argo CD application.
    ArgoCd {
        /// Name of the application, where it is known.
        application: Option<String>,
    },
    /// A Flux Kustomization or `HelmRelease`.
    Flux {
        /// `Kustomization` or `HelmRelease`.
        kind: &'static str,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// An object that controls this one by an owner reference.
    Controller {
        /// Kind of the owner.
        kind: String,
        /// Name of the owner.
        name: String,
    },
    /// Operator Lifecycle Manager.
    Olm,
    /// The addon manager of a cluster distribution.
    AddonManager,
    /// Carvel kapp.
    Kapp,
    /// Rancher Fleet.
    Fleet,
    /// A tool that wrote its name into `app.kubernetes.io/managed-by`.
    ManagedBy(String),
    /// A system namespace of the cluster.
    ClusterSystem,
    /// This program itself.
    Ourselves,
}

/// How a workload replaces its pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Step by step.
    #[default]
    Rolling,
    /// All old pods end before new ones start.
    Recreate,
    /// Only when somebody deletes the old pods.
    OnDelete,
}

/// Whether the last rollout has come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Progress {
    /// Observed and complete, or of a kind that has no rollout.
    #[default]
    Settled,
    /// Under way; the text says what is awaited.
    Underway(String),
    /// The progress deadline was exceeded: nothing moves any more, so nothing is disturbed.
    Exceeded,
}

/// What the gates need to know of a workload's ability to roll out. For files everything is the
/// default, because the gates that need a cluster are skipped there.
#[derive(Debug, Clone, Default)]
pub struct Rollout {
    /// `spec.paused` (Deployment) or `spec.suspend` (Job).
    pub paused: bool,
    /// Wanted replicas (for a `DaemonSet` the desired number); none where the kind has no count.
    pub replicas: Option<u32>,
    /// How pods are replaced.
    pub strategy: Strategy,
    /// `StatefulSet` partition: pods with a lower ordinal stay on the old version.
    pub partition: u32,
    /// Where the last rollout stands.
    pub progress: Progress,
    /// `volumeClaimTemplates` are present.
    pub stateful: bool,
    /// A claim that only one node can mount, while the strategy wants old and new pods at once.
    pub exclusive_claim: Option<String>,
    /// A `PodDisruptionBudget` that allows no disruption now.
    pub blocking_budget: Option<String>,
}

/// Whose credentials fetch the images of a workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PullIdentity {
    /// Namespace of the workload.
    pub namespace: Arc<str>,
    /// `imagePullSecrets` of the pod template, in order. When empty, the service account's count.
    pub secrets: Vec<Arc<str>>,
    /// Service account of the pod template, `default` when none is written.
    pub service_account: Arc<str>,
}

/// The file and line that a workload was read from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The path as given, `-` for standard input.
    pub file: Arc<str>,
    /// One-based line at which the document begins.
    pub line: u32,
}

/// An object with a pod template (or a pod), and the images in it.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Cluster or file.
    pub leg: Leg,
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; none only in files that do not say.
    pub namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
    /// Its uid; none in files.
    pub uid: Option<Arc<str>>,
    /// Labels of the object, for policy matchers.
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
    /// Annotations of the object under `safe-update.io/`, without that prefix.
    pub annotations: BTreeMap<Arc<str>, Arc<str>>,
    /// Who owns it.
    pub owner: Owner,
    /// Facts for the gates that need a cluster.
    pub rollout: Rollout,
    /// Whose credentials pull its images; none in files.
    pub pull: Option<Arc<PullIdentity>>,
    /// Architectures that its node selector asks for (`kubernetes.io/arch`); empty means any.
    pub architectures: Vec<Arc<str>>,
    /// The operating system that its node selector asks for (`kubernetes.io/os`); none means Linux,
    /// because pods for Windows have to say so.
    pub os: Option<Arc<str>>,
    /// Its pods tolerate some taint, so that tainted nodes may take them.
    pub tolerates: bool,
    /// Where it was read from, for files.
    pub origin: Option<Origin>,
    /// Its images, in the order of the pod spec.
    pub slots: Vec<Slot>,
    /// The names of all its containers and image volumes: of those that were not asked for, or that
    /// name no image, too. An annotation may speak of them.
    pub containers: Vec<Arc<str>>,
}

impl Workload {
    /// `NAMESPACE/KIND/NAME`, or `KIND/NAME` where no namespace is known.
    pub fn id(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}/{}", self.kind.short(), self.name),
            None => format!("{}/{}", self.kind.short(), self.name),
        }
    }

    /// The object in a cluster that it is; none without a namespace.
    pub fn object(&self) -> Option<ObjectId> {
        Some(ObjectId {
            namespace: Arc::clone(self.namespace.as_ref()?),
            kind: self.kind,
            name: Arc::clone(&self.name),
        })
    }

    /// The full name of one of its slots, as every verb takes it and `-o name` prints it.
    pub fn target_id(&self, slot: &Slot) -> String {
        format!("{}:{}", self.id(), slot.name)
    }
}

/// Trouble that did not stop the rest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// A stable word for programs, `forbidden` for instance.
    pub code: &'static str,
    /// What happened and what to do, for people.
    pub message: String,
    /// What it is about, where that is one thing.
    pub object: Option<String>,
}

/// Everything that was found.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// The workloads, ordered by namespace, kind and name (files: in their order).
    pub workloads: Vec<Workload>,
    /// The distinct platforms of nodes that take any pod; empty when they are not known.
    pub platforms: Vec<Platform>,
    /// Those of nodes that are tainted, and so only take pods that tolerate it.
    pub tainted_platforms: Vec<Platform>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_kubectl_reads_them() {
        for (text, kind) in [
            ("deploy", Kind::Deployment),
            ("Deployment", Kind::Deployment),
            ("deployments.apps", Kind::Deployment),
            ("deployment.v1.apps", Kind::Deployment),
            ("sts", Kind::StatefulSet),
            ("ds", Kind::DaemonSet),
            ("cj", Kind::CronJob),
            ("job", Kind::Job),
            ("jobs", Kind::Job),
            ("rs", Kind::ReplicaSet),
            ("po", Kind::Pod),
            ("pod", Kind::Pod),
        ] {
            assert_eq!(text.parse::<Kind>(), Ok(kind), "{text}");
        }
        assert!("nginx".parse::<Kind>().is_err());
        assert!("".parse::<Kind>().is_err());
    }
}
