//! Where the version of a tag stands, and which of its tokens are dates and hashes.

use super::digits::{is_separator, is_stamp, small};
use super::words;

pub(super) fn is_artifact(text: &str) -> bool {
    let named_by_digest = ["sha256-", "sha512-", "sha384-"].iter().any(|algorithm| {
        text.strip_prefix(algorithm)
            .is_some_and(|rest| rest.bytes().take_while(u8::is_ascii_hexdigit).count() >= 32)
    });
    named_by_digest || [".sig", ".att", ".sbom"].iter().any(|end| text.ends_with(end))
}

/// Seven to 64 lower-case hexadecimal digits with a letter among them, or `g` and six.
pub(super) fn is_hash(token: &str) -> bool {
    let hex = |text: &str, least: usize| {
        (least..=64).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let lettered = token.bytes().any(|byte| byte.is_ascii_lowercase());
    (hex(token, 7) && lettered) || token.strip_prefix('g').is_some_and(|rest| hex(rest, 6))
}

/// The lengths of whole commit and content hashes, which may be digits by chance.
fn is_whole_hash(digits: &str) -> bool {
    matches!(digits.len(), 40 | 64)
}

/// Whether a token is a hash, or digits that follow a mark of one (`sha-1234567`).
pub(super) fn has_hash(text: &str) -> bool {
    let mut marked = false;
    text.split(is_separator).any(|token| {
        let digits = token.len() >= 7 && token.bytes().all(|byte| byte.is_ascii_digit());
        let found = is_hash(token) || (digits && (marked || is_whole_hash(token)));
        marked = words::is_hash_mark(token);
        found
    })
}

pub(super) fn names_review(prefix: &str) -> bool {
    prefix.split(is_separator).any(words::is_review)
}

/// The prefix with `@` for each hash in it.
pub(super) fn mask_hashes(prefix: &str) -> String {
    let mut masked = String::with_capacity(prefix.len());
    for piece in prefix.split_inclusive(is_separator) {
        let token = piece.trim_end_matches(is_separator);
        if is_hash(token) {
            masked.push('@');
            masked.push_str(&piece[token.len()..]);
        } else {
            masked.push_str(piece);
        }
    }
    masked
}

/// A number that may be the body.
struct Found {
    start: usize,
    end: usize,
    /// Where the token that it begins ends (`beta2` is glued to the 1 of `v1beta2`).
    token_end: usize,
    lone: bool,
}

/// Where the body begins.
pub(super) fn find_body(text: &str) -> Option<usize> {
    let mut first: Option<Found> = None;
    let mut at = 0;
    while let Some(found) = next_number(text, at) {
        let leads = is_lead(&text[..found.start]);
        if leads && first.is_none() {
            if !found.lone {
                return Some(found.start);
            }
            // `16-3.4`: a lone number before a dotted one is the flavour, not the version.
            return match next_number(text, found.end) {
                Some(next)
                    if !next.lone
                        && !has_epoch(&text[next.start..next.end])
                        && !is_stamp(&text[found.start..found.end])
                        && date(text, next.start).is_none()
                        && matches!(
                            text.get(found.token_end..next.start),
                            Some("-" | "-v" | "_" | "_v")
                        ) =>
                {
                    Some(next.start)
                }
                _ => Some(found.start),
            };
        }
        if !found.lone {
            return Some(found.start);
        }
        at = found.end;
        first = first.or(Some(found));
    }
    first.map(|found| found.start).or_else(|| lone_counter(text))
}

/// Whether a dotted number ends in seconds since 1970, as the release of an UBI image does.
fn has_epoch(dotted: &str) -> bool {
    dotted.rsplit('.').next().is_some_and(|last| last.len() == 10)
}

/// Whether the body stands at the very beginning, a mark such as `v` aside.
fn is_lead(prefix: &str) -> bool {
    let word = prefix.trim_end_matches(is_separator);
    word.is_empty() || (prefix.len() == word.len() && words::is_marker(word))
}

/// The next number at or after `from` that is not glued to a word.
fn next_number(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut start = from;
    while start < bytes.len() {
        if !bytes[start].is_ascii_digit() {
            start += 1;
            continue;
        }
        let token_start = text[..start].rfind(is_separator).map_or(0, |place| place + 1);
        let token_end =
            text[start..].find(is_separator).map_or(text.len(), |length| start + length);
        if !starts_number(text, token_start, start) || is_hash(&text[token_start..token_end]) {
            start = token_end;
            continue;
        }
        let end = start + dotted_length(&text[start..]);
        let digits = &text[start..end];
        let lone = !digits.contains('.') && date(text, start).is_none();
        let tail_end = text[end..].find(is_separator).map_or(text.len(), |length| end + length);
        if !lone || lone_number_counts(digits, &text[end..tail_end], &text[..token_start]) {
            return Some(Found { start, end, lone, token_end: tail_end });
        }
        start = tail_end.max(start + 1);
    }
    None
}

/// Whether a number at `start` stands free: at the start of its token or behind a mark.
fn starts_number(text: &str, token_start: usize, start: usize) -> bool {
    let glued = &text[token_start..start];
    let dot_of_word = text[..start]
        .strip_suffix('.')
        .is_some_and(|before| before.ends_with(|last: char| last.is_ascii_digit()));
    if dot_of_word {
        // The rest of a number that is glued to a word: `19` of `alpine3.19`.
        return false;
    }
    if !glued.is_empty() {
        return words::is_marker(glued);
    }
    // `x86_64` and `x86-64` name a processor.
    let before = text[..token_start].trim_end_matches(is_separator);
    !(before.to_ascii_lowercase().ends_with("x86") && text[start..].starts_with("64"))
}

/// Whether a number without dots is a version, given what is glued behind it.
fn lone_number_counts(digits: &str, tail: &str, before: &str) -> bool {
    let mark = before.trim_end_matches(is_separator).rsplit(is_separator).next();
    let marked = mark.is_some_and(words::is_hash_mark);
    if is_whole_hash(digits) || (marked && digits.len() >= 7) {
        return false;
    }
    let tail = tail.to_ascii_lowercase();
    let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (word, rest) = tail.split_at(letters);
    let counted = rest.bytes().all(|byte| byte.is_ascii_digit());
    let pre_release =
        words::pre_release_rank(word).is_some() && counted && (!rest.is_empty() || word.len() > 1);
    tail.is_empty()
        || pre_release
        || (word == "u" && counted && !rest.is_empty())
        || (word == "t" && is_stamp(digits))
}

/// The length of the dotted number at the beginning of `text`. A part that is the beginning of a
/// hash (`1.0.5abc1234`) does not belong to it.
pub(super) fn dotted_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let run = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = run(0);
    while bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        let from = end + 1;
        let token =
            text[from..].find(is_separator).map_or(&text[from..], |to| &text[from..from + to]);
        if is_hash(token) {
            break;
        }
        end = from + run(from);
    }
    end
}

/// `b3561`, `server-b3561`: a counter is the version when there is nothing else.
fn lone_counter(text: &str) -> Option<usize> {
    let mut start = 0;
    for token in text.split(is_separator) {
        let letters = token.bytes().take_while(u8::is_ascii_alphabetic).count();
        let rest = &token[letters..];
        let digits = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        if digits && !is_hash(token) && words::is_lone_counter(&token[..letters]) {
            return Some(start + letters);
        }
        start += token.len() + 1;
    }
    None
}

/// The end of a date `YYYY?MM[?DD]` at `start`, with one separator, and the ends of its parts.
pub(super) fn date(text: &str, start: usize) -> Option<Vec<(usize, usize)>> {
    let field = |from: usize, width: usize, low: u32, high: u32| {
        let digits = text.get(from..from + width)?;
        let digits = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?;
        small(digits)
            .is_ok_and(|value| (low..=high).contains(&value))
            .then_some((from, from + width))
    };
    let follows = |end: usize| text.as_bytes().get(end).copied();
    let closes = |end: usize| !follows(end).is_some_and(|byte| byte.is_ascii_alphanumeric());
    let year = field(start, 4, 1990, 2099)?;
    let separator = follows(year.1).filter(|byte| matches!(byte, b'-' | b'_'))?;
    let month = field(year.1 + 1, 2, 1, 12)?;
    let day = (follows(month.1) == Some(separator))
        .then(|| field(month.1 + 1, 2, 1, 31))
        .flatten()
        .filter(|day| closes(day.1) || matches!(follows(day.1), Some(b'T' | b't')));
    match day {
        Some(day) => Some(vec![year, month, day]),
        None if closes(month.1) && follows(month.1) != Some(b'.') => Some(vec![year, month]),
        None => None,
    }
}
