//! The blocks of the README that install, run as they are written. Its addresses lead to this machine, where a release of the
//! program under test is published; its home is an empty one, and root is whoever runs this.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::bed::{ChartServer, bed, sure, tool};
use crate::helm::readme::blocks_under;
use crate::krew::Release;
use crate::plugin::plugin_files;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const LATER: &str = "99.0.0";
const ADDRESS: &str = "https://github.com/safe-update/safe-update";

/// What the internet has for who installs: the archives of a release, krew's index, and the repository.
struct Internet {
    release: Release,
    server: ChartServer,
    place: TempDir,
}

impl Internet {
    fn new() -> Self {
        let internet = Self {
            release: Release::new(),
            server: ChartServer::start(&bed().registry()),
            place: sure(TempDir::with_prefix("safe-update-installs.")),
        };
        let archives = internet.release.path("archives");
        for file in sure(std::fs::read_dir(&archives)) {
            internet.publish(&sure(file).path());
        }
        let manifest = sure(std::fs::read_to_string(internet.release.manifest()));
        let manifest =
            manifest.replace(&format!("{ADDRESS}/releases/download"), &internet.downloads());
        let index = internet.path("index/plugins/safe-update.yaml");
        sure(std::fs::create_dir_all(internet.path("index/plugins")));
        sure(std::fs::write(index, manifest));
        internet.commit("index", VERSION);
        let source = internet.path("source/safe-update");
        plugin_files(&source);
        internet.commit("source/safe-update", VERSION);
        // And a later one, which nobody asks for.
        let about = source.join("plugin.yaml");
        let later = sure(std::fs::read_to_string(&about)).replace(VERSION, LATER);
        sure(std::fs::write(about, later));
        internet.commit("source/safe-update", LATER);

        let mut pack =
            Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("dist/helm-plugin.sh"));
        pack.arg("--out").arg(internet.path("packed")).env("HELM_BIN", tool("helm4"));
        succeeds(pack.env("HOME", internet.place.path()));
        internet.publish(&internet.path(&format!("packed/safe-upgrade-{VERSION}.tgz")));
        internet
    }

    fn path(&self, path: &str) -> PathBuf {
        self.place.path().join(path)
    }

    /// The address of all releases.
    fn downloads(&self) -> String {
        self.server.url("download")
    }

    /// Puts a file where a release has it.
    fn publish(&self, file: &Path) {
        self.server.put(&format!("download/v{VERSION}"), file);
    }

    /// Puts what lies in a directory into its repository, with the tag of a version.
    fn commit(&self, directory: &str, version: &str) {
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            command.arg("-C").arg(self.path(directory)).env("HOME", self.place.path());
            succeeds(command.args(["-c", "user.name=a", "-c", "user.email=a@test"]).args(args));
        };
        git(&["init", "--quiet", "--initial-branch=main"]);
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message=all"]);
        git(&["tag", &format!("v{version}")]);
    }

    /// Runs a block in a home of its own; what it printed.
    #[track_caller]
    fn run(&self, block: &str, helm: &str) -> String {
        let home = sure(TempDir::with_prefix("safe-update-home."));
        let bin = home.path().join("bin");
        sure(std::fs::create_dir(&bin));
        for (name, program) in [
            ("kubectl", tool("kubectl")),
            ("kubectl-krew", tool("kubectl-krew")),
            ("helm", tool(helm)),
        ] {
            sure(symlink(program, bin.join(name)));
        }
        let path_before = std::env::var("PATH").unwrap_or_default();
        // Slowly, beside tests that wait for answers.
        let cargo = format!("PATH='{path_before}' exec nice -n 19 cargo \"$@\"");
        for (name, text) in [("sudo", "exec \"$@\""), ("cargo", &cargo)] {
            let file = bin.join(name);
            sure(std::fs::write(&file, format!("#!/bin/sh\n{text}\n")));
            sure(std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)));
        }
        let source = self.path("source");
        let git = format!(
            "[url \"{}/\"]\n\tinsteadOf = https://github.com/safe-update/\n[safe]\n\tdirectory = *\n",
            source.display()
        );
        sure(std::fs::write(home.path().join(".gitconfig"), git));

        let script = block
            .replace(&format!("{ADDRESS}/releases/download"), &self.downloads())
            .replace("/usr/local/bin/", &format!("{}/", bin.display()))
            .replace("x86_64-unknown", &format!("{}-unknown", std::env::consts::ARCH))
            // A debug build with what is on this machine: a release takes as long as all other tests.
            .replace("cargo install", "cargo install --debug --offline")
            .replace("--path .", &format!("--path {}", env!("CARGO_MANIFEST_DIR")))
            .replace("install .\n", &format!("install {}\n", source.join("safe-update").display()));
        let cargo_home = std::env::var("CARGO_HOME")
            .or_else(|_| std::env::var("HOME").map(|home| home + "/.cargo"));
        let mut path = vec![bin, home.path().join(".krew/bin"), home.path().join(".cargo/bin")];
        path.extend(std::env::split_paths(&path_before));
        let mut command = Command::new("bash");
        command
            .args(["-euc", &format!("exec 2>&1\n{script}")])
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", sure(std::env::join_paths(path)))
            .env("KUBECONFIG", bed().kubeconfig())
            .env("KREW_DEFAULT_INDEX_URI", self.path("index"))
            .env("KREW_NO_UPGRADE_CHECK", "1")
            .env("SAFE_UPDATE_URL", self.downloads())
            .env("CARGO_HOME", sure(cargo_home))
            .env("CARGO_INSTALL_ROOT", home.path().join(".cargo"))
            .env("CARGO_TARGET_DIR", target_directory())
            // The toolchain of the checkout, where nothing says which.
            .envs(
                ["RUSTUP_HOME", "RUSTUP_TOOLCHAIN"]
                    .into_iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .current_dir(home.path())
            .stdin(Stdio::null());
        succeeds(&mut command)
    }
}

/// A directory for what cargo installs, beside that of the tests: in that one it would replace the program
/// under test while others run it.
fn target_directory() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_kubectl-safe_update"));
    program.ancestors().nth(2).unwrap_or(program).join("installs")
}

/// Runs what has to succeed; its standard output.
#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let output = sure(command.output());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

#[test]
fn what_the_readme_says_installs_it() {
    let internet = Internet::new();
    let version = format!("safe-update {VERSION} ");
    let plugin = "Installed plugin: safe-upgrade\n";
    // Updated and removed again, as the table there says it.
    let removed =
        "helm plugin uninstall safe-upgrade\nif helm safe-upgrade version; then exit 1; fi\n";
    let updated = format!(
        "helm plugin update safe-upgrade\nhelm plugin list\nhelm safe-upgrade version\n{removed}"
    );
    let uninstalled = "kubectl safe-update completion install\nkubectl safe-update completion uninstall\n\
        kubectl krew uninstall safe-update\nif kubectl safe-update version; then exit 1; fi\n";
    let empty = "No workloads found in default namespace";
    for (title, helms, says, then) in [
        (
            "### With krew",
            &["helm3"][..],
            &["Installed plugin: safe-update\n", empty][..],
            uninstalled,
        ),
        // Helm 3 by its repository at a version, Helm 4 by the file of the release.
        ("### With Helm", &["helm3", "helm4"], &[plugin, "found in default namespace"], removed),
        ("### From an archive", &["helm3"], &["unknown-linux-musl.tar.gz: OK\n", &*version], ""),
        ("### From source", &["helm4"], &[&*version, plugin, "Usage: helm safe-upgrade"], ""),
    ] {
        let blocks = blocks_under(title);
        assert_eq!(blocks.len(), helms.len(), "{title}");
        for (block, helm) in blocks.iter().zip(helms) {
            let named = block.contains("--version");
            let then = if named { &updated } else { then };
            let said = internet.run(&format!("{block}{then}"), helm);
            // It stays at the version that was named.
            assert!(!(named && said.contains(LATER)), "{title}, {helm}: {said}");
            assert!(says.iter().all(|words| said.contains(words)), "{title}, {helm}: {said}");
        }
    }
}
