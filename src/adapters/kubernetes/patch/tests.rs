use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::scripted::{Server, refusal};
use super::*;
use crate::domain::change::SlotId;
use crate::ports::rollouts::Rollouts;

const OBJECT: &str = r#"{"metadata":{"name":"web","namespace":"n","uid":"u-1","resourceVersion":"7",
    "generation":3},"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:1"},
    {"name":"app","image":"app:1"}],"volumes":[{"name":"app","image":{"reference":"vol:1"}}]}}}}"#;

fn id() -> ObjectId {
    "n/deploy/web".parse().expect("an object")
}

fn replacement(kind: SlotKind, from: &str, to: &str) -> Replacement {
    let slot = SlotId { kind, name: Arc::from("app") };
    Replacement { slot, from: from.into(), to: to.into(), revision: None }
}

/// What a write comes to when the server answers it so, and how often it was sent.
async fn outcome(
    rehearsal: bool,
    answer: impl Fn() -> Response + Send + Sync + 'static,
) -> (Result<Written, WriteError>, usize) {
    let server = Server::start(move |_, asked| {
        Some(if asked["method"] == "PATCH" { answer() } else { OBJECT.into_response() })
    })
    .await;
    let cluster = server.connect_with(|_, options| options.attempts = 2).await;
    let base = cluster.inspect(&id()).await.expect("it is there");
    let images = [replacement(SlotKind::Container, "app:1", "app:2")];
    let result = cluster.write(&id(), &base, &images, rehearsal).await;
    (result, server.asked("PATCH"))
}

fn status(code: u16, reason: &str, causes: &str, message: &str) -> Response {
    let body = json!({"kind": "Status", "code": code, "reason": reason, "message": message,
        "details": {"causes": serde_json::from_str::<Value>(causes).expect("JSON")}});
    (StatusCode::from_u16(code).expect("a status"), body.to_string()).into_response()
}

#[tokio::test]
async fn the_patch_tests_all_that_it_relies_on() {
    let server = Server::start(|_, asked| {
        if asked["method"] == "PATCH" {
            assert_eq!(asked["type"], "application/json-patch+json");
            assert_eq!(asked["fieldManager"], "safe-update");
            let pod = "/spec/template/spec";
            let expected = json!([
                {"op": "test", "path": "/metadata/uid", "value": "u-1"},
                {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
                {"op": "test", "path": format!("{pod}/containers/1/name"), "value": "app"},
                {"op": "test", "path": format!("{pod}/containers/1/image"), "value": "app:1"},
                {"op": "test", "path": format!("{pod}/volumes/0/name"), "value": "app"},
                {"op": "test", "path": format!("{pod}/volumes/0/image/reference"), "value": "vol:1"},
                {"op": "replace", "path": format!("{pod}/containers/1/image"), "value": "app:2"},
                {"op": "replace", "path": format!("{pod}/volumes/0/image/reference"), "value": "vol:2"},
            ]);
            assert_eq!(serde_json::from_str::<Value>(&asked["body"]).expect("JSON"), expected);
        }
        Some(OBJECT.into_response())
    })
    .await;
    let cluster = server.connect().await;
    let base = cluster.inspect(&id()).await.expect("it is there");
    let images = [
        replacement(SlotKind::Container, "app:1", "app:2"),
        replacement(SlotKind::Volume, "vol:1", "vol:2"),
    ];
    let written = cluster.write(&id(), &base, &images, false).await.expect("it is written");
    assert_eq!((written.generation, &*written.resource_version), (3, "7"));
    cluster.write(&id(), &base, &images, true).await.expect("it is rehearsed");
    assert_eq!(server.asked("dryRun=All"), 1);

    // What is not there is not asked for.
    let images = [replacement(SlotKind::Container, "app:0", "app:2")];
    let error = cluster.write(&id(), &base, &images, false).await;
    assert!(matches!(error, Err(WriteError::Moved(_))), "{error:?}");
    assert_eq!(server.asked("PATCH"), 2);
}

#[tokio::test]
async fn failures_say_whether_anything_may_have_been_written() {
    use WriteError::{Denied, Moved, Trouble, Unclear};
    let causes = r#"[{"reason":"FieldValueInvalid"}]"#;
    let webhook = "admission webhook \"w\" denied the request: not on Fridays";
    let words = "the server rejected our request due to an error in our request";
    let cases: [(u16, &str, &str, &str, WriteError); 18] = [
        (422, "Invalid", "[]", words, Moved(String::new())),
        (422, "Invalid", causes, "Deployment is invalid", Denied(String::new())),
        (422, "", "[]", webhook, Denied(String::new())),
        (409, "Conflict", "[]", "has been modified", Moved(String::new())),
        (409, "", "[]", webhook, Denied(String::new())),
        (404, "NotFound", "[]", "not found", Moved(String::new())),
        (404, "", "[]", webhook, Denied(String::new())),
        (403, "Forbidden", "[]", "forbidden", Denied(String::new())),
        (400, "", "[]", webhook, Denied(String::new())),
        (400, "BadRequest", "[]", "bad", Denied(String::new())),
        (401, "Unauthorized", "[]", "Unauthorized", Trouble(String::new())),
        (500, "InternalError", "[]", "failed calling webhook \"w\"", Trouble(String::new())),
        (500, "InternalError", "[]", "etcdserver: leader changed", Unclear(String::new())),
        (502, "", "[]", "bad gateway", Unclear(String::new())),
        (504, "Timeout", "[]", "timed out", Unclear(String::new())),
        (503, "ServiceUnavailable", "[]", "shutting down", Trouble(String::new())),
        (429, "TooManyRequests", "[]", "too many", Trouble(String::new())),
        (413, "RequestEntityTooLarge", "[]", "too large", Denied(String::new())),
    ];
    for (code, reason, causes, message, expected) in cases {
        let answer = move || status(code, reason, causes, message);
        let (result, sent) = outcome(false, answer).await;
        let error = result.expect_err("it failed");
        let same = std::mem::discriminant(&error) == std::mem::discriminant(&expected);
        assert!(same, "{code} {message}: {error:?}");
        assert_eq!(sent, 1, "{code} {message}");
    }
    // What stands before the server says 503 when the server breaks off.
    let bare = || (StatusCode::SERVICE_UNAVAILABLE, "upstream reset").into_response();
    assert!(matches!(outcome(false, bare).await.0, Err(Unclear(_))));
    // An answer that cannot be read was an answer.
    let (result, sent) = outcome(false, || "{".into_response()).await;
    assert!(matches!(result, Err(Unclear(_))) && sent == 1, "{result:?}");
}

#[tokio::test]
async fn a_rehearsal_is_repeated_and_never_unclear() {
    let (result, sent) = outcome(true, || refusal(500, "etcdserver: leader changed")).await;
    assert!(matches!(result, Err(WriteError::Trouble(_))), "{result:?}");
    assert_eq!(sent, 2);
    let (result, _) = outcome(true, || "{".into_response()).await;
    assert!(matches!(result, Err(WriteError::Trouble(_))), "{result:?}");
}

#[tokio::test]
async fn a_server_that_asks_for_a_day_does_not_get_it() {
    let start = Instant::now();
    let (result, sent) = outcome(false, || {
        let code = StatusCode::TOO_MANY_REQUESTS;
        (code, [("retry-after", "86400")], "").into_response()
    })
    .await;
    assert!(matches!(result, Err(WriteError::Trouble(_))) && sent == 1, "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// What a write comes to when the connection that it is sent on goes like this.
async fn over(answer: Option<&'static str>, listening: bool) -> WriteError {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    if listening {
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                match answer {
                    Some(answer) => {
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                    None => kept.push(stream),
                }
            }
        });
    } else {
        drop(listener);
    }
    let server = Server { address, asked: Arc::default() };
    let cluster =
        server.connect_with(|_, options| options.request = Duration::from_millis(1500)).await;
    let base = super::super::inspect::tests::read(&id(), OBJECT);
    let images = [replacement(SlotKind::Container, "app:1", "app:2")];
    cluster.write(&id(), &base, &images, false).await.expect_err("nobody answers")
}

#[tokio::test]
async fn a_connection_tells_whether_the_request_was_sent() {
    let refused = over(None, false).await;
    assert!(matches!(refused, WriteError::Trouble(_)), "{refused:?}");
    for answer in [None, Some(""), Some("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"meta")] {
        let error = over(answer, true).await;
        assert!(matches!(error, WriteError::Unclear(_)), "{answer:?}: {error:?}");
    }
}
