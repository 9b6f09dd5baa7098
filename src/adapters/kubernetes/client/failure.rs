//! Why a request failed, in the server's words as far as it has any, and what that says about
//! whether it was carried out and whether another try may go better.

use std::error::Error;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

/// What of the server's words is kept.
const MESSAGE_MAX: usize = 1000;

/// Why a request failed. The texts are fragments about the server; who asks knows for what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::adapters::kubernetes) enum RequestError {
    /// The server answered with an error.
    #[error("{message} (HTTP {code})")]
    Status {
        /// HTTP status.
        code: u16,
        /// The server's words, shortened.
        message: String,
        /// What else a `Status` says.
        details: Box<Details>,
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

/// What a `Status` of the API says for programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::adapters::kubernetes) struct Details {
    /// The answer was a `Status`, so that the API server itself spoke and nothing before it.
    pub(in crate::adapters::kubernetes) is_status: bool,
    /// One word: `Invalid`, `AlreadyExists`, …
    pub(in crate::adapters::kubernetes) reason: String,
    /// One word for each cause: `FieldValueInvalid`, `DisruptionBudget`, …
    pub(in crate::adapters::kubernetes) causes: Vec<String>,
}

impl RequestError {
    /// The HTTP status, when the server gave one.
    pub(in crate::adapters::kubernetes) fn code(&self) -> Option<u16> {
        match self {
            Self::Status { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Not allowed.
    pub(in crate::adapters::kubernetes) fn is_forbidden(&self) -> bool {
        self.code() == Some(403)
    }

    /// Not there.
    pub(in crate::adapters::kubernetes) fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// What else the server said, when it answered with an error.
    pub(in crate::adapters::kubernetes) fn details(&self) -> Option<&Details> {
        match self {
            Self::Status { details, .. } => Some(details),
            _ => None,
        }
    }

    /// A body that cannot be decoded: the place only, because the words of the decoder may quote
    /// what stands there.
    pub(in crate::adapters::kubernetes) fn malformed(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Data => "a field has another type than the API says",
            serde_json::error::Category::Eof => "the JSON ends early",
            _ => "not JSON",
        };
        let (line, column) = (error.line(), error.column());
        Self::Malformed(format!("{what} (line {line}, column {column})"))
    }
}

/// Whether an error arose before there was a connection, so that nothing was sent.
pub(super) fn is_connecting(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let known = error.downcast_ref::<hyper_util::client::legacy::Error>();
        if known.is_some_and(hyper_util::client::legacy::Error::is_connect) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Whether the request that was answered with this error may have been carried out.
pub(super) fn may_be_done(error: &RequestError) -> bool {
    match error {
        // What stands before the server says 503 too, when the server breaks off.
        RequestError::Status { code: 503, details, .. } => !details.is_status,
        RequestError::Status { code, .. } => matches!(code, 300..=399 | 408 | 500..),
        _ => true,
    }
}

/// Whether another try may go better.
pub(super) fn may_pass(error: &RequestError) -> bool {
    match error {
        RequestError::Status { code, .. } => matches!(code, 429 | 500 | 502 | 503 | 504),
        // A certificate does not become better by asking again.
        RequestError::Unreachable(message) => !message.contains("certificate"),
        _ => false,
    }
}

/// The error of an answer that is none.
pub(super) fn refusal(code: StatusCode, bytes: &[u8]) -> RequestError {
    status_error(code.as_u16(), bytes).unwrap_or_else(|| RequestError::Status {
        code: code.as_u16(),
        message: canonical(code),
        details: Box::default(),
    })
}

/// The error that a `Status` tells; none when the bytes are no `Status`.
pub(in crate::adapters::kubernetes) fn status_error(
    code: u16,
    bytes: &[u8],
) -> Option<RequestError> {
    #[derive(Deserialize)]
    struct Status {
        kind: Option<String>,
        message: Option<String>,
        reason: Option<String>,
        details: Option<StatusDetails>,
        code: Option<u16>,
    }
    #[derive(Deserialize)]
    struct StatusDetails {
        causes: Option<Vec<Cause>>,
    }
    #[derive(Deserialize)]
    struct Cause {
        reason: Option<String>,
    }
    let status: Status = serde_json::from_slice(bytes).ok()?;
    let causes = status.details.and_then(|details| details.causes).unwrap_or_default();
    let code = if code == 0 { status.code.unwrap_or(0) } else { code };
    let message = match status.message.filter(|message| !message.is_empty()) {
        Some(message) => message.chars().take(MESSAGE_MAX).collect(),
        None => canonical(StatusCode::from_u16(code).ok()?),
    };
    Some(RequestError::Status {
        code,
        message,
        details: Box::new(Details {
            is_status: status.kind.as_deref() == Some("Status"),
            reason: status.reason.unwrap_or_default(),
            causes: causes.into_iter().map(|cause| cause.reason.unwrap_or_default()).collect(),
        }),
    })
}

fn canonical(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("error").to_lowercase()
}

/// The causes of a transport error, outermost first, without repetitions.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
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
