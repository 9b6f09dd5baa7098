//! From the published tags of a repository to the ones that a target may move to.
//!
//! Owns the catalog, the rules that leave or drop a tag, and the choice by facts (platforms, age).
//! Never asks a registry: which facts are worth asking for is what the shortlist says.
//!
//! The way of a tag: [`Catalog`] (read once) → [`shortlist`] (per [`Bump`](super::version::Bump)
//! the highest few that the rules leave) → facts, fetched elsewhere → [`choose`] (per bump the
//! highest whose facts hold). [`verdicts`] tells of every tag what became of it; it follows the
//! same rules, so the two never disagree.

mod catalog;
mod choose;
mod explain;
mod rules;

#[cfg(test)]
mod tests;

pub use catalog::Catalog;
pub use choose::{Choice, Facts, Needs, PassedOver, choose, objection};
pub use explain::{Outcome, TagVerdict, verdicts};
pub use rules::{Candidate, Criteria, Level, LevelError, Reason, Shortlist, rank, shortlist};
