//! Layers of settings to one: nearer values override, registries field by field and charts by
//! name, windows and freezes as a whole, and the rules of nearer files come after.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::env::{Variable, VariableSource, Variables};
use super::error::{ConfigError, ConfigErrors};
use super::read::{Layer, Written};
use super::registries::RegistryEntry;
use crate::domain::chart::ChartSource;
use crate::domain::image::Registry as Host;
use crate::domain::policy::{Action, Policy, Settings, default_action, duration};
use crate::domain::version::Bump;

/// Everything that configures a run besides flags.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The policy.
    pub policy: Policy,
    /// How registries are reached.
    pub registries: BTreeMap<Host, RegistryEntry>,
    /// Where charts come from, by chart name.
    pub charts: BTreeMap<String, ChartSource>,
    /// Every setting that counts, and where it came from.
    pub entries: Vec<Entry>,
    /// The files that were read, the farthest first.
    pub files: Vec<PathBuf>,
}

/// One setting and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `actions.patch`, `rules[2].match.name`, `registries.docker.io.layout`. Rules are counted
    /// over all files, as reasons name them.
    pub key: String,
    /// The value as it was written.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// The line, where it is known.
        line: Option<u32>,
    },
    /// A variable of the environment.
    Environment(String),
    /// A variable of a `.env` file.
    DotEnv {
        /// Its path.
        path: PathBuf,
        /// The line.
        line: u32,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line: Some(line) } | Self::DotEnv { path, line } => {
                write!(formatter, "{}:{line}", path.display())
            }
            Self::File { path, line: None } => write!(formatter, "{}", path.display()),
            Self::Environment(name) => formatter.write_str(name),
        }
    }
}

/// Folds layers, the farthest first, and the variables over them.
pub(super) fn merge(
    layers: Vec<(PathBuf, Layer)>,
    variables: &Variables,
) -> Result<Merged, ConfigErrors> {
    let mut merged = Merged {
        policy: Policy::default(),
        registries: BTreeMap::new(),
        charts: BTreeMap::new(),
        entries: defaults(),
        files: Vec::new(),
    };
    for (path, layer) in layers {
        merged.fold(path, layer);
    }
    let errors = merged.fold_variables(variables);
    if errors.is_empty() { Ok(merged) } else { Err(ConfigErrors(errors)) }
}

fn defaults() -> Vec<Entry> {
    let entry =
        |key: String, value: &str| Entry { key, value: value.to_owned(), origin: Origin::Default };
    let mut entries: Vec<Entry> = Bump::ALL
        .into_iter()
        .map(|bump| entry(format!("actions.{}", bump.as_str()), default_action(bump).as_str()))
        .collect();
    for (key, value) in [
        ("pin", "keep"),
        ("soak", "1m"),
        ("rollback", "careful"),
        ("maxInFlight", "1"),
        ("owners.manifests", Action::Review.as_str()),
        ("annotations", "override"),
    ] {
        entries.push(entry(key.into(), value));
    }
    entries
}

impl Merged {
    fn fold(&mut self, path: PathBuf, layer: Layer) {
        let earlier = self.policy.rules.len();
        let Layer { base, rules, manifests, windows, freezes, annotations, max_in_flight, .. } =
            layer;
        over(&mut self.policy.base, base);
        self.policy.rules.extend(rules);
        self.policy.manifests = manifests.unwrap_or(self.policy.manifests);
        self.policy.annotations = annotations.unwrap_or(self.policy.annotations);
        self.policy.max_in_flight = max_in_flight.unwrap_or(self.policy.max_in_flight);
        if let Some(windows) = windows {
            self.policy.windows = windows;
            self.entries.retain(|entry| !entry.key.starts_with("windows["));
        }
        if let Some(freezes) = freezes {
            self.policy.freezes = freezes;
            self.entries.retain(|entry| !entry.key.starts_with("freeze["));
        }
        for (host, entry) in layer.registries {
            let farther = self.registries.remove(&host).unwrap_or_default();
            self.registries.insert(host, entry.or(farther));
        }
        self.charts.extend(layer.charts);
        let mut fresh = self.entries.len();
        for Written { key, value, line } in layer.written {
            let origin = Origin::File { path: path.clone(), line };
            let key = counted_on(key, earlier);
            // Keys of lists (days, token hosts) come several times from one file.
            match self.entries[..fresh].iter().position(|entry| entry.key == key) {
                Some(at) => {
                    self.entries.remove(at);
                    fresh -= 1;
                    self.entries.push(Entry { key, value, origin });
                }
                None => self.entries.push(Entry { key, value, origin }),
            }
        }
        self.files.push(path);
    }

    fn fold_variables(&mut self, variables: &Variables) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        let mut near = Settings::default();
        let mut read = |name: &str, take: &mut dyn FnMut(&str) -> Result<(), String>| {
            let variable = variables.get(name)?;
            if let Err(message) = take(&variable.value) {
                errors.push(wrong(name, variable, message));
                return None;
            }
            Some((variable.value.clone(), origin(name, variable)))
        };
        let text = |error: crate::domain::policy::PolicyError| error.to_string();
        let mut annotations = None;
        let plain = [
            (
                "pin",
                read("SAFE_UPDATE_PIN", &mut |value| {
                    near.pin = Some(value.parse().map_err(text)?);
                    Ok(())
                }),
            ),
            (
                "rollback",
                read("SAFE_UPDATE_ROLLBACK", &mut |value| {
                    near.rollback = Some(value.parse().map_err(text)?);
                    Ok(())
                }),
            ),
            (
                "soak",
                read("SAFE_UPDATE_SOAK", &mut |value| {
                    near.soak = Some(duration(value).map_err(text)?);
                    Ok(())
                }),
            ),
            (
                "minimumAge",
                read("SAFE_UPDATE_MINIMUM_AGE", &mut |value| {
                    near.minimum_age = Some(duration(value).map_err(text)?);
                    Ok(())
                }),
            ),
            (
                "annotations",
                read("SAFE_UPDATE_ANNOTATIONS", &mut |value| {
                    annotations = Some(value.parse().map_err(text)?);
                    Ok(())
                }),
            ),
        ];
        let actions = read("SAFE_UPDATE_ACTIONS", &mut |value| {
            near.actions = value.parse().map_err(text)?;
            Ok(())
        });
        let mut entries: Vec<Entry> = plain
            .into_iter()
            .filter_map(|(key, read)| {
                read.map(|(value, origin)| Entry { key: key.into(), value, origin })
            })
            .collect();
        if let Some((_, origin)) = actions {
            entries.extend(Bump::ALL.into_iter().filter_map(|bump| {
                let value = near.actions.get(bump)?.to_string();
                let key = format!("actions.{}", bump.as_str());
                Some(Entry { key, value, origin: origin.clone() })
            }));
        }
        for entry in entries {
            self.entries.retain(|old| old.key != entry.key);
            self.entries.push(entry);
        }
        over(&mut self.policy.base, near);
        self.policy.annotations = annotations.unwrap_or(self.policy.annotations);
        self.entries.sort_by_key(|entry| rank(&entry.key));
        errors
    }
}

/// Puts the settings of a nearer layer over those of a farther one.
fn over(far: &mut Settings, near: Settings) {
    for bump in Bump::ALL {
        if let Some(action) = near.actions.get(bump) {
            far.actions.set(bump, action);
        }
    }
    far.constraint = near.constraint.or(far.constraint.take());
    far.minimum_age = near.minimum_age.or(far.minimum_age);
    far.pin = near.pin.or(far.pin);
    far.soak = near.soak.or(far.soak);
    far.rollback = near.rollback.or(far.rollback);
    far.order = near.order.or(far.order);
    far.probes = near.probes.or(far.probes.take());
    far.skip = near.skip.or(far.skip);
}

/// Counts the rules of a nearer file on from those of farther ones.
fn counted_on(key: String, earlier: usize) -> String {
    let counted = key
        .strip_prefix("rules[")
        .and_then(|rest| rest.split_once(']'))
        .and_then(|(number, rest)| Some((number.parse::<usize>().ok()?, rest)));
    match counted {
        Some((number, rest)) => format!("rules[{}]{rest}", number + earlier),
        None => key,
    }
}

/// The order of the policy file.
fn rank(key: &str) -> usize {
    let order = [
        "actions",
        "constraint",
        "minimumAge",
        "pin",
        "soak",
        "rollback",
        "order",
        "probes",
        "maxInFlight",
        "skip",
        "rules",
        "owners",
        "windows",
        "freeze",
        "annotations",
        "registries",
        "charts",
    ];
    let head = key.split(['.', '[']).next().unwrap_or_default();
    order.iter().position(|name| *name == head).unwrap_or(order.len())
}

fn origin(name: &str, variable: &Variable) -> Origin {
    match &variable.source {
        VariableSource::Environment => Origin::Environment(name.to_owned()),
        VariableSource::DotEnv { path, line } => Origin::DotEnv { path: path.clone(), line: *line },
    }
}

fn wrong(name: &str, variable: &Variable, message: String) -> ConfigError {
    match &variable.source {
        VariableSource::Environment => ConfigError::whole(name, message),
        VariableSource::DotEnv { path, line } => ConfigError {
            line: Some(*line),
            ..ConfigError::whole(path.display().to_string(), format!("{name}: {message}"))
        },
    }
}
