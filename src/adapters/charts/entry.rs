//! One version of a chart as an index or a chart's metadata says it, in YAML or JSON.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::changes;
use crate::adapters::registry::readable;
use crate::domain::chart::{ChartEntry, ChartVersion};
use crate::domain::image::Digest;

/// Versions of one chart that are kept; whole indexes have fewer.
const MAX_VERSIONS: usize = 50_000;
/// A longer text is no version.
const MAX_VERSION: usize = 256;
/// The beginning of 2015, before there was Helm: an older time is a placeholder.
const HELM_EPOCH: i64 = 1_420_070_400;

/// The keys of an entry that are read.
pub(super) const KEYS: &[&str] = &[
    "version",
    "appVersion",
    "kubeVersion",
    "deprecated",
    "created",
    "digest",
    "removed",
    "annotations",
];

/// An entry as written. Of a key that stands there twice the last one counts.
#[derive(Debug, Default)]
pub(super) struct WireEntry {
    pub(super) name: Option<String>,
    version: Option<String>,
    app_version: Option<String>,
    kube_version: Option<String>,
    deprecated: bool,
    created: Option<String>,
    digest: Option<String>,
    removed: bool,
    annotations: Annotations,
}

#[derive(Debug, Default)]
struct Annotations {
    changes: Option<String>,
    security_updates: bool,
    prerelease: bool,
}

/// The versions of one chart, in the order of the index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Versions {
    pub(super) entries: Vec<ChartEntry>,
    /// How many could not be read.
    pub(super) unreadable: usize,
    /// How many were too many.
    pub(super) left_out: usize,
}

impl Versions {
    /// Takes one more; none is an entry that could not be read.
    pub(super) fn add(&mut self, wire: Option<WireEntry>) {
        if wire.as_ref().is_some_and(|wire| wire.removed) {
            return;
        }
        match wire.and_then(WireEntry::entry) {
            None => self.unreadable += 1,
            Some(_) if self.entries.len() == MAX_VERSIONS => self.left_out += 1,
            Some(entry) => self.entries.push(entry),
        }
    }
}

impl WireEntry {
    /// The version, as written.
    pub(super) fn version(&self) -> Option<ChartVersion> {
        let version = self.version.as_deref()?;
        if version.len() > MAX_VERSION { None } else { version.parse().ok() }
    }

    /// The entry; none without a version that can be read.
    pub(super) fn entry(self) -> Option<ChartEntry> {
        let version = self.version()?;
        let short = |text: String| -> Option<Arc<str>> {
            let text = readable(&text);
            (!text.is_empty()).then(|| text.into())
        };
        Some(ChartEntry {
            version,
            app_version: self.app_version.and_then(short),
            kube_version: self.kube_version.and_then(short),
            deprecated: self.deprecated,
            created: self.created.as_deref().and_then(created),
            digest: self.digest.as_deref().and_then(digest),
            security_updates: self.annotations.security_updates,
            marked_prerelease: self.annotations.prerelease,
            changes: self.annotations.changes.as_deref().map(changes::read).unwrap_or_default(),
        })
    }
}

/// A time of creation; none when it is no time, or a placeholder.
fn created(text: &str) -> Option<Timestamp> {
    text.parse().ok().filter(|time: &Timestamp| time.as_second() >= HELM_EPOCH)
}

/// SHA-256 in hexadecimal digits, with and without its name before it.
fn digest(text: &str) -> Option<Digest> {
    let hex = text.trim().to_ascii_lowercase();
    let hex = hex.strip_prefix("sha256:").unwrap_or(&hex);
    format!("sha256:{hex}").parse().ok()
}

impl<'de> Deserialize<'de> for WireEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = WireEntry;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an entry of a chart")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireEntry, A::Error> {
                let mut wire = WireEntry::default();
                while let Some(key) = map.next_key::<Option<String>>()? {
                    match key.as_deref().unwrap_or_default() {
                        "name" => wire.name = map.next_value()?,
                        "version" => wire.version = map.next_value()?,
                        "appVersion" => wire.app_version = map.next_value()?,
                        "kubeVersion" => wire.kube_version = map.next_value()?,
                        "deprecated" => {
                            wire.deprecated = map.next_value::<Option<_>>()? == Some(true);
                        }
                        "created" => wire.created = map.next_value()?,
                        "digest" => wire.digest = map.next_value()?,
                        "removed" => wire.removed = map.next_value::<Option<_>>()? == Some(true),
                        "annotations" => {
                            wire.annotations = map.next_value::<Option<_>>()?.unwrap_or_default();
                        }
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(wire)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Annotations;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("annotations")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Annotations, A::Error> {
                let mut found = Annotations::default();
                let yes = |text: Option<String>| text.as_deref() == Some("true");
                while let Some(key) = map.next_key::<Option<String>>()? {
                    match key.as_deref().unwrap_or_default() {
                        "artifacthub.io/changes" => found.changes = map.next_value()?,
                        "artifacthub.io/containsSecurityUpdates" => {
                            found.security_updates = yes(map.next_value()?);
                        }
                        "artifacthub.io/prerelease" => found.prerelease = yes(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Option<ChartEntry> {
        serde_json::from_str::<WireEntry>(text).ok()?.entry()
    }

    #[test]
    fn digests_and_times_are_read_as_they_come() {
        let hex = "99c76e403d752c84ead610644d4b1c2f2b453a74b921f422b9dcb8a7c8b559cd";
        for (written, known) in [
            (hex.to_owned(), true),
            (format!("sha256:{hex}"), true),
            (hex.to_uppercase(), true),
            (hex[1..].to_owned(), false),
        ] {
            let entry = json(&format!(r#"{{"version":"1.2.3","digest":"{written}"}}"#)).unwrap();
            assert_eq!(entry.digest.is_some(), known, "{written}");
        }
        for (written, known) in [
            ("2016-10-06T16:23:20.499814565-06:00", true),
            ("2024-01-01T00:00:00Z", true),
            ("0001-01-01T00:00:00Z", false),
            ("1980-01-01T00:00:00Z", false),
            ("yesterday", false),
        ] {
            let entry = json(&format!(r#"{{"version":"1.2.3","created":"{written}"}}"#)).unwrap();
            assert_eq!(entry.created.is_some(), known, "{written}");
        }
    }

    #[test]
    fn an_entry_is_read_whole() {
        let entry = json(
            r#"{"apiVersion":"v2","name":"x","version":"1.2.3","appVersion":"4.5","kubeVersion":">=1.25.0-0",
                "deprecated":true,"annotations":{"artifacthub.io/changes":"- one\n- kind: added\n  description: two\n",
                "artifacthub.io/containsSecurityUpdates":"true","artifacthub.io/prerelease":"true","other":"x"}}"#,
        )
        .unwrap();
        assert_eq!(entry.app_version.as_deref(), Some("4.5"));
        assert_eq!(entry.kube_version.as_deref(), Some(">=1.25.0-0"));
        assert!(entry.deprecated && entry.security_updates && entry.marked_prerelease);
        assert_eq!(entry.changes, ["one".into(), "added: two".into()]);
    }

    #[test]
    fn what_has_no_version_is_counted() {
        let mut versions = Versions::default();
        for text in [
            r#"{"version":"1.2.3"}"#,
            r#"{"version":"latest"}"#,
            "{}",
            r#"{"version":null}"#,
            r#"{"version":"1.2.4","removed":true}"#,
            r#"{"version":"1.0.0","version":"1.2.5"}"#,
        ] {
            versions.add(serde_json::from_str(text).unwrap());
        }
        versions.add(None);
        let kept: Vec<_> = versions.entries.iter().map(|e| e.version.to_string()).collect();
        assert_eq!((kept, versions.unreadable), (vec!["1.2.3".into(), "1.2.5".to_owned()], 4));
    }
}
