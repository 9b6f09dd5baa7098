//! Carries changes of releases out, beside those of workloads: the upgrade and the way back through
//! the helm process, everything that is seen of them through the API.
//!
//! What helm says is never taken for what happened. After each call the newest revision is read from
//! where Helm keeps it, and that decides.

mod parts;
mod previews;
mod upgrade;
mod watch;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use self::parts::{PartState, Parts};
pub use self::upgrade::Upgrade;
use self::watch::ReleaseWatcher;
use super::alive::Alive;
use super::chart::{Fetched, Reach};
use super::copies::Copies;
use super::driver::{Driver, DriverError};
use super::process::{Helm, HelmError, HelmSettings};
use super::releases;
use super::storage::{Storage, Stored};
use super::stored::StoredRelease;
use super::words;
use crate::adapters::hash::sha256;
use crate::domain::change::{ObjectId, SlotId};
use crate::domain::health::JobState;
use crate::domain::history::RecordId;
use crate::domain::inventory::{Kind, Owner, SlotKind};
use crate::domain::release::ReleaseStatus;
use crate::domain::rollout::{Half, Images, ReleaseStanding, Working};
use crate::ports::previews::Rehearsals;
use crate::ports::releases::{Declared, ReleaseError, ReleaseRecords};
use crate::ports::rollouts::{
    CronRun, Inspected, Placed, ReadError, Replacement, Rollouts, WatchSubject, Watcher,
    WriteError, Written,
};

/// How many workloads of one release are read at once.
const READS: usize = 8;

/// How releases are reached.
#[derive(Debug, Clone)]
pub struct HelmAccess {
    /// Where Helm keeps its records; an error where that cannot be read.
    pub driver: Result<Driver, DriverError>,
    /// How the helm process is found and told where the cluster is.
    pub process: HelmSettings,
    /// Where locks of this machine are kept.
    pub locks: PathBuf,
    /// Which cluster it is.
    pub identity: Arc<str>,
    /// How registries are reached of which the user says something.
    pub registries: HashMap<String, Reach>,
    /// Where helm keeps its plugins, where that is known.
    pub plugins: Option<PathBuf>,
    /// Somebody reads what is rendered.
    pub for_people: bool,
    /// What the user says about upgrades.
    pub options: UpgradeOptions,
}

/// What the user says about upgrades: the flags of `helm upgrade`.
#[derive(Debug, Clone)]
pub struct UpgradeOptions {
    /// How values are made.
    pub values: Vec<OsString>,
    /// helm's own timeout.
    pub timeout: Option<Duration>,
    /// Values that are masked in helm's words.
    pub secrets: Vec<SecretString>,
    /// The files with values, as helm is handed them.
    pub copies: Copies,
}

impl Default for UpgradeOptions {
    /// The new chart's defaults with what the user set before.
    fn default() -> Self {
        Self {
            values: vec![KEEP_VALUES.into()],
            timeout: None,
            secrets: Vec::new(),
            copies: Copies::default(),
        }
    }
}

/// The flag that puts the user's own values over the defaults of the new chart. Plain
/// `--reuse-values` keeps the old defaults too, and breaks charts that have new ones.
pub const KEEP_VALUES: &str = "--reset-then-reuse-values";

/// The cluster and its releases as one leg that carries changes out.
pub struct HelmRollouts {
    workloads: Arc<dyn Rollouts>,
    records: Arc<dyn ReleaseRecords>,
    rehearsals: Arc<dyn Rehearsals>,
    access: HelmAccess,
    helm: OnceCell<Result<Helm, HelmError>>,
    /// What was made ready to be upgraded, by release.
    upgrades: Mutex<HashMap<ObjectId, Upgrade>>,
    /// Charts that were fetched, by source, name and version.
    charts: Mutex<HashMap<String, Fetched>>,
    /// What must not be shown, by release.
    secrets: Mutex<HashMap<ObjectId, Vec<SecretString>>>,
    /// How the workloads of a release stood when it was looked at last, at which revision.
    looked: Mutex<HashMap<ObjectId, (i64, Arc<Parts>)>>,
    /// How they stood before the upgrade of this run: what was broken then is not its fault. A run that
    /// takes another one up does not know it, and excuses nobody.
    before: Mutex<HashMap<ObjectId, Arc<Parts>>>,
    /// What helm said when it wrote last, secrets masked.
    said: Mutex<HashMap<ObjectId, Arc<str>>>,
    /// What controllers declare, by the namespace that was asked about.
    declared: Mutex<HashMap<Arc<str>, Arc<Vec<Declared>>>>,
}

impl HelmRollouts {
    /// Puts releases beside the workloads of a cluster.
    pub fn new(
        workloads: Arc<dyn Rollouts>,
        records: Arc<dyn ReleaseRecords>,
        rehearsals: Arc<dyn Rehearsals>,
        access: HelmAccess,
    ) -> Self {
        Self {
            workloads,
            records,
            rehearsals,
            access,
            helm: OnceCell::new(),
            upgrades: Mutex::default(),
            charts: Mutex::default(),
            secrets: Mutex::default(),
            looked: Mutex::default(),
            before: Mutex::default(),
            said: Mutex::default(),
            declared: Mutex::default(),
        }
    }

    /// Keeps how the workloads stand now, right before helm changes them.
    fn remember_before(&self, object: &ObjectId, revision: i64) {
        let looked = locked(&self.looked).get(object).cloned();
        if let Some((_, parts)) = looked.filter(|(at, _)| *at == revision) {
            locked(&self.before).insert(object.clone(), parts);
        }
    }

    /// Only used behind [`Self::stored`], which tells a driver that cannot be read.
    fn storage(&self) -> Storage<'_> {
        let driver = self.access.driver.clone().unwrap_or_default();
        Storage::new(&*self.records, driver)
    }

    /// The helm process, found when it is needed first.
    ///
    /// # Errors
    /// There is none that can be used.
    pub async fn helm(&self) -> Result<&Helm, HelmError> {
        let find = || Helm::find(self.access.process.clone());
        self.helm.get_or_init(find).await.as_ref().map_err(Clone::clone)
    }

    async fn stored(&self, object: &ObjectId) -> Result<Stored, ReadError> {
        if let Err(error) = &self.access.driver {
            return Err(ReadError::Forbidden(error.to_string()));
        }
        let stored = self.storage().stored(&object.namespace, &object.name).await;
        let stored = stored.map_err(|error| unread(object, error))?;
        if stored.newest.release.status == ReleaseStatus::Uninstalled {
            return Err(ReadError::Gone(object.clone()));
        }
        Ok(stored)
    }

    /// Who declares a release and would put it back; asked once a namespace. Where that may not be
    /// read, the plan has warned of it.
    async fn declared(&self, object: &ObjectId) -> Option<Owner> {
        let namespace = &object.namespace;
        let known = locked(&self.declared).get(namespace).cloned();
        let declared = if let Some(known) = known {
            known
        } else {
            let found = self.storage().declared(&[namespace]).await.ok()?;
            let found = Arc::new(found.declared);
            locked(&self.declared).insert(Arc::clone(namespace), Arc::clone(&found));
            found
        };
        let is_it = |one: &&Declared| *one.namespace == **namespace && *one.release == *object.name;
        declared.iter().find(is_it).map(|one| one.owner.clone())
    }

    async fn inspected(&self, object: &ObjectId) -> Result<Inspected, ReadError> {
        let stored = self.stored(object).await?;
        let newest = &stored.newest.release;
        let workload = releases::workload(newest);
        let mut workload = workload.ok_or_else(|| ReadError::Gone(object.clone()))?;
        if let Some(owner) = self.declared(object).await {
            workload.owner = owner;
        }
        let standing = standing(&stored);
        let parts = self.parts(standing).await?;
        let upgrade_is = locked(&self.upgrades).get(object).is_some_and(|one| one.stateful);
        let is_deployed = newest.status == ReleaseStatus::Deployed;
        let inspected = Inspected {
            uid: releases::uid(newest),
            resource_version: newest.revision.to_string().into(),
            generation: i64::from(newest.revision),
            template_hash: hash(standing),
            places: vec![Placed {
                slot: slot(standing),
                index: 0,
                image: Arc::clone(&standing.release.chart.version),
            }],
            writer: None,
            progress_deadline: parts.progress_deadline(),
            healthy: is_deployed && parts.are_healthy(),
            stateful: workload.rollout.stateful || upgrade_is,
            release: Some(ReleaseStanding {
                newest: newest.revision,
                deployed: stored
                    .deployed
                    .as_ref()
                    .map(|one| one.release.revision)
                    .or_else(|| is_deployed.then_some(newest.revision)),
                manifest: standing.manifest_digest.clone(),
                values: standing.values_digest.clone(),
                half: self.half(object, &stored),
                patience: self.patience(object),
            }),
            workload,
        };
        locked(&self.looked).insert(object.clone(), (inspected.generation, Arc::new(parts)));
        Ok(inspected)
    }

    /// What the newest revision was to be, where it is not deployed.
    fn half(&self, object: &ObjectId, stored: &Stored) -> Option<Half> {
        let newest = &stored.newest.release;
        if newest.status == ReleaseStatus::Deployed {
            return None;
        }
        let since = newest.last_deployed.map_or_else(String::new, |at| format!(" since {at:.0}"));
        let back = newest.status == ReleaseStatus::PendingRollback
            || newest.description.starts_with("Rollback");
        let secrets = previews::secrets_of(&stored.newest, &self.access.options.secrets);
        let description = match newest.description.as_str() {
            "" => String::new(),
            text => format!(": {}", words::masked(text, &secrets)),
        };
        Some(Half {
            version: Arc::clone(&newest.chart.version),
            manifest: stored.newest.manifest_digest.clone(),
            back,
            what: format!("{}{since}{description}", newest.status),
            working: if !newest.status.is_pending() {
                Working::Ended
            } else if Alive::is_held(&self.access.locks, &self.access.identity, object) {
                Working::Here
            } else if self.is_ours(object, newest) {
                Working::Gone
            } else {
                Working::Unknown
            },
            since: newest.last_deployed,
        })
    }

    /// Reads the workloads that a revision's manifest names, as they stand.
    async fn parts(&self, stored: &StoredRelease) -> Result<Parts, ReadError> {
        let named = parts::named(stored)?;
        let reads = named.into_iter().map(|object| async move {
            let read = match object.kind {
                Kind::Job => {
                    self.workloads.job(&object).await.map(|state| PartState::of_job(&state))
                }
                _ => self.workloads.inspect(&object).await.map(PartState::of),
            };
            (object, read)
        });
        let reads: Vec<_> = stream::iter(reads).buffered(READS).collect().await;
        let mut parts = Parts { unjudged: parts::unjudged(stored)?, ..Parts::default() };
        for (object, read) in reads {
            match read {
                Ok(state) => parts.add(object, Some(state)),
                Err(ReadError::Gone(_)) => parts.add(object, None),
                Err(error) => return Err(error),
            }
        }
        Ok(parts)
    }

    /// Frees pods of a failed revision that keep its `StatefulSets` from going back.
    async fn freed(
        &self,
        object: &ObjectId,
        failed: &[(SlotId, Arc<str>)],
    ) -> Result<Vec<String>, ReadError> {
        let stored = self.stored(object).await?;
        let newest = &stored.newest;
        let before = newest.release.revision.saturating_sub(1);
        let found = self.storage().revision(&object.namespace, &object.name, before).await;
        let found = found.map_err(|error| unread(object, error))?;
        // Another revision may lie between; then it is not known which pods were the failed ones.
        let version = failed.first().map(|(_, version)| version);
        if version != Some(&found.release.chart.version) {
            return Ok(Vec::new());
        }
        let stands: HashMap<ObjectId, Images> = parts::images(newest)?.into_iter().collect();
        let mut freed = Vec::new();
        for (part, images) in parts::images(&found)? {
            // A set whose images are the same again is told by nothing from what is to run.
            let differs = stands.get(&part).is_some_and(|stands| *stands != images);
            if part.kind == Kind::StatefulSet && differs {
                freed.extend(self.workloads.unstick(&part, &images).await?);
            }
        }
        Ok(freed)
    }
}

impl Rollouts for HelmRollouts {
    fn inspect<'a>(&'a self, object: &'a ObjectId) -> BoxFuture<'a, Result<Inspected, ReadError>> {
        match object.kind {
            Kind::Release => Box::pin(self.inspected(object)),
            _ => self.workloads.inspect(object),
        }
    }

    fn write<'a>(
        &'a self,
        object: &'a ObjectId,
        base: &'a Inspected,
        images: &'a [Replacement],
        rehearsal: bool,
    ) -> BoxFuture<'a, Result<Written, WriteError>> {
        match object.kind {
            Kind::Release => Box::pin(self.written(object, base, images, rehearsal)),
            _ => self.workloads.write(object, base, images, rehearsal),
        }
    }

    fn said(&self, object: &ObjectId) -> Option<Arc<str>> {
        locked(&self.said).get(object).filter(|said| !said.is_empty()).cloned()
    }

    fn watch<'a>(&'a self, subject: WatchSubject) -> Box<dyn Watcher + 'a> {
        match subject.object.kind {
            Kind::Release => Box::new(ReleaseWatcher::new(self, subject)),
            _ => self.workloads.watch(subject),
        }
    }

    fn unstick<'a>(
        &'a self,
        object: &'a ObjectId,
        failed: &'a [(SlotId, Arc<str>)],
    ) -> BoxFuture<'a, Result<Vec<String>, ReadError>> {
        match object.kind {
            Kind::Release => Box::pin(self.freed(object, failed)),
            _ => self.workloads.unstick(object, failed),
        }
    }

    fn job<'a>(&'a self, job: &'a ObjectId) -> BoxFuture<'a, Result<JobState, ReadError>> {
        self.workloads.job(job)
    }

    fn run_once<'a>(
        &'a self,
        object: &'a ObjectId,
        record: &'a RecordId,
    ) -> BoxFuture<'a, Result<String, WriteError>> {
        self.workloads.run_once(object, record)
    }

    fn stop_job<'a>(
        &'a self,
        object: &'a ObjectId,
        record: &'a RecordId,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        self.workloads.stop_job(object, record)
    }

    fn newest_job<'a>(
        &'a self,
        object: &'a ObjectId,
        images: &'a [(SlotId, Arc<str>)],
    ) -> BoxFuture<'a, Result<Option<CronRun>, ReadError>> {
        self.workloads.newest_job(object, images)
    }
}

/// What stands in the cluster: the newest deployed revision, else the newest.
fn standing(stored: &Stored) -> &StoredRelease {
    stored.deployed.as_ref().unwrap_or(&stored.newest)
}

/// What tells the state of one revision from that of another.
fn hash(stored: &StoredRelease) -> String {
    let (manifest, values) = (stored.manifest_digest.as_str(), stored.values_digest.as_str());
    sha256([manifest.as_bytes(), b"\0", values.as_bytes()])
}

fn slot(stored: &StoredRelease) -> SlotId {
    SlotId { kind: SlotKind::Chart, name: Arc::clone(&stored.release.chart.name) }
}

fn unread(object: &ObjectId, error: ReleaseError) -> ReadError {
    match error {
        ReleaseError::Gone { .. } => ReadError::Gone(object.clone()),
        ReleaseError::Forbidden(message) => ReadError::Forbidden(message),
        other => ReadError::Unavailable(other.to_string()),
    }
}

/// A lock whose holder panicked has nothing half-done in it: each is taken for one call of a map.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// How long helm may take beside what its own timeout says: it has one for each hook and each wait.
const PATIENCE: u32 = 4;
/// helm's own timeout where none is said (`--timeout` of `helm upgrade`).
const TIMEOUT: Duration = Duration::from_mins(5);
