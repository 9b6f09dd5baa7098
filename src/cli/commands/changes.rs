//! What `plan --diff` shows: of manifests on disk the lines that would change, of objects in a
//! cluster the part that names images. For people; control characters are escaped.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use crate::cli::settings::Settings;
use crate::domain::diff::{Diff, between, excerpt};
use crate::domain::gate::Decision;
use crate::domain::plan::{Plan, Proposal, written};
use crate::domain::policy::Overrides;

/// A manifest that is larger is not shown line by line.
const FILE_MAX: u64 = 16 << 20;

/// A new reference in one slot.
struct Edit {
    workload: usize,
    slot: usize,
    before: String,
    after: String,
}

/// The changes of everything that has a candidate which is not blocked, in the order of the plan.
pub fn changes(plan: &Plan, settings: &Settings, overrides: &Overrides) -> Vec<Diff> {
    let open = |proposal: &Proposal| matches!(proposal.decision, Decision::Update | Decision::Held);
    let rows = plan.proposals.iter().enumerate().filter(|(_, row)| open(row));
    changes_of(plan, &rows.map(|(index, _)| index).collect(), settings, overrides)
}

/// The changes of some rows of a plan, in its order.
pub fn changes_of(
    plan: &Plan,
    rows: &BTreeSet<usize>,
    settings: &Settings,
    overrides: &Overrides,
) -> Vec<Diff> {
    let mut by_file: BTreeMap<Arc<str>, Vec<Edit>> = BTreeMap::new();
    let mut by_object: BTreeMap<usize, Vec<Edit>> = BTreeMap::new();
    for edit in edits(plan, rows, settings, overrides) {
        match &plan.inventory.workloads[edit.workload].origin {
            Some(origin) => by_file.entry(origin.file.clone()).or_default().push(edit),
            None => by_object.entry(edit.workload).or_default().push(edit),
        }
    }
    let mut changes = Vec::new();
    for (file, edits) in by_file {
        match file_change(plan, &file, &edits) {
            Some(change) => changes.push(change),
            // Standard input cannot be read twice.
            None => {
                for edit in edits {
                    by_object.entry(edit.workload).or_default().push(edit);
                }
            }
        }
    }
    changes.extend(by_object.iter().map(|(workload, edits)| object_change(plan, *workload, edits)));
    changes
}

fn edits(
    plan: &Plan,
    rows: &BTreeSet<usize>,
    settings: &Settings,
    overrides: &Overrides,
) -> Vec<Edit> {
    rows.iter()
        .filter_map(|row| {
            let proposal = plan.proposals.get(*row)?;
            let (workload, slot) = plan.target(proposal);
            let pin = settings.merged.policy.limits(workload, slot, overrides).pin;
            let reference = written(slot.image.reference()?, proposal.candidate.as_ref()?, pin);
            Some(Edit {
                workload: proposal.workload,
                slot: proposal.slot,
                before: slot.image.as_written().to_owned(),
                after: reference.as_written().to_owned(),
            })
        })
        .collect()
}

/// The change of a whole file; none when it cannot be read again, or an image does not stand where
/// it was found.
fn file_change(plan: &Plan, file: &str, edits: &[Edit]) -> Option<Diff> {
    let mut before = String::new();
    let opened = std::fs::File::open(Path::new(file)).ok()?;
    opened.take(FILE_MAX).read_to_string(&mut before).ok()?;
    let mut lines: Vec<String> = before.split_inclusive('\n').map(str::to_owned).collect();
    for edit in edits {
        let slot = &plan.inventory.workloads[edit.workload].slots[edit.slot];
        let index = usize::try_from(slot.line?.checked_sub(1)?).ok()?;
        let line = lines.get_mut(index)?;
        let at = whole_word(line, &edit.before)?;
        line.replace_range(at..at + edit.before.len(), &edit.after);
    }
    Some(between(file, &before, &lines.concat()))
}

/// Where a reference stands in a line as a whole, and not as the beginning of a longer one.
fn whole_word(line: &str, reference: &str) -> Option<usize> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/:@".contains(byte);
    line.match_indices(reference).map(|(at, _)| at).find(|at| {
        let (before, after) = (&line.as_bytes()[..*at], &line.as_bytes()[at + reference.len()..]);
        !before.last().is_some_and(part) && !after.first().is_some_and(part)
    })
}

fn object_change(plan: &Plan, workload: usize, edits: &[Edit]) -> Diff {
    let workload = &plan.inventory.workloads[workload];
    let before = |slot: usize| workload.slots[slot].image.as_written();
    let after = |slot: usize| {
        edits.iter().find(|edit| edit.slot == slot).map_or(before(slot), |edit| &edit.after)
    };
    between(workload.id(), &excerpt(workload, before), &excerpt(workload, after))
}
