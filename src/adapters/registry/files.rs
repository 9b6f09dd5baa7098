//! Single files of servers that are no registries, fetched with the care that registries get:
//! bounds, retries, redirects that leak nothing, credentials by origin. Keeps nothing.

use http::header::{ETAG, LAST_MODIFIED};
use http::{Method, StatusCode};
use reqwest::Url;
use secrecy::SecretString;
use tokio::time::Instant;

use super::auth::basic;
use super::cache::Validators;
use super::credentials::Fingerprint;
use super::hosts::{Class, HostState};
use super::request::{Jar, Request, Sink};
use super::settings::{HostSettings, Limits};
use super::transport::{Transport, bad_answer};
use crate::domain::image::Registry as Host;
use crate::ports::LookupError;

/// A user name and password for the server of a file.
#[derive(Clone, Copy)]
pub(in crate::adapters) struct Login<'a> {
    pub(in crate::adapters) username: &'a str,
    pub(in crate::adapters) password: &'a SecretString,
    /// Also for hosts that the server redirects to.
    pub(in crate::adapters) everywhere: bool,
}

/// A file that is wanted.
pub(in crate::adapters) struct FileRequest<'a> {
    /// The server as errors name it.
    pub(in crate::adapters) host: &'a Host,
    /// `http` or `https`, without a user in it.
    pub(in crate::adapters) url: &'a Url,
    /// How its certificate is judged; a mirror and a layout mean nothing here.
    pub(in crate::adapters) settings: HostSettings,
    pub(in crate::adapters) login: Option<Login<'a>>,
    /// Those of the copy that is there.
    pub(in crate::adapters) validators: Option<&'a Validators>,
    /// Where it is written; else it comes back in memory.
    pub(in crate::adapters) into: Option<&'a Sink>,
    /// The file as errors name it.
    pub(in crate::adapters) what: &'a str,
}

/// What a server said.
pub(in crate::adapters) enum Fetched {
    /// The file, empty where it was written elsewhere, and what makes the next question cheap.
    Body(Vec<u8>, Validators),
    /// It is still the one with the validators that were sent.
    Same,
}

/// Fetches files. [`Limits::page_bytes`] bounds each of them.
pub(in crate::adapters) struct Files {
    transport: Transport,
}

impl Files {
    pub(in crate::adapters) fn new(limits: Limits, user_agent: String) -> Self {
        Self { transport: Transport::new(limits, user_agent) }
    }

    /// Requests sent so far.
    pub(in crate::adapters) fn requests(&self) -> u64 {
        self.transport.requests()
    }

    /// Fetches a file.
    pub(in crate::adapters) async fn get(
        &self,
        file: FileRequest<'_>,
    ) -> Result<Fetched, LookupError> {
        let limits = self.transport.limits();
        let settings = HostSettings {
            mirror: Some(file.url.origin().ascii_serialization()),
            layout: None,
            ..file.settings
        };
        let host = HostState::new(file.host.clone(), settings, limits).map_err(|message| {
            LookupError::Unreachable {
                host: file.host.clone(),
                message: format!("its settings are wrong: {message}"),
            }
        })?;
        let mut jar = Jar::default();
        if let Some(login) = file.login {
            let header = basic(login.username, login.password).map_err(|_| {
                let message = "the password has characters that no header may have".to_owned();
                LookupError::Credentials { host: file.host.clone(), message }
            })?;
            if login.everywhere {
                jar.put_everywhere(header.clone());
            }
            jar.put(file.url, header);
        }
        let request = Request {
            method: Method::GET,
            url: file.url.clone(),
            accept: "*/*",
            validators: file.validators,
            form: None,
            limit: limits.page_bytes,
            into: file.into,
            class: Class::Others,
            what: file.what,
        };
        let deadline = Instant::now() + limits.lookup;
        let answer =
            self.transport.send(&host, &request, &jar, Fingerprint::default(), deadline).await?;
        let status = answer.status.as_u16();
        match answer.status {
            StatusCode::OK => {
                let text = |name| Some(answer.headers.get(name)?.to_str().ok()?.to_owned());
                let validators =
                    Validators { etag: text(ETAG), last_modified: text(LAST_MODIFIED) };
                Ok(Fetched::Body(answer.body, validators))
            }
            StatusCode::NOT_MODIFIED if file.validators.is_some() => Ok(Fetched::Same),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let shown = jar.get(&answer.url).and(file.login);
                let who = shown.map_or("without credentials".to_owned(), |login| {
                    format!("as {}", login.username)
                });
                let from = answer.url.host_str().filter(|host| Some(*host) != file.url.host_str());
                let from = from.map(|host| format!(" from {host}")).unwrap_or_default();
                Err(LookupError::Unauthorized {
                    host: file.host.clone(),
                    what: file.what.to_owned(),
                    message: format!("{who}: it answered {status}{from}"),
                })
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                Err(LookupError::NotFound { host: file.host.clone(), what: file.what.to_owned() })
            }
            _ => Err(bad_answer(&host, file.what, format!("it answered {status}"))),
        }
    }
}
