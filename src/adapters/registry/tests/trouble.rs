//! Registries that are slow, endless, limited, broken or gone.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use futures_util::future::join_all;
use futures_util::stream;

use super::server::{Reply, Server, at, open, quick, tag};
use crate::adapters::registry::{CredentialSources, HostSettings, Registries};
use crate::domain::image::Repository;
use crate::ports::{LookupError, Registry as _, Wanted};

/// A body that gives a piece after each pause, for ever.
fn endless(piece: &'static [u8], pause: Duration) -> Body {
    Body::from_stream(stream::unfold((), move |()| async move {
        tokio::time::sleep(pause).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(piece)), ()))
    }))
}

#[tokio::test]
async fn a_slow_body_ends_at_the_deadline() {
    let server = Server::start(|_| Reply::ok(endless(b" ", Duration::from_millis(50)))).await;
    let mut settings = quick();
    settings.limits.request = Duration::from_millis(200);
    let start = Instant::now();
    let error = open(settings).tags(&server.repository("app"), None).await.unwrap_err();
    assert!(matches!(error, LookupError::Timeout { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_endless_body_ends_at_the_cap() {
    static PIECE: [u8; 65_536] = [b' '; 65_536];
    let server = Server::start(|_| Reply::ok(endless(&PIECE, Duration::ZERO))).await;
    let mut settings = quick();
    settings.limits.page_bytes = 1 << 20;
    settings.limits.request = Duration::from_secs(20);
    let registries = open(settings);
    let error = registries.tags(&server.repository("app"), None).await.unwrap_err();
    assert!(error.to_string().contains("more than 1048576 bytes"), "{error}");
    let wanted = Wanted { created: false };
    let error = registries.manifest(&server.repository("app"), &tag("1"), wanted, None).await;
    assert!(matches!(error, Err(LookupError::BadAnswer { .. })));
    assert_eq!(server.count("tags/list"), 1, "a cap is no reason to try again");
}

#[tokio::test]
async fn a_limit_is_waited_for_when_it_fits_the_deadline() {
    let server = Server::start(|seen| match seen.number {
        0 => Reply::new(429, "").header("retry-after", "1"),
        _ => Reply::tags(["1.0"]),
    })
    .await;
    let start = Instant::now();
    open(quick()).tags(&server.repository("app"), None).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(900));
}

#[tokio::test]
async fn a_limit_past_the_deadline_ends_at_once_for_all() {
    let server = Server::start(|_| Reply::new(429, "").header("retry-after", "86400")).await;
    let mut settings = quick();
    settings.limits.lookup = Duration::from_secs(3);
    let registries = open(settings);
    let start = Instant::now();
    for number in 0..20 {
        let repository = server.repository(&format!("app{number}"));
        let error = registries.tags(&repository, None).await.unwrap_err();
        let LookupError::RateLimited { retry_after: Some(after), .. } = error else {
            panic!("{error}")
        };
        assert!(after > Duration::from_secs(86_000));
    }
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(server.seen().len(), 1, "nobody knocks again");
}

#[tokio::test]
async fn a_registry_that_always_limits_is_left_alone() {
    let server = Server::start(|seen| {
        if seen.method == "HEAD" {
            return Reply::new(429, "").header("retry-after", "0");
        }
        Reply::tags(["1.0"])
    })
    .await;
    let registries = open(quick());
    for number in 0..20 {
        let repository = server.repository(&format!("app{number}"));
        let error = registries.digest(&repository, &tag("1"), None).await.unwrap_err();
        assert!(matches!(error, LookupError::RateLimited { .. }), "{error}");
        // Lists are counted apart.
        registries.tags(&repository, None).await.unwrap();
    }
    let heads = server.seen().iter().filter(|seen| seen.method == "HEAD").count();
    // Three lookups find it closed, each after five tries.
    assert_eq!(heads, 3 * 5);
}

#[tokio::test]
async fn server_errors_are_tried_again_and_then_reported() {
    let server = Server::start(|seen| match seen.number {
        0 | 1 => Reply::new(503, "hunter2"),
        _ => Reply::tags(["1.0"]),
    })
    .await;
    open(quick()).tags(&server.repository("app"), None).await.unwrap();

    let server = Server::start(|_| Reply::new(500, "")).await;
    let error = open(quick()).tags(&server.repository("app"), None).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{} answered 500", server.address));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_dead_host_is_given_up_while_others_go_on() {
    // Accepts connections and never answers.
    let hole = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = hole.local_addr().unwrap();
    let server = Server::start(|_| Reply::tags(["1.0"])).await;
    let mut settings = quick();
    settings.limits.max_in_flight = 32;
    settings.limits.request = Duration::from_millis(400);
    let registries = open(settings);
    let dead: Vec<Repository> =
        (0..200).map(|number| format!("{address}/app{number}").parse().unwrap()).collect();
    let start = Instant::now();
    let (all, alive) = tokio::join!(
        join_all(dead.iter().map(|repository| registries.tags(repository, None))),
        async { registries.tags(&server.repository("app"), None).await }
    );
    assert!(alive.is_ok());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let given_up =
        all.iter().filter(|result| matches!(result, Err(LookupError::GivenUp { .. }))).count();
    assert!(given_up > 150, "{given_up}");
    assert!(all.iter().all(Result::is_err));
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let registries = open(quick());
    let repository = format!("{closed}/app").parse().unwrap();
    let error = registries.tags(&repository, None).await.unwrap_err();
    assert!(
        matches!(&error, LookupError::Unreachable { message, .. } if message.contains("refused")),
        "{error}"
    );
}

#[tokio::test]
async fn at_most_so_many_lookups_at_a_time() {
    static NOW: AtomicU32 = AtomicU32::new(0);
    static MOST: AtomicU32 = AtomicU32::new(0);
    let server = Server::start(|_| {
        let body = stream::once(async {
            MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(80)).await;
            NOW.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(Bytes::from_static(br#"{"tags":["1"]}"#))
        });
        Reply::ok(Body::from_stream(body))
    })
    .await;
    let mut settings = quick();
    settings.limits.max_in_flight = 4;
    // Waiting for one's turn (two seconds for the last) is no part of the deadline.
    settings.limits.lookup = Duration::from_millis(1500);
    let registries = open(settings);
    let all: Vec<_> = (0..100).map(|number| server.repository(&format!("app{number}"))).collect();
    let results = join_all(all.iter().map(|repository| registries.tags(repository, None))).await;
    assert!(results.iter().all(Result::is_ok));
    assert!(MOST.load(Ordering::SeqCst) <= 4);
}

#[tokio::test]
async fn an_insecure_host_without_tls_is_spoken_to_in_plain_http() {
    let server = Server::start(|_| Reply::tags(["1.0"])).await;
    let mut settings = quick();
    let host = HostSettings { insecure: true, ..HostSettings::default() };
    settings.hosts.insert(server.address.parse().unwrap(), host);
    let registries = open(settings);
    registries.tags(&server.repository("app"), None).await.unwrap();
}

#[tokio::test]
async fn settings_that_are_wrong_say_so() {
    async fn check(host: HostSettings, part: &str) {
        let mut settings = quick();
        settings.hosts.insert("r.test".parse().unwrap(), host);
        let registries = Registries::new(settings, CredentialSources::default(), None, at(0));
        let error = registries.tags(&"r.test/app".parse().unwrap(), None).await.unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let none = HostSettings::default;
    check(HostSettings { mirror: Some("ftp://x".into()), ..none() }, "http or https").await;
    check(HostSettings { ca: Some("/is/not/there.pem".into()), ..none() }, "/is/not/there.pem")
        .await;
    check(HostSettings { ca: Some(file.path().into()), ..none() }, "no certificate").await;
    let identity = HostSettings {
        client_certificate: Some(file.path().into()),
        client_key: Some(file.path().into()),
        ..none()
    };
    check(identity, "no certificate and key").await;
}
