//! Where the candidates for an argument come from: what it is, decided by its name and its verb.

use clap::{Arg, ValueHint};

use super::Looking;
use super::names;
use super::place::Place;
use super::reply::{Candidate, Directive, Reply};

/// What an argument is filled from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The words that it takes.
    Words,
    /// Files.
    Files,
    /// Directories.
    Directories,
    /// The kubeconfig.
    Contexts,
    /// The kubeconfig.
    Clusters,
    /// The kubeconfig.
    Users,
    /// The cluster.
    Namespaces,
    /// Workloads and releases of the cluster.
    Targets,
    /// The same, where a plan file may stand too.
    TargetsAndFiles,
    /// Containers of the target that was typed.
    Containers,
    /// Releases, by their bare names.
    Releases,
    /// Published versions of the chart of the release that was typed.
    ChartVersions,
    /// The journal.
    Records,
    /// Nothing can be known.
    Nothing,
}

/// The levels have a parser of their own, which does not tell its words.
const LEVELS: [&str; 3] = ["patch", "minor", "major"];

impl Source {
    pub(super) fn of(verbs: &[&str], argument: &Arg) -> Self {
        match (verbs, argument.get_id().as_str()) {
            (_, "context") => Self::Contexts,
            (_, "cluster") => Self::Clusters,
            (_, "user") => Self::Users,
            (_, "namespace") => Self::Namespaces,
            (_, "container") => Self::Containers,
            (["apply" | "approve"], "subjects") => Self::TargetsAndFiles,
            (_, "targets" | "target" | "subject") if argument.is_positional() => Self::Targets,
            (["upgrade"], "release") => Self::Releases,
            (["upgrade"], "version") => Self::ChartVersions,
            (["rollback"], "to") | (["history", "show"], "record") => Self::Records,
            (_, "level") => Self::Words,
            _ if !argument.get_possible_values().is_empty() => Self::Words,
            _ => match argument.get_value_hint() {
                ValueHint::FilePath | ValueHint::AnyPath => Self::Files,
                ValueHint::DirPath => Self::Directories,
                _ => Self::Nothing,
            },
        }
    }
}

/// The reply for the value of an argument.
pub(super) fn reply(place: &Place<'_>, argument: &Arg, partial: &str, looking: Looking) -> Reply {
    match Source::of(&place.verbs, argument) {
        Source::Words => Reply::closed(words(argument, partial)),
        Source::Files => Reply::of(Directive::FILES),
        Source::Directories => Reply::of(Directive::DIRECTORIES),
        Source::Nothing => Reply::default(),
        asked => names::look_up(asked, place, partial, looking).unwrap_or_default(),
    }
}

/// The words that an argument takes; of several in one word the last.
fn words(argument: &Arg, partial: &str) -> Vec<Candidate> {
    let before = argument
        .get_value_delimiter()
        .and_then(|delimiter| Some(&partial[..=partial.rfind(delimiter)?]))
        .unwrap_or_default();
    if argument.get_id() == "level" {
        return LEVELS.map(Candidate::plain).to_vec();
    }
    argument
        .get_possible_values()
        .into_iter()
        .filter(|word| !word.is_hide_set())
        .map(|word| Candidate::about(format!("{before}{}", word.get_name()), word.get_help()))
        .collect()
}
