//! Folds everything that speaks about one target into what holds for it.

use std::sync::Arc;
use std::time::Duration;

use super::action::index;
use super::{
    Action, Annotations, Pin, Policy, PolicyError, Settings, Source, default_action, duration,
};
use crate::domain::candidate::Level;
use crate::domain::constraint::Constraint;
use crate::domain::inventory::{Slot, Workload};
use crate::domain::version::Bump;

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
