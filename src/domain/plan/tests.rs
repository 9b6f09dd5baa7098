use std::time::Duration;

use super::*;
use crate::domain::candidate::Level;
use crate::domain::change::{Change, Terms};
use crate::domain::consent::slot_id;
use crate::domain::gate::tests::workload;
use crate::domain::history::{
    Actor, BadVersion, KnownBad, Memory, Record, RecordEnd, RecordId, Verb,
};
use crate::domain::inventory::Kind;
use crate::domain::policy::{Overrides, PartialActions, Policy, RollbackMode, Rule, Settings};
use crate::domain::rollout::{Outcome, Stage};

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
        size: change,
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

/// A `CronJob` whose image was written by a record that awaits its run, and a row that goes on.
fn unproved(decision: Decision, change: impl FnOnce(&mut Memory)) -> String {
    let digest: Digest = format!("sha256:{}", "a".repeat(64)).parse().expect("a digest");
    let web = workload(Kind::CronJob);
    let time = "2026-11-24T12:00:00Z".parse().expect("a time");
    let slot = slot_id(&web.slots[0]);
    let id: RecordId = "20261124t120000z-00000001/1".parse().expect("a record");
    let record = Record {
        id: id.clone(),
        cluster: "cluster".into(),
        verb: Verb::Apply,
        change: Change {
            object: "prod/cj/web".parse().expect("an object"),
            uid: "uid".into(),
            edits: Vec::new(),
            terms: Terms {
                soak: Duration::ZERO,
                progress_deadline: Duration::ZERO,
                rollback: RollbackMode::Careful,
                stateful: false,
                was_healthy: true,
                probes: Vec::new(),
                run_once: false,
            },
            release: None,
        },
        why: Vec::new(),
        actor: Actor { user: None, local: "anna".into(), host: "desk".into() },
        started: time,
        stage: Stage::Applied,
        written: vec![(slot.clone(), "nginx:1.25.3".into())],
        template: None,
        restored: Vec::new(),
        failure: None,
        said: None,
        attempts: 0,
        end: Some(RecordEnd { at: time, outcome: Outcome::AwaitsRun }),
    };
    let bad = BadVersion {
        slot,
        repository: "nginx".parse().expect("a repository"),
        tag: None,
        digest: digest.clone(),
    };
    let known = KnownBad { versions: vec![bad], record: id, since: time, why: "crash".into() };
    let mut memory = Memory { last: Some(record), known_bad: vec![known], approvals: Vec::new() };
    change(&mut memory);
    let offer = Offer {
        tag: "1.25.4".parse().expect("a tag"),
        digest: Some(digest),
        change: Bump::Patch,
        size: Bump::Patch,
        action: Action::Auto,
        decision,
    };
    let mut plan = Plan {
        created: time,
        inventory: Inventory { workloads: vec![web], ..Inventory::default() },
        proposals: vec![Proposal {
            workload: 0,
            slot: 0,
            current: Current::default(),
            candidate: Some(offer),
            others: Vec::new(),
            decision,
            reasons: Vec::new(),
            lookup: Lookup::Done,
            findings: Vec::new(),
            source: None,
        }],
    };
    block_known_combinations(&mut plan, |_| Some(&memory));
    hold_unproved(&mut plan, |_| Some(&memory));
    let row = &plan.proposals[0];
    format!("{} {}", row.decision, row.reasons.join("; "))
}

#[test]
fn a_step_from_what_was_not_seen_to_work_waits() {
    let only_last = |memory: &mut Memory| memory.known_bad.clear();
    assert!(unproved(Decision::Update, only_last).starts_with("held its next run has to show"));
    // What needs a yes anyway says why, and what is blocked stays it.
    assert_eq!(unproved(Decision::Held, only_last), "held ");
    assert_eq!(unproved(Decision::Blocked, only_last), "blocked ");
    // Somebody went on from there, or its run was seen.
    let elsewhere = |memory: &mut Memory| {
        only_last(memory);
        let last = memory.last.as_mut().expect("a record");
        last.written[0].1 = "nginx:1.25.2".into();
    };
    assert_eq!(unproved(Decision::Update, elsewhere), "update ");
    let seen = |memory: &mut Memory| {
        only_last(memory);
        memory.last.as_mut().expect("a record").end = None;
    };
    assert_eq!(unproved(Decision::Update, seen), "update ");
}

#[test]
fn what_failed_together_is_blocked_and_what_needs_a_yes_is_left_to_it() {
    let only_bad = |memory: &mut Memory| memory.last = None;
    let blocked = unproved(Decision::Update, only_bad);
    assert!(blocked.starts_with("blocked these versions failed together on 2026-11-24: crash"));
    assert_eq!(unproved(Decision::Held, only_bad), "held ");
}

/// What a preview found, counted on a patch that the policy takes by itself.
#[track_caller]
fn check_preview(found: Findings, expected: &str) {
    let mut proposal = Proposal {
        workload: 0,
        slot: 0,
        current: Current::default(),
        candidate: Some(Offer {
            tag: "1.0.1".parse().expect("a tag"),
            digest: None,
            change: Bump::Patch,
            size: Bump::Patch,
            action: Action::Auto,
            decision: Decision::Update,
        }),
        others: Vec::new(),
        decision: Decision::Update,
        reasons: vec!["a patch change, allowed by the policy".into()],
        lookup: Lookup::Done,
        findings: Vec::new(),
        source: None,
    };
    let workload = crate::domain::gate::tests::workload(Kind::Deployment);
    let limits = Policy::default().limits(&workload, &workload.slots[0], &Overrides::default());
    count_preview(&mut proposal, &limits, found);
    let offer = proposal.candidate.as_ref().expect("it was not taken away");
    let (action, size) = (offer.action, offer.size);
    let told = format!("{} {action} {size}: {}", proposal.decision, proposal.reasons.join("; "));
    assert!(told.starts_with(expected), "{told}");
}

#[test]
fn a_preview_may_hold_or_block_and_never_frees() {
    let nothing = Findings::default;
    check_preview(nothing(), "update auto patch: a patch change");
    check_preview(Findings { images: Some(Bump::Patch), ..nothing() }, "update auto patch:");
    check_preview(
        Findings { images: Some(Bump::Major), ..nothing() },
        "held manual major: its images take a major step, which needs the version by name",
    );
    check_preview(
        Findings { ground: Some("other".into()), ..nothing() },
        "held auto patch: other; a patch",
    );
    check_preview(
        Findings { missing: Some("gone".into()), ground: Some("other".into()), ..nothing() },
        "blocked auto patch: gone; other",
    );
    check_preview(
        Findings { fails: Some("selector".into()), ..nothing() },
        "blocked auto patch: selector",
    );
    check_preview(
        Findings { older: Some("older".into()), ..nothing() },
        "held auto patch: older; a patch",
    );
}

#[test]
fn an_approval_is_a_yes_and_frees_nothing_that_is_left_alone() {
    let web = workload(Kind::Deployment);
    let slot = &web.slots[0];
    let digest: Digest = format!("sha256:{}", "a".repeat(64)).parse().expect("a digest");
    let all = Prospects {
        candidates: vec![Prospect {
            digest: Some(digest.clone()),
            ..prospect("2.0.0", Bump::Major)
        }],
        ..Prospects::default()
    };
    let decided = |skip: Option<bool>| {
        let settings = Settings { skip, ..Settings::default() };
        let policy =
            Policy { rules: vec![Rule { settings, ..Rule::default() }], ..Policy::default() };
        let mut limits = policy.limits(&web, slot, &Overrides::default());
        limits.approved = vec![("2.0.0".parse().expect("a tag"), digest.clone())];
        let surroundings =
            Surroundings { closed: None, manifests: Action::Review, still_listed: None };
        let current = Current::default();
        let mut proposal = judge((0, 0), (&web, slot), current, &limits, &all, surroundings);
        count_approval(&mut proposal, &limits);
        proposal.decision
    };
    assert_eq!(decided(None), Decision::Update);
    assert_eq!(decided(Some(true)), Decision::Blocked);
}
