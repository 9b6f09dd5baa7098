//! One check and how it ended.

use serde::Serialize;

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// As it should be.
    Ok,
    /// A plan can be made, but it or its application lacks something.
    Warn,
    /// A plan cannot be made, or would say nothing.
    Fail,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) check: &'static str,
    pub(super) object: String,
    pub(super) status: Status,
    pub(super) detail: String,
}

pub(super) fn ok(check: &'static str, object: String, detail: &str) -> Line {
    Line { check, object, status: Status::Ok, detail: detail.to_owned() }
}

pub(super) fn warn(check: &'static str, object: String, detail: String) -> Line {
    Line { check, object, status: Status::Warn, detail }
}

pub(super) fn fail(check: &'static str, object: String, detail: String) -> Line {
    Line { check, object, status: Status::Fail, detail }
}
