//! Helm, where there are releases: the program, its plugin for differences, and the repositories of
//! charts that it knows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::line::{Line, ok, warn};
use crate::adapters::helm::diff::is_installed;
use crate::adapters::helm::rollouts::UpgradeOptions;
use crate::adapters::kubernetes::Cluster;
use crate::cli::printer::Printer;
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::inventory::{Inventory, Kind};
use crate::ports::charts::Charts as _;

pub(super) async fn helm(
    inventory: &Inventory,
    cluster: Option<&Cluster>,
    settings: &Settings,
    printer: &Printer,
    lines: &mut Vec<Line>,
) {
    let any = inventory.workloads.iter().any(|one| one.kind == Kind::Release);
    let (true, Some(cluster)) = (any, cluster) else { return };
    let lacking = "releases can be planned, and neither previewed nor upgraded";
    match wire::releases(settings, cluster, UpgradeOptions::default(), false).await {
        Ok(leg) => lines.push(match leg.helm().await {
            Ok(helm) => ok("helm", helm.program().display().to_string(), helm.version().as_str()),
            Err(error) => {
                let hint = error.hint().map_or_else(String::new, |hint| format!("; {hint}"));
                warn("helm", "helm".into(), format!("{error}: {lacking}{hint}"))
            }
        }),
        Err(error) => lines.push(warn("helm", "helm".into(), format!("{:#}", error.error))),
    }
    let plugins = wire::helm_plugins();
    let has_diff = plugins.as_deref().is_some_and(is_installed);
    let detail = if has_diff { "shows what changes" } else { "not installed, and not needed" };
    lines.push(ok("helm", "plugin diff".into(), detail));
    let registries = match wire::registries_of(settings, &BTreeSet::new(), None, printer) {
        Ok(registries) => Arc::new(registries),
        Err(error) => {
            lines.push(warn("charts", "-".into(), format!("{:#}", error.error)));
            return;
        }
    };
    let charts = wire::charts(settings, &registries, settings.cache);
    match charts.configured() {
        Ok(sources) if sources.is_empty() => {
            let detail = "none; charts are found where the policy says (`charts:`)";
            lines.push(ok("charts", "helm's repositories".into(), detail));
        }
        Ok(sources) => {
            for source in sources {
                let name = source.to_string();
                lines.push(match charts.published(&source, &BTreeSet::new()).await {
                    Ok(published) => match published.warnings.as_slice() {
                        [] => ok("charts", name, "its index can be read"),
                        warnings => warn("charts", name, warnings.join("; ")),
                    },
                    Err(error) => warn("charts", name, format!("{error}; {}", error.hint())),
                });
            }
        }
        Err(message) => lines.push(warn("charts", "helm's repositories".into(), message)),
    }
}
