//! The charts of releases: where each comes from, what is published there, and what of it may be
//! proposed. Helm does not record where a chart came from, so that has to be found out: the policy
//! and the command line say it, else the repositories that helm is configured with are searched for
//! one that has the chart in the very version which is installed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::SignedDuration;

use super::Options;
use crate::domain::candidate::{PassedOver, Reason, TagVerdict};
use crate::domain::chart::{
    self, Asked, ChartEntry, ChartInUse, ChartSource, ChartVersion, Choice, Pick, choose,
};
use crate::domain::inventory::{Inventory, Slot, Warning, Workload};
use crate::domain::plan::{Prospect, Prospects};
use crate::domain::policy::{Action, Limits};
use crate::domain::version::Bump;
use crate::ports::LookupError;
use crate::ports::charts::{Charts, PublishedCharts};

/// How often a choice is made anew with what was learned of its picks: more than there are levels of
/// versions that do not hold.
const ROUNDS: usize = 20;

/// Where charts are looked for.
#[derive(Clone, Copy)]
pub struct ChartRoom<'a> {
    /// Repositories and registries.
    pub charts: &'a dyn Charts,
    /// The version of the cluster, where it is known.
    pub cluster: Option<&'a ChartVersion>,
    /// What the policy says: by `NAMESPACE/RELEASE`, else by the name of the chart.
    pub sources: &'a BTreeMap<String, ChartSource>,
    /// The chart that was named for the one release of this run.
    pub given: Option<&'a NamedChart>,
}

/// A chart as somebody names it on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedChart {
    /// Where it comes from.
    pub source: ChartSource,
    /// Its name there; none where the source says it (OCI).
    pub name: Option<Arc<str>>,
}

impl std::fmt::Debug for ChartRoom<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ChartRoom").field("sources", self.sources).finish_non_exhaustive()
    }
}

/// What is known of the chart of one release.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// Nobody knows where it comes from; the text says what to do.
    Nowhere(String),
    /// Its source could not be asked.
    Failed(LookupError),
    /// It is published there.
    There(Box<There>),
}

/// A chart in its source.
#[derive(Debug, Clone)]
pub(super) struct There {
    pub(super) source: ChartSource,
    /// Other repositories that have the installed version as well.
    pub(super) others: Vec<ChartSource>,
    /// Repositories that were to be searched as well, and did not answer.
    pub(super) unasked: Vec<ChartSource>,
    pub(super) prospects: Prospects,
    /// What became of every version; empty where nobody asks.
    pub(super) verdicts: Vec<TagVerdict>,
    /// What is worth saying of each proposed version.
    pub(super) notes: Vec<(ChartEntry, Bump, Bump)>,
}

/// What is known of the charts of an inventory, by the place of their slots.
pub(super) type FoundCharts = HashMap<(usize, usize), Found>;

/// A chart that is to be found.
struct Wanted<'a> {
    place: (usize, usize),
    workload: &'a Workload,
    chart: &'a ChartInUse,
    limits: Limits,
}

/// Finds the charts of all releases. Each source is asked once, whatever comes from it.
pub(super) async fn find(
    inventory: &Inventory,
    options: &Options<'_>,
) -> (FoundCharts, Vec<Warning>) {
    let slots = inventory.workloads.iter().enumerate().flat_map(|(index, workload)| {
        let slots = workload.slots.iter().enumerate();
        slots.map(move |(position, slot)| ((index, position), workload, slot))
    });
    let wanted: Vec<Wanted<'_>> = slots
        .filter_map(|(place, workload, slot): (_, &Workload, &Slot)| {
            let chart = slot.image.chart()?;
            let limits = super::limits(workload, slot, options);
            Some(Wanted { place, workload, chart, limits })
        })
        .collect();
    let mut warnings = Vec::new();
    let Some(room) = options.charts else {
        let nowhere = || Found::Nowhere("charts are not looked up here".into());
        return (wanted.iter().map(|wanted| (wanted.place, nowhere())).collect(), warnings);
    };
    let published = ask(&room, &wanted, &mut warnings).await;
    let found = wanted.iter().map(async |wanted| {
        let found = match source(&room, wanted, &published) {
            Ok(origin) => judge(&room, wanted, origin, &published, options).await,
            Err(found) => found,
        };
        (wanted.place, found)
    });
    let found = join_all(found).await.into_iter().collect();
    (found, warnings)
}

/// What each source publishes of the charts that are looked for there.
#[derive(Default)]
struct Publications {
    answers: BTreeMap<ChartSource, Result<Arc<PublishedCharts>, LookupError>>,
    /// The sources that are searched for charts of which nobody said where they come from.
    searched: BTreeSet<ChartSource>,
}

async fn ask(
    room: &ChartRoom<'_>,
    wanted: &[Wanted<'_>],
    warnings: &mut Vec<Warning>,
) -> Publications {
    let mut asked: BTreeMap<ChartSource, BTreeSet<Arc<str>>> = BTreeMap::new();
    let mut searched: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut published = Publications::default();
    for wanted in wanted {
        let name = Arc::clone(&wanted.chart.name);
        match named(room, wanted) {
            Some(source) => {
                asked.entry(source).or_default().insert(name);
            }
            None => {
                searched.insert(name);
            }
        }
    }
    if !searched.is_empty() {
        match room.charts.configured() {
            Ok(repositories) => {
                for repository in repositories {
                    let charts = searched.iter().cloned();
                    asked.entry(repository.clone()).or_default().extend(charts);
                    published.searched.insert(repository);
                }
            }
            Err(message) => {
                warnings.push(Warning { code: "repositories-unreadable", message, object: None });
            }
        }
    }
    let answers = asked.into_iter().map(async |(source, charts)| {
        let answer = room.charts.published(&source, &charts).await;
        (source, answer)
    });
    published.answers = join_all(answers).await.into_iter().collect();
    for (source, answer) in &published.answers {
        let object = Some(source.to_string());
        match answer {
            Ok(published) => {
                let told = published.warnings.iter().cloned();
                warnings.extend(told.map(|message| Warning {
                    code: "charts",
                    message,
                    object: object.clone(),
                }));
            }
            Err(error) => warnings.push(Warning {
                code: "lookup-failed",
                message: format!("{source}: {error}; {}", error.hint()),
                object,
            }),
        }
    }
    published
}

/// The source that somebody named for a release: the command line, the policy, whoever declares it.
fn named(room: &ChartRoom<'_>, wanted: &Wanted<'_>) -> Option<ChartSource> {
    let namespace = wanted.workload.namespace.as_deref().unwrap_or_default();
    let release = format!("{namespace}/{}", wanted.workload.name);
    let source = room
        .given
        .map(|given| &given.source)
        .or_else(|| room.sources.get(&release))
        .or_else(|| room.sources.get(&*wanted.chart.name))
        .or(wanted.chart.source.as_ref())?;
    let ChartSource::Index { url, name: None } = source else { return Some(source.clone()) };
    // Helm knows how a repository of its configuration is reached.
    let is_it =
        |one: &ChartSource| matches!(one, ChartSource::Index { url: known, .. } if known == url);
    let configured = room.charts.configured().unwrap_or_default();
    Some(configured.into_iter().find(is_it).unwrap_or_else(|| source.clone()))
}

/// The source of a release's chart.
struct Origin {
    source: ChartSource,
    /// Further ones that have it as well.
    others: Vec<ChartSource>,
    /// Further ones of which nobody knows whether they have it.
    unasked: Vec<ChartSource>,
}

fn source(
    room: &ChartRoom<'_>,
    wanted: &Wanted<'_>,
    published: &Publications,
) -> Result<Origin, Found> {
    let chart = wanted.chart;
    let given = room.given.and_then(|given| given.name.as_deref());
    if let Some(given) = given.filter(|given| **given != *chart.name) {
        return Err(Found::Nowhere(format!(
            "it is of chart {}, and an upgrade to chart {given} would exchange it for another",
            chart.name
        )));
    }
    if let Some(source) = named(room, wanted) {
        return Ok(Origin { source, others: Vec::new(), unasked: Vec::new() });
    }
    let current = chart.version.parse::<ChartVersion>().ok();
    let has = |entries: &Arc<[ChartEntry]>| {
        let same = |entry: &&ChartEntry| {
            current.as_ref().is_some_and(|current| current.precedence(&entry.version).is_eq())
        };
        entries.iter().any(|entry| same(&entry))
    };
    let mut matches = Vec::new();
    let mut namesakes = Vec::new();
    let (mut trouble, mut unasked) = (None, Vec::new());
    // One that was named for another chart says nothing about this one.
    let searched = |(source, _): &(&ChartSource, _)| published.searched.contains(source);
    for (source, answer) in published.answers.iter().filter(searched) {
        match answer {
            Ok(answer) => match answer.of(&chart.name) {
                Some(entries) if has(entries) => matches.push(source.clone()),
                Some(_) => namesakes.push(source.to_string()),
                None => {}
            },
            Err(error) => {
                trouble = Some(error);
                unasked.push(source.clone());
            }
        }
    }
    let mut matches = matches.into_iter();
    let say = format!(
        "say it in the policy (`charts: {{{}: oci://…}}`), or name it: `upgrade {} oci://…`",
        chart.name, wanted.workload.name
    );
    match (matches.next(), namesakes.as_slice(), trouble) {
        (Some(source), _, _) => Ok(Origin { source, others: matches.collect(), unasked }),
        (None, _, Some(error)) => Err(Found::Failed(error.clone())),
        (None, [], None) => Err(Found::Nowhere(format!(
            "helm does not record where chart {} comes from, and no repository of helm's configuration has it: {say}",
            chart.name
        ))),
        (None, namesakes, None) => Err(Found::Nowhere(format!(
            "helm does not record where chart {} comes from, and {} has a chart of that name, but not version {}: {say}",
            chart.name,
            namesakes.join(", "),
            chart.version
        ))),
    }
}

/// What may be proposed of a chart.
async fn judge(
    room: &ChartRoom<'_>,
    wanted: &Wanted<'_>,
    origin: Origin,
    published: &Publications,
    options: &Options<'_>,
) -> Found {
    let chart = wanted.chart;
    let Origin { source, others, unasked } = origin;
    let Ok(current) = chart.version.parse::<ChartVersion>() else {
        let version = &chart.version;
        return Found::Nowhere(format!("{version:?} is no semantic version to compare"));
    };
    let listed = match published.answers.get(&source) {
        Some(Ok(answer)) => answer.of(&chart.name).cloned(),
        Some(Err(error)) => return Found::Failed(error.clone()),
        None => None,
    };
    let Some(listed) = listed.filter(|entries| !entries.is_empty()) else {
        return Found::Nowhere(format!("{source} has no chart {}", chart.name));
    };
    let mut entries = listed.to_vec();
    let limits = &wanted.limits;
    let ranges: Vec<_> = limits
        .constraints
        .iter()
        .map(|each| {
            let told = format!("the range {} (set by {})", each.value.as_str(), each.source);
            (&each.value, told)
        })
        .collect();
    let asked = Asked {
        level: limits.level,
        constraints: &ranges,
        known_bad: &limits.known_bad,
        only: limits.only.as_ref(),
        prereleases: limits.action(Bump::Prerelease).value != Action::Skip,
        cluster: room.cluster,
        minimum_age: limits
            .minimum_age
            .map(|age| SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX)),
        learned: None,
        now: options.now,
    };
    let app_version = chart.app_version.as_deref();
    // In a registry only the numbers of versions are known before they are asked about.
    let rounds = if let ChartSource::Oci(_) = source { ROUNDS } else { 0 };
    let mut learned: BTreeSet<Arc<str>> = BTreeSet::new();
    let choice = |entries: &[ChartEntry], learned: Option<&BTreeSet<Arc<str>>>| {
        choose(&current, app_version, entries, &Asked { learned, ..asked })
    };
    for _ in 0..rounds {
        let picks = choice(&entries, Some(&learned)).picks;
        let versions = picks.into_iter().map(|pick| pick.entry.version);
        let unknown: Vec<ChartVersion> =
            versions.filter(|version| !learned.contains(version.as_str())).collect();
        if unknown.is_empty() {
            break;
        }
        let answers = unknown.iter().map(|version| room.charts.metadata(&source, version));
        for (version, answer) in unknown.iter().zip(join_all(answers).await) {
            learned.insert(version.as_str().into());
            match answer {
                Ok(known) => {
                    for entry in entries.iter_mut().filter(|entry| entry.version == *version) {
                        *entry = (*known).clone();
                    }
                }
                // Listed and not there: the next one below it counts.
                Err(LookupError::NotFound { .. }) => {
                    entries.retain(|entry| entry.version != *version);
                }
                Err(error) => return Found::Failed(error),
            }
        }
    }
    let choice = choice(&entries, None);
    let verdicts =
        if options.findings { chart::verdicts(&current, &entries, &choice) } else { Vec::new() };
    Found::There(Box::new(There {
        source,
        others,
        unasked,
        verdicts,
        notes: choice.picks.iter().map(|pick| (pick.entry.clone(), pick.bump, pick.size)).collect(),
        prospects: prospects(choice, limits, &current, &entries),
    }))
}

/// The choice in the words of the plan.
fn prospects(
    choice: Choice,
    limits: &Limits,
    current: &ChartVersion,
    entries: &[ChartEntry],
) -> Prospects {
    let Choice { picks, passed_over, .. } = choice;
    let candidates: Vec<Prospect> = picks.iter().filter_map(prospect).collect();
    let mut passed_over: Vec<PassedOver> = match candidates.as_slice() {
        // What nobody asked for does not stand in the way of anything.
        [] => passed_over
            .into_iter()
            .filter(|each| !matches!(each.reason, Reason::Prerelease | Reason::Outranked))
            .collect(),
        _ => passed_over.into_iter().filter(|each| each.reason == Reason::Age).collect(),
    };
    let runs = current.tag().ok();
    if let Some(only) = limits.only.as_ref().filter(|only| Some(*only) != runs.as_ref())
        && candidates.is_empty()
        && passed_over.is_empty()
    {
        let version = ChartVersion::of_tag(only).ok();
        let listed = |version: &ChartVersion| entries.iter().any(|one| one.version == *version);
        let detail = match &version {
            None => format!("{only} is no semantic version"),
            Some(version) if listed(version) => {
                format!("{version} is not newer than {current}, and nothing is ever downgraded")
            }
            Some(version) => format!("{version} is not published"),
        };
        let (tag, bump) = (only.clone(), Bump::Patch);
        passed_over.push(PassedOver { tag, bump, reason: Reason::Outranked, detail });
    }
    Prospects { candidates, passed_over, incomparable: None, still_listed: None }
}

fn prospect(pick: &Pick) -> Option<Prospect> {
    Some(Prospect {
        tag: pick.entry.version.tag().ok()?,
        change: pick.bump,
        size: pick.size,
        digest: pick.entry.digest.clone(),
    })
}

/// What is worth saying of a proposed version, for people.
pub(super) fn notes(there: &There, chart: &ChartInUse, version: &str) -> Vec<String> {
    let mut told = Vec::new();
    let found = there.notes.iter().find(|(entry, ..)| entry.version.as_str() == version);
    let Some((entry, bump, size)) = found else { return told };
    match (&chart.app_version, &entry.app_version) {
        (Some(from), Some(to)) if from != to && size != bump => told.push(format!(
            "its application goes from {from} to {to}, so that it is judged as a {size} change"
        )),
        (Some(from), Some(to)) if from != to => {
            told.push(format!("its application goes from {from} to {to}"));
        }
        _ => {}
    }
    if entry.security_updates {
        told.push("contains security updates".into());
    }
    if entry.deprecated {
        told.push("its authors gave the chart up (deprecated)".into());
    }
    told.extend(entry.changes.iter().map(|change| format!("new: {change}")));
    told
}
