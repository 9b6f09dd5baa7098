//! `upgrade`: one release, previewed, confirmed, upgraded through helm, verified, put back when it
//! fails. The same road as `apply`, with the flags of `helm upgrade`.

mod values;

use super::previews::HelmFlags;
use super::{apply, plan};
use crate::actions::plan::NamedChart;
use crate::adapters::helm::rollouts::UpgradeOptions;
use crate::cli::args::{Global, Lookup, OnlyLeg, PlanArgs, PlanFormat, Selection, TextFormat};
use crate::cli::args_helm::UpgradeArgs;
use crate::cli::args_write::ApplyArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render;
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::chart::ChartSource;
use crate::domain::inventory::Kind;
use crate::domain::target::TargetName;

/// Upgrades, or plans where no release is named.
///
/// # Errors
/// What stands in the way of beginning; what becomes of the upgrade is the result.
pub fn run(
    global: &Global,
    arguments: &UpgradeArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let Some(release) = &arguments.release else {
        return plan::run(global, &releases(arguments), printer);
    };
    let target = target(release)?;
    let chart = match &arguments.chart {
        Some(chart) => Some(named(global, chart, arguments.repo.as_deref(), printer)?),
        None => None,
    };
    let told = values::read(&arguments.values, std::io::stdin())?;
    let helm = HelmFlags {
        options: UpgradeOptions {
            values: told.flags,
            timeout: arguments.timeout,
            secrets: told.secrets,
            copies: told.copies,
        },
        chart,
        context: render::preview::context(arguments.diff_context),
        verb: "upgrade",
        unlock: arguments.unlock,
        for_people: arguments.output == TextFormat::Table,
    };
    let subject = match &arguments.version {
        Some(version) => format!("{target}={version}"),
        None => target.to_string(),
    };
    let apply = ApplyArgs {
        subjects: vec![subject],
        selection: Selection::default(),
        candidates: arguments.candidates.clone(),
        auto: arguments.auto,
        yes: arguments.yes,
        dry_run: arguments.dry_run.clone(),
        pace: arguments.pace.clone(),
        max_in_flight: None,
        stop_after_failures: 1,
        run_once: false,
        output: arguments.output,
        metrics_file: arguments.metrics_file.clone(),
    };
    apply::run_with(global, &apply, &helm, printer)
}

/// What is planned where no release is named.
fn releases(arguments: &UpgradeArgs) -> PlanArgs {
    PlanArgs {
        targets: Vec::new(),
        selection: Selection { only: vec![OnlyLeg::Helm], ..Selection::default() },
        candidates: arguments.candidates.clone(),
        lookup: Lookup::default(),
        output: match arguments.output {
            TextFormat::Table => PlanFormat::Table,
            TextFormat::Json => PlanFormat::Json,
            TextFormat::Yaml => PlanFormat::Yaml,
        },
        diff: false,
        out: None,
        no_headers: false,
        detailed_exitcode: false,
    }
}

/// A release by its name, or as every verb takes it.
fn target(release: &str) -> Result<TargetName, CommandError> {
    let text =
        if release.contains('/') { release.to_owned() } else { format!("release/{release}") };
    let target: TargetName = text.parse().map_err(CommandError::usage)?;
    if target.kind != Kind::Release || target.container.is_some() {
        return Err(CommandError::usage_message(format!("{release} is no release"))
            .hint("`list --only helm` shows the releases; `apply` updates everything else"));
    }
    Ok(target)
}

/// The chart that is meant, as helm reads it.
fn named(
    global: &Global,
    chart: &str,
    repo: Option<&str>,
    printer: &Printer,
) -> Result<NamedChart, CommandError> {
    let wrong = |text: &str| {
        let error = text.parse::<ChartSource>();
        error.map_err(|error| CommandError::usage_message(error.to_string()))
    };
    if let Some(url) = repo {
        return Ok(NamedChart { source: wrong(url)?, name: Some(chart.into()) });
    }
    if chart.contains("://") {
        return match wrong(chart)? {
            source @ ChartSource::Oci(_) => Ok(NamedChart { source, name: None }),
            ChartSource::Index { .. } => {
                Err(CommandError::usage_message(format!("{chart} is the address of a repository"))
                    .hint("name the chart, and the repository with --repo"))
            }
        };
    }
    if std::path::Path::new(chart).exists() || chart.starts_with(['.', '/']) {
        return Err(CommandError::usage_message(format!(
            "{chart} is a chart on this machine, of which nobody publishes newer versions"
        ))
        .hint("`helm upgrade` installs it; here charts come from a repository or a registry"));
    }
    let (repository, name) = chart.split_once('/').ok_or_else(|| {
        CommandError::usage_message(format!("{chart} does not say where it comes from")).hint(
            "write REPOSITORY/CHART, oci://HOST/PATH/CHART, or name the repository with --repo",
        )
    })?;
    let settings = Settings::load(global, &Lookup::default(), &[], printer)?;
    let known = wire::chart_repositories(&settings, printer)?;
    let is_it = |source: &ChartSource| matches!(source, ChartSource::Index { name: Some(known), .. } if **known == *repository);
    let source = known.into_iter().find(is_it).ok_or_else(|| {
        CommandError::usage_message(format!("helm knows no repository {repository}"))
            .hint("`helm repo list` shows those that it knows")
    })?;
    Ok(NamedChart { source, name: Some(name.into()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_named_by_their_name_or_in_full() {
        for (text, expected) in [
            ("shop", Some("release/shop")),
            ("plan", Some("release/plan")),
            ("release/shop", Some("release/shop")),
            ("prod/release/shop", Some("prod/release/shop")),
            ("deploy/web", None),
            ("Shop", None),
        ] {
            assert_eq!(target(text).ok().map(|target| target.to_string()).as_deref(), expected);
        }
    }
}
