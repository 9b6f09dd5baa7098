//! `artifacthub.io/changes`: a YAML list of texts, or of mappings with `kind` and `description`, in
//! an annotation. Bounded; what cannot be read says nothing.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// Lines that are kept.
const MAX_LINES: usize = 5;
/// Characters of one line.
const MAX_LINE: usize = 160;
/// A longer annotation is not read.
const MAX_TEXT: usize = 64 << 10;

/// One line of the list.
struct Line(String);

/// The lines of the annotation.
pub(super) fn read(annotation: &str) -> Vec<Arc<str>> {
    if annotation.len() > MAX_TEXT {
        return Vec::new();
    }
    let options = crate::adapters::yaml::options();
    let lines: Vec<Line> =
        serde_yaml::from_str_with_options(annotation, options).unwrap_or_default();
    let lines = lines.into_iter().map(|Line(text)| one_line(&text));
    lines.filter(|line| !line.is_empty()).take(MAX_LINES).map(Into::into).collect()
}

/// A text in one line, without control characters, cut where it is long.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((end, _)) = line.char_indices().nth(MAX_LINE) {
        line.truncate(end);
        line.push('…');
    }
    line
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Line;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, or a kind and a description")
            }

            fn visit_str<E>(self, text: &str) -> Result<Line, E> {
                Ok(Line(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
                let (mut kind, mut description) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "kind" => kind = map.next_value::<Option<String>>()?,
                        "description" => description = map.next_value::<Option<String>>()?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let description = description.unwrap_or_default();
                Ok(Line(match kind {
                    Some(kind) if !description.is_empty() => format!("{kind}: {description}"),
                    Some(_) | None => description,
                }))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(annotation: &str, lines: &[&str]) {
        let found = read(annotation);
        assert_eq!(found.iter().map(|line| &**line).collect::<Vec<_>>(), lines);
    }

    #[test]
    fn both_forms_are_read() {
        check("- Cool feature\n- Minor: bug fixed\n", &["Cool feature"]);
        check("- Cool feature\n- \"Minor: bug fixed\"\n", &["Cool feature", "Minor: bug fixed"]);
        check(
            "- kind: added\n  description: |\n    Cool\n    feature\n  links:\n  - name: x\n    url: https://x\n- kind: fixed\n- description: alone\n",
            &["added: Cool feature", "alone"],
        );
        check("[a, b, c, d, e, f]", &["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn what_is_no_list_says_nothing_and_what_is_long_is_cut() {
        for text in ["", "text", "a: b", "- [", "- *x", "{}"] {
            check(text, &[]);
        }
        let long = format!("- \"{}\\e[31m\"", "ä".repeat(400));
        let lines = read(&long);
        assert_eq!(lines[0].chars().count(), MAX_LINE + 1);
        assert!(read(&"- a\n".repeat(MAX_TEXT)).is_empty());
        check("- \"a\\e[31m\\u0007b\"", &["a [31m b"]);
    }
}
