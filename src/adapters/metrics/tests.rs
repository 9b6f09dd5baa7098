use std::time::Duration;

use super::*;
use crate::domain::change::{Change, Edit, SlotId, Terms};
use crate::domain::health::{Failure, FailureCode};
use crate::domain::inventory::SlotKind;
use crate::domain::policy::RollbackMode;
use crate::domain::rollout::{self, Course, Event as Step, Moment};
use crate::domain::version::Bump;

fn change() -> Change {
    Change {
        object: "shop/deploy/web".parse().expect("an object"),
        uid: "u-1".into(),
        edits: vec![Edit {
            slot: SlotId { kind: SlotKind::Container, name: "main".into() },
            from: "nginx:1.25.3".into(),
            to: "nginx:1.25.4".into(),
            digest: format!("sha256:{}", "a".repeat(64)).parse().expect("a digest"),
            parts: Vec::new(),
            from_digest: None,
            bump: Bump::Patch,
        }],
        terms: Terms {
            soak: Duration::ZERO,
            progress_deadline: Duration::from_mins(1),
            rollback: RollbackMode::Always,
            stateful: false,
            was_healthy: true,
            probes: Vec::new(),
            run_once: false,
        },
        release: None,
    }
}

/// Drives the real machine through events, and lets the metrics hear every phase.
fn hear(metrics: &Metrics, number: u32, events: Vec<Step>) {
    let change = change();
    let run = "20261124t165301z-5f3a9c01".parse().expect("a run");
    let record = RecordId { run, number };
    let course = Course { change: change.clone(), rehearsal: false };
    let mut phase = Phase::Pending;
    for (second, event) in (0..).zip(events) {
        let now = Moment(Duration::from_secs(second));
        phase = rollout::step(&course, phase, event, now).0;
        let event =
            RolloutEvent { change: &change, record: &record, phase: &phase, elapsed: now.0 };
        metrics.event(Event::Rollout(&event));
    }
}

fn failure() -> Failure {
    Failure { code: FailureCode::Crash, message: "it crashes".into(), never_ran: false, slot: None }
}

#[test]
fn the_names_are_the_promised_ones_and_the_counts_are_right() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("run.prom");
    let metrics = Metrics::new(&file).expect("metrics");
    metrics.scanned(Duration::from_millis(700), 5, 3);
    let usage = Usage { requests: 4, cache_hits: 2, remaining: vec![("docker.io".into(), 90)] };
    metrics.asked(&usage);
    metrics.asked(&usage);
    metrics.not_begun(&Outcome::Stale("moved".into()));
    let change = change();
    let run: crate::domain::history::RunId = "20261124t165301z-5f3a9c01".parse().expect("a run");
    let tell = |number: u32, phases: Vec<Phase>| {
        let record = RecordId { run: run.clone(), number };
        for (second, phase) in (0..).zip(&phases) {
            let elapsed = Duration::from_secs(second);
            let event = RolloutEvent { change: &change, record: &record, phase, elapsed };
            metrics.event(Event::Rollout(&event));
        }
    };
    let soaked = Outcome::Succeeded { soaked: Duration::ZERO, unverified: None };
    // Refused before the write: not attempted.
    tell(1, vec![Phase::Pending, Phase::Ended(Outcome::Refused("quota".into()))]);
    hear(&metrics, 2, vec![Step::Begin, Step::Recorded]);
    let text = |name: &str| {
        metrics.save().expect("a file");
        let text = std::fs::read_to_string(&file).expect("a file");
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
    };
    assert_eq!(text("safe_updater_updates_succeeded_total"), "0");
    tell(3, vec![Phase::Pending, Phase::Ended(soaked)]);
    tell(4, vec![Phase::Ended(Outcome::FailedKept(failure()))]);
    for (name, value) in [
        ("safe_updater_scans_total", "1"),
        ("safe_updater_updates_succeeded_total", "1"),
        ("safe_updater_updates_failed_total", "1"),
        ("safe_updater_rollbacks_total", "0"),
        ("safe_updater_assets_tracked", "5"),
        ("safe_updater_pending_updates", "2"),
        ("safe_updater_failed_health_checks", "1"),
        ("safe_updater_scan_duration_seconds_count", "1"),
        ("safe_updater_registry_requests_total", "8"),
        ("safe_updater_registry_cache_hits_total", "4"),
        ("safe_updater_registry_pulls_left", "90"),
        ("safe_updater_changes_ended_total{outcome=\"stale\"}", "1"),
        ("safe_updater_changes_ended_total{outcome=\"refused\"}", "1"),
        ("safe_updater_changes_ended_total{outcome=\"failed-kept\"}", "1"),
    ] {
        assert_eq!(text(name), value, "{name}");
    }
    for name in [
        "safe_updater_updates_attempted_total",
        "safe_updater_update_duration_seconds_count",
        "safe_updater_health_check_duration_seconds_count",
    ] {
        text(name);
    }
}

#[cfg(unix)]
#[test]
fn the_file_can_be_read_by_others_and_is_replaced_whole() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("run.prom");
    std::fs::write(&file, "old").expect("a file");
    let metrics = Metrics::new(&file).expect("metrics");
    metrics.finish().expect("a file");
    let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a directory").count(), 1);
    let nowhere = Metrics::new(&folder.path().join("none/run.prom")).expect("metrics");
    assert!(nowhere.save().is_err());
}
