//! One lookup in one repository: its turn, its deadline, and which credentials get in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::{HeaderValue, Method, StatusCode};
use reqwest::Url;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::auth::{Asked, Denied, Tokens, complaint};
use super::cache::lock;
use super::challenge::{self, Challenge};
use super::credentials::{Candidate, CredentialSet};
use super::hosts::{Class, HostState, in_plain};
use super::request::{Answer, Jar, MAX_DOCUMENT, Request};
use super::settings::RegistrySettings;
use super::transport::{Transport, bad_answer};
use crate::domain::image::{Registry as Host, Repository};
use crate::ports::LookupError;

/// How often one request is made with other authorizations, redirect targets included.
const MAX_ROUNDS: usize = 5;

/// Everything that lookups share.
pub(super) struct Client {
    transport: Transport,
    tokens: Tokens,
    settings: RegistrySettings,
    hosts: Mutex<HashMap<Host, Arc<HostState>>>,
}

impl Client {
    pub(super) fn new(settings: RegistrySettings) -> Self {
        Self {
            transport: Transport::new(settings.limits.clone(), settings.user_agent.clone()),
            tokens: Tokens::default(),
            settings,
            hosts: Mutex::default(),
        }
    }

    /// What is known of a registry.
    pub(super) fn host(&self, host: &Host) -> Result<Arc<HostState>, LookupError> {
        let mut hosts = lock(&self.hosts);
        if let Some(state) = hosts.get(host) {
            return Ok(Arc::clone(state));
        }
        let settings = self.settings.hosts.get(host).cloned().unwrap_or_default();
        let state = HostState::new(host.clone(), settings, &self.settings.limits)
            .map(Arc::new)
            .map_err(|message| LookupError::Unreachable {
                host: host.clone(),
                message: format!("its settings are wrong: {message}"),
            })?;
        hosts.insert(host.clone(), Arc::clone(&state));
        Ok(state)
    }

    /// Requests sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.transport.requests()
    }

    /// Pulls left, by host.
    pub(super) fn remaining(&self) -> Vec<(String, u64)> {
        let mut all: Vec<_> = lock(&self.hosts)
            .values()
            .filter_map(|state| Some((state.host.to_string(), state.remaining()?)))
            .collect();
        all.sort();
        all
    }

    /// Waits for its turn with this registry and begins a lookup; its deadline starts then.
    pub(super) async fn open<'a>(
        &'a self,
        host: &'a HostState,
        repository: &'a Repository,
        set: &'a CredentialSet,
    ) -> Result<Lookup<'a>, LookupError> {
        if let Some(message) = &set.failure
            && set.candidates.is_empty()
        {
            return Err(credentials_failed(host, message));
        }
        let permit = host.permits.acquire().await.map_err(|_| host.left_alone())?;
        host.alive()?;
        let plain = if host.probe {
            let probe = || self.transport.speaks_plain(host);
            *host.plain.get_or_try_init(probe).await?
        } else {
            false
        };
        let base = if plain { in_plain(&host.base) } else { host.base.clone() };
        let name = format!("{}{}", host.prefix, repository.path());
        Ok(Lookup {
            transport: &self.transport,
            tokens: &self.tokens,
            host,
            set,
            repository,
            scope: format!("repository:{name}:pull"),
            name,
            base,
            deadline: Instant::now() + self.settings.limits.lookup,
            _permit: permit,
        })
    }
}

/// One lookup, with its deadline.
pub(super) struct Lookup<'a> {
    pub(super) transport: &'a Transport,
    tokens: &'a Tokens,
    pub(super) host: &'a HostState,
    set: &'a CredentialSet,
    pub(super) repository: &'a Repository,
    /// The repository as the server calls it.
    name: String,
    scope: String,
    pub(super) base: Url,
    deadline: Instant,
    _permit: SemaphorePermit<'a>,
}

enum Admission {
    Answer(Box<Answer>),
    Refused(String),
}

impl Lookup<'_> {
    /// The URL of something in the repository.
    pub(super) fn url(&self, rest: &str) -> Result<Url, LookupError> {
        self.base
            .join(&format!("/v2/{}/{rest}", self.name))
            .map_err(|_| bad_answer(self.host, self.repository.path(), "no URL".into()))
    }

    /// Sends a request with the credentials that are let in: each candidate in turn, then nobody.
    /// What comes back is neither 401 nor 403.
    pub(super) async fn ask(&self, request: &Request<'_>) -> Result<Answer, LookupError> {
        let candidates = &self.set.candidates;
        let key = (self.set.exact, self.name.clone());
        let first = lock(&self.host.admitted).get(&key).copied().unwrap_or(0);
        let mut order: Vec<usize> = (0..=candidates.len()).collect();
        order.rotate_left(first.min(candidates.len()));
        let mut refusals: Vec<String> = Vec::new();
        let mut hidden = None;
        for number in order {
            let who = candidates.get(number);
            // A broken helper is not passed over by asking as nobody.
            if who.is_none()
                && let Some(message) = &self.set.failure
            {
                return Err(credentials_failed(self.host, message));
            }
            match Box::pin(self.ask_as(who, request)).await? {
                // Some registries answer so where these credentials may not see the repository;
                // another pull secret of the workload may.
                Admission::Answer(answer)
                    if answer.status == StatusCode::NOT_FOUND && candidates.len() > 1 =>
                {
                    hidden.get_or_insert(answer);
                }
                Admission::Answer(answer) => {
                    if number != first {
                        lock(&self.host.admitted).insert(key, number);
                    }
                    return Ok(*answer);
                }
                Admission::Refused(message) => refusals.push(match who {
                    Some(who) => {
                        format!("as {} ({}): {message}", who.credential.user(), who.source)
                    }
                    None => format!("without credentials: {message}"),
                }),
            }
        }
        if let Some(answer) = hidden {
            return Ok(*answer);
        }
        refusals.extend(lock(&self.host.withheld).iter().map(|realm| {
            format!(
                "no credentials were sent to its token server {realm}, which is another's host; list it in `tokenHosts` to allow that"
            )
        }));
        refusals.extend(self.set.notes.iter().cloned());
        Err(LookupError::Unauthorized {
            host: self.host.host.clone(),
            what: self.repository.path().to_owned(),
            message: refusals.join("; "),
        })
    }

    async fn ask_as(
        &self,
        who: Option<&Candidate>,
        request: &Request<'_>,
    ) -> Result<Admission, LookupError> {
        let fingerprint = who.map(|who| who.fingerprint).unwrap_or_default();
        let mut jar = Jar::default();
        // A header from before may have run out; one that is new may not.
        let mut renewed: Vec<Url> = Vec::new();
        let known = lock(&self.host.challenge).clone();
        if let Some(known) = known {
            match self.authorise(&known, &self.base, who, None, request, true).await {
                Ok(header) => jar.put(&self.base, header),
                // These credentials will not do better when they are asked for.
                Err(Denied::Refused(message)) if who.is_some() => {
                    return Ok(Admission::Refused(message));
                }
                Err(Denied::Refused(_)) => {}
                Err(Denied::Lookup(error)) => return Err(error),
            }
        }
        let mut pinged = false;
        for _ in 0..MAX_ROUNDS {
            if request.class == Class::Manifests && request.method == Method::GET {
                let reserve = self.transport.limits().pull_reserve;
                self.host.take_pull(fingerprint, reserve)?;
            }
            let answer =
                self.transport.send(self.host, request, &jar, fingerprint, self.deadline).await?;
            let hidden = matches!(answer.status.as_u16(), 403 | 404);
            let (challenge, url) = if answer.status == StatusCode::UNAUTHORIZED {
                (challenge::read(&answer.headers), answer.url.clone())
            } else if hidden && who.is_some() && jar.get(&answer.url).is_none() && !pinged {
                // Some registries hide what is private from nobody instead of asking for a name.
                pinged = true;
                match self.ping().await? {
                    Some(challenge) => (Some(challenge), self.base.clone()),
                    None if answer.status == StatusCode::FORBIDDEN => return Ok(refused(&answer)),
                    None => return Ok(Admission::Answer(Box::new(answer))),
                }
            } else if answer.status == StatusCode::FORBIDDEN {
                return Ok(refused(&answer));
            } else {
                return Ok(Admission::Answer(Box::new(answer)));
            };
            let Some(challenge) = challenge else {
                return Ok(refused(&answer));
            };
            let origin_seen = renewed.iter().any(|seen| seen.origin() == url.origin());
            if origin_seen {
                return Ok(refused(&answer));
            }
            if url.origin() == self.base.origin() {
                *lock(&self.host.challenge) = Some(challenge.clone());
            }
            let stale = jar.get(&url).cloned();
            match self.authorise(&challenge, &url, who, stale.as_ref(), request, false).await {
                Ok(header) if stale.as_ref() == Some(&header) => return Ok(refused(&answer)),
                Ok(header) => jar.put(&url, header),
                Err(Denied::Refused(message)) => return Ok(Admission::Refused(message)),
                Err(Denied::Lookup(error)) => return Err(error),
            }
            renewed.push(url);
        }
        Ok(Admission::Refused("the registry asks for ever new credentials".into()))
    }

    /// Answers a challenge. One that is only remembered was given for another repository, so its
    /// scope does not count.
    async fn authorise(
        &self,
        challenge: &Challenge,
        url: &Url,
        who: Option<&Candidate>,
        stale: Option<&HeaderValue>,
        request: &Request<'_>,
        remembered: bool,
    ) -> Result<HeaderValue, Denied> {
        let mut challenge = challenge.clone();
        if remembered && let Challenge::Bearer { scope, .. } = &mut challenge {
            *scope = None;
        }
        let asked = Asked {
            url,
            own: url.origin() == self.base.origin(),
            who,
            scope: &self.scope,
            stale,
            what: request.what,
            deadline: self.deadline,
        };
        self.tokens.authorise(self.transport, self.host, &challenge, asked).await
    }

    async fn ping(&self) -> Result<Option<Challenge>, LookupError> {
        let work = || async {
            let url = self.base.join("/v2/").unwrap_or_else(|_| self.base.clone());
            let request = Request {
                method: Method::GET,
                url,
                accept: "application/json",
                validators: None,
                form: None,
                limit: MAX_DOCUMENT,
                into: None,
                class: Class::Others,
                what: "/v2/",
            };
            let who = super::credentials::Fingerprint::default();
            let answer = self
                .transport
                .send(self.host, &request, &Jar::default(), who, self.deadline)
                .await?;
            Ok(challenge::read(&answer.headers).filter(|_| {
                answer.status == StatusCode::UNAUTHORIZED
                    && answer.url.origin() == self.base.origin()
            }))
        };
        self.host.ping.get_or_try_init(work).await.cloned()
    }

    /// The error for a status that is not the expected one.
    pub(super) fn unexpected(&self, answer: &Answer, what: &str) -> LookupError {
        if answer.status == StatusCode::NOT_FOUND {
            return LookupError::NotFound { host: self.host.host.clone(), what: what.to_owned() };
        }
        let status = answer.status.as_u16();
        bad_answer(self.host, what, format!("it answered {status}{}", complaint(&answer.body)))
    }
}

fn refused(answer: &Answer) -> Admission {
    let status = answer.status.as_u16();
    Admission::Refused(format!("it answered {status}{}", complaint(&answer.body)))
}

fn credentials_failed(host: &HostState, message: &str) -> LookupError {
    LookupError::Credentials { host: host.host.clone(), message: message.to_owned() }
}
