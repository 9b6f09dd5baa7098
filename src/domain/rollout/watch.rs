//! Waiting for health: what was seen, how far it came, and when the patience ends.

use crate::domain::health::FailureCode;
use std::time::Duration;

use super::{Course, Effect, Moment, UNSTICK_EVERY};

/// How much later than it was set for a timer may come.
const OVERSLEPT: Duration = Duration::from_secs(30);

/// A wait for health. It begins blind: until the first observation nothing is known, and nothing
/// that is not known is held against the new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The furthest that was seen.
    best: u32,
    /// When that was reached; put off by the time in which nothing could be seen.
    progressed: Moment,
    /// While nothing can be seen: until when that is in `unseen` already.
    pub(super) blind: Option<Moment>,
    /// How long nothing could be seen since `progressed`.
    unseen: Duration,
    /// The last that was seen was healthy.
    pub(super) healthy: bool,
    /// What is awaited, in words.
    pub awaited: String,
    /// What it is called if the time runs out; none is `deadline`.
    pub(super) code: Option<FailureCode>,
    /// The new version ran.
    pub(super) ran: bool,
    /// What could not be verified.
    pub unverified: Option<String>,
    pub(super) unstuck: Option<Moment>,
}

impl Watch {
    pub(super) fn from(now: Moment) -> Self {
        Self {
            best: 0,
            progressed: now,
            blind: Some(now),
            unseen: Duration::ZERO,
            healthy: false,
            awaited: String::new(),
            code: None,
            ran: false,
            unverified: None,
            unstuck: None,
        }
    }

    pub(super) fn healthy(mut self, unverified: Option<String>, now: Moment) -> Self {
        self.blind = None;
        self.progressed = now;
        self.unseen = Duration::ZERO;
        self.healthy = true;
        self.awaited.clear();
        self.code = None;
        self.ran = true;
        self.unverified = unverified;
        self
    }

    pub(super) fn progress(mut self, awaited: String, score: u32, now: Moment) -> Self {
        self = self.pass(now);
        self.blind = None;
        self.healthy = false;
        self.awaited = awaited;
        self.code = None;
        if score > self.best {
            self.best = score;
            self.progressed = now;
            self.unseen = Duration::ZERO;
        }
        self
    }

    pub(super) fn blind(mut self, now: Moment) -> Self {
        self = self.pass(now);
        self.blind = Some(now);
        self
    }

    /// Lets the time pass: time in which nothing could be seen is no time without progress.
    pub(super) fn pass(mut self, now: Moment) -> Self {
        if let Some(counted) = self.blind {
            let unseen = now.since(counted);
            self.unseen = self.unseen.saturating_add(unseen);
            self.progressed = self.progressed.after(unseen);
            self.blind = Some(now);
        }
        self
    }

    /// When the patience ends: with the workload, or with the API where that shows nothing.
    pub(super) fn due(&self, deadline: Duration) -> Moment {
        match self.blind {
            Some(counted) => counted.after(deadline.saturating_sub(self.unseen)),
            None => self.progressed.after(deadline),
        }
    }

    /// Whether too little could be seen for too long.
    pub(super) fn is_lost(&self, deadline: Duration) -> bool {
        self.blind.is_some() && self.unseen >= deadline
    }

    /// Whether what is seen has not moved for too long.
    pub(super) fn is_stuck(&self, deadline: Duration, now: Moment) -> bool {
        self.blind.is_none() && now >= self.due(deadline)
    }

    /// A timer that comes much later than it was set for: this process was stopped for a while, so
    /// that what it saw last says nothing about now.
    pub(super) fn overslept(&self, due: Moment, now: Moment) -> bool {
        self.blind.is_none() && now >= due.after(OVERSLEPT)
    }
}

/// Waits for the next observation, at most until the patience ends (and for a `StatefulSet` that
/// goes back, until the next look for stuck pods).
pub(super) fn observe(course: &Course, watch: &Watch) -> Effect {
    let due = watch.due(course.change.terms.progress_deadline);
    Effect::Observe(match watch.unstuck {
        Some(last) if watch.blind.is_none() => due.min(last.after(UNSTICK_EVERY)),
        Some(_) | None => due,
    })
}
