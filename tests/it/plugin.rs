//! The plugin of Helm as files: what every Helm reads of it, and what its installer does with what it
//! finds. The real Helm installs it in `tests/cluster/plugin.rs`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn yaml(file: &str) -> Value {
    let text = fs::read_to_string(root().join(file)).expect("a file");
    serde_yaml::from_str(&text).expect("YAML")
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        value.as_object().expect("a map").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn every_helm_can_read_the_plugin() {
    let plugin = yaml("plugin.yaml");
    // One key more, and some Helm 3 drops all of its plugins.
    let known = ["description", "hooks", "name", "platformCommand", "usage", "version"];
    assert_eq!(keys(&plugin), known);
    assert_eq!(plugin["name"], "safe-upgrade");
    assert_eq!(plugin["version"], VERSION, "the plugin has the version of Cargo.toml");
    assert_eq!(keys(&plugin["hooks"]), ["delete", "install", "update"]);
    let commands = plugin["platformCommand"].as_array().expect("a list");
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        assert_eq!(keys(command), ["arch", "command", "os"]);
        let line = command["command"].as_str().expect("a command");
        // Older ones split it at each space.
        assert!(line.starts_with("$HELM_PLUGIN_DIR/bin/safe-update") && !line.contains(' '));
        assert_eq!(line.strip_suffix(".exe").is_some(), command["os"] == "windows");
    }
}

#[test]
fn nothing_keeps_helm_from_asking_the_plugin() {
    let completion = yaml("completion.yaml");
    // Commands or arguments there would be offered instead of what the program knows.
    assert_eq!(keys(&completion), ["name"]);
    assert_eq!(completion["name"], yaml("plugin.yaml")["name"]);
}

#[test]
fn scripts_can_be_run() {
    for file in ["plugin.complete", "helm-plugin/install.sh"] {
        let path = root().join(file);
        assert!(fs::read_to_string(&path).expect("a script").starts_with("#!/bin/sh\n"), "{file}");
        let mode = path.metadata().expect("a script").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{file}");
    }
}

/// A copy of the plugin's files, and a place for everything else.
struct Plugin {
    place: tempfile::TempDir,
}

impl Plugin {
    fn new() -> Self {
        let plugin = Self { place: tempfile::tempdir().expect("a directory") };
        for file in ["plugin.yaml", "plugin.complete", "helm-plugin/install.sh"] {
            let to = plugin.path("plugin").join(file);
            fs::create_dir_all(to.parent().expect("a directory")).expect("a directory");
            fs::copy(root().join(file), to).expect("a copy");
        }
        plugin
    }

    fn path(&self, path: &str) -> PathBuf {
        self.place.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        self.path(path).display().to_string()
    }

    /// A program that says a version.
    fn program(&self, path: &str, version: &str) -> String {
        let text = format!(
            "#!/bin/sh\necho noise >&2\necho safe-update {version}\necho \"$@\" >>{}\n",
            self.text("called")
        );
        self.script(path, &text)
    }

    fn script(&self, path: &str, text: &str) -> String {
        let file = self.path(path);
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(&file, text).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("permissions");
        self.text(path)
    }

    /// An archive of a directory of files, as releases are.
    fn archive(&self, path: &str, of: &str) -> String {
        fs::create_dir_all(self.path(path).parent().expect("a directory")).expect("a directory");
        let done = Command::new("tar")
            .args(["-czf", &self.text(path), "-C", &self.text(of), "."])
            .status();
        assert!(done.expect("tar").success());
        self.text(path)
    }

    fn run(&self, script: &str, words: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new("sh");
        command.arg(self.path("plugin").join(script)).args(words).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(variables.iter().copied()).output().expect("sh")
    }

    /// Runs the installer; whether it went well, and what it said.
    fn install(&self, variables: &[(&str, &str)]) -> (bool, String) {
        let output = self.run("helm-plugin/install.sh", &[], variables);
        let streams = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(streams).expect("text"))
    }

    /// The version that is installed; panics when the installer left anything else.
    fn installed(&self) -> Option<String> {
        let bin = self.path("plugin/bin");
        let mut files: Vec<_> = fs::read_dir(&bin)
            .map(|files| files.map(|file| file.expect("a file").file_name()).collect())
            .unwrap_or_default();
        files.sort();
        if files.is_empty() {
            return None;
        }
        assert_eq!(files, ["safe-update"]);
        let output = Command::new(bin.join("safe-update")).output().expect("the program");
        let text = String::from_utf8(output.stdout).expect("text");
        text.trim().strip_prefix("safe-update ").map(str::to_owned)
    }
}

#[test]
fn a_program_of_this_machine_is_copied() {
    let plugin = Plugin::new();
    let program = plugin.program("somewhere/program", "1.0.0");
    let (done, said) = plugin.install(&[("SAFE_UPDATE_BIN", &program)]);
    let bin = plugin.text("plugin/bin/safe-update");
    assert_eq!(
        (done, said),
        (
            true,
            format!(
                "safe-upgrade: safe-update 1.0.0, from {program}, is now {bin}\n\
                 safe-upgrade: the plugin is of version {VERSION}: better take a program of the same\n"
            )
        )
    );
    assert_eq!(plugin.installed().as_deref(), Some("1.0.0"));

    // What cannot be had, or does not run here, leaves what is there.
    let broken = plugin.script("broken", "#!/nowhere/shell\n");
    let empty = plugin.script("empty", "");
    let other = plugin.script("other", "#!/bin/sh\necho true 9.1\n");
    for (file, words) in [
        (broken.as_str(), "does not run"),
        (&empty, "another program"),
        (&other, "another program"),
        ("/nowhere/x", "there is no file"),
    ] {
        let (done, said) = plugin.install(&[("SAFE_UPDATE_BIN", file)]);
        assert!(!done && said.contains(words), "{said}");
        assert_eq!(plugin.installed().as_deref(), Some("1.0.0"));
    }
}

#[test]
fn what_came_with_the_plugin_is_taken() {
    let plugin = Plugin::new();
    plugin.program("plugin/bin/safe-update", VERSION);
    let (done, said) = plugin.install(&[("SAFE_UPDATE_URL", "file:///nowhere")]);
    assert_eq!(
        (done, said),
        (true, format!("safe-upgrade: safe-update {VERSION} is there already\n"))
    );
}

#[test]
fn an_archive_of_this_machine_is_unpacked() {
    for name in ["safe-update", "kubectl-safe_update"] {
        let plugin = Plugin::new();
        plugin.program(&format!("release/some/{name}"), "1.0.0");
        let archive = plugin.archive("release.tar.gz", "release");
        let (done, said) = plugin.install(&[("SAFE_UPDATE_TARBALL", &archive)]);
        assert!(done && said.contains(&archive), "{said}");
        assert_eq!(plugin.installed().as_deref(), Some("1.0.0"));
    }
    let plugin = Plugin::new();
    plugin.script("release/other", "");
    let other = plugin.archive("release.tar.gz", "release");
    let torn = plugin.text("torn.tar.gz");
    fs::write(&torn, &fs::read(&other).expect("an archive")[..20]).expect("a file");
    for (archive, words) in [(&other, "holds no safe-update"), (&torn, "is no archive")] {
        let (done, said) = plugin.install(&[("SAFE_UPDATE_TARBALL", archive)]);
        assert!(!done && said.contains(words), "{said}");
        assert_eq!(plugin.installed(), None);
    }
}

#[test]
fn a_release_is_fetched_and_held_against_its_checksum() {
    let plugin = Plugin::new();
    let system = if cfg!(target_os = "macos") { "apple-darwin" } else { "unknown-linux-musl" };
    let name = format!(
        "releases/v{VERSION}/safe-update-{VERSION}-{}-{system}.tar.gz",
        std::env::consts::ARCH
    );
    plugin.program("release/safe-update", VERSION);
    let archive = plugin.archive(&name, "release");
    let url = format!("file://{}", plugin.text("releases"));
    let install = || plugin.install(&[("SAFE_UPDATE_URL", &url)]);

    let (done, said) = install();
    assert!(!done && said.contains("without it the release is not trusted"), "{said}");
    for (text, words) in [
        (format!("{}  x\n", "0".repeat(64)), "not installed"),
        ("\n".to_owned(), "holds no checksum"),
        (String::new(), "holds no checksum"),
        ("<html>not found</html>\n".to_owned(), "holds no checksum"),
    ] {
        fs::write(format!("{archive}.sha256"), text).expect("a file");
        let (done, said) = install();
        assert!(!done && said.contains(words), "{said}");
        // Helm refuses to install what failed once, until it is removed.
        assert!(said.ends_with("before the next attempt: helm plugin uninstall safe-upgrade\n"));
        assert_eq!(plugin.installed(), None);
    }

    let sum = Command::new("sha256sum").arg(&archive).output().expect("sha256sum");
    fs::write(format!("{archive}.sha256"), sum.stdout).expect("a file");
    let (done, said) = install();
    assert!(done && said.contains(&format!("fetching {url}/v{VERSION}/")), "{said}");
    assert_eq!(plugin.installed().as_deref(), Some(VERSION));

    // Where nothing can compute a checksum, nothing is fetched.
    let tools = plugin.path("tools");
    fs::create_dir(&tools).expect("a directory");
    for tool in ["sh", "sed", "tr", "uname", "dirname", "curl", "tar", "mktemp", "cut", "find"] {
        let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
        let found = String::from_utf8(found.expect("sh").stdout).expect("text");
        std::os::unix::fs::symlink(found.trim(), tools.join(tool)).expect("a link");
    }
    fs::remove_file(plugin.path("plugin/bin/safe-update")).expect("a file");
    let (done, said) =
        plugin.install(&[("SAFE_UPDATE_URL", &url), ("PATH", &plugin.text("tools"))]);
    assert!(!done && said.contains("neither sha256sum nor shasum is here"), "{said}");
    assert!(!said.contains("fetching"), "{said}");
    assert_eq!(plugin.installed(), None);

    // Of an older version, it is replaced; without a network it stays, with what to do. What a killed
    // installer left is removed.
    let left = plugin.path("plugin/bin/.install.x");
    fs::create_dir(&left).expect("a directory");
    assert!(
        Command::new("touch")
            .args(["-d", "2 hours ago"])
            .arg(left)
            .status()
            .expect("touch")
            .success()
    );
    plugin.program("plugin/bin/safe-update", "0.0.1");
    let (done, said) = plugin.install(&[("SAFE_UPDATE_URL", "file:///nowhere")]);
    assert!(!done && said.contains("set SAFE_UPDATE_TARBALL or SAFE_UPDATE_BIN"), "{said}");
    assert_eq!(plugin.installed().as_deref(), Some("0.0.1"));
    assert!(install().0);
    assert_eq!(plugin.installed().as_deref(), Some(VERSION));
}

#[test]
fn helm_is_answered_with_candidates_alone() {
    let plugin = Plugin::new();
    let ask = |words: &[&str]| {
        let output = plugin.run("plugin.complete", words, &[]);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(ask(&[""]), ":4\n");
    plugin.program("plugin/bin/safe-update", VERSION);
    assert_eq!(ask(&["plan", ""]), format!("safe-update {VERSION}\n"));
    let called = fs::read_to_string(plugin.path("called")).expect("a call");
    assert_eq!(called, "__complete plan \n");
}
