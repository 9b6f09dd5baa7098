//! A release as a whole: its record is what was written, and every workload of it works.

use std::sync::Arc;

use super::{Failure, FailureCode, Health, Observation, Wanted};
use crate::domain::change::{ObjectId, SlotId};
use crate::domain::inventory::Kind;

/// How many workloads are named in what is awaited.
const NAMED: usize = 3;

/// A release at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseSeen {
    /// The newest revision.
    pub revision: i64,
    /// The version of its chart, in the slot of the chart.
    pub images: Vec<(SlotId, Arc<str>)>,
    /// SHA-256 of its manifest and values; empty where they are not known.
    pub template: Arc<str>,
    /// What the newest revision is, where it is not deployed.
    pub half: Option<String>,
    /// Its workloads.
    pub parts: Vec<Part>,
    /// Kinds of its objects of which nobody can say whether they work.
    pub unjudged: Vec<String>,
    /// What a probe of the policy got instead of an answer; none while all answer or none was asked.
    pub probe_failure: Option<String>,
}

/// A workload of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The object.
    pub object: ObjectId,
    /// The images of the template that helm left.
    pub images: Vec<(SlotId, Arc<str>)>,
    /// SHA-256 of that template; empty where it is not known.
    pub template: Arc<str>,
    /// The generation that helm left.
    pub generation: i64,
    /// It was broken before, and nothing of it was changed: that is not the upgrade's fault.
    pub excused: bool,
    /// What was seen of it last; none while nothing was.
    pub observation: Option<Observation>,
}

/// What a release shows: the worst of its workloads counts.
pub(super) fn judge(seen: &ReleaseSeen, wanted: &Wanted<'_>) -> Health {
    if seen.revision < wanted.generation {
        return waiting("the new revision is not seen yet".into(), 0, false);
    }
    if let Some(what) = superseded(seen, wanted) {
        return Health::Superseded { writer: None, what };
    }
    let mut awaited = Vec::new();
    let mut notes = Vec::new();
    let (mut score, mut ran, mut code) = (0, false, None);
    let mut failures = Vec::new();
    for part in seen.parts.iter().filter(|part| !part.excused) {
        let name = format!("{}/{}", part.object.kind.short(), part.object.name);
        let Some(observation) = &part.observation else {
            awaited.push(format!("{name} was not seen yet"));
            continue;
        };
        match super::judge(observation, &of_part(part, wanted)) {
            Health::Healthy { unverified } => {
                score += complete(observation);
                ran = true;
                notes.extend(unverified.map(|why| format!("{name}: {why}")));
            }
            Health::Progressing { awaited: what, score: far, code: why, ran: runs } => {
                score += far;
                ran |= runs;
                code = code.or(why);
                awaited.push(format!("{name}: {what}"));
            }
            Health::Failed(failure) => failures.push((name, failure)),
            Health::Unverifiable(why) => notes.push(format!("{name}: {why}")),
            Health::AwaitsRun if part.object.kind == Kind::Job => {
                notes.push(format!("{name} is gone: it was cleaned up after its end, or deleted"));
            }
            Health::AwaitsRun => notes.push(format!("{name} waits for its next run")),
            Health::Superseded { writer, what } => {
                let what = format!("{name} was changed: {what}");
                return Health::Superseded { writer, what };
            }
            Health::Gone => {
                let what = format!("{name} is gone");
                return Health::Superseded { writer: None, what };
            }
        }
    }
    if let Some((name, failure)) = failures.into_iter().next() {
        // Of several containers none is the chart's; and what ran beside it may have done its work.
        let message = format!("{name}: {}", failure.message);
        return Health::Failed(Failure { message, slot: None, never_ran: false, ..failure });
    }
    let excused = seen.parts.iter().filter(|part| part.excused);
    notes.extend(excused.map(|part| {
        let (kind, name) = (part.object.kind.short(), &part.object.name);
        format!("{kind}/{name} did not work before and was not changed")
    }));
    if !awaited.is_empty() {
        return Health::Progressing { awaited: few(&awaited), score, code, ran };
    }
    if let Some(why) = &seen.probe_failure {
        let awaited = format!("waits for the probe: {}", super::pods::cut(why));
        return Health::Progressing { awaited, score, code: Some(FailureCode::Probe), ran };
    }
    if !seen.unjudged.is_empty() {
        notes.push(format!("nobody judges its objects of kind {}", seen.unjudged.join(", ")));
    }
    let all = seen.parts.len() + usize::from(!seen.unjudged.is_empty());
    let none_works = all > 0 && score == 0 && notes.len() >= all;
    let notes = (!notes.is_empty()).then(|| notes.join("; "));
    match notes {
        Some(why) if none_works => Health::Unverifiable(why),
        unverified => Health::Healthy { unverified },
    }
}

/// What a workload is held against. The digests of its containers are the chart's affair.
fn of_part<'a>(part: &'a Part, wanted: &Wanted<'a>) -> Wanted<'a> {
    Wanted {
        edits: &[],
        images: &part.images,
        template: &part.template,
        generation: part.generation,
        ..*wanted
    }
}

/// A workload that works counts for more than any that is on its way: it must not seem to lose
/// ground when it gets there.
fn complete(observation: &Observation) -> u32 {
    match observation {
        Observation::Seen(seen) => match seen.kind {
            Kind::Job | Kind::CronJob => 2,
            _ => seen.wanted.saturating_mul(4).max(1),
        },
        Observation::Gone | Observation::Release(_) => 0,
    }
}

fn superseded(seen: &ReleaseSeen, wanted: &Wanted<'_>) -> Option<String> {
    if let Some(half) = &seen.half {
        return Some(format!("revision {} is {half}", seen.revision));
    }
    let moved = wanted.edits.iter().find_map(|edit| {
        let stands = seen.images.iter().find(|(slot, _)| *slot == edit.slot);
        match stands {
            Some((_, version)) if **version == *wanted.image(edit) => None,
            Some((slot, version)) => Some(format!("chart {slot} is {version} now")),
            None => Some(format!("it has no chart {} any more", edit.slot)),
        }
    });
    let known = !wanted.template.is_empty() && !seen.template.is_empty();
    moved.or_else(|| {
        let other = known && *seen.template != *wanted.template;
        other.then(|| format!("revision {} has other values or another manifest", seen.revision))
    })
}

fn waiting(awaited: String, score: u32, ran: bool) -> Health {
    Health::Progressing { awaited, score, code: None, ran }
}

fn few(all: &[String]) -> String {
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}
