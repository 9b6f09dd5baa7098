//! Registries on disk: OCI image layouts, written for a test.

use std::fs;
use std::path::Path;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::env::TestEnv;

/// When every image here was built.
const CREATED: &str = "2024-03-01T12:00:00Z";

fn write_blob(layout: &Path, bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut hex = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        let _ = write!(hex, "{byte:02x}");
    }
    let directory = layout.join("blobs/sha256");
    fs::create_dir_all(&directory).expect("a directory");
    fs::write(directory.join(&hex), bytes).expect("a blob");
    format!("sha256:{hex}")
}

fn blob(layout: &Path, media_type: &str, value: &Value) -> Value {
    let bytes = serde_json::to_vec(value).expect("JSON");
    json!({"mediaType": media_type, "size": bytes.len(), "digest": write_blob(layout, &bytes)})
}

impl TestEnv {
    /// Publishes tags of a repository of Docker Hub (`library/nginx`) on disk.
    pub(crate) fn publish(&self, repository: &str, tags: &[&str]) {
        let layout = self.work().join("registry").join(repository);
        fs::create_dir_all(&layout).expect("a directory");
        let manifests: Vec<Value> = tags
            .iter()
            .map(|tag| {
                let config = json!({
                    "architecture": "amd64",
                    "os": "linux",
                    "created": CREATED,
                    "config": {"Labels": {"tag": tag}},
                    "rootfs": {"type": "layers", "diff_ids": []},
                });
                let config = blob(&layout, "application/vnd.oci.image.config.v1+json", &config);
                let media_type = "application/vnd.oci.image.manifest.v1+json";
                let manifest = json!({
                    "schemaVersion": 2,
                    "mediaType": media_type,
                    "config": config,
                    "layers": [],
                });
                let mut descriptor = blob(&layout, media_type, &manifest);
                descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
                descriptor
            })
            .collect();
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": manifests,
        });
        fs::write(layout.join("index.json"), index.to_string()).expect("an index");
        fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#)
            .expect("a marker");
    }

    /// Writes the project's policy: Docker Hub on disk, and what else it says.
    pub(crate) fn policy(&self, rest: &str) {
        let text = format!("version: 1\nregistries:\n  docker.io: {{layout: registry}}\n{rest}");
        self.write("safe-update.yaml", text);
    }
}

/// A Deployment with one container, as a manifest.
pub(crate) fn deployment(name: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  template:\n    spec:\n      containers:\n        - name: main\n          image: {image}\n"
    )
}

/// A working directory with a web server of which newer patches, minors and majors are published.
pub(crate) fn web() -> TestEnv {
    let env = TestEnv::new();
    env.publish("library/nginx", &["1.25.3", "1.25.4", "1.25.5", "1.26.0", "2.0.0", "latest"]);
    env.policy("");
    env.write("web.yaml", deployment("web", "nginx:1.25.3"));
    env
}

/// The plan of [`web`].
pub(crate) const WEB_PLAN: &str = "\
TARGET                CURRENT       CANDIDATE  CHANGE  DECISION  REASON
shop/deploy/web:main  nginx:1.25.3  1.25.5     patch   update    a patch change, allowed by the policy

1 target: 1 update
";
