//! Each path through the machine, as rows of time, event, and the phase and effect that follow. The
//! properties that hold on every path are in `model`.

mod model;
mod release;

use super::*;
use crate::domain::change::{Edit, ObjectId, Terms};
use crate::domain::health::FailureCode;
use crate::domain::inventory::{Kind, SlotKind};
use crate::domain::policy::RollbackMode;
use crate::domain::version::Bump;

const DEADLINE: u64 = 600;
const SOAK: u64 = 60;

fn slot() -> SlotId {
    SlotId { kind: SlotKind::Container, name: "app".into() }
}

fn images(image: &str) -> Images {
    vec![(slot(), image.into())]
}

fn old_digest() -> String {
    format!("sha256:{}", "a".repeat(64))
}

fn course() -> Course {
    let edit = Edit {
        slot: slot(),
        from: "app:1".into(),
        to: "app:2".into(),
        digest: format!("sha256:{}", "b".repeat(64)).parse().expect("a digest"),
        parts: Vec::new(),
        from_digest: Some(old_digest().parse().expect("a digest")),
        bump: Bump::Minor,
    };
    let object = ObjectId { namespace: "prod".into(), kind: Kind::Deployment, name: "web".into() };
    let terms = Terms {
        soak: Duration::from_secs(SOAK),
        progress_deadline: Duration::from_secs(DEADLINE),
        rollback: RollbackMode::Careful,
        stateful: false,
        was_healthy: true,
        probes: Vec::new(),
        run_once: false,
    };
    let change = Change { object, uid: "uid".into(), edits: vec![edit], terms, release: None };
    Course { change, rehearsal: false }
}

fn stateful(bump: Bump) -> Course {
    let mut course = course();
    course.change.object.kind = Kind::StatefulSet;
    course.change.terms.stateful = true;
    course.change.edits[0].bump = bump;
    course
}

fn healthy() -> Event {
    Event::Observed(Health::Healthy { unverified: None })
}

fn progress(score: u32) -> Event {
    progress_as(score, None)
}

fn progress_as(score: u32, code: Option<&'static str>) -> Event {
    let code = code.map(FailureCode::read);
    let awaited = "1 of 2 pods are ready".into();
    Event::Observed(Health::Progressing { awaited, score, code, ran: score > 0 })
}

fn failure(code: &'static str, never_ran: bool) -> Failure {
    Failure { code: FailureCode::read(code), message: format!("{code}!"), never_ran, slot: None }
}

fn crash() -> Event {
    Event::Observed(Health::Failed(failure("crash", false)))
}

fn never_pulled() -> Event {
    Event::Observed(Health::Failed(failure("image-pull", true)))
}

fn superseded() -> Event {
    let writer = Some("kubectl".into());
    Event::Observed(Health::Superseded { writer, what: "app is app:9 now".into() })
}

fn blind() -> Event {
    Event::Blind("no route".into())
}

fn at(standing: Standing) -> Event {
    Event::Located(standing)
}

fn foreign() -> Event {
    at(Standing::Foreign("app is app:9 now".into()))
}

fn told(phase: &Phase, effect: &Effect) -> String {
    let Phase::Ended(outcome) = phase else {
        let effect = match effect {
            Effect::Observe(until) => format!("observe {}", until.0.as_secs()),
            Effect::Wait(until) => format!("wait {}", until.0.as_secs()),
            other => format!("{other:?}").to_lowercase(),
        };
        return format!("{} {effect}", phase.as_str());
    };
    assert_eq!(*effect, Effect::End, "{outcome:?}");
    let detail = match outcome {
        Outcome::Rehearsed | Outcome::Untouched | Outcome::AwaitsRun => String::new(),
        Outcome::Succeeded { soaked, unverified } => {
            format!("{} s {}", soaked.as_secs(), unverified.as_deref().unwrap_or_default())
        }
        Outcome::Unverified(why)
        | Outcome::NotBegun(why)
        | Outcome::Refused(why)
        | Outcome::Stale(why)
        | Outcome::Abandoned(why)
        | Outcome::Interrupted(why)
        | Outcome::Busy(why)
        | Outcome::Superseded(why)
        | Outcome::Unknown(why) => why.clone(),
        Outcome::FailedKept(cause) | Outcome::RolledBack(cause) => {
            let ran = if cause.never_ran { " never-ran" } else { "" };
            format!("{}{ran}: {}", cause.code, cause.message)
        }
        Outcome::Inconsistent { cause, second } => format!("{}, {second}", cause.code),
    };
    format!("{}: {detail}", outcome.as_str())
}

type Row = (u64, Event, &'static str);

#[track_caller]
fn check_from(course: &Course, mut phase: Phase, rows: Vec<Row>) -> Phase {
    for (number, (second, event, expected)) in rows.into_iter().enumerate() {
        let now = Moment(Duration::from_secs(second));
        let shown = format!("row {number}: {phase:?} on {event:?}");
        let (next, effect) = step(course, phase, event, now);
        let got = told(&next, &effect);
        assert!(got.starts_with(expected), "{shown}: expected {expected:?}, got {got:?}");
        phase = next;
    }
    phase
}

#[track_caller]
fn check(course: &Course, rows: Vec<Row>) -> Phase {
    check_from(course, Phase::Pending, rows)
}

/// From the start until the new version is watched, without trouble and without time passing.
fn written() -> Vec<Row> {
    vec![
        (0, Event::Begin, "pending record"),
        (0, Event::Recorded, "recorded rehearse"),
        (0, Event::Rehearsed(images("app:2")), "applying apply"),
        (0, Event::Written(images("app:2")), "verifying observe 600"),
    ]
}

/// [`written`], and then these.
#[track_caller]
fn check_written(course: &Course, rows: Vec<Row>) -> Phase {
    check(course, written().into_iter().chain(rows).collect())
}

#[test]
fn a_good_version_is_verified_watched_and_committed() {
    check_written(
        &course(),
        vec![
            (1, progress(1), "verifying observe 601"),
            (400, progress(2), "verifying observe 1000"),
            (500, healthy(), "soaking observe 560"),
            (530, healthy(), "soaking observe 560"),
            (560, Event::Timer, "committing locate"),
            (560, at(Standing::Applied), "succeeded: 60 s"),
        ],
    );
    let mut quick = course();
    quick.change.terms.soak = Duration::ZERO;
    check_written(
        &quick,
        vec![(9, healthy(), "committing locate"), (9, at(Standing::Applied), "succeeded: 0 s")],
    );
    let unsure = Event::Observed(Health::Healthy { unverified: Some("no digest".into()) });
    check_written(
        &course(),
        vec![
            (9, unsure, "soaking observe 69"),
            (69, Event::Timer, "committing locate"),
            (69, at(Standing::Applied), "succeeded: 60 s no digest"),
        ],
    );
    let paused = || Event::Observed(Health::Unverifiable("paused".into()));
    check_written(&course(), vec![(9, paused(), "unverified: paused")]);
    check_written(&course(), vec![(9, healthy(), "soaking"), (19, paused(), "unverified: paused")]);
    let awaits = Event::Observed(Health::AwaitsRun);
    check_written(&course(), vec![(9, awaits, "awaits-run: ")]);
}

#[test]
fn nothing_is_written_that_the_server_would_refuse_or_change() {
    let dry =
        |event, expected| vec![(0, Event::Recorded, "recorded rehearse"), (0, event, expected)];
    check(&course(), dry(Event::Denied("policy".into()), "refused: policy"));
    check(
        &course(),
        dry(Event::Rehearsed(images("mirror/app:2")), "refused: an admission webhook would rew"),
    );
    check(&course(), dry(Event::Rehearsed(Vec::new()), "refused: an admission webhook"));
    check(&course(), dry(Event::Interrupted, "interrupted"));
    check(&course(), dry(Event::LeaseLost, "busy"));
    let rehearsal = Course { rehearsal: true, ..course() };
    check(&rehearsal, dry(Event::Rehearsed(images("app:2")), "rehearsed"));
    check(&course(), vec![(0, Event::RecordFailed("disk full".into()), "abandoned: disk full")]);
    check(&course(), vec![(0, Event::Interrupted, "interrupted")]);
    check(&course(), vec![(0, Event::LeaseLost, "busy")]);
}

#[test]
fn an_object_that_moved_before_the_write_is_stale() {
    let moved = || Event::Moved("conflict".into());
    let recorded = |rows: Vec<Row>| {
        let mut all = vec![(0, Event::Recorded, "recorded rehearse")];
        all.extend(rows);
        all
    };
    for standing in [
        Standing::Applied,
        Standing::Partial,
        Standing::Restored,
        Standing::Gone,
        Standing::Foreign("app:9".into()),
    ] {
        let rows = vec![(0, moved(), "recorded locate"), (0, at(standing), "stale")];
        check(&course(), recorded(rows));
    }
    check(
        &course(),
        recorded(vec![
            (0, moved(), "recorded locate"),
            (0, at(Standing::Untouched), "recorded rehearse"),
            (0, moved(), "recorded locate"),
            (0, at(Standing::Untouched), "recorded rehearse"),
            (0, moved(), "stale: conflict"),
        ]),
    );
    // The API is away: a minute, and nothing was written.
    check(
        &course(),
        recorded(vec![
            (0, Event::Trouble("503".into()), "recorded wait 2"),
            (2, Event::Timer, "recorded rehearse"),
            (30, Event::Unclear("504".into()), "recorded wait 32"),
            (32, blind(), "recorded wait 34"),
            (60, blind(), "abandoned: no route"),
        ]),
    );
}

/// The write was begun, and no answer has come yet.
fn applying(rows: Vec<Row>) -> Vec<Row> {
    let mut all = vec![
        (0, Event::Recorded, "recorded rehearse"),
        (0, Event::Rehearsed(images("app:2")), "applying apply"),
    ];
    all.extend(rows);
    all
}

#[test]
fn a_write_without_an_answer_is_looked_for() {
    let lost = || Event::Unclear("504".into());
    check(
        &course(),
        applying(vec![
            (1, lost(), "applying wait 3"),
            (3, Event::Timer, "applying locate"),
            (3, at(Standing::Applied), "verifying observe 603"),
        ]),
    );
    check(
        &course(),
        applying(vec![
            (1, lost(), "applying wait 3"),
            (3, Event::Timer, "applying locate"),
            (3, at(Standing::Untouched), "applying apply"),
            (4, Event::Written(images("app:2")), "verifying observe 604"),
        ]),
    );
    // After it nothing that is found is certain to be somebody else's first.
    for (event, expected) in [
        (foreign(), "superseded: app is app:9 now"),
        (Event::Interrupted, "unknown"),
        (Event::LeaseLost, "unknown"),
        (Event::Denied("policy".into()), "unknown: policy"),
    ] {
        check(&course(), applying(vec![(1, lost(), "applying wait"), (3, event, expected)]));
    }
    for event in [lost(), blind(), Event::Trouble("503".into())] {
        let rows = vec![(1, lost(), "applying wait"), (60, event, "unknown")];
        check(&course(), applying(rows));
    }
}

#[test]
fn a_write_that_did_not_happen_ends_as_that() {
    for (event, expected) in [
        (foreign(), "stale: app is app:9 now"),
        (Event::Interrupted, "interrupted"),
        (Event::LeaseLost, "busy"),
        (Event::Denied("policy".into()), "refused: policy"),
        (Event::Trouble("503".into()), "applying wait 3"),
        (blind(), "applying wait 3"),
    ] {
        check(&course(), applying(vec![(1, event, expected)]));
    }
    for event in [blind(), Event::Trouble("503".into())] {
        check(&course(), applying(vec![(60, event, "abandoned")]));
    }
    let moved = || Event::Moved("conflict".into());
    check(
        &course(),
        applying(vec![
            (0, moved(), "applying locate"),
            (0, at(Standing::Untouched), "applying apply"),
            (0, moved(), "applying locate"),
            (0, at(Standing::Untouched), "applying apply"),
            (0, moved(), "applying locate"),
            (0, at(Standing::Untouched), "stale: it changed each time"),
        ]),
    );
}

#[test]
fn a_rewritten_write_is_put_back() {
    let rewritten = || Event::Written(images("mirror/app:2"));
    let rows = vec![(0, rewritten(), "rolling-back restore")];
    check(&course(), applying(rows));
    check(&stateful(Bump::Minor), applying(vec![(0, rewritten(), "rolling-back restore")]));
}

/// What failed is back, or on its way.
fn back(rows: Vec<Row>) -> Vec<Row> {
    let mut all = vec![(5, crash(), "rolling-back restore")];
    all.extend(rows);
    all
}

fn restored(rows: Vec<Row>) -> Vec<Row> {
    let mut all = vec![(5, Event::Written(images("app:1")), "rolling-back observe 605")];
    all.extend(rows);
    back(all)
}

#[test]
fn a_bad_version_is_put_back_and_the_old_one_verified() {
    check_written(
        &course(),
        restored(vec![
            (6, progress(1), "rolling-back observe 606"),
            (50, healthy(), "rolled-back: crash: crash!"),
        ]),
    );
    // Also out of the soak.
    check_written(
        &course(),
        vec![(1, healthy(), "soaking"), (30, crash(), "rolling-back restore")],
    );
    // In the form with the digest too, and when somebody was faster.
    let with_digest: &'static str = Box::leak(format!("app:1@{}", old_digest()).into_boxed_str());
    for event in
        [Event::Written(images(with_digest)), at(Standing::Untouched), at(Standing::Restored)]
    {
        check_written(&course(), back(vec![(5, event, "rolling-back observe 605")]));
    }
    // Bad for a moment is not bad for ever, and bad for ever ends; faults are no progress.
    check_written(
        &course(),
        restored(vec![
            (6, crash(), "rolling-back observe 606"),
            (300, crash(), "rolling-back observe 606"),
            (310, healthy(), "rolled-back"),
        ]),
    );
    check_written(
        &course(),
        restored(vec![
            (6, progress(1), "rolling-back observe 606"),
            (300, crash(), "rolling-back observe 606"),
            (606, Event::Timer, "inconsistent: crash, no progress for too long: crash!"),
        ]),
    );
    let mut broken = course();
    broken.change.terms.was_healthy = false;
    check_written(
        &broken,
        restored(vec![
            (6, progress(1), "rolling-back observe 606"),
            (606, Event::Timer, "rolled-back"),
        ]),
    );
}

#[test]
fn an_undo_that_cannot_be_written_is_said() {
    check_written(&course(), back(vec![(5, Event::Denied("policy".into()), "inconsistent")]));
    check_written(
        &course(),
        back(vec![(
            5,
            Event::Written(images("mirror/app:1")),
            "inconsistent: crash, the undo was",
        )]),
    );
    check_written(&course(), back(vec![(5, foreign(), "superseded: app is app:9 now; it had")]));
    check_written(&course(), back(vec![(5, at(Standing::Gone), "superseded")]));
    // The API is away for a while: it is tried for as long as the deadline lasts.
    check_written(
        &course(),
        back(vec![
            (5, Event::Trouble("503".into()), "rolling-back wait 7"),
            (7, Event::Timer, "rolling-back locate"),
            (8, at(Standing::Applied), "rolling-back restore"),
            (9, Event::Unclear("504".into()), "rolling-back wait 11"),
            (11, Event::Timer, "rolling-back locate"),
            (12, at(Standing::Applied), "rolling-back restore"),
            (13, Event::Trouble("503".into()), "rolling-back wait 15"),
            (15, Event::Timer, "rolling-back locate"),
            (16, blind(), "rolling-back wait 18"),
            (18, Event::Timer, "rolling-back locate"),
            (19, at(Standing::Applied), "rolling-back restore"),
            (20, Event::Trouble("503".into()), "rolling-back wait 22"),
            (22, Event::Timer, "rolling-back locate"),
            (23, at(Standing::Applied), "rolling-back restore"),
            (605, Event::Trouble("503".into()), "unknown: 503"),
        ]),
    );
    // Conflicts: the status changes all the time.
    let moved = || Event::Moved("conflict".into());
    let mut rows = Vec::new();
    for _ in 0..3 {
        rows.push((5, moved(), "rolling-back locate"));
        rows.push((5, at(Standing::Applied), "rolling-back restore"));
    }
    rows.push((5, moved(), "rolling-back wait 7"));
    rows.push((7, Event::Timer, "rolling-back locate"));
    rows.push((605, at(Standing::Applied), "inconsistent: crash, it changed each time"));
    check_written(&course(), back(rows));
}

#[test]
fn state_is_put_at_risk_only_where_it_cannot_be_harmed() {
    check_written(&stateful(Bump::Minor), vec![(5, crash(), "failed-kept: crash")]);
    check_written(&stateful(Bump::Patch), vec![(5, crash(), "rolling-back restore")]);
    check_written(&stateful(Bump::Minor), vec![(5, never_pulled(), "rolling-back restore")]);
    // What was seen to run once, ran.
    check_written(
        &stateful(Bump::Minor),
        vec![(3, progress(1), "verifying"), (5, never_pulled(), "failed-kept: image-pull: ")],
    );
    check_written(
        &stateful(Bump::Minor),
        vec![(3, healthy(), "soaking"), (5, never_pulled(), "failed-kept: image-pull: ")],
    );
    check_written(
        &stateful(Bump::Minor),
        vec![(0, progress(0), "verifying"), (600, Event::Timer, "rolling-back restore")],
    );
    let with = |rollback| {
        let mut course = stateful(Bump::Minor);
        course.change.terms.rollback = rollback;
        course
    };
    check_written(&with(RollbackMode::Always), vec![(5, crash(), "rolling-back restore")]);
    check_written(&with(RollbackMode::Never), vec![(5, never_pulled(), "failed-kept")]);
}

#[test]
fn stuck_pods_of_a_stateful_set_are_freed_while_it_goes_back() {
    check_written(
        &stateful(Bump::Patch),
        restored(vec![
            (6, progress(1), "rolling-back unstick"),
            (6, Event::Unstuck, "rolling-back observe 11"),
            (8, progress(1), "rolling-back observe 11"),
            (11, Event::Timer, "rolling-back unstick"),
            (17, Event::Unstuck, "rolling-back observe 16"),
            (17, Event::Timer, "rolling-back unstick"),
            (17, Event::Unstuck, "rolling-back observe 22"),
            (23, crash(), "rolling-back unstick"),
            (23, blind(), "rolling-back wait 25"),
            (25, Event::Timer, "rolling-back observe"),
            (26, healthy(), "rolled-back"),
        ]),
    );
}

#[test]
fn time_without_progress_is_limited() {
    check_written(
        &course(),
        vec![
            (1, progress(1), "verifying observe 601"),
            (500, progress(1), "verifying observe 601"),
            (600, progress(1), "verifying observe 601"),
            (601, Event::Timer, "rolling-back restore"),
            (601, at(Standing::Untouched), "rolling-back observe"),
            (602, healthy(), "rolled-back: deadline: no progress for 600 s: 1 of 2 pods are ready"),
        ],
    );
    // The name of what held it up is kept.
    check_written(
        &course(),
        vec![
            (1, progress_as(8, Some("probe")), "verifying observe 601"),
            (601, Event::Timer, "rolling-back restore"),
            (601, at(Standing::Untouched), "rolling-back observe"),
            (602, healthy(), "rolled-back: probe"),
        ],
    );
    // In the soak too, counted from when it was healthy last; and a long soak is no standstill.
    let mut long = course();
    long.change.terms.soak = Duration::from_secs(5000);
    check_written(
        &long,
        vec![
            (1, healthy(), "soaking observe 5001"),
            (700, Event::Unstuck, "soaking observe 5001"),
            (900, Event::Timer, "soaking observe 5001"),
            (1000, healthy(), "soaking observe 5001"),
            (1500, progress(1), "soaking observe"),
            (2200, progress(1), "rolling-back restore"),
        ],
    );
}

#[test]
fn what_is_not_seen_is_not_judged() {
    check_written(
        &course(),
        vec![
            (1, progress(1), "verifying observe 601"),
            (500, blind(), "verifying wait 502"),
            (502, Event::Timer, "verifying observe 1100"),
            (900, blind(), "verifying wait 902"),
            // 400 s of them were dark.
            (900, progress(1), "verifying observe 1001"),
            (1001, Event::Timer, "rolling-back restore"),
        ],
    );
    check_written(
        &course(),
        vec![
            (1, progress(1), "verifying"),
            (599, blind(), "verifying wait 601"),
            (601, Event::Timer, "verifying observe"),
            (1198, blind(), "verifying wait"),
            (1199, blind(), "unknown: no route"),
        ],
    );
    // Light that flickers does not prolong it for ever.
    let mut rows = vec![(1, progress(1), "verifying")];
    for round in 0..59 {
        rows.push((10 + round * 10, blind(), "verifying wait"));
        rows.push((20 + round * 10, progress(1), "verifying observe"));
    }
    rows.push((600, blind(), "verifying wait"));
    rows.push((611, blind(), "unknown"));
    check_written(&course(), rows);
    // Never seen at all.
    check_written(&course(), vec![(600, Event::Timer, "unknown: nothing could be seen")]);
    // This process was stopped for an hour: look before judging.
    check_written(
        &course(),
        vec![
            (1, progress(1), "verifying observe 601"),
            (3600, Event::Timer, "verifying observe 4200"),
            (3601, healthy(), "soaking observe 3661"),
            (9000, Event::Timer, "soaking observe 9600"),
            (9001, healthy(), "committing locate"),
        ],
    );
    // The soak does not end in the dark.
    check_written(
        &course(),
        vec![
            (1, healthy(), "soaking observe 61"),
            (30, blind(), "soaking wait 32"),
            (61, Event::Timer, "soaking observe 630"),
            (62, healthy(), "committing locate"),
        ],
    );
    check_written(
        &course(),
        vec![
            (1, healthy(), "soaking observe 61"),
            (30, blind(), "soaking wait 32"),
            (630, blind(), "unknown"),
        ],
    );
    check_written(
        &course(),
        restored(vec![(6, blind(), "rolling-back wait 8"), (605, blind(), "unknown")]),
    );
    check_written(&course(), restored(vec![(605, Event::Timer, "unknown")]));
}

#[test]
fn the_last_look_ends() {
    let look = |rows: Vec<Row>| {
        let mut all = vec![(0, healthy(), "soaking"), (60, Event::Timer, "committing locate")];
        all.extend(rows);
        all
    };
    check_written(
        &course(),
        look(vec![
            (60, blind(), "committing wait 62"),
            (62, Event::Timer, "committing locate"),
            (62, at(Standing::Applied), "succeeded"),
        ]),
    );
    check_written(&course(), look(vec![(660, blind(), "unknown: no route")]));
    for (event, expected) in [
        (at(Standing::Untouched), "superseded: somebody put the old version back"),
        (at(Standing::Restored), "superseded: somebody put the old version back"),
        (at(Standing::Partial), "superseded"),
        (at(Standing::Gone), "superseded: the object is gone"),
        (foreign(), "superseded: app is app:9 now"),
        (Event::Interrupted, "unknown"),
        (Event::LeaseLost, "unknown"),
        (healthy(), "committing locate"),
    ] {
        check_written(&course(), look(vec![(60, event, expected)]));
    }
}

#[test]
fn somebody_else_is_never_undone() {
    check_written(
        &course(),
        vec![(1, superseded(), "superseded: app is app:9 now (written by kubectl)")],
    );
    check_written(&course(), vec![(1, healthy(), "soaking"), (9, superseded(), "superseded")]);
    check_written(&course(), restored(vec![(9, superseded(), "superseded: app is app:9 now; it")]));
    let gone = || Event::Observed(Health::Gone);
    check_written(&course(), vec![(1, gone(), "superseded: the object is gone")]);
    check_written(&course(), vec![(1, healthy(), "soaking"), (9, gone(), "superseded")]);
    check_written(&course(), restored(vec![(9, gone(), "superseded")]));
}

#[test]
fn a_stop_leaves_what_can_be_taken_up_again() {
    for event in [Event::Interrupted, Event::LeaseLost] {
        check_written(&course(), vec![(1, event.clone(), "unknown")]);
        check_written(&course(), vec![(1, healthy(), "soaking"), (2, event.clone(), "unknown")]);
        check_written(&course(), back(vec![(5, event.clone(), "unknown")]));
        check_written(&course(), restored(vec![(6, event, "unknown")]));
    }
    let ended = Phase::Ended(Outcome::Rehearsed);
    check_from(&course(), ended, vec![(0, Event::Interrupted, "rehearsed")]);
    for effect in [Effect::Record, Effect::Apply, Effect::Restore, Effect::Unstick, Effect::End] {
        assert!(effect.must_finish(), "{effect:?}");
    }
    let moment = Moment::default();
    for effect in [Effect::Rehearse, Effect::Locate, Effect::Observe(moment), Effect::Wait(moment)]
    {
        assert!(!effect.must_finish(), "{effect:?}");
    }
}

#[test]
fn a_run_is_taken_up_where_the_object_stands() {
    use Stage::{Applied, Applying, Recorded, RollingBack};
    let foreign = || Standing::Foreign("app is app:9 now".into());
    let every = |standing: Standing, expected: &'static str| {
        Stage::ALL.map(|stage| (standing.clone(), stage, expected))
    };
    let mut rows = vec![
        (Standing::Untouched, Recorded, "untouched"),
        (Standing::Untouched, Applying, "untouched"),
        (Standing::Untouched, Applied, "superseded: somebody put the old version back"),
        (Standing::Untouched, RollingBack, "rolling-back observe 600"),
        (Standing::Restored, Recorded, "untouched"),
        (Standing::Restored, Applying, "untouched"),
        (Standing::Restored, Applied, "superseded: somebody put the old version back"),
        (Standing::Restored, RollingBack, "rolling-back observe 600"),
        // Recorded: the entry after it may not have reached the disk.
        (Standing::Applied, Recorded, "verifying observe 600"),
        (Standing::Applied, Applying, "verifying observe 600"),
        (Standing::Applied, Applied, "verifying observe 600"),
        (Standing::Applied, RollingBack, "rolling-back restore"),
    ];
    rows.extend(every(Standing::Gone, "superseded: the object is gone"));
    rows.extend(every(Standing::Partial, "superseded: somebody changed a part"));
    rows.extend(every(foreign(), "superseded: app is app:9 now"));
    for (standing, stage, expected) in rows {
        for cause in [None, Some(failure("crash", false))] {
            let (phase, effect) =
                resume(&course(), stage, &standing, cause.clone(), Moment::default());
            let got = told(&phase, &effect);
            assert!(got.starts_with(expected), "{standing:?} {stage:?}: {got}");
            if let Phase::RollingBack { cause: kept, .. } = phase {
                assert_eq!(kept.code, cause.map_or(FailureCode::Unknown, |cause| cause.code));
            }
        }
    }
}

#[test]
fn where_an_object_stands_is_read_from_its_template() {
    let mut change = course().change;
    let mut second = change.edits[0].clone();
    second.slot.name = "side".into();
    change.edits.push(second);
    let both = |app: &str, side: &str| {
        let side_slot = SlotId { kind: SlotKind::Container, name: "side".into() };
        vec![(slot(), Arc::from(app)), (side_slot, Arc::from(side))]
    };
    let written = both("mirror/app:2", "app:2");
    let undo = both("app:1@sha256:x", "app:1");
    for (app, side, expected) in [
        ("app:1", "app:1", Standing::Untouched),
        ("app:2", "app:2", Standing::Applied),
        ("mirror/app:2", "app:2", Standing::Applied),
        ("app:1@sha256:x", "app:1", Standing::Restored),
        ("app:1", "app:2", Standing::Partial),
        ("app:1@sha256:x", "app:2", Standing::Partial),
        ("app:9", "app:2", Standing::Foreign("app is app:9 now".into())),
    ] {
        assert_eq!(locate(&change, &written, &undo, &both(app, side)), expected, "{app} {side}");
    }
    let gone = Standing::Foreign("side is no longer there".into());
    assert_eq!(locate(&change, &[], &[], &images("app:2")), gone);
}
