//! Why a version does not work: the kinds of failure, and what they say of it.

use std::fmt;

use crate::domain::change::SlotId;

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureCode {
    /// An image cannot be pulled.
    ImagePull,
    /// The registry does not let the node have it: the fault of credentials.
    PullDenied,
    /// A container ends, or cannot be started.
    Crash,
    /// What a container needs of the cluster is not there.
    Config,
    /// A quota forbids new pods.
    Quota,
    /// An admission webhook or a rule of the server forbids it.
    Admission,
    /// No node takes a new pod.
    Unschedulable,
    /// It did not come to work in time.
    Deadline,
    /// A node runs another image than the one that was wanted.
    Digest,
    /// A webhook wrote another image than was sent.
    Rewritten,
    /// A probe of the policy does not answer.
    Probe,
    /// Containers were restarted in the soak.
    Restarts,
    /// The Job of a `CronJob` failed.
    Job,
    /// It worked, and did not any more in the soak.
    Relapse,
    /// A person stopped the run, and asked for the old version.
    Stopped,
    /// A person took it back, although nothing is known against it.
    Undo,
    /// helm ended before the release was upgraded.
    CutOff,
    /// Another field manager owns a field of the release.
    Conflict,
    /// The API was away while helm worked.
    Api,
    /// helm ran out of its time.
    Timeout,
    /// A hook of the chart failed.
    Hook,
    /// helm failed for another reason.
    Helm,
    /// `helm rollback` failed.
    Rollback,
    /// Nobody knows any more.
    Unknown,
}

impl FailureCode {
    /// Every kind.
    pub const ALL: [Self; 24] = [
        Self::ImagePull,
        Self::PullDenied,
        Self::Crash,
        Self::Config,
        Self::Quota,
        Self::Admission,
        Self::Unschedulable,
        Self::Deadline,
        Self::Digest,
        Self::Rewritten,
        Self::Probe,
        Self::Restarts,
        Self::Job,
        Self::Relapse,
        Self::Stopped,
        Self::Undo,
        Self::CutOff,
        Self::Conflict,
        Self::Api,
        Self::Timeout,
        Self::Hook,
        Self::Helm,
        Self::Rollback,
        Self::Unknown,
    ];

    /// The word in machine output and in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ImagePull => "image-pull",
            Self::PullDenied => "pull-denied",
            Self::Crash => "crash",
            Self::Config => "config",
            Self::Quota => "quota",
            Self::Admission => "admission",
            Self::Unschedulable => "unschedulable",
            Self::Deadline => "deadline",
            Self::Digest => "digest",
            Self::Rewritten => "rewritten",
            Self::Probe => "probe",
            Self::Restarts => "restarts",
            Self::Job => "job",
            Self::Relapse => "relapse",
            Self::Stopped => "stopped",
            Self::Undo => "undo",
            Self::CutOff => "cut-off",
            Self::Conflict => "conflict",
            Self::Api => "api",
            Self::Timeout => "timeout",
            Self::Hook => "hook",
            Self::Helm => "helm",
            Self::Rollback => "rollback",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word. One that a later version adds is unknown.
    pub fn read(word: &str) -> Self {
        Self::ALL.into_iter().find(|code| code.as_str() == word).unwrap_or(Self::Unknown)
    }

    /// Whether helm itself failed, so that its newest revision is none that was deployed.
    pub fn is_of_helm(self) -> bool {
        matches!(
            self,
            Self::CutOff | Self::Conflict | Self::Api | Self::Timeout | Self::Hook | Self::Helm
        )
    }

    /// Whether it says something about the version, and not about the cluster's rules, its room or the
    /// credentials for it. What a person took back or stopped is not proposed again either. Of a release,
    /// requests, node selectors and registries are a part of the version.
    pub fn blames_the_version(self, of_release: bool) -> bool {
        match self {
            Self::PullDenied | Self::Unschedulable => of_release,
            Self::ImagePull
            | Self::Crash
            | Self::Config
            | Self::Deadline
            | Self::Digest
            | Self::Probe
            | Self::Restarts
            | Self::Job
            | Self::Relapse
            | Self::Stopped
            | Self::Undo
            | Self::Hook
            | Self::Helm
            | Self::Rollback => true,
            Self::Quota
            | Self::Admission
            | Self::Rewritten
            | Self::CutOff
            | Self::Conflict
            | Self::Api
            | Self::Timeout
            | Self::Unknown => false,
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a version does not work here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its kind.
    pub code: FailureCode,
    /// What happened, with the container, its last state and message.
    pub message: String,
    /// Whether the new version never ran: then even a stateful workload may go back.
    pub never_ran: bool,
    /// The container at fault, where one is.
    pub slot: Option<SlotId>,
}

impl Failure {
    /// What happened without the words of the container, which may be the end of its log.
    #[must_use]
    pub fn without_words(self) -> Self {
        let message = match &self.slot {
            Some(slot) => format!("{} in {slot}", self.code),
            None => self.code.to_string(),
        };
        Self { message, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for code in FailureCode::ALL {
            assert_eq!(FailureCode::read(code.as_str()), code);
        }
        assert_eq!(FailureCode::read("gremlins"), FailureCode::Unknown);
    }

    #[test]
    fn room_and_credentials_blame_a_chart_and_no_image() {
        for code in [FailureCode::Unschedulable, FailureCode::PullDenied] {
            assert!(code.blames_the_version(true) && !code.blames_the_version(false), "{code}");
        }
        assert!(FailureCode::Crash.blames_the_version(false));
        assert!(!FailureCode::Quota.blames_the_version(true));
    }
}
