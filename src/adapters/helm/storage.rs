//! Releases out of Helm's records: all of them in short, or one in full. The record of a revision is
//! a page of a list at most and is dropped when it is read, so that a thousand releases need no more
//! memory than a few. What cannot be read is a warning, and never stops the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::inventory::Warning;
use crate::domain::release::{Release, ReleaseStatus, Revision, Revisions};
use crate::ports::releases::{
    Declarations, RecordObject, RecordQuery, ReleaseError, ReleaseRecords,
};
use crate::ports::{DiscoverError, Scope};

use super::driver::Driver;
use super::stored::{Reading, StoredRelease, named, object_name};
use super::unpack::DecodeError;

/// The records that may count: those that no later revision took the place of.
const STANDING: &str = "owner=helm,status!=superseded";
/// The longest name that Helm gives a release (`pkg/chart/v2/util/validate_name.go`).
const NAME_MAX: usize = 53;

/// Helm's records in a cluster.
#[derive(Clone, Copy)]
pub struct Storage<'a> {
    records: &'a dyn ReleaseRecords,
    driver: Driver,
}

/// The releases that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summaries {
    /// The newest revision of each, ordered by namespace and name.
    pub releases: Vec<Release>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
}

/// A release in full.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its newest revision.
    pub newest: StoredRelease,
    /// Its newest deployed revision, where that is another.
    pub deployed: Option<StoredRelease>,
}

impl<'a> Storage<'a> {
    /// Reads where the driver keeps records.
    pub fn new(records: &'a dyn ReleaseRecords, driver: Driver) -> Self {
        Self { records, driver }
    }

    /// The releases of a scope in short. A release whose newest or whose deployed revision cannot be
    /// read is left out, with a warning, because the rest of it would mislead; so is one of which
    /// nothing but superseded revisions is left. Where nothing may be listed at all, that is a warning
    /// and no release.
    ///
    /// # Errors
    /// The server did not answer, or refused who asks.
    pub async fn summaries(&self, scope: &Scope) -> Result<Summaries, DiscoverError> {
        let mut found = BTreeMap::<(Arc<str>, Arc<str>), Gathered<Release>>::new();
        let mut take = |object: &RecordObject<'_>| {
            if let Some((name, revision)) = named(object) {
                let key = (object.namespace.into(), name.into());
                found.entry(key).or_default().take(self.driver, object, (name, revision));
            }
        };
        let query = self.query(scope, STANDING, false);
        let mut summaries = Summaries::default();
        match self.records.list(&query, &mut take).await {
            Ok(warnings) => summaries.warnings = warnings,
            Err(DiscoverError::Forbidden { .. }) => {
                summaries.warnings.push(self.forbidden(scope));
                return Ok(summaries);
            }
            Err(error) => return Err(error),
        }
        for ((namespace, name), gathered) in found {
            match gathered.finish() {
                Ok(Some((newest, _))) => summaries.releases.push(newest),
                Ok(None) => {}
                Err((revision, error)) => {
                    let object = format!("{namespace}/{name}");
                    let error = unreadable(&object, revision, &error);
                    summaries.warnings.push(Warning {
                        code: "release-unreadable",
                        message: format!("{error}; it is left out"),
                        object: Some(object),
                    });
                }
            }
        }
        Ok(summaries)
    }

    /// A release in full: its newest revision, and the deployed one where that is another.
    ///
    /// # Errors
    /// `Gone` where there is no such release, `Unreadable` where one of these revisions is.
    pub async fn stored(&self, namespace: &str, name: &str) -> Result<Stored, ReleaseError> {
        let gone = || ReleaseError::Gone { release: format!("{namespace}/{name}"), revision: None };
        if !is_release_name(name) {
            return Err(gone());
        }
        let scope = Scope::Namespace(namespace.to_owned());
        let mut gathered = Gathered::<StoredRelease>::default();
        let mut take = |object: &RecordObject<'_>| {
            if let Some(named) = named(object).filter(|named| named.0 == name) {
                gathered.take(self.driver, object, named);
            }
        };
        let selector = format!("{STANDING},name={name}");
        let query = self.query(&scope, &selector, false);
        self.records.list(&query, &mut take).await.map_err(failed)?;
        match gathered.finish() {
            Ok(Some((newest, None))) if newest.release.status.is_pending() => {
                let deployed = self.superseded_before(&newest).await?;
                Ok(Stored { newest, deployed })
            }
            Ok(Some((newest, deployed))) => Ok(Stored { newest, deployed }),
            Ok(None) => {
                let newest = self.newest_of_all(&scope, name).await?.ok_or_else(gone)?;
                let newest = self.revision(namespace, name, newest).await?;
                Ok(Stored { newest, deployed: None })
            }
            Err((revision, error)) => {
                Err(unreadable(&format!("{namespace}/{name}"), revision, &error))
            }
        }
    }

    /// The revision before a pending one, where that had superseded it already: a helm that is killed
    /// between its last two writes leaves none deployed.
    async fn superseded_before(
        &self,
        pending: &StoredRelease,
    ) -> Result<Option<StoredRelease>, ReleaseError> {
        let release = &pending.release;
        let before = release.revision.saturating_sub(1);
        match self.revision(&release.namespace, &release.name, before).await {
            Ok(found) => {
                Ok(Some(found).filter(|found| found.release.status == ReleaseStatus::Superseded))
            }
            Err(ReleaseError::Gone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One revision of a release in full.
    ///
    /// # Errors
    /// `Gone` where Helm has dropped it, or never had it.
    pub async fn revision(
        &self,
        namespace: &str,
        name: &str,
        revision: u32,
    ) -> Result<StoredRelease, ReleaseError> {
        let release = || format!("{namespace}/{name}");
        let gone = || ReleaseError::Gone { release: release(), revision: Some(revision) };
        if !is_release_name(name) {
            return Err(gone());
        }
        let keeper = self.driver.keeper();
        let mut read = None;
        let mut take = |object: &RecordObject<'_>| {
            // The answer to a question for one object is that object, whatever it calls itself.
            let object = RecordObject { namespace, ..*object };
            read = Some(StoredRelease::read(&object, keeper, (name, revision)));
        };
        let object = object_name(name, revision);
        self.records.get(keeper, namespace, &object, &mut take).await.map_err(failed)?;
        read.ok_or_else(gone)?.map_err(|error| unreadable(&release(), revision, &error))
    }

    /// The number of the newest revision, superseded ones included, without their records.
    async fn newest_of_all(&self, scope: &Scope, name: &str) -> Result<Option<u32>, ReleaseError> {
        let mut newest = None;
        let mut take = |object: &RecordObject<'_>| {
            let named = named(object).filter(|named| named.0 == name);
            newest = newest.max(named.map(|(_, revision)| revision));
        };
        let selector = format!("owner=helm,name={name}");
        let query = self.query(scope, &selector, true);
        self.records.list(&query, &mut take).await.map_err(failed)?;
        Ok(newest)
    }

    /// The releases that a controller declares.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn declared(&self, namespaces: &[&str]) -> Result<Declarations, String> {
        self.records.declared(namespaces).await
    }

    fn query<'q>(&self, scope: &'q Scope, selector: &'q str, names_only: bool) -> RecordQuery<'q> {
        RecordQuery { keeper: self.driver.keeper(), scope, selector, names_only }
    }

    fn forbidden(&self, scope: &Scope) -> Warning {
        let plural = self.driver.keeper().plural();
        let place = match scope {
            Scope::Current => "in the namespace of the context".to_owned(),
            Scope::Namespace(namespace) => format!("in namespace {namespace}"),
            Scope::All => "in any namespace".to_owned(),
        };
        Warning {
            code: "forbidden",
            message: format!(
                "not allowed to `list {plural}` {place}, where Helm keeps its releases"
            ),
            object: Some(plural.to_owned()),
        }
    }
}

/// The newest revision, and the deployed one where that is another; none where there are no revisions.
type Found<R> = Option<(R, Option<R>)>;

/// The revisions of one release that were read, and those that could not be.
struct Gathered<R> {
    revisions: Revisions<R>,
    unreadable: BTreeMap<u32, (ReleaseStatus, DecodeError)>,
}

impl<R> Default for Gathered<R> {
    fn default() -> Self {
        Self { revisions: Revisions::default(), unreadable: BTreeMap::new() }
    }
}

impl<R: Revision + Reading> Gathered<R> {
    fn take(&mut self, driver: Driver, object: &RecordObject<'_>, named: (&str, u32)) {
        let (_, revision) = named;
        // Helm writes the label together with the record. Without one the record has to say it.
        let status = object.label("status").map_or(ReleaseStatus::Deployed, ReleaseStatus::read);
        if !self.revisions.would_count(revision, status) {
            return;
        }
        match R::read(object, driver.keeper(), named) {
            Ok(read) => {
                // It may be here for the second time.
                self.unreadable.remove(&revision);
                self.revisions.add(read);
            }
            Err(error) => {
                self.unreadable.insert(revision, (status, error));
            }
        }
    }

    /// The newest and the deployed one, or the newest that would count and cannot be read.
    fn finish(self) -> Result<Found<R>, (u32, DecodeError)> {
        let Self { revisions, mut unreadable } = self;
        while let Some((revision, (status, error))) = unreadable.pop_last() {
            if revisions.would_count(revision, status) {
                return Err((revision, error));
            }
        }
        Ok(revisions.finish())
    }
}

/// Whether Helm would give a release this name. Only such a text may stand in a selector.
fn is_release_name(name: &str) -> bool {
    let inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    name.len() <= NAME_MAX && name.split('.').all(part)
}

fn unreadable(release: &str, revision: u32, error: &DecodeError) -> ReleaseError {
    let release = release.to_owned();
    ReleaseError::Unreadable { release, revision, message: error.to_string() }
}

fn failed(error: DiscoverError) -> ReleaseError {
    match error {
        DiscoverError::Forbidden { message } => ReleaseError::Forbidden(message),
        other => ReleaseError::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
