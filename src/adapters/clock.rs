//! The one place that reads time: the time of day, and a clock that never jumps.

use std::time::Instant;

use jiff::Timestamp;

use crate::domain::rollout::Moment;
use crate::ports::rollouts::Clock;

/// The time now.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The clock of a run.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts to measure.
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }

    fn moment(&self) -> Moment {
        Moment(self.started.elapsed())
    }
}
