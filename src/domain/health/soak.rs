//! The soak: a pod that was counted as healthy has to stay so. A pod that was replaced or scaled
//! away is no relapse.

use std::sync::Arc;

use super::{Container, Failure, FailureCode, Observation, Pod, Seen, State, Wanted, pods};
use crate::domain::change::SlotId;
use crate::domain::inventory::SlotKind;

/// How often each container of each ready new pod was started again: the baseline when a soak
/// begins ([`Wanted::restarts`]).
pub fn restarts(observation: &Observation) -> Vec<(Arc<str>, SlotId, u32)> {
    let seen = match observation {
        Observation::Seen(seen) => seen,
        Observation::Release(release) => {
            let parts = release.parts.iter().filter_map(|part| part.observation.as_ref());
            return parts.flat_map(restarts).collect();
        }
        Observation::Gone => return Vec::new(),
    };
    let counted = pods::judged(seen).filter(|pod| pod.ready);
    let of = |pod: &Pod| {
        let own = pod.containers.iter().filter(|one| one.slot.kind != SlotKind::EphemeralContainer);
        let own = own.map(|one| (Arc::clone(&pod.uid), one.slot.clone(), one.restarts));
        own.collect::<Vec<_>>()
    };
    counted.flat_map(of).collect()
}

/// What got worse since the baseline was taken.
pub(super) fn relapse(seen: &Seen, wanted: &Wanted<'_>) -> Option<Failure> {
    restarted(seen, wanted).or_else(|| unready(seen, wanted))
}

fn restarted(seen: &Seen, wanted: &Wanted<'_>) -> Option<Failure> {
    wanted.restarts.iter().find_map(|(uid, slot, before)| {
        let pod = pods::judged(seen).find(|pod| pod.uid == *uid)?;
        let container = pod.containers.iter().find(|container| container.slot == *slot)?;
        let more = container.restarts.checked_sub(*before).filter(|more| *more > 0)?;
        Some(Failure {
            code: FailureCode::Restarts,
            message: format!(
                "restarted {more} times after it was healthy: {}",
                pods::told(pod, container)
            ),
            never_ran: false,
            slot: wanted.is_edited(slot).then(|| slot.clone()),
        })
    })
}

fn unready(seen: &Seen, wanted: &Wanted<'_>) -> Option<Failure> {
    let counted = |pod: &&Pod| wanted.restarts.iter().any(|(uid, _, _)| *uid == pod.uid);
    let pod = pods::judged(seen).filter(counted).find(|pod| !pod.ready)?;
    let down =
        |one: &&Container| one.slot.kind == SlotKind::Container && one.state != State::Running;
    let container = pod.containers.iter().find(down);
    let what = container.map(|container| format!(": {}", pods::told(pod, container)));
    let slot = container.map(|container| &container.slot);
    Some(Failure {
        code: FailureCode::Relapse,
        message: format!(
            "pod {} was ready and is not any more{}",
            pod.name,
            what.unwrap_or_default()
        ),
        never_ran: false,
        slot: slot.filter(|slot| wanted.is_edited(slot)).cloned(),
    })
}
