use std::time::Duration;

use super::*;
use crate::domain::change::{Edit, SlotId, Terms};
use crate::domain::health::{Failure, FailureCode};
use crate::domain::policy::RollbackMode;
use crate::domain::version::Bump;

fn failure() -> Failure {
    Failure { code: FailureCode::Crash, message: "it crashes".into(), never_ran: false, slot: None }
}

fn done() -> Outcome {
    Outcome::Succeeded { soaked: Duration::ZERO, unverified: None }
}

fn inconsistent() -> Outcome {
    Outcome::Inconsistent { cause: failure(), second: "the server refused".into() }
}

/// Every outcome with its exit code.
fn all() -> Vec<(Outcome, Exit)> {
    let why = || "why".to_owned();
    vec![
        (Outcome::Rehearsed, Exit::Done),
        (done(), Exit::Done),
        (Outcome::Untouched, Exit::Done),
        (Outcome::Refused(why()), Exit::Refused),
        (Outcome::Stale(why()), Exit::Stale),
        (Outcome::Abandoned(why()), Exit::Environment),
        (Outcome::Interrupted(why()), Exit::Unknown),
        (Outcome::Busy(why()), Exit::Busy),
        (Outcome::Superseded(why()), Exit::Unknown),
        (Outcome::Unknown(why()), Exit::Unknown),
        (Outcome::FailedKept(failure()), Exit::NotRestored),
        (Outcome::RolledBack(failure()), Exit::RolledBack),
        (inconsistent(), Exit::NotRestored),
    ]
}

fn report(name: &str, outcome: Outcome) -> Report {
    let slot = |kind, name: &str| SlotId { kind, name: name.into() };
    let edit = |slot, from: &str, to: &str| Edit {
        slot,
        from: from.into(),
        to: to.into(),
        digest: format!("sha256:{}", "b".repeat(64)).parse().expect("a digest"),
        parts: Vec::new(),
        from_digest: None,
        bump: Bump::Patch,
    };
    let object: ObjectId = format!("shop/deploy/{name}").parse().expect("an object");
    Report {
        restored: Vec::new(),
        object: object.clone(),
        change: Some(Change {
            object,
            uid: "u-1".into(),
            edits: vec![
                edit(slot(SlotKind::Container, "main"), "nginx:1.25.3", "nginx:1.25.4"),
                edit(slot(SlotKind::Volume, "model"), "model:1", "model:2"),
            ],
            terms: Terms {
                soak: Duration::ZERO,
                progress_deadline: Duration::from_mins(1),
                rollback: RollbackMode::Careful,
                stateful: false,
                was_healthy: true,
                probes: Vec::new(),
                run_once: false,
            },
            release: None,
        }),
        record: Some("20261124t165301z-5f3a9c01/1".parse().expect("a record")),
        outcome,
        took: Duration::from_secs(3),
    }
}

#[test]
fn every_outcome_has_its_code_and_a_sentence_of_its_own() {
    let mut sentences: Vec<String> = Vec::new();
    for (outcome, exit) in all() {
        assert_eq!(code(&outcome), exit, "{outcome:?}");
        let sentence = sentence(&outcome);
        assert!(!sentences.contains(&sentence), "{sentence}");
        sentences.push(sentence);
    }
}

#[test]
fn what_wrote_nothing_says_so() {
    for (outcome, _) in all() {
        let wrote_nothing = matches!(
            outcome,
            Outcome::Rehearsed
                | Outcome::Refused(_)
                | Outcome::Stale(_)
                | Outcome::Abandoned(_)
                | Outcome::Interrupted(_)
                | Outcome::Busy(_)
        );
        let says_so = sentence(&outcome).contains("nothing was written");
        assert_eq!(says_so, wrote_nothing, "{outcome:?}");
    }
}

#[test]
fn the_worst_of_several_counts() {
    let exit_of = |outcomes: Vec<Outcome>| {
        let reports: Vec<Report> =
            outcomes.into_iter().map(|outcome| report("web", outcome)).collect();
        exit(&reports, true)
    };
    assert_eq!(exit_of(vec![]), Exit::Done);
    assert_eq!(exit_of(vec![done(), done()]), Exit::Done);
    let back = || Outcome::RolledBack(failure());
    assert_eq!(exit_of(vec![done(), back(), done()]), Exit::RolledBack);
    assert_eq!(exit_of(vec![back(), Outcome::Unknown(String::new())]), Exit::Unknown);
    assert_eq!(exit_of(vec![Outcome::Unknown(String::new()), inconsistent()]), Exit::NotRestored);
    assert_eq!(exit_of(vec![Outcome::Busy(String::new()), back()]), Exit::RolledBack);
}

#[test]
fn results_are_a_table_with_a_sum() {
    let kept = Outcome::FailedKept(failure());
    let reports = [report("web", done()), report("api", done()), report("db", kept)];
    let text = table(&reports, None, &Styles::default());
    assert!(text.starts_with("OBJECT           OUTCOME      CHANGE"), "{text}");
    assert!(
        text.contains("main: nginx:1.25.3 -> nginx:1.25.4, model: model:1 -> model:2"),
        "{text}"
    );
    assert!(text.ends_with("\n3 changes: 2 succeeded, 1 failed-kept\n"), "{text}");
    assert!(table(&reports[..1], None, &Styles::default()).ends_with("\n1 change: 1 succeeded\n"));
    assert_eq!(table(&[], None, &Styles::default()), "");
}

#[test]
fn foreign_words_steer_no_terminal() {
    let reports = [report("web", Outcome::Refused("\u{1b}[2Jno\nreally".into()))];
    let text = table(&reports, None, &Styles::default());
    assert!(!text.contains('\u{1b}') && text.contains("^[[2Jno\\nreally"), "{text:?}");
}

#[test]
fn what_is_left_to_a_person_comes_with_commands_for_both_ways() {
    let told = commands(&report("web", inconsistent()));
    assert_eq!(
        told,
        [
            "shop/deploy/web: to see it: kubectl -n shop describe deploy/web",
            "shop/deploy/web: back to the old version: kubectl -n shop set image deploy/web main=nginx:1.25.3",
            "shop/deploy/web: forward to the new version: kubectl -n shop set image deploy/web main=nginx:1.25.4",
        ]
    );
    let unknown = commands(&report("web", Outcome::Unknown("timeout".into())));
    assert!(unknown[0].contains("`resume --undo shop/deploy/web`"), "{unknown:?}");
    assert_eq!(advice(&[report("web", done())]), [] as [String; 0]);
}
