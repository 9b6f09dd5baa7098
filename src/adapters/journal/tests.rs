//! The journal in directories of the test's own.

mod auditing;
mod entries;
mod keeping;
#[cfg(unix)]
mod safety;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::{FileJournal, Retention};
use crate::domain::change::{Change, Edit, SlotId, Terms};
use crate::domain::history::{Actor, Record, RecordEnd, RecordId, RunId, Verb};
use crate::domain::inventory::SlotKind;
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::{Outcome, Stage};
use crate::domain::version::Bump;
use crate::ports::rollouts::{Journal, RunStart};

/// The start of the first run.
const START: &str = "2026-11-24T16:53:01Z";

struct Bed {
    directory: TempDir,
}

impl Bed {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }

    /// A state directory that the journal has to make.
    fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    fn journal(&self) -> FileJournal {
        FileJournal::new(self.state(), Retention::default())
    }

    fn events(&self, run: &RunId) -> PathBuf {
        self.state().join("journal").join(run.as_str()).join("events.jsonl")
    }

    fn index(&self) -> PathBuf {
        self.state().join("journal/index.jsonl")
    }

    /// A run with one record that went well, in five entries; tells the head.
    fn whole_run(&self, number: u32) -> String {
        let journal = self.journal();
        let start = start(number);
        journal.begin(&start).expect("begun");
        for stage in [Stage::Recorded, Stage::Applying] {
            journal.append(&record(&start.id, 1, stage), now()).expect("added");
        }
        journal.append(&ended(&start.id, 1), now()).expect("added");
        journal.finish(&start.id, 0, now()).expect("ended")
    }

    /// A run that is killed after an open record, in three entries.
    fn killed_run(&self, number: u32) -> RunId {
        let journal = self.journal();
        let start = start(number);
        journal.begin(&start).expect("begun");
        journal.append(&record(&start.id, 1, Stage::Recorded), now()).expect("added");
        journal.append(&record(&start.id, 1, Stage::Applying), now()).expect("added");
        start.id
    }
}

fn now() -> Timestamp {
    "2026-11-24T17:00:00Z".parse().expect("a time")
}

/// Runs follow each other by an hour.
fn start(number: u32) -> RunStart {
    let first: Timestamp = START.parse().expect("a time");
    let started = first + Duration::from_hours(u64::from(number));
    RunStart {
        id: RunId::new(started, number),
        started,
        cluster: "0b1c".into(),
        place: "kind-shop".into(),
        actor: Actor { user: None, local: "jd".into(), host: "laptop".into() },
        command: "apply deploy/web".into(),
    }
}

fn record(run: &RunId, number: u32, stage: Stage) -> Record {
    let edit = Edit {
        slot: SlotId { kind: SlotKind::Container, name: "app".into() },
        from: "nginx:1.25".into(),
        to: "nginx:1.26".into(),
        digest: format!("sha256:{}", "a".repeat(64)).parse().expect("a digest"),
        parts: vec![],
        from_digest: None,
        bump: Bump::Minor,
    };
    Record {
        id: RecordId { run: run.clone(), number },
        cluster: "0b1c".into(),
        verb: Verb::Apply,
        change: Change {
            object: "prod/deploy/web".parse().expect("an object"),
            uid: "11-22".into(),
            edits: vec![edit],
            terms: Terms {
                soak: Duration::from_mins(1),
                progress_deadline: Duration::from_mins(10),
                rollback: RollbackMode::Careful,
                stateful: false,
                was_healthy: true,
                probes: vec![],
                run_once: false,
            },
            release: None,
        },
        why: vec![],
        actor: Actor { user: None, local: "jd".into(), host: "laptop".into() },
        started: START.parse().expect("a time"),
        stage,
        written: vec![],
        restored: vec![],
        failure: None,
        template: None,
        said: None,
        attempts: 0,
        end: None,
    }
}

fn ended(run: &RunId, number: u32) -> Record {
    let outcome = Outcome::Succeeded { soaked: Duration::from_mins(1), unverified: None };
    let end = Some(RecordEnd { at: now(), outcome });
    Record { end, ..record(run, number, Stage::Applied) }
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("text");
    text.lines().map(str::to_owned).collect()
}

fn put_lines(path: &Path, lines: &[String]) {
    let end = if lines.is_empty() { "" } else { "\n" };
    fs::write(path, lines.join("\n") + end).expect("written");
}
