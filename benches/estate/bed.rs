//! The servers that are measured against: held by somebody, or started and filled here.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::measure::{Measured, measure};

/// A filled bed. What was started here ends when it is dropped, because its standard input closes.
pub(crate) struct Bed {
    settings: BTreeMap<String, String>,
    home: tempfile::TempDir,
    servers: Option<Child>,
}

impl Bed {
    /// The bed that `SAFE_UPDATE_BED` names, or a new one.
    pub(crate) fn open() -> Self {
        let (directory, servers) = match std::env::var_os("SAFE_UPDATE_BED") {
            Some(directory) => (PathBuf::from(directory), None),
            None => start(),
        };
        let text = std::fs::read_to_string(directory.join("bed.env")).expect("bed.env of the bed");
        let settings: BTreeMap<String, String> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let home = tempfile::tempdir().expect("a temporary directory");
        let bed = Self { settings, home, servers };
        if bed.servers.is_some() {
            let status = Command::new(script("scale.sh"))
                .arg(bed.kubeconfig())
                .arg(bed.registry())
                .status()
                .expect("scale.sh runs");
            assert!(status.success(), "scale.sh failed");
        }
        bed
    }

    fn setting(&self, name: &str) -> &str {
        self.settings.get(name).unwrap_or_else(|| panic!("bed.env has no {name}"))
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        Path::new(self.setting("KUBECONFIG"))
    }

    pub(crate) fn registry(&self) -> &str {
        self.setting("REGISTRY")
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn describe(&self) -> String {
        let server = self.kubectl_text(&["version", "-o", "json"]);
        let version = server
            .split("\"gitVersion\": \"")
            .last()
            .and_then(|rest| rest.split('"').next())
            .unwrap_or("unknown")
            .to_owned();
        let names = self.kubectl_text(&["get", "deployments", "-A", "-o", "name"]);
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        format!("{} deployments, Kubernetes {version}, {cores} cores", names.lines().count())
    }

    fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.setting("KUBECTL"));
        command.arg("--kubeconfig").arg(self.kubeconfig()).args(arguments);
        command.env("HOME", self.home());
        command
    }

    fn kubectl_text(&self, arguments: &[&str]) -> String {
        let output = self.kubectl(arguments).output().expect("kubectl runs");
        assert!(output.status.success(), "kubectl {arguments:?} failed");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) fn kubectl_get(&self) -> Measured {
        measure(&mut self.kubectl(&["get", "deployments", "-A", "-o", "name"]))
    }

    /// One unpaged request for everything, by curl.
    pub(crate) fn plain_list(&self) -> Measured {
        let view = |path: &str| {
            let path = format!("jsonpath={{{path}}}");
            self.kubectl_text(&["config", "view", "--raw", "--minify", "-o", &path])
        };
        let server = view(".clusters[0].cluster.server");
        let token = view(".users[0].user.token");
        let mut command = Command::new("curl");
        command
            .args(["--disable", "--silent", "--fail", "--insecure", "--output", "/dev/null"])
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .arg(format!("{server}/apis/apps/v1/deployments"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        measure(&mut command)
    }

    /// A policy that asks another address for what the bed's registry has.
    pub(crate) fn policy_with_mirror(&self, address: &str) -> PathBuf {
        let file = self.home().join("mirror.yaml");
        let text = format!(
            "version: 1\nregistries:\n  \"{}\": {{mirror: \"{address}\", maxInFlight: 32}}\n",
            self.registry()
        );
        std::fs::write(&file, text).expect("a policy");
        file
    }

    pub(crate) fn tag_file(&self, count: usize) -> PathBuf {
        let file = self.home().join("tags.txt");
        let tags: Vec<String> = (0..count)
            .map(|number| format!("{}.{}.{}", number / 1000, number / 40 % 25, number % 40))
            .collect();
        std::fs::write(&file, tags.join("\n")).expect("a tag file");
        file
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if let Some(servers) = &mut self.servers {
            drop(servers.stdin.take());
            let _ = servers.wait();
        }
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed").join(name)
}

fn start() -> (PathBuf, Option<Child>) {
    let mut servers = Command::new(script("up.sh"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("up.sh runs");
    let output = servers.stdout.take().expect("a pipe");
    for line in BufReader::new(output).lines() {
        let line = line.expect("text");
        if let Some(directory) = line.strip_prefix("READY ") {
            return (PathBuf::from(directory), Some(servers));
        }
    }
    let _ = servers.wait();
    panic!("the bed did not start; run tests/bed/up.sh by hand to see why");
}
