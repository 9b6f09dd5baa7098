//! The indexes of a run: each is fetched at most once, kept on disk, and read for the charts that
//! are asked for. Where a server does not answer, an older copy serves, and that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;

use super::address::{bare, host_of, index_of};
use super::read::read;
use super::repositories::Repository;
use super::store::{Kept, Store, Text};
use crate::adapters::hash::sha256;
use crate::adapters::registry::{
    Clock, Fetched, FileRequest, Files, Flights, Login, Validators, readable,
};
use crate::domain::chart::ChartEntry;
use crate::ports::LookupError;
use crate::ports::charts::PublishedCharts;

type Answer<T> = Result<T, LookupError>;

/// The indexes of a run.
pub(super) struct Indexes {
    files: Files,
    store: Store,
    /// The directory with Helm's own copies.
    helm_cache: Option<PathBuf>,
    clock: Clock,
    flights: Flights<String, Answer<Arc<Index>>>,
}

/// One index, wherever it came from.
#[derive(Debug)]
struct Index {
    text: Text,
    /// What was wrong with fetching it.
    warning: Option<String>,
    /// What was read of it: none of a chart that it does not have.
    charts: Arc<tokio::sync::Mutex<BTreeMap<Arc<str>, Option<Chart>>>>,
}

#[derive(Debug, Clone)]
struct Chart {
    versions: Arc<[ChartEntry]>,
    warnings: Vec<String>,
}

impl Indexes {
    pub(super) fn new(
        files: Files,
        store: Store,
        helm_cache: Option<PathBuf>,
        clock: Clock,
    ) -> Self {
        Self { files, store, helm_cache, clock, flights: Flights::default() }
    }

    /// Requests sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.files.requests()
    }

    /// What a repository publishes of some charts.
    pub(super) async fn published(
        &self,
        repository: &Repository,
        wanted: &BTreeSet<Arc<str>>,
    ) -> Answer<PublishedCharts> {
        let key = key(repository);
        let index = self.flights.run(key.clone(), Box::pin(self.find(repository, &key))).await?;
        let label = repository.source();
        // The guard goes along, so that nobody else moves the position in the file.
        let mut charts = Arc::clone(&index.charts).lock_owned().await;
        let missing: BTreeSet<Arc<str>> =
            wanted.iter().filter(|name| !charts.contains_key(*name)).cloned().collect();
        if !missing.is_empty() {
            let text = index.text.clone();
            let label = label.to_string();
            let work = tokio::task::spawn_blocking(move || {
                let found = read(&text, &missing).map(|mut found| {
                    for name in missing {
                        let versions = found.remove(&name);
                        let chart = versions.map(|versions| Chart::of(&label, &name, versions));
                        charts.insert(name, chart);
                    }
                });
                (charts, found)
            });
            let found;
            (charts, found) = match work.await {
                Ok(done) => done,
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            };
            found.map_err(|message| {
                if !matches!(index.text.first_byte(), Ok(Some(b'<'))) {
                    self.store.forget(&key);
                }
                unusable(repository, &message)
            })?;
        }
        let mut published = PublishedCharts {
            charts: Vec::new(),
            warnings: index.warning.iter().cloned().collect(),
        };
        for name in wanted {
            if let Some(Some(chart)) = charts.get(name) {
                published.charts.push((Arc::clone(name), Arc::clone(&chart.versions)));
                published.warnings.extend(chart.warnings.iter().cloned());
            }
        }
        Ok(published)
    }

    async fn find(&self, repository: &Repository, key: &str) -> Answer<Arc<Index>> {
        let kept = self.store.read(key);
        let now = (self.clock)();
        if self.store.settings.offline {
            let old = self.old(repository, kept, None, now);
            let offline =
                || LookupError::Offline { what: format!("the index of {}", repository.source()) };
            return old.map(Arc::new).ok_or_else(offline);
        }
        if let Some(kept) = &kept
            && self.store.is_fresh(kept.at, now)
        {
            return Ok(Arc::new(Index::new(kept.text.clone(), None)));
        }
        match self.fetch(repository, key, kept.as_ref()).await {
            Ok(text) => Ok(Arc::new(Index::new(text, None))),
            Err(error) if may_pass(&error) => {
                self.old(repository, kept, Some(&error), now).map(Arc::new).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn fetch(&self, repository: &Repository, key: &str, kept: Option<&Kept>) -> Answer<Text> {
        let host = host_of(&repository.url);
        if !matches!(repository.url.scheme(), "http" | "https") {
            let message = format!("only a plugin of Helm speaks {}", repository.url.scheme());
            return Err(LookupError::Unreachable { host, message });
        }
        let url = index_of(&repository.url).ok_or_else(|| unusable(repository, "no address"))?;
        let (draft, sink) = self.store.draft();
        let fetched = self
            .files
            .get(FileRequest {
                host: &host,
                url: &url,
                settings: repository.settings.clone(),
                login: repository.login.as_ref().map(|(username, password)| Login {
                    username,
                    password,
                    everywhere: repository.everywhere,
                }),
                validators: kept
                    .map(|kept| &kept.validators)
                    .filter(|sent| sent.etag.is_some() || sent.last_modified.is_some()),
                into: sink.as_ref(),
                what: bare(&url).as_str(),
            })
            .await?;
        let now = (self.clock)();
        match (fetched, kept) {
            (Fetched::Body(body, validators), _) => {
                Ok(self.store.keep(key, draft, body, validators, now))
            }
            (Fetched::Same, Some(kept)) => {
                self.store.confirm(key, now);
                Ok(kept.text.clone())
            }
            (Fetched::Same, None) => Err(unusable(repository, "it answered 304")),
        }
    }

    /// The newer one of what was kept here and Helm's own copy. `trouble` is why that is used.
    fn old(
        &self,
        repository: &Repository,
        kept: Option<Kept>,
        trouble: Option<&LookupError>,
        now: Timestamp,
    ) -> Option<Index> {
        let helms = self.helms(repository);
        let is_newer = |helms: &Kept| kept.as_ref().is_none_or(|kept| kept.at < helms.at);
        let (old, whose) = match helms.filter(is_newer) {
            Some(helms) => (helms, "Helm's copy of its index"),
            None => (kept?, "its index in the cache"),
        };
        let label = repository.source();
        let age = age(now.duration_since(old.at));
        let warning = match trouble {
            Some(trouble) => {
                Some(format!("{label}: {trouble}; {whose}, {age} old, is used instead"))
            }
            None if whose.starts_with("Helm") => {
                Some(format!("{label}: {whose}, {age} old, is used"))
            }
            None => None,
        };
        Some(Index::new(old.text, warning))
    }

    fn helms(&self, repository: &Repository) -> Option<Kept> {
        let name = repository.name.as_deref()?;
        let is_plain = !name.contains(['/', '\\', '\0']) && !name.starts_with('.');
        let path =
            self.helm_cache.as_ref().filter(|_| is_plain)?.join(format!("{name}-index.yaml"));
        let file = File::open(path).ok()?;
        let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let at = Timestamp::try_from(metadata.modified().ok()?).ok()?;
        Some(Kept { text: Text::whole(file), validators: Validators::default(), at })
    }
}

impl Index {
    fn new(text: Text, warning: Option<String>) -> Self {
        Self { text, warning, charts: Arc::default() }
    }
}

impl Chart {
    fn of(label: &str, name: &str, versions: super::entry::Versions) -> Self {
        let mut warnings = Vec::new();
        if versions.unreadable > 0 {
            let count = versions.unreadable;
            let noun = if count == 1 { "version" } else { "versions" };
            warnings
                .push(format!("{label}: {count} {noun} of {name} cannot be read and are left out"));
        }
        if versions.left_out > 0 {
            let count = versions.left_out;
            warnings.push(format!("{label}: {name} has too many versions; {count} are left out"));
        }
        Self { versions: versions.entries.into(), warnings }
    }
}

/// Trouble that may pass, so that an older answer is better than none.
fn may_pass(error: &LookupError) -> bool {
    matches!(
        error,
        LookupError::Unreachable { .. }
            | LookupError::Timeout { .. }
            | LookupError::Server { .. }
            | LookupError::RateLimited { .. }
            | LookupError::GivenUp { .. }
    )
}

fn unusable(repository: &Repository, message: &str) -> LookupError {
    LookupError::BadAnswer {
        host: host_of(&repository.url),
        what: format!("{}/index.yaml", repository.shown),
        message: readable(message),
    }
}

/// What an index is kept under: its address and everything that says who asks, and how. Two names
/// of one repository are one.
fn key(repository: &Repository) -> String {
    let settings = &repository.settings;
    let path = |path: &Option<PathBuf>| {
        path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let (username, password) = repository
        .login
        .as_ref()
        .map(|(username, password)| (username.as_str(), password.expose_secret()))
        .unwrap_or_default();
    let parts = [
        repository.url.as_str(),
        username,
        password,
        &path(&settings.ca),
        &path(&settings.client_certificate),
        &path(&settings.client_key),
        if settings.insecure { "insecure" } else { "" },
    ];
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    sha256([&*bytes])[..48].to_owned()
}

/// An age in the largest unit that fits.
fn age(age: SignedDuration) -> String {
    let minutes = age.as_mins().max(0);
    let (count, unit) = match minutes {
        0..60 => (minutes, "minute"),
        60..2_880 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
