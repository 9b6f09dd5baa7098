//! The Jobs of a `CronJob`: which of them shows how a version runs, and stopping the one that was
//! started for a version that is taken back.

use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::adapters::workload::Text;
use crate::domain::change::{ObjectId, SlotId};
use crate::domain::health::JobState;
use crate::domain::history::RecordId;
use crate::ports::rollouts::{CronRun, ReadError, WriteError};

use super::client::{Call, RequestError, Undone};
use super::cluster::{Cluster, decode};
use super::list::{Filter, Resource, list};
use super::object::{Object, path};
use super::page::items;
use super::patch::{FIELD_MANAGER, JSON_PATCH, write_error};
use super::run_once::job_name;
use super::seen::JobSeen;

/// A Job; the one that tells the most is the greatest.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    ended: bool,
    /// RFC 3339 in UTC, so that it sorts as text.
    created: String,
    name: String,
}

#[derive(Deserialize)]
struct Owned<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    creation_timestamp: Text<'a>,
    #[serde(default, borrow)]
    owner_references: Vec<Owner<'a>>,
}

#[derive(Deserialize)]
struct Owner<'a> {
    #[serde(borrow)]
    uid: Text<'a>,
}

impl Cluster {
    /// Where a Job stands.
    ///
    /// # Errors
    /// The server does not tell.
    pub(super) async fn job_state(&self, job: &ObjectId) -> Result<JobState, ReadError> {
        let Some(path) = path(job) else { return Ok(JobState::Gone) };
        let answer = self.inner.transport.get(&path).await;
        match answer.and_then(|bytes| JobSeen::read(&bytes)) {
            Ok(seen) => Ok(seen.state),
            Err(error) if error.is_not_found() => Ok(JobState::Gone),
            Err(error) => Err(self.unread(job, &error)),
        }
    }

    /// The newest Job of a `CronJob` that ran these images and has ended, else the newest at work. A Job
    /// that was there before the images were written (by the server's clock) ran an earlier try of them.
    pub(super) async fn newest_run(
        &self,
        object: &ObjectId,
        images: &[(SlotId, Arc<str>)],
    ) -> Result<Option<CronRun>, ReadError> {
        let unread = |error: RequestError| self.unread(object, &error);
        let path = path(object).ok_or_else(|| ReadError::Gone(object.clone()))?;
        let bytes = self.inner.transport.get(&path).await.map_err(unread)?;
        let cron = Object::read(&bytes).map_err(unread)?;
        let since = cron.writer().map(|writer| writer.at).unwrap_or_default();
        let uid = cron.more.metadata.uid.to_string();
        let page = |bytes: &[u8], kept: &mut Vec<Run>| runs(bytes, &uid, images, kept);
        let (namespace, filter) = (Some(&*object.namespace), Filter::default());
        let jobs = list(&self.inner, Resource::JOBS, namespace, &filter, page);
        let jobs = jobs.await.map_err(unread)?;
        let newest = jobs.into_iter().filter(|job| *job.created >= *since).max();
        Ok(newest.map(|run| CronRun { job: run.name, ended: run.ended }))
    }

    /// Suspends the Job of a record, unless it has ended or is gone.
    pub(super) async fn stopped(
        &self,
        object: &ObjectId,
        record: &RecordId,
    ) -> Result<(), WriteError> {
        let unwritten = |error| write_error(object, &Undone { error, maybe: false });
        let jobs = Resource::JOBS.path(Some(&object.namespace));
        let path = format!("{jobs}/{}", job_name(&object.name, record));
        let job = match self.inner.transport.get(&path).await {
            Ok(bytes) => JobSeen::read(&bytes).map_err(unwritten)?,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(unwritten(error)),
        };
        if job.state != JobState::Active {
            return Ok(());
        }
        let patch = json!([
            {"op": "test", "path": "/metadata/uid", "value": &*job.uid},
            {"op": "add", "path": "/spec/suspend", "value": true},
        ]);
        let call = Call {
            method: Method::PATCH,
            target: &format!("{path}?fieldManager={FIELD_MANAGER}"),
            content: JSON_PATCH,
            body: patch.to_string().into_bytes(),
        };
        match self.inner.transport.repeat(&call).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(unwritten(error)),
        }
    }
}

fn runs(
    bytes: &[u8],
    owner: &str,
    images: &[(SlotId, Arc<str>)],
    kept: &mut Vec<Run>,
) -> Result<(), RequestError> {
    items(bytes, |job: &RawValue| {
        // One that cannot be read shows nothing.
        let bytes = job.get().as_bytes();
        let (Ok(Owned { metadata }), Ok(object), Ok(seen)) =
            (decode::<Owned<'_>>(bytes), Object::read(bytes), JobSeen::read(bytes))
        else {
            return;
        };
        let places = object.places();
        let is_run = |(slot, image): &(SlotId, Arc<str>)| {
            places.iter().any(|place| place.slot == *slot && place.image == *image)
        };
        if metadata.owner_references.iter().any(|reference| *reference.uid == *owner)
            && !images.is_empty()
            && images.iter().all(is_run)
        {
            kept.push(Run {
                ended: seen.state != JobState::Active,
                created: metadata.creation_timestamp.to_string(),
                name: metadata.name.to_string(),
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::SlotKind;

    #[test]
    fn what_has_ended_with_these_images_shows_how_they_run() {
        let job = |name: &str, owner: &str, image: &str, condition: &str| {
            format!(
                r#"{{"metadata":{{"name":"{name}","uid":"j","creationTimestamp":"2026-01-01T00:00:0{}Z",
                "ownerReferences":[{{"uid":"{owner}"}}]}},
                "spec":{{"template":{{"spec":{{"containers":[{{"name":"app","image":"{image}"}}]}}}}}},
                "status":{{"conditions":[{condition}]}}}}"#,
                name.len()
            )
        };
        let done = r#"{"type":"Complete","status":"True"}"#;
        let failed = r#"{"type":"Failed","status":"True"}"#;
        let page = format!(
            r#"{{"metadata":{{}},"items":[{}]}}"#,
            [
                job("a", "u", "app:2", done),
                job("bb", "u", "app:2", failed),
                job("old", "u", "app:1", done),
                job("running", "u", "app:2", ""),
                job("another", "v", "app:2", done),
            ]
            .join(",")
        );
        let slot = SlotId { kind: SlotKind::Container, name: "app".into() };
        let mut kept = Vec::new();
        runs(page.as_bytes(), "u", &[(slot, "app:2".into())], &mut kept).expect("a list");
        assert_eq!(kept.iter().map(|job| &*job.name).collect::<Vec<_>>(), ["a", "bb", "running"]);
        // What has ended tells more than what is newer and at work.
        assert_eq!(kept.into_iter().max().map(|job| job.name).as_deref(), Some("bb"));
    }
}
