//! One object in full: what the inventory reads of it, and beside that what only a write or a watch
//! asks for (uid, state, counters, conditions, who wrote the images). The inventory does not pay for
//! it, because lists of ten thousand objects do not come through here.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::adapters::hash::sha256;
use crate::adapters::workload::{PlacedText, Text, WireContainer, WireObject, WireSpec};
use crate::domain::change::{ObjectId, SlotId};
use crate::domain::health::Counts;
use crate::domain::inventory::{Kind, SlotKind};
use crate::ports::rollouts::Placed;

use super::client::RequestError;
use super::cluster::decode;
use super::list::{Resource, is_path_segment};

/// A progress deadline beyond this is none: Kubernetes writes 2147483647 for "never".
const DEADLINE_MAX: Duration = Duration::from_hours(24);

/// Path of an object; none when its name cannot be one.
pub(super) fn path(object: &ObjectId) -> Option<String> {
    let named = is_path_segment(&object.namespace) && is_path_segment(&object.name);
    named.then(|| {
        format!("{}/{}", Resource::of(object.kind).path(Some(&object.namespace)), object.name)
    })
}

/// An object and what else is read of it.
#[derive(Debug)]
pub(super) struct Object<'a> {
    pub(super) wire: WireObject<'a>,
    pub(super) more: More<'a>,
}

/// What the inventory does not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct More<'a> {
    pub(super) metadata: MoreMetadata<'a>,
    pub(super) spec: MoreSpec<'a>,
    pub(super) status: MoreStatus<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub(super) struct MoreMetadata<'a> {
    pub(super) uid: Text<'a>,
    pub(super) resource_version: Text<'a>,
    pub(super) deletion_timestamp: Option<Text<'a>>,
    managed_fields: Option<Vec<Entry<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct Entry<'a> {
    manager: Text<'a>,
    operation: Text<'a>,
    subresource: Option<Text<'a>>,
    /// RFC 3339 in UTC, so that it sorts as text.
    time: Option<Text<'a>>,
    #[serde(rename = "fieldsV1", borrow)]
    fields: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub(super) struct MoreSpec<'a> {
    progress_deadline_seconds: Option<u64>,
    #[serde(borrow, alias = "jobTemplate")]
    template: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub(super) struct MoreStatus<'a> {
    ready_replicas: Option<u32>,
    available_replicas: Option<u32>,
    current_number_scheduled: Option<u32>,
    number_ready: Option<u32>,
    number_available: Option<u32>,
    conditions: Option<Vec<Condition<'a>>>,
}

/// A condition with its words and its time.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub(super) struct Condition<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Text<'a>,
    pub(super) status: Text<'a>,
    pub(super) reason: Option<Text<'a>>,
    pub(super) message: Option<Text<'a>>,
    pub(super) last_update_time: Option<Text<'a>>,
}

/// Who wrote images last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Writer {
    pub(super) manager: Arc<str>,
    pub(super) operation: Arc<str>,
    /// When, by the server's clock.
    pub(super) at: Arc<str>,
}

impl<'a> Object<'a> {
    /// Reads an object from its JSON.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, RequestError> {
        let object = Self { wire: decode(bytes)?, more: decode(bytes)? };
        if object.more.metadata.uid.is_empty() {
            return Err(RequestError::Malformed("it has no uid".into()));
        }
        Ok(object)
    }

    /// The images and where they stand.
    pub(super) fn places(&self) -> Vec<Placed> {
        places(self.wire.spec.pod())
    }

    /// SHA-256 of the pod template; empty where there is none.
    pub(super) fn template_hash(&self) -> String {
        let template = self.more.spec.template;
        template.map_or_else(String::new, |template| sha256([template.get().as_bytes()]))
    }

    /// The manager that wrote an image last.
    pub(super) fn writer(&self) -> Option<Writer> {
        let managers = self.more.metadata.managed_fields.iter().flatten();
        managers
            .filter(|manager| manager.subresource.as_deref().is_none_or(str::is_empty))
            .filter(|manager| manager.fields.is_some_and(|fields| names_an_image(fields.get())))
            .max_by_key(|manager| manager.time.clone().unwrap_or_default())
            .map(|manager| Writer {
                manager: (*manager.manager).into(),
                operation: (*manager.operation).into(),
                at: manager.time.as_deref().unwrap_or_default().into(),
            })
    }

    /// The object's own progress deadline, where it sets one that will come.
    pub(super) fn progress_deadline(&self) -> Option<Duration> {
        let seconds = self.more.spec.progress_deadline_seconds?;
        Some(Duration::from_secs(seconds)).filter(|deadline| *deadline <= DEADLINE_MAX)
    }

    /// Pods that are wanted (for a `DaemonSet` nodes); zero for kinds that count none.
    pub(super) fn wanted(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet => {
                self.wire.spec.replicas.unwrap_or(1)
            }
            Kind::DaemonSet => self.wire.status.desired_number_scheduled,
            Kind::CronJob | Kind::Job | Kind::Pod | Kind::Release => 0,
        }
    }

    /// Counters of the status.
    pub(super) fn counts(&self, kind: Kind) -> Counts {
        let (status, more) = (&self.wire.status, &self.more.status);
        match kind {
            Kind::DaemonSet => Counts {
                total: more.current_number_scheduled.unwrap_or(0),
                updated: status.updated_number_scheduled,
                ready: more.number_ready.unwrap_or(0),
                available: more.number_available.unwrap_or(0),
            },
            _ => Counts {
                total: status.replicas,
                updated: status.updated_replicas,
                ready: more.ready_replicas.unwrap_or(0),
                available: more.available_replicas.unwrap_or(0),
            },
        }
    }

    /// The generation was seen by the controller, where the kind's controller tells that.
    pub(super) fn is_observed(&self, kind: Kind) -> bool {
        match kind {
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet => {
                self.wire.status.observed_generation >= self.wire.metadata.generation.unwrap_or(0)
            }
            Kind::CronJob | Kind::Job | Kind::Pod | Kind::Release => true,
        }
    }

    /// Every replica is ready and available.
    pub(super) fn is_healthy(&self, kind: Kind) -> bool {
        let (wanted, counts) = (self.wanted(kind), self.counts(kind));
        self.is_observed(kind) && counts.ready >= wanted && counts.available >= wanted
    }

    /// A condition of the status.
    pub(super) fn condition(&self, kind: &str) -> Option<&Condition<'a>> {
        let conditions = self.more.status.conditions.iter().flatten();
        conditions.into_iter().find(|condition| &*condition.kind == kind)
    }
}

/// The images of a pod spec and where they stand.
pub(super) fn places(pod: &WireSpec<'_>) -> Vec<Placed> {
    let place = |kind, index, name: &str, image: Option<&PlacedText<'_>>| {
        let image = image.filter(|image| !image.is_empty())?;
        let slot = SlotId { kind, name: name.into() };
        Some(Placed { slot, index, image: (**image).into() })
    };
    let containers = |kind, list: &[WireContainer<'_>]| {
        list.iter()
            .enumerate()
            .filter_map(|(at, one)| place(kind, at, &one.name, one.image.as_ref()))
            .collect::<Vec<_>>()
    };
    let mut places = containers(SlotKind::Container, &pod.containers);
    places.append(&mut containers(SlotKind::InitContainer, &pod.init_containers));
    places.append(&mut containers(SlotKind::EphemeralContainer, &pod.ephemeral_containers));
    places.extend(pod.volumes.iter().enumerate().filter_map(|(at, volume)| {
        let image = volume.image.as_ref()?.reference.as_ref();
        place(SlotKind::Volume, at, &volume.name, image)
    }));
    places
}

/// Whether a set of managed fields contains an image of a pod template.
fn names_an_image(fields: &str) -> bool {
    let Ok(fields) = serde_json::from_str::<Value>(fields) else {
        return false;
    };
    let spec = &fields["f:spec"];
    let job = &spec["f:jobTemplate"]["f:spec"];
    let pods = [&spec["f:template"]["f:spec"], &job["f:template"]["f:spec"], spec];
    let named = |list: &Value, field: &str| {
        let entries = list.as_object().into_iter().flatten();
        entries.into_iter().any(|(_, entry)| entry.get(field).is_some())
    };
    pods.into_iter().any(|pod| {
        named(&pod["f:containers"], "f:image")
            || named(&pod["f:initContainers"], "f:image")
            || named(&pod["f:volumes"], "f:image")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYMENT: &str = r#"{"metadata":{"name":"web","namespace":"n","uid":"u-1",
        "resourceVersion":"7","generation":2,"managedFields":[
        {"manager":"helm","operation":"Apply","time":"2026-01-02T00:00:00Z","fieldsV1":
            {"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:image":{}}}}}}}},
        {"manager":"later","operation":"Update","time":"2026-03-02T00:00:00Z","fieldsV1":
            {"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{"f:env":{}}}}}}}},
        {"manager":"kubectl-set","operation":"Update","time":"2026-02-02T00:00:00Z","fieldsV1":
            {"f:spec":{"f:template":{"f:spec":{"f:initContainers":{"k:{\"name\":\"i\"}":{"f:image":{}}}}}}}},
        {"manager":"status","operation":"Update","subresource":"status","time":"2026-04-02T00:00:00Z",
         "fieldsV1":{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{}":{"f:image":{}}}}}}}}]},
        "spec":{"replicas":2,"progressDeadlineSeconds":600,"template":{"spec":{
            "initContainers":[{"name":"i","image":"init:1"}],
            "containers":[{"name":"x"},{"name":"app","image":"app:1"}],
            "volumes":[{"name":"c"},{"name":"v","image":{"reference":"vol:1"}}]}}},
        "status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"readyReplicas":2,
            "availableReplicas":1,"conditions":[{"type":"Progressing","status":"True"}]}}"#;

    fn read(json: &str) -> Object<'_> {
        Object::read(json.as_bytes()).expect("the fixture is an object")
    }

    #[test]
    fn images_keep_their_place_in_their_list() {
        let places = read(DEPLOYMENT).places();
        let short: Vec<_> =
            places.iter().map(|place| (place.slot.kind, place.index, &*place.image)).collect();
        assert_eq!(
            short,
            [
                (SlotKind::Container, 1, "app:1"),
                (SlotKind::InitContainer, 0, "init:1"),
                (SlotKind::Volume, 1, "vol:1"),
            ]
        );
    }

    #[test]
    fn the_writer_of_images_is_the_newest_that_holds_one() {
        let writer = read(DEPLOYMENT).writer().expect("somebody wrote it");
        assert_eq!((&*writer.manager, &*writer.operation), ("kubectl-set", "Update"));
        let cron = r#"{"metadata":{"uid":"u","managedFields":[{"manager":"m","operation":"Update",
            "fieldsV1":{"f:spec":{"f:jobTemplate":{"f:spec":{"f:template":{"f:spec":{"f:volumes":
            {"k:{\"name\":\"v\"}":{"f:image":{"f:reference":{}}}}}}}}}}}]}}"#;
        assert_eq!(&*read(cron).writer().expect("somebody").manager, "m");
        assert!(read(r#"{"metadata":{"uid":"u","managedFields":null}}"#).writer().is_none());
    }

    #[test]
    fn counters_and_deadlines_are_those_of_the_kind() {
        let deployment = read(DEPLOYMENT);
        assert_eq!(deployment.progress_deadline(), Some(Duration::from_mins(10)));
        assert!(!deployment.is_healthy(Kind::Deployment));
        let set = read(
            r#"{"metadata":{"uid":"u","generation":4},"spec":{"progressDeadlineSeconds":2147483647},
                "status":{"observedGeneration":4,"desiredNumberScheduled":3,"currentNumberScheduled":3,
                "updatedNumberScheduled":2,"numberReady":3,"numberAvailable":3}}"#,
        );
        assert_eq!(set.progress_deadline(), None);
        assert!(set.is_healthy(Kind::DaemonSet));
        let counts = Counts { total: 3, updated: 2, ready: 3, available: 3 };
        assert_eq!(set.counts(Kind::DaemonSet), counts);
        assert!(Object::read(b"{}").is_err());
    }
}
