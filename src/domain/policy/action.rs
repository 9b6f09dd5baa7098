//! The words of a policy: actions per kind of change, pins, rollbacks, lengths of time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::version::Bump;

/// What may be done about a candidate of one kind. Ordered from the freest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nobody needs to be asked.
    Auto,
    /// Somebody has to say yes.
    Review,
    /// Target and version have to be named.
    Manual,
    /// It never happens.
    Skip,
}

impl Action {
    /// The word in policies and machine output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Review => "review",
            Self::Manual => "manual",
            Self::Skip => "skip",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Action {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "review" => Ok(Self::Review),
            "manual" => Ok(Self::Manual),
            "skip" => Ok(Self::Skip),
            other => Err(PolicyError(format!(
                "{other:?} is no action: use auto, review, manual or skip"
            ))),
        }
    }
}

/// A malformed part of a policy or an annotation: what is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(pub String);

/// Actions for some kinds of change; the others stay as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartialActions {
    actions: [Option<Action>; Bump::ALL.len()],
}

impl PartialActions {
    /// Sets the action of one kind of change.
    pub fn set(&mut self, bump: Bump, action: Action) {
        self.actions[index(bump)] = Some(action);
    }

    /// The action of one kind of change, where it is set.
    pub fn get(&self, bump: Bump) -> Option<Action> {
        self.actions[index(bump)]
    }
}

impl FromStr for PartialActions {
    type Err = PolicyError;

    /// Reads the form of annotations: `minor=auto,major=skip`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut partial = Self::default();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (change, action) = pair.split_once('=').ok_or_else(|| {
                PolicyError(format!("{pair:?} is not CHANGE=ACTION, for example minor=auto"))
            })?;
            let change = change.trim();
            let bump = Bump::ALL
                .into_iter()
                .find(|bump| bump.as_str() == change)
                .ok_or_else(|| {
                    PolicyError(format!(
                        "{change:?} is no kind of change: use patch, minor, major, prerelease, digest or base"
                    ))
                })?;
            if partial.get(bump).is_some() {
                return Err(PolicyError(format!("{change} is set twice")));
            }
            partial.set(bump, action.trim().parse()?);
        }
        Ok(partial)
    }
}

/// The place of a kind of change in arrays, which is that in [`Bump::ALL`].
pub(super) fn index(bump: Bump) -> usize {
    match bump {
        Bump::Patch => 0,
        Bump::Minor => 1,
        Bump::Major => 2,
        Bump::Digest => 3,
        Bump::Base => 4,
        Bump::Prerelease => 5,
    }
}

/// How a new reference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pin {
    /// In the form it had.
    #[default]
    Keep,
    /// As `tag@digest`.
    Always,
}

impl FromStr for Pin {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "keep" => Ok(Self::Keep),
            "always" => Ok(Self::Always),
            other => Err(PolicyError(format!("{other:?} is no pin: use keep or always"))),
        }
    }
}

/// When a failed update may be undone automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RollbackMode {
    /// As the kind of workload allows.
    #[default]
    Careful,
    /// Always, stateful workloads included.
    Always,
    /// Never: the update is a point of no return.
    Never,
}

impl RollbackMode {
    /// The stricter of two: never before as the kind allows, and that before always.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Careful, _) | (_, Self::Careful) => Self::Careful,
            (Self::Always, Self::Always) => Self::Always,
        }
    }
}

impl FromStr for RollbackMode {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "careful" => Ok(Self::Careful),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            other => {
                Err(PolicyError(format!("{other:?} is no rollback: use careful, always or never")))
            }
        }
    }
}

/// What holds for a kind of change where nothing else is said.
pub fn default_action(bump: Bump) -> Action {
    match bump {
        Bump::Patch => Action::Auto,
        Bump::Minor | Bump::Digest | Bump::Base => Action::Review,
        Bump::Major => Action::Manual,
        Bump::Prerelease => Action::Skip,
    }
}

/// Reads a length of time: whole numbers with `s`, `m`, `h`, `d` or `w`, several in a row
/// (`1d12h`).
///
/// # Errors
/// Says what is wrong when the text is not such a length.
pub fn duration(text: &str) -> Result<Duration, PolicyError> {
    let wrong =
        || PolicyError(format!("{text:?} is no length of time: write 90s, 10m, 36h, 3d or 2w"));
    let mut seconds: u64 = 0;
    let mut digits = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let unit = match character {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(wrong()),
        };
        let count: u64 = digits.parse().map_err(|_| wrong())?;
        digits.clear();
        seconds =
            count.checked_mul(unit).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
    }
    if digits.is_empty() && !text.is_empty() {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(wrong())
    }
}
