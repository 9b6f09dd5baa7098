//! Reads one object anew, in one GET, with everything that a decision about writing it needs.

use crate::adapters::workload::{Interner, workload};
use crate::domain::change::ObjectId;
use crate::domain::inventory::Leg;
use crate::ports::rollouts::{Inspected, ReadError};

use super::basis;
use super::client::RequestError;
use super::cluster::Cluster;
use super::object::{Object, path};

impl Cluster {
    pub(super) async fn inspected(&self, object: &ObjectId) -> Result<Inspected, ReadError> {
        let path = path(object).ok_or_else(|| ReadError::Gone(object.clone()))?;
        let bytes = self.inner.transport.get(&path).await;
        bytes
            .and_then(|bytes| inspected(object, &bytes))
            .map_err(|error| self.unread(object, &error))
    }

    /// Why an object could not be read, in the words of the port.
    pub(super) fn unread(&self, object: &ObjectId, error: &RequestError) -> ReadError {
        match error.code() {
            Some(404) => ReadError::Gone(object.clone()),
            Some(403) => ReadError::Forbidden(format!("not allowed to read {object}: {error}")),
            _ => ReadError::Unavailable(self.trouble(error, &object.to_string()).to_string()),
        }
    }
}

fn inspected(object: &ObjectId, bytes: &[u8]) -> Result<Inspected, RequestError> {
    let kind = object.kind;
    let read = Object::read(bytes)?;
    let workload = workload(kind, &read.wire, Leg::Kubernetes, &mut Interner::default());
    Ok(Inspected {
        uid: (*read.more.metadata.uid).into(),
        resource_version: (*read.more.metadata.resource_version).into(),
        generation: read.wire.metadata.generation.unwrap_or(0),
        template_hash: basis::standing(kind, bytes)?.template_hash,
        places: read.places(),
        writer: read.writer().map(|writer| writer.manager),
        progress_deadline: read.progress_deadline(),
        healthy: read.is_healthy(kind),
        stateful: workload.rollout.stateful,
        release: None,
        workload,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use axum::response::IntoResponse;

    use super::super::scripted::{Server, refusal};
    use super::*;
    use crate::ports::rollouts::Rollouts;

    /// The reading of an object that was never asked for.
    pub(in super::super) fn read(object: &ObjectId, json: &str) -> Inspected {
        inspected(object, json.as_bytes()).expect("the fixture is an object")
    }

    fn id(text: &str) -> ObjectId {
        text.parse().expect("an object")
    }

    #[tokio::test]
    async fn one_request_tells_all() {
        let server = Server::start(|path, _| {
            let known = path.ends_with("/statefulsets/db");
            known.then(|| {
                r#"{"metadata":{"name":"db","namespace":"n","uid":"u-1","resourceVersion":"7",
                    "generation":3},"spec":{"replicas":1,"volumeClaimTemplates":[{}],
                    "template":{"spec":{"containers":[{"name":"app","image":"db:1"}]}}},
                    "status":{"observedGeneration":3,"readyReplicas":1,"availableReplicas":1}}"#
                    .into_response()
            })
        })
        .await;
        let cluster = server.connect().await;
        let read = cluster.inspect(&id("n/sts/db")).await.expect("it is there");
        assert_eq!((&*read.uid, &*read.resource_version, read.generation), ("u-1", "7", 3));
        assert!(read.healthy && read.stateful && read.template_hash.len() == 64);
        assert_eq!(read.images().len(), 1);
        assert_eq!(read.workload.id(), "n/sts/db");
        assert_eq!(server.asked(""), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_told_apart() {
        let server = Server::start(|path, _| match path.rsplit('/').next() {
            Some("gone") => Some(refusal(404, "not found")),
            Some("secret") => Some(refusal(403, "forbidden")),
            Some("broken") => Some("{".into_response()),
            _ => Some(refusal(500, "etcdserver: leader changed")),
        })
        .await;
        let cluster = server.connect_with(|_, options| options.attempts = 2).await;
        let of = async |name: &str| {
            cluster.inspect(&id(&format!("n/deploy/{name}"))).await.expect_err("it is not read")
        };
        assert_eq!(of("gone").await, ReadError::Gone(id("n/deploy/gone")));
        assert!(matches!(of("secret").await, ReadError::Forbidden(_)));
        assert!(matches!(of("broken").await, ReadError::Unavailable(_)));
        assert!(matches!(of("web").await, ReadError::Unavailable(_)));
        assert_eq!(server.asked("/web"), 2);
    }
}
