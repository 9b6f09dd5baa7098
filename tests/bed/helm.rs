//! The real Helm in both of its majors, each with a home of its own, and charts that a test makes and packages.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::bed::{Namespace, Running, SafeUpdate, bed};

/// The names under which the two majors are found.
pub(crate) const MAJORS: [&str; 2] = ["helm3", "helm4"];

/// The value of what cannot fail here.
#[track_caller]
pub(crate) fn sure<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Does the same with both majors, side by side; the thread that panics has the name of its major.
pub(crate) fn both(test: impl Fn(&'static str) + Sync) {
    std::thread::scope(|scope| {
        for major in MAJORS {
            let test = &test;
            let builder = std::thread::Builder::new().name(major.to_owned());
            sure(builder.spawn_scoped(scope, move || test(major)));
        }
    });
}

/// One of the two programs, with a home of its own, that works in one namespace.
#[derive(Debug, Clone)]
pub(crate) struct Helm {
    program: PathBuf,
    home: Arc<TempDir>,
    namespace: String,
    driver: &'static str,
}

/// A program of the bed, where it is; the error says how it can be had.
pub(crate) fn find_tool(name: &str) -> Result<PathBuf, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/get.sh");
    let output = sure(Command::new(script).args(["--have", name]).output());
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim_end().split_once('=') {
        Some((_, path)) if output.status.success() => Ok(path.into()),
        _ => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// A program of the bed.
#[track_caller]
pub(crate) fn tool(name: &str) -> PathBuf {
    find_tool(name).unwrap_or_else(|why| panic!("no {name}: {why}"))
}

impl Helm {
    /// The program of a major, with Helm's own driver.
    #[track_caller]
    pub(crate) fn new(major: &str, namespace: &Namespace) -> Self {
        Self {
            program: tool(major),
            home: Arc::new(sure(TempDir::with_prefix("safe-update-helm."))),
            namespace: namespace.name().to_owned(),
            driver: "",
        }
    }

    /// With another driver: `configmap`, `sql`.
    pub(crate) fn driver(mut self, driver: &'static str) -> Self {
        self.driver = driver;
        self
    }

    /// Its home, in which it runs.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The environment in which it finds its files, for whoever calls it.
    fn environment(&self) -> Vec<(&'static str, OsString)> {
        let home = self.home();
        vec![
            ("HELM_CONFIG_HOME", home.join("config").into()),
            ("HELM_CACHE_HOME", home.join("cache").into()),
            ("HELM_DATA_HOME", home.join("data").into()),
            ("HELM_REPOSITORY_CONFIG", home.join("config/repositories.yaml").into()),
            ("HELM_REPOSITORY_CACHE", home.join("cache/repository").into()),
            ("HELM_DRIVER", self.driver.into()),
        ]
    }

    /// The program under test with this helm, its files and its driver.
    pub(crate) fn caller(&self, program: SafeUpdate) -> SafeUpdate {
        let program = program.env("HELM_BIN", &self.program);
        self.environment()
            .into_iter()
            .fold(program, |program, (name, value)| program.env(name, value))
    }

    /// Tells it which repositories there are, by name and address.
    #[track_caller]
    pub(crate) fn knows(&self, repositories: &[(&str, &str)]) {
        let entries =
            repositories.iter().map(|(name, url)| format!("- {{name: {name}, url: \"{url}\"}}\n"));
        let text = format!("apiVersion: \"\"\nrepositories:\n{}", entries.collect::<String>());
        self.file("config/repositories.yaml", &text);
    }

    /// Writes a file below its home.
    #[track_caller]
    pub(crate) fn file(&self, path: &str, text: &str) -> PathBuf {
        let file = self.home().join(path);
        sure(std::fs::create_dir_all(file.parent().unwrap_or(&file)));
        sure(std::fs::write(&file, text));
        file
    }

    /// A command of it, not started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("HOME", self.home())
            .env("KUBECONFIG", bed().kubeconfig())
            .envs(self.environment())
            .current_dir(self.home())
            .args(["--namespace", &self.namespace])
            .args(args)
            .stdin(Stdio::null());
        command
    }

    /// Its standard output.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let output = sure(self.command(args).output());
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Fails unless it fails; what it said.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        let output = sure(self.command(args).output());
        assert!(!output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Its answer in JSON.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        sure(serde_json::from_str(&self.run(&[args, &["-o", "json"]].concat())))
    }

    /// The newest revision of a release as `NUMBER STATUS CHART-VERSION`.
    #[track_caller]
    pub(crate) fn newest(&self, release: &str) -> String {
        self.history(release).pop().unwrap_or_default()
    }

    /// All revisions of a release, the oldest first, as `NUMBER STATUS CHART-VERSION`.
    #[track_caller]
    pub(crate) fn history(&self, release: &str) -> Vec<String> {
        let history = self.json(&["history", release]);
        let text = |one: &Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
        let revisions = history.as_array().into_iter().flatten();
        revisions
            .map(|one| {
                format!("{} {} {}", one["revision"], text(one, "status"), text(one, "chart"))
            })
            .collect()
    }

    /// Writes a chart as a directory; where it is.
    #[track_caller]
    pub(crate) fn unpacked(&self, chart: &Chart) -> PathBuf {
        let directory = format!("charts/{}-{}/{}", chart.name, chart.version, chart.name);
        for (file, text) in chart.files() {
            self.file(&format!("{directory}/{file}"), &text);
        }
        self.home().join(directory)
    }

    /// Packages a chart into a directory; the archive.
    #[track_caller]
    pub(crate) fn package(&self, chart: &Chart, into: &Path) -> PathBuf {
        let directory = self.unpacked(chart);
        self.run(&["package", &shown(&directory), "--destination", &shown(into)]);
        into.join(format!("{}-{}.tgz", chart.name, chart.version))
    }

    /// The helm that a run of the program has started last.
    #[track_caller]
    pub(crate) fn child_of(&self, running: &Running) -> u32 {
        running.child(&self.program)
    }
}

/// A path as an argument.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A chart that is being put together.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    name: String,
    version: String,
    head: String,
    values: String,
    templates: Vec<(String, String)>,
}

impl Chart {
    /// A chart without templates.
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            head: String::new(),
            values: String::new(),
            templates: Vec::new(),
        }
    }

    /// A further line of `Chart.yaml`, such as `appVersion: "2.0"`.
    pub(crate) fn head(mut self, line: &str) -> Self {
        self.head.push_str(line);
        self.head.push('\n');
        self
    }

    /// Further lines of `values.yaml`.
    pub(crate) fn values(mut self, lines: &str) -> Self {
        self.values.push_str(lines);
        self.values.push('\n');
        self
    }

    /// A template.
    pub(crate) fn template(mut self, name: &str, text: &str) -> Self {
        self.templates.push((format!("templates/{name}"), text.to_owned()));
        self
    }

    fn files(&self) -> Vec<(String, String)> {
        let Self { name, version, head, .. } = self;
        let head = format!("apiVersion: v2\nname: {name}\nversion: {version}\n{head}");
        let mut files = self.templates.clone();
        files.push(("Chart.yaml".to_owned(), head));
        files.push(("values.yaml".to_owned(), self.values.clone()));
        files
    }
}
