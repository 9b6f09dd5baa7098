//! The example shop: its manifests and policy can be read, every image that runs is in the registry
//! on disk, and the registry is what its script writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safe_update::adapters::config::{Environment, Lookup, Variables, load};
use safe_update::adapters::manifests::Manifests;
use safe_update::domain::inventory::Inventory;
use safe_update::ports::{Platform, Query};

use crate::env::TestEnv;

fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop")
}

fn inventory() -> Inventory {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let manifests = Manifests::new(vec![shop()], std::io::empty());
    runtime.block_on(manifests.discover(&Query::default())).expect("an inventory")
}

#[test]
fn the_namespace_that_helm_always_names_leaves_no_file_out() {
    let env = TestEnv::new();
    let path = shop().display().to_string();
    let of = |args: &[&str]| {
        let plan = env.command(&[&["plan", "-o", "name", "-f", &path], args].concat());
        let plan = plan.variable("HELM_PLUGIN_NAME", "safe-upgrade");
        plan.variable("HELM_NAMESPACE", "monitoring").run().succeeds().lines().count()
    };
    assert_eq!(of(&[]), 13);
    assert_eq!(of(&["-n", "monitoring"]), 2);
}

#[test]
fn every_workload_is_read_and_nothing_else() {
    let inventory = inventory();
    let names: Vec<_> =
        inventory.workloads.iter().map(safe_update::domain::inventory::Workload::id).collect();
    assert_eq!(
        names,
        [
            "shop/deploy/api",
            "shop/deploy/worker",
            "shop/deploy/payments",
            "shop/deploy/search",
            "shop/sts/orders-db",
            "shop/sts/sessions",
            "shop/cj/backup",
            "monitoring/ds/node-exporter",
            "monitoring/deploy/healthchecks",
            "shop/deploy/storefront",
            "shop/deploy/cart",
        ]
    );
    assert_eq!(inventory.warnings, []);
}

#[test]
fn lines_lead_to_the_images() {
    for workload in inventory().workloads {
        let origin = workload.origin.expect("an origin");
        let text = std::fs::read_to_string(&*origin.file).expect("a manifest");
        for slot in workload.slots {
            let line = slot.line.expect("a line") as usize - 1;
            let line = text.lines().nth(line).expect("inside the file");
            assert!(line.contains(slot.image.as_written()), "{line}");
        }
    }
}

#[test]
fn a_project_may_say_what_this_policy_says_and_every_image_is_there() {
    let variables = Variables::read(&Environment::default(), Path::new("/nonexistent"), &[]);
    let merged = load(&Lookup {
        named: None,
        manifests: &[shop()],
        directory: Path::new("/nonexistent"),
        state: Path::new("/nonexistent"),
        variables: &variables.expect("no variables"),
    })
    .unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(merged.policy.rules.len(), 4);
    for workload in inventory().workloads {
        for slot in workload.slots {
            let reference = slot.image.reference().expect("a reference");
            let repository = reference.repository();
            let entry = &merged.registries[repository.registry()];
            let layout = entry.layout.as_ref().expect("a layout").join(repository.path());
            let index = std::fs::read(layout.join("index.json")).expect("an index");
            let index: serde_json::Value = serde_json::from_slice(&index).expect("JSON");
            let tag = reference.tag().expect("a tag").as_str();
            let found = index["manifests"]
                .as_array()
                .expect("a list")
                .iter()
                .find(|entry| entry["annotations"]["org.opencontainers.image.ref.name"] == tag);
            let found = found.unwrap_or_else(|| panic!("{reference} is not in the registry"));
            if let Some(digest) = reference.digest() {
                assert_eq!(found["digest"], digest.as_str(), "{reference}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn the_registry_is_what_its_script_writes() {
    fn files(root: &Path, under: &Path, into: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(under).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                files(root, &path, into);
            } else {
                let name = path.strip_prefix(root).expect("inside").to_owned();
                into.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    let fresh = tempfile::tempdir().expect("a directory");
    let status = std::process::Command::new("bash")
        .arg(shop().join("make-registry.sh"))
        .arg(fresh.path())
        .status()
        .expect("bash");
    assert!(status.success());
    let (mut written, mut kept) = (BTreeMap::new(), BTreeMap::new());
    files(fresh.path(), fresh.path(), &mut written);
    files(&shop().join("registry"), &shop().join("registry"), &mut kept);
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&written), names(&kept), "run examples/shop/make-registry.sh");
    assert!(written == kept, "run examples/shop/make-registry.sh");
    let size: usize = kept.values().map(Vec::len).sum();
    assert!(size < 300_000, "{size} bytes");
}
