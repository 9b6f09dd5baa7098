//! Releases as what can be selected and moved: a platform of its own beside the workloads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::driver::Driver;
use super::storage::{Storage, Summaries};
use super::words::without_values;
use crate::adapters::hash::sha256;
use crate::adapters::workload::SYSTEM_NAMESPACES;
use crate::domain::inventory::{
    Inventory, Kind, Leg, Owner, Progress, Rollout, Slot, SlotImage, SlotKind, Warning, Workload,
};
use crate::domain::platform::Placement;
use crate::domain::release::{Release, ReleaseStatus};
use crate::ports::releases::{Declarations, ReleaseRecords};
use crate::ports::{DiscoverError, Platform, Query, Scope};

/// The name of the chart that deploys this program.
const OURSELVES: &str = "safe-update";

/// The releases of a cluster.
#[derive(Clone, Copy)]
pub struct Releases<'a> {
    storage: Storage<'a>,
    here: &'a str,
}

impl<'a> Releases<'a> {
    /// Reads from where Helm keeps its records; `here` is the namespace of the context.
    pub fn new(records: &'a dyn ReleaseRecords, driver: Driver, here: &'a str) -> Self {
        Self { storage: Storage::new(records, driver), here }
    }

    async fn found(&self, query: &Query) -> Result<Inventory, DiscoverError> {
        let mut inventory = Inventory::default();
        // A release has no labels that Kubernetes selects by, and no fields.
        if query.selector.is_some() || query.field_selector.is_some() {
            return Ok(inventory);
        }
        let named: Vec<(&str, &str)> = query
            .objects
            .iter()
            .filter(|object| object.kind == Kind::Release)
            .map(|object| {
                (self.namespace(object.namespace.as_deref(), &query.scope), &*object.name)
            })
            .collect();
        if !query.objects.is_empty() && named.is_empty() {
            return Ok(inventory);
        }
        let mut scopes: Vec<Scope> = match named.as_slice() {
            [] => vec![query.scope.clone()],
            named => named.iter().map(|(space, _)| Scope::Namespace((*space).to_owned())).collect(),
        };
        scopes.dedup();
        for scope in scopes {
            let Summaries { releases, warnings } = self.storage.summaries(&scope).await?;
            inventory.warnings.extend(warnings);
            let wanted = |release: &&Release| {
                named.is_empty() || named.contains(&(&*release.namespace, &*release.name))
            };
            inventory.workloads.extend(releases.iter().filter(wanted).filter_map(workload));
        }
        self.find_owners(&mut inventory).await;
        let missing = named.iter().find(|(namespace, name)| {
            let is_it = |one: &Workload| {
                one.namespace.as_deref() == Some(*namespace) && *one.name == **name
            };
            !inventory.workloads.iter().any(is_it)
        });
        if let Some((namespace, name)) = missing {
            let unreadable = inventory.warnings.iter().find(|warning| {
                warning.code == "forbidden"
                    || warning.object.as_deref() == Some(&format!("{namespace}/{name}"))
            });
            if let Some(warning) = unreadable {
                let message = warning.message.clone();
                return Err(DiscoverError::Forbidden { message });
            }
            return Err(DiscoverError::NotFound { object: format!("{namespace}/release/{name}") });
        }
        let key = |one: &Workload| (one.namespace.clone(), Arc::clone(&one.name));
        inventory.workloads.sort_by_cached_key(key);
        inventory.workloads.dedup_by_key(|one| key(one));
        Ok(inventory)
    }

    /// Whom releases belong to that somebody else upgrades.
    async fn find_owners(&self, inventory: &mut Inventory) {
        let workloads = inventory.workloads.iter();
        let mut namespaces: BTreeSet<&str> =
            workloads.filter_map(|one| one.namespace.as_deref()).collect();
        if namespaces.is_empty() {
            return;
        }
        namespaces.insert(self.here);
        let namespaces: Vec<&str> = namespaces.into_iter().collect();
        let found = self.storage.declared(&namespaces).await;
        let unread = match &found {
            Ok(Declarations { all: true, .. }) => None,
            Ok(_) => Some("the HelmReleases of other namespaces may not be read".to_owned()),
            Err(why) => Some(why.clone()),
        };
        if let Some(why) = unread {
            inventory.warnings.push(Warning {
                code: "owners-unread",
                message: format!("{why}; whether Flux declares these releases is not known"),
                object: None,
            });
        }
        for declared in found.map_or_else(|_| Vec::new(), |found| found.declared) {
            let is_it = |one: &&mut Workload| {
                one.namespace.as_deref() == Some(&*declared.namespace)
                    && *one.name == *declared.release
            };
            if let Some(one) = inventory.workloads.iter_mut().find(is_it) {
                one.owner = declared.owner;
                let Some(source) = declared.source else { continue };
                for slot in &mut one.slots {
                    if let SlotImage::Chart(chart) = &mut slot.image {
                        Arc::make_mut(chart).source = Some(source.clone());
                    }
                }
            }
        }
    }

    fn namespace<'s>(&'s self, written: Option<&'s str>, scope: &'s Scope) -> &'s str {
        match (written, scope) {
            (Some(namespace), _) => namespace,
            (None, Scope::Namespace(namespace)) => namespace,
            (None, Scope::Current | Scope::All) => self.here,
        }
    }
}

impl Platform for Releases<'_> {
    fn discover<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Inventory, DiscoverError>> {
        Box::pin(self.found(query))
    }
}

/// A release as a row; none for one that is uninstalled and only remembered.
pub fn workload(release: &Release) -> Option<Workload> {
    if release.status == ReleaseStatus::Uninstalled {
        return None;
    }
    let mut chart = release.chart.clone();
    // What stands in the cluster is what was deployed last, not what failed since.
    if let Some(deployed) = &release.deployed {
        chart.version = Arc::clone(&deployed.version);
        chart.app_version.clone_from(&deployed.app_version);
    }
    let slot = Slot {
        kind: SlotKind::Chart,
        name: Arc::clone(&chart.name),
        image: SlotImage::Chart(Arc::new(chart)),
        running: crate::domain::inventory::Running::NotAsked,
        line: None,
    };
    Some(Workload {
        leg: Leg::Helm,
        kind: Kind::Release,
        namespace: Some(Arc::clone(&release.namespace)),
        name: Arc::clone(&release.name),
        uid: Some(uid(release)),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        owner: owner(release),
        rollout: Rollout {
            progress: progress(release),
            stateful: release.has_hooks || release.has_crds,
            failed: failed(release),
            ..Rollout::default()
        },
        pull: None,
        placement: Placement::default(),
        origin: None,
        containers: vec![Arc::clone(&slot.name)],
        slots: vec![slot],
    })
}

/// What tells a release from another one of its name that was installed later: its first revision.
pub fn uid(release: &Release) -> Arc<str> {
    let first = release.first_deployed.map(|at| at.to_string()).unwrap_or_default();
    let name = release.id();
    let hash = sha256([name.as_bytes(), b"\0", first.as_bytes()]);
    hash[..32].into()
}

/// Whose a release is, as far as its record says it: only Flux keeps records in another namespace than
/// the objects, where helm itself would make them anew.
fn owner(release: &Release) -> Owner {
    match &release.target_namespace {
        Some(_) => Owner::Flux {
            kind: "HelmRelease",
            namespace: release.namespace.to_string(),
            name: release.name.to_string(),
        },
        None if SYSTEM_NAMESPACES.contains(&&*release.namespace) => Owner::ClusterSystem,
        None if &*release.chart.name == OURSELVES => Owner::Ourselves,
        None => Owner::Nobody,
    }
}

/// What its newest revision failed with: what stands may be half of it.
fn failed(release: &Release) -> Option<String> {
    let failed = matches!(release.status, ReleaseStatus::Failed | ReleaseStatus::Unknown);
    failed.then(|| {
        let words = match release.description.as_str() {
            "" => String::new(),
            text => format!(": {}", without_values(text)),
        };
        format!("revision {} is {}{words}", release.revision, release.status)
    })
}

/// Whether somebody works on it.
fn progress(release: &Release) -> Progress {
    let since = release.last_deployed.map_or_else(String::new, |at| format!(" since {at:.0}"));
    match release.status {
        status if status.is_pending() => Progress::Underway(format!(
            "revision {} is {status}{since}; if no helm works on it any more, `helm rollback` or --unlock frees it",
            release.revision
        )),
        ReleaseStatus::Uninstalling => {
            Progress::Underway(format!("it is being uninstalled{since}"))
        }
        ReleaseStatus::Unknown
        | ReleaseStatus::Deployed
        | ReleaseStatus::Uninstalled
        | ReleaseStatus::Superseded
        | ReleaseStatus::Failed
        | ReleaseStatus::PendingInstall
        | ReleaseStatus::PendingUpgrade
        | ReleaseStatus::PendingRollback => Progress::Settled,
    }
}
