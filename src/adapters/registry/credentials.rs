//! Which credentials apply to a repository, and in which order they are tried.
//!
//! 1. the explicit pair (`REGISTRY_USERNAME`, `REGISTRY_PASSWORD`), for `REGISTRY_HOST` only,
//! 2. the pull secrets of the workload, as the kubelet reads them,
//! 3. this machine's: `DOCKER_AUTH_CONFIG`, Helm's `registry/config.json` where it was handed in,
//!    Docker's `config.json`, `REGISTRY_AUTH_FILE`, Podman's `auth.json`; in each file `credHelpers`, else `credsStore`, else `auths`,
//! 4. nobody.
//!
//! A file that cannot be read is a note for the error that may follow; a helper that fails is an
//! error for its host, because other credentials instead could name another user. Reads no
//! environment: what was found there is handed in.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ring::digest;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;

use super::docker_config::DockerConfig;
use super::flight::Flights;
use super::helper;
use crate::adapters::hash::hex;
use crate::domain::image::{DOCKER_HUB, Registry as Host};
use crate::domain::inventory::PullIdentity;
use crate::ports::PullSecrets;

/// A file of credentials that is longer is none.
const MAX_FILE: u64 = 4 << 20;

/// Where credentials may come from, as the environment of the process says.
#[derive(Debug, Clone, Default)]
pub struct CredentialSources {
    /// A user name and password that were given for one host.
    pub explicit: Option<ExplicitCredential>,
    /// The value of `DOCKER_AUTH_CONFIG`: JSON as in Docker's `config.json`, `auths` only.
    pub docker_auth_config: Option<SecretString>,
    /// Helm's `registry/config.json`, where charts are looked up.
    pub helm_config: Option<PathBuf>,
    /// The value of `DOCKER_CONFIG`: the directory of `config.json`.
    pub docker_config: Option<PathBuf>,
    /// The home directory, for `.docker/config.json` and Podman's `.config/containers/auth.json`.
    pub home: Option<PathBuf>,
    /// The value of `REGISTRY_AUTH_FILE`.
    pub registry_auth_file: Option<PathBuf>,
    /// The value of `XDG_RUNTIME_DIR`, for Podman's `containers/auth.json`.
    pub runtime_dir: Option<PathBuf>,
    /// The search path for credential helpers; none means that of this process.
    pub helper_path: Option<OsString>,
}

/// A user name and password for one host. Without a host such a pair is not usable: it would have
/// to be sent to every registry that a cluster happens to name.
#[derive(Debug, Clone)]
pub struct ExplicitCredential {
    /// The only host that sees it.
    pub host: Host,
    /// User name.
    pub username: String,
    /// Password or access token.
    pub password: SecretString,
}

/// Something to show to a registry.
#[derive(Clone)]
pub(super) enum Credential {
    /// User name and password.
    Password {
        /// The user.
        username: String,
        /// The password.
        secret: SecretString,
    },
    /// A refresh token, exchanged for access tokens (`OAuth2`).
    IdentityToken(SecretString),
    /// An access token, shown as it is.
    RegistryToken(SecretString),
}

/// A credential and where it was found.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) credential: Credential,
    /// For people: `pull secret`, `~/.docker/config.json`.
    pub(super) source: Arc<str>,
    /// SHA-256 over kind, host, user and secret: what separates caches.
    pub(super) fingerprint: Fingerprint,
}

/// A SHA-256 value that stands for credentials and reveals none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Fingerprint([u8; 32]);

/// The credentials for one repository, in the order in which they are tried.
#[derive(Debug, Default)]
pub(super) struct CredentialSet {
    pub(super) candidates: Vec<Candidate>,
    /// A helper failed: reported instead of going on as nobody.
    pub(super) failure: Option<String>,
    /// What could not be read, for the message if access is refused.
    pub(super) notes: Vec<String>,
    /// Stands for all candidates with their secrets.
    pub(super) exact: Fingerprint,
    /// Stands for their hosts and users alone: the same after a token was renewed.
    pub(super) account: Fingerprint,
}

type Parsed = Result<DockerConfig, String>;
type Helped = Result<Option<Credential>, String>;

/// Finds credentials; reads every file, secret and helper once.
pub(super) struct Credentials {
    sources: CredentialSources,
    pull_secrets: Option<Arc<dyn PullSecrets>>,
    helper_deadline: Duration,
    offline: bool,
    machine: OnceCell<Vec<(Arc<str>, Parsed)>>,
    identities: Flights<PullIdentity, Arc<Vec<Parsed>>>,
    helped: Flights<(String, String), Helped>,
}

impl Credentials {
    pub(super) fn new(
        sources: CredentialSources,
        pull_secrets: Option<Arc<dyn PullSecrets>>,
        helper_deadline: Duration,
        offline: bool,
    ) -> Self {
        Self {
            sources,
            pull_secrets,
            helper_deadline,
            offline,
            machine: OnceCell::new(),
            identities: Flights::default(),
            helped: Flights::default(),
        }
    }

    /// The credentials for `path` on `host` (`docker.io` for Docker Hub). Without a network
    /// (`offline`) a failing helper is passed over: nothing will be sent anyway.
    pub(super) async fn resolve(
        &self,
        host: &str,
        path: &str,
        pull: Option<&PullIdentity>,
    ) -> CredentialSet {
        let mut set = CredentialSet::default();
        if let Some(explicit) = &self.sources.explicit
            && explicit.host.as_str().eq_ignore_ascii_case(host)
        {
            let credential = Credential::new(explicit.username.clone(), explicit.password.clone());
            set.add(host, credential, &"REGISTRY_USERNAME".into());
        }
        if let (Some(pull), Some(secrets)) = (pull, &self.pull_secrets) {
            let source: Arc<str> = "pull secret".into();
            for config in self.pull_secrets(secrets.as_ref(), pull).await.iter() {
                match config {
                    Ok(config) => {
                        for credential in config.matching(host, path) {
                            set.add(host, credential.clone(), &source);
                        }
                    }
                    Err(note) => set.notes.push(note.clone()),
                }
            }
        }
        for (source, config) in self.machine().await {
            let config = match config {
                Ok(config) => config,
                Err(note) => {
                    set.notes.push(note.clone());
                    continue;
                }
            };
            let Some(name) = config.helper(host) else {
                for credential in config.matching(host, path) {
                    set.add(host, credential.clone(), source);
                }
                continue;
            };
            match self.helped(name, host).await {
                Ok(Some(credential)) => set.add(host, credential, source),
                Ok(None) => {}
                Err(message) if self.offline => set.notes.push(message),
                Err(message) => {
                    set.failure = Some(message);
                    break;
                }
            }
        }
        set.seal(host);
        set
    }

    async fn pull_secrets(
        &self,
        secrets: &dyn PullSecrets,
        pull: &PullIdentity,
    ) -> Arc<Vec<Parsed>> {
        let work = async {
            let texts = secrets.read(pull).await;
            let parsed = texts.iter().map(|text| {
                DockerConfig::read_secret(text.expose_secret())
                    .map_err(|error| format!("a pull secret of {}: {error}", pull.namespace))
            });
            Arc::new(parsed.collect())
        };
        self.identities.run(pull.clone(), work).await
    }

    async fn helped(&self, name: &str, host: &str) -> Helped {
        let server = if host == DOCKER_HUB { "https://index.docker.io/v1/" } else { host };
        let path = self.sources.helper_path.as_ref();
        let work = helper::get(name, server, path, self.helper_deadline);
        self.helped.run((name.to_owned(), host.to_owned()), work).await
    }

    /// The configurations of this machine that exist.
    async fn machine(&self) -> &[(Arc<str>, Parsed)] {
        let work = async {
            let mut found = Vec::new();
            if let Some(text) = &self.sources.docker_auth_config {
                // Docker takes only `auths` from this variable, as pull secrets have it.
                let config = DockerConfig::read_secret(text.expose_secret())
                    .map_err(|error| format!("DOCKER_AUTH_CONFIG: {error}"));
                found.push((Arc::from("DOCKER_AUTH_CONFIG"), config));
            }
            for file in self.files() {
                if let Some(text) = read_bounded(&file) {
                    let config = text.and_then(|text| {
                        DockerConfig::read(&text)
                            .map_err(|error| format!("{}: {error}", file.display()))
                    });
                    found.push((file.display().to_string().into(), config));
                }
            }
            found
        };
        self.machine.get_or_init(|| work).await
    }

    fn files(&self) -> Vec<PathBuf> {
        let sources = &self.sources;
        let home = |rest: &str| sources.home.as_ref().map(|home| home.join(rest));
        let docker = sources
            .docker_config
            .as_ref()
            .map(|directory| directory.join("config.json"))
            .or_else(|| home(".docker/config.json"));
        let runtime =
            sources.runtime_dir.as_ref().map(|directory| directory.join("containers/auth.json"));
        let mut files = Vec::new();
        let all = [
            sources.helm_config.clone(),
            docker,
            sources.registry_auth_file.clone(),
            runtime,
            home(".config/containers/auth.json"),
        ];
        for file in all.into_iter().flatten() {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        files
    }
}

/// Reads a file when it exists; trouble is text without content.
fn read_bounded(file: &Path) -> Option<Result<String, String>> {
    use std::io::Read as _;
    let opened = match std::fs::File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Err(format!("{}: {error}", file.display()))),
    };
    let mut text = String::new();
    Some(match opened.take(MAX_FILE).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("{}: {error}", file.display())),
    })
}

impl CredentialSet {
    fn add(&mut self, host: &str, credential: Credential, source: &Arc<str>) {
        let fingerprint = credential.fingerprint(host);
        if self.candidates.iter().all(|known| known.fingerprint != fingerprint) {
            self.candidates.push(Candidate { credential, source: Arc::clone(source), fingerprint });
        }
    }

    fn seal(&mut self, host: &str) {
        if self.candidates.is_empty() {
            return;
        }
        let mut exact = digest::Context::new(&digest::SHA256);
        let mut account = digest::Context::new(&digest::SHA256);
        for candidate in &self.candidates {
            exact.update(&candidate.fingerprint.0);
            let account_of = fingerprint(&[host, candidate.credential.user(), "account"]);
            account.update(&account_of.0);
        }
        self.exact = Fingerprint::finish(exact);
        self.account = Fingerprint::finish(account);
    }
}

impl Credential {
    /// The user, or a word for what stands in its place.
    pub(super) fn user(&self) -> &str {
        match self {
            Self::Password { username, .. } => username,
            Self::IdentityToken(_) => "<identity token>",
            Self::RegistryToken(_) => "<registry token>",
        }
    }

    fn fingerprint(&self, host: &str) -> Fingerprint {
        let secret = match self {
            Self::Password { secret, .. }
            | Self::IdentityToken(secret)
            | Self::RegistryToken(secret) => secret,
        };
        fingerprint(&[host, self.user(), secret.expose_secret()])
    }
}

/// Hashes parts with their lengths, so that no two lists of parts look alike.
fn fingerprint(parts: &[&str]) -> Fingerprint {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    Fingerprint::finish(context)
}

impl Fingerprint {
    fn finish(context: digest::Context) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }

    /// The first sixteen digits, for file names.
    pub(super) fn short(&self) -> String {
        hex(&self.0[..8])
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.short())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential({:?}, [masked])", self.user())
    }
}
