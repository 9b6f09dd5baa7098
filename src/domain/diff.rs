//! Differences between two texts as values: hunks of tagged lines. No colour; the faces add it.

use std::fmt::Write as _;

use similar::{Algorithm, ChangeTag, TextDiff};

use super::inventory::{SlotKind, Workload};

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineTag {
    /// It stays.
    Context,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// One line of a hunk, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What happens to it.
    pub tag: LineTag,
    /// Its text.
    pub text: String,
}

/// Neighbouring changes with the lines around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// `@@ -1,5 +1,5 @@`.
    pub header: String,
    /// The lines.
    pub lines: Vec<Line>,
}

/// The change of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// What the text is: an object, or a file.
    pub name: String,
    /// The changes; empty when the texts are equal.
    pub hunks: Vec<Hunk>,
}

/// Lines around a change, where nobody says otherwise.
pub const CONTEXT: usize = 3;

/// Compares two texts with three lines of context.
pub fn between(name: impl Into<String>, before: &str, after: &str) -> Diff {
    with_context(name, before, after, CONTEXT)
}

/// Compares two texts with so many lines of context.
pub fn with_context(name: impl Into<String>, before: &str, after: &str, context: usize) -> Diff {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(before, after);
    let mut unified = diff.unified_diff();
    let hunks = unified
        .context_radius(context)
        .iter_hunks()
        .map(|hunk| Hunk {
            header: hunk.header().to_string(),
            lines: hunk
                .iter_changes()
                .map(|change| Line {
                    tag: match change.tag() {
                        ChangeTag::Equal => LineTag::Context,
                        ChangeTag::Delete => LineTag::Removed,
                        ChangeTag::Insert => LineTag::Added,
                    },
                    text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
                })
                .collect(),
        })
        .collect();
    Diff { name: name.into(), hunks }
}

/// The part of an object that images stand in, as YAML. `image` gives the text for each slot by
/// its index. It holds names and images only, so no secret can be in it.
pub fn excerpt<'a>(workload: &Workload, image: impl Fn(usize) -> &'a str) -> String {
    use super::inventory::Kind;
    let mut text = format!("kind: {}\nspec:\n", workload.kind);
    let path: &[&str] = match workload.kind {
        Kind::Pod => &[],
        Kind::CronJob => &["jobTemplate", "spec", "template", "spec"],
        _ => &["template", "spec"],
    };
    let mut indent = 2;
    for step in path {
        let _ = writeln!(text, "{:indent$}{step}:", "");
        indent += 2;
    }
    for list in [
        SlotKind::InitContainer,
        SlotKind::Container,
        SlotKind::EphemeralContainer,
        SlotKind::Volume,
    ] {
        let mut slots =
            workload.slots.iter().enumerate().filter(|(_, slot)| slot.kind == list).peekable();
        if slots.peek().is_some() {
            let _ = writeln!(text, "{:indent$}{}:", "", list.as_str());
        }
        for (index, slot) in slots {
            let _ = writeln!(text, "{:indent$}- name: {}", "", slot.name);
            if list == SlotKind::Volume {
                let _ = writeln!(text, "{:indent$}  image:", "");
                let _ = writeln!(text, "{:indent$}    reference: {}", "", image(index));
            } else {
                let _ = writeln!(text, "{:indent$}  image: {}", "", image(index));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(diff: &Diff) -> Vec<String> {
        diff.hunks
            .iter()
            .flat_map(|hunk| &hunk.lines)
            .map(|line| {
                let sign = match line.tag {
                    LineTag::Context => ' ',
                    LineTag::Removed => '-',
                    LineTag::Added => '+',
                };
                format!("{sign}{}", line.text)
            })
            .collect()
    }

    #[test]
    fn a_changed_line_stands_between_its_neighbours() {
        let before = "a\nb\nc\nimage: x:1\nd\ne\nf\ng\n";
        let after = "a\nb\nc\nimage: x:2\nd\ne\nf\ng\n";
        let diff = between("object", before, after);
        assert_eq!(
            shown(&diff),
            [" a", " b", " c", "-image: x:1", "+image: x:2", " d", " e", " f"]
        );
        assert_eq!(diff.hunks[0].header, "@@ -1,7 +1,7 @@");
    }

    #[test]
    fn equal_texts_have_no_hunks_and_line_ends_are_not_shown() {
        assert!(between("x", "a\n", "a\n").hunks.is_empty());
        let diff = between("x", "a: 1\r\n", "a: 2\r\n");
        assert_eq!(shown(&diff), ["-a: 1", "+a: 2"]);
    }
}
