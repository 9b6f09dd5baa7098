//! Makes an intent certain before anything is written: digests resolved anew, the machine's lock,
//! the Lease, a fresh reading of the object, and what is remembered of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Leash, Room, save};
use crate::actions::intent::{Goal, Intent, Step};
use crate::domain::calendar;
use crate::domain::change::{Change, Edit, Probe, ReleaseBefore, Terms};
use crate::domain::consent;
use crate::domain::history::{Record, RecordEnd, RecordId, Verb};
use crate::domain::image::{Digest, ImageReference, Tag};
use crate::domain::inventory::{Kind, Progress, PullIdentity};
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::{Outcome, Stage, Standing};
use crate::domain::version::Bump;
use crate::ports::rollouts::{Inspected, LockError, ReadError};
use crate::ports::{LookupError, Wanted};

/// The time without progress that is allowed where neither the object nor the user says one.
pub(in crate::actions) const PROGRESS_DEADLINE: Duration = Duration::from_mins(10);

/// A change that is certain, and the hold on its object.
pub(super) struct Prepared {
    pub(super) record: Record,
    pub(super) leash: Leash,
    /// The reading that the first write is made for.
    pub(super) base: Inspected,
}

/// Prepares one change. What ends it here ends it with nothing written.
pub(super) async fn prepare(
    room: &Room<'_>,
    number: u32,
    intent: &Intent,
) -> Result<Prepared, Outcome> {
    let manner = room.manner;
    // A window may close while earlier changes of the run soak. What goes back waits for none.
    if intent.verb == Verb::Apply
        && let Some(why) = calendar::closed(&manner.windows, &manner.freezes, room.clock.now())
    {
        return Err(Outcome::NotBegun(why));
    }
    let mut edits = Vec::with_capacity(intent.steps.len());
    for step in &intent.steps {
        edits.push(edit(room, intent.verb, step, intent.pull.as_deref()).await?);
    }
    let knows_the_way_back = edits.iter().all(Edit::knows_the_way_back);
    let mut record = Record {
        id: RecordId { run: manner.run.clone(), number },
        cluster: Arc::clone(&manner.cluster),
        verb: intent.verb,
        change: Change {
            object: intent.object.clone(),
            uid: Arc::clone(&intent.uid),
            edits,
            terms: Terms {
                // A Job that has ended shows nothing more.
                soak: match intent.object.kind {
                    Kind::CronJob => Duration::ZERO,
                    _ => manner.soak.unwrap_or(intent.soak),
                },
                progress_deadline: manner.progress_deadline.unwrap_or(PROGRESS_DEADLINE),
                rollback: if knows_the_way_back { intent.rollback } else { RollbackMode::Never },
                stateful: false,
                was_healthy: true,
                probes: intent.probes.clone(),
                run_once: manner.run_once && intent.object.kind == Kind::CronJob,
            },
            release: None,
        },
        why: intent.why.clone(),
        actor: manner.actor.clone(),
        started: room.clock.now(),
        stage: Stage::Recorded,
        written: Vec::new(),
        restored: Vec::new(),
        failure: None,
        template: None,
        said: None,
        attempts: 0,
        end: None,
    };
    // Read before the lock, so that the record that the Lease keeps has all that a resume needs.
    let before = match inspect(room, intent, &record.change).await {
        Err(Outcome::Stale(why)) => {
            return Err(held(room, intent).await.unwrap_or(Outcome::Stale(why)));
        }
        inspected => inspected?,
    };
    record.change.release = release_before(&before, intent);
    let terms = &mut record.change.terms;
    terms.stateful = before.stateful;
    terms.was_healthy = before.healthy;
    terms.progress_deadline =
        manner.progress_deadline.or(before.progress_deadline).unwrap_or(PROGRESS_DEADLINE);
    if intent.verb == Verb::Apply {
        answers_before(room, &intent.probes).await?;
    }
    if manner.rehearsal {
        let leash = Leash::none();
        return Ok(Prepared { record, leash, base: before });
    }
    let leash = match Leash::take(room, &record, false).await {
        // It was killed before it wrote anything, so there is nothing to resume.
        Err(LockError::Unfinished { record: left, .. })
            if wrote_nothing(&left, &before, room.clock.now()) =>
        {
            let taken = Leash::take(room, &record, true).await;
            if taken.is_ok() {
                // Its story ends here, for the machine that keeps it.
                let end = RecordEnd { at: room.clock.now(), outcome: Outcome::Untouched };
                save(room, &Record { end: Some(end), ..*left });
            }
            taken
        }
        taken => taken,
    };
    let leash = leash.map_err(|error| not_taken(&error))?;
    // Whoever asks for a rollback says what is to run, whatever is known of it.
    let known = leash.memory.is_known_bad(&record.change).filter(|_| intent.verb == Verb::Apply);
    if let Some(known) = known {
        let why = format!("known bad since {}: {}; `forget` lifts it", known.since, known.why);
        leash.withdraw(room, &record).await;
        return Err(Outcome::Refused(why));
    }
    // Read again, after the lock: only this state is what the write tests.
    match inspect(room, intent, &record.change).await {
        Ok(base) => Ok(Prepared { record, leash, base }),
        Err(outcome) => {
            leash.withdraw(room, &record).await;
            Err(outcome)
        }
    }
}

/// What a release needs to go back.
fn release_before(seen: &Inspected, intent: &Intent) -> Option<ReleaseBefore> {
    let release = seen.release.as_ref()?;
    Some(ReleaseBefore {
        newest: release.newest,
        back: release.deployed?,
        manifest: release.manifest.clone(),
        values: release.values.clone(),
        to: intent.revision.clone(),
        patience: release.patience,
    })
}

/// What does not answer before the update can tell nothing about it afterwards.
async fn answers_before(room: &Room<'_>, probes: &[Probe]) -> Result<(), Outcome> {
    for probe in probes {
        if let Err(why) = room.prober.probe(probe).await {
            return Err(Outcome::NotBegun(format!(
                "the probe {probe} does not answer already ({why}), so that it could not tell whether the update works: mend it, or leave it out of the policy"
            )));
        }
    }
    Ok(())
}

/// Whether another run holds the object: then it is that run which moved it.
async fn held(room: &Room<'_>, intent: &Intent) -> Option<Outcome> {
    let remembered = room.lock.read(&intent.object).await.ok()?;
    let (holder, _) = remembered.holder?;
    Some(Outcome::Busy(format!("{} is held by {holder}", intent.object)))
}

/// Whether a run that was killed before it came to an end has left the object as it was. A write of
/// it that is still on its way fails: ours begins with a reading that is newer than its.
fn wrote_nothing(left: &Record, seen: &Inspected, now: Timestamp) -> bool {
    // A request that was sent may still arrive for a while.
    let settled = left
        .end
        .as_ref()
        .is_none_or(|end| now.duration_since(end.at) > SignedDuration::from_mins(1));
    settled
        && left.stage < Stage::Applied
        && left.change.uid == seen.uid
        && seen.standing(left) == Standing::Untouched
}

fn not_taken(error: &LockError) -> Outcome {
    match error {
        LockError::Busy { .. } | LockError::Lost { .. } => Outcome::Busy(error.to_string()),
        LockError::Unfinished { .. } => Outcome::Unknown(format!("{error}: run `resume` first")),
        LockError::Forbidden { .. }
        | LockError::Unreadable { .. }
        | LockError::Unavailable { .. } => Outcome::Abandoned(error.to_string()),
    }
}

/// Resolves both references of a step, asking the registry anew.
async fn edit(
    room: &Room<'_>,
    verb: Verb,
    step: &Step,
    pull: Option<&PullIdentity>,
) -> Result<Edit, Outcome> {
    let to = match &step.to {
        Goal::Image(reference) => reference,
        Goal::Chart(version) => return chart_edit(step, version),
    };
    let tag = to.effective_tag();
    // What a rollback goes back to is known by its digest, and a registry that is down (or has moved
    // the tag since) must not stand in its way.
    let known = step.digest.as_ref().filter(|_| verb == Verb::Rollback);
    let (digest, parts) = match (&tag, to.digest().or(known)) {
        (_, Some(pinned)) if verb == Verb::Rollback => {
            // Which manifests an index lists is good to know: some nodes report those.
            let parts = match &tag {
                Some(tag) => parts(room, to, tag, pinned, pull).await,
                None => Vec::new(),
            };
            (pinned.clone(), parts)
        }
        (Some(tag), pinned) => {
            let repository = to.repository();
            let wanted = Wanted { created: false };
            let manifest = room
                .registry
                .manifest(repository, tag, wanted, pull)
                .await
                .map_err(|error| unresolved(to, &error))?;
            let planned = step.digest.as_ref().or(pinned);
            if let Some(planned) = planned.filter(|planned| **planned != manifest.digest) {
                return Err(Outcome::Stale(format!(
                    "{} named {planned} when it was planned and names {} now",
                    to.as_written(),
                    manifest.digest
                )));
            }
            (manifest.digest.clone(), manifest.children.clone())
        }
        (None, Some(pinned)) => (pinned.clone(), Vec::new()),
        (None, None) => {
            let name = to.as_written();
            return Err(Outcome::Refused(format!("{name} has neither tag nor digest")));
        }
    };
    let from_digest = match &step.running {
        Some(running) => Some(running.clone()),
        // The tag stays the same and names the new image by now: what it named before nobody knows.
        None if step.bump == Bump::Digest => None,
        None => now_written(room, &step.from, pull).await?,
    };
    Ok(Edit {
        slot: step.slot.clone(),
        from: Arc::clone(&step.from),
        to: to.as_written().into(),
        digest,
        parts,
        from_digest,
        bump: step.bump,
    })
}

/// A step of a release. What its chart is was settled when it was fetched.
fn chart_edit(step: &Step, version: &Arc<str>) -> Result<Edit, Outcome> {
    let digest = step.digest.clone().ok_or_else(|| {
        Outcome::Refused(format!("nobody knows the digest of chart version {version}"))
    })?;
    Ok(Edit {
        slot: step.slot.clone(),
        from: Arc::clone(&step.from),
        to: Arc::clone(version),
        digest,
        parts: Vec::new(),
        from_digest: step.running.clone(),
        bump: step.bump,
    })
}

/// The manifests that an index lists, where its tag still names it and the registry says so.
async fn parts(
    room: &Room<'_>,
    reference: &ImageReference,
    tag: &Tag,
    digest: &Digest,
    pull: Option<&PullIdentity>,
) -> Vec<Digest> {
    let wanted = Wanted { created: false };
    let manifest = room.registry.manifest(reference.repository(), tag, wanted, pull).await;
    match manifest {
        Ok(manifest) if manifest.digest == *digest => manifest.children.clone(),
        Ok(_) | Err(_) => Vec::new(),
    }
}

/// What the reference that is written now names: the way back. A registry that cannot say is no
/// reason to refuse; one that says "gone" was a hold in the plan and was consented to.
async fn now_written(
    room: &Room<'_>,
    from: &str,
    pull: Option<&PullIdentity>,
) -> Result<Option<Digest>, Outcome> {
    let Ok(reference) = from.parse::<ImageReference>() else { return Ok(None) };
    if let Some(digest) = reference.digest() {
        return Ok(Some(digest.clone()));
    }
    let Some(tag) = reference.effective_tag() else { return Ok(None) };
    Ok(room.registry.digest(reference.repository(), &tag, pull).await.ok())
}

fn unresolved(reference: &ImageReference, error: &LookupError) -> Outcome {
    let words = format!("{}: {error}; {}", reference.as_written(), error.hint());
    match error {
        LookupError::NotFound { .. } => Outcome::Refused(words),
        LookupError::Unauthorized { .. }
        | LookupError::Credentials { .. }
        | LookupError::RateLimited { .. }
        | LookupError::Unreachable { .. }
        | LookupError::Timeout { .. }
        | LookupError::BadAnswer { .. }
        | LookupError::Server { .. }
        | LookupError::GivenUp { .. }
        | LookupError::Layout { .. }
        | LookupError::Offline { .. } => Outcome::Abandoned(words),
    }
}

/// Reads the object and holds it against what was planned for.
async fn inspect(room: &Room<'_>, intent: &Intent, change: &Change) -> Result<Inspected, Outcome> {
    let seen = room.rollouts.inspect(&change.object).await.map_err(|error| match error {
        ReadError::Gone(_) => Outcome::Stale("the object is gone".into()),
        ReadError::Forbidden(why) => Outcome::Refused(why),
        ReadError::Unavailable(why) => Outcome::Abandoned(why),
    })?;
    if seen.uid != change.uid {
        return Err(Outcome::Stale("the object was deleted and made anew since".into()));
    }
    if intent.template_hash.as_ref().is_some_and(|hash| *hash != seen.template_hash) {
        let what = match change.object.kind {
            Kind::Release => "what helm stored of it",
            _ => "its pod template",
        };
        return Err(Outcome::Stale(match &seen.writer {
            Some(writer) => format!("{what} was changed since (by {writer})"),
            None => format!("{what} was changed since"),
        }));
    }
    consent::may_be_written(&seen.workload).map_err(Outcome::Refused)?;
    if let (Kind::Release, Progress::Underway(what)) =
        (change.object.kind, &seen.workload.rollout.progress)
    {
        return Err(Outcome::Busy(format!("another helm works on it: {what}")));
    }
    if seen.release.as_ref().is_some_and(|release| release.deployed.is_none()) {
        let why = "no revision of it was ever deployed, so that there is no way back: uninstall and install it, or upgrade it with helm";
        return Err(Outcome::Refused(why.into()));
    }
    if let (Verb::Apply, Progress::Underway(what)) = (intent.verb, &seen.workload.rollout.progress)
    {
        return Err(Outcome::Stale(format!("another rollout is under way there: {what}")));
    }
    for edit in &change.edits {
        let place = seen.places.iter().find(|place| place.slot == edit.slot);
        match place {
            None => return Err(Outcome::Stale(format!("{} is no longer there", edit.slot))),
            Some(place) if place.image == edit.from => {}
            Some(place) if place.image == edit.to => {
                return Err(Outcome::Stale(format!("{} is at {} already", edit.slot, edit.to)));
            }
            Some(place) => {
                let (slot, image, from) = (&edit.slot, &place.image, &edit.from);
                return Err(Outcome::Stale(format!("{slot} was {from} and is {image} now")));
            }
        }
    }
    Ok(seen)
}
