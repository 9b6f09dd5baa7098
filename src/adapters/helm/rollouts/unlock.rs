//! Frees a release that a dead helm left pending.

use std::ffi::OsString;

use jiff::{SignedDuration, Timestamp};

use super::super::alive::Alive;
use super::super::process::{Call, HelmError};
use super::super::storage::Stored;
use super::{HelmRollouts, PATIENCE, TIMEOUT};
use crate::domain::change::ObjectId;
use crate::domain::release::ReleaseStatus;
use crate::ports::rollouts::ReadError;

/// What unlocking did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlocked {
    /// It was not pending.
    NotNeeded,
    /// It is back at this revision.
    Back(u32),
}

/// Why a release is not unlocked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnlockError {
    /// Whoever holds it may still be at work.
    #[error("{0}")]
    Busy(String),
    /// There is nothing to go back to.
    #[error("{0}")]
    Nothing(String),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// helm failed.
    #[error(transparent)]
    Helm(#[from] HelmError),
}

impl HelmRollouts {
    /// Frees a release that a helm left pending: back to its newest revision that was deployed. A helm
    /// that may still be at work is left alone.
    ///
    /// # Errors
    /// It may still be at work, there is nothing to go back to, or helm failed.
    pub async fn unlock(&self, object: &ObjectId, now: Timestamp) -> Result<Unlocked, UnlockError> {
        let stored = self.stored(object).await?;
        let newest = &stored.newest.release;
        if !newest.status.is_pending() {
            return Ok(Unlocked::NotNeeded);
        }
        let what = format!("revision {} is {}", newest.revision, newest.status);
        let alive = Alive::is_held(&self.access.locks, &self.access.identity, object);
        let patience = self.access.options.timeout.unwrap_or(TIMEOUT).saturating_mul(PATIENCE);
        let age = newest.last_deployed.map(|at| now.duration_since(at));
        let patience = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
        if alive {
            return Err(UnlockError::Busy(format!(
                "{what}, and a helm of this machine works on it"
            )));
        }
        if age.is_none_or(|age| age < patience) {
            return Err(UnlockError::Busy(format!(
                "{what} for less than {patience:#}, in which its helm may still be at work; --timeout says which one that helm had"
            )));
        }
        let revision = self.last_good(object, &stored, &what).await?;
        let helm = self.helm().await?;
        let alive = Alive::take(&self.access.locks, &self.access.identity, object)
            .map_err(|error| UnlockError::Busy(error.to_string()))?;
        let arguments = ["rollback", &object.name, &revision.to_string(), "--namespace"];
        let mut arguments: Vec<OsString> = arguments.map(Into::into).to_vec();
        arguments.push((&*object.namespace).into());
        helm.run(&Call {
            arguments,
            namespace: Some(&object.namespace),
            deadline: TIMEOUT.saturating_mul(PATIENCE),
            alive: Some(&alive),
            ..Call::default()
        })
        .await?;
        // helm's word is not enough.
        let newest = self.stored(object).await?.newest.release;
        if newest.status != ReleaseStatus::Deployed {
            let status = newest.status;
            let revision = newest.revision;
            return Err(UnlockError::Nothing(format!("revision {revision} is {status} now")));
        }
        Ok(Unlocked::Back(revision))
    }

    /// The revision to go back to. A helm that was killed between its last two writes leaves no revision
    /// deployed: then the one before counts, which it had superseded already.
    async fn last_good(
        &self,
        object: &ObjectId,
        stored: &Stored,
        what: &str,
    ) -> Result<u32, UnlockError> {
        if let Some(deployed) = &stored.deployed {
            return Ok(deployed.release.revision);
        }
        let before = stored.newest.release.revision.saturating_sub(1);
        if before > 0 {
            let found = self.storage().revision(&object.namespace, &object.name, before).await;
            let found = found.map_err(|error| super::unread(object, error))?.release;
            if found.status == ReleaseStatus::Superseded {
                return Ok(found.revision);
            }
        }
        Err(UnlockError::Nothing(format!(
            "{what}, and there is no earlier revision that was deployed: `helm history {}` shows them",
            object.name
        )))
    }
}
