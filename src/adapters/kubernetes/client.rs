//! Requests to the API server: each within its own deadline, with few retries, a bound on the size
//! of the answer, and without any answer in a log. What changes something is sent once, and its
//! failure tells whether it may have been carried out. Decoding is the caller's.

mod failure;
mod stream;

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::error::ConnectError;
use super::exec::Plugin;

use failure::{innermost, is_connecting, may_be_done, may_pass, refusal};

pub(super) use failure::{RequestError, status_error};

/// The first pause before a retry; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// What of an error answer is read.
const ERROR_MAX: usize = 64 * 1024;
const JSON: &str = "application/json";
/// How the program appears in the server's audit log.
const OURSELVES: HeaderValue =
    HeaderValue::from_static(concat!("safe-update/", env!("CARGO_PKG_VERSION")));

/// Bounds of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// From the first byte sent to the last byte read, retries included.
    pub(super) deadline: Duration,
    /// How often it is sent at most.
    pub(super) attempts: u32,
    /// The largest answer, in bytes after decompression.
    pub(super) body: usize,
}

/// A request that changes something.
#[derive(Debug, Clone)]
pub(super) struct Call<'a> {
    /// POST, PUT, PATCH or DELETE.
    pub(super) method: Method,
    /// Path and query.
    pub(super) target: &'a str,
    /// The type of the body.
    pub(super) content: &'static str,
    /// The body, JSON of some kind.
    pub(super) body: Vec<u8>,
}

impl<'a> Call<'a> {
    /// A call whose body is a JSON document.
    pub(super) fn json(method: Method, target: &'a str, document: &serde_json::Value) -> Self {
        Self { method, target, content: JSON, body: document.to_string().into_bytes() }
    }

    fn request(&self) -> http::Result<Request<Body>> {
        Request::builder()
            .method(&self.method)
            .uri(self.target)
            .header(CONTENT_TYPE, self.content)
            .body(Body::from(self.body.clone()))
    }
}

/// Why a request that changes something did not, or may not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undone {
    /// What happened.
    pub(super) error: RequestError,
    /// It may have been carried out.
    pub(super) maybe: bool,
}

/// A try that failed.
struct Failure {
    error: RequestError,
    /// How long the server asks to wait.
    asked: Option<Duration>,
    /// The request may have been carried out.
    maybe: bool,
}

impl Failure {
    fn before_sending(error: RequestError) -> Self {
        Self { error, asked: None, maybe: false }
    }

    fn after_sending(error: RequestError) -> Self {
        Self { error, asked: None, maybe: true }
    }
}

/// The connection to one API server.
pub(super) struct Transport {
    client: kube::Client,
    plugin: Option<Plugin>,
    bounds: Bounds,
}

impl Transport {
    /// Sends through a client whose own retries are off.
    pub(super) fn new(client: kube::Client, plugin: Option<Plugin>, bounds: Bounds) -> Self {
        Self { client, plugin, bounds }
    }

    /// GETs a path with its query.
    pub(super) async fn get(&self, target: &str) -> Result<Vec<u8>, RequestError> {
        self.call(&|| Request::get(target).body(Body::empty())).await
    }

    /// GETs it in another form than the whole.
    pub(super) async fn get_as(&self, target: &str, form: &str) -> Result<Vec<u8>, RequestError> {
        self.call(&|| Request::get(target).header(ACCEPT, form).body(Body::empty())).await
    }

    /// POSTs a JSON document that creates nothing (a review of access), so that it may be repeated.
    pub(super) async fn review(
        &self,
        target: &str,
        document: &serde_json::Value,
    ) -> Result<Vec<u8>, RequestError> {
        self.repeat(&Call::json(Method::POST, target, document)).await
    }

    /// Sends what may be sent twice: a dry run, or a creation whose name says that it is the same.
    pub(super) async fn repeat(&self, call: &Call<'_>) -> Result<Vec<u8>, RequestError> {
        self.call(&|| call.request()).await
    }

    /// Sends once what changes something. Only a refused token is renewed, because then the request
    /// was not looked at.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Vec<u8>, Undone> {
        let deadline = Instant::now() + self.bounds.deadline;
        let late = |maybe| Undone { error: RequestError::Timeout(self.bounds.deadline), maybe };
        let build = || call.request();
        let mut renewed = false;
        loop {
            let token = tokio::time::timeout_at(deadline, self.token())
                .await
                .map_err(|_| late(false))?
                .map_err(|error| Undone { error, maybe: false })?;
            let attempt = self.attempt(&build, token.as_ref());
            let Failure { error, maybe, .. } =
                match tokio::time::timeout_at(deadline, attempt).await.map_err(|_| late(true))? {
                    Ok(body) => return Ok(body),
                    Err(failure) => failure,
                };
            match (error.code(), &self.plugin) {
                (Some(401), Some(plugin)) if !renewed => {
                    renewed = true;
                    tokio::time::timeout_at(deadline, plugin.renew(token.as_ref()))
                        .await
                        .map_err(|_| late(false))?
                        .map_err(|error| Undone { error: credentials(&error), maybe: false })?;
                }
                _ => return Err(Undone { error, maybe }),
            }
        }
    }

    async fn call(
        &self,
        build: &(dyn Fn() -> http::Result<Request<Body>> + Send + Sync),
    ) -> Result<Vec<u8>, RequestError> {
        let deadline = Instant::now() + self.bounds.deadline;
        tokio::time::timeout_at(deadline, self.attempts(build, deadline))
            .await
            .unwrap_or(Err(RequestError::Timeout(self.bounds.deadline)))
    }

    async fn attempts(
        &self,
        build: &(dyn Fn() -> http::Result<Request<Body>> + Send + Sync),
        deadline: Instant,
    ) -> Result<Vec<u8>, RequestError> {
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let token = self.token().await?;
            let Failure { error, asked, .. } = match self.attempt(build, token.as_ref()).await {
                Ok(body) => return Ok(body),
                Err(failure) => failure,
            };
            if let (Some(401), Some(plugin), false) = (error.code(), &self.plugin, renewed) {
                renewed = true;
                plugin.renew(token.as_ref()).await.map_err(|error| credentials(&error))?;
                continue;
            }
            let pause = (PAUSE * 2_u32.saturating_pow(attempt - 1)).max(asked.unwrap_or_default());
            // Waiting for longer than there is time would only hide the answer.
            if attempt >= self.bounds.attempts
                || !may_pass(&error)
                || pause >= deadline.saturating_duration_since(Instant::now())
            {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn token(&self) -> Result<Option<SecretString>, RequestError> {
        match &self.plugin {
            Some(plugin) => plugin.token().await.map_err(|error| credentials(&error)),
            None => Ok(None),
        }
    }

    /// One try.
    async fn attempt(
        &self,
        build: &(dyn Fn() -> http::Result<Request<Body>> + Send + Sync),
        token: Option<&SecretString>,
    ) -> Result<Vec<u8>, Failure> {
        let response = self.answer(build, token).await?;
        body(response, self.bounds.body).await.map_err(Failure::after_sending)
    }

    /// One try, up to the head of an answer that is a success.
    async fn answer(
        &self,
        build: &(dyn Fn() -> http::Result<Request<Body>> + Send + Sync),
        token: Option<&SecretString>,
    ) -> Result<Response<Body>, Failure> {
        let mut request = build()
            .map_err(|error| Failure::before_sending(RequestError::Malformed(error.to_string())))?;
        request.headers_mut().insert(USER_AGENT, OURSELVES);
        if let Some(token) = token {
            let header = format!("Bearer {}", token.expose_secret());
            let mut header = HeaderValue::try_from(header).map_err(|_| {
                let error = RequestError::Credentials("the token is no header value".into());
                Failure::before_sending(error)
            })?;
            header.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.client.send(request).await.map_err(|error| Failure {
            error: RequestError::Unreachable(innermost(&error)),
            asked: None,
            maybe: !is_connecting(&error),
        })?;
        let status = response.status().as_u16();
        tracing::debug!(event = "cluster-request", %method, path, status);
        if response.status().is_success() {
            return Ok(response);
        }
        let asked = retry_after(&response);
        let status = response.status();
        let error = refusal(status, &body(response, ERROR_MAX).await.unwrap_or_default());
        Err(Failure { maybe: may_be_done(&error), error, asked })
    }
}

fn credentials(error: &ConnectError) -> RequestError {
    RequestError::Credentials(error.to_string())
}

fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds.parse().ok().map(Duration::from_secs)
}

async fn body(response: Response<Body>, limit: usize) -> Result<Vec<u8>, RequestError> {
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| RequestError::Unreachable(innermost(&error)))?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > limit {
                return Err(RequestError::TooLarge(limit));
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}
