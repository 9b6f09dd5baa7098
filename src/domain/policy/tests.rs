//! Precedence, matchers, annotations, and that tightening never frees.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::action::index;
use super::*;
use crate::domain::inventory::{
    Kind, Leg, Owner, Rollout, Running, Slot, SlotImage, SlotKind, Workload,
};
use crate::domain::platform::Placement;
use crate::domain::version::Bump;

fn workload(annotations: &[(&str, &str)]) -> Workload {
    let slot = |kind, name: &str, image: &str| Slot {
        kind,
        name: name.into(),
        image: SlotImage::read(image),
        running: Running::NotAsked,
        line: None,
    };
    let text = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    };
    Workload {
        leg: Leg::Kubernetes,
        kind: Kind::StatefulSet,
        namespace: Some("prod-eu".into()),
        name: "db-main".into(),
        uid: None,
        labels: text(&[("tier", "data"), ("empty", "")]),
        annotations: text(annotations),
        owner: Owner::Nobody,
        rollout: Rollout::default(),
        pull: None,
        placement: Placement::default(),
        origin: None,
        slots: vec![
            slot(SlotKind::Container, "web", "nginx:1.25.0"),
            slot(SlotKind::Container, "side.car", "ghcr.io/acme/postgres:16.1"),
            slot(SlotKind::Container, "broken", "UPPER:1"),
        ],
        // One more than was asked for.
        containers: ["web", "side.car", "broken", "other"].map(Into::into).into(),
    }
}

fn actions(text: &str) -> Settings {
    Settings { actions: text.parse().expect("actions"), ..Settings::default() }
}

fn rule(matcher: Matcher, settings: Settings) -> Rule {
    Rule { matcher, settings }
}

#[expect(clippy::unnecessary_wraps, reason = "matchers hold options")]
fn named(pattern: &str) -> Option<Pattern> {
    Some(pattern.parse().expect("a pattern"))
}

fn everything() -> Matcher {
    Matcher::default()
}

fn limits(policy: &Policy, annotations: &[(&str, &str)], slot: usize) -> Limits {
    let workload = workload(annotations);
    policy.limits(&workload, &workload.slots[slot], &Overrides::default())
}

#[test]
fn later_layers_win() {
    let base = actions("patch=review,minor=auto");
    let rules = vec![
        rule(everything(), actions("minor=manual,major=skip")),
        rule(everything(), actions("major=review")),
        rule(Matcher { name: named("other"), ..everything() }, actions("patch=skip")),
    ];
    let policy = Policy { base, rules, ..Policy::default() };
    let annotated = [("actions", "major=auto"), ("actions.web", "digest=skip")];
    let annotation = |key: &str| Source::Annotation(key.into());
    for (annotations, slot, bump, action, source) in [
        (&[][..], 0, Bump::Patch, Action::Review, Source::Policy),
        (&[], 0, Bump::Minor, Action::Manual, Source::Rule(1)),
        (&[], 0, Bump::Major, Action::Review, Source::Rule(2)),
        (&[], 0, Bump::Digest, Action::Review, Source::Default),
        (&[], 0, Bump::Prerelease, Action::Skip, Source::Default),
        (&annotated, 0, Bump::Major, Action::Auto, annotation("actions")),
        (&annotated, 0, Bump::Digest, Action::Skip, annotation("actions.web")),
        (&annotated, 1, Bump::Digest, Action::Review, Source::Default),
    ] {
        let limits = limits(&policy, annotations, slot);
        let expected = Sourced { value: action, source };
        assert_eq!(limits.action(bump), &expected, "{bump:?} {annotations:?}");
    }
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let limits = limits(&Policy::default(), &[], 0);
    let actions = Bump::ALL.map(|bump| (bump.as_str(), limits.action(bump).value.as_str()));
    assert_eq!(
        actions,
        [
            ("patch", "auto"),
            ("minor", "review"),
            ("major", "manual"),
            ("digest", "review"),
            ("base", "review"),
            ("prerelease", "skip"),
        ]
    );
    assert_eq!(limits.skip, None);
    assert_eq!(limits.minimum_age, None);
    assert_eq!(limits.pin, Pin::Keep);
    assert!(limits.constraints.is_empty() && limits.errors.is_empty());
}

#[test]
fn arrays_follow_the_order_of_listings() {
    for (place, bump) in Bump::ALL.into_iter().enumerate() {
        assert_eq!(index(bump), place, "{bump:?}");
    }
}

#[test]
fn matchers_need_all_that_is_written() {
    let label = |key: &str, pattern: &str| {
        BTreeMap::from([(key.to_owned(), pattern.parse().expect("a pattern"))])
    };
    let all = everything;
    for (matcher, slot, expected) in [
        (all(), 0, true),
        (Matcher { namespace: named("prod-*"), ..all() }, 0, true),
        (Matcher { namespace: named("dev-*"), ..all() }, 0, false),
        (Matcher { kind: named("StatefulSet"), ..all() }, 0, true),
        (Matcher { kind: named("Deployment"), ..all() }, 0, false),
        (Matcher { name: named("db-?ain"), ..all() }, 0, true),
        (Matcher { name: named("db"), ..all() }, 0, false),
        (Matcher { container: named("web"), ..all() }, 0, true),
        (Matcher { container: named("web"), ..all() }, 1, false),
        (Matcher { image: named("nginx"), ..all() }, 0, true),
        (Matcher { image: named("docker.io/library/*"), ..all() }, 0, true),
        (Matcher { image: named("*/nginx"), ..all() }, 0, true),
        (Matcher { image: named("*/postgres"), ..all() }, 1, true),
        (Matcher { image: named("ghcr.io/*"), ..all() }, 0, false),
        (Matcher { image: named("*"), ..all() }, 2, false),
        (Matcher { labels: label("tier", "d*"), ..all() }, 0, true),
        (Matcher { labels: label("tier", "x"), ..all() }, 0, false),
        (Matcher { labels: label("gone", "*"), ..all() }, 0, false),
        (Matcher { labels: label("empty", ""), ..all() }, 0, true),
        (Matcher { name: named("db-*"), namespace: named("dev"), ..all() }, 0, false),
    ] {
        let workload = workload(&[]);
        assert_eq!(matcher.matches(&workload, &workload.slots[slot]), expected, "{matcher:?}");
    }
}

#[test]
fn an_object_without_a_namespace_matches_no_named_one() {
    let mut workload = workload(&[]);
    workload.namespace = None;
    let matcher = Matcher { namespace: named("prod-*"), ..everything() };
    assert!(!matcher.matches(&workload, &workload.slots[0]));
}

#[test]
fn annotations_speak_for_one_container_or_all() {
    let annotations = [
        ("skip", "true"),
        ("skip.web", "false"),
        ("minimum-age.side.car", "2d"),
        ("pin.other", "always"),
    ];
    let web = limits(&Policy::default(), &annotations, 0);
    assert_eq!((web.skip, web.minimum_age, web.pin), (None, None, Pin::Keep));
    let side = limits(&Policy::default(), &annotations, 1);
    assert_eq!(side.skip, Some(Source::Annotation("skip".into())));
    assert_eq!(side.minimum_age, Some(Duration::from_hours(48)));
    assert!(side.errors.is_empty());
}

#[test]
fn annotations_that_cannot_be_read_are_told() {
    for (key, value, said) in [
        ("action", "minor=auto", "no such key"),
        ("actions", "minor", "CHANGE=ACTION"),
        ("actions", "tiny=auto", "no kind of change"),
        ("actions", "minor=yes", "no action"),
        ("skip", "yes", "neither true nor false"),
        ("pin", "on", "no pin"),
        ("rollback", "no", "no rollback"),
        ("minimum-age", "3", "no length of time"),
        ("soak.web", "soon", "no length of time"),
        ("constraint", ">=1 <", ""),
    ] {
        let limits = limits(&Policy::default(), &[(key, value)], 0);
        assert_eq!(limits.errors.len(), 1, "{key}={value}");
        let error = &limits.errors[0];
        assert!(error.contains(said) && error.contains(key), "{error}");
    }
}

#[test]
fn annotations_for_a_container_that_is_not_there_are_told_at_every_slot() {
    let annotations = [("skip.wbe", "true"), ("actions.", "minor=auto"), ("pin.other", "always")];
    for slot in 0..3 {
        let limits = limits(&Policy::default(), &annotations, slot);
        let there = "no container or image volume";
        assert_eq!(
            limits.errors,
            [
                format!(
                    "the annotation safe-update.io/actions.: {there} \"\"; there are: web, side.car, broken, other"
                ),
                format!(
                    "the annotation safe-update.io/skip.wbe: {there} \"wbe\"; there are: web, side.car, broken, other"
                ),
            ]
        );
        assert_eq!((limits.skip, limits.pin), (None, Pin::Keep));
    }
}

#[test]
fn a_policy_may_close_its_ears() {
    let annotations =
        [("actions", "major=auto"), ("skip", "true"), ("nonsense", "x"), ("skip.wbe", "true")];
    let policy = Policy { annotations: Annotations::Ignore, ..Policy::default() };
    let limits = limits(&policy, &annotations, 0);
    assert_eq!(limits.action(Bump::Major).value, Action::Manual);
    assert_eq!(limits.skip, None);
    assert!(limits.errors.is_empty());
}

#[test]
fn tightening_annotations_only_close() {
    let base = Settings {
        constraint: Some(">=1".parse().expect("a range")),
        minimum_age: Some(Duration::from_hours(24)),
        skip: Some(true),
        ..actions("patch=review")
    };
    let policy = Policy { base, annotations: Annotations::Tighten, ..Policy::default() };
    let annotations = [
        ("actions", "patch=auto,minor=skip"),
        ("constraint", "<2"),
        ("minimum-age", "1h"),
        ("skip", "false"),
        ("pin", "always"),
    ];
    let limits = limits(&policy, &annotations, 0);
    assert_eq!(limits.action(Bump::Patch).value, Action::Review);
    assert_eq!(limits.action(Bump::Minor).value, Action::Skip);
    assert_eq!(limits.constraints.len(), 2, "both ranges hold");
    assert_eq!(limits.minimum_age, Some(Duration::from_hours(24)));
    assert_eq!(limits.skip, Some(Source::Policy));
    assert_eq!(limits.pin, Pin::Always);
}

#[test]
fn the_command_line_replaces_ranges() {
    let base = Settings { constraint: Some("<2".parse().expect("a range")), ..Settings::default() };
    let policy = Policy { base, ..Policy::default() };
    let overrides = Overrides {
        level: None,
        constraint: Some(">=3".parse().expect("a range")),
        allow_base_change: true,
    };
    let workload = workload(&[("constraint", "<5")]);
    let limits = policy.limits(&workload, &workload.slots[0], &overrides);
    assert_eq!(limits.constraints.len(), 1);
    assert_eq!(limits.constraints[0].source, Source::Flag("--constraint"));
    assert!(limits.allow_base_change);
}

#[test]
fn lengths_of_time() {
    for (text, seconds) in [
        ("90s", Some(90)),
        ("10m", Some(600)),
        ("36h", Some(129_600)),
        ("3d", Some(259_200)),
        ("2w", Some(1_209_600)),
        ("1d12h", Some(129_600)),
        ("0s", Some(0)),
        ("", None),
        ("3", None),
        ("d", None),
        ("3 d", None),
        ("-3d", None),
        ("1.5d", None),
        ("3D", None),
        ("99999999999999999999d", None),
        ("18446744073709551615w", None),
    ] {
        assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
    }
}

#[test]
fn words_read_as_they_are_written() {
    for action in [Action::Auto, Action::Review, Action::Manual, Action::Skip] {
        assert_eq!(action.to_string().parse(), Ok(action));
    }
    assert!(Action::Auto < Action::Review && Action::Manual < Action::Skip);
    assert!("Auto".parse::<Action>().is_err());
    assert!("[".parse::<Pattern>().is_err());
}

fn any_action() -> impl Strategy<Value = Action> {
    prop::sample::select(vec![Action::Auto, Action::Review, Action::Manual, Action::Skip])
}

prop_compose! {
    fn any_settings()(
        actions in prop::collection::vec(prop::option::of(any_action()), Bump::ALL.len()),
        age in prop::option::of(0_u64..1_000),
        always in any::<bool>(),
        skip in prop::option::of(any::<bool>()),
    ) -> Settings {
        let mut settings = Settings {
            minimum_age: age.map(Duration::from_secs),
            pin: always.then_some(Pin::Always),
            skip,
            ..Settings::default()
        };
        for (bump, action) in Bump::ALL.into_iter().zip(actions) {
            if let Some(action) = action {
                settings.actions.set(bump, action);
            }
        }
        settings
    }
}

fn annotated(settings: &Settings) -> Vec<(&'static str, String)> {
    let mut pairs: Vec<String> = Vec::new();
    for bump in Bump::ALL {
        let action = settings.actions.get(bump);
        pairs.extend(action.map(|action| format!("{}={action}", bump.as_str())));
    }
    let mut annotations = vec![("actions", pairs.join(","))];
    let age = settings.minimum_age.map(|age| format!("{}s", age.as_secs()));
    annotations.extend(age.map(|age| ("minimum-age", age)));
    annotations.extend(settings.skip.map(|skip| ("skip", skip.to_string())));
    annotations
}

proptest! {
    /// Whatever the policy and the annotations say: in tighten mode no action becomes freer, no
    /// age shorter, no skip is lifted.
    #[test]
    fn tightening_never_enables_an_update(
        base in any_settings(),
        first in any_settings(),
        second in any_settings(),
        extra in any_settings(),
    ) {
        let rules = vec![rule(everything(), first), rule(everything(), second)];
        let policy =
            Policy { base, rules, annotations: Annotations::Tighten, ..Policy::default() };
        let extra = annotated(&extra);
        let extra: Vec<_> = extra.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let before = limits(&policy, &[], 0);
        let after = limits(&policy, &extra, 0);
        for bump in Bump::ALL {
            prop_assert!(after.action(bump).value >= before.action(bump).value);
        }
        prop_assert!(after.minimum_age >= before.minimum_age);
        prop_assert!(before.skip.is_none() || after.skip.is_some());
        prop_assert!(after.constraints.len() >= before.constraints.len());
    }

    /// Making the last word of a policy stricter never frees anything.
    #[test]
    fn a_stricter_last_rule_never_frees(base in any_settings(), last in any_settings()) {
        let policy = |rules| Policy { base: base.clone(), rules, ..Policy::default() };
        let before = limits(&policy(Vec::new()), &[], 0);
        let mut stricter = last;
        for bump in Bump::ALL {
            if let Some(action) = stricter.actions.get(bump) {
                stricter.actions.set(bump, action.max(before.action(bump).value));
            }
        }
        let after = limits(&policy(vec![rule(everything(), stricter)]), &[], 0);
        for bump in Bump::ALL {
            prop_assert!(after.action(bump).value >= before.action(bump).value);
        }
    }

    #[test]
    fn reading_a_length_never_panics(text in ".{0,40}") {
        let _ = duration(&text);
    }
}
