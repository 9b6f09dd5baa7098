//! `ReplicaSets` in a reading of the whole cluster.
//!
//! Those of Deployments are the most numerous objects of a cluster and tell nothing that is needed,
//! so only those without the label are listed that every Deployment gives its own. One that
//! a Deployment left behind keeps the label; it betrays itself by running pods that lead to no
//! Deployment. Without pods it stays unseen, and changes nothing.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::domain::inventory::{Kind, Owner};

use super::cluster::Cluster;
use super::gathering::{Found, Gathering};
use super::inventory::read;
use super::list::{Filter, Resource};
use super::reach::Reach;
use super::running::Reports;

/// Selects the `ReplicaSets` of Deployments, and those left behind.
const OF_DEPLOYMENTS: &str = "pod-template-hash";
/// Selects all others.
pub(super) const NOT_OF_DEPLOYMENTS: &str = "!pod-template-hash";
/// More than these are listed instead of fetched one by one.
const SUSPECTS: usize = 50;

/// Namespaces and names of the `ReplicaSets` with pods that lead to no Deployment, and that were not
/// listed either.
pub(super) fn suspects(found: &[Found], pods: Option<&Reports>) -> BTreeSet<(String, String)> {
    let Some(pods) = pods else {
        return BTreeSet::new();
    };
    let known: HashSet<(&str, Kind, &str)> = found
        .iter()
        .map(|found| &found.workload)
        .filter(|workload| matches!(workload.kind, Kind::Deployment | Kind::ReplicaSet))
        .filter_map(|workload| {
            Some((workload.namespace.as_deref()?, workload.kind, &*workload.name))
        })
        .collect();
    pods.replica_sets()
        .filter(|(namespace, name, deployment)| {
            let deployment = deployment.is_some_and(|deployment| {
                known.contains(&(*namespace, Kind::Deployment, deployment))
            });
            !deployment && !known.contains(&(*namespace, Kind::ReplicaSet, *name))
        })
        .map(|(namespace, name, _)| (namespace.to_owned(), name.to_owned()))
        .collect()
}

/// One whose Deployment was created after the Deployments had been listed.
fn is_of_deployment(found: &Found) -> bool {
    matches!(&found.workload.owner, Owner::Controller { kind, .. } if kind == "Deployment")
}

impl Cluster {
    /// Adds the `ReplicaSets` that a Deployment left behind, out of those that look so.
    pub(super) async fn add_orphans(
        &self,
        reach: &Arc<Reach>,
        suspects: BTreeSet<(String, String)>,
        gathering: &mut Gathering,
    ) {
        let kind = Kind::ReplicaSet;
        let result = if suspects.len() > SUSPECTS {
            let filter = Filter { labels: Some(OF_DEPLOYMENTS.to_owned()), fields: None };
            let inner = Arc::clone(&self.inner);
            let reading = read(inner, Arc::clone(reach), kind, filter).await;
            reading.map(|reading| reading.found)
        } else {
            let reads = suspects.into_iter().map(async |(namespace, name)| {
                match self.one(&namespace, kind, &name).await {
                    Ok(found) => Ok(Some(found).filter(|found| !is_of_deployment(found))),
                    // It went away in the meantime.
                    Err(error) if error.is_not_found() => Ok(None),
                    Err(error) => Err(error),
                }
            });
            let reads = stream::iter(reads).buffered(self.inner.options.in_flight.max(1));
            let found: Result<Vec<_>, _> = reads.try_collect().await;
            found.map(|found| found.into_iter().flatten().collect())
        };
        match result {
            Ok(found) => gathering.found.extend(found),
            Err(error) => {
                gathering.without(Resource::of(kind), &error, "orphaned ones are left out");
            }
        }
    }
}
