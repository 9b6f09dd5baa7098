//! Version constraints: `>=1.25 <2`, `~1.4 || ^2`, `1.x`, `1.2 - 1.4.5`.
//!
//! The dialect is that of the Go library Masterminds/semver 3, which Helm and Flux take. It is
//! read on the numeric version of a tag; prefix, variant and build counters play no part.
//!
//! ```text
//! constraint := group *( "||" group )
//! group      := term *( ( "," | space ) term )                 all must hold
//! term       := [ operator ] bound | bound " - " bound
//! operator   := "=" | "!=" | ">" | "<" | ">=" | "=>" | "<=" | "=<" | "~" | "~>" | "^"
//! bound      := [ "v" ] part *( "." part ) [ "-" pre-release ]
//! part       := digits | "x" | "X" | "*"                       nothing follows a wildcard but wildcards
//! ```
//!
//! A bound of fewer than three parts is a range: `1.2` and `=1.2` are all of 1.2, `>1` begins at
//! 2, `<=1.2` holds for 1.2.9. A missing part of a tag is zero. Parts beyond the third are
//! compared as well, which is an addition. A pre-release satisfies only a group in which each
//! bound names one (`>=2.0.0-0`), so `<2` never admits `2.0.0-rc.1`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use semver::Prerelease;

use super::version::{Version, order_lists, order_padded, pre_release_bound, split_digits};

/// Why a text is not a constraint, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at byte {place} of `{text}`; {hint}", hint = problem.hint())]
pub struct ConstraintError {
    text: Box<str>,
    place: usize,
    problem: ConstraintProblem,
}

impl ConstraintError {
    /// The byte at which the trouble begins.
    pub fn place(&self) -> usize {
        self.place
    }

    /// What is wrong.
    pub fn problem(&self) -> &ConstraintProblem {
        &self.problem
    }

    /// What to write instead.
    pub fn hint(&self) -> &'static str {
        self.problem.hint()
    }
}

/// What is wrong with a constraint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConstraintProblem {
    /// A group without a term.
    #[error("a range is missing")]
    Empty,
    /// An operator without a version.
    #[error("a version is missing after `{0}`")]
    MissingVersion(&'static str),
    /// Not a version.
    #[error("`{0}` is not a version")]
    NotAVersion(Box<str>),
    /// A number after a wildcard.
    #[error("`{0}` has a number after a wildcard")]
    AfterWildcard(Box<str>),
}

impl ConstraintProblem {
    fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "write * for any version",
            Self::MissingVersion(_) => "write the version behind the operator, as in >=1.25",
            Self::NotAVersion(_) => "a constraint reads like >=1.25 <2, ~1.4, ^2 or 1.x",
            Self::AfterWildcard(_) => "write x for the parts behind the wildcard too, as in 1.x.x",
        }
    }
}

/// A set of ranges, of which one must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    text: Box<str>,
    groups: Vec<Vec<Term>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    operator: Operator,
    bound: Bound,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    /// Digits without leading zeros; what a wildcard left out is missing.
    parts: Vec<Box<str>>,
    pre_release: Option<(u8, Vec<Box<str>>)>,
    /// The pre-release as written, for versions that have one of semantic versioning.
    written: Prerelease,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    AtLeast,
    AtMost,
    Tilde,
    Caret,
}

/// The operators, longer before shorter.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::AtLeast),
    ("=>", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("=<", Operator::AtMost),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

impl Constraint {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a version lies in one of the ranges.
    pub fn admits(&self, version: &Version) -> bool {
        let admits = |term: &Term| {
            let leading = |count: usize| term.bound.order_leading(version, count);
            term.admits(version.is_prerelease(), &|| term.bound.order(version), &leading)
        };
        self.groups.iter().any(|group| group.iter().all(admits))
    }

    /// Whether a semantic version lies in one of the ranges. Its pre-release is compared as semantic versioning
    /// compares it.
    pub fn admits_semantic(&self, version: &semver::Version) -> bool {
        let numbers = [version.major, version.minor, version.patch].map(|part| part.to_string());
        let numbers = numbers.each_ref().map(|part| part.trim_start_matches('0'));
        let admits = |term: &Term| {
            let bound = &term.bound;
            let parts = || bound.parts.iter().map(|part| &**part);
            let leading = |count: usize| {
                let count = count.min(numbers.len());
                order_padded(numbers[..count].iter().copied(), parts().take(count))
            };
            let whole = || {
                order_padded(numbers.iter().copied(), parts())
                    .then_with(|| version.pre.cmp(&bound.written))
            };
            term.admits(!version.pre.is_empty(), &whole, &leading)
        };
        self.groups.iter().any(|group| group.iter().all(admits))
    }
}

impl Term {
    /// Whether the term holds, from the order of the whole version beside the bound and of its first
    /// parts alone.
    fn admits(
        &self,
        is_prerelease: bool,
        whole: &dyn Fn() -> Ordering,
        leading: &dyn Fn(usize) -> Ordering,
    ) -> bool {
        let bound = &self.bound;
        if is_prerelease && bound.pre_release.is_none() {
            return false;
        }
        let given = bound.parts.len();
        let range = given < 3;
        match self.operator {
            Operator::Equal if range => leading(given).is_eq(),
            Operator::Equal => whole().is_eq(),
            Operator::NotEqual if range => leading(given).is_ne(),
            Operator::NotEqual => whole().is_ne(),
            Operator::Greater if range => leading(given).is_gt(),
            Operator::Greater => whole().is_gt(),
            Operator::Less => whole().is_lt(),
            Operator::AtLeast => whole().is_ge(),
            Operator::AtMost if range => leading(given).is_le(),
            Operator::AtMost => whole().is_le(),
            Operator::Tilde => whole().is_ge() && leading(given.min(2)).is_eq(),
            Operator::Caret => whole().is_ge() && leading(bound.caret()).is_eq(),
        }
    }
}

impl Bound {
    /// The order of the version beside the bound.
    fn order(&self, version: &Version) -> Ordering {
        order_padded(version.parts(), self.parts.iter().map(|part| &**part)).then_with(|| {
            let (rank, numbers) = version.pre_release();
            match (&self.pre_release, rank) {
                (None, 0) => Ordering::Equal,
                (Some(_), 0) => Ordering::Greater,
                (None, _) => Ordering::Less,
                (Some((bound, least)), rank) => rank
                    .cmp(bound)
                    .then_with(|| order_lists(numbers, least.iter().map(|number| &**number))),
            }
        })
    }

    /// The order of the first `count` parts alone.
    fn order_leading(&self, version: &Version, count: usize) -> Ordering {
        let missing = count.saturating_sub(version.parts().len());
        order_padded(
            version.parts().take(count).chain(std::iter::repeat_n("", missing)),
            self.parts.iter().map(|part| &**part).take(count),
        )
    }

    /// How many parts `^` holds fast: up to the first that is not zero.
    fn caret(&self) -> usize {
        let first = self.parts.iter().take(3).position(|part| !part.is_empty());
        first.map_or(self.parts.len().min(3), |place| place + 1)
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

impl FromStr for Constraint {
    type Err = ConstraintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut groups = Vec::new();
        let mut start = 0;
        for group in text.split("||") {
            let terms = parse_group(group).map_err(|(place, problem)| ConstraintError {
                text: text.into(),
                place: start + place,
                problem,
            })?;
            groups.push(terms);
            start += group.len() + 2;
        }
        Ok(Self { text: text.into(), groups })
    }
}

type Failure = (usize, ConstraintProblem);

fn parse_group(group: &str) -> Result<Vec<Term>, Failure> {
    let words = split_words(group);
    let mut terms = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some((place, word)) = words.next() {
        let found = OPERATORS.iter().find_map(|(sign, operator)| {
            word.strip_prefix(sign).map(|rest| (*sign, *operator, rest))
        });
        let (sign, operator, rest) = found.unwrap_or(("", Operator::Equal, word));
        let (place, rest) = match (rest, sign) {
            ("", sign) => words
                .next()
                .filter(|(_, word)| *word != "-")
                .ok_or((place, ConstraintProblem::MissingVersion(sign)))?,
            (rest, sign) => (place + sign.len(), rest),
        };
        let bound = parse_bound(place, rest)?;
        if words.peek().is_some_and(|(_, word)| *word == "-") && sign.is_empty() {
            let place = words.next().map_or(place, |(place, _)| place);
            let (place, upper) =
                words.next().ok_or((place, ConstraintProblem::MissingVersion("-")))?;
            terms.push(Term { operator: Operator::AtLeast, bound });
            terms.push(Term { operator: Operator::AtMost, bound: parse_bound(place, upper)? });
            continue;
        }
        terms.push(Term { operator, bound });
    }
    if terms.is_empty() { Err((0, ConstraintProblem::Empty)) } else { Ok(terms) }
}

/// The words of a group with their places; commas and spaces part them.
fn split_words(group: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    for (place, character) in group.char_indices().chain([(group.len(), ' ')]) {
        if character == ',' || character.is_whitespace() {
            if let Some(start) = start.take() {
                words.push((start, &group[start..place]));
            }
        } else if start.is_none() {
            start = Some(place);
        }
    }
    words
}

fn parse_bound(place: usize, text: &str) -> Result<Bound, Failure> {
    let refuse = || (place, ConstraintProblem::NotAVersion(text.into()));
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    // Build metadata never orders.
    let bare = bare.split_once('+').map_or(bare, |(version, _)| version);
    let (numbers, pre_release) = match bare.split_once('-') {
        Some((numbers, pre_release)) => (numbers, Some(pre_release)),
        None => (bare, None),
    };
    let mut parts: Vec<Box<str>> = Vec::new();
    let mut wild = false;
    for part in numbers.split('.') {
        match (part, split_digits(part)) {
            ("x" | "X" | "*", _) => wild = true,
            (_, Some(_)) if wild => {
                return Err((place, ConstraintProblem::AfterWildcard(text.into())));
            }
            (_, Some(digits)) => parts.push(digits.into()),
            (_, None) => return Err(refuse()),
        }
    }
    if pre_release.is_some_and(|word| word.is_empty() || !word.bytes().all(is_pre_release_byte)) {
        return Err(refuse());
    }
    let written = pre_release.and_then(|word| Prerelease::new(word).ok()).unwrap_or_default();
    Ok(Bound { parts, pre_release: pre_release.map(pre_release_bound), written })
}

fn is_pre_release_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use super::super::version::{Reading, read};
    use super::*;

    #[track_caller]
    fn check(constraint: &str, inside: &str, outside: &str) {
        let parsed: Constraint = constraint.parse().unwrap_or_else(|error| panic!("{error}"));
        let admits = |text: &str| match read(&text.parse().expect("a tag")) {
            Reading::Version(version) => parsed.admits(&version),
            other => panic!("{text} is read as {other:?}"),
        };
        for text in inside.split_whitespace() {
            assert!(admits(text), "{constraint} admits {text}");
        }
        for text in outside.split_whitespace() {
            assert!(!admits(text), "{constraint} does not admit {text}");
        }
    }

    #[test]
    fn operators_hold_as_masterminds_has_them() {
        check("1.2.3", "1.2.3 v1.2.3 1.2.3-alpine", "1.2.4 1.2.2 1.2.3.1");
        check("=1.2", "1.2 1.2.9", "1.3 1.1.9");
        check("1", "1 1.9.9", "2 0.9");
        check("!=1.2", "1.3 1.1", "1.2.0 1.2.9");
        check("!=1.2.3", "1.2.4", "1.2.3");
        check(">1", "2 2.0.1", "1 1.9");
        check(">1.2", "1.3 2", "1.2.9 1.2");
        check(">1.2.3", "1.2.4 1.2.3.1", "1.2.3");
        check(">=1.2", "1.2 1.2.0 9", "1.1.9");
        check("<1.2", "1.1.9", "1.2 1.2.0");
        check("<=1.2", "1.2.9 1", "1.3");
        check("<=1.2.3", "1.2.3", "1.2.4");
        check("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2");
        check("~1.2", "1.2.0 1.2.9", "1.3");
        check("~1", "1.0 1.9", "2");
        check("~>1.2.3", "1.2.9", "1.3.0");
        check("^1.2.3", "1.2.3 1.9", "2 1.2.2");
        check("^0.2.3", "0.2.9", "0.3.0");
        check("^0.0.3", "0.0.3", "0.0.4");
        check("^0.0", "0.0.9", "0.1");
        check("^0", "0.9.9", "1");
        check("*", "1 99.1", "1.0.0-rc1");
        check("1.x", "1.9", "2");
        check("1.2.X", "1.2.9", "1.3.0");
        check("1.2 - 1.4.5", "1.2 1.4.5 1.4", "1.4.6 1.1");
        check("1.2 - 1.4", "1.4.9", "1.5");
    }

    #[test]
    fn groups_join_and_alternate() {
        check(">=1.2, <2", "1.2 1.9.9", "2 1.1");
        check(">=1.2 <2", "1.2 1.9.9", "2 1.1");
        check(">= 1.2 , < 2", "1.2", "2");
        check("~1.4 || ^2", "1.4.1 2.9", "1.5 3");
        check("<1 || >=2 !=2.5.0", "0.9 2.0 2.5.1", "1.0 2.5.0");
        check(">=16 <17", "16 16.3 16.3-alpine", "17 15.9");
        check(">=2024.01", "2024.1.0 2024.02.3", "2023.12.1");
        check(
            ">99999999999999999999999999999999999999999",
            "v100000000000000000000000000000000000000000.0.0",
            "1.0.0",
        );
    }

    #[test]
    fn a_pre_release_needs_a_bound_that_names_one() {
        check("<2", "1.9", "2.0.0-rc.1 1.9.9-rc.1");
        check(">=2.0.0-0", "2.0.0-rc.1 2.0.0", "1.9.9");
        check(">=2.0.0-rc.2", "2.0.0-rc.2 2.0.0-rc.10 2.0.0", "2.0.0-rc.1 2.0.0-beta.9");
        check(">=2.0.0-0 <3", "2.1.0", "2.0.0-rc.1");
    }

    #[test]
    fn what_is_no_constraint_is_refused_with_the_place() {
        #[track_caller]
        fn refuse(text: &str, place: usize, says: &str) {
            let error = text.parse::<Constraint>().expect_err(text);
            assert_eq!(error.place(), place, "{error}");
            assert!(error.to_string().contains(says), "{error}");
        }
        refuse("", 0, "write * for any version");
        refuse(">=1 ||", 6, "a range is missing");
        refuse(">=", 0, "missing after `>=`");
        refuse(">=1 <", 4, "missing after `<`");
        refuse(">=1 latest", 4, "`latest` is not a version");
        refuse(">=1 || >=a.b", 9, "`a.b` is not a version");
        refuse("1.x.2", 0, "after a wildcard");
        refuse("1..2", 0, "is not a version");
        refuse("1.2.3-", 0, "is not a version");
        refuse("1.2 -", 4, "missing after `-`");
    }
}
