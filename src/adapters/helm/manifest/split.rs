//! A manifest to its documents: Helm writes `---` on a line of its own before each, then the template
//! that it comes from.

/// What Helm writes before the name of a template.
const SOURCE: &str = "# Source: ";

/// A document of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Document<'a> {
    /// Its text, without the line before it.
    pub(super) text: &'a str,
    /// The template that it comes from; empty when nothing says so.
    pub(super) template: &'a str,
    /// How many lines of the manifest stand before it.
    pub(super) lines_before: u32,
}

impl Document<'_> {
    /// The one-based line of the manifest at which its content begins.
    pub(super) fn first_line(&self) -> u32 {
        let blank = self.text.lines().take_while(|line| !is_content(line)).count();
        self.lines_before.saturating_add(u32::try_from(blank).unwrap_or(u32::MAX)).saturating_add(1)
    }
}

/// The documents that hold more than comments.
pub(super) fn split(text: &str) -> Vec<Document<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    let (mut start, mut start_line) = (0, 0);
    let (mut at, mut line_number) = (0, 0_u32);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        line_number = line_number.saturating_add(1);
        if line.trim_end() == "---" {
            documents.extend(document(&text[start..at], start_line));
            (start, start_line) = (end, line_number);
        }
        at = end;
    }
    documents.extend(document(&text[start..], start_line));
    documents
}

fn document(text: &str, lines_before: u32) -> Option<Document<'_>> {
    text.lines().any(is_content).then(|| {
        let comments = text.lines().take_while(|line| !is_content(line));
        let template =
            comments.filter_map(|line| line.strip_prefix(SOURCE)).last().unwrap_or_default();
        Document { text, template: template.trim(), lines_before }
    })
}

fn is_content(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}
