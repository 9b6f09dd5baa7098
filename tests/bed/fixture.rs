//! The one bed of a test run: started by `up.sh` on first use, shared by all tests, ended with the test process.
//!
//! `up.sh` ends its servers when its standard input ends. This process holds the other end and never closes it, so the
//! kernel does, however the process ends: by returning, by a panic or by a kill.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use tempfile::TempDir;

use crate::bed::program::{self, Run};
use crate::bed::{Audit, Namespace, Node, Proxy, Registry, SafeUpdate};

/// What one command of kubectl or crane may take; the longest waits that tests ask for are half a minute.
const TOOL_DEADLINE: Duration = Duration::from_mins(1);

/// The servers of this test run; the first call starts them, which takes a few seconds.
///
/// With `SAFE_UPDATE_BED=DIR` a bed that `tests/bed/up.sh DIR` holds in another terminal is used as it is.
///
/// # Panics
///
/// When a server is missing or does not start; the message says what to do.
pub(crate) fn bed() -> &'static Bed {
    static BED: LazyLock<Result<Bed, String>> =
        LazyLock::new(|| match std::env::var_os("SAFE_UPDATE_BED") {
            Some(dir) => Bed::open(PathBuf::from(dir), None),
            None => Bed::start(),
        });
    // The failure is kept as a value, so that each test says it, not only the one that happened to be first.
    match &*BED {
        Ok(bed) => bed,
        Err(why) => panic!("{why}"),
    }
}

/// A control plane with simulated nodes, an open registry and one that asks for credentials.
#[derive(Debug)]
pub(crate) struct Bed {
    dir: PathBuf,
    places: HashMap<String, String>,
    /// The supervisor; its standard input is what keeps the servers running.
    _lifeline: Option<Child>,
}

impl Bed {
    fn start() -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/up.sh");
        let mut child = Command::new(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", script.display()))?;
        let output = child.stdout.take().ok_or("up.sh has no standard output")?;
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(|e| format!("reading from up.sh: {e}"))?;
        match line.trim_end().strip_prefix("READY ") {
            Some(dir) => Self::open(PathBuf::from(dir), Some(child)),
            None => Err(
                "the real servers did not start; why is on standard error, in the lines that begin with `bed:`"
                    .to_owned(),
            ),
        }
    }

    fn open(dir: PathBuf, lifeline: Option<Child>) -> Result<Self, String> {
        let file = dir.join("bed.env");
        let text = std::fs::read_to_string(&file).map_err(|e| {
            format!("{}: {e}; is `tests/bed/up.sh DIR` running there?", file.display())
        })?;
        let places = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(Self { dir, places, _lifeline: lifeline })
    }

    /// A real node beside the simulated ones; the first call starts it, which takes a few seconds.
    ///
    /// # Panics
    ///
    /// Without root, or when something is missing; the message says what to do.
    pub(crate) fn node(&self) -> &'static Node {
        static NODE: OnceLock<Result<Node, String>> = OnceLock::new();
        match NODE
            .get_or_init(|| Node::start(&self.dir, self.registry().reference("bed/busybox", "1")))
        {
            Ok(node) => node,
            Err(why) => panic!("{why}"),
        }
    }

    pub(super) fn place(&self, name: &str) -> &str {
        self.places
            .get(name)
            .unwrap_or_else(|| panic!("bed.env of {} lacks {name}", self.dir.display()))
    }

    /// Where the authority's and the API server's certificates are.
    pub(super) fn certificates(&self) -> PathBuf {
        self.dir.join("certs")
    }

    /// The kubeconfig of an administrator (member of `system:masters`), with the default namespace `default`.
    pub(crate) fn kubeconfig(&self) -> &Path {
        Path::new(self.place("KUBECONFIG"))
    }

    /// Runs kubectl as the administrator.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Run {
        self.kubectl_as(self.kubeconfig(), args, "")
    }

    /// Runs kubectl as the administrator with something on its standard input.
    pub(crate) fn kubectl_with_input(&self, args: &[&str], input: &str) -> Run {
        self.kubectl_as(self.kubeconfig(), args, input)
    }

    /// Runs kubectl with another kubeconfig, such as that of a restricted user.
    pub(crate) fn kubectl_as(&self, kubeconfig: &Path, args: &[&str], input: &str) -> Run {
        let mut command = assert_cmd::Command::new(self.place("KUBECTL"));
        command
            .env_remove("KUBECONFIG")
            .env("HOME", self.dir.join("home"))
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(args);
        program::run(command, input, TOOL_DEADLINE)
    }

    /// Applies manifests that name their namespaces themselves, or have none; they stay until the bed ends.
    #[track_caller]
    pub(crate) fn apply(&self, manifests: &str) {
        self.kubectl_with_input(&["apply", "-f", "-"], manifests).exits(0);
    }

    /// A new namespace, deleted when the value is dropped.
    pub(crate) fn namespace(&'static self) -> Namespace {
        Namespace::create(self)
    }

    /// The registry that asks for no credentials.
    pub(crate) fn registry(&self) -> Registry {
        Registry::open(self.place("REGISTRY"))
    }

    /// The registry that refuses everything without its one user's password.
    pub(crate) fn private_registry(&self) -> Registry {
        Registry::private(
            self.place("PRIVATE_REGISTRY"),
            self.place("PRIVATE_REGISTRY_USERNAME"),
            self.place("PRIVATE_REGISTRY_PASSWORD"),
        )
    }

    /// Watches what the API server is asked, from now on.
    pub(crate) fn audit(&self) -> Audit {
        Audit::from_now(Path::new(self.place("AUDIT_LOG")))
    }

    /// A proxy of this test's own in front of the API server, to make trouble and to count requests.
    pub(crate) fn proxy(&'static self) -> Proxy {
        Proxy::start(self)
    }

    /// A run of the program as the administrator, still to be given its arguments.
    pub(crate) fn program(&self) -> SafeUpdate {
        SafeUpdate::new(self.kubeconfig())
    }

    /// Runs the program as the administrator, with a home of its own.
    pub(crate) fn safe_update(&self, args: &[&str]) -> Run {
        self.program().run(args)
    }

    /// Runs kubectl with what is set up for the program, so that `safe-update` is a command of kubectl.
    pub(crate) fn plugin(&self, program: &SafeUpdate, args: &[&str]) -> Run {
        program.run_kubectl(Path::new(self.place("KUBECTL")), args)
    }

    /// Runs crane, an independent client of registries, with the credentials of a registry if it has any.
    pub(crate) fn crane(&self, registry: &Registry, args: &[&str]) -> Run {
        let config = TempDir::with_prefix("bed-crane.")
            .unwrap_or_else(|e| panic!("a directory for crane's configuration: {e}"));
        std::fs::write(config.path().join("config.json"), registry.docker_config())
            .unwrap_or_else(|e| panic!("crane's configuration: {e}"));
        let mut command = assert_cmd::Command::new(self.place("CRANE"));
        command.env("DOCKER_CONFIG", config.path()).args(args);
        program::run(command, "", TOOL_DEADLINE)
    }
}
