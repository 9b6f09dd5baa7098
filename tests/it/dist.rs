//! What a release is made of: the archives, the manifest of krew, and that all who name an archive mean
//! the same one. The archives here hold a stand-in for the program; `tests/cluster/krew.rs` installs the
//! real one.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::CommandFactory as _;
use safe_update::cli::args::Cli;
use semver::Version;
use serde_json::Value;
use tempfile::TempDir;

#[expect(dead_code, reason = "its `main` is the example's")]
#[path = "../../dist/assets.rs"]
mod assets;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where releases are made for, as Rust and as krew call it.
const PLATFORMS: [(&str, &str, &str); 5] = [
    ("x86_64-unknown-linux-musl", "linux", "amd64"),
    ("aarch64-unknown-linux-musl", "linux", "arm64"),
    ("x86_64-apple-darwin", "darwin", "amd64"),
    ("aarch64-apple-darwin", "darwin", "arm64"),
    ("x86_64-pc-windows-msvc", "windows", "amd64"),
];

/// What krew knows at all.
const KREW_PLATFORMS: [(&str, &[&str]); 3] = [
    ("windows", &["386", "amd64", "arm64"]),
    ("linux", &["386", "amd64", "arm", "arm64", "ppc64le"]),
    ("darwin", &["386", "amd64", "arm64"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A directory with a stand-in for the program, and what a release holds beside it.
struct Release {
    place: TempDir,
}

impl Release {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let program = place.path().join("program");
        fs::write(&program, "#!/bin/sh\necho safe-update 0.1.0\n").expect("a file");
        assets::write(&place.path().join("assets")).expect("man pages and completions");
        Self { place }
    }

    /// With the archives of every platform.
    fn whole() -> Self {
        let release = Self::new();
        for (target, ..) in PLATFORMS {
            let _ = release.archive("archives", target, &[]);
        }
        release
    }

    fn path(&self, path: &str) -> PathBuf {
        self.place.path().join(path)
    }

    fn archive(&self, out: &str, target: &str, variables: &[(&str, &str)]) -> PathBuf {
        let mut command = Command::new(root().join("dist/build.sh"));
        command.arg("--bare").arg("--out").arg(self.path(out));
        command.arg("--binary").arg(self.path("program"));
        command.arg("--assets").arg(self.path("assets")).arg(target);
        command.env("SOURCE_DATE_EPOCH", "1700000000").envs(variables.iter().copied());
        let said = succeeds(&mut command);
        let path = said.lines().next().expect("the archive").into();
        assert_eq!(path, self.path(out).join(format!("safe-update-{VERSION}-{target}.tar.gz")));
        path
    }

    fn manifest(&self) -> Value {
        let _ = succeeds(Command::new(root().join("dist/krew.sh")).arg(self.path("archives")));
        yaml(&fs::read_to_string(self.path("archives/safe-update.yaml")).expect("a manifest"))
    }
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("a program that starts");
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {said}");
    String::from_utf8(stdout).expect("text")
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).expect("YAML")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {value}"))
}

/// What is in an archive: kind and permissions, owner, time, by name.
fn members(archive: &Path) -> BTreeMap<String, [String; 3]> {
    let listed = succeeds(
        Command::new("tar").args(["--utc", "--full-time", "--numeric-owner", "-tvzf"]).arg(archive),
    );
    let mut names = Vec::new();
    let mut members = BTreeMap::new();
    for line in listed.lines() {
        let mut fields = line.split_whitespace();
        let mut field = || fields.next().unwrap_or_else(|| panic!("{line}")).to_owned();
        let (mode, owner, _size, day, hour, name) =
            (field(), field(), field(), field(), field(), field());
        names.push(name.clone());
        members.insert(name, [mode, owner, format!("{day} {hour}")]);
    }
    assert_eq!(names.len(), members.len(), "a name twice: {names:?}");
    for (at, name) in names.iter().enumerate() {
        // Helm 3 does not make the directories of a file.
        if let Some((directory, rest)) = name.rsplit_once('/').filter(|(_, rest)| !rest.is_empty())
        {
            let before = names.iter().position(|other| *other == format!("{directory}/"));
            assert!(before.is_some_and(|before| before < at), "{directory} after {rest}");
        }
    }
    members
}

#[test]
fn an_archive_holds_files_and_directories_of_nobody() {
    let release = Release::new();
    for (target, system, _) in PLATFORMS {
        let members = members(&release.archive("archives", target, &[]));
        for (name, [mode, owner, time]) in &members {
            let program = name.starts_with("kubectl-safe_update");
            let wanted = match () {
                () if name.ends_with('/') => "drwxr-xr-x",
                () if program => "-rwxr-xr-x",
                () => "-rw-r--r--",
            };
            assert_eq!(mode, wanted, "{name}");
            assert_eq!(owner, "0/0", "{name}");
            assert_eq!(time, "2023-11-14 22:13:20", "{name}");
            assert!(!name.starts_with(['.', '/']) && !name.contains(".."), "{name}");
        }
        let suffix = if system == "windows" { ".exe" } else { "" };
        let programs: Vec<&String> = members
            .keys()
            .filter(|name| !name.contains('/') && name.starts_with("kubectl"))
            .collect();
        assert_eq!(programs, [&format!("kubectl-safe_update{suffix}")]);
        for file in [
            "LICENSE",
            "README.md",
            "completions/kubectl-safe_update.bash",
            "completions/_kubectl-safe_update",
            "completions/kubectl-safe_update.fish",
            "completions/_kubectl-safe_update.ps1",
            "man/kubectl-safe_update.1",
            "man/kubectl-safe_update-config-check.1",
        ] {
            assert!(members.contains_key(file), "no {file} in {members:?}");
        }
    }
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let release = Release::new();
    let target = PLATFORMS[0].0;
    let first = release.archive("one", target, &[]);
    // What is different elsewhere: times, permissions, words in the environment.
    let program = release.path("program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("permissions");
    let _ = succeeds(Command::new("touch").args(["-d", "2001-02-03"]).arg(&program));
    let other = [
        ("TAR_OPTIONS", "--mtime=@1"),
        ("GZIP", "-1"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "Asia/Tokyo"),
    ];
    let second = release.archive("two", target, &other);
    assert!(fs::read(first).expect("an archive") == fs::read(second).expect("an archive"));
    let later = release.archive("three", target, &[("SOURCE_DATE_EPOCH", "1700000001")]);
    assert!(members(&later).values().all(|[.., time]| time.ends_with("22:13:21")));
}

#[test]
fn a_checksum_is_what_others_compute() {
    let release = Release::whole();
    for (target, ..) in PLATFORMS {
        let file = format!("safe-update-{VERSION}-{target}.tar.gz.sha256");
        let _ = succeeds(
            Command::new("sha256sum")
                .args(["--check", "--strict", &file])
                .current_dir(release.path("archives")),
        );
    }
}

/// With stand-ins for the tools that a release needs: what they are told is what counts here.
#[test]
fn an_archive_of_a_release_has_its_materials_and_a_signature() {
    let release = Release::new();
    let tool = |name: &str, text: &str| {
        let file = release.path("tools").join(name);
        fs::create_dir_all(release.path("tools")).expect("a directory");
        fs::write(&file, format!("#!/bin/sh\nset -eu\n{text}\n")).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("permissions");
    };
    // It writes beside Cargo.toml, as the real one does.
    tool(
        "cargo-cyclonedx",
        "[ \"$2\" != --version ] || { echo cargo-cyclonedx 0.5.9; exit; }
         while [ $# -gt 0 ]; do [ \"$1\" != --override-filename ] || name=$2; shift; done
         echo \"{\\\"bom-ref\\\": \\\"path+file://$PWD#0.1.0\\\"}\" >$name.json",
    );
    tool(
        "cosign",
        "[ \"$1\" = sign-blob ] && [ \"$2\" = --yes ] && [ \"$3\" = --bundle ] && sha256sum \"$5\" >\"$4\"",
    );
    let target = PLATFORMS[0].0;
    let build = |path: &str| {
        let mut command = Command::new(root().join("dist/build.sh"));
        command.arg("--out").arg(release.path("archives"));
        command.arg("--binary").arg(release.path("program"));
        command.arg("--assets").arg(release.path("assets")).arg(target);
        succeeds(command.env("PATH", path))
    };
    let path = std::env::var("PATH").expect("a path");
    let said = build(&format!("{}:{path}", release.path("tools").display()));
    let archive = release.path("archives").join(format!("safe-update-{VERSION}-{target}.tar.gz"));
    let archive = archive.display().to_string();
    let files: Vec<&str> = said.lines().collect();
    let wanted = [
        archive.clone(),
        format!("{archive}.sha256"),
        format!("{archive}.cdx.json"),
        format!("{archive}.sigstore.json"),
    ];
    assert_eq!(files, wanted);
    let materials = fs::read_to_string(&wanted[2]).expect("a bill of materials");
    assert_eq!(materials, "{\"bom-ref\": \"path+file:///safe-update#0.1.0\"}\n");
    assert!(!root().join(format!("safe-update-{target}.cdx.json")).exists(), "left behind");
    let signed = fs::read_to_string(&wanted[3]).expect("a signature");
    assert!(signed.contains(&archive), "{signed}");
    // What belongs to other bytes of that name does not stay beside new ones.
    let _ = release.archive("archives", target, &[]);
    assert!(!Path::new(&wanted[2]).exists() && !Path::new(&wanted[3]).exists());
}

#[test]
fn every_verb_has_a_page_of_the_manual() {
    fn names(command: &clap::Command, path: &str, all: &mut Vec<String>) {
        all.push(format!("{path}.1"));
        for verb in command.get_subcommands() {
            names(verb, &format!("{path}-{}", verb.get_name()), all);
        }
    }
    let release = Release::new();
    let mut wanted = Vec::new();
    names(&Cli::command(), "kubectl-safe_update", &mut wanted);
    wanted.sort();
    let mut there: Vec<String> = fs::read_dir(release.path("assets/man"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    there.sort();
    assert_eq!(there, wanted);
    let page = fs::read_to_string(release.path("assets/man/kubectl-safe_update-plan.1"));
    let page = page.expect("a page");
    assert!(page.contains(r"kubectl safe\-update plan"), "{page}");
    assert!(page.contains(r"\-\-detailed\-exitcode"), "{page}");
}

/// The platforms of krew that a selector fits.
fn selected(selector: &Value) -> Vec<(&'static str, &'static str)> {
    let selector = selector.as_object().expect("a selector");
    assert_eq!(selector.keys().collect::<Vec<_>>(), ["matchLabels"], "the only form read here");
    let labels = selector["matchLabels"].as_object().expect("labels");
    assert!(!labels.is_empty() && labels.keys().all(|key| key == "os" || key == "arch"));
    let fits = |key: &str, value: &str| labels.get(key).is_none_or(|wanted| wanted == value);
    let known =
        KREW_PLATFORMS.iter().flat_map(|(os, all)| all.iter().map(move |arch| (*os, *arch)));
    known.filter(|(os, arch)| fits("os", os) && fits("arch", arch)).collect()
}

/// What krew's own validator wants of one platform.
fn platform_is_valid(platform: &Value, archives: &Path) {
    let uri = text(platform, "uri");
    assert!(uri.starts_with("https://"), "{uri}");
    let archive = archives.join(uri.rsplit('/').next().expect("a name"));
    let sha256 = text(platform, "sha256");
    assert!(sha256.len() == 64 && sha256.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')));
    let real = succeeds(Command::new("sha256sum").arg(&archive));
    assert_eq!(real.split(' ').next(), Some(sha256), "{uri}");

    let members = members(&archive);
    assert!(members.values().all(|[mode, ..]| mode.starts_with(['-', 'd'])), "{members:?}");
    let mut installed = Vec::new();
    for file in list(platform, "files") {
        let (from, to) = (text(file, "from"), text(file, "to"));
        assert!(!from.contains("..") && !from.starts_with("./") && members.contains_key(from));
        // A path that is not clean is refused.
        assert_eq!(to, ".", "{from}");
        installed.push(from);
    }
    let bin = text(platform, "bin");
    assert!(installed.contains(&bin), "{bin} of {installed:?}");
    assert!(installed.contains(&"LICENSE"), "{installed:?}");
    let is_windows = platform["selector"]["matchLabels"]["os"] == "windows";
    let is_program = Path::new(&bin).extension().is_some_and(|end| end == "exe");
    assert_eq!(is_program, is_windows, "{bin}");
}

#[test]
fn the_manifest_keeps_the_rules_of_krew() {
    let release = Release::whole();
    let manifest = release.manifest();
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!(manifest["kind"], "Plugin");
    let name = text(&manifest["metadata"], "name");
    assert_eq!(format!("{name}.yaml"), "safe-update.yaml", "the name of the file");
    assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
    assert!(!name.contains("kube"), "{name}");

    let spec = &manifest["spec"];
    let version = text(spec, "version").strip_prefix('v').expect("a v before the version");
    assert_eq!(Version::parse(version).expect("semver").to_string(), VERSION);
    assert!(text(spec, "homepage").starts_with("https://"));
    let short = text(spec, "shortDescription");
    assert!(!short.is_empty() && short.len() <= 50 && !short.contains('\n'), "{short}");
    assert!(!short.ends_with('.') && !short.to_lowercase().contains("kubectl"), "{short}");
    for key in ["description", "caveats"] {
        let text = text(spec, key);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    let mut covered = BTreeMap::new();
    for platform in list(spec, "platforms") {
        platform_is_valid(platform, &release.path("archives"));
        for pair in selected(&platform["selector"]) {
            let before = covered.insert(pair, text(platform, "uri").to_owned());
            assert!(before.is_none(), "{pair:?} is chosen twice");
        }
    }
    let mut wanted = BTreeMap::new();
    for (target, os, arch) in PLATFORMS {
        // One `v` for the tag, none in the name of the file.
        let file = format!("v{VERSION}/safe-update-{VERSION}-{target}.tar.gz");
        let releases = "https://github.com/safe-update/safe-update/releases/download";
        wanted.insert((os, arch), format!("{releases}/{file}"));
    }
    assert_eq!(covered, wanted);
}

#[test]
fn the_bot_proposes_the_same_manifest() {
    let release = Release::whole();
    let manifest = release.manifest();
    // What krew-release-bot makes of its template, as far as this one goes.
    let mut rendered = String::new();
    for line in read(".krew.yaml").lines().filter(|line| !line.starts_with('#')) {
        let filled = if let Some(call) = line.trim().strip_prefix("{{addURIAndSha \"") {
            let (url, rest) = call.split_once('"').expect("an address");
            assert_eq!(rest, " .TagName | indent 6 }}");
            let uri = url
                .replace("{{ .TagName }}", &format!("v{VERSION}"))
                .replace("{{ slice .TagName 1 }}", VERSION);
            let file = release.path("archives").join(uri.rsplit('/').next().expect("a name"));
            let sum = succeeds(Command::new("sha256sum").arg(file));
            format!("      uri: {uri}\n      sha256: {}", &sum[..64])
        } else {
            line.replace("{{ .TagName }}", &format!("v{VERSION}"))
        };
        assert!(!filled.contains("{{"), "{line}");
        rendered = format!("{rendered}{filled}\n");
    }
    assert_eq!(yaml(&rendered), manifest);
}

#[test]
fn a_manifest_without_an_archive_is_refused() {
    let release = Release::new();
    let _ = release.archive("archives", PLATFORMS[0].0, &[]);
    let output = Command::new(root().join("dist/krew.sh")).arg(release.path("archives")).output();
    let output = output.expect("a program that starts");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("aarch64-apple-darwin") && !said.contains(PLATFORMS[0].0), "{said}");
    assert!(!release.path("archives/safe-update.yaml").exists());
}

#[test]
fn a_manifest_of_an_archive_that_was_changed_is_refused() {
    let release = Release::whole();
    let archive =
        release.path("archives").join(format!("safe-update-{VERSION}-{}.tar.gz", PLATFORMS[0].0));
    let mut bytes = fs::read(&archive).expect("an archive");
    bytes.push(b'\n');
    fs::write(&archive, bytes).expect("an archive");
    let output = Command::new(root().join("dist/krew.sh")).arg(release.path("archives")).output();
    let output = output.expect("a program that starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("is not what its checksum"), "{said}");
    assert!(!release.path("archives/safe-update.yaml").exists());
}

#[test]
fn all_who_name_an_archive_mean_the_same() {
    let workflow = read(".github/workflows/release.yml");
    let installer = read("helm-plugin/install.sh");
    assert!(installer.contains("safe-update-$version-$machine-$system.tar.gz"));
    for (target, ..) in PLATFORMS {
        assert!(workflow.contains(&format!("target: {target}")), "no {target} in the workflow");
        let (machine, system) = target.split_once('-').expect("a triple");
        assert!(installer.contains(&format!("machine={machine}")), "{machine}");
        assert!(installer.contains(&format!("system={system}")), "{system}");
    }
}

#[test]
fn actions_of_the_workflows_are_pinned() {
    let workflow = read(".github/workflows/release.yml");
    let mut seen = 0;
    for line in workflow.lines().chain(read(".github/workflows/ci.yml").lines()) {
        let Some((_, action)) = line.split_once("uses: ") else { continue };
        let (_, pin) = action.split_once('@').expect("a version");
        let (hash, version) = pin.split_once(" # v").expect("the version as a comment");
        assert!(hash.len() == 40 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{line}");
        assert!(Version::parse(version).is_ok(), "{line}");
        seen += 1;
    }
    assert!(seen >= 4, "{seen} actions");
    assert!(!workflow.contains("secrets."), "the token of the run is enough");
}

#[test]
fn scripts_explain_themselves_and_stop_at_trouble() {
    for script in ["build.sh", "helm-plugin.sh", "image.sh", "krew.sh", "prove.sh", "verify.sh"] {
        let path = root().join("dist").join(script);
        let text = fs::read_to_string(&path).expect("a script");
        assert!(text.starts_with("#!/usr/bin/env bash\n# "), "{script}");
        assert!(text.contains("\nset -euo pipefail\n"), "{script}");
        let mode = path.metadata().expect("a script").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script}");
    }
}
