//! What changes in the values of a release although its user changes nothing: the defaults of the
//! chart move under what the user set.

use super::secret::{is_private_key, looks_secret, secret_in};
use super::text::short;
use super::tree::{Path, Tree, differences};

/// What stands for a secret value.
const MASK: &str = "(hidden)";

/// What changes in the values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValuesChanges {
    /// Effective values that change.
    pub moved: Vec<Moved>,
    /// Keys that the user sets and that the new chart no longer has.
    pub gone: Vec<String>,
}

impl ValuesChanges {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.gone.is_empty()
    }
}

/// A value that changes because the chart's default does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its place.
    pub path: String,
    /// The old value; none where there was none.
    pub from: Option<String>,
    /// The new value; none where there is none any more.
    pub to: Option<String>,
}

/// Compares the effective values of two versions of a chart. The defaults are those of the chart with
/// those of its subcharts under their names.
pub fn values_changes(old_defaults: &Tree, new_defaults: &Tree, user: &Tree) -> ValuesChanges {
    let (before, after) = (merged(old_defaults, user), merged(new_defaults, user));
    let moved = differences(&before, &after)
        .into_iter()
        .map(|difference| {
            let hidden = is_hidden(&difference.path);
            let shown = |value: &Tree| {
                if hidden { MASK.to_owned() } else { short(&masked(value)) }
            };
            Moved {
                from: difference.before.map(shown),
                to: difference.after.map(shown),
                path: difference.path,
            }
        })
        .collect();
    let mut gone = Vec::new();
    missing(user, old_defaults, new_defaults, &mut Path::default(), &mut gone);
    ValuesChanges { moved, gone }
}

/// The user's values over the defaults as Helm lays them: maps are joined, everything else is
/// replaced, and null takes a default away.
fn merged(defaults: &Tree, user: &Tree) -> Tree {
    let (Tree::Map(defaults), Tree::Map(user)) = (defaults, user) else {
        return match user {
            Tree::Null => defaults.clone(),
            set => set.clone(),
        };
    };
    let mut merged = defaults.clone();
    for (key, value) in user {
        match (value, merged.get_mut(key)) {
            (Tree::Null, _) => {
                merged.remove(key);
            }
            (Tree::Map(_), Some(default @ Tree::Map(_))) => *default = self::merged(default, value),
            (value, _) => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    Tree::Map(merged)
}

/// The user's keys that the old defaults have and the new ones have not: the outermost of each.
fn missing(user: &Tree, old: &Tree, new: &Tree, path: &mut Path, gone: &mut Vec<String>) {
    let (Some(user), Some(old)) = (user.as_map(), old.as_map()) else { return };
    for (key, value) in user {
        let Some(before) = old.get(key) else { continue };
        let length = path.key(key);
        match new.get(key) {
            None => gone.push(path.as_str().to_owned()),
            Some(after) => missing(value, before, after, path, gone),
        }
        path.leave(length);
    }
}

/// Whether a part of a path names a secret.
fn is_hidden(path: &str) -> bool {
    path.split(['.', '[', ']', '"']).any(looks_secret)
}

/// A value without the secrets in it.
fn masked(value: &Tree) -> Tree {
    let mask = || Tree::Text(MASK.into());
    match value {
        Tree::Map(entries) => {
            let named = entries
                .get("name")
                .is_some_and(|name| matches!(name, Tree::Text(name) if looks_secret(name)));
            let entries = entries.iter().map(|(key, value)| {
                let plain = matches!(value, Tree::Null | Tree::Bool(_));
                let hidden = looks_secret(key) || (named && &**key == "value");
                (key.clone(), if hidden && !plain { mask() } else { masked(value) })
            });
            Tree::Map(entries.collect())
        }
        Tree::List(items) => Tree::List(items.iter().map(masked).collect()),
        Tree::Text(text)
            if is_private_key(text) || text.lines().any(|l| secret_in(l).is_some()) =>
        {
            mask()
        }
        other => other.clone(),
    }
}
