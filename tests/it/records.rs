//! Leaves a record of a finished run in the state directory, as the program writes it.

use std::time::Duration;

use jiff::Timestamp;
use safe_update::adapters::journal::{FileJournal, Retention};
use safe_update::domain::change::{Change, Edit, SlotId, Terms};
use safe_update::domain::history::{Actor, Record, RecordEnd, RecordId, RunId, Verb};
use safe_update::domain::inventory::SlotKind;
use safe_update::domain::policy::RollbackMode;
use safe_update::domain::rollout::{Outcome, Stage};
use safe_update::domain::version::Bump;
use safe_update::ports::rollouts::{Journal as _, RunStart};

use crate::env::TestEnv;

/// Leaves the record and gives its name.
pub(crate) fn leave(env: &TestEnv) -> String {
    leave_another(env, 7).0
}

/// Leaves the record in a run with a number of its own; its name, and the head of the journal then.
pub(crate) fn leave_another(env: &TestEnv, number: u32) -> (String, String) {
    let now = Timestamp::now();
    let state = env.home().join("config/safe-update");
    let journal = FileJournal::new(state, Retention::default());
    let actor = Actor { user: Some("ann".into()), local: "ann".into(), host: "desk".into() };
    let run = RunId::new(now, number);
    journal
        .begin(&RunStart {
            id: run.clone(),
            started: now,
            cluster: "c-1".into(),
            place: "test".into(),
            actor: actor.clone(),
            command: "apply shop/deploy/web".into(),
        })
        .expect("a run");
    let slot = SlotId { kind: SlotKind::Container, name: "main".into() };
    let soaked = Outcome::Succeeded { soaked: Duration::from_mins(1), unverified: None };
    let record = Record {
        id: RecordId { run: run.clone(), number: 1 },
        cluster: "c-1".into(),
        verb: Verb::Apply,
        change: Change {
            object: "shop/deploy/web".parse().expect("an object"),
            uid: "u-1".into(),
            edits: vec![Edit {
                slot: slot.clone(),
                from: "nginx:1.25.3".into(),
                to: "nginx:1.25.4".into(),
                digest: format!("sha256:{}", "b".repeat(64)).parse().expect("a digest"),
                parts: Vec::new(),
                from_digest: None,
                bump: Bump::Patch,
            }],
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
        actor,
        started: now,
        stage: Stage::Applied,
        written: vec![(slot, "nginx:1.25.4".into())],
        restored: Vec::new(),
        failure: None,
        template: None,
        said: None,
        attempts: 0,
        end: Some(RecordEnd { at: now, outcome: soaked }),
    };
    journal.append(&record, now).expect("an entry");
    let head = journal.finish(&run, 0, now).expect("an end");
    (record.id.to_string(), head)
}

/// Adds an entry to a run that has ended, as a run does that takes up one of its records.
pub(crate) fn add(env: &TestEnv, id: &str) {
    let journal = FileJournal::new(env.home().join("config/safe-update"), Retention::default());
    let (records, _) = journal.records().expect("the journal");
    let record = records.iter().find(|record| record.id.to_string() == id).expect("the record");
    journal.append(record, Timestamp::now()).expect("an entry");
}
