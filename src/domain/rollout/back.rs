//! The way back: the old references are written, and the old version has to be complete again.

use std::sync::Arc;

use super::{
    Course, Effect, Event, Moment, Outcome, PAUSE, Phase, Standing, UNSTICK_EVERY, Undo,
    WRITES_MAX, Watch, Writing, end, observe,
};
use crate::domain::change::{Change, SlotId};
use crate::domain::health::{Failure, Health};
use crate::domain::inventory::Kind;

/// Begins to put the old version back.
pub(super) fn put_back(cause: Failure, now: Moment) -> (Phase, Effect) {
    let writing = Writing { since: now, tries: 0, unclear: false };
    (Phase::RollingBack { cause, undo: Undo::Writing(writing) }, Effect::Restore)
}

pub(super) fn restoring(
    course: &Course,
    cause: Failure,
    mut writing: Writing,
    event: Event,
    now: Moment,
) -> (Phase, Effect) {
    let late = now.since(writing.since) >= course.change.terms.progress_deadline;
    let stay = |cause, writing, effect| {
        (Phase::RollingBack { cause, undo: Undo::Writing(writing) }, effect)
    };
    match event {
        Event::Written(images) => match not_old(&course.change, &images) {
            Some(second) => end(Outcome::Inconsistent { cause, second }),
            None => watch_old(course, cause, now),
        },
        Event::Located(Standing::Restored | Standing::Untouched) => watch_old(course, cause, now),
        Event::Located(Standing::Applied) if late && writing.tries > WRITES_MAX => {
            let second = "it changed each time that it was to be put back".into();
            end(Outcome::Inconsistent { cause, second })
        }
        Event::Located(Standing::Applied) => stay(cause, writing, Effect::Restore),
        // A release of which a part is back goes on going back.
        Event::Located(Standing::Partial) if course.is_of_release() && !late => {
            let tried = writing.tries > WRITES_MAX;
            writing.tries += 1;
            let effect = if tried { Effect::Wait(now.after(PAUSE)) } else { Effect::Restore };
            stay(cause, writing, effect)
        }
        Event::Located(standing) => end(Outcome::Superseded(format!(
            "{}; it had failed before: {}",
            standing.moved(),
            cause.message
        ))),
        Event::Broken(second) => end(Outcome::Inconsistent { cause, second: second.message }),
        Event::Denied(second) => end(Outcome::Inconsistent { cause, second }),
        Event::Unclear(why) | Event::Trouble(why) | Event::Blind(why) => {
            if late {
                return end(Outcome::Unknown(format!(
                    "{why}; it was being put back because it had failed: {}",
                    cause.message
                )));
            }
            stay(cause, writing, Effect::Wait(now.after(PAUSE)))
        }
        // Its status changes all the time while it fails: each change moves it.
        Event::Moved(_) => {
            writing.tries += 1;
            let pause = writing.tries > WRITES_MAX && !late;
            let effect = if pause { Effect::Wait(now.after(PAUSE)) } else { Effect::Locate };
            stay(cause, writing, effect)
        }
        Event::Interrupted => end(Outcome::Unknown(format!(
            "stopped while it was being put back because it had failed: {}",
            cause.message
        ))),
        Event::LeaseLost => end(Outcome::Unknown("another run took the lease".into())),
        Event::Timer
        | Event::Begin
        | Event::Recorded
        | Event::RecordFailed(_)
        | Event::Rehearsed(_)
        | Event::Observed(_)
        | Event::Unstuck => stay(cause, writing, Effect::Locate),
    }
}

pub(super) fn watch_old(course: &Course, cause: Failure, now: Moment) -> (Phase, Effect) {
    going_on(course, cause, Watch::from(now))
}

fn going_on(course: &Course, cause: Failure, watch: Watch) -> (Phase, Effect) {
    let effect = observe(course, &watch);
    (Phase::RollingBack { cause, undo: Undo::Verifying(watch) }, effect)
}

/// What stands in the slots of a change instead of the old version.
fn not_old(change: &Change, images: &[(SlotId, Arc<str>)]) -> Option<String> {
    change.edits.iter().find_map(|edit| match images.iter().find(|(slot, _)| *slot == edit.slot) {
        Some((_, image)) if edit.is_old(image) => None,
        Some((_, image)) => Some(format!(
            "the undo was rewritten: {} was to be {} and is {image}",
            edit.slot, edit.from
        )),
        None => Some(format!("{} is no longer there", edit.slot)),
    })
}

pub(super) fn going_back(
    course: &Course,
    cause: Failure,
    watch: Watch,
    event: Event,
    now: Moment,
) -> (Phase, Effect) {
    let deadline = course.change.terms.progress_deadline;
    match event {
        Event::Observed(Health::Healthy { .. } | Health::AwaitsRun) => {
            end(Outcome::RolledBack(cause))
        }
        Event::Observed(Health::Unverifiable(why)) => {
            let message = format!("{}; what is back is unverified: {why}", cause.message);
            end(Outcome::RolledBack(Failure { message, ..cause }))
        }
        // Pods that fail to pull or crash for a moment while they go back get their time.
        Event::Observed(Health::Failed(second)) => {
            waiting(course, cause, watch.progress(second.message, 0, now), now)
        }
        Event::Observed(Health::Progressing { awaited, score, .. }) => {
            waiting(course, cause, watch.progress(awaited, score, now), now)
        }
        Event::Observed(Health::Superseded { what, .. }) => {
            end(Outcome::Superseded(format!("{what}; it had failed before: {}", cause.message)))
        }
        Event::Observed(Health::Gone) => end(Outcome::Superseded("the object is gone".into())),
        Event::Blind(why) => {
            let watch = watch.blind(now);
            if watch.is_lost(deadline) {
                return end(Outcome::Unknown(format!("{why}; the old version was written back")));
            }
            let undo = Undo::Verifying(watch);
            (Phase::RollingBack { cause, undo }, Effect::Wait(now.after(PAUSE)))
        }
        Event::Timer => {
            let overslept = watch.overslept(watch.due(deadline), now);
            waiting(course, cause, if overslept { watch.blind(now) } else { watch.pass(now) }, now)
        }
        Event::Interrupted => end(Outcome::Unknown(
            "stopped while the old version was coming back; it is written back".into(),
        )),
        Event::LeaseLost => end(Outcome::Unknown("another run took the lease".into())),
        Event::Begin
        | Event::Recorded
        | Event::RecordFailed(_)
        | Event::Rehearsed(_)
        | Event::Written(_)
        | Event::Denied(_)
        | Event::Broken(_)
        | Event::Moved(_)
        | Event::Unclear(_)
        | Event::Trouble(_)
        | Event::Located(_)
        | Event::Unstuck => going_on(course, cause, watch),
    }
}

/// The old version is not complete yet.
fn waiting(course: &Course, cause: Failure, mut watch: Watch, now: Moment) -> (Phase, Effect) {
    let terms = &course.change.terms;
    if watch.is_lost(terms.progress_deadline) {
        return end(Outcome::Unknown(
            "nothing could be seen of it for too long; the old version was written back".into(),
        ));
    }
    if watch.is_stuck(terms.progress_deadline, now) {
        // What was broken before need not work now.
        return end(if terms.was_healthy {
            let second = format!("no progress for too long: {}", watch.awaited);
            Outcome::Inconsistent { cause, second }
        } else {
            Outcome::RolledBack(cause)
        });
    }
    let due = watch.unstuck.is_none_or(|last| now.since(last) >= UNSTICK_EVERY);
    let may_stick = matches!(course.change.object.kind, Kind::StatefulSet | Kind::Release);
    if may_stick && watch.blind.is_none() && due {
        watch.unstuck = Some(now);
        return (Phase::RollingBack { cause, undo: Undo::Verifying(watch) }, Effect::Unstick);
    }
    going_on(course, cause, watch)
}
