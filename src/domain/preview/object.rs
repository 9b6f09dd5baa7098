//! An object of a rendered chart: what tells it from others, its body, and the facts that a summary
//! needs, already read out of it.

use std::collections::BTreeMap;
use std::fmt;

use super::tree::{Fingerprint, Tree};
use crate::domain::platform::Placement;

/// What tells an object from every other of a release. As for Helm, the version of the API is no
/// part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The API group; empty for the core.
    pub group: Box<str>,
    /// The kind.
    pub kind: Box<str>,
    /// The namespace; none for what belongs to the cluster.
    pub namespace: Option<Box<str>>,
    /// The name.
    pub name: Box<str>,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(formatter, "{} {namespace}/{}", self.kind, self.name),
            None => write!(formatter, "{} {}", self.kind, self.name),
        }
    }
}

/// An object of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewObject {
    /// What tells it from others.
    pub key: ObjectKey,
    /// Group and version, as `apps/v1`.
    pub api_version: Box<str>,
    /// The template that it comes from; empty where the manifest does not say.
    pub template: Box<str>,
    /// What it is besides an object.
    pub marks: Marks,
    /// Its normal form, secret values sealed.
    pub body: Tree,
    /// What a summary says of it.
    pub facts: Facts,
}

/// What an object is besides an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// When Helm runs it (`pre-upgrade,post-install`), if it is a hook.
    pub hook: Option<Box<str>>,
    /// Helm leaves it in the cluster (`helm.sh/resource-policy: keep`).
    pub keep: bool,
    /// It defines a kind.
    pub crd: bool,
}

/// What a summary needs of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Containers of its pods, the init containers first.
    pub containers: Vec<ContainerFacts>,
    /// Images that its pods mount as volumes.
    pub volumes: Vec<Box<str>>,
    /// Where its pods may land.
    pub placement: Placement,
    /// The pull secrets that its pods name.
    pub pull_secrets: Vec<Box<str>>,
    /// The service account of its pods, where one is named.
    pub service_account: Option<Box<str>>,
    /// How many pods it wants, where it says so.
    pub replicas: Option<u64>,
    /// What it allows, and to whom.
    pub rules: Vec<RuleLine>,
    /// What the API server does not let anyone change.
    pub fixed: Vec<Fixed>,
    /// `immutable: true` of a `ConfigMap` or Secret.
    pub locked: bool,
}

/// A container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerFacts {
    /// Its name.
    pub name: Box<str>,
    /// It runs before the others.
    pub init: bool,
    /// Its image as written.
    pub image: Option<Box<str>>,
    /// Amounts by their place: `requests.cpu`, `limits.memory`.
    pub resources: BTreeMap<Box<str>, Box<str>>,
}

/// A line of what is allowed: `apps/deployments: get, list`, or
/// `ServiceAccount shop/web gets ClusterRole view`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleLine {
    /// The line.
    pub text: Box<str>,
    /// What about it needs a second look.
    pub dangers: Vec<Danger>,
}

/// Why a permission needs a second look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    /// Every verb, every resource or every group.
    Wildcard,
    /// Secrets can be read or written.
    Secrets,
    /// More permissions can be had by it.
    Escalation,
}

impl Danger {
    /// A stable word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wildcard => "wildcard",
            Self::Secrets => "secrets",
            Self::Escalation => "escalation",
        }
    }
}

/// A field that the API server does not let anyone change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// Its place: `spec.selector`.
    pub path: &'static str,
    /// Its value where that is short and no secret.
    pub shown: Option<Box<str>>,
    /// Tells whether it is the same.
    pub fingerprint: Fingerprint,
    /// Which changes are refused.
    pub rule: FixedRule,
}

/// Which changes of a fixed field are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixedRule {
    /// Every change.
    Always,
    /// Every change, once the object is `immutable: true`.
    WhenLocked,
    /// A change of what was set; the cluster chose a value where nothing was.
    OnceSet,
    /// A change to a value; leaving it out keeps what is there.
    ToAnother,
    /// An amount that shrinks.
    Shrinking,
    /// None, in whichever of the two objects this stands: its other fields make it free.
    Free,
    /// None, when the new object has this.
    FreeAfter,
}
