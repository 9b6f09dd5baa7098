//! What the fault proxy does to which requests: rules as values, chosen without any network.

use std::time::Duration;

use serde_json::json;

/// A rule of the proxy: which requests it is about, which of those it strikes, and what happens to them then.
///
/// `Fault::on("PATCH", "/deployments/web").nth(1).drops_after_forward()`
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    method: String,
    path: String,
    skip: usize,
    times: usize,
    seen: usize,
    struck: usize,
    action: Action,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Forward,
    Answer(Answer),
    Drop,
    DropAfterForward,
    AnswerAfterForward(Answer),
    PartitionAfterForward,
    Silence,
    Delay(Duration),
}

/// An answer that the proxy makes up.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    /// The API server's own form of an error: a `Status` object with this message.
    pub(crate) fn status(status: u16, message: &str) -> Self {
        let reason = match status {
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            409 => "Conflict",
            410 => "Expired",
            422 => "Invalid",
            429 => "TooManyRequests",
            500 => "InternalError",
            503 => "ServiceUnavailable",
            504 => "Timeout",
            _ => "",
        };
        let body = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": status,
        });
        Self::raw(status, &body.to_string()).header("content-type", "application/json")
    }

    /// Any body at all, such as the page of a load balancer.
    pub(crate) fn raw(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.to_owned() }
    }

    /// One more header, such as `Retry-After`.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Fault {
    /// Strikes all requests with this method whose path and query contain these words; an empty word fits everything.
    ///
    /// `WATCH` is a GET that asks for a stream of changes, `READ` every other GET.
    pub(crate) fn on(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            skip: 0,
            times: usize::MAX,
            seen: 0,
            struck: 0,
            action: Action::Forward,
        }
    }

    /// Only the nth of them, from 1.
    pub(crate) fn nth(self, nth: usize) -> Self {
        self.from(nth).times(1)
    }

    /// Only the nth of them and what follows, from 1.
    pub(crate) fn from(mut self, nth: usize) -> Self {
        self.skip = nth.saturating_sub(1);
        self
    }

    /// Only so many of them.
    pub(crate) fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// They are forwarded, whatever a later rule says.
    pub(crate) fn forwards(self) -> Self {
        self.with(Action::Forward)
    }

    /// They are answered like this; the API server does not see them.
    pub(crate) fn answers(self, answer: Answer) -> Self {
        self.with(Action::Answer(answer))
    }

    /// The connection ends without an answer; the API server does not see them.
    pub(crate) fn drops(self) -> Self {
        self.with(Action::Drop)
    }

    /// The API server has done what was asked; the connection ends without an answer.
    pub(crate) fn drops_after_forward(self) -> Self {
        self.with(Action::DropAfterForward)
    }

    /// The API server has done what was asked; its answer is replaced by this one.
    pub(crate) fn answers_after_forward(self, answer: Answer) -> Self {
        self.with(Action::AnswerAfterForward(answer))
    }

    /// The request is forwarded and answered, and is the last one: from then on the API server cannot be reached, as
    /// after [`crate::bed::Proxy::partition`].
    pub(crate) fn partitions_after_forward(self) -> Self {
        self.with(Action::PartitionAfterForward)
    }

    /// They are accepted and never answered, until the proxy is healed; the API server does not see them.
    pub(crate) fn stays_silent(self) -> Self {
        self.with(Action::Silence)
    }

    /// They are forwarded after this time.
    pub(crate) fn delays(self, time: Duration) -> Self {
        self.with(Action::Delay(time))
    }

    fn with(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    pub(super) fn fits(&self, method: &str, watch: bool, target: &str) -> bool {
        let fits = match self.method.as_str() {
            "" => true,
            "WATCH" => watch,
            "READ" => method == "GET" && !watch,
            other => method == other,
        };
        fits && target.contains(&self.path)
    }
}

/// The action for a request: that of the first rule that strikes it. Every rule counts what fits it, whichever strikes.
pub(super) fn decide(rules: &mut [Fault], method: &str, watch: bool, target: &str) -> Action {
    let mut action = None;
    for rule in rules.iter_mut().filter(|rule| rule.fits(method, watch, target)) {
        rule.seen += 1;
        if action.is_none() && rule.seen > rule.skip && rule.struck < rule.times {
            rule.struck += 1;
            action = Some(rule.action.clone());
        }
    }
    action.unwrap_or(Action::Forward)
}

/// How often a rule has struck.
pub(super) fn strikes(rule: &Fault) -> usize {
    rule.struck
}
