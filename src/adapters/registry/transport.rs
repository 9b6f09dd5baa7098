//! Sends requests: redirects, bounds on time and size, retries and pauses. Credentials are attached
//! by origin at every hop, so they cannot follow a redirect elsewhere.

use std::error::Error as _;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION,
};
use http::{Method, StatusCode};
use reqwest::Url;
use tokio::time::Instant;

use super::credentials::Fingerprint;
use super::hosts::{Class, HostState, Pause};
use super::realm::follow;
use super::request::{Answer, Jar, Request, Sink};
use super::settings::Limits;
use super::tls::Clients;
use crate::ports::LookupError;

const MAX_REDIRECTS: usize = 5;
/// As much of an error's body as is looked at.
const ERROR_BYTES: usize = 64 << 10;
/// Characters of foreign text in an error.
const MAX_QUOTE: usize = 200;
/// How long a registry is left alone that says 429 and not for how long.
const UNSAID_PAUSE: Duration = Duration::from_secs(10);

/// What one attempt may run into.
enum Trouble {
    Timeout(Duration),
    Broken { message: String, again: bool },
    Bad(String),
}

/// How often a request is sent again that a registry limits (429).
const LIMITED_MAX: u32 = 5;

/// Sends requests.
pub(super) struct Transport {
    limits: Limits,
    clients: Clients,
    random: RandomState,
    requests: AtomicU64,
}

impl Transport {
    pub(super) fn new(limits: Limits, user_agent: String) -> Self {
        Self {
            clients: Clients::new(user_agent, limits.connect),
            limits,
            random: RandomState::new(),
            requests: AtomicU64::new(0),
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Sends a request until it is answered with something other than 429 and 5xx, within the
    /// deadline. `who` says whose limits it counts against.
    pub(super) async fn send(
        &self,
        host: &HostState,
        request: &Request<'_>,
        jar: &Jar,
        who: Fingerprint,
        deadline: Instant,
    ) -> Result<Answer, LookupError> {
        let mut error = None;
        let (mut attempt, mut limited) = (0, 0);
        while attempt < self.limits.attempts.max(1) && limited < LIMITED_MAX {
            if attempt > 0 && host.paused(who, request.class).is_none() {
                let pause = self.jitter(self.limits.backoff * 2_u32.pow(attempt.min(8) - 1));
                self.sleep(host, pause, deadline).await?;
            }
            self.wait_for_pause(host, request.class, who, deadline).await?;
            host.alive()?;
            attempt += 1;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                error = Some(LookupError::Timeout {
                    host: host.host.clone(),
                    deadline: self.limits.lookup,
                });
                break;
            }
            let limit = left.min(self.limits.request);
            let outcome = tokio::select! {
                biased;
                outcome = tokio::time::timeout(limit, Box::pin(self.attempt(host, request, jar))) =>
                    outcome.unwrap_or(Err(Trouble::Timeout(limit))),
                () = host.given_up.cancelled() => return Err(host.left_alone()),
            };
            match outcome {
                Ok(answer) => {
                    if let Some(left) = answer.remaining() {
                        host.set_remaining(who, left);
                    }
                    if answer.status == StatusCode::TOO_MANY_REQUESTS {
                        // The registry is well; it only wants to be asked later.
                        attempt -= 1;
                        limited += 1;
                        host.answered();
                        let asked = answer.retry_after();
                        host.pause(who, request.class, asked.unwrap_or(UNSAID_PAUSE));
                        error = Some(LookupError::RateLimited {
                            host: host.host.clone(),
                            retry_after: asked,
                        });
                        continue;
                    }
                    if !answer.status.is_server_error() {
                        host.answered();
                        host.let_through(who, request.class);
                        return Ok(answer);
                    }
                    error = Some(LookupError::Server {
                        host: host.host.clone(),
                        status: answer.status.as_u16(),
                    });
                }
                Err(Trouble::Timeout(limit)) => {
                    let timeout = LookupError::Timeout { host: host.host.clone(), deadline: limit };
                    // It has cost a whole deadline, so it counts without waiting for the retries.
                    host.failed(&timeout);
                    error = Some(timeout);
                    if Instant::now() >= deadline {
                        break;
                    }
                }
                Err(Trouble::Broken { message, again }) => {
                    error = Some(LookupError::Unreachable { host: host.host.clone(), message });
                    if !again {
                        break;
                    }
                }
                Err(Trouble::Bad(message)) => {
                    host.answered();
                    return Err(bad_answer(host, request.what, message));
                }
            }
        }
        let error = error.unwrap_or_else(|| host.left_alone());
        match &error {
            LookupError::Unreachable { .. } | LookupError::Server { .. } => host.failed(&error),
            LookupError::RateLimited { .. } => host.limited(who, request.class),
            _ => {}
        }
        Err(error)
    }

    /// Finds out whether a host that is set as insecure speaks no TLS at all.
    pub(super) async fn speaks_plain(&self, host: &HostState) -> Result<bool, LookupError> {
        let request = Request {
            method: Method::GET,
            url: host.base.clone(),
            accept: "*/*",
            validators: None,
            form: None,
            limit: ERROR_BYTES,
            into: None,
            class: Class::Others,
            what: "/",
        };
        let limit = self.limits.request;
        let jar = Jar::default();
        let attempt = Box::pin(self.attempt(host, &request, &jar));
        match tokio::time::timeout(limit, attempt).await {
            Ok(Ok(_) | Err(Trouble::Bad(_))) => Ok(false),
            Ok(Err(Trouble::Broken { again, .. })) => Ok(again),
            Ok(Err(Trouble::Timeout(_))) | Err(_) => {
                let error = LookupError::Timeout { host: host.host.clone(), deadline: limit };
                host.failed(&error);
                Err(error)
            }
        }
    }

    /// Waits while the registry wants to be left alone, when the deadline allows it.
    async fn wait_for_pause(
        &self,
        host: &HostState,
        class: Class,
        who: Fingerprint,
        deadline: Instant,
    ) -> Result<(), LookupError> {
        let limited =
            |retry_after| LookupError::RateLimited { host: host.host.clone(), retry_after };
        let pause = match host.paused(who, class) {
            None => return Ok(()),
            Some(Pause::Closed) => return Err(limited(None)),
            Some(Pause::Until(until)) => until.saturating_duration_since(Instant::now()),
        };
        if Instant::now() + pause >= deadline {
            return Err(limited(Some(pause)));
        }
        let spread = self.jitter(self.limits.backoff);
        self.sleep(host, pause + spread, deadline).await
    }

    async fn sleep(
        &self,
        host: &HostState,
        pause: Duration,
        deadline: Instant,
    ) -> Result<(), LookupError> {
        let until = (Instant::now() + pause).min(deadline);
        tokio::select! {
            () = tokio::time::sleep_until(until) => Ok(()),
            () = host.given_up.cancelled() => Err(host.left_alone()),
        }
    }

    /// Between half and the whole of a pause, so that many callers do not come back at once.
    fn jitter(&self, pause: Duration) -> Duration {
        let random = self.random.hash_one(self.requests()) % 512;
        pause * u32::try_from(512 + random).unwrap_or(512) / 1024
    }

    async fn attempt(
        &self,
        host: &HostState,
        request: &Request<'_>,
        jar: &Jar,
    ) -> Result<Answer, Trouble> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let client = self
                .clients
                .client(host, &url)
                .map_err(|message| Trouble::Broken { message, again: false })?;
            let mut builder = client.request(request.method.clone(), url.clone());
            builder = builder.header(ACCEPT, request.accept);
            if let Some(header) = jar.get(&url) {
                builder = builder.header(AUTHORIZATION, header.clone());
            }
            if let Some(validators) = request.validators {
                if let Some(etag) = &validators.etag {
                    builder = builder.header(IF_NONE_MATCH, etag);
                } else if let Some(time) = &validators.last_modified {
                    builder = builder.header(IF_MODIFIED_SINCE, time);
                }
            }
            if let Some(form) = &request.form {
                builder = builder
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form.clone());
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            let response = builder.send().await.map_err(|error| self.explain(host, &url, error))?;
            tracing::debug!(
                event = "registry-request",
                method = %request.method,
                host = url.host_str(),
                path = url.path(),
                status = response.status().as_u16(),
            );
            let location = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308)
                .then(|| response.headers().get(LOCATION))
                .flatten();
            let Some(location) = location else {
                return self.whole(host, request, url, response).await;
            };
            if request.form.is_some() {
                return Err(Trouble::Bad("a redirect of a request with a secret in it".into()));
            }
            let location = location
                .to_str()
                .map_err(|_| Trouble::Bad("a redirect to something that is no URL".into()))?;
            url = follow(&url, location).map_err(Trouble::Bad)?;
        }
        Err(Trouble::Bad(format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// Reads an answer to its end or its bound.
    async fn whole(
        &self,
        host: &HostState,
        request: &Request<'_>,
        url: Url,
        mut response: reqwest::Response,
    ) -> Result<Answer, Trouble> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        let mut length = 0;
        let limit =
            if status.is_success() { request.limit } else { ERROR_BYTES.min(request.limit) };
        let sink = request.into.filter(|_| status.is_success());
        let unkept = |error: std::io::Error| Trouble::Bad(format!("it cannot be kept: {error}"));
        sink.map_or(Ok(()), Sink::restart).map_err(unkept)?;
        if request.method != Method::HEAD {
            loop {
                let chunk = match response.chunk().await {
                    Ok(Some(chunk)) => chunk,
                    Ok(None) => break,
                    Err(error) => return Err(self.explain(host, &url, error)),
                };
                length += chunk.len();
                if length > limit {
                    if status.is_success() {
                        return Err(Trouble::Bad(format!("more than {limit} bytes")));
                    }
                    break;
                }
                match sink {
                    Some(sink) => sink.write(&chunk).map_err(unkept)?,
                    None => body.extend_from_slice(&chunk),
                }
            }
        }
        Ok(Answer { status, headers, body, url })
    }

    fn explain(&self, host: &HostState, url: &Url, error: reqwest::Error) -> Trouble {
        if error.is_timeout() {
            return Trouble::Timeout(self.limits.connect);
        }
        let error = error.without_url();
        let mut message = deepest(&error);
        if url.host_str() != host.base.host_str() {
            message = format!("{}: {message}", url.host_str().unwrap_or_default());
        }
        Trouble::Broken {
            // Another try does not mend a certificate.
            again: !message.contains("certificate"),
            message,
        }
    }
}

/// The innermost cause, which is the one that says something.
pub(super) fn deepest(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    readable(&text)
}

/// Foreign text, short and without control characters.
pub(in crate::adapters) fn readable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_QUOTE).collect()
}

/// The error for an answer that cannot be used. The message may quote what the registry sent.
pub(super) fn bad_answer(host: &HostState, what: &str, mut message: String) -> LookupError {
    message.retain(|char| !char.is_control());
    if let Some((end, _)) = message.char_indices().nth(MAX_QUOTE) {
        message.truncate(end);
    }
    LookupError::BadAnswer { host: host.host.clone(), what: what.to_owned(), message }
}
