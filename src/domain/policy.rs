//! What the user wants: actions per kind of change, rules in order, annotations, flags.
//!
//! Precedence, later wins: defaults, the policy's own top level, its rules in file order, the
//! object's annotations, the command line. Everything is already parsed here; reading files is the
//! configuration adapter's work.

mod action;
mod limits;
mod matcher;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use action::{
    Action, PartialActions, Pin, PolicyError, RollbackMode, default_action, duration,
};
pub use limits::{DEFAULT_SOAK, Limits, Overrides, Sourced};
pub use matcher::{Matcher, Pattern};

use super::calendar::{Freeze, Window};
use super::change::Probe;
use super::constraint::Constraint;

/// Where a setting came from, so that a reason can name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// The policy's top level.
    Policy,
    /// A rule of the policy, counted from one.
    Rule(usize),
    /// An annotation of the object.
    Annotation(String),
    /// The command line.
    Flag(&'static str),
    /// The rule for objects that somebody's manifest describes.
    Owner,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("the defaults"),
            Self::Policy => formatter.write_str("the policy"),
            Self::Rule(number) => write!(formatter, "rule {number} of the policy"),
            Self::Annotation(key) => write!(formatter, "the annotation {ANNOTATION_PREFIX}{key}"),
            Self::Flag(flag) => formatter.write_str(flag),
            Self::Owner => formatter.write_str("owners.manifests"),
        }
    }
}

/// The prefix of our annotations and Docker labels.
pub const ANNOTATION_PREFIX: &str = "safe-update.io/";

/// What a rule, an annotation or the top level of a policy may set.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Actions per kind of change.
    pub actions: PartialActions,
    /// A range that candidates must satisfy.
    pub constraint: Option<Constraint>,
    /// How old a version must be.
    pub minimum_age: Option<Duration>,
    /// How references are written.
    pub pin: Option<Pin>,
    /// How long a healthy update is watched.
    pub soak: Option<Duration>,
    /// When a failed update is undone.
    pub rollback: Option<RollbackMode>,
    /// The place in the order of application: lower goes first.
    pub order: Option<i32>,
    /// What has to answer after an update.
    pub probes: Option<Vec<Probe>>,
    /// Leave the target alone.
    pub skip: Option<bool>,
}

/// One rule: what it applies to, and what it sets.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// What it applies to.
    pub matcher: Matcher,
    /// What it sets.
    pub settings: Settings,
}

/// How far annotations of objects are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Annotations {
    /// They override the policy.
    #[default]
    Override,
    /// They may only make it stricter.
    Tighten,
    /// They are not read.
    Ignore,
}

impl FromStr for Annotations {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "override" => Ok(Self::Override),
            "tighten" => Ok(Self::Tighten),
            "ignore" => Ok(Self::Ignore),
            other => Err(PolicyError(format!(
                "{other:?} is no way to hear annotations: use override, tighten or ignore"
            ))),
        }
    }
}

/// The whole policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What holds for everything, unless a rule says otherwise.
    pub base: Settings,
    /// Rules in file order; later ones override.
    pub rules: Vec<Rule>,
    /// The freest action for objects that somebody's manifest describes.
    pub manifests: Action,
    /// When updates may happen; none means always.
    pub windows: Vec<Window>,
    /// When they may not.
    pub freezes: Vec<Freeze>,
    /// How far annotations are heard.
    pub annotations: Annotations,
    /// How many changes may be under way at once.
    pub max_in_flight: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            base: Settings::default(),
            rules: Vec::new(),
            manifests: Action::Review,
            windows: Vec::new(),
            freezes: Vec::new(),
            annotations: Annotations::default(),
            max_in_flight: 1,
        }
    }
}
