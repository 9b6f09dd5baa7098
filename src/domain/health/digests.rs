//! Whether what runs is what was planned: the images in the pods, and the digests that nodes report.

use std::fmt;

use super::{Container, Failure, FailureCode, Pod, Seen, Wanted, pods};
use crate::domain::change::Edit;
use crate::domain::inventory::{Kind, SlotKind};

/// A container that runs something else than was planned. The old version is not held against
/// anything: it is back in the form that it had, and what was made of that is not known.
pub(super) fn wrong(seen: &Seen, wanted: &Wanted<'_>) -> Option<Failure> {
    let of = |code, edit: &Edit, message| Failure {
        code,
        message,
        never_ran: pods::never_ran(seen, wanted),
        slot: Some(edit.slot.clone()),
    };
    edited(seen, wanted).find_map(|(pod, container, edit)| {
        let planned = wanted.image(edit);
        if *container.image != *planned {
            let what = told(pod, edit, &container.image, &planned);
            return Some(of(
                FailureCode::Rewritten,
                edit,
                format!("{what}: something rewrote the pod"),
            ));
        }
        // Whether it is ready or not: what runs is something else, and waiting changes nothing.
        let reported = container.digest.as_ref()?;
        let is_wrong = !edit.is_wanted(reported);
        is_wrong.then(|| of(FailureCode::Digest, edit, told(pod, edit, reported, &edit.digest)))
    })
}

fn told(pod: &Pod, edit: &Edit, runs: &dyn fmt::Display, planned: &dyn fmt::Display) -> String {
    format!("pod {} runs {runs} in {} instead of {planned}", pod.name, edit.slot)
}

/// Which digests nobody reports.
pub(super) fn unverified(seen: &Seen, wanted: &Wanted<'_>) -> Option<String> {
    if !wanted.digests {
        return None;
    }
    let gaps: Vec<String> =
        wanted.edits.iter().filter_map(|edit| gap(seen, wanted, edit)).collect();
    (!gaps.is_empty()).then(|| gaps.join(", "))
}

fn gap(seen: &Seen, wanted: &Wanted<'_>, edit: &Edit) -> Option<String> {
    let of_edit =
        || edited(seen, wanted).filter(|(pod, _, of)| of.slot == edit.slot && settled(seen, pod));
    let known = of_edit().filter(|(_, container, _)| container.digest.is_some()).count();
    match (known, of_edit().count()) {
        (0, _) => Some(format!("no node reports which digest of {} runs", edit.slot)),
        (known, all) if known < all => {
            Some(format!("not every node reports which digest of {} runs", edit.slot))
        }
        _ => None,
    }
}

/// Ready, or of a Job, which ends instead.
fn settled(seen: &Seen, pod: &Pod) -> bool {
    pod.ready || seen.kind == Kind::CronJob
}

fn edited<'a>(
    seen: &'a Seen,
    wanted: &'a Wanted<'_>,
) -> impl Iterator<Item = (&'a Pod, &'a Container, &'a Edit)> {
    let pods = pods::judged(seen).filter(|_| wanted.digests);
    pods.flat_map(|pod| pod.containers.iter().map(move |container| (pod, container))).filter_map(
        |(pod, container)| {
            let of_slot =
                |edit: &&Edit| edit.slot == container.slot && edit.slot.kind != SlotKind::Volume;
            Some((pod, container, wanted.edits.iter().find(of_slot)?))
        },
    )
}
