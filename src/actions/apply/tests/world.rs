//! A cluster, its locks, a journal and a registry in memory, which note in order what is done to them
//! and fail on demand. Time is tokio's, which jumps to the next timer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::{Limits, Manner, Report, Room, apply};
use crate::actions::intent::{Goal, Intent, Step};
use crate::domain::change::{ObjectId, Probe, SlotId};
use crate::domain::gate::tests::workload;
use crate::domain::health::{Container, Counts, JobState, Observation, Pod, Seen, State};
use crate::domain::history::{Actor, Memory, Record, RecordId, RunId, Verb};
use crate::domain::image::{Digest, Repository, Tag};
use crate::domain::inventory::{Kind, PullIdentity, SlotKind, Strategy};
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::Moment;
use crate::domain::version::Bump;
use crate::ports::rollouts::{
    Clock, CronRun, Fence, Held, Inspected, Journal, JournalError, Lock, LockError, Placed, Prober,
    ReadError, Remembered, Replacement, Rollouts, RunStart, WatchSubject, Watcher, WriteError,
    Written,
};
use crate::ports::{LookupError, Manifest, Registry, Silent, TagList, Usage, Wanted};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The journal cannot be written.
    Disk,
    /// The reply to a write is lost.
    LostReply,
    /// Another run takes the lock after it was taken.
    LostLock,
    /// Another run holds the lock.
    Busy,
    /// The server answers slowly whether the lock is ours still.
    SlowLock,
    /// Every tag names another image now.
    MovedTag,
    /// The object is changed by somebody else between the rehearsal and the write.
    Edited,
}

#[derive(Debug, Default)]
struct Inside {
    images: BTreeMap<ObjectId, Arc<str>>,
    generations: BTreeMap<ObjectId, i64>,
    memories: BTreeMap<ObjectId, Memory>,
    log: Vec<String>,
    records: Vec<Record>,
}

pub(super) struct World {
    inside: Mutex<Inside>,
    pub(super) faults: BTreeSet<Fault>,
    /// Versions that crash.
    pub(super) bad: BTreeSet<&'static str>,
    /// Versions that work from the start of the run until then, and crash afterwards.
    pub(super) relapsing: BTreeMap<&'static str, Duration>,
    /// Versions of which no pod is ready before then.
    pub(super) slow: BTreeMap<&'static str, Duration>,
    pub(super) manner: Manner,
    /// The order of an object in the policy, where it is not 0.
    pub(super) orders: BTreeMap<&'static str, i32>,
    stop: watch::Sender<bool>,
    start: Instant,
}

fn digest(letter: char) -> Digest {
    format!("sha256:{}", letter.to_string().repeat(64)).parse().expect("a digest")
}

fn slot() -> SlotId {
    SlotId { kind: SlotKind::Container, name: "app".into() }
}

fn object(name: &str) -> ObjectId {
    format!("prod/deploy/{name}").parse().expect("an object")
}

impl World {
    /// Deployments at version 1.
    pub(super) fn new(names: &[&str]) -> Self {
        let images = names.iter().map(|name| (object(name), Arc::from("corp/app:1")));
        let inside = Inside { images: images.collect(), ..Inside::default() };
        Self {
            inside: Mutex::new(inside),
            faults: BTreeSet::new(),
            bad: BTreeSet::new(),
            relapsing: BTreeMap::new(),
            slow: BTreeMap::new(),
            manner: Manner {
                run: RunId::new(noon(), 7),
                cluster: "cluster".into(),
                actor: Actor { user: None, local: "anna".into(), host: "desk".into() },
                progress_deadline: Some(Duration::from_mins(1)),
                soak: Some(Duration::from_mins(10)),
                until: None,
                rehearsal: false,
                run_once: false,
                windows: Vec::new(),
                freezes: Vec::new(),
                without_lease: false,
            },
            orders: BTreeMap::new(),
            stop: watch::channel(false).0,
            start: Instant::now(),
        }
    }

    fn note(&self, what: &str, object: &ObjectId) {
        let seconds = self.start.elapsed().as_secs();
        self.inside().log.push(format!("{seconds} {what} {}", object.name));
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().expect("no test panics while it holds it")
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// What was done, in order: second, what, object.
    pub(super) fn log(&self) -> Vec<String> {
        self.inside().log.clone()
    }

    /// What stands in an object.
    pub(super) fn image(&self, name: &str) -> String {
        self.inside().images[&object(name)].to_string()
    }

    /// The last state of each record.
    pub(super) fn last_record(&self, name: &str) -> Option<Record> {
        let inside = self.inside();
        inside.records.iter().rev().find(|record| record.change.object == object(name)).cloned()
    }

    /// What is remembered of an object.
    pub(super) fn memory(&self, name: &str) -> Memory {
        self.inside().memories.get(&object(name)).cloned().unwrap_or_default()
    }

    /// Carries out updates of these objects to these versions.
    pub(super) async fn apply(&self, changes: &[(&str, &str)], limits: Limits) -> Vec<Report> {
        let stop = self.stop.subscribe();
        let room = Room {
            rollouts: self,
            lock: self,
            journal: self,
            registry: self,
            prober: self,
            clock: self,
            events: &Silent,
            stop: &stop,
            manner: &self.manner,
        };
        let intents = changes.iter().map(|(name, version)| Intent {
            order: self.orders.get(name).copied().unwrap_or_default(),
            ..intent(name, version)
        });
        let intents = intents.collect();
        apply(&room, intents, limits).await
    }

    fn seen(&self, object: &ObjectId) -> Observation {
        let inside = self.inside();
        let Some(image) = inside.images.get(object) else { return Observation::Gone };
        let now = self.start.elapsed();
        let after = |list: &BTreeMap<&str, Duration>| {
            list.iter().find(|(version, _)| image.ends_with(**version)).map(|(_, at)| now >= *at)
        };
        let relapsed = after(&self.relapsing) == Some(true);
        let crashes = relapsed || self.bad.iter().any(|bad| image.ends_with(bad));
        let is_ready = !crashes && after(&self.slow) != Some(false);
        let generation = inside.generations.get(object).copied().unwrap_or(1);
        let ready = u32::from(is_ready);
        let container = Container {
            slot: slot(),
            image: Arc::clone(image),
            digest: None,
            restarts: 0,
            state: if crashes {
                State::Waiting { reason: "CrashLoopBackOff".into(), message: String::new() }
            } else {
                State::Running
            },
            last: None,
        };
        Observation::Seen(Box::new(Seen {
            kind: Kind::Deployment,
            generation,
            observed_generation: generation,
            images: vec![(slot(), Arc::clone(image))],
            template: hash(image).into(),
            writer: None,
            paused: false,
            strategy: Strategy::Rolling,
            partition: 0,
            wanted: 1,
            counts: Counts { total: 1, updated: 1, ready, available: ready },
            deadline_exceeded: false,
            creation_failure: None,
            pods: vec![Pod {
                name: "pod".into(),
                uid: "pod".into(),
                ready: is_ready,
                ending: false,
                failed: None,
                unschedulable: None,
                containers: vec![container],
            }],
            job: None,
            probe_failure: None,
        }))
    }
}

fn hash(image: &str) -> String {
    format!("hash of {image}")
}

fn noon() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("a time")
}

fn intent(name: &str, version: &str) -> Intent {
    Intent {
        verb: Verb::Apply,
        object: object(name),
        uid: "uid".into(),
        template_hash: None,
        pull: None,
        steps: vec![Step {
            slot: slot(),
            from: "corp/app:1".into(),
            to: Goal::Image(format!("corp/app:{version}").parse().expect("a reference")),
            // The digest of a version repeats its number.
            digest: version.chars().next().map(digest),
            running: Some(digest('0')),
            bump: Bump::Patch,
        }],
        soak: Duration::from_mins(10),
        rollback: RollbackMode::Careful,
        probes: Vec::new(),
        revision: None,
        order: 0,
        why: Vec::new(),
    }
}

impl Rollouts for World {
    fn inspect<'a>(&'a self, object: &'a ObjectId) -> BoxFuture<'a, Result<Inspected, ReadError>> {
        async move {
            let inside = self.inside();
            let gone = || ReadError::Gone(object.clone());
            let image = inside.images.get(object).ok_or_else(gone)?;
            let generation = inside.generations.get(object).copied().unwrap_or(1);
            Ok(Inspected {
                workload: workload(Kind::Deployment),
                uid: "uid".into(),
                resource_version: generation.to_string().into(),
                generation,
                template_hash: hash(image),
                places: vec![Placed { slot: slot(), index: 0, image: Arc::clone(image) }],
                writer: None,
                progress_deadline: None,
                healthy: true,
                stateful: false,
                release: None,
            })
        }
        .boxed()
    }

    fn write<'a>(
        &'a self,
        object: &'a ObjectId,
        base: &'a Inspected,
        images: &'a [Replacement],
        rehearsal: bool,
    ) -> BoxFuture<'a, Result<Written, WriteError>> {
        async move {
            let to = Arc::clone(&images[0].to);
            if rehearsal {
                self.note("rehearse", object);
            } else {
                if self.has(Fault::Edited) {
                    self.inside().images.insert(object.clone(), "corp/other:1".into());
                    return Err(WriteError::Moved("a test of the write failed".into()));
                }
                let mut inside = self.inside();
                let generation = inside.generations.entry(object.clone()).or_insert(1);
                if *base.resource_version != *generation.to_string() {
                    return Err(WriteError::Moved("a test of the write failed".into()));
                }
                *generation += 1;
                inside.images.insert(object.clone(), Arc::clone(&to));
                drop(inside);
                self.note(&format!("write {to}"), object);
                if self.has(Fault::LostReply) {
                    return Err(WriteError::Unclear("no answer".into()));
                }
            }
            let generation = self.inside().generations.get(object).copied().unwrap_or(1);
            Ok(Written {
                images: vec![(slot(), Arc::clone(&to))],
                generation,
                resource_version: generation.to_string().into(),
                template_hash: hash(&to),
            })
        }
        .boxed()
    }

    fn watch<'a>(&'a self, subject: WatchSubject) -> Box<dyn Watcher + 'a> {
        Box::new(Watch { world: self, object: subject.object, last: None })
    }

    fn unstick<'a>(
        &'a self,
        _object: &'a ObjectId,
        _failed: &'a [(SlotId, Arc<str>)],
    ) -> BoxFuture<'a, Result<Vec<String>, ReadError>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn job<'a>(&'a self, _job: &'a ObjectId) -> BoxFuture<'a, Result<JobState, ReadError>> {
        async { Ok(JobState::Gone) }.boxed()
    }

    fn run_once<'a>(
        &'a self,
        _object: &'a ObjectId,
        _record: &'a RecordId,
    ) -> BoxFuture<'a, Result<String, WriteError>> {
        async { Err(WriteError::Denied("no CronJob".into())) }.boxed()
    }

    fn stop_job<'a>(
        &'a self,
        _object: &'a ObjectId,
        _record: &'a RecordId,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        async { Ok(()) }.boxed()
    }

    fn newest_job<'a>(
        &'a self,
        _object: &'a ObjectId,
        _images: &'a [(SlotId, Arc<str>)],
    ) -> BoxFuture<'a, Result<Option<CronRun>, ReadError>> {
        async { Ok(None) }.boxed()
    }
}

struct Watch<'a> {
    world: &'a World,
    object: ObjectId,
    last: Option<Observation>,
}

impl Watcher for Watch<'_> {
    fn next(&mut self) -> BoxFuture<'_, Result<Observation, ReadError>> {
        async move {
            loop {
                let now = self.world.seen(&self.object);
                if self.last.as_ref() != Some(&now) {
                    self.last = Some(now.clone());
                    return Ok(now);
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        .boxed()
    }
}

impl Lock for World {
    fn take<'a>(
        &'a self,
        object: &'a ObjectId,
        _uid: &'a str,
        record: &'a Record,
        _resuming: bool,
    ) -> BoxFuture<'a, Result<Held, LockError>> {
        async move {
            if self.has(Fault::Busy) {
                return Err(LockError::Busy { object: object.clone(), holder: "bob".into() });
            }
            self.note("take", object);
            let mut memory = self.memory(&object.name);
            let before = memory.last.replace(record.clone());
            let fence =
                Fence { object: object.clone(), holder: "anna".into(), version: "1".into() };
            Ok(Held { fence, memory, before })
        }
        .boxed()
    }

    fn confirm<'a>(&'a self, fence: &'a Fence) -> BoxFuture<'a, Result<(), LockError>> {
        async move {
            if self.has(Fault::SlowLock) {
                tokio::time::sleep(Duration::from_secs(25)).await;
            }
            let lost = self.has(Fault::LostLock);
            if lost { Err(LockError::Lost { object: fence.object.clone() }) } else { Ok(()) }
        }
        .boxed()
    }

    fn keep<'a>(
        &'a self,
        fence: &'a mut Fence,
        _memory: &'a Memory,
    ) -> BoxFuture<'a, Result<(), LockError>> {
        let lost = self.has(Fault::LostLock);
        let object = fence.object.clone();
        async move { if lost { Err(LockError::Lost { object }) } else { Ok(()) } }.boxed()
    }

    fn release<'a>(
        &'a self,
        fence: Fence,
        memory: &'a Memory,
    ) -> BoxFuture<'a, Result<(), LockError>> {
        async move {
            self.note("release", &fence.object);
            self.inside().memories.insert(fence.object, memory.clone());
            Ok(())
        }
        .boxed()
    }

    fn read<'a>(&'a self, object: &'a ObjectId) -> BoxFuture<'a, Result<Remembered, LockError>> {
        async move { Ok(Remembered { memory: self.memory(&object.name), holder: None }) }.boxed()
    }

    fn read_all<'a>(
        &'a self,
        _namespace: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<(ObjectId, Remembered)>, LockError>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn edit<'a>(
        &'a self,
        _object: &'a ObjectId,
        _uid: &'a str,
        _change: &'a (dyn Fn(&mut Memory) + Send + Sync),
    ) -> BoxFuture<'a, Result<(), LockError>> {
        async { Ok(()) }.boxed()
    }
}

impl Journal for World {
    fn begin(&self, _run: &RunStart) -> Result<(), JournalError> {
        Ok(())
    }

    fn append(&self, record: &Record, _now: Timestamp) -> Result<(), JournalError> {
        if self.has(Fault::Disk) {
            let (path, message) = ("journal".to_owned(), "No space left on device".to_owned());
            return Err(JournalError::Disk { path, message });
        }
        let stage = record.end.as_ref().map_or(record.stage.as_str(), |end| end.outcome.as_str());
        self.note(stage, &record.change.object);
        self.inside().records.push(record.clone());
        Ok(())
    }

    fn keep_plan(&self, _run: &RunId, _plan: &str) -> Result<(), JournalError> {
        Ok(())
    }

    fn finish(&self, _run: &RunId, _exit: u8, _now: Timestamp) -> Result<String, JournalError> {
        Ok(String::new())
    }

    fn records(&self) -> Result<(Vec<Record>, Vec<String>), JournalError> {
        Ok((Vec::new(), Vec::new()))
    }

    fn lock(&self, _cluster: &str, _object: &ObjectId) -> Result<Box<dyn Send>, JournalError> {
        Ok(Box::new(()))
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.start.elapsed()).expect("no age of the world");
        noon().checked_add(passed).expect("a time")
    }

    fn moment(&self) -> Moment {
        Moment(self.start.elapsed())
    }
}

impl Prober for World {
    fn probe<'a>(&'a self, _probe: &'a Probe) -> BoxFuture<'a, Result<(), String>> {
        async { Ok(()) }.boxed()
    }
}

impl Registry for World {
    fn tags<'a>(
        &'a self,
        _repository: &'a Repository,
        _pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<TagList>, LookupError>> {
        async { Ok(Arc::new(TagList::default())) }.boxed()
    }

    fn digest<'a>(
        &'a self,
        _repository: &'a Repository,
        _tag: &'a Tag,
        _pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Digest, LookupError>> {
        async { Ok(digest('0')) }.boxed()
    }

    fn manifest<'a>(
        &'a self,
        _repository: &'a Repository,
        tag: &'a Tag,
        _wanted: Wanted,
        _pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<Manifest>, LookupError>> {
        let number = tag.as_str().chars().next().unwrap_or('0');
        let digest = digest(if self.has(Fault::MovedTag) { 'b' } else { number });
        let (platforms, children) = (Vec::new(), Vec::new());
        async { Ok(Arc::new(Manifest { digest, platforms, created: None, children })) }.boxed()
    }

    fn pinned<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        _pull: Option<&'a PullIdentity>,
    ) -> BoxFuture<'a, Result<Arc<Manifest>, LookupError>> {
        let host = repository.registry().clone();
        let what = format!("{}@{digest}", repository.path());
        async move { Err(LookupError::NotFound { host, what }) }.boxed()
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }
}
