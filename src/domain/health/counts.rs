//! What the counters of a workload say: whether it is complete, how far it is, why it cannot be
//! seen to be complete, and what its controller gave up on.

use super::{Failure, FailureCode, Seen, Wanted, pods};
use crate::domain::inventory::{Kind, Strategy};

/// What is still missing; none when the workload is complete: every wanted replica (or, of a
/// partitioned `StatefulSet`, every one above the partition) is of the new template, ready and
/// available, and no old one is left.
pub(super) fn awaited(seen: &Seen, wanted: &Wanted<'_>) -> Option<String> {
    let counts = seen.counts;
    let due = due(seen);
    let of = match seen.kind {
        Kind::DaemonSet => "nodes",
        _ => "pods",
    };
    if counts.updated < due {
        return Some(format!("{} of {due} {of} are updated", counts.updated));
    }
    if seen.partition == 0 && counts.total > counts.updated {
        let old = counts.total - counts.updated;
        let (of, are) = if old == 1 { (&of[..of.len() - 1], "is") } else { (of, "are") };
        return Some(format!("{old} old {of} {are} still there"));
    }
    for (count, word) in
        [(counts.total, "there"), (counts.ready, "ready"), (counts.available, "available")]
    {
        if count < seen.wanted {
            return Some(format!("{count} of {} {of} are {word}", seen.wanted));
        }
    }
    if counts.total > seen.wanted {
        return Some(format!("{} {of} too many are there", counts.total - seen.wanted));
    }
    // The counters may be ahead of the pods that were seen, and it is the pods that are judged.
    let ready = new_and_ready(seen);
    if wanted.digests && ready < due {
        return Some(format!("{ready} of {due} new {of} are seen to be ready"));
    }
    None
}

/// The replicas that the controller replaces by itself.
fn due(seen: &Seen) -> u32 {
    seen.wanted.saturating_sub(seen.partition)
}

fn new_and_ready(seen: &Seen) -> u32 {
    let ready = seen.pods.iter().filter(|pod| pod.ready && !pod.ending).count();
    u32::try_from(ready).unwrap_or(u32::MAX)
}

/// How far it is, from 0 to four times the wanted replicas: old replicas that are gone, and new
/// ones that are there, ready, and available. The status counts ready and available replicas of
/// both templates together, so that of the available ones the old are taken off, and the ready ones
/// are counted in the pods: otherwise a workload that works before the update would start high, and
/// starting the new pods would be no progress.
pub(super) fn score(seen: &Seen) -> u32 {
    let counts = seen.counts;
    let wanted = seen.wanted;
    let old = counts.total.saturating_sub(counts.updated);
    [
        wanted.saturating_sub(old),
        counts.updated.min(wanted),
        new_and_ready(seen).min(wanted),
        counts.available.saturating_sub(old).min(wanted),
    ]
    .into_iter()
    .fold(0, u32::saturating_add)
}

/// Why waiting cannot show anything.
pub(super) fn unverifiable(seen: &Seen) -> Option<String> {
    let updated = format!("{} of {} pods updated", seen.counts.updated, seen.wanted);
    if seen.strategy == Strategy::OnDelete && seen.counts.updated < seen.wanted {
        return Some(format!("its pods are replaced when somebody deletes them, {updated}"));
    }
    (due(seen) == 0).then(|| partitioned(seen))
}

/// Why what is complete is not the whole.
pub(super) fn partial(seen: &Seen) -> Option<String> {
    (seen.partition > 0).then(|| partitioned(seen))
}

fn partitioned(seen: &Seen) -> String {
    format!(
        "its partition keeps pods at the old version, {} of {} pods updated",
        seen.counts.updated, seen.wanted
    )
}

/// What the controller gave up on.
pub(super) fn refused(seen: &Seen, wanted: &Wanted<'_>) -> Option<Failure> {
    if let Some(why) = &seen.creation_failure
        && !may_make_room(seen, why)
    {
        return Some(Failure {
            code: creation_code(why),
            message: format!("its pods cannot be created: {}", pods::cut(why)),
            never_ran: pods::never_ran(seen, wanted),
            slot: None,
        });
    }
    seen.deadline_exceeded.then(|| {
        let slow = pods::slow(seen, wanted);
        let why = slow.as_ref().map(|(_, why)| format!(": {why}")).unwrap_or_default();
        Failure {
            code: slow.map_or(FailureCode::Deadline, |(code, _)| code),
            message: format!("its own progress deadline has passed{why}"),
            never_ran: pods::never_ran(seen, wanted),
            slot: None,
        }
    })
}

/// A creation failure that may pass.
pub(super) fn slow(seen: &Seen) -> Option<(FailureCode, String)> {
    let why = seen.creation_failure.as_ref()?;
    let text = format!("its pods cannot be created: {}", pods::cut(why));
    Some((creation_code(why), text))
}

fn creation_code(why: &str) -> FailureCode {
    if why.to_ascii_lowercase().contains("quota") {
        FailureCode::Quota
    } else {
        FailureCode::Admission
    }
}

/// A used-up quota gets room when old pods end. They do so where some are missing already; where
/// none may be missing, nothing will move.
fn may_make_room(seen: &Seen, why: &str) -> bool {
    let counts = seen.counts;
    let old_left = counts.total > counts.updated;
    why.to_ascii_lowercase().contains("exceeded quota") && old_left && counts.total < seen.wanted
}
