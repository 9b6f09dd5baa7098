//! The two writes of a release: `helm upgrade` and `helm rollback`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use super::super::alive::{Alive, Begun};
use super::super::manifest;
use super::super::process::{Call, Helm, HelmError, Printed};
use super::super::storage::Stored;
use super::super::stored::StoredRelease;
use super::super::words::{masked, without_values};
use super::{HelmRollouts, PATIENCE, TIMEOUT, hash, slot};
use crate::adapters::temporary::TemporaryDirectory;
use crate::domain::change::{ObjectId, Revision};
use crate::domain::health::{Failure, FailureCode};
use crate::domain::release::{Release, ReleaseStatus};
use crate::domain::rollout::Working;
use crate::ports::previews::Refused;
use crate::ports::releases::ReleaseError;
use crate::ports::rollouts::{
    Inspected, JournalError, ReadError, Replacement, WriteError, Written,
};

/// An upgrade that was made ready: the chart as it was fetched and looked at, and what helm is told.
#[derive(Debug, Clone)]
pub struct Upgrade {
    /// The version of the chart.
    pub version: Arc<str>,
    /// The chart: an archive or a directory on this machine, the very one that was previewed.
    pub chart: PathBuf,
    /// Where it was fetched to; it goes when nobody needs it any more.
    pub kept: Option<Arc<TemporaryDirectory>>,
    /// How values are made: the flags of `helm upgrade`.
    pub values: Vec<OsString>,
    /// helm's own timeout, where one was said.
    pub timeout: Option<Duration>,
    /// How many hooks it has: helm's timeout counts for each of them.
    pub hooks: usize,
    /// It brings hooks or CRDs, which may change what an old version cannot read any more.
    pub stateful: bool,
    /// What is masked in helm's words.
    pub secrets: Vec<SecretString>,
}

/// As whom Helm 4 applies on the server.
const HELM: &str = "helm";
/// As whom it is asked what the server would say to a patch of the client.
const REHEARSAL: &str = "safe-update";

impl HelmRollouts {
    pub(super) async fn written(
        &self,
        object: &ObjectId,
        base: &Inspected,
        images: &[Replacement],
        rehearsal: bool,
    ) -> Result<Written, WriteError> {
        let [wanted] = images else {
            return Err(WriteError::Denied("a release has one chart".into()));
        };
        let back = wanted.revision.as_ref();
        let helm = self.helm().await.map_err(|error| match back {
            // A helm may be had later: the way back is not given up for that.
            Some(_) => WriteError::Trouble(error.to_string()),
            None => WriteError::Denied(error.to_string()),
        })?;
        let stored = self.stored(object).await.map_err(not_read)?;
        let newest = &stored.newest.release;
        if i64::from(newest.revision) != base.generation {
            let revision = newest.revision;
            return Err(WriteError::Moved(format!("it has revision {revision} meanwhile")));
        }
        if let Some(half) = self.half(object, &stored) {
            let had_its_time = || {
                let over = half.over(self.patience(object));
                back.is_some() && over.is_some_and(|over| over <= Timestamp::now())
            };
            if half.working == Working::Unknown && !had_its_time() {
                return Err(WriteError::Moved("another helm works on it".into()));
            }
        }
        // Helm 3 does not know how Helm 4 applied it, and would lose that.
        if helm.major() < 4 && stored.newest.apply_method.is_some() {
            let program = helm.program().display();
            return Err(WriteError::Denied(format!(
                "Helm 4 wrote this release, and {program} is Helm {}: name a newer one in HELM_BIN",
                helm.version()
            )));
        }
        let upgrade = super::locked(&self.upgrades).get(object).cloned();
        // Those of the revision that stands too: a way back renders its values again.
        let secrets = self.hidden(object).await;
        let timeout = upgrade.as_ref().and_then(|one| one.timeout);
        let mut arguments: Vec<OsString> = match (back, &upgrade) {
            (Some(revision), _) => {
                self.is_that(object, revision).await?;
                let number = revision.number.to_string();
                vec!["rollback".into(), (&*object.name).into(), number.into()]
            }
            (None, Some(upgrade)) if upgrade.version == wanted.to => {
                let mut arguments: Vec<OsString> =
                    vec!["upgrade".into(), (&*object.name).into(), upgrade.chart.clone().into()];
                arguments.extend(upgrade.values.iter().cloned());
                arguments
            }
            (None, _) => {
                return Err(WriteError::Denied(format!(
                    "chart version {} was not fetched: plan it anew",
                    wanted.to
                )));
            }
        };
        arguments.push("--namespace".into());
        arguments.push((&*object.namespace).into());
        if let Some(timeout) = timeout {
            arguments.push("--timeout".into());
            arguments.push(format!("{}ms", timeout.as_millis()).into());
        }
        let mut call = Call {
            arguments,
            namespace: Some(&object.namespace),
            deadline: self.patience(object),
            secrets: &secrets,
            ..Call::default()
        };
        if rehearsal {
            if let (None, Some(upgrade)) = (back, &upgrade) {
                self.rehearsed(helm, object, upgrade, &stored).await?;
            }
            return would_stand(wanted, base);
        }
        let access = &self.access;
        let trouble =
            |error: String| WriteError::Trouble(format!("the lock of the release: {error}"));
        let alive = Alive::take(&access.locks, &access.identity, object);
        let alive = alive.map_err(|error| match error {
            JournalError::Busy { .. } => {
                WriteError::Trouble("another helm of this machine works on it".into())
            }
            error => trouble(error.to_string()),
        })?;
        let begun = Begun { revision: newest.revision.saturating_add(1), at: Timestamp::now() };
        alive.note(Some(begun)).map_err(|error| trouble(error.to_string()))?;
        if back.is_none() {
            self.remember_before(object, base.generation);
        }
        call.alive = Some(&alive);
        let ended = helm.run(&call).await;
        super::locked(&self.said).insert(object.clone(), said(&ended).into());
        let (is_new, became) = self.became(object, base, wanted, ended.err()).await;
        if !is_new {
            // Whatever comes next is somebody else's. Where it cannot be noted, the time tells.
            let _ = alive.note(None);
        }
        became
    }

    /// Whether a revision is what the last helm of this machine began.
    pub(super) fn is_ours(&self, object: &ObjectId, release: &Release) -> bool {
        let last = Alive::last(&self.access.locks, &self.access.identity, object);
        last.is_some_and(|begun| begun.is(release))
    }

    /// How long helm may be at work: its timeout counts for each hook and each wait.
    pub(super) fn patience(&self, object: &ObjectId) -> Duration {
        let upgrade = super::locked(&self.upgrades).get(object).cloned();
        let timeout = upgrade.as_ref().and_then(|one| one.timeout);
        let timeout = timeout.or(self.access.options.timeout).unwrap_or(TIMEOUT);
        let hooks = upgrade.map_or(0, |one| u32::try_from(one.hooks).unwrap_or(u32::MAX));
        let times = hooks.saturating_add(2).max(PATIENCE);
        timeout.saturating_mul(times).saturating_add(Duration::from_mins(1))
    }

    /// Whether a revision is still the one that was recorded.
    async fn is_that(&self, object: &ObjectId, wanted: &Revision) -> Result<(), WriteError> {
        let (namespace, name) = (&object.namespace, &object.name);
        let number = wanted.number;
        match self.storage().revision(namespace, name, number).await {
            Ok(found)
                if found.manifest_digest == wanted.manifest
                    && found.values_digest == wanted.values =>
            {
                Ok(())
            }
            Ok(_) => Err(WriteError::Denied(format!(
                "revision {number} is not what it was when it was recorded"
            ))),
            Err(ReleaseError::Gone { .. }) => {
                Err(WriteError::Denied(format!("revision {number} is no longer in Helm's history")))
            }
            Err(error) => Err(not_read(super::unread(object, error))),
        }
    }

    /// helm's own dry run, and what the server says to each object of it. helm itself finds a conflict
    /// or a field that must not change only when it has written other objects already.
    async fn rehearsed(
        &self,
        helm: &Helm,
        object: &ObjectId,
        upgrade: &Upgrade,
        stored: &Stored,
    ) -> Result<(), WriteError> {
        let place = (&*object.namespace, &*object.name);
        let new = helm
            .render(place, &upgrade.chart, &upgrade.values, &upgrade.secrets)
            .await
            .map_err(|error| nothing_written(&error))?;
        let release = &new.release;
        let namespace = release.target_namespace.as_ref().unwrap_or(&release.namespace);
        let read = |text: &str| {
            manifest::documents(text, namespace).map_err(|error| {
                WriteError::Denied(format!("what helm rendered cannot be read: {error}"))
            })
        };
        let mut documents = read(&new.manifest)?;
        let on_server = new.apply_method.as_deref() == Some("ssa");
        let old = read(&super::standing(stored).manifest)?;
        if !on_server {
            // Patched on the client, only what differs is sent.
            documents.retain(|document| !old.contains(document));
        }
        let (manager, force) = if on_server { (HELM, false) } else { (REHEARSAL, true) };
        let refused = self.rehearsals.rehearse(&documents, manager, force).await;
        let refused = refused.map_err(not_read)?;
        // What is new Helm 3 creates, for which nobody has to be allowed to patch.
        let counts = |one: &&Refused| {
            on_server || !one.patch_forbidden || old.iter().any(|document| document.key == one.key)
        };
        let told: Vec<String> =
            refused.iter().filter(counts).map(|one| format!("{}: {}", one.key, one.why)).collect();
        if told.is_empty() {
            return Ok(());
        }
        Err(WriteError::Denied(without_values(&masked(&told.join("; "), &upgrade.secrets))))
    }

    /// What became of a write, whatever helm says of it, and whether it began a revision.
    async fn became(
        &self,
        object: &ObjectId,
        base: &Inspected,
        wanted: &Replacement,
        error: Option<HelmError>,
    ) -> (bool, Result<Written, WriteError>) {
        let stored = match self.stored(object).await {
            Ok(stored) => stored,
            Err(unread) => {
                let why = error.map_or_else(|| unread.to_string(), |error| error.to_string());
                // Nobody knows; whose a revision is, the time tells.
                return (true, Err(WriteError::Unclear(why)));
            }
        };
        let is_new = i64::from(stored.newest.release.revision) > base.generation;
        // Who lost the race did not begin it, however well the time fits.
        let taken = error.as_ref().is_some_and(is_taken);
        let fits = error.is_none() || self.is_ours(object, &stored.newest.release);
        let is_ours = is_new && !taken && fits;
        let became = judged(&stored.newest, base, wanted, error, is_ours);
        (is_ours, became)
    }
}

/// All that helm said on standard error.
fn said(ended: &Result<Printed, HelmError>) -> &str {
    match ended {
        Ok(printed) => printed.stderr.trim(),
        Err(HelmError::Failed { said, .. }) => said,
        Err(_) => "",
    }
}

/// What became of a write by the newest revision. `is_ours`: it is the one that this write began.
fn judged(
    newest: &StoredRelease,
    base: &Inspected,
    wanted: &Replacement,
    error: Option<HelmError>,
    is_ours: bool,
) -> Result<Written, WriteError> {
    let release = &newest.release;
    let next = base.generation.saturating_add(1);
    let is_new = i64::from(release.revision) > base.generation;
    if i64::from(release.revision) > next {
        return Err(WriteError::Unclear(format!(
            "revision {} came on top of somebody else's",
            release.revision
        )));
    }
    if error.as_ref().is_some_and(is_taken) || (is_new && !is_ours) {
        return Err(WriteError::Moved("another helm works on it".into()));
    }
    if is_new && release.status == ReleaseStatus::Deployed {
        return Ok(Written {
            images: vec![(slot(newest), Arc::clone(&release.chart.version))],
            generation: i64::from(release.revision),
            resource_version: release.revision.to_string().into(),
            template_hash: hash(newest),
        });
    }
    let Some(error) = error else {
        return Err(WriteError::Unclear(format!(
            "helm said that it was done, and revision {} is {}",
            release.revision, release.status
        )));
    };
    if !is_new {
        return Err(match (&error, &wanted.revision) {
            (HelmError::Timeout { .. }, _) => WriteError::Unclear(error.to_string()),
            // The way back is tried as long as there is time.
            (_, Some(_)) => WriteError::Trouble(error.to_string()),
            (_, None) => nothing_written(&error),
        });
    }
    let pending = release.status.is_pending();
    Err(WriteError::Broken(Failure {
        code: code(&error, pending, wanted),
        message: format!("{error}; revision {} is {}", release.revision, release.status),
        // A hook may have done its work before.
        never_ran: false,
        slot: None,
    }))
}

/// What would stand after a write. `helm rollback` renders nothing, so that there is nothing to ask.
fn would_stand(wanted: &Replacement, base: &Inspected) -> Result<Written, WriteError> {
    let slot = base.places.first().map(|place| place.slot.clone());
    let slot = slot.ok_or_else(|| WriteError::Denied("its chart is not known".into()))?;
    Ok(Written {
        images: vec![(slot, Arc::clone(&wanted.to))],
        generation: base.generation.saturating_add(1),
        resource_version: Arc::clone(&base.resource_version),
        template_hash: String::new(),
    })
}

/// Why nothing came of a call.
fn nothing_written(error: &HelmError) -> WriteError {
    if is_taken(error) {
        WriteError::Moved("another helm works on it".into())
    } else if is_trouble(error) {
        WriteError::Trouble(error.to_string())
    } else {
        WriteError::Denied(error.to_string())
    }
}

/// Another helm began a revision first.
fn is_taken(error: &HelmError) -> bool {
    has(error, &["another operation", "release: already exists"])
        || (has(error, &["secrets \"sh.helm", "configmaps \"sh.helm"])
            && has(error, &["already exists"]))
}

/// The API was away, which says nothing about the chart.
fn is_trouble(error: &HelmError) -> bool {
    has(
        error,
        &[
            "cluster unreachable",
            "connection refused",
            "connection reset",
            "i/o timeout",
            "leader changed",
            "etcdserver: request timed out",
            "tls handshake timeout",
            "too many requests",
            "client connection lost",
            "no such host",
            "unexpected eof",
            "unauthorized",
        ],
    )
}

fn has(error: &HelmError, words: &[&str]) -> bool {
    let text = error.to_string().to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// What kind of failure it is.
fn code(error: &HelmError, pending: bool, wanted: &Replacement) -> FailureCode {
    let killed =
        matches!(error, HelmError::Failed { killed: true, .. } | HelmError::Timeout { .. });
    // A webhook that refuses is no hook of the chart.
    let text = error.to_string().to_ascii_lowercase().replace("webhook", "");
    if pending && killed {
        FailureCode::CutOff
    } else if matches!(error, HelmError::Timeout { .. }) {
        FailureCode::Timeout
    } else if is_trouble(error) {
        FailureCode::Api
    } else if text.contains("is forbidden: user ") {
        // Somebody else may be allowed to.
        FailureCode::Admission
    } else if text.contains("conflict") {
        FailureCode::Conflict
    } else if text.contains("hook") {
        FailureCode::Hook
    } else if wanted.revision.is_some() {
        FailureCode::Rollback
    } else {
        FailureCode::Helm
    }
}

fn not_read(error: ReadError) -> WriteError {
    match error {
        ReadError::Gone(object) => WriteError::Moved(format!("{object} is gone")),
        ReadError::Forbidden(why) => WriteError::Denied(why),
        ReadError::Unavailable(why) => WriteError::Trouble(why),
    }
}
