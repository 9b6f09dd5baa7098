use super::*;
use crate::domain::candidate::Level;
use crate::domain::gate::tests::workload;
use crate::domain::inventory::Kind;
use crate::domain::policy::{Overrides, PartialActions, Policy, Rule, Settings};

fn prospect(tag: &str, change: Bump) -> Prospect {
    Prospect { tag: tag.parse().expect("a tag"), change, size: change, digest: None }
}

fn passed(tag: &str, reason: Reason) -> PassedOver {
    let detail = format!("{tag} passed over for {reason}");
    PassedOver { tag: tag.parse().expect("a tag"), bump: Bump::Minor, reason, detail }
}

/// `candidate change decision | others | reasons` of a Deployment under a policy.
fn judged(policy: &Policy, overrides: &Overrides, prospects: &Prospects) -> String {
    let web = workload(Kind::Deployment);
    let slot = &web.slots[0];
    let limits = policy.limits(&web, slot, overrides);
    let surroundings = Surroundings { closed: None, manifests: Action::Review, still_listed: None };
    let proposal =
        judge((0, 0), (&web, slot), Current::default(), &limits, prospects, surroundings);
    let offer = |offer: &Offer| format!("{} {} {}", offer.tag, offer.change, offer.decision);
    let candidate = proposal.candidate.as_ref().map_or("-".into(), offer);
    let others: Vec<String> = proposal.others.iter().map(offer).collect();
    assert!(!proposal.reasons.is_empty(), "every row has a reason");
    format!(
        "{candidate} {} | {} | {}",
        proposal.decision,
        others.join(", "),
        proposal.reasons.join("; ")
    )
}

fn candidates(list: &[(&str, Bump)]) -> Prospects {
    let candidates = list.iter().map(|(tag, bump)| prospect(tag, *bump)).collect();
    Prospects { candidates, ..Prospects::default() }
}

fn rule(text: &str) -> Policy {
    let actions: PartialActions = text.parse().expect("actions");
    let settings = Settings { actions, ..Settings::default() };
    Policy { rules: vec![Rule { settings, ..Rule::default() }], ..Policy::default() }
}

#[test]
fn the_freest_highest_candidate_is_shown_and_the_rest_stand_beside_it() {
    let all = candidates(&[
        ("3.0.0", Bump::Major),
        ("2.1.0", Bump::Minor),
        ("2.0.1", Bump::Patch),
        ("3.0.0-rc1", Bump::Prerelease),
    ]);
    let flags = Overrides::default();
    assert_eq!(
        judged(&Policy::default(), &flags, &all),
        "2.0.1 patch update update | 2.1.0 minor held, 3.0.0 major held | a patch change, allowed by the policy"
    );
    assert!(
        judged(&rule("patch=review"), &flags, &all)
            .starts_with("2.1.0 minor held held | 2.0.1 patch held")
    );
    assert!(judged(&rule("minor=auto"), &flags, &all).starts_with("2.1.0 minor update update |"));
    assert!(
        judged(&rule("patch=skip,minor=skip"), &flags, &all)
            .starts_with("3.0.0 major held held | 2.1.0 minor blocked")
    );
    let level = Overrides { level: Some(Level::Minor), ..Overrides::default() };
    let up_to_minor = candidates(&[("2.1.0", Bump::Minor), ("2.0.1", Bump::Patch)]);
    assert!(judged(&Policy::default(), &level, &up_to_minor).starts_with("2.1.0 minor held held"));
}

#[test]
fn a_changed_base_needs_what_its_version_step_needs_as_well() {
    let base = |size| {
        let tag = "17.1-alpine3.21".parse().expect("a tag");
        let candidates = vec![Prospect { tag, change: Bump::Base, size, digest: None }];
        Prospects { candidates, ..Prospects::default() }
    };
    let flags = Overrides::default();
    let free = rule("base=auto");
    assert!(judged(&free, &flags, &base(Bump::Patch)).starts_with("17.1-alpine3.21 base update"));
    let major = judged(&free, &flags, &base(Bump::Major));
    assert!(major.contains("a major change needs its name and version"), "{major}");
    let blocked = judged(&rule("base=auto,major=skip"), &flags, &base(Bump::Major));
    assert!(blocked.contains("major changes never happen here"), "{blocked}");
}

#[test]
fn what_is_skipped_by_default_is_no_update_and_what_a_rule_skips_is_blocked() {
    let flags = Overrides::default();
    let rc = candidates(&[("2.0.0-rc2", Bump::Prerelease)]);
    assert_eq!(judged(&Policy::default(), &flags, &rc), "- up-to-date |  | no newer version");
    let minor = candidates(&[("2.1.0", Bump::Minor)]);
    assert!(judged(&rule("minor=skip"), &flags, &minor).starts_with("2.1.0 minor blocked blocked"));
}

#[test]
fn without_a_candidate_the_reason_decides() {
    let flags = Overrides::default();
    let passed_over =
        |list: Vec<PassedOver>| Prospects { passed_over: list, ..Prospects::default() };
    for (prospects, expected) in [
        (Prospects::default(), "- up-to-date |  | no newer version"),
        (
            passed_over(vec![passed("3.0.0", Reason::Platform)]),
            "- blocked |  | 3.0.0 passed over for platform",
        ),
        (
            passed_over(vec![passed("3.0.0", Reason::Platform), passed("2.9.0", Reason::Age)]),
            "- held |  | 2.9.0 passed over for age",
        ),
        (
            passed_over(vec![passed("3.0.0", Reason::Constraint)]),
            "- blocked |  | 3.0.0 passed over for constraint",
        ),
        (
            passed_over(vec![passed("3.0.0", Reason::Level)]),
            "- up-to-date |  | 3.0.0 passed over for level",
        ),
        (
            Prospects { incomparable: Some("floating".into()), ..Prospects::default() },
            "- up-to-date |  | floating",
        ),
    ] {
        assert_eq!(judged(&Policy::default(), &flags, &prospects), expected);
    }
}

#[test]
fn a_reference_is_written_in_the_form_it_had() {
    const OLD: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const NEW: &str = "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
    let offer = |change| Offer {
        tag: "1.26".parse().expect("a tag"),
        digest: Some(NEW.parse().expect("a digest")),
        change,
        action: Action::Auto,
        decision: Decision::Update,
    };
    for (image, change, pin, expected) in [
        ("nginx:1.25".to_owned(), Bump::Minor, Pin::Keep, "nginx:1.26".to_owned()),
        ("nginx:1.25".to_owned(), Bump::Minor, Pin::Always, format!("nginx:1.26@{NEW}")),
        ("nginx:1.25".to_owned(), Bump::Digest, Pin::Keep, format!("nginx:1.26@{NEW}")),
        (format!("nginx:1.25@{OLD}"), Bump::Minor, Pin::Keep, format!("nginx:1.26@{NEW}")),
    ] {
        let reference: ImageReference = image.parse().expect("a reference");
        assert_eq!(written(&reference, &offer(change), pin).as_written(), expected, "{image}");
    }
}

proptest::proptest! {
    /// A stricter rule never turns a row into an update.
    #[test]
    fn tightening_never_enables(levels in proptest::collection::vec(0_u8..4, 3), stricter in proptest::collection::vec(0_u8..4, 3)) {
        let word = |level: u8| ["auto", "review", "manual", "skip"][usize::from(level)];
        let text = |levels: &[u8]| format!("patch={},minor={},major={}", word(levels[0]), word(levels[1]), word(levels[2]));
        let tightened: Vec<u8> = levels.iter().zip(&stricter).map(|(a, b)| *a.max(b)).collect();
        let all = candidates(&[("3.0.0", Bump::Major), ("2.1.0", Bump::Minor), ("2.0.1", Bump::Patch)]);
        let updates = |policy: &Policy| judged(policy, &Overrides::default(), &all).split(" | ").next().is_some_and(|row| row.ends_with("update update"));
        if updates(&rule(&text(&tightened))) {
            proptest::prop_assert!(updates(&rule(&text(&levels))));
        }
    }
}
