//! Answers challenges: Basic, and tokens of the Docker token protocol (GET) and its `OAuth2` form
//! (POST, for identity tokens). One token request for many callers; tokens end before they expire.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method, StatusCode};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use super::cache::lock;
use super::challenge::Challenge;
use super::credentials::{Candidate, Credential, Fingerprint};
use super::hosts::{Class, HostState};
use super::realm::{Trust, judge};
use super::request::{Answer, Jar, Request};
use super::transport::{Transport, bad_answer, readable};
use crate::ports::LookupError;

/// Named to token servers.
const CLIENT_ID: &str = "safe-update";
/// A longer answer is no token.
const MAX_ANSWER: usize = 256 << 10;
/// What a token lives when nothing is said, and at least (distribution, token specification).
const MIN_LIFE: Duration = Duration::from_mins(1);
const MAX_LIFE: Duration = Duration::from_hours(24);

/// Why there is no authorization.
pub(super) enum Denied {
    /// The credentials do not fit or were refused; others may do.
    Refused(String),
    /// Something else went wrong.
    Lookup(LookupError),
}

/// Who asks for what.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The URL that was answered with the challenge.
    pub(super) url: &'a Url,
    /// Whether that is the registry itself, and not a host that it redirected to.
    pub(super) own: bool,
    /// With which credentials; they are left out when the challenge is another host's.
    pub(super) who: Option<&'a Candidate>,
    /// The scope, when the challenge names none.
    pub(super) scope: &'a str,
    /// A header that was refused just now.
    pub(super) stale: Option<&'a HeaderValue>,
    pub(super) what: &'a str,
    pub(super) deadline: Instant,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    realm: Url,
    service: Option<String>,
    scope: String,
    who: Fingerprint,
}

#[derive(Default)]
enum Slot {
    #[default]
    Empty,
    Token {
        header: HeaderValue,
        until: Instant,
    },
    Refused(String),
}

#[derive(Deserialize)]
struct WireToken {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Option<f64>,
}

/// The tokens of a run.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<Key, Arc<tokio::sync::Mutex<Slot>>>>);

impl Tokens {
    /// The `Authorization` header that answers a challenge.
    pub(super) async fn authorise(
        &self,
        transport: &Transport,
        host: &HostState,
        challenge: &Challenge,
        asked: Asked<'_>,
    ) -> Result<HeaderValue, Denied> {
        let own = asked.own;
        let who = asked.who.filter(|_| own);
        match (challenge, who.map(|who| &who.credential)) {
            (Challenge::Basic, Some(Credential::Password { username, secret })) => {
                basic(username, secret)
            }
            (Challenge::Basic, Some(_)) => {
                Err(Denied::Refused("the registry wants a user name and a password".into()))
            }
            (Challenge::Basic, None) => {
                Err(Denied::Refused("the registry wants credentials".into()))
            }
            (Challenge::Bearer { .. }, Some(Credential::RegistryToken(token))) => bearer(token),
            (Challenge::Bearer { realm, service, scope }, _) => {
                let scope = scope.as_deref().unwrap_or(asked.scope);
                let own_settings = &host.settings;
                let (realm, trust) = judge(
                    realm,
                    asked.url,
                    own_settings.insecure && own,
                    if own { &own_settings.token_hosts } else { &[] },
                )
                .map_err(|message| Denied::Lookup(bad_answer(host, asked.what, message)))?;
                let withheld = who.is_some() && trust == Trust::Anonymous;
                if withheld {
                    *lock(&host.withheld) = realm.host_str().map(str::to_owned);
                }
                let who = who.filter(|_| !withheld);
                let key = Key {
                    realm,
                    service: service.clone(),
                    scope: scope.to_owned(),
                    who: who.map(|who| who.fingerprint).unwrap_or_default(),
                };
                self.token(transport, host, key, who, asked).await
            }
        }
    }

    async fn token(
        &self,
        transport: &Transport,
        host: &HostState,
        key: Key,
        who: Option<&Candidate>,
        asked: Asked<'_>,
    ) -> Result<HeaderValue, Denied> {
        let question = Question::of(&key, who);
        let slot = Arc::clone(lock(&self.0).entry(key).or_default());
        // Whoever comes first asks, the others wait here and find the answer.
        let mut slot = slot.lock().await;
        match &*slot {
            Slot::Token { header, until }
                if *until > Instant::now() && asked.stale != Some(header) =>
            {
                return Ok(header.clone());
            }
            Slot::Refused(message) => return Err(Denied::Refused(message.clone())),
            Slot::Token { .. } | Slot::Empty => {}
        }
        let result = question.ask(transport, host, asked).await;
        match result {
            Ok((header, life)) => {
                *slot = Slot::Token {
                    header: header.clone(),
                    // Some of it may be gone before it is used.
                    until: Instant::now() + life / 5 * 4,
                };
                Ok(header)
            }
            Err(Denied::Refused(message)) => {
                *slot = Slot::Refused(message.clone());
                Err(Denied::Refused(message))
            }
            Err(other) => Err(other),
        }
    }
}

/// One question to a token server.
struct Question<'a> {
    realm: Url,
    service: Option<String>,
    scope: String,
    who: Option<&'a Candidate>,
}

impl<'a> Question<'a> {
    fn of(key: &Key, who: Option<&'a Candidate>) -> Self {
        Self {
            realm: key.realm.clone(),
            service: key.service.clone(),
            scope: key.scope.clone(),
            who,
        }
    }

    async fn ask(
        &self,
        transport: &Transport,
        host: &HostState,
        asked: Asked<'_>,
    ) -> Result<(HeaderValue, Duration), Denied> {
        let mut header = None;
        match self.who.map(|who| &who.credential) {
            Some(Credential::IdentityToken(token)) => {
                let answer = self.post(transport, host, asked, token).await?;
                if !matches!(answer.status.as_u16(), 404 | 405) {
                    return self.judge(host, asked, &answer);
                }
                // A server without the OAuth2 form takes it in place of a password.
                header = Some(basic("<token>", token)?);
            }
            Some(Credential::Password { username, secret }) => {
                header = Some(basic(username, secret)?);
            }
            Some(Credential::RegistryToken(_)) | None => {}
        }
        let answer = self.get(transport, host, asked, header).await?;
        self.judge(host, asked, &answer)
    }

    async fn get(
        &self,
        transport: &Transport,
        host: &HostState,
        asked: Asked<'_>,
        header: Option<HeaderValue>,
    ) -> Result<Answer, Denied> {
        let mut url = self.realm.clone();
        let mut jar = Jar::default();
        if let Some(header) = header {
            jar.put(&url, header);
        }
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = &self.service {
                query.append_pair("service", service);
            }
            for scope in self.scope.split(' ').filter(|scope| !scope.is_empty()) {
                query.append_pair("scope", scope);
            }
            query.append_pair("client_id", CLIENT_ID);
        }
        self.send(transport, host, asked, Method::GET, url, None, &jar).await
    }

    async fn post(
        &self,
        transport: &Transport,
        host: &HostState,
        asked: Asked<'_>,
        token: &SecretString,
    ) -> Result<Answer, Denied> {
        let mut form = Url::parse("form:").map_err(|_| Denied::Refused("no form".into()))?;
        form.query_pairs_mut()
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", token.expose_secret())
            .append_pair("service", self.service.as_deref().unwrap_or_default())
            .append_pair("scope", &self.scope)
            .append_pair("client_id", CLIENT_ID);
        let form = form.query().unwrap_or_default().to_owned();
        let jar = Jar::default();
        self.send(transport, host, asked, Method::POST, self.realm.clone(), Some(form), &jar).await
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one request")]
    async fn send(
        &self,
        transport: &Transport,
        host: &HostState,
        asked: Asked<'_>,
        method: Method,
        url: Url,
        form: Option<String>,
        jar: &Jar,
    ) -> Result<Answer, Denied> {
        let request = Request {
            method,
            url,
            accept: "application/json",
            validators: None,
            form,
            limit: MAX_ANSWER,
            into: None,
            class: Class::Others,
            what: asked.what,
        };
        let who = self.who.map(|who| who.fingerprint).unwrap_or_default();
        transport.send(host, &request, jar, who, asked.deadline).await.map_err(Denied::Lookup)
    }

    fn judge(
        &self,
        host: &HostState,
        asked: Asked<'_>,
        answer: &Answer,
    ) -> Result<(HeaderValue, Duration), Denied> {
        let server = self.realm.host_str().unwrap_or_default();
        if answer.status.is_client_error() {
            let message = complaint(&answer.body);
            return Err(Denied::Refused(format!(
                "the token server {server} answered {}{message}",
                answer.status.as_u16()
            )));
        }
        let bad = |message: &str| {
            let message = format!("the token server {server} {message}");
            Denied::Lookup(bad_answer(host, asked.what, message))
        };
        if answer.status != StatusCode::OK {
            return Err(bad(&format!("answered {}", answer.status.as_u16())));
        }
        let wire: WireToken =
            serde_json::from_slice(&answer.body).map_err(|_| bad("did not send a token"))?;
        let token = [wire.token, wire.access_token]
            .into_iter()
            .flatten()
            .find(|token| !token.is_empty())
            .map(SecretString::from)
            .ok_or_else(|| bad("did not send a token"))?;
        let life = wire
            .expires_in
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(MIN_LIFE)
            .clamp(MIN_LIFE, MAX_LIFE);
        Ok((bearer(&token)?, life))
    }
}

/// What a registry or token server complains about, as `: text`; empty when it says nothing.
pub(super) fn complaint(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(default)]
        errors: Vec<WireError>,
        #[serde(default)]
        details: Option<String>,
    }
    #[derive(Deserialize)]
    struct WireError {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let Ok(wire) = serde_json::from_slice::<Wire>(body) else {
        return String::new();
    };
    let text = match (wire.errors.first(), wire.details) {
        (Some(error), _) if error.message.is_empty() => error.code.clone(),
        (Some(error), _) => error.message.clone(),
        (None, details) => details.unwrap_or_default(),
    };
    match readable(&text) {
        text if text.is_empty() => text,
        text => format!(": {text}"),
    }
}

/// The header of a user name and a password.
pub(super) fn basic(username: &str, secret: &SecretString) -> Result<HeaderValue, Denied> {
    let pair = STANDARD.encode(format!("{username}:{}", secret.expose_secret()));
    sensitive(&format!("Basic {pair}"))
}

fn bearer(token: &SecretString) -> Result<HeaderValue, Denied> {
    sensitive(&format!("Bearer {}", token.expose_secret()))
}

fn sensitive(text: &str) -> Result<HeaderValue, Denied> {
    let mut header = HeaderValue::from_str(text)
        .map_err(|_| Denied::Refused("a token with characters that no header may have".into()))?;
    header.set_sensitive(true);
    Ok(header)
}
