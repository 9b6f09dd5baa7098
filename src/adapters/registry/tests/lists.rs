//! Tag lists: pages, cursors, caps, loops.

use std::time::Duration;

use super::server::{Reply, Server, open, quick};
use crate::ports::{LookupError, Registry as _};

fn numbers(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|number| format!("1.{number}")).collect()
}

/// The value of a query parameter.
fn param(target: &str, name: &str) -> Option<String> {
    let url = reqwest::Url::parse("http://x").unwrap().join(target).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_server_that_caps_its_pages_is_followed_to_the_end() {
    let server = Server::start(|seen| {
        let from =
            param(&seen.target, "last").map_or(0, |last| last[2..].parse::<usize>().unwrap() + 1);
        let to = (from + 100).min(5_000);
        let reply = Reply::tags(numbers(from, to));
        if to == 5_000 {
            return reply;
        }
        let next = format!("/v2/app/tags/list?last=1.{}&n=100", to - 1);
        reply.header("link", format!(r#"<{next}>; rel="next""#))
    })
    .await;
    let list = open(quick()).tags(&server.repository("app"), None).await.unwrap();
    assert_eq!(list.tags.len(), 5_000);
    assert!(!list.truncated);
    assert_eq!(server.count("/v2/app/tags/list"), 50);
}

#[tokio::test]
async fn opaque_cursors_and_absolute_links() {
    let server = Server::start(|seen| match param(&seen.target, "next_page").as_deref() {
        None => Reply::tags(["b", "a"]).header(
            "link",
            format!(r#"<http://{}/v2/app/tags/list?next_page=x%2Fy>; rel="next""#, seen.host),
        ),
        Some("x/y") => Reply::tags(["1.0"]).header("link", "<?next_page=z>; rel=next"),
        Some(_) => Reply::ok(r#"{"name":"app","tags":null}"#),
    })
    .await;
    let list = open(quick()).tags(&server.repository("app"), None).await.unwrap();
    let tags: Vec<&str> = list.tags.iter().map(|tag| &**tag).collect();
    assert_eq!(tags, ["b", "a", "1.0"]);
}

#[tokio::test]
async fn a_full_page_without_a_link_is_followed_by_last() {
    let server = Server::start(|seen| match param(&seen.target, "last").as_deref() {
        None => Reply::tags(numbers(0, 1_000)),
        Some("1.999") => Reply::tags(numbers(1_000, 1_500)),
        Some(other) => panic!("{other}"),
    })
    .await;
    let list = open(quick()).tags(&server.repository("app"), None).await.unwrap();
    assert_eq!(list.tags.len(), 1_500);
    // A server that knows no paging says the same again, which ends it.
    let server = Server::start(|_| Reply::tags(numbers(0, 1_000))).await;
    let list = open(quick()).tags(&server.repository("app"), None).await.unwrap();
    assert_eq!((list.tags.len(), server.seen().len()), (1_000, 2));
}

#[tokio::test]
async fn loops_end_as_bad_answers() {
    async fn check(link: &'static str, part: &str) {
        let server = Server::start(move |_| Reply::tags(["1.0"]).header("link", link)).await;
        let error = open(quick()).tags(&server.repository("app"), None).await.unwrap_err();
        assert!(
            matches!(&error, LookupError::BadAnswer { message, .. } if message.contains(part)),
            "{error}"
        );
        assert!(server.seen().len() <= 3, "{}", server.seen().len());
    }
    check(r#"</v2/app/tags/list?n=1000>; rel="next""#, "circles").await;
    check(r#"</v2/app/tags/list?n=1000&last=1.0>; rel="next""#, "repeat").await;
    check(r#"<http://127.0.0.2:1/v2/app/tags/list>; rel="next""#, "another host").await;
    check(r#"<https://evil.test/v2/app/tags/list>; rel="next""#, "another host").await;
    check(r"<http://[>; rel=next", "no URL").await;
}

#[tokio::test]
async fn ever_new_pages_are_cut_at_the_caps() {
    let endless = |seen: &super::server::Seen| {
        let next = format!(r#"</v2/app/tags/list?page={}>; rel="next""#, seen.number + 1);
        Reply::tags([format!("1.{}", seen.number)]).header("link", next)
    };
    let server = Server::start(endless).await;
    let mut settings = quick();
    settings.limits.max_pages = 20;
    let list = open(settings).tags(&server.repository("app"), None).await.unwrap();
    assert_eq!((list.tags.len(), list.truncated), (20, true));

    let server = Server::start(endless).await;
    let mut settings = quick();
    settings.limits.list_bytes = 300;
    let list = open(settings).tags(&server.repository("app"), None).await.unwrap();
    assert!(list.truncated && list.tags.len() < 20);

    let empty = |seen: &super::server::Seen| {
        let next = format!(r#"</v2/app/tags/list?page={}>; rel="next""#, seen.number + 1);
        Reply::ok("{}").header("link", next)
    };
    let server = Server::start(empty).await;
    let error = open(quick()).tags(&server.repository("app"), None).await.unwrap_err();
    assert!(error.to_string().contains("stay empty"), "{error}");
}

#[tokio::test]
async fn a_million_tags_are_cut() {
    let body = {
        let tags: Vec<String> =
            numbers(0, 1_000_000).iter().map(|tag| format!("\"{tag}\"")).collect();
        format!(r#"{{"tags":[{}]}}"#, tags.join(","))
    };
    let server = Server::start(move |_| Reply::ok(body.clone())).await;
    let mut settings = quick();
    settings.limits.request = Duration::from_secs(30);
    settings.limits.lookup = Duration::from_secs(30);
    let list = open(settings).tags(&server.repository("app"), None).await.unwrap();
    assert_eq!((list.tags.len(), list.truncated), (250_000, true));
}

#[tokio::test]
async fn what_is_no_list_is_a_bad_answer() {
    for body in ["", "<html>hi</html>", "[]", r#"{"tags":{}}"#, r#"{"tags":[[[["#] {
        let server = Server::start(move |_| Reply::ok(body)).await;
        let error = open(quick()).tags(&server.repository("app"), None).await.unwrap_err();
        assert!(matches!(error, LookupError::BadAnswer { .. }), "{body}: {error}");
    }
    // What it sent is quoted in part, without control characters.
    let body = format!("{{\"tags\":\"\\u001b[31m{}\"}}", "x".repeat(100_000));
    let server = Server::start(move |_| Reply::ok(body.clone())).await;
    let error = open(quick()).tags(&server.repository("app"), None).await.unwrap_err().to_string();
    assert!(error.len() < 400 && !error.contains('\u{1b}'), "{error}");
    let server = Server::start(|_| Reply::new(404, "{}")).await;
    let error = open(quick()).tags(&server.repository("app"), None).await.unwrap_err();
    assert_eq!(error.to_string(), format!("app not found in {}", server.address));
}

#[tokio::test]
async fn many_callers_ask_once() {
    let server = Server::slow(Duration::from_millis(20), |_| Reply::tags(["1.0"])).await;
    let registries = open(quick());
    let repository = server.repository("app");
    let all =
        futures_util::future::join_all((0..50).map(|_| registries.tags(&repository, None))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(server.seen().len(), 1);
    assert_eq!(registries.usage().requests, 1);
}
