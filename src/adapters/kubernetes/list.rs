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
pub(super) const PAGES_MAX: usize = 2_000;
/// The size that pages grow to when objects are small: each page costs a round trip, and two of
/// them are in memory at a time.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// How far a page may grow beyond the first one.
const GROWTH: u32 = 4;

/// Objects on the first page where each may be as large as the server takes: 1 MiB of data, which is
/// 1.4 MiB in JSON. Further pages are made to fit [`PAGE_BYTES`], larger or smaller.
const LARGE_FIRST: u32 = 5;
/// The most objects on a page of such: when all of them are as large as they can be after a page of
/// small ones, it is still an answer that is taken.
const LARGE_MOST: u32 = 40;
/// Asks for the metadata of objects without the rest; what does not know it sends everything.
const METADATA_ONLY: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/// A resource of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource {
    group: &'static str,
    plural: &'static str,
    size: Size,
}

/// What its objects weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    /// A few KiB, and about the same each.
    Usual,
    /// Up to 1 MiB, and each another.
    Large,
    /// Only metadata is asked for.
    MetadataOnly,
}

impl Resource {
    pub(super) const NODES: Self = Self::new("", "nodes");
    pub(super) const NAMESPACES: Self = Self::new("", "namespaces");
    pub(super) const CLAIMS: Self = Self::new("", "persistentvolumeclaims");
    pub(super) const BUDGETS: Self = Self::new("policy", "poddisruptionbudgets");
    pub(super) const SECRETS: Self = Self::large("secrets");
    pub(super) const CONFIG_MAPS: Self = Self::large("configmaps");
    pub(super) const PODS: Self = Self::new("", "pods");
    pub(super) const JOBS: Self = Self::new("batch", "jobs");
    pub(super) const EVENTS: Self = Self::new("", "events");
    pub(super) const LEASES: Self = Self::new("coordination.k8s.io", "leases");
    pub(super) const REPLICA_SETS: Self = Self::new("apps", "replicasets");
    pub(super) const REVISIONS: Self = Self::new("apps", "controllerrevisions");
    pub(super) const SERVICE_ACCOUNTS: Self = Self::new("", "serviceaccounts");

    const fn new(group: &'static str, plural: &'static str) -> Self {
        Self { group, plural, size: Size::Usual }
    }

    const fn large(plural: &'static str) -> Self {
        Self { group: "", plural, size: Size::Large }
    }

    /// The same resource, of which a list brings the metadata alone.
    pub(super) fn metadata_only(self) -> Self {
        Self { size: Size::MetadataOnly, ..self }
    }

    /// How many objects the first page has.
    fn first_page(self, usual: u32) -> u32 {
        match self.size {
            Size::Usual | Size::MetadataOnly => usual,
            Size::Large => usual.min(LARGE_FIRST),
        }
    }

    /// How many objects to ask for next, after that many filled so many bytes.
    fn next_page(self, limit: u32, bytes: usize, usual: u32) -> u32 {
        let fitting = u64::from(limit) * PAGE_BYTES as u64 / (bytes as u64).max(1);
        let (least, most) = match self.size {
            Size::Usual | Size::MetadataOnly => (limit, usual.saturating_mul(GROWTH)),
            Size::Large => (1, usual.min(LARGE_MOST)),
        };
        u32::try_from(fitting).unwrap_or(u32::MAX).clamp(least, most.max(least))
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
    let usual = inner.options.page;
    let mut parameters = ListParams {
        label_selector: filter.labels.clone(),
        field_selector: filter.fields.clone(),
        limit: Some(resource.first_page(usual)),
        ..ListParams::default()
    };
    let mut kept = Vec::new();
    let mut restarts = 0;
    let mut seen = HashSet::new();
    let mut fetch = start(inner, resource, &base, &parameters)?;
    loop {
        let bytes = match (&mut fetch).await.unwrap_or_else(|error| Err(broken(&error))) {
            Ok(bytes) => bytes,
            Err(error) if error.code() == Some(410) && restarts < RESTARTS => {
                restarts += 1;
                kept.clear();
                seen.clear();
                parameters.continue_token = None;
                fetch = start(inner, resource, &base, &parameters)?;
                continue;
            }
            // Huge objects: the same page in smaller pieces.
            Err(RequestError::TooLarge(_)) if parameters.limit > Some(1) => {
                parameters.limit = parameters.limit.map(|limit| (limit / 10).max(1));
                fetch = start(inner, resource, &base, &parameters)?;
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
            let size = bytes.len();
            parameters.limit = parameters.limit.map(|limit| resource.next_page(limit, size, usual));
            fetch = start(inner, resource, &base, &parameters)?;
        }
        page(&bytes, &mut kept)?;
        inner.options.events.event(Event::Listed { kind: resource.plural(), objects: kept.len() });
        if !more {
            kept.shrink_to_fit();
            return Ok(kept);
        }
    }
}

type Fetch = AbortOnDropHandle<Result<Vec<u8>, RequestError>>;

/// Begins to fetch a page.
fn start(
    inner: &Arc<Inner>,
    resource: Resource,
    base: &Request,
    parameters: &ListParams,
) -> Result<Fetch, RequestError> {
    let target = base
        .list(parameters)
        .map_err(|error| RequestError::Malformed(error.to_string()))?
        .uri()
        .to_string();
    let inner = Arc::clone(inner);
    let task = tokio::spawn(async move {
        match resource.size {
            Size::MetadataOnly => inner.transport.get_as(&target, METADATA_ONLY).await,
            Size::Usual | Size::Large => inner.transport.get(&target).await,
        }
    });
    Ok(AbortOnDropHandle::new(task))
}

fn broken(error: &tokio::task::JoinError) -> RequestError {
    RequestError::Unreachable(format!("the request broke off: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_grow_to_a_size_and_shrink_only_where_objects_are_large() {
        let mebibyte = 1024 * 1024;
        let (usual, large) = (Resource::PODS, Resource::SECRETS);
        assert_eq!((usual.first_page(500), large.first_page(500)), (500, 5));
        assert_eq!((usual.first_page(2), large.first_page(2)), (2, 2));
        assert_eq!(large.metadata_only().first_page(500), 500);
        for (resource, limit, bytes, expected) in [
            (usual, 500, 2 * mebibyte, 1000),
            (usual, 500, 100, 2000),
            (usual, 500, 30 * mebibyte, 500),
            (usual, 2000, 0, 2000),
            (usual, 4000, 0, 4000),
            (usual, 50, mebibyte, 200),
            (large, 5, mebibyte / 4, 40),
            (large, 5, 7 * mebibyte, 2),
            (large, 40, 56 * mebibyte, 2),
            (large, 2, 60 * mebibyte, 1),
            (large, 2, mebibyte, 8),
        ] {
            assert_eq!(resource.next_page(limit, bytes, 500), expected, "{limit} {bytes}");
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
