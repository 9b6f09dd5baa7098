//! Digests and facts, and registries that lie about them.

use super::server::{Image, Reply, Seen, Server, open, quick, tag};
use crate::adapters::registry::document::sha256;
use crate::ports::{LookupError, Registry as _, Wanted};

const PLATFORMS: Wanted = Wanted { created: false };
const CREATED: Wanted = Wanted { created: true };

/// Serves an index of two images under every tag, and their parts by digest.
fn serve(seen: &Seen, index: &str, images: &[Image]) -> Reply {
    let name = seen.target.rsplit('/').next().unwrap();
    let content = images
        .iter()
        .flat_map(|image| [&image.manifest, &image.config])
        .find(|content| sha256(content.as_bytes()).as_str() == name)
        .map_or(index, String::as_str);
    let body = if seen.method == "HEAD" { "" } else { content };
    Reply::ok(body.to_owned())
        .header("docker-content-digest", sha256(content.as_bytes()).as_str())
        .header("ratelimit-remaining", "42;w=21600")
}

fn images() -> (String, Vec<Image>) {
    let images = vec![
        Image::new("arm64", "2026-02-02T00:00:00Z"),
        Image::new("amd64", "2026-01-01T00:00:00Z"),
    ];
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{},{}]}}"#,
        images[0].descriptor("arm64"),
        images[1].descriptor("amd64")
    );
    (index, images)
}

#[tokio::test]
async fn an_index_costs_one_pull_and_its_creation_three_requests_more() {
    let (index, images) = images();
    let expected = sha256(index.as_bytes());
    let server = Server::start(move |seen| serve(seen, &index, &images)).await;
    let registries = open(quick());
    let repository = server.repository("app");
    let manifest = registries.manifest(&repository, &tag("1"), PLATFORMS, None).await.unwrap();
    assert_eq!(manifest.digest, expected);
    let platforms: Vec<String> = manifest.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/arm64", "linux/amd64"]);
    assert_eq!(manifest.created, None);
    assert_eq!(server.seen().len(), 2, "HEAD for the digest, GET by digest");
    let manifest = registries.manifest(&repository, &tag("1"), CREATED, None).await.unwrap();
    assert_eq!(manifest.created.unwrap().to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(server.seen().len(), 5, "index, manifest, configuration");
    assert_eq!(registries.usage().remaining, [(server.address.clone(), 42)]);
    let accept = server.count("/v2/app/manifests/1");
    assert_eq!(accept, 1);
}

#[tokio::test]
async fn a_single_manifest_takes_its_platform_from_the_configuration() {
    let image = Image::new("riscv64", "2026-03-03T00:00:00Z");
    let copy = image.clone();
    let server =
        Server::start(move |seen| serve(seen, &copy.manifest, std::slice::from_ref(&copy))).await;
    let registries = open(quick());
    let manifest =
        registries.manifest(&server.repository("app"), &tag("1"), CREATED, None).await.unwrap();
    assert_eq!(manifest.digest.as_str(), image.digest());
    assert_eq!(manifest.platforms[0].to_string(), "linux/riscv64");
    assert_eq!(manifest.created.unwrap().to_string(), "2026-03-03T00:00:00Z");
    assert_eq!(server.count(&format!("/v2/app/blobs/{}", image.config_digest())), 1);
}

#[tokio::test]
async fn without_the_header_the_content_is_hashed() {
    let image = Image::new("amd64", "2026-01-01T00:00:00Z");
    let body = image.manifest.clone();
    let server = Server::start(move |_| Reply::ok(body.clone())).await;
    let digest = open(quick()).digest(&server.repository("app"), &tag("1"), None).await.unwrap();
    assert_eq!(digest.as_str(), image.digest());
    let methods: Vec<String> = server.seen().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["HEAD", "GET"]);

    let body = image.manifest.clone();
    let server = Server::start(move |seen| match seen.method.as_str() {
        "HEAD" => Reply::new(405, ""),
        _ => Reply::ok(body.clone()),
    })
    .await;
    let digest = open(quick()).digest(&server.repository("app"), &tag("1"), None).await.unwrap();
    assert_eq!(digest.as_str(), image.digest());
}

#[tokio::test]
async fn lies_are_bad_answers() {
    let lie = format!("sha256:{}", "a".repeat(64));
    let header = lie.clone();
    // The HEAD has no digest, the GET another one than its body.
    let server = Server::start(move |seen| match seen.method.as_str() {
        "HEAD" => Reply::ok(""),
        _ => Reply::ok("{}").header("docker-content-digest", &header),
    })
    .await;
    let registries = open(quick());
    let error = registries.digest(&server.repository("app"), &tag("1"), None).await.unwrap_err();
    assert!(error.to_string().contains("does not have the digest"), "{error}");

    // What the digest of the HEAD names is something else.
    let server = Server::start(move |seen| {
        let body = if seen.method == "HEAD" { "" } else { r#"{"manifests":[]}"# };
        Reply::ok(body).header("docker-content-digest", &lie)
    })
    .await;
    let registries = open(quick());
    let error = registries
        .manifest(&server.repository("app"), &tag("1"), PLATFORMS, None)
        .await
        .unwrap_err();
    assert!(matches!(error, LookupError::BadAnswer { .. }), "{error}");
    assert!(error.to_string().contains("does not have the digest"), "{error}");

    // A configuration with other content.
    let image = Image::new("amd64", "2026-01-01T00:00:00Z");
    let server = Server::start(move |seen| {
        let body = match (seen.method.as_str(), seen.target.contains("/blobs/")) {
            ("HEAD", _) => String::new(),
            (_, true) => "{}".into(),
            (_, false) => image.manifest.clone(),
        };
        Reply::ok(body).header("docker-content-digest", image.digest())
    })
    .await;
    let registries = open(quick());
    let error =
        registries.manifest(&server.repository("app"), &tag("1"), CREATED, None).await.unwrap_err();
    assert!(error.to_string().contains("does not have the digest"), "{error}");

    for header in ["nonsense", "sha256:AB", "sha256:../../etc/passwd"] {
        let server =
            Server::start(move |_| Reply::ok("").header("docker-content-digest", header)).await;
        let registries = open(quick());
        let error =
            registries.digest(&server.repository("app"), &tag("1"), None).await.unwrap_err();
        assert!(error.to_string().contains("malformed digest"), "{error}");
    }
}

#[tokio::test]
async fn pulls_stop_before_the_limit_and_questions_do_not() {
    let (index, images) = images();
    let server = Server::start(move |seen| {
        serve(seen, &index, &images).header("ratelimit-remaining", "5;w=21600")
    })
    .await;
    let mut settings = quick();
    settings.limits.pull_reserve = 50;
    let registries = open(settings);
    let repository = server.repository("app");
    registries.digest(&repository, &tag("1"), None).await.unwrap();
    let error = registries.manifest(&repository, &tag("1"), PLATFORMS, None).await.unwrap_err();
    assert!(matches!(error, LookupError::RateLimited { .. }), "{error}");
    assert!(server.seen().iter().all(|seen| seen.method == "HEAD"), "no pull was spent");
    registries.digest(&repository, &tag("2"), None).await.unwrap();
}

#[tokio::test]
async fn a_tag_that_is_not_there() {
    let server = Server::start(|_| Reply::new(404, "")).await;
    let error = open(quick()).digest(&server.repository("app"), &tag("9"), None).await.unwrap_err();
    assert_eq!(error.to_string(), format!("app:9 not found in {}", server.address));
}
