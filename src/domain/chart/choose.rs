//! Which published version of a chart is proposed: at most one a step, the highest that holds.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::candidate::{Level, Outcome, PassedOver, Reason, TagVerdict};
use super::super::constraint::Constraint;
use super::super::image::Tag;
use super::super::version::{Bump, Reading, read};
use super::{ChartEntry, ChartVersion, KubeRange};

/// What is asked of a version of a chart.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The largest step; none is every step.
    pub level: Option<Level>,
    /// The ranges that the version must lie in, all of them, each with who set it.
    pub constraints: &'a [(&'a Constraint, String)],
    /// Versions that were rolled back on this release.
    pub known_bad: &'a [Tag],
    /// The one version that was named.
    pub only: Option<&'a Tag>,
    /// Pre-releases may be proposed.
    pub prereleases: bool,
    /// The version of the cluster, where it is known.
    pub cluster: Option<&'a ChartVersion>,
    /// How old a version must be.
    pub minimum_age: Option<SignedDuration>,
    /// The moment against which age is measured.
    pub now: Timestamp,
    /// The versions that were asked about by themselves, where the list said no more than their numbers:
    /// the age of the others is no objection yet. None where nothing more can be learned.
    pub learned: Option<&'a BTreeSet<Arc<str>>>,
}

/// A version that is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// What is published of it.
    pub entry: ChartEntry,
    /// The step of the chart's version.
    pub bump: Bump,
    /// The larger of the chart's step and that of the version which it deploys.
    pub size: Bump,
}

/// At most one version a step, and what stood above them.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The highest first.
    pub picks: Vec<Pick>,
    /// Newer versions that do not hold, with the reason, the highest first.
    pub passed_over: Vec<PassedOver>,
}

/// Chooses. `entries` are all published versions, in any order.
///
/// What of an entry is not known asks nothing: whoever learns more of the picks chooses again.
pub fn choose(
    current: &ChartVersion,
    app_version: Option<&str>,
    entries: &[ChartEntry],
    asked: &Asked<'_>,
) -> Choice {
    let mut newer: Vec<&ChartEntry> = entries
        .iter()
        .filter(|entry| current.precedence(&entry.version) == Ordering::Less)
        .collect();
    newer.sort_by(|left, right| right.version.precedence(&left.version));
    let mut choice = Choice::default();
    for entry in newer {
        let bump = current.bump_to(&entry.version);
        let size = larger(bump, app_step(app_version, entry));
        let Ok(tag) = entry.version.tag() else { continue };
        match objection(current, entry, &tag, size, asked) {
            Some((reason, detail)) => {
                choice.passed_over.push(PassedOver { tag, bump, reason, detail });
            }
            None if choice.picks.iter().any(|pick| pick.bump == bump) => {}
            None => choice.picks.push(Pick { entry: entry.clone(), bump, size }),
        }
    }
    choice
}

/// What becomes of every published version, the highest first: the reason of each.
pub fn verdicts(
    current: &ChartVersion,
    entries: &[ChartEntry],
    choice: &Choice,
) -> Vec<TagVerdict> {
    let mut all: Vec<&ChartEntry> = entries.iter().collect();
    all.sort_by(|left, right| right.version.precedence(&left.version));
    let dropped =
        |reason: Reason, detail: String| Outcome::Dropped { reason, detail: detail.into() };
    let of = |entry: &ChartEntry| {
        let version = &entry.version;
        let step = || choice.picks.iter().find(|pick| pick.bump == current.bump_to(version));
        let tag = version.tag().ok();
        let passed = choice.passed_over.iter().find(|passed| Some(&passed.tag) == tag.as_ref());
        match (current.precedence(version), passed) {
            (Ordering::Equal, _) => dropped(Reason::Current, "it is what is installed".into()),
            (Ordering::Greater, _) => dropped(Reason::Older, format!("older than {current}")),
            (Ordering::Less, Some(passed)) => dropped(passed.reason, passed.detail.clone()),
            (Ordering::Less, None) => match step() {
                Some(pick) if pick.entry.version == *version => Outcome::Candidate(pick.bump),
                Some(pick) => {
                    dropped(Reason::Outranked, format!("{} is higher", pick.entry.version))
                }
                None => dropped(Reason::Grammar, "its version is too long for a tag".into()),
            },
        }
    };
    let told = all
        .into_iter()
        .map(|entry| TagVerdict { tag: entry.version.as_str().into(), outcome: of(entry) });
    told.collect()
}

/// Why a newer version is not proposed; none where it may be.
fn objection(
    current: &ChartVersion,
    entry: &ChartEntry,
    tag: &Tag,
    size: Bump,
    asked: &Asked<'_>,
) -> Option<(Reason, String)> {
    let version = &entry.version;
    let named = asked.only == Some(tag);
    if let Some(only) = asked.only.filter(|_| !named) {
        return Some((Reason::Outranked, format!("{only} was named")));
    }
    let pre = version.is_prerelease() || entry.marked_prerelease;
    let goes_on = current.is_prerelease() && current.same_release(version);
    if pre && !named && !asked.prereleases && !goes_on {
        let detail = format!("{version} is a pre-release: name it, or let the policy allow those");
        return Some((Reason::Prerelease, detail));
    }
    if let Some(level) = asked.level.filter(|level| !level.allows(size)) {
        let detail = format!("{version} is newer, but a {size} change is above --level {level}");
        return Some((Reason::Level, detail));
    }
    let outside = asked.constraints.iter().find(|(range, _)| !version.satisfies(range));
    if let Some((_, range)) = outside {
        let detail = format!("{version} is newer, but {range} does not admit it");
        return Some((Reason::Constraint, detail));
    }
    if asked.known_bad.contains(tag) {
        let detail = format!(
            "{version} is newer, but it was rolled back here; `forget` takes it off the list"
        );
        return Some((Reason::KnownBad, detail));
    }
    if let (Some(cluster), Some(wanted)) = (asked.cluster, &entry.kube_version) {
        let admits = wanted.parse::<KubeRange>().map(|range| range.admits(cluster));
        match admits {
            Ok(true) => {}
            Ok(false) => {
                let detail =
                    format!("{version} wants Kubernetes {wanted}, and the cluster is {cluster}");
                return Some((Reason::Platform, detail));
            }
            // Helm refuses such a chart as well.
            Err(error) => {
                let detail = format!("{version} has a kubeVersion that cannot be read: {error}");
                return Some((Reason::Platform, detail));
            }
        }
    }
    young(entry, asked).map(|detail| (Reason::Age, detail))
}

fn young(entry: &ChartEntry, asked: &Asked<'_>) -> Option<String> {
    let least = asked.minimum_age.filter(SignedDuration::is_positive)?;
    let version = &entry.version;
    let unasked = asked.learned.is_some_and(|learned| !learned.contains(version.as_str()));
    let Some(created) = entry.created else {
        if unasked {
            return None;
        }
        return Some(format!("the age of {version} is not known, and {least:#} is asked for"));
    };
    (asked.now.duration_since(created) < least).then(|| {
        let until = created.checked_add(least).map_or_else(
            |_| "it is old enough".to_owned(),
            |moment| moment.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        );
        format!("{version} is younger than {least:#}; wait until {until}")
    })
}

/// The step of the version that a chart deploys, where both are versions of one scheme.
fn app_step(from: Option<&str>, entry: &ChartEntry) -> Option<Bump> {
    let version = |text: &str| match read(&text.parse().ok()?) {
        Reading::Version(version) => Some(version),
        Reading::Floating | Reading::Hash | Reading::Artifact => None,
    };
    let (from, to) = (version(from?)?, version(entry.app_version.as_deref()?)?);
    (from.compare(&to)? != Ordering::Equal).then(|| from.bump_to(&to))
}

/// The larger of two steps of versions.
fn larger(chart: Bump, app: Option<Bump>) -> Bump {
    match app {
        Some(app) if app.height() > chart.height() => app,
        Some(_) | None => chart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> ChartEntry {
        let (version, app) = text.split_once('/').unwrap_or((text, ""));
        ChartEntry {
            version: version.parse().expect("a version"),
            app_version: (!app.is_empty()).then(|| app.into()),
            kube_version: None,
            deprecated: false,
            created: None,
            digest: None,
            security_updates: false,
            marked_prerelease: false,
            changes: Vec::new(),
        }
    }

    fn nothing() -> Asked<'static> {
        Asked {
            level: None,
            constraints: &[],
            known_bad: &[],
            only: None,
            prereleases: false,
            cluster: None,
            minimum_age: None,
            now: Timestamp::UNIX_EPOCH,
            learned: None,
        }
    }

    /// `current` and `published` are `VERSION/APPVERSION`; the outcome is `VERSION:bump:size` of the
    /// picks, then `!VERSION:reason` of what was passed over.
    #[track_caller]
    fn check(current: &str, published: &str, asked: &Asked<'_>, expected: &str) {
        let current = entry(current);
        let entries: Vec<ChartEntry> = published.split_whitespace().map(entry).collect();
        let choice = choose(&current.version, current.app_version.as_deref(), &entries, asked);
        let picks = choice
            .picks
            .iter()
            .map(|pick| format!("{}:{}:{}", pick.entry.version, pick.bump, pick.size));
        let passed = choice.passed_over.iter().map(|each| format!("!{}:{}", each.tag, each.reason));
        assert_eq!(picks.chain(passed).collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn the_highest_of_each_step_is_proposed() {
        check(
            "1.2.3",
            "2.1.0 1.2.4 1.2.9 1.10.0 1.9.0 2.0.0 1.2.3 1.0.0",
            &nothing(),
            "2.1.0:major:major 1.10.0:minor:minor 1.2.9:patch:patch",
        );
        check("1.2.3", "1.2.3 1.0.0 1.2.3+other", &nothing(), "");
        check("1.2.3+0a1b2c", "1.2.3 1.2.4", &nothing(), "1.2.4:patch:patch");
    }

    #[test]
    fn the_larger_step_of_chart_and_application_is_judged() {
        check(
            "1.2.3/16.3",
            "1.2.4/17.1 1.3.0/16.4 2.0.0/16.3",
            &nothing(),
            "2.0.0:major:major 1.3.0:minor:minor 1.2.4:patch:major",
        );
        let level = Asked { level: Some(Level::Minor), ..nothing() };
        check("1.2.3/16.3", "1.2.5/17.1 1.2.4/16.4", &level, "1.2.4:patch:minor !1.2.5:level");
        // What cannot be compared says nothing.
        check("1.2.3/main", "1.2.4/17", &nothing(), "1.2.4:patch:patch");
        check("1.2.3", "1.2.4/17", &nothing(), "1.2.4:patch:patch");
    }

    #[test]
    fn pre_releases_are_proposed_when_they_are_asked_for() {
        let published = "1.3.0-rc.2 1.2.4-rc.1";
        check("1.2.3", published, &nothing(), "!1.3.0-rc.2:prerelease !1.2.4-rc.1:prerelease");
        let asked = Asked { prereleases: true, ..nothing() };
        check(
            "1.2.3",
            published,
            &asked,
            "1.3.0-rc.2:minor:minor 1.2.4-rc.1:prerelease:prerelease",
        );
        check(
            "1.3.0-rc.1",
            "1.3.0-rc.2 1.3.0 1.4.0-rc.1",
            &nothing(),
            "1.3.0:patch:patch 1.3.0-rc.2:prerelease:prerelease !1.4.0-rc.1:prerelease",
        );
        let named = "1.3.0-rc.2".parse().expect("a tag");
        let only = Asked { only: Some(&named), ..nothing() };
        check("1.2.3", "1.3.0-rc.2 1.2.4", &only, "1.3.0-rc.2:minor:minor !1.2.4:outranked");
    }

    #[test]
    fn what_does_not_hold_hides_nothing_below_it() {
        let bad = ["1.2.9".parse().expect("a tag")];
        let asked = Asked { known_bad: &bad, ..nothing() };
        check("1.2.3", "1.2.9 1.2.8", &asked, "1.2.8:patch:patch !1.2.9:known-bad");
        let range = "<1.3".parse().expect("a constraint");
        let ranges = [(&range, "the range <1.3".to_owned())];
        let asked = Asked { constraints: &ranges, ..nothing() };
        check("1.2.3", "1.3.0 1.2.8", &asked, "1.2.8:patch:patch !1.3.0:constraint");
    }

    #[test]
    fn the_cluster_has_to_be_one_that_the_chart_wants() {
        let cluster = "v1.29.4".parse().expect("a version");
        let asked = Asked { cluster: Some(&cluster), ..nothing() };
        let mut newest = entry("1.2.9");
        newest.kube_version = Some(">=1.30.0-0".into());
        let mut broken = entry("1.2.8");
        broken.kube_version = Some("new".into());
        let entries = [newest, broken, entry("1.2.7")];
        let choice = choose(&entry("1.2.3").version, None, &entries, &asked);
        assert_eq!(choice.picks.len(), 1);
        assert_eq!(choice.picks[0].entry.version.as_str(), "1.2.7");
        let details: Vec<&str> =
            choice.passed_over.iter().map(|each| each.detail.as_str()).collect();
        assert_eq!(details[0], "1.2.9 wants Kubernetes >=1.30.0-0, and the cluster is v1.29.4");
        assert!(details[1].starts_with("1.2.8 has a kubeVersion that cannot be read"));
    }

    #[test]
    fn a_young_version_waits() {
        let day = SignedDuration::from_hours(24);
        let asked = Asked { minimum_age: Some(day), now: Timestamp::UNIX_EPOCH, ..nothing() };
        let hours_ago =
            |hours: i64| Some(Timestamp::UNIX_EPOCH - SignedDuration::from_hours(hours));
        let entries = [
            ChartEntry { created: hours_ago(3), ..entry("1.2.9") },
            entry("1.2.8"),
            ChartEntry { created: hours_ago(30), ..entry("1.2.7") },
        ];
        let choice = choose(&entry("1.2.3").version, None, &entries, &asked);
        assert_eq!(choice.picks[0].entry.version.as_str(), "1.2.7");
        assert!(choice.passed_over.iter().all(|each| each.reason == Reason::Age));
        assert!(choice.passed_over[0].detail.contains("wait until 1970-01-01 21:00 UTC"));
    }
}
