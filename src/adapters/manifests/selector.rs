//! Label selectors as kubectl takes them with `-l`, for objects that no server selects.
//!
//! ```text
//! selector    := requirement *( "," requirement )
//! requirement := key | "!" key
//!              | key ( "=" | "==" | "!=" ) value
//!              | key ( "in" | "notin" ) "(" value *( "," value ) ")"
//! ```
//!
//! As on the server, `!=` and `notin` hold for objects without the label as well.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

/// A selector that is not written as kubectl reads it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part:?} is no label requirement")]
pub(super) struct SelectorError {
    /// The part that cannot be read.
    part: String,
}

/// What labels have to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Selector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
}

impl Selector {
    /// Whether labels satisfy every requirement.
    pub(super) fn matches(&self, labels: &BTreeMap<Arc<str>, Arc<str>>) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.get(requirement.key.as_str());
            let among = |values: &[String]| {
                value.is_some_and(|value| values.iter().any(|one| **one == **value))
            };
            match &requirement.test {
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
                Test::In(values) => among(values),
                Test::NotIn(values) => !among(values),
            }
        })
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        split(text).into_iter().map(requirement).collect::<Result<_, _>>().map(Self)
    }
}

/// Splits at commas that stand outside parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(move |character| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    })
    .collect()
}

fn requirement(part: &str) -> Result<Requirement, SelectorError> {
    let wrong = || SelectorError { part: part.trim().to_owned() };
    let text = part.trim();
    let (name, condition) = if let Some(key) = text.strip_prefix('!') {
        (key, Test::Absent)
    } else if let Some(list) = text.strip_suffix(')') {
        let (head, values) = list.split_once('(').ok_or_else(wrong)?;
        let (key, operator) = head.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        if !values.iter().all(|value| is_value(value)) {
            return Err(wrong());
        }
        match operator.trim() {
            "in" => (key, Test::In(values)),
            "notin" => (key, Test::NotIn(values)),
            _ => return Err(wrong()),
        }
    } else if let Some((key, value)) = text.split_once('=') {
        let (key, negated) = match key.strip_suffix('!') {
            Some(key) => (key, true),
            None => (key, false),
        };
        let value = if negated { value } else { value.strip_prefix('=').unwrap_or(value) };
        let value = value.trim();
        if !is_value(value) {
            return Err(wrong());
        }
        let values = vec![value.to_owned()];
        (key, if negated { Test::NotIn(values) } else { Test::In(values) })
    } else {
        (text, Test::Exists)
    };
    let key = name.trim();
    if is_key(key) {
        Ok(Requirement { key: key.to_owned(), test: condition })
    } else {
        Err(wrong())
    }
}

/// `[prefix/]name`, a DNS name and up to 63 word characters.
fn is_key(key: &str) -> bool {
    let (prefix, name) = match key.rsplit_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let dns = |prefix: &str| {
        !prefix.is_empty()
            && prefix.len() <= 253
            && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
    };
    !name.is_empty() && is_value(name) && prefix.is_none_or(dns)
}

/// Empty, or up to 63 of letters, digits, `-`, `_`, `.`, with a letter or digit at both ends.
fn is_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_select_as_the_server_does() {
        let labels = BTreeMap::from([
            ("app".into(), "web".into()),
            ("app.kubernetes.io/part-of".into(), "shop".into()),
            ("empty".into(), "".into()),
        ]);
        for (text, expected) in [
            ("", true),
            ("app", true),
            ("!app", false),
            ("gone", false),
            ("!gone", true),
            ("app=web", true),
            ("app==web", true),
            ("app = web", true),
            ("app=api", false),
            ("app!=api", true),
            ("app!=web", false),
            ("gone!=web", true),
            ("empty=", true),
            ("app in (api, web)", true),
            ("app in (api)", false),
            ("app notin (api)", true),
            ("gone notin (api)", true),
            ("app.kubernetes.io/part-of=shop,app in (web,api),!gone", true),
            ("app=web,gone", false),
        ] {
            let selector: Selector = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(selector.matches(&labels), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in [
            "=web",
            "app=web,",
            ",",
            "app in",
            "app in web",
            "app in (web",
            "app on (web)",
            "app=a b",
            "a b",
            "app=-x",
            "!",
            "/x",
            "x/",
            "app=web)",
            "app===web",
        ] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = text.parse::<Selector>();
        }
    }
}
