use std::sync::atomic::{AtomicBool, Ordering};

use axum::response::IntoResponse;

use super::super::feed::tests::{event, watched};
use super::super::scripted::{Server, list, refusal};
use super::*;
use crate::domain::change::SlotId;
use crate::domain::health::Seen;
use crate::domain::inventory::SlotKind;
use crate::ports::rollouts::Rollouts;

fn deployment(uid: &str, generation: i64, observed: i64, image: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"web","uid":"{uid}","resourceVersion":"{generation}{observed}",
            "generation":{generation}}},"spec":{{"selector":{{"matchLabels":{{"app":"web"}}}},
            "template":{{"spec":{{"containers":[{{"name":"app","image":"{image}"}}]}}}}}},
            "status":{{"observedGeneration":{observed},"replicas":1}}}}"#
    )
}

fn subject(generation: i64) -> WatchSubject {
    let slot = SlotId { kind: SlotKind::Container, name: Arc::from("app") };
    WatchSubject {
        object: "n/deploy/web".parse().expect("an object"),
        uid: Arc::from("u-1"),
        images: vec![(slot, Arc::from("app:2"))],
        generation,
        job: None,
    }
}

const REPLICA_SETS: [&str; 4] = [
    // An old one, the same images in an older revision, one of somebody else, and the new one.
    r#"{"metadata":{"uid":"rs-1","labels":{"pod-template-hash":"h1"},"annotations":{"deployment.kubernetes.io/revision":"9"},
        "ownerReferences":[{"uid":"u-1","controller":true}]},"spec":{"template":{"spec":{"containers":[{"name":"app","image":"app:1"}]}}}}"#,
    r#"{"metadata":{"uid":"rs-2","labels":{"pod-template-hash":"h2"},"annotations":{"deployment.kubernetes.io/revision":"2"},
        "ownerReferences":[{"uid":"u-1","controller":true}]},"spec":{"template":{"spec":{"containers":[{"name":"app","image":"app:2"}]}}}}"#,
    r#"{"metadata":{"uid":"rs-3","labels":{"pod-template-hash":"h3"},"annotations":{"deployment.kubernetes.io/revision":"99"},
        "ownerReferences":[{"uid":"u-7","controller":true}]},"spec":{"template":{"spec":{"containers":[{"name":"app","image":"app:2"}]}}}}"#,
    r#"{"metadata":{"uid":"rs-4","labels":{"pod-template-hash":"h4"},"annotations":{"deployment.kubernetes.io/revision":"10"},
        "ownerReferences":[{"uid":"u-1","controller":true}]},"spec":{"template":{"spec":{"containers":[{"name":"app","image":"app:2"}]}}}}"#,
];

const PODS: &str = r#"{"metadata":{"resourceVersion":"50"},"items":[
    {"metadata":{"name":"new","uid":"p-1","ownerReferences":[{"uid":"rs-4","controller":true}]},
     "spec":{"containers":[{"name":"app","image":"app:2"}]}},
    {"metadata":{"name":"stranger","uid":"p-2"},"spec":{"containers":[{"name":"app","image":"app:2"}]}}]}"#;

async fn next(watcher: &mut dyn Watcher) -> Told {
    tokio::time::timeout(Duration::from_secs(20), watcher.next()).await.expect("it comes in time")
}

fn seen(told: Told) -> Box<Seen> {
    match told {
        Ok(Observation::Seen(seen)) => seen,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_pods_of_the_newest_replica_set_with_our_images_are_new() {
    let server = Server::start(|path, asked| {
        let watch = asked.contains_key("watch");
        Some(match path.rsplit('/').next() {
            Some("deployments") => {
                // The cache still holds what was before the write.
                let lines = [
                    event("ADDED", &deployment("u-1", 2, 2, "app:1")),
                    event("MODIFIED", &deployment("u-1", 3, 2, "app:2")),
                    event("MODIFIED", &deployment("u-1", 3, 3, "app:2")),
                ];
                watched(&lines, true)
            }
            Some("replicasets") => list("", &REPLICA_SETS.map(str::to_owned)),
            Some("pods") if watch => watched(&[], true),
            Some("pods") => PODS.into_response(),
            _ => refusal(404, "not found"),
        })
    })
    .await;
    let cluster = server.connect().await;
    let mut watcher = cluster.watch(subject(3));
    let seen = seen(next(&mut *watcher).await);
    assert_eq!((seen.generation, seen.observed_generation), (3, 3));
    let names: Vec<&str> = seen.pods.iter().map(|pod| &*pod.name).collect();
    assert_eq!(names, ["new"]);
    assert_eq!(server.asked("labelSelector=app%3Dweb%2Cpod-template-hash%3Dh4"), 2);
    assert_eq!(server.asked(""), 4, "{:?}", server.asked.lock());
}

#[tokio::test]
async fn an_object_that_is_not_there_is_asked_for_once() {
    for (uid, there) in [("u-1", false), ("u-other", true)] {
        let server = Server::start(move |path, asked| {
            Some(if asked.contains_key("watch") {
                let lines = [event("ADDED", &deployment(uid, 1, 1, "app:2"))];
                watched(&lines[..usize::from(there)], true)
            } else {
                refusal(404, path)
            })
        })
        .await;
        let cluster = server.connect().await;
        let mut watcher = cluster.watch(subject(1));
        assert_eq!(next(&mut *watcher).await, Ok(Observation::Gone), "{uid}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_and_its_return_too() {
    let down = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&down);
    let server = Server::start(move |_, asked| {
        if switch.load(Ordering::Relaxed) {
            return Some(refusal(503, "starting"));
        }
        let lines = [event("ADDED", &deployment("u-1", 3, 2, "app:2"))];
        asked.contains_key("watch").then(|| watched(&lines, true))
    })
    .await;
    let cluster = server.connect_with(|_, options| options.attempts = 1).await;
    let mut watcher = cluster.watch(subject(3));
    // Waiting that is given up loses nothing.
    let short = tokio::time::timeout(Duration::from_millis(100), watcher.next()).await;
    assert!(short.is_err());
    for _ in 0..2 {
        let told = next(&mut *watcher).await;
        assert!(matches!(told, Err(ReadError::Unavailable(_))), "{told:?}");
    }
    down.store(false, Ordering::Relaxed);
    loop {
        match next(&mut *watcher).await {
            Ok(Observation::Seen(seen)) => {
                assert_eq!((seen.generation, seen.observed_generation), (3, 2));
                assert!(seen.pods.is_empty());
                break;
            }
            Err(ReadError::Unavailable(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}
