//! The funnel: every error of a lower floor becomes a [`CommandError`] here and nowhere else, and
//! here gets its exit code and its hints.

use crate::ports::{DiscoverError, LookupError};

use super::exit::Exit;

/// Whose fault it is, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The user asked for something that cannot be, or gave malformed input.
    Usage,
    /// Cluster, registry or disk failed.
    Environment,
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

impl From<std::io::Error> for CommandError {
    /// Errors of writing to standard output; errors of files are wrapped where their name is known.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { kind: Kind::BrokenPipe, error: error.into(), hints: Vec::new() };
        }
        Self::environment(error)
    }
}
