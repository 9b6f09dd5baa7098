//! The rules: what is asked for, what becomes of one tag, and the shortlist.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use super::super::constraint::Constraint;
use super::super::image::Tag;
use super::super::version::{Bump, Difference, Reading, Version, read};
use super::catalog::Catalog;

/// How many tags of one bump are kept, so that young or broken ones have others below them: a
/// quarter of daily builds. Facts are asked from the highest down, so more of them cost nothing.
const KEPT_PER_BUMP: usize = 100;

/// The largest step that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Patches alone.
    Patch,
    /// Patches and minor versions.
    Minor,
    /// Everything.
    Major,
}

impl Level {
    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// Whether a step of this size is within the level.
    pub(in super::super) fn allows(self, size: Bump) -> bool {
        match size {
            Bump::Patch | Bump::Prerelease | Bump::Digest | Bump::Base => true,
            Bump::Minor => self >= Self::Minor,
            Bump::Major => self >= Self::Major,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A word that is no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level is patch, minor or major")]
pub struct LevelError;

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Patch, Self::Minor, Self::Major]
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or(LevelError)
    }
}

/// Why a tag is not a candidate. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is the tag that runs.
    Current,
    /// It is not newer.
    Older,
    /// A higher tag of the same bump is the candidate.
    Outranked,
    /// The step is larger than the level that was asked for.
    Level,
    /// The constraint does not admit it.
    Constraint,
    /// Its version is written another way, or the current tag has no version.
    Scheme,
    /// The text before its version differs.
    Prefix,
    /// Its version has another number of parts.
    Precision,
    /// The text after its version differs.
    Variant,
    /// It is a pre-release, and the current tag is none of the same version.
    Prerelease,
    /// It has a newer base, which was not asked for.
    Base,
    /// It is a name that is moved from image to image.
    Floating,
    /// It is named by a commit or digest.
    Hash,
    /// It is a signature or an attestation.
    Artifact,
    /// The step up to it is no release step.
    SchemeBreak,
    /// It is no tag.
    Grammar,
    /// It was rolled back here.
    KnownBad,
    /// It is younger than asked for, or its age is unknown.
    Age,
    /// It lacks a platform that is needed.
    Platform,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 19] = [
        Self::Current,
        Self::Older,
        Self::Outranked,
        Self::Level,
        Self::Constraint,
        Self::Scheme,
        Self::Prefix,
        Self::Precision,
        Self::Variant,
        Self::Prerelease,
        Self::Base,
        Self::Floating,
        Self::Hash,
        Self::Artifact,
        Self::SchemeBreak,
        Self::Grammar,
        Self::KnownBad,
        Self::Age,
        Self::Platform,
    ];

    /// The name in output, which does not change.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Older => "older",
            Self::Outranked => "outranked",
            Self::Level => "level",
            Self::Constraint => "constraint",
            Self::Scheme => "scheme",
            Self::Prefix => "prefix",
            Self::Precision => "precision",
            Self::Variant => "variant",
            Self::Prerelease => "prerelease",
            Self::Base => "base",
            Self::Floating => "floating",
            Self::Hash => "hash",
            Self::Artifact => "artifact",
            Self::SchemeBreak => "scheme-break",
            Self::Grammar => "grammar",
            Self::KnownBad => "known-bad",
            Self::Age => "age",
            Self::Platform => "platform",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

/// What is asked of a candidate beside the rules that always hold. The default asks nothing.
#[derive(Debug, Clone, Default)]
pub struct Criteria {
    /// The largest step; `None` is every step.
    pub level: Option<Level>,
    /// The ranges that the version must lie in, all of them.
    pub constraints: Vec<Constraint>,
    /// Whether a newer base in the variant may be proposed.
    pub allow_base_change: bool,
    /// Tags that were rolled back on this target.
    pub known_bad: HashSet<Tag>,
    /// The one tag that was named; every other is outranked by it.
    pub only: Option<Tag>,
}

/// A published tag that the rules leave.
#[derive(Debug, Clone)]
pub struct Candidate {
    bump: Bump,
    size: Bump,
    version: Version,
}

impl Candidate {
    /// What kind of step it is.
    pub fn bump(&self) -> Bump {
        self.bump
    }

    /// The size of the step of the version alone: a change of the base may be a major step as well.
    pub fn size(&self) -> Bump {
        self.size
    }

    /// The tag.
    pub fn tag(&self) -> &Tag {
        self.version.tag()
    }

    /// The tag as it was read.
    pub fn version(&self) -> &Version {
        &self.version
    }
}

/// Per bump the highest few tags that the rules leave.
#[derive(Debug, Clone, Default)]
pub struct Shortlist {
    /// The highest first, whatever the bump.
    candidates: Vec<Candidate>,
}

impl Shortlist {
    /// The highest tag that may be offered at all.
    pub fn latest(&self) -> Option<&Candidate> {
        self.candidates.first()
    }

    /// The highest tag of one bump.
    pub fn best(&self, bump: Bump) -> Option<&Candidate> {
        self.of(bump).next()
    }

    /// The tags of one bump, the highest first.
    pub fn of(&self, bump: Bump) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(move |candidate| candidate.bump == bump)
    }

    /// Every tag kept, the highest first: those whose facts are worth asking for.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Candidate> {
        self.candidates.iter()
    }

    /// Leaves out tags, for instance those whose manifest is gone.
    pub fn retain(&mut self, keep: impl FnMut(&Candidate) -> bool) {
        self.candidates.retain(keep);
    }

    /// Whether nothing is newer.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }
}

/// What the rules say of one version beside the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Admitted(Bump),
    Dropped(Reason),
}

/// Judges the versions of a catalog beside the current one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'a> {
    current: &'a Version,
    criteria: &'a Criteria,
    /// The bare number before the variant is a flavour in this catalog.
    flavoured: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(current: &'a Version, catalog: &Catalog, criteria: &'a Criteria) -> Self {
        Self { current, criteria, flavoured: catalog.keeps_number_before_variant(current) }
    }

    /// Judges one version. Nothing that is not newer is ever admitted.
    pub(super) fn judge(self, other: &Version) -> Judgement {
        let judgement = judge(self.current, other, self.criteria);
        // Only what the other rules leave can differ in the flavour alone.
        let other_flavour = self.flavoured
            && matches!(judgement, Judgement::Admitted(_))
            && self.current.number_before_variant() != other.number_before_variant();
        if other_flavour { Judgement::Dropped(Reason::Variant) } else { judgement }
    }
}

fn judge(current: &Version, other: &Version, criteria: &Criteria) -> Judgement {
    match admit(current, other, criteria) {
        Ok(bump) => Judgement::Admitted(bump),
        Err(reason) => Judgement::Dropped(reason),
    }
}

fn admit(current: &Version, other: &Version, criteria: &Criteria) -> Result<Bump, Reason> {
    if current.tag() == other.tag() {
        return Err(Reason::Current);
    }
    let base = is_base_change(current, other)?;
    let order = if base { current.order_release(other) } else { current.order(other) };
    if order == Ordering::Greater || (order == Ordering::Equal && !base) {
        return Err(Reason::Older);
    }
    let named = criteria.only.as_ref() == Some(other.tag());
    if criteria.only.is_some() && !named {
        return Err(Reason::Outranked);
    }
    // Whoever names a tag has looked at it.
    if current.breaks_scheme(other) && !named {
        return Err(Reason::SchemeBreak);
    }
    if other.is_prerelease() && !(current.is_prerelease() && current.same_release(other)) {
        return Err(Reason::Prerelease);
    }
    if base && !criteria.allow_base_change && !named {
        return Err(Reason::Base);
    }
    let size = current.bump_to(other);
    if criteria.level.is_some_and(|level| !level.allows(size)) {
        return Err(Reason::Level);
    }
    if criteria.constraints.iter().any(|constraint| !constraint.admits(other)) {
        return Err(Reason::Constraint);
    }
    if criteria.known_bad.contains(other.tag()) {
        return Err(Reason::KnownBad);
    }
    Ok(if base { Bump::Base } else { size })
}

/// Whether the tags differ by a newer base alone; an error when they differ in more.
fn is_base_change(current: &Version, other: &Version) -> Result<bool, Reason> {
    let Some(difference) = current.difference(other) else {
        return Ok(false);
    };
    if current.is_stray_beside(other) {
        return Err(Reason::SchemeBreak);
    }
    match difference {
        Difference::Scheme => Err(Reason::Scheme),
        Difference::Prefix => Err(Reason::Prefix),
        Difference::Precision => Err(Reason::Precision),
        Difference::Variant if current.has_newer_base(other) => Ok(true),
        Difference::Variant => Err(Reason::Variant),
    }
}

/// The order in which candidates are listed: by version, then by base, then by text.
pub fn rank(left: &Version, right: &Version) -> Ordering {
    left.order_release(right)
        .then_with(|| left.order_base(right))
        .then_with(|| left.order(right))
        .then_with(|| left.tag().cmp(right.tag()))
}

/// Per bump the highest few tags that the rules leave.
///
/// A tag that has no version (`latest`, a commit) has no newer one, so its shortlist is empty.
pub fn shortlist(current: &Tag, catalog: &Catalog, criteria: &Criteria) -> Shortlist {
    let Reading::Version(current) = read(current) else {
        return Shortlist::default();
    };
    let judge = Judge::new(&current, catalog, criteria);
    let siblings = catalog
        .siblings(&current)
        .take_while(|version| current.order(version).is_lt())
        .map(|version| (current.bump_to(version), version));
    let mut bases: Vec<&Version> = Vec::new();
    if criteria.allow_base_change || criteria.only.is_some() {
        bases.extend(catalog.newer_bases(&current));
        bases.sort_by(|left, right| rank(right, left));
    }
    let bases = bases.into_iter().map(|version| (Bump::Base, version));
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut kept = [0; Bump::ALL.len()];
    for (bump, version) in siblings.chain(bases) {
        let kept = &mut kept[bump as usize];
        if *kept < KEPT_PER_BUMP && judge.judge(version) == Judgement::Admitted(bump) {
            *kept += 1;
            let size = current.bump_to(version);
            candidates.push(Candidate { bump, size, version: version.clone() });
        }
    }
    candidates.sort_by(|left, right| rank(&right.version, &left.version));
    Shortlist { candidates }
}
