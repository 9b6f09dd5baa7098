//! Watches a release: its newest revision, and every workload that its manifest names.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, select_all};
use tokio::time::Instant;

use super::parts::PartState;
use super::{HelmRollouts, hash, slot};
use crate::domain::change::ObjectId;
use crate::domain::health::{Counts, JobState, Observation, Part, ReleaseSeen, Seen};
use crate::domain::inventory::{Kind, Strategy};
use crate::domain::release::ReleaseStatus;
use crate::ports::rollouts::{ReadError, WatchSubject, Watcher};

/// How often the record of the release is looked at: nothing tells when somebody upgrades it.
const LOOK: Duration = Duration::from_secs(5);
/// How often a Job is looked at.
const JOBS: Duration = Duration::from_secs(1);
/// Changes within this time are told as one.
const BURST: Duration = Duration::from_millis(100);

pub(super) struct ReleaseWatcher<'a> {
    rollouts: &'a HelmRollouts,
    subject: WatchSubject,
    seen: Option<ReleaseSeen>,
    /// The watchers of the workloads, in the order of the parts; none for Jobs.
    watchers: Vec<Option<Box<dyn Watcher + 'a>>>,
    look: Instant,
    jobs: Instant,
    /// Something was seen that is not told yet.
    changed: bool,
}

impl<'a> ReleaseWatcher<'a> {
    pub(super) fn new(rollouts: &'a HelmRollouts, subject: WatchSubject) -> Self {
        let now = Instant::now();
        Self {
            rollouts,
            subject,
            seen: None,
            watchers: Vec::new(),
            look: now,
            jobs: now,
            changed: false,
        }
    }

    /// Reads the newest revision, and begins to watch its workloads.
    async fn begin(&mut self) -> Result<(), ReadError> {
        let (rollouts, object) = (self.rollouts, &self.subject.object);
        let stored = rollouts.stored(object).await?;
        let newest = &stored.newest;
        let before = super::locked(&rollouts.before).get(object).cloned();
        let now = rollouts.parts(newest).await?;
        let mut parts = Vec::with_capacity(now.parts.len());
        let mut watchers: Vec<Option<Box<dyn Watcher + 'a>>> = Vec::with_capacity(now.parts.len());
        for (part, state) in &now.parts {
            let excused = before
                .as_ref()
                .zip(state.as_ref())
                .is_some_and(|(before, state)| before.excuse(part, state));
            let (seen, watcher) = watched(rollouts, part, state.as_ref());
            parts.push(Part { excused, ..seen });
            watchers.push(watcher);
        }
        let unjudged = now.unjudged.iter().cloned().collect();
        self.watchers = watchers;
        self.seen = Some(ReleaseSeen {
            revision: i64::from(newest.release.revision),
            images: vec![(slot(newest), Arc::clone(&newest.release.chart.version))],
            template: hash(newest).into(),
            half: half(newest.release.status),
            parts,
            unjudged,
            probe_failure: None,
        });
        self.look = Instant::now() + LOOK;
        Ok(())
    }

    /// Reads the record again: whether somebody has upgraded it since.
    async fn look(&mut self) -> Result<(), ReadError> {
        self.look = Instant::now() + LOOK;
        let stored = self.rollouts.stored(&self.subject.object).await?;
        let newest = &stored.newest;
        let Some(seen) = &mut self.seen else { return Ok(()) };
        let revision = i64::from(newest.release.revision);
        let half = half(newest.release.status);
        if (seen.revision, &seen.half) != (revision, &half) {
            seen.revision = revision;
            seen.images = vec![(slot(newest), Arc::clone(&newest.release.chart.version))];
            seen.template = hash(newest).into();
            seen.half = half;
            self.changed = true;
        }
        Ok(())
    }

    /// Looks at the Jobs of the manifest.
    async fn look_at_jobs(&mut self) -> Result<(), ReadError> {
        self.jobs = Instant::now() + JOBS;
        let Some(seen) = &mut self.seen else { return Ok(()) };
        for part in seen.parts.iter_mut().filter(|part| part.object.kind == Kind::Job) {
            let state = self.rollouts.workloads.job(&part.object).await?;
            let observation = Some(job(state));
            if part.observation != observation {
                part.observation = observation;
                self.changed = true;
            }
        }
        Ok(())
    }

    /// Waits for news of any workload, at most until a moment.
    async fn news(&mut self, until: Instant) -> Result<bool, ReadError> {
        let watchers = self.watchers.iter_mut().enumerate();
        let waits: Vec<_> = watchers
            .filter_map(|(index, watcher)| {
                let watcher = watcher.as_mut()?;
                Some(Box::pin(async move { (index, watcher.next().await) }))
            })
            .collect();
        if waits.is_empty() {
            tokio::time::sleep_until(until).await;
            return Ok(false);
        }
        let Ok(((index, told), ..)) = tokio::time::timeout_at(until, select_all(waits)).await
        else {
            return Ok(false);
        };
        if let (Some(seen), observation) = (&mut self.seen, told?) {
            seen.parts[index].observation = Some(observation);
            self.changed = true;
        }
        Ok(true)
    }

    async fn next_one(&mut self) -> Result<Observation, ReadError> {
        if self.seen.is_none() {
            self.begin().await?;
            self.look_at_jobs().await?;
            self.changed = true;
        }
        let has_jobs = self
            .seen
            .as_ref()
            .is_some_and(|seen| seen.parts.iter().any(|part| part.object.kind == Kind::Job));
        loop {
            let now = Instant::now();
            if self.look <= now {
                self.look().await?;
            }
            if has_jobs && self.jobs <= now {
                self.look_at_jobs().await?;
            }
            if self.changed {
                // What comes at once is told at once.
                let until = Instant::now() + BURST;
                while self.news(until).await? {}
                self.changed = false;
                if let Some(seen) = &self.seen {
                    return Ok(Observation::Release(Box::new(seen.clone())));
                }
            }
            let until = if has_jobs { self.look.min(self.jobs) } else { self.look };
            self.news(until).await?;
        }
    }
}

/// A workload with what it is held against, and its watcher; none for a Job.
fn watched<'a>(
    rollouts: &'a HelmRollouts,
    object: &ObjectId,
    state: Option<&PartState>,
) -> (Part, Option<Box<dyn Watcher + 'a>>) {
    let mut part = Part {
        object: object.clone(),
        images: Vec::new(),
        template: "".into(),
        generation: 0,
        excused: false,
        observation: None,
    };
    let Some(state) = state else {
        part.observation = Some(Observation::Gone);
        return (part, None);
    };
    if object.kind == Kind::Job {
        return (part, None);
    }
    part.images.clone_from(&state.images);
    part.template = Arc::clone(&state.template);
    part.generation = state.generation;
    let watcher = rollouts.workloads.watch(WatchSubject {
        object: object.clone(),
        uid: Arc::clone(&state.uid),
        images: state.images.clone(),
        generation: state.generation,
        job: None,
    });
    (part, Some(watcher))
}

impl Watcher for ReleaseWatcher<'_> {
    fn next(&mut self) -> BoxFuture<'_, Result<Observation, ReadError>> {
        Box::pin(self.next_one())
    }
}

fn half(status: ReleaseStatus) -> Option<String> {
    (status != ReleaseStatus::Deployed).then(|| status.to_string())
}

/// A Job of a manifest as an observation.
fn job(state: JobState) -> Observation {
    Observation::Seen(Box::new(Seen {
        kind: Kind::Job,
        generation: 0,
        observed_generation: 0,
        images: Vec::new(),
        template: "".into(),
        writer: None,
        paused: false,
        strategy: Strategy::Rolling,
        partition: 0,
        wanted: 1,
        counts: Counts::default(),
        deadline_exceeded: false,
        creation_failure: None,
        pods: Vec::new(),
        job: Some(state),
        probe_failure: None,
    }))
}
