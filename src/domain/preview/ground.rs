//! Whether a manifest is what a chart renders, and what differs between two renders of one input:
//! random values, times, and what templates look up in the cluster.

use std::collections::{BTreeMap, HashSet};

use super::changes::{Pair, pairs};
use super::object::{ObjectKey, PreviewObject};
use super::tree::differences;

/// What differs whenever a chart is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volatile {
    /// Which object.
    pub key: ObjectKey,
    /// The template that it comes from.
    pub template: Box<str>,
    /// What of it.
    pub fields: Fields,
}

/// How much of an object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// It is another object each time: its very name differs.
    Whole,
    /// These fields.
    Paths(Vec<String>),
}

/// What the two renders of one input do not agree on.
pub fn volatile(one: &[PreviewObject], two: &[PreviewObject]) -> Vec<Volatile> {
    pairs(one, two)
        .into_iter()
        .filter_map(|pair| {
            let object = pair.before.or(pair.after)?;
            let fields = match (pair.before, pair.after) {
                (Some(one), Some(two)) => Fields::Paths(paths(one, two)),
                _ => Fields::Whole,
            };
            let differs = fields != Fields::Paths(Vec::new());
            differs.then(|| Volatile {
                key: object.key.clone(),
                template: object.template.clone(),
                fields,
            })
        })
        .collect()
}

fn paths(one: &PreviewObject, two: &PreviewObject) -> Vec<String> {
    differences(&one.body, &two.body).into_iter().map(|difference| difference.path).collect()
}

/// Whether a release stands on the chart that is said to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// The chart renders what is stored.
    Same,
    /// It does not.
    Differs(Vec<Mismatched>),
}

/// An object that a chart does not render as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatched {
    /// Which object.
    pub key: ObjectKey,
    /// How.
    pub mismatch: Mismatch,
}

/// How an object differs from what is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The chart does not render it.
    OnlyStored,
    /// It is not stored.
    OnlyRendered,
    /// These fields differ.
    Paths(Vec<String>),
}

/// Compares the stored manifest with the installed chart rendered again. What differs at every
/// render does not count, nor do hooks where the manifest is stored without them, as Helm does.
pub fn ground(
    stored: &[PreviewObject],
    rendered: &[PreviewObject],
    volatile: &[Volatile],
) -> Ground {
    let ignored = Ignored::of(volatile);
    let hooks = stored.iter().any(|object| object.marks.hook.is_some());
    let found: Vec<_> = pairs(stored, rendered)
        .into_iter()
        .filter(|pair| {
            let hook = pair.after.is_some_and(|object| object.marks.hook.is_some());
            hooks || !hook
        })
        .filter_map(|pair| mismatched(pair, &ignored))
        .collect();
    if found.is_empty() { Ground::Same } else { Ground::Differs(found) }
}

/// What does not count.
struct Ignored<'a> {
    fields: BTreeMap<&'a ObjectKey, &'a [String]>,
    /// Kind and template of objects with another name each time.
    nameless: HashSet<(&'a str, &'a str)>,
}

impl<'a> Ignored<'a> {
    fn of(volatile: &'a [Volatile]) -> Self {
        let mut ignored = Self { fields: BTreeMap::new(), nameless: HashSet::new() };
        for each in volatile {
            match &each.fields {
                Fields::Whole => {
                    ignored.nameless.insert((&*each.key.kind, &*each.template));
                }
                Fields::Paths(paths) => {
                    ignored.fields.insert(&each.key, paths);
                }
            }
        }
        ignored
    }

    fn nameless(&self, object: &PreviewObject) -> bool {
        self.nameless.contains(&(&*object.key.kind, &*object.template))
    }

    /// Whether a field, or one around it, does not count.
    fn field(&self, key: &ObjectKey, path: &str) -> bool {
        let ignored = self.fields.get(key).copied().unwrap_or_default();
        ignored.iter().any(|ignored| {
            path.strip_prefix(ignored.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }
}

fn mismatched(pair: Pair<'_>, ignored: &Ignored<'_>) -> Option<Mismatched> {
    let (key, mismatch) = match (pair.before, pair.after) {
        (Some(stored), Some(rendered)) => {
            let mut paths = paths(stored, rendered);
            paths.retain(|path| !ignored.field(&stored.key, path));
            (&stored.key, (!paths.is_empty()).then_some(Mismatch::Paths(paths))?)
        }
        (Some(stored), None) if !ignored.nameless(stored) => (&stored.key, Mismatch::OnlyStored),
        (None, Some(rendered)) if !ignored.nameless(rendered) => {
            (&rendered.key, Mismatch::OnlyRendered)
        }
        _ => return None,
    };
    Some(Mismatched { key: key.clone(), mismatch })
}
