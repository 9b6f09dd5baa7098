//! Docker's `config.json` and its kin: Kubernetes pull secrets, Podman's `auth.json`.
//!
//! Keys of `auths` are matched as the kubelet does: scheme and `/v1/`, `/v2/` are cut off, each
//! label of the host may hold `*` and `?`, ports are equal, a path is a prefix of the repository
//! (of whole components), and the most specific key comes first. Never runs anything.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use secrecy::SecretString;
use serde::Deserialize;

use super::credentials::Credential;
use crate::domain::image::DOCKER_HUB;

/// One file of credentials.
#[derive(Debug, Default)]
pub(super) struct DockerConfig {
    /// Most specific first.
    auths: Vec<(Key, Credential)>,
    helpers: BTreeMap<String, String>,
    store: Option<String>,
}

/// A key of `auths`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    host: String,
    path: String,
}

#[derive(Deserialize)]
struct WireConfig {
    #[serde(default)]
    auths: Option<BTreeMap<String, Option<WireAuth>>>,
    #[serde(default, rename = "credHelpers")]
    helpers: Option<BTreeMap<String, String>>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Default, Deserialize)]
struct WireAuth {
    #[serde(default)]
    auth: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default, rename = "identitytoken")]
    identity_token: Option<String>,
    #[serde(default, rename = "registrytoken")]
    registry_token: Option<String>,
}

/// Why a text is no such configuration. Says where, never what stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConfigError {
    #[error("it is not JSON of the expected form (line {line}, column {column})")]
    Json { line: usize, column: usize },
    #[error("the entry for {key} has an `auth` that is not base64 of user:password")]
    Auth { key: String },
}

impl DockerConfig {
    /// Reads a configuration of this machine, with its helpers.
    pub(super) fn read(text: &str) -> Result<Self, ConfigError> {
        let wire: WireConfig = json(text)?;
        let mut config = Self::from_auths(wire.auths.unwrap_or_default())?;
        config.helpers = wire.helpers.unwrap_or_default();
        config.store = wire.store.filter(|store| !store.is_empty());
        Ok(config)
    }

    /// Reads a pull secret: the same form, or the older one without `auths`. Helpers named in it
    /// are ignored, because a cluster must not choose what runs on this machine.
    pub(super) fn read_secret(text: &str) -> Result<Self, ConfigError> {
        let wire: WireConfig = json(text)?;
        match wire.auths {
            Some(auths) => Self::from_auths(auths),
            None if wire.helpers.is_some() || wire.store.is_some() => Ok(Self::default()),
            None => Self::from_auths(json(text)?),
        }
    }

    fn from_auths(entries: BTreeMap<String, Option<WireAuth>>) -> Result<Self, ConfigError> {
        let mut auths = Vec::new();
        for (key, entry) in entries {
            // Docker writes empty entries for hosts whose credentials are in the store.
            if let Some(credential) = credential(&key, entry.unwrap_or_default())? {
                auths.push((Key::read(&key), credential));
            }
        }
        auths.sort_by_key(|(key, _)| std::cmp::Reverse(key.weight()));
        Ok(Self { auths, ..Self::default() })
    }

    /// The credentials that apply to a repository, most specific first.
    pub(super) fn matching(&self, host: &str, path: &str) -> impl Iterator<Item = &Credential> {
        self.auths
            .iter()
            .filter(move |(key, _)| key.matches(host, path))
            .map(|(_, credential)| credential)
    }

    /// The helper that keeps the credentials of a host. Where there is one, `auths` do not count.
    pub(super) fn helper(&self, host: &str) -> Option<&str> {
        self.helpers
            .iter()
            .find(|(key, _)| Key::read(key).host == host)
            .map(|(_, helper)| helper)
            .or(self.store.as_ref())
            .map(String::as_str)
    }
}

/// Reads JSON; the error of `serde_json` would quote the text.
fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ConfigError> {
    serde_json::from_str(text)
        .map_err(|error| ConfigError::Json { line: error.line(), column: error.column() })
}

fn credential(key: &str, entry: WireAuth) -> Result<Option<Credential>, ConfigError> {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (mut username, mut password) = (some(entry.username), some(entry.password));
    if let Some(auth) = some(entry.auth) {
        let malformed = || ConfigError::Auth { key: Key::read(key).to_string() };
        let bytes = STANDARD
            .decode(auth.trim())
            .or_else(|_| STANDARD_NO_PAD.decode(auth.trim()))
            .map_err(|_| malformed())?;
        let text = String::from_utf8(bytes).map_err(|_| malformed())?;
        let (user, secret) = text.split_once(':').ok_or_else(malformed)?;
        username = Some(user.to_owned());
        password = some(Some(secret.trim_end_matches('\0').to_owned()));
    }
    if let Some(token) = some(entry.registry_token) {
        return Ok(Some(Credential::RegistryToken(token.into())));
    }
    if let Some(token) = some(entry.identity_token) {
        return Ok(Some(Credential::IdentityToken(token.into())));
    }
    Ok(match (username, password) {
        (Some(username), Some(password)) => Some(Credential::new(username, password.into())),
        _ => None,
    })
}

impl Credential {
    /// A user name and its secret. `<token>` stands for an identity token (Docker's convention).
    pub(super) fn new(username: String, secret: SecretString) -> Self {
        if username == "<token>" {
            Self::IdentityToken(secret)
        } else {
            Self::Password { username, secret }
        }
    }
}

impl Key {
    fn read(text: &str) -> Self {
        let text = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .unwrap_or(text)
            .trim_end_matches('/');
        let (host, path) = text.split_once('/').unwrap_or((text, ""));
        let path = path.trim_matches('/');
        let host = match host.to_ascii_lowercase() {
            host if host == "index.docker.io" || host == "registry-1.docker.io" => {
                DOCKER_HUB.to_owned()
            }
            host => host,
        };
        Self {
            host,
            path: match path {
                "v1" | "v2" => String::new(),
                path => path
                    .strip_prefix("v1/")
                    .or_else(|| path.strip_prefix("v2/"))
                    .unwrap_or(path)
                    .to_owned(),
            },
        }
    }

    /// More is more specific: no wildcard, longer path, longer host.
    fn weight(&self) -> (bool, usize, usize) {
        let exact = !self.host.contains(['*', '?']);
        (exact, self.path.len(), self.host.len())
    }

    fn matches(&self, host: &str, path: &str) -> bool {
        let (pattern, pattern_port) = split_port(&self.host);
        let host = host.to_ascii_lowercase();
        let (name, port) = split_port(&host);
        let labels = |text: &str| text.split('.').count();
        let host_matches = labels(pattern) == labels(name)
            && pattern
                .split('.')
                .zip(name.split('.'))
                .all(|(pattern, label)| label_matches(pattern.as_bytes(), label.as_bytes()));
        let path_matches = self.path.is_empty()
            || path
                .strip_prefix(self.path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        host_matches && pattern_port == port && path_matches
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.host)
    }
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    }
}

/// Matches one label; iterative, so that no pattern can make it slow.
fn label_matches(pattern: &[u8], label: &[u8]) -> bool {
    let (mut at, mut in_pattern) = (0, 0);
    let mut star = None;
    while at < label.len() {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(byte) if *byte == b'?' || *byte == label[at] => {
                in_pattern += 1;
                at += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                in_pattern = star_at + 1;
                at = taken + 1;
            }
        }
    }
    pattern[in_pattern..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests;
