//! Which pods are new. A Deployment tells it by the `ReplicaSet` of its newest revision, a
//! `DaemonSet` by its newest `ControllerRevision`, a `StatefulSet` by its status: each names a hash
//! that the pods carry as a label. Looked up once per template, and only after the controller has
//! seen it, because before there are none.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::adapters::workload::{Text, WireSpec};
use crate::domain::inventory::Kind;
use crate::domain::rollout::Images;

use super::client::RequestError;
use super::cluster::{Inner, decode};
use super::list::{Filter, Resource, list};
use super::object::places;
use super::page::items;
use super::seen::ObjectSeen;

/// What tells the new pods of an object from the old ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewPods {
    /// Selects them.
    pub(super) labels: String,
    /// The uid of what controls them.
    pub(super) owner: Arc<str>,
}

/// A `ReplicaSet` or `ControllerRevision` that carries the wanted images.
struct Revision {
    number: i64,
    uid: Arc<str>,
    hash: String,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Wire<'a> {
    metadata: Metadata<'a>,
    /// `ReplicaSet`.
    spec: Option<WireSpec<'a>>,
    /// `ControllerRevision`: a part of the object.
    data: Option<Data<'a>>,
    revision: i64,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Data<'a> {
    spec: WireSpec<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct Metadata<'a> {
    uid: Text<'a>,
    labels: Labels<'a>,
    annotations: Option<Annotations<'a>>,
    owner_references: Option<Vec<Owner<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Labels<'a> {
    #[serde(rename = "pod-template-hash")]
    template: Option<Text<'a>>,
    #[serde(rename = "controller-revision-hash")]
    revision: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Annotations<'a> {
    #[serde(rename = "deployment.kubernetes.io/revision")]
    revision: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Owner<'a> {
    uid: Text<'a>,
    controller: Option<bool>,
}

/// The new pods of an object; none where there is nothing (yet) that tells them.
pub(super) async fn new_pods(
    inner: &Arc<Inner>,
    namespace: &str,
    object: &ObjectSeen,
    images: &Images,
) -> Result<Option<NewPods>, RequestError> {
    let Some(selector) = &object.selector else {
        return Ok(None);
    };
    let (resource, label) = match object.seen.kind {
        Kind::Deployment => (Resource::REPLICA_SETS, "pod-template-hash"),
        Kind::DaemonSet => (Resource::REVISIONS, "controller-revision-hash"),
        Kind::StatefulSet if object.revision.is_empty() => return Ok(None),
        Kind::StatefulSet => {
            return Ok(Some(NewPods {
                labels: format!("{selector},controller-revision-hash={}", object.revision),
                owner: Arc::clone(&object.uid),
            }));
        }
        Kind::CronJob | Kind::Job | Kind::ReplicaSet | Kind::Pod | Kind::Release => {
            return Ok(None);
        }
    };
    let filter = Filter { labels: Some(selector.clone()), fields: None };
    let page = |bytes: &[u8], kept: &mut Vec<Revision>| revisions(bytes, object, images, kept);
    let found = list(inner, resource, Some(namespace), &filter, page).await?;
    Ok(found.into_iter().max_by_key(|revision| revision.number).map(|revision| NewPods {
        labels: format!("{selector},{label}={}", revision.hash),
        owner: match object.seen.kind {
            Kind::Deployment => revision.uid,
            _ => Arc::clone(&object.uid),
        },
    }))
}

fn revisions(
    bytes: &[u8],
    object: &ObjectSeen,
    images: &Images,
    kept: &mut Vec<Revision>,
) -> Result<(), RequestError> {
    items(bytes, |raw: &RawValue| {
        let Ok(wire) = decode::<Wire<'_>>(raw.get().as_bytes()) else {
            return;
        };
        kept.extend(revision(&wire, object, images));
    })
}

fn revision(wire: &Wire<'_>, object: &ObjectSeen, images: &Images) -> Option<Revision> {
    let mut owners = wire.metadata.owner_references.iter().flatten();
    owners.find(|owner| owner.controller == Some(true) && *owner.uid == *object.uid)?;
    let spec = wire.data.as_ref().map(|data| &data.spec).or(wire.spec.as_ref())?;
    let found = places(spec.pod());
    let same = images.iter().all(|(slot, image)| {
        found.iter().any(|place| place.slot == *slot && place.image == *image)
    });
    if !same {
        return None;
    }
    let labels = &wire.metadata.labels;
    let hash = match wire.data {
        Some(_) => labels.revision.as_ref()?,
        None => labels.template.as_ref()?,
    };
    let written =
        wire.metadata.annotations.as_ref().and_then(|annotations| annotations.revision.as_ref());
    Some(Revision {
        number: written.map_or(Some(wire.revision), |text| text.parse().ok())?,
        uid: (*wire.metadata.uid).into(),
        hash: hash.to_string(),
    })
}
