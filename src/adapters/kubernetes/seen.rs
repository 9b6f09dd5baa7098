//! An object and a Job as one event of a watch shows them. What a controller said about an earlier
//! state of the template is left out.

use std::sync::Arc;

use crate::adapters::workload::{Interner, workload};
use crate::domain::health::{JobState, Seen};
use crate::domain::inventory::{Kind, Leg};

use super::client::RequestError;
use super::object::Object;
use super::selector::written;

/// What is kept of one message.
const MESSAGE_MAX: usize = 1000;

/// An object of a watch.
#[derive(Debug, Clone)]
pub(super) struct ObjectSeen {
    pub(super) uid: Arc<str>,
    pub(super) version: Arc<str>,
    /// Everything but the pods.
    pub(super) seen: Seen,
    /// Its controller has seen the generation.
    pub(super) observed: bool,
    /// Selects its pods, old and new.
    pub(super) selector: Option<String>,
    /// Changes when the template does.
    pub(super) template: String,
    /// `StatefulSet`: the revision that is wanted.
    pub(super) revision: Arc<str>,
    /// When the images were written, by the server's clock; empty where that is not known.
    pub(super) written_at: Arc<str>,
}

impl ObjectSeen {
    /// Reads an object from its JSON.
    pub(super) fn read(kind: Kind, bytes: &[u8]) -> Result<Self, RequestError> {
        let object = Object::read(bytes)?;
        let rollout =
            workload(kind, &object.wire, Leg::Kubernetes, &mut Interner::default()).rollout;
        let writer = object.writer();
        let written_at = writer.as_ref().map_or_else(|| Arc::from(""), |one| Arc::clone(&one.at));
        let observed = object.is_observed(kind);
        // A condition that was there before the write speaks of what was before.
        let deadline_exceeded = observed
            && object.condition("Progressing").is_some_and(|condition| {
                condition.reason.as_deref() == Some("ProgressDeadlineExceeded")
                    && condition.last_update_time.as_deref().is_none_or(|at| *at > *written_at)
            });
        let creation_failure = object
            .condition("ReplicaFailure")
            .filter(|condition| observed && &*condition.status == "True")
            .map(|condition| shortened(condition.message.as_deref().unwrap_or_default()));
        let seen = Seen {
            kind,
            generation: object.wire.metadata.generation.unwrap_or(0),
            observed_generation: match kind {
                // Their controllers tell no generation.
                Kind::CronJob | Kind::Job | Kind::Pod | Kind::Release => {
                    object.wire.metadata.generation.unwrap_or(0)
                }
                _ => object.wire.status.observed_generation,
            },
            images: object.places().into_iter().map(|place| (place.slot, place.image)).collect(),
            writer: writer.map(|one| format!("{} ({})", one.manager, one.operation).into()),
            paused: rollout.paused,
            strategy: rollout.strategy,
            partition: rollout.partition,
            wanted: object.wanted(kind),
            counts: object.counts(kind),
            deadline_exceeded,
            creation_failure,
            pods: Vec::new(),
            job: None,
            template: object.template_hash().into(),
            probe_failure: None,
        };
        Ok(Self {
            uid: (*object.more.metadata.uid).into(),
            version: (*object.more.metadata.resource_version).into(),
            seen,
            observed,
            selector: object.wire.spec.selector.as_ref().and_then(written),
            template: object.template_hash(),
            revision: (*object.wire.status.update_revision).into(),
            written_at,
        })
    }

    /// Whether this is an earlier state than another, as a server that lags behind tells it.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        let number = |one: &Self| one.version.parse::<u128>().ok();
        match (number(self), number(other)) {
            (Some(own), Some(other)) => own < other,
            _ => self.seen.generation < other.seen.generation,
        }
    }
}

/// A Job of a watch.
#[derive(Debug, Clone)]
pub(super) struct JobSeen {
    pub(super) uid: Arc<str>,
    pub(super) state: JobState,
}

impl JobSeen {
    /// Reads a Job from its JSON.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, RequestError> {
        let job = Object::read(bytes)?;
        let holds =
            |kind: &str| job.condition(kind).filter(|condition| &*condition.status == "True");
        let state = match (holds("Failed").or_else(|| holds("FailureTarget")), holds("Complete")) {
            (Some(failed), _) => {
                let parts = [failed.reason.as_deref(), failed.message.as_deref()];
                let parts: Vec<&str> = parts.into_iter().flatten().collect();
                JobState::Failed(shortened(&parts.join(": ")))
            }
            (None, Some(_)) => JobState::Complete,
            (None, None) => JobState::Active,
        };
        Ok(Self { uid: (*job.more.metadata.uid).into(), state })
    }
}

fn shortened(message: &str) -> String {
    message.chars().take(MESSAGE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(written: &str, observed: u8, conditions: &str) -> ObjectSeen {
        let json = format!(
            r#"{{"metadata":{{"name":"web","uid":"u","resourceVersion":"9","generation":2,"managedFields":[
                {{"manager":"safe-update","operation":"Update","time":"{written}","fieldsV1":
                {{"f:spec":{{"f:template":{{"f:spec":{{"f:containers":{{"k":{{"f:image":{{}}}}}}}}}}}}}}}}]}},
              "spec":{{"selector":{{"matchLabels":{{"app":"web"}}}},"template":{{"spec":{{"containers":[
                {{"name":"app","image":"app:2"}}]}}}}}},
              "status":{{"observedGeneration":{observed},"conditions":[{conditions}]}}}}"#
        );
        ObjectSeen::read(Kind::Deployment, json.as_bytes()).expect("the fixture is an object")
    }

    const EXCEEDED: &str = r#"{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded",
        "lastUpdateTime":"2026-01-01T00:10:00Z"}"#;
    const QUOTA: &str = r#"{"type":"ReplicaFailure","status":"True","message":"exceeded quota"}"#;

    #[test]
    fn what_the_controller_said_before_the_write_does_not_count() {
        for (written, observed, exceeded) in [
            ("2026-01-01T00:00:00Z", 2, true),
            ("2026-01-01T00:00:00Z", 1, false),
            ("2026-01-01T00:10:00Z", 2, false),
            ("2026-01-01T00:20:00Z", 2, false),
        ] {
            let read = deployment(written, observed, EXCEEDED);
            assert_eq!(read.seen.deadline_exceeded, exceeded, "{written} {observed}");
        }
        let read = |observed| deployment("", observed, QUOTA).seen.creation_failure;
        assert_eq!(read(2).as_deref(), Some("exceeded quota"));
        assert_eq!(read(1), None);
    }

    #[test]
    fn an_object_is_read_with_all_but_its_pods() {
        let read = deployment("2026-01-01T00:00:00Z", 2, "");
        assert_eq!(read.selector.as_deref(), Some("app=web"));
        assert_eq!(read.seen.writer.as_deref(), Some("safe-update (Update)"));
        assert_eq!((read.seen.wanted, read.seen.images.len()), (1, 1));
        let mut older = read.clone();
        older.version = "10".into();
        assert!(read.is_older_than(&older) && !older.is_older_than(&read));
    }

    #[test]
    fn jobs_end_well_or_badly() {
        let state = |conditions: &str| {
            let json =
                format!(r#"{{"metadata":{{"uid":"u"}},"status":{{"conditions":[{conditions}]}}}}"#);
            JobSeen::read(json.as_bytes()).expect("the fixture is an object").state
        };
        assert_eq!(state(""), JobState::Active);
        assert_eq!(state(r#"{"type":"Complete","status":"True"}"#), JobState::Complete);
        assert_eq!(
            state(
                r#"{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"m"}"#
            ),
            JobState::Failed("BackoffLimitExceeded: m".into())
        );
    }
}
