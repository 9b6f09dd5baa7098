//! An object as a tree: maps in the order of their keys, numbers and texts kept apart, secret values
//! sealed. Owns the paths of what differs between two trees; knows no format and no kind of object.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Tells whether two secret values are the same, and nothing more. Never shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(Box<str>);

impl Fingerprint {
    /// A cryptographic hash of the value.
    pub fn new(hash: impl Into<Box<str>>) -> Self {
        Self(hash.into())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fingerprint(..)")
    }
}

/// A secret value: its length and whether it is the same as another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sealed {
    /// How long the value is.
    pub bytes: usize,
    /// Tells it from others.
    pub fingerprint: Fingerprint,
}

/// A line of a text of several lines.
#[derive(Clone, PartialEq, Eq)]
pub enum TextLine {
    /// It can be shown.
    Plain(Box<str>),
    /// It ends in a secret.
    Sealed {
        /// What stands before the secret.
        before: Box<str>,
        /// The rest of the line.
        rest: Sealed,
    },
}

/// A value of a document.
#[derive(Clone, PartialEq, Eq)]
pub enum Tree {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number in its shortest form.
    Number(Box<str>),
    /// A text.
    Text(Box<str>),
    /// A text of several lines, some of which hold secrets.
    Lines(Vec<TextLine>),
    /// A value that must not be shown.
    Sealed(Sealed),
    /// Values in order.
    List(Vec<Tree>),
    /// Values by their keys.
    Map(BTreeMap<Box<str>, Tree>),
}

/// Shows the shape and no value: trees of values hold what users typed.
impl fmt::Debug for Tree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("Null"),
            Self::Bool(_) => formatter.write_str("Bool"),
            Self::Number(_) => formatter.write_str("Number"),
            Self::Text(text) => write!(formatter, "Text({} bytes)", text.len()),
            Self::Lines(lines) => write!(formatter, "Lines({})", lines.len()),
            Self::Sealed(sealed) => write!(formatter, "Sealed({} bytes)", sealed.bytes),
            Self::List(items) => formatter.debug_list().entries(items).finish(),
            Self::Map(entries) => formatter.debug_map().entries(entries).finish(),
        }
    }
}

impl Tree {
    /// The value of a key, in a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.get(key),
            _ => None,
        }
    }

    pub(super) fn as_map(&self) -> Option<&BTreeMap<Box<str>, Self>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// What tells an item of a list from its neighbours: most lists of the API are maps by name.
    fn label(&self) -> Option<&str> {
        match self.get("name") {
            Some(Self::Text(name)) => Some(name),
            _ => None,
        }
    }
}

/// The place of a value: `spec.template.spec.containers[app].image`.
#[derive(Debug, Clone, Default)]
pub(super) struct Path(String);

impl Path {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Goes to a key; the length is for [`Path::leave`].
    pub(super) fn key(&mut self, key: &str) -> usize {
        let length = self.0.len();
        if key.is_empty() || key.contains(['.', '[', ']', '"', ' ']) {
            self.0.push_str("[\"");
            self.0.push_str(key);
            self.0.push_str("\"]");
        } else {
            if length > 0 {
                self.0.push('.');
            }
            self.0.push_str(key);
        }
        length
    }

    /// Goes to an item of a list.
    pub(super) fn item(&mut self, item: &Tree, index: usize) -> usize {
        let length = self.0.len();
        self.0.push('[');
        match item.label() {
            Some(name) => self.0.push_str(name),
            None => self.0.push_str(&index.to_string()),
        }
        self.0.push(']');
        length
    }

    /// Comes back.
    pub(super) fn leave(&mut self, length: usize) {
        self.0.truncate(length);
    }
}

/// A place at which two trees differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference<'t> {
    /// The place.
    pub(super) path: String,
    /// What stands there in the first tree.
    pub(super) before: Option<&'t Tree>,
    /// What stands there in the second.
    pub(super) after: Option<&'t Tree>,
}

/// The deepest places at which two trees differ, in the order of the paths.
pub(super) fn differences<'t>(before: &'t Tree, after: &'t Tree) -> Vec<Difference<'t>> {
    let mut found = Vec::new();
    compare(Some(before), Some(after), &mut Path::default(), &mut found);
    found
}

fn compare<'t>(
    before: Option<&'t Tree>,
    after: Option<&'t Tree>,
    path: &mut Path,
    found: &mut Vec<Difference<'t>>,
) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Tree::Map(one)), Some(Tree::Map(two))) => {
            let keys: BTreeSet<&str> = one.keys().chain(two.keys()).map(|key| &**key).collect();
            for key in keys {
                let length = path.key(key);
                compare(one.get(key), two.get(key), path, found);
                path.leave(length);
            }
        }
        (Some(Tree::List(one)), Some(Tree::List(two))) if one.len() == two.len() && !named(one) => {
            for (index, (left, right)) in one.iter().zip(two).enumerate() {
                let length = path.item(left, index);
                compare(Some(left), Some(right), path, found);
                path.leave(length);
            }
        }
        (Some(Tree::List(one)), Some(Tree::List(two))) if named(one) && named(two) => {
            let count = found.len();
            let by_name = |items: &'t [Tree]| -> BTreeMap<_, &'t Tree> {
                items.iter().map(|item| (item.label(), item)).collect()
            };
            let (left, right) = (by_name(one), by_name(two));
            for (index, item) in one.iter().enumerate() {
                let other = right.get(&item.label()).copied();
                let length = path.item(item, index);
                compare(Some(item), other, path, found);
                path.leave(length);
            }
            for (index, item) in two.iter().enumerate() {
                if !left.contains_key(&item.label()) {
                    let length = path.item(item, index);
                    compare(None, Some(item), path, found);
                    path.leave(length);
                }
            }
            // The same items in another order.
            if found.len() == count {
                found.push(Difference { path: path.0.clone(), before, after });
            }
        }
        _ => found.push(Difference { path: path.0.clone(), before, after }),
    }
}

/// Whether every item of a list has a name of its own.
fn named(items: &[Tree]) -> bool {
    let names: BTreeSet<_> = items.iter().filter_map(Tree::label).collect();
    names.len() == items.len()
}
