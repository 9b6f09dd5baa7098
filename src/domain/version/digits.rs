//! Runs of digits: compared as numbers of any length, told from dates and time stamps.

use std::cmp::Ordering;

pub(super) fn is_separator(character: char) -> bool {
    matches!(character, '.' | '-' | '_')
}

/// A date or time stamp of 8, 12 or 14 digits.
pub(super) fn is_stamp(digits: &str) -> bool {
    let field = |from: usize, to: usize| digits.get(from..to).and_then(|text| small(text).ok());
    let within =
        |field: Option<u32>, low: u32, high: u32| field.is_some_and(|n| (low..=high).contains(&n));
    matches!(digits.len(), 8 | 10 | 12 | 14)
        && within(field(0, 4), 1990, 2099)
        && within(field(4, 6), 1, 12)
        && within(field(6, 8), 1, 31)
        && (digits.len() == 8 || within(field(8, 10), 0, 23))
        && (digits.len() < 12 || within(field(10, 12), 0, 59))
        && (digits.len() < 14 || within(field(12, 14), 0, 60))
}

pub(super) fn small(digits: &str) -> Result<u32, std::num::ParseIntError> {
    if digits.is_empty() { Ok(0) } else { digits.parse() }
}

/// Compares two runs of digits that have no leading zeros.
pub(crate) fn order_digits(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Compares lists of digits; the missing end of the shorter one is zero.
pub(crate) fn order_padded<'a>(
    left: impl IntoIterator<Item = &'a str>,
    right: impl IntoIterator<Item = &'a str>,
) -> Ordering {
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (mine, theirs) => {
                let order = order_digits(mine.unwrap_or_default(), theirs.unwrap_or_default());
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

/// Compares lists of digits; where one is the beginning of the other, the shorter is lower.
pub(crate) fn order_lists<'a>(
    left: impl ExactSizeIterator<Item = &'a str>,
    right: impl ExactSizeIterator<Item = &'a str>,
) -> Ordering {
    let lengths = left.len().cmp(&right.len());
    for (mine, theirs) in left.zip(right) {
        let order = order_digits(mine, theirs);
        if order.is_ne() {
            return order;
        }
    }
    lengths
}
