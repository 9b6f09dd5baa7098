//! Versions of charts, and the range of Kubernetes versions that a chart wants: both as the Go
//! library Masterminds/semver 3 reads them, which is what Helm uses.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use semver::{BuildMetadata, Prerelease, Version};

use super::super::constraint::{Constraint, ConstraintError};
use super::super::image::{ReferenceError, Tag};
use super::super::version::Bump;

/// A version of a chart: semantic versioning 2, where a leading `v` and missing parts are taken as Helm takes
/// them (`v1.2` is 1.2.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartVersion {
    written: Arc<str>,
    parsed: Version,
}

impl Default for ChartVersion {
    /// 0.0.0, which is older than any.
    fn default() -> Self {
        Self { written: "0.0.0".into(), parsed: Version::new(0, 0, 0) }
    }
}

/// A text that is no version of a chart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version of a chart: those are semantic versions, as 1.2.3")]
pub struct ChartVersionError(pub String);

impl ChartVersion {
    /// The version as written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Its first number.
    pub fn major(&self) -> u64 {
        self.parsed.major
    }

    /// Whether its first two numbers are these or higher.
    pub fn is_at_least(&self, major: u64, minor: u64) -> bool {
        (self.parsed.major, self.parsed.minor) >= (major, minor)
    }

    /// Whether it is a pre-release.
    pub fn is_prerelease(&self) -> bool {
        !self.parsed.pre.is_empty()
    }

    /// The order of semantic versioning: build metadata does not count.
    pub fn precedence(&self, other: &Self) -> Ordering {
        self.parsed.cmp_precedence(&other.parsed)
    }

    /// The numbers are the same, whatever pre-release they are of.
    pub fn same_release(&self, other: &Self) -> bool {
        let numbers = |version: &Version| (version.major, version.minor, version.patch);
        numbers(&self.parsed) == numbers(&other.parsed)
    }

    /// The size of the step to a newer version.
    pub fn bump_to(&self, newer: &Self) -> Bump {
        let (from, to) = (&self.parsed, &newer.parsed);
        if from.major != to.major {
            Bump::Major
        } else if from.minor != to.minor {
            Bump::Minor
        } else if newer.is_prerelease() {
            Bump::Prerelease
        } else {
            Bump::Patch
        }
    }

    /// The tag that names it in a registry, with `_` for `+` as Helm writes it.
    ///
    /// # Errors
    /// It is longer than a tag may be.
    pub fn tag(&self) -> Result<Tag, ReferenceError> {
        self.written.replace('+', "_").parse()
    }

    /// The version that a tag names: a version has no `_`.
    ///
    /// # Errors
    /// The tag is no version.
    pub fn of_tag(tag: &Tag) -> Result<Self, ChartVersionError> {
        tag.as_str().replace('_', "+").parse()
    }

    /// Whether a constraint admits it. Pre-releases need a bound that names one, as in `>=1.2.0-0`.
    pub fn satisfies(&self, constraint: &Constraint) -> bool {
        constraint.admits_semantic(&self.parsed)
    }
}

impl fmt::Display for ChartVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.written)
    }
}

impl FromStr for ChartVersion {
    type Err = ChartVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ChartVersionError(text.to_owned());
        let bare = text.strip_prefix('v').unwrap_or(text);
        let (rest, build) = match bare.split_once('+') {
            Some((rest, build)) => (rest, BuildMetadata::new(build).map_err(|_| wrong())?),
            None => (bare, BuildMetadata::EMPTY),
        };
        let (numbers, pre) = match rest.split_once('-') {
            Some((numbers, pre)) if !pre.is_empty() => {
                (numbers, Prerelease::new(pre).map_err(|_| wrong())?)
            }
            Some(_) => return Err(wrong()),
            None => (rest, Prerelease::EMPTY),
        };
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse::<u64>().map_err(|_| wrong()) } else { Err(wrong()) }
        };
        let mut parts = [0; 3];
        for (index, part) in numbers.split('.').enumerate() {
            *parts.get_mut(index).ok_or_else(wrong)? = number(part)?;
        }
        let [major, minor, patch] = parts;
        Ok(Self { written: text.into(), parsed: Version { major, minor, patch, pre, build } })
    }
}

/// The versions of Kubernetes that a chart wants (`kubeVersion`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeRange(Constraint);

impl KubeRange {
    /// Whether a cluster's version (`gitVersion`, as the server says it) lies in the range. Helm
    /// compares the whole of it, so that `v1.30.4-eks-1a2b` is a pre-release that only `-0` admits.
    pub fn admits(&self, cluster: &ChartVersion) -> bool {
        cluster.satisfies(&self.0)
    }
}

impl FromStr for KubeRange {
    type Err = ConstraintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ChartVersion {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn versions_are_read_as_helm_reads_them() {
        for (text, same) in [
            ("1.2.3", "1.2.3"),
            ("v1.2.3", "1.2.3"),
            ("1.2", "1.2.0"),
            ("2", "2.0.0"),
            ("1.2.3+build.7", "1.2.3"),
            ("01.2.3", "1.2.3"),
        ] {
            assert_eq!(version(text).precedence(&version(same)), Ordering::Equal, "{text}");
            assert_eq!(version(text).as_str(), text);
        }
        for text in ["", "v", "latest", "1.2.3.4", "1..2", "1.2.3-", "1.2.3-a_b", "-1", "1.2.x"] {
            assert!(text.parse::<ChartVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_order_is_that_of_semver() {
        let sorted =
            ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.9", "1.0.0-rc.10", "1.0.0", "1.10.0"];
        for pair in sorted.windows(2) {
            assert_eq!(version(pair[0]).precedence(&version(pair[1])), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn steps_have_sizes() {
        for (from, to, bump) in [
            ("1.2.3", "1.2.4", Bump::Patch),
            ("1.2.3", "1.3.0", Bump::Minor),
            ("1.2.3", "2.0.0", Bump::Major),
            ("1.2.3-rc.1", "1.2.3-rc.2", Bump::Prerelease),
            ("1.2.3-rc.1", "1.2.3", Bump::Patch),
        ] {
            assert_eq!(version(from).bump_to(&version(to)), bump, "{from} {to}");
        }
    }

    #[test]
    fn tags_have_an_underscore_for_the_plus() {
        let tag = version("1.2.3+abc").tag().expect("a tag");
        assert_eq!(tag.as_str(), "1.2.3_abc");
        assert_eq!(ChartVersion::of_tag(&tag).expect("a version").as_str(), "1.2.3+abc");
        let sum = "sha256-0".parse().expect("a tag");
        assert!(ChartVersion::of_tag(&sum).is_err());
    }

    #[test]
    fn the_cluster_is_held_against_the_range() {
        for (range, cluster, admits) in [
            (">=1.25.0-0", "v1.37.2", true),
            (">=1.25.0-0", "v1.30.4-eks-1a2b", true),
            (">=1.25.0", "v1.30.4-eks-1a2b", false),
            (">= 1.25", "v1.37.2", true),
            (">=1.25 <1.30", "v1.37.2", false),
            ("^1.19.0-0 || ^2", "v1.37.2", true),
            (">=1.30.0-0", "v1.29.9-gke.1", false),
            (">=1.30.0-rc.2", "v1.30.0-rc.10", true),
            (">=1.30.0-rc.2", "v1.30.0-rc.1", false),
        ] {
            let parsed: KubeRange = range.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(parsed.admits(&version(cluster)), admits, "{range} {cluster}");
        }
    }
}
