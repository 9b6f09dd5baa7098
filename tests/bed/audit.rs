//! What the API server was asked, from its audit log: the proof that something was, or was not, read or written.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The audit log from a point in time on. The bed's own servers are not in it; other tests are, so look at what
/// happened in a namespace, or by a user agent together with one.
#[derive(Debug)]
pub(crate) struct Audit {
    log: PathBuf,
    from: u64,
}

/// One request that the API server has answered.
#[derive(Debug)]
pub(crate) struct Request {
    /// The same in the two lines that a watch has: one when it begins, one when it ends.
    id: String,
    /// Who asked, as `admin` or `system:serviceaccount:NAMESPACE:NAME`.
    pub(crate) user: String,
    /// What the client calls itself.
    pub(crate) user_agent: String,
    /// `get`, `list`, `watch`, `create`, `patch`, …
    pub(crate) verb: String,
    /// The resource with its subresource, as `deployments` or `deployments/scale`; empty for other paths.
    pub(crate) resource: String,
    /// The namespace; empty for what has none.
    pub(crate) namespace: String,
    /// The object's name; empty for lists.
    pub(crate) name: String,
    /// Path and query as they were sent.
    pub(crate) uri: String,
    /// The HTTP status of the answer.
    pub(crate) status: u64,
    /// The body of a patch, update or delete; null for everything else.
    pub(crate) body: Value,
}

impl Request {
    fn parse(line: &str) -> Self {
        let event: Value =
            serde_json::from_str(line).unwrap_or_else(|e| panic!("audit log: {e}: {line}"));
        let text = |pointer: &str| {
            event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let subresource = text("/objectRef/subresource");
        let slash = if subresource.is_empty() { "" } else { "/" };
        Self {
            id: text("/auditID"),
            user: text("/user/username"),
            user_agent: text("/userAgent"),
            verb: text("/verb"),
            resource: format!("{}{slash}{subresource}", text("/objectRef/resource")),
            namespace: text("/objectRef/namespace"),
            name: text("/objectRef/name"),
            uri: text("/requestURI"),
            status: event.pointer("/responseStatus/code").and_then(Value::as_u64).unwrap_or(0),
            body: event.get("requestObject").cloned().unwrap_or_default(),
        }
    }

    /// Whether the request asked for a change of something that is kept. Reviews (may I do this, who am I) are sent as
    /// creations and keep nothing.
    pub(crate) fn is_write(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch" | "head" | "options")
            && !self.resource.ends_with("reviews")
    }
}

impl Audit {
    pub(super) fn from_now(log: &Path) -> Self {
        let from = std::fs::metadata(log).map_or(0, |metadata| metadata.len());
        Self { log: log.to_owned(), from }
    }

    /// Every request that was answered since. The server writes the log before it finishes an answer, so what a client
    /// has seen answered is in here.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let mut text = String::new();
        File::open(&self.log)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(self.from))?;
                file.read_to_string(&mut text)
            })
            .unwrap_or_else(|e| panic!("{}: {e}", self.log.display()));
        // What follows the last line feed is a line that is being written.
        let complete = text.rfind('\n').map_or("", |end| &text[..end]);
        complete.lines().map(Request::parse).collect()
    }

    /// The requests of clients that call themselves so: `safe-update` finds `safe-update/1.2.3`.
    pub(crate) fn by_agent(&self, agent: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|r| r.user_agent.starts_with(agent)).collect()
    }

    /// The requests for one namespace's objects.
    pub(crate) fn in_namespace(&self, namespace: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|r| r.namespace == namespace).collect()
    }

    /// What the clients that call themselves so have asked for in one namespace, counted; in the namespace `""` for what
    /// is in none, or in all.
    pub(crate) fn tally(&self, agent: &str, namespace: &str) -> Tally {
        let mut seen = HashSet::new();
        let mut tally = Tally::default();
        for request in self.by_agent(agent) {
            if request.namespace == namespace && seen.insert(request.id.clone()) {
                let what = format!("{} {}", request.verb, request.resource);
                *tally.counts.entry(what).or_default() += 1;
                tally.writes += usize::from(request.is_write());
            }
        }
        tally
    }
}

/// How many requests there were, by verb and resource. For messages, `{:#?}` shows it all.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: BTreeMap<String, usize>,
    writes: usize,
}

impl Tally {
    /// All of them.
    pub(crate) fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// Those that ask for a change of something that is kept.
    pub(crate) fn writes(&self) -> usize {
        self.writes
    }

    /// Those with this verb and resource, as `list pods` or `patch deployments`.
    pub(crate) fn of(&self, what: &str) -> usize {
        self.counts.get(what).copied().unwrap_or(0)
    }
}
