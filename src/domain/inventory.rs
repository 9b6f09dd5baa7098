//! What runs: workloads, the containers in them that name images, who owns them, and the facts
//! that gates judge. Values only; the adapters fill them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::change::ObjectId;
use super::chart::ChartInUse;
use super::image::{Digest, ImageReference, ReferenceError, Tag};
use super::platform::{self, Placement, Platform};

/// Where a target lives. Later legs (releases, Docker containers) join here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// A cluster's API server.
    Kubernetes,
    /// A manifest on disk or on standard input.
    File,
    /// Helm's storage of releases, in a cluster.
    Helm,
}

impl Leg {
    /// The name in machine output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::File => "file",
            Self::Helm => "helm",
        }
    }

    /// Whether it is what a cluster holds, so that the gates apply which need one.
    pub fn is_in_cluster(self) -> bool {
        matches!(self, Self::Kubernetes | Self::Helm)
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
    /// A Helm release: no object of the API, but what several of its objects belong to.
    Release,
}

impl Kind {
    /// Every kind of workload, in the order in which they are listed. A release is none.
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
            Self::Release => "Release",
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
            Self::Release => "release",
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
            Self::Release => "releases",
        }
    }

    /// API group, empty for the core group. That of a release only tells it from objects.
    pub fn group(self) -> &'static str {
        match self {
            Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::ReplicaSet => "apps",
            Self::CronJob | Self::Job => "batch",
            Self::Pod => "",
            Self::Release => "helm.sh",
        }
    }

    /// `apps/v1`, `batch/v1` or `v1`; for a release what Helm calls the format of its records.
    pub fn api_version(self) -> &'static str {
        match self.group() {
            "apps" => "apps/v1",
            "batch" => "batch/v1",
            "helm.sh" => "helm.sh/release.v1",
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
#[error("{0:?} is no kind that has images: use deploy, sts, ds, cj, job, rs, pod or release")]
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
            .chain([Self::Release])
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
    /// What the last operation on a release failed with.
    pub failed: Option<String>,
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
    /// Where its pods may land.
    pub placement: Placement,
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

    /// The name of one of its slots without the namespace.
    pub fn short_target_id(&self, slot: &Slot) -> String {
        let id = format!("{}/{}", self.kind.short(), self.name);
        match slot.kind {
            SlotKind::Chart => id,
            _ => format!("{id}:{}", slot.name),
        }
    }

    /// The full name of one of its slots, as every verb takes it and `-o name` prints it.
    pub fn target_id(&self, slot: &Slot) -> String {
        match slot.kind {
            // A release has one chart.
            SlotKind::Chart => self.id(),
            _ => format!("{}:{}", self.id(), slot.name),
        }
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

impl Inventory {
    /// The platforms that an image must have to run wherever its pods may land; see
    /// [`platform::needed`].
    pub fn needed_platforms(&self, placement: &Placement) -> Vec<Platform> {
        platform::needed(placement, &self.platforms, &self.tainted_platforms)
    }

    /// Puts the workloads that belong to a release behind it, where both are known; the rest keeps
    /// its order, releases first.
    pub fn arrange(&mut self) {
        if !self.workloads.iter().any(|one| one.kind == Kind::Release) {
            return;
        }
        let mut places: BTreeMap<(Arc<str>, Arc<str>), usize> = BTreeMap::new();
        for one in self.workloads.iter().filter(|one| one.kind == Kind::Release) {
            if let Some(namespace) = &one.namespace {
                let next = places.len();
                places.insert((Arc::clone(namespace), Arc::clone(&one.name)), next);
            }
        }
        let place = |one: &Workload| {
            let release = match (&one.owner, one.kind) {
                (_, Kind::Release) => Some((one.namespace.clone()?, Arc::clone(&one.name))),
                (Owner::Helm { release, namespace }, _) => {
                    Some((namespace.as_str().into(), release.as_str().into()))
                }
                _ => None,
            };
            release.and_then(|release| places.get(&release).copied())
        };
        self.workloads.sort_by_cached_key(|one| {
            let release = place(one);
            let is_part = one.kind != Kind::Release;
            (one.namespace.clone(), release.is_none(), release, is_part)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_release_stands_behind_it() {
        let one = |kind: Kind, namespace: &str, name: &str, release: &str| {
            let owner = match release {
                "" => Owner::Nobody,
                release => Owner::Helm { release: release.into(), namespace: namespace.into() },
            };
            let template = crate::domain::gate::tests::workload(kind);
            Workload { namespace: Some(namespace.into()), name: name.into(), owner, ..template }
        };
        let mut inventory = Inventory {
            workloads: vec![
                one(Kind::Deployment, "b", "free", ""),
                one(Kind::Deployment, "b", "web", "shop"),
                one(Kind::Deployment, "a", "lost", "gone"),
                one(Kind::StatefulSet, "b", "db", "data"),
                one(Kind::CronJob, "b", "nightly", "shop"),
                one(Kind::Release, "b", "shop", ""),
                one(Kind::Release, "b", "data", ""),
            ],
            ..Inventory::default()
        };
        inventory.arrange();
        let names = inventory.workloads.iter().map(|one| &*one.name);
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["lost", "shop", "web", "nightly", "data", "db", "free"]
        );
    }

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
