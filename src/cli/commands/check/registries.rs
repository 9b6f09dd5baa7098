//! Whether each registry answers, with the credentials that a plan would use.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::line::{Line, fail, ok, warn};
use crate::actions::lookup::{Place, ask, is_versioned};
use crate::cli::printer::Printer;
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::image::Registry as Host;
use crate::domain::inventory::Inventory;
use crate::ports::{EventSink, LookupError, PullSecrets};

/// Asks each registry for the tags of one repository, with the credentials that a plan would use.
pub(super) async fn registries(
    inventory: &Inventory,
    secrets: Option<Arc<dyn PullSecrets>>,
    settings: &Settings,
    events: &dyn EventSink,
    printer: &Printer,
    lines: &mut Vec<Line>,
) {
    let registries = match wire::registries(settings, inventory, secrets.clone(), printer) {
        Ok(registries) => registries,
        Err(error) => {
            return lines.push(fail("registry", "-".into(), format!("{:#}", error.error)));
        }
    };
    let mut places: BTreeMap<Host, Place> = BTreeMap::new();
    for workload in &inventory.workloads {
        for slot in workload.slots.iter().filter(|slot| is_versioned(slot)) {
            if let Some(reference) = slot.image.reference() {
                let repository = reference.repository().clone();
                places
                    .entry(repository.registry().clone())
                    .or_insert_with(|| Place { repository, pull: workload.pull.clone() });
            }
        }
    }
    let catalogs = ask(&registries, places.values().cloned().collect(), events).await;
    for (host, place) in places {
        let repository = place.repository.familiar();
        lines.push(match catalogs.get(&place) {
            Some(Ok(published)) => {
                let detail = format!("{repository} has {} tags", published.catalog.len());
                ok("registry", host.to_string(), &detail)
            }
            // The registry answered, so it is there; a plan will tell of this repository.
            Some(Err(error @ LookupError::NotFound { .. })) => {
                warn("registry", host.to_string(), format!("answers, but {error}"))
            }
            Some(Err(error)) => {
                fail("registry", host.to_string(), format!("{error}; {}", error.hint()))
            }
            None => warn("registry", host.to_string(), "nobody asked it".into()),
        });
    }
    for warning in secrets.iter().flat_map(|secrets| secrets.warnings()) {
        let object = warning.object.clone().unwrap_or_else(|| "-".into());
        lines.push(warn("credentials", object, warning.message));
    }
}
