//! The order of what is done, and what is left undone, against a world in memory.

mod world;

use std::time::Duration;

use jiff::tz::TimeZone;

use self::world::{Fault, World};
use super::Limits;
use crate::domain::calendar::Freeze;
use crate::domain::rollout::{Moment, Outcome};

const ONE: Limits = Limits { in_flight: 1, failures: 1 };
const MANY: Limits = Limits { in_flight: 9, failures: 9 };

/// Fails unless the log of an object has these entries, without their seconds.
#[track_caller]
fn check(world: &World, name: &str, expected: &[&str]) {
    let log = world.log();
    let of = log.iter().filter_map(|entry| {
        let entry = entry.split_once(' ')?.1;
        entry.strip_suffix(name)?.strip_suffix(' ')
    });
    assert_eq!(of.collect::<Vec<_>>(), expected, "{name}: {log:#?}");
}

fn words(reports: &[super::Report]) -> Vec<&'static str> {
    reports.iter().map(|report| report.outcome.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_change_is_locked_and_recorded_before_it_is_written_and_told_when_it_has_soaked() {
    let world = World::new(&["web"]);
    let reports = world.apply(&[("web", "2")], ONE).await;
    assert_eq!(words(&reports), ["succeeded"]);
    check(
        &world,
        "web",
        &[
            "take",
            "recorded",
            "rehearse",
            "applying",
            "write corp/app:2",
            "applied",
            "succeeded",
            "release",
        ],
    );
    assert!(reports[0].took >= Duration::from_mins(10), "{reports:#?}");
    assert_eq!(world.memory("web").last.map(|last| last.is_open()), Some(false));
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_put_back_and_known_bad() {
    let mut world = World::new(&["web"]);
    world.bad.insert(":2");
    let reports = world.apply(&[("web", "2")], ONE).await;
    assert_eq!(words(&reports), ["rolled-back"]);
    assert_eq!(world.image("web"), "corp/app:1");
    assert_eq!(world.memory("web").known_bad.len(), 1);
    // Known bad is refused with nothing written, whoever asks.
    assert_eq!(words(&world.apply(&[("web", "2")], ONE).await), ["refused"]);
    assert_eq!(world.log().iter().filter(|entry| entry.contains("write")).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_ends_it_early_leaves_nothing_written() {
    for (fault, outcome) in [
        (Fault::Disk, "abandoned"),
        (Fault::Busy, "busy"),
        (Fault::MovedTag, "stale"),
        (Fault::Edited, "stale"),
    ] {
        let mut world = World::new(&["web"]);
        world.faults.insert(fault);
        let reports = world.apply(&[("web", "2")], ONE).await;
        assert_eq!(words(&reports), [outcome], "{fault:?}");
        let log = world.log();
        assert!(!log.iter().any(|entry| entry.contains("write")), "{fault:?}: {log:?}");
        // Nothing was written, so nothing is to be taken up.
        assert_eq!(world.memory("web").last, None, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_looked_for_and_nothing_is_written_twice() {
    let mut world = World::new(&["web"]);
    world.faults.insert(Fault::LostReply);
    assert_eq!(words(&world.apply(&[("web", "2")], ONE).await), ["succeeded"]);
    assert_eq!(world.log().iter().filter(|entry| entry.contains("write")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_the_lock_was_lost_nothing_more_is_written() {
    let mut world = World::new(&["web"]);
    world.bad.insert(":2");
    world.faults.insert(Fault::LostLock);
    let reports = world.apply(&[("web", "2")], ONE).await;
    // It fails, and whoever has the lock now is the one to put it back.
    assert_eq!(words(&reports), ["unknown"]);
    assert_eq!(world.log().iter().filter(|entry| entry.contains("write")).count(), 1);
    assert!(world.last_record("web").is_some_and(|record| record.is_open()));
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_renewed_while_it_is_asked_about_stops_nothing() {
    let mut world = World::new(&["web"]);
    world.bad.insert(":2");
    world.faults.insert(Fault::SlowLock);
    let reports = world.apply(&[("web", "2")], ONE).await;
    assert_eq!(words(&reports), ["rolled-back"]);
    assert_eq!(world.image("web"), "corp/app:1");
}

#[tokio::test(start_paused = true)]
async fn when_the_time_of_the_run_is_over_nobody_waits_and_nothing_is_put_back() {
    let mut world = World::new(&["a", "b"]);
    world.manner.until = Some(Moment(Duration::from_mins(5)));
    world.manner.soak = Some(Duration::from_mins(3));
    let reports = world.apply(&[("a", "2"), ("b", "2")], MANY).await;
    // The second waits until the first has proved their image, and soaks when the time is over.
    assert_eq!(words(&reports), ["succeeded", "unknown"]);
    assert_eq!((world.image("a"), world.image("b")), ("corp/app:2".into(), "corp/app:2".into()));
    assert_eq!(world.memory("b").last.map(|last| last.is_open()), Some(true));
}

#[tokio::test(start_paused = true)]
async fn while_one_goes_back_nothing_more_is_begun() {
    let mut world = World::new(&["a", "b", "c"]);
    world.relapsing.insert(":2", Duration::from_secs(30));
    world.slow.insert(":1", Duration::from_secs(80));
    world.slow.insert(":3", Duration::from_secs(50));
    // The second takes until after the relapse of the first; the third may not begin then.
    let reports = world.apply(&[("a", "2"), ("b", "3"), ("c", "4")], ONE).await;
    assert_eq!(words(&reports), ["rolled-back", "succeeded", "not-begun"]);
    check(&world, "c", &[]);
}

#[tokio::test(start_paused = true)]
async fn one_object_tries_an_image_and_the_others_wait_for_its_soak() {
    let world = World::new(&["a", "b", "c", "d"]);
    let changes = [("a", "2"), ("b", "2"), ("c", "2"), ("d", "3")];
    let reports = world.apply(&changes, MANY).await;
    assert_eq!(words(&reports), ["succeeded"; 4]);
    let log = world.log();
    let begins: Vec<_> = log.iter().filter(|entry| entry.contains("take")).collect();
    let minutes = |entry: &&String| entry.split(' ').next().and_then(|s| s.parse::<u64>().ok());
    let begins: Vec<_> = begins.iter().filter_map(|entry| Some(minutes(entry)? / 60)).collect();
    assert_eq!(begins, [0, 0, 10, 10], "{log:#?}");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_failed_is_tried_nowhere_else() {
    let mut world = World::new(&["a", "b", "c"]);
    world.bad.insert(":2");
    let reports = world.apply(&[("a", "2"), ("b", "2"), ("c", "3")], MANY).await;
    assert_eq!(words(&reports), ["rolled-back", "not-begun", "succeeded"]);
    assert_eq!(world.image("b"), "corp/app:1");
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_ends_a_run() {
    let mut world = World::new(&["a", "b"]);
    world.bad.insert(":2");
    let reports = world.apply(&[("a", "2"), ("b", "3")], ONE).await;
    assert_eq!(words(&reports), ["rolled-back", "not-begun"]);
    check(&world, "b", &[]);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_closes_meanwhile_holds_the_rest() {
    let mut world = World::new(&["a", "b"]);
    world.manner.soak = Some(Duration::from_hours(13));
    world.manner.freezes = vec![Freeze {
        from: "2026-11-25".parse().expect("a date"),
        to: "2026-11-30".parse().expect("a date"),
        time_zone: TimeZone::UTC,
        reason: None,
    }];
    // It begins at noon; the second waits for the soak of the first, until one o'clock at night.
    let reports = world.apply(&[("a", "2"), ("b", "2")], MANY).await;
    assert_eq!(words(&reports), ["succeeded", "not-begun"]);
    check(&world, "b", &[]);
    let Outcome::NotBegun(why) = &reports[1].outcome else { panic!("{reports:#?}") };
    assert!(why.contains("frozen until"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn who_goes_first_is_done_before_the_others_begin() {
    let mut world = World::new(&["canary", "a", "b"]);
    world.orders = [("canary", -1)].into();
    let changes = [("canary", "2"), ("a", "3"), ("b", "4")];
    let reports = world.apply(&changes, MANY).await;
    assert_eq!(words(&reports), ["succeeded"; 3]);
    let begins: Vec<u64> = world
        .log()
        .iter()
        .filter(|entry| entry.contains("take"))
        .filter_map(|entry| entry.split(' ').next()?.parse().ok())
        .collect();
    assert_eq!(begins, [0, 600, 600], "{:#?}", world.log());
}
