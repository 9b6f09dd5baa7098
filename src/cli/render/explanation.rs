//! An explanation for people: the answer first, then gates, tags and remedies.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::escape::escape;
use super::grid::{fold, grid};
use super::styles::Styles;
use crate::actions::explain::Explanation;
use crate::domain::candidate::{Outcome, Reason, TagVerdict};
use crate::domain::gate::Verdict;
use crate::domain::inventory::SlotKind;

/// Up to this many tags all are shown; of more, only some for each reason.
const SHOW_ALL: usize = 120;
/// Columns of the names of fields.
const FIELD: usize = 10;
/// A piece of text is not folded to less.
const NARROWEST: usize = 8;
/// How many tags of a reason are shown then.
const SHOW_EACH: usize = 6;

/// The whole answer as text.
pub fn text(
    explanation: &Explanation,
    width: Option<u16>,
    all_tags: bool,
    styles: &Styles,
) -> String {
    let mut text = String::new();
    let mut field = |name: &str, value: &str| {
        for (number, piece) in folded(&escape(value), width, FIELD + 1).iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            let name = styles.heading.style(format!("{name:<FIELD$}")).to_string();
            let _ = writeln!(text, "{name} {piece}");
        }
    };
    let row = explanation.plan.as_ref().and_then(|plan| Some((plan, plan.proposals.first()?)));
    let is_chart = row.is_some_and(|(plan, row)| plan.target(row).1.kind == SlotKind::Chart);
    field(if is_chart { "Chart" } else { "Image" }, &explanation.image);
    if let Some((plan, row)) = row {
        let (workload, slot) = plan.target(row);
        field("Target", &workload.target_id(slot));
        if let Some(digest) = &row.current.digest {
            field("Digest", digest.as_str());
        }
        if let Some(source) = &row.source {
            field("Source", &source.to_string());
        }
        field("Decision", row.decision.as_str());
        for reason in &row.reasons {
            field("", reason);
        }
    }
    let latest = explanation.latest.as_ref().map_or("none newer", |tag| tag.as_str());
    field("Latest", latest);
    for (bump, tag) in &explanation.candidates {
        field("", &format!("{tag} ({bump})"));
    }
    gates(&mut text, explanation, width, styles);
    tags(&mut text, explanation, width, all_tags, styles);
    if !explanation.remedies.is_empty() {
        section(&mut text, "What would change the answer", styles);
        for remedy in &explanation.remedies {
            for (number, piece) in folded(&escape(remedy), width, 2).iter().enumerate() {
                let mark = if number == 0 { '-' } else { ' ' };
                let _ = writeln!(text, "{mark} {piece}");
            }
        }
    }
    text
}

/// A value in pieces that fit behind an indent, at least one.
fn folded(value: &str, width: Option<u16>, indent: usize) -> Vec<String> {
    let Some(width) = width else {
        return vec![value.to_owned()];
    };
    let left = usize::from(width).saturating_sub(indent);
    fold(value, left.max(NARROWEST))
}

fn section(text: &mut String, title: &str, styles: &Styles) {
    let _ = writeln!(text, "\n{}", styles.heading.style(title));
}

fn gates(text: &mut String, explanation: &Explanation, width: Option<u16>, styles: &Styles) {
    let findings = explanation
        .plan
        .as_ref()
        .and_then(|plan| plan.proposals.first())
        .map_or(&[][..], |row| &row.findings);
    if findings.is_empty() {
        return;
    }
    section(text, "Gates", styles);
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|finding| {
            vec![
                finding.gate.to_string(),
                finding.verdict.as_str().to_owned(),
                escape(finding.verdict.reason().unwrap_or("-")).into_owned(),
            ]
        })
        .collect();
    text.push_str(&grid(
        &["GATE", "VERDICT", "REASON"],
        &rows,
        width,
        true,
        styles,
        |row, column, cell| {
            let style = match (&findings[row].verdict, column) {
                (Verdict::Allow, 1) => styles.update,
                (Verdict::Hold(_), 1) => styles.held,
                (Verdict::Deny(_), 1) => styles.blocked,
                _ => return cell.to_owned(),
            };
            style.style(cell).to_string()
        },
    ));
}

fn tags(
    text: &mut String,
    explanation: &Explanation,
    width: Option<u16>,
    all_tags: bool,
    styles: &Styles,
) {
    if explanation.tags.is_empty() {
        return;
    }
    let mut ordered: Vec<&TagVerdict> = explanation.tags.iter().collect();
    let height = |tag: &str| {
        explanation.candidates.iter().position(|(_, candidate)| candidate.as_str() == tag)
    };
    ordered.sort_by_key(|entry| (rank(&entry.outcome), height(&entry.tag)));
    let mut counts: HashMap<Option<Reason>, usize> = HashMap::new();
    let everything = all_tags || ordered.len() <= SHOW_ALL;
    let shown: Vec<&TagVerdict> = ordered
        .into_iter()
        .filter(|entry| {
            let count = counts.entry(reason(&entry.outcome)).or_default();
            *count += 1;
            everything || *count <= SHOW_EACH
        })
        .collect();
    let total = explanation.tags.len();
    let noun = if total == 1 { "tag" } else { "tags" };
    let cut = if explanation.truncated { ", the list was cut" } else { "" };
    section(text, &format!("{total} published {noun}{cut}"), styles);
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|entry| {
            let (word, detail) = match &entry.outcome {
                Outcome::Candidate(bump) => ("candidate", format!("the {bump} candidate")),
                Outcome::Dropped { reason, detail } => (reason.code(), detail.to_string()),
            };
            vec![escape(&entry.tag).into_owned(), word.to_owned(), escape(&detail).into_owned()]
        })
        .collect();
    text.push_str(&grid(
        &["TAG", "VERDICT", "WHY"],
        &rows,
        width,
        true,
        styles,
        |row, column, cell| match (&shown[row].outcome, column) {
            (Outcome::Candidate(_), 0 | 1) => styles.update.style(cell).to_string(),
            (Outcome::Dropped { .. }, 1) => styles.faint.style(cell).to_string(),
            _ => cell.to_owned(),
        },
    ));
    if shown.len() < total {
        let mut rest: Vec<(Reason, usize)> = counts
            .into_iter()
            .filter_map(|(reason, count)| Some((reason?, count.checked_sub(SHOW_EACH)?)))
            .filter(|(_, count)| *count > 0)
            .collect();
        rest.sort();
        let rest: Vec<String> =
            rest.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let _ = writeln!(
            text,
            "and {} more ({}); --all-tags shows them",
            total - shown.len(),
            rest.join(", ")
        );
    }
}

fn reason(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Candidate(_) => None,
        Outcome::Dropped { reason, .. } => Some(*reason),
    }
}

/// Candidates first, then what a person asks about first, then the rest.
fn rank(outcome: &Outcome) -> u8 {
    match reason(outcome) {
        None => 0,
        Some(Reason::Current) => 1,
        Some(Reason::KnownBad | Reason::Age | Reason::Platform) => 2,
        Some(Reason::Level | Reason::Constraint | Reason::Base) => 3,
        Some(Reason::Prerelease | Reason::SchemeBreak) => 4,
        Some(Reason::Outranked) => 5,
        Some(Reason::Precision | Reason::Variant | Reason::Prefix | Reason::Scheme) => 6,
        Some(Reason::Older) => 7,
        Some(Reason::Floating | Reason::Hash | Reason::Artifact | Reason::Grammar) => 8,
    }
}
