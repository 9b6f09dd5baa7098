//! The cursor over one tag, from its body on: which numbers are parts, which count, which stay.

use super::digits::{is_separator, is_stamp, small};
use super::find::{date, dotted_length, is_hash};
use super::order::{Scheme, Span};
use super::words;

/// A place in a tag, which has at most 128 bytes.
pub(super) fn place(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(u8::MAX)
}

/// What was read last, which decides what a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing but counters since the body: a bare number counts.
    Fresh,
    /// A channel word: the number behind it counts.
    Channel,
    /// A date: the number behind it is a time or a sequence, six hexadecimal digits are a hash.
    Date,
    /// The mark of a hash (`git`): seven digits are one too.
    Mark,
    /// Something that must stay: numbers must stay too.
    Variant,
}

/// A cursor over one tag, from its body on.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    pub(super) parts: Vec<Span>,
    pub(super) pre_numbers: Vec<Span>,
    pub(super) counters: Vec<Span>,
    pub(super) pre_rank: u8,
    pub(super) form: String,
    pub(super) variant: String,
    pub(super) complete: bool,
    place: Place,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self {
            text,
            at,
            parts: Vec::new(),
            pre_numbers: Vec::new(),
            counters: Vec::new(),
            pre_rank: 0,
            form: String::new(),
            variant: String::new(),
            complete: false,
            place: Place::Fresh,
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let zeros = self.text[start..end].bytes().take_while(|byte| *byte == b'0').count();
        Span { start: place(start + zeros), end: place(end) }
    }

    fn peek(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + offset).copied()
    }

    fn digits_at(&self, at: usize) -> usize {
        self.text
            .as_bytes()
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    }

    pub(super) fn is_epoch(&self) -> bool {
        let [Span { start, end }] = self.parts[..] else {
            return false;
        };
        end - start == 10 && self.text[start.into()..].starts_with(['1', '2'])
    }

    /// Reads the body and tells its scheme.
    pub(super) fn body(&mut self) -> Scheme {
        if let Some(date) = date(self.text, self.at) {
            for (index, (start, end)) in date.into_iter().enumerate() {
                if index > 0 {
                    self.form.push_str(&self.text[self.at..start]);
                }
                self.form.push('#');
                self.parts.push(self.span(start, end));
                self.at = end;
            }
            let mut form = std::mem::take(&mut self.form);
            let mut times = Vec::new();
            self.time(&mut form, &mut times);
            self.form = form;
            self.parts.append(&mut times);
            self.place = Place::Date;
            return Scheme::Date { digits: 4 };
        }
        let start = self.at;
        let end = start + dotted_length(&self.text[start..]);
        while self.at < end {
            let length = self.digits_at(self.at);
            self.parts.push(self.span(self.at, self.at + length));
            self.at += length;
            if self.at < end {
                self.at += 1;
            }
        }
        let first = self.text[start..end].split('.').next().unwrap_or_default();
        let year = |digits: &str| {
            digits.len() == 4 && small(digits).is_ok_and(|n| (1990..=2099).contains(&n))
        };
        if is_stamp(first) && first.len() != 10 {
            let mut form = String::new();
            let mut times = Vec::new();
            self.time(&mut form, &mut times);
            if !times.is_empty() {
                self.form = format!("#{form}");
                self.parts.append(&mut times);
            }
            self.place = Place::Date;
            return Scheme::Date { digits: place(first.len()) };
        }
        if self.parts.len() == 1 && is_short_date(first) {
            return Scheme::Date { digits: 6 };
        }
        if self.parts.len() > 1 && year(first) { Scheme::Calendar } else { Scheme::Numbers }
    }

    /// Reads `T22-40-07Z` or `T224007Z` behind a date.
    fn time(&mut self, form: &mut String, numbers: &mut Vec<Span>) {
        let Some(mark @ (b'T' | b't')) = self.peek(0) else {
            return;
        };
        if !self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) {
            return;
        }
        form.push(char::from(mark));
        self.at += 1;
        loop {
            let length = self.digits_at(self.at);
            numbers.push(self.span(self.at, self.at + length));
            form.push('#');
            self.at += length;
            let more = matches!(self.peek(0), Some(b'-' | b'_' | b'.'))
                && self.digits_at(self.at + 1) == 2
                && numbers.len() < 3;
            if !more {
                break;
            }
            form.push_str(&self.text[self.at..=self.at]);
            self.at += 1;
        }
        if let Some(zone @ (b'Z' | b'z')) = self.peek(0)
            && !self.peek(1).is_some_and(|byte| byte.is_ascii_alphanumeric())
        {
            form.push(char::from(zone));
            self.at += 1;
        }
    }

    pub(super) fn suffix(&mut self) {
        while self.at < self.text.len() {
            let separator = &self.text[self.at..=self.at];
            let separator = if separator.starts_with(is_separator) { separator } else { "" };
            let start = self.at + separator.len();
            let end = self.text[start..]
                .find(is_separator)
                .map_or(self.text.len(), |length| start + length);
            self.at = start;
            if start < end {
                self.token(separator, start, end);
            } else {
                self.variant.push_str(separator);
            }
        }
    }

    fn token(&mut self, separator: &str, start: usize, end: usize) {
        let token = &self.text[start..end];
        let digits = self.digits_at(start);
        if self.date_counter(separator, start) {
            return;
        }
        if is_hash(token) || (self.place == Place::Date && is_short_hash(token)) {
            self.hash(separator, end);
            return;
        }
        if digits == token.len() {
            self.number(separator, start, end);
            return;
        }
        let folded = token.to_ascii_lowercase();
        if digits > 0 {
            // `62263pre`: the number of a build before the release.
            if folded[digits..].len() > 2
                && let Some(rank) = words::pre_release_rank(&folded[digits..])
                && self.pre_rank == 0
            {
                self.pre_rank = rank;
                self.pre_numbers.push(self.span(start, start + digits));
                self.at = end;
                self.place = Place::Fresh;
                return;
            }
            self.literal(separator, end);
            return;
        }
        self.word(separator, start, end, &folded);
    }

    fn hash(&mut self, separator: &str, end: usize) {
        let described = self.text[self.at..end].starts_with('g');
        self.at = end;
        if matches!(self.place, Place::Channel | Place::Mark) {
            self.place = Place::Variant;
        }
        // The commit of a pre-release build adds nothing to its order.
        if self.variant.is_empty() && self.pre_rank > 0 {
            return;
        }
        self.variant.push_str(separator);
        self.variant.push_str(if described { "g@" } else { "@" });
    }

    fn literal(&mut self, separator: &str, end: usize) {
        self.variant.push_str(separator);
        self.variant.push_str(&self.text[self.at..end]);
        self.at = end;
        self.place = Place::Variant;
    }

    /// A rebuild date counts wherever it stands.
    fn date_counter(&mut self, separator: &str, start: usize) -> bool {
        if separator.is_empty() {
            return false;
        }
        let length = self.digits_at(start);
        let stamp = length != 10 && is_stamp(&self.text[start..start + length]);
        let dashed = date(self.text, start).filter(|parts| parts.len() == 3);
        if !stamp && dashed.is_none() {
            return false;
        }
        let glued = self.text.as_bytes().get(start + length).is_some_and(u8::is_ascii_alphabetic);
        if stamp && glued && !matches!(self.text.as_bytes().get(start + length), Some(b'T' | b't'))
        {
            return false;
        }
        self.variant.push_str(separator);
        self.variant.push('#');
        if let Some(parts) = dashed {
            let count = parts.len();
            for (index, (from, to)) in parts.into_iter().enumerate() {
                self.counters.push(self.span(from, to));
                self.at = to;
                if index + 1 < count {
                    self.variant.push_str("-#");
                }
            }
        } else {
            self.counters.push(self.span(start, start + length));
            self.at = start + length;
        }
        let mut form = String::new();
        let mut times = Vec::new();
        self.time(&mut form, &mut times);
        self.variant.push_str(&form);
        self.counters.append(&mut times);
        self.place = Place::Date;
        true
    }

    /// A token of digits alone.
    fn number(&mut self, separator: &str, start: usize, end: usize) {
        let length = end - start;
        if self.place == Place::Date {
            // After a date six digits are a time and few are a sequence; seven or more are a hash.
            if length >= 7 && !is_whole_stamp(length) {
                self.hash(separator, end);
            } else {
                self.variant.push_str(separator);
                self.variant.push('#');
                self.counters.push(self.span(start, end));
                self.at = end;
            }
            return;
        }
        if self.place == Place::Mark && length >= 7 {
            self.hash(separator, end);
            return;
        }
        let fresh = self.place == Place::Fresh;
        let counts = fresh && matches!(separator, "-" | "_");
        if !counts && self.place != Place::Channel {
            self.literal(separator, end);
            return;
        }
        if fresh && separator == "_" && self.variant.is_empty() && self.parts.len() < 8 {
            self.complete = self.pre_rank == 0;
        }
        let whole = start + dotted_length(&self.text[start..]);
        let mut numbers = self.text[start..whole].split('.');
        let (_, second, more) = (numbers.next(), numbers.next(), numbers.next().is_some());
        if more {
            // Three parts are a version of something else.
            self.literal(separator, whole);
            return;
        }
        self.variant.push_str(separator);
        // A long number is a serial or a commit by chance: never the successor of a short one.
        self.variant.push(if fresh && length >= 7 { '%' } else { '#' });
        self.counters.push(self.span(start, end));
        let second = match second {
            Some(_) => self.span(end + 1, whole),
            None => self.span(end, end),
        };
        self.counters.push(second);
        self.at = whole;
        if self.place == Place::Channel {
            self.place = Place::Variant;
        }
    }

    /// A token that begins with a letter.
    fn word(&mut self, separator: &str, start: usize, end: usize, folded: &str) {
        let letters = folded.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, rest) = folded.split_at(letters);
        let counted = rest.bytes().all(|byte| byte.is_ascii_digit());
        if counted && self.pre_rank == 0 && self.is_pre_release(word, rest, separator, end) {
            self.pre_release(word, start + letters, end);
            return;
        }
        // `CU27` is an update of a server, `cu121` the CUDA that a library was built for.
        let cuda = folded.starts_with("cu") && self.text[start..].starts_with('c');
        if let Some(counter) = words::glued_counter(folded).filter(|_| !cuda) {
            self.counter(separator, start, start + counter.len(), end);
            return;
        }
        let update = word == "u" && separator.is_empty();
        if counted && !rest.is_empty() && update {
            self.counter(separator, start, start + letters, end);
            return;
        }
        if counted && words::is_channel(word) {
            if rest.is_empty() {
                self.literal(separator, end);
                self.place = Place::Channel;
            } else {
                self.counter(separator, start, start + letters, end);
            }
            return;
        }
        let number_follows = matches!(self.text.as_bytes().get(end), Some(b'.' | b'-'))
            && self.digits_at(end + 1) > 0;
        self.literal(separator, end);
        // `-eksbuild.1`, `-build-5`, `-security-01`
        if rest.is_empty() && words::is_hash_mark(word) {
            self.place = Place::Mark;
        }
        if rest.is_empty() && number_follows && words::is_spaced_counter(word) {
            self.place = Place::Channel;
        }
    }

    fn counter(&mut self, separator: &str, start: usize, digits: usize, end: usize) {
        self.variant.push_str(separator);
        self.variant.push_str(&self.text[start..digits]);
        self.variant.push('#');
        self.counters.push(self.span(digits, end));
        self.at = end;
        self.place = Place::Fresh;
    }

    fn is_pre_release(&self, word: &str, rest: &str, separator: &str, end: usize) -> bool {
        if words::pre_release_rank(word).is_none() {
            return false;
        }
        let dotted_number =
            self.text.as_bytes().get(end) == Some(&b'.') && self.digits_at(end + 1) > 0;
        match word {
            // One letter is too little unless it is glued (`3.7.0b1`) or counted (`-b.47`).
            "a" | "b" => {
                (separator.is_empty() && !rest.is_empty()) || (rest.is_empty() && dotted_number)
            }
            "m" | "cr" => !rest.is_empty(),
            _ => true,
        }
    }

    fn pre_release(&mut self, word: &str, digits: usize, end: usize) {
        self.pre_rank = words::pre_release_rank(word).unwrap_or_default();
        if digits < end {
            self.pre_numbers.push(self.span(digits, end));
        }
        self.at = end;
        loop {
            let separated = match self.peek(0) {
                Some(b'.') => true,
                Some(b'-' | b'_') => self.pre_numbers.is_empty(),
                _ => false,
            };
            let length = self.digits_at(self.at + 1);
            let next = self.text.as_bytes().get(self.at + 1 + length);
            let whole = length > 0 && !next.is_some_and(u8::is_ascii_alphabetic);
            let dated = date(self.text, self.at + 1).is_some();
            if !separated || !whole || dated || (self.peek(0) != Some(b'.') && length >= 7) {
                break;
            }
            self.pre_numbers.push(self.span(self.at + 1, self.at + 1 + length));
            self.at += 1 + length;
        }
        self.place = Place::Fresh;
    }
}

/// `YYMMDD` of this century's tens to thirties.
fn is_short_date(digits: &str) -> bool {
    let field = |from: usize| digits.get(from..from + 2).and_then(|text| small(text).ok());
    let within =
        |from: usize, low: u32, high: u32| field(from).is_some_and(|n| (low..=high).contains(&n));
    digits.len() == 6 && within(0, 10, 39) && within(2, 1, 12) && within(4, 1, 31)
}

/// Six hexadecimal digits with a letter, which only stand for a commit behind a date.
fn is_short_hash(token: &str) -> bool {
    token.len() == 6
        && token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && token.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_whole_stamp(length: usize) -> bool {
    matches!(length, 12 | 14)
}
