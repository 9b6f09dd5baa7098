//! One pod as a watch sees it: what its node says of each container, and what stands in its way.
//! Foreign words are shortened, because a watch keeps every pod.

use std::sync::Arc;

use serde::Deserialize;

use crate::adapters::workload::{Text, WireVolume};
use crate::domain::change::SlotId;
use crate::domain::health::{Container, Ended, Pod, State};
use crate::domain::inventory::SlotKind;

use super::client::RequestError;
use super::cluster::decode;
use super::running::digest;

/// What is kept of one message.
const MESSAGE_MAX: usize = 1000;

/// A pod and who controls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnedPod {
    pub(super) pod: Pod,
    /// The uid of its controller.
    pub(super) owner: Option<Arc<str>>,
    /// Its state.
    pub(super) version: Arc<str>,
    /// The images that it mounts, by the names of the volumes.
    volumes: Vec<(Arc<str>, Arc<str>)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WirePod<'a> {
    metadata: Metadata<'a>,
    spec: Spec<'a>,
    status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct Metadata<'a> {
    name: Text<'a>,
    uid: Text<'a>,
    resource_version: Text<'a>,
    deletion_timestamp: Option<Text<'a>>,
    owner_references: Option<Vec<Owner<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Owner<'a> {
    uid: Text<'a>,
    controller: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct Spec<'a> {
    containers: Option<Vec<Named<'a>>>,
    init_containers: Option<Vec<Named<'a>>>,
    volumes: Option<Vec<WireVolume<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Named<'a> {
    name: Text<'a>,
    image: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct Status<'a> {
    phase: Option<Text<'a>>,
    reason: Option<Text<'a>>,
    message: Option<Text<'a>>,
    conditions: Option<Vec<Condition<'a>>>,
    container_statuses: Option<Vec<ContainerStatus<'a>>>,
    init_container_statuses: Option<Vec<ContainerStatus<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Condition<'a> {
    #[serde(rename = "type")]
    kind: Text<'a>,
    status: Text<'a>,
    reason: Option<Text<'a>>,
    message: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct ContainerStatus<'a> {
    name: Text<'a>,
    #[serde(rename = "imageID")]
    image_id: Option<Text<'a>>,
    restart_count: Option<u32>,
    state: Option<WireState<'a>>,
    last_state: Option<WireState<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct WireState<'a> {
    waiting: Option<Waiting<'a>>,
    terminated: Option<Terminated<'a>>,
    running: Option<Running>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Running {}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Waiting<'a> {
    reason: Option<Text<'a>>,
    message: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct Terminated<'a> {
    exit_code: i32,
    reason: Option<Text<'a>>,
    message: Option<Text<'a>>,
}

impl OwnedPod {
    /// Reads a pod from its JSON.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, RequestError> {
        let WirePod { metadata, spec, status } = decode(bytes)?;
        if metadata.uid.is_empty() {
            return Err(RequestError::Malformed("a pod has no uid".into()));
        }
        let condition = |kind: &str| {
            status.conditions.iter().flatten().find(|condition| &*condition.kind == kind)
        };
        let unschedulable = condition("PodScheduled").filter(|condition| {
            &*condition.status == "False" && condition.reason.as_deref() == Some("Unschedulable")
        });
        let mut containers = Vec::new();
        for (kind, names, statuses) in [
            (SlotKind::Container, &spec.containers, &status.container_statuses),
            (SlotKind::InitContainer, &spec.init_containers, &status.init_container_statuses),
        ] {
            containers.extend(names.iter().flatten().map(|named| {
                let known = statuses.iter().flatten().find(|status| status.name == named.name);
                container(kind, named, known)
            }));
        }
        let mut owners = metadata.owner_references.iter().flatten();
        Ok(Self {
            owner: owners
                .find(|owner| owner.controller == Some(true))
                .map(|owner| (*owner.uid).into()),
            version: (*metadata.resource_version).into(),
            volumes: spec
                .volumes
                .iter()
                .flatten()
                .filter_map(|volume| {
                    let image = volume.image.as_ref()?.reference.as_deref()?;
                    Some(((*volume.name).into(), image.into()))
                })
                .collect(),
            pod: Pod {
                name: (*metadata.name).into(),
                uid: (*metadata.uid).into(),
                ready: condition("Ready").is_some_and(|condition| &*condition.status == "True"),
                ending: metadata.deletion_timestamp.is_some(),
                failed: (status.phase.as_deref() == Some("Failed"))
                    .then(|| words(&[status.reason.as_ref(), status.message.as_ref()])),
                unschedulable: unschedulable.map(|condition| words(&[condition.message.as_ref()])),
                containers,
            },
        })
    }

    /// The image of a slot, where the pod has one there.
    pub(super) fn image(&self, slot: &SlotId) -> Option<&str> {
        if slot.kind == SlotKind::Volume {
            let volume = self.volumes.iter().find(|(name, _)| *name == slot.name);
            return volume.map(|(_, image)| &**image);
        }
        let container = self.pod.containers.iter().find(|container| container.slot == *slot)?;
        Some(&container.image)
    }
}

/// A container that no node has reported of has not begun.
fn container(kind: SlotKind, named: &Named<'_>, status: Option<&ContainerStatus<'_>>) -> Container {
    let not_begun = || State::Waiting { reason: Arc::from(""), message: String::new() };
    let state = status.and_then(|status| status.state.as_ref());
    Container {
        slot: SlotId { kind, name: (*named.name).into() },
        image: named.image.as_deref().unwrap_or_default().into(),
        digest: status.and_then(|status| digest(status.image_id.as_deref()?)),
        restarts: status.and_then(|status| status.restart_count).unwrap_or(0),
        state: match state {
            Some(WireState { waiting: Some(waiting), .. }) => State::Waiting {
                reason: waiting.reason.as_deref().unwrap_or_default().into(),
                message: words(&[waiting.message.as_ref()]),
            },
            Some(WireState { terminated: Some(ended), .. }) => State::Ended(self::ended(ended)),
            Some(WireState { running: Some(_), .. }) => State::Running,
            _ => not_begun(),
        },
        last: status
            .and_then(|status| status.last_state.as_ref()?.terminated.as_ref())
            .map(self::ended),
    }
}

fn ended(ended: &Terminated<'_>) -> Ended {
    Ended {
        code: ended.exit_code,
        reason: ended.reason.as_deref().unwrap_or_default().into(),
        message: words(&[ended.message.as_ref()]),
    }
}

/// What is said, in one text that is not too long.
fn words(parts: &[Option<&Text<'_>>]) -> String {
    let parts: Vec<&str> =
        parts.iter().filter_map(|part| part.as_deref()).map(|part| &**part).collect();
    parts.join(": ").trim().chars().take(MESSAGE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> OwnedPod {
        OwnedPod::read(json.as_bytes()).expect("the fixture is a pod")
    }

    #[test]
    fn what_a_node_says_is_kept() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let read = read(&format!(
            r#"{{"metadata":{{"name":"web-1","uid":"u","resourceVersion":"9","deletionTimestamp":null,
                "ownerReferences":[{{"uid":"x"}},{{"uid":"rs","controller":true}}]}},
            "spec":{{"containers":[{{"name":"app","image":"app:2"}},{{"name":"side","image":"side:1"}},
                {{"name":"late","image":"late:1"}}],"initContainers":[{{"name":"app","image":"init:1"}}]}},
            "status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"False"}},
                {{"type":"PodScheduled","status":"True"}}],
              "containerStatuses":[
                {{"name":"side","imageID":"r/side@{digest}","restartCount":0,"state":{{"running":{{}}}}}},
                {{"name":"app","imageID":"","restartCount":3,
                  "state":{{"waiting":{{"reason":"CrashLoopBackOff","message":"back-off 40s"}}}},
                  "lastState":{{"terminated":{{"exitCode":137,"reason":"OOMKilled"}}}}}}],
              "initContainerStatuses":[{{"name":"app","restartCount":0,
                  "state":{{"terminated":{{"exitCode":0,"reason":"Completed","message":"ok"}}}}}}]}}}}"#
        ));
        assert_eq!((read.owner.as_deref(), &*read.version), (Some("rs"), "9"));
        let pod = &read.pod;
        assert!(!pod.ready && !pod.ending && pod.failed.is_none() && pod.unschedulable.is_none());
        let [app, side, late, init] = pod.containers.as_slice() else {
            panic!("{pod:?}");
        };
        assert_eq!(app.restarts, 3);
        assert!(
            matches!(&app.state, State::Waiting { reason, .. } if &**reason == "CrashLoopBackOff")
        );
        assert_eq!(app.last.as_ref().map(|ended| ended.code), Some(137));
        assert_eq!(app.digest, None);
        assert_eq!(side.digest.as_ref().map(ToString::to_string), Some(digest));
        assert_eq!(side.state, State::Running);
        assert!(matches!(&late.state, State::Waiting { reason, .. } if reason.is_empty()));
        assert_eq!(init.slot.kind, SlotKind::InitContainer);
        assert!(matches!(&init.state, State::Ended(ended) if ended.code == 0));
        assert_eq!(read.image(&init.slot), Some("init:1"));
    }

    #[test]
    fn what_stands_in_the_way_of_a_pod_is_kept() {
        let failed = read(
            r#"{"metadata":{"uid":"u","deletionTimestamp":"2026-01-01T00:00:00Z"},
                "status":{"phase":"Failed","reason":"Evicted","message":"disk"}}"#,
        );
        assert_eq!(failed.pod.failed.as_deref(), Some("Evicted: disk"));
        assert!(failed.pod.ending);
        let pending = read(
            r#"{"metadata":{"uid":"u"},"status":{"phase":"Pending","conditions":[
                {"type":"PodScheduled","status":"False","reason":"Unschedulable",
                 "message":"0/3 nodes are available"}]}}"#,
        );
        assert_eq!(pending.pod.unschedulable.as_deref(), Some("0/3 nodes are available"));
        assert!(OwnedPod::read(b"{}").is_err());
    }
}
