//! What runs: workloads, the containers in them that name images, who owns them, and the facts
//! that gates judge. Values only; the adapters fill them.

mod kind;
mod slot;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change::ObjectId;
use super::platform::{self, Placement, Platform};

pub use kind::{Kind, UnknownKind};
pub use slot::{Running, Slot, SlotImage, SlotKind};

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
}
