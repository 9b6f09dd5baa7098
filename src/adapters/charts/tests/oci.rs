//! Charts in OCI registries.

use std::sync::Arc;

use super::home::{Home, ask};
use crate::adapters::charts::{ChartSettings, Environment, HelmCharts};
use crate::adapters::hash::sha256;
use crate::adapters::registry::tests::server::{Reply, Seen, Server, at, basic, quick, secret};
use crate::adapters::registry::{
    CacheSettings, CredentialSources, HostSettings, Registries, RegistrySettings,
};
use crate::domain::chart::{ChartEntry, ChartSource};
use crate::ports::LookupError;
use crate::ports::charts::Charts as _;

const CONFIG: &str = r#"{"name":"nginx","version":"1.2.3+build.7","appVersion":"1.29.0","apiVersion":"v2","kubeVersion":">=1.25.0-0","annotations":{"artifacthub.io/containsSecurityUpdates":"true"}}"#;
const HELM: &str = "application/vnd.cncf.helm.config.v1+json";

fn manifest(config: &str, kind: &str) -> String {
    let digest = sha256([config.as_bytes()]);
    format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"{kind}","digest":"sha256:{digest}","size":1}},
            "layers":[{{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"sha256:{digest}","size":1}}],
            "annotations":{{"org.opencontainers.image.created":"2026-02-03T04:05:06Z"}}}}"#
    )
}

/// A registry with one chart under every tag.
fn serve(config: &'static str, kind: &'static str) -> impl Fn(&Seen) -> Reply + Clone {
    move |seen| {
        if seen.target.contains("/tags/") {
            let tags = [
                "1.2.3_build.7",
                "1.2.4",
                "v1.2.5",
                "1.3",
                "latest",
                "01.2.3",
                "2.0.0-rc.1",
                "sha256-0.sig",
            ];
            return Reply::tags(tags);
        }
        if seen.target.contains("/blobs/") {
            return Reply::ok(config);
        }
        let manifest = manifest(config, kind);
        let digest = format!("sha256:{}", sha256([manifest.as_bytes()]));
        let body = if seen.method == "HEAD" { String::new() } else { manifest };
        Reply::ok(body).header("docker-content-digest", digest)
    }
}

fn source(server: &Server) -> ChartSource {
    format!("oci://{}/charts/nginx", server.address).parse().unwrap()
}

async fn metadata(
    charts: &HelmCharts,
    source: &ChartSource,
    version: &str,
) -> Result<Arc<ChartEntry>, LookupError> {
    charts.metadata(source, &version.parse().unwrap()).await
}

fn open(settings: RegistrySettings, sources: CredentialSources) -> HelmCharts {
    let registries = Arc::new(Registries::new(settings, sources, None, at(0)));
    HelmCharts::new(Environment::default(), ChartSettings::default(), registries, at(0))
}

#[tokio::test]
async fn tags_are_versions() {
    let server = Server::start(serve(CONFIG, HELM)).await;
    let run = Home::new().run(0);
    let source = source(&server);
    for _ in 0..2 {
        assert_eq!(ask(&run, &source, "nginx").await, "1.2.3+build.7 1.2.4 2.0.0-rc.1");
    }
    assert_eq!(server.seen().len(), 1);
    let other = ask(&run, &source, "redis").await;
    assert!(other.contains("/charts/nginx holds the chart nginx, not redis"), "{other}");
    let wrong = ChartSource::Oci("Registry.test/UPPER/x".into());
    let error = ask(&run, &wrong, "x").await;
    assert!(error.contains("must be lower case"), "{error}");
}

#[tokio::test]
async fn metadata_comes_without_the_chart() {
    let server = Server::start(serve(CONFIG, HELM)).await;
    let directory = tempfile::tempdir().unwrap();
    let settings = RegistrySettings {
        cache: CacheSettings {
            directory: Some(directory.path().into()),
            ..CacheSettings::default()
        },
        ..quick()
    };
    let first = open(settings.clone(), CredentialSources::default());
    let entry = metadata(&first, &source(&server), "1.2.3+build.7").await.unwrap();
    assert_eq!(entry.version.as_str(), "1.2.3+build.7");
    assert_eq!(entry.app_version.as_deref(), Some("1.29.0"));
    assert_eq!(entry.kube_version.as_deref(), Some(">=1.25.0-0"));
    assert_eq!(entry.created.unwrap().to_string(), "2026-02-03T04:05:06Z");
    assert!(entry.security_updates);
    let digest = format!("sha256:{}", sha256([manifest(CONFIG, HELM).as_bytes()]));
    assert_eq!(entry.digest.as_ref().unwrap().as_str(), digest);
    metadata(&first, &source(&server), "1.2.3+build.7").await.unwrap();
    let targets: Vec<_> =
        server.seen().iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect();
    let config = sha256([CONFIG.as_bytes()]);
    assert_eq!(
        targets,
        [
            "HEAD /v2/charts/nginx/manifests/1.2.3_build.7".to_owned(),
            format!("GET /v2/charts/nginx/manifests/{digest}"),
            format!("GET /v2/charts/nginx/blobs/sha256:{config}"),
        ]
    );
    drop(first);
    let second = open(settings, CredentialSources::default());
    assert_eq!(metadata(&second, &source(&server), "1.2.3+build.7").await.unwrap(), entry);
    assert_eq!(server.seen().len(), 3, "from the cache");
}

#[tokio::test]
async fn what_is_no_chart_is_refused() {
    const OTHER: &str = r#"{"name":"redis","version":"1.2.4"}"#;
    const SAYS_LESS: &str = r#"{"name":"nginx"}"#;
    const NEWER: &str = r#"{"name":"nginx","version":"9.0.0"}"#;
    const IMAGE: &str = "application/vnd.oci.image.config.v1+json";
    for (config, kind, words) in [
        (
            CONFIG,
            IMAGE,
            "it is no Helm chart: its configuration is of the type \"application/vnd.oci.image",
        ),
        (OTHER, HELM, "it holds the chart \"redis\""),
        (SAYS_LESS, HELM, "its metadata has no version"),
        (NEWER, HELM, "it holds the version 9.0.0"),
        ("text", HELM, "its metadata cannot be read"),
    ] {
        let server = Server::start(serve(config, kind)).await;
        let run = Home::new().run(0);
        let error = metadata(&run, &source(&server), "1.2.4").await.unwrap_err();
        assert!(matches!(error, LookupError::BadAnswer { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let lying = Server::start(|seen| {
        let lie = seen.target.contains("/blobs/");
        if lie { Reply::ok("{}") } else { serve(CONFIG, HELM)(seen) }
    })
    .await;
    let error = metadata(&Home::new().run(0), &source(&lying), "1.2.3+build.7").await.unwrap_err();
    assert!(error.to_string().contains("does not have the digest"), "{error}");
    for source in ["https://charts.test".parse::<ChartSource>().unwrap()] {
        assert!(metadata(&Home::new().run(0), &source, "1.0.0").await.is_err());
    }
}

#[tokio::test]
async fn helms_login_comes_before_dockers() {
    let server = Server::start(|seen| match seen.authorization.as_deref() {
        Some(header) if header == basic("helm", "hunter2") => Reply::tags(["1.0.0"]),
        _ => Reply::new(401, "").header("www-authenticate", "Basic realm=\"x\""),
    })
    .await;
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, user: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, secret(&server.address, user)).unwrap();
        path
    };
    write(".docker/config.json", "docker");
    let sources = CredentialSources {
        helm_config: Some(write("helm/registry/config.json", "helm")),
        home: Some(home.path().into()),
        ..CredentialSources::default()
    };
    assert_eq!(ask(&open(quick(), sources), &source(&server), "nginx").await, "1.0.0");
    let shown: Vec<_> = server.seen().into_iter().filter_map(|seen| seen.authorization).collect();
    assert_eq!(shown, [basic("helm", "hunter2")]);
}

#[tokio::test]
async fn a_layout_on_disk_is_a_registry_too() {
    let root = tempfile::tempdir().unwrap();
    let layout = root.path().join("charts/nginx");
    let blobs = layout.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let manifest = manifest(CONFIG, HELM);
    for text in [&*manifest, CONFIG] {
        std::fs::write(blobs.join(sha256([text.as_bytes()])), text).unwrap();
    }
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"digest":"sha256:{}","annotations":{{"org.opencontainers.image.ref.name":"1.2.3_build.7"}}}}]}}"#,
        sha256([manifest.as_bytes()])
    );
    std::fs::write(layout.join("index.json"), index).unwrap();
    std::fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let mut settings = quick();
    let host = HostSettings { layout: Some(root.path().into()), ..HostSettings::default() };
    settings.hosts.insert("r.test".parse().unwrap(), host);
    let run = open(settings, CredentialSources::default());
    let source = ChartSource::Oci("r.test/charts/nginx".into());
    assert_eq!(ask(&run, &source, "nginx").await, "1.2.3+build.7");
    let entry = metadata(&run, &source, "1.2.3+build.7").await.unwrap();
    assert_eq!(entry.app_version.as_deref(), Some("1.29.0"));
}
