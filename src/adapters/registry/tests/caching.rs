//! The cache on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::server::{Image, Reply, Seen, Server, at, open_as, quick, tag};
use crate::adapters::registry::{
    CacheSettings, CredentialSources, ExplicitCredential, Registries, RegistrySettings,
};
use crate::ports::{LookupError, Registry as _, Wanted};

fn settings(directory: &Path) -> RegistrySettings {
    RegistrySettings {
        cache: CacheSettings {
            directory: Some(directory.join("cache")),
            ..CacheSettings::default()
        },
        ..quick()
    }
}

fn open_at(second: i64, settings: RegistrySettings) -> Registries {
    Registries::new(settings, CredentialSources::default(), None, at(second))
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(directory.join("cache")).into_iter().flatten();
    found.map(|file| file.unwrap().path()).collect()
}

/// A registry with one image under every tag.
fn serve(seen: &Seen) -> Reply {
    let image = Image::new("amd64", "2026-01-01T00:00:00Z");
    if seen.target.contains("/tags/") {
        return Reply::tags(["1.0", "2.0", "odd \" tag"]);
    }
    if seen.target.contains("/blobs/") {
        return Reply::ok(image.config);
    }
    let body = if seen.method == "HEAD" { String::new() } else { image.manifest.clone() };
    Reply::ok(body).header("docker-content-digest", image.digest())
}

const CREATED: Wanted = Wanted { created: true };

#[tokio::test]
async fn a_second_run_asks_nothing_while_it_is_fresh() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(serve).await;
    let repository = server.repository("app");
    let run = async |second, settings: RegistrySettings| {
        let registries = open_at(second, settings);
        let tags = registries.tags(&repository, None).await?;
        let digest = registries.digest(&repository, &tag("1.0"), None).await?;
        let manifest = registries.manifest(&repository, &tag("1.0"), CREATED, None).await?;
        Ok::<_, LookupError>((tags, digest, manifest, registries.usage()))
    };
    let first = run(0, settings(directory.path())).await.unwrap();
    assert_eq!((first.3.requests, first.3.cache_hits), (4, 0));
    let second = run(599, settings(directory.path())).await.unwrap();
    assert_eq!((second.3.requests, second.3.cache_hits), (0, 3));
    assert_eq!((&first.0, &first.1, &first.2), (&second.0, &second.1, &second.2));
    // Later tags and digests are asked for again; what a digest names is not.
    let third = run(600, settings(directory.path())).await.unwrap();
    assert_eq!((third.3.requests, third.3.cache_hits), (2, 1));
    // A time in the future was a wrong clock.
    let fourth = run(0, settings(directory.path())).await.unwrap();
    assert_eq!(fourth.3.requests, 2);
    let mut refresh = settings(directory.path());
    refresh.cache.refresh = true;
    assert_eq!(run(1, refresh).await.unwrap().3.requests, 4);

    let mut offline = settings(directory.path());
    offline.cache.offline = true;
    let found = run(1_000_000, offline.clone()).await.unwrap();
    assert_eq!((found.3.requests, &found.2), (0, &first.2));
    let other = server.repository("other");
    let error = open_at(0, offline).tags(&other, None).await.unwrap_err();
    assert!(matches!(error, LookupError::Offline { .. }), "{error}");
}

#[tokio::test]
async fn what_is_pinned_has_to_be_there_still() {
    let directory = tempfile::tempdir().unwrap();
    let image = Image::new("amd64", "2026-01-01T00:00:00Z");
    let digest = image.digest().parse().unwrap();
    let lost = Arc::new(AtomicBool::new(false));
    let is_lost = Arc::clone(&lost);
    let server = Server::start(move |seen| {
        if is_lost.load(Ordering::SeqCst) { Reply::new(404, "") } else { serve(seen) }
    })
    .await;
    let repository = server.repository("app");
    let run = async |second| {
        let registries = open_at(second, settings(directory.path()));
        let found = registries.pinned(&repository, &digest, None).await;
        (found.map(|manifest| manifest.platforms.len()), registries.usage().requests)
    };
    assert_eq!(run(0).await, (Ok(1), 3));
    assert_eq!(run(599).await, (Ok(1), 0));
    assert_eq!(run(600).await, (Ok(1), 1));
    lost.store(true, Ordering::SeqCst);
    let (found, _) = run(1200).await;
    let error = found.unwrap_err();
    assert!(matches!(error, LookupError::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("app@sha256:"), "{error}");
}

#[tokio::test]
async fn validators_make_the_next_question_cheap() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(|seen| match seen.if_none_match.as_deref() {
        Some("\"v1\"") => Reply::new(304, ""),
        _ => Reply::tags(["1.0"]).header("etag", "\"v1\""),
    })
    .await;
    let repository = server.repository("app");
    let first = open_at(0, settings(directory.path())).tags(&repository, None).await.unwrap();
    let again = open_at(5_000, settings(directory.path()));
    assert_eq!(again.tags(&repository, None).await.unwrap(), first);
    assert_eq!((again.usage().requests, again.usage().cache_hits), (1, 1));
    drop(again);
    let fresh = open_at(5_100, settings(directory.path()));
    fresh.tags(&repository, None).await.unwrap();
    assert_eq!(fresh.usage().requests, 0, "the answer made it fresh again");

    let server = Server::start(|_| Reply::new(304, "")).await;
    let error = open_at(0, settings(directory.path())).tags(&server.repository("app"), None).await;
    assert!(matches!(error, Err(LookupError::BadAnswer { .. })));
}

#[tokio::test]
async fn what_one_user_may_see_is_not_shown_to_another() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(serve).await;
    let repository = server.repository("private");
    let run = async |username: &str, password: &str, offline| {
        let mut settings = settings(directory.path());
        settings.cache.offline = offline;
        let sources = CredentialSources {
            explicit: Some(ExplicitCredential {
                host: server.address.parse().unwrap(),
                username: username.into(),
                password: password.into(),
            }),
            ..CredentialSources::default()
        };
        let registries = Registries::new(settings, sources, None, at(0));
        let result = registries.tags(&repository, None).await;
        (result.is_ok(), registries.usage().cache_hits)
    };
    assert_eq!(run("alice", "one", false).await, (true, 0));
    assert_eq!(run("alice", "one", false).await, (true, 1));
    assert_eq!(run("alice", "two", false).await, (true, 0));
    assert_eq!(run("bob", "one", true).await, (false, 0));
    assert_eq!(run("alice", "three", true).await, (true, 1), "the account, with a newer secret");
    let mut offline = settings(directory.path());
    offline.cache.offline = true;
    assert!(open_at(0, offline.clone()).tags(&repository, None).await.is_err());
    // What nobody needs credentials for counts for everybody offline.
    open_at(0, settings(directory.path())).tags(&repository, None).await.unwrap();
    assert_eq!(run("bob", "one", true).await, (true, 1));
    let text: String = files(directory.path())
        .iter()
        .flat_map(|file| [file.display().to_string(), fs::read_to_string(file).unwrap()])
        .collect();
    for secret in ["alice", "bob", "one", "two"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_damaged_entry_is_a_miss() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(serve).await;
    let repository = server.repository("app");
    let run = async || {
        let registries = open_at(0, settings(directory.path()));
        registries.tags(&repository, None).await.unwrap();
        registries.usage().requests
    };
    assert_eq!(run().await, 1);
    let file = files(directory.path()).pop().unwrap();
    let good = fs::read(&file).unwrap();
    for bad in [
        Vec::new(),
        good[..good.len() / 2].to_vec(),
        b"null".to_vec(),
        vec![b'['; 100_000],
        String::from_utf8(good.clone())
            .unwrap()
            .replace("\"format\":1", "\"format\":2")
            .into_bytes(),
        String::from_utf8(good.clone()).unwrap().replace("/app", "/oth").into_bytes(),
    ] {
        fs::write(&file, &bad).unwrap();
        assert_eq!(run().await, 1, "{}", String::from_utf8_lossy(&bad[..bad.len().min(80)]));
        assert_eq!(fs::read(&file).unwrap(), good, "and it is mended");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(serve).await;
    open_at(0, settings(directory.path())).tags(&server.repository("app"), None).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory.path().join("cache")), 0o700);
    assert_eq!(mode(&files(directory.path())[0]), 0o600);

    // One that cannot be written costs nothing but time.
    let mut nowhere = settings(directory.path());
    nowhere.cache.directory = Some("/proc/nowhere".into());
    open_at(0, nowhere).tags(&server.repository("app"), None).await.unwrap();
}

#[tokio::test]
async fn it_stays_within_its_bound() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(serve).await;
    let mut settings = settings(directory.path());
    settings.cache.max_bytes = 2_000;
    for number in 0..30 {
        let registries = open_as(&server.address, "user", settings.clone());
        let repository = server.repository(&format!("app{number}"));
        registries.tags(&repository, None).await.unwrap();
    }
    let total: u64 =
        files(directory.path()).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!((500..=2_000).contains(&total), "{total}");
}

#[tokio::test]
async fn a_warm_run_over_many_repositories_is_quick() {
    const REPOSITORIES: usize = 100;
    let directory = tempfile::tempdir().unwrap();
    let tags: Vec<String> = (0..200).map(|number| format!("1.{number}.0-alpine")).collect();
    let server = Server::start(move |seen| {
        if seen.target.contains("/tags/") { Reply::tags(&tags) } else { serve(seen) }
    })
    .await;
    let repositories: Vec<_> =
        (0..REPOSITORIES).map(|number| server.repository(&format!("app{number}"))).collect();
    let run = async || {
        let registries = open_at(0, settings(directory.path()));
        let start = Instant::now();
        for repository in &repositories {
            registries.tags(repository, None).await.unwrap();
            for name in ["1.1", "1.2", "1.3", "1.4"] {
                registries.digest(repository, &tag(name), None).await.unwrap();
            }
        }
        (start.elapsed(), registries.usage().requests)
    };
    let (_, cold) = run().await;
    assert_eq!(cold, 500);
    let (warm, requests) = run().await;
    assert_eq!(requests, 0);
    // It takes some 50 ms unoptimised; a request for each would take far longer.
    assert!(warm < Duration::from_secs(1), "{warm:?}");
}
