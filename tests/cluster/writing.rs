//! Guarded writes, watches, freeing and locking through the library, against the real server: what
//! it answers to a test that fails, what its controllers report, and in how many requests all is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use safe_update::adapters::kubernetes::{Cluster, ConnectionFlags, Environment, Options};
use safe_update::domain::change::{Change, Edit, ObjectId, SlotId, Terms};
use safe_update::domain::health::{JobState, Observation, Seen, State};
use safe_update::domain::history::{Actor, Memory, Record, RecordEnd, Verb};
use safe_update::domain::inventory::SlotKind;
use safe_update::domain::policy::RollbackMode;
use safe_update::domain::rollout::{Outcome, Stage};
use safe_update::domain::version::Bump;
use safe_update::ports::rollouts::{
    Inspected, Lock, LockError, ReadError, Replacement, Rollouts, WatchSubject, Watcher,
    WriteError, Written,
};

use crate::bed::{Namespace, Request, bed};

/// Runs what is asynchronous, with a cluster as the administrator sees it.
fn with<T>(work: impl AsyncFnOnce(&Cluster) -> T) -> T {
    with_kubeconfig(bed().kubeconfig(), work)
}

fn with_kubeconfig<T>(file: &std::path::Path, work: impl AsyncFnOnce(&Cluster) -> T) -> T {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = sure(tokio::runtime::Runtime::new());
    runtime.block_on(async {
        let flags =
            ConnectionFlags { kubeconfig: Some(file.to_owned()), ..ConnectionFlags::default() };
        let environment = Environment::read(None, &|_| None);
        let cluster = Cluster::connect(&flags, &environment, Options::default()).await;
        work(&sure(cluster)).await
    })
}

/// The value of what cannot fail here.
#[track_caller]
fn sure<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error:?}"))
}

fn id(namespace: &Namespace, object: &str) -> ObjectId {
    sure(format!("{}/{object}", namespace.name()).parse())
}

fn slot(name: &str) -> SlotId {
    SlotId { kind: SlotKind::Container, name: name.into() }
}

fn image(tag: &str) -> String {
    format!("registry.invalid/web:{tag}")
}

fn to(base: &Inspected, tag: &str) -> Vec<Replacement> {
    let places = base.places.iter().filter(|place| *place.slot.name == *"app");
    let replacements = places.map(|place| Replacement {
        revision: None,
        slot: place.slot.clone(),
        from: Arc::clone(&place.image),
        to: image(tag).into(),
    });
    replacements.collect()
}

/// The object when its controllers have said what they had to say: two looks in a row see the same.
async fn still(cluster: &Cluster, object: &ObjectId) -> Inspected {
    let mut base = sure(cluster.inspect(object).await);
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let next = sure(cluster.inspect(object).await);
        if next.resource_version == base.resource_version {
            return next;
        }
        base = next;
    }
    panic!("{object} never held still");
}

/// Writes, again when a controller told a status in between.
async fn set(cluster: &Cluster, object: &ObjectId, tag: &str) -> (Inspected, Written) {
    for _ in 0..20 {
        let base = sure(cluster.inspect(object).await);
        match cluster.write(object, &base, &to(&base, tag), false).await {
            Ok(written) => return (base, written),
            Err(WriteError::Moved(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("{object} was never the same twice");
}

fn subject(object: &ObjectId, base: &Inspected, written: &Written) -> WatchSubject {
    WatchSubject {
        object: object.clone(),
        uid: Arc::clone(&base.uid),
        images: written.images.clone(),
        generation: written.generation,
        job: None,
    }
}

/// Watches until an observation is as wanted; tells it.
async fn until(watcher: &mut dyn Watcher, wanted: impl Fn(&Seen) -> bool) -> Box<Seen> {
    let start = Instant::now();
    let mut last = None;
    while start.elapsed() < Duration::from_mins(1) {
        match tokio::time::timeout(Duration::from_secs(20), watcher.next()).await {
            Ok(Ok(Observation::Seen(seen))) if wanted(&seen) => return seen,
            Ok(Ok(observation)) => last = Some(observation),
            Ok(Err(error)) => panic!("{error}: {last:#?}"),
            Err(_) => break,
        }
    }
    panic!("it did not come: {last:#?}");
}

/// Everything is of the new template, ready and available, and nothing old is left.
fn done(seen: &Seen) -> bool {
    let counts = seen.counts;
    let wanted = seen.wanted;
    seen.observed_generation >= seen.generation
        && wanted > 0
        && [counts.total, counts.updated, counts.ready, counts.available] == [wanted; 4]
        && seen.pods.iter().filter(|pod| pod.ready && !pod.ending).count() == wanted as usize
}

fn waits(seen: &Seen, word: &str) -> bool {
    let mut containers = seen.pods.iter().flat_map(|pod| &pod.containers);
    containers.any(|one| matches!(&one.state, State::Waiting { reason, .. } if &**reason == word))
}

/// A workload with one container `app`, a readiness that follows the tag.
fn workload(kind: &str, name: &str, tag: &str, spec: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  {spec}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{{name: app, image: '{image}'}}]
",
        image = image(tag)
    )
}

fn cron_job(name: &str, tag: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: CronJob
metadata: {{name: {name}}}
spec:
  schedule: '0 0 1 1 *'
  jobTemplate:
    metadata: {{labels: {{made: from-template}}}}
    spec:
      backoffLimit: 0
      template:
        spec: {{restartPolicy: Never, containers: [{{name: app, image: '{image}'}}]}}
",
        image = image(tag)
    )
}

#[test]
fn a_write_is_done_once_and_only_to_what_was_read() {
    let namespace = bed().namespace();
    namespace.deploy("web", &image("1.0.0"));
    let object = id(&namespace, "deploy/web");
    let audit = bed().audit();
    let live = || {
        let path = "jsonpath={.spec.template.spec.containers[0].image} {.metadata.generation}";
        namespace.kubectl(&["get", "deploy/web", "-o", path]).exits(0).stdout.clone()
    };
    with(async |cluster| {
        let base = still(cluster, &object).await;
        assert!(base.healthy && !base.stateful && base.generation == 1);
        assert_eq!(base.progress_deadline, Some(Duration::from_mins(10)));
        assert_eq!(base.writer.as_deref(), Some("kubectl-create"));

        let images = to(&base, "2.0.0");
        let rehearsed = cluster.write(&object, &base, &images, true).await.expect("it may be");
        assert_eq!((rehearsed.generation, &*rehearsed.images[0].1), (2, &*image("2.0.0")));
        assert_eq!(live(), format!("{} 1", image("1.0.0")));

        let written = cluster.write(&object, &base, &images, false).await.expect("it is written");
        assert_eq!((written.generation, &*written.images[0].1), (2, &*image("2.0.0")));
        let again = cluster.write(&object, &base, &images, false).await;
        assert!(matches!(again, Err(WriteError::Moved(_))), "{again:?}");
        assert_eq!(live(), format!("{} 2", image("2.0.0")));

        let fresh = cluster.inspect(&object).await.expect("it is there");
        assert_eq!(fresh.writer.as_deref(), Some("safe-update"));
        assert_ne!(fresh.template_hash, base.template_hash);
    });
    let patches: Vec<Request> = audit
        .in_namespace(namespace.name())
        .into_iter()
        .filter(|request| request.verb == "patch" && request.user_agent.starts_with("safe-update/"))
        .collect();
    let statuses: Vec<u64> = patches.iter().map(|patch| patch.status).collect();
    assert_eq!(statuses, [200, 200, 422], "{patches:#?}");
    assert!(patches[0].uri.contains("dryRun=All") && !patches[1].uri.contains("dryRun"));
}

#[test]
fn every_test_of_a_write_stops_it() {
    let namespace = bed().namespace();
    namespace.create_from(&workload("Deployment", "web", "1.0.0", "replicas: 0").replace(
        "containers: [",
        "containers: [{name: first, image: 'registry.invalid/first:1'}, ",
    ));
    let object = id(&namespace, "deploy/web");
    with(async |cluster| {
        let refused = async |base: &Inspected| match cluster
            .write(&object, base, &to(base, "2.0.0"), false)
            .await
        {
            Err(error) => error,
            Ok(written) => panic!("{written:?}"),
        };
        let read = async || cluster.inspect(&object).await.expect("it is there");
        // Nothing else has moved, so that it is the uid alone that stops it.
        let mut base = still(cluster, &object).await;
        base.uid = "another".into();
        assert!(matches!(refused(&base).await, WriteError::Moved(_)));

        let base = read().await;
        namespace.kubectl(&["annotate", "deploy/web", "touched=yes"]).exits(0);
        assert!(matches!(refused(&base).await, WriteError::Moved(_)));

        // At the place of the container stands another one, or another image, or nothing.
        for index in [0, 7] {
            let mut base = read().await;
            base.places.iter_mut().for_each(|place| place.index = index);
            let error = refused(&base).await;
            assert!(matches!(error, WriteError::Moved(_)), "{error:?}");
        }
        let mut base = read().await;
        base.places.iter_mut().for_each(|place| place.image = "registry.invalid/web:0".into());
        assert!(matches!(refused(&base).await, WriteError::Moved(_)));

        // What the server finds wrong with the value itself is another matter.
        let base = still(cluster, &object).await;
        for rehearsal in [true, false] {
            let mut images = to(&base, "2.0.0");
            images[0].to = "".into();
            let error = cluster.write(&object, &base, &images, rehearsal).await;
            let Err(WriteError::Denied(words)) = &error else { panic!("{error:?}") };
            assert!(words.contains("image"), "{words}");
        }
        namespace.kubectl(&["delete", "deploy/web"]).exits(0);
        assert!(matches!(refused(&base).await, WriteError::Moved(_)));
        assert_eq!(cluster.inspect(&object).await.err(), Some(ReadError::Gone(object.clone())));
    });
}

#[test]
fn whoever_may_not_write_is_told() {
    let namespace = bed().namespace();
    namespace.create_from(&cron_job("nightly", "1.0.0"));
    let rules = "[{apiGroups: [batch], resources: [cronjobs], verbs: [get, list]}]";
    let kubeconfig = namespace.restricted_user("reader", rules);
    let object = id(&namespace, "cj/nightly");
    with_kubeconfig(&kubeconfig, async |cluster| {
        let base = cluster.inspect(&object).await.expect("it is there");
        let error = cluster.write(&object, &base, &to(&base, "2.0.0"), false).await;
        let Err(WriteError::Denied(words)) = &error else { panic!("{error:?}") };
        assert!(words.contains("cannot patch resource"), "{words}");
        let record = record(&object, &base.uid, 1);
        let error = cluster.take(&object, &base.uid, &record, false).await;
        let Err(LockError::Forbidden { message }) = &error else { panic!("{error:?}") };
        assert!(message.contains("get leases.coordination.k8s.io in"), "{message}");
        let error = cluster.read_all(None).await;
        assert!(matches!(error, Err(LockError::Forbidden { .. })), "{error:?}");
    });
    with(async |cluster| {
        let (_, written) = set(cluster, &object, "2.0.0").await;
        assert_eq!(&*written.images[0].1, &*image("2.0.0"));
    });
}

#[test]
fn a_deployment_is_watched_to_its_end_in_few_requests() {
    let namespace = bed().namespace();
    namespace.create_from(&workload("Deployment", "web", "1.0.0", "replicas: 3"));
    namespace.wait_rolled_out("deploy/web");
    let object = id(&namespace, "deploy/web");
    with(async |cluster| {
        still(cluster, &object).await;
        let audit = bed().audit();
        let base = cluster.inspect(&object).await.expect("it is there");
        let mut held = cluster
            .take(&object, &base.uid, &record(&object, &base.uid, 1), false)
            .await
            .expect("it is free");
        let base = cluster.inspect(&object).await.expect("it is there");
        let images = to(&base, "2.0.0");
        cluster.write(&object, &base, &images, true).await.expect("it may be");
        cluster.confirm(&held.fence).await.expect("it is ours");
        let written = cluster.write(&object, &base, &images, false).await.expect("it is written");
        cluster.keep(&mut held.fence, &held.memory).await.expect("it is ours");
        let mut watcher = cluster.watch(subject(&object, &base, &written));
        let seen = until(&mut *watcher, done).await;
        assert_eq!(seen.writer.as_deref(), Some("safe-update (Update)"));
        assert!(seen.pods.iter().all(|pod| *pod.containers[0].image == *image("2.0.0")));
        cluster.release(held.fence, &ended(&held.memory)).await.expect("it is ours");
        let requests = asked(&audit.in_namespace(namespace.name()));
        eprintln!("{requests:#?}");
        // A watch is written down when it ends; there were two.
        let most = BTreeMap::from([
            ("get deployments".to_owned(), 2),
            ("get leases".to_owned(), 2),
            ("create leases".to_owned(), 1),
            ("patch deployments".to_owned(), 2),
            ("patch leases".to_owned(), 2),
            ("list replicasets".to_owned(), 1),
            ("list pods".to_owned(), 1),
            ("watch deployments".to_owned(), 1),
            ("watch pods".to_owned(), 1),
        ]);
        for (request, count) in &requests {
            assert!(most.get(request) >= Some(count), "{request}: {requests:#?}");
        }

        // A second look, at what has come to its end, is complete at once.
        let mut watcher = cluster.watch(subject(&object, &base, &written));
        let Ok(Observation::Seen(seen)) = watcher.next().await else { panic!("it is there") };
        assert!(done(&seen), "{seen:#?}");
        assert!(seen.pods.iter().all(|pod| pod.containers[0].state == State::Running));
    });
}

/// What this program asked for, and how often.
fn asked(requests: &[Request]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for request in requests.iter().filter(|one| one.user_agent.starts_with("safe-update/")) {
        *counts.entry(format!("{} {}", request.verb, request.resource)).or_insert(0) += 1;
    }
    counts
}

#[test]
fn stateful_and_daemon_sets_are_watched_to_their_end() {
    let namespace = bed().namespace();
    namespace.create_from(&workload("StatefulSet", "db", "1.0.0", "replicas: 2"));
    namespace.create_from(&workload("DaemonSet", "agent", "1.0.0", ""));
    for (name, pods) in [("sts/db", 2), ("ds/agent", 3)] {
        namespace.wait_rolled_out(name);
        let object = id(&namespace, name);
        with(async |cluster| {
            let (base, written) = set(cluster, &object, "2.0.0").await;
            let mut watcher = cluster.watch(subject(&object, &base, &written));
            let seen = until(&mut *watcher, done).await;
            assert_eq!(seen.pods.len(), pods, "{seen:#?}");
            assert!(seen.pods.iter().all(|pod| *pod.containers[0].image == *image("2.0.0")));

            // Back to a template that is known already: its revision becomes the newest again.
            let (base, written) = set(cluster, &object, "1.0.0").await;
            let mut watcher = cluster.watch(subject(&object, &base, &written));
            let seen = until(&mut *watcher, done).await;
            assert_eq!(seen.pods.len(), pods, "{seen:#?}");
            assert!(seen.pods.iter().all(|pod| *pod.containers[0].image == *image("1.0.0")));
        });
    }
}

#[test]
fn a_version_that_does_not_run_is_seen_on_the_new_pods_only() {
    let namespace = bed().namespace();
    // What was broken before belongs to the old pods.
    namespace.create_from(&workload("Deployment", "web", "1.0.0-crash", "replicas: 2"));
    let object = id(&namespace, "deploy/web");
    with(async |cluster| {
        for (tag, word) in [("2.0.0-errpull", "ErrImagePull"), ("3.0.0-crash", "CrashLoopBackOff")]
        {
            let (base, written) = set(cluster, &object, tag).await;
            let mut watcher = cluster.watch(subject(&object, &base, &written));
            let seen = until(&mut *watcher, |seen| waits(seen, word)).await;
            let only_new =
                |seen: &Seen| seen.pods.iter().all(|pod| *pod.containers[0].image == *image(tag));
            assert!(only_new(&seen), "{seen:#?}");
            assert!(!seen.deadline_exceeded && seen.creation_failure.is_none());
        }
    });
}

#[test]
fn somebody_elses_change_is_seen_as_what_it_is() {
    let namespace = bed().namespace();
    namespace.deploy("web", &image("1.0.0"));
    let object = id(&namespace, "deploy/web");
    with(async |cluster| {
        let (base, written) = set(cluster, &object, "2.0.0").await;
        let mut watcher = cluster.watch(subject(&object, &base, &written));
        until(&mut *watcher, done).await;
        // The same images in another template: the pods that count are those of the newest one.
        namespace.kubectl(&["set", "env", "deploy/web", "A=b"]).exits(0);
        let seen = until(&mut *watcher, |seen| seen.generation == 3 && done(seen)).await;
        assert_eq!(seen.pods.len(), 1, "{seen:#?}");
        let theirs = format!("app={}", image("3.0.0"));
        namespace.kubectl(&["set", "image", "deploy/web", &theirs]).exits(0);
        let seen = until(&mut *watcher, |seen| seen.generation == 4).await;
        assert_eq!(&*seen.images[0].1, &*image("3.0.0"));
        assert_eq!(seen.writer.as_deref(), Some("kubectl-set (Update)"));
        namespace.kubectl(&["delete", "deploy/web"]).exits(0);
        let gone = async { while watcher.next().await != Ok(Observation::Gone) {} };
        tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it is gone");
        let mut late = cluster.watch(subject(&object, &base, &written));
        assert_eq!(late.next().await, Ok(Observation::Gone));
    });
}

#[test]
fn pods_that_may_not_be_created_are_explained() {
    let namespace = bed().namespace();
    for (kind, name, spec) in [
        ("Deployment", "web", "replicas: 1"),
        ("StatefulSet", "db", "replicas: 1"),
        ("DaemonSet", "agent", ""),
    ] {
        namespace.create_from(&workload(kind, name, "1.0.0", spec));
        namespace.wait_rolled_out(&format!("{kind}/{name}"));
    }
    namespace.kubectl(&["create", "quota", "full", "--hard=pods=1"]).exits(0);
    // The quota counts before it refuses.
    let used = "--for=jsonpath={.status.used.pods}";
    namespace.kubectl(&["wait", "quota/full", used, "--timeout=20s"]).exits(0);
    with(async |cluster| {
        for name in ["deploy/web", "sts/db", "ds/agent"] {
            let object = id(&namespace, name);
            let (base, written) = set(cluster, &object, "2.0.0").await;
            let mut watcher = cluster.watch(subject(&object, &base, &written));
            let seen = until(&mut *watcher, |seen| seen.creation_failure.is_some()).await;
            let why = seen.creation_failure.unwrap_or_default();
            assert!(why.contains("exceeded quota: full"), "{name}: {why}");
        }
    });
}

#[test]
fn a_stateful_set_is_freed_of_its_broken_pod() {
    let namespace = bed().namespace();
    namespace.create_from(&workload("StatefulSet", "db", "1.0.0", "replicas: 2"));
    namespace.wait_rolled_out("sts/db");
    // A budget that refuses every eviction.
    let budget = ["create", "pdb", "db", "--selector=app=db", "--min-available=100%"];
    namespace.kubectl(&budget).exits(0);
    let object = id(&namespace, "sts/db");
    let failed = [(slot("app"), Arc::from(image("2.0.0-errpull")))];
    with(async |cluster| {
        let (base, written) = set(cluster, &object, "2.0.0-errpull").await;
        let mut watcher = cluster.watch(subject(&object, &base, &written));
        until(&mut *watcher, |seen| waits(seen, "ErrImagePull")).await;
        // Pods of other images are never touched.
        let other = [(slot("app"), Arc::from(image("1.0.0")))];
        assert_eq!(cluster.unstick(&object, &other).await, Ok(Vec::new()));
        assert_eq!(cluster.unstick(&object, &[]).await, Ok(Vec::new()));

        let (base, written) = set(cluster, &object, "1.0.0").await;
        let freed = cluster.unstick(&object, &failed).await;
        assert_eq!(freed, Ok(vec!["db-1".to_owned()]));
        let mut watcher = cluster.watch(subject(&object, &base, &written));
        until(&mut *watcher, done).await;
        assert_eq!(cluster.unstick(&object, &failed).await, Ok(Vec::new()));
    });
}

#[test]
fn a_cron_job_runs_once_for_a_record() {
    let namespace = bed().namespace();
    namespace.create_from(&cron_job("nightly", "1.0.0"));
    let object = id(&namespace, "cj/nightly");
    let first = "20261124t165301z-5f3a9c01/1".parse().expect("a record");
    let second = "20261124t165301z-5f3a9c01/2".parse().expect("a record");
    with(async |cluster| {
        let (base, written) = set(cluster, &object, "2.0.0").await;
        let job = cluster.run_once(&object, &first).await.expect("it is started");
        assert_eq!(cluster.run_once(&object, &first).await, Ok(job.clone()));
        let watched = WatchSubject { job: Some(job.clone()), ..subject(&object, &base, &written) };
        let mut watcher = cluster.watch(watched.clone());
        let seen = until(&mut *watcher, |seen| seen.job == Some(JobState::Complete)).await;
        assert_eq!(&*seen.images[0].1, &*image("2.0.0"));
        assert!(seen.pods.iter().all(|pod| *pod.containers[0].image == *image("2.0.0")));
        // One that was cleaned away after its end stays what it was.
        namespace.kubectl(&["delete", "job", &job]).exits(0);
        let mut late = cluster.watch(watched);
        let seen = until(&mut *late, |seen| seen.job.is_some()).await;
        assert_eq!(seen.job, Some(JobState::Gone), "{seen:#?}");

        let (base, written) = set(cluster, &object, "3.0.0-crash").await;
        let job = cluster.run_once(&object, &second).await.expect("it is started");
        let marks = "jsonpath={.metadata.labels.made} {.metadata.ownerReferences[0].name} \
                     {.metadata.annotations.cronjob\\.kubernetes\\.io/instantiate}";
        let made = namespace.kubectl(&["get", "job", &job, "-o", marks]).exits(0).stdout.clone();
        assert_eq!(made, "from-template nightly manual");
        let watched = WatchSubject { job: Some(job), ..subject(&object, &base, &written) };
        let mut watcher = cluster.watch(watched);
        until(&mut *watcher, |seen| waits(seen, "CrashLoopBackOff")).await;
    });
    let jobs = namespace.kubectl(&["get", "jobs", "-o", "name"]).exits(0).stdout.clone();
    assert_eq!(jobs.lines().count(), 1, "{jobs}");
}

fn record(object: &ObjectId, uid: &str, number: u32) -> Record {
    let edit = Edit {
        slot: slot("app"),
        from: image("1.0.0").into(),
        to: image("2.0.0").into(),
        digest: sure(format!("sha256:{}", "a".repeat(64)).parse()),
        parts: Vec::new(),
        from_digest: None,
        bump: Bump::Major,
    };
    let terms = Terms {
        soak: Duration::ZERO,
        progress_deadline: Duration::from_mins(10),
        rollback: RollbackMode::Careful,
        stateful: false,
        was_healthy: true,
        probes: Vec::new(),
        run_once: false,
    };
    Record {
        id: sure(format!("20261124t165301z-5f3a9c01/{number}").parse()),
        cluster: "bed".into(),
        verb: Verb::Apply,
        change: Change {
            object: object.clone(),
            uid: uid.into(),
            edits: vec![edit],
            terms,
            release: None,
        },
        why: Vec::new(),
        actor: Actor { user: None, local: "alice".into(), host: "laptop".into() },
        started: sure("2026-11-24T16:53:01Z".parse()),
        stage: Stage::Recorded,
        written: Vec::new(),
        restored: Vec::new(),
        failure: None,
        template: None,
        said: None,
        attempts: 0,
        end: None,
    }
}

fn ended(memory: &Memory) -> Memory {
    let mut memory = memory.clone();
    if let Some(last) = &mut memory.last {
        last.end = Some(RecordEnd { at: last.started, outcome: Outcome::Untouched });
    }
    memory
}

#[test]
fn of_twenty_runs_one_gets_the_lock() {
    let namespace = bed().namespace();
    namespace.create_from(&workload("Deployment", "web", "1.0.0", "replicas: 0"));
    let object = id(&namespace, "deploy/web");
    with(async |cluster| {
        let base = cluster.inspect(&object).await.expect("it is there");
        // Twice: where there is no Lease yet, and where there is one.
        for round in 0..2 {
            let runs = (1..=20).map(|number| {
                let (cluster, object) = (cluster.clone(), object.clone());
                let record = record(&object, &base.uid, number);
                let uid = Arc::clone(&base.uid);
                tokio::spawn(async move { cluster.take(&object, &uid, &record, false).await })
            });
            let runs: Vec<_> = runs.collect();
            let mut held = Vec::new();
            for run in runs {
                match run.await.expect("no run panicked") {
                    Ok(one) => held.push(one),
                    Err(LockError::Busy { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            let [held] = held.as_slice() else { panic!("{round}: {} got it", held.len()) };
            cluster.confirm(&held.fence).await.expect("it is theirs");
            let all = cluster.read_all(Some(namespace.name())).await.expect("it can be read");
            assert!(all.len() == 1 && all[0].0 == object && all[0].1.holder.is_some(), "{all:?}");
            let memory = ended(&held.memory);
            cluster.release(held.fence.clone(), &memory).await.expect("it is theirs");
        }
        // The Lease goes with the object.
        let owner = "jsonpath={.items[0].metadata.ownerReferences[0].uid}";
        let owner = namespace.kubectl(&["get", "lease", "-o", owner]).exits(0).stdout.clone();
        assert_eq!(owner, *base.uid);
    });
}

#[test]
fn a_lock_that_is_not_renewed_is_lost_and_its_holder_notices() {
    let namespace = bed().namespace();
    namespace.create_from(&workload("Deployment", "web", "1.0.0", "replicas: 0"));
    let object = id(&namespace, "deploy/web");
    with(async |cluster| {
        let base = cluster.inspect(&object).await.expect("it is there");
        let take = async |number, resuming| {
            cluster.take(&object, &base.uid, &record(&object, &base.uid, number), resuming).await
        };
        let mut held = take(1, false).await.expect("it is free");
        let foreign = "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata:\n  name: foreign\n  \
                       labels: {app.kubernetes.io/managed-by: safe-update}\n";
        namespace.create_from(foreign);
        let lease = namespace.kubectl(&["get", "lease", "-o", "name"]).exits(0).stdout.clone();
        let lease = lease.lines().find(|name| name.contains("safe-update-")).expect("a Lease");
        // A mark of somebody else takes nothing away.
        namespace.kubectl(&["annotate", lease, "note=mine"]).exits(0);
        cluster.keep(&mut held.fence, &held.memory).await.expect("it is ours");
        let old = r#"{"spec":{"renewTime":"2026-01-01T00:00:00.000000Z"}}"#;
        namespace.kubectl(&["patch", lease, "--type=merge", "-p", old]).exits(0);

        let left = take(2, false).await;
        let Err(LockError::Unfinished { record: open, .. }) = left else { panic!("{left:?}") };
        assert_eq!(open.id.number, 1);
        let other = take(2, true).await.expect("it has expired");
        let lost = Err(LockError::Lost { object: object.clone() });
        assert_eq!(cluster.confirm(&held.fence).await, lost);
        assert_eq!(cluster.keep(&mut held.fence, &held.memory).await, lost);
        let busy = cluster.edit(&object, &base.uid, &|memory| memory.approvals.clear()).await;
        assert!(matches!(busy, Err(LockError::Busy { .. })), "{busy:?}");
        cluster.release(other.fence, &ended(&other.memory)).await.expect("it is theirs");
        cluster.edit(&object, &base.uid, &|memory| memory.last = None).await.expect("it is free");
        let remembered = cluster.read(&object).await.expect("it can be read");
        assert!(remembered.memory == Memory::default() && remembered.holder.is_none());
        let all = cluster.read_all(None).await.expect("it can be read");
        assert_eq!(all.iter().filter(|(known, _)| *known == object).count(), 1);
        let note = "jsonpath={.metadata.annotations.note} {.spec.leaseTransitions}";
        let note = namespace.kubectl(&["get", lease, "-o", note]).exits(0).stdout.clone();
        assert_eq!(note, "mine 1");
    });
}
