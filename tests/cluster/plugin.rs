//! The plugin of Helm under the real Helm, in both of its majors: installed, used, updated, removed
//! without a trace, and beside other plugins.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::bed::{Namespace, bed, tool};

pub(crate) const MAJORS: [&str; 2] = ["helm3", "helm4"];

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-safe_update");

/// What Helm and its plugin left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// Copies what belongs to the plugin, without its program.
pub(crate) fn plugin_files(directory: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["plugin.yaml", "completion.yaml", "plugin.complete", "helm-plugin/install.sh"] {
        let to = directory.join(file);
        sure(std::fs::create_dir_all(to.parent().unwrap_or(&to)));
        sure(std::fs::copy(root.join(file), to));
    }
}

/// One of the two programs with an empty home.
pub(crate) struct Helm {
    program: PathBuf,
    major: &'static str,
    home: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Helm {
    pub(crate) fn new(major: &'static str) -> Self {
        Self {
            program: tool(major),
            major,
            home: sure(TempDir::with_prefix("safe-update-helm.")),
            variables: Vec::new(),
        }
    }

    /// With the plugin, installed from a directory that holds the program.
    pub(crate) fn with_plugin(major: &'static str) -> Self {
        let helm = Self::new(major);
        let source = helm.source("source/safe-upgrade");
        helm.set("SAFE_UPDATE_BIN", PROGRAM)
            .run(&["plugin", "install", &source.display().to_string()])
            .exits(0);
        helm
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The same home with one more variable.
    fn set(&self, name: &'static str, value: &str) -> Setting<'_> {
        Setting { helm: self, name, value: value.to_owned() }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[])
    }

    fn run_with(&self, args: &[&str], more: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KUBECONFIG", bed().kubeconfig())
            .env("NO_COLOR", "1")
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .envs(more.iter().copied())
            .current_dir(self.home())
            .args(args)
            .stdin(Stdio::null());
        let output = sure(command.output());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// The files of the plugin in a directory below the home.
    fn source(&self, path: &str) -> PathBuf {
        let directory = self.home().join(path);
        plugin_files(&directory);
        directory
    }

    /// Another plugin, in the form that older ones have.
    fn other_plugin(&self) {
        let directory = self.plugins().join("other");
        sure(std::fs::create_dir_all(&directory));
        let text = "name: other\nversion: 0.1.0\nusage: says hello\ncommand: echo hello\n";
        sure(std::fs::write(directory.join("plugin.yaml"), text));
    }

    fn plugins(&self) -> PathBuf {
        self.home().join(".local/share/helm/plugins")
    }

    /// What lies in the directory of plugins.
    fn installed(&self) -> Vec<String> {
        let files = sure(std::fs::read_dir(self.plugins()));
        let mut names: Vec<String> =
            files.map(|file| sure(file).file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A release of a small chart.
    pub(crate) fn release(&self, namespace: &Namespace, name: &str) {
        let chart = self.home().join("shop");
        sure(std::fs::create_dir_all(chart.join("templates")));
        let text = "apiVersion: v2\nname: shop\nversion: 1.2.3\n";
        sure(std::fs::write(chart.join("Chart.yaml"), text));
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Release.Name }}\"}\n";
        sure(std::fs::write(chart.join("templates/config.yaml"), text));
        self.run(&["--namespace", namespace.name(), "install", name, "./shop"]).exits(0);
    }
}

struct Setting<'a> {
    helm: &'a Helm,
    name: &'static str,
    value: String,
}

impl Setting<'_> {
    fn run(&self, args: &[&str]) -> Ran {
        self.helm.run_with(args, &[(self.name, &self.value)])
    }
}

/// The value of what cannot fail here.
#[track_caller]
fn sure<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error:?}"))
}

#[test]
fn the_plugin_works_beside_others_and_leaves_nothing() {
    for major in MAJORS {
        let helm = Helm::new(major);
        helm.other_plugin();
        let source = helm.source("source/safe-upgrade").display().to_string();
        let installed = helm.set("SAFE_UPDATE_BIN", PROGRAM).run(&["plugin", "install", &source]);
        let installed = installed.exits(0);
        assert!(installed.out.contains("Installed plugin: safe-upgrade"), "{installed:#?}");
        assert!(installed.out.contains("safe-upgrade: safe-update "), "{installed:#?}");

        let listed = helm.run(&["plugin", "list"]).exits(0);
        let rows: Vec<Vec<&str>> =
            listed.out.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
        assert!(rows.contains(&vec!["safe-upgrade", env!("CARGO_PKG_VERSION")]), "{listed:#?}");
        assert!(rows.contains(&vec!["other", "0.1.0"]), "{listed:#?}");
        assert_eq!(listed.err, "", "{major} has nothing to remark");
        let usage = helm.run(&["help"]).exits(0).out;
        assert!(usage.contains("safe-upgrade") && usage.contains("says hello"), "{usage}");
        assert_eq!(helm.run(&["other"]).exits(0).out, "hello\n");

        let help = helm.run(&["safe-upgrade", "--help"]).exits(0);
        assert!(help.out.contains("Usage: helm safe-upgrade"), "{help:#?}");
        let long = helm.run(&["help", "safe-upgrade"]).exits(0).out;
        assert!(long.contains("helm safe-upgrade --help shows everything."), "{long}");

        let removed = helm.run(&["plugin", "uninstall", "safe-upgrade"]).exits(0);
        assert!(removed.out.contains("Uninstalled plugin: safe-upgrade"), "{removed:#?}");
        assert_eq!(helm.installed(), ["other"], "{major}");
        assert_eq!(helm.run(&["other"]).exits(0).out, "hello\n");
        assert_ne!(helm.run(&["safe-upgrade", "--help"]).code, Some(0));
    }
}

#[test]
fn the_plugin_is_told_the_namespace_and_helm_hands_its_code_on() {
    for major in MAJORS {
        let namespace = bed().namespace();
        let name = namespace.name();
        let helm = Helm::with_plugin(major);
        helm.release(&namespace, "web");

        let listed = helm.run(&["safe-upgrade", "--namespace", name, "list", "-o", "name"]);
        assert_eq!(listed.exits(0).out, format!("{name}/release/web\n"));
        let before = helm.run(&["-n", name, "safe-upgrade", "list", "-o", "name"]);
        assert_eq!(before.exits(0).out, format!("{name}/release/web\n"));
        // Nothing says where its chart comes from, so there is no candidate; nothing is written.
        let dry = helm.run(&["safe-upgrade", "--namespace", name, "web", "--dry-run"]).exits(3);
        assert!(dry.out.contains("shop-1.2.3") || dry.err.contains("shop-1.2.3"), "{dry:#?}");
        let history = helm.run(&["-n", name, "history", "web", "-o", "json"]).exits(0).out;
        assert_eq!(history.matches("\"revision\"").count(), 1, "{history}");

        let unknown = helm.run(&["safe-upgrade", "--namespace", name, "nosuch", "--dry-run"]);
        let unknown = unknown.exits(1);
        assert!(unknown.err.contains(&format!("{name}/release/nosuch not found")), "{unknown:#?}");
        let nowhere = ["safe-upgrade", "list", "--kube-apiserver", "https://127.0.0.1:1"];
        helm.run(&nowhere).exits(9);
    }
}

#[test]
fn the_plugin_is_updated_from_its_repository() {
    for major in MAJORS {
        let helm = Helm::new(major);
        let source = helm.source("source/safe-upgrade");
        let git = |args: &[&str]| {
            let mut command = Command::new("git");
            let author = ["-c", "user.name=a", "-c", "user.email=a@test"];
            command.env("HOME", helm.home()).arg("-C").arg(&source).args(author).args(args);
            let output = sure(command.output());
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        git(&["init", "--quiet", "--initial-branch=main"]);
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message=first"]);
        // The address of a server, which leads to the directory.
        let place = helm.home().join("source");
        let text = format!(
            "[url \"{}/\"]\n\tinsteadOf = ssh://git@git.test/\n[safe]\n\tdirectory = *\n",
            place.display()
        );
        sure(std::fs::write(helm.home().join(".gitconfig"), text));
        let address = "ssh://git@git.test/safe-upgrade";
        let unverified: &[&str] = if major == "helm4" { &["--verify=false"] } else { &[] };
        let install = [&["plugin", "install"], unverified, &[address]].concat();
        let helm_with = helm.set("SAFE_UPDATE_BIN", PROGRAM);
        helm_with.run(&install).exits(0);
        assert_eq!(helm.installed(), ["safe-upgrade"]);

        sure(std::fs::write(source.join("news"), "news\n"));
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message=second"]);
        let updated = helm_with.run(&["plugin", "update", "safe-upgrade"]).exits(0);
        assert!(updated.out.contains("Updated plugin: safe-upgrade"), "{updated:#?}");
        assert!(helm.plugins().join("safe-upgrade/news").exists(), "{major}");
        helm.run(&["safe-upgrade", "version"]).exits(0);
        helm.run(&["plugin", "uninstall", "safe-upgrade"]).exits(0);
        assert_eq!(helm.installed(), [""; 0], "{major}");
    }
}

impl Helm {
    /// Runs a program of this machine in the home; what it printed.
    #[track_caller]
    fn other(&self, program: &str, args: &[&str]) -> Vec<u8> {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.home())
            .env("GNUPGHOME", self.home().join("gnupg"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HELM_BIN", &self.program)
            .current_dir(self.home())
            .args(args)
            .stdin(Stdio::null());
        let output = command.output();
        let output =
            output.unwrap_or_else(|e| panic!("{program}: {e}: install it (Debian: gnupg)"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}: {said}");
        output.stdout
    }

    /// Packs the plugin as a release does; the archive.
    #[track_caller]
    fn packed(&self, args: &[&str]) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/dist/helm-plugin.sh");
        let out = self.home().join("out").display().to_string();
        self.other(script, &[&["--out", &out], args].concat());
        format!("{out}/safe-upgrade-{}.tgz", env!("CARGO_PKG_VERSION"))
    }
}

#[test]
fn helm_4_takes_an_archive_that_holds_the_program() {
    let helm = Helm::new("helm4");
    let archive = helm.packed(&["--binary", PROGRAM]);
    // Without a signature it is refused unless that is said to be all right.
    assert_ne!(helm.run(&["plugin", "install", &archive]).code, Some(0));
    let installed = helm.run(&["plugin", "install", "--verify=false", &archive]).exits(0);
    assert!(installed.out.contains("is there already"), "{installed:#?}");
    helm.run(&["safe-upgrade", "version"]).exits(0);
    helm.run(&["plugin", "uninstall", "safe-upgrade"]).exits(0);
    assert_eq!(helm.installed(), [""; 0]);
}

#[test]
fn helm_4_verifies_an_archive_that_is_signed() {
    use std::os::unix::fs::PermissionsExt;
    let helm = Helm::new("helm4");
    let keys = helm.home().join("gnupg");
    sure(std::fs::create_dir(&keys));
    sure(std::fs::set_permissions(&keys, PermissionsExt::from_mode(0o700)));
    let gpg = |args: &[&str]| helm.other("gpg", &[&["--batch", "--quiet"], args].concat());
    let name = "Release <release@example.com>";
    gpg(&["--passphrase", "", "--quick-gen-key", name, "rsa3072", "sign", "never"]);
    let file = |name: &str| helm.home().join(name).display().to_string();
    let (secret, public) = (file("secring.gpg"), file("pubring.gpg"));
    sure(std::fs::write(&secret, gpg(&["--export-secret-keys"])));
    sure(std::fs::write(&public, gpg(&["--export"])));
    helm.other("gpgconf", &["--kill", "gpg-agent"]);

    let signed = ["--binary", PROGRAM, "--key", "Release", "--keyring", &secret];
    let archive = helm.packed(&signed);
    let install = ["plugin", "install", "--keyring", &public, &archive];
    let installed = helm.run(&install).exits(0);
    assert!(installed.err.contains(name) || installed.out.contains(name), "{installed:#?}");
    helm.run(&["safe-upgrade", "version"]).exits(0);
    helm.run(&["plugin", "uninstall", "safe-upgrade"]).exits(0);
    // Whoever changes a byte of it is found out.
    let mut bytes = sure(std::fs::read(&archive));
    bytes.push(b'\n');
    sure(std::fs::write(&archive, bytes));
    assert_ne!(helm.run(&install).code, Some(0));
    assert_eq!(helm.installed(), [""; 0]);
}

#[test]
fn an_installation_that_fails_says_why() {
    for major in MAJORS {
        let helm = Helm::new(major);
        let source = helm.source("source/safe-upgrade").display().to_string();
        let install = ["plugin", "install", &source];
        let failed = helm.set("SAFE_UPDATE_URL", "file:///nowhere").run(&install);
        assert_ne!(failed.code, Some(0));
        assert!(failed.err.contains("set SAFE_UPDATE_TARBALL or SAFE_UPDATE_BIN"), "{failed:#?}");
        let bin = Path::new(&source).join("bin");
        assert_eq!(sure(std::fs::read_dir(bin)).count(), 0, "{}", helm.major);
        // What it says to do leads to a plugin that works.
        assert!(failed.err.contains("helm plugin uninstall safe-upgrade"), "{failed:#?}");
        helm.run(&["plugin", "uninstall", "safe-upgrade"]).exits(0);
        helm.set("SAFE_UPDATE_BIN", PROGRAM).run(&install).exits(0);
        helm.run(&["safe-upgrade", "version"]).exits(0);
    }
}
