//! Which namespaces are read, and what becomes of a list that is not allowed in all of them: the
//! whole cluster at once, else namespace by namespace, else the namespace of the context.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use tokio::sync::{OnceCell, Semaphore};

use crate::adapters::workload::WireMetadata;
use crate::domain::inventory::Warning;

use super::client::RequestError;
use super::cluster::Inner;
use super::list::{Filter, Resource, list};
use super::page::items;

/// The namespaces of one reading; shared by its lists, so that namespaces are listed once.
pub(super) struct Reach {
    /// None means all.
    namespaces: Option<Vec<String>>,
    found: OnceCell<Result<Vec<String>, RequestError>>,
    in_flight: Semaphore,
}

/// What a list could not see.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// The whole cluster was asked for, and only this namespace could be read.
    OnlyNamespace(String),
    /// These namespaces may not be read.
    Namespaces(Vec<String>),
}

/// What a list saw.
pub(super) struct Seen<K> {
    pub(super) kept: Vec<K>,
    pub(super) gap: Option<Gap>,
}

impl Reach {
    /// The whole cluster.
    pub(super) fn all(inner: &Inner) -> Self {
        Self::new(inner, None)
    }

    /// Some namespaces.
    pub(super) fn namespaces(inner: &Inner, namespaces: Vec<String>) -> Self {
        Self::new(inner, Some(namespaces))
    }

    fn new(inner: &Inner, namespaces: Option<Vec<String>>) -> Self {
        Self {
            namespaces,
            found: OnceCell::new(),
            in_flight: Semaphore::new(inner.options.in_flight.max(1)),
        }
    }

    /// Whether everything is asked for.
    pub(super) fn is_all(&self) -> bool {
        self.namespaces.is_none()
    }

    /// Lists a resource as far as it is allowed. Forbidden only when it is allowed nowhere.
    pub(super) async fn list<K, F>(
        &self,
        inner: &Arc<Inner>,
        resource: Resource,
        filter: &Filter,
        mut page: F,
    ) -> Result<Seen<K>, RequestError>
    where
        F: FnMut(&[u8], &mut Vec<K>) -> Result<(), RequestError> + Send,
        K: Send,
    {
        let Some(namespaces) = &self.namespaces else {
            return match list(inner, resource, None, filter, &mut page).await {
                Err(error) if error.is_forbidden() => {
                    self.piecemeal(inner, resource, filter, page, error).await
                }
                other => other.map(|kept| Seen { kept, gap: None }),
            };
        };
        match namespaces.as_slice() {
            [one] => {
                let kept = list(inner, resource, Some(one), filter, page).await?;
                Ok(Seen { kept, gap: None })
            }
            many => self.each(inner, resource, filter, page, many).await,
        }
    }

    /// After the whole cluster was refused.
    async fn piecemeal<K, F>(
        &self,
        inner: &Arc<Inner>,
        resource: Resource,
        filter: &Filter,
        page: F,
        refusal: RequestError,
    ) -> Result<Seen<K>, RequestError>
    where
        F: FnMut(&[u8], &mut Vec<K>) -> Result<(), RequestError> + Send,
        K: Send,
    {
        let found = self.found.get_or_init(|| namespaces(inner)).await;
        match found {
            Ok(found) => self.each(inner, resource, filter, page, found).await,
            Err(error) if error.is_forbidden() => {
                let only = inner.namespace.as_str();
                match list(inner, resource, Some(only), filter, page).await {
                    Ok(kept) => Ok(Seen { kept, gap: Some(Gap::OnlyNamespace(only.to_owned())) }),
                    Err(error) if error.is_forbidden() => Err(refusal),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error.clone()),
        }
    }

    /// One list a namespace, a bounded number of them side by side.
    async fn each<K, F>(
        &self,
        inner: &Arc<Inner>,
        resource: Resource,
        filter: &Filter,
        page: F,
        namespaces: &[String],
    ) -> Result<Seen<K>, RequestError>
    where
        F: FnMut(&[u8], &mut Vec<K>) -> Result<(), RequestError> + Send,
        K: Send,
    {
        let page = Mutex::new(page);
        let one = async |namespace: &String| {
            // Closed by nobody; without a permit the list is only less polite.
            let _permit = self.in_flight.acquire().await.ok();
            let take = |bytes: &[u8], kept: &mut Vec<K>| {
                let mut page = page.lock().unwrap_or_else(PoisonError::into_inner);
                page(bytes, kept)
            };
            list(inner, resource, Some(namespace), filter, take).await
        };
        let results: Vec<_> = stream::iter(namespaces.iter().map(one))
            .buffered(inner.options.in_flight.max(1))
            .collect()
            .await;
        let mut seen = Vec::new();
        let mut refused = Vec::new();
        let mut refusal = None;
        for (namespace, result) in namespaces.iter().zip(results) {
            match result {
                Ok(mut kept) => seen.append(&mut kept),
                Err(error) if error.is_forbidden() => {
                    refused.push(namespace.clone());
                    refusal = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        match refusal {
            Some(error) if refused.len() == namespaces.len() => Err(error),
            _ => Ok(Seen {
                kept: seen,
                gap: (!refused.is_empty()).then_some(Gap::Namespaces(refused)),
            }),
        }
    }
}

async fn namespaces(inner: &Arc<Inner>) -> Result<Vec<String>, RequestError> {
    #[derive(Deserialize)]
    #[serde(bound(deserialize = "'de: 'a"))]
    struct Namespace<'a> {
        metadata: WireMetadata<'a>,
    }
    let filter = Filter::default();
    list(inner, Resource::NAMESPACES, None, &filter, |bytes, kept| {
        items(bytes, |namespace: Namespace<'_>| {
            kept.push(namespace.metadata.name.to_string());
        })
    })
    .await
}

/// Gaps as warnings: one for all resources that have the same.
pub(super) fn warnings(gaps: &BTreeMap<Gap, Vec<Resource>>) -> Vec<Warning> {
    gaps.iter()
        .map(|(gap, resources)| {
            let names: Vec<String> = resources.iter().map(Resource::to_string).collect();
            let list = format!("list {}", names.join(", "));
            let message = match gap {
                Gap::OnlyNamespace(only) => format!(
                    "not allowed to `{list}` at cluster scope, nor to `list namespaces`; only namespace {only:?} was read"
                ),
                Gap::Namespaces(refused) => {
                    let (first, rest) = refused.split_at(refused.len().min(5));
                    let more = match rest.len() {
                        0 => String::new(),
                        count => format!(" and {count} more"),
                    };
                    format!("not allowed to `{list}` in {}{more}", first.join(", "))
                }
            };
            Warning {
                code: "forbidden",
                message,
                object: match names.as_slice() {
                    [one] => Some(one.clone()),
                    _ => None,
                },
            }
        })
        .collect()
}
