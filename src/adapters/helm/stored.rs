//! One revision out of its record: in short, or with its values and its manifest. Both may hold
//! secrets, so that nothing here prints them, and what is wrong with a record is said without quoting it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::adapters::hash::sha256;
use crate::domain::chart::{ChartInUse, ChartSource};
use crate::domain::image::Digest;
use crate::domain::release::{Release, ReleaseStatus, Revision};
use crate::ports::releases::{Keeper, RecordObject};

use super::unpack::{DecodeError, json, unpack};
use super::wire::{AnyOf, Bounded, HOOKS_MAX, Hook, HookEvents, Record};

/// The largest values, as JSON. In memory they are up to sixteen times as much, and what Helm can
/// store (1 MiB compressed, with the chart) is hardly ever more.
const VALUES_MAX: usize = 8 * 1024 * 1024;
/// What of a description is kept, in characters.
const DESCRIPTION_MAX: usize = 500;
/// The longest name, version or address that is kept, in bytes.
const TEXT_MAX: usize = 1024;
/// How the names of objects with records begin.
const PREFIX: &str = "sh.helm.release.v1.";
/// Labels that Helm sets itself (`pkg/storage/driver/util.go`).
const HELMS_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/// A revision with everything that an upgrade is compared with.
#[derive(Clone, PartialEq)]
pub struct StoredRelease {
    /// What is known of it in short.
    pub release: Release,
    /// The values that its user set.
    pub values: Value,
    /// The values of its chart, as far as they are the chart's own.
    pub chart_values: Value,
    /// What was rendered, hooks apart.
    pub manifest: String,
    /// Its hooks, tests among them.
    pub hooks: Vec<StoredHook>,
    /// How Helm 4 applied it: `ssa` on the server, `csa` on the client; none says the client.
    pub apply_method: Option<String>,
    /// The labels that its user gave it.
    pub labels: BTreeMap<String, String>,
    /// SHA-256 of the manifest.
    pub manifest_digest: Digest,
    /// SHA-256 of the user's values as they are stored, those of `{}` where there are none. Helm
    /// sorts the keys, so that the same values have the same digest.
    pub values_digest: Digest,
}

impl fmt::Debug for StoredRelease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredRelease")
            .field("release", &self.release.id())
            .field("revision", &self.release.revision)
            .field("status", &self.release.status)
            .field("hooks", &self.hooks.len())
            .field("manifest_digest", &self.manifest_digest)
            .field("values_digest", &self.values_digest)
            .finish_non_exhaustive()
    }
}

impl Revision for StoredRelease {
    fn release(&self) -> &Release {
        &self.release
    }

    fn release_mut(&mut self) -> &mut Release {
        &mut self.release
    }
}

/// A hook of a revision.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHook {
    /// The name of its object.
    pub name: String,
    /// The kind of its object.
    pub kind: String,
    /// Its template.
    pub path: String,
    /// What was rendered.
    pub manifest: String,
    /// When it runs: `pre-upgrade`, `test`, …
    pub events: Vec<String>,
}

impl fmt::Debug for StoredHook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredHook")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// The name of the object of a revision.
pub(super) fn object_name(release: &str, revision: u32) -> String {
    format!("{PREFIX}{release}.v{revision}")
}

/// The release and the revision that an object is named for; none where it holds no record of Helm's.
pub(super) fn named<'a>(object: &RecordObject<'a>) -> Option<(&'a str, u32)> {
    let (name, number) = object.name.strip_prefix(PREFIX)?.rsplit_once(".v")?;
    let revision: u32 = number.parse().ok().filter(|revision| *revision > 0)?;
    // One revision has one name: no sign and no leading zero.
    (!name.is_empty() && revision.to_string() == number).then_some((name, revision))
}

/// How much of a record is wanted.
pub(super) trait Reading: Sized {
    /// Reads it out of an object that is [`named`] so.
    fn read(
        object: &RecordObject<'_>,
        keeper: Keeper,
        named: (&str, u32),
    ) -> Result<Self, DecodeError>;
}

impl Reading for Release {
    fn read(
        object: &RecordObject<'_>,
        keeper: Keeper,
        named: (&str, u32),
    ) -> Result<Self, DecodeError> {
        let bytes = unpack(object.data.ok_or(DecodeError::Empty)?, keeper)?;
        release(&json(&bytes)?, object.namespace, named)
    }
}

impl Reading for StoredRelease {
    fn read(
        object: &RecordObject<'_>,
        keeper: Keeper,
        named: (&str, u32),
    ) -> Result<Self, DecodeError> {
        let bytes = unpack(object.data.ok_or(DecodeError::Empty)?, keeper)?;
        let labels = object
            .labels
            .iter()
            .filter(|(name, _)| !HELMS_LABELS.contains(name))
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Ok(Self { labels, ..Self::of_json(&bytes, object.namespace, named)? })
    }
}

impl StoredRelease {
    /// What `helm upgrade --dry-run -o json` prints: the record that helm would store.
    ///
    /// # Errors
    /// It is no record of that release.
    pub fn printed(bytes: &[u8], namespace: &str, name: &str) -> Result<Self, DecodeError> {
        #[derive(serde::Deserialize)]
        struct Number {
            version: u32,
        }
        let Number { version } = json(bytes)?;
        Self::of_json(bytes, namespace, (name, version))
    }

    fn of_json(bytes: &[u8], namespace: &str, named: (&str, u32)) -> Result<Self, DecodeError> {
        let record: Record<'_> = json(bytes)?;
        let release = release(&record, namespace, named)?;
        let manifest: String = record.manifest.map(text).transpose()?.flatten().unwrap_or_default();
        let set = record.config.map_or("{}", RawValue::get);
        Ok(Self {
            release,
            values: values(record.config, "the text of its values")?,
            chart_values: values(
                record.chart.as_ref().and_then(|chart| chart.values),
                "the text of its chart's values",
            )?,
            hooks: record.hooks.map(hooks).transpose()?.unwrap_or_default(),
            apply_method: record
                .apply_method
                .filter(|method| !method.is_empty())
                .map(|method| method.to_string()),
            labels: BTreeMap::new(),
            manifest_digest: digest(&manifest),
            values_digest: digest(set),
            manifest,
        })
    }
}

fn release(
    record: &Record<'_>,
    namespace: &str,
    (name, revision): (&str, u32),
) -> Result<Release, DecodeError> {
    // Whoever put it there must not speak for another release.
    if record.name.as_deref().is_some_and(|written| written != name) {
        return Err(DecodeError::Foreign("name"));
    }
    if record.version.is_some_and(|written| written != i64::from(revision)) {
        return Err(DecodeError::Foreign("revision"));
    }
    let chart = record.chart.as_ref().ok_or(DecodeError::Missing("chart"))?;
    let metadata = chart.metadata.as_ref().ok_or(DecodeError::Missing("metadata of its chart"))?;
    let info = record.info.as_ref();
    let time = |text: Option<&str>| {
        let time: Timestamp = text?.parse().ok()?;
        // What Go has for no time is the year 1.
        (time > Timestamp::UNIX_EPOCH).then_some(time)
    };
    let hooks: Option<AnyOf<HookEvents<'_>>> =
        record.hooks.map(|hooks| json(hooks.get().as_bytes())).transpose()?.flatten();
    let chart_name = short(metadata.name.as_deref(), "name of its chart")?
        .ok_or(DecodeError::Missing("name of its chart"))?;
    // No Helm writes it so far.
    let repository = short(metadata.repo_url.as_deref(), "repoURL of its chart")?
        .or(short(metadata.repo_url_too.as_deref(), "repoUrl of its chart")?);
    Ok(Release {
        namespace: namespace.into(),
        target_namespace: short(record.namespace.as_deref(), "namespace")?
            .filter(|target| **target != *namespace),
        name: name.into(),
        revision,
        status: info
            .and_then(|info| info.status.as_deref())
            .map_or(ReleaseStatus::Unknown, ReleaseStatus::read),
        chart: ChartInUse {
            source: repository
                .as_deref()
                .and_then(|address| ChartSource::in_repository(address, &chart_name)),
            name: chart_name,
            version: short(metadata.version.as_deref(), "version of its chart")?
                .ok_or(DecodeError::Missing("version of its chart"))?,
            app_version: short(metadata.app_version.as_deref(), "appVersion of its chart")?,
        },
        first_deployed: time(info.and_then(|info| info.first_deployed.as_deref())),
        last_deployed: time(info.and_then(|info| info.last_deployed.as_deref())),
        description: info
            .and_then(|info| info.description.as_deref())
            .map(|text| text.chars().take(DESCRIPTION_MAX).collect())
            .unwrap_or_default(),
        has_hooks: hooks.is_some_and(|hooks| hooks.found),
        has_crds: chart.files.as_ref().is_some_and(|files| files.found),
        deployed: None,
    })
}

/// Text that is not empty.
fn short(text: Option<&str>, what: &'static str) -> Result<Option<Arc<str>>, DecodeError> {
    match text {
        Some(text) if text.len() > TEXT_MAX => Err(DecodeError::Long(what)),
        text => Ok(text.filter(|text| !text.is_empty()).map(Arc::from)),
    }
}

fn text(raw: &RawValue) -> Result<Option<String>, DecodeError> {
    json(raw.get().as_bytes())
}

fn values(raw: Option<&RawValue>, what: &'static str) -> Result<Value, DecodeError> {
    let empty = || Value::Object(serde_json::Map::new());
    let Some(raw) = raw else { return Ok(empty()) };
    if raw.get().len() > VALUES_MAX {
        return Err(DecodeError::TooLarge { what, max: VALUES_MAX });
    }
    let values: Option<serde_json::Map<String, Value>> = json(raw.get().as_bytes())?;
    Ok(values.map_or_else(empty, Value::Object))
}

fn hooks(raw: &RawValue) -> Result<Vec<StoredHook>, DecodeError> {
    let hooks: Option<Bounded<Hook, HOOKS_MAX>> = json(raw.get().as_bytes())?;
    let hooks = hooks.map(|hooks| hooks.0).unwrap_or_default().into_iter().map(|hook| StoredHook {
        name: hook.name.unwrap_or_default(),
        kind: hook.kind.unwrap_or_default(),
        path: hook.path.unwrap_or_default(),
        manifest: hook.manifest.unwrap_or_default(),
        events: hook.events.map(|events| events.0).unwrap_or_default(),
    });
    Ok(hooks.collect())
}

fn digest(text: &str) -> Digest {
    match format!("sha256:{}", sha256([text.as_bytes()])).parse() {
        Ok(digest) => digest,
        Err(error) => unreachable!("a computed digest is well-formed: {error}"),
    }
}

#[cfg(test)]
mod tests;
