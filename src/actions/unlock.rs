//! `--unlock`: what another helm left pending is taken for a change that was cut off, and goes back on
//! the road of every change that is taken up: locked, recorded, verified.

use std::sync::Arc;
use std::time::Duration;

use super::apply::{PROGRESS_DEADLINE, Room};
use crate::domain::change::{Change, Edit, ObjectId, ReleaseBefore, Revision, Terms};
use crate::domain::history::{Record, RecordId, Verb};
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::{Half, ReleaseStanding, Stage, Working};
use crate::domain::version::Bump;
use crate::ports::rollouts::Inspected;

/// What a helm left of a release.
#[derive(Debug, Clone, Copy)]
pub struct Pending<'a> {
    seen: &'a Inspected,
    standing: &'a ReleaseStanding,
    half: &'a Half,
    back: u32,
}

/// What is to be freed; none where the release is not pending.
///
/// # Errors
/// There is nothing to go back to.
pub fn pending<'a>(object: &ObjectId, seen: &'a Inspected) -> Result<Option<Pending<'a>>, String> {
    let standing = seen.release.as_ref();
    let half = standing.and_then(|standing| standing.half.as_ref());
    let (Some(standing), Some(half)) = (standing, half) else { return Ok(None) };
    if half.working == Working::Ended {
        return Ok(None);
    }
    let back = standing.deployed.ok_or_else(|| {
        let (revision, what, name) = (standing.newest, &half.what, &object.name);
        format!(
            "revision {revision} is {what}, and there is no earlier revision that was deployed: `helm history {name}` shows them"
        )
    })?;
    Ok(Some(Pending { seen, standing, half, back }))
}

impl Pending<'_> {
    /// The record of what was left, as if a run from here had begun it.
    pub fn record(&self, room: &Room<'_>, object: &ObjectId) -> Option<Record> {
        let Self { seen, standing, half, back } = *self;
        let manner = room.manner;
        let place = seen.places.first()?;
        let revision = |number| Revision {
            number,
            manifest: standing.manifest.clone(),
            values: standing.values.clone(),
        };
        let terms = Terms {
            soak: Duration::ZERO,
            progress_deadline: seen.progress_deadline.unwrap_or(PROGRESS_DEADLINE),
            rollback: RollbackMode::Always,
            stateful: seen.stateful,
            // What stands now may be broken by what was left. The old version has to work.
            was_healthy: true,
            probes: Vec::new(),
            run_once: false,
        };
        Some(Record {
            id: RecordId { run: manner.run.clone(), number: 1 },
            cluster: Arc::clone(&manner.cluster),
            verb: if half.back { Verb::Rollback } else { Verb::Apply },
            change: Change {
                object: object.clone(),
                uid: Arc::clone(&seen.uid),
                edits: vec![Edit {
                    slot: place.slot.clone(),
                    from: Arc::clone(&place.image),
                    to: Arc::clone(&half.version),
                    digest: half.manifest.clone(),
                    parts: Vec::new(),
                    from_digest: None,
                    bump: Bump::Patch,
                }],
                terms,
                release: Some(ReleaseBefore {
                    newest: standing.newest.saturating_sub(1),
                    back,
                    manifest: standing.manifest.clone(),
                    values: standing.values.clone(),
                    to: half.back.then(|| revision(standing.newest)),
                    patience: standing.patience,
                }),
            },
            why: vec![format!("left by another helm: {}", half.what)],
            actor: manner.actor.clone(),
            started: room.clock.now(),
            stage: Stage::Applying,
            written: Vec::new(),
            // No deployed revision has this hash: one that its helm finished meanwhile is somebody
            // else's, and is neither judged nor taken back.
            template: Some(half.manifest.as_str().into()),
            restored: Vec::new(),
            failure: None,
            said: None,
            attempts: 0,
            end: None,
        })
    }
}
