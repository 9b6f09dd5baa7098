//! How often an index is asked for, and what is made of what comes.

use std::time::Duration;

use futures_util::future::join_all;

use super::home::{Home, ask, index, nginx, published};
use crate::adapters::registry::tests::server::{Reply, Server};
use crate::ports::LookupError;

const TWO: &str = "apiVersion: v1\nentries:\n  nginx:\n  - version: 1.2.3\n    appVersion: \"4.5\"\n  redis:\n  - version: 7.0.0\n  - version: soon\n";

#[tokio::test]
async fn an_index_is_fetched_once_a_run() {
    let home = Home::new();
    let server = Server::slow(Duration::from_millis(20), |_| Reply::ok(TWO)).await;
    let source = index(&format!("http://{}/charts", server.address));
    let run = home.run(0);
    let names = ["nginx", "redis", "nginx", "absent"];
    let found = join_all(names.map(|name| ask(&run, &source, name))).await;
    let label = format!("http://{}/charts", server.address);
    let redis = format!("7.0.0 !{label}: 1 version of redis cannot be read and are left out");
    assert_eq!(found, ["1.2.3", &redis, "1.2.3", ""]);
    let all = published(&run, &source, &["absent", "redis", "nginx"]).await.unwrap();
    let charts: Vec<_> = all.charts.iter().map(|(name, _)| &**name).collect();
    assert_eq!(charts, ["nginx", "redis"]);
    assert_eq!(all.of("nginx").unwrap()[0].app_version.as_deref(), Some("4.5"));
    assert_eq!(server.seen().len(), 1);
    assert_eq!(server.seen()[0].target, "/charts/index.yaml");
    assert_eq!(run.requests(), 1);
}

#[tokio::test]
async fn what_is_fresh_or_unchanged_is_not_fetched_again() {
    for (name, value) in [("etag", "\"v1\""), ("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT")] {
        let home = Home::new();
        let server = Server::start(move |seen| {
            let sent = seen.if_none_match.as_deref().or(seen.if_modified_since.as_deref());
            if sent == Some(value) {
                Reply::new(304, "")
            } else {
                Reply::ok(TWO).header(name, value)
            }
        })
        .await;
        let source = index(&format!("http://{}", server.address));
        for (second, requests) in [(0, 1), (599, 1), (700, 2), (1_200, 2), (1_400, 3), (0, 4)] {
            assert_eq!(home.ask(second, &source).await, "1.2.3", "{name} {second}");
            assert_eq!(server.seen().len(), requests, "{name} {second}");
        }
        let mut refresh = home;
        refresh.settings.cache.refresh = true;
        assert_eq!(refresh.ask(1, &source).await, "1.2.3");
        let last = server.seen().pop().unwrap();
        assert_eq!((last.if_none_match, last.if_modified_since), (None, None));
    }
}

#[tokio::test]
async fn a_new_index_replaces_the_old_one() {
    let home = Home::new();
    let server = Server::start(|seen| {
        let version = ["1.0.0", "2.0.0"][seen.number.min(1)];
        Reply::ok(nginx(&[version])).header("etag", format!("\"{version}\""))
    })
    .await;
    let source = index(&format!("http://{}", server.address));
    assert_eq!(home.ask(0, &source).await, "1.0.0");
    assert_eq!(home.ask(1_000, &source).await, "2.0.0");
    assert_eq!(home.ask(1_001, &source).await, "2.0.0");
    assert_eq!(home.cache().len(), 1);
    // A damaged file is a miss.
    let file = home.cache().pop().unwrap();
    for damage in [&b""[..], b"x", &[b' '; 4096]] {
        std::fs::write(&file, damage).unwrap();
        assert_eq!(home.ask(1_002, &source).await, "2.0.0");
    }
    assert_eq!(server.seen().len(), 5);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_cache_and_none_is_needed() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut home = Home::new();
    let server = Server::start(|_| Reply::ok(TWO)).await;
    let source = index(&format!("http://{}", server.address));
    assert_eq!(home.ask(0, &source).await, "1.2.3");
    let file = home.cache().pop().unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    for directory in [None, Some("/proc/nowhere".into())] {
        home.settings.cache.directory = directory;
        assert_eq!(home.ask(0, &source).await, "1.2.3");
    }
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn trouble_that_passes_is_waited_for() {
    let home = Home::new();
    let server = Server::start(|seen| match seen.number {
        0 => Reply::new(503, "x".repeat(5_000)),
        1 => Reply::new(429, "").header("retry-after", "0"),
        _ => Reply::ok(TWO),
    })
    .await;
    let source = index(&format!("http://{}", server.address));
    assert_eq!(home.ask(0, &source).await, "1.2.3");
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn what_is_no_index_is_said_and_not_kept() {
    let long = format!("# {}\n{TWO}", "x".repeat(2 << 20));
    for (body, words) in [
        ("<html>log in</html>", "it is no index of charts"),
        ("", "it is no index of charts"),
        ("name: x\n", "neither `apiVersion` nor `entries` stands in it"),
        (&*long, "more than 1048576 bytes"),
    ] {
        let home = Home::new();
        let text = body.to_owned();
        let server = Server::start(move |_| Reply::ok(text.clone())).await;
        let source = index(&format!("http://{}/c", server.address));
        let run = home.run(0);
        for _ in 0..2 {
            let error = published(&run, &source, &["nginx"]).await.unwrap_err();
            let LookupError::BadAnswer { host, what, message } = error else { panic!("{error}") };
            assert_eq!(host.as_str(), server.address);
            assert_eq!(what, format!("http://{}/c/index.yaml", server.address));
            assert!(message.contains(words), "{message}");
        }
        assert!(home.cache().is_empty(), "{words}");
        assert_eq!(server.seen().len(), 1);
    }
    for (status, words) in [(404, "not found"), (403, "without credentials"), (418, "answered 418")]
    {
        let home = Home::new();
        let server = Server::start(move |_| Reply::new(status, "")).await;
        let found = home.ask(0, &index(&format!("http://{}", server.address))).await;
        assert!(found.contains(words), "{found}");
    }
}

#[tokio::test]
async fn an_index_may_be_json() {
    let home = Home::new();
    let server = Server::start(|seen| {
        let index = r#"{"apiVersion":"v1","x":[{"entries":1}],"entries":{"other":[{"version":2}],
            "nginx":[{"version":"1.2.3","urls":["a"]},{"version":7},null,{"version":"1.2.2","deprecated":true}]}}"#;
        // Not JSON, but YAML.
        let end = if seen.target.starts_with("/yaml") { " # end" } else { "" };
        let index = if end.is_empty() { index.to_owned() } else { index.replace("7}", "x}") };
        Reply::ok(format!("\n {index}{end}\n"))
    })
    .await;
    for path in ["json", "yaml"] {
        let source = index(&format!("http://{}/{path}", server.address));
        let found = home.ask(0, &source).await;
        assert!(found.starts_with("1.2.3 1.2.2 !"), "{found}");
        assert!(found.ends_with("2 versions of nginx cannot be read and are left out"), "{found}");
    }
}
