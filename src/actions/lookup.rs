//! Asks each distinct repository once which tags it has.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::domain::candidate::Catalog;
use crate::domain::image::{ImageReference, Repository};
use crate::domain::inventory::{Inventory, PullIdentity, Slot};
use crate::domain::version::{Reading, read};
use crate::ports::{Event, EventSink, LookupError, Registry, TagList};

/// How many lookups are under way at once. Each registry limits its own connections; this only
/// bounds memory.
const IN_FLIGHT: usize = 256;

/// A repository as one workload may read it: with whose credentials.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The repository.
    pub repository: Repository,
    /// Whose pull secrets apply.
    pub pull: Option<Arc<PullIdentity>>,
}

/// What is published at one place.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its tags, each read once.
    pub catalog: Arc<Catalog>,
    /// The list was cut at a cap.
    pub truncated: bool,
}

/// What is published, for each place that was asked.
#[derive(Debug, Default)]
pub struct Catalogs(HashMap<Place, Result<Published, LookupError>>);

impl Catalogs {
    /// What is known of a place; none when nobody asked.
    pub fn get(&self, place: &Place) -> Option<Result<&Published, &LookupError>> {
        self.0.get(place).map(Result::as_ref)
    }

    /// The places that failed, in the order of their names.
    pub fn failures(&self) -> Vec<(&Place, &LookupError)> {
        let mut failures: Vec<_> = self
            .0
            .iter()
            .filter_map(|(place, result)| Some((place, result.as_ref().err()?)))
            .collect();
        failures.sort_by(|(a, _), (b, _)| (&a.repository, &a.pull).cmp(&(&b.repository, &b.pull)));
        failures
    }

    /// The places whose list was cut.
    pub fn truncated(&self) -> impl Iterator<Item = &Repository> {
        self.0.iter().filter_map(|(place, result)| {
            result.as_ref().is_ok_and(|published| published.truncated).then_some(&place.repository)
        })
    }

    /// The same tags for every place of an inventory: what `--tags-from` gives.
    pub fn given(inventory: &Inventory, tags: &Published) -> Self {
        Self(places(inventory).into_iter().map(|place| (place, Ok(tags.clone()))).collect())
    }
}

/// Whether a slot's tag has newer ones to look for.
pub fn is_versioned(slot: &Slot) -> bool {
    slot.image
        .reference()
        .and_then(super::super::domain::image::ImageReference::effective_tag)
        .is_some_and(|tag| matches!(read(&tag), Reading::Version(_)))
}

/// Whether the tag of a reference is moved from image to image, so that only the nodes know what
/// runs.
pub fn is_floating(reference: &ImageReference) -> bool {
    reference.effective_tag().is_some_and(|tag| matches!(read(&tag), Reading::Floating))
}

/// Looks up every repository of the inventory whose tags matter.
pub async fn lookup(
    registry: &dyn Registry,
    inventory: &Inventory,
    events: &dyn EventSink,
) -> Catalogs {
    ask(registry, places(inventory).into_iter().collect(), events).await
}

/// The places whose tags matter.
fn places(inventory: &Inventory) -> HashSet<Place> {
    let mut places = HashSet::new();
    for workload in &inventory.workloads {
        for slot in workload.slots.iter().filter(|slot| is_versioned(slot)) {
            if let Some(reference) = slot.image.reference() {
                let repository = reference.repository().clone();
                places.insert(Place { repository, pull: workload.pull.clone() });
            }
        }
    }
    places
}

/// Looks up some places. The same list, served to several credentials, is read only once.
pub async fn ask(registry: &dyn Registry, places: Vec<Place>, events: &dyn EventSink) -> Catalogs {
    events.event(Event::LookupsPlanned { repositories: places.len() });
    let mut answers = stream::iter(places)
        .map(|place| async move {
            let answer = registry.tags(&place.repository, place.pull.as_deref()).await;
            (place, answer)
        })
        .buffer_unordered(IN_FLIGHT);
    let mut catalogs = Catalogs::default();
    // Keyed by address; the lists are kept alive beside, so that no address is used twice.
    let mut read_lists: HashMap<*const TagList, (Arc<TagList>, Arc<Catalog>)> = HashMap::new();
    while let Some((place, answer)) = answers.next().await {
        events.event(Event::LookedUp { repository: &place.repository, found: answer.is_ok() });
        let published = answer.map(|list| {
            let catalog = match read_lists.entry(Arc::as_ptr(&list)) {
                Entry::Occupied(known) => known.get().1.clone(),
                Entry::Vacant(new) => {
                    let catalog = Arc::new(list.tags.iter().collect::<Catalog>());
                    new.insert((list.clone(), catalog.clone()));
                    catalog
                }
            };
            Published { catalog, truncated: list.truncated }
        });
        catalogs.0.insert(place, published);
    }
    catalogs
}
