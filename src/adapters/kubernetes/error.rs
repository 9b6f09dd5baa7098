//! Why there is no connection to a cluster. No text of it carries a secret: not the content of
//! a kubeconfig, not the arguments or the environment of a credential plugin.

use std::path::PathBuf;
use std::time::Duration;

use kube::config::KubeconfigError;

/// Why no connection could be set up. [`ConnectError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The file that `--kubeconfig` names does not exist.
    #[error("the kubeconfig {} does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}{}: {message}", path.display(), place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line and column, where they are known.
        place: Option<(u64, u64)>,
        /// What is wrong.
        message: String,
    },
    /// No kubeconfig says anything, and this is no pod.
    #[error("there is no kubeconfig, and this is no pod with a service account")]
    NoConfiguration,
    /// No context is current.
    #[error("the kubeconfig has no current context")]
    NoCurrentContext {
        /// The contexts that there are.
        known: Vec<String>,
    },
    /// The context does not exist.
    #[error("the context {name:?} does not exist")]
    UnknownContext {
        /// What was asked for.
        name: String,
        /// The contexts that there are.
        known: Vec<String>,
    },
    /// The cluster entry does not exist.
    #[error("the kubeconfig has no cluster {name:?}")]
    UnknownCluster {
        /// What was asked for.
        name: String,
        /// The clusters that there are.
        known: Vec<String>,
    },
    /// The user entry does not exist.
    #[error("the kubeconfig has no user {name:?}")]
    UnknownUser {
        /// What was asked for.
        name: String,
        /// The users that there are.
        known: Vec<String>,
    },
    /// The cluster entry has no address.
    #[error("the kubeconfig gives no server")]
    NoServer,
    /// An address is malformed.
    #[error("the {what} address {url:?} is malformed")]
    MalformedUrl {
        /// `server` or `proxy`.
        what: &'static str,
        /// The address, without credentials.
        url: String,
    },
    /// A certificate is malformed.
    #[error("{place} has no usable certificate")]
    Certificate {
        /// Where it stands.
        place: String,
    },
    /// `--as-user-extra` is not `KEY=VALUE`.
    #[error("{0:?} is not KEY=VALUE")]
    MalformedExtra(String),
    /// A group, uid or extra to impersonate, without a user.
    #[error("a group, uid or extra value is impersonated, and no user")]
    NobodyToImpersonate,
    /// An old way of authentication.
    #[error("the auth provider {0:?} of the kubeconfig is not supported any more")]
    AuthProvider(String),
    /// Credential plugins are not allowed.
    #[error("the kubeconfig wants to run {command:?} for credentials, which is not allowed")]
    PluginDenied {
        /// The command, without its arguments.
        command: String,
    },
    /// The credential plugin failed.
    #[error("the credential plugin {command:?} {message}")]
    Plugin {
        /// The command, without its arguments.
        command: String,
        /// What happened.
        message: String,
        /// What the kubeconfig says about installing it.
        install: Option<String>,
    },
    /// The client could not be built in time.
    #[error("the connection could not be prepared within {} s", .0.as_secs())]
    Deadline(Duration),
    /// The client could not be built: certificates, keys, proxy.
    #[error("the connection could not be prepared: {0}")]
    Client(String),
}

impl ConnectError {
    /// What a person can do about it.
    pub fn hint(&self) -> String {
        let list = |what: &str, known: &[String]| match known {
            [] => format!("the kubeconfig has no {what}"),
            known => format!("the kubeconfig has: {}", known.join(", ")),
        };
        match self {
            Self::Missing { .. } | Self::NoConfiguration => {
                "set --kubeconfig or KUBECONFIG, or use -f to read manifests without a cluster"
                    .into()
            }
            Self::Unreadable { .. } => "check the path and the permissions of the file".into(),
            Self::Malformed { .. } => {
                "mend the file; `kubectl config view` shows what it says".into()
            }
            Self::NoCurrentContext { known } => {
                format!("choose one with --context; {}", list("contexts", known))
            }
            Self::UnknownContext { known, .. } => list("contexts", known),
            Self::UnknownCluster { known, .. } => list("clusters", known),
            Self::UnknownUser { known, .. } => list("users", known),
            Self::NoServer => "set `server` of the cluster, or --server".into(),
            Self::MalformedUrl { what: "proxy", .. } => {
                "write it as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT".into()
            }
            Self::MalformedUrl { .. } => "write it as https://HOST:PORT".into(),
            Self::Certificate { .. } => "it must hold certificates in PEM".into(),
            Self::MalformedExtra(_) => "write --as-user-extra KEY=VALUE".into(),
            Self::NobodyToImpersonate => "name the user with --as".into(),
            Self::AuthProvider(_) => "write the kubeconfig anew with the tool of your cloud".into(),
            Self::PluginDenied { .. } => {
                "give a token with --token, or allow it: without --no-exec, and in kubectl's kuberc"
                    .into()
            }
            Self::Plugin { install: Some(install), .. } => install.clone(),
            Self::Plugin { .. } => "run the command by hand and log in again".into(),
            Self::Deadline(_) => "try again; raise the deadline with --request-timeout".into(),
            Self::Client(_) => "check certificates, keys and proxy of the kubeconfig".into(),
        }
    }
}

impl From<KubeconfigError> for ConnectError {
    fn from(error: KubeconfigError) -> Self {
        Self::Client(error.to_string())
    }
}
