//! What the lists of an inventory give, and what becomes of those that fail: warnings as long as
//! anything can be seen, else an error.

use std::collections::BTreeMap;

use crate::domain::inventory::{Kind, Warning, Workload};
use crate::ports::DiscoverError;

use super::capacity::Template;
use super::client::RequestError;
use super::cluster::Cluster;
use super::list::Resource;
use super::reach::Gap;
use super::running::Reports;

/// Answers to a question that is malformed, which only selectors can make it.
const SELECTOR: [u16; 2] = [400, 422];

/// A workload, and what other objects refer to it by.
pub(super) struct Found {
    pub(super) workload: Workload,
    pub(super) template: Template,
}

/// What is gathered on the way to an inventory.
#[derive(Default)]
pub(super) struct Gathering {
    pub(super) found: Vec<Found>,
    pub(super) reports: Option<Reports>,
    pub(super) gaps: BTreeMap<Gap, Vec<Resource>>,
    pub(super) warnings: Vec<Warning>,
}

impl Gathering {
    pub(super) fn gap(&mut self, gap: Option<Gap>, resource: Resource) {
        if let Some(gap) = gap {
            self.gaps.entry(gap).or_default().push(resource);
        }
    }

    /// What is good to have and could not be had.
    pub(super) fn without(&mut self, resource: Resource, error: &RequestError, consequence: &str) {
        let (code, what) = if error.is_forbidden() {
            ("forbidden", format!("not allowed to `list {resource}`"))
        } else {
            ("unavailable", format!("{resource} could not be listed: {error}"))
        };
        self.warnings.push(Warning {
            code,
            message: format!("{what}; {consequence}"),
            object: Some(resource.to_string()),
        });
    }

    /// What becomes of kinds that could not be listed.
    pub(super) fn judge(
        &mut self,
        cluster: &Cluster,
        failures: &[(Kind, RequestError)],
        place: &str,
    ) -> Result<(), DiscoverError> {
        let refused = |error: &RequestError| {
            error.code() == Some(401) || matches!(error, RequestError::Credentials(_))
        };
        if let Some((_, error)) = failures.iter().find(|(_, error)| refused(error)) {
            return Err(cluster.trouble(error, "workloads"));
        }
        if failures.len() == Kind::ALL.len() {
            // What is wrong with the question or the server says more than a missing permission.
            let worst = failures.iter().min_by_key(|(_, error)| match error.code() {
                Some(code) if SELECTOR.contains(&code) => 0,
                Some(403) => 2,
                _ => 1,
            });
            if let Some((_, error)) = worst {
                return Err(cluster.trouble(error, &format!("workloads {place}")));
            }
        }
        let with = |codes: &[u16]| {
            let resources = failures
                .iter()
                .filter(|(_, error)| error.code().is_some_and(|code| codes.contains(&code)))
                .map(|(kind, _)| Resource::of(*kind).to_string());
            resources.collect::<Vec<_>>()
        };
        let forbidden = with(&[403]);
        if !forbidden.is_empty() {
            self.warnings.push(Warning {
                code: "forbidden",
                message: format!(
                    "not allowed to `list {}`; they are left out",
                    forbidden.join(", ")
                ),
                object: one(forbidden),
            });
        }
        let selector = with(&SELECTOR);
        if !selector.is_empty() {
            let list = selector.join(", ");
            self.warnings.push(Warning {
                code: "selector",
                message: format!(
                    "{list}: the server does not know this selector for them; they are left out"
                ),
                object: one(selector),
            });
        }
        for (kind, error) in failures {
            if !error.code().is_some_and(|code| code == 403 || SELECTOR.contains(&code)) {
                self.without(Resource::of(*kind), error, "this kind is left out");
            }
        }
        Ok(())
    }
}

fn one(mut names: Vec<String>) -> Option<String> {
    names.pop().filter(|_| names.is_empty())
}
