//! The published tags of one repository, each read once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::image::Tag;
use super::super::version::{Families, FamilyId, FamilyKey, Reading, Version, order_digits};

/// How much of a text outside the grammar is kept to show it, in bytes.
const SHOWN_MAX: usize = 256;

/// The published tags of one repository.
///
/// Tags are read once, however many targets are compared with them, and grouped by what
/// comparable tags share, so that a shortlist looks at its own group only.
#[derive(Debug, Default)]
pub struct Catalog {
    tags: Vec<(Tag, Reading)>,
    outside: Vec<Arc<str>>,
    /// Places in `tags` of versions that may be compared, lowest first.
    groups: HashMap<FamilyKey, Vec<u32>>,
    /// The groups whose bare number before the variant is a flavour, not a counter.
    flavoured: HashSet<FamilyKey>,
}

impl Catalog {
    /// The tags in the order in which they were published, duplicates removed.
    pub fn tags(&self) -> impl ExactSizeIterator<Item = &Tag> {
        self.tags.iter().map(|(tag, _)| tag)
    }

    /// The texts that are no tags, cut to a length that can be shown.
    pub fn outside_grammar(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.outside.iter()
    }

    /// Whether a tag is published.
    pub fn contains(&self, tag: &Tag) -> bool {
        self.tags.iter().any(|(published, _)| published == tag)
    }

    /// How many different tags are published.
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// Whether nothing is published.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    pub(super) fn readings(&self) -> impl ExactSizeIterator<Item = (&Tag, &Reading)> {
        self.tags.iter().map(|(tag, reading)| (tag, reading))
    }

    /// The versions that share prefix, form and variant with `current`, highest first.
    pub(super) fn siblings<'a>(
        &'a self,
        current: &Version,
    ) -> impl Iterator<Item = &'a Version> + use<'a> {
        self.groups.get(&current.family_key()).into_iter().flat_map(|group| self.group(group))
    }

    /// The versions of the groups that differ from `current` by a newer base, highest first
    /// within each.
    pub(super) fn newer_bases<'a>(
        &'a self,
        current: &'a Version,
    ) -> impl Iterator<Item = &'a Version> {
        self.groups
            .values()
            .filter(move |group| {
                self.group(group).next().is_some_and(|version| current.has_newer_base(version))
            })
            .flat_map(|group| self.group(group))
    }

    /// Whether the bare number before the variant must stay in the group of `current`.
    pub(super) fn keeps_number_before_variant(&self, current: &Version) -> bool {
        self.flavoured.contains(&current.family_key())
    }

    fn group<'a>(&'a self, group: &'a [u32]) -> impl Iterator<Item = &'a Version> + use<'a> {
        group.iter().rev().filter_map(|place| match self.tags.get(*place as usize) {
            Some((_, Reading::Version(version))) => Some(version),
            _ => None,
        })
    }
}

impl<Text: AsRef<str>> FromIterator<Text> for Catalog {
    fn from_iter<Texts: IntoIterator<Item = Text>>(texts: Texts) -> Self {
        let mut families = Families::default();
        let mut seen = HashSet::new();
        let mut seen_outside: HashSet<Arc<str>> = HashSet::new();
        let mut catalog = Self::default();
        for text in texts {
            let text = text.as_ref();
            let Ok(tag) = text.parse::<Tag>() else {
                let shown: Arc<str> = text[..text.floor_char_boundary(SHOWN_MAX)].into();
                if seen_outside.insert(Arc::clone(&shown)) {
                    catalog.outside.push(shown);
                }
                continue;
            };
            if seen.insert(tag.clone()) {
                let reading = families.read(&tag);
                catalog.tags.push((tag, reading));
            }
        }
        catalog.group_versions();
        catalog
    }
}

impl Catalog {
    fn group_versions(&mut self) {
        let mut groups: HashMap<FamilyId, (FamilyKey, Vec<u32>)> = HashMap::new();
        for ((_, reading), place) in self.tags.iter().zip(0u32..) {
            if let Reading::Version(version) = reading {
                let group = groups.entry(version.family_id());
                group.or_insert_with(|| (version.family_key(), Vec::new())).1.push(place);
            }
        }
        for (_, group) in groups.values_mut() {
            group.sort_by(|left, right| self.order(*left, *right));
            group.shrink_to_fit();
        }
        self.groups = groups.into_values().collect();
        self.flavoured = self
            .groups
            .iter()
            .filter(|(_, group)| self.has_flavours(group))
            .map(|(family, _)| family.clone())
            .collect();
        self.tags.shrink_to_fit();
    }

    /// Whether two releases were published with the same two numbers before the variant
    /// (`4.0.12-22-trixie` and `-24-`, `4.0.13-22-trixie` and `-24-`). Counters begin again at 0
    /// or 1 with each release; flavours begin anywhere and come back.
    fn has_flavours(&self, group: &[u32]) -> bool {
        let mut releases: HashMap<String, Vec<&str>> = HashMap::new();
        for version in self.group(group) {
            let Some(number) = version.number_before_variant() else {
                return false;
            };
            releases.entry(version.numeric()).or_default().push(number);
        }
        let mut pairs = HashSet::new();
        let mut came_back = false;
        for mut numbers in releases.into_values() {
            numbers.sort_by(|left, right| order_digits(left, right));
            numbers.dedup();
            // A release that begins at 1 counts, and may have got as far as others by itself.
            if numbers.first().is_none_or(|first| matches!(*first, "" | "1" | "2")) {
                continue;
            }
            for pair in numbers.windows(2) {
                came_back |= !pairs.insert((pair[0], pair[1]));
            }
        }
        came_back
    }

    fn order(&self, left: u32, right: u32) -> std::cmp::Ordering {
        match (self.tags.get(left as usize), self.tags.get(right as usize)) {
            (Some((_, Reading::Version(left))), Some((_, Reading::Version(right)))) => {
                left.order(right).then_with(|| left.tag().cmp(right.tag()))
            }
            _ => std::cmp::Ordering::Equal,
        }
    }
}
