//! The way forward: from the durable record to the new version that has shown that it works.

use std::sync::Arc;

use super::{
    Course, Effect, Event, Moment, Outcome, PAUSE, Phase, Standing, WRITE_DEADLINE, WRITES_MAX,
    Watch, Writing, back, end, observe,
};
use crate::domain::change::{Change, Edit, SlotId};
use crate::domain::health::{Failure, FailureCode, Health};
use crate::domain::policy::RollbackMode;
use crate::domain::version::Bump;

pub(super) fn pending(event: Event, now: Moment) -> (Phase, Effect) {
    match event {
        Event::Recorded => {
            let writing = Writing { since: now, tries: 0, unclear: false };
            (Phase::Recorded(writing), Effect::Rehearse)
        }
        Event::RecordFailed(why) => end(Outcome::Abandoned(why)),
        Event::Interrupted => end(Outcome::Interrupted("stopped before it began".into())),
        Event::LeaseLost => end(Outcome::Busy("another run took the lease".into())),
        Event::Begin
        | Event::Rehearsed(_)
        | Event::Written(_)
        | Event::Denied(_)
        | Event::Broken(_)
        | Event::Moved(_)
        | Event::Unclear(_)
        | Event::Trouble(_)
        | Event::Located(_)
        | Event::Observed(_)
        | Event::Blind(_)
        | Event::Unstuck
        | Event::Timer => (Phase::Pending, Effect::Record),
    }
}

pub(super) fn recorded(
    course: &Course,
    mut writing: Writing,
    event: Event,
    now: Moment,
) -> (Phase, Effect) {
    let late = now.since(writing.since) >= WRITE_DEADLINE;
    match event {
        Event::Rehearsed(images) => match rewritten(&course.change, &images) {
            Some(what) => end(Outcome::Refused(format!(
                "an admission webhook would rewrite the image: {what}"
            ))),
            None if course.rehearsal => end(Outcome::Rehearsed),
            None => (Phase::Applying(Writing { since: now, ..writing }), Effect::Apply),
        },
        Event::Denied(why) => end(Outcome::Refused(why)),
        Event::Moved(why) => {
            writing.tries += 1;
            if writing.tries >= WRITES_MAX {
                return end(Outcome::Stale(why));
            }
            (Phase::Recorded(writing), Effect::Locate)
        }
        Event::Located(standing) if standing != Standing::Untouched => {
            end(Outcome::Stale(standing.moved()))
        }
        Event::Unclear(why) | Event::Trouble(why) | Event::Blind(why) => {
            if late {
                return end(Outcome::Abandoned(why));
            }
            (Phase::Recorded(writing), Effect::Wait(now.after(PAUSE)))
        }
        Event::Interrupted => end(Outcome::Interrupted("stopped before it was written".into())),
        Event::LeaseLost => end(Outcome::Busy("another run took the lease".into())),
        Event::Located(_)
        | Event::Timer
        | Event::Begin
        | Event::Recorded
        | Event::RecordFailed(_)
        | Event::Written(_)
        | Event::Broken(_)
        | Event::Observed(_)
        | Event::Unstuck => (Phase::Recorded(writing), Effect::Rehearse),
    }
}

pub(super) fn applying(
    course: &Course,
    mut writing: Writing,
    event: Event,
    now: Moment,
) -> (Phase, Effect) {
    let late = now.since(writing.since) >= WRITE_DEADLINE;
    match event {
        Event::Written(images) => match rewritten(&course.change, &images) {
            Some(what) => fail(course, rewritten_failure(&what), now),
            None => watch_from(course, now),
        },
        Event::Located(Standing::Applied) => watch_from(course, now),
        Event::Located(Standing::Untouched) => {
            if writing.tries >= WRITES_MAX {
                let why = "it changed each time that it was to be written".into();
                return end(unwritten(writing, why, Outcome::Stale));
            }
            (Phase::Applying(writing), Effect::Apply)
        }
        Event::Broken(failure) => fail(course, failure, now),
        // Our own write was cut off half-way: nobody else moves it on.
        Event::Located(Standing::Partial) if writing.unclear && course.is_of_release() => {
            fail(course, cut_off(), now)
        }
        // If one of our requests may have arrived, it is not our plan that is stale.
        Event::Located(standing) if writing.unclear => end(Outcome::Superseded(standing.moved())),
        Event::Located(standing) => end(Outcome::Stale(standing.moved())),
        Event::Denied(why) => end(unwritten(writing, why, Outcome::Refused)),
        Event::Moved(_) => {
            writing.tries += 1;
            (Phase::Applying(writing), Effect::Locate)
        }
        Event::Unclear(why) => {
            writing.unclear = true;
            writing.tries += u32::from(course.is_of_release());
            // helm takes its own time; what it left is looked at once, however late it is.
            if late && !course.is_of_release() {
                return end(Outcome::Unknown(why));
            }
            (Phase::Applying(writing), Effect::Wait(now.after(PAUSE)))
        }
        Event::Trouble(why) | Event::Blind(why) => {
            if late {
                return end(unwritten(writing, why, Outcome::Abandoned));
            }
            (Phase::Applying(writing), Effect::Wait(now.after(PAUSE)))
        }
        Event::Interrupted => end(unwritten(
            writing,
            "stopped while it was to be written".into(),
            Outcome::Interrupted,
        )),
        Event::LeaseLost => {
            end(unwritten(writing, "another run took the lease".into(), Outcome::Busy))
        }
        Event::Timer
        | Event::Begin
        | Event::Recorded
        | Event::RecordFailed(_)
        | Event::Rehearsed(_)
        | Event::Observed(_)
        | Event::Unstuck => (Phase::Applying(writing), Effect::Locate),
    }
}

/// How it ends when nothing was written. After a request without an answer that is not certain: it
/// may still be carried out.
fn unwritten(writing: Writing, why: String, outcome: impl Fn(String) -> Outcome) -> Outcome {
    if writing.unclear { Outcome::Unknown(why) } else { outcome(why) }
}

pub(super) fn verifying(
    course: &Course,
    watch: Watch,
    event: Event,
    now: Moment,
) -> (Phase, Effect) {
    match event {
        Event::Observed(Health::Healthy { unverified }) => {
            let until = now.after(course.change.terms.soak);
            soak(watch.healthy(unverified, now), until, now)
        }
        Event::Observed(Health::Unverifiable(why)) => end(Outcome::Unverified(why)),
        Event::Observed(Health::AwaitsRun) => end(Outcome::AwaitsRun),
        Event::Observed(health) => unhealthy(course, watch, health, now, Phase::Verifying),
        Event::Blind(why) => unseen(course, watch.blind(now), why, now, Phase::Verifying),
        Event::Interrupted => end(Outcome::Unknown(
            "stopped while it was being verified; the new version stands".into(),
        )),
        Event::LeaseLost => end(Outcome::Unknown("another run took the lease".into())),
        Event::Timer => timer(course, watch, now, Phase::Verifying),
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
        | Event::Unstuck => {
            let effect = observe(course, &watch);
            (Phase::Verifying(watch), effect)
        }
    }
}

pub(super) fn soaking(
    course: &Course,
    watch: Watch,
    until: Moment,
    event: Event,
    now: Moment,
) -> (Phase, Effect) {
    let stay = |watch: Watch| Phase::Soaking { watch, until };
    match event {
        Event::Observed(Health::Healthy { unverified }) => {
            soak(watch.healthy(unverified, now), until, now)
        }
        Event::Observed(Health::Unverifiable(why)) => end(Outcome::Unverified(why)),
        Event::Observed(Health::AwaitsRun) => end(Outcome::AwaitsRun),
        Event::Observed(health) => unhealthy(course, watch, health, now, stay),
        Event::Blind(why) => unseen(course, watch.blind(now), why, now, stay),
        Event::Timer if watch.healthy && watch.overslept(until, now) => {
            let watch = watch.blind(now);
            let effect = observe(course, &watch);
            (stay(watch), effect)
        }
        Event::Timer if watch.healthy && watch.blind.is_none() => soak(watch, until, now),
        Event::Timer => timer(course, watch, now, stay),
        Event::Interrupted => end(Outcome::Unknown(
            "stopped during the soak; the new version stands and was healthy".into(),
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
        | Event::Unstuck => {
            let due = observe(course, &watch);
            let healthy = watch.healthy && watch.blind.is_none();
            (stay(watch), if healthy { Effect::Observe(until) } else { due })
        }
    }
}

pub(super) fn committing(
    course: &Course,
    watch: Watch,
    since: Moment,
    event: Event,
    now: Moment,
) -> (Phase, Effect) {
    match event {
        Event::Located(Standing::Applied) => end(Outcome::Succeeded {
            soaked: course.change.terms.soak,
            unverified: watch.unverified,
        }),
        Event::Located(Standing::Gone) => end(Outcome::Superseded("the object is gone".into())),
        Event::Located(Standing::Foreign(what)) => end(Outcome::Superseded(what)),
        Event::Located(Standing::Partial) => {
            end(Outcome::Superseded("somebody changed a part of it since".into()))
        }
        Event::Located(Standing::Untouched | Standing::Restored) => {
            end(Outcome::Superseded("somebody put the old version back".into()))
        }
        Event::Blind(why) if now.since(since) >= course.change.terms.progress_deadline => {
            end(Outcome::Unknown(why))
        }
        Event::Blind(_) => (Phase::Committing { watch, since }, Effect::Wait(now.after(PAUSE))),
        Event::Interrupted => end(Outcome::Unknown(
            "stopped before the last look; the new version stands and was healthy".into(),
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
        | Event::Observed(_)
        | Event::Timer
        | Event::Unstuck => (Phase::Committing { watch, since }, Effect::Locate),
    }
}

fn watch_from(course: &Course, now: Moment) -> (Phase, Effect) {
    let watch = Watch::from(now);
    let effect = observe(course, &watch);
    (Phase::Verifying(watch), effect)
}

/// A soak of no length is over at once.
fn soak(watch: Watch, until: Moment, now: Moment) -> (Phase, Effect) {
    if now >= until {
        return commit(watch, now);
    }
    (Phase::Soaking { watch, until }, Effect::Observe(until))
}

fn commit(watch: Watch, now: Moment) -> (Phase, Effect) {
    (Phase::Committing { watch, since: now }, Effect::Locate)
}

fn unhealthy(
    course: &Course,
    watch: Watch,
    health: Health,
    now: Moment,
    stay: impl Fn(Watch) -> Phase,
) -> (Phase, Effect) {
    match health {
        Health::Progressing { awaited, score, code, ran } => {
            let mut watch = watch.progress(awaited, score, now);
            watch.code = code;
            watch.ran |= ran;
            overdue(course, watch, now, stay)
        }
        Health::Failed(mut failure) => {
            // A pod that ran and was replaced since is not seen any more.
            failure.never_ran &= !watch.ran;
            fail(course, failure, now)
        }
        Health::Superseded { what, writer } => end(Outcome::Superseded(match writer {
            Some(writer) => format!("{what} (written by {writer})"),
            None => what,
        })),
        Health::Gone => end(Outcome::Superseded("the object is gone".into())),
        Health::Healthy { .. } | Health::Unverifiable(_) | Health::AwaitsRun => {
            let effect = observe(course, &watch);
            (stay(watch), effect)
        }
    }
}

/// The time that was set has come without an observation.
fn timer(
    course: &Course,
    watch: Watch,
    now: Moment,
    stay: impl Fn(Watch) -> Phase,
) -> (Phase, Effect) {
    let deadline = course.change.terms.progress_deadline;
    let overslept = watch.overslept(watch.due(deadline), now);
    let watch = if overslept { watch.blind(now) } else { watch.pass(now) };
    if watch.is_lost(deadline) {
        return end(Outcome::Unknown("nothing could be seen of it for too long".into()));
    }
    overdue(course, watch, now, stay)
}

/// Goes on waiting, unless what is seen has not moved for too long.
fn overdue(
    course: &Course,
    watch: Watch,
    now: Moment,
    stay: impl Fn(Watch) -> Phase,
) -> (Phase, Effect) {
    let deadline = course.change.terms.progress_deadline;
    if watch.is_stuck(deadline, now) {
        let failure = Failure {
            code: watch.code.unwrap_or(FailureCode::Deadline),
            message: format!("no progress for {} s: {}", deadline.as_secs(), watch.awaited),
            never_ran: !watch.ran,
            slot: None,
        };
        return fail(course, failure, now);
    }
    let effect = observe(course, &watch);
    (stay(watch), effect)
}

fn unseen(
    course: &Course,
    watch: Watch,
    why: String,
    now: Moment,
    stay: impl Fn(Watch) -> Phase,
) -> (Phase, Effect) {
    if watch.is_lost(course.change.terms.progress_deadline) {
        return end(Outcome::Unknown(why));
    }
    (stay(watch), Effect::Wait(now.after(PAUSE)))
}

/// What follows from a failure: back to the old version, or kept where going back may do harm.
fn fail(course: &Course, failure: Failure, now: Moment) -> (Phase, Effect) {
    let terms = &course.change.terms;
    let patch = course.change.edits.iter().all(|edit| edit.bump == Bump::Patch);
    let back = match terms.rollback {
        RollbackMode::Always => true,
        RollbackMode::Never => false,
        RollbackMode::Careful => !terms.stateful || failure.never_ran || patch,
    };
    if back { back::put_back(failure, now) } else { end(Outcome::FailedKept(failure)) }
}

/// What stands in the slots of a change instead of what was to be written.
fn rewritten(change: &Change, images: &[(SlotId, Arc<str>)]) -> Option<String> {
    let wrong =
        |edit: &&Edit| !images.iter().any(|(slot, image)| *slot == edit.slot && *image == edit.to);
    change.edits.iter().find(wrong).map(|edit| {
        let stands = images.iter().find(|(slot, _)| *slot == edit.slot);
        let stands = stands.map_or("nothing", |(_, image)| image);
        format!("{} was to be {} and is {stands}", edit.slot, edit.to)
    })
}

/// Why a release goes back of which only a part may have been written.
pub(super) fn cut_off() -> Failure {
    Failure {
        code: FailureCode::CutOff,
        message: "helm ended before the release was upgraded".into(),
        never_ran: false,
        slot: None,
    }
}

/// The write has only just been done: nothing of it runs yet.
fn rewritten_failure(what: &str) -> Failure {
    Failure {
        code: FailureCode::Rewritten,
        message: format!("an admission webhook rewrote the image: {what}"),
        never_ran: true,
        slot: None,
    }
}
