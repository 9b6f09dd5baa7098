//! Many changes: who goes when. A slot of `--max-in-flight` is free again as soon as its change
//! soaks; after too many failures nothing more begins; and of one image the first object goes
//! through its soak before any other starts.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;

use super::drive::{Heard, Start, drive};
use super::prepare::prepare;
use super::{Report, Room};
use crate::actions::intent::{Goal, Intent};
use crate::domain::rollout::{Effect, Outcome, Phase};
use crate::ports::rollouts::JournalError;

/// How many at once, and how many failures end a run.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Changes that are written or verified at the same time; soaking ones do not count.
    pub in_flight: usize,
    /// Failures after which nothing more begins.
    pub failures: usize,
}

/// Carries out intents in their order. One report each, in the order in which they were given.
pub async fn apply(room: &Room<'_>, intents: Vec<Intent>, limits: Limits) -> Vec<Report> {
    let total = intents.len();
    let mut queue: VecDeque<(usize, Intent)> = intents.into_iter().enumerate().collect();
    let mut reports: HashMap<usize, Report> = HashMap::new();
    let mut images = Images::default();
    let mut running = FuturesUnordered::new();
    let mut states: HashMap<usize, Arc<State>> = HashMap::new();
    let mut orders: HashMap<usize, i32> = HashMap::new();
    let changed = Arc::new(Notify::new());
    let mut failures = 0;
    loop {
        let out_of_time = room.manner.until.is_some_and(|until| room.clock.moment() >= until);
        let failing = states.values().filter(|state| state.fails()).count();
        let failed = failures + failing >= limits.failures.max(1);
        let stopped = *room.stop.borrow() || out_of_time || failed;
        let busy = states.values().filter(|state| !state.soaks()).count();
        // Who goes first is done before the next ones begin.
        let first = orders.values().chain(queue.iter().map(|(_, intent)| &intent.order)).min();
        let first = first.copied().unwrap_or_default();
        let may_begin = |intent: &Intent| intent.order <= first && images.may_begin(intent);
        let next = queue.iter().position(|(_, intent)| may_begin(intent));
        if !stopped
            && busy < limits.in_flight.max(1)
            && let Some(at) = next
        {
            let Some((index, intent)) = queue.remove(at) else { continue };
            if let Some(why) = images.failed(&intent) {
                reports.insert(index, Report::early(intent.object, Outcome::NotBegun(why)));
                continue;
            }
            images.begin(index, &intent);
            orders.insert(index, intent.order);
            let state = Arc::new(State::default());
            states.insert(index, Arc::clone(&state));
            let signal = Signal { state, changed: Arc::clone(&changed) };
            running.push(async move { (index, Box::pin(one(room, index, &intent, signal)).await) });
            continue;
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            Some((index, report)) = running.next() => {
                states.remove(&index);
                orders.remove(&index);
                images.end(index, &report);
                failures += usize::from(report.is_failure());
                reports.insert(index, report);
            }
            () = changed.notified() => {}
        }
    }
    for (index, intent) in queue {
        let out_of_time = room.manner.until.is_some_and(|until| room.clock.moment() >= until);
        let why = if *room.stop.borrow() || out_of_time {
            Outcome::Interrupted("the run was stopped before it began".into())
        } else {
            Outcome::NotBegun("another change of this run failed".into())
        };
        reports.insert(index, Report::early(intent.object, why));
    }
    (0..total).filter_map(|index| reports.remove(&index)).collect()
}

/// One change from its intent to its end.
async fn one(room: &Room<'_>, index: usize, intent: &Intent, mut signal: Signal) -> Report {
    let object = &intent.object;
    let early = |outcome| Report::early(object.clone(), outcome);
    let _machine = match room.journal.lock(&room.manner.cluster, object) {
        Ok(guard) => guard,
        Err(error @ JournalError::Busy { .. }) => return early(Outcome::Busy(error.to_string())),
        Err(error) => return early(Outcome::Abandoned(error.to_string())),
    };
    let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
    let prepared = match prepare(room, number, intent).await {
        Ok(prepared) => prepared,
        Err(outcome) => return early(outcome),
    };
    let start = if room.manner.rehearsal {
        // A dry run leaves no record.
        crate::domain::rollout::rehearse(room.clock.moment())
    } else {
        (Phase::Pending, Effect::Record)
    };
    let start = Start {
        phase: start.0,
        effect: start.1,
        base: Some(prepared.base),
        resumed: false,
        job: None,
    };
    drive(room, prepared.record, prepared.leash, start, &mut signal).await
}

/// How far a change is, as far as it matters for the others.
#[derive(Default)]
struct State {
    soaks: AtomicBool,
    fails: AtomicBool,
}

impl State {
    /// It waits for nothing but its soak.
    fn soaks(&self) -> bool {
        self.soaks.load(Ordering::Relaxed) && !self.fails()
    }

    /// It goes back.
    fn fails(&self) -> bool {
        self.fails.load(Ordering::Relaxed)
    }
}

/// Tells the batch how far a change is.
struct Signal {
    state: Arc<State>,
    changed: Arc<Notify>,
}

impl Heard for Signal {
    fn soaking(&mut self) {
        if !self.state.soaks.swap(true, Ordering::Relaxed) {
            self.changed.notify_one();
        }
    }

    fn going_back(&mut self) {
        self.state.fails.store(true, Ordering::Relaxed);
    }
}

/// Which images were seen to work or to fail in this run, and which are on trial.
#[derive(Default)]
struct Images {
    trials: HashMap<usize, Vec<String>>,
    proved: HashSet<String>,
    failed: HashMap<String, String>,
}

impl Images {
    fn of(intent: &Intent) -> Vec<String> {
        let digest = |step: &crate::actions::intent::Step| {
            step.digest.as_ref().map_or_else(
                || step.to.to_string(),
                |digest| match &step.to {
                    Goal::Image(image) => format!("{}@{digest}", image.repository()),
                    Goal::Chart(_) => format!("chart {}@{digest}", step.slot),
                },
            )
        };
        intent.steps.iter().map(digest).collect()
    }

    /// Nothing of it is on trial elsewhere.
    fn may_begin(&self, intent: &Intent) -> bool {
        let on_trial = |image: &String| self.trials.values().any(|each| each.contains(image));
        !Self::of(intent).iter().any(|image| !self.proved.contains(image) && on_trial(image))
    }

    fn failed(&self, intent: &Intent) -> Option<String> {
        let image = Self::of(intent).into_iter().find(|image| self.failed.contains_key(image))?;
        Some(format!("the same image failed on {}", self.failed.get(&image)?))
    }

    fn begin(&mut self, index: usize, intent: &Intent) {
        self.trials.insert(index, Self::of(intent));
    }

    fn end(&mut self, index: usize, report: &Report) {
        let images = self.trials.remove(&index).unwrap_or_default();
        // What ran and was watched proves an image; a CronJob or a set without replicas does not.
        if let Outcome::Succeeded { .. } = report.outcome {
            self.proved.extend(images);
        } else if report.outcome.failure().is_some() {
            let object = report.object.to_string();
            self.failed.extend(images.into_iter().map(|image| (image, object.clone())));
        }
    }
}
