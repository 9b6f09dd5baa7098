//! Starts a Job from the template of a `CronJob`, as `kubectl create job --from=cronjob/…` does.
//! Its name follows from the record, so that the same record starts no second one, and so the
//! creation may be repeated.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapters::hash::sha256;
use crate::domain::change::ObjectId;
use crate::domain::history::RecordId;
use crate::domain::inventory::Kind;
use crate::ports::rollouts::WriteError;

use super::client::{Call, RequestError, Undone};
use super::cluster::{Cluster, decode};
use super::list::Resource;
use super::object::path;
use super::patch::{FIELD_MANAGER, write_error};

/// The name of a Job is the value of a label of its pods.
const NAME_MAX: usize = 63;

#[derive(Deserialize)]
struct CronJob {
    metadata: CronJobMetadata,
    spec: CronJobSpec,
}

#[derive(Deserialize)]
struct CronJobMetadata {
    name: String,
    uid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CronJobSpec {
    job_template: JobTemplate,
}

#[derive(Deserialize)]
struct JobTemplate {
    #[serde(default)]
    metadata: Option<TemplateMetadata>,
    spec: Value,
}

#[derive(Default, Deserialize)]
struct TemplateMetadata {
    labels: Option<Value>,
    annotations: Option<serde_json::Map<String, Value>>,
}

impl Cluster {
    pub(super) async fn started(
        &self,
        object: &ObjectId,
        record: &RecordId,
    ) -> Result<String, WriteError> {
        let gone = || WriteError::Moved(format!("{object} is gone"));
        if object.kind != Kind::CronJob {
            return Err(WriteError::Denied(format!("{object} is no CronJob")));
        }
        let path = path(object).ok_or_else(gone)?;
        let bytes = self.inner.transport.get(&path).await;
        let cron: CronJob = bytes.and_then(|bytes| decode(&bytes)).map_err(|error| {
            // Nothing was written, whatever went wrong.
            write_error(object, &Undone { error, maybe: false })
        })?;
        let name = job_name(&cron.metadata.name, record);
        let job = job(&name, cron);
        let jobs = Resource::JOBS.path(Some(&object.namespace));
        let target = format!("{jobs}?fieldManager={FIELD_MANAGER}");
        match self.inner.transport.repeat(&Call::json(Method::POST, &target, &job)).await {
            Ok(_) => Ok(name),
            Err(error) if exists(&error) => Ok(name),
            Err(error) => {
                let maybe = !matches!(error, RequestError::Credentials(_));
                Err(write_error(object, &Undone { error, maybe }))
            }
        }
    }
}

fn exists(error: &RequestError) -> bool {
    error.details().is_some_and(|details| details.reason == "AlreadyExists")
}

/// The name of the Job that shows how the version of a record runs.
pub(super) fn job_name(cron_job: &str, record: &RecordId) -> String {
    let hash = sha256([record.to_string().as_bytes()]);
    let mark = &hash[..10];
    let room = NAME_MAX - mark.len() - 1;
    let begin = cron_job.get(..room).unwrap_or(cron_job);
    format!("{}-{mark}", begin.trim_end_matches(['-', '.']))
}

fn job(name: &str, cron: CronJob) -> Value {
    let template = cron.spec.job_template;
    let metadata = template.metadata.unwrap_or_default();
    let mut annotations = metadata.annotations.unwrap_or_default();
    annotations.insert("cronjob.kubernetes.io/instantiate".to_owned(), json!("manual"));
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "labels": metadata.labels,
            "annotations": annotations,
            // Without blockOwnerDeletion, which would need a permission of its own.
            "ownerReferences": [{
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "name": cron.metadata.name,
                "uid": cron.metadata.uid,
                "controller": true,
            }],
        },
        "spec": template.spec,
    })
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::super::scripted::{Server, refusal};
    use super::*;
    use crate::ports::rollouts::Rollouts;

    fn record() -> RecordId {
        "20261124t165301z-5f3a9c01/2".parse().expect("a record")
    }

    #[test]
    fn the_name_follows_from_the_record_and_is_never_too_long() {
        let one = job_name("nightly", &record());
        assert_eq!(one, job_name("nightly", &record()));
        assert!(one.starts_with("nightly-") && one.len() == 18, "{one}");
        let other = "20261124t165301z-5f3a9c01/3".parse().expect("a record");
        assert_ne!(one, job_name("nightly", &other));
        assert!(job_name(&"x".repeat(300), &record()).len() <= NAME_MAX);
    }

    #[tokio::test]
    async fn the_job_is_made_once() {
        let cron = r#"{"metadata":{"name":"cron","uid":"u-1"},"spec":{"schedule":"@daily","jobTemplate":{
            "metadata":{"labels":{"a":"b"}},"spec":{"backoffLimit":3}}}}"#;
        let server = Server::start(move |_, asked| {
            if asked["method"] == "GET" {
                return Some(cron.into_response());
            }
            let job: Value = serde_json::from_str(&asked["body"]).expect("JSON");
            assert_eq!(job["spec"], json!({"backoffLimit": 3}));
            assert_eq!(job["metadata"]["labels"], json!({"a": "b"}));
            assert_eq!(job["metadata"]["ownerReferences"][0]["uid"], "u-1");
            let body = r#"{"kind":"Status","reason":"AlreadyExists","message":"it exists"}"#;
            Some((axum::http::StatusCode::CONFLICT, body).into_response())
        })
        .await;
        let cluster = server.connect().await;
        let object = "n/cj/cron".parse().expect("an object");
        let job = cluster.run_once(&object, &record()).await.expect("it is there already");
        assert!(job.starts_with("cron-"));
        let object = "n/deploy/web".parse().expect("an object");
        let error = cluster.run_once(&object, &record()).await;
        assert!(matches!(error, Err(WriteError::Denied(_))), "{error:?}");
    }

    #[tokio::test]
    async fn a_quota_that_forbids_the_job_is_a_denial() {
        let server = Server::start(|_, asked| {
            Some(if asked["method"] == "GET" {
                r#"{"metadata":{"name":"c","uid":"u"},"spec":{"jobTemplate":{"spec":{}}}}"#
                    .into_response()
            } else {
                refusal(403, "exceeded quota")
            })
        })
        .await;
        let object = "n/cj/cron".parse().expect("an object");
        let error = server.connect().await.run_once(&object, &record()).await;
        assert_eq!(error, Err(WriteError::Denied("exceeded quota".into())));
    }
}
