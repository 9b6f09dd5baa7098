//! Older copies: offline, and where a server does not answer.

use super::home::{Home, index, nginx};
use crate::adapters::registry::tests::server::{Reply, Server};
use crate::domain::chart::ChartSource;
use crate::ports::charts::Charts as _;

fn named(name: &str, url: &str) -> ChartSource {
    ChartSource::Index { url: url.into(), name: Some(name.into()) }
}

#[tokio::test]
async fn offline_only_the_copies_are_used() {
    let server = Server::start(|_| Reply::ok(nginx(&["1.0.0"]))).await;
    let url = format!("http://{}", server.address);
    let mut home = Home::with(&format!(
        "- name: corp\n  url: {url}\n- name: other\n  url: http://other.test\n- name: ../helm/corp\n  url: http://third.test\n"
    ));
    assert_eq!(home.ask(0, &index(&url)).await, "1.0.0");
    home.settings.cache.offline = true;
    assert_eq!(home.ask(1_000_000, &index(&url)).await, "1.0.0", "whatever its age");
    let error = home.ask(0, &index("http://nobody.test")).await;
    assert_eq!(error, "the index of http://nobody.test is not in the cache");
    // Helm's copy, where it is the newer one.
    home.copy("corp", &nginx(&["0.9.0"]), 2);
    home.copy("other", &nginx(&["0.8.0"]), 2);
    assert_eq!(home.ask(0, &named("corp", &url)).await, "1.0.0");
    let other = named("other", "http://other.test");
    let text = "0.8.0 !other (http://other.test): Helm's copy of its index, 2 hours old, is used";
    assert_eq!(home.ask(0, &other).await, text);
    // Neither a name that leads elsewhere nor the copy of another address counts.
    for (name, url) in [("../helm/corp", "http://third.test"), ("corp", "http://fourth.test")] {
        let error = home.ask(0, &named(name, url)).await;
        assert!(error.ends_with("is not in the cache"), "{error}");
    }
    home.copy("corp", &nginx(&["1.1.0"]), 0);
    std::fs::File::options()
        .append(true)
        .open(home.cache().pop().unwrap())
        .unwrap()
        .set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    let text = home.ask(0, &named("corp", &url)).await;
    assert!(text.starts_with("1.1.0 !corp"), "{text}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_made_up_for() {
    let home = Home::new();
    let server = Server::start(|seen| match seen.number {
        0 => Reply::ok(nginx(&["1.0.0"])),
        _ => Reply::new(500, ""),
    })
    .await;
    let source = index(&format!("http://{}", server.address));
    assert_eq!(home.ask(0, &source).await, "1.0.0");
    let old = home.ask(7_300, &source).await;
    let trouble = format!("1.0.0 !{source}: {} answered 500", server.address);
    assert_eq!(old, format!("{trouble}; its index in the cache, 2 hours old, is used instead"));
}

#[tokio::test]
async fn helms_copy_stands_in_where_nothing_was_kept() {
    let home = Home::with(
        "- name: corp\n  url: http://127.0.0.1:9/charts\n- name: s3\n  url: s3://bucket/charts\n",
    );
    let sources = home.run(0).configured().unwrap();
    let error = home.ask(0, &sources[0]).await;
    assert!(error.starts_with("127.0.0.1:9 cannot be reached"), "{error}");
    home.copy("corp", &nginx(&["1.0.0"]), 72);
    home.copy("s3", &nginx(&["2.0.0"]), 1);
    let found = home.ask(0, &sources[0]).await;
    assert!(
        found.starts_with("1.0.0 !corp (http://127.0.0.1:9/charts): 127.0.0.1:9 cannot be reached"),
        "{found}"
    );
    assert!(found.ends_with("; Helm's copy of its index, 3 days old, is used instead"), "{found}");
    let found = home.ask(0, &sources[1]).await;
    assert_eq!(
        found,
        "2.0.0 !s3 (s3://bucket/charts): bucket cannot be reached: only a plugin of Helm speaks s3; Helm's copy of its index, 1 hour old, is used instead"
    );
    assert!(home.cache().is_empty());
}

#[tokio::test]
async fn a_refusal_is_not_made_up_for() {
    for status in [401, 403, 404] {
        let server = Server::start(move |_| Reply::new(status, "")).await;
        let url = format!("http://{}", server.address);
        let home = Home::with(&format!("- name: corp\n  url: {url}\n"));
        home.copy("corp", &nginx(&["1.0.0"]), 1);
        let found = home.ask(0, &named("corp", &url)).await;
        assert!(!found.contains("1.0.0"), "{status}: {found}");
    }
}

#[tokio::test]
async fn a_page_of_somebody_else_does_not_replace_what_was_kept() {
    let server = Server::start(|seen| match seen.number {
        0 => Reply::ok(nginx(&["1.0.0"])),
        _ => Reply::ok("<html>Welcome! Please log in.</html>"),
    })
    .await;
    let mut home = Home::new();
    let source = index(&format!("http://{}", server.address));
    assert_eq!(home.ask(0, &source).await, "1.0.0");
    assert!(home.ask(1_000, &source).await.contains("it is no index"));
    home.settings.cache.offline = true;
    assert_eq!(home.ask(1_001, &source).await, "1.0.0");
}

#[tokio::test]
async fn a_copy_of_another_format_is_fetched_anew() {
    let server = Server::start(|_| Reply::ok(nginx(&["1.0.0"]))).await;
    let home = Home::new();
    let source = index(&format!("http://{}", server.address));
    assert_eq!(home.ask(0, &source).await, "1.0.0");
    assert_eq!(home.ask(1, &source).await, "1.0.0");
    assert_eq!(server.seen().len(), 1, "as it was kept");
    let copy = home.cache().pop().unwrap();
    let kept = std::fs::read_to_string(&copy).unwrap();
    let time = std::fs::metadata(&copy).unwrap().modified().unwrap();
    let newer = kept.replacen("\"format\":1", "\"format\":2", 1);
    assert_ne!(newer, kept);
    std::fs::write(&copy, newer).unwrap();
    std::fs::File::options().append(true).open(&copy).unwrap().set_modified(time).unwrap();
    assert_eq!(home.ask(1, &source).await, "1.0.0");
    assert_eq!(server.seen().len(), 2, "what it says is not taken");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), kept, "and it is mended");
}
