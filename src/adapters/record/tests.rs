use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::change::{Change, Edit, Probe, SlotId, Terms};
use crate::domain::health::{Failure, FailureCode};
use crate::domain::history::{Actor, Approval, BadVersion, KnownBad, RecordEnd, Verb};
use crate::domain::image::Digest;
use crate::domain::inventory::SlotKind;
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::{Outcome, Stage};
use crate::domain::version::Bump;

fn slot(kind: SlotKind, name: &str) -> SlotId {
    SlotId { kind, name: name.into() }
}

fn digest(letter: char) -> Digest {
    format!("sha256:{}", letter.to_string().repeat(64)).parse().expect("a digest")
}

fn actor() -> Actor {
    Actor { user: Some("jane".into()), local: "jd".into(), host: "laptop".into() }
}

fn failure(message: &str) -> Failure {
    Failure {
        code: FailureCode::Crash,
        message: message.into(),
        never_ran: false,
        slot: Some(slot(SlotKind::Container, "app")),
    }
}

fn record() -> Record {
    Record {
        id: "20261124t165301z-5f3a9c01/7".parse().expect("an id"),
        cluster: "0b1c".into(),
        verb: Verb::Apply,
        change: Change {
            object: "prod/deploy/web".parse().expect("an object"),
            uid: "11-22".into(),
            edits: vec![Edit {
                slot: slot(SlotKind::Container, "app"),
                from: "nginx:1.25".into(),
                to: "nginx:1.26".into(),
                digest: digest('a'),
                parts: vec![digest('b'), digest('c')],
                from_digest: None,
                bump: Bump::Minor,
            }],
            terms: Terms {
                soak: Duration::from_mins(1),
                progress_deadline: Duration::from_mins(10),
                rollback: RollbackMode::Careful,
                stateful: false,
                was_healthy: true,
                probes: vec![Probe::Http("http://web/ready".into()), Probe::Tcp("web:80".into())],
                run_once: false,
            },
            release: None,
        },
        why: vec!["minor step".into()],
        actor: actor(),
        started: "2026-11-24T16:53:02.25Z".parse().expect("a time"),
        stage: Stage::Recorded,
        written: vec![(slot(SlotKind::Container, "app"), "mirror/nginx:1.26".into())],
        restored: vec![],
        failure: None,
        template: None,
        said: None,
        attempts: 0,
        end: None,
    }
}

fn outcomes(text: &str) -> Vec<Outcome> {
    let text = text.to_owned();
    vec![
        Outcome::Rehearsed,
        Outcome::Succeeded { soaked: Duration::from_millis(60_250), unverified: None },
        Outcome::Succeeded { soaked: Duration::ZERO, unverified: Some(text.clone()) },
        Outcome::Refused(text.clone()),
        Outcome::Stale(text.clone()),
        Outcome::Abandoned(text.clone()),
        Outcome::Interrupted(text.clone()),
        Outcome::Busy("held".into()),
        Outcome::Untouched,
        Outcome::Superseded(text.clone()),
        Outcome::Unknown(text.clone()),
        Outcome::FailedKept(Failure { slot: None, ..failure(&text) }),
        Outcome::RolledBack(Failure { never_ran: true, ..failure(&text) }),
        Outcome::Inconsistent { cause: failure(&text), second: text },
    ]
}

/// Through the text, as it goes to a disk or a server and back.
fn through_text(record: &Record) -> Result<Record, RecordFormatError> {
    record_from_json(&parse(&record_to_json(record).to_string())?)
}

#[test]
fn records_of_every_stage_and_outcome_are_read_as_they_are_written() {
    let at = "2026-11-24T17:00:00Z".parse().expect("a time");
    for stage in Stage::ALL {
        let record = Record { stage, ..record() };
        assert_eq!(through_text(&record), Ok(record));
    }
    for outcome in outcomes("\u{1b}[31m\"quoted\"\n") {
        let record = Record {
            verb: Verb::Rollback,
            failure: Some(failure("it crashed")),
            said: Some("W1 policy/v1beta1 is deprecated".into()),
            attempts: 2,
            end: Some(RecordEnd { at, outcome }),
            ..record()
        };
        assert_eq!(through_text(&record), Ok(record));
    }
}

#[test]
fn every_kind_of_slot_step_and_rollback_is_read_as_it_is_written() {
    let kinds = [
        SlotKind::Container,
        SlotKind::InitContainer,
        SlotKind::EphemeralContainer,
        SlotKind::Volume,
    ];
    let modes = [RollbackMode::Careful, RollbackMode::Always, RollbackMode::Never];
    for (index, bump) in Bump::ALL.into_iter().enumerate() {
        let mut record = record();
        record.change.edits[0].bump = bump;
        record.change.edits[0].slot.kind = kinds[index % kinds.len()];
        record.change.edits[0].from_digest = (index % 2 == 0).then(|| digest('d'));
        record.change.terms.rollback = modes[index % modes.len()];
        record.restored = record.written.clone();
        assert_eq!(through_text(&record), Ok(record));
    }
}

#[test]
fn the_form_of_a_record_is_stable() {
    let value = record_to_json(&record());
    assert_eq!(value["v"], 1);
    assert_eq!(value["id"], "20261124t165301z-5f3a9c01/7");
    assert_eq!(value["change"]["object"], "prod/deploy/web");
    assert_eq!(value["change"]["edits"][0]["slot"], json!({"kind": "container", "name": "app"}));
    assert_eq!(value["change"]["terms"]["soak_ms"], 60_000);
    assert_eq!(value["stage"], "recorded");
    assert_eq!(value["end"], Value::Null);
}

#[test]
fn a_newer_format_is_refused_and_a_new_field_is_not() {
    let mut value = record_to_json(&record());
    value["colour"] = json!("blue");
    value["change"]["edits"][0]["colour"] = json!(["blue"]);
    assert_eq!(record_from_json(&value), Ok(record()));
    value = json!({"v": 2, "everything": "else"});
    let newer = RecordFormatError::Newer { found: 2, known: 1 };
    assert_eq!(record_from_json(&value), Err(newer.clone()));
    assert_eq!(run_from_json(&value), Err(newer.clone()));
    assert_eq!(memory_from_texts(None, Some(r#"{"v":2}"#), None), Err(newer.clone()));
    assert_eq!(memory_from_texts(None, None, Some(r#"{"v":2}"#)), Err(newer));
}

#[test]
fn a_word_that_a_later_version_adds_to_failures_is_read_as_unknown() {
    let mut value = record_to_json(&Record { failure: Some(failure("x")), ..record() });
    value["failure"]["code"] = json!("gremlins");
    let read = record_from_json(&value).expect("readable");
    assert_eq!(read.failure.map(|failure| failure.code), Some(FailureCode::Unknown));
}

#[test]
fn what_is_damaged_is_an_error_that_names_the_field() {
    let check = |pointer: &str, wrong: Value, says: &str| {
        let end = RecordEnd {
            at: jiff::Timestamp::UNIX_EPOCH,
            outcome: Outcome::RolledBack(failure("x")),
        };
        let mut value = record_to_json(&Record { end: Some(end), ..record() });
        *value.pointer_mut(pointer).expect(pointer) = wrong;
        let error = record_from_json(&value).expect_err(pointer).to_string();
        assert!(error.contains(says), "{pointer}: {error}");
    };
    check("/v", json!(0), "format 0");
    check("/v", json!("1"), "expected u32");
    check("/id", json!("../../etc/passwd/1"), "id: ");
    check("/verb", json!("delete"), "verb: ");
    check("/stage", json!("done"), "stage: ");
    check("/started", json!("yesterday"), "started: ");
    check("/attempts", json!(-1), "expected u32");
    check("/change/object", json!("deploy/web"), "object: ");
    check("/change/edits", json!([]), "edits: ");
    check("/change/edits/0/digest", json!("sha256:12"), "digest: ");
    check("/change/edits/0/parts/1", json!(""), "parts: ");
    check("/change/edits/0/from_digest", json!("x"), "from_digest: ");
    check("/change/edits/0/bump", json!("Minor"), "bump: ");
    check("/change/edits/0/slot/kind", json!("containers"), "slot: ");
    check("/change/terms/rollback", json!("maybe"), "no rollback");
    check("/change/terms/probes/0/kind", json!("exec"), "probe: ");
    check("/end/at", json!(""), "at: ");
    check("/end/outcome/word", json!("fine"), "outcome: ");
    check("/end/outcome/failure", Value::Null, "failure: ");
    for value in [json!(null), json!([]), json!({}), json!("x"), json!({"v": 1})] {
        assert!(record_from_json(&value).is_err(), "{value}");
    }
}

#[test]
fn a_text_that_was_cut_short_is_an_error() {
    let text = record_to_json(&record()).to_string();
    for end in 0..text.len() {
        assert!(memory_from_texts(Some(&text[..end]), None, None).is_err(), "{end}");
    }
    let long = " ".repeat(TEXT_MAX + 1);
    assert_eq!(memory_from_texts(Some(&long), None, None), Err(RecordFormatError::TooLong));
}

#[test]
fn texts_give_way_and_references_do_not() {
    let long = "\u{1}ä".repeat(40_000);
    let mut record = record();
    record.why = vec![long.clone(); 100];
    record.failure = Some(failure(&long));
    record.actor.host.clone_from(&long);
    record.end = Some(RecordEnd {
        at: record.started,
        outcome: Outcome::Inconsistent { cause: failure(&long), second: long.clone() },
    });
    let text = record_to_json(&record).to_string();
    assert!(text.len() <= RECORD_MAX, "{}", text.len());
    let read = through_text(&record).expect("readable");
    assert_eq!(read.change, record.change);
    assert!(read.why[0].ends_with('…'));

    let mut alone = self::record();
    alone.why = vec![long];
    let read = through_text(&alone).expect("readable");
    assert_eq!(read.why[0].chars().count(), 2_000);
}

fn memory(why: &str) -> Memory {
    let at: jiff::Timestamp = "2026-11-24T17:00:00Z".parse().expect("a time");
    let version = |name: &str, tag: Option<&str>| BadVersion {
        slot: slot(SlotKind::InitContainer, name),
        repository: "nginx".parse().expect("a repository"),
        tag: tag.map(|tag| tag.parse().expect("a tag")),
        digest: digest('e'),
    };
    Memory {
        last: Some(record()),
        known_bad: vec![
            KnownBad {
                versions: vec![version("app", Some("1.26")), version("side", None)],
                record: record().id,
                since: at,
                why: why.into(),
            };
            32
        ],
        approvals: vec![
            Approval {
                slot: slot(SlotKind::Volume, "data"),
                tag: "1.26".parse().expect("a tag"),
                digest: digest('f'),
                by: actor(),
                at,
                expires: at,
            };
            32
        ],
    }
}

fn memory_again(texts: &MemoryTexts) -> Result<Memory, RecordFormatError> {
    memory_from_texts(texts.record.as_deref(), Some(&texts.known_bad), Some(&texts.approvals))
}

#[test]
fn what_is_remembered_is_read_as_it_is_written() {
    for memory in [Memory::default(), memory("it crashed")] {
        assert_eq!(memory_again(&memory_to_texts(&memory)), Ok(memory));
    }
    assert_eq!(memory_from_texts(None, None, None), Ok(Memory::default()));
    let full = memory_to_texts(&memory(&"long ".repeat(10_000)));
    assert!(full.known_bad.len() <= LIST_MAX && full.approvals.len() <= LIST_MAX);
    memory_again(&full).expect("readable");
    let none = r#"{"v":1,"entries":[{"versions":[],"record":"20261124t165301z-5f3a9c01/7","since":"2026-11-24T17:00:00Z","why":""}]}"#;
    assert!(memory_from_texts(None, Some(none), None).is_err());
}

proptest! {
    #[test]
    fn any_texts_are_read_as_they_are_written(
        texts in prop::collection::vec(".{0,60}", 6),
        outcome in 0_usize..13,
        times in (0_i64..4_000_000_000, 0_u64..u64::MAX / 2, 1_u32..u32::MAX),
    ) {
        let mut record = record();
        record.id.number = times.2;
        record.cluster = texts[0].as_str().into();
        record.change.edits[0].from = texts[1].as_str().into();
        record.change.uid = Arc::from(texts[2].as_str());
        record.change.terms.soak = Duration::from_millis(times.1);
        record.why = texts.clone();
        record.actor.user = Some(texts[3].clone());
        record.started = jiff::Timestamp::from_second(times.0).expect("in range");
        record.end = Some(RecordEnd {
            at: record.started,
            outcome: outcomes(&texts[5])[outcome].clone(),
        });
        prop_assert_eq!(through_text(&record), Ok(record));
    }

    #[test]
    fn foreign_text_is_no_panic(text in ".{0,200}") {
        let _ = memory_from_texts(Some(&text), Some(&text), Some(&text));
    }
}
