//! Looks names up: in the kubeconfig, the cluster, the journal. What cannot be found out is left out.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use futures_util::future::{Either, join_all, select};
use jiff::Timestamp;

use super::Looking;
use super::place::Place;
use super::published;
use super::reply::{Candidate, Directive, Reply};
use super::source::Source;
use super::targets::{Wanted, wanted};
use crate::adapters::config::Environment;
use crate::adapters::helm::releases::Releases;
use crate::adapters::kubernetes::{Cluster, Known, Named};
use crate::cli::args::{Cli, Lookup};
use crate::cli::printer::{Color, Printer};
use crate::cli::render::records;
use crate::cli::settings::Settings;
use crate::cli::{variables, wire};
use crate::domain::inventory::{Kind, Slot, SlotImage, Workload};
use crate::domain::target::TargetName;
use crate::ports::releases::{RecordObject, RecordQuery, ReleaseRecords as _};
use crate::ports::rollouts::Journal as _;
use crate::ports::{ObjectName, Platform, Query, Scope, Silent};

/// One request may take this long, so that what others found in the meantime counts.
const REQUEST: Duration = Duration::from_millis(600);
/// How long whole releases are waited for before their names have to do: a shell that is kept for longer
/// than a third of a second feels slow.
const WHOLE: Duration = Duration::from_millis(200);
/// Records that are offered: the last ones.
const RECORDS: usize = 50;

/// A release with the chart that is deployed.
pub(super) struct Found {
    pub(super) name: Arc<str>,
    /// Name and version; none where only the name is known.
    pub(super) chart: Option<(Arc<str>, Arc<str>)>,
}

/// What is known for a source; none where something stands in the way.
pub(super) fn look_up(
    source: Source,
    place: &Place<'_>,
    partial: &str,
    looking: Looking,
) -> Option<Reply> {
    let settings = settings(place, looking.is_helm)?;
    match source {
        Source::Contexts | Source::Clusters | Source::Users => known(source, &settings),
        Source::Records => Some(of_journal(&settings, place)),
        Source::Targets | Source::TargetsAndFiles if place.has("filename") => {
            // What manifests hold is not looked for in a cluster.
            Some(Reply::of(Directive::CLOSED))
        }
        Source::Words
        | Source::Files
        | Source::Directories
        | Source::Nothing
        | Source::Namespaces
        | Source::Targets
        | Source::TargetsAndFiles
        | Source::Containers
        | Source::Releases
        | Source::ChartVersions => wire::block_on(async {
            let found = of_cluster(source, &settings, place, partial);
            Ok(tokio::time::timeout_at(looking.until.into(), found).await.ok().flatten())
        })
        .ok()
        .flatten(),
    }
}

/// The settings of the run that is being typed, as far as flags of every verb go.
fn settings(place: &Place<'_>, is_helm: bool) -> Option<Settings> {
    let flags = place.global_flags();
    let line = ["safe-update", "version"].into_iter().chain(flags.iter().map(String::as_str));
    let mut cli = Cli::try_parse_from(line).ok()?;
    let environment: Environment = std::env::vars_os().collect();
    variables::fill(&mut cli, &environment).ok()?;
    if is_helm {
        variables::connect_as_helm(&mut cli.global.connection, &environment);
    }
    let printer = Printer::new(Color::Never, true, false);
    let mut settings = Settings::load(&cli.global, &Lookup::default(), &[], &printer).ok()?;
    settings.request_timeout = Some(settings.request_timeout.map_or(REQUEST, |it| it.min(REQUEST)));
    settings.quiet = true;
    Some(settings)
}

fn known(source: Source, settings: &Settings) -> Option<Reply> {
    let environment = wire::cluster_environment();
    let Known { contexts, clusters, users } =
        Known::read(&settings.connection, &environment).ok()?;
    Some(Reply::closed(match source {
        Source::Clusters => clusters.into_iter().map(Candidate::plain).collect(),
        Source::Users => users.into_iter().map(Candidate::plain).collect(),
        _ => {
            let contexts = contexts.into_iter();
            contexts.map(|(name, cluster)| Candidate::new(name, cluster)).collect()
        }
    }))
}

/// The last records, of the target that was typed where there is one.
fn of_journal(settings: &Settings, place: &Place<'_>) -> Reply {
    let target = place.values("target").next();
    let target: Option<TargetName> = target.and_then(|text| text.parse().ok());
    let here = settings.connection.namespace.as_deref();
    let mut records = wire::journal(settings).records().map(|(found, _)| found).unwrap_or_default();
    records.retain(|record| {
        let object = &record.change.object;
        target.as_ref().is_none_or(|target| {
            let namespace = target.namespace.as_deref().or(here);
            object.kind == target.kind
                && *object.name == *target.name
                && namespace.is_none_or(|namespace| namespace == &*object.namespace)
        })
    });
    records.sort_by(|a, b| (b.started, &b.id).cmp(&(a.started, &a.id)));
    records.truncate(RECORDS);
    let candidates = records.iter().map(|record| {
        let steps = records::steps(&record.change);
        let end = record.end.as_ref().map_or("unfinished", |end| end.outcome.as_str());
        Candidate::new(record.id.to_string(), format!("{}, {steps}, {end}", record.change.object))
    });
    Reply { candidates: candidates.collect(), directive: Directive::ORDERED }
}

async fn of_cluster(
    source: Source,
    settings: &Settings,
    place: &Place<'_>,
    partial: &str,
) -> Option<Reply> {
    let cluster = wire::cluster(settings, Arc::new(Silent)).await.ok()?;
    let here = match &settings.connection.namespace {
        Some(namespace) => Scope::Namespace(namespace.clone()),
        None => Scope::Current,
    };
    Some(match source {
        Source::Namespaces => {
            Reply::closed(described(cluster.namespaces().await.ok()?, str::to_owned))
        }
        Source::Targets | Source::TargetsAndFiles => {
            let files = source == Source::TargetsAndFiles;
            let everywhere = place.has("all_namespaces");
            if everywhere && !partial.contains('/') {
                // As directories are: a cluster has more targets than anybody wants to see at once.
                if let Ok(names) = cluster.namespaces().await {
                    let candidates = described(names, |name| format!("{name}/"));
                    let directive = if files { Directive::FILES } else { Directive::CLOSED };
                    return Some(Reply { candidates, directive: directive.without_space() });
                }
            }
            let scope = if everywhere { Scope::All } else { here };
            let mut candidates = targets(&cluster, scope, partial).await;
            let typed = |candidate: &Candidate| {
                let mut before = place.values("targets").chain(place.values("subjects"));
                before.any(|typed| typed == candidate.value)
            };
            candidates.retain(|candidate| !typed(candidate));
            let directive = if files { Directive::FILES } else { Directive::CLOSED };
            Reply { candidates, directive }
        }
        Source::Containers => {
            let typed = place.values("targets").chain(place.values("target"));
            let mut typed = typed.chain(place.values("subject")).chain(place.values("subjects"));
            let target: TargetName = typed.next()?.parse().ok()?;
            Reply::closed(containers(&cluster, here, &target, "").await)
        }
        Source::Releases => {
            let releases = releases(&cluster, &here).await;
            let candidates = releases.into_iter().map(|release| {
                let chart = release.chart.map(|(name, version)| format!("{name}-{version}"));
                Candidate::new(&*release.name, chart.unwrap_or_default())
            });
            let mut candidates: Vec<Candidate> = candidates.collect();
            // A release that is called like a verb is written so.
            if partial.starts_with("release/") {
                for candidate in &mut candidates {
                    candidate.value.insert_str(0, "release/");
                }
            }
            Reply::closed(candidates)
        }
        Source::ChartVersions => {
            let release = place.values("release").next()?;
            let release = release.strip_prefix("release/").unwrap_or(release);
            let releases = releases(&cluster, &here).await;
            let release = releases.into_iter().find(|found| *found.name == *release)?;
            let chart = place.values("chart").next();
            published::versions(settings, release.chart?, chart).await?
        }
        Source::Words
        | Source::Files
        | Source::Directories
        | Source::Nothing
        | Source::Contexts
        | Source::Clusters
        | Source::Users
        | Source::Records => return None,
    })
}

/// The targets that go on from what is typed. In all namespaces each is written with its own.
async fn targets(cluster: &Cluster, scope: Scope, partial: &str) -> Vec<Candidate> {
    // In all namespaces a target begins with one.
    let of_kinds = if scope == Scope::All && !partial.contains('/') { "" } else { partial };
    let (namespace, kinds) = match wanted(of_kinds) {
        Wanted::Names { namespace, kinds } => (namespace, kinds),
        Wanted::Containers { target, before } => {
            return containers(cluster, scope, &target, &before).await;
        }
        Wanted::Nothing => return Vec::new(),
    };
    if scope == Scope::All && namespace.is_none() && !of_kinds.is_empty() {
        // There a target begins with its namespace.
        return Vec::new();
    }
    let scope = namespace.map_or(scope, Scope::Namespace);
    let now = Timestamp::now();
    let each = kinds.iter().map(async |(kind, before)| {
        let names = if *kind == Kind::Release {
            release_names(cluster, &scope).await
        } else {
            cluster.names(*kind, &scope).await.ok()
        };
        let candidate = |one: Named| {
            let value = match scope {
                Scope::All => format!("{}/{before}{}", one.namespace, one.name),
                Scope::Current | Scope::Namespace(_) => format!("{before}{}", one.name),
            };
            let age = age(&one, now).map_or_else(String::new, |age| format!(", {age}"));
            Candidate::new(value, format!("{kind}{age}"))
        };
        names.unwrap_or_default().into_iter().map(candidate).collect::<Vec<_>>()
    });
    join_all(each).await.into_iter().flatten().collect()
}

/// Names with their ages, each written in some way.
fn described(names: Vec<Named>, written: impl Fn(&str) -> String) -> Vec<Candidate> {
    let now = Timestamp::now();
    let names = names.into_iter();
    names
        .map(|one| Candidate::new(written(&one.name), age(&one, now).unwrap_or_default()))
        .collect()
}

/// How long something is there, in the largest unit that fits (`ShortHumanDuration` of
/// `k8s.io/apimachinery`).
fn age(one: &Named, now: Timestamp) -> Option<String> {
    let seconds = now.duration_since(one.created?).as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    Some(match (minutes, hours, days) {
        (0, ..) => format!("{seconds}s"),
        (1..60, ..) => format!("{minutes}m"),
        (_, ..24, _) => format!("{hours}h"),
        (.., ..365) => format!("{days}d"),
        _ => format!("{}y", days / 365),
    })
}

/// The containers (and image volumes) of one workload with their images, written behind something.
async fn containers(
    cluster: &Cluster,
    scope: Scope,
    target: &TargetName,
    before: &str,
) -> Vec<Candidate> {
    let object = ObjectName {
        namespace: target.namespace.clone(),
        kind: target.kind,
        name: target.name.clone(),
    };
    let scope = if scope == Scope::All { Scope::Current } else { scope };
    let query = Query { scope, selector: None, field_selector: None, objects: vec![object] };
    let found = cluster.discover(&query).await.unwrap_or_default();
    let slots = found.workloads.iter().flat_map(|found| &found.slots);
    let candidate =
        |slot: &Slot| Candidate::new(format!("{before}{}", slot.name), slot.image.as_written());
    slots.map(candidate).collect()
}

/// The releases of a namespace with their charts; where that takes long, their names alone.
async fn releases(cluster: &Cluster, scope: &Scope) -> Vec<Found> {
    let Ok(driver) = wire::helm_driver() else {
        return Vec::new();
    };
    let leg = Releases::new(cluster, driver, cluster.default_namespace());
    let query =
        Query { scope: scope.clone(), selector: None, field_selector: None, objects: Vec::new() };
    let whole = pin!(tokio::time::timeout(WHOLE, leg.discover(&query)));
    let names = pin!(release_names(cluster, scope));
    // Both are asked for at once, so that nobody waits for one after the other.
    let (whole, names) = match select(whole, names).await {
        Either::Left((Ok(Ok(inventory)), _)) => (Some(inventory), None),
        Either::Left((_, names)) => (None, names.await),
        Either::Right((names, whole)) => (whole.await.ok().and_then(Result::ok), names),
    };
    if let Some(inventory) = whole {
        let chart = |release: &Workload| match &release.slots.first()?.image {
            SlotImage::Chart(chart) => Some((chart.name.clone(), chart.version.clone())),
            _ => None,
        };
        let found = inventory.workloads.iter();
        return found
            .map(|release| Found { name: release.name.clone(), chart: chart(release) })
            .collect();
    }
    let names = names.unwrap_or_default().into_iter();
    names.map(|one| Found { name: one.name.into(), chart: None }).collect()
}

/// The names of releases, out of the labels of Helm's records.
async fn release_names(cluster: &Cluster, scope: &Scope) -> Option<Vec<Named>> {
    let mut names = Vec::new();
    let mut take = |record: &RecordObject<'_>| {
        if let Some(name) = record.label("name") {
            names.push(Named {
                namespace: record.namespace.to_owned(),
                name: name.to_owned(),
                created: None,
            });
        }
    };
    let query = RecordQuery {
        keeper: wire::helm_driver().ok()?.keeper(),
        scope,
        selector: "owner=helm,status notin (superseded,uninstalled)",
        names_only: true,
    };
    cluster.list(&query, &mut take).await.ok()?;
    names.sort();
    names.dedup();
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_largest_unit() {
        let now: Timestamp = "2026-11-25T12:00:00Z".parse().expect("a time");
        for (created, told) in [
            ("2026-11-25T12:00:01Z", "0s"),
            ("2026-11-25T11:59:01Z", "59s"),
            ("2026-11-25T11:59:00Z", "1m"),
            ("2026-11-25T11:00:01Z", "59m"),
            ("2026-11-25T11:00:00Z", "1h"),
            ("2026-11-24T12:00:01Z", "23h"),
            ("2026-11-24T12:00:00Z", "1d"),
            ("2025-11-25T12:00:01Z", "364d"),
            ("2025-11-25T12:00:00Z", "1y"),
        ] {
            let created = Some(created.parse().expect("a time"));
            let one = Named { namespace: String::new(), name: "web".into(), created };
            assert_eq!(age(&one, now).as_deref(), Some(told));
        }
        let one = Named { namespace: String::new(), name: "web".into(), created: None };
        assert_eq!(age(&one, now), None);
    }
}
