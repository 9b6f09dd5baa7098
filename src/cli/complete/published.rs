//! The versions of a chart that are known here without asking anybody: from Helm's copies of its
//! indexes and from the caches of earlier runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::reply::{Candidate, Directive, Reply};
use crate::cli::printer::{Color, Printer};
use crate::cli::settings::{CacheUse, Settings};
use crate::cli::wire;
use crate::domain::chart::{ChartEntry, ChartSource};
use crate::ports::charts::Charts as _;

/// Versions that are offered: the highest ones.
const VERSIONS: usize = 100;

/// The versions of the chart of a release, the highest first; `typed` is where the line says it comes
/// from. None where the caches know nothing.
pub(super) async fn versions(
    settings: &Settings,
    (name, current): (Arc<str>, Arc<str>),
    typed: Option<&str>,
) -> Option<Reply> {
    let printer = Printer::new(Color::Never, true, false);
    let offline = CacheUse::Only;
    let registries =
        wire::registries_with(settings, &BTreeSet::new(), None, offline, &printer).ok()?;
    let charts = wire::charts(settings, &Arc::new(registries), offline);
    let configured = charts.configured().unwrap_or_default();
    let sources = match typed {
        Some(address) if address.contains("://") => vec![address.parse::<ChartSource>().ok()?],
        Some(chart) => configured.into_iter().filter(|source| is_of(source, chart)).collect(),
        None => configured,
    };
    let wanted = BTreeSet::from([name.clone()]);
    let mut found: Vec<ChartEntry> = Vec::new();
    for source in &sources {
        if let Ok(published) = charts.published(source, &wanted).await {
            found.extend(published.of(&name).iter().flat_map(|entries| entries.iter().cloned()));
        }
    }
    found.sort_by(|a, b| b.version.precedence(&a.version));
    found.dedup_by(|a, b| a.version.as_str() == b.version.as_str());
    found.truncate(VERSIONS);
    let described = |entry: &ChartEntry| {
        let application = entry.app_version.as_deref().unwrap_or_default();
        let mut words = vec![format!("{name} {application}").trim().to_owned()];
        words.extend((entry.version.as_str() == &*current).then(|| "deployed".to_owned()));
        words.extend(entry.deprecated.then(|| "deprecated".to_owned()));
        words.join(", ")
    };
    let candidates =
        found.iter().map(|entry| Candidate::new(entry.version.as_str(), described(entry)));
    Some(Reply { candidates: candidates.collect(), directive: Directive::ORDERED })
}

/// Whether a chart that is written `REPOSITORY/CHART` lies in a repository.
fn is_of(source: &ChartSource, chart: &str) -> bool {
    let repository = chart.split_once('/').map(|(repository, _)| repository);
    matches!(source, ChartSource::Index { name: Some(name), .. } if Some(&**name) == repository)
}
