//! Folds flags, environment and files into the settings of a run. What adapters take
//! from the environment (kubeconfig, proxies, Docker's credentials) is read in `wire.rs`.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::args::{Candidates, Connection, Global, Lookup};
use super::error::CommandError;
use super::printer::Printer;
use super::variables::{FLAG_VARIABLES, INSTALLER_VARIABLES};
use crate::adapters::clock;
use crate::adapters::config::{
    self, ConfigErrors, Directories, Environment, Lookup as ConfigLookup, Merged, Variables,
};
use crate::adapters::kubernetes::ConnectionFlags;
use crate::domain::policy::Overrides;

/// What a run works with.
#[derive(Debug)]
pub struct Settings {
    /// The time of the run.
    pub now: Timestamp,
    /// State and cache directories.
    pub directories: Directories,
    /// Policy and registries, with the origin of each setting.
    pub merged: Merged,
    /// The connection to the cluster.
    pub connection: ConnectionFlags,
    /// How long one request to the API server may take; none means the default.
    pub request_timeout: Option<std::time::Duration>,
    /// Whether credential plugins may run.
    pub allow_plugins: bool,
    /// How far the cache of lookups is used.
    pub cache: CacheUse,
    /// The user name and password for a registry, and its host where that was said.
    pub registry_login: Option<RegistryLogin>,
    /// Leave out progress.
    pub quiet: bool,
}

/// How far the cache of lookups is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// While it is fresh.
    Fresh,
    /// Whatever its age, and nothing else (`--offline`).
    Only,
    /// Only written (`--refresh`).
    Renew,
}

/// `REGISTRY_USERNAME` and `REGISTRY_PASSWORD`, bound to `REGISTRY_HOST` where it is set.
#[derive(Debug, Clone)]
pub struct RegistryLogin {
    /// The host, as it was written.
    pub host: Option<String>,
    /// User name.
    pub username: String,
    /// Password or access token.
    pub password: SecretString,
}

impl Settings {
    /// Reads everything that configures a run. `manifests` is what `-f` says.
    ///
    /// # Errors
    /// Everything that is wrong in files, variables and flags.
    pub fn load(
        global: &Global,
        lookup: &Lookup,
        manifests: &[String],
        printer: &Printer,
    ) -> Result<Self, CommandError> {
        let environment: Environment = std::env::vars_os().collect();
        let directory = std::env::current_dir().map_err(|error| {
            CommandError::environment(anyhow::Error::new(error).context("the working directory"))
        })?;
        let mut directories =
            Directories::find(&environment).map_err(|error| config_error(error.into()))?;
        if let Some(cache) = &global.connection.cache_dir {
            directories.cache = cache.join("safe-update");
        }
        let variables = Variables::read(&environment, &directory, &[]).map_err(config_error)?;
        for name in variables.unknown(&[FLAG_VARIABLES.as_slice(), &INSTALLER_VARIABLES].concat()) {
            printer.warning(&format!("{name} is set, but no such setting exists"));
        }
        let manifests: Vec<PathBuf> = manifests.iter().map(PathBuf::from).collect();
        let merged = config::load(&ConfigLookup {
            named: global.config.as_deref(),
            manifests: &manifests,
            directory: &directory,
            state: &directories.state,
            variables: &variables,
        })
        .map_err(config_error)?;
        let request_timeout = request_timeout(&global.connection)?;
        Ok(Self {
            now: clock::now(),
            directories,
            merged,
            connection: connection(&global.connection),
            request_timeout,
            allow_plugins: !global.connection.no_exec,
            cache: match (lookup.offline, lookup.refresh) {
                (true, _) => CacheUse::Only,
                (false, true) => CacheUse::Renew,
                (false, false) => CacheUse::Fresh,
            },
            registry_login: registry_login(&environment)?,
            quiet: global.quiet,
        })
    }
}

/// What the command line says about all targets.
pub fn overrides(candidates: &Candidates) -> Overrides {
    Overrides {
        level: candidates.level,
        constraint: candidates.constraint.clone(),
        allow_base_change: candidates.allow_base_change,
    }
}

/// Several things may be wrong at once; all are told.
pub fn config_error(ConfigErrors(errors): ConfigErrors) -> CommandError {
    let mut hints: Vec<String> = errors.iter().filter_map(|error| error.hint.clone()).collect();
    hints.dedup();
    let text = errors
        .iter()
        .map(|error| {
            let mut text = error.to_string();
            if let Some(excerpt) = &error.excerpt {
                text.push('\n');
                text.push_str(excerpt);
            }
            text
        })
        .collect::<Vec<_>>()
        .join("\n");
    let mut error = CommandError::usage_message(text);
    error.hints = hints;
    error
}

fn connection(flags: &Connection) -> ConnectionFlags {
    ConnectionFlags {
        kubeconfig: flags.kubeconfig.clone(),
        context: flags.context.clone(),
        cluster: flags.cluster.clone(),
        user: flags.user.clone(),
        namespace: flags.namespace.clone(),
        server: flags.server.clone(),
        token: flags.token.clone().map(SecretString::from),
        impersonate: flags.as_user.clone(),
        impersonate_uid: flags.as_uid.clone(),
        impersonate_groups: flags.as_group.clone(),
        impersonate_extra: flags.as_user_extra.clone(),
        client_certificate: flags.client_certificate.clone(),
        client_key: flags.client_key.clone(),
        certificate_authority: flags.certificate_authority.clone(),
        insecure_skip_tls_verify: flags.insecure_skip_tls_verify.unwrap_or_default(),
        tls_server_name: flags.tls_server_name.clone(),
        disable_compression: flags.disable_compression.unwrap_or_default(),
    }
}

/// kubectl writes it as a Go duration or as whole seconds; `0` means no limit of its own, which
/// here is the built-in one, because every command ends.
fn request_timeout(flags: &Connection) -> Result<Option<std::time::Duration>, CommandError> {
    let Some(text) = flags.request_timeout.as_deref() else {
        return Ok(None);
    };
    let whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = if whole { format!("{text}s") } else { text.to_owned() };
    let length: Option<SignedDuration> = text.parse().ok();
    let length =
        length.and_then(|length| std::time::Duration::try_from(length).ok()).ok_or_else(|| {
            CommandError::usage_message(format!("--request-timeout: {text:?} is no length of time"))
                .hint("write it as kubectl takes it: 30s, 1m30s, 500ms, or 0")
        })?;
    Ok(Some(length).filter(|length| !length.is_zero()))
}

fn registry_login(environment: &Environment) -> Result<Option<RegistryLogin>, CommandError> {
    match (environment.get("REGISTRY_USERNAME"), environment.get("REGISTRY_PASSWORD")) {
        (Some(username), Some(password)) => Ok(Some(RegistryLogin {
            host: environment.get("REGISTRY_HOST").map(str::to_owned),
            username: username.to_owned(),
            password: SecretString::from(password.to_owned()),
        })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(CommandError::usage_message(
            "REGISTRY_USERNAME is set, but REGISTRY_PASSWORD is not",
        )
        .hint("set both, or none")),
        (None, Some(_)) => Err(CommandError::usage_message(
            "REGISTRY_PASSWORD is set, but REGISTRY_USERNAME is not",
        )
        .hint("set both, or none")),
    }
}

/// The home directory and one variable of the environment, for adapters that look them up
/// themselves.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
