use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Mutex;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::super::scripted::{Server, refusal};
use super::*;

/// Lines of a watch; with `open` it stays open after them.
pub(in super::super) fn watched(lines: &[String], open: bool) -> Response {
    let lines: Vec<Result<String, Infallible>> =
        lines.iter().map(|line| Ok(format!("{line}\n"))).collect();
    let lines = stream::iter(lines);
    if open {
        Body::from_stream(lines.chain(stream::pending())).into_response()
    } else {
        Body::from_stream(lines).into_response()
    }
}

pub(in super::super) fn event(kind: &str, object: &str) -> String {
    let object = object.replace('\n', " ");
    format!(r#"{{"type":"{kind}","object":{object}}}"#)
}

fn object(name: &str, version: u32) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","resourceVersion":"{version}"}}}}"#)
}

fn listed(version: u32, names: &[&str]) -> Response {
    let items: Vec<String> = names.iter().map(|name| object(name, 1)).collect();
    format!(r#"{{"metadata":{{"resourceVersion":"{version}"}},"items":[{}]}}"#, items.join(","))
        .into_response()
}

/// Follows pods with these answers, one for each request, and then with a watch that stays silent.
/// Tells the news in words, and what was asked.
async fn followed(answers: Vec<Response>, news: usize) -> (Vec<String>, Vec<String>) {
    let answers = Mutex::new(VecDeque::from(answers));
    let server = Server::start(move |_, _| {
        let next = answers.lock().expect("no test panicked here").pop_front();
        Some(next.unwrap_or_else(|| watched(&[], true)))
    })
    .await;
    let cluster = server.connect_with(|_, options| options.attempts = 1).await;
    let selection = Selection::labelled(Resource::PODS, &Arc::from("n"), "app=web,!x".to_owned());
    let (sender, mut told) = mpsc::channel(8);
    let tell: Tell<String> = Arc::new(move |news| {
        let sender = sender.clone();
        Box::pin(async move { sender.send(news).await.is_ok() })
    });
    let read = |bytes: &[u8]| -> Result<String, RequestError> {
        let value: serde_json::Value = decode(bytes)?;
        Ok(value["metadata"]["name"].as_str().unwrap_or_default().to_owned())
    };
    let work = follow(Arc::clone(&cluster.inner), selection, Arc::new(read), tell);
    let _task = AbortOnDropHandle::new(tokio::spawn(work));
    let mut words = Vec::new();
    while words.len() < news {
        let news = tokio::time::timeout(Duration::from_secs(20), told.recv()).await;
        words.push(match news.expect("it comes in time").expect("the feed lives") {
            News::Anew(names) => format!("anew {}", names.join(" ")),
            News::Is(name) => format!("is {name}"),
            News::Was(name) => format!("was {name}"),
            News::Trouble(error) => format!("trouble {error}"),
            News::Well => "well".to_owned(),
        });
    }
    let asked = server.asked.lock().expect("no test panicked here").clone();
    (words, asked)
}

#[tokio::test]
async fn a_watch_is_taken_up_where_it_ended() {
    let bookmark = event("BOOKMARK", &object("", 30));
    let (words, asked) = followed(
        vec![
            listed(10, &["a", "b"]),
            watched(&[event("MODIFIED", &object("a", 20)), bookmark], false),
            watched(&[event("DELETED", &object("b", 40)), event("ADDED", &object("c", 41))], true),
        ],
        4,
    )
    .await;
    assert_eq!(words, ["anew a b", "is a", "was b", "is c"]);
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[0].contains("labelSelector=app%3Dweb%2C%21x"), "{asked:?}");
    assert!(asked[1].contains("watch=true") && asked[1].contains("resourceVersion=10"));
    assert!(asked[1].contains("allowWatchBookmarks=true"), "{asked:?}");
    assert!(asked[2].contains("resourceVersion=30"), "{asked:?}");
}

#[tokio::test]
async fn a_state_that_the_server_has_forgotten_is_listed_anew() {
    let gone = r#"{"kind":"Status","code":410,"reason":"Expired","message":"too old"}"#;
    let (words, asked) = followed(
        vec![
            listed(10, &["a"]),
            watched(&[event("ERROR", gone)], false),
            listed(50, &["b"]),
            refusal(410, "too old"),
            listed(60, &["c"]),
        ],
        3,
    )
    .await;
    assert_eq!(words, ["anew a", "anew b", "anew c"]);
    assert!(!asked[2].contains("watch") && asked[3].contains("resourceVersion=50"), "{asked:?}");
}

#[tokio::test]
async fn a_line_that_is_none_is_asked_for_again() {
    let (words, asked) = followed(
        vec![
            listed(10, &["a"]),
            watched(&[event("ADDED", &object("b", 20)), "<html>".to_owned()], true),
            watched(&[event("ADDED", &object("c", 30))], true),
        ],
        3,
    )
    .await;
    assert_eq!(words, ["anew a", "is b", "is c"]);
    assert!(asked[2].contains("resourceVersion=20"), "{asked:?}");
}

#[tokio::test]
async fn trouble_is_told_when_it_lasts_and_so_is_its_end() {
    let mut answers = vec![listed(10, &["a"])];
    answers.extend((0..5).map(|_| refusal(500, "etcdserver: leader changed")));
    let (words, _) = followed(answers, 3).await;
    assert_eq!(words[0], "anew a");
    assert!(words[1].starts_with("trouble etcdserver: leader changed"), "{words:?}");
    assert_eq!(words[2], "well");

    let (words, _) = followed(vec![refusal(403, "forbidden"), listed(10, &["a"])], 3).await;
    assert!(words[0].starts_with("trouble forbidden"), "told at once: {words:?}");
    assert_eq!(words[1..], ["well", "anew a"]);
}
