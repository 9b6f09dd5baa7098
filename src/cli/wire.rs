//! Opens the adapters that a run needs and hands them out behind their ports.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use super::error::{CommandError, Kind};
use super::printer::Printer;
use super::settings::{CacheUse, Settings, variable};
use crate::actions::lookup::is_floating;
use crate::adapters::charts::{ChartSettings, Environment as HelmFiles, HelmCharts};
use crate::adapters::clock;
use crate::adapters::helm::chart::Reach;
use crate::adapters::helm::copies::Copies;
use crate::adapters::helm::driver::{Driver, DriverError};
use crate::adapters::helm::process::HelmSettings;
use crate::adapters::helm::rollouts::{HelmAccess, HelmRollouts, UpgradeOptions};
use crate::adapters::journal::{FileJournal, Retention};
use crate::adapters::kubernetes::{Cluster, ConnectError, Environment, Options};
use crate::adapters::registry::{
    CacheSettings, CredentialSources, ExplicitCredential, HostSettings, Registries,
    RegistrySettings,
};
use crate::domain::chart::{ChartSource, ChartVersion};
use crate::domain::image::Registry as Host;
use crate::domain::inventory::{self, Inventory, Warning};
use crate::ports::charts::Charts as _;
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
    let environment = cluster_environment();
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

/// What of the process environment counts for a connection.
pub fn cluster_environment() -> Environment {
    Environment::read(home(), &variable)
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

/// Where Helm keeps its releases, as its own environment says.
///
/// # Errors
/// A driver whose releases cannot be read from here.
pub fn helm_driver() -> Result<Driver, DriverError> {
    let word = variable("HELM_DRIVER").and_then(|word| word.into_string().ok());
    word.unwrap_or_default().parse()
}

/// The cluster and its releases as one leg that carries changes out.
///
/// # Errors
/// The cluster does not say which one it is.
pub async fn releases(
    settings: &Settings,
    cluster: &Cluster,
    options: UpgradeOptions,
    for_people: bool,
) -> Result<Arc<HelmRollouts>, CommandError> {
    let registries = settings.merged.registries.iter().map(|(host, entry)| {
        let reach = Reach {
            insecure: entry.insecure.unwrap_or_default(),
            plain: false,
            ca: entry.ca.clone(),
            identity: entry.client_certificate.clone().zip(entry.client_key.clone()),
        };
        (host.to_string(), reach)
    });
    let access = HelmAccess {
        driver: helm_driver(),
        process: helm_process(settings, cluster, options.copies.clone()),
        locks: settings.directories.state.join("locks"),
        identity: cluster.identity().await?.into(),
        registries: registries.collect(),
        plugins: helm_files().plugins,
        for_people,
        options,
    };
    let cluster = Arc::new(cluster.clone());
    Ok(Arc::new(HelmRollouts::new(cluster.clone(), cluster.clone(), cluster, access)))
}

/// What helm is told about the connection: the same as was told us.
fn helm_process(settings: &Settings, cluster: &Cluster, copies: Copies) -> HelmSettings {
    let flags = &settings.connection;
    let untold = [
        ("--cluster", flags.cluster.is_some()),
        ("--user", flags.user.is_some()),
        ("--client-certificate", flags.client_certificate.is_some()),
        ("--client-key", flags.client_key.is_some()),
        ("--as-uid", flags.impersonate_uid.is_some()),
        ("--as-user-extra", !flags.impersonate_extra.is_empty()),
    ];
    HelmSettings {
        program: variable("HELM_BIN").filter(|program| !program.is_empty()),
        kubeconfig: flags.kubeconfig.clone(),
        // Somebody may choose another context while this runs.
        context: cluster.context_name().map(str::to_owned),
        server: flags.server.clone(),
        token: flags.token.clone(),
        ca: flags.certificate_authority.clone(),
        as_user: flags.impersonate.clone(),
        as_groups: flags.impersonate_groups.clone(),
        tls_server_name: flags.tls_server_name.clone(),
        insecure: flags.insecure_skip_tls_verify,
        untold: untold.into_iter().find_map(|(flag, said)| said.then_some(flag)),
        copies,
    }
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
        helm_config: helm_files().registry_config,
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

/// The repositories of charts; those in registries are asked through `registries`.
pub fn charts(settings: &Settings, registries: &Arc<Registries>, cache: CacheUse) -> HelmCharts {
    let defaults = ChartSettings::default();
    let settings = ChartSettings {
        cache: CacheSettings {
            directory: Some(settings.directories.cache.join("charts")),
            offline: cache == CacheUse::Only,
            refresh: cache == CacheUse::Renew,
            ..defaults.cache
        },
        ..defaults
    };
    HelmCharts::new(helm_files(), settings, Arc::clone(registries), Arc::new(clock::now))
}

/// The repositories of charts that helm is configured with.
///
/// # Errors
/// helm's file cannot be read.
pub fn chart_repositories(
    settings: &Settings,
    printer: &Printer,
) -> Result<Vec<ChartSource>, CommandError> {
    let registries = Arc::new(registries_of(settings, &BTreeSet::new(), None, printer)?);
    let charts = charts(settings, &registries, CacheUse::Only);
    charts.configured().map_err(|message| CommandError::message(Kind::Environment, message))
}

/// The directory with helm's plugins, where one is known.
pub fn helm_plugins() -> Option<std::path::PathBuf> {
    helm_files().plugins
}

/// Where Helm keeps its files on this machine.
fn helm_files() -> HelmFiles {
    HelmFiles::read(home().as_deref(), &variable)
}

/// The version of a cluster, asked for where charts may say which they want.
pub async fn version_for_charts(
    cluster: Option<&Cluster>,
    inventory: &mut Inventory,
) -> Option<ChartVersion> {
    let cluster = cluster?;
    inventory.workloads.iter().find(|one| one.kind == inventory::Kind::Release)?;
    let version = match cluster.version().await {
        Ok(version) => version.parse().ok(),
        Err(_) => None,
    };
    if version.is_none() {
        inventory.warnings.push(Warning {
            code: "version",
            message: "the cluster does not tell its version, so that it is not held against what charts want".into(),
            object: None,
        });
    }
    version
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
