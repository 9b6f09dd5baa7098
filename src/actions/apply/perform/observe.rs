//! Waits for what the cluster tells of a change, and judges it; starts and stops the Job that shows
//! how a `CronJob` runs.

use std::sync::Arc;
use std::time::Duration;

use super::{Performer, Watching, is_back, wanted_images};
use crate::domain::change::SlotId;
use crate::domain::health::{self, Health, Observation, Wanted};
use crate::domain::history::Record;
use crate::domain::rollout::{Course, Event, Moment, Phase};
use crate::ports::rollouts::{WatchSubject, WriteError};

/// How old a sight may be that is judged by.
const FRESH: Duration = Duration::from_secs(2);
/// How often probes are asked again.
const PROBE_EVERY: Duration = Duration::from_secs(5);
/// The longest that stopping a Job may take: less than the time between two renewals of the lock.
const STOP: Duration = Duration::from_secs(10);
/// The longest that a fresh look may take.
const LOOK: Duration = Duration::from_secs(15);

impl Performer<'_> {
    pub(super) async fn observe(
        &mut self,
        course: &Course,
        record: &Record,
        phase: &Phase,
        until: Moment,
    ) -> Event {
        let back = is_back(phase);
        let images = wanted_images(course, record, back);
        if back {
            self.stop_job(course, record).await;
        } else if let Some(event) = self.start_job(course, record).await {
            return event;
        }
        let rollouts = self.room.rollouts;
        let subject = WatchSubject {
            object: course.change.object.clone(),
            uid: Arc::clone(&course.change.uid),
            images: images.clone(),
            generation: self.generation,
            job: self.job.clone(),
        };
        let watching = match &mut self.watching {
            Some(watching) if watching.images == images => watching,
            other => other.insert(Watching { watcher: rollouts.watch(subject.clone()), images }),
        };
        let pause = until.0.saturating_sub(self.room.clock.moment().0);
        // What probes answer changes without any change in the cluster.
        let probes = !back && !course.change.terms.probes.is_empty();
        let again = self.last.is_some() && probes && PROBE_EVERY < pause;
        let pause = if again { PROBE_EVERY } else { pause };
        let mut anew = false;
        let mut seen = tokio::select! {
            seen = watching.watcher.next() => Some(seen),
            () = tokio::time::sleep(pause) => None,
        };
        if let (None, true, Some(last)) = (&seen, again, &self.last) {
            seen = Some(Ok(last.clone()));
        } else if seen.is_none() {
            let unseen = self.room.clock.moment().0.saturating_sub(self.seen.0);
            if unseen < FRESH {
                return Event::Timer;
            }
            // A connection that broke in silence looks like a workload that does not move: nothing is
            // judged by the clock before it was looked at anew.
            watching.watcher = rollouts.watch(subject);
            anew = true;
            seen = tokio::time::timeout(LOOK, watching.watcher.next()).await.ok();
        }
        let Some(seen) = seen else {
            return Event::Blind(format!("the server did not tell within {} s", LOOK.as_secs()));
        };
        if !again {
            self.seen = self.room.clock.moment();
        }
        let mut observation = match seen {
            Ok(observation) => observation,
            Err(error) => return Event::Blind(error.to_string()),
        };
        if let (true, Some(last)) = (anew, &self.last) {
            observation.keep_reason(last);
        }
        let images = watching.images.clone();
        let event = self.judge(course, &images, back, observation).await;
        Event::Observed(event)
    }

    /// What an observation means, probes included.
    async fn judge(
        &mut self,
        course: &Course,
        images: &[(SlotId, Arc<str>)],
        back: bool,
        mut observation: Observation,
    ) -> Health {
        let restarts = if back { &[][..] } else { &self.restarts };
        let wanted = Wanted {
            edits: &course.change.edits,
            images,
            template: &self.template,
            digests: !back,
            generation: self.generation,
            restarts,
        };
        let mut health = health::judge(&observation, &wanted);
        // Kept before anything is asked: an observation that is dropped would not come again.
        self.last = Some(observation.clone());
        if matches!(health, Health::Healthy { .. }) && !back {
            for probe in &course.change.terms.probes {
                if let Err(why) = self.room.prober.probe(probe).await {
                    let why = Some(format!("{probe}: {why}"));
                    match &mut observation {
                        Observation::Seen(seen) => seen.probe_failure = why,
                        Observation::Release(seen) => seen.probe_failure = why,
                        Observation::Gone => {}
                    }
                    health = health::judge(&observation, &wanted);
                    break;
                }
            }
        }
        health
    }

    /// Starts the Job that shows how the new version of a `CronJob` runs, once.
    async fn start_job(&mut self, course: &Course, record: &Record) -> Option<Event> {
        let object = &course.change.object;
        if !course.change.terms.run_once || self.job.is_some() {
            return None;
        }
        let starting = tokio::time::timeout(LOOK, self.room.rollouts.run_once(object, &record.id));
        let Ok(started) = starting.await else {
            return Some(Event::Blind(format!("no answer within {} s", LOOK.as_secs())));
        };
        match started {
            Ok(name) => {
                self.job = Some(name);
                None
            }
            Err(WriteError::Denied(why)) => {
                let message = format!("its Job could not be started: {why}");
                self.room.events.event(crate::ports::Event::Trouble { object, message: &message });
                Some(Event::Observed(Health::AwaitsRun))
            }
            Err(error) => Some(Event::Blind(error.to_string())),
        }
    }

    /// What was started of a version that is taken back ends with it.
    async fn stop_job(&mut self, course: &Course, record: &Record) {
        if !course.change.terms.run_once || self.job_stopped {
            return;
        }
        let object = &course.change.object;
        let stopping = tokio::time::timeout(STOP, self.room.rollouts.stop_job(object, &record.id));
        let why = match stopping.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer within {} s", STOP.as_secs())),
        };
        // The way back does not wait for it.
        self.job_stopped = true;
        if let Some(why) = why {
            let message = format!("the Job that was started could not be stopped: {why}");
            self.room.events.event(crate::ports::Event::Trouble { object, message: &message });
        }
    }
}
