//! What is seen of a workload after a change was written, and what it means.
//!
//! The rules are stricter than those of kstatus: the generation is observed, every replica is of
//! the wanted template, ready and available, and no old one is left; only the new pods are judged,
//! because what was broken before is not the update's fault. What can never become healthy by
//! waiting fails at once. Pure: an observation is a value, and deadlines are the rollout's.
//!
//! The order of the questions: is it there, is it what was written (`judge`), does a pod show that
//! it cannot work ([`pods`], [`soak`], [`digests`]), can it be seen at all, is it complete
//! ([`counts`]), does it answer.

mod counts;
mod digests;
mod failure;
mod pods;
mod release;
mod soak;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use failure::{Failure, FailureCode};
pub use release::{Part, ReleaseSeen};
pub use soak::restarts;

use super::change::{Edit, SlotId};
use super::image::Digest;
use super::inventory::{Kind, Strategy};

/// What was seen of an object and its pods at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// The object is not there (or another one bears its name).
    Gone,
    /// It is there.
    Seen(Box<Seen>),
    /// A release: its record, and its workloads.
    Release(Box<ReleaseSeen>),
}

impl Observation {
    /// Keeps the reason why pods cannot be created, which a watch that begins anew learns later than
    /// all else; as long as nothing has moved.
    pub fn keep_reason(&mut self, last: &Self) {
        if let (Self::Seen(seen), Self::Seen(last)) = (self, last)
            && seen.generation == last.generation
            && seen.counts == last.counts
            && seen.creation_failure.is_none()
        {
            seen.creation_failure.clone_from(&last.creation_failure);
        }
    }
}

/// An object and its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its kind.
    pub kind: Kind,
    /// Counts changes of the spec.
    pub generation: i64,
    /// The generation that its controller has seen.
    pub observed_generation: i64,
    /// The images of its pod template, every slot that has one.
    pub images: Vec<(SlotId, Arc<str>)>,
    /// SHA-256 of its whole pod template; empty where it is not known.
    pub template: Arc<str>,
    /// Who wrote the images last, where the managed fields say so: manager and operation.
    pub writer: Option<Arc<str>>,
    /// Deployment: paused.
    pub paused: bool,
    /// How pods are replaced.
    pub strategy: Strategy,
    /// `StatefulSet` partition.
    pub partition: u32,
    /// Wanted pods.
    pub wanted: u32,
    /// Counters of the status.
    pub counts: Counts,
    /// The controller's own progress deadline has passed (Deployment; counts only for the observed
    /// generation).
    pub deadline_exceeded: bool,
    /// Why pods cannot be created (quota, limit range, admission), in the server's words.
    pub creation_failure: Option<String>,
    /// The pods that carry the new template. Pods of older templates are only counted.
    pub pods: Vec<Pod>,
    /// `CronJob` and its kin: the Job that was started to see the new version run.
    pub job: Option<JobState>,
    /// What a probe of the policy got instead of an answer; none while all answer or none was asked.
    pub probe_failure: Option<String>,
}

/// Counters of a workload's status. For a `DaemonSet` nodes count as replicas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pods, old and new.
    pub total: u32,
    /// Pods of the wanted template.
    pub updated: u32,
    /// Ready pods, old and new.
    pub ready: u32,
    /// Available pods, old and new.
    pub available: u32,
}

/// Where a Job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// Its pods run or wait.
    Active,
    /// It ended well.
    Complete,
    /// It ended badly; the server's words.
    Failed(String),
    /// It is not there, and how it ended was not seen: it was cleaned away, or deleted.
    Gone,
}

/// A pod of the new template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: Arc<str>,
    /// Its uid.
    pub uid: Arc<str>,
    /// It is ready.
    pub ready: bool,
    /// It is being deleted, so that it is no longer judged.
    pub ending: bool,
    /// It has ended badly (phase Failed); reason and message.
    pub failed: Option<String>,
    /// Why no node takes it, where that is so.
    pub unschedulable: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// What a node reports of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Which one.
    pub slot: SlotId,
    /// What the pod's spec says: a webhook may have rewritten the template's.
    pub image: Arc<str>,
    /// What runs, where the node reports a digest that a registry knows.
    pub digest: Option<Digest>,
    /// How often it was started again.
    pub restarts: u32,
    /// What it does now.
    pub state: State,
    /// How it ended the last time.
    pub last: Option<Ended>,
}

/// What a container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has not begun, or it is held back.
    Waiting {
        /// One word: `ContainerCreating`, `ImagePullBackOff`, `CrashLoopBackOff`, …
        reason: Arc<str>,
        /// The node's words.
        message: String,
    },
    /// It runs.
    Running,
    /// It has ended.
    Ended(Ended),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Exit code.
    pub code: i32,
    /// One word: `Error`, `OOMKilled`, `Completed`, …
    pub reason: Arc<str>,
    /// The termination message, which is the end of its log where the pod asks for that.
    pub message: String,
}

/// What an observation means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It is on its way.
    Progressing {
        /// What is awaited, in words.
        awaited: String,
        /// How far it is: replicas updated, ready and available, and old ones that are gone. Only a
        /// value that was not reached before counts as progress, so that pods that come and go do
        /// not hold off a deadline.
        score: u32,
        /// The [`Failure::code`] that this becomes when the time is up; none is `deadline`.
        code: Option<FailureCode>,
        /// A container of the new version is known to have run: going back is no longer harmless
        /// for what keeps state.
        ran: bool,
    },
    /// It is complete, ready and available, and runs what was planned.
    Healthy {
        /// What could not be verified, for instance because a node reports no digest.
        unverified: Option<String>,
    },
    /// It will not become healthy by waiting.
    Failed(Failure),
    /// It cannot be seen whether the new version works, and waiting will not change that:
    /// `OnDelete`, a partition, zero replicas.
    Unverifiable(String),
    /// Nothing of a `CronJob` runs until its next run.
    AwaitsRun,
    /// Somebody else changed the template since.
    Superseded {
        /// Who, where the managed fields say so.
        writer: Option<Arc<str>>,
        /// What stands there now, in words; what of ours stayed.
        what: String,
    },
    /// The object is gone, or another one bears its name.
    Gone,
}

/// What an observation is held against.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The edits of the change.
    pub edits: &'a [Edit],
    /// What stands in the template when the wanted version does: `to` of each edit (or what was
    /// read back after the write), or `from` after a rollback.
    pub images: &'a [(SlotId, Arc<str>)],
    /// SHA-256 of the whole template that was written; empty where it is not known.
    pub template: &'a str,
    /// Whether the digests that nodes report are held against the edits: not after a rollback.
    pub digests: bool,
    /// The Deployment (and so on) generation of our write: what the controller reports about older
    /// ones does not count.
    pub generation: i64,
    /// The restarts that pods had when the soak began, by pod uid and container; more of them are a
    /// relapse. Empty before the soak.
    pub restarts: &'a [(Arc<str>, SlotId, u32)],
}

impl Wanted<'_> {
    /// What is to stand in the slot of an edit.
    fn image<'a>(&'a self, edit: &'a Edit) -> &'a str {
        let known = self.images.iter().find(|(slot, _)| *slot == edit.slot);
        let planned = if self.digests { &edit.to } else { &edit.from };
        known.map_or(planned, |(_, image)| image)
    }

    fn is_edited(&self, slot: &SlotId) -> bool {
        self.edits.iter().any(|edit| edit.slot == *slot)
    }
}

/// What an observation means for the wanted version.
pub fn judge(observation: &Observation, wanted: &Wanted<'_>) -> Health {
    let seen = match observation {
        Observation::Seen(seen) => seen,
        Observation::Release(seen) => return release::judge(seen, wanted),
        Observation::Gone => return Health::Gone,
    };
    if seen.generation < wanted.generation {
        // An older state than the one that was written, out of some cache.
        return progressing(seen, wanted, "the write is not seen yet".into(), 0, None);
    }
    if let Some(health) = superseded(seen, wanted) {
        return health;
    }
    match seen.kind {
        Kind::CronJob => judge_job(seen, wanted),
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => judge_replicas(seen, wanted),
        // Of a release; it ran with the version that is judged.
        Kind::Job if seen.job.is_some() => judge_job(seen, &Wanted { digests: true, ..*wanted }),
        Kind::Job | Kind::ReplicaSet | Kind::Pod | Kind::Release => {
            Health::Unverifiable(format!("a {} is never written", seen.kind))
        }
    }
}

fn judge_replicas(seen: &Seen, wanted: &Wanted<'_>) -> Health {
    if seen.generation > seen.observed_generation {
        let awaited = "its controller has not seen the change yet".into();
        return progressing(seen, wanted, awaited, 0, None);
    }
    if seen.wanted == 0 {
        return Health::Unverifiable(match seen.kind {
            Kind::DaemonSet => "no node is to run it".into(),
            _ => "it has no replicas".into(),
        });
    }
    let failure = soak::relapse(seen, wanted)
        .or_else(|| pods::failure(seen, wanted))
        .or_else(|| digests::wrong(seen, wanted))
        .or_else(|| counts::refused(seen, wanted));
    if let Some(failure) = failure {
        return Health::Failed(failure);
    }
    if seen.paused {
        // We never write a paused one, so somebody stopped it half-way: that is neither a success nor
        // a rollback.
        let what =
            format!("somebody paused it, {} of {} pods updated", seen.counts.updated, seen.wanted);
        return Health::Superseded { writer: None, what };
    }
    if let Some(why) = counts::unverifiable(seen) {
        return Health::Unverifiable(why);
    }
    let score = counts::score(seen);
    let slow = pods::slow(seen, wanted).or_else(|| counts::slow(seen));
    let slow = slow.map(|(code, why)| (Some(code), why));
    let slow = slow.or_else(|| Some((None, pods::unready(seen)?)));
    if let Some(awaited) = counts::awaited(seen, wanted) {
        let (code, awaited) = match slow {
            Some((code, why)) => (code, format!("{awaited}; {why}")),
            None => (None, awaited),
        };
        return progressing(seen, wanted, awaited, score, code);
    }
    if let Some(why) = counts::partial(seen) {
        return Health::Unverifiable(why);
    }
    complete(seen, wanted, score)
}

fn judge_job(seen: &Seen, wanted: &Wanted<'_>) -> Health {
    // The Job that ran the new version says nothing about the old one.
    let Some(job) = seen.job.as_ref().filter(|_| wanted.digests) else {
        return Health::AwaitsRun;
    };
    let failure = pods::failure(seen, wanted).or_else(|| digests::wrong(seen, wanted));
    match job {
        JobState::Failed(why) => Health::Failed(failure.unwrap_or_else(|| Failure {
            code: FailureCode::Job,
            message: format!("its Job failed: {}", pods::cut(why)),
            never_ran: pods::never_ran(seen, wanted),
            slot: None,
        })),
        // Nothing is known against the version, and nothing for it.
        JobState::Gone => Health::AwaitsRun,
        JobState::Complete => match digests::wrong(seen, wanted) {
            Some(failure) => Health::Failed(failure),
            None => complete(seen, wanted, 2),
        },
        JobState::Active => {
            // A Job tries again as often as it says, so that a crash is not its end yet.
            let (crash, last): (Option<Failure>, _) = match failure {
                Some(failure) if failure.code == FailureCode::Crash => (Some(failure), None),
                last => (None, last),
            };
            if let Some(failure) = last {
                return Health::Failed(failure);
            }
            let score = u32::from(!pods::never_ran(seen, wanted));
            let slow = crash.map(|crash| (crash.code, crash.message));
            let (code, awaited) = match slow.or_else(|| pods::slow(seen, wanted)) {
                Some((code, why)) => (Some(code), format!("its Job runs; {why}")),
                None => (None, "its Job runs".into()),
            };
            progressing(seen, wanted, awaited, score, code)
        }
    }
}

/// Everything is there; it only has to answer.
fn complete(seen: &Seen, wanted: &Wanted<'_>, score: u32) -> Health {
    match &seen.probe_failure {
        Some(why) => {
            let awaited = format!("waits for the probe: {}", pods::cut(why));
            progressing(seen, wanted, awaited, score, Some(FailureCode::Probe))
        }
        None => Health::Healthy { unverified: digests::unverified(seen, wanted) },
    }
}

fn progressing(
    seen: &Seen,
    wanted: &Wanted<'_>,
    awaited: String,
    score: u32,
    code: Option<FailureCode>,
) -> Health {
    Health::Progressing { awaited, score, code, ran: !pods::never_ran(seen, wanted) }
}

/// Whether the template is no longer what was written.
fn superseded(seen: &Seen, wanted: &Wanted<'_>) -> Option<Health> {
    let (mut moved, mut stayed) = (Vec::new(), Vec::new());
    for edit in wanted.edits {
        match seen.images.iter().find(|(slot, _)| *slot == edit.slot) {
            Some((_, image)) if **image == *wanted.image(edit) => {
                stayed.push(format!("{} is still {image}", edit.slot));
            }
            Some((_, image)) => moved.push(format!("{} is {image} now", edit.slot)),
            None => moved.push(format!("{} is no longer there", edit.slot)),
        }
    }
    if moved.is_empty() {
        let known = !wanted.template.is_empty() && !seen.template.is_empty();
        if !known || *seen.template == *wanted.template {
            return None;
        }
        // Our images stand, and what runs is a rollout of somebody else's.
        moved.push("the rest of its pod template was changed".into());
    }
    moved.append(&mut stayed);
    Some(Health::Superseded { writer: seen.writer.clone(), what: moved.join(", ") })
}
