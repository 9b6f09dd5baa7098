//! Drives one change through the rollout machine: performs an effect, feeds back what came of it,
//! keeps journal and Lease up to date, and listens for the user, the clock and the lock meanwhile.

use std::time::Duration;

use super::perform::Performer;
use super::{Leash, Report, Room};
use crate::domain::history::{Record, RecordEnd, Verb};
use crate::domain::rollout::{self, Course, Effect, Event, Moment, Outcome, Phase, Stage};
use crate::ports::rollouts::Inspected;
use crate::ports::{Event as Told, RolloutEvent};

/// Where a drive begins.
pub(in crate::actions) struct Start {
    pub(in crate::actions) phase: Phase,
    pub(in crate::actions) effect: Effect,
    /// The reading that the first write is made for; none where the first step reads it itself.
    pub(in crate::actions) base: Option<Inspected>,
    /// An earlier run recorded it already.
    pub(in crate::actions) resumed: bool,
    /// A Job that shows already how the new version of a `CronJob` runs.
    pub(in crate::actions) job: Option<String>,
}

/// What a drive tells its caller while it goes on.
pub(in crate::actions) trait Heard: Send {
    /// The new version is healthy and soaks: the next change may begin.
    fn soaking(&mut self);
    /// It failed and goes back: nothing is proved, and the change is at work again.
    fn going_back(&mut self);
}

impl Heard for () {
    fn soaking(&mut self) {}
    fn going_back(&mut self) {}
}

/// Drives a change to its end. The lock is given back, and the record closed.
pub(in crate::actions) async fn drive(
    room: &Room<'_>,
    mut record: Record,
    mut leash: Leash,
    start: Start,
    heard: &mut dyn Heard,
) -> Report {
    let begun = room.clock.moment();
    let course = Course { change: record.change.clone(), rehearsal: room.manner.rehearsal };
    let Start { mut phase, mut effect, base, resumed, job } = start;
    let judges = job.is_some();
    let mut performer = Performer::new(*room, base, &record, job);
    let mut written_down = resumed;
    let outcome = loop {
        tell(room, &record, &phase, begun);
        if matches!(phase, Phase::Soaking { .. }) {
            heard.soaking();
        }
        if matches!(phase, Phase::RollingBack { .. }) {
            heard.going_back();
        }
        if let Phase::Ended(outcome) = phase {
            break outcome;
        }
        if note_stage(&mut record, &phase) && written_down {
            save(room, &record);
            // What soaks is left alone for a while: others should know what stands there meanwhile.
            let stays = record.stage == Stage::Applied && !record.change.terms.soak.is_zero();
            let keeps = stays || record.stage == Stage::RollingBack;
            if keeps && leash.keep(room, &record).await.is_err() {
                let now = room.clock.moment();
                (phase, effect) = rollout::step(&course, phase, Event::LeaseLost, now);
                continue;
            }
        }
        let event = if effect == Effect::Record {
            let event = begin_record(room, &record);
            written_down = event == Event::Recorded;
            event
        } else if effect.must_finish() {
            let (guard, kept) = (leash.guard(), record.clone());
            let work = performer.perform(&course, &mut record, &guard, &phase, &effect);
            while_kept(room, &kept, &mut leash, work).await
        } else {
            interruptible(room, &course, &mut performer, &mut record, &mut leash, &phase, &effect)
                .await
        };
        let was_soaking = matches!(phase, Phase::Soaking { .. });
        let now = room.clock.moment();
        (phase, effect) = rollout::step(&course, phase, event, now);
        if !was_soaking && matches!(phase, Phase::Soaking { .. }) {
            performer.begin_soak();
        }
    };
    // Whoever was stopped while judging a Job has taken nothing back that was known.
    let outcome = match outcome {
        Outcome::Unknown(_) if judges && record.stage == Stage::Applied => Outcome::AwaitsRun,
        outcome => outcome,
    };
    let took = since(room, begun);
    close(room, record, leash, outcome, (written_down, resumed), took).await
}

/// Performs what must not be given up, and renews the lock meanwhile: helm may work for minutes. A
/// lock that is lost shows with the next effect.
async fn while_kept(
    room: &Room<'_>,
    record: &Record,
    leash: &mut Leash,
    work: impl Future<Output = Event>,
) -> Event {
    tokio::pin!(work);
    loop {
        let pause = leash.due().0.saturating_sub(room.clock.moment().0);
        tokio::select! {
            biased;
            event = &mut work => return event,
            () = tokio::time::sleep(pause) => {
                if leash.keep(room, record).await.is_err() {
                    return work.await;
                }
            }
        }
    }
}

/// Performs an effect that may be given up, and listens meanwhile.
async fn interruptible(
    room: &Room<'_>,
    course: &Course,
    performer: &mut Performer<'_>,
    record: &mut Record,
    leash: &mut Leash,
    phase: &Phase,
    effect: &Effect,
) -> Event {
    let mut stop = room.stop.clone();
    let guard = leash.guard();
    loop {
        if *stop.borrow() {
            return Event::Interrupted;
        }
        let now = room.clock.moment();
        let until = room.manner.until.unwrap_or(Moment(Duration::MAX));
        if now >= until {
            return Event::Interrupted;
        }
        // Only what may last long is cut short for a renewal; a request ends by itself.
        let wake = match effect {
            Effect::Observe(_) | Effect::Wait(_) => leash.due().min(until),
            Effect::Record
            | Effect::Rehearse
            | Effect::Apply
            | Effect::Restore
            | Effect::Locate
            | Effect::Unstick
            | Effect::End => until,
        };
        let pause = wake.0.saturating_sub(now.0);
        // A failed wait for the stop signal means that nobody can send one any more.
        tokio::select! {
            biased;
            Ok(()) = stop.changed() => {}
            event = performer.perform(course, record, &guard, phase, effect) => return event,
            () = tokio::time::sleep(pause) => {
                let due = room.clock.moment() >= leash.due();
                if due && leash.keep(room, record).await.is_err() {
                    return Event::LeaseLost;
                }
            }
        }
    }
}

/// Takes over into the record what a phase says that outlives the process; whether that is new.
fn note_stage(record: &mut Record, phase: &Phase) -> bool {
    let Some(stage) = Stage::of(phase) else { return false };
    if let Phase::RollingBack { cause, .. } = phase
        && record.failure.as_ref() != Some(cause)
    {
        record.failure = Some(cause.clone());
    }
    let new = stage != record.stage;
    record.stage = stage;
    new
}

fn begin_record(room: &Room<'_>, record: &Record) -> Event {
    match room.journal.append(record, room.clock.now()) {
        Ok(()) => Event::Recorded,
        Err(error) => Event::RecordFailed(format!("the journal: {error}")),
    }
}

/// After the record is durable, trouble with the journal never stops anything.
pub(in crate::actions) fn save(room: &Room<'_>, record: &Record) {
    if let Err(error) = room.journal.append(record, room.clock.now()) {
        let object = &record.change.object;
        room.events.event(Told::Trouble { object, message: &format!("the journal: {error}") });
    }
}

fn tell(room: &Room<'_>, record: &Record, phase: &Phase, begun: Moment) {
    room.events.event(Told::Rollout(&RolloutEvent {
        change: &record.change,
        record: &record.id,
        phase,
        elapsed: since(room, begun),
    }));
}

fn since(room: &Room<'_>, begun: Moment) -> Duration {
    room.clock.moment().0.saturating_sub(begun.0)
}

/// Closes the record: what failed is known bad, the Lease remembers how it ended.
async fn close(
    room: &Room<'_>,
    mut record: Record,
    mut leash: Leash,
    outcome: Outcome,
    (written_down, resumed): (bool, bool),
    took: Duration,
) -> Report {
    let now = room.clock.now();
    record.end = Some(RecordEnd { at: now, outcome: outcome.clone() });
    if let Some(failure) = outcome.failure() {
        // What is kept on purpose too: who goes back by hand is not to find it there again.
        let of_release = record.change.release.is_some();
        if failure.code.blames_the_version(of_release) {
            leash.memory.condemn(&record, &failure.clone().without_words(), now);
        }
    } else if record.verb == Verb::Rollback && record.left_the_old_version() {
        leash.memory.reject(&record, now);
    }
    let goes_on =
        matches!(outcome, Outcome::Unknown(_) | Outcome::AwaitsRun | Outcome::Unverified(_));
    if resumed && goes_on {
        // An orderly end is no failed attempt: only a kill is.
        record.attempts = record.attempts.saturating_sub(1);
    }
    let mut report = Report::of(&record, outcome, took);
    let touched = !report.outcome.wrote_nothing();
    if written_down || touched {
        save(room, &record);
    } else {
        report.record = None;
    }
    if touched || resumed {
        leash.release(room, &record).await;
    } else {
        leash.withdraw(room, &record).await;
    }
    report
}
