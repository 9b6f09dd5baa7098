//! The one writer of an object, and the memory of it: a Lease beside the object, which is lock,
//! fence and memory at once. Every write names the state that it was made for, so that of two runs
//! only one wins; a holder that is not heard of for its time, and some more because clocks differ,
//! has lost it. What stands in a Lease of somebody else is never touched.

mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Method;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::value::RawValue;

use crate::domain::change::ObjectId;
use crate::domain::history::{Memory, Record, RunId};
use crate::ports::rollouts::{Fence, Held, Lock, LockError, Remembered};

use super::client::{Call, RequestError, Undone};
use super::cluster::Cluster;
use super::list::{Filter, Resource, is_path_segment, list};
use super::page::items;
use super::patch::FIELD_MANAGER;
use wire::{Before, Holder, Lease, SELECTOR, document, name};

const LEASES: Resource = Resource::LEASES;
const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON: &str = "application/json";
/// How often a write is tried again when somebody else was faster or the server had trouble.
const TRIES: u32 = 5;
/// The pause after trouble.
const PAUSE: Duration = Duration::from_millis(500);

/// What came of a write.
enum Stored {
    /// It is done; the state now.
    Done(Arc<str>),
    /// The Lease is not what it was made for; nothing was written.
    Moved,
    /// Nothing was written; another try may go better.
    Trouble(RequestError),
}

impl Lock for Cluster {
    fn take<'a>(
        &'a self,
        object: &'a ObjectId,
        uid: &'a str,
        record: &'a Record,
        resuming: bool,
    ) -> BoxFuture<'a, Result<Held, LockError>> {
        Box::pin(self.take_lease(object, uid, record, resuming))
    }

    fn confirm<'a>(&'a self, fence: &'a Fence) -> BoxFuture<'a, Result<(), LockError>> {
        Box::pin(async move {
            if fence.version.is_empty() {
                return Ok(());
            }
            match self.lease(&fence.object).await? {
                Some(lease) if lease.written_holder() == Some(&*fence.holder) => Ok(()),
                _ => Err(LockError::Lost { object: fence.object.clone() }),
            }
        })
    }

    fn keep<'a>(
        &'a self,
        fence: &'a mut Fence,
        memory: &'a Memory,
    ) -> BoxFuture<'a, Result<(), LockError>> {
        Box::pin(async move {
            if let Some(version) = self.change_held(fence, false, memory).await? {
                fence.version = version;
            }
            Ok(())
        })
    }

    fn release<'a>(
        &'a self,
        fence: Fence,
        memory: &'a Memory,
    ) -> BoxFuture<'a, Result<(), LockError>> {
        Box::pin(async move { self.change_held(&fence, true, memory).await.map(|_| ()) })
    }

    fn read<'a>(&'a self, object: &'a ObjectId) -> BoxFuture<'a, Result<Remembered, LockError>> {
        Box::pin(async move {
            let Some(lease) = self.lease(object).await? else {
                return Ok(Remembered::default());
            };
            let memory = memory(object, &lease)?;
            Ok(Remembered { memory, holder: lease.holder(Timestamp::now()) })
        })
    }

    fn read_all<'a>(
        &'a self,
        namespace: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<(ObjectId, Remembered)>, LockError>> {
        Box::pin(self.all_leases(namespace))
    }

    fn edit<'a>(
        &'a self,
        object: &'a ObjectId,
        uid: &'a str,
        change: &'a (dyn Fn(&mut Memory) + Send + Sync),
    ) -> BoxFuture<'a, Result<(), LockError>> {
        Box::pin(self.edit_lease(object, uid, change))
    }
}

impl Cluster {
    async fn take_lease(
        &self,
        object: &ObjectId,
        uid: &str,
        record: &Record,
        resuming: bool,
    ) -> Result<Held, LockError> {
        let holder = identity(&record.id.run)?;
        let mut trouble = None;
        let mut replaced = None;
        for _ in 0..TRIES {
            let now = Timestamp::now();
            let found = self.lease(object).await?;
            if let Some(lease) = found.as_ref().filter(|it| it.written_holder() == Some(&*holder)) {
                // An earlier try of ours arrived after all, and its answer did not.
                let memory = memory(object, lease)?;
                let version = Before::from(lease).version.into();
                let fence = Fence { object: object.clone(), holder, version };
                return Ok(Held { fence, memory, before: replaced });
            }
            let mut memory = remembered_free(object, uid, found.as_ref(), now)?;
            // The lock is free, so whoever left this open is not at work any more.
            if let Some(last) = memory.last.take_if(|last| last.is_open() && !resuming) {
                return Err(LockError::Unfinished {
                    object: object.clone(),
                    record: Box::new(last),
                });
            }
            let earlier = memory.last.replace(record.clone());
            replaced.clone_from(&earlier);
            let before = found.as_ref().map(Before::from);
            let takes = Holder::Takes(&holder);
            match self.store(object, Some(uid), before.as_ref(), takes, &memory, now).await? {
                Stored::Done(version) => {
                    let fence = Fence { object: object.clone(), holder, version };
                    return Ok(Held { fence, memory, before: earlier });
                }
                Stored::Moved => trouble = None,
                Stored::Trouble(error) => {
                    trouble = Some(error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        Err(self.given_up(object, trouble))
    }

    /// Renews a lock that is held, or gives it back; the state afterwards, none where no lock is
    /// kept in the cluster.
    async fn change_held(
        &self,
        fence: &Fence,
        leaving: bool,
        memory: &Memory,
    ) -> Result<Option<Arc<str>>, LockError> {
        if fence.version.is_empty() {
            return Ok(None);
        }
        let object = &fence.object;
        let lost = || LockError::Lost { object: object.clone() };
        let mut before = Before { version: fence.version.to_string(), transitions: 0 };
        let holder = if leaving { Holder::Leaves } else { Holder::Keeps(&fence.holder) };
        let mut trouble = None;
        for _ in 0..TRIES {
            let now = Timestamp::now();
            match self.store(object, None, Some(&before), holder, memory, now).await? {
                Stored::Done(version) => return Ok(Some(version)),
                Stored::Moved => {
                    // Somebody may have put a mark on it without taking it.
                    let lease = self.lease(object).await?.ok_or_else(lost)?;
                    if lease.written_holder() != Some(&*fence.holder) {
                        return Err(lost());
                    }
                    before = Before::from(&lease);
                    trouble = None;
                }
                Stored::Trouble(error) => {
                    trouble = Some(error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        Err(self.given_up(object, trouble))
    }

    async fn edit_lease(
        &self,
        object: &ObjectId,
        uid: &str,
        change: &(dyn Fn(&mut Memory) + Send + Sync),
    ) -> Result<(), LockError> {
        let mut trouble = None;
        for _ in 0..TRIES {
            let now = Timestamp::now();
            let found = self.lease(object).await?;
            let mut memory = remembered_free(object, uid, found.as_ref(), now)?;
            change(&mut memory);
            let before = found.as_ref().map(Before::from);
            let nobody = Holder::Nobody;
            match self.store(object, Some(uid), before.as_ref(), nobody, &memory, now).await? {
                Stored::Done(_) => return Ok(()),
                Stored::Moved => trouble = None,
                Stored::Trouble(error) => {
                    trouble = Some(error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        Err(self.given_up(object, trouble))
    }

    async fn all_leases(
        &self,
        namespace: Option<&str>,
    ) -> Result<Vec<(ObjectId, Remembered)>, LockError> {
        if namespace.is_some_and(|namespace| !is_path_segment(namespace)) {
            return Ok(Vec::new());
        }
        let now = Timestamp::now();
        let filter = Filter { labels: Some(SELECTOR.to_owned()), fields: None };
        let page = |bytes: &[u8], kept: &mut Vec<(ObjectId, Remembered)>| {
            items(bytes, |raw: &RawValue| kept.extend(remembered(raw.get().as_bytes(), now)))
        };
        list(&self.inner, LEASES, namespace, &filter, page).await.map_err(|error| {
            let place = namespace.map_or("all namespaces", |namespace| namespace);
            self.lock_error("list", place, &error)
        })
    }

    /// Reads the Lease of an object from the server itself.
    async fn lease(&self, object: &ObjectId) -> Result<Option<Lease>, LockError> {
        let target = lease_path(object)?;
        let answer = self.inner.transport.get(&target).await;
        match answer.and_then(|bytes| Lease::read(&bytes)) {
            Ok(lease) => Ok(Some(lease)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(self.lock_error("get", &object.namespace, &error)),
        }
    }

    /// Makes the Lease, or changes the one that is there.
    async fn store(
        &self,
        object: &ObjectId,
        uid: Option<&str>,
        before: Option<&Before>,
        holder: Holder<'_>,
        memory: &Memory,
        now: Timestamp,
    ) -> Result<Stored, LockError> {
        let body = document(object, uid, before, holder, memory, now).to_string().into_bytes();
        let (verb, method, path, content) = match before {
            Some(_) => ("patch", Method::PATCH, lease_path(object)?, MERGE_PATCH),
            None => ("create", Method::POST, LEASES.path(Some(&object.namespace)), JSON),
        };
        let target = format!("{path}?fieldManager={FIELD_MANAGER}");
        let call = Call { method, target: &target, content, body };
        let Undone { error, maybe } = match self.inner.transport.send(&call).await {
            Ok(bytes) => match Lease::read(&bytes) {
                Ok(lease) => return Ok(Stored::Done(lease.version().into())),
                Err(error) => Undone { error, maybe: true },
            },
            Err(undone) => undone,
        };
        match error.code() {
            Some(409) => return Ok(Stored::Moved),
            Some(404) if before.is_some() => return Ok(Stored::Moved),
            Some(401 | 429 | 500..) | None => {}
            Some(_) => return Err(self.lock_error(verb, &object.namespace, &error)),
        }
        if maybe {
            // It may have been carried out: what stands there now tells.
            return Ok(match self.lease(object).await? {
                Some(lease) if lease.was_written_by(holder.afterwards(), now) => {
                    Stored::Done(lease.version().into())
                }
                // What stood there still stands: nothing came of it.
                lease if lease.as_ref().map(Lease::version) == before.map(|it| &*it.version) => {
                    Stored::Trouble(error)
                }
                _ => Stored::Moved,
            });
        }
        Ok(Stored::Trouble(error))
    }

    fn given_up(&self, object: &ObjectId, trouble: Option<RequestError>) -> LockError {
        match trouble {
            Some(error) => self.lock_error("write", &object.namespace, &error),
            None => LockError::Busy { object: object.clone(), holder: "other runs".to_owned() },
        }
    }

    fn lock_error(&self, verb: &str, place: &str, error: &RequestError) -> LockError {
        if error.is_forbidden() {
            let message = format!("not allowed to {verb} {LEASES} in {place}: {error}");
            return LockError::Forbidden { message };
        }
        let message = self.trouble(error, &format!("the {LEASES} in {place}")).to_string();
        LockError::Unavailable { message }
    }
}

fn lease_path(object: &ObjectId) -> Result<String, LockError> {
    if !is_path_segment(&object.namespace) {
        let message = format!("{:?} is no namespace", object.namespace);
        return Err(LockError::Unavailable { message });
    }
    Ok(format!("{}/{}", LEASES.path(Some(&object.namespace)), name(object)))
}

/// What is remembered of an object whose lock is free.
fn remembered_free(
    object: &ObjectId,
    uid: &str,
    lease: Option<&Lease>,
    now: Timestamp,
) -> Result<Memory, LockError> {
    let Some(lease) = lease else {
        return Ok(Memory::default());
    };
    if let Some((holder, since)) = lease.holder(now) {
        let actor = lease.memory().ok().and_then(|memory| memory.last);
        let actor = actor.map(|last| format!(" ({})", last.actor)).unwrap_or_default();
        let since = since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
        let holder = format!("run {holder}{actor}{since}");
        return Err(LockError::Busy { object: object.clone(), holder });
    }
    if lease.is_of_another(uid) {
        return Ok(Memory::default());
    }
    memory(object, lease)
}

fn memory(object: &ObjectId, lease: &Lease) -> Result<Memory, LockError> {
    lease.memory().map_err(|error| LockError::Unreadable {
        object: object.clone(),
        message: error.to_string(),
    })
}

/// One Lease of a list; none where it is not ours or cannot be read, which is no trouble for the
/// others.
fn remembered(bytes: &[u8], now: Timestamp) -> Option<(ObjectId, Remembered)> {
    let lease = Lease::read(bytes).ok()?;
    let object = lease.object()?;
    match lease.memory() {
        Ok(memory) => Some((object, Remembered { memory, holder: lease.holder(now) })),
        Err(error) => {
            tracing::warn!(event = "lease-unreadable", %object, %error);
            None
        }
    }
}

/// Who holds a lock: the run, and something that no other process of the same run has.
fn identity(run: &RunId) -> Result<Arc<str>, LockError> {
    let mut random = [0; 4];
    SystemRandom::new().fill(&mut random).map_err(|_| LockError::Unavailable {
        message: "the system gives no random numbers".to_owned(),
    })?;
    Ok(format!("{run}-{:08x}", u32::from_be_bytes(random)).into())
}

#[cfg(test)]
mod tests;
