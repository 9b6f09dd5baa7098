//! The archive of a release as krew installs it, under the real kubectl: from a store, through a link, from any directory;
//! by krew itself, and by the same steps done by hand.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::bed::{sure, tool};

#[expect(dead_code, reason = "its `main` is the example's")]
#[path = "../../dist/assets.rs"]
mod assets;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The platform of krew that this machine is, and what Rust calls a release for it.
const ARCH: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
const OTHERS: [&str; 3] = ["x86_64-apple-darwin", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command; its standard output.
#[track_caller]
fn out(command: &mut Command) -> String {
    let output = sure(command.output());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The program as a release has it: without what only a debugger reads.
pub(crate) fn stripped(place: &Path) -> PathBuf {
    let file = place.join("kubectl-safe_update");
    let program = env!("CARGO_BIN_EXE_kubectl-safe_update");
    // It comes with the linker.
    out(Command::new("strip").args(["--strip-debug", "-o"]).arg(&file).arg(program));
    file
}

/// An archive of the real program for this machine and of a stand-in for others, and the manifest.
pub(crate) struct Release {
    place: TempDir,
}

impl Release {
    pub(crate) fn new() -> Self {
        let place = sure(TempDir::with_prefix("safe-update-krew."));
        let assets = place.path().join("assets");
        sure(assets::write(&assets));
        let program = stripped(place.path());
        let stand_in = place.path().join("stand-in");
        sure(std::fs::write(&stand_in, "#!/bin/sh\n"));
        let linux = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"];
        for target in linux.into_iter().chain(OTHERS) {
            let is_here = target.contains("linux") && target.starts_with(std::env::consts::ARCH);
            out(Command::new(root().join("dist/build.sh"))
                .args(["--bare", target, "--binary"])
                .arg(if is_here { &program } else { &stand_in })
                .arg("--assets")
                .arg(&assets)
                .arg("--out")
                .arg(place.path().join("archives")));
        }
        out(Command::new(root().join("dist/krew.sh")).arg(place.path().join("archives")));
        Self { place }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.place.path().join(path)
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.path("archives/safe-update.yaml")
    }

    fn archive(&self) -> PathBuf {
        let machine = std::env::consts::ARCH;
        self.path(&format!("archives/safe-update-{VERSION}-{machine}-unknown-linux-musl.tar.gz"))
    }

    /// Runs kubectl from a directory that has nothing to do with the plugin.
    fn kubectl(&self, args: &[&str]) -> Command {
        let mut command = Command::new(tool("kubectl"));
        let elsewhere = self.path("elsewhere");
        sure(std::fs::create_dir_all(&elsewhere));
        let bin = self.path("krew/bin");
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(args)
            .env_clear()
            .env("PATH", format!("{}:{}:{path}", bin.display(), self.path("tools").display()))
            .env("HOME", self.path("home"))
            .env("KREW_ROOT", self.path("krew"))
            .current_dir(elsewhere);
        command
    }

    /// What a user sees of an installed plugin.
    fn works(&self) {
        let version = out(&mut self.kubectl(&["safe-update", "version"]));
        assert!(version.starts_with(&format!("safe-update {VERSION} ")), "{version}");
        let help = out(&mut self.kubectl(&["safe-update", "plan", "--help"]));
        assert!(help.contains("Usage: kubectl safe-update plan"), "{help}");
        let shop = root().join("examples/shop").display().to_string();
        let names = out(&mut self.kubectl(&["safe-update", "plan", "-f", &shop, "-o", "name"]));
        assert!(!names.is_empty());
        let plugins = out(&mut self.kubectl(&["plugin", "list"]));
        let link = self.path("krew/bin/kubectl-safe_update").display().to_string();
        assert!(plugins.lines().any(|line| line == link), "{plugins}");
        // It is a link into the store, where the licence lies too.
        let store = self.path(&format!("krew/store/safe-update/v{VERSION}"));
        let store = sure(store.canonicalize());
        assert_eq!(sure(Path::new(&link).canonicalize()), store.join("kubectl-safe_update"));
        assert!(store.join("LICENSE").is_file());
        let files = sure(std::fs::read_dir(store)).count();
        assert_eq!(files, 2, "nothing else");
    }
}

#[test]
fn the_layout_of_krew_works_under_kubectl() {
    let release = Release::new();
    // What krew does: unpack, move what `files` names into the store, link.
    let unpacked = release.path("unpacked");
    let store = release.path(&format!("krew/store/safe-update/v{VERSION}"));
    let bin = release.path("krew/bin");
    for directory in [&unpacked, &store, &bin] {
        sure(std::fs::create_dir_all(directory));
    }
    out(Command::new("tar").arg("-xzf").arg(release.archive()).arg("-C").arg(&unpacked));
    let manifest: Value =
        sure(serde_yaml::from_str(&sure(std::fs::read_to_string(release.manifest()))));
    let platforms = manifest["spec"]["platforms"].as_array().into_iter().flatten();
    let labels = serde_json::json!({"os": "linux", "arch": ARCH});
    let here: Vec<&Value> =
        platforms.filter(|platform| platform["selector"]["matchLabels"] == labels).collect();
    let [platform] = here[..] else { panic!("{here:?}") };
    for file in platform["files"].as_array().into_iter().flatten() {
        let from = file["from"].as_str().unwrap_or_default();
        sure(std::fs::rename(unpacked.join(from), store.join(from)));
    }
    let program = platform["bin"].as_str().unwrap_or_default();
    sure(symlink(store.join(program), bin.join("kubectl-safe_update")));
    release.works();
}

#[test]
fn krew_itself_installs_it() {
    let release = Release::new();
    let tools = release.path("tools");
    sure(std::fs::create_dir_all(&tools));
    sure(symlink(tool("kubectl-krew"), tools.join("kubectl-krew")));
    let manifest = format!("--manifest={}", release.manifest().display());
    let archive = format!("--archive={}", release.archive().display());
    out(&mut release.kubectl(&["krew", "install", &manifest, &archive]));
    release.works();
    // It wants to see an index that was fetched, which nothing is taken from.
    sure(std::fs::create_dir_all(release.path("krew/index/default/.git")));
    out(&mut release.kubectl(&["krew", "uninstall", "safe-update"]));
    assert!(!release.path("krew/bin/kubectl-safe_update").is_symlink());
    assert!(!release.path("krew/store/safe-update").exists());
    // What does not have the checksum is not installed.
    let other =
        release.archive().with_file_name(format!("safe-update-{VERSION}-{}.tar.gz", OTHERS[0]));
    let archive = format!("--archive={}", other.display());
    let output = sure(release.kubectl(&["krew", "install", &manifest, &archive]).output());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("checksum"), "{said}");
}
