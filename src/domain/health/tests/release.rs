//! A release: the worst of its workloads counts, and only what the upgrade touched is its fault.

use super::*;
use crate::domain::change::ObjectId;

fn chart(version: &str) -> Vec<(SlotId, Arc<str>)> {
    vec![(SlotId { kind: SlotKind::Chart, name: "shop".into() }, version.into())]
}

fn part(name: &str, observation: Option<Observation>) -> Part {
    Part {
        object: ObjectId { namespace: "prod".into(), kind: Kind::Deployment, name: name.into() },
        images: web().images,
        template: "".into(),
        generation: 7,
        excused: false,
        observation,
    }
}

fn seen(change: impl FnOnce(&mut Seen)) -> Observation {
    let mut seen = web();
    change(&mut seen);
    Observation::Seen(Box::new(seen))
}

fn release(parts: Vec<Part>) -> ReleaseSeen {
    ReleaseSeen {
        revision: 5,
        images: chart("1.1.0"),
        template: "hash".into(),
        half: None,
        parts,
        unjudged: Vec::new(),
        probe_failure: None,
    }
}

#[track_caller]
fn check(seen: ReleaseSeen, expected: &str) {
    let edit = Edit {
        slot: SlotId { kind: SlotKind::Chart, name: "shop".into() },
        from: "1.0.0".into(),
        to: "1.1.0".into(),
        ..edit("shop")
    };
    let written = chart("1.1.0");
    let wanted = Wanted {
        edits: &[edit],
        images: &written,
        template: "hash",
        digests: true,
        generation: 5,
        restarts: &[],
    };
    let health = judge(&Observation::Release(Box::new(seen)), &wanted);
    let told = match health {
        Health::Progressing { awaited, score, .. } => format!("progressing {score}: {awaited}"),
        Health::Healthy { unverified } => format!("healthy {}", unverified.unwrap_or_default()),
        Health::Failed(failure) => format!("failed {}: {}", failure.code, failure.message),
        Health::Unverifiable(why) => format!("unverifiable: {why}"),
        Health::AwaitsRun => "awaits".into(),
        Health::Superseded { what, .. } => format!("superseded: {what}"),
        Health::Gone => "gone".into(),
    };
    assert!(told.starts_with(expected), "expected {expected:?}, got {told:?}");
}

fn crashing(seen: &mut Seen) {
    seen.pods[0].ready = false;
    seen.pods[0].containers[0].state =
        State::Waiting { reason: "CrashLoopBackOff".into(), message: String::new() };
}

#[test]
fn all_of_it_has_to_work() {
    check(
        release(vec![part("web", Some(seen(|_| {}))), part("api", Some(seen(|_| {})))]),
        "healthy ",
    );
    check(release(Vec::new()), "healthy ");
    check(
        release(vec![part("web", Some(seen(|_| {}))), part("api", None)]),
        "progressing 8: deploy/api was not seen yet",
    );
    check(
        release(vec![
            part("web", Some(seen(|_| {}))),
            part("api", Some(seen(|seen| seen.counts.ready = 1))),
        ]),
        "progressing 1",
    );
    check(
        release(vec![part("web", Some(seen(|_| {}))), part("api", Some(seen(crashing)))]),
        "failed crash: deploy/api: container app of pod web-1",
    );
}

#[test]
fn what_was_broken_before_and_is_untouched_is_not_its_fault() {
    let old = Part { excused: true, ..part("old", Some(seen(crashing))) };
    check(
        release(vec![part("web", Some(seen(|_| {}))), old]),
        "healthy deploy/old did not work before and was not changed",
    );
}

#[test]
fn somebody_elses_hand_is_told() {
    let half =
        ReleaseSeen { revision: 6, half: Some("pending-upgrade".into()), ..release(Vec::new()) };
    check(half, "superseded: revision 6 is pending-upgrade");
    let other = ReleaseSeen { revision: 6, images: chart("2.0.0"), ..release(Vec::new()) };
    check(other, "superseded: chart shop is 2.0.0 now");
    let values = ReleaseSeen { revision: 6, template: "other".into(), ..release(Vec::new()) };
    check(values, "superseded: revision 6 has other values");
    check(release(vec![part("web", Some(Observation::Gone))]), "superseded: deploy/web is gone");
    check(ReleaseSeen { revision: 4, ..release(Vec::new()) }, "progressing 0: the new revision");
}

#[test]
fn what_cannot_be_seen_is_told_and_is_no_success_alone() {
    let asleep = || part("web", Some(seen(|seen| seen.wanted = 0)));
    check(release(vec![asleep()]), "unverifiable: deploy/web: it has no replicas");
    check(
        release(vec![asleep(), part("api", Some(seen(|_| {})))]),
        "healthy deploy/web: it has no replicas",
    );
    let custom = |parts| ReleaseSeen { unjudged: vec!["Kafka".into()], ..release(parts) };
    check(custom(Vec::new()), "unverifiable: nobody judges its objects of kind Kafka");
    check(
        custom(vec![part("api", Some(seen(|_| {})))]),
        "healthy nobody judges its objects of kind",
    );
    let probe =
        ReleaseSeen { probe_failure: Some("http://shop: 503".into()), ..release(Vec::new()) };
    check(probe, "progressing 0: waits for the probe");
}

#[test]
fn jobs_of_the_chart_have_to_end_well() {
    let job = |state| {
        let object = ObjectId { namespace: "prod".into(), kind: Kind::Job, name: "migrate".into() };
        let seen = of_kind(Kind::Job, |seen| {
            seen.job = Some(state);
            seen.pods.clear();
            seen.images.clear();
            seen.generation = 0;
        });
        let observation = Some(Observation::Seen(Box::new(seen)));
        Part { object, images: Vec::new(), generation: 0, ..part("", observation) }
    };
    check(release(vec![job(JobState::Complete)]), "healthy ");
    check(release(vec![job(JobState::Active)]), "progressing");
    check(
        release(vec![job(JobState::Failed("BackoffLimitExceeded".into()))]),
        "failed job: job/migrate: its Job failed",
    );
}
