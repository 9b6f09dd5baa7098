//! What an upgrade of a release would change: the objects of the stored manifest against those of the
//! newly rendered one. A summary for the decision, then every object's difference.
//!
//! Values only: reading manifests is the adapter's. Secret values come sealed and stay so.

mod changes;
mod ground;
mod object;
mod quantity;
mod secret;
mod summary;
mod text;
mod tree;
mod values;

#[cfg(test)]
mod tests;

pub use changes::{Change, ObjectChange};
pub use ground::{Fields, Ground, Mismatch, Mismatched, Volatile, ground, volatile};
pub use object::{
    ContainerFacts, Danger, Facts, Fixed, FixedRule, Marks, ObjectKey, PreviewObject, RuleLine,
};
pub use secret::{
    holds_secrets, is_private_key, looks_secret, names_secret, only_refers, secret_in,
};
pub use summary::{
    Deletion, ImageStep, Permission, Refusal, ReplicaStep, ResourceStep, Size, Summary,
};
pub use text::canonical;
pub use tree::{Fingerprint, Sealed, TextLine, Tree};
pub use values::{Moved, ValuesChanges, values_changes};

use changes::pairs;

/// What a preview is made of.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// The objects of the stored manifest.
    pub before: &'a [PreviewObject],
    /// The objects of the newly rendered one.
    pub after: &'a [PreviewObject],
    /// What differs whenever the new chart is rendered.
    pub volatile: Vec<Volatile>,
    /// What changes in the values.
    pub values: ValuesChanges,
    /// How many lines around a change are shown; none for all.
    pub context: Option<usize>,
}

/// What an upgrade changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What a decision needs.
    pub summary: Summary,
    /// Objects that change, in the order of their keys; those that stay the same are left out.
    pub objects: Vec<ObjectChange>,
    /// Hooks that change.
    pub hooks: Vec<ObjectChange>,
    /// Definitions of kinds that change.
    pub crds: Vec<ObjectChange>,
}

impl Preview {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.hooks.is_empty() && self.crds.is_empty()
    }
}

/// Compares two manifests.
pub fn preview(input: Input<'_>) -> Preview {
    let pairs = pairs(input.before, input.after);
    let mut preview = Preview {
        summary: summary::summary(&pairs, input.volatile, input.values),
        objects: Vec::new(),
        hooks: Vec::new(),
        crds: Vec::new(),
    };
    for pair in &pairs {
        let Some(change) = changes::change(*pair, input.context) else { continue };
        let Some(object) = pair.after.or(pair.before) else { continue };
        if object.marks.hook.is_some() {
            preview.hooks.push(change);
        } else if object.marks.crd {
            preview.crds.push(change);
        } else {
            preview.objects.push(change);
        }
    }
    preview
}
