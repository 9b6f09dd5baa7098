//! From an object as it is written to the domain's workload. Knows no transport and no file.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::inventory::{
    Kind, Leg, Progress, PullIdentity, Rollout, Running, Slot, SlotKind, Workload,
};
use crate::domain::platform::Placement;

use super::interner::Interner;
use super::text::{Pairs, PlacedText};
use super::wire::{WireContainer, WireMetadata, WireObject, WireSpec};
use super::{owner, rollout};

/// Prefix of the annotations that are this program's settings.
pub(super) const ANNOTATIONS: &str = "safe-update.io/";
/// Node labels that name the architecture; the second is the old name of the first.
/// The labels that nodes bear for their operating system, the newer first.
pub const OS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];
/// Those for their architecture.
pub const ARCHITECTURE: [&str; 2] = ["kubernetes.io/arch", "beta.kubernetes.io/arch"];

/// The kind that group, version and kind of a document name; none for everything that has no pod
/// template (or another one). Old versions of the groups count, because manifests live long.
pub fn kind_of(api_version: &str, kind: &str) -> Option<Kind> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    Kind::ALL.into_iter().find(|known| {
        known.as_str() == kind
            && (known.group() == group || (group == "extensions" && known.group() == "apps"))
    })
}

/// Whether the controller of an object is a workload that is listed itself (the Deployment of a
/// `ReplicaSet`, the `CronJob` of a Job, …), so that the object is only a part of it.
pub fn is_part_of_a_listed_workload(kind: Kind, metadata: &WireMetadata<'_>) -> bool {
    owner::is_part_of_a_listed_workload(kind, metadata)
}

/// The workload that an object is. What the object alone does not say stays at its default: running
/// digests, claims, disruption budgets, file and lines.
pub fn workload(
    kind: Kind,
    object: &WireObject<'_>,
    leg: Leg,
    interner: &mut Interner,
) -> Workload {
    let metadata = &object.metadata;
    let pod = object.spec.pod();
    let namespace = metadata
        .namespace
        .as_deref()
        .filter(|namespace| !namespace.is_empty())
        .map(|namespace| interner.text(namespace));
    Workload {
        leg,
        kind,
        name: (*metadata.name).into(),
        uid: match leg {
            Leg::Kubernetes | Leg::Helm => metadata.uid.as_deref().map(Into::into),
            Leg::File => None,
        },
        labels: shared(&metadata.labels, interner),
        annotations: metadata
            .annotations
            .pairs
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(ANNOTATIONS)?, value)))
            .map(|(key, value)| (interner.text(key), interner.text(value)))
            .collect(),
        owner: owner::owner(metadata),
        rollout: match leg {
            Leg::Kubernetes | Leg::Helm => rollout::rollout(kind, object),
            // What a manifest says counts; what only a cluster knows does not.
            Leg::File => Rollout {
                replicas: object.spec.replicas,
                progress: Progress::Settled,
                ..rollout::rollout(kind, object)
            },
        },
        pull: match (leg, &namespace) {
            (Leg::Kubernetes, Some(namespace)) => Some(pull(namespace, pod, interner)),
            _ => None,
        },
        namespace,
        placement: Placement {
            architectures: ARCHITECTURE
                .iter()
                .find_map(|label| pod.node_selector.get(label))
                .map(|architecture| interner.text(architecture))
                .into_iter()
                .collect(),
            os: OS
                .iter()
                .find_map(|label| pod.node_selector.get(label))
                .map(|os| interner.text(os)),
            tolerates: !pod.tolerations.is_empty(),
        },
        origin: None,
        slots: slots(pod, interner),
        containers: containers(pod, interner),
    }
}

fn shared(pairs: &Pairs<'_>, interner: &mut Interner) -> BTreeMap<Arc<str>, Arc<str>> {
    pairs.iter().map(|(key, value)| (interner.text(key), interner.text(value))).collect()
}

fn pull(namespace: &Arc<str>, pod: &WireSpec<'_>, interner: &mut Interner) -> Arc<PullIdentity> {
    let account = pod
        .service_account_name
        .as_deref()
        .filter(|account| !account.is_empty())
        .unwrap_or("default");
    let identity = PullIdentity {
        namespace: Arc::clone(namespace),
        secrets: pod
            .image_pull_secrets
            .iter()
            .filter(|secret| !secret.name.is_empty())
            .map(|secret| interner.text(&secret.name))
            .collect(),
        service_account: interner.text(account),
    };
    interner.pull(identity)
}

fn slots(pod: &WireSpec<'_>, interner: &mut Interner) -> Vec<Slot> {
    let containers = |kind: SlotKind, list: &'_ [WireContainer<'_>], interner: &mut Interner| {
        list.iter()
            .filter_map(|container| {
                slot(kind, &container.name, container.image.as_ref()?, interner)
            })
            .collect::<Vec<_>>()
    };
    let mut slots = containers(SlotKind::Container, &pod.containers, interner);
    slots.append(&mut containers(SlotKind::InitContainer, &pod.init_containers, interner));
    slots.append(&mut containers(
        SlotKind::EphemeralContainer,
        &pod.ephemeral_containers,
        interner,
    ));
    slots.extend(pod.volumes.iter().filter_map(|volume| {
        let reference = volume.image.as_ref()?.reference.as_ref()?;
        slot(SlotKind::Volume, &volume.name, reference, interner)
    }));
    slots.shrink_to_fit();
    slots
}

fn containers(pod: &WireSpec<'_>, interner: &mut Interner) -> Vec<Arc<str>> {
    let containers = [&pod.containers, &pod.init_containers, &pod.ephemeral_containers];
    let volumes = pod.volumes.iter().filter(|volume| volume.image.is_some());
    let mut names: Vec<Arc<str>> = containers
        .into_iter()
        .flatten()
        .map(|container| &container.name)
        .chain(volumes.map(|volume| &volume.name))
        .map(|name| interner.text(name))
        .collect();
    names.shrink_to_fit();
    names
}

/// Nothing, when no image is named: something else completes such a template.
fn slot(
    kind: SlotKind,
    name: &str,
    image: &PlacedText<'_>,
    interner: &mut Interner,
) -> Option<Slot> {
    (!image.is_empty()).then(|| Slot {
        kind,
        name: interner.text(name),
        image: interner.image(image),
        running: Running::NotAsked,
        line: image.line,
    })
}

#[cfg(test)]
mod tests;
