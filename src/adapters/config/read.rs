//! The text of a policy file to a layer of settings. Reports everything that is wrong with the
//! values at once; what is wrong with the shape ends the reading, as the parser does.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use serde_yaml::{Location, Spanned};

use super::error::{ConfigError, ConfigErrors};
use super::file::{Actions, File, Freeze, Match, Rule, Text, Window};
use super::registries::{RegistryEntry, Trust};
use super::times::{date, days, time, time_zone};
use super::values::{chart, image_pattern, kind_pattern, nonempty_pattern};
use crate::adapters::yaml::{Fault, Place, fault, options};
use crate::domain::calendar;
use crate::domain::chart::ChartSource;
use crate::domain::image::Registry as Host;
use crate::domain::policy;
use crate::domain::policy::{Action, Annotations, Matcher, PartialActions, Settings, duration};
use crate::domain::version::Bump;

/// The only version of the format so far.
const VERSION: u64 = 1;

/// Where a text comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// The name of the file, for people.
    pub(super) name: &'a str,
    /// The folder that its relative paths start from.
    pub(super) folder: &'a Path,
    /// Whether it may say everything.
    pub(super) trust: Trust,
}

/// One setting as it was written, for `config show`.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// `actions.patch`, `rules[2].match.name`.
    pub(super) key: String,
    /// The value.
    pub(super) value: String,
    /// The line on which it stands.
    pub(super) line: Option<u32>,
}

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) base: Settings,
    pub(super) rules: Vec<policy::Rule>,
    pub(super) manifests: Option<Action>,
    pub(super) windows: Option<Vec<calendar::Window>>,
    pub(super) freezes: Option<Vec<calendar::Freeze>>,
    pub(super) annotations: Option<Annotations>,
    pub(super) max_in_flight: Option<usize>,
    pub(super) registries: BTreeMap<Host, RegistryEntry>,
    pub(super) charts: BTreeMap<String, ChartSource>,
    pub(super) written: Vec<Written>,
}

/// Reads the text of a policy file.
pub(super) fn read(text: &str, source: Source<'_>) -> Result<Layer, ConfigErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file: File = serde_yaml::from_str_with_options(text, options()).map_err(|error| {
        let mut fault = fault(&error, text);
        let says_nothing =
            text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        if says_nothing || fault.message.contains("\"version\" is missing") {
            fault.hint = Some("begin the file with `version: 1`".into());
        }
        ConfigError::at(source.name, text, fault)
    })?;
    let mut reader = Reader { source, text, errors: Vec::new(), layer: Layer::default() };
    reader.file(file);
    if reader.errors.is_empty() {
        Ok(reader.layer)
    } else {
        reader.errors.sort_by_key(|error| (error.line, error.column));
        Err(ConfigErrors(reader.errors))
    }
}

/// Gathers the layer, and what is wrong.
pub(super) struct Reader<'a> {
    pub(super) source: Source<'a>,
    text: &'a str,
    errors: Vec<ConfigError>,
    pub(super) layer: Layer,
}

impl Reader<'_> {
    fn file(&mut self, file: File) {
        if file.version.value != VERSION {
            let message = format!(
                "version {} was written for {} program; this one reads version {VERSION}",
                file.version.value,
                if file.version.value > VERSION { "a newer" } else { "another" },
            );
            // What another version means nobody here knows, so nothing else is complained about.
            return self.error(file.version.referenced, message, None);
        }
        self.layer.base = self.settings(
            "",
            &Asked {
                actions: file.actions.as_ref(),
                constraint: file.constraint.as_ref(),
                minimum_age: file.minimum_age.as_ref(),
                pin: file.pin.as_ref(),
                soak: file.soak.as_ref(),
                rollback: file.rollback.as_ref(),
                order: file.order.as_ref(),
                probes: file.probes.as_deref(),
                skip: file.skip,
            },
        );
        if let Some(most) = &file.max_in_flight {
            if (1..=100).contains(&most.value) {
                self.layer.max_in_flight = usize::try_from(most.value).ok();
                self.wrote("maxInFlight".into(), most.value.to_string(), most.referenced);
            } else {
                let message = format!("maxInFlight: {} is not between 1 and 100", most.value);
                self.error(most.referenced, message, None);
            }
        }
        for (number, rule) in file.rules.iter().flatten().enumerate() {
            let rule = self.rule(number + 1, rule);
            self.layer.rules.push(rule);
        }
        if let Some(manifests) = file.owners.as_ref().and_then(|owners| owners.manifests.as_ref()) {
            self.layer.manifests = self.parse("owners.manifests", manifests, str::parse);
        }
        self.layer.windows = file.windows.map(|windows| {
            let read = |(number, window): (usize, &_)| self.window(number + 1, window);
            windows.iter().enumerate().filter_map(read).collect()
        });
        self.layer.freezes = file.freeze.map(|freezes| {
            let read = |(number, freeze): (usize, &_)| self.freeze(number + 1, freeze);
            freezes.iter().enumerate().filter_map(read).collect()
        });
        if let Some(annotations) = &file.annotations {
            self.layer.annotations = self.parse("annotations", annotations, str::parse);
        }
        let mut registries: Vec<_> = file.registries.into_iter().flatten().collect();
        registries.sort_by_key(|(_, entry)| (entry.referenced.line(), entry.referenced.column()));
        for (host, entry) in registries {
            self.registry(&host, &entry.value);
        }
        for (name, location) in file.charts.iter().flatten() {
            if let Some(chart) = self.parse(&format!("charts.{name}"), location, chart) {
                self.layer.charts.insert(name.clone(), chart);
            }
        }
    }

    fn settings(&mut self, prefix: &str, asked: &Asked<'_>) -> Settings {
        let key = |name: &str| format!("{prefix}{name}");
        let mut settings = Settings::default();
        if let Some(actions) = asked.actions {
            settings.actions = self.actions(&key("actions"), actions);
        }
        if let Some(text) = asked.constraint {
            settings.constraint = self.parse(&key("constraint"), text, str::parse);
        }
        if let Some(text) = asked.minimum_age {
            settings.minimum_age = self.parse(&key("minimumAge"), text, duration);
        }
        if let Some(text) = asked.pin {
            settings.pin = self.parse(&key("pin"), text, str::parse);
        }
        if let Some(text) = asked.soak {
            settings.soak = self.parse(&key("soak"), text, duration);
        }
        if let Some(text) = asked.rollback {
            settings.rollback = self.parse(&key("rollback"), text, str::parse);
        }
        if let Some(order) = asked.order {
            settings.order = Some(order.value);
            self.wrote(key("order"), order.value.to_string(), order.referenced);
        }
        if let Some(probes) = asked.probes {
            let read = probes.iter().map(|text| self.parse(&key("probes"), text, str::parse));
            settings.probes = Some(read.flatten().collect());
        }
        if let Some(skip) = asked.skip {
            settings.skip = Some(skip);
            self.wrote(key("skip"), skip.to_string(), Location::UNKNOWN);
        }
        settings
    }

    fn actions(&mut self, key: &str, actions: &Actions) -> PartialActions {
        let mut partial = PartialActions::default();
        for bump in Bump::ALL {
            let written = match bump {
                Bump::Patch => &actions.patch,
                Bump::Minor => &actions.minor,
                Bump::Major => &actions.major,
                Bump::Prerelease => &actions.prerelease,
                Bump::Digest => &actions.digest,
                Bump::Base => &actions.base,
            };
            let Some(written) = written else { continue };
            let key = format!("{key}.{}", bump.as_str());
            if let Some(action) = self.parse(&key, written, str::parse) {
                partial.set(bump, action);
            }
        }
        partial
    }

    fn rule(&mut self, number: usize, rule: &Spanned<Rule>) -> policy::Rule {
        let prefix = format!("rules[{number}].");
        let Rule {
            matcher,
            actions,
            constraint,
            minimum_age,
            pin,
            soak,
            rollback,
            order,
            probes,
            skip,
        } = &rule.value;
        let asked = Asked {
            actions: actions.as_ref(),
            constraint: constraint.as_ref(),
            minimum_age: minimum_age.as_ref(),
            pin: pin.as_ref(),
            soak: soak.as_ref(),
            rollback: rollback.as_ref(),
            order: order.as_ref(),
            probes: probes.as_deref(),
            skip: *skip,
        };
        if asked.is_empty() {
            let hint = "say what holds there: actions, constraint, minimumAge, pin, soak, rollback, order, probes or skip";
            self.error(rule.referenced, "the rule sets nothing".into(), Some(hint.into()));
        }
        policy::Rule {
            matcher: self.matcher(&format!("{prefix}match."), matcher),
            settings: self.settings(&prefix, &asked),
        }
    }

    fn matcher(&mut self, prefix: &str, written: &Match) -> Matcher {
        let mut matcher = Matcher::default();
        let plain = [
            ("namespace", &written.namespace, &mut matcher.namespace),
            ("name", &written.name, &mut matcher.name),
            ("container", &written.container, &mut matcher.container),
        ];
        for (name, text, pattern) in plain {
            if let Some(text) = text {
                *pattern = self.parse(&format!("{prefix}{name}"), text, nonempty_pattern);
            }
        }
        if let Some(text) = &written.kind {
            matcher.kind = self.parse(&format!("{prefix}kind"), text, kind_pattern);
        }
        if let Some(text) = &written.image {
            matcher.image = self.parse(&format!("{prefix}image"), text, image_pattern);
        }
        for (label, text) in written.labels.iter().flatten() {
            // An empty value is a common label value, so the empty pattern is meant.
            if let Some(pattern) = self.parse(&format!("{prefix}labels.{label}"), text, str::parse)
            {
                matcher.labels.insert(label.clone(), pattern);
            }
        }
        matcher
    }

    fn window(&mut self, number: usize, window: &Spanned<Window>) -> Option<calendar::Window> {
        let key = |name: &str| format!("windows[{number}].{name}");
        let mut open = Vec::new();
        for text in &window.value.days {
            for day in self.parse(&key("days"), text, days)? {
                if !open.contains(&day) {
                    open.push(day);
                }
            }
        }
        if open.is_empty() {
            let hint = "write for instance days: [mon-fri]";
            self.error(window.referenced, "the window has no days".into(), Some(hint.into()));
        }
        let from = self.parse(&key("from"), &window.value.from, time);
        let to = self.parse(&key("to"), &window.value.to, time);
        let zone = self.zone(&key("timeZone"), window.value.time_zone.as_ref());
        Some(calendar::Window { days: open, from: from?, to: to?, time_zone: zone? })
    }

    fn freeze(&mut self, number: usize, freeze: &Spanned<Freeze>) -> Option<calendar::Freeze> {
        let key = |name: &str| format!("freeze[{number}].{name}");
        let from = self.parse(&key("from"), &freeze.value.from, date);
        let to = self.parse(&key("to"), &freeze.value.to, date);
        let zone = self.zone(&key("timeZone"), freeze.value.time_zone.as_ref());
        let reason = freeze.value.reason.clone();
        if let Some(reason) = &reason {
            self.wrote(key("reason"), reason.clone(), Location::UNKNOWN);
        }
        let (from, to) = (from?, to?);
        if to < from {
            let message = format!("the freeze ends on {to}, before it begins on {from}");
            self.error(freeze.value.to.referenced, message, None);
        }
        Some(calendar::Freeze { from, to, time_zone: zone?, reason })
    }

    fn zone(&mut self, key: &str, text: Option<&Text>) -> Option<jiff::tz::TimeZone> {
        match text {
            Some(text) => self.parse(key, text, time_zone),
            None => Some(jiff::tz::TimeZone::UTC),
        }
    }

    /// Reads one value, and notes it under its key.
    pub(super) fn parse<T, E: Display>(
        &mut self,
        key: &str,
        text: &Text,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.value(text, read)?;
        self.wrote(key.to_owned(), text.value.clone(), text.referenced);
        Some(value)
    }

    pub(super) fn value<T, E: Display>(
        &mut self,
        text: &Text,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match read(&text.value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(text.referenced, error.to_string(), None);
                None
            }
        }
    }

    pub(super) fn wrote(&mut self, key: String, value: String, place: Location) {
        let line = Place::of(place).map(|place| place.line);
        self.layer.written.push(Written { key, value, line });
    }

    pub(super) fn error(&mut self, place: Location, message: String, hint: Option<String>) {
        let fault = Fault { place: Place::of(place), message, hint };
        self.errors.push(ConfigError::at(self.source.name, self.text, fault));
    }
}

/// What the top level and a rule have in common.
struct Asked<'a> {
    actions: Option<&'a Actions>,
    constraint: Option<&'a Text>,
    minimum_age: Option<&'a Text>,
    pin: Option<&'a Text>,
    soak: Option<&'a Text>,
    rollback: Option<&'a Text>,
    order: Option<&'a Spanned<i32>>,
    probes: Option<&'a [Text]>,
    skip: Option<bool>,
}

impl Asked<'_> {
    fn is_empty(&self) -> bool {
        let texts = [self.constraint, self.minimum_age, self.pin, self.soak, self.rollback];
        texts.iter().all(Option::is_none)
            && self.actions.is_none()
            && self.order.is_none()
            && self.probes.is_none()
            && self.skip.is_none()
    }
}
