//! The objects in which Helm keeps its records, listed and read. What a record says is not looked at
//! here; no word of it gets into an error.

use futures_util::future::BoxFuture;
use serde::Deserialize;

use crate::adapters::workload::{Pairs, Text};
use crate::domain::inventory::Warning;
use crate::ports::releases::{
    Declarations, Keeper, RecordObject, RecordQuery, ReleaseRecords, TakeRecord,
};
use crate::ports::{DiscoverError, Scope};

use super::cluster::{Cluster, decode};
use super::list::{Filter, Resource, is_path_segment};
use super::page::items;
use super::reach::{self, Reach, Seen};

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Object<'a> {
    metadata: Metadata<'a>,
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Metadata<'a> {
    name: Text<'a>,
    namespace: Text<'a>,
    labels: Option<Pairs<'a>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Data<'a> {
    release: Option<Text<'a>>,
}

impl ReleaseRecords for Cluster {
    fn list<'a>(
        &'a self,
        query: &'a RecordQuery<'a>,
        take: &'a mut TakeRecord<'a>,
    ) -> BoxFuture<'a, Result<Vec<Warning>, DiscoverError>> {
        Box::pin(self.list_records(query, take))
    }

    fn declared<'a>(
        &'a self,
        namespaces: &'a [&'a str],
    ) -> BoxFuture<'a, Result<Declarations, String>> {
        Box::pin(self.flux_releases(namespaces))
    }

    fn get<'a>(
        &'a self,
        keeper: Keeper,
        namespace: &'a str,
        name: &'a str,
        take: &'a mut TakeRecord<'a>,
    ) -> BoxFuture<'a, Result<bool, DiscoverError>> {
        Box::pin(async move {
            if !is_path_segment(namespace) || !is_path_segment(name) {
                // No object can be called so.
                return Ok(false);
            }
            let target = format!("{}/{name}", resource(keeper).path(Some(namespace)));
            let answer = self.inner.transport.get(&target).await;
            let handed = answer.and_then(|bytes| {
                hand_over(&decode(&bytes)?, take);
                Ok(())
            });
            match handed {
                Ok(()) => Ok(true),
                Err(error) if error.is_not_found() => Ok(false),
                Err(error) => Err(self.trouble(&error, &format!("{namespace}/{name}"))),
            }
        })
    }
}

impl Cluster {
    async fn list_records(
        &self,
        query: &RecordQuery<'_>,
        take: &mut TakeRecord<'_>,
    ) -> Result<Vec<Warning>, DiscoverError> {
        let inner = &self.inner;
        let (reach, place) = match query.scope {
            Scope::All => (Reach::all(inner), "all namespaces".to_owned()),
            scope => {
                let namespace = self.namespace_of(scope)?;
                let place = format!("namespace {namespace}");
                (Reach::namespaces(inner, vec![namespace]), place)
            }
        };
        let whole = resource(query.keeper);
        let resource = if query.names_only { whole.metadata_only() } else { whole };
        let filter = Filter { labels: Some(query.selector.to_owned()), fields: None };
        let page = |bytes: &[u8], kept: &mut Vec<()>| {
            items(bytes, |object: Object<'_>| {
                hand_over(&object, take);
                // Nothing is kept but their number.
                kept.push(());
            })
        };
        match reach.list(inner, resource, &filter, page).await {
            Ok(Seen { gap, .. }) => {
                let gaps = gap.into_iter().map(|gap| (gap, vec![resource])).collect();
                Ok(reach::warnings(&gaps))
            }
            Err(error) => {
                Err(self.trouble(&error, &format!("the releases ({resource}) in {place}")))
            }
        }
    }
}

fn resource(keeper: Keeper) -> Resource {
    match keeper {
        Keeper::Secrets => Resource::SECRETS,
        Keeper::ConfigMaps => Resource::CONFIG_MAPS,
    }
}

fn hand_over(object: &Object<'_>, take: &mut TakeRecord<'_>) {
    let metadata = &object.metadata;
    let labels: Vec<_> = metadata.labels.iter().flat_map(Pairs::iter).collect();
    take(&RecordObject {
        namespace: &metadata.namespace,
        name: &metadata.name,
        labels: &labels,
        data: object.data.as_ref().and_then(|data| data.release.as_deref()),
    });
}

#[cfg(test)]
mod tests;
