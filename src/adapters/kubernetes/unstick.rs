//! Frees pods that keep a `StatefulSet` from going back: its controller waits for a broken pod to
//! become ready before it replaces it. Only pods that carry the failed images and are not ready are
//! touched; by eviction, and where a budget refuses that, by deletion. Both name uid and state of
//! the pod that was looked at.

use std::sync::Arc;

use http::Method;
use serde_json::json;
use serde_json::value::RawValue;

use crate::domain::change::{ObjectId, SlotId};
use crate::ports::rollouts::ReadError;

use super::client::{Call, RequestError, Undone};
use super::cluster::Cluster;
use super::list::{Filter, Resource, list};
use super::object::{Object, path};
use super::page::items;
use super::pod::OwnedPod;
use super::selector::written;

impl Cluster {
    pub(super) async fn freed(
        &self,
        object: &ObjectId,
        failed: &[(SlotId, Arc<str>)],
    ) -> Result<Vec<String>, ReadError> {
        let unread = |error: RequestError| self.unread(object, &error);
        let path = path(object).ok_or_else(|| ReadError::Gone(object.clone()))?;
        let bytes = self.inner.transport.get(&path).await.map_err(unread)?;
        let owner = Object::read(&bytes).map_err(unread)?;
        let Some(labels) = owner.wire.spec.selector.as_ref().and_then(written) else {
            return Ok(Vec::new());
        };
        let uid = owner.more.metadata.uid.to_string();
        let filter = Filter { labels: Some(labels), fields: None };
        let pods = Resource::PODS;
        let page = |bytes: &[u8], kept: &mut Vec<OwnedPod>| stuck(bytes, &uid, failed, kept);
        let found = list(&self.inner, pods, Some(&object.namespace), &filter, page);
        let mut freed = Vec::new();
        for pod in found.await.map_err(unread)? {
            if self.free(object, &pod).await? {
                freed.push(pod.pod.name.to_string());
            }
        }
        Ok(freed)
    }

    /// Whether the pod was freed by us; one that has changed meanwhile is left for the next look.
    async fn free(&self, object: &ObjectId, pod: &OwnedPod) -> Result<bool, ReadError> {
        let path = format!("{}/{}", Resource::PODS.path(Some(&object.namespace)), pod.pod.name);
        let preconditions = json!({"uid": &*pod.pod.uid, "resourceVersion": &*pod.version});
        let eviction = json!({
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": &*pod.pod.name, "namespace": &*object.namespace},
            "deleteOptions": {"preconditions": preconditions},
        });
        let target = format!("{path}/eviction");
        let call = Call::json(Method::POST, &target, &eviction);
        let mut answer = self.inner.transport.send(&call).await;
        if answer.as_ref().is_err_and(|undone| is_refused_by_budget(&undone.error)) {
            let options = json!({
                "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions,
            });
            answer = self.inner.transport.send(&Call::json(Method::DELETE, &path, &options)).await;
        }
        match answer {
            Ok(_) => Ok(true),
            Err(Undone { error, .. }) if matches!(error.code(), Some(404 | 409)) => Ok(false),
            Err(Undone { error, .. }) if error.is_forbidden() => Err(ReadError::Forbidden(
                format!("not allowed to evict the pod {} of {object}: {error}", pod.pod.name),
            )),
            Err(Undone { error, .. }) => Err(self.unread(object, &error)),
        }
    }
}

/// Whether a disruption budget (or several, which an eviction cannot handle) refuses; the server
/// says 429 also when it only has too much to do.
fn is_refused_by_budget(error: &RequestError) -> bool {
    match (error.code(), error.details()) {
        (Some(429), Some(details)) => {
            details.causes.iter().any(|cause| cause == "DisruptionBudget")
        }
        (Some(500), _) => error.to_string().contains("more than one PodDisruptionBudget"),
        _ => false,
    }
}

fn stuck(
    bytes: &[u8],
    owner: &str,
    failed: &[(SlotId, Arc<str>)],
    kept: &mut Vec<OwnedPod>,
) -> Result<(), RequestError> {
    items(bytes, |pod: &RawValue| {
        // A pod that cannot be read is not touched.
        let Ok(read) = OwnedPod::read(pod.get().as_bytes()) else {
            return;
        };
        let is_failed = !failed.is_empty()
            && failed.iter().all(|(slot, image)| read.image(slot) == Some(&**image));
        if read.owner.as_deref() == Some(owner) && is_failed && !read.pod.ready && !read.pod.ending
        {
            kept.push(read);
        }
    })
}
