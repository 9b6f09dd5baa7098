//! A tree as text: one canonical YAML for each meaning, and the short form that fits on a line.
//! Secret values stand as their length.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use super::tree::{Path, Sealed, TextLine, Tree};

/// The longest short form, in characters.
const SHORT_MAX: usize = 80;
/// What is neither text nor number when it stands without quotes.
const WORDS: [&str; 14] =
    ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", "=", "<<", "nan", "inf"];

/// The canonical texts of two trees. A secret value that both have at the same place is
/// `REDACTED`, others are `--------` in the first and `++++++++` in the second.
pub(super) fn pair(before: Option<&Tree>, after: Option<&Tree>) -> (String, String) {
    let (old, new) = (seals(before), seals(after));
    let text = |tree: Option<&Tree>, known: &Seals<'_>, mark| {
        let Some(tree) = tree else { return String::new() };
        let mut writer = Writer { out: String::new(), path: Path::default(), known, mark };
        match tree {
            Tree::Map(entries) if !entries.is_empty() => writer.entries(entries, 0, false),
            Tree::List(items) => writer.items(items, 0),
            other => writer.value(other, 0),
        }
        writer.out
    };
    (text(before, &new, "--------"), text(after, &old, "++++++++"))
}

/// The canonical text of one tree.
pub fn canonical(tree: &Tree) -> String {
    pair(Some(tree), Some(tree)).0
}

/// The secrets of a tree by their places.
type Seals<'t> = HashSet<(String, &'t Sealed)>;

fn seals(tree: Option<&Tree>) -> Seals<'_> {
    fn walk<'t>(tree: &'t Tree, path: &mut Path, found: &mut Seals<'t>) {
        match tree {
            Tree::Sealed(sealed) => {
                found.insert((path.as_str().to_owned(), sealed));
            }
            Tree::Lines(lines) => {
                for line in lines {
                    if let TextLine::Sealed { before, rest } = line {
                        found.insert((format!("{}\n{before}", path.as_str()), rest));
                    }
                }
            }
            Tree::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let length = path.item(item, index);
                    walk(item, path, found);
                    path.leave(length);
                }
            }
            Tree::Map(entries) => {
                for (key, value) in entries {
                    let length = path.key(key);
                    walk(value, path, found);
                    path.leave(length);
                }
            }
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => {}
        }
    }
    let mut found = HashSet::new();
    if let Some(tree) = tree {
        walk(tree, &mut Path::default(), &mut found);
    }
    found
}

struct Writer<'w> {
    out: String,
    path: Path,
    /// The secrets of the other tree.
    known: &'w Seals<'w>,
    mark: &'static str,
}

impl Writer<'_> {
    fn pad(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// The entries of a map; `inline` when the first one continues a line.
    fn entries(&mut self, entries: &BTreeMap<Box<str>, Tree>, indent: usize, mut inline: bool) {
        for (key, value) in entries {
            if !std::mem::take(&mut inline) {
                self.pad(indent);
            }
            self.out.push_str(&scalar(key));
            self.out.push(':');
            let length = self.path.key(key);
            self.value(value, indent);
            self.path.leave(length);
        }
    }

    fn items(&mut self, items: &[Tree], indent: usize) {
        for (index, item) in items.iter().enumerate() {
            self.pad(indent);
            self.out.push('-');
            let length = self.path.item(item, index);
            match item {
                Tree::Map(entries) if !entries.is_empty() => {
                    self.out.push(' ');
                    self.entries(entries, indent + 2, true);
                }
                Tree::List(inner) if !inner.is_empty() => {
                    self.out.push('\n');
                    self.items(inner, indent + 2);
                }
                other => self.value(other, indent),
            }
            self.path.leave(length);
        }
    }

    /// A value behind its key or dash, and the end of the line.
    fn value(&mut self, value: &Tree, indent: usize) {
        match value {
            Tree::Map(entries) if !entries.is_empty() => {
                self.out.push('\n');
                self.entries(entries, indent + 2, false);
            }
            Tree::List(items) if !items.is_empty() => {
                self.out.push('\n');
                self.items(items, indent);
            }
            Tree::Text(text) if text.contains('\n') && !has_control(text) => {
                let lines = text.split('\n').map(str::to_owned).collect();
                self.block(lines, indent);
            }
            Tree::Lines(lines) => {
                let lines = lines
                    .iter()
                    .map(|line| match line {
                        TextLine::Plain(text) => text.to_string(),
                        TextLine::Sealed { before, rest } => {
                            let place = format!("{}\n{before}", self.path.as_str());
                            format!("{before}{}", self.seal(rest, place))
                        }
                    })
                    .collect();
                self.block(lines, indent);
            }
            Tree::Sealed(sealed) => {
                let seal = self.seal(sealed, self.path.as_str().to_owned());
                let _ = writeln!(self.out, " '{seal}'");
            }
            other => {
                let _ = writeln!(self.out, " {}", plain(other));
            }
        }
    }

    fn seal(&self, sealed: &Sealed, place: String) -> String {
        let same = self.known.contains(&(place, sealed));
        let mark = if same { "REDACTED" } else { self.mark };
        format!("{mark} # ({} bytes)", sealed.bytes)
    }

    /// Lines as they are, under a `|`.
    fn block(&mut self, mut lines: Vec<String>, indent: usize) {
        let empty = |line: &String| line.is_empty();
        let end = match lines.iter().rev().take_while(|line| empty(line)).count() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        if !end.starts_with('-') {
            lines.pop();
        }
        let first = lines.first().map_or("", String::as_str);
        let indented = first.is_empty() || first.starts_with([' ', '\t']);
        let _ = writeln!(self.out, " |{}{end}", if indented { "2" } else { "" });
        for line in lines {
            if !line.is_empty() {
                self.pad(indent + 2);
                self.out.push_str(&line);
            }
            self.out.push('\n');
        }
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(|character| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{feff}' | '\u{2028}' | '\u{2029}')
    })
}

/// A value on one line.
fn plain(value: &Tree) -> String {
    match value {
        Tree::Null => "null".to_owned(),
        Tree::Bool(true) => "true".to_owned(),
        Tree::Bool(false) => "false".to_owned(),
        Tree::Number(number) => number.to_string(),
        Tree::Text(text) => scalar(text),
        Tree::Lines(lines) => format!("({} lines)", lines.len()),
        Tree::Sealed(sealed) => format!("'REDACTED # ({} bytes)'", sealed.bytes),
        Tree::List(items) => {
            let items: Vec<_> = items.iter().map(plain).collect();
            format!("[{}]", items.join(", "))
        }
        Tree::Map(entries) => {
            let keys = entries.iter();
            let entries: Vec<_> =
                keys.map(|(key, value)| format!("{}: {}", scalar(key), plain(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// A value on one line, cut where it is long.
pub(super) fn short(value: &Tree) -> String {
    let mut text = plain(value);
    if let Some((end, _)) = text.char_indices().nth(SHORT_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// A text in YAML: without quotes where it cannot be taken for anything else.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let mut characters = text.chars();
    let (Some(first), second) = (characters.next(), characters.next()) else {
        return false;
    };
    let begins = match first {
        // A number, or so near to one that a reader may take it for one.
        '0'..='9' => {
            !text.bytes().all(|byte| byte.is_ascii_hexdigit() || b"xXoO_.+-:TZtz ".contains(&byte))
        }
        '-' => second.is_some_and(char::is_alphabetic) || text.starts_with("--"),
        '/' | '_' | '(' | '$' | '^' | '<' => true,
        other => other.is_alphanumeric(),
    };
    begins
        && text != "---"
        && !text.starts_with("--- ")
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains('\n')
        && !text.ends_with([' ', ':'])
        && !has_control(text)
        && !WORDS.iter().any(|word| text.trim_start_matches('-').eq_ignore_ascii_case(word))
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other
                if other.is_control() || matches!(other, '\u{feff}' | '\u{2028}' | '\u{2029}') =>
            {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
