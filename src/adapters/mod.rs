//! FLOOR 2: the only floor that knows a protocol. Each adapter converts to domain values at its
//! edge; siblings do not know each other, except that all of them may read objects through
//! [`workload`], YAML through `yaml`, hash with [`hash`], and write records in the form of [`record`].
//! [`charts`] stands on [`registry`]: charts lie in registries too.

pub mod charts;
pub mod clock;
pub mod config;
pub mod hash;
pub mod helm;
pub mod journal;
pub mod kubernetes;
pub mod manifests;
pub mod metrics;
pub mod probe;
pub mod record;
pub mod registry;
pub(crate) mod safe;
pub mod temporary;
pub mod workload;
pub(crate) mod yaml;
