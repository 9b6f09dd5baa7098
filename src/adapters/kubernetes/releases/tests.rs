use std::sync::{Arc, Mutex};

use axum::response::IntoResponse;

use super::super::scripted::{Server, list, refusal};
use super::*;

const SECRETS: &str = "/api/v1/namespaces/a/secrets";

fn secret(namespace: &str, name: &str, data: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}","labels":{{"owner":"helm"}}}},"data":{{{data}}}}}"#
    )
}

/// What was handed over, one line an object, and the warnings.
async fn listed(
    cluster: &Cluster,
    scope: Scope,
    names_only: bool,
) -> Result<(Vec<String>, Vec<Warning>), DiscoverError> {
    let query =
        RecordQuery { keeper: Keeper::Secrets, scope: &scope, selector: "owner=helm", names_only };
    let mut seen = Vec::new();
    let mut take = |object: &RecordObject<'_>| {
        let (owner, data) = (object.label("owner").unwrap_or("-"), object.data.unwrap_or("-"));
        seen.push(format!("{}/{} {owner} {data}", object.namespace, object.name));
    };
    let warnings = ReleaseRecords::list(cluster, &query, &mut take).await?;
    Ok((seen, warnings))
}

#[tokio::test]
async fn records_come_page_after_page_and_the_first_is_small() {
    let server = Server::start(|path, query| {
        if path != SECRETS {
            return None;
        }
        assert_eq!(query.get("labelSelector").map(String::as_str), Some("owner=helm"));
        let first = !query.contains_key("continue");
        let limit = if first { "5" } else { "40" };
        assert_eq!(query.get("limit").map(String::as_str), Some(limit));
        Some(match query.get("continue").map(String::as_str) {
            None => list("two", &[secret("a", "one", r#""release":"MQ==""#)]),
            Some("two") => list("three", &[secret("a", "two", r#""release":"Mg==","other":"x""#)]),
            _ => list("", &[secret("a", "three", "")]),
        })
    })
    .await;
    let cluster = server.connect().await;
    let (seen, warnings) =
        listed(&cluster, Scope::Namespace("a".into()), false).await.expect("a list");
    assert_eq!(seen, ["a/one helm MQ==", "a/two helm Mg==", "a/three helm -"]);
    assert_eq!((warnings, server.asked(SECRETS)), (Vec::new(), 3));
}

#[tokio::test]
async fn names_alone_are_asked_for_without_their_records() {
    let accept = Arc::<Mutex<String>>::default();
    let heard = Arc::clone(&accept);
    let server = Server::start(move |path, query| {
        *heard.lock().expect("no panic") = query.get("accept").cloned().unwrap_or_default();
        let item = r#"{"metadata":{"name":"one","namespace":"a"}}"#.to_owned();
        (path == SECRETS).then(|| list("", &[item]))
    })
    .await;
    let cluster = server.connect().await;
    let scope = || Scope::Namespace("a".into());
    let (seen, _) = listed(&cluster, scope(), true).await.expect("a list");
    assert_eq!(seen, ["a/one - -"]);
    assert!(accept.lock().expect("no panic").contains("as=PartialObjectMetadataList"));
    assert_eq!(server.asked("limit=500"), 1, "{:?}", server.asked);
    listed(&cluster, scope(), false).await.expect("a list");
    assert!(!accept.lock().expect("no panic").contains("as=PartialObjectMetadataList"));
}

#[tokio::test]
async fn what_may_not_be_listed_is_told() {
    let server = Server::start(|path, _| match path {
        "/api/v1/namespaces" => {
            let namespace = |name| format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
            Some(list("", &["a", "b"].map(namespace)))
        }
        SECRETS => Some(list("", &[secret("a", "one", r#""release":"MQ==""#)])),
        _ => Some(refusal(403, "not for you")),
    })
    .await;
    let cluster = server.connect().await;
    let (seen, warnings) = listed(&cluster, Scope::All, false).await.expect("a part of it");
    assert_eq!(seen, ["a/one helm MQ=="]);
    let messages: Vec<_> = warnings.iter().map(|it| (it.code, &*it.message)).collect();
    assert_eq!(messages, [("forbidden", "not allowed to `list secrets` in b")]);
    let error = listed(&cluster, Scope::Namespace("b".into()), false).await.expect_err("nothing");
    assert!(matches!(error, DiscoverError::Forbidden { .. }), "{error}");
}

#[tokio::test]
async fn one_object_is_read_or_is_not_there() {
    let server = Server::start(|path, _| match path.strip_prefix(SECRETS)? {
        "/one" => Some(secret("a", "one", r#""release":"MQ==""#).into_response()),
        "/broken" => Some(r#"{"metadata":{"hunter2":1}}"#.into_response()),
        "/secret" => Some(refusal(403, "not for you")),
        _ => Some(refusal(404, "not found")),
    })
    .await;
    let cluster = server.connect().await;
    let get = async |name: &str| {
        let mut data = None;
        let mut take = |object: &RecordObject<'_>| data = object.data.map(str::to_owned);
        let found = ReleaseRecords::get(&cluster, Keeper::Secrets, "a", name, &mut take).await;
        found.map(|found| (found, data))
    };
    assert_eq!(get("one").await.expect("it is there"), (true, Some("MQ==".to_owned())));
    assert_eq!(get("none").await.expect("no trouble"), (false, None));
    assert_eq!(get("../../b/secrets/one").await.expect("no trouble"), (false, None));
    assert!(matches!(get("secret").await, Err(DiscoverError::Forbidden { .. })));
    let error = get("broken").await.expect_err("it is no object").to_string();
    assert!(!error.contains("hunter2"), "{error}");
    assert_eq!(server.asked("secrets"), 4, "no path is made of what is no name");
}
