//! Whose turn it is: runs of the program go side by side, but for a test that changes what all of them see, as the nodes
//! of the cluster are.

use std::cell::Cell;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURN: RwLock<()> = RwLock::new(());

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// While this lives, the program runs for this thread only.
#[derive(Debug)]
pub(crate) struct Alone {
    _turn: RwLockWriteGuard<'static, ()>,
}

/// Waits until no other test runs the program, and keeps it so.
pub(crate) fn alone() -> Alone {
    // A panic while somebody had the turn has left nothing behind that a lock could protect.
    let turn = TURN.write().unwrap_or_else(PoisonError::into_inner);
    ALONE.set(true);
    Alone { _turn: turn }
}

/// A turn beside others; none is needed by the thread that is alone.
pub(super) fn shared() -> Option<RwLockReadGuard<'static, ()>> {
    (!ALONE.get()).then(|| TURN.read().unwrap_or_else(PoisonError::into_inner))
}

impl Drop for Alone {
    fn drop(&mut self) {
        ALONE.set(false);
    }
}
