//! Records for people: the table of `history`, one record whole, `status`, and what `approve` and
//! `forget` did.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::escape::escape;
use super::grid::{fold, grid};
use super::outcomes;
use super::styles::Styles;
use crate::actions::apply::Report;
use crate::actions::resume::UnderWay;
use crate::cli::exit::Exit;
use crate::domain::change::{Change, Edit, ObjectId};
use crate::domain::history::{Actor, KnownBad, Record};
use crate::domain::image::{Digest, ImageReference, Tag};
use crate::domain::inventory::SlotKind;
use crate::domain::rollout::{Images, Outcome};

/// Columns of the names of fields.
const FIELD: usize = 10;
/// A piece of text is not folded to less.
const NARROWEST: usize = 8;

/// A version that was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// The target in full.
    pub id: String,
    /// The version.
    pub tag: Tag,
    /// What it names.
    pub digest: Digest,
    /// Until when it counts.
    pub expires: Timestamp,
}

/// `history`.
pub fn table(records: &[Record], width: Option<u16>, styles: &Styles) -> String {
    let rows: Vec<Vec<String>> = records
        .iter()
        .map(|record| {
            safe(&[
                record.id.to_string(),
                second(record.started),
                record.change.object.to_string(),
                steps(&record.change),
                outcome_word(record),
                record.actor.to_string(),
            ])
        })
        .collect();
    let heads = ["RECORD", "STARTED", "OBJECT", "CHANGE", "OUTCOME", "BY"];
    grid(&heads, &rows, width, true, styles, |row, column, cell| {
        if column != 4 {
            return cell.to_owned();
        }
        style_of(&records[row], styles).style(cell).to_string()
    })
}

fn style_of(record: &Record, styles: &Styles) -> owo_colors::Style {
    match record.end.as_ref().map(|end| outcomes::code(&end.outcome)) {
        Some(Exit::Done) => styles.update,
        Some(Exit::RolledBack | Exit::NotRestored | Exit::Usage | Exit::Environment) => {
            styles.blocked
        }
        Some(Exit::Pending | Exit::Refused | Exit::Stale | Exit::Busy | Exit::Unknown) | None => {
            styles.held
        }
    }
}

/// One word for the end, or what the record waits for.
fn outcome_word(record: &Record) -> String {
    match &record.end {
        Some(end) => end.outcome.as_str().to_owned(),
        None => format!("unfinished ({})", record.stage.as_str()),
    }
}

/// `main: 1.25.3 -> 1.25.4`, one after another.
pub fn steps(change: &Change) -> String {
    change.edits.iter().map(step).collect::<Vec<_>>().join(", ")
}

/// A step by its tags; by what is written where that tells more.
fn step(edit: &Edit) -> String {
    let name = |image: &str| -> Option<(ImageReference, String)> {
        let reference: ImageReference = image.parse().ok()?;
        let tag = reference.effective_tag().map(|tag| tag.to_string());
        let digest = || reference.digest().map(Digest::short);
        let name = tag.or_else(digest)?;
        Some((reference, name))
    };
    let (from, to) = match (name(&edit.from), name(&edit.to)) {
        (Some((from, old)), Some((to, new))) if from.repository() == to.repository() => {
            if old == new {
                let digest = edit.digest.short();
                (old.clone(), format!("{new} ({digest})"))
            } else {
                (old, new)
            }
        }
        _ => (edit.from.to_string(), edit.to.to_string()),
    };
    format!("{}: {from} -> {to}", edit.slot)
}

/// A time to the second.
fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn safe<const N: usize>(cells: &[String; N]) -> Vec<String> {
    cells.iter().map(|cell| escape(cell).into_owned()).collect()
}

/// Names and values, folded behind the names.
struct Fields<'a> {
    text: String,
    width: Option<u16>,
    styles: &'a Styles,
}

impl Fields<'_> {
    fn field(&mut self, name: &str, value: &str) {
        let value = escape(value);
        let pieces = match self.width {
            None => vec![value.into_owned()],
            Some(width) => {
                let left = usize::from(width).saturating_sub(FIELD + 1).max(NARROWEST);
                fold(&value, left)
            }
        };
        for (number, piece) in pieces.iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            let name = self.styles.heading.style(format!("{name:<FIELD$}")).to_string();
            let _ = writeln!(self.text, "{name} {piece}");
        }
    }

    /// Several values under one name.
    fn fields(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        for (number, value) in values.into_iter().enumerate() {
            self.field(if number == 0 { name } else { "" }, &value);
        }
    }
}

/// `history show`: everything.
pub fn text(record: &Record, width: Option<u16>, styles: &Styles) -> String {
    let mut fields = Fields { text: String::new(), width, styles };
    let change = &record.change;
    fields.field("Record", &record.id.to_string());
    fields.field("Verb", record.verb.as_str());
    fields.field("Object", &change.object.to_string());
    fields.field("Uid", &change.uid);
    fields.field("Cluster", &record.cluster);
    fields.fields("Change", change.edits.iter().flat_map(edit));
    fields.fields("Why", record.why.iter().cloned());
    fields.field("By", &record.actor.to_string());
    fields.field("Started", &second(record.started));
    fields.field("Ended", &record.end.as_ref().map_or("-".into(), |end| second(end.at)));
    fields.field("Stage", record.stage.as_str());
    fields.field("Outcome", &outcome_word(record));
    if let Some(end) = &record.end {
        fields.field("", &outcomes::sentence(&end.outcome));
    }
    let outcome = record.end.as_ref().map(|end| &end.outcome);
    let failed = outcome.and_then(Outcome::failure).or(record.failure.as_ref());
    if let Some(failure) = failed {
        let container = failure.slot.as_ref().map_or("-".into(), ToString::to_string);
        fields.field("Failure", &format!("{}, container {container}", failure.code));
        fields.field("", &failure.message);
    }
    fields.fields("Read back", images(&record.written));
    fields.fields("Put back", images(&record.restored));
    for (number, line) in record.said.iter().flat_map(|said| said.lines()).enumerate() {
        fields.field(if number == 0 { "Said" } else { "" }, line);
    }
    fields.field("Attempts", &record.attempts.to_string());
    fields.fields("Next", commands(record));
    fields.text
}

fn images(images: &Images) -> impl Iterator<Item = String> {
    images.iter().map(|(slot, image)| format!("{slot}: {image}"))
}

fn edit(edit: &Edit) -> [String; 3] {
    let from = edit.from_digest.as_ref().map_or("digest unknown".into(), ToString::to_string);
    [
        format!("{} ({}, {})", edit.slot, edit.slot.kind.as_str(), edit.bump.as_str()),
        format!("  from {} ({from})", edit.from),
        format!("  to   {} ({})", edit.to, edit.digest),
    ]
}

/// What a person may have to run next, the way back first.
pub fn commands(record: &Record) -> Vec<String> {
    let object = &record.change.object;
    let resume = || {
        vec![format!(
            "{object}: `resume {object}` goes on, `resume --undo {object}` puts the old version back"
        )]
    };
    let Some(end) = &record.end else { return resume() };
    if record.is_open() {
        return resume();
    }
    let mut all = Vec::new();
    if record.left_the_new_version() {
        let id = &record.id;
        all.push(format!("{object}: `rollback {object} --to {id}` puts the old version back"));
    }
    if !matches!(end.outcome, Outcome::Succeeded { .. }) {
        all.extend(outcomes::commands(&Report {
            object: object.clone(),
            change: Some(record.change.clone()),
            restored: record.restored.clone(),
            record: Some(record.id.clone()),
            outcome: end.outcome.clone(),
            took: Duration::ZERO,
        }));
    }
    all
}

/// `status`.
pub fn status(
    under_way: &[UnderWay],
    open: &[Record],
    awaiting: &[Record],
    width: Option<u16>,
    styles: &Styles,
) -> String {
    let plain = |_: usize, _: usize, cell: &str| cell.to_owned();
    let mut text = String::new();
    if !under_way.is_empty() {
        let rows: Vec<Vec<String>> = under_way
            .iter()
            .map(|held| {
                let record = held.record.as_ref();
                let unknown = || "-".to_owned();
                let who = record.map_or_else(
                    || held.holder.to_string(),
                    |record| format!("{} ({})", record.actor, held.holder),
                );
                safe(&[
                    held.object.to_string(),
                    record.map_or_else(unknown, |record| record.stage.as_str().to_owned()),
                    record.map_or_else(unknown, |record| steps(&record.change)),
                    held.since.map_or_else(unknown, second),
                    who,
                    record.map_or_else(unknown, |record| record.id.to_string()),
                ])
            })
            .collect();
        let heads = ["UNDER WAY", "PHASE", "CHANGE", "SINCE", "WHO", "RECORD"];
        text.push_str(&grid(&heads, &rows, width, true, styles, plain));
    }
    for (head, records) in [("UNFINISHED", open), ("AWAITS ITS RUN", awaiting)] {
        if records.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let rows: Vec<Vec<String>> = records
            .iter()
            .map(|record| {
                safe(&[
                    record.change.object.to_string(),
                    record.stage.as_str().to_owned(),
                    steps(&record.change),
                    second(record.started),
                    record.actor.to_string(),
                    record.id.to_string(),
                ])
            })
            .collect();
        let heads = [head, "PHASE", "CHANGE", "STARTED", "WHO", "RECORD"];
        text.push_str(&grid(&heads, &rows, width, true, styles, plain));
        text.push('\n');
        for line in records.iter().flat_map(commands) {
            let _ = writeln!(text, "{}", escape(&line));
        }
    }
    text
}

/// What `approve` did.
pub fn approved(all: &[Approved], by: &Actor, width: Option<u16>, styles: &Styles) -> String {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|each| {
            safe(&[
                each.id.clone(),
                each.tag.to_string(),
                each.digest.to_string(),
                second(each.expires),
                by.to_string(),
            ])
        })
        .collect();
    let heads = ["APPROVED", "VERSION", "DIGEST", "EXPIRES", "BY"];
    grid(&heads, &rows, width, true, styles, |_, _, cell| cell.to_owned())
}

/// What `forget` did.
pub fn forgotten(object: &ObjectId, all: &[KnownBad]) -> String {
    let mut text = String::new();
    for known in all {
        let versions: Vec<String> = known
            .versions
            .iter()
            .map(|bad| {
                let tag = bad.tag.as_ref().map_or("no tag", Tag::as_str);
                let digest = bad.digest.short();
                match bad.slot.kind {
                    SlotKind::Chart => format!("chart {} {tag} ({digest})", bad.slot),
                    _ => format!("{}: {}:{tag} ({digest})", bad.slot, bad.repository),
                }
            })
            .collect();
        let line = format!(
            "{object}: forgot {}, known bad since {} ({}): {}",
            versions.join(" with "),
            second(known.since),
            known.record,
            known.why,
        );
        let _ = writeln!(text, "{}", escape(&line));
    }
    text
}

#[cfg(test)]
mod tests;
