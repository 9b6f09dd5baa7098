//! Asks every platform at once what runs there.

use futures_util::future::join_all;

use crate::domain::inventory::Inventory;
use crate::ports::{DiscoverError, Platform, Query};

/// Merges what all platforms found. When several fail, the first failure is told; when some
/// succeed, the failures of the others still end the run, because a plan that lacks half of what
/// was asked for would look complete.
///
/// # Errors
/// The first platform's error, in the order in which platforms were given.
pub async fn discover(
    platforms: &[&dyn Platform],
    query: &Query,
) -> Result<Inventory, DiscoverError> {
    let mut found = Inventory::default();
    for part in join_all(platforms.iter().map(|platform| platform.discover(query))).await {
        let part = part?;
        found.workloads.extend(part.workloads);
        found.platforms.extend(part.platforms);
        found.tainted_platforms.extend(part.tainted_platforms);
        found.warnings.extend(part.warnings);
    }
    for platforms in [&mut found.platforms, &mut found.tainted_platforms] {
        platforms.sort();
        platforms.dedup();
    }
    Ok(found)
}
