//! Where an object stands between its old and its new version, and how a run goes on that takes up
//! what another one left.

use std::sync::Arc;

use super::{Course, Effect, Outcome, Phase, Stage, Watch, back, end, observe};
use crate::domain::change::{Change, SlotId};
use crate::domain::health::Failure;
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
        code: "unknown",
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
