//! The helm process: found, asked for its version, started with the same connection as ours. No shell,
//! and of secrets only what the user himself puts on the command line. What it says is bounded, and
//! never taken for what happened: that is read from the storage of releases.

mod error;
mod streams;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::process::{Child, Command};

use super::alive::Alive;
use super::chart::Indexes;
use super::copies::{Copies, Lent};
use super::group::Group;
use super::words::{masked, without_credentials, without_values};
use crate::domain::chart::ChartVersion;
use streams::{bounded, end_of, last};

pub use error::HelmError;

/// The most that is read of what helm prints: a rendered release may have tens of megabytes.
const STDOUT_MAX: u64 = 64 << 20;
/// The most that is kept of its messages.
const STDERR_MAX: usize = 64 << 10;
/// How long helm may take to say its version.
const VERSION_DEADLINE: Duration = Duration::from_secs(20);
/// How long helm may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(15);

/// What helm is started with.
#[derive(Debug, Clone, Default)]
pub struct HelmSettings {
    /// `$HELM_BIN`, where it says something.
    pub program: Option<OsString>,
    /// Kubeconfig, where one was named.
    pub kubeconfig: Option<PathBuf>,
    /// The context that was connected to, whatever is current by now; none inside of a cluster.
    pub context: Option<String>,
    /// Address of the server, where one was named.
    pub server: Option<String>,
    /// Token, where one was given: helm gets it in its environment, which only its user may read.
    pub token: Option<SecretString>,
    /// Certificate authority, where one was named.
    pub ca: Option<PathBuf>,
    /// Whom to impersonate.
    pub as_user: Option<String>,
    /// With which groups.
    pub as_groups: Vec<String>,
    /// The name to expect in the server's certificate.
    pub tls_server_name: Option<String>,
    /// Do not verify the server's certificate.
    pub insecure: bool,
    /// A flag that says something about the connection which helm cannot be told.
    pub untold: Option<&'static str>,
    /// The files that it is handed, which it calls by other names than the user does.
    pub copies: Copies,
}

/// A helm that was found and may be used.
#[derive(Debug, Clone)]
pub struct Helm {
    program: PathBuf,
    version: ChartVersion,
    settings: Arc<HelmSettings>,
    pub(super) indexes: Arc<tokio::sync::Mutex<Indexes>>,
}

/// One call of helm.
#[derive(Debug, Default)]
pub struct Call<'a> {
    /// The arguments, the verb first.
    pub arguments: Vec<OsString>,
    /// The namespace of the release.
    pub namespace: Option<&'a str>,
    /// Further environment.
    pub environment: Vec<(&'static str, OsString)>,
    /// How long it may take.
    pub deadline: Duration,
    /// Texts that are masked in what it says.
    pub secrets: &'a [SecretString],
    /// Held as long as it lives, whoever else ends before.
    pub alive: Option<&'a Alive>,
    /// The exit codes that are no failure; none means 0 alone.
    pub success: &'a [i32],
}

/// What helm printed when all went well.
#[derive(Debug)]
pub struct Printed {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error, secrets masked.
    pub stderr: String,
    /// The exit code.
    pub code: i32,
}

impl Helm {
    /// Finds helm and asks for its version.
    ///
    /// # Errors
    /// There is none, or it is too old.
    pub async fn find(settings: HelmSettings) -> Result<Self, HelmError> {
        if let Some(flag) = settings.untold {
            return Err(HelmError::Untold { flag });
        }
        let named = settings.program.clone().filter(|program| !program.is_empty());
        let program = PathBuf::from(named.unwrap_or_else(|| "helm".into()));
        let mut helm = Self {
            program,
            version: ChartVersion::default(),
            settings: Arc::new(settings),
            indexes: Arc::default(),
        };
        let printed = helm
            .run(&Call {
                arguments: ["version", "--template", "{{.Version}}"].map(Into::into).to_vec(),
                deadline: VERSION_DEADLINE,
                ..Call::default()
            })
            .await?;
        let said = String::from_utf8_lossy(&printed.stdout).trim().to_owned();
        let program = helm.program.display().to_string();
        let said: String = said.chars().take(60).collect();
        let Ok(version) = said.parse::<ChartVersion>() else {
            let said = if said.is_empty() { "nothing".into() } else { said };
            return Err(HelmError::NoVersion { program, said });
        };
        if !version.is_at_least(3, 14) {
            return Err(HelmError::TooOld { program, version: said });
        }
        helm.version = version;
        Ok(helm)
    }

    /// Its version.
    pub fn version(&self) -> &ChartVersion {
        &self.version
    }

    /// Its major version.
    pub fn major(&self) -> u64 {
        self.version.major()
    }

    /// The files that it is handed.
    pub(super) fn copies(&self) -> &Copies {
        &self.settings.copies
    }

    /// The same helm, handed other files.
    pub(super) fn with_copies(&self, copies: Copies) -> Self {
        let settings = HelmSettings { copies, ..HelmSettings::clone(&self.settings) };
        Self { settings: Arc::new(settings), ..self.clone() }
    }

    /// The program, as it is started.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs helm to its end. Nobody's Ctrl-C reaches it: it has a process group of its own, so that
    /// what was begun comes to an end.
    ///
    /// # Errors
    /// It could not be started, failed, or took too long.
    pub async fn run(&self, call: &Call<'_>) -> Result<Printed, HelmError> {
        let verb = call.arguments.first().map(|verb| verb.to_string_lossy().into_owned());
        let verb = verb.unwrap_or_default();
        // What writes goes on when we are gone, and a pipe without a reader would end it.
        let kept = match call.alive {
            Some(_) => Some(tempfile::tempfile().map_err(|error| self.missing(&error))?),
            None => None,
        };
        let copies =
            self.settings.copies.lend(&call.arguments).map_err(|error| self.missing(&error))?;
        let mut child = self.start(call, &copies, kept.as_ref())?;
        // What only reads is ended with all that it started, also when nobody waits for it any more.
        let group = Group::new(child.id(), call.alive.is_none());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (stdout, stderr) =
                tokio::join!(bounded(stdout, STDOUT_MAX), last(stderr, STDERR_MAX));
            let status = child.wait().await;
            let stderr = match kept {
                Some(file) => end_of(file, STDERR_MAX),
                None => stderr,
            };
            (status, stdout, stderr)
        };
        tokio::pin!(work);
        let Ok((status, stdout, stderr)) = tokio::time::timeout(call.deadline, &mut work).await
        else {
            // Asked to end, it still writes down what became of the release. One that does not end
            // is left to itself: while it lives, its lock says so.
            group.ask_to_end();
            let ended = tokio::time::timeout(GRACE, &mut work).await;
            group.done(ended.is_ok());
            return Err(HelmError::Timeout { verb, deadline: call.deadline });
        };
        group.done(true);
        let stderr = copies.named(String::from_utf8_lossy(&stderr).into_owned());
        // The server quotes whole objects in what it does not take, and helm quotes the server.
        let stderr = without_values(&without_credentials(&masked(&stderr, call.secrets)));
        let failed = |message: String, killed| HelmError::Failed {
            verb: verb.clone(),
            message,
            said: stderr.trim().to_owned(),
            killed,
        };
        let status = status.map_err(|error| failed(error.to_string(), true))?;
        let success =
            status.success() || status.code().is_some_and(|code| call.success.contains(&code));
        if !success {
            let message = match signal(status) {
                Some(signal) => format!("signal {signal} ended it"),
                None => told(&stderr),
            };
            return Err(failed(message, status.code().is_none()));
        }
        if stdout.cut {
            let mib = STDOUT_MAX >> 20;
            return Err(failed(format!("it printed more than {mib} MiB"), false));
        }
        Ok(Printed { stdout: stdout.read, stderr, code: status.code().unwrap_or_default() })
    }

    fn start(
        &self,
        call: &Call<'_>,
        copies: &Lent<'_>,
        kept: Option<&File>,
    ) -> Result<Child, HelmError> {
        let mut command = Command::new(&self.program);
        let (stdout, stderr) = match kept {
            Some(file) => {
                let file = file.try_clone().map_err(|error| self.missing(&error))?;
                (Stdio::null(), Stdio::from(file))
            }
            None => (Stdio::piped(), Stdio::piped()),
        };
        command
            .args(call.arguments.iter().map(|argument| copies.place(argument)))
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            // Nobody waits for a call that was given up; one that writes ends by itself.
            .kill_on_drop(call.alive.is_none());
        #[cfg(unix)]
        command.process_group(0);
        self.connect(&mut command);
        if let Some(namespace) = call.namespace {
            command.env("HELM_NAMESPACE", namespace);
        }
        for (name, value) in &call.environment {
            command.env(name, value);
        }
        let missing = |error: std::io::Error| self.missing(&error);
        // Nothing else is started between these lines: there is no await, and one thread.
        if let Some(alive) = call.alive {
            alive.inherit(true).map_err(missing)?;
        }
        let child = command.spawn();
        if let Some(alive) = call.alive {
            alive.inherit(false).map_err(missing)?;
        }
        child.map_err(missing)
    }

    fn missing(&self, error: &std::io::Error) -> HelmError {
        HelmError::Missing {
            program: self.program.display().to_string(),
            message: error.to_string(),
        }
    }

    /// Tells helm, through its environment, which cluster is meant and who asks: exactly what was told
    /// us. What stands there for helm alone would send it to another cluster than the one that was
    /// looked at.
    fn connect(&self, command: &mut Command) {
        let settings = &self.settings;
        for name in CONNECTION {
            command.env_remove(name);
        }
        // What an outer helm left empty means nothing.
        for (name, value) in std::env::vars_os() {
            if value.is_empty() && name.as_encoded_bytes().starts_with(b"HELM_") {
                command.env_remove(name);
            }
        }
        let mut set = |name: &str, value: Option<&OsStr>| {
            if let Some(value) = value {
                command.env(name, value);
            }
        };
        set("KUBECONFIG", settings.kubeconfig.as_deref().map(Path::as_os_str));
        set("HELM_KUBECONTEXT", settings.context.as_deref().map(OsStr::new));
        set("HELM_KUBEAPISERVER", settings.server.as_deref().map(OsStr::new));
        set("HELM_KUBECAFILE", settings.ca.as_deref().map(Path::as_os_str));
        set("HELM_KUBEASUSER", settings.as_user.as_deref().map(OsStr::new));
        set("HELM_KUBETLS_SERVER_NAME", settings.tls_server_name.as_deref().map(OsStr::new));
        let token = settings.token.as_ref().map(|token| OsString::from(token.expose_secret()));
        set("HELM_KUBETOKEN", token.as_deref());
        let groups = settings.as_groups.join(",");
        set("HELM_KUBEASGROUPS", (!groups.is_empty()).then_some(OsStr::new(&groups)));
        set("HELM_KUBEINSECURE_SKIP_TLS_VERIFY", settings.insecure.then_some(OsStr::new("true")));
    }
}

/// The variables by which helm is told of a connection (`pkg/cli/environment.go`).
const CONNECTION: [&str; 9] = [
    "HELM_NAMESPACE",
    "HELM_KUBECONTEXT",
    "HELM_KUBEAPISERVER",
    "HELM_KUBETOKEN",
    "HELM_KUBEASUSER",
    "HELM_KUBEASGROUPS",
    "HELM_KUBECAFILE",
    "HELM_KUBETLS_SERVER_NAME",
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
];

/// The signal that ended a program.
#[cfg(unix)]
fn signal(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// There are none elsewhere.
#[cfg(not(unix))]
fn signal(_: std::process::ExitStatus) -> Option<i32> {
    None
}

/// The error of helm's messages: warnings come first, and the last `Error:` says what happened.
fn told(stderr: &str) -> String {
    let from = stderr.rfind("Error: ").map_or(0, |at| at + "Error: ".len());
    let text = stderr[from..].trim();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = lines.join("; ");
    if text.is_empty() { "it failed without a message".into() } else { text }
}

#[cfg(test)]
#[cfg(unix)]
pub(super) mod tests;
