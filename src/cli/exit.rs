//! Exit codes: every one of them, with its meaning. The README's table is held against this.

use std::process::{ExitCode, Termination};

/// How a run ended. The codes 3 to 8 are kept for verbs that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Wrong usage, malformed input, or an error of no other class.
    Usage,
    /// Changes are pending (`plan --detailed-exitcode` only).
    Pending,
    /// The environment failed: cluster, registry or disk.
    Environment,
}

impl Exit {
    /// Every code, ascending.
    pub const ALL: [Self; 4] = [Self::Done, Self::Usage, Self::Pending, Self::Environment];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 1,
            Self::Pending => 2,
            Self::Environment => 9,
        }
    }

    /// What it means, as the README tells it.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Usage => "wrong usage, malformed input, or an unclassified error",
            Self::Pending => "changes are pending (only with `plan --detailed-exitcode`)",
            Self::Environment => "the environment failed: cluster, registry or disk",
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn codes_are_distinct_and_ascending() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }
}
