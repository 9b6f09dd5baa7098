//! Lists: page after page, decoded straight from the bytes while the next page is fetched, so that
//! never more than two pages of a list are in memory. Keeps what its caller makes of each object.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use kube::core::Request;
use kube::core::params::ListParams;
use tokio_util::task::AbortOnDropHandle;

use crate::domain::inventory::Kind;
use crate::ports::Event;

use super::client::RequestError;
use super::cluster::Inner;
use super::page::continuation;

/// How often a list is begun again after its continuation has expired (410). The server keeps
/// a continuation for some five minutes, so a second time is unlikely and a fourth is no accident.
const RESTARTS: u32 = 3;
/// Pages of one list; a million objects and more are no list, but a server that never ends.
const PAGES_MAX: usize = 2_000;
/// The size that pages grow to when objects are small: each page costs a round trip, and two of
/// them are in memory at a time.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// How far a page may grow beyond the first one.
const GROWTH: u32 = 4;

/// A resource of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource {
    group: &'static str,
    plural: &'static str,
}

impl Resource {
    pub(super) const NODES: Self = Self::new("", "nodes");
    pub(super) const NAMESPACES: Self = Self::new("", "namespaces");
    pub(super) const CLAIMS: Self = Self::new("", "persistentvolumeclaims");
    pub(super) const BUDGETS: Self = Self::new("policy", "poddisruptionbudgets");
    pub(super) const SECRETS: Self = Self::new("", "secrets");
    pub(super) const PODS: Self = Self::new("", "pods");
    pub(super) const JOBS: Self = Self::new("batch", "jobs");
    pub(super) const EVENTS: Self = Self::new("", "events");
    pub(super) const LEASES: Self = Self::new("coordination.k8s.io", "leases");
    pub(super) const REPLICA_SETS: Self = Self::new("apps", "replicasets");
    pub(super) const REVISIONS: Self = Self::new("apps", "controllerrevisions");
    pub(super) const SERVICE_ACCOUNTS: Self = Self::new("", "serviceaccounts");

    const fn new(group: &'static str, plural: &'static str) -> Self {
        Self { group, plural }
    }

    /// The resource of a kind.
    pub(super) fn of(kind: Kind) -> Self {
        Self::new(kind.group(), kind.plural())
    }

    /// Its plural.
    pub(super) fn plural(self) -> &'static str {
        self.plural
    }

    /// The path of the list. The namespace must have been checked (see [`is_path_segment`]).
    pub(super) fn path(self, namespace: Option<&str>) -> String {
        // Every resource that is read is in version 1 of its group.
        let root = match self.group {
            "" => "/api/v1".to_owned(),
            group => format!("/apis/{group}/v1"),
        };
        match namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }
}

impl fmt::Display for Resource {
    /// As permissions name it: `deployments.apps`, `pods`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group {
            "" => formatter.write_str(self.plural),
            group => write!(formatter, "{}.{group}", self.plural),
        }
    }
}

/// Whether a text can be the name of an object or a namespace, and so stand in a path.
pub(super) fn is_path_segment(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    !text.is_empty() && text.len() <= 253 && text.bytes().all(allowed) && !text.starts_with('.')
}

/// Selectors, handed to the server as they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) labels: Option<String>,
    pub(super) fields: Option<String>,
}

impl Filter {
    /// Whether it lets everything through.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_none() && self.fields.is_none()
    }
}

/// Lists a resource, in one namespace or all. `page` decodes the bytes of a page (see [`super::page::items`])
/// and pushes what it keeps.
pub(super) async fn list<K, F>(
    inner: &Arc<Inner>,
    resource: Resource,
    namespace: Option<&str>,
    filter: &Filter,
    mut page: F,
) -> Result<Vec<K>, RequestError>
where
    F: FnMut(&[u8], &mut Vec<K>) -> Result<(), RequestError> + Send,
    K: Send,
{
    let base = Request::new(resource.path(namespace));
    let mut parameters = ListParams {
        label_selector: filter.labels.clone(),
        field_selector: filter.fields.clone(),
        limit: Some(inner.options.page),
        ..ListParams::default()
    };
    let mut kept = Vec::new();
    let mut restarts = 0;
    let mut seen = HashSet::new();
    let mut fetch = start(inner, &base, &parameters)?;
    loop {
        let bytes = match (&mut fetch).await.unwrap_or_else(|error| Err(broken(&error))) {
            Ok(bytes) => bytes,
            Err(error) if error.code() == Some(410) && restarts < RESTARTS => {
                restarts += 1;
                kept.clear();
                seen.clear();
                parameters.continue_token = None;
                fetch = start(inner, &base, &parameters)?;
                continue;
            }
            // Huge objects: the same page in smaller pieces.
            Err(RequestError::TooLarge(_)) if parameters.limit > Some(1) => {
                parameters.limit = parameters.limit.map(|limit| (limit / 10).max(1));
                fetch = start(inner, &base, &parameters)?;
                continue;
            }
            Err(error) => return Err(error),
        };
        let next = continuation(&bytes);
        let more = next.is_some();
        if let Some(token) = &next
            && !seen.insert(token.clone())
        {
            return Err(RequestError::Malformed("the list goes in circles".into()));
        }
        if seen.len() > PAGES_MAX {
            return Err(RequestError::Malformed(format!(
                "the list has more than {PAGES_MAX} pages"
            )));
        }
        parameters.continue_token = next;
        if more {
            parameters.limit =
                parameters.limit.map(|limit| grown(limit, bytes.len(), inner.options.page));
            fetch = start(inner, &base, &parameters)?;
        }
        page(&bytes, &mut kept)?;
        inner.options.events.event(Event::Listed { kind: resource.plural(), objects: kept.len() });
        if !more {
            kept.shrink_to_fit();
            return Ok(kept);
        }
    }
}

/// How many objects to ask for next, after that many filled so many bytes.
fn grown(limit: u32, bytes: usize, first: u32) -> u32 {
    let fitting = u64::from(limit) * PAGE_BYTES as u64 / (bytes as u64).max(1);
    let most = first.saturating_mul(GROWTH).max(limit);
    u32::try_from(fitting).unwrap_or(u32::MAX).clamp(limit, most)
}

type Fetch = AbortOnDropHandle<Result<Vec<u8>, RequestError>>;

/// Begins to fetch a page.
fn start(
    inner: &Arc<Inner>,
    base: &Request,
    parameters: &ListParams,
) -> Result<Fetch, RequestError> {
    let target = base
        .list(parameters)
        .map_err(|error| RequestError::Malformed(error.to_string()))?
        .uri()
        .to_string();
    let inner = Arc::clone(inner);
    let task = tokio::spawn(async move { inner.transport.get(&target).await });
    Ok(AbortOnDropHandle::new(task))
}

fn broken(error: &tokio::task::JoinError) -> RequestError {
    RequestError::Unreachable(format!("the request broke off: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_grow_to_a_size_and_never_shrink_by_themselves() {
        let mebibyte = 1024 * 1024;
        for (limit, bytes, expected) in [
            (500, 2 * mebibyte, 1000),
            (500, 100, 2000),
            (500, 30 * mebibyte, 500),
            (2000, 0, 2000),
            (50, mebibyte, 200),
        ] {
            assert_eq!(grown(limit, bytes, 500), expected, "{limit} {bytes}");
        }
    }

    #[test]
    fn paths_follow_the_api() {
        let deployments = Resource::of(Kind::Deployment);
        assert_eq!(deployments.to_string(), "deployments.apps");
        assert_eq!(deployments.path(None), "/apis/apps/v1/deployments");
        assert_eq!(Resource::of(Kind::Pod).path(Some("a")), "/api/v1/namespaces/a/pods");
        for (text, valid) in [
            ("web-1.2", true),
            ("", false),
            ("../secrets", false),
            ("a/b", false),
            ("a?b", false),
            ("..", false),
            ("Web", false),
        ] {
            assert_eq!(is_path_segment(text), valid, "{text}");
        }
    }
}
