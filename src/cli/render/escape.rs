//! Foreign text (names, tags, server messages) must not steer a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::domain::text::is_steering;

/// Replaces control characters, C1 included, and characters that change the direction of text by
/// visible escapes: ESC becomes `^[`, others `\u{…}`. A line end becomes `\n`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_steering) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\u{1b}' => safe.push_str("^["),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push(' '),
            other if is_steering(other) => safe.extend(other.escape_unicode()),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

/// Replaces the same characters inside serialised JSON by JSON's own escapes. They can only stand
/// inside strings there, so the value stays the same.
pub fn escape_json(text: &str) -> Cow<'_, str> {
    if !steers(text) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_steering(character) && character != '\n' {
            let mut units = [0_u16; 2];
            for unit in character.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Escapes JSON on its way to a stream. Each piece has to be made of whole characters.
pub struct Escaped<Out>(pub Out);

impl<Out: Write> Write for Escaped<Out> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let text = str::from_utf8(piece).map_err(io::Error::other)?;
        self.0.write_all(escape_json(text).as_bytes())?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether a text of several lines holds such characters.
pub fn steers(text: &str) -> bool {
    // Nearly all text is printable ASCII, which is faster seen without decoding it.
    let plain = |byte| matches!(byte, b' '..=b'~' | b'\n');
    !text.bytes().fold(true, |all, byte| all & plain(byte)) && has_steering(text)
}

fn has_steering(text: &str) -> bool {
    text.chars().any(|character| is_steering(character) && character != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_steers_the_terminal() {
        for (text, safe) in [
            ("plain", "plain"),
            ("größer", "größer"),
            ("\u{1b}[31mred", "^[[31mred"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\nb\rc\td", "a\\nb\\rc d"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("\u{7}\u{8}", "\\u{7}\\u{8}"),
        ] {
            assert_eq!(escape(text), safe);
        }
    }

    #[test]
    fn a_single_character_that_steers_is_seen() {
        for character in '\0'..='\u{ffff}' {
            let expected = is_steering(character) && character != '\n';
            assert_eq!(steers(&format!("a{character}b")), expected, "{character:?}");
        }
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({"a": "x\u{9b}y\u{202e}\u{1b}"});
        let text = serde_json::to_string_pretty(&value).expect("serialises");
        let safe = escape_json(&text);
        assert!(safe.is_ascii(), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).expect("JSON"), value);
    }
}
