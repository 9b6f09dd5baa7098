//! Exit codes: every one of them, with its meaning. The README's table is held against this.

use std::process::{ExitCode, Termination};

/// How a run ended. Of several outcomes the worst counts ([`Exit::worst`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Wrong usage, malformed input, or an error of no other class.
    Usage,
    /// Changes are pending (`plan --detailed-exitcode` only).
    Pending,
    /// Something named was refused by policy, gate or owner.
    Refused,
    /// It failed and was rolled back.
    RolledBack,
    /// It failed and was not restored: kept on purpose, or the rollback failed too.
    NotRestored,
    /// The plan is stale.
    Stale,
    /// Another run holds the lock.
    Busy,
    /// The outcome is unknown, superseded or still under way.
    Unknown,
    /// The environment failed: cluster, registry or disk.
    Environment,
}

impl Exit {
    /// Every code, ascending.
    pub const ALL: [Self; 10] = [
        Self::Done,
        Self::Usage,
        Self::Pending,
        Self::Refused,
        Self::RolledBack,
        Self::NotRestored,
        Self::Stale,
        Self::Busy,
        Self::Unknown,
        Self::Environment,
    ];

    /// The worse of two: 5 > 8 > 4 > 6 > 7 > 9 > 3 > 2 > 0, and wrong usage before all of them.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Done => 0,
            Self::Pending => 1,
            Self::Refused => 2,
            Self::Environment => 3,
            Self::Busy => 4,
            Self::Stale => 5,
            Self::RolledBack => 6,
            Self::Unknown => 7,
            Self::NotRestored => 8,
            Self::Usage => 9,
        };
        if rank(other) > rank(self) { other } else { self }
    }

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 1,
            Self::Pending => 2,
            Self::Refused => 3,
            Self::RolledBack => 4,
            Self::NotRestored => 5,
            Self::Stale => 6,
            Self::Busy => 7,
            Self::Unknown => 8,
            Self::Environment => 9,
        }
    }

    /// What it means, as the README tells it.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Usage => "wrong usage, malformed input, or an unclassified error",
            Self::Pending => "changes are pending (only with `plan --detailed-exitcode`)",
            Self::Refused => "something named was refused by policy, gate or owner",
            Self::RolledBack => "it failed and was rolled back",
            Self::NotRestored => {
                "it failed and was not restored: kept on purpose, or the rollback failed too"
            }
            Self::Stale => "the plan is stale: something moved since it was made",
            Self::Busy => "busy: another run holds the object",
            Self::Unknown => {
                "the outcome is unknown, interrupted, superseded, unverified or still under way: `history` tells, `resume` takes up what is unfinished"
            }
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
    fn the_worse_of_two_is_the_order_of_the_documents() {
        let order = [1, 5, 8, 4, 6, 7, 9, 3, 2, 0];
        let place = |exit: Exit| order.iter().position(|code| *code == exit.code());
        for one in Exit::ALL {
            for other in Exit::ALL {
                let worst = one.worst(other);
                assert_eq!(place(worst), place(one).min(place(other)), "{one:?}, {other:?}");
                assert_eq!(worst, other.worst(one));
            }
        }
    }

    #[test]
    fn codes_are_distinct_and_ascending() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }
}
