//! What a user and an environment say about the connection, as plain values.

use std::ffi::OsString;
use std::path::PathBuf;

use secrecy::SecretString;

/// kubectl's connection flags, by their own names. Empty texts count as not given.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFlags {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--cluster`.
    pub cluster: Option<String>,
    /// `--user`.
    pub user: Option<String>,
    /// `-n`, `--namespace`.
    pub namespace: Option<String>,
    /// `-s`, `--server`.
    pub server: Option<String>,
    /// `--token`.
    pub token: Option<SecretString>,
    /// `--as`.
    pub impersonate: Option<String>,
    /// `--as-uid`.
    pub impersonate_uid: Option<String>,
    /// `--as-group`.
    pub impersonate_groups: Vec<String>,
    /// `--as-user-extra`, as `KEY=VALUE`.
    pub impersonate_extra: Vec<String>,
    /// `--client-certificate`.
    pub client_certificate: Option<PathBuf>,
    /// `--client-key`.
    pub client_key: Option<PathBuf>,
    /// `--certificate-authority`.
    pub certificate_authority: Option<PathBuf>,
    /// `--insecure-skip-tls-verify`.
    pub insecure_skip_tls_verify: bool,
    /// `--tls-server-name`.
    pub tls_server_name: Option<String>,
    /// `--disable-compression`.
    pub disable_compression: bool,
}

/// What of the process environment counts for a connection.
#[derive(Debug, Clone)]
pub struct Environment {
    /// `KUBECONFIG`.
    pub kubeconfig: Option<OsString>,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// `KUBERNETES_SERVICE_HOST`, set in pods.
    pub service_host: Option<String>,
    /// `KUBERNETES_SERVICE_PORT`, set in pods.
    pub service_port: Option<String>,
    /// Where pods find token, CA and namespace of their service account.
    pub service_account: PathBuf,
    /// `HTTPS_PROXY`, else `https_proxy`.
    pub https_proxy: Option<String>,
    /// `HTTP_PROXY`, else `http_proxy`; used for servers without TLS.
    pub http_proxy: Option<String>,
    /// `NO_PROXY`, else `no_proxy`.
    pub no_proxy: Option<String>,
    /// kubectl's preferences: `KUBERC`, else `~/.kube/kuberc`; none when they are turned off.
    pub kuberc: Option<PathBuf>,
    /// `PATH`.
    pub search_path: Option<OsString>,
}

impl Environment {
    /// Takes what counts out of the environment.
    pub fn read(home: Option<PathBuf>, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let text = |names: &[&str]| {
            names
                .iter()
                .filter_map(|name| variable(name)?.into_string().ok())
                .find(|value| !value.is_empty())
        };
        let kuberc = match text(&["KUBERC"]) {
            Some(off) if off == "off" => None,
            _ if text(&["KUBECTL_KUBERC"]).is_some_and(|value| value == "false") => None,
            Some(path) => Some(path.into()),
            None => home.as_ref().map(|home| home.join(".kube").join("kuberc")),
        };
        Self {
            kuberc,
            search_path: variable("PATH"),
            kubeconfig: variable("KUBECONFIG").filter(|value| !value.is_empty()),
            home,
            service_host: text(&["KUBERNETES_SERVICE_HOST"]),
            service_port: text(&["KUBERNETES_SERVICE_PORT"]),
            service_account: "/var/run/secrets/kubernetes.io/serviceaccount".into(),
            https_proxy: text(&["HTTPS_PROXY", "https_proxy"]),
            http_proxy: text(&["HTTP_PROXY", "http_proxy"]),
            no_proxy: text(&["NO_PROXY", "no_proxy"]),
        }
    }
}

/// The flags without those that are given and empty.
pub(super) fn without_empty(flags: &ConnectionFlags) -> ConnectionFlags {
    let mut flags = flags.clone();
    for field in [
        &mut flags.context,
        &mut flags.cluster,
        &mut flags.user,
        &mut flags.namespace,
        &mut flags.server,
        &mut flags.impersonate,
        &mut flags.impersonate_uid,
        &mut flags.tls_server_name,
    ] {
        field.take_if(|value| value.is_empty());
    }
    for field in [
        &mut flags.kubeconfig,
        &mut flags.client_certificate,
        &mut flags.client_key,
        &mut flags.certificate_authority,
    ] {
        field.take_if(|path| path.as_os_str().is_empty());
    }
    flags
}
