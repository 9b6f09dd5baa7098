//! The inventory of a cluster: all kinds side by side, and then what other objects know of the
//! workloads (running digests, budgets, claims, nodes).
//!
//! Whatever may not be read is a warning; only when nothing can be seen at all it is an error.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::future::{BoxFuture, try_join_all};
use futures_util::stream::{self, StreamExt};
use tokio_util::task::AbortOnDropHandle;

use crate::adapters::workload::{Interner, WireObject, is_part_of_a_listed_workload, workload};
use crate::domain::inventory::{Inventory, Kind, Leg, Slot, Workload};
use crate::ports::{DiscoverError, Platform, Query, Scope};

use super::capacity::{self, ClaimName, Template};
use super::client::RequestError;
use super::cluster::{Cluster, Inner, Options, decode};
use super::gathering::{Found, Gathering};
use super::list::{Filter, Resource, is_path_segment};
use super::nodes;
use super::orphans::{self, NOT_OF_DEPLOYMENTS};
use super::page::items;
use super::reach::{self, Gap, Reach, Seen};
use super::running::{self, CronJobs, Reports};

impl Platform for Cluster {
    fn discover<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Inventory, DiscoverError>> {
        Box::pin(async move {
            let mut inventory = if query.objects.is_empty() {
                self.everything(query).await?
            } else {
                self.named(query).await?
            };
            let key = |workload: &Workload| {
                let namespace = workload.namespace.clone();
                (namespace, workload.kind, Arc::clone(&workload.name))
            };
            inventory.workloads.sort_by_cached_key(key);
            Ok(inventory)
        })
    }
}

/// What the list of one kind gave.
pub(super) struct Reading {
    pub(super) found: Vec<Found>,
    gap: Option<Gap>,
    reports: Reports,
    cron_jobs: CronJobs,
}

/// Spawned, so that decoding one kind does not hold up another; ended when nobody waits any more.
fn spawn<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> AbortOnDropHandle<T> {
    AbortOnDropHandle::new(tokio::spawn(work))
}

fn is_floating(options: &Options, slot: &Slot) -> bool {
    slot.image.reference().is_some_and(options.floating)
}

fn found(kind: Kind, object: &WireObject<'_>, interner: &mut Interner, options: &Options) -> Found {
    let mut workload = workload(kind, object, Leg::Kubernetes, interner);
    if kind == Kind::Pod {
        for slot in &mut workload.slots {
            if is_floating(options, slot) {
                slot.running = running::of_pod(object, slot, interner);
            }
        }
    }
    let template = Template::read(object, &workload, interner);
    Found { workload, template }
}

/// Lists a kind: its workloads, and what its objects tell of other workloads.
pub(super) async fn read(
    inner: Arc<Inner>,
    reach: Arc<Reach>,
    kind: Kind,
    filter: Filter,
) -> Result<Reading, RequestError> {
    let mut interner = Interner::default();
    let mut reports = Reports::default();
    let mut cron_jobs = CronJobs::default();
    let page = |bytes: &[u8], kept: &mut Vec<Found>| {
        items(bytes, |object: WireObject<'_>| {
            match kind {
                Kind::Pod => reports.pod(&object, &mut interner),
                Kind::Job => cron_jobs.job(&object, &mut interner),
                _ => {}
            }
            if !is_part_of_a_listed_workload(kind, &object.metadata) {
                kept.push(found(kind, &object, &mut interner, &inner.options));
            }
        })
    };
    let Seen { kept, gap } = reach.list(&inner, Resource::of(kind), &filter, page).await?;
    Ok(Reading { found: kept, gap, reports, cron_jobs })
}

impl Cluster {
    async fn everything(&self, query: &Query) -> Result<Inventory, DiscoverError> {
        let inner = &self.inner;
        let reach = Arc::new(match &query.scope {
            Scope::All => Reach::all(inner),
            scope => Reach::namespaces(inner, vec![self.namespace_of(scope)?]),
        });
        let filter = Filter {
            labels: query.selector.clone().filter(|text| !text.is_empty()),
            fields: query.field_selector.clone().filter(|text| !text.is_empty()),
        };
        let whole = reach.is_all() && filter.is_empty();
        let readings = Kind::ALL.map(|kind| {
            let mut filter = filter.clone();
            if whole && kind == Kind::ReplicaSet {
                filter.labels = Some(NOT_OF_DEPLOYMENTS.to_owned());
            }
            (kind, spawn(read(Arc::clone(inner), Arc::clone(&reach), kind, filter)))
        });
        let aside = self.spawn_aside(&reach);
        let mut gathering = Gathering::default();
        let mut failures = Vec::new();
        let mut pods = None;
        let mut cron_jobs = CronJobs::default();
        for (kind, reading) in readings {
            let reading = reading.await.unwrap_or_else(|error| Err(broken(&error)));
            match reading {
                Ok(reading) => {
                    gathering.gap(reading.gap, Resource::of(kind));
                    gathering.found.extend(reading.found);
                    match kind {
                        Kind::Pod => pods = Some(reading.reports),
                        Kind::Job => cron_jobs = reading.cron_jobs,
                        _ => {}
                    }
                }
                Err(error) => failures.push((kind, error)),
            }
        }
        let place = match &query.scope {
            Scope::All => "at cluster scope".to_owned(),
            scope => format!("in namespace {}", self.namespace_of(scope)?),
        };
        gathering.judge(self, &failures, &place)?;
        if whole {
            let replica_sets_read = !failures
                .iter()
                .any(|(kind, _)| matches!(kind, Kind::Deployment | Kind::ReplicaSet));
            if replica_sets_read {
                let suspects = orphans::suspects(&gathering.found, pods.as_ref());
                self.add_orphans(&reach, suspects, &mut gathering).await;
            }
        }
        if filter.is_empty() {
            gathering.reports = pods.map(|mut reports| {
                reports.fold_jobs(&cron_jobs);
                reports
            });
        } else if !failures.iter().any(|(kind, _)| *kind == Kind::Pod) {
            self.read_reports(&reach, &mut gathering).await;
        }
        self.complete(&reach, gathering, aside).await
    }

    async fn named(&self, query: &Query) -> Result<Inventory, DiscoverError> {
        let mut wanted = BTreeSet::new();
        for object in &query.objects {
            let namespace = match (&object.namespace, &query.scope) {
                (Some(namespace), _) => self.namespace_of(&Scope::Namespace(namespace.clone()))?,
                (None, Scope::All) => {
                    return Err(DiscoverError::Invalid {
                        message: format!(
                            "{}/{} is named without its namespace",
                            object.kind.short(),
                            object.name
                        ),
                        hint: Some("write NAMESPACE/KIND/NAME, or use -n".to_owned()),
                    });
                }
                (None, scope) => self.namespace_of(scope)?,
            };
            wanted.insert((namespace, object.kind, object.name.clone()));
        }
        let namespaces: BTreeSet<String> =
            wanted.iter().map(|(namespace, ..)| namespace.clone()).collect();
        let reads = wanted.into_iter().map(|(namespace, kind, name)| async move {
            let result = self.one(&namespace, kind, &name).await;
            (format!("{namespace}/{}/{name}", kind.short()), result)
        });
        let reads: Vec<_> =
            stream::iter(reads).buffered(self.inner.options.in_flight.max(1)).collect().await;
        let mut gathering = Gathering::default();
        for (object, result) in reads {
            match result {
                Ok(found) => gathering.found.push(found),
                Err(error) if error.is_not_found() => {
                    return Err(DiscoverError::NotFound { object });
                }
                Err(error) => return Err(self.trouble(&error, &object)),
            }
        }
        let reach = Reach::namespaces(&self.inner, namespaces.into_iter().collect());
        let reach = Arc::new(reach);
        let aside = self.spawn_aside(&reach);
        self.read_reports(&reach, &mut gathering).await;
        self.complete(&reach, gathering, aside).await
    }

    /// Fetches one object.
    pub(super) async fn one(
        &self,
        namespace: &str,
        kind: Kind,
        name: &str,
    ) -> Result<Found, RequestError> {
        if !is_path_segment(name) {
            // No object can be called so.
            return Err(RequestError::Status {
                code: 404,
                message: "not found".to_owned(),
                details: Box::default(),
            });
        }
        let target = format!("{}/{name}", Resource::of(kind).path(Some(namespace)));
        let bytes = self.inner.transport.get(&target).await?;
        let object: WireObject<'_> = decode(&bytes)?;
        Ok(found(kind, &object, &mut Interner::default(), &self.inner.options))
    }

    /// The namespace of a scope, that of the context for all of them.
    pub(super) fn namespace_of(&self, scope: &Scope) -> Result<String, DiscoverError> {
        let namespace = match scope {
            Scope::Namespace(namespace) => namespace,
            Scope::Current | Scope::All => &self.inner.namespace,
        };
        if is_path_segment(namespace) {
            Ok(namespace.clone())
        } else {
            Err(DiscoverError::Invalid {
                message: format!("{namespace:?} can be no namespace"),
                hint: Some("a namespace has lower-case letters, digits and -".to_owned()),
            })
        }
    }

    /// Lists pods and Jobs for the digests that run, when somebody needs them.
    async fn read_reports(&self, reach: &Arc<Reach>, gathering: &mut Gathering) {
        let options = &self.inner.options;
        let needed = gathering.found.iter().any(|found| {
            let mut slots = found.workload.slots.iter();
            found.workload.kind != Kind::Pod && slots.any(|slot| is_floating(options, slot))
        });
        if !needed {
            return;
        }
        let readings = [Kind::Pod, Kind::Job].map(async |kind| {
            let inner = Arc::clone(&self.inner);
            read(inner, Arc::clone(reach), kind, Filter::default()).await
        });
        match try_join_all(readings).await.as_deref_mut() {
            Ok([pods, jobs]) => {
                let mut reports = std::mem::take(&mut pods.reports);
                reports.fold_jobs(&jobs.cron_jobs);
                gathering.reports = Some(reports);
            }
            Ok(_) => {}
            Err(error) => {
                let consequence = "what runs under a floating tag is not known";
                gathering.without(Resource::of(Kind::Pod), error, consequence);
            }
        }
    }

    fn spawn_aside(&self, reach: &Arc<Reach>) -> Aside {
        let (inner, reach) = (Arc::clone(&self.inner), Arc::clone(reach));
        let nodes_of = Arc::clone(&self.inner);
        Aside {
            budgets: spawn(async move {
                let filter = Filter::default();
                reach.list(&inner, Resource::BUDGETS, &filter, capacity::budgets).await
            }),
            nodes: spawn(async move { nodes::platforms(&nodes_of).await }),
        }
    }

    /// Fills in what other objects know, and makes an inventory of it.
    async fn complete(
        &self,
        reach: &Arc<Reach>,
        mut gathering: Gathering,
        aside: Aside,
    ) -> Result<Inventory, DiscoverError> {
        let budgets = aside.budgets.await.unwrap_or_else(|error| Err(broken(&error)));
        let budgets = budgets.unwrap_or_else(|error| {
            let consequence = "disruption budgets are not considered";
            gathering.without(Resource::BUDGETS, &error, consequence);
            Seen { kept: Vec::new(), gap: None }
        });
        gathering.gap(budgets.gap, Resource::BUDGETS);
        let claims = self.claims(reach, &mut gathering).await;
        let platforms = aside.nodes.await.unwrap_or_else(|error| Err(broken(&error)));
        let platforms = platforms.unwrap_or_else(|error| {
            gathering.without(Resource::NODES, &error, "platforms are not checked");
            nodes::Platforms::default()
        });
        let options = &self.inner.options;
        let workloads = gathering.found.into_iter().map(|found| {
            let mut workload = found.workload;
            if let Some(reports) = &gathering.reports
                && workload.kind != Kind::Pod
            {
                reports.fill(&mut workload, |slot| is_floating(options, slot));
            }
            capacity::fill(&mut workload, &found.template, &budgets.kept, &claims);
            workload
        });
        let workloads = workloads.collect();
        let mut warnings = reach::warnings(&gathering.gaps);
        warnings.append(&mut gathering.warnings);
        Ok(Inventory {
            workloads,
            platforms: platforms.free,
            tainted_platforms: platforms.tainted,
            warnings,
        })
    }

    /// The claims that only one node can mount, listed only when some could be in the way.
    async fn claims(&self, reach: &Arc<Reach>, gathering: &mut Gathering) -> HashSet<ClaimName> {
        if !gathering.found.iter().any(|found| found.template.has_claims()) {
            return HashSet::new();
        }
        let filter = Filter::default();
        let result = reach.list(&self.inner, Resource::CLAIMS, &filter, capacity::claims).await;
        match result {
            Ok(seen) => {
                gathering.gap(seen.gap, Resource::CLAIMS);
                seen.kept.into_iter().collect()
            }
            Err(error) => {
                let consequence = "volumes that one node holds are not considered";
                gathering.without(Resource::CLAIMS, &error, consequence);
                HashSet::new()
            }
        }
    }
}

/// Lists that run beside those of the workloads.
struct Aside {
    budgets: AbortOnDropHandle<Result<Seen<capacity::Budget>, RequestError>>,
    nodes: AbortOnDropHandle<Result<nodes::Platforms, RequestError>>,
}

fn broken(error: &tokio::task::JoinError) -> RequestError {
    RequestError::Unreachable(format!("the reading broke off: {error}"))
}

#[cfg(test)]
mod tests;
