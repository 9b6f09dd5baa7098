//! Candidates and the directive, and how they are written. What cannot stand on a command line as it
//! is, is no candidate: some shells evaluate what they are given, and names come from servers.

use std::fmt::Write as _;

use clap::builder::StyledStr;

use super::place::Spot;
use crate::cli::render::escape::escape;

/// Something that the shell may put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) value: String,
    /// One line, or nothing.
    pub(super) description: String,
}

impl Candidate {
    pub(super) fn new(value: impl Into<String>, description: impl Into<String>) -> Self {
        Self { value: value.into(), description: description.into() }
    }

    pub(super) fn plain(value: impl Into<String>) -> Self {
        Self::new(value, "")
    }

    /// With the help that clap has of it.
    pub(super) fn about(value: impl Into<String>, help: Option<&StyledStr>) -> Self {
        Self::new(value, help.map(ToString::to_string).unwrap_or_default())
    }
}

/// What the shell is to do beside: a set of Cobra's bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Directive(pub(super) u8);

impl Directive {
    /// Names of files, where no candidate fits.
    pub(super) const FILES: Self = Self(0);
    /// No names of files.
    pub(super) const CLOSED: Self = Self(4);
    /// Names of directories.
    pub(super) const DIRECTORIES: Self = Self(16);
    /// No names of files, and the order means something.
    pub(super) const ORDERED: Self = Self(4 | 32);

    /// The same, and the word goes on behind what is put in.
    pub(super) fn without_space(self) -> Self {
        Self(self.0 | 2)
    }
}

/// An answer. Empty, it says that nothing fits here, files included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) candidates: Vec<Candidate>,
    pub(super) directive: Directive,
}

impl Default for Reply {
    fn default() -> Self {
        Self::closed(Vec::new())
    }
}

impl Reply {
    pub(super) fn closed(candidates: Vec<Candidate>) -> Self {
        Self { candidates, directive: Directive::CLOSED }
    }

    pub(super) fn of(directive: Directive) -> Self {
        Self { candidates: Vec::new(), directive }
    }

    /// Leaves out what does not go on from the word under the cursor.
    pub(super) fn keep_beginning_with(&mut self, spot: &Spot<'_>, word: &str) {
        let (before, partial) = match spot {
            Spot::Value { before, partial, .. } => (*before, *partial),
            Spot::Flag | Spot::Word { .. } | Spot::Nowhere => ("", word),
        };
        self.candidates.retain(|candidate| candidate.value.starts_with(partial));
        for candidate in &mut self.candidates {
            candidate.value.insert_str(0, before);
        }
    }

    /// As the protocol has it.
    pub(super) fn written(&self, described: bool) -> String {
        let mut text = String::new();
        for candidate in self.candidates.iter().filter(|candidate| is_plain(&candidate.value)) {
            text.push_str(&candidate.value);
            let line = candidate.description.lines().next().unwrap_or_default().trim();
            if described && !line.is_empty() {
                text.push('\t');
                text.push_str(&escape(line));
            }
            text.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, ":{}", self.directive.0);
        text
    }
}

/// Whether no shell reads anything but the text itself into it. A line that begins with `:` could be
/// taken for the directive, and one that begins with `_activeHelp_` for a message.
fn is_plain(value: &str) -> bool {
    let plain = |letter: char| letter.is_alphanumeric() || "-._/:@+=,%".contains(letter);
    !value.is_empty()
        && !value.starts_with([':', '='])
        && !value.starts_with("_activeHelp_")
        && value.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_lines_and_a_directive() {
        let reply = Reply::closed(vec![
            Candidate::new("deploy/web", "first\nsecond"),
            Candidate::new("deploy/db:main", "red \u{1b}[31m\tand\u{7}"),
            Candidate::plain("arn:aws:eks:eu-1:1:cluster/a@b+c=1,2"),
        ]);
        assert_eq!(
            reply.written(true),
            "deploy/web\tfirst\ndeploy/db:main\tred ^[[31m and\\u{7}\narn:aws:eks:eu-1:1:cluster/a@b+c=1,2\n:4\n"
        );
        assert_eq!(
            reply.written(false),
            "deploy/web\ndeploy/db:main\narn:aws:eks:eu-1:1:cluster/a@b+c=1,2\n:4\n"
        );
        assert_eq!(Reply::of(Directive::FILES).written(true), ":0\n");
    }

    #[test]
    fn nothing_that_a_shell_would_read_otherwise_is_offered() {
        for value in [
            "",
            "a b",
            "$(reboot)",
            "`reboot`",
            "a\nb",
            "a\tb",
            "a;b",
            "a'b",
            "a\"b",
            "*",
            "~a",
            "!a",
            ":4",
            "\u{202e}a",
            "\u{1b}[31m",
            "_activeHelp_ x",
        ] {
            let reply = Reply::closed(vec![Candidate::plain(value)]);
            assert_eq!(reply.written(true), ":4\n", "{value:?}");
        }
    }
}
