//! HTTP clients, one for each way of trusting.
//!
//! The settings of a registry hold for its own host. Other hosts (token servers, blob stores) get
//! its extra CA and nothing else: never its client certificate, never unverified TLS.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::{Certificate, Client, Identity, Url, redirect};

use super::cache::lock;
use super::hosts::HostState;
use super::realm::is_loopback;
use super::settings::HostSettings;
use super::transport::deepest;

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Profile {
    ca: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
    insecure: bool,
    loopback: bool,
}

/// The clients of a run, built at their first use.
pub(super) struct Clients {
    user_agent: String,
    connect: Duration,
    built: Mutex<HashMap<Profile, Result<Client, String>>>,
}

impl Clients {
    pub(super) fn new(user_agent: String, connect: Duration) -> Self {
        let user_agent = if user_agent.is_empty() {
            concat!("safe-update/", env!("CARGO_PKG_VERSION")).to_owned()
        } else {
            user_agent
        };
        Self { user_agent, connect, built: Mutex::default() }
    }

    /// The client for a URL; an error says what is wrong with the settings or the system.
    pub(super) fn client(&self, host: &HostState, url: &Url) -> Result<Client, String> {
        let settings = &host.settings;
        let own = url.host_str() == host.base.host_str();
        let profile = Profile {
            ca: settings.ca.clone(),
            identity: identity_of(settings).filter(|_| own),
            insecure: settings.insecure && own,
            loopback: is_loopback(url),
        };
        lock(&self.built).entry(profile).or_insert_with_key(|profile| self.build(profile)).clone()
    }

    fn build(&self, profile: &Profile) -> Result<Client, String> {
        // Fails when the process has a provider already, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let read = |file: &PathBuf| {
            std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
        };
        let mut builder = Client::builder()
            .user_agent(&self.user_agent)
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(self.connect)
            .tls_danger_accept_invalid_certs(profile.insecure);
        if profile.loopback {
            builder = builder.no_proxy();
        }
        if let Some(file) = &profile.ca {
            let certificates = Certificate::from_pem_bundle(&read(file)?)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            if certificates.is_empty() {
                return Err(format!("{} has no certificate in PEM form", file.display()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some((certificate, key)) = &profile.identity {
            let mut pem = read(key)?;
            pem.push(b'\n');
            pem.extend(read(certificate)?);
            let identity = Identity::from_pem(&pem).map_err(|_| {
                format!(
                    "{} and {} are no certificate and key in PEM form",
                    certificate.display(),
                    key.display()
                )
            })?;
            builder = builder.identity(identity);
        }
        builder.build().map_err(|error| {
            format!(
                "TLS cannot be set up: {}; install the system's CA certificates (ca-certificates) or set `ca`",
                deepest(&error)
            )
        })
    }
}

fn identity_of(settings: &HostSettings) -> Option<(PathBuf, PathBuf)> {
    Some((settings.client_certificate.clone()?, settings.client_key.clone()?))
}
