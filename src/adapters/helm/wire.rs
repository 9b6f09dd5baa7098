//! The JSON of a record, as far as it is read (`pkg/release/v1/release.go`, `pkg/chart/v2/chart.go`).
//! What is large stays where it is until somebody asks for it, and files of the chart are skipped.
//! Go writes nothing, or null, for what is empty, so that every field may be absent.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::adapters::workload::Text;

/// Hooks of a release: the largest charts have some twenty.
pub(super) const HOOKS_MAX: usize = 1_000;
/// Events of a hook: there are nine.
pub(super) const EVENTS_MAX: usize = 32;
/// Helm's words for a hook that only runs when somebody asks for tests.
const TESTS: [&str; 3] = ["test", "test-success", "test-failure"];

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Record<'a> {
    pub(super) name: Option<Text<'a>>,
    pub(super) namespace: Option<Text<'a>>,
    pub(super) version: Option<i64>,
    pub(super) info: Option<Info<'a>>,
    pub(super) chart: Option<Chart<'a>>,
    pub(super) config: Option<&'a RawValue>,
    pub(super) manifest: Option<&'a RawValue>,
    pub(super) hooks: Option<&'a RawValue>,
    pub(super) apply_method: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Info<'a> {
    pub(super) status: Option<Text<'a>>,
    pub(super) description: Option<Text<'a>>,
    pub(super) first_deployed: Option<Text<'a>>,
    pub(super) last_deployed: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Chart<'a> {
    pub(super) metadata: Option<Metadata<'a>>,
    pub(super) files: Option<AnyOf<File<'a>>>,
    pub(super) values: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Metadata<'a> {
    pub(super) name: Option<Text<'a>>,
    pub(super) version: Option<Text<'a>>,
    pub(super) app_version: Option<Text<'a>>,
    /// As the proposal for it has it (HIP-0018). Two fields, so that both together are no error.
    #[serde(rename = "repoURL")]
    pub(super) repo_url: Option<Text<'a>>,
    #[serde(rename = "repoUrl")]
    pub(super) repo_url_too: Option<Text<'a>>,
}

/// A file of a chart, of which only the name is read.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct File<'a> {
    name: Option<Text<'a>>,
}

/// A hook, of which only the events are read.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct HookEvents<'a> {
    events: Option<AnyOf<Text<'a>>>,
}

/// A hook with all that is read of it.
#[derive(Deserialize)]
pub(super) struct Hook {
    pub(super) name: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) path: Option<String>,
    pub(super) manifest: Option<String>,
    pub(super) events: Option<Bounded<String, EVENTS_MAX>>,
}

/// Something of which a list wants to know whether it has any.
pub(super) trait Wanted {
    /// Whether it is one.
    fn is_wanted(&self) -> bool;
}

impl Wanted for File<'_> {
    /// A definition of a custom resource, by Helm's rule (`Chart.CRDObjects`).
    fn is_wanted(&self) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_manifest =
            ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known));
        name.starts_with("crds/") && is_manifest
    }
}

impl Wanted for HookEvents<'_> {
    fn is_wanted(&self) -> bool {
        self.events.as_ref().is_some_and(|events| events.found)
    }
}

impl Wanted for Text<'_> {
    /// An event that comes by itself.
    fn is_wanted(&self) -> bool {
        !TESTS.contains(&&**self)
    }
}

/// Whether a list has anything that is wanted; nothing of the list is kept.
pub(super) struct AnyOf<T> {
    pub(super) found: bool,
    item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de> + Wanted> Deserialize<'de> for AnyOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Wanted> Visitor<'de> for AnyVisitor<T> {
            type Value = AnyOf<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<AnyOf<T>, A::Error> {
                let mut found = false;
                while let Some(item) = items.next_element::<Option<T>>()? {
                    found |= item.is_some_and(|item| item.is_wanted());
                }
                Ok(AnyOf { found, item: PhantomData })
            }
        }
        deserializer.deserialize_seq(AnyVisitor(PhantomData))
    }
}

/// A list that is refused when it is longer than that: an empty element takes two bytes in JSON and
/// a hundred in memory.
pub(super) struct Bounded<T, const MAX: usize>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Bounded<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BoundedVisitor<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for BoundedVisitor<T, MAX> {
            type Value = Bounded<T, MAX>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "a list of at most {MAX}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut kept = Vec::new();
                while let Some(item) = items.next_element::<Option<T>>()? {
                    if kept.len() == MAX {
                        return Err(de::Error::invalid_length(MAX + 1, &self));
                    }
                    kept.extend(item);
                }
                Ok(Bounded(kept))
            }
        }
        deserializer.deserialize_seq(BoundedVisitor(PhantomData))
    }
}
