//! Registries on disk, in the forms that skopeo, crane and buildx write.

use std::fs;
use std::path::Path;

use super::server::{Image, open, quick, tag};
use crate::adapters::registry::document::sha256;
use crate::adapters::registry::{HostSettings, Registries};
use crate::domain::image::Repository;
use crate::ports::{LookupError, Registry as _, Wanted};

fn blob(layout: &Path, content: &str) {
    let directory = layout.join("blobs/sha256");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(sha256(content.as_bytes()).hex()), content).unwrap();
}

/// Writes a layout whose index has these descriptors.
fn write(layout: &Path, descriptors: &[String]) {
    fs::create_dir_all(layout).unwrap();
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, descriptors.join(","));
    fs::write(layout.join("index.json"), index).unwrap();
}

fn put(layout: &Path, image: &Image) {
    blob(layout, &image.manifest);
    blob(layout, &image.config);
}

fn named(kind: &str, content: &str, name: &str) -> String {
    format!(
        r#"{{"mediaType":"application/vnd.oci.image.{kind}.v1+json","digest":"{}","size":{},"annotations":{{"org.opencontainers.image.ref.name":"{name}"}}}}"#,
        sha256(content.as_bytes()),
        content.len()
    )
}

fn registry(root: &Path) -> Registries {
    let mut settings = quick();
    let host = HostSettings { layout: Some(root.to_owned()), ..HostSettings::default() };
    settings.hosts.insert("docker.io".parse().unwrap(), host);
    open(settings)
}

fn nginx() -> Repository {
    "nginx".parse().unwrap()
}

const CREATED: Wanted = Wanted { created: true };

#[tokio::test]
async fn one_image_with_a_plain_tag_as_skopeo_writes_it() {
    let root = tempfile::tempdir().unwrap();
    let layout = root.path().join("library/nginx");
    let image = Image::new("arm64", "2026-01-02T03:04:05Z");
    put(&layout, &image);
    write(&layout, &[named("manifest", &image.manifest, "1.25")]);
    let registry = registry(root.path());
    let list = registry.tags(&nginx(), None).await.unwrap();
    assert_eq!(list.tags, ["1.25".into()]);
    let digest = registry.digest(&nginx(), &tag("1.25"), None).await.unwrap();
    assert_eq!(digest.as_str(), image.digest());
    let manifest = registry.manifest(&nginx(), &tag("1.25"), CREATED, None).await.unwrap();
    assert_eq!(manifest.platforms[0].to_string(), "linux/arm64");
    assert_eq!(manifest.created.unwrap().to_string(), "2026-01-02T03:04:05Z");
    assert_eq!(registry.usage().requests, 0);
}

#[tokio::test]
async fn an_index_with_full_references_as_crane_writes_it() {
    let root = tempfile::tempdir().unwrap();
    let layout = root.path().join("library/nginx");
    let (amd, arm) =
        (Image::new("amd64", "2026-01-02T03:04:05Z"), Image::new("arm64", "2026-02-02T03:04:05Z"));
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{},{}]}}"#,
        arm.descriptor("arm64"),
        amd.descriptor("amd64")
    );
    put(&layout, &amd);
    blob(&layout, &index);
    write(
        &layout,
        &[
            named("index", "old", "127.0.0.1:5000/library/nginx:1.26"),
            named("index", &index, "127.0.0.1:5000/library/nginx:1.26"),
            named("index", &index, "nginx:1.27"),
            named("index", &index, "docker.io/library/redis:7"),
            named("index", &index, "nginx"),
            named("index", &index, "docker.io/library/nginx@sha256:00"),
        ],
    );
    let registry = registry(root.path());
    let list = registry.tags(&nginx(), None).await.unwrap();
    let tags: Vec<&str> = list.tags.iter().map(|tag| &**tag).collect();
    assert_eq!(tags, ["1.26", "1.27", "nginx"]);
    let manifest = registry.manifest(&nginx(), &tag("1.26"), CREATED, None).await.unwrap();
    assert_eq!(manifest.digest, sha256(index.as_bytes()), "the last one counts");
    let platforms: Vec<String> = manifest.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/arm64", "linux/amd64"]);
    // arm64 is not in this layout, and amd64 is what is asked for anyway.
    assert_eq!(manifest.created.unwrap().to_string(), "2026-01-02T03:04:05Z");
}

#[tokio::test]
async fn an_index_within_an_index() {
    let root = tempfile::tempdir().unwrap();
    let layout = root.path().join("library/nginx");
    let image = Image::new("s390x", "2026-01-02T03:04:05Z");
    let inner = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, image.descriptor("s390x"));
    let outer =
        format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, named("index", &inner, "ignored"));
    put(&layout, &image);
    blob(&layout, &inner);
    blob(&layout, &outer);
    write(&layout, &[named("index", &outer, "1.0")]);
    let registry = registry(root.path());
    let manifest = registry.manifest(&nginx(), &tag("1.0"), CREATED, None).await.unwrap();
    assert_eq!(manifest.platforms[0].to_string(), "linux/s390x");
    assert!(manifest.created.is_some());
}

#[tokio::test]
async fn what_is_missing_and_what_is_broken() {
    let root = tempfile::tempdir().unwrap();
    let layout = root.path().join("library/nginx");
    let image = Image::new("amd64", "2026-01-02T03:04:05Z");
    put(&layout, &image);
    write(&layout, &[named("manifest", &image.manifest, "1.25")]);
    let open = || registry(root.path());
    let redis: Repository = "redis".parse().unwrap();
    let missing = open().tags(&redis, None).await.unwrap_err();
    assert_eq!(missing.to_string(), "library/redis not found in docker.io");
    let missing = open().digest(&nginx(), &tag("9"), None).await.unwrap_err();
    assert_eq!(missing.to_string(), "library/nginx:9 not found in docker.io");
    let between: Repository = "docker.io/library/nginx/blobs".parse().unwrap();
    assert!(matches!(open().tags(&between, None).await, Err(LookupError::NotFound { .. })));

    // Content that was tampered with.
    let file = layout.join("blobs/sha256").join(&image.digest()[7..]);
    fs::write(&file, image.manifest.replace("layers", "Layers")).unwrap();
    let error = open().digest(&nginx(), &tag("1.25"), None).await.unwrap_err();
    assert!(error.to_string().contains("does not have the digest"), "{error}");
    fs::remove_file(&file).unwrap();
    let error = open().digest(&nginx(), &tag("1.25"), None).await.unwrap_err();
    assert!(matches!(error, LookupError::Layout { .. }), "{error}");

    fs::write(layout.join("index.json"), "{").unwrap();
    let error = open().tags(&nginx(), None).await.unwrap_err();
    assert!(error.to_string().contains("index.json"), "{error}");
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    let error = open().tags(&nginx(), None).await.unwrap_err();
    assert!(error.to_string().contains("version 1"), "{error}");

    let gone = registry(&root.path().join("gone")).tags(&nginx(), None).await;
    assert!(matches!(gone, Err(LookupError::Layout { .. })));
}

#[tokio::test]
async fn a_digest_in_an_index_is_no_path() {
    let root = tempfile::tempdir().unwrap();
    let layout = root.path().join("library/nginx");
    for digest in ["sha256:../../../../etc/passwd", "../x:aa", "sha256:ABC"] {
        let descriptor = format!(
            r#"{{"digest":"{digest}","annotations":{{"org.opencontainers.image.ref.name":"1.0"}}}}"#
        );
        write(&layout, &[descriptor]);
        let error = registry(root.path()).digest(&nginx(), &tag("1.0"), None).await.unwrap_err();
        assert!(error.to_string().contains("malformed digest"), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_do_not_lead_out() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    let root = tempfile::tempdir().unwrap();
    let image = Image::new("amd64", "2026-01-02T03:04:05Z");
    put(outside.path(), &image);
    write(outside.path(), &[named("manifest", &image.manifest, "1.0")]);
    fs::create_dir_all(root.path().join("library")).unwrap();
    let layout = root.path().join("library/nginx");
    symlink(outside.path(), &layout).unwrap();
    let error = registry(root.path()).tags(&nginx(), None).await.unwrap_err();
    assert!(error.to_string().contains("leads out"), "{error}");

    fs::remove_file(&layout).unwrap();
    fs::create_dir_all(layout.join("blobs/sha256")).unwrap();
    for name in ["oci-layout", "index.json"] {
        fs::copy(outside.path().join(name), layout.join(name)).unwrap();
    }
    let blob = format!("blobs/sha256/{}", &image.digest()[7..]);
    symlink(outside.path().join(&blob), layout.join(&blob)).unwrap();
    let error = registry(root.path()).digest(&nginx(), &tag("1.0"), None).await.unwrap_err();
    assert!(error.to_string().contains("leads out"), "{error}");

    // Within the root they are fine: blobs may be shared.
    fs::remove_file(layout.join(&blob)).unwrap();
    fs::create_dir_all(root.path().join("shared")).unwrap();
    fs::write(root.path().join("shared/m"), &image.manifest).unwrap();
    symlink("../../../../shared/m", layout.join(&blob)).unwrap();
    assert!(registry(root.path()).digest(&nginx(), &tag("1.0"), None).await.is_ok());
}
