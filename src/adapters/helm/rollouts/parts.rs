//! The workloads of a release: those that its manifest names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::super::manifest;
use super::super::stored::StoredRelease;
use crate::domain::change::{ObjectId, SlotId};
use crate::domain::health::JobState;
use crate::domain::inventory::{Kind, SlotKind};
use crate::domain::preview::PreviewObject;
use crate::domain::rollout::Images;
use crate::ports::rollouts::{Inspected, ReadError};

/// The kinds that are judged.
const JUDGED: [Kind; 5] =
    [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::CronJob, Kind::Job];
/// Groups of the API whose other kinds have nothing that runs: written is done.
const AT_REST: [&str; 12] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "autoscaling",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// The workloads of a release as they stood at one moment, in the order of their names; none for one
/// that is not there.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) parts: BTreeMap<ObjectId, Option<PartState>>,
    /// Kinds of objects of which nobody can say whether they work.
    pub(super) unjudged: BTreeSet<String>,
}

/// How a workload stood.
#[derive(Debug, Clone)]
pub(super) struct PartState {
    pub(super) uid: Arc<str>,
    pub(super) healthy: bool,
    pub(super) template: Arc<str>,
    pub(super) images: Images,
    pub(super) generation: i64,
    progress_deadline: Option<Duration>,
    is_job: bool,
}

impl PartState {
    pub(super) fn of(inspected: Inspected) -> Self {
        Self {
            images: inspected.images(),
            uid: inspected.uid,
            healthy: inspected.healthy,
            template: inspected.template_hash.into(),
            generation: inspected.generation,
            progress_deadline: inspected.progress_deadline,
            is_job: false,
        }
    }

    pub(super) fn of_job(state: &JobState) -> Self {
        Self {
            uid: "".into(),
            healthy: !matches!(state, JobState::Failed(_)),
            template: "".into(),
            images: Images::new(),
            generation: 0,
            progress_deadline: None,
            is_job: true,
        }
    }
}

impl Parts {
    pub(super) fn add(&mut self, object: ObjectId, state: Option<PartState>) {
        self.parts.insert(object, state);
    }

    /// Everything that the manifest names is there and complete.
    pub(super) fn are_healthy(&self) -> bool {
        self.parts.values().all(|part| part.as_ref().is_some_and(|part| part.healthy))
    }

    /// The longest that any of them says; none where one says nothing.
    pub(super) fn progress_deadline(&self) -> Option<Duration> {
        let states = || self.parts.values().flatten().filter(|part| !part.is_job);
        if states().any(|part| part.progress_deadline.is_none()) {
            return None;
        }
        states().filter_map(|part| part.progress_deadline).max()
    }

    /// Whether a workload was broken before, and still has the same template (of a Job: has failed).
    pub(super) fn excuse(&self, object: &ObjectId, now: &PartState) -> bool {
        let was = self.parts.get(object).and_then(Option::as_ref);
        was.is_some_and(|was| !was.healthy && was.template == now.template && !now.healthy)
    }
}

fn objects(stored: &StoredRelease) -> Result<Vec<PreviewObject>, ReadError> {
    let release = &stored.release;
    let namespace = release.target_namespace.as_ref().unwrap_or(&release.namespace);
    manifest::read(&stored.manifest, namespace).map_err(|error| {
        ReadError::Unavailable(format!(
            "the manifest of {} revision {} cannot be read: {error}",
            release.id(),
            release.revision
        ))
    })
}

fn workload(object: &PreviewObject) -> Option<ObjectId> {
    let key = &object.key;
    let is_it = |kind: &Kind| kind.as_str() == &*key.kind && kind.group() == &*key.group;
    let kind = JUDGED.into_iter().find(is_it)?;
    // Hooks are helm's to wait for, and gone when it has done so.
    object.marks.hook.is_none().then_some(())?;
    Some(ObjectId {
        namespace: key.namespace.as_deref()?.into(),
        kind,
        name: key.name.as_ref().into(),
    })
}

/// The workloads that a revision names.
pub(super) fn named(stored: &StoredRelease) -> Result<BTreeSet<ObjectId>, ReadError> {
    Ok(objects(stored)?.iter().filter_map(workload).collect())
}

/// The kinds in a revision of which nobody here can say whether they work: custom resources, and pods
/// that nothing replaces.
pub(super) fn unjudged(stored: &StoredRelease) -> Result<BTreeSet<String>, ReadError> {
    let is_unjudged = |object: &&PreviewObject| {
        let (group, kind) = (&*object.key.group, &*object.key.kind);
        let at_rest = match group {
            "" => !matches!(kind, "Pod" | "ReplicationController"),
            _ => AT_REST.contains(&group),
        };
        object.marks.hook.is_none() && workload(object).is_none() && !at_rest
    };
    let found = objects(stored)?;
    Ok(found.iter().filter(is_unjudged).map(|object| object.key.kind.to_string()).collect())
}

/// The workloads that a revision names, with their images.
pub(super) fn images(stored: &StoredRelease) -> Result<Vec<(ObjectId, Images)>, ReadError> {
    let of = |object: &PreviewObject| {
        let images = object.facts.containers.iter().filter_map(|container| {
            let kind = if container.init { SlotKind::InitContainer } else { SlotKind::Container };
            let name: Arc<str> = container.name.as_ref().into();
            Some((SlotId { kind, name }, Arc::from(container.image.as_deref()?)))
        });
        Some((workload(object)?, images.collect()))
    };
    Ok(objects(stored)?.iter().filter_map(of).collect())
}
