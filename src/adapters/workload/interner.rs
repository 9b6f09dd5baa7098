//! One copy of each text that repeats: namespaces, labels, images, pull identities. Ten thousand
//! workloads share a few hundred of them. Never holds names of objects, which do not repeat.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::domain::inventory::{PullIdentity, SlotImage};

/// Hands out shared values; lives as long as one reading of an inventory.
#[derive(Debug, Default)]
pub struct Interner {
    texts: HashSet<Arc<str>>,
    images: HashMap<Arc<str>, SlotImage>,
    pulls: HashSet<Arc<PullIdentity>>,
}

impl Interner {
    /// The shared copy of a text.
    pub fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&shared));
        shared
    }

    /// The image that a text names, parsed once.
    pub fn image(&mut self, written: &str) -> SlotImage {
        if let Some(known) = self.images.get(written) {
            return known.clone();
        }
        let image = SlotImage::read(written);
        self.images.insert(written.into(), image.clone());
        image
    }

    /// The shared copy of an identity.
    pub fn pull(&mut self, identity: PullIdentity) -> Arc<PullIdentity> {
        if let Some(known) = self.pulls.get(&identity) {
            return Arc::clone(known);
        }
        let shared = Arc::new(identity);
        self.pulls.insert(Arc::clone(&shared));
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_value() {
        let mut interner = Interner::default();
        assert!(Arc::ptr_eq(&interner.text("prod"), &interner.text("prod")));
        let images = [interner.image("nginx:1.25"), interner.image("nginx:1.25")];
        let [SlotImage::Reference(first), SlotImage::Reference(second)] = images else {
            panic!("a valid reference was refused");
        };
        assert!(Arc::ptr_eq(&first, &second));
        let identity = |interner: &mut Interner| PullIdentity {
            namespace: interner.text("prod"),
            secrets: Vec::new(),
            service_account: interner.text("default"),
        };
        let (first, second) = (identity(&mut interner), identity(&mut interner));
        assert!(Arc::ptr_eq(&interner.pull(first), &interner.pull(second)));
    }
}
