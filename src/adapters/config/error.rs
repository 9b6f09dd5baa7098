//! What is wrong with a configuration: file, place, excerpt, and what to do.

use std::fmt;

use crate::adapters::yaml::{Fault, Place, excerpt, visible};

/// One thing that is wrong. `Display` is one line; the excerpt and the hint stand apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, or the name of the variable.
    pub file: String,
    /// One-based line, where it is known.
    pub line: Option<u32>,
    /// One-based column in characters, where it is known.
    pub column: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// The line that is meant, with a caret under the place.
    pub excerpt: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ConfigError {
    /// Something wrong with a file or a variable as a whole.
    pub(super) fn whole(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: visible(&file.into()),
            line: None,
            column: None,
            message: visible(&message.into()),
            excerpt: None,
            hint: None,
        }
    }

    /// Something wrong at a place of a text.
    pub(super) fn at(file: &str, text: &str, fault: Fault) -> Self {
        let Fault { place, message, hint } = fault;
        Self {
            line: place.map(|place: Place| place.line),
            column: place.map(|place| place.column),
            excerpt: place.and_then(|place| excerpt(text, place)),
            hint,
            ..Self::whole(file, message)
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(formatter, ":{column}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

/// Everything that was found wrong, at least one thing. `Display` shows it whole, with excerpts
/// and hints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            if number > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{error}")?;
            for line in error.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
                write!(formatter, "\n  {line}")?;
            }
            if let Some(hint) = &error.hint {
                write!(formatter, "\n  hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}
