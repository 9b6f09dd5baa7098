//! What every reader of YAML shares: limits, the place of an error, the excerpt that shows it, and
//! the nearest known word. Owns no format; never reads a file.
//!
//! Excerpts and messages are free of control characters: they quote foreign text.

use std::fmt::Write as _;

use serde_yaml::{Error, Location, Options};

/// Nesting beyond this is refused; the deepest built-in Kubernetes object stays below 30.
const DEPTH_MAX: usize = 64;
/// Nodes of one document; a list of all workloads of a large cluster has a few million. Nothing
/// of them is kept, and the size of the text bounds them as well.
const NODES_MAX: usize = 10_000_000;
/// Nodes that aliases may add to one document.
const ALIAS_NODES_MAX: usize = 100_000;
/// The longest excerpt of one line, in characters.
const EXCERPT_MAX: usize = 120;

/// A place in a text, both one-based; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The line.
    pub(crate) line: u32,
    /// The column.
    pub(crate) column: u32,
}

impl Place {
    /// The place of a value; none when the parser does not know it.
    pub(crate) fn of(location: Location) -> Option<Self> {
        let place = Self {
            line: u32::try_from(location.line()).unwrap_or(u32::MAX),
            column: u32::try_from(location.column()).unwrap_or(u32::MAX),
        };
        (place.line > 0).then_some(place)
    }
}

/// What is wrong with a text, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where; none when it concerns the text as a whole.
    pub(crate) place: Option<Place>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// The limits under which foreign YAML is read. Duplicate keys are errors, aliases and nesting are
/// bounded.
pub(crate) fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: DEPTH_MAX,
            enforce_alias_anchor_ratio: false,
            max_nodes: NODES_MAX,
            max_events: NODES_MAX * 2,
            max_total_scalar_bytes: 64 * 1024 * 1024,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: ALIAS_NODES_MAX,
        },
        with_snippet: false,
    }
}

/// Puts an error of the parser into words of our own where the parser's are meant for developers.
/// The text is the one that was parsed.
pub(crate) fn fault(error: &Error, text: &str) -> Fault {
    let error = error.without_snippet();
    let mut hint = None;
    let message = match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            hint = Some(known_words(field, expected));
            format!("unknown key {field:?}")
        }
        Error::SerdeMissingField { field, .. } => format!("the key {field:?} is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            hint = Some("keep one of them".into());
            format!("the key {key:?} stands here twice")
        }
        Error::DuplicateMappingKey { key: None, .. } => "a key stands here twice".into(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            hint = Some(format!(
                "at most {DEPTH_MAX} levels, {NODES_MAX} values and {ALIAS_NODES_MAX} values by aliases"
            ));
            "too large or too deeply nested".into()
        }
        other => bare(&other.to_string()),
    };
    if message.contains("did not find expected") {
        hint = Some("check the indentation here and on the lines above".into());
    }
    let place = error.location().and_then(Place::of);
    // The parser stops at the last thing it understood; the tab itself is what has to go.
    if message.contains("tab")
        && let Some(tab) = place.and_then(|place| indenting_tab(text, place))
    {
        return Fault {
            place: Some(tab),
            message: "a tab cannot indent".into(),
            hint: Some("indent with spaces".into()),
        };
    }
    Fault { place, message: visible(&message), hint }
}

/// The next line that a tab indents, from a place on.
fn indenting_tab(text: &str, from: Place) -> Option<Place> {
    (1_u32..).zip(text.lines()).skip_while(|(line, _)| *line < from.line).find_map(
        |(line, content)| {
            let indent = content.len() - content.trim_start_matches([' ', '\t']).len();
            let tab = content[..indent].find('\t')?;
            let column = u32::try_from(tab + 1).ok()?;
            Some(Place { line, column })
        },
    )
}

/// The parser's message without the place it appends, because the place is told apart.
fn bare(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message[..end].trim_end().to_owned()
}

/// The hint for a word that is none of the known ones.
pub(crate) fn known_words(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("known are {}", known.join(", ")),
    }
}

/// The known word that differs least, when it differs little enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let slip = (word.chars().count() / 3).clamp(1, 3);
    known
        .iter()
        .map(|candidate| (distance(&fold(word), &fold(candidate)), *candidate))
        .filter(|(distance, _)| *distance <= slip)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Case and word breaks are the commonest slips (`minimum_age`, `minimum-age`).
fn fold(word: &str) -> Vec<char> {
    word.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Levenshtein's distance with neighbours swapped counted once.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, one) in left.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let mut cost = (last[column] + usize::from(one != other))
                .min(last[column + 1] + 1)
                .min(next[column] + 1);
            let swapped =
                row > 0 && column > 0 && left[row - 1] == *other && right[column - 1] == *one;
            if swapped {
                cost = cost.min(before[column - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[right.len()]
}

/// The line of a place with a caret under it, the line before it for orientation.
pub(crate) fn excerpt(text: &str, place: Place) -> Option<String> {
    let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
    let lines: Vec<&str> = text.lines().skip(line.saturating_sub(1)).take(2).collect();
    let (shown, before) = match (line, lines.as_slice()) {
        (0, [shown, ..]) => (shown, None),
        (_, [before, shown]) => (shown, Some(before)),
        _ => return None,
    };
    let column = usize::try_from(place.column).ok()?.saturating_sub(1);
    // Long lines are cut around the caret; tabs become one space so that the caret fits.
    let from = column.saturating_sub(EXCERPT_MAX * 2 / 3);
    let cut = |line: &str| -> String {
        let cut: String = line.chars().skip(from).take(EXCERPT_MAX).collect();
        visible(&cut.replace('\t', " "))
    };
    let width = place.line.to_string().len();
    let mut excerpt = String::new();
    if let Some(before) = before.filter(|before| !before.trim().is_empty()) {
        let _ = writeln!(excerpt, "{:>width$} | {}", place.line - 1, cut(before));
    }
    let _ = writeln!(excerpt, "{} | {}", place.line, cut(shown));
    let _ = write!(excerpt, "{:width$} | {:>indent$}", "", "^", indent = column - from + 1);
    Some(excerpt)
}

/// Text in which control characters are visible and harmless.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\n' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised() {
        let known = ["actions", "minimumAge", "rules", "owners", "constraint"];
        for (word, near) in [
            ("action", Some("actions")),
            ("minimum-age", Some("minimumAge")),
            ("minimum_age", Some("minimumAge")),
            ("rulse", Some("rules")),
            ("Owners", Some("owners")),
            ("constriant", Some("constraint")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &known), near, "{word}");
        }
    }

    #[test]
    fn an_excerpt_points_at_the_place() {
        let text = "a: 1\nb:\tx\u{1b}[31m\n";
        let at = |line, column| excerpt(text, Place { line, column });
        assert_eq!(at(1, 4).as_deref(), Some("1 | a: 1\n  |    ^"));
        assert_eq!(at(2, 4).as_deref(), Some("1 | a: 1\n2 | b: x\\u{1b}[31m\n  |    ^"));
        assert_eq!(at(9, 1), None);
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let text = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let excerpt = excerpt(&text, Place { line: 1, column: 501 }).expect("an excerpt");
        let (line, caret) = excerpt.split_once('\n').expect("two lines");
        assert!(line.len() < 130);
        assert_eq!(line.find('X'), caret.find('^'));
    }

    #[test]
    fn bombs_and_depth_are_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let alias = format!("*a{}", level - 1);
            let _ = writeln!(bomb, "a{level}: &a{level} [{}]", [alias.as_str(); 10].join(", "));
        }
        let deep = "[".repeat(5_000);
        for text in [bomb.as_str(), deep.as_str()] {
            let read: Result<serde_json::Value, Error> =
                serde_yaml::from_str_with_options(text, options());
            assert!(read.is_err());
        }
    }
}
