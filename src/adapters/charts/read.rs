//! Reads an index in whatever style it is written: by lines, as JSON, or with the YAML parser over
//! the whole text.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead};
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_yaml::{DuplicateKeyPolicy, Options};

use super::entry::{Versions, WireEntry};
use super::scan::{Found, scan};
use super::store::Text;
use crate::adapters::yaml;

/// Reads the wanted charts of an index.
///
/// # Errors
/// It is no index, or cannot be read from its file.
pub(super) fn read(text: &Text, wanted: &BTreeSet<Arc<str>>) -> Result<Found, String> {
    let unread = |error: io::Error| format!("it cannot be read: {error}");
    if text.first_byte().map_err(unread)? == Some(b'{') {
        if let Ok(found) = json(&mut *text.open().map_err(unread)?, wanted) {
            return Ok(found);
        }
    } else if let Some(found) = scan(&mut *text.open().map_err(unread)?, wanted).map_err(unread)? {
        return Ok(found);
    }
    whole(text.open().map_err(unread)?, wanted)
}

/// The limits for foreign YAML. Of a key that stands there twice the last one counts, as in JSON.
pub(super) fn options() -> Options {
    let mut options = yaml::options();
    options.duplicate_keys = DuplicateKeyPolicy::PassThrough;
    options
}

fn json(text: &mut dyn BufRead, wanted: &BTreeSet<Arc<str>>) -> serde_json::Result<Found> {
    let mut deserializer = serde_json::Deserializer::from_reader(text);
    let found = Index { wanted, raw: true }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(found)
}

/// Parses the whole text as YAML.
pub(super) fn whole(text: impl BufRead, wanted: &BTreeSet<Arc<str>>) -> Result<Found, String> {
    let index = Index { wanted, raw: false };
    serde_yaml::with_deserializer_from_reader_with_options(text, options(), |deserializer| {
        index.deserialize(deserializer)
    })
    .map_err(|error| format!("it is no index of charts: {}", yaml::fault(&error, "").message))
}

/// An index of which the wanted charts are read.
#[derive(Clone, Copy)]
struct Index<'a> {
    wanted: &'a BTreeSet<Arc<str>>,
    /// Entries are JSON and can be taken one by one, so that a wrong one spoils no other.
    raw: bool,
}

/// The value of `entries`.
struct Entries<'a>(Index<'a>);

/// The value of one chart.
struct Chart {
    raw: bool,
}

impl<'de> DeserializeSeed<'de> for Index<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Index<'_> {
    type Value = Found;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an index of charts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "entries" => found = Some(map.next_value_seed(Entries(self))?),
                "apiVersion" => {
                    map.next_value::<IgnoredAny>()?;
                    found = found.or_else(|| Some(Found::new()));
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        found.ok_or_else(|| {
            serde::de::Error::custom("neither `apiVersion` nor `entries` stands in it")
        })
    }
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = Found;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("charts by name")
    }

    fn visit_none<E>(self) -> Result<Found, E> {
        Ok(Found::new())
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found::new();
        while let Some(name) = map.next_key::<Option<String>>()? {
            match name.and_then(|name| self.0.wanted.get(name.as_str())) {
                Some(name) => {
                    let versions = map.next_value_seed(Chart { raw: self.0.raw })?;
                    found.insert(Arc::clone(name), versions);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

impl<'de> DeserializeSeed<'de> for Chart {
    type Value = Versions;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Versions, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Chart {
    type Value = Versions;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the versions of a chart")
    }

    fn visit_none<E>(self) -> Result<Versions, E> {
        Ok(Versions::default())
    }

    fn visit_unit<E>(self) -> Result<Versions, E> {
        Ok(Versions::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Versions, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Versions, A::Error> {
        let mut versions = Versions::default();
        if self.raw {
            while let Some(raw) = seq.next_element::<Box<RawValue>>()? {
                versions.add(serde_json::from_str(raw.get()).ok());
            }
        } else {
            while let Some(entry) = seq.next_element::<Option<WireEntry>>()? {
                versions.add(entry);
            }
        }
        Ok(versions)
    }
}
