//! Requests to the API server: each within its own deadline, with few retries, a bound on the size
//! of the answer, and without any answer in a log. Decoding is the caller's.

use std::error::Error;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use super::error::ConnectError;
use super::exec::Plugin;

/// The first pause before a retry; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// What of an error answer is read.
const ERROR_MAX: usize = 64 * 1024;
/// What of the server's words is kept.
const MESSAGE_MAX: usize = 1000;
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

/// Why a request failed. The texts are fragments about the server; who asks knows for what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    /// The server answered with an error.
    #[error("{message} (HTTP {code})")]
    Status {
        /// HTTP status.
        code: u16,
        /// The server's words, shortened.
        message: String,
    },
    /// No full answer in time.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// No connection, or it broke.
    #[error("{0}")]
    Unreachable(String),
    /// The answer is larger than allowed.
    #[error("the answer is larger than {} MiB", .0 / (1024 * 1024))]
    TooLarge(usize),
    /// The answer is not what the API promises.
    #[error("the answer is unusable: {0}")]
    Malformed(String),
    /// The credential plugin failed.
    #[error("{0}")]
    Credentials(String),
}

impl RequestError {
    /// The HTTP status, when the server gave one.
    pub(super) fn code(&self) -> Option<u16> {
        match self {
            Self::Status { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Not allowed.
    pub(super) fn is_forbidden(&self) -> bool {
        self.code() == Some(403)
    }

    /// Not there.
    pub(super) fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// A body that cannot be decoded: the place only, because the words of the decoder may quote
    /// what stands there.
    pub(super) fn malformed(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Data => "a field has another type than the API says",
            serde_json::error::Category::Eof => "the JSON ends early",
            _ => "not JSON",
        };
        let (line, column) = (error.line(), error.column());
        Self::Malformed(format!("{what} (line {line}, column {column})"))
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

    /// POSTs a JSON document that creates nothing (a review of access), so that it may be repeated.
    pub(super) async fn review(
        &self,
        target: &str,
        document: &serde_json::Value,
    ) -> Result<Vec<u8>, RequestError> {
        let bytes = document.to_string().into_bytes();
        self.call(&|| {
            Request::post(target)
                .header(CONTENT_TYPE, "application/json")
                .body(Body::from(bytes.clone()))
        })
        .await
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
            let (error, asked) = match self.attempt(build, token.as_ref()).await {
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
                || Instant::now() + pause >= deadline
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

    /// One try; the second value of an error is how long the server asks to wait.
    async fn attempt(
        &self,
        build: &(dyn Fn() -> http::Result<Request<Body>> + Send + Sync),
        token: Option<&SecretString>,
    ) -> Result<Vec<u8>, (RequestError, Option<Duration>)> {
        let plain = |error: RequestError| (error, None);
        let mut request =
            build().map_err(|error| plain(RequestError::Malformed(error.to_string())))?;
        request.headers_mut().insert(USER_AGENT, OURSELVES);
        if let Some(token) = token {
            let header = format!("Bearer {}", token.expose_secret());
            let mut header = HeaderValue::try_from(header).map_err(|_| {
                plain(RequestError::Credentials("the token is no header value".into()))
            })?;
            header.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self
            .client
            .send(request)
            .await
            .map_err(|error| plain(RequestError::Unreachable(innermost(&error))))?;
        let status = response.status().as_u16();
        tracing::debug!(event = "cluster-request", %method, path, status);
        if response.status().is_success() {
            return body(response, self.bounds.body).await.map_err(plain);
        }
        let asked = retry_after(&response);
        Err((refusal(response).await, asked))
    }
}

fn credentials(error: &ConnectError) -> RequestError {
    RequestError::Credentials(error.to_string())
}

/// Whether another try may go better.
fn may_pass(error: &RequestError) -> bool {
    match error {
        RequestError::Status { code, .. } => matches!(code, 429 | 500 | 502 | 503 | 504),
        // A certificate does not become better by asking again.
        RequestError::Unreachable(message) => !message.contains("certificate"),
        _ => false,
    }
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

/// The error of an answer that is none.
async fn refusal(response: Response<Body>) -> RequestError {
    #[derive(Deserialize)]
    struct Status {
        message: Option<String>,
    }
    let status = response.status();
    let words = body(response, ERROR_MAX).await.ok().and_then(|bytes| {
        let status: Status = serde_json::from_slice(&bytes).ok()?;
        status.message.filter(|message| !message.is_empty())
    });
    let message = match words {
        Some(words) => words.chars().take(MESSAGE_MAX).collect(),
        None => canonical(status),
    };
    RequestError::Status { code: status.as_u16(), message }
}

fn canonical(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("error").to_lowercase()
}

/// The causes of a transport error, outermost first, without repetitions.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        // Wrappers repeat the text of what they wrap.
        parts.retain(|part| !part.contains(&text));
        parts.push(text);
        next = error.source();
    }
    parts.join(": ")
}
