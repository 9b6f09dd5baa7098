//! Opens the adapters that a run needs and hands them out behind their ports.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use super::error::{CommandError, Kind};
use super::printer::Printer;
use super::settings::{CacheUse, Settings, variable};
use crate::actions::lookup::is_floating;
use crate::adapters::clock;
use crate::adapters::journal::{FileJournal, Retention};
use crate::adapters::kubernetes::{Cluster, ConnectError, Environment, Options};
use crate::adapters::registry::{
    CacheSettings, CredentialSources, ExplicitCredential, HostSettings, Registries,
    RegistrySettings,
};
use crate::domain::image::Registry as Host;
use crate::domain::inventory::Inventory;
use crate::ports::{EventSink, PullSecrets};

/// Runs a future to its end. Ctrl-C ends the process at once: reading has nothing to undo.
///
/// # Errors
/// The future's, or that the runtime could not be started.
pub fn block_on<T>(
    future: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    // Registries, clusters and helpers all verify TLS with this provider. A second call finds it
    // installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // One thread: the work is waiting for servers, and threads of their own allocator arenas would
    // cost more memory than they save time.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
            CommandError::environment(anyhow::Error::new(error).context("starting the runtime"))
        })?;
    let result = runtime.block_on(future);
    // A helper that hangs must not keep the program alive.
    runtime.shutdown_background();
    result
}

/// Connects to the cluster.
///
/// # Errors
/// What is wrong with the configuration or its credentials.
pub async fn cluster(
    settings: &Settings,
    events: Arc<dyn EventSink>,
) -> Result<Cluster, CommandError> {
    let environment = Environment::read(home(), &variable);
    let defaults = Options::default();
    let options = Options {
        request: settings.request_timeout.unwrap_or(defaults.request),
        allow_plugins: settings.allow_plugins,
        floating: is_floating,
        events,
        ..defaults
    };
    Cluster::connect(&settings.connection, &environment, options).await.map_err(connect_error)
}

fn connect_error(error: ConnectError) -> CommandError {
    let hint = error.hint();
    let kind = match &error {
        ConnectError::UnknownContext { .. }
        | ConnectError::UnknownCluster { .. }
        | ConnectError::UnknownUser { .. }
        | ConnectError::Missing { .. }
        | ConnectError::Malformed { .. }
        | ConnectError::MalformedExtra(_)
        | ConnectError::MalformedUrl { .. }
        | ConnectError::NobodyToImpersonate => Kind::Usage,
        _ => Kind::Environment,
    };
    CommandError { kind, error: error.into(), hints: vec![hint] }
}

/// The journal of this machine. Nothing is made or looked at before it is used.
pub fn journal(settings: &Settings) -> FileJournal {
    FileJournal::new(settings.directories.state.clone(), Retention::default())
}

/// Opens the registries that an inventory names. Only workloads of a cluster have pull secrets, so
/// without these the images are taken to be named by the user himself.
///
/// # Errors
/// A login that cannot be bound to one host.
pub fn registries(
    settings: &Settings,
    inventory: &Inventory,
    pull_secrets: Option<Arc<dyn PullSecrets>>,
    printer: &Printer,
) -> Result<Registries, CommandError> {
    registries_of(settings, &hosts_of(inventory), pull_secrets, printer)
}

/// The registries that an inventory names.
pub fn hosts_of(inventory: &Inventory) -> BTreeSet<Host> {
    inventory
        .workloads
        .iter()
        .flat_map(|workload| &workload.slots)
        .filter_map(|slot| Some(slot.image.reference()?.repository().registry().clone()))
        .collect()
}

/// Opens the registries of some hosts, named by a cluster if there are pull secrets, else by the
/// user himself.
///
/// # Errors
/// A login that cannot be bound to one host.
pub fn registries_of(
    settings: &Settings,
    hosts: &BTreeSet<Host>,
    pull_secrets: Option<Arc<dyn PullSecrets>>,
    printer: &Printer,
) -> Result<Registries, CommandError> {
    registries_with(settings, hosts, pull_secrets, settings.cache, printer)
}

/// The same with another use of the cache than the settings say.
///
/// # Errors
/// A login that cannot be bound to one host.
pub fn registries_with(
    settings: &Settings,
    hosts: &BTreeSet<Host>,
    pull_secrets: Option<Arc<dyn PullSecrets>>,
    cache: CacheUse,
    printer: &Printer,
) -> Result<Registries, CommandError> {
    let credentials = CredentialSources {
        explicit: explicit(settings, hosts, pull_secrets.is_some(), printer)?,
        docker_auth_config: variable("DOCKER_AUTH_CONFIG")
            .and_then(|text| text.into_string().ok())
            .map(Into::into),
        docker_config: path("DOCKER_CONFIG"),
        home: home(),
        registry_auth_file: path("REGISTRY_AUTH_FILE"),
        runtime_dir: path("XDG_RUNTIME_DIR"),
        helper_path: None,
    };
    let settings = RegistrySettings {
        hosts: settings
            .merged
            .registries
            .iter()
            .map(|(host, entry)| {
                let entry = HostSettings {
                    mirror: entry.mirror.clone(),
                    ca: entry.ca.clone(),
                    client_certificate: entry.client_certificate.clone(),
                    client_key: entry.client_key.clone(),
                    insecure: entry.insecure.unwrap_or_default(),
                    max_in_flight: entry.max_in_flight,
                    layout: entry.layout.clone(),
                    token_hosts: entry.token_hosts.iter().map(ToString::to_string).collect(),
                };
                (host.clone(), entry)
            })
            .collect(),
        cache: CacheSettings {
            directory: Some(settings.directories.cache.join("registries")),
            offline: cache == CacheUse::Only,
            refresh: cache == CacheUse::Renew,
            ..CacheSettings::default()
        },
        ..RegistrySettings::default()
    };
    Ok(Registries::new(settings, credentials, pull_secrets, Arc::new(clock::now)))
}

/// The login that variables give, bound to its host; none when there is none, or no host for it.
fn explicit(
    settings: &Settings,
    hosts: &BTreeSet<Host>,
    in_cluster: bool,
    printer: &Printer,
) -> Result<Option<ExplicitCredential>, CommandError> {
    let Some(login) = &settings.registry_login else {
        return Ok(None);
    };
    let host = if let Some(host) = &login.host {
        host.parse().map_err(|error| {
            CommandError::usage(
                anyhow::Error::new(error).context(format!("REGISTRY_HOST {host:?}")),
            )
        })?
    } else {
        match guessed_host(hosts, in_cluster) {
            Ok(Some(host)) => host.clone(),
            Ok(None) => return Ok(None),
            Err(reason) => {
                printer.warning(&format!(
                    "REGISTRY_USERNAME and REGISTRY_PASSWORD are not used: {reason}; set REGISTRY_HOST to the registry that they belong to"
                ));
                return Ok(None);
            }
        }
    };
    Ok(Some(ExplicitCredential {
        host,
        username: login.username.clone(),
        password: login.password.clone(),
    }))
}

/// The host of a login that was set without one: the only registry of the images that the user
/// named. In a cluster anybody who may create a pod names images, and so could have the password
/// sent to a registry of his own; with several registries it would go to some that it does not
/// belong to.
fn guessed_host(hosts: &BTreeSet<Host>, in_cluster: bool) -> Result<Option<&Host>, &'static str> {
    let mut hosts = hosts.iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => Ok(None),
        (Some(_), _) if in_cluster => Err("which registry is asked is up to those who run pods"),
        (Some(_), Some(_)) => Err("the images come from several registries"),
        (Some(only), None) => Ok(Some(only)),
    }
}

fn home() -> Option<std::path::PathBuf> {
    dirs::home_dir()
}

fn path(name: &str) -> Option<std::path::PathBuf> {
    variable(name).filter(|value| !value.is_empty()).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_guessed_only_for_images_that_the_user_named() {
        let hosts = |names: &[&str]| -> BTreeSet<Host> {
            names.iter().map(|name| name.parse().expect("a host")).collect()
        };
        let (none, one, two) = (hosts(&[]), hosts(&["ghcr.io"]), hosts(&["ghcr.io", "quay.io"]));
        assert_eq!(guessed_host(&one, false), Ok(one.first()));
        assert!(guessed_host(&two, false).is_err_and(|reason| reason.contains("several")));
        for hosts in [&one, &two] {
            assert!(guessed_host(hosts, true).is_err_and(|reason| reason.contains("run pods")));
        }
        // Nobody is asked, so nothing has to be said.
        for in_cluster in [false, true] {
            assert_eq!(guessed_host(&none, in_cluster), Ok(None));
        }
    }
}
