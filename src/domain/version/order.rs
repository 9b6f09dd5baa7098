//! The value of a read tag: comparability, order, size of a step.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::super::image::Tag;
use super::digits::{is_separator, is_stamp, order_digits, order_lists, order_padded, small};
use super::words;

/// The largest rise of the first part that is a release and not another scheme.
const PLAUSIBLE_RISE: u32 = 500;

/// The size of a step. The order of the variants is that of listings, not of danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// A third or later part, a build counter, a rebuild date, or the release of a pre-release.
    Patch,
    /// The second part, or a scheme of dates alone.
    Minor,
    /// The first part.
    Major,
    /// The same tag with other content.
    Digest,
    /// A newer base in the variant (`-alpine3.19` to `-alpine3.20`), whatever else rises.
    Base,
    /// A later pre-release of the same version.
    Prerelease,
}

impl Bump {
    /// Every bump, in the order of listings.
    pub const ALL: [Self; 6] =
        [Self::Patch, Self::Minor, Self::Major, Self::Digest, Self::Base, Self::Prerelease];

    /// How far it goes, to compare one with another: none are the same.
    pub const fn height(self) -> u8 {
        match self {
            Self::Digest => 1,
            Self::Prerelease => 2,
            Self::Base => 3,
            Self::Patch => 4,
            Self::Minor => 5,
            Self::Major => 6,
        }
    }

    /// The lower-case name, as it is written in output and in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Digest => "digest",
            Self::Base => "base",
            Self::Prerelease => "prerelease",
        }
    }
}

impl fmt::Display for Bump {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// How the version of a tag is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Numbers joined by dots, or one number.
    Numbers,
    /// Two or more parts of which the first is a year (`2026.04.1`).
    Calendar,
    /// A date or time stamp; `digits` is the width of its first part (8 for `20240115`, 6 for
    /// `240115`, 4 for `2024-01-15`).
    Date {
        /// Digits of the first part.
        digits: u8,
    },
    /// Seconds since 1970 beside a hash (`main-1a2b3c4-1700000000`).
    Epoch,
}

impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Numbers => "numbers",
            Self::Calendar => "calendar",
            Self::Date { digits: 4 } => "dashed-date",
            Self::Date { digits: 6 } => "yymmdd",
            Self::Date { digits: 8 } => "yyyymmdd",
            Self::Date { .. } => "time-stamp",
            Self::Epoch => "epoch",
        })
    }
}

/// What keeps two tags from being compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Another way to write the version.
    Scheme,
    /// Other text before the version.
    Prefix,
    /// Another number of parts.
    Precision,
    /// Other text after the version.
    Variant,
}

/// What two tags must share to be compared, hashes and counters masked.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Family {
    pub(super) prefix: Box<str>,
    /// The separators of a dashed date or time; empty for dotted numbers.
    pub(super) form: Box<str>,
    /// The suffix without pre-release, `#` for a counter, `%` for a long one, `@` for a hash.
    pub(super) variant: Box<str>,
    /// The tag is complete whatever the number of its parts.
    pub(super) complete: bool,
}

/// A run of digits in the tag, without leading zeros; empty is zero. A tag has at most 128 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u8,
    pub(super) end: u8,
}

impl Span {
    fn length(self) -> usize {
        usize::from(self.end.saturating_sub(self.start))
    }
}

/// What groups comparable versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in super::super) struct FamilyKey(Arc<Family>);

/// Tells families apart at less cost than a key, but only among versions that were read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) struct FamilyId(*const Family);

/// A tag that has an order.
#[derive(Debug, Clone)]
pub struct Version {
    pub(super) tag: Tag,
    pub(super) family: Arc<Family>,
    pub(super) scheme: Scheme,
    /// Parts, then pre-release numbers, then counters.
    pub(super) numbers: Box<[Span]>,
    pub(super) parts: u8,
    pub(super) pre_numbers: u8,
    /// Rank of the pre-release word, 0 for none.
    pub(super) pre_rank: u8,
}

impl Version {
    /// The tag that was read.
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    /// How the version is written.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The text before the version, with `@` for a hash.
    pub fn prefix(&self) -> &str {
        &self.family.prefix
    }

    /// The text after the version that must stay, with `#` for a counter and `@` for a hash.
    pub fn variant(&self) -> &str {
        &self.family.variant
    }

    /// How many parts the version has; counters are not among them.
    pub fn precision(&self) -> usize {
        self.parts.into()
    }

    /// Whether this is a pre-release.
    pub fn is_prerelease(&self) -> bool {
        self.pre_rank > 0
    }

    /// The parts as digits without leading zeros, zero as the empty text.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.digits(0, self.parts.into())
    }

    /// The version alone, without prefix, counters and variant: `1.25.3`, `2.0.0-rc.1`.
    pub fn numeric(&self) -> String {
        let shown = |digits: &str| {
            if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
        };
        let mut text = self.parts().map(shown).collect::<Vec<_>>().join(".");
        if let Some(word) = words::pre_release_word(self.pre_rank) {
            text.push('-');
            text.push_str(word);
            for number in self.pre_numbers() {
                text.push('.');
                text.push_str(&shown(number));
            }
        }
        text
    }

    pub(crate) fn pre_release(&self) -> (u8, impl ExactSizeIterator<Item = &str>) {
        (self.pre_rank, self.pre_numbers())
    }

    fn pre_numbers(&self) -> impl ExactSizeIterator<Item = &str> {
        self.digits(self.parts.into(), self.pre_numbers.into())
    }

    fn counters(&self) -> impl ExactSizeIterator<Item = &str> {
        let start = usize::from(self.parts) + usize::from(self.pre_numbers);
        self.digits(start, self.numbers.len().saturating_sub(start))
    }

    /// The bare number between body and variant (`24` of `4.0.13-24-trixie`), which is a counter
    /// or a flavour; the tag alone does not tell.
    pub(crate) fn number_before_variant(&self) -> Option<&str> {
        let letter =
            self.variant().strip_prefix("-#-")?.starts_with(|c: char| c.is_ascii_alphabetic());
        letter.then(|| self.counters().next()).flatten()
    }

    fn digits(&self, start: usize, count: usize) -> impl ExactSizeIterator<Item = &str> {
        let text = self.tag.as_str();
        let spans = self.numbers.get(start..start + count).unwrap_or_default();
        spans
            .iter()
            .map(move |span| text.get(span.start.into()..span.end.into()).unwrap_or_default())
    }

    pub(in super::super) fn family_key(&self) -> FamilyKey {
        FamilyKey(Arc::clone(&self.family))
    }

    pub(in super::super) fn family_id(&self) -> FamilyId {
        FamilyId(Arc::as_ptr(&self.family))
    }

    fn first(&self) -> &str {
        self.parts().next().unwrap_or_default()
    }

    /// What keeps the two from being compared, the most telling difference first.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        if !Arc::ptr_eq(&self.family, &other.family) {
            if self.family.prefix != other.family.prefix {
                return Some(Difference::Prefix);
            }
            if self.family.form != other.family.form {
                return Some(Difference::Scheme);
            }
        }
        if !self.same_scheme(other) {
            return Some(Difference::Scheme);
        }
        // A date tells all there is to tell; the count behind it is there when it is needed.
        let dated = matches!(self.scheme, Scheme::Date { .. }) && self.family.form.is_empty();
        let complete = dated || (self.family.complete && other.family.complete);
        if self.parts != other.parts && !complete {
            return Some(Difference::Precision);
        }
        (!Arc::ptr_eq(&self.family, &other.family) && self.family.variant != other.family.variant)
            .then_some(Difference::Variant)
    }

    /// The order of two comparable tags; `None` when they differ in what must stay.
    ///
    /// Tags that differ in a hash alone are equal.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        self.difference(other).is_none().then(|| self.order(other))
    }

    /// The order of the numbers alone. A missing part is zero.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.order_release(other).then_with(|| order_padded(self.counters(), other.counters()))
    }

    /// The order of version and pre-release, counters aside.
    pub(crate) fn order_release(&self, other: &Self) -> Ordering {
        order_padded(self.parts(), other.parts()).then_with(|| self.order_pre_release(other))
    }

    fn order_pre_release(&self, other: &Self) -> Ordering {
        match (self.pre_rank, other.pre_rank) {
            (0, 0) => Ordering::Equal,
            (0, _) => Ordering::Greater,
            (_, 0) => Ordering::Less,
            (mine, theirs) => {
                mine.cmp(&theirs).then_with(|| order_lists(self.pre_numbers(), other.pre_numbers()))
            }
        }
    }

    /// Whether both are of the same version, pre-release and counters aside.
    pub(crate) fn same_release(&self, other: &Self) -> bool {
        order_padded(self.parts(), other.parts()).is_eq()
    }

    /// The size of the step from this version to a newer, comparable one.
    pub fn bump_to(&self, newer: &Self) -> Bump {
        if newer.is_prerelease() {
            return Bump::Prerelease;
        }
        let dated = match self.scheme {
            Scheme::Date { .. } | Scheme::Epoch => true,
            Scheme::Numbers | Scheme::Calendar => false,
        };
        // `20230915.3` counts within its date; `2023-09-15` is one date in three parts.
        let counts = dated && self.parts > 1 && self.family.form.is_empty();
        let first_difference = (0..self.precision().max(newer.precision()))
            .find(|index| order_digits(self.part(*index), newer.part(*index)).is_ne());
        match first_difference {
            // A date alone has no major part: its year ends for everyone.
            Some(index) if counts && index > 0 => Bump::Patch,
            Some(_) if dated => Bump::Minor,
            Some(0) => Bump::Major,
            Some(1) => Bump::Minor,
            None | Some(_) => Bump::Patch,
        }
    }

    fn part(&self, index: usize) -> &str {
        self.parts().nth(index).unwrap_or_default()
    }

    /// Whether the step up to `newer` changes the scheme instead of making a release.
    pub fn breaks_scheme(&self, newer: &Self) -> bool {
        if matches!(self.scheme, Scheme::Date { .. } | Scheme::Epoch) {
            return false;
        }
        // A part that is a time stamp on one side only: 1.5 beside 1.20240115.
        let stamp_on_one_side = self.parts().zip(newer.parts()).skip(1).any(|(mine, theirs)| {
            !mine.is_empty() && !theirs.is_empty() && is_stamp(mine) != is_stamp(theirs)
        });
        if stamp_on_one_side {
            return true;
        }
        if order_digits(self.first(), newer.first()).is_ne() && self.pads_less_than(newer) {
            return true;
        }
        let (Ok(mine), Ok(theirs)) = (small(self.first()), small(newer.first())) else {
            // Too long for a release number: only the same width is the same scheme.
            return self.first().len().abs_diff(newer.first().len()) > 1;
        };
        let rise = theirs.saturating_sub(mine);
        if newer.scheme == Scheme::Calendar && self.scheme != Scheme::Calendar {
            return rise > PLAUSIBLE_RISE;
        }
        // A count of builds on a branch may rise by any number.
        let counts_builds = self.parts == 1
            && self
                .prefix()
                .split(is_separator)
                .any(|word| words::is_channel(word) || words::is_lone_counter(word));
        !counts_builds && theirs > mine.saturating_mul(20).saturating_add(PLAUSIBLE_RISE)
    }

    /// Whether a part is padded with zeros where this version writes one bare digit: `20.04.1`
    /// beside `5.1.2` is the release of a distribution, not of the program.
    fn pads_less_than(&self, other: &Self) -> bool {
        let parts = usize::from(self.parts.min(other.parts));
        self.numbers.iter().zip(&other.numbers).take(parts).any(|(mine, theirs)| {
            other.written_length(*theirs) > 1
                && other.written_length(*theirs) > theirs.length()
                && self.written_length(*mine) == 1
        })
    }

    /// The length of a number with its leading zeros.
    fn written_length(&self, span: Span) -> usize {
        let text = &self.tag.as_str().as_bytes()[..span.start.into()];
        span.length() + text.iter().rev().take_while(|byte| **byte == b'0').count()
    }

    /// Whether `stray` is a lone number no release scheme of this tag could have made, such as
    /// `608111629` beside `v1.13.2`, whatever its prefix.
    pub(crate) fn is_stray_beside(&self, stray: &Self) -> bool {
        self.parts > 1 && stray.parts == 1 && stray.variant().is_empty() && stray.first().len() >= 6
    }

    fn same_scheme(&self, other: &Self) -> bool {
        let by_width = |scheme| matches!(scheme, Scheme::Numbers | Scheme::Calendar);
        match (self.scheme, other.scheme) {
            (mine, theirs) if mine == theirs => true,
            (mine, theirs) if by_width(mine) && by_width(theirs) => true,
            // Six digits may be a date by chance.
            (Scheme::Date { digits: 6 }, Scheme::Numbers) => other.first().len() == 6,
            (Scheme::Numbers, Scheme::Date { digits: 6 }) => self.first().len() == 6,
            _ => false,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.tag.as_str())
    }
}
