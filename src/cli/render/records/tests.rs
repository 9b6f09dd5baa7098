use super::*;
use crate::domain::change::{SlotId, Terms};
use crate::domain::health::{Failure, FailureCode};
use crate::domain::history::{BadVersion, RecordEnd, Verb};
use crate::domain::inventory::SlotKind;
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::Stage;
use crate::domain::version::Bump;

const NEW: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn slot() -> SlotId {
    SlotId { kind: SlotKind::Container, name: "main".into() }
}

fn edit_of(from: &str, to: &str) -> Edit {
    Edit {
        slot: slot(),
        from: from.into(),
        to: to.into(),
        digest: NEW.parse().expect("a digest"),
        parts: Vec::new(),
        from_digest: None,
        bump: Bump::Patch,
    }
}

fn record(outcome: Option<Outcome>) -> Record {
    let at = |text: &str| text.parse::<Timestamp>().expect("a time");
    Record {
        id: "20261124t165301z-5f3a9c01/1".parse().expect("a record"),
        cluster: "c-1".into(),
        verb: Verb::Apply,
        change: Change {
            object: "shop/deploy/web".parse().expect("an object"),
            uid: "u-1".into(),
            edits: vec![edit_of("nginx:1.25.3", "nginx:1.25.4")],
            terms: Terms {
                soak: Duration::from_mins(1),
                progress_deadline: Duration::from_mins(10),
                rollback: RollbackMode::Careful,
                stateful: false,
                was_healthy: true,
                probes: Vec::new(),
                run_once: false,
            },
            release: None,
        },
        why: vec!["main: a patch change, allowed by the policy".into()],
        actor: Actor { user: Some("ann".into()), local: "ann".into(), host: "desk".into() },
        started: at("2026-11-24T16:53:01.5Z"),
        stage: Stage::Applied,
        written: vec![(slot(), "nginx:1.25.4".into())],
        restored: Vec::new(),
        failure: None,
        template: None,
        said: None,
        attempts: 0,
        end: outcome.map(|outcome| RecordEnd { at: at("2026-11-24T16:55:00Z"), outcome }),
    }
}

fn crash() -> Failure {
    Failure {
        code: FailureCode::Crash,
        message: "it crashes: \u{1b}[31mboom".into(),
        never_ran: false,
        slot: Some(slot()),
    }
}

#[test]
fn a_history_is_a_table() {
    let soaked = Outcome::Succeeded { soaked: Duration::from_mins(1), unverified: None };
    let records = [record(Some(soaked)), record(None)];
    assert_eq!(
        table(&records, None, &Styles::default()),
        "RECORD                       STARTED               OBJECT           CHANGE                  OUTCOME               BY\n\
         20261124t165301z-5f3a9c01/1  2026-11-24T16:53:01Z  shop/deploy/web  main: 1.25.3 -> 1.25.4  succeeded             ann (ann@desk)\n\
         20261124t165301z-5f3a9c01/1  2026-11-24T16:53:01Z  shop/deploy/web  main: 1.25.3 -> 1.25.4  unfinished (applied)  ann (ann@desk)\n"
    );
}

#[test]
fn steps_are_told_by_what_differs() {
    let digest = |text: &str| format!("{text}@{NEW}");
    for (from, to, told) in [
        ("nginx:1.25.3", "nginx:1.25.4", "main: 1.25.3 -> 1.25.4"),
        ("nginx", "nginx:1.25.4", "main: latest -> 1.25.4"),
        ("nginx:1.25", &digest("nginx:1.25"), "main: 1.25 -> 1.25 (sha256:bbbbbbbbbbbb)"),
        ("nginx:1", "httpd:2", "main: nginx:1 -> httpd:2"),
        ("${X}", "nginx:1", "main: ${X} -> nginx:1"),
    ] {
        assert_eq!(step(&edit_of(from, to)), told);
    }
}

#[test]
fn one_record_is_told_whole_and_steers_no_terminal() {
    let mut failed = record(Some(Outcome::RolledBack(crash())));
    failed.restored = vec![(slot(), "nginx:1.25.3".into())];
    failed.attempts = 1;
    let text = text(&failed, None, &Styles::default());
    for part in [
        "Record     20261124t165301z-5f3a9c01/1\n",
        "Object     shop/deploy/web\n",
        "Cluster    c-1\n",
        "             from nginx:1.25.3 (digest unknown)\n",
        &format!("             to   nginx:1.25.4 ({NEW})\n"),
        "Why        main: a patch change, allowed by the policy\n",
        "By         ann (ann@desk)\n",
        "Started    2026-11-24T16:53:01Z\n",
        "Ended      2026-11-24T16:55:00Z\n",
        "Stage      applied\n",
        "Outcome    rolled-back\n",
        "Failure    crash, container main\n",
        "           it crashes: ^[[31mboom\n",
        "Read back  main: nginx:1.25.4\n",
        "Put back   main: nginx:1.25.3\n",
        "Attempts   1\n",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(!text.contains("Next"), "{text}");
}

#[test]
fn the_way_back_fits_the_end() {
    let soaked = Outcome::Succeeded { soaked: Duration::ZERO, unverified: None };
    let twice = Outcome::Inconsistent { cause: crash(), second: "refused".into() };
    let cases: [(Option<Outcome>, &[&str]); 6] = [
        (Some(soaked), &["rollback shop/deploy/web --to 20261124t165301z-5f3a9c01/1"]),
        (None, &["resume shop/deploy/web", "resume --undo shop/deploy/web"]),
        (Some(Outcome::Unknown("timeout".into())), &["resume shop/deploy/web"]),
        (Some(Outcome::FailedKept(crash())), &["rollback shop/deploy/web", "set image"]),
        (Some(twice), &["kubectl -n shop set image deploy/web main=nginx:1.25.3"]),
        (Some(Outcome::RolledBack(crash())), &[]),
    ];
    for (outcome, parts) in cases {
        let told = commands(&record(outcome.clone())).join("\n");
        assert_eq!(told.is_empty(), parts.is_empty(), "{outcome:?}: {told}");
        for part in parts {
            assert!(told.contains(part), "no {part:?} in {told}");
        }
    }
}

#[test]
fn a_status_names_holder_phase_and_what_to_do() {
    let held = UnderWay {
        object: "shop/sts/db".parse().expect("an object"),
        holder: "run-1".into(),
        since: Some("2026-11-24T16:53:01Z".parse().expect("a time")),
        record: Some(record(None)),
    };
    let text = status(&[held], &[record(None)], &[], None, &Styles::default());
    for part in [
        "UNDER WAY    PHASE    CHANGE",
        "shop/sts/db  applied  main: 1.25.3 -> 1.25.4  2026-11-24T16:53:01Z  ann (ann@desk) (run-1)",
        "UNFINISHED",
        "`resume shop/deploy/web` goes on",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn what_was_forgotten_is_told_with_its_story() {
    let known = KnownBad {
        versions: vec![BadVersion {
            slot: slot(),
            repository: "nginx".parse::<ImageReference>().expect("one").repository().clone(),
            tag: Some("1.25.4".parse().expect("a tag")),
            digest: NEW.parse().expect("a digest"),
        }],
        record: "20261124t165301z-5f3a9c01/1".parse().expect("a record"),
        since: "2026-11-24T16:53:01Z".parse().expect("a time"),
        why: "it crashed".into(),
    };
    let object = "shop/deploy/web".parse().expect("an object");
    let text = forgotten(&object, &[known]);
    assert!(text.starts_with("shop/deploy/web: forgot main: "), "{text}");
    assert!(text.contains("nginx:1.25.4"), "{text}");
    assert!(text.ends_with("(20261124t165301z-5f3a9c01/1): it crashed\n"), "{text}");
}
