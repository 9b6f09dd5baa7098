//! Follows the objects of one selection: a list, then a watch from its state on, taken up again
//! where it broke off, and listed anew where the server has forgotten that state. Never polls; a
//! silent socket is noticed, because the server sends a bookmark every minute or so.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use kube::core::Request;
use kube::core::params::{ListParams, WatchParams};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::adapters::workload::Text;

use super::client::{RequestError, status_error};
use super::cluster::{Inner, decode};
use super::list::{Filter, PAGES_MAX, Resource};
use super::page::{continuation, items};

/// After this long the server ends a watch; it is taken up again where it was.
const WATCH: u32 = 270;
/// A watch that is silent for this long is taken for broken.
const SILENCE: Duration = Duration::from_secs(90);
/// The longest that the beginning of a watch, or a list page, may take.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(4);
/// Failures that last shorter are not told.
const PATIENCE: Duration = Duration::from_secs(2);
/// A watch that ends sooner without a word counts as a failure.
const SHORT: Duration = Duration::from_secs(1);

/// What is followed.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) resource: Resource,
    pub(super) namespace: Arc<str>,
    pub(super) filter: Filter,
    /// Listed first, so that it is known when everything was told. Otherwise the watch begins with
    /// what the server's cache holds, in one request less; an object that is not there is not told.
    pub(super) listed: bool,
}

impl Selection {
    /// One object by its name.
    pub(super) fn one(resource: Resource, namespace: &Arc<str>, name: &str) -> Self {
        let filter = Filter { labels: None, fields: Some(format!("metadata.name={name}")) };
        Self { resource, namespace: Arc::clone(namespace), filter, listed: false }
    }

    /// All objects with some labels.
    pub(super) fn labelled(resource: Resource, namespace: &Arc<str>, labels: String) -> Self {
        let filter = Filter { labels: Some(labels), fields: None };
        Self { resource, namespace: Arc::clone(namespace), filter, listed: true }
    }
}

/// What a feed tells.
#[derive(Debug)]
pub(super) enum News<T> {
    /// Begun anew. What is there follows, at once for a list, and else one by one.
    Anew(Vec<T>),
    /// An object as it is now.
    Is(T),
    /// An object that was deleted, as it was at last.
    Was(T),
    /// Nothing can be seen for a while already.
    Trouble(RequestError),
    /// It can be seen again.
    Well,
}

/// Makes what is kept of the JSON of an object.
pub(super) type Read<T> = Arc<dyn Fn(&[u8]) -> Result<T, RequestError> + Send + Sync>;
/// Hands news over; false when nobody listens any more.
pub(super) type Tell<T> = Arc<dyn Fn(News<T>) -> BoxFuture<'static, bool> + Send + Sync>;

/// Follows a selection until nobody listens any more.
pub(super) async fn follow<T: Send>(
    inner: Arc<Inner>,
    selection: Selection,
    read: Read<T>,
    tell: Tell<T>,
) {
    let mut feed = Feed { inner, selection, read, tell, version: None, told_trouble: false };
    let mut failing: Option<(Instant, u32)> = None;
    loop {
        let begun = Instant::now();
        let error = match feed.round().await {
            Ok(Round::Closed) => return,
            Ok(Round::Ended { lines }) if lines > 0 || begun.elapsed() >= SHORT => {
                failing = None;
                continue;
            }
            Ok(Round::Ended { .. }) => {
                RequestError::Unreachable("the watch ended at once, without a word".into())
            }
            Err((error, lines)) => {
                if lines > 0 {
                    failing = None;
                }
                error
            }
        };
        let (since, times) = failing.unwrap_or((begun, 0));
        failing = Some((since, times + 1));
        // What is not allowed will not be in two seconds either.
        let lasting = since.elapsed() >= PATIENCE || matches!(error.code(), Some(401 | 403 | 404));
        if lasting && !feed.trouble(error).await {
            return;
        }
        tokio::time::sleep((PAUSE * 2_u32.saturating_pow(times)).min(PAUSE_MAX)).await;
    }
}

struct Feed<T> {
    inner: Arc<Inner>,
    selection: Selection,
    read: Read<T>,
    tell: Tell<T>,
    /// The state up to which everything was told.
    version: Option<String>,
    told_trouble: bool,
}

enum Round {
    /// The server ended the watch, or it was silent.
    Ended { lines: u32 },
    /// Nobody listens.
    Closed,
}

/// One line of a watch.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Versioned<'a> {
    #[serde(borrow)]
    metadata: Version<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version<'a> {
    #[serde(borrow)]
    resource_version: Text<'a>,
}

impl<T: Send> Feed<T> {
    async fn trouble(&mut self, error: RequestError) -> bool {
        self.told_trouble = true;
        (self.tell)(News::Trouble(error)).await
    }

    /// Lists where that is needed, and watches until the watch ends; an error comes with the number
    /// of lines that were read before it.
    async fn round(&mut self) -> Result<Round, (RequestError, u32)> {
        let plain = |error| (error, 0);
        if self.version.is_none() && self.selection.listed {
            let (objects, version) = self.list().await.map_err(plain)?;
            self.version = Some(version);
            if !self.all_well().await || !(self.tell)(News::Anew(objects)).await {
                return Ok(Round::Closed);
            }
        }
        let target = self.watch_target().map_err(plain)?;
        let deadline = self.inner.options.request.min(OPEN_MAX);
        let opened = self.inner.transport.open(&target, deadline).await;
        let mut lines = opened.map_err(|error| plain(self.forget(error)))?;
        let anew = self.version.is_none() && !(self.tell)(News::Anew(Vec::new())).await;
        if anew || !self.all_well().await {
            return Ok(Round::Closed);
        }
        let mut count = 0;
        loop {
            let line = match tokio::time::timeout(SILENCE, lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) | Err(_) => return Ok(Round::Ended { lines: count }),
                Ok(Err(error)) => return Err((error, count)),
            };
            match self.line(&line).await {
                Ok(true) => count += 1,
                Ok(false) => return Ok(Round::Closed),
                Err(error) => return Err((self.forget(error), count)),
            }
        }
    }

    /// An error of the server that says that it does not know our state any more makes it ours to
    /// forget too.
    fn forget(&mut self, error: RequestError) -> RequestError {
        if error.code() == Some(410) {
            self.version = None;
        }
        error
    }

    async fn all_well(&mut self) -> bool {
        !std::mem::take(&mut self.told_trouble) || (self.tell)(News::Well).await
    }

    /// Takes one line; whether somebody still listens.
    async fn line(&mut self, line: &[u8]) -> Result<bool, RequestError> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(true);
        }
        let Line { kind, object } = decode(line)?;
        let object = object.get().as_bytes();
        if &*kind == "ERROR" {
            let unknown = || RequestError::Malformed("an error without words".into());
            return Err(status_error(0, object).unwrap_or_else(unknown));
        }
        let version = decode::<Versioned<'_>>(object)?.metadata.resource_version;
        let news = match &*kind {
            "ADDED" | "MODIFIED" => News::Is((self.read)(object)?),
            "DELETED" => News::Was((self.read)(object)?),
            _ => {
                self.version = Some(version.to_string());
                return Ok(true);
            }
        };
        let listening = (self.tell)(news).await;
        self.version = Some(version.to_string());
        Ok(listening)
    }

    async fn list(&self) -> Result<(Vec<T>, String), RequestError> {
        let request = Request::new(self.path());
        let mut parameters = ListParams {
            label_selector: self.selection.filter.labels.clone(),
            field_selector: self.selection.filter.fields.clone(),
            limit: Some(self.inner.options.page),
            ..ListParams::default()
        };
        let mut kept = Vec::new();
        let mut pages = 0;
        loop {
            let target = target(request.list(&parameters))?;
            let answer = tokio::time::timeout(OPEN_MAX, self.inner.transport.get(&target));
            let bytes = match answer.await.unwrap_or(Err(RequestError::Timeout(OPEN_MAX))) {
                Ok(bytes) => bytes,
                // Huge objects: the same page in smaller pieces.
                Err(RequestError::TooLarge(_)) if parameters.limit > Some(1) => {
                    parameters.limit = parameters.limit.map(|limit| (limit / 10).max(1));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut wrong = None;
            items(&bytes, |object: &RawValue| match (self.read)(object.get().as_bytes()) {
                Ok(object) => kept.push(object),
                Err(error) => wrong = Some(error),
            })?;
            if let Some(error) = wrong {
                return Err(error);
            }
            let next = continuation(&bytes);
            if next.is_none() {
                let version = decode::<Versioned<'_>>(&bytes)?.metadata.resource_version;
                return Ok((kept, version.to_string()));
            }
            pages += 1;
            if pages > PAGES_MAX {
                let why = format!("the list has more than {PAGES_MAX} pages");
                return Err(RequestError::Malformed(why));
            }
            parameters.continue_token = next;
        }
    }

    fn path(&self) -> String {
        self.selection.resource.path(Some(&self.selection.namespace))
    }

    fn watch_target(&self) -> Result<String, RequestError> {
        let parameters = WatchParams {
            label_selector: self.selection.filter.labels.clone(),
            field_selector: self.selection.filter.fields.clone(),
            timeout: Some(WATCH),
            bookmarks: true,
            send_initial_events: false,
        };
        let version = self.version.as_deref().unwrap_or("0");
        target(Request::new(self.path()).watch(&parameters, version))
    }
}

fn target(
    request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
) -> Result<String, RequestError> {
    let request = request.map_err(|error| RequestError::Malformed(error.to_string()))?;
    Ok(request.uri().to_string())
}

#[cfg(test)]
pub(super) mod tests;
