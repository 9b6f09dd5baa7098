//! How a rollout ended.

use std::time::Duration;

use crate::domain::health::Failure;

/// How a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server would accept it (dry run); nothing was written.
    Rehearsed,
    /// The new version runs.
    Succeeded {
        /// How long it was watched after it was healthy.
        soaked: Duration,
        /// What could not be verified.
        unverified: Option<String>,
    },
    /// The new version is written, and nothing can show whether it works: `OnDelete`, a partition,
    /// zero replicas. The text says what stands.
    Unverified(String),
    /// The new version of a `CronJob` is written; its next run shows whether it works, and is judged
    /// by the run of this program that comes after it.
    AwaitsRun,
    /// Nothing was written, because it was not begun: another change of the run failed.
    NotBegun(String),
    /// Nothing was written, because a rule forbids it.
    Refused(String),
    /// Nothing was written, because the object is no longer what was planned for.
    Stale(String),
    /// Nothing was written, because the environment failed.
    Abandoned(String),
    /// Nothing was written, because the user stopped it.
    Interrupted(String),
    /// Nothing was written, because another run holds the object.
    Busy(String),
    /// Nothing had been written by the run that is taken up again.
    Untouched,
    /// Somebody else changed it while it was under way; theirs is kept.
    Superseded(String),
    /// It was written, and how it went is not known.
    Unknown(String),
    /// It failed, and the new version is kept on purpose.
    FailedKept(Failure),
    /// It failed, and the old version is back.
    RolledBack(Failure),
    /// It failed, and so did the rollback.
    Inconsistent {
        /// Why it was to be undone.
        cause: Failure,
        /// Why that failed.
        second: String,
    },
}

impl Outcome {
    /// The word in machine output, in the journal and in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Rehearsed => "rehearsed",
            Self::Succeeded { .. } => "succeeded",
            Self::Unverified(_) => "unverified",
            Self::AwaitsRun => "awaits-run",
            Self::NotBegun(_) => "not-begun",
            Self::Refused(_) => "refused",
            Self::Stale(_) => "stale",
            Self::Abandoned(_) => "abandoned",
            Self::Interrupted(_) => "interrupted",
            Self::Busy(_) => "busy",
            Self::Untouched => "untouched",
            Self::Superseded(_) => "superseded",
            Self::Unknown(_) => "unknown",
            Self::FailedKept(_) => "failed-kept",
            Self::RolledBack(_) => "rolled-back",
            Self::Inconsistent { .. } => "inconsistent",
        }
    }

    /// The outcome without the words of containers and servers.
    #[must_use]
    pub fn without_words(self) -> Self {
        match self {
            Self::FailedKept(failure) => Self::FailedKept(failure.without_words()),
            Self::RolledBack(failure) => Self::RolledBack(failure.without_words()),
            Self::Inconsistent { cause, .. } => Self::Inconsistent {
                cause: cause.without_words(),
                second: "the rollback failed too; the journal of the run tells why".into(),
            },
            Self::Unknown(_) => Self::Unknown("the journal of the run tells why".into()),
            Self::Unverified(_) => Self::Unverified("the journal of the run tells why".into()),
            Self::Superseded(_) => Self::Superseded("the journal of the run tells by what".into()),
            other @ (Self::Rehearsed
            | Self::Succeeded { .. }
            | Self::AwaitsRun
            | Self::NotBegun(_)
            | Self::Refused(_)
            | Self::Stale(_)
            | Self::Abandoned(_)
            | Self::Interrupted(_)
            | Self::Busy(_)
            | Self::Untouched) => other,
        }
    }

    /// Why the new version failed, whatever became of it then.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::FailedKept(failure)
            | Self::RolledBack(failure)
            | Self::Inconsistent { cause: failure, .. } => Some(failure),
            Self::Rehearsed
            | Self::Succeeded { .. }
            | Self::Unverified(_)
            | Self::AwaitsRun
            | Self::NotBegun(_)
            | Self::Refused(_)
            | Self::Stale(_)
            | Self::Abandoned(_)
            | Self::Interrupted(_)
            | Self::Busy(_)
            | Self::Untouched
            | Self::Superseded(_)
            | Self::Unknown(_) => None,
        }
    }

    /// Whether the outcome says that nothing was written to the object.
    pub fn wrote_nothing(&self) -> bool {
        match self {
            Self::Rehearsed
            | Self::NotBegun(_)
            | Self::Refused(_)
            | Self::Stale(_)
            | Self::Abandoned(_)
            | Self::Interrupted(_)
            | Self::Busy(_)
            | Self::Untouched => true,
            Self::Succeeded { .. }
            | Self::Unverified(_)
            | Self::AwaitsRun
            | Self::Superseded(_)
            | Self::Unknown(_)
            | Self::FailedKept(_)
            | Self::RolledBack(_)
            | Self::Inconsistent { .. } => false,
        }
    }

    /// Whether the story is over, so that there is nothing to take up again.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}
