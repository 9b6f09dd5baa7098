//! The funnel: every error of a lower floor becomes a [`CommandError`] here and nowhere else, and
//! here gets its exit code and its hints.

use crate::ports::rollouts::{JournalError, LockError, ReadError};
use crate::ports::{DiscoverError, LookupError};

use super::exit::Exit;

/// Whose fault it is, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The user asked for something that cannot be, or gave malformed input.
    Usage,
    /// Cluster, registry or disk failed.
    Environment,
    /// Something named was refused by policy, gate or owner.
    Refused,
    /// A saved plan does not hold any more.
    Stale,
    /// Another run holds what was asked for.
    Busy,
    /// An earlier run left it unfinished.
    Unfinished,
    /// An earlier run failed there, and its version stands.
    NotRestored,
    /// Whoever read our output went away; not an error.
    BrokenPipe,
}

/// An error on its way to the user.
#[derive(Debug)]
pub struct CommandError {
    /// Whose fault it is.
    pub kind: Kind,
    /// What happened, with its causes.
    pub error: anyhow::Error,
    /// What to do next, one sentence each.
    pub hints: Vec<String>,
}

impl CommandError {
    /// Wrong usage or malformed input.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { kind: Kind::Usage, error: error.into(), hints: Vec::new() }
    }

    /// Wrong usage, told in words.
    pub fn usage_message(message: impl Into<String>) -> Self {
        Self::usage(anyhow::Error::msg(message.into()))
    }

    /// The environment failed.
    pub fn environment(error: impl Into<anyhow::Error>) -> Self {
        Self { kind: Kind::Environment, error: error.into(), hints: Vec::new() }
    }

    /// An error of some class, told in words.
    pub fn message(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, error: anyhow::Error::msg(message.into()), hints: Vec::new() }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self.kind {
            Kind::Usage => Exit::Usage,
            Kind::Environment => Exit::Environment,
            Kind::Refused => Exit::Refused,
            Kind::Stale => Exit::Stale,
            Kind::Busy => Exit::Busy,
            Kind::Unfinished => Exit::Unknown,
            Kind::NotRestored => Exit::NotRestored,
            Kind::BrokenPipe => Exit::Done,
        }
    }
}

impl From<DiscoverError> for CommandError {
    fn from(error: DiscoverError) -> Self {
        let (kind, hint) = match &error {
            DiscoverError::NotFound { .. } => (
                Kind::Usage,
                Some("`list` shows what there is; -n chooses the namespace".to_owned()),
            ),
            DiscoverError::Invalid { hint, .. } => (Kind::Usage, hint.clone()),
            DiscoverError::Unauthorized { .. } => (
                Kind::Environment,
                Some("log in to the cluster again; `kubectl auth whoami` shows who you are".into()),
            ),
            DiscoverError::Forbidden { .. } => {
                (Kind::Environment, Some("`check` lists the permissions that reading needs".into()))
            }
            DiscoverError::Unavailable { .. } => (
                Kind::Environment,
                Some("check the server, the network, and --request-timeout".into()),
            ),
        };
        Self { kind, error: error.into(), hints: hint.into_iter().collect() }
    }
}

impl From<LookupError> for CommandError {
    fn from(error: LookupError) -> Self {
        let hint = error.hint();
        Self::environment(error).hint(hint)
    }
}

impl From<LockError> for CommandError {
    fn from(error: LockError) -> Self {
        let (kind, hint) = match &error {
            LockError::Busy { .. } | LockError::Lost { .. } => {
                (Kind::Busy, "`status` shows what is under way; try again when it has ended")
            }
            LockError::Unfinished { .. } => {
                (Kind::Unfinished, "run `resume` to finish or undo what was left")
            }
            LockError::Forbidden { .. } => {
                (Kind::Environment, "the role `edit` of the namespace covers Leases")
            }
            LockError::Unreadable { .. } => (
                Kind::Environment,
                "use a program that is as new as the one that wrote it, or delete the Lease",
            ),
            LockError::Unavailable { .. } => {
                (Kind::Environment, "check the server and the network, then try again")
            }
        };
        Self { kind, error: error.into(), hints: vec![hint.into()] }
    }
}

impl From<JournalError> for CommandError {
    fn from(error: JournalError) -> Self {
        let (kind, hint) = match &error {
            JournalError::Busy { .. } => {
                (Kind::Busy, "`status` shows what is under way; try again when it has ended")
            }
            JournalError::Newer { .. } => {
                (Kind::Environment, "use the version of the program that wrote it, or a newer one")
            }
            JournalError::Disk { .. } => (
                Kind::Environment,
                "check the disk, or name another state directory with SAFE_UPDATE_HOME",
            ),
            JournalError::Unsafe { .. } => (
                Kind::Environment,
                "nothing was written; mend it, or name another state directory with SAFE_UPDATE_HOME",
            ),
            JournalError::Damaged { .. } => {
                (Kind::Environment, "keep the file as evidence; `audit verify` tells what is wrong")
            }
        };
        Self { kind, error: error.into(), hints: vec![hint.into()] }
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        let kind = match &error {
            ReadError::Gone(_) => Kind::Usage,
            ReadError::Forbidden(_) | ReadError::Unavailable(_) => Kind::Environment,
        };
        Self { kind, error: error.into(), hints: Vec::new() }
    }
}

impl From<std::io::Error> for CommandError {
    /// Errors of writing to standard output; errors of files are wrapped where their name is known.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { kind: Kind::BrokenPipe, error: error.into(), hints: Vec::new() };
        }
        Self::environment(error)
    }
}
