//! Applies objects of any kind on the server in a dry run: what it would say to an upgrade, before
//! any of it is written. Which path an object has, the server tells by its own list of kinds.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;
use http::Method;
use serde::Deserialize;

use crate::ports::previews::{Document, Refused, Rehearsals};
use crate::ports::rollouts::ReadError;

use super::client::{Call, RequestError};
use super::cluster::{Cluster, decode};
use super::list::is_path_segment;

/// How many objects are asked about at once.
const IN_FLIGHT: usize = 16;
const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// The kinds of one group and version: plural, and whether it has namespaces.
type Kinds = BTreeMap<String, (String, bool)>;

type Answer<'d> = (&'d Document, Result<(), RequestError>);

#[derive(Deserialize)]
struct ResourceList {
    #[serde(default)]
    resources: Vec<ApiResource>,
}

#[derive(Deserialize)]
struct ApiResource {
    name: String,
    kind: String,
    namespaced: bool,
}

impl Rehearsals for Cluster {
    fn rehearse<'a>(
        &'a self,
        documents: &'a [Document],
        manager: &'a str,
        force: bool,
    ) -> BoxFuture<'a, Result<Vec<Refused>, ReadError>> {
        Box::pin(self.rehearsed(documents, manager, force))
    }
}

impl Cluster {
    async fn rehearsed(
        &self,
        documents: &[Document],
        manager: &str,
        force: bool,
    ) -> Result<Vec<Refused>, ReadError> {
        let mut known: BTreeMap<&str, Option<Kinds>> = BTreeMap::new();
        for document in documents {
            if !known.contains_key(&*document.api_version) {
                let kinds = self.kinds(&document.api_version).await?;
                known.insert(&document.api_version, kinds);
            }
        }
        let query = format!("fieldManager={manager}&dryRun=All&force={force}");
        let mut calls: Vec<BoxFuture<'_, Answer<'_>>> = Vec::with_capacity(documents.len());
        for document in documents {
            let kinds = known.get(&*document.api_version).and_then(Option::as_ref);
            if let Some(path) = kinds.and_then(|kinds| path(document, kinds)) {
                calls.push(Box::pin(self.rehearse_one(document, format!("{path}?{query}"))));
            }
        }
        let brought: BTreeSet<&str> = documents
            .iter()
            .filter(|document| &*document.key.kind == "Namespace")
            .map(|document| &*document.key.name)
            .collect();
        let mut answers = stream::iter(calls).buffered(IN_FLIGHT);
        let mut refused = Vec::new();
        while let Some((document, answer)) = answers.next().await {
            let Err(error) = answer else { continue };
            if let Some(why) = refusal(&error, force, &brought) {
                let patch_forbidden = is_forbidden(&error, "patch");
                refused.push(Refused { key: document.key.clone(), why, patch_forbidden });
            } else if error.code().is_none_or(|code| code == 429 || code >= 500) && !force {
                return Err(ReadError::Unavailable(
                    self.trouble(&error, &document.key.to_string()).to_string(),
                ));
            }
        }
        Ok(refused)
    }

    async fn rehearse_one<'d>(&self, document: &'d Document, target: String) -> Answer<'d> {
        let body = document.body.clone().into_bytes();
        let call = Call { method: Method::PATCH, target: &target, content: APPLY_PATCH, body };
        (document, self.inner.transport.repeat(&call).await.map(drop))
    }

    /// The kinds of a group and version; none where the server does not know them (yet).
    async fn kinds(&self, api_version: &str) -> Result<Option<Kinds>, ReadError> {
        if !api_version.split('/').all(is_path_segment) {
            return Ok(None);
        }
        let prefix = if api_version.contains('/') { "/apis" } else { "/api" };
        let answer = self.inner.transport.get(&format!("{prefix}/{api_version}")).await;
        let list: ResourceList = match answer.and_then(|bytes| decode(&bytes)) {
            Ok(list) => list,
            // A chart may bring the definition of a kind together with an object of it.
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => {
                let message = self.trouble(&error, api_version).to_string();
                return Err(ReadError::Unavailable(message));
            }
        };
        let whole = list.resources.into_iter().filter(|resource| !resource.name.contains('/'));
        Ok(Some(whole.map(|one| (one.kind, (one.name, one.namespaced))).collect()))
    }
}

/// The path of an object; none where its kind or its name has none.
fn path(document: &Document, kinds: &Kinds) -> Option<String> {
    let key = &document.key;
    let (plural, namespaced) = kinds.get(&*key.kind)?;
    let prefix = if document.api_version.contains('/') { "/apis" } else { "/api" };
    let api_version = &document.api_version;
    if !is_path_segment(&key.name) {
        return None;
    }
    if !namespaced {
        return Some(format!("{prefix}/{api_version}/{plural}/{}", key.name));
    }
    let namespace = key.namespace.as_deref().filter(|namespace| is_path_segment(namespace))?;
    Some(format!("{prefix}/{api_version}/namespaces/{namespace}/{plural}/{}", key.name))
}

/// Whether this user may not do it, whatever is in it.
fn is_forbidden(error: &RequestError, verb: &str) -> bool {
    let RequestError::Status { code: 403, message, .. } = error else { return false };
    message.contains(&format!(" cannot {verb} resource "))
}

/// Why the server refuses an object; none where that says nothing about an upgrade. `brought` are the
/// namespaces that come with it.
fn refusal(error: &RequestError, force: bool, brought: &BTreeSet<&str>) -> Option<String> {
    let RequestError::Status { code, message, details } = error else { return None };
    let denied =
        message.starts_with("admission webhook ") && message.contains("denied the request");
    match code {
        _ if denied => Some(message.clone()),
        403 if is_forbidden(error, "patch") || is_forbidden(error, "create") => {
            Some(message.clone())
        }
        // A field that another manager owns.
        409 if !force => Some(message.clone()),
        // Validation names its causes: a field that must not change, a value that is none.
        422 if !details.causes.is_empty() => Some(message.clone()),
        // A field of another type than the kind has: the server calls that its own fault.
        500 if message.contains("failed to create typed patch object") => {
            // Behind that it quotes the value.
            Some(message.split(", got ").next().unwrap_or_default().to_owned())
        }
        404 => {
            let namespace = message.strip_prefix("namespaces \"")?.strip_suffix("\" not found")?;
            (!brought.contains(namespace)).then(|| message.clone())
        }
        // Policies and quotas.
        403 if message.contains("denied request") || message.contains("exceeded quota") => {
            Some(message.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_something_about_an_upgrade_is_a_refusal() {
        let brought = BTreeSet::from(["brought"]);
        for (code, message, expected) in [
            (
                403,
                "deployments.apps \"a\" is forbidden: User \"u\" cannot patch resource \"deployments\"",
                true,
            ),
            (
                403,
                "configmaps is forbidden: User \"u\" cannot create resource \"configmaps\"",
                true,
            ),
            (403, "pods \"a\" is forbidden: exceeded quota: q", true),
            (403, "something else", false),
            (404, "namespaces \"gone\" not found", true),
            (404, "namespaces \"brought\" not found", false),
            (404, "the server could not find the requested resource", false),
            (
                500,
                "failed to create typed patch object (a): .data.b: expected string, got &value{3}",
                true,
            ),
            (500, "etcd has no leader", false),
        ] {
            let details = Box::default();
            let error = RequestError::Status { code, message: message.into(), details };
            let told = refusal(&error, true, &brought);
            assert_eq!(told.is_some(), expected, "{message}");
            assert!(told.is_none_or(|told| !told.contains("&value")), "{message}");
            assert_eq!(
                is_forbidden(&error, "patch"),
                message.contains("cannot patch"),
                "{message}"
            );
        }
    }
}
