//! Metrics of a run in Prometheus' text format: hears the events of the rollouts, is told what the
//! plan found and what the lookups cost, and writes all of it to one file, whole or not at all.
//!
//! The names are a promise. No label has values from outside: the only one is the outcome, a closed
//! list. Trouble with the file never stops a rollout; it is kept and told at the end.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use crate::domain::history::RecordId;
use crate::domain::rollout::{Outcome, Phase, Stage};
use crate::ports::{Event, EventSink, RolloutEvent, Usage};

/// Bounds of what takes seconds to half an hour, in seconds.
const ROLLOUTS: [f64; 11] =
    [1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0];
/// Bounds of what takes parts of a second to minutes, in seconds.
const SCANS: [f64; 9] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// The metrics of one run, and where they go.
pub struct Metrics {
    file: PathBuf,
    registry: Registry,
    scans: IntCounter,
    attempted: IntCounter,
    succeeded: IntCounter,
    failed: IntCounter,
    rollbacks: IntCounter,
    ended: IntCounterVec,
    assets: IntGauge,
    pending: IntGauge,
    unhealthy: IntGauge,
    requests: IntCounter,
    cache_hits: IntCounter,
    pulls_left: IntGauge,
    updates: Histogram,
    checks: Histogram,
    scanning: Histogram,
    under_way: Mutex<HashMap<RecordId, UnderWay>>,
    trouble: Mutex<Option<io::Error>>,
}

/// What is known of a change that has not ended.
#[derive(Default)]
struct UnderWay {
    attempted: bool,
    unhealthy: bool,
    /// When its verification began, after the start of the change.
    checked_since: Option<Duration>,
}

/// A fresh registry, and how things come into it.
struct Maker(Registry);

impl Maker {
    fn add<C: Collector + Clone + 'static>(&self, made: C) -> Result<C, prometheus::Error> {
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.add(IntCounter::new(name, help)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.add(IntGauge::new(name, help)?)
    }

    fn histogram(
        &self,
        name: &str,
        help: &str,
        bounds: &[f64],
    ) -> Result<Histogram, prometheus::Error> {
        let options = HistogramOpts::new(name, help).buckets(bounds.to_vec());
        self.add(Histogram::with_opts(options)?)
    }
}

impl Metrics {
    /// All at zero; nothing is written yet.
    ///
    /// # Errors
    /// Two metrics of one name, which none of ours have.
    pub fn new(file: &Path) -> Result<Self, prometheus::Error> {
        let make = Maker(Registry::new());
        Ok(Self {
            file: file.to_owned(),
            scans: make.counter("safe_updater_scans_total", "Plans that were made")?,
            attempted: make.counter(
                "safe_updater_updates_attempted_total",
                "Changes whose write was begun, one an object",
            )?,
            succeeded: make.counter(
                "safe_updater_updates_succeeded_total",
                "Changes after which the new version runs",
            )?,
            failed: make.counter(
                "safe_updater_updates_failed_total",
                "Changes whose new version failed, whatever became of it then",
            )?,
            rollbacks: make
                .counter("safe_updater_rollbacks_total", "Rollbacks of failed changes")?,
            ended: make.add(IntCounterVec::new(
                Opts::new("safe_updater_changes_ended_total", "Changes by how they ended"),
                &["outcome"],
            )?)?,
            assets: make.gauge("safe_updater_assets_tracked", "Containers that were looked at")?,
            pending: make.gauge(
                "safe_updater_pending_updates",
                "Containers with a newer version that is to be taken or held",
            )?,
            unhealthy: make.gauge(
                "safe_updater_failed_health_checks",
                "Changes of the last run whose new version did not become or stay healthy",
            )?,
            requests: make
                .counter("safe_updater_registry_requests_total", "Requests to registries")?,
            cache_hits: make.counter(
                "safe_updater_registry_cache_hits_total",
                "Answers that came from the cache instead of a registry",
            )?,
            pulls_left: make.gauge(
                "safe_updater_registry_pulls_left",
                "Pulls that the scarcest counting registry leaves; -1 where none counts",
            )?,
            updates: make.histogram(
                "safe_updater_update_duration_seconds",
                "From the record of a change to its end",
                &ROLLOUTS,
            )?,
            checks: make.histogram(
                "safe_updater_health_check_duration_seconds",
                "From the write of a new version until it was healthy or had failed",
                &ROLLOUTS,
            )?,
            scanning: make.histogram(
                "safe_updater_scan_duration_seconds",
                "How long a plan took",
                &SCANS,
            )?,
            registry: make.0,
            under_way: Mutex::default(),
            trouble: Mutex::default(),
        })
    }

    /// A plan was made: how long it took, how many containers it is about, and for how many of them
    /// there is something newer.
    pub fn scanned(&self, took: Duration, assets: usize, pending: usize) {
        self.scans.inc();
        self.scanning.observe(took.as_secs_f64());
        self.assets.set(number(assets));
        self.pending.set(number(pending));
        self.pulls_left.set(-1);
    }

    /// Containers are no longer pending. What an earlier run wrote was not pending in this one.
    fn taken(&self, containers: usize) {
        self.pending.set((self.pending.get() - number(containers)).max(0));
    }

    /// What lookups have cost, on top of what was told before.
    pub fn asked(&self, usage: &Usage) {
        self.requests.inc_by(usage.requests);
        self.cache_hits.inc_by(usage.cache_hits);
        if let Some(least) = usage.remaining.iter().map(|(_, left)| *left).min() {
            self.pulls_left.set(i64::try_from(least).unwrap_or(i64::MAX));
        }
    }

    /// A change ended before it was begun, so that no event told of it.
    pub fn not_begun(&self, outcome: &Outcome) {
        self.ended.with_label_values(&[outcome.as_str()]).inc();
    }

    /// Writes the file: another reader sees the old one or the new one, never a part.
    ///
    /// # Errors
    /// The disk's.
    pub fn save(&self) -> io::Result<()> {
        let encoded = TextEncoder::new().encode_to_string(&self.registry.gather());
        let text = encoded.map_err(io::Error::other)?;
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut temporary = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        temporary.write_all(text.as_bytes())?;
        // Whoever collects metrics is another user.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::Permissions::from_mode(0o644);
            temporary.as_file().set_permissions(mode)?;
        }
        temporary.persist(&self.file).map_err(|error| error.error)?;
        Ok(())
    }

    /// Writes the file a last time.
    ///
    /// # Errors
    /// What stands in the way now, or stood in the way of the last write.
    pub fn finish(&self) -> io::Result<()> {
        self.save()?;
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.take().map_or(Ok(()), Err)
    }

    fn rollout(&self, event: &RolloutEvent<'_>) {
        let mut all = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(event.record.clone()).or_default();
        let checks = matches!(event.phase, Phase::Verifying(_));
        match known.checked_since {
            None if checks => known.checked_since = Some(event.elapsed),
            Some(since) if !checks && since != Duration::MAX => {
                self.checks.observe(event.elapsed.saturating_sub(since).as_secs_f64());
                // Only the first verification of a change is one of its new version.
                known.checked_since = Some(Duration::MAX);
            }
            None | Some(_) => {}
        }
        // A dry run and what is refused before the write attempt nothing.
        let writes = Stage::of(event.phase).is_some_and(|stage| stage >= Stage::Applying);
        if writes && !known.attempted {
            known.attempted = true;
            self.attempted.inc();
        }
        let failed = match event.phase {
            Phase::Ended(outcome) => outcome.failure().is_some(),
            phase => matches!(phase, Phase::RollingBack { .. }),
        };
        if failed && !known.unhealthy {
            known.unhealthy = true;
            self.unhealthy.inc();
            if matches!(event.phase, Phase::RollingBack { .. }) {
                self.rollbacks.inc();
            }
        }
        let Phase::Ended(outcome) = event.phase else { return };
        let attempted = known.attempted;
        drop(all);
        if attempted {
            self.updates.observe(event.elapsed.as_secs_f64());
        }
        if outcome.failure().is_some() {
            self.failed.inc();
        }
        if let Outcome::Succeeded { .. } = outcome {
            self.succeeded.inc();
        }
        if let Outcome::Succeeded { .. } | Outcome::Unverified(_) | Outcome::AwaitsRun = outcome {
            self.taken(event.change.edits.len());
        }
        self.ended.with_label_values(&[outcome.as_str()]).inc();
        if let Err(error) = self.save() {
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

impl EventSink for Metrics {
    fn event(&self, event: Event<'_>) {
        if let Event::Rollout(event) = event {
            self.rollout(event);
        }
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
