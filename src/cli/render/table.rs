//! Tables for people: kubectl's look, folded to the width of the terminal.

use super::escape::escape;
use super::grid::grid;
use super::json::owner_word;
use super::styles::Styles;
use crate::domain::gate::Decision;
use crate::domain::image::ImageReference;
use crate::domain::inventory::{Inventory, Leg, Slot};
use crate::domain::plan::{Plan, Proposal};

/// How a table is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Columns of the terminal; none when the output is no terminal, and lines may be long.
    pub width: Option<u16>,
    /// More columns.
    pub wide: bool,
    /// Column heads.
    pub headers: bool,
    /// Show the namespace, because there may be several.
    pub namespaces: bool,
}

/// The plan as a table, its reasons under the rows that need somebody, and a summary line.
pub fn plan(plan: &Plan, layout: Layout, styles: &Styles) -> String {
    if plan.proposals.is_empty() {
        return String::new();
    }
    let heads: &[&str] = if layout.wide {
        &[
            "TARGET",
            "CURRENT",
            "CANDIDATE",
            "CHANGE",
            "ACTION",
            "DECISION",
            "OTHERS",
            "OWNER",
            "REASON",
        ]
    } else {
        &["TARGET", "CURRENT", "CANDIDATE", "CHANGE", "DECISION", "REASON"]
    };
    let rows: Vec<Vec<String>> =
        plan.proposals.iter().map(|proposal| plan_row(plan, proposal, layout)).collect();
    let decisions: Vec<Decision> = plan.proposals.iter().map(|each| each.decision).collect();
    let decision_column = if layout.wide { 5 } else { 4 };
    let mut text = grid(heads, &rows, layout.width, layout.headers, styles, |row, column, cell| {
        if column == decision_column {
            decision_style(styles, decisions[row]).style(cell).to_string()
        } else {
            cell.to_owned()
        }
    });
    text.push('\n');
    text.push_str(&summary(plan, styles));
    text.push('\n');
    text
}

fn plan_row(plan: &Plan, proposal: &Proposal, layout: Layout) -> Vec<String> {
    let (workload, slot) = plan.target(proposal);
    let offer = proposal.candidate.as_ref();
    let target = match (layout.namespaces, &workload.namespace) {
        (true, Some(_)) => workload.target_id(slot),
        _ => workload.short_target_id(slot),
    };
    let dash = || "-".to_owned();
    let candidate = offer.map_or_else(dash, |offer| match &offer.digest {
        Some(digest) if offer.change == crate::domain::version::Bump::Digest => {
            format!("{} ({})", offer.tag, digest.short())
        }
        _ => slot.image.shown(&offer.tag),
    });
    let change = offer.map_or_else(dash, |offer| offer.change.to_string());
    let reason = proposal.reasons.join("; ");
    let current = shortened(slot);
    let decision = proposal.decision.to_string();
    let cells = if layout.wide {
        let others = proposal
            .others
            .iter()
            .map(|other| {
                let version = slot.image.shown(&other.tag);
                format!("{version} ({}, {})", other.change, other.action)
            })
            .collect::<Vec<_>>();
        let owner = match workload.leg {
            Leg::Kubernetes | Leg::Helm => owner_word(&workload.owner),
            Leg::File => workload.origin.as_ref().map_or_else(dash, |origin| {
                format!("{}:{}", origin.file, slot.line.unwrap_or(origin.line))
            }),
        };
        vec![
            target,
            current,
            candidate,
            change,
            offer.map_or_else(dash, |offer| offer.action.to_string()),
            decision,
            if others.is_empty() { dash() } else { others.join(", ") },
            owner,
            reason,
        ]
    } else {
        vec![target, current, candidate, change, decision, reason]
    };
    cells.into_iter().map(|cell| escape(&cell).into_owned()).collect()
}

/// The image as written, a digest cut to twelve digits: the rest of it is for programs.
fn shortened(slot: &Slot) -> String {
    let written = slot.image.described();
    match slot.image.reference().and_then(ImageReference::digest) {
        Some(digest) => written.replace(digest.as_str(), &format!("{}…", digest.short())),
        None => written.into_owned(),
    }
}

fn decision_style(styles: &Styles, decision: Decision) -> owo_colors::Style {
    match decision {
        Decision::Update => styles.update,
        Decision::Held => styles.held,
        Decision::Blocked => styles.blocked,
        Decision::UpToDate => styles.faint,
        Decision::Unknown => styles.unknown,
    }
}

/// `7 targets: 2 update, 1 held, …`, without the decisions that nobody got.
pub fn summary(plan: &Plan, styles: &Styles) -> String {
    let summary = plan.summary();
    let parts: Vec<String> = [
        (Decision::Update, summary.updates),
        (Decision::Held, summary.held),
        (Decision::Blocked, summary.blocked),
        (Decision::UpToDate, summary.up_to_date),
        (Decision::Unknown, summary.unknown),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(decision, count)| {
        let text = format!("{count} {decision}");
        decision_style(styles, decision).style(text).to_string()
    })
    .collect();
    let targets = summary.targets;
    let noun = if targets == 1 { "target" } else { "targets" };
    format!("{targets} {noun}: {}", parts.join(", "))
}

/// The inventory as a table.
pub fn list(inventory: &Inventory, layout: Layout, styles: &Styles) -> String {
    let heads: &[&str] = if layout.wide {
        &["TARGET", "IMAGE", "REGISTRY", "OWNER", "SLOT", "FROM"]
    } else {
        &["TARGET", "IMAGE", "OWNER"]
    };
    let mut rows = Vec::new();
    for workload in &inventory.workloads {
        for slot in &workload.slots {
            let target = match (layout.namespaces, &workload.namespace) {
                (true, Some(_)) => workload.target_id(slot),
                _ => format!("{}/{}:{}", workload.kind.short(), workload.name, slot.name),
            };
            let mut row = vec![target, slot.image.as_written().to_owned()];
            if layout.wide {
                row.push(slot.image.reference().map_or_else(
                    || "-".to_owned(),
                    |reference| reference.repository().registry().to_string(),
                ));
            }
            row.push(owner_word(&workload.owner));
            if layout.wide {
                row.push(slot.kind.as_str().to_owned());
                row.push(workload.origin.as_ref().map_or_else(
                    || workload.leg.as_str().to_owned(),
                    |origin| format!("{}:{}", origin.file, slot.line.unwrap_or(origin.line)),
                ));
            }
            rows.push(row.into_iter().map(|cell| escape(&cell).into_owned()).collect());
        }
    }
    grid(heads, &rows, layout.width, layout.headers, styles, |_, _, cell| cell.to_owned())
}
