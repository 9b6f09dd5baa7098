//! Whose turn it is: runs of the program go side by side, but for a test that changes what all of them see, as the nodes
//! of the cluster are.
//!
//! A run never waits for somebody who is himself waiting, so a test may start a run while another of its runs is under
//! way, from whatever thread.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

static TURN: Mutex<Turn> = Mutex::new(Turn { runs: 0, waiting: 0, alone: false, handed: false });
static CHANGED: Condvar = Condvar::new();

struct Turn {
    /// Runs under way.
    runs: usize,
    /// Tests that wait to be alone.
    waiting: usize,
    /// Nobody may start a run.
    alone: bool,
    /// The turn is free for one of those that wait.
    handed: bool,
}

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// While this lives, the program runs for this thread only.
#[derive(Debug)]
pub(crate) struct Alone(());

/// While this lives, a run of the program is under way, and nobody is alone.
#[derive(Debug)]
pub(super) struct Shared(());

// A panic while somebody had the turn has left nothing behind that a lock could protect.
fn turn() -> MutexGuard<'static, Turn> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait_while(until: impl Fn(&Turn) -> bool) -> MutexGuard<'static, Turn> {
    CHANGED.wait_while(turn(), |turn| until(turn)).unwrap_or_else(PoisonError::into_inner)
}

/// Waits until no other test runs the program, and keeps it so.
pub(crate) fn alone() -> Alone {
    let mut now = turn();
    if now.runs == 0 && !now.alone {
        now.alone = true;
    } else {
        now.waiting += 1;
        drop(now);
        let mut now = wait_while(|turn| !turn.handed);
        now.handed = false;
        now.waiting -= 1;
    }
    ALONE.set(true);
    Alone(())
}

/// A turn beside others; none is needed by the thread that is alone.
pub(super) fn shared() -> Option<Shared> {
    (!ALONE.get()).then(|| {
        wait_while(|turn| turn.alone).runs += 1;
        Shared(())
    })
}

impl Turn {
    /// Gives the turn to one of those that wait to be alone, at the first moment without a run.
    fn pass_on(&mut self) {
        self.alone = self.waiting > 0;
        self.handed = self.alone;
        CHANGED.notify_all();
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        ALONE.set(false);
        turn().pass_on();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut now = turn();
        now.runs -= 1;
        if now.runs == 0 {
            now.pass_on();
        }
    }
}
