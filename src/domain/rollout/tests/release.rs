//! A release has many parts: a write may be cut off half-way, and is taken up then.

use super::*;
use crate::domain::change::ReleaseBefore;

fn digest(letter: &str) -> crate::domain::image::Digest {
    format!("sha256:{}", letter.repeat(64)).parse().expect("a digest")
}

fn release(bump: Bump) -> Course {
    let mut course = course();
    course.change.object.kind = Kind::Release;
    course.change.edits[0] = Edit {
        slot: SlotId { kind: SlotKind::Chart, name: "shop".into() },
        from: "1.0.0".into(),
        to: "1.1.0".into(),
        from_digest: None,
        bump,
        ..course.change.edits[0].clone()
    };
    course.change.release = Some(ReleaseBefore {
        newest: 4,
        back: 3,
        manifest: digest("a"),
        values: digest("b"),
        to: None,
        patience: Duration::from_secs(1),
    });
    course
}

fn chart(version: &str) -> Images {
    vec![(SlotId { kind: SlotKind::Chart, name: "shop".into() }, version.into())]
}

fn written() -> Phase {
    Phase::Applying(Writing { since: Moment::default(), tries: 0, unclear: false })
}

fn broken(code: &'static str) -> Event {
    Event::Broken(failure(code, false))
}

#[test]
fn what_helm_left_half_done_goes_back() {
    let course = release(Bump::Minor);
    check_from(
        &course,
        written(),
        vec![
            (1, broken("hook"), "rolling-back restore"),
            (2, Event::Written(chart("1.0.0")), "rolling-back observe"),
            (3, healthy(), "rolled-back: hook"),
        ],
    );
    // helm was killed: what it left is looked at, however long it took.
    check_from(
        &course,
        written(),
        vec![
            (500, Event::Unclear("killed".into()), "applying wait 502"),
            (502, Event::Timer, "applying locate"),
            (503, at(Standing::Partial), "rolling-back restore"),
        ],
    );
    check_from(
        &course,
        written(),
        vec![
            (500, Event::Unclear("killed".into()), "applying wait 502"),
            (502, Event::Timer, "applying locate"),
            (503, at(Standing::Applied), "verifying observe"),
        ],
    );
    // Half of somebody else's, when nothing of ours can have arrived.
    check_from(&course, written(), vec![(1, at(Standing::Partial), "stale")]);
}

#[test]
fn what_a_hook_did_is_kept_where_going_back_may_do_harm() {
    let mut minor = release(Bump::Minor);
    minor.change.terms.stateful = true;
    check_from(&minor, written(), vec![(1, broken("hook"), "failed-kept: hook")]);
    let mut patch = release(Bump::Patch);
    patch.change.terms.stateful = true;
    check_from(&patch, written(), vec![(1, broken("hook"), "rolling-back restore")]);
}

#[test]
fn a_way_back_that_is_cut_off_is_tried_again_and_one_that_fails_is_told() {
    let course = release(Bump::Minor);
    check_from(
        &course,
        written(),
        vec![
            (1, broken("hook"), "rolling-back restore"),
            (2, Event::Unclear("killed".into()), "rolling-back wait 4"),
            (4, Event::Timer, "rolling-back locate"),
            (5, at(Standing::Partial), "rolling-back restore"),
            (6, Event::Written(chart("1.0.0")), "rolling-back observe"),
        ],
    );
    check_from(
        &course,
        written(),
        vec![
            (1, broken("hook"), "rolling-back restore"),
            (2, broken("rollback"), "inconsistent: hook, rollback!"),
        ],
    );
}

#[test]
fn a_run_that_was_killed_with_its_helm_is_taken_up() {
    let course = release(Bump::Minor);
    for (stage, expected) in [
        (Stage::Recorded, "rolling-back restore"),
        (Stage::Applying, "rolling-back restore"),
        (Stage::Applied, "rolling-back restore"),
        (Stage::RollingBack, "rolling-back restore"),
    ] {
        let (phase, effect) = resume(&course, stage, &Standing::Partial, None, Moment::default());
        let got = told(&phase, &effect);
        assert!(got.starts_with(expected), "{stage:?}: {got}");
    }
}

#[test]
fn what_another_helm_finished_by_itself_is_nobodys_to_take_back() {
    let change = release(Bump::Minor).change;
    let seen = ReleaseStanding {
        newest: 5,
        deployed: Some(5),
        manifest: digest("c"),
        values: digest("b"),
        half: None,
        patience: Duration::from_secs(1),
    };
    // The hash of a manifest is that of no state.
    let left = digest("c");
    let standing = locate_release(&change, "1.1.0", (Some(left.as_str()), "state"), &seen);
    assert!(matches!(standing, Standing::Foreign(_)), "{standing:?}");
    let ours = locate_release(&change, "1.1.0", (Some("state"), "state"), &seen);
    assert_eq!(ours, Standing::Applied);
}

#[test]
fn where_a_release_stands_is_read_from_its_newest_revision() {
    let change = release(Bump::Minor).change;
    let half = |version: &str, back| Half {
        version: version.into(),
        manifest: digest("f"),
        back,
        what: "pending-upgrade".into(),
        working: Working::Unknown,
        since: None,
    };
    let seen = |newest, manifest, half| ReleaseStanding {
        newest,
        deployed: None,
        manifest: digest(manifest),
        values: digest("b"),
        half,
        patience: Duration::from_secs(1),
    };
    let foreign = |what: &str| Standing::Foreign(what.into());
    for (name, version, seen, expected) in [
        ("nothing happened", "1.0.0", seen(4, "a", None), Standing::Untouched),
        (
            "it had failed before",
            "1.0.0",
            seen(4, "a", Some(half("0.9.0", false))),
            Standing::Untouched,
        ),
        ("upgraded", "1.1.0", seen(5, "c", None), Standing::Applied),
        ("cut off", "1.0.0", seen(5, "a", Some(half("1.1.0", false))), Standing::Partial),
        ("back", "1.0.0", seen(6, "a", None), Standing::Restored),
        (
            "the way back cut off",
            "1.1.0",
            seen(6, "c", Some(half("1.0.0", true))),
            Standing::Partial,
        ),
        (
            "on top of somebody else's",
            "1.1.0",
            seen(6, "c", None),
            foreign("revision 6 has chart version 1.1.0"),
        ),
        (
            "somebody sets values",
            "1.0.0",
            seen(5, "c", None),
            foreign("revision 5 has chart version 1.0.0"),
        ),
        (
            "somebody upgrades",
            "1.0.0",
            seen(5, "a", Some(half("2.0.0", false))),
            foreign("revision 5 is pending-upgrade"),
        ),
        (
            "somebody upgraded",
            "2.0.0",
            seen(5, "c", None),
            foreign("revision 5 has chart version 2.0.0"),
        ),
    ] {
        assert_eq!(locate_release(&change, version, (None, "hash"), &seen), expected, "{name}");
    }
    // A way back from what never came to be deployed has the same version on both sides.
    let mut back = change.clone();
    back.edits[0].to = "1.0.0".into();
    let stands =
        |change: &Change| locate_release(change, "1.0.0", (None, "hash"), &seen(5, "a", None));
    assert_eq!(stands(&back), Standing::Restored);
    back.release =
        back.release.map(|before| ReleaseBefore { to: Some(before.revision()), ..before });
    assert_eq!(stands(&back), Standing::Applied);
    // What we wrote has a hash; the same version with other values is somebody else's.
    let other = locate_release(&change, "1.1.0", (Some("ours"), "theirs"), &seen(5, "c", None));
    assert_eq!(other, foreign("revision 5 has chart version 1.1.0"));
}
