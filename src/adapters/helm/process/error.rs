//! Why helm cannot be used.

use std::time::Duration;

/// Why helm cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HelmError {
    /// There is none.
    #[error("{program} cannot be started: {message}")]
    Missing {
        /// What was tried.
        program: String,
        /// What the system said.
        message: String,
    },
    /// It cannot be told all that was said about the connection.
    #[error("helm knows no {flag}, so that it would speak to the cluster as somebody else")]
    Untold {
        /// The flag.
        flag: &'static str,
    },
    /// What it says is no version.
    #[error("{program} says no version of helm: {said}")]
    NoVersion {
        /// The program.
        program: String,
        /// What it says.
        said: String,
    },
    /// It is too old.
    #[error("{program} is {version}, and 3.14 or newer is needed (--reset-then-reuse-values)")]
    TooOld {
        /// The program.
        program: String,
        /// What it says.
        version: String,
    },
    /// It did not come to an end in time, and was ended.
    #[error("helm {verb} did not end within {} s", deadline.as_secs())]
    Timeout {
        /// What it was to do.
        verb: String,
        /// The time that it had.
        deadline: Duration,
    },
    /// It ended with an error.
    #[error("helm {verb}: {message}")]
    Failed {
        /// What it was to do.
        verb: String,
        /// The last of its words that says what happened, secrets masked.
        message: String,
        /// All that it said on standard error, warnings included, secrets masked.
        said: String,
        /// It was ended by a signal, so that nobody knows how far it came.
        killed: bool,
    },
}

impl HelmError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } => {
                Some("install helm (https://helm.sh/docs/intro/install/), or name it in HELM_BIN")
            }
            Self::NoVersion { .. } => Some("name a helm in HELM_BIN"),
            Self::TooOld { .. } => Some("install a newer helm, or name one in HELM_BIN"),
            Self::Untold { .. } => {
                Some("say it in a kubeconfig context instead, and name that with --context")
            }
            Self::Timeout { .. } | Self::Failed { .. } => None,
        }
    }
}
