//! The real servers, as tests see them.
//!
//! [`bed`] starts them on first use and hands out what a test needs: a [`Namespace`] of its own, the registries to push
//! images to, what the API server was asked ([`Audit`]), and runs of the program against all of it ([`SafeUpdate`]).
//! Helpers panic with what they saw: in a test there is nobody to hand an error to.

mod audit;
mod chart_server;
mod fault;
mod fixture;
mod helm;
mod images;
mod namespace;
mod node;
pub(crate) mod picture;
mod process;
mod program;
mod proxy;
mod registry;
mod relay;
mod tls;
mod turn;
mod under;
mod webhook;

pub(crate) use audit::{Audit, Request};
pub(crate) use chart_server::ChartServer;
pub(crate) use fault::{Answer, Fault};
pub(crate) use fixture::{Bed, bed};
pub(crate) use helm::{Chart, Helm, MAJORS, both, find_tool, shown, sure, tool};
pub(crate) use images::Image;
pub(crate) use namespace::{Namespace, deployment};
pub(crate) use node::{Behaviour, Node};
pub(crate) use process::{Running, is_alive, kill, within};
pub(crate) use program::{Run, SafeUpdate};
pub(crate) use proxy::Proxy;
pub(crate) use registry::Registry;
pub(crate) use turn::alone;
pub(crate) use under::Wrapper;
pub(crate) use webhook::{Admission, Review, Verdict, Webhook};
