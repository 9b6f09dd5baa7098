//! The machine output of `plan` and `list`, as the tests of this folder look at it.

use serde_json::Value;

use crate::bed::Run;

/// What a run printed with `-o json`.
#[derive(Debug)]
pub(crate) struct Rows(Value);

/// One target of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a>(&'a Value);

impl Rows {
    /// Reads what a run printed that ended well.
    #[track_caller]
    pub(crate) fn of(run: &Run) -> Self {
        Self(run.exits(0).json())
    }

    /// Reads what a run printed, however it ended.
    #[track_caller]
    pub(crate) fn printed(run: &Run) -> Self {
        Self(run.json())
    }

    /// All targets, of a plan or of a list.
    pub(crate) fn all(&self) -> impl Iterator<Item = Row<'_>> {
        let of = |key: &str| self.0[key].as_array().into_iter().flatten();
        of("proposals").chain(of("targets")).map(Row)
    }

    /// The names of all targets in the order of the output, without their namespaces.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.all().map(Row::name).collect()
    }

    /// The target of this name, which is written without its namespace.
    #[track_caller]
    pub(crate) fn row(&self, name: &str) -> Row<'_> {
        self.all()
            .find(|row| row.name() == name)
            .unwrap_or_else(|| panic!("no {name} in {:#}", self.0))
    }

    /// All warnings, one a line.
    pub(crate) fn warnings(&self) -> String {
        let warnings = self.0["warnings"].as_array().into_iter().flatten();
        let messages = warnings.filter_map(|warning| warning["message"].as_str());
        messages.collect::<Vec<_>>().join("\n")
    }

    /// How many targets the summary counts under a word.
    pub(crate) fn count(&self, word: &str) -> u64 {
        self.0["summary"][word].as_u64().unwrap_or_default()
    }
}

impl<'a> Row<'a> {
    /// The name in full.
    pub(crate) fn id(self) -> &'a str {
        self.text("/target/id")
    }

    /// The name without the namespace.
    pub(crate) fn name(self) -> &'a str {
        let id = self.id();
        id.split_once('/').map_or(id, |(_, name)| name)
    }

    /// The text at a JSON pointer; empty for null.
    pub(crate) fn text(self, pointer: &str) -> &'a str {
        let value = self.0.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    /// Decision and proposed tag in short: `held 2.0.0`, or `blocked` where nothing is proposed.
    pub(crate) fn decision(self) -> String {
        let decision = self.text("/decision");
        match self.text("/candidate/tag") {
            "" => decision.to_owned(),
            tag => format!("{decision} {tag}"),
        }
    }

    /// All reasons, one a line.
    pub(crate) fn reasons(self) -> String {
        let reasons = self.0["reasons"].as_array().into_iter().flatten();
        let lines = reasons.filter_map(Value::as_str);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Fails unless the decision is this one and the reasons have these words.
    #[track_caller]
    pub(crate) fn is(self, decision: &str, words: &str) -> Self {
        assert!(
            self.decision() == decision && self.reasons().contains(words),
            "wanted {decision:?} because of {words:?}: {:#}",
            self.0
        );
        self
    }
}
