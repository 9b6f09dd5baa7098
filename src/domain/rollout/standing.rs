//! Where an object stands between its old and its new version, and how a run goes on that takes up
//! what another one left.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Course, Effect, Outcome, Phase, Stage, Watch, back, end, forward, observe};
use crate::domain::change::{Change, SlotId};
use crate::domain::health::{Failure, FailureCode};
use crate::domain::image::Digest;
use crate::domain::rollout::Moment;

/// Where an object stands between its old and its new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// At the old version, byte for byte.
    Untouched,
    /// Some edits are there and some are not.
    Partial,
    /// At the new version.
    Applied,
    /// At the old version in the form that an undo writes.
    Restored,
    /// At something else; the text says what, and who wrote it.
    Foreign(String),
    /// The object is gone, or another one bears its name.
    Gone,
}

/// Where an object stands, from the images in its template. `written` is what was read back after
/// the write, `restored` what an undo writes; both may be empty.
pub fn locate(
    change: &Change,
    written: &[(SlotId, Arc<str>)],
    restored: &[(SlotId, Arc<str>)],
    template: &[(SlotId, Arc<str>)],
) -> Standing {
    let of = |images: &[(SlotId, Arc<str>)], slot: &SlotId| {
        images.iter().find(|(known, _)| known == slot).map(|(_, image)| Arc::clone(image))
    };
    let (mut old, mut back, mut new) = (0, 0, 0);
    for edit in &change.edits {
        let Some(image) = of(template, &edit.slot) else {
            return Standing::Foreign(format!("{} is no longer there", edit.slot));
        };
        if image == edit.to || of(written, &edit.slot).as_ref() == Some(&image) {
            new += 1;
        } else if image == edit.from {
            old += 1;
        } else if edit.is_old(&image) || of(restored, &edit.slot).as_ref() == Some(&image) {
            back += 1;
        } else {
            return Standing::Foreign(format!("{} is {image} now", edit.slot));
        }
    }
    match (old, back, new) {
        (0, 0, _) => Standing::Applied,
        (_, 0, 0) => Standing::Untouched,
        (_, _, 0) => Standing::Restored,
        _ => Standing::Partial,
    }
}

/// What stands of a release, from its newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseStanding {
    /// Its newest revision.
    pub newest: u32,
    /// The newest that is deployed.
    pub deployed: Option<u32>,
    /// SHA-256 of the manifest of the newest deployed revision, else of the newest.
    pub manifest: Digest,
    /// SHA-256 of the values that the user gave to that one.
    pub values: Digest,
    /// What the newest revision was to be, where it is not deployed.
    pub half: Option<Half>,
    /// How long a helm of ours may be at work on it.
    pub patience: Duration,
}

/// A revision that was begun and did not come to be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// The version of its chart.
    pub version: Arc<str>,
    /// SHA-256 of its manifest.
    pub manifest: Digest,
    /// It was to go back to an earlier revision.
    pub back: bool,
    /// Its status and since when, in words.
    pub what: String,
    /// Whether a helm may still be at work on it.
    pub working: Working,
    /// When it was begun.
    pub since: Option<Timestamp>,
}

/// How long a helm of which nothing else is known may be at work on a release. The clocks of two machines
/// may differ by some of it.
const HELM_AT_WORK: SignedDuration = SignedDuration::from_mins(20);

impl Half {
    /// Until when its helm may be at work, where only time can tell and it has this long at least; none
    /// where nobody knows when it was begun.
    pub fn over(&self, patience: Duration) -> Option<Timestamp> {
        let patience = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
        self.since?.checked_add(patience.max(HELM_AT_WORK)).ok()
    }
}

/// Whether a helm may still be at work on a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Working {
    /// It said how it ended.
    Ended,
    /// It was started from this machine, did not say how it ended, and has ended.
    Gone,
    /// It was started from this machine and is at work.
    Here,
    /// Nobody here knows.
    Unknown,
}

/// Where a release stands between its old and its new chart. `version` is that of what is deployed,
/// `template` the hash of what was written, `standing` that of what is deployed now.
pub fn locate_release(
    change: &Change,
    version: &str,
    (template, standing): (Option<&str>, &str),
    seen: &ReleaseStanding,
) -> Standing {
    let (Some(before), Some(edit)) = (&change.release, change.edits.first()) else {
        return Standing::Foreign("its record does not say what stood there before".into());
    };
    if seen.newest == before.newest {
        return Standing::Untouched;
    }
    // Every upgrade is one revision: what came later came on top of somebody else's.
    let is_next = seen.newest == before.newest.saturating_add(1);
    let foreign = |what: String| Standing::Foreign(format!("revision {} {what}", seen.newest));
    if let Some(half) = &seen.half {
        // A way back that is itself the change is written by the same verb as its undo.
        let ours = match (half.back, &before.to) {
            (true, None) => half.version == edit.from,
            (true, Some(_)) => half.version == edit.from || (half.version == edit.to && is_next),
            (false, _) => half.version == edit.to && is_next,
        };
        return if ours { Standing::Partial } else { foreign(format!("is {}", half.what)) };
    }
    let old = seen.manifest == before.manifest && seen.values == before.values;
    let written = template.is_none_or(|written| written == standing);
    // Of a way back both versions may be the same, where the new one never came to be deployed.
    let is_back = before.to.is_some();
    if *edit.to == *version && written && is_next && (is_back || !(old && edit.from == edit.to)) {
        Standing::Applied
    } else if *edit.from == *version && old {
        Standing::Restored
    } else {
        foreign(format!("has chart version {version}"))
    }
}

/// The first step of a run that takes up what another one left: what the record says was reached,
/// and where the object stands now. `cause` is why it was being undone, where it was.
pub fn resume(
    course: &Course,
    stage: Stage,
    standing: &Standing,
    cause: Option<Failure>,
    now: Moment,
) -> (Phase, Effect) {
    let verify = || (Phase::Verifying(Watch::from(now)), observe(course, &Watch::from(now)));
    let undo = |cause: Option<Failure>| cause.unwrap_or_else(unknown_cause);
    match (standing, stage) {
        (Standing::Gone, _) => end(Outcome::Superseded("the object is gone".into())),
        (Standing::Foreign(what), _) => end(Outcome::Superseded(what.clone())),
        // Nobody else moves on what helm left half-way. The Lease, which is all that another machine
        // sees, does not say how far the write came.
        (Standing::Partial, _) if course.is_of_release() => {
            back::put_back(cause.unwrap_or_else(forward::cut_off), now)
        }
        (Standing::Partial, _) => {
            end(Outcome::Superseded("somebody changed a part of it since".into()))
        }
        (Standing::Untouched | Standing::Restored, Stage::Recorded | Stage::Applying) => {
            end(Outcome::Untouched)
        }
        (Standing::Untouched | Standing::Restored, Stage::Applied) => {
            end(Outcome::Superseded("somebody put the old version back".into()))
        }
        (Standing::Untouched | Standing::Restored, Stage::RollingBack) => {
            back::watch_old(course, undo(cause), now)
        }
        (Standing::Applied, Stage::Recorded | Stage::Applying | Stage::Applied) => verify(),
        (Standing::Applied, Stage::RollingBack) => back::put_back(undo(cause), now),
    }
}

/// The cause of a rollback whose reason is not known any more.
pub fn unknown_cause() -> Failure {
    Failure {
        code: FailureCode::Unknown,
        message: "the run that began to undo it did not leave its reason".into(),
        never_ran: false,
        slot: None,
    }
}

impl Standing {
    /// What stands there instead of what was expected, in words.
    pub(super) fn moved(&self) -> String {
        match self {
            Standing::Untouched | Standing::Restored => "the old version stands".into(),
            Standing::Applied => "the new version stands already".into(),
            Standing::Partial => "somebody changed a part of it since".into(),
            Standing::Foreign(what) => what.clone(),
            Standing::Gone => "the object is gone".into(),
        }
    }
}
