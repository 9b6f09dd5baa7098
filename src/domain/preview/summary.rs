//! What a decision needs to know of a preview, in the order in which it is read: images, replicas,
//! resources, permissions, deletions, changes that would be refused.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::changes::Pair;
use super::ground::Volatile;
use super::object::{ContainerFacts, Fixed, FixedRule, ObjectKey, PreviewObject, RuleLine};
use super::quantity;
use super::values::ValuesChanges;
use crate::domain::image::ImageReference;
use crate::domain::version::{Bump, Reading, read};

/// What a decision needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Images that change, those of new objects included.
    pub images: Vec<ImageStep>,
    /// Numbers of pods that change.
    pub replicas: Vec<ReplicaStep>,
    /// Amounts of containers that change.
    pub resources: Vec<ResourceStep>,
    /// What is allowed from then on, and what is not any more.
    pub permissions: Vec<Permission>,
    /// Objects that Helm deletes.
    pub deleted: Vec<Deletion>,
    /// Objects that leave the release and stay in the cluster.
    pub kept: Vec<ObjectKey>,
    /// Changes that the API server refuses.
    pub refused: Vec<Refusal>,
    /// What differs at every render, and so changes with every upgrade.
    pub volatile: Vec<Volatile>,
    /// What changes in the values.
    pub values: ValuesChanges,
}

/// A container gets another image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageStep {
    /// Which object.
    pub key: ObjectKey,
    /// Which container.
    pub container: Box<str>,
    /// It runs before the others.
    pub init: bool,
    /// The old image; none for a new container.
    pub from: Option<Box<str>>,
    /// The new image; none for a container that goes.
    pub to: Option<Box<str>>,
    /// How far the step goes, where both tags can be compared.
    pub size: Option<Size>,
}

/// How far the step between two tags goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// To a newer version.
    Up(Bump),
    /// To an older version.
    Down(Bump),
}

/// An object gets another number of pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaStep {
    /// Which object.
    pub key: ObjectKey,
    /// The old number; none where it was left to the cluster.
    pub from: Option<u64>,
    /// The new number.
    pub to: Option<u64>,
}

/// A container gets another amount of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceStep {
    /// Which object.
    pub key: ObjectKey,
    /// Which container.
    pub container: Box<str>,
    /// `requests.cpu`, `limits.memory`.
    pub resource: Box<str>,
    /// The old amount.
    pub from: Option<Box<str>>,
    /// The new amount.
    pub to: Option<Box<str>>,
}

/// Something is allowed that was not, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// The role or binding.
    pub key: ObjectKey,
    /// It is allowed from then on.
    pub added: bool,
    /// The role or binding itself comes or goes.
    pub whole: bool,
    /// What.
    pub rule: RuleLine,
}

/// Helm deletes an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Which object.
    pub key: ObjectKey,
    /// What else goes with it.
    pub danger: Option<&'static str>,
}

/// The API server refuses the change of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which object.
    pub key: ObjectKey,
    /// Which field.
    pub path: &'static str,
    /// The old value, where it can be shown.
    pub from: Option<Box<str>>,
    /// The new value, where it can be shown.
    pub to: Option<Box<str>>,
}

pub(super) fn summary(
    pairs: &[Pair<'_>],
    volatile: Vec<Volatile>,
    values: ValuesChanges,
) -> Summary {
    let mut summary = Summary { volatile, values, ..Summary::default() };
    for pair in pairs {
        if let Some(gone) = pair.vanishes() {
            if gone.marks.keep {
                summary.kept.push(gone.key.clone());
                continue;
            }
            let danger = danger(&gone.key);
            summary.deleted.push(Deletion { key: gone.key.clone(), danger });
        }
        permissions(*pair, &mut summary.permissions);
        let Some(after) = pair.after else { continue };
        containers(pair.before, after, &mut summary);
        let Some(before) = pair.before else { continue };
        if before.facts.replicas != after.facts.replicas {
            summary.replicas.push(ReplicaStep {
                key: after.key.clone(),
                from: before.facts.replicas,
                to: after.facts.replicas,
            });
        }
        // Helm deletes a hook before it creates it again.
        if after.marks.hook.is_none() {
            refusals(before, after, &mut summary.refused);
        }
    }
    summary
}

fn containers(before: Option<&PreviewObject>, after: &PreviewObject, summary: &mut Summary) {
    let old = before.map_or(&[][..], |object| &object.facts.containers);
    let new = &after.facts.containers;
    let same =
        |one: &ContainerFacts, two: &ContainerFacts| one.name == two.name && one.init == two.init;
    let gone = old.iter().filter(|old| !new.iter().any(|new| same(old, new)));
    let both = new.iter().map(|new| (old.iter().find(|old| same(old, new)), Some(new)));
    for (old, new) in both.chain(gone.map(|old| (Some(old), None))) {
        let Some(container) = new.or(old) else { continue };
        let image = |container: Option<&ContainerFacts>| container.and_then(|c| c.image.clone());
        let (from, to) = (image(old), image(new));
        if from != to {
            let size = from.as_deref().zip(to.as_deref()).and_then(|(from, to)| size(from, to));
            summary.images.push(ImageStep {
                key: after.key.clone(),
                container: container.name.clone(),
                init: container.init,
                from,
                to,
                size,
            });
        }
        // What a new container asks for is no change of anything.
        if let (Some(old), Some(new)) = (old, new) {
            resources(&after.key, old, new, &mut summary.resources);
        }
    }
}

/// How far the step between two images goes.
fn size(from: &str, to: &str) -> Option<Size> {
    let (from, to) = (from.parse::<ImageReference>().ok()?, to.parse::<ImageReference>().ok()?);
    let (old, new) = (from.effective_tag()?, to.effective_tag()?);
    if old == new {
        let digests = from.digest().zip(to.digest())?;
        let same_place = from.repository() == to.repository();
        return (same_place && digests.0 != digests.1).then_some(Size::Up(Bump::Digest));
    }
    let (Reading::Version(old), Reading::Version(new)) = (read(&old), read(&new)) else {
        return None;
    };
    match old.compare(&new)? {
        Ordering::Less => Some(Size::Up(old.bump_to(&new))),
        Ordering::Greater => Some(Size::Down(new.bump_to(&old))),
        Ordering::Equal => None,
    }
}

fn resources(
    key: &ObjectKey,
    old: &ContainerFacts,
    new: &ContainerFacts,
    steps: &mut Vec<ResourceStep>,
) {
    let places: BTreeSet<_> = old.resources.keys().chain(new.resources.keys()).collect();
    for resource in places {
        let (from, to) = (old.resources.get(resource), new.resources.get(resource));
        let same = match (from, to) {
            (Some(from), Some(to)) => quantity::same(from, to),
            _ => false,
        };
        if !same {
            steps.push(ResourceStep {
                key: key.clone(),
                container: new.name.clone(),
                resource: resource.clone(),
                from: from.cloned(),
                to: to.cloned(),
            });
        }
    }
}

fn permissions(pair: Pair<'_>, found: &mut Vec<Permission>) {
    let rules = |object: Option<&PreviewObject>| -> BTreeSet<RuleLine> {
        object.map(|object| object.facts.rules.iter().cloned().collect()).unwrap_or_default()
    };
    let (old, new) = (rules(pair.before), rules(pair.after));
    let Some(object) = pair.after.or(pair.before) else { return };
    let whole = pair.before.is_none() || pair.after.is_none();
    for (rules, others, added) in [(&old, &new, false), (&new, &old, true)] {
        found.extend(rules.difference(others).map(|rule| Permission {
            key: object.key.clone(),
            added,
            whole,
            rule: rule.clone(),
        }));
    }
}

/// What else goes when an object is deleted.
fn danger(key: &ObjectKey) -> Option<&'static str> {
    match (&*key.group, &*key.kind) {
        ("", "PersistentVolumeClaim") => Some("its volume goes too, unless it is retained"),
        ("", "PersistentVolume") => Some("its data may go with it"),
        ("", "Namespace") => Some("everything in it goes too"),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            Some("every object of its kind goes too")
        }
        ("apps", "StatefulSet") => Some("its pods go; the claims that it made may stay"),
        _ => None,
    }
}

fn refusals(before: &PreviewObject, after: &PreviewObject, found: &mut Vec<Refusal>) {
    let field = |object: &'_ PreviewObject, path: &str| -> Option<Fixed> {
        object.facts.fixed.iter().find(|field| field.path == path).cloned()
    };
    let paths: BTreeSet<&'static str> =
        [before, after].iter().flat_map(|object| &object.facts.fixed).map(|f| f.path).collect();
    for path in paths {
        let (old, new) = (field(before, path), field(after, path));
        if is_refused(old.as_ref(), new.as_ref(), before.facts.locked) {
            let shown = |field: Option<Fixed>| field.and_then(|field| field.shown);
            found.push(Refusal { key: after.key.clone(), path, from: shown(old), to: shown(new) });
        }
    }
    if before.facts.locked && !after.facts.locked {
        let (from, to) = (Some("true".into()), Some("false".into()));
        found.push(Refusal { key: after.key.clone(), path: "immutable", from, to });
    }
}

fn is_refused(old: Option<&Fixed>, new: Option<&Fixed>, locked: bool) -> bool {
    if old.map(|field| &field.fingerprint) == new.map(|field| &field.fingerprint) {
        return false;
    }
    let rules = [old, new].map(|field| field.map(|field| &field.rule));
    if rules.contains(&Some(&FixedRule::Free)) || rules[1] == Some(&FixedRule::FreeAfter) {
        return false;
    }
    let Some(rule) = rules[0].or(rules[1]) else { return false };
    match rule {
        FixedRule::Always | FixedRule::FreeAfter => true,
        FixedRule::WhenLocked => locked,
        FixedRule::OnceSet => old.is_some(),
        FixedRule::ToAnother => new.is_some(),
        FixedRule::Shrinking => {
            let amount = |field: Option<&Fixed>| quantity::parse(field?.shown.as_deref()?);
            amount(old).zip(amount(new)).is_none_or(|(old, new)| new < old)
        }
        FixedRule::Free => false,
    }
}
