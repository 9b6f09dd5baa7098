//! A stream of YAML to its documents, by their markers, so that each is read for itself: within its
//! own limits, and without one that is broken hiding the others.
//!
//! A marker is `---` or `...` at the beginning of a line, followed by white space or the end of the
//! line; YAML allows neither inside a scalar.

/// One document of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Document<'a> {
    /// Its text, the marker before it included.
    pub(super) text: &'a str,
    /// How many lines stand before it in the file.
    pub(super) lines_before: u32,
}

impl Document<'_> {
    /// The one-based line of the file at which its content begins.
    pub(super) fn first_line(&self) -> u32 {
        let blank = self.text.lines().take_while(|line| !is_content(line)).count();
        self.lines_before + u32::try_from(blank).unwrap_or(u32::MAX - 1) + 1
    }

    fn has_content(&self) -> bool {
        self.text.lines().any(is_content)
    }
}

/// The documents that have any content.
pub(super) fn split(text: &str) -> Vec<Document<'_>> {
    let mut documents = Vec::new();
    let (mut start, mut first_line) = (0, 0);
    let (mut at, mut line_number) = (0, 0_u32);
    // Directives (`%YAML 1.2`) and comments belong to the marker after them.
    let mut open = false;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if marker(line, "...") {
            documents.push(Document { text: &text[start..at], lines_before: first_line });
            (start, first_line, open) = (end, line_number + 1, false);
        } else if marker(line, "---") {
            if open {
                documents.push(Document { text: &text[start..at], lines_before: first_line });
                (start, first_line) = (at, line_number);
            }
            open = true;
        } else if is_content(line) && !line.starts_with('%') {
            open = true;
        }
        (at, line_number) = (end, line_number + 1);
    }
    documents.push(Document { text: &text[start..], lines_before: first_line });
    documents.retain(Document::has_content);
    documents
}

fn marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn is_content(line: &str) -> bool {
    let line = line.strip_prefix("---").filter(|_| marker(line, "---")).unwrap_or(line).trim();
    !line.is_empty() && !line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_found_by_their_markers() {
        let check = |text: &str, expected: &[(u32, &str)]| {
            let found: Vec<_> = split(text)
                .iter()
                .map(|document| (document.first_line(), document.text.trim()))
                .collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("", &[]);
        check("# nothing\n---\n# here\n---\n", &[]);
        check("a: 1\n", &[(1, "a: 1")]);
        check("a: 1\n---\nb: 2\n", &[(1, "a: 1"), (3, "---\nb: 2")]);
        check("---\na: 1\n---\n\n# c\nb: 2\n", &[(2, "---\na: 1"), (6, "---\n\n# c\nb: 2")]);
        check("a: 1\r\n---\r\nb: 2\r\n", &[(1, "a: 1"), (3, "---\r\nb: 2")]);
        check("a: 1\n--- # two\nb: 2", &[(1, "a: 1"), (3, "--- # two\nb: 2")]);
        check("a: 1\n--- {b: 2}\n", &[(1, "a: 1"), (2, "--- {b: 2}")]);
        check("a: 1\n...\n---\nb: 2\n", &[(1, "a: 1"), (4, "---\nb: 2")]);
        check("%YAML 1.2\n---\na: 1\n", &[(1, "%YAML 1.2\n---\na: 1")]);
        check("a: |\n  ---\n  text\n", &[(1, "a: |\n  ---\n  text")]);
        check("a: 1\n----\n", &[(1, "a: 1\n----")]);
        check("---\n---\na: 1\n", &[(3, "---\na: 1")]);
    }
}
