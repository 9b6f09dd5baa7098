//! Takes up what a killed run left: finishes it, or undoes it.
//!
//! The story is told by the journal of this machine and by the Leases of the cluster; either alone
//! is enough. Where the object stands decides what follows, not what was meant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::apply::{Leash, Report, Room, Start, drive, save};
use crate::domain::change::{ObjectId, SlotId};
use crate::domain::health::{Failure, FailureCode, Health, Wanted, judge};
use crate::domain::history::{ATTEMPTS_MAX, Record, RecordEnd};
use crate::domain::inventory::Kind;
use crate::domain::rollout::{self, Course, Outcome, Phase, Stage, Standing, Working};
use crate::ports::rollouts::{
    Inspected, JournalError, LockError, ReadError, Remembered, Rollouts, WatchSubject,
};

/// The records that are to be taken up: what is unfinished, and what awaits the next run of its
/// `CronJob`. What could not be verified is looked at again where it is `named`.
pub fn to_take_up(
    cluster: &str,
    journal: Vec<Record>,
    leases: Vec<(ObjectId, Remembered)>,
    named: bool,
) -> Vec<Record> {
    let wanted = if named { Record::may_be_taken_up } else { Record::is_to_take_up };
    last_records(cluster, journal, leases, wanted)
}

/// The last record of each object, where it is wanted: those of the journal, and those that Leases
/// remember, whether somebody still holds them or not. Where both know an object, the Lease knows
/// better: every run writes it before it writes the object.
fn last_records(
    cluster: &str,
    journal: Vec<Record>,
    leases: Vec<(ObjectId, Remembered)>,
    wanted: impl Fn(&Record) -> bool,
) -> Vec<Record> {
    let mut open: BTreeMap<ObjectId, Record> = BTreeMap::new();
    let mut seen: BTreeSet<ObjectId> = BTreeSet::new();
    for record in journal.into_iter().filter(|record| *record.cluster == *cluster) {
        // The newest first: an older record of the same object was taken up by a newer one.
        let object = record.change.object.clone();
        if seen.insert(object.clone()) && wanted(&record) {
            open.insert(object, record);
        }
    }
    for (object, remembered) in leases {
        let Some(last) = remembered.memory.last else { continue };
        if *last.cluster != *cluster {
            continue;
        }
        match open.get(&object) {
            Some(known) if known.id > last.id && wanted(&last) => {}
            // Of two copies of one record the one that came further is the later one.
            Some(known) if known.id == last.id && is_further(known, &last) => {}
            _ if wanted(&last) => {
                open.insert(object, last);
            }
            // The Lease says that the story of a newer run (or the end of this one) is told.
            Some(known) if last.id >= known.id => {
                open.remove(&object);
            }
            Some(_) | None => {}
        }
    }
    open.into_values().collect()
}

fn is_further(one: &Record, other: &Record) -> bool {
    other.is_open() && (one.attempts, one.stage) >= (other.attempts, other.stage)
}

/// A change that somebody carries out right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// The object.
    pub object: ObjectId,
    /// Who holds it: the name in the Lease, or "this machine".
    pub holder: Arc<str>,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// The record that is being written; none where the Lease holds none that is open.
    pub record: Option<Record>,
}

impl UnderWay {
    /// What a Lease says, where somebody holds it.
    pub fn of((object, remembered): &(ObjectId, Remembered)) -> Option<Self> {
        let (holder, since) = remembered.holder.clone()?;
        let record = remembered.memory.last.clone().filter(Record::is_open);
        Some(Self { object: object.clone(), holder, since, record })
    }

    /// An open record whose object another process of this machine holds.
    pub fn on_this_machine(record: Record) -> Self {
        Self {
            object: record.change.object.clone(),
            holder: "this machine".into(),
            since: Some(record.started),
            record: Some(record),
        }
    }
}

/// How long a request that was sent may still arrive.
const IN_TRANSIT: SignedDuration = SignedDuration::from_mins(1);

/// Why a record that is taken up is undone, whatever it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// `resume --undo`.
    Asked,
    /// The user stopped the run, and said yes to putting it back.
    Stopped,
}

impl Undo {
    fn failure(self) -> Failure {
        let (code, message) = match self {
            Self::Asked => (FailureCode::Undo, "asked for with --undo"),
            Self::Stopped => (FailureCode::Stopped, "stopped by the user, who asked for it"),
        };
        Failure { code, message: message.to_owned(), never_ran: false, slot: None }
    }
}

/// Takes up one record: goes on with it, or, with `undo`, puts the old version back.
pub async fn resume(room: &Room<'_>, mut record: Record, undo: Option<Undo>) -> Report {
    let object = record.change.object.clone();
    let early = |outcome| Report::early(object.clone(), outcome);
    let job = match next_run(room, &record, undo.is_some()).await {
        Ok(job) => job,
        Err(outcome) => return Report::of(&record, outcome, Duration::ZERO),
    };
    if let Some(why) = helm_at_work(room, &record).await {
        return early(Outcome::Busy(why));
    }
    let _machine = match room.journal.lock(&room.manner.cluster, &object) {
        Ok(guard) => guard,
        Err(error @ JournalError::Busy { .. }) => return early(Outcome::Busy(error.to_string())),
        Err(error) => return early(Outcome::Abandoned(error.to_string())),
    };
    let ended_at = record.end.take().map(|end| end.at);
    record.attempts += 1;
    let terms = &mut record.change.terms;
    if object.kind != Kind::CronJob {
        terms.soak = room.manner.soak.unwrap_or(terms.soak);
    }
    terms.progress_deadline = room.manner.progress_deadline.unwrap_or(terms.progress_deadline);
    let leash = match Leash::take(room, &record, true).await {
        Ok(leash) => leash,
        Err(error @ (LockError::Busy { .. } | LockError::Lost { .. })) => {
            return early(Outcome::Busy(error.to_string()));
        }
        Err(error) => return early(Outcome::Abandoned(error.to_string())),
    };
    // Between the listing and the lock another run may have finished it, or begun something newer.
    let other = leash.before().filter(|before| before.id != record.id || !before.may_be_taken_up());
    if let Some(other) = other.filter(|other| other.started >= record.started) {
        record.end = match &other.end {
            // It was finished from elsewhere, and that is how it ended.
            Some(end) if other.id == record.id => Some(end.clone()),
            _ => {
                let why = format!("{} has dealt with it meanwhile", other.id);
                Some(RecordEnd { at: room.clock.now(), outcome: Outcome::Superseded(why) })
            }
        };
        save(room, &record);
        let outcome = record.end.as_ref().map_or(Outcome::Untouched, |end| end.outcome.clone());
        let report = Report::of(&record, outcome, Duration::ZERO);
        leash.withdraw(room, &record).await;
        return report;
    }
    // The attempt counts from now on, should this run be killed.
    save(room, &record);
    let (standing, base) = match room.rollouts.inspect(&object).await {
        Ok(seen) if seen.uid == record.change.uid => (stands(&record, &seen), Some(seen)),
        Ok(_) | Err(ReadError::Gone(_)) => (Standing::Gone, None),
        Err(error) => {
            let outcome = Outcome::Unknown(error.to_string());
            return Box::pin(ended(room, record, leash, outcome, job)).await;
        }
    };
    let old = matches!(standing, Standing::Untouched | Standing::Restored);
    let wrote_nothing = old && record.stage < Stage::Applied;
    let young = |at: Timestamp| room.clock.now().duration_since(at) < IN_TRANSIT;
    if wrote_nothing && record.stage == Stage::Applying && ended_at.is_some_and(young) {
        let why = "its write may still be on its way: resume it again in a minute".into();
        return Box::pin(ended(room, record, leash, Outcome::Unknown(why), job)).await;
    }
    if let (Some(undo), false) = (undo, wrote_nothing) {
        record.stage = Stage::RollingBack;
        record.failure = Some(undo.failure());
    }
    let course = Course { change: record.change.clone(), rehearsal: false };
    let counts = undo.is_none() && record.attempts > ATTEMPTS_MAX;
    if counts && matches!(standing, Standing::Applied | Standing::Partial) {
        let cause = record.failure.clone().unwrap_or_else(rollout::unknown_cause);
        let second =
            format!("it was taken up {ATTEMPTS_MAX} times already without coming to an end");
        let outcome = Outcome::Inconsistent { cause, second };
        return Box::pin(ended(room, record, leash, outcome, job)).await;
    }
    if let (Standing::Applied, Some(seen)) = (&standing, &base) {
        if record.written.is_empty() {
            let edited = |slot: &SlotId| record.change.edits.iter().any(|edit| edit.slot == *slot);
            let images = seen.images().into_iter();
            record.written = images.filter(|(slot, _)| edited(slot)).collect();
        }
        record.template.get_or_insert_with(|| seen.template_hash.as_str().into());
    }
    let now = room.clock.moment();
    let (phase, effect) =
        rollout::resume(&course, record.stage, &standing, record.failure.clone(), now);
    drive(room, record, leash, Start { phase, effect, base, resumed: true, job }, &mut ()).await
}

/// Why a release may still be written by the helm that a killed run left behind; none where that has
/// ended for certain, or has had its time.
async fn helm_at_work(room: &Room<'_>, record: &Record) -> Option<String> {
    let object = &record.change.object;
    if object.kind != Kind::Release {
        return None;
    }
    let seen = room.rollouts.inspect(object).await.ok()?;
    let half = seen.release?.half?;
    match half.working {
        Working::Ended | Working::Gone => return None,
        Working::Here => {
            return Some(format!("a helm of this machine still works on it ({})", half.what));
        }
        Working::Unknown => {}
    }
    let patience = record.change.release.as_ref().map(|before| before.patience);
    let over = half.over(patience.unwrap_or_default());
    if over.is_some_and(|over| over <= room.clock.now()) {
        return None;
    }
    let whose = if record.actor.host == room.manner.actor.host {
        "another helm".to_owned()
    } else {
        format!("the helm of {}", record.actor.host)
    };
    let until = over.map(|over| format!(" until {over:.0}")).unwrap_or_default();
    let what = half.what;
    Some(format!("it is {what}, and {whose} may still work on it{until}: try again later"))
}

/// The Job by which a record is judged that awaits its next run; none for other records, and for
/// what is undone whatever it shows.
async fn next_run(room: &Room<'_>, record: &Record, undo: bool) -> Result<Option<String>, Outcome> {
    if !record.awaits_run() || undo {
        return Ok(None);
    }
    let object = &record.change.object;
    match room.rollouts.inspect(object).await {
        // Somebody went on from there: that ends its story, as it ends any other.
        Ok(seen) if seen.uid != record.change.uid || stands(record, &seen) != Standing::Applied => {
            return Ok(None);
        }
        Err(ReadError::Gone(_)) => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(Outcome::Abandoned(error.to_string())),
    }
    match telling_job(room.rollouts, record).await {
        Ok(Some(job)) => Ok(Some(job)),
        Ok(None) | Err(ReadError::Gone(_)) => Err(Outcome::AwaitsRun),
        Err(error) => Err(Outcome::Abandoned(error.to_string())),
    }
}

/// The longest that a look at a Job may take.
const LOOK: Duration = Duration::from_secs(15);

/// The Job by which a change of a `CronJob` can be judged now: one that has ended, or one at work that
/// shows already that it never will end well.
///
/// # Errors
/// The cluster's.
pub async fn telling_job(
    rollouts: &dyn Rollouts,
    record: &Record,
) -> Result<Option<String>, ReadError> {
    let change = &record.change;
    let Some(run) = rollouts.newest_job(&change.object, &record.written).await? else {
        return Ok(None);
    };
    if run.ended {
        return Ok(Some(run.job));
    }
    let mut watcher = rollouts.watch(WatchSubject {
        object: change.object.clone(),
        uid: Arc::clone(&change.uid),
        images: record.written.clone(),
        generation: 0,
        job: Some(run.job.clone()),
    });
    let Ok(observation) = tokio::time::timeout(LOOK, watcher.next()).await else {
        return Ok(None);
    };
    let wanted = Wanted {
        edits: &change.edits,
        images: &record.written,
        template: "",
        digests: true,
        generation: 0,
        restarts: &[],
    };
    let failed = matches!(judge(&observation?, &wanted), Health::Failed(_));
    Ok(failed.then_some(run.job))
}

/// Where the object stands. Where our images stand in a template that is not the one that was
/// written, somebody else's rollout is under way.
fn stands(record: &Record, seen: &Inspected) -> Standing {
    let standing = seen.standing(record);
    let ours = record.template.as_ref().is_none_or(|ours| **ours == *seen.template_hash);
    if standing == Standing::Applied && !ours {
        return Standing::Foreign("the rest of its pod template was changed since".into());
    }
    standing
}

/// Ends a record without driving it.
async fn ended(
    room: &Room<'_>,
    record: Record,
    leash: Leash,
    outcome: Outcome,
    job: Option<String>,
) -> Report {
    let start = Start {
        phase: Phase::Ended(outcome),
        effect: rollout::Effect::End,
        base: None,
        resumed: true,
        job,
    };
    drive(room, record, leash, start, &mut ()).await
}
