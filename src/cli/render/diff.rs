//! Differences in colour, in the unified form that `patch` and every reviewer reads.

use super::escape::escape;
use super::styles::Styles;
use crate::domain::diff::{Diff, LineTag};

/// One object's or file's change. Empty when nothing changes.
pub fn unified(diff: &Diff, styles: &Styles) -> String {
    if diff.hunks.is_empty() {
        return String::new();
    }
    let name = escape(&diff.name);
    let mut text = String::new();
    let mut line = |style: owo_colors::Style, content: &str| {
        text.push_str(&style.style(content).to_string());
        text.push('\n');
    };
    line(styles.heading, &format!("--- {name}"));
    line(styles.heading, &format!("+++ {name}"));
    for hunk in &diff.hunks {
        line(styles.hunk, hunk.header.trim_end());
        for each in &hunk.lines {
            let (style, sign) = match each.tag {
                LineTag::Context => (owo_colors::Style::new(), ' '),
                LineTag::Removed => (styles.removed, '-'),
                LineTag::Added => (styles.added, '+'),
            };
            line(style, &format!("{sign}{}", escape(&each.text)));
        }
    }
    text
}
