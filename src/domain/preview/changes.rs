//! Which objects come, go and change, and the difference of each.

use std::collections::{BTreeMap, HashMap};

use super::object::{ObjectKey, PreviewObject};
use super::text;
use crate::domain::diff::{self, Diff};

/// More lines of one object than this are counted, not shown.
const SHOWN_MAX: usize = 4_000;
/// Comparing may cost this much: lines of both texts times lines that only one of them has.
const COST_MAX: usize = 50_000_000;

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It comes.
    Added,
    /// It goes.
    Removed,
    /// It stays, with another content.
    Changed,
}

impl Change {
    /// A stable word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// The change of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectChange {
    /// Which object.
    pub key: ObjectKey,
    /// Group and version: the new ones, where there are any.
    pub api_version: Box<str>,
    /// The template that it comes from.
    pub template: Box<str>,
    /// When Helm runs it, if it is a hook.
    pub hook: Option<Box<str>>,
    /// What happens to it.
    pub change: Change,
    /// Its lines that change, without secret values.
    pub diff: Diff,
    /// How many lines of the difference are left out because there are too many.
    pub hidden: usize,
}

/// An object of both manifests, or of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) before: Option<&'a PreviewObject>,
    pub(super) after: Option<&'a PreviewObject>,
}

impl<'a> Pair<'a> {
    /// Where it stands in lists. A hook is another object than one that Helm keeps.
    fn place(object: &'a PreviewObject) -> (&'a ObjectKey, bool) {
        (&object.key, object.marks.hook.is_some())
    }

    /// Whether Helm would delete it: hooks are not deleted by an upgrade, and some objects are kept.
    pub(super) fn vanishes(&self) -> Option<&'a PreviewObject> {
        self.before.filter(|object| self.after.is_none() && object.marks.hook.is_none())
    }
}

/// The objects of two manifests side by side, in the order of their keys. Where a manifest has an
/// object twice, the first is compared with the first.
pub(super) fn pairs<'a>(before: &'a [PreviewObject], after: &'a [PreviewObject]) -> Vec<Pair<'a>> {
    let mut pairs = BTreeMap::new();
    for (objects, new) in [(before, false), (after, true)] {
        let mut seen: HashMap<_, usize> = HashMap::new();
        for object in objects {
            let place = Pair::place(object);
            let count = seen.entry(place).or_default();
            let pair = pairs.entry((place, *count)).or_insert(Pair { before: None, after: None });
            *count += 1;
            if new {
                pair.after = Some(object);
            } else {
                pair.before = Some(object);
            }
        }
    }
    pairs.into_values().collect()
}

/// The change of an object; none when it stays as it is, or is only left to itself.
pub(super) fn change(pair: Pair<'_>, context: Option<usize>) -> Option<ObjectChange> {
    let change = match (pair.before, pair.after) {
        (None, Some(_)) => Change::Added,
        (Some(before), None) if before.marks.keep => return None,
        (Some(_), None) => Change::Removed,
        (Some(before), Some(after)) if before.body != after.body => Change::Changed,
        _ => return None,
    };
    let object = pair.after.or(pair.before)?;
    let (before, after) =
        text::pair(pair.before.map(|object| &object.body), pair.after.map(|object| &object.body));
    let (diff, hidden) = bounded(object.key.to_string(), &before, &after, context);
    Some(ObjectChange {
        key: object.key.clone(),
        api_version: object.api_version.clone(),
        template: object.template.clone(),
        hook: object.marks.hook.clone(),
        change,
        diff,
        hidden,
    })
}

/// A difference that costs no more than it may, and how many of its lines are left out.
fn bounded(name: String, before: &str, after: &str, context: Option<usize>) -> (Diff, usize) {
    let lines = before.lines().count() + after.lines().count();
    if lines.saturating_mul(lone_lines(before, after)) > COST_MAX {
        return (Diff { name, hunks: Vec::new() }, lines);
    }
    let mut diff = diff::with_context(name, before, after, context.unwrap_or(lines));
    let (mut left, mut hidden) = (SHOWN_MAX, 0);
    for hunk in &mut diff.hunks {
        let shown = hunk.lines.len().min(left);
        hidden += hunk.lines.len() - shown;
        hunk.lines.truncate(shown);
        left -= shown;
    }
    diff.hunks.retain(|hunk| !hunk.lines.is_empty());
    (diff, hidden)
}

/// How many lines stand in one text only. Where one text is empty there is nothing to compare.
fn lone_lines(before: &str, after: &str) -> usize {
    if before.is_empty() || after.is_empty() {
        return 0;
    }
    let mut counts: HashMap<&str, isize> = HashMap::new();
    for line in before.lines() {
        *counts.entry(line).or_default() += 1;
    }
    for line in after.lines() {
        *counts.entry(line).or_default() -= 1;
    }
    counts.into_values().map(isize::unsigned_abs).sum()
}
