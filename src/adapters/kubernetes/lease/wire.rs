//! The Lease of an object: its name, what is read of it, and the documents that change it. A
//! document names the state that it was made for, and holds only what this program writes, so that
//! foreign marks stay.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::adapters::hash::sha256;
use crate::adapters::record::{RecordFormatError, memory_from_texts, memory_to_texts};
use crate::domain::change::ObjectId;
use crate::domain::history::Memory;
use crate::domain::inventory::Kind;

use super::super::client::RequestError;
use super::super::cluster::decode;

/// Selects our Leases.
pub(super) const SELECTOR: &str = "app.kubernetes.io/managed-by=safe-update";
const OBJECT: &str = "safe-update.io/object";
const RECORD: &str = "safe-update.io/record";
const KNOWN_BAD: &str = "safe-update.io/known-bad";
const APPROVALS: &str = "safe-update.io/approvals";
/// How long a lock holds without being renewed.
const DURATION: i64 = 60;
/// How far two clocks may be apart before a living holder is taken for dead.
const SKEW: SignedDuration = SignedDuration::from_secs(15);

/// The name of an object's Lease.
pub(super) fn name(object: &ObjectId) -> String {
    let hash = sha256([format!("{}/{}", object.kind, object.name).as_bytes()]);
    format!("safe-update-{}", &hash[..32])
}

/// A Lease as it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Lease {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: String,
    namespace: String,
    resource_version: String,
    annotations: Annotations,
    owner_references: Vec<Owner>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Annotations {
    #[serde(rename = "safe-update.io/object")]
    object: Option<String>,
    #[serde(rename = "safe-update.io/record")]
    record: Option<String>,
    #[serde(rename = "safe-update.io/known-bad")]
    known_bad: Option<String>,
    #[serde(rename = "safe-update.io/approvals")]
    approvals: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Owner {
    uid: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    holder_identity: Option<String>,
    lease_duration_seconds: Option<i64>,
    acquire_time: Option<Timestamp>,
    renew_time: Option<Timestamp>,
    lease_transitions: Option<i64>,
}

impl Lease {
    /// Reads a Lease from its JSON.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, RequestError> {
        let lease: Self = decode(bytes)?;
        if lease.metadata.resource_version.is_empty() {
            return Err(RequestError::Malformed("it has no resource version".into()));
        }
        Ok(lease)
    }

    /// Its state.
    pub(super) fn version(&self) -> &str {
        &self.metadata.resource_version
    }

    /// Whoever is written there, alive or not.
    pub(super) fn written_holder(&self) -> Option<&str> {
        self.spec.holder_identity.as_deref().filter(|holder| !holder.is_empty())
    }

    /// Who holds it now, and since when.
    pub(super) fn holder(&self, now: Timestamp) -> Option<(Arc<str>, Option<Timestamp>)> {
        let holder = self.written_holder()?;
        let renewed = self.spec.renew_time.or(self.spec.acquire_time)?;
        let seconds = self.spec.lease_duration_seconds.unwrap_or(DURATION);
        let length = SignedDuration::from_secs(seconds).saturating_add(SKEW);
        // A time that cannot be reckoned with is no proof of life.
        let expires = renewed.checked_add(length).ok()?;
        (now < expires).then(|| (holder.into(), self.spec.acquire_time))
    }

    /// Whether it is the state that this holder wrote at this time.
    pub(super) fn was_written_by(&self, holder: Option<&str>, at: Timestamp) -> bool {
        self.written_holder() == holder
            && self.spec.renew_time.is_some_and(|known| micro(known) == micro(at))
    }

    /// Whether it belongs to another object of the same name.
    pub(super) fn is_of_another(&self, uid: &str) -> bool {
        let owners = &self.metadata.owner_references;
        !owners.is_empty() && !owners.iter().any(|owner| owner.uid == uid)
    }

    /// The object, where the Lease is really the one that this object has.
    pub(super) fn object(&self) -> Option<ObjectId> {
        let object: ObjectId = self.metadata.annotations.object.as_deref()?.parse().ok()?;
        let same =
            *object.namespace == *self.metadata.namespace && name(&object) == self.metadata.name;
        same.then_some(object)
    }

    /// What is remembered.
    pub(super) fn memory(&self) -> Result<Memory, RecordFormatError> {
        let Annotations { record, known_bad, approvals, .. } = &self.metadata.annotations;
        memory_from_texts(record.as_deref(), known_bad.as_deref(), approvals.as_deref())
    }
}

/// What a document does to the holder.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holder<'a> {
    /// Takes the lock.
    Takes(&'a str),
    /// Keeps it.
    Keeps(&'a str),
    /// Gives it back.
    Leaves,
    /// Only changes what is remembered while nobody holds it.
    Nobody,
}

impl<'a> Holder<'a> {
    /// Who stands there afterwards.
    pub(super) fn afterwards(self) -> Option<&'a str> {
        match self {
            Self::Takes(holder) | Self::Keeps(holder) => Some(holder),
            Self::Leaves | Self::Nobody => None,
        }
    }
}

/// The document that makes a Lease, or with `before` a merge patch of the one that is there.
pub(super) fn document(
    object: &ObjectId,
    uid: Option<&str>,
    before: Option<&Before>,
    holder: Holder<'_>,
    memory: &Memory,
    now: Timestamp,
) -> Value {
    let texts = memory_to_texts(memory);
    let mut annotations = Map::new();
    annotations.insert(OBJECT.to_owned(), json!(object.to_string()));
    annotations.insert(KNOWN_BAD.to_owned(), json!(texts.known_bad));
    annotations.insert(APPROVALS.to_owned(), json!(texts.approvals));
    if texts.record.is_some() || before.is_some() {
        annotations.insert(RECORD.to_owned(), json!(texts.record));
    }
    let mut metadata = json!({
        "labels": {"app.kubernetes.io/managed-by": "safe-update"},
        "annotations": annotations,
    });
    // A release is no object that could own one.
    if let Some(uid) = uid.filter(|_| object.kind != Kind::Release) {
        // The Lease goes when the object goes.
        metadata["ownerReferences"] = json!([{
            "apiVersion": object.kind.api_version(),
            "kind": object.kind.as_str(),
            "name": &*object.name,
            "uid": uid,
            "controller": false,
            "blockOwnerDeletion": false,
        }]);
    }
    if let Some(before) = before {
        metadata["resourceVersion"] = json!(before.version);
    } else {
        metadata["name"] = json!(name(object));
        metadata["namespace"] = json!(&*object.namespace);
    }
    let mut spec = json!({"leaseDurationSeconds": DURATION, "renewTime": micro(now)});
    match holder {
        Holder::Takes(holder) => {
            spec["holderIdentity"] = json!(holder);
            spec["acquireTime"] = json!(micro(now));
            let transitions = before.map_or(0, |before| before.transitions.saturating_add(1));
            spec["leaseTransitions"] = json!(transitions);
        }
        Holder::Keeps(holder) => spec["holderIdentity"] = json!(holder),
        Holder::Leaves | Holder::Nobody if before.is_some() => {
            spec["holderIdentity"] = Value::Null;
        }
        Holder::Leaves | Holder::Nobody => {}
    }
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata,
        "spec": spec,
    })
}

/// The state that a document is made for.
#[derive(Debug, Clone)]
pub(super) struct Before {
    pub(super) version: String,
    pub(super) transitions: i64,
}

impl From<&Lease> for Before {
    fn from(lease: &Lease) -> Self {
        Self {
            version: lease.version().to_owned(),
            transitions: lease.spec.lease_transitions.unwrap_or(0),
        }
    }
}

/// A time as the API writes it: always six digits of a second.
fn micro(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> ObjectId {
        "n/deploy/web".parse().expect("an object")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn lease(spec: &str) -> Lease {
        let json = format!(r#"{{"metadata":{{"resourceVersion":"7"}},"spec":{spec}}}"#);
        Lease::read(json.as_bytes()).expect("the fixture is a Lease")
    }

    #[test]
    fn a_holder_lives_until_its_time_and_the_skew_have_passed() {
        let spec = r#"{"holderIdentity":"a","leaseDurationSeconds":60,
            "acquireTime":"2026-01-01T00:00:00.000000Z","renewTime":"2026-01-01T00:01:00.000000Z"}"#;
        let lease = lease(spec);
        let held = |now: &str| lease.holder(at(now)).is_some();
        assert!(held("2026-01-01T00:01:00Z") && held("2026-01-01T00:02:14Z"));
        assert!(!held("2026-01-01T00:02:15Z"));
        let now = at("2026-01-01T00:01:00Z");
        for spec in ["{}", r#"{"holderIdentity":"","renewTime":"2026-01-01T00:01:00Z"}"#] {
            assert!(super::tests::lease(spec).holder(now).is_none(), "{spec}");
        }
    }

    #[test]
    fn a_lease_is_ours_by_its_name_and_its_mark() {
        let named = |name: &str, object: &str| {
            let json = format!(
                r#"{{"metadata":{{"name":"{name}","namespace":"n","resourceVersion":"1",
                    "annotations":{{"safe-update.io/object":"{object}"}}}}}}"#
            );
            Lease::read(json.as_bytes()).expect("the fixture is a Lease").object()
        };
        let name = name(&object());
        assert_eq!(name.len(), "safe-update-".len() + 32);
        assert_eq!(named(&name, "n/deploy/web"), Some(object()));
        for (name, object) in [
            ("other", "n/deploy/web"),
            (&*name, "m/deploy/web"),
            (&*name, "n/sts/web"),
            (&*name, ""),
        ] {
            assert_eq!(named(name, object), None, "{name} {object}");
        }
    }

    #[test]
    fn what_a_newer_version_wrote_is_refused_by_its_format() {
        for mark in [RECORD, KNOWN_BAD, APPROVALS] {
            let newer = r#"{"v":2,"everything":"else"}"#;
            let metadata = json!({"resourceVersion": "7", "annotations": {mark: newer}});
            let lease = Lease::read(json!({"metadata": metadata}).to_string().as_bytes());
            let error = lease.expect("the fixture is a Lease").memory().expect_err(mark);
            assert_eq!(error, RecordFormatError::Newer { found: 2, known: 1 }, "{mark}");
            assert_eq!(error.to_string(), "format 2 is newer than this program knows (1)");
        }
    }

    #[test]
    fn documents_name_the_state_that_they_are_made_for() {
        let now = at("2026-01-01T00:00:00.5Z");
        let memory = Memory::default();
        let made = document(&object(), Some("u"), None, Holder::Takes("a"), &memory, now);
        assert_eq!(made["spec"]["acquireTime"], "2026-01-01T00:00:00.500000Z");
        assert_eq!(made["metadata"]["ownerReferences"][0]["blockOwnerDeletion"], false);
        assert!(made["metadata"]["resourceVersion"].is_null());
        let before = Before { version: "7".into(), transitions: 3 };
        let patch = document(&object(), None, Some(&before), Holder::Takes("b"), &memory, now);
        assert_eq!(patch["metadata"]["resourceVersion"], "7");
        assert_eq!(patch["spec"]["leaseTransitions"], 4);
        let patch = document(&object(), None, Some(&before), Holder::Leaves, &memory, now);
        assert!(patch["spec"]["holderIdentity"].is_null());
        assert!(patch["spec"]["acquireTime"].is_null());
    }
}
