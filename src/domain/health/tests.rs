//! One row per rule. A row changes something about a workload that is complete and healthy.

mod release;

use super::*;
use crate::domain::health::FailureCode;
use crate::domain::inventory::SlotKind;
use crate::domain::version::Bump;

fn digest(letter: char) -> Digest {
    format!("sha256:{}", letter.to_string().repeat(64)).parse().expect("a digest")
}

fn slot(name: &str) -> SlotId {
    SlotId { kind: SlotKind::Container, name: name.into() }
}

fn edit(name: &str) -> Edit {
    Edit {
        slot: slot(name),
        from: format!("corp/{name}:1").into(),
        to: format!("corp/{name}:2").into(),
        digest: digest('a'),
        parts: vec![digest('b')],
        from_digest: None,
        bump: Bump::Minor,
    }
}

fn container(name: &str) -> Container {
    Container {
        slot: slot(name),
        image: format!("corp/{name}:2").into(),
        digest: Some(digest('a')),
        restarts: 0,
        state: State::Running,
        last: None,
    }
}

/// Two containers, of which `app` is edited and `side` is not.
fn pod(name: &str) -> Pod {
    Pod {
        name: name.into(),
        uid: format!("uid-{name}").into(),
        ready: true,
        ending: false,
        failed: None,
        unschedulable: None,
        containers: vec![container("app"), container("side")],
    }
}

fn all(count: u32) -> Counts {
    Counts { total: count, updated: count, ready: count, available: count }
}

fn workload(kind: Kind) -> Seen {
    Seen {
        kind,
        generation: 7,
        observed_generation: 7,
        images: vec![(slot("app"), "corp/app:2".into()), (slot("side"), "corp/side:2".into())],
        writer: None,
        paused: false,
        strategy: Strategy::Rolling,
        partition: 0,
        wanted: 2,
        counts: all(2),
        deadline_exceeded: false,
        creation_failure: None,
        pods: vec![pod("web-1"), pod("web-2")],
        job: None,
        template: "".into(),
        probe_failure: None,
    }
}

fn web() -> Seen {
    workload(Kind::Deployment)
}

fn of_kind(kind: Kind, change: impl FnOnce(&mut Seen)) -> Seen {
    let mut seen = workload(kind);
    change(&mut seen);
    seen
}

fn with(change: impl FnOnce(&mut Seen)) -> Seen {
    of_kind(Kind::Deployment, change)
}

/// The container `app` of the first pod changed, and the pod no longer ready.
fn with_app(change: impl FnOnce(&mut Container)) -> Seen {
    with(|seen| {
        seen.pods[0].ready = false;
        seen.counts = Counts { ready: 1, available: 1, ..all(2) };
        change(&mut seen.pods[0].containers[0]);
    })
}

fn waiting(reason: &str, message: &str) -> Seen {
    with_app(|app| app.state = wait(reason, message))
}

fn wait(reason: &str, message: &str) -> State {
    State::Waiting { reason: reason.into(), message: message.into() }
}

fn ended(code: i32, reason: &str, message: &str) -> Ended {
    Ended { code, reason: reason.into(), message: message.into() }
}

/// Nothing of the new version has started yet.
fn not_started(seen: &mut Seen) {
    for pod in &mut seen.pods {
        pod.ready = false;
        for container in &mut pod.containers {
            container.state = wait("ContainerCreating", "");
            container.digest = None;
        }
    }
    let there = u32::try_from(seen.pods.len()).expect("few");
    seen.counts = Counts { ready: 0, available: 0, ..all(there) };
}

fn told(health: &Health) -> String {
    match health {
        Health::Progressing { awaited, score, code, ran } => {
            let code = code.unwrap_or(FailureCode::Deadline);
            let ran = if *ran { "" } else { " never-ran" };
            format!("progressing {score} {code}{ran}: {awaited}")
        }
        Health::Healthy { unverified: None } => "healthy".into(),
        Health::Healthy { unverified: Some(why) } => format!("healthy, but {why}"),
        Health::Failed(failure) => {
            let slot = failure.slot.as_ref().map_or("-", |slot| &slot.name);
            let ran = if failure.never_ran { " never-ran" } else { "" };
            format!("failed {} {slot}{ran}: {}", failure.code, failure.message)
        }
        Health::Unverifiable(why) => format!("unverifiable: {why}"),
        Health::AwaitsRun => "awaits its run".into(),
        Health::Superseded { writer, what } => {
            format!("superseded by {}: {what}", writer.as_deref().unwrap_or("?"))
        }
        Health::Gone => "gone".into(),
    }
}

/// Judges under the change of `app`; `expected` is the beginning, with `…` for any text.
#[track_caller]
fn check(seen: Seen, expected: &str) {
    let edits = [edit("app")];
    check_with(seen, &Wanted { edits: &edits, ..WANTED }, expected);
}

const WANTED: Wanted<'static> =
    Wanted { edits: &[], images: &[], template: "", digests: true, generation: 7, restarts: &[] };

#[track_caller]
fn check_with(seen: Seen, wanted: &Wanted<'_>, expected: &str) {
    let health = told(&judge(&Observation::Seen(Box::new(seen)), wanted));
    let mut parts = expected.split('…');
    let fits = health.starts_with(parts.next().unwrap_or_default());
    assert!(
        fits && parts.all(|part| health.contains(part)),
        "expected {expected:?}, got {health:?}"
    );
}

#[test]
fn complete_is_healthy_and_less_is_on_its_way() {
    check(web(), "healthy");
    check(workload(Kind::StatefulSet), "healthy");
    check(workload(Kind::DaemonSet), "healthy");
    let counts = |total, updated, ready, available| {
        with(|seen| seen.counts = Counts { total, updated, ready, available })
    };
    for (seen, expected) in [
        (counts(2, 0, 2, 2), "progressing 2 deadline: 0 of 2 pods are updated"),
        (counts(3, 1, 2, 2), "progressing 3 deadline: 1 of 2 pods are updated"),
        (counts(3, 2, 3, 3), "progressing 7 deadline: 1 old pod is still there"),
        (counts(2, 2, 1, 1), "progressing 7 deadline: 1 of 2 pods are ready"),
        (counts(2, 2, 2, 1), "progressing 7 deadline: 1 of 2 pods are available"),
        (counts(3, 3, 3, 3), "progressing 8 deadline: 1 pods too many"),
        (with(|seen| seen.generation = 8), "progressing 0 deadline: its controller has not seen"),
        (
            with(|seen| {
                seen.generation = 6;
                seen.images.clear();
            }),
            "progressing 0 deadline: the write is not seen yet",
        ),
        (
            with(|seen| seen.pods.truncate(1)),
            "progressing 7 deadline: 1 of 2 new pods are seen to be ready",
        ),
        (
            with(|seen| seen.pods[1].ending = true),
            "progressing 7 deadline: 1 of 2 new pods are seen to be ready",
        ),
        (
            of_kind(Kind::DaemonSet, |seen| seen.counts.updated = 1),
            "progressing 5 deadline: 1 of 2 nodes are updated",
        ),
        (
            of_kind(Kind::StatefulSet, |seen| seen.counts.ready = 1),
            "progressing 8 deadline: 1 of 2 pods are ready",
        ),
        (
            with(|seen| {
                seen.pods[0].ready = false;
                seen.pods[0].unschedulable = Some("0/3 nodes: insufficient cpu".into());
                seen.counts = Counts { ready: 1, available: 1, ..all(2) };
            }),
            "progressing …1 of 2 pods are ready; no node takes pod web-1: 0/3 nodes: insufficient cpu",
        ),
        (
            with(|seen| seen.probe_failure = Some("http://web: 503".into())),
            "progressing 8 probe: waits for the probe: http://web: 503",
        ),
    ] {
        check(seen, expected);
    }
    assert_eq!(judge(&Observation::Gone, &WANTED), Health::Gone);
}

#[test]
fn starting_what_was_stopped_is_progress() {
    // Recreate: nothing is left of the old pods, which had all been ready and available.
    let steps =
        [(2, 0, 2, 2, 0), (0, 0, 0, 0, 0), (2, 2, 0, 0, 0), (2, 2, 1, 0, 1), (2, 2, 2, 2, 2)];
    let scores = steps.map(|(total, updated, ready, available, new)| {
        counts::score(&with(|seen| {
            seen.counts = Counts { total, updated, ready, available };
            seen.pods.truncate(new);
        }))
    });
    assert_eq!(scores, [0, 2, 4, 5, 8]);
}

#[test]
fn what_cannot_be_seen_is_not_called_healthy() {
    for (seen, expected) in [
        (
            with(|seen| seen.paused = true),
            "superseded by ?: somebody paused it, 2 of 2 pods updated",
        ),
        (with(|seen| seen.wanted = 0), "unverifiable: it has no replicas"),
        (of_kind(Kind::DaemonSet, |seen| seen.wanted = 0), "unverifiable: no node"),
        (
            of_kind(Kind::StatefulSet, |seen| {
                seen.strategy = Strategy::OnDelete;
                seen.counts.updated = 0;
            }),
            "unverifiable: …0 of 2 pods updated",
        ),
        (
            of_kind(Kind::DaemonSet, |seen| {
                seen.strategy = Strategy::OnDelete;
                seen.counts.updated = 1;
            }),
            "unverifiable: …1 of 2 pods updated",
        ),
        (
            // Somebody has deleted all old ones.
            of_kind(Kind::DaemonSet, |seen| seen.strategy = Strategy::OnDelete),
            "healthy",
        ),
        (
            of_kind(Kind::StatefulSet, |seen| {
                seen.partition = 1;
                seen.counts.updated = 1;
                seen.pods.truncate(1);
            }),
            "unverifiable: …1 of 2 pods updated",
        ),
        (
            of_kind(Kind::StatefulSet, |seen| {
                seen.partition = 5;
                seen.counts.updated = 0;
                seen.pods.clear();
            }),
            "unverifiable: …0 of 2 pods updated",
        ),
        (
            of_kind(Kind::StatefulSet, |seen| {
                seen.partition = 1;
                seen.counts.updated = 0;
            }),
            "progressing …0 of 1 pods are updated",
        ),
        (workload(Kind::CronJob), "awaits its run"),
        (workload(Kind::Job), "unverifiable: a Job is never written"),
        // What can be seen to fail fails all the same.
        (
            of_kind(Kind::StatefulSet, |seen| {
                seen.partition = 1;
                seen.pods[0].containers[0].state = wait("CrashLoopBackOff", "");
            }),
            "failed crash app",
        ),
    ] {
        check(seen, expected);
    }
}

#[test]
fn a_template_of_somebody_else_is_theirs() {
    let seen = with(|seen| {
        seen.images[0].1 = "corp/app:3".into();
        seen.writer = Some("kubectl-set (Update)".into());
    });
    check(seen, "superseded by kubectl-set (Update): app is corp/app:3 now");
    check(with(|seen| seen.images.clear()), "superseded by ?: app is no longer there");
    let edits = [edit("side"), edit("app")];
    let seen = with(|seen| seen.images[0].1 = "corp/app:3".into());
    check_with(
        seen,
        &Wanted { edits: &edits, ..WANTED },
        "superseded by ?: app is corp/app:3 now, side is still corp/side:2",
    );
    // What was read back counts, not what was sent; and other containers are nobody's business.
    let images = [(slot("app"), Arc::from("mirror/app:2"))];
    let edits = [edit("app")];
    let seen = with(|seen| {
        seen.images = vec![(slot("app"), "mirror/app:2".into()), (slot("side"), "x:9".into())];
        seen.pods.iter_mut().for_each(|pod| pod.containers[0].image = "mirror/app:2".into());
    });
    check_with(seen, &Wanted { edits: &edits, images: &images, ..WANTED }, "healthy");
}

#[test]
fn a_pull_that_cannot_succeed_fails_at_once() {
    for (reason, message, expected) in [
        ("ErrImagePull", "rpc error: corp/app:2: not found", "failed image-pull app"),
        ("ErrImagePull", "manifest unknown: manifest unknown", "failed image-pull app"),
        ("ImagePullBackOff", "… repository does not exist", "failed image-pull app"),
        ("ImagePullBackOff", "pull access denied for corp/app", "failed pull-denied app"),
        ("ErrImagePull", "401 Unauthorized", "failed pull-denied app"),
        ("InvalidImageName", "", "failed image-pull app"),
        ("ImagePullBackOff", "Back-off pulling image \"corp/app:2\"", "progressing …image-pull"),
        ("ErrImagePull", "dial tcp: i/o timeout", "progressing …image-pull"),
        ("ErrImagePull", "lookup registry.corp: no such host", "progressing …image-pull"),
        (
            "ErrImagePull",
            "toomanyrequests: You have reached your unauthenticated pull rate limit",
            "progressing …image-pull",
        ),
        (
            "ErrImageNeverPull",
            "is not present with pull policy of Never",
            "progressing …image-pull",
        ),
        ("ContainerCreating", "", "progressing …deadline"),
    ] {
        check(waiting(reason, message), expected);
    }
    // An image may be named after an error.
    let image = "corp/access-denied-page:2";
    let words = "dial https://r/v2/corp/access-denied-page/manifests/2: i/o timeout";
    assert_eq!(pods::pull_failure(words, image), (FailureCode::ImagePull, false));
}

#[test]
fn what_never_ran_is_told() {
    let pull = |seen: &mut Seen| {
        not_started(seen);
        seen.pods[0].containers[0].state = wait("ErrImagePull", "not found");
    };
    check(with(pull), "failed image-pull app never-ran: container app of pod web-1: ErrImagePull");
    // One new pod that ran is enough, even one that is ending; the other container is not.
    check(
        with(|seen| {
            pull(seen);
            seen.pods[1].containers[0].state = State::Running;
            seen.pods[1].ending = true;
        }),
        "failed image-pull app: ",
    );
    check(
        with(|seen| {
            pull(seen);
            seen.pods[1].containers[1].state = State::Running;
        }),
        "failed image-pull app never-ran",
    );
    check(with(not_started), "progressing 4 deadline never-ran");
    // A new pod that is counted and not seen may have run.
    check(
        with(|seen| {
            pull(seen);
            seen.pods.truncate(1);
        }),
        "failed image-pull app: ",
    );
    check(
        with_app(|app| {
            app.state = wait("CrashLoopBackOff", "");
            app.last = Some(ended(128, "StartError", "exec: no such file"));
        }),
        "failed crash app: …StartError",
    );
}

#[test]
fn crashes_and_broken_configuration_fail_at_once() {
    for (seen, expected) in [
        (
            with_app(|app| {
                app.state = wait("CrashLoopBackOff", "back-off 10s restarting failed container");
                app.last = Some(ended(137, "OOMKilled", ""));
            }),
            "failed crash app: container app of pod web-1: CrashLoopBackOff; it last ended with \
             exit code 137 (OOMKilled)",
        ),
        (
            with_app(|app| {
                app.state = wait("CrashLoopBackOff", "");
                app.last = Some(ended(1, "Error", "panic: no table\n"));
            }),
            "failed crash app: …exit code 1 (Error): panic: no table",
        ),
        // A container that was not edited: the new pod does not work, and nobody is named.
        (
            with(|seen| seen.pods[0].containers[1].state = wait("CrashLoopBackOff", "")),
            "failed crash -: container side",
        ),
        (
            with(|seen| {
                seen.pods[0].containers[1].state = wait("CrashLoopBackOff", "");
                seen.pods[1].containers[0].state = wait("CrashLoopBackOff", "");
            }),
            "failed crash app: container app of pod web-2",
        ),
        (
            with(|seen| {
                let init = &mut seen.pods[0].containers[1];
                init.slot.kind = SlotKind::InitContainer;
                init.state = wait("CrashLoopBackOff", "");
            }),
            "failed crash -: init container side",
        ),
        (
            waiting("CreateContainerConfigError", "secret \"key\" not found"),
            "failed config app: …secret",
        ),
        (
            waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out"),
            "progressing …config",
        ),
        (waiting("CreateContainerError", "no command specified"), "failed config app"),
        (waiting("CreateContainerError", "context deadline exceeded"), "progressing …config"),
        (waiting("RunContainerError", "permission denied"), "failed crash app"),
        (
            with_app(|app| {
                app.state = wait("RunContainerError", "");
                app.last = Some(ended(128, "StartError", ""));
            }),
            "progressing …crash",
        ),
        (
            with_app(|app| {
                app.state = State::Ended(ended(127, "ContainerCannotRun", "no such file"));
            }),
            "failed crash app: …no such file",
        ),
        (
            with_app(|app| app.state = State::Ended(ended(128, "ContainerCannotRun", ""))),
            "progressing …1 of 2 pods are ready",
        ),
        (
            with(|seen| seen.pods[0].failed = Some("Evicted: low on memory".into())),
            "failed crash -: pod web-1 failed: Evicted: low on memory",
        ),
        (with(|seen| seen.pods[0].failed = Some("NodeShutdown: imminent".into())), "healthy"),
        // What ends is not judged.
        (
            with(|seen| {
                let mut old = pod("web-0");
                old.ending = true;
                old.containers[0].state = wait("CrashLoopBackOff", "");
                seen.pods.push(old);
            }),
            "healthy",
        ),
        // Faults of an older generation neither: the controller has not acted yet.
        (
            with(|seen| {
                seen.generation = 8;
                seen.deadline_exceeded = true;
            }),
            "progressing 0",
        ),
    ] {
        check(seen, expected);
    }
    // Two edited containers: it is not clear which one is the cause.
    let edits = [edit("app"), edit("side")];
    let seen = with(|seen| {
        for container in &mut seen.pods[0].containers {
            container.state = wait("CrashLoopBackOff", "");
        }
    });
    check_with(seen, &Wanted { edits: &edits, ..WANTED }, "failed crash -: container app");
}

#[test]
fn what_the_controller_gave_up_on_fails() {
    let refused = |why: &str, counts| {
        let why = Some(why.to_owned());
        with(|seen| {
            seen.pods.clear();
            (seen.creation_failure, seen.counts) = (why, counts);
        })
    };
    let old = |total| Counts { total, updated: 0, ready: total, available: total };
    let quota = "pods \"web-x\" is forbidden: exceeded quota: small, used: pods=2, limited: pods=2";
    check(refused(quota, old(2)), "failed quota - never-ran: …exceeded quota: small");
    // Where old pods are on their way out, room may come.
    check(refused(quota, old(1)), "progressing …quota never-ran: …exceeded quota: small");
    check(refused("failed quota: small: must specify limits.cpu", old(1)), "failed quota -");
    check(refused("maximum cpu usage per Container is 1", old(1)), "failed admission - never-ran");
    check(
        refused("admission webhook \"deny\" denied the request", old(2)),
        "failed admission - never-ran: its pods cannot be created: admission webhook \"deny\"",
    );
    let late = |seen: &mut Seen| {
        not_started(seen);
        seen.deadline_exceeded = true;
    };
    check(with(late), "failed deadline - never-ran: its own progress deadline has passed");
    check(
        with(|seen| {
            late(seen);
            seen.pods[0].containers[0].state = wait("ImagePullBackOff", "i/o timeout");
        }),
        "failed image-pull - never-ran: its own progress deadline has passed: …i/o timeout",
    );
}

#[test]
fn what_runs_is_held_against_the_plan() {
    let digests = |first: Option<char>, second: Option<char>| {
        with(|seen| {
            for (pod, letter) in seen.pods.iter_mut().zip([first, second]) {
                pod.containers[0].digest = letter.map(digest);
            }
        })
    };
    for (seen, expected) in [
        // The manifest that the index lists.
        (digests(Some('a'), Some('b')), "healthy"),
        (digests(None, None), "healthy, but no node reports which digest of app runs"),
        (digests(Some('a'), None), "healthy, but not every node reports which digest of app runs"),
        (digests(Some('a'), Some('c')), "failed digest app: pod web-2 runs sha256:ccc…sha256:aaa"),
        (
            with(|seen| seen.pods[0].containers[0].image = "mirror/app:2".into()),
            "failed rewritten app: pod web-1 runs mirror/app:2 in app instead of corp/app:2",
        ),
        (with(|seen| seen.pods[0].containers[1].image = "mirror/side:2".into()), "healthy"),
        // Whether it is ready or not.
        (with_app(|app| app.digest = Some(digest('c'))), "failed digest app"),
    ] {
        check(seen, expected);
    }
    let mut edits = [edit("app")];
    edits[0].slot.kind = SlotKind::Volume;
    let seen = with(|seen| seen.images[0].0.kind = SlotKind::Volume);
    check_with(
        seen,
        &Wanted { edits: &edits, ..WANTED },
        "healthy, but no node reports which digest of app runs",
    );
}

#[test]
fn the_old_version_is_judged_by_the_same_rules_without_digests() {
    let edits = [edit("app")];
    let old = Wanted { edits: &edits, digests: false, ..WANTED };
    let back = |change: fn(&mut Seen)| {
        with(|seen| {
            seen.images[0].1 = "corp/app:1".into();
            for pod in &mut seen.pods {
                pod.containers[0].image = "corp/app:1".into();
                pod.containers[0].digest = Some(digest('c'));
            }
            change(seen);
        })
    };
    check_with(back(|_| ()), &old, "healthy");
    check_with(back(|seen| seen.pods.clear()), &old, "healthy");
    check_with(back(|seen| seen.counts.ready = 1), &old, "progressing");
    check_with(web(), &old, "superseded by ?: app is corp/app:2 now");
    let crash = |seen: &mut Seen| seen.pods[0].containers[0].state = wait("CrashLoopBackOff", "");
    check_with(back(crash), &old, "failed crash app");
    let job = |seen: &mut Seen| {
        seen.kind = Kind::CronJob;
        seen.job = Some(JobState::Failed("of the new version".into()));
    };
    check_with(back(job), &old, "awaits its run");
}

#[test]
fn a_job_shows_what_its_cron_job_would_run() {
    let job = |state, change: fn(&mut Seen)| {
        of_kind(Kind::CronJob, |seen| {
            seen.observed_generation = 0;
            seen.counts = Counts::default();
            seen.pods.truncate(1);
            seen.pods[0].ready = false;
            seen.job = Some(state);
            change(seen);
        })
    };
    let ends = |seen: &mut Seen| {
        seen.pods[0].containers[0].state = State::Ended(ended(0, "Completed", ""));
    };
    for (seen, expected) in [
        (job(JobState::Active, |_| ()), "progressing 1 deadline: its Job runs"),
        (job(JobState::Active, not_started), "progressing 0 deadline never-ran: its Job runs"),
        (job(JobState::Complete, ends), "healthy"),
        (job(JobState::Gone, |_| ()), "awaits its run"),
        (
            job(JobState::Complete, |seen| seen.pods.clear()),
            "healthy, but no node reports which digest of app runs",
        ),
        (
            job(JobState::Complete, |seen| seen.pods[0].containers[0].digest = Some(digest('c'))),
            "failed digest app",
        ),
        (job(JobState::Failed("BackoffLimitExceeded".into()), |_| ()), "failed job -: …Backoff"),
        (
            job(JobState::Failed("DeadlineExceeded".into()), |seen| {
                not_started(seen);
                seen.pods[0].containers[0].state = wait("ErrImagePull", "not found");
            }),
            "failed image-pull app never-ran",
        ),
        (
            // It may try again.
            job(JobState::Active, |seen| seen.pods[0].failed = Some("Error: exit 1".into())),
            "progressing 1 crash: its Job runs; pod web-1 failed",
        ),
        (
            job(JobState::Active, |seen| {
                not_started(seen);
                seen.pods[0].containers[0].state = wait("ErrImagePull", "not found");
            }),
            "failed image-pull app never-ran",
        ),
    ] {
        check(seen, expected);
    }
}

#[test]
fn a_relapse_during_the_soak_is_seen() {
    let edits = [edit("app")];
    let before = restarts(&Observation::Seen(Box::new(with(|seen| {
        seen.pods[0].containers[1].restarts = 3;
    }))));
    assert_eq!(before.len(), 4);
    let soak = Wanted { edits: &edits, restarts: &before, ..WANTED };
    let calm = |change: &dyn Fn(&mut Seen)| {
        with(|seen| {
            seen.pods[0].containers[1].restarts = 3;
            change(seen);
        })
    };
    check_with(calm(&|_| ()), &soak, "healthy");
    check_with(
        calm(&|seen| {
            seen.pods[0].containers[0].restarts = 1;
            seen.pods[0].containers[0].last = Some(ended(137, "OOMKilled", ""));
        }),
        &soak,
        "failed restarts app: restarted 1 times after it was healthy: …OOMKilled",
    );
    check_with(calm(&|seen| seen.pods[0].containers[1].restarts = 4), &soak, "failed restarts -");
    check_with(
        calm(&|seen| {
            seen.pods[1].ready = false;
            seen.pods[1].containers[0].state = State::Ended(ended(1, "Error", "gone"));
        }),
        &soak,
        "failed relapse app: pod web-2 was ready and is not any more: …exit code 1 (Error): gone",
    );
    check_with(calm(&|seen| seen.pods[1].ready = false), &soak, "failed relapse -");
    // Scaled up, and a pod replaced: the new ones have nothing to be held against.
    check_with(
        calm(&|seen| {
            seen.pods[1] = pod("web-3");
            seen.pods[1].ready = false;
            seen.pods[1].containers[0].restarts = 1;
            seen.counts.ready = 1;
        }),
        &soak,
        "progressing",
    );
    check_with(
        calm(&|seen| {
            seen.wanted = 1;
            seen.counts = all(1);
            seen.pods[1].ready = false;
            seen.pods[1].ending = true;
        }),
        &soak,
        "healthy",
    );
    assert_eq!(restarts(&Observation::Gone), []);
}
