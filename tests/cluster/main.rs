//! Tests against real servers: a Kubernetes control plane and registries, started once per run by `tests/bed`.
//!
//! `tests/bed/README.md` says how to get the servers; without them every test here fails and says so.

#[path = "../bed/mod.rs"]
mod bed;

mod apply;
mod bed_faults;
mod bed_pods;
mod bed_works;
mod completion;
mod container_image;
mod credentials;
mod helm;
mod installs;
mod kinds;
mod krew;
mod manifest;
mod owners;
mod platforms;
mod plugin;
mod rbac;
mod real_node;
mod registry;
mod releases;
mod rows;
mod script;
mod selection;
mod server_trouble;
mod shells;
mod writing;
