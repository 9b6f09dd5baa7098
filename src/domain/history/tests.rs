use crate::domain::health::FailureCode;
use std::time::Duration;

use super::memory::LIST_MAX;
use super::*;
use crate::domain::change::SlotId;
use crate::domain::change::{Edit, ObjectId, Terms};
use crate::domain::image::{Digest, Tag};
use crate::domain::inventory::{Kind, SlotKind};
use crate::domain::policy::RollbackMode;
use crate::domain::version::Bump;

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).expect("a time")
}

fn slot(name: &str) -> SlotId {
    SlotId { kind: SlotKind::Container, name: name.into() }
}

fn tag(text: &str) -> Tag {
    text.parse().expect(text)
}

fn digest(number: usize) -> Digest {
    format!("sha256:{number:064x}").parse().expect("a digest")
}

fn edit(name: &str, number: usize) -> Edit {
    Edit {
        slot: slot(name),
        from: format!("corp/{name}:0").into(),
        to: format!("corp/{name}:{number}").into(),
        digest: digest(number),
        parts: Vec::new(),
        from_digest: None,
        bump: Bump::Minor,
    }
}

fn change(edits: &[Edit]) -> Change {
    Change {
        object: ObjectId { namespace: "prod".into(), kind: Kind::Deployment, name: "web".into() },
        uid: "uid".into(),
        edits: edits.to_vec(),
        terms: Terms {
            soak: Duration::ZERO,
            progress_deadline: Duration::from_mins(10),
            rollback: RollbackMode::Careful,
            stateful: false,
            was_healthy: true,
            probes: Vec::new(),
            run_once: false,
        },
        release: None,
    }
}

pub(crate) fn record(edits: &[Edit], end: Option<Outcome>) -> Record {
    Record {
        id: RecordId { run: RunId::new(time(0), 1), number: 1 },
        cluster: "cluster".into(),
        verb: Verb::Apply,
        change: change(edits),
        why: Vec::new(),
        actor: actor(),
        started: time(0),
        stage: Stage::Applied,
        written: Images::new(),
        restored: Images::new(),
        failure: None,
        template: None,
        said: None,
        attempts: 0,
        end: end.map(|outcome| RecordEnd { at: time(9), outcome }),
    }
}

fn actor() -> Actor {
    Actor { user: None, local: "anna".into(), host: "desk".into() }
}

fn failure(slot: Option<SlotId>) -> Failure {
    Failure { code: FailureCode::Crash, message: "exit code 1".into(), never_ran: false, slot }
}

fn condemned(edits: &[Edit], slot: Option<SlotId>) -> Memory {
    let mut memory = Memory::default();
    memory.condemn(&record(edits, None), &failure(slot), time(9));
    memory
}

#[test]
fn names_of_records_are_read_as_they_are_written() {
    let started: Timestamp = "2026-11-24T16:53:01.5Z".parse().expect("a time");
    let run = RunId::new(started, 0x5f3a_9c01);
    assert_eq!(run.as_str(), "20261124t165301z-5f3a9c01");
    let id = RecordId { run, number: 7 };
    assert_eq!(id.to_string().parse(), Ok(id));
    for text in [
        "",
        "x/1",
        "20261124t165301z-5f3a9c01",
        "20261124t165301z-5f3a9c01/0",
        "20261124t165301z-5f3a9c01/-1",
        "../../etc/passwd/1",
        "20261124t165301z-../../../1",
    ] {
        assert!(text.parse::<RecordId>().is_err(), "{text}");
    }
}

#[test]
fn the_container_at_fault_is_condemned_alone() {
    let both = [edit("app", 2), edit("side", 3)];
    let memory = condemned(&both, Some(slot("app")));
    let bad = |edits: &[Edit]| memory.is_known_bad(&change(edits)).is_some();
    assert!(bad(&both));
    assert!(bad(&both[..1]));
    assert!(!bad(&both[1..]));
    // Another digest is another version, and so is the same one elsewhere.
    assert!(!bad(&[edit("app", 4)]));
    assert!(!bad(&[Edit { slot: slot("other"), ..edit("app", 2) }]));
    let tags = |name: &str| memory.bad_tags(&slot(name), "corp/app:1").cloned().collect::<Vec<_>>();
    assert_eq!(tags("app"), [tag("2")]);
    assert_eq!(tags("side"), []);
    let known = &memory.known_bad[0];
    assert_eq!((known.since, known.why.as_str()), (time(9), "exit code 1"));
    assert_eq!(known.versions[0].repository.path(), "corp/app");
}

#[test]
fn where_nobody_is_at_fault_the_combination_is() {
    let both = [edit("app", 2), edit("side", 3)];
    // Nor is anybody when it is a container that was not edited.
    for unknown in [None, Some(slot("other"))] {
        let memory = condemned(&both, unknown);
        let bad = |edits: &[Edit]| memory.is_known_bad(&change(edits)).is_some();
        assert!(bad(&both));
        assert!(bad(&[edit("more", 9), both[1].clone(), both[0].clone()]));
        assert!(!bad(&both[..1]));
        assert!(!bad(&[edit("app", 2), edit("side", 4)]));
        assert_eq!(memory.bad_tags(&slot("app"), "corp/app:1").count(), 0);
    }
    // A change of one container is its own combination.
    let memory = condemned(&both[..1], None);
    assert_eq!(memory.bad_tags(&slot("app"), "corp/app:1").count(), 1);
    // The same tag of another repository is another image.
    assert_eq!(memory.bad_tags(&slot("app"), "other/app:1").count(), 0);
}

#[test]
fn what_is_known_bad_is_bounded_and_kept_once() {
    let mut memory = Memory::default();
    for number in 1..=LIST_MAX + 3 {
        let record = record(&[edit("app", number)], None);
        memory.condemn(&record, &failure(None), time(9));
    }
    assert_eq!(memory.known_bad.len(), LIST_MAX);
    assert!(memory.is_known_bad(&change(&[edit("app", 3)])).is_none());
    // Once more: the same entry, and the newest.
    memory.condemn(&record(&[edit("app", 4)], None), &failure(None), time(99));
    assert_eq!(memory.known_bad.len(), LIST_MAX);
    assert_eq!(memory.known_bad.last().map(|known| known.since), Some(time(99)));
    // What cannot be read condemns nothing, and an empty entry nobody.
    let broken = Edit { to: "no reference!".into(), ..edit("app", 50) };
    memory.condemn(&record(&[broken], None), &failure(None), time(100));
    assert_eq!(memory.known_bad.len(), LIST_MAX);
    memory.known_bad[0].versions.clear();
    assert!(memory.is_known_bad(&change(&[edit("app", 99)])).is_none());
}

fn approval(text: &str, number: usize, until: i64) -> Approval {
    Approval {
        slot: slot("app"),
        tag: tag(text),
        digest: digest(number),
        by: actor(),
        at: time(10),
        expires: time(until),
    }
}

#[test]
fn an_approval_counts_for_one_digest_and_for_a_time() {
    let mut memory = Memory::default();
    memory.approve(approval("2", 2, 100), time(10));
    let counts = |name: &str, text: &str, number, second| {
        memory.approval(&slot(name), &tag(text), &digest(number), time(second)).is_some()
    };
    for (name, text, number, second, expected) in [
        ("app", "2", 2, 10, true),
        ("app", "2", 2, 99, true),
        ("app", "2", 2, 100, false),
        ("app", "2", 2, 9, false),
        ("app", "2", 3, 50, false),
        ("app", "3", 2, 50, false),
        ("side", "2", 2, 50, false),
    ] {
        assert_eq!(counts(name, text, number, second), expected, "{name}:{text} at {second}");
    }
}

#[test]
fn approvals_replace_each_other_expire_and_are_bounded() {
    let mut memory = Memory::default();
    memory.approve(approval("2", 2, 100), time(10));
    memory.approve(approval("2", 3, 200), time(20));
    assert!(memory.approval(&slot("app"), &tag("2"), &digest(2), time(50)).is_none());
    assert!(memory.approval(&slot("app"), &tag("2"), &digest(3), time(50)).is_some());
    memory.approve(approval("3", 4, 900), time(200));
    assert_eq!(memory.approvals.len(), 1);
    for number in 0..LIST_MAX + 3 {
        memory.approve(approval(&format!("5.{number}"), number, 900), time(300));
    }
    assert_eq!(memory.approvals.len(), LIST_MAX);
    assert!(memory.approvals.iter().all(|kept| kept.tag != tag("3")));
}

#[test]
fn a_record_is_open_until_its_end_is_known() {
    let failed = || failure(None);
    let inconsistent = Outcome::Inconsistent { cause: failed(), second: String::new() };
    let succeeded = Outcome::Succeeded { soaked: Duration::ZERO, unverified: None };
    for (outcome, open, left) in [
        (None, true, false),
        (Some(Outcome::Unknown(String::new())), true, true),
        (Some(succeeded), false, true),
        (Some(Outcome::FailedKept(failed())), false, true),
        (Some(Outcome::RolledBack(failed())), false, false),
        (Some(inconsistent), false, true),
        (Some(Outcome::Untouched), false, false),
    ] {
        let record = record(&[edit("app", 2)], outcome);
        assert_eq!(record.is_open(), open, "{:?}", record.end);
        assert_eq!(record.left_the_new_version(), left, "{:?}", record.end);
    }
}

#[test]
fn what_is_forgotten_is_what_was_named() {
    let bad = |name: &str, tag: &str| BadVersion {
        slot: SlotId { kind: crate::domain::inventory::SlotKind::Container, name: name.into() },
        repository: "nginx"
            .parse::<crate::domain::image::ImageReference>()
            .expect("a reference")
            .repository()
            .clone(),
        tag: Some(tag.parse().expect("a tag")),
        digest: format!("sha256:{}", "a".repeat(64)).parse().expect("a digest"),
    };
    let known = |versions| KnownBad {
        versions,
        record: "20261124t165301z-5f3a9c01/1".parse().expect("a record"),
        since: Timestamp::UNIX_EPOCH,
        why: "it crashed".into(),
    };
    let all = || Memory {
        known_bad: vec![
            known(vec![bad("web", "1.1")]),
            known(vec![bad("web", "1.2")]),
            known(vec![bad("web", "1.3"), bad("log", "3.0")]),
        ],
        ..Memory::default()
    };
    for (container, tag, forgotten) in [
        (None, None, 3),
        (Some("web"), None, 3),
        (Some("log"), None, 1),
        (Some("web"), Some("1.2"), 1),
        (None, Some("3.0"), 1),
        (Some("log"), Some("1.2"), 0),
        (Some("none"), None, 0),
    ] {
        let mut memory = all();
        let tag = tag.map(|tag: &str| tag.parse().expect("a tag"));
        let gone = memory.forget(container, tag.as_ref()).len();
        assert_eq!((gone, memory.known_bad.len()), (forgotten, 3 - forgotten), "{container:?}");
    }
}
