//! What the cluster remembers of its objects, in their Leases: what is known bad there, and what was
//! approved.

use std::collections::{BTreeMap, BTreeSet};

use crate::actions::plan::Memories;
use crate::actions::resume::telling_job;
use crate::adapters::kubernetes::Cluster;
use crate::cli::error::{CommandError, Kind};
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::outcomes;
use crate::domain::change::ObjectId;
use crate::domain::history::{Record, RecordEnd};
use crate::domain::inventory::{Inventory, Warning, Workload};
use crate::domain::rollout::{Images, Outcome};
use crate::ports::rollouts::{Lock as _, LockError, Remembered};

/// Namespaces whose Leases are read one by one; of more, all are read at once.
const ONE_BY_ONE: usize = 4;

/// What is remembered, and who holds which object now.
#[derive(Debug, Default)]
pub struct Remembrance {
    /// What is remembered, by object.
    pub memories: Memories,
    /// Who holds an object.
    pub holders: BTreeMap<ObjectId, String>,
}

/// What is remembered of the objects of an inventory. Where Leases may not be read, `forbidden` hears
/// of it, and nothing is remembered.
///
/// # Errors
/// The server does not answer.
pub async fn memories(
    cluster: &Cluster,
    inventory: &Inventory,
    forbidden: &mut dyn FnMut(&str),
) -> Result<Remembrance, CommandError> {
    let namespaces: BTreeSet<&str> =
        inventory.workloads.iter().filter_map(|workload| workload.namespace.as_deref()).collect();
    let mut wanted: Vec<Option<&str>> = namespaces.iter().copied().map(Some).collect();
    if namespaces.len() > ONE_BY_ONE {
        wanted.push(None);
    }
    let mut found = Remembrance::default();
    // All at once where that is allowed, else one by one.
    while let Some(namespace) = wanted.pop() {
        match cluster.read_all(namespace).await {
            Ok(read) => {
                for (object, Remembered { memory, holder }) in read {
                    if let Some((holder, _)) = holder {
                        found.holders.insert(object.clone(), holder.to_string());
                    }
                    found.memories.insert(object, memory);
                }
                if namespace.is_none() {
                    break;
                }
            }
            Err(LockError::Forbidden { .. }) if namespace.is_none() => {}
            Err(LockError::Forbidden { message }) => {
                forbidden(&message);
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// The same for verbs that only read: who may not see Leases plans without them, and is told.
///
/// # Errors
/// The server does not answer.
pub async fn for_reading(
    cluster: Option<&Cluster>,
    inventory: &mut Inventory,
) -> Result<Memories, CommandError> {
    let Some(cluster) = cluster else { return Ok(Memories::new()) };
    let mut warnings = Vec::new();
    let found = memories(cluster, inventory, &mut |message| {
        warnings.push(Warning {
            code: "forbidden",
            message: format!("{message}; what was rolled back or approved is not seen"),
            object: None,
        });
    })
    .await?;
    inventory.warnings.append(&mut warnings);
    Ok(found.memories)
}

/// The last records of `CronJobs` of which a run shows how the new version does: they can be judged.
///
/// # Errors
/// The server does not say which cluster it is.
pub async fn judgeable(
    cluster: &Cluster,
    memories: &Memories,
    inventory: &Inventory,
    printer: &Printer,
) -> Result<Vec<Record>, CommandError> {
    let mut found = Vec::new();
    let identity = cluster.identity().await?;
    for object in inventory.workloads.iter().filter_map(Workload::object) {
        let last = memories.get(&object).and_then(|memory| memory.last.as_ref());
        let here = |last: &&Record| last.awaits_run() && *last.cluster == *identity;
        let Some(last) = last.filter(here) else { continue };
        match telling_job(cluster, last).await {
            Ok(Some(_)) => found.push(last.clone()),
            Ok(None) => {}
            Err(error) => printer.warning(&format!(
                "{object}: whether its last change works is not known: {}",
                escape(&error.to_string())
            )),
        }
    }
    Ok(found)
}

/// Whether what is planned for objects is not merely written but done: a run that was stopped, fails,
/// or is at work still has written it too.
///
/// # Errors
/// A Lease cannot be read, or says that it is not done.
pub async fn really_done(
    cluster: &Cluster,
    objects: &[(ObjectId, Images)],
) -> Result<(), CommandError> {
    for (object, stands) in objects {
        let Remembered { memory, holder } = match cluster.read(object).await {
            Err(LockError::Forbidden { .. }) => continue,
            remembered => remembered?,
        };
        if let Some((holder, _)) = holder {
            return Err(CommandError::message(Kind::Busy, format!("{object} is held by {holder}"))
                .hint("`status` shows what is under way; try again when it has ended"));
        }
        let Some(last) = memory.last else { continue };
        // What stands there may be somebody else's doing.
        if !last.written.iter().all(|image| stands.contains(image)) {
            continue;
        }
        if last.is_open() {
            let message = format!("{object} was left unfinished by {}", last.id);
            return Err(CommandError::message(Kind::Unfinished, message)
                .hint("`resume` finishes or undoes it"));
        }
        if let Some(RecordEnd { outcome: Outcome::Unverified(_), .. }) = &last.end {
            let message = format!("{object} was written by {} and never seen to work", last.id);
            return Err(CommandError::message(Kind::Unfinished, message)
                .hint(format!("`resume {object}` looks at it again")));
        }
        if let Some(RecordEnd {
            outcome: outcome @ (Outcome::FailedKept(_) | Outcome::Inconsistent { .. }),
            ..
        }) = &last.end
        {
            let message =
                format!("{object} stands as {} left it: {}", last.id, outcomes::sentence(outcome));
            return Err(CommandError::message(Kind::NotRestored, message)
                .hint("`history show` tells the commands that help"));
        }
    }
    Ok(())
}

/// Warns of objects that an earlier run left unfinished; whether there are any.
pub fn unfinished(memories: &Memories, inventory: &Inventory, printer: &Printer) -> bool {
    let mut any = false;
    for object in inventory.workloads.iter().filter_map(Workload::object) {
        let last = memories.get(&object).and_then(|memory| memory.last.as_ref());
        if let Some(last) = last.filter(|last| last.is_open()) {
            any = true;
            printer.warning(&format!(
                "{object} was left unfinished by {} (or is under way): `status` shows it, `resume` finishes or undoes it",
                last.id
            ));
        }
    }
    any
}
