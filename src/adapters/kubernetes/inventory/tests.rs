//! Against a scripted API server in this process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::response::IntoResponse;

use super::*;
use crate::adapters::kubernetes::scripted::{Server, list, refusal};
use crate::domain::inventory::{Owner, Running};
use crate::ports::ObjectName;

fn object(namespace: &str, name: &str, image: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}"}},
            "spec":{{"template":{{"spec":{{"containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}"#
    )
}

fn everywhere() -> Query {
    Query { scope: Scope::All, ..Query::default() }
}

fn ids(inventory: &Inventory) -> Vec<String> {
    inventory.workloads.iter().map(Workload::id).collect()
}

const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

#[tokio::test]
async fn pages_are_followed_and_sorted() {
    let server = Server::start(|path, query| {
        (path == DEPLOYMENTS).then(|| match query.get("continue").map(String::as_str) {
            None => list("two", &[object("b", "web", "nginx:1"), object("a", "web", "nginx:1")]),
            Some("two") => list("three", &[object("a", "api", "nginx:1")]),
            _ => list("", &[object("a", "zoo", "nginx:1")]),
        })
    })
    .await;
    let cluster = server.connect().await;
    let inventory = cluster.discover(&everywhere()).await.expect("all is allowed");
    let expected = ["a/deploy/api", "a/deploy/web", "a/deploy/zoo", "b/deploy/web"];
    assert_eq!(ids(&inventory), expected);
    assert_eq!(inventory.warnings, []);
    assert_eq!(server.asked("limit="), 11, "nine lists, and two more pages of one");
}

#[tokio::test]
async fn an_expired_continuation_begins_the_list_again() {
    let times = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&times);
    let server = Server::start(move |path, query| {
        (path == DEPLOYMENTS).then(|| match query.get("continue") {
            None => list("old", &[object("a", "web", "nginx:1")]),
            Some(_) if counter.fetch_add(1, Ordering::Relaxed) < 2 => refusal(410, "too old"),
            Some(_) => list("", &[object("a", "api", "nginx:1")]),
        })
    })
    .await;
    let inventory = server.connect().await.discover(&everywhere()).await;
    let inventory = inventory.expect("the third time it works");
    assert_eq!(ids(&inventory), ["a/deploy/api", "a/deploy/web"], "nothing twice");

    times.store(0, Ordering::Relaxed);
    let server = Server::start(|path, query| {
        (path == DEPLOYMENTS).then(|| match query.get("continue") {
            None => list("old", &[object("a", "web", "nginx:1")]),
            Some(_) => refusal(410, "too old"),
        })
    })
    .await;
    let inventory = server.connect().await.discover(&everywhere()).await;
    let warnings = inventory.expect("the other kinds are there").warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].message.contains("too old"), "{warnings:?}");
}

#[tokio::test]
async fn a_list_that_goes_in_circles_is_ended() {
    let server = Server::start(|path, _| {
        (path == DEPLOYMENTS).then(|| list("same", &[object("a", "web", "nginx:1")]))
    })
    .await;
    let inventory = server.connect().await.discover(&everywhere()).await;
    let warnings = inventory.expect("the other kinds are there").warnings;
    assert!(warnings[0].message.contains("circles"), "{warnings:?}");
}

#[tokio::test]
async fn a_refused_cluster_is_read_namespace_by_namespace() {
    let server = Server::start(|path, _| {
        let namespace = |name: &str| format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
        match path {
            "/api/v1/namespaces" => Some(list("", &["a", "b", "c"].map(namespace))),
            "/apis/apps/v1/namespaces/b/deployments" => Some(refusal(403, "no")),
            path if !path.contains("/namespaces/") => Some(refusal(403, "no")),
            path => {
                let namespace = path.strip_prefix("/apis/apps/v1/namespaces/")?;
                let namespace = namespace.strip_suffix("/deployments")?;
                Some(list("", &[object(namespace, "web", "nginx:1")]))
            }
        }
    })
    .await;
    let inventory = server.connect().await.discover(&everywhere()).await;
    let inventory = inventory.expect("two namespaces are allowed");
    assert_eq!(ids(&inventory), ["a/deploy/web", "c/deploy/web"]);
    let warnings: Vec<_> = inventory.warnings.iter().map(|warning| &*warning.message).collect();
    assert_eq!(
        warnings,
        [
            "not allowed to `list deployments.apps` in b",
            "not allowed to `list nodes`; platforms are not checked",
        ]
    );
    assert_eq!(server.asked("/api/v1/namespaces?"), 1, "listed once for all kinds");
}

#[tokio::test]
async fn without_namespaces_the_one_of_the_context_is_read() {
    let server = Server::start(|path, _| match path {
        "/apis/apps/v1/namespaces/default/deployments" => {
            Some(list("", &[object("default", "web", "nginx:1")]))
        }
        "/api/v1/namespaces/default/pods" => Some(list("", &[])),
        _ => Some(refusal(403, "no")),
    })
    .await;
    let inventory = server.connect().await.discover(&everywhere()).await;
    let inventory = inventory.expect("one namespace is allowed");
    assert_eq!(ids(&inventory), ["default/deploy/web"]);
    let first = &inventory.warnings[0];
    assert_eq!(first.code, "forbidden");
    assert_eq!(
        first.message,
        "not allowed to `list deployments.apps, pods` at cluster scope, nor to `list namespaces`; only namespace \"default\" was read"
    );
    assert!(
        inventory.warnings[1]
            .message
            .starts_with("not allowed to `list statefulsets.apps, daemonsets.apps,"),
        "{:?}",
        inventory.warnings
    );
}

#[tokio::test]
async fn what_goes_wrong_everywhere_is_an_error() {
    for (code, message) in [(401, "Unauthorized"), (403, "no"), (400, "bad"), (500, "broken")] {
        let server = Server::start(move |_, _| Some(refusal(code, message))).await;
        let cluster = server.connect_with(|_, options| options.attempts = 1).await;
        let error = cluster.discover(&everywhere()).await.expect_err("nothing can be seen");
        let fits = match &error {
            DiscoverError::Unauthorized { .. } => code == 401,
            DiscoverError::Forbidden { .. } => code == 403,
            DiscoverError::Invalid { .. } => code == 400,
            DiscoverError::Unavailable { .. } => code == 500,
            DiscoverError::NotFound { .. } => false,
        };
        assert!(fits && error.to_string().contains(message), "{code}: {error:?}");
    }
}

#[tokio::test]
async fn selectors_reach_the_server_and_kinds_that_do_not_know_them_are_left_out() {
    let server = Server::start(|path, _| match path {
        DEPLOYMENTS => Some(refusal(400, "not a known field selector")),
        "/api/v1/pods" => Some(list("", &[])),
        _ => None,
    })
    .await;
    let query = Query {
        selector: Some("app in (a,b)".into()),
        field_selector: Some("spec.nodeName=n".into()),
        ..everywhere()
    };
    let inventory = server.connect().await.discover(&query).await.expect("pods know it");
    assert_eq!(inventory.warnings[0].code, "selector");
    assert_eq!(inventory.warnings[0].object.as_deref(), Some("deployments.apps"));
    for part in ["labelSelector=app+in+%28a%2Cb%29", "fieldSelector=spec.nodeName%3Dn"] {
        assert_eq!(server.asked(part), 7, "{part}: all kinds, but not budgets and nodes");
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let server = Server::start(|_, _| None).await;
    let cluster = server
        .connect_with(|flags, options| {
            flags.impersonate = Some("silence".into());
            options.request = Duration::from_millis(300);
        })
        .await;
    let begun = Instant::now();
    let error = cluster.discover(&everywhere()).await.expect_err("nobody answers");
    assert!(
        matches!(&error, DiscoverError::Unavailable { message } if message.contains("within 0.3 s")),
        "{error}"
    );
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let server = Server { address: address.clone(), asked: Arc::default() };
    let error = server.connect().await.discover(&everywhere()).await;
    let error = error.expect_err("nobody listens").to_string();
    assert!(error.contains(&address) && error.contains("refused"), "{error}");
}

#[tokio::test]
async fn a_server_that_asks_for_a_day_is_not_waited_for() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&tries);
    let server = Server::start(move |path, _| match path {
        DEPLOYMENTS => {
            let mut answer = refusal(429, "slow down");
            answer.headers_mut().insert("retry-after", "86400".parse().expect("a header"));
            Some(answer)
        }
        // Passing trouble is tried again.
        "/apis/apps/v1/statefulsets" if counter.fetch_add(1, Ordering::Relaxed) == 0 => {
            Some(refusal(503, "starting"))
        }
        "/apis/apps/v1/statefulsets" => Some(list("", &[object("a", "db", "postgres:16")])),
        _ => None,
    })
    .await;
    let begun = Instant::now();
    let inventory = server.connect().await.discover(&everywhere()).await.expect("the rest works");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(ids(&inventory), ["a/sts/db"]);
    assert_eq!(tries.load(Ordering::Relaxed), 2);
    assert!(inventory.warnings[0].message.contains("slow down"), "{:?}", inventory.warnings);
    assert_eq!(server.asked(DEPLOYMENTS), 1);
}

#[tokio::test]
async fn garbage_and_huge_answers_cost_only_their_kind() {
    let server = Server::start(|path, query| match path {
        DEPLOYMENTS => Some("<html>\u{1b}[31m".into_response()),
        "/apis/apps/v1/daemonsets" => Some(list("", &[object("a", &"x".repeat(9000), "nginx")])),
        // Too large as a page, small enough one by one.
        "/apis/apps/v1/statefulsets" => {
            let one = query.get("limit").is_some_and(|limit| limit == "1");
            let (count, next) = if one { (1, "") } else { (10, "more") };
            let big = format!("{}{}", "nginx:", "1".repeat(100));
            Some(list(next, &vec![object("a", &"y".repeat(600), &big); count]))
        }
        "/apis/batch/v1/cronjobs" => Some("[]".into_response()),
        "/apis/batch/v1/jobs" => Some(list("", &[object("a", "job", "nginx:1")])),
        _ => None,
    })
    .await;
    let cluster = server.connect_with(|_, options| options.body = 4096).await;
    let inventory = cluster.discover(&everywhere()).await.expect("the rest works");
    let names: Vec<_> = inventory.workloads.iter().map(|workload| workload.kind).collect();
    assert_eq!(names, [Kind::StatefulSet, Kind::Job]);
    let warnings: Vec<_> = inventory.warnings.iter().map(|warning| &*warning.message).collect();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings.iter().all(|warning| !warning.contains('\u{1b}')), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("not JSON")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("larger than")), "{warnings:?}");
}

#[tokio::test]
async fn named_objects_are_fetched_and_must_exist() {
    let server = Server::start(|path, _| match path {
        "/apis/apps/v1/namespaces/a/deployments/web" => {
            Some(object("a", "web", "nginx:1").into_response())
        }
        path if path.ends_with("/deployments/gone") => Some(refusal(404, "not found")),
        _ => None,
    })
    .await;
    let cluster = server.connect().await;
    let named = |namespace: Option<&str>, name: &str, scope: Scope| Query {
        scope,
        objects: vec![ObjectName {
            namespace: namespace.map(str::to_owned),
            kind: Kind::Deployment,
            name: name.to_owned(),
        }],
        ..Query::default()
    };
    let found = cluster.discover(&named(Some("a"), "web", Scope::All)).await;
    assert_eq!(ids(&found.expect("it exists")), ["a/deploy/web"]);
    assert_eq!(server.asked("/pods"), 0, "no tag floats, so no pods are needed");
    let a = Scope::Namespace("a".to_owned());
    let gone = cluster.discover(&named(None, "gone", a.clone())).await;
    assert!(matches!(gone, Err(DiscoverError::NotFound { object }) if object == "a/deploy/gone"));
    let tricky = cluster.discover(&named(None, "../../secrets", a)).await;
    assert!(matches!(tricky, Err(DiscoverError::NotFound { .. })));
    let where_is_it = cluster.discover(&named(None, "web", Scope::All)).await;
    assert!(matches!(where_is_it, Err(DiscoverError::Invalid { .. })));
    assert_eq!(server.asked("secrets"), 0);
}

fn owned_pod(owner: &str, hash: &str, image_id: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"p-{hash}","namespace":"a","labels":{{"pod-template-hash":"{hash}"}},
              "ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"{owner}-{hash}","controller":true}}]}},
            "spec":{{"containers":[{{"name":"c","image":"nginx"}}]}},
            "status":{{"phase":"Running","containerStatuses":[{{"name":"c","imageID":"{image_id}"}}]}}}}"#
    )
}

#[tokio::test]
async fn floating_tags_get_their_running_digests() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let pods = [owned_pod("web", "5d9c7", &format!("docker.io/library/nginx@{digest}"))];
    let server = Server::start(move |path, query| match path {
        DEPLOYMENTS => {
            Some(list("", &[object("a", "web", "nginx"), object("a", "api", "nginx:1")]))
        }
        // Pods carry other labels than their workloads.
        "/api/v1/pods" if query.contains_key("labelSelector") => Some(list("", &[])),
        "/api/v1/pods" => Some(list("", &pods)),
        _ => None,
    })
    .await;
    let cluster = server.connect().await;
    for selector in [None, Some("app=web".to_owned())] {
        let query = Query { selector, ..everywhere() };
        let inventory = cluster.discover(&query).await.expect("all is allowed");
        assert_eq!(ids(&inventory), ["a/deploy/api", "a/deploy/web"]);
        let running: Vec<_> =
            inventory.workloads.iter().map(|workload| workload.slots[0].running.clone()).collect();
        let known = Running::Digests(vec![digest.parse().expect("a digest")]);
        assert_eq!(running, [Running::NotAsked, known]);
    }
}

#[tokio::test]
async fn orphaned_replica_sets_are_found_by_their_pods() {
    let server = Server::start(|path, _| match path {
        DEPLOYMENTS => Some(list("", &[object("a", "web", "nginx:1")])),
        "/api/v1/pods" => Some(list(
            "",
            &[
                owned_pod("web", "1", ""),
                owned_pod("left", "2", ""),
                owned_pod("young", "3", ""),
                owned_pod("gone", "4", ""),
            ],
        )),
        "/apis/apps/v1/namespaces/a/replicasets/left-2" => {
            Some(object("a", "left-2", "nginx:1").into_response())
        }
        "/apis/apps/v1/namespaces/a/replicasets/young-3" => Some(
            r#"{"metadata":{"name":"young-3","namespace":"a","ownerReferences":[
                {"apiVersion":"apps/v1","kind":"Deployment","name":"young","controller":true}]}}"#
                .into_response(),
        ),
        path if path.ends_with("/gone-4") => Some(refusal(404, "not found")),
        _ => None,
    })
    .await;
    let inventory = server.connect().await.discover(&everywhere()).await;
    let inventory = inventory.expect("all is allowed");
    assert_eq!(ids(&inventory), ["a/deploy/web", "a/rs/left-2"]);
    assert_eq!(inventory.workloads[1].owner, Owner::Nobody);
    assert_eq!(inventory.warnings, []);
    assert_eq!(server.asked("labelSelector=%21pod-template-hash"), 1);
    assert_eq!(server.asked("/replicasets/"), 3, "nothing else is fetched");
}

#[tokio::test]
async fn many_orphans_are_listed() {
    let server = Server::start(|path, query| {
        let hashed =
            query.get("labelSelector").is_some_and(|selector| selector == "pod-template-hash");
        let pods = || (0..60).map(|number| owned_pod(&format!("left{number}"), "2", ""));
        match path {
            "/api/v1/pods" => Some(list("", &pods().collect::<Vec<_>>())),
            "/apis/apps/v1/replicasets" if hashed => {
                Some(list("", &[object("a", "left1-2", "nginx:1")]))
            }
            _ => None,
        }
    })
    .await;
    let inventory = server.connect().await.discover(&everywhere()).await;
    assert_eq!(ids(&inventory.expect("all is allowed")), ["a/rs/left1-2"]);
    assert_eq!(server.asked("/replicasets/"), 0);
}
