//! Kubernetes objects as they are written, in a cluster's answers and in manifests alike: what of
//! them is read, who owns them, where their rollout stands, and how they become workloads.

mod decode;
mod interner;
mod owner;
mod rollout;
mod text;
mod wire;

pub use decode::{ARCHITECTURE, OS, is_part_of_a_listed_workload, kind_of, workload};
pub use interner::Interner;
pub(in crate::adapters) use owner::SYSTEM_NAMESPACES;
pub use owner::controller;
pub use text::{Annotations, Pairs, PlacedText, Text, WireAmount};
pub use wire::{
    WireClaim, WireCondition, WireContainer, WireContainerStatus, WireImageVolume, WireJobTemplate,
    WireManagedFields, WireMetadata, WireNamed, WireObject, WireOwnerReference, WireRequirement,
    WireRollingUpdate, WireSelector, WireSpec, WireStatus, WireStrategy, WireTemplate, WireVolume,
};
