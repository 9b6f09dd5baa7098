//! Work that many ask for and one does: the first caller does it, the others wait for its result,
//! which is kept for the run.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Results by key, each worked out once.
#[derive(Debug)]
pub(in crate::adapters) struct Flights<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, V: Clone> Flights<K, V> {
    /// The result for `key`. When the caller that works is cancelled, another takes over.
    pub(in crate::adapters) async fn run(&self, key: K, work: impl Future<Output = V>) -> V {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key).or_default())
        };
        cell.get_or_init(|| work).await.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn fifty_callers_one_piece_of_work() {
        let flights = Flights::default();
        let count = AtomicU32::new(0);
        let one = || {
            flights.run("key", async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                count.fetch_add(1, Ordering::Relaxed) + 1
            })
        };
        let all = futures_util::future::join_all((0..50).map(|_| one())).await;
        assert_eq!(all, vec![1; 50]);
    }

    #[tokio::test]
    async fn a_cancelled_worker_is_replaced() {
        let flights = Flights::<_, u32>::default();
        let stuck = flights.run("key", std::future::pending());
        assert!(tokio::time::timeout(Duration::from_millis(5), stuck).await.is_err());
        assert_eq!(flights.run("key", async { 7 }).await, 7);
    }
}
