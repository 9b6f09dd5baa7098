//! `approve`: a person's yes to versions that need one, kept in the Lease of each object for a later
//! run. It is bound to the digest that was looked at, and it expires.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::basis;
use super::draft::{Drafted, draft, refusal};
use super::plan_file;
use super::scope::Selected;
use super::subjects::Subjects;
use crate::adapters::helm::rollouts::UpgradeOptions;
use crate::cli::args::{Global, Lookup, Selection};
use crate::cli::args_write::ApproveArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::records::{self, Approved};
use crate::cli::session::actor;
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::change::ObjectId;
use crate::domain::consent::{approvable, slot_id};
use crate::domain::gate::Decision;
use crate::domain::history::{Actor, Approval};
use crate::domain::policy::Overrides;
use crate::ports::rollouts::Lock as _;

/// Approves.
///
/// # Errors
/// What stands in the way of seeing the targets; a row that is refused is a warning.
pub fn run(
    global: &Global,
    arguments: &ApproveArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let subjects = Subjects::read(&arguments.subjects)?;
    let planned = subjects.file.as_deref().map(plan_file::read).transpose()?;
    let lookup = Lookup { refresh: true, ..Lookup::default() };
    let settings = Settings::load(global, &lookup, &[], printer)?;
    let now = settings.now;
    let expires = SignedDuration::try_from(arguments.expires)
        .ok()
        .and_then(|length| now.checked_add(length).ok())
        .filter(|expires| *expires > now)
        .ok_or_else(|| CommandError::usage_message("--expires has to lie in the future"))?;
    let targets = planned.as_ref().map_or(&subjects.targets, |planned| &planned.targets);
    if targets.is_empty() {
        printer.note("The plan holds nothing to approve.");
        return Ok(Exit::Done);
    }
    let selected = Selected::read(targets, &Selection::default(), &global.connection)?;
    wire::block_on(async {
        let named = planned.as_ref().map_or(&subjects.versions, |planned| &planned.versions);
        let drafted =
            draft(&selected, named, &settings, &Overrides::default(), None, printer).await?;
        if let Some(planned) = &planned {
            let hash = basis::policy_hash(&settings.merged);
            let cluster = &drafted.cluster;
            let leg = wire::releases(&settings, cluster, UpgradeOptions::default(), false).await?;
            let done = planned.check(cluster, &*leg, &hash, now).await?;
            let done: Vec<_> = done.into_iter().map(|(object, _)| object).collect();
            planned.check_digests(&drafted.plan, &done)?;
        }
        let typed = planned.is_none();
        approve(&drafted, typed, (now, expires), printer).await
    })
}

/// What is to be written into one Lease.
struct Yes {
    uid: Arc<str>,
    approvals: Vec<Approval>,
    told: Vec<Approved>,
}

async fn approve(
    drafted: &Drafted,
    typed: bool,
    (now, expires): (Timestamp, Timestamp),
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let by = actor(&drafted.cluster).await;
    let (objects, mut exit) = chosen(drafted, typed, &by, (now, expires), printer);
    let mut told = Vec::new();
    for (object, yes) in objects {
        let write = |memory: &mut crate::domain::history::Memory| {
            for approval in &yes.approvals {
                memory.approve(approval.clone(), now);
            }
        };
        match drafted.cluster.edit(&object, &yes.uid, &write).await {
            Ok(()) => told.extend(yes.told),
            Err(error) => {
                printer.warning(&format!("{object} is not approved: {error}"));
                exit = exit.worst(CommandError::from(error).exit());
            }
        }
    }
    if !told.is_empty() {
        printer.data(&records::approved(&told, &by, printer.width(), &printer.styles))?;
    }
    Ok(exit)
}

/// The rows that are approved, by object; the exit code of the others.
fn chosen(
    drafted: &Drafted,
    typed: bool,
    by: &Actor,
    (at, expires): (Timestamp, Timestamp),
    printer: &Printer,
) -> (BTreeMap<ObjectId, Yes>, Exit) {
    let mut objects: BTreeMap<ObjectId, Yes> = BTreeMap::new();
    let mut exit = Exit::Done;
    for proposal in &drafted.plan.proposals {
        let (workload, slot) = drafted.plan.target(proposal);
        let id = workload.target_id(slot);
        if proposal.decision == Decision::UpToDate {
            printer.note(&format!("{id} is up to date."));
            continue;
        }
        let (Some(object), Some(uid)) = (workload.object(), workload.uid.clone()) else { continue };
        // What wants its name has to have been typed with its version.
        let named = typed && drafted.named.iter().any(|named| named.is_of(workload, slot));
        let (tag, digest) = match approvable(proposal, named) {
            Ok(version) => version,
            // A saved plan holds these too.
            Err(why) if proposal.decision == Decision::Update => {
                printer.note(&format!("{id} needs no approval: {}", escape(&why)));
                continue;
            }
            Err(why) => {
                printer.warning(&format!("{id} is not approved: {why}"));
                exit = exit.worst(refusal(proposal));
                continue;
            }
        };
        let (slot, by) = (slot_id(slot), by.clone());
        let yes = objects.entry(object).or_insert_with(|| Yes {
            uid,
            approvals: Vec::new(),
            told: Vec::new(),
        });
        yes.told.push(Approved { id, tag: tag.clone(), digest: digest.clone(), expires });
        yes.approvals.push(Approval { slot, tag, digest, by, at, expires });
    }
    (objects, exit)
}
