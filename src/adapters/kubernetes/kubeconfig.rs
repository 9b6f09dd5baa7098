//! Which cluster, as whom: the flags of kubectl, the kubeconfig files and the pod's own service
//! account become one configuration. Reads files and the values that it is given; never the process
//! environment, and never runs a credential plugin (see [`super::exec`]).
//!
//! The rules are kubectl's: `--kubeconfig` names one file that must exist; `KUBECONFIG` is a list
//! whose missing files are skipped, and the first file that says something wins; else
//! `~/.kube/config`. Only when none of them says anything at all, a pod's service account is used.
//! A file that cannot be read or understood is an error, never a reason to go elsewhere.

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{AuthInfo, Cluster, Context, ExecConfig, Kubeconfig, KubeconfigError};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::address::{is_loopback, proxy, server_url};
use super::error::ConnectError;
use super::flags::{ConnectionFlags, Environment, without_empty};

/// A configuration that only lacks what a credential plugin would add.
pub(super) struct Resolved {
    /// For kube's client.
    pub(super) config: Config,
    /// The plugin that gives the credentials.
    pub(super) plugin: Option<ExecConfig>,
    /// Name of the context; none in a pod or with `--server` alone.
    pub(super) context: Option<String>,
    /// The namespace of the flags or of the context, else `default`.
    pub(super) namespace: String,
}

/// Applies the rules of the module.
pub(super) fn resolve(
    flags: &ConnectionFlags,
    environment: &Environment,
) -> Result<Resolved, ConnectError> {
    let flags = &without_empty(flags);
    let file = load(flags, environment)?;
    let says_nothing =
        file.contexts.is_empty() && file.clusters.is_empty() && file.auth_infos.is_empty();
    let chosen = if !says_nothing || flags.context.is_some() || flags.cluster.is_some() {
        choose(&file, flags)?
    } else if flags.server.is_some() {
        Chosen::default()
    } else {
        pod(flags, environment)?
    };
    configure(chosen, flags, environment)
}

/// Cluster, user and context before the flags override them.
#[derive(Default)]
struct Chosen {
    cluster: Cluster,
    user: AuthInfo,
    context: Option<String>,
    namespace: Option<String>,
}

/// The kubeconfig files, merged; empty where there are none.
pub(super) fn load(
    flags: &ConnectionFlags,
    environment: &Environment,
) -> Result<Kubeconfig, ConnectError> {
    if let Some(path) = &flags.kubeconfig {
        return read(path)?.ok_or_else(|| ConnectError::Missing { path: path.clone() });
    }
    let paths: Vec<PathBuf> = match (&environment.kubeconfig, &environment.home) {
        (Some(list), _) => {
            std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect()
        }
        (None, Some(home)) => vec![home.join(".kube").join("config")],
        (None, None) => Vec::new(),
    };
    let mut merged = Kubeconfig::default();
    for path in paths {
        if let Some(next) = read(&path)? {
            merged = merged.merge(next).map_err(|error| ConnectError::Malformed {
                path,
                place: None,
                message: error.to_string(),
            })?;
        }
    }
    Ok(merged)
}

/// The file, or nothing when it does not exist.
fn read(path: &Path) -> Result<Option<Kubeconfig>, ConnectError> {
    match Kubeconfig::read_from(path) {
        Ok(file) => Ok(Some(file)),
        Err(KubeconfigError::ReadConfig(source, _))
            if source.kind() == std::io::ErrorKind::NotFound =>
        {
            Ok(None)
        }
        Err(KubeconfigError::ReadConfig(source, _)) => {
            Err(ConnectError::Unreadable { path: path.to_owned(), source })
        }
        // The parser's own words may quote the line, and a token may stand on it.
        Err(KubeconfigError::Parse(error)) => Err(ConnectError::Malformed {
            path: path.to_owned(),
            place: error.location().map(|location| (location.line(), location.column())),
            message: "not a kubeconfig, or not YAML".to_owned(),
        }),
        Err(error) => Err(ConnectError::Malformed {
            path: path.to_owned(),
            place: None,
            message: error.to_string(),
        }),
    }
}

fn choose(file: &Kubeconfig, flags: &ConnectionFlags) -> Result<Chosen, ConnectError> {
    let known = || file.contexts.iter().map(|context| context.name.clone()).collect();
    let name =
        flags.context.as_ref().or(file.current_context.as_ref()).filter(|name| !name.is_empty());
    let context = match name {
        Some(name) => file
            .contexts
            .iter()
            .find(|context| context.name == *name)
            .map(|context| context.context.clone().unwrap_or_default())
            .ok_or_else(|| ConnectError::UnknownContext { name: name.clone(), known: known() })?,
        // Without a context the flags may say enough.
        None if flags.cluster.is_some() || flags.server.is_some() => Context::default(),
        None => return Err(ConnectError::NoCurrentContext { known: known() }),
    };
    let cluster_name = flags.cluster.as_ref().unwrap_or(&context.cluster);
    let cluster = file
        .clusters
        .iter()
        .find(|cluster| cluster.name == *cluster_name)
        .map(|cluster| cluster.cluster.clone().unwrap_or_default());
    let cluster = match cluster {
        Some(cluster) => cluster,
        None if flags.cluster.is_none() && flags.server.is_some() => Cluster::default(),
        None => {
            return Err(ConnectError::UnknownCluster {
                name: cluster_name.clone(),
                known: file.clusters.iter().map(|cluster| cluster.name.clone()).collect(),
            });
        }
    };
    let user = flags.user.as_ref().or(context.user.as_ref());
    let found = user.and_then(|name| file.auth_infos.iter().find(|user| user.name == *name));
    if let (Some(name), None) = (&flags.user, found) {
        return Err(ConnectError::UnknownUser {
            name: name.clone(),
            known: file.auth_infos.iter().map(|user| user.name.clone()).collect(),
        });
    }
    Ok(Chosen {
        cluster,
        user: found.and_then(|user| user.auth_info.clone()).unwrap_or_default(),
        context: name.cloned(),
        namespace: context.namespace,
    })
}

/// The service account of the pod that this runs in.
fn pod(flags: &ConnectionFlags, environment: &Environment) -> Result<Chosen, ConnectError> {
    let directory = &environment.service_account;
    let token = directory.join("token");
    let (Some(host), Some(port)) = (&environment.service_host, &environment.service_port) else {
        return Err(ConnectError::NoConfiguration);
    };
    if !token.is_file() && flags.token.is_none() {
        return Err(ConnectError::NoConfiguration);
    }
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let text = |path: PathBuf| path.to_str().map(str::to_owned);
    Ok(Chosen {
        cluster: Cluster {
            server: Some(format!("https://{host}:{port}")),
            certificate_authority: text(directory.join("ca.crt")),
            ..Cluster::default()
        },
        user: AuthInfo { token_file: text(token), ..AuthInfo::default() },
        context: None,
        namespace: std::fs::read_to_string(directory.join("namespace"))
            .ok()
            .map(|namespace| namespace.trim().to_owned()),
    })
}

fn configure(
    chosen: Chosen,
    flags: &ConnectionFlags,
    environment: &Environment,
) -> Result<Resolved, ConnectError> {
    let Chosen { cluster, user, context, namespace } = chosen;
    let server = flags
        .server
        .clone()
        .or_else(|| cluster.server.clone())
        .filter(|server| !server.is_empty())
        .ok_or(ConnectError::NoServer)?;
    let url = server_url(&server)?;
    let mut user = normal(user);
    override_user(&mut user, flags)?;
    // kubectl dropped the others, and one of them ran commands.
    if let Some(provider) = user.auth_provider.as_ref().filter(|provider| provider.name != "oidc") {
        return Err(ConnectError::AuthProvider(provider.name.clone()));
    }
    let plugin = match user.exec.take() {
        // A token or a certificate makes the plugin superfluous.
        Some(_) if user.token.is_some() || user.token_file.is_some() => None,
        Some(mut exec) => {
            if exec.provide_cluster_info {
                let info = (&cluster).try_into().map_err(ConnectError::from)?;
                exec.cluster = Some(info);
            }
            Some(exec)
        }
        None => None,
    };
    let loopback = url.host().is_some_and(is_loopback);
    let mut config = Config::new(url.clone());
    config.root_cert = authorities(&cluster, flags)?;
    config.accept_invalid_certs =
        flags.insecure_skip_tls_verify || cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.tls_server_name =
        flags.tls_server_name.clone().or_else(|| cluster.tls_server_name.clone());
    // Compression costs more time than it saves where there is no network.
    config.disable_compression =
        loopback || flags.disable_compression || cluster.disable_compression.unwrap_or(false);
    config.proxy_url = proxy(&url, cluster.proxy_url.as_deref(), environment)?;
    config.auth_info = user;
    // Requests have their own retries, inside their own deadline.
    config.default_retry = false;
    let namespace = flags
        .namespace
        .clone()
        .or(namespace)
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or_else(|| "default".to_owned());
    config.default_namespace.clone_from(&namespace);
    Ok(Resolved { config, plugin, context, namespace })
}

/// Drops what is written and empty, and lets a token file win over a token, as client-go does.
fn normal(mut user: AuthInfo) -> AuthInfo {
    use secrecy::ExposeSecret;
    for field in [
        &mut user.token_file,
        &mut user.client_certificate,
        &mut user.client_certificate_data,
        &mut user.client_key,
        &mut user.username,
        &mut user.impersonate,
        &mut user.impersonate_uid,
    ] {
        field.take_if(|value| value.is_empty());
    }
    for secret in [&mut user.token, &mut user.password, &mut user.client_key_data] {
        secret.take_if(|value| value.expose_secret().is_empty());
    }
    if user.token_file.is_some() {
        user.token = None;
    }
    user
}

fn override_user(user: &mut AuthInfo, flags: &ConnectionFlags) -> Result<(), ConnectError> {
    let text = |path: &Path| path.to_str().map(str::to_owned);
    if let Some(token) = &flags.token {
        user.token = Some(token.clone());
        user.token_file = None;
        user.username = None;
        user.password = None;
        user.auth_provider = None;
    }
    if let Some(certificate) = &flags.client_certificate {
        user.client_certificate = text(certificate);
        user.client_certificate_data = None;
    }
    if let Some(key) = &flags.client_key {
        user.client_key = text(key);
        user.client_key_data = None;
    }
    if flags.impersonate.is_some() {
        user.impersonate.clone_from(&flags.impersonate);
    }
    if flags.impersonate_uid.is_some() {
        user.impersonate_uid.clone_from(&flags.impersonate_uid);
    }
    if !flags.impersonate_groups.is_empty() {
        user.impersonate_groups = Some(flags.impersonate_groups.clone());
    }
    for extra in &flags.impersonate_extra {
        let (key, value) =
            extra.split_once('=').ok_or_else(|| ConnectError::MalformedExtra(extra.clone()))?;
        user.impersonate_user_extra
            .get_or_insert_default()
            .entry(key.to_owned())
            .or_default()
            .push(value.to_owned());
    }
    // The server takes group, uid and extra only together with a user.
    let lonely = user.impersonate.is_none()
        && (user.impersonate_groups.is_some()
            || user.impersonate_uid.is_some()
            || user.impersonate_user_extra.is_some());
    if lonely { Err(ConnectError::NobodyToImpersonate) } else { Ok(()) }
}

/// The certificates that the server is checked against; none means those of the system.
fn authorities(
    cluster: &Cluster,
    flags: &ConnectionFlags,
) -> Result<Option<Vec<Vec<u8>>>, ConnectError> {
    use base64::Engine;
    let file = flags.certificate_authority.clone();
    let data = cluster
        .certificate_authority_data
        .as_deref()
        .filter(|data| !data.is_empty() && file.is_none());
    let file = file.or_else(|| {
        let path = cluster.certificate_authority.as_deref()?;
        (!path.is_empty()).then(|| path.into())
    });
    let (pem, place) = match (data, file) {
        (Some(data), _) => {
            let place = "certificate-authority-data".to_owned();
            match base64::engine::general_purpose::STANDARD.decode(data) {
                Ok(pem) => (pem, place),
                Err(_) => return Err(ConnectError::Certificate { place }),
            }
        }
        (None, Some(path)) => match std::fs::read(&path) {
            Ok(pem) => (pem, path.display().to_string()),
            Err(source) => return Err(ConnectError::Unreadable { path, source }),
        },
        (None, None) => return Ok(None),
    };
    let certificates: Result<Vec<Vec<u8>>, _> = CertificateDer::pem_slice_iter(&pem)
        .map(|certificate| certificate.map(|der| der.to_vec()))
        .collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(Some(certificates)),
        _ => Err(ConnectError::Certificate { place }),
    }
}

#[cfg(test)]
mod tests;
