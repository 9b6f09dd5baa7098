//! Performs single effects: asks the ports and says what came of it as an event.

mod observe;

use std::sync::Arc;

use super::Room;
use super::drive::save;
use super::leash::Guard;
use crate::domain::change::{ReleaseBefore, SlotId};
use crate::domain::health::{self, Observation};
use crate::domain::history::Record;
use crate::domain::rollout::{Course, Effect, Event, Images, Moment, Phase, Stage, Standing};
use crate::ports::rollouts::{
    Inspected, LockError, ReadError, Replacement, Watcher, WriteError, Written, replacements,
};

/// What performing needs to keep between effects.
pub(super) struct Performer<'a> {
    room: Room<'a>,
    /// The last reading, which the next write tests.
    base: Option<Inspected>,
    /// The generation of the last write.
    generation: i64,
    /// The hash of the template that was written last; empty where it is not known.
    template: String,
    watching: Option<Watching<'a>>,
    /// The restarts that the new pods had when the soak began.
    restarts: Vec<(Arc<str>, SlotId, u32)>,
    last: Option<Observation>,
    /// When the watch told something last.
    seen: Moment,
    /// The Job of a `CronJob` that shows how the new version runs.
    job: Option<String>,
    /// On the way back: the Job that ran the new version was stopped, or could not be.
    job_stopped: bool,
}

struct Watching<'a> {
    watcher: Box<dyn Watcher + 'a>,
    images: Images,
}

impl<'a> Performer<'a> {
    pub(super) fn new(
        room: Room<'a>,
        base: Option<Inspected>,
        record: &Record,
        job: Option<String>,
    ) -> Self {
        let generation = base.as_ref().map_or(0, |base| base.generation);
        // What goes back is not what was written.
        let template = record.template.as_deref().filter(|_| record.stage < Stage::RollingBack);
        Self {
            room,
            base,
            generation,
            template: template.unwrap_or_default().to_owned(),
            watching: None,
            restarts: Vec::new(),
            last: None,
            seen: Moment::default(),
            job,
            job_stopped: false,
        }
    }

    /// Remembers how often the new pods had been started again: more than that is a relapse.
    pub(super) fn begin_soak(&mut self) {
        self.restarts = self.last.as_ref().map(health::restarts).unwrap_or_default();
    }

    /// Performs one effect.
    pub(super) async fn perform(
        &mut self,
        course: &Course,
        record: &mut Record,
        guard: &Guard,
        phase: &Phase,
        effect: &Effect,
    ) -> Event {
        match effect {
            Effect::Record | Effect::End => Event::Begin,
            Effect::Rehearse => self.rehearse(course).await,
            Effect::Apply => match lost(guard.confirm_if_old(&self.room).await) {
                Some(event) => event,
                None => self.apply(course, record).await,
            },
            Effect::Restore => self.restore(course, record, guard).await,
            Effect::Locate => self.locate(course, record, guard, phase).await,
            Effect::Observe(until) => self.observe(course, record, phase, *until).await,
            Effect::Unstick => match guard.confirm_if_old(&self.room).await {
                Ok(()) => self.unstick(course, record).await,
                Err(LockError::Lost { .. } | LockError::Busy { .. }) => Event::LeaseLost,
                // It is looked for again soon, and nobody's pods are touched meanwhile.
                Err(_) => Event::Unstuck,
            },
            Effect::Wait(until) => self.wait(*until).await,
        }
    }

    async fn rehearse(&mut self, course: &Course) -> Event {
        let change = &course.change;
        let Some(base) = &self.base else { return Event::Moved("it was not read yet".into()) };
        let images = replacements(change);
        match self.room.rollouts.write(&change.object, base, &images, true).await {
            Ok(stored) => Event::Rehearsed(stored.images),
            Err(error) => refused(error),
        }
    }

    async fn apply(&mut self, course: &Course, record: &mut Record) -> Event {
        let change = &course.change;
        let Some(base) = &self.base else { return Event::Moved("it was not read yet".into()) };
        let images = replacements(change);
        let written = self.room.rollouts.write(&change.object, base, &images, false).await;
        record.said = self.room.rollouts.said(&change.object).or(record.said.take());
        match written {
            Ok(Written { images, generation, template_hash, .. }) => {
                self.generation = generation;
                record.written = of_edits(course, &images);
                record.template = Some(template_hash.as_str().into());
                self.template = template_hash;
                Event::Written(images)
            }
            Err(error) => refused(error),
        }
    }

    async fn locate(
        &mut self,
        course: &Course,
        record: &mut Record,
        guard: &Guard,
        phase: &Phase,
    ) -> Event {
        let seen = match self.read(course).await {
            Ok(seen) => seen,
            Err(event) => return event,
        };
        // A write may follow, so the lock has to be ours still, asked after the reading.
        let writes = !matches!(phase, Phase::Committing { .. });
        if writes && let Some(event) = lost(guard.confirm(&self.room).await) {
            return event;
        }
        let mut standing = standing(record, &seen);
        match (&standing, &self.base) {
            // A reply was lost: this is what we wrote, as far as anybody can tell.
            (Standing::Applied, _) if record.template.is_none() => {
                record.written = of_edits(course, &seen.images());
                record.template = Some(seen.template_hash.as_str().into());
                self.template.clone_from(&seen.template_hash);
            }
            // An undo whose reply was lost has arrived after all.
            (Standing::Untouched | Standing::Restored, _) if is_back(phase) => {
                self.template.clone_from(&seen.template_hash);
            }
            (Standing::Untouched, Some(base)) if base.template_hash != seen.template_hash => {
                standing = Standing::Foreign(changed(&seen));
            }
            _ => {}
        }
        self.generation = seen.generation;
        self.base = Some(seen);
        Event::Located(standing)
    }

    async fn read(&self, course: &Course) -> Result<Inspected, Event> {
        let change = &course.change;
        match self.room.rollouts.inspect(&change.object).await {
            Ok(seen) if seen.uid == change.uid => Ok(seen),
            Ok(_) | Err(ReadError::Gone(_)) => Err(Event::Located(Standing::Gone)),
            Err(error) => Err(Event::Blind(error.to_string())),
        }
    }

    async fn restore(&mut self, course: &Course, record: &mut Record, guard: &Guard) -> Event {
        let seen = match self.read(course).await {
            Ok(seen) => seen,
            Err(event) => return event,
        };
        if record.restored.is_empty() {
            record.restored = self.old_references(course, &seen).await;
            save(&self.room, record);
        }
        match standing(record, &seen) {
            Standing::Applied => {}
            Standing::Partial if course.is_of_release() => {}
            other => {
                self.template.clone_from(&seen.template_hash);
                self.generation = seen.generation;
                return Event::Located(other);
            }
        }
        if let Some(event) = lost(guard.confirm(&self.room).await) {
            return event;
        }
        let stands = seen.images();
        let of = |slot: &SlotId| {
            stands.iter().find(|(known, _)| known == slot).map(|(_, image)| Arc::clone(image))
        };
        let images: Vec<Replacement> = record
            .restored
            .iter()
            .filter_map(|(slot, to)| {
                let from = of(slot)?;
                let revision = course.change.release.as_ref().map(ReleaseBefore::revision);
                (from != *to || revision.is_some()).then(|| Replacement {
                    slot: slot.clone(),
                    from,
                    to: Arc::clone(to),
                    revision,
                })
            })
            .collect();
        let object = &course.change.object;
        let written = self.room.rollouts.write(object, &seen, &images, false).await;
        record.said = self.room.rollouts.said(object).or(record.said.take());
        match written {
            Ok(Written { images, generation, template_hash, .. }) => {
                self.generation = generation;
                self.template = template_hash;
                let stored = |slot: &SlotId| images.iter().find(|(known, _)| known == slot);
                let wrong = record
                    .restored
                    .iter()
                    .find(|(slot, to)| stored(slot).is_none_or(|(_, image)| image != to));
                match wrong {
                    None => Event::Written(images),
                    Some((slot, to)) => {
                        let stands = stored(slot).map_or("nothing", |(_, image)| image);
                        Event::Denied(format!(
                            "an admission webhook rewrote the undo: {slot} was to be {to} and is {stands}"
                        ))
                    }
                }
            }
            Err(error) => refused(error),
        }
    }

    /// The references that an undo writes: what stood there, byte for byte; with the old digest
    /// beside it when its tag names another image by now.
    async fn old_references(&self, course: &Course, seen: &Inspected) -> Images {
        let pull = seen.workload.pull.as_deref();
        let mut references = Vec::with_capacity(course.change.edits.len());
        for edit in &course.change.edits {
            let mut reference = Arc::clone(&edit.from);
            if course.change.release.is_none()
                && let Some((tag, pinned)) = edit.pinned()
            {
                let now = self.room.registry.digest(pinned.repository(), &tag, pull).await;
                if now.is_ok_and(|now| Some(&now) != pinned.digest()) {
                    reference = pinned.as_written().into();
                }
            }
            references.push((edit.slot.clone(), reference));
        }
        references
    }

    async fn unstick(&self, course: &Course, record: &Record) -> Event {
        let failed =
            if record.written.is_empty() { planned(course) } else { record.written.clone() };
        let object = &course.change.object;
        if let Err(error) = self.room.rollouts.unstick(object, &failed).await {
            let message = format!("stuck pods could not be freed: {error}");
            self.room.events.event(crate::ports::Event::Trouble { object, message: &message });
        }
        Event::Unstuck
    }

    async fn wait(&self, until: Moment) -> Event {
        let pause = until.0.saturating_sub(self.room.clock.moment().0);
        tokio::time::sleep(pause).await;
        Event::Timer
    }
}

fn is_back(phase: &Phase) -> bool {
    matches!(phase, Phase::RollingBack { .. })
}

fn standing(record: &Record, seen: &Inspected) -> Standing {
    let standing = seen.standing(record);
    match (standing, &seen.writer) {
        (Standing::Applied, _)
            if record.template.as_ref().is_some_and(|ours| **ours != *seen.template_hash) =>
        {
            Standing::Foreign(changed(seen))
        }
        (Standing::Foreign(what), Some(writer)) => {
            Standing::Foreign(format!("{what} (written by {writer})"))
        }
        (standing, _) => standing,
    }
}

/// Our images stand or stood there, and the rest is somebody else's.
fn changed(seen: &Inspected) -> String {
    let images: Vec<String> =
        seen.images().iter().map(|(slot, image)| format!("{slot} is {image}")).collect();
    format!("the rest of its pod template was changed since; {}", images.join(", "))
}

fn planned(course: &Course) -> Images {
    let edits = course.change.edits.iter();
    edits.map(|edit| (edit.slot.clone(), Arc::clone(&edit.to))).collect()
}

fn of_edits(course: &Course, images: &Images) -> Images {
    let edited = |slot: &SlotId| course.change.edits.iter().any(|edit| edit.slot == *slot);
    images.iter().filter(|(slot, _)| edited(slot)).cloned().collect()
}

/// What has to stand in the template for the wanted version to stand there.
fn wanted_images(course: &Course, record: &Record, back: bool) -> Images {
    if !back {
        return if record.written.is_empty() { planned(course) } else { record.written.clone() };
    }
    if record.restored.is_empty() {
        let edits = course.change.edits.iter();
        return edits.map(|edit| (edit.slot.clone(), Arc::clone(&edit.from))).collect();
    }
    record.restored.clone()
}

fn refused(error: WriteError) -> Event {
    match error {
        WriteError::Denied(why) => Event::Denied(why),
        WriteError::Moved(why) => Event::Moved(why),
        WriteError::Unclear(why) => Event::Unclear(why),
        WriteError::Trouble(why) => Event::Trouble(why),
        WriteError::Broken(failure) => Event::Broken(failure),
    }
}

/// What follows from asking whether the lock is ours.
fn lost(confirmed: Result<(), LockError>) -> Option<Event> {
    match confirmed {
        Ok(()) => None,
        Err(LockError::Lost { .. } | LockError::Busy { .. }) => Some(Event::LeaseLost),
        Err(error) => Some(Event::Trouble(error.to_string())),
    }
}
