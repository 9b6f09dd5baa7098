//! Variants that differ by a newer base alone: `-alpine3.19` and `-alpine3.20`, `-bookworm` and
//! `-trixie`.

use std::cmp::Ordering;
use std::sync::Arc;

use super::digits::{is_separator, order_padded};
use super::order::Version;
use super::words;

impl Version {
    /// Whether `other` has the same variant with a newer base: a number in it rose, or a code
    /// name of the same distribution is later, and nothing else differs.
    pub fn has_newer_base(&self, other: &Self) -> bool {
        let mut rose = false;
        let mut mine = Pieces::new(self.variant());
        let mut theirs = Pieces::new(other.variant());
        loop {
            match (mine.next(), theirs.next()) {
                (None, None) => return rose,
                (Some(Piece::Number(old, before)), Some(Piece::Number(new, _))) => {
                    match order_padded(dotted(old), dotted(new)) {
                        Ordering::Greater => return false,
                        Ordering::Less if is_processor_number(before, old) => return false,
                        Ordering::Less => rose = true,
                        Ordering::Equal if old.matches('.').count() != new.matches('.').count() => {
                            return false;
                        }
                        Ordering::Equal => {}
                    }
                }
                (Some(Piece::Word(old)), Some(Piece::Word(new))) if old == new => {}
                (Some(Piece::Word(old)), Some(Piece::Word(new)))
                    if words::is_later_code_name(old, new) =>
                {
                    rose = true;
                }
                _ => return false,
            }
        }
    }

    /// A total order of variants in which a newer base is greater.
    pub(crate) fn order_base(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.family, &other.family) {
            return Ordering::Equal;
        }
        let mut mine = Pieces::new(self.variant());
        let mut theirs = Pieces::new(other.variant());
        loop {
            let order = match (mine.next(), theirs.next()) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(mine), Some(theirs)) => mine.order(&theirs),
            };
            if order.is_ne() {
                return order;
            }
        }
    }
}

/// Whether a number is part of a processor's name (`arm32v6`, `arm-v7`, `i386`); `before` is the
/// text of its token up to it.
fn is_processor_number(before: &str, number: &str) -> bool {
    let before = before.to_ascii_lowercase();
    let letters = before.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let end = letters.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(letters.len());
    words::is_processor(&letters[..end]) || (letters == "v" && !number.contains('.'))
}

/// A piece of a variant: a dotted number with the text of its token before it, or other text.
enum Piece<'a> {
    Number(&'a str, &'a str),
    Word(&'a str),
}

impl Piece<'_> {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(mine, _), Self::Number(theirs, _)) => {
                order_padded(dotted(mine), dotted(theirs))
            }
            (Self::Number(..), Self::Word(_)) => Ordering::Less,
            (Self::Word(_), Self::Number(..)) => Ordering::Greater,
            (Self::Word(mine), Self::Word(theirs)) => {
                match (words::code_name(mine), words::code_name(theirs)) {
                    (Some(mine), Some(theirs)) => mine.cmp(&theirs),
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => mine.cmp(theirs),
                }
            }
        }
    }
}

struct Pieces<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Pieces<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let first = *bytes.get(start)?;
        let mut end = start + 1;
        if first.is_ascii_digit() {
            while bytes.get(end).is_some_and(u8::is_ascii_digit)
                || (bytes.get(end) == Some(&b'.')
                    && bytes.get(end + 1).is_some_and(u8::is_ascii_digit))
            {
                end += 1;
            }
            self.at = end;
            let token = self.text[..start].rfind(is_separator).map_or(0, |place| place + 1);
            return Some(Piece::Number(&self.text[start..end], &self.text[token..start]));
        }
        if first.is_ascii_alphabetic() {
            while bytes.get(end).is_some_and(u8::is_ascii_alphabetic) {
                end += 1;
            }
        }
        self.at = end;
        Some(Piece::Word(&self.text[start..end]))
    }
}

fn dotted(text: &str) -> impl Iterator<Item = &str> {
    text.split('.').map(|digits| digits.trim_start_matches('0'))
}
