//! Folds everything that speaks about one target into what holds for it.

use std::sync::Arc;
use std::time::Duration;

use super::action::index;
use super::{
    Action, Annotations, Pin, Policy, PolicyError, RollbackMode, Settings, Source, default_action,
    duration,
};
use crate::domain::candidate::Level;
use crate::domain::change::Probe;
use crate::domain::constraint::Constraint;
use crate::domain::image::{Digest, Tag};
use crate::domain::inventory::{Slot, Workload};
use crate::domain::version::Bump;

/// How long a healthy update is watched where nothing else is said.
pub const DEFAULT_SOAK: Duration = Duration::from_mins(1);

/// What the command line says about all targets of a run.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--level`.
    pub level: Option<Level>,
    /// `--constraint`.
    pub constraint: Option<Constraint>,
    /// `--allow-base-change`.
    pub allow_base_change: bool,
}

/// A setting and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The setting.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

/// What holds for one target after all rules.
#[derive(Debug, Clone)]
pub struct Limits {
    actions: [Sourced<Action>; Bump::ALL.len()],
    /// Ranges that a candidate must satisfy, all of them.
    pub constraints: Vec<Sourced<Constraint>>,
    /// How old a version must be.
    pub minimum_age: Option<Duration>,
    /// The target is to be left alone, and who says so.
    pub skip: Option<Source>,
    /// How the new reference is written.
    pub pin: Pin,
    /// The highest level that is asked for.
    pub level: Option<Level>,
    /// Whether a changed base counts among the candidates.
    pub allow_base_change: bool,
    /// How long a healthy update is watched.
    pub soak: Duration,
    /// When a failed update is undone.
    pub rollback: RollbackMode,
    /// The place in the order of application: lower goes first.
    pub order: i32,
    /// What has to answer after an update.
    pub probes: Vec<Probe>,
    /// The one version that was named for this target.
    pub only: Option<Tag>,
    /// Versions that were rolled back on this target.
    pub known_bad: Vec<Tag>,
    /// Versions that somebody approved, with the digest that was looked at.
    pub approved: Vec<(Tag, Digest)>,
    /// Annotations that could not be read: the target is held until they are mended.
    pub errors: Vec<String>,
}

impl Limits {
    /// The action for a kind of change, and who set it.
    pub fn action(&self, bump: Bump) -> &Sourced<Action> {
        &self.actions[index(bump)]
    }
}

impl Policy {
    /// Folds everything that speaks about one slot of a workload.
    pub fn limits(&self, workload: &Workload, slot: &Slot, overrides: &Overrides) -> Limits {
        let mut limits = Limits {
            actions: Bump::ALL
                .map(|bump| Sourced { value: default_action(bump), source: Source::Default }),
            constraints: Vec::new(),
            minimum_age: None,
            skip: None,
            pin: Pin::default(),
            level: overrides.level,
            allow_base_change: overrides.allow_base_change,
            soak: DEFAULT_SOAK,
            rollback: RollbackMode::default(),
            order: 0,
            probes: Vec::new(),
            only: None,
            known_bad: Vec::new(),
            approved: Vec::new(),
            errors: Vec::new(),
        };
        limits.apply(&self.base, &Source::Policy);
        for (number, rule) in self.rules.iter().enumerate() {
            if rule.matcher.matches(workload, slot) {
                limits.apply(&rule.settings, &Source::Rule(number + 1));
            }
        }
        if self.annotations != Annotations::Ignore {
            limits.annotate(workload, slot, self.annotations == Annotations::Tighten);
        }
        if let Some(constraint) = &overrides.constraint {
            limits.constraints =
                vec![Sourced { value: constraint.clone(), source: Source::Flag("--constraint") }];
        }
        limits
    }
}

impl Limits {
    fn apply(&mut self, settings: &Settings, source: &Source) {
        for bump in Bump::ALL {
            if let Some(action) = settings.actions.get(bump) {
                self.actions[index(bump)] = Sourced { value: action, source: source.clone() };
            }
        }
        if let Some(constraint) = &settings.constraint {
            self.constraints = vec![Sourced { value: constraint.clone(), source: source.clone() }];
        }
        self.minimum_age = settings.minimum_age.or(self.minimum_age);
        self.pin = settings.pin.unwrap_or(self.pin);
        self.soak = settings.soak.unwrap_or(self.soak);
        self.rollback = settings.rollback.unwrap_or(self.rollback);
        self.order = settings.order.unwrap_or(self.order);
        if let Some(probes) = &settings.probes {
            self.probes.clone_from(probes);
        }
        match settings.skip {
            Some(true) => self.skip = Some(source.clone()),
            Some(false) => self.skip = None,
            None => {}
        }
    }

    /// Makes the limits stricter, never freer.
    fn tighten(&mut self, settings: &Settings, source: &Source) {
        for bump in Bump::ALL {
            let slot = &mut self.actions[index(bump)];
            if let Some(action) = settings.actions.get(bump).filter(|action| *action > slot.value) {
                *slot = Sourced { value: action, source: source.clone() };
            }
        }
        if let Some(constraint) = &settings.constraint {
            self.constraints.push(Sourced { value: constraint.clone(), source: source.clone() });
        }
        self.minimum_age = self.minimum_age.max(settings.minimum_age);
        self.soak = self.soak.max(settings.soak.unwrap_or_default());
        if let Some(rollback) = settings.rollback {
            self.rollback = self.rollback.stricter(rollback);
        }
        if settings.pin == Some(Pin::Always) {
            self.pin = Pin::Always;
        }
        if settings.skip == Some(true) {
            self.skip = Some(source.clone());
        }
    }

    fn annotate(&mut self, workload: &Workload, slot: &Slot, tighten: bool) {
        // Keys for one container come after the general ones, so that they override.
        let own_suffix = format!(".{}", slot.name);
        let mut keys: Vec<(&Arc<str>, &str)> = Vec::new();
        let mut own: Vec<(&Arc<str>, &str)> = Vec::new();
        for key in workload.annotations.keys() {
            match key.split_once('.') {
                None => keys.push((key, key)),
                Some((name, _)) if key.strip_prefix(name) == Some(own_suffix.as_str()) => {
                    own.push((key, name));
                }
                // Whom it was meant for is not known, so nobody moves before it is mended.
                Some((_, container)) if !workload.containers.iter().any(|c| **c == *container) => {
                    self.errors.push(stray(key, container, workload));
                }
                Some(_) => {}
            }
        }
        keys.append(&mut own);
        for (key, name) in keys {
            let value = &workload.annotations[key];
            let source = Source::Annotation(key.to_string());
            match annotation(name, value) {
                Ok(settings) if tighten => self.tighten(&settings, &source),
                Ok(settings) => self.apply(&settings, &source),
                Err(error) => self.errors.push(format!("{source}: {error}")),
            }
        }
    }
}

/// What to say of an annotation for a container that the workload does not have.
fn stray(key: &Arc<str>, container: &str, workload: &Workload) -> String {
    let source = Source::Annotation(key.to_string());
    let there = workload.containers.join(", ");
    format!("{source}: no container or image volume {container:?}; there are: {there}")
}

/// Reads one annotation.
fn annotation(name: &str, value: &str) -> Result<Settings, PolicyError> {
    let mut settings = Settings::default();
    match name {
        "actions" => settings.actions = value.parse()?,
        "constraint" => {
            settings.constraint =
                Some(value.parse().map_err(|error| PolicyError(format!("{error}")))?);
        }
        "pin" => settings.pin = Some(value.parse()?),
        "soak" => settings.soak = Some(duration(value)?),
        "rollback" => settings.rollback = Some(value.parse()?),
        "minimum-age" => settings.minimum_age = Some(duration(value)?),
        "skip" => match value {
            "true" => settings.skip = Some(true),
            "false" => settings.skip = Some(false),
            other => return Err(PolicyError(format!("{other:?} is neither true nor false"))),
        },
        _ => {
            return Err(PolicyError(
                "no such key: use actions, constraint, pin, soak, rollback, minimum-age or skip"
                    .into(),
            ));
        }
    }
    Ok(settings)
}
