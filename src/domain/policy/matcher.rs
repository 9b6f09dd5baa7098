//! What a rule applies to.

use std::collections::BTreeMap;
use std::str::FromStr;

use globset::{Glob, GlobMatcher};

use super::PolicyError;
use crate::domain::inventory::{Slot, Workload};

/// A shell-style pattern: `*` and `?` and `[…]`; `*` crosses `/`.
#[derive(Debug, Clone)]
pub struct Pattern(GlobMatcher);

impl Pattern {
    /// Whether a text matches as a whole.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl FromStr for Pattern {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Glob::new(text)
            .map(|glob| Self(glob.compile_matcher()))
            .map_err(|error| PolicyError(format!("{text:?} is no pattern: {}", error.kind())))
    }
}

/// What a rule applies to: all that is written has to match.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    /// Namespace.
    pub namespace: Option<Pattern>,
    /// Kind, as the API writes it.
    pub kind: Option<Pattern>,
    /// Name of the workload.
    pub name: Option<Pattern>,
    /// Name of the container.
    pub container: Option<Pattern>,
    /// Repository, as written or in full (`nginx`, `docker.io/library/nginx`), without the tag.
    pub image: Option<Pattern>,
    /// Labels of the workload.
    pub labels: BTreeMap<String, Pattern>,
}

impl Matcher {
    /// Whether a slot of a workload matches.
    pub fn matches(&self, workload: &Workload, slot: &Slot) -> bool {
        let one = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
        };
        one(&self.namespace, workload.namespace.as_deref().unwrap_or_default())
            && one(&self.kind, workload.kind.as_str())
            && one(&self.name, &workload.name)
            && one(&self.container, &slot.name)
            && self.image.as_ref().is_none_or(|pattern| {
                slot.image.reference().is_some_and(|reference| {
                    let repository = reference.repository();
                    pattern.matches(&repository.to_string())
                        || pattern.matches(&repository.familiar())
                })
            })
            && self.labels.iter().all(|(key, pattern)| {
                workload.labels.get(key.as_str()).is_some_and(|value| pattern.matches(value))
            })
    }
}
