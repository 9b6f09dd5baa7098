//! `check`: whether everything that a plan has to read can be read. Changes nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::scope::Selected;
use crate::actions::lookup::{Place, ask, is_versioned};
use crate::adapters::kubernetes::{Cluster, Permission};
use crate::cli::args::{CheckArgs, Global, Lookup, Selection, TextFormat};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::grid::grid;
use crate::cli::render::machine;
use crate::cli::render::progress::Progress;
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::image::Registry as Host;
use crate::domain::inventory::{Inventory, Kind};
use crate::ports::{DiscoverError, EventSink, LookupError, PullSecrets};

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// As it should be.
    Ok,
    /// A plan can be made, but lacks something.
    Warn,
    /// A plan cannot be made, or would say nothing.
    Fail,
}

#[derive(Debug, Serialize)]
struct Line {
    check: &'static str,
    object: String,
    status: Status,
    detail: String,
}

/// Checks.
///
/// # Errors
/// What is wrong with flags and files; all else is told as a line.
pub fn run(
    global: &Global,
    arguments: &CheckArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let lookup = Lookup { refresh: true, ..Lookup::default() };
    let settings = Settings::load(global, &lookup, &[], printer)?;
    let selection = Selection { all_namespaces: arguments.all_namespaces, ..Selection::default() };
    let selected = Selected::read(&[], &selection, &global.connection)?;
    let lines = wire::block_on(async {
        Ok(lines(&selected, &settings, arguments.all_namespaces, printer).await)
    })?;
    let text = match arguments.output {
        TextFormat::Table => {
            let rows: Vec<Vec<String>> = lines
                .iter()
                .map(|line| {
                    let status = match line.status {
                        Status::Ok => "ok",
                        Status::Warn => "warn",
                        Status::Fail => "fail",
                    };
                    [line.check, &line.object, status, &line.detail]
                        .map(|cell| escape(cell).into_owned())
                        .to_vec()
                })
                .collect();
            let styles = &printer.styles;
            let heads = ["CHECK", "OBJECT", "STATUS", "DETAIL"];
            grid(&heads, &rows, printer.width(), true, styles, |row, column, cell| {
                let style = match (lines[row].status, column) {
                    (Status::Ok, 2) => styles.update,
                    (Status::Warn, 2) => styles.held,
                    (Status::Fail, 2) => styles.blocked,
                    _ => return cell.to_owned(),
                };
                style.style(cell).to_string()
            })
        }
        TextFormat::Json => machine::json(&lines)?,
        TextFormat::Yaml => machine::yaml(&lines)?,
    };
    printer.data(&text)?;
    let failed = lines.iter().any(|line| line.status == Status::Fail);
    Ok(if failed { Exit::Environment } else { Exit::Done })
}

async fn lines(
    selected: &Selected,
    settings: &Settings,
    all_namespaces: bool,
    printer: &Printer,
) -> Vec<Line> {
    let progress: Arc<dyn EventSink> =
        Arc::new(Progress::start(printer.bars(), settings.quiet, "checking"));
    let mut lines = vec![
        directory("state", &settings.directories.state),
        directory("cache", &settings.directories.cache),
    ];
    for file in &settings.merged.files {
        lines.push(ok("policy", file.display().to_string(), "read"));
    }
    let cluster = match wire::cluster(settings, progress.clone()).await {
        Ok(cluster) => cluster,
        Err(error) => {
            let mut detail = format!("{:#}", error.error);
            for hint in error.hints {
                detail.push_str("; ");
                detail.push_str(&hint);
            }
            lines.push(fail("cluster", "connection".into(), detail));
            return lines;
        }
    };
    let server = match cluster.context_name() {
        Some(context) => format!("{context} ({})", cluster.server_url()),
        None => cluster.server_url().to_owned(),
    };
    match cluster.version().await {
        Ok(version) => lines.push(ok("cluster", server, &version)),
        Err(error) => {
            lines.push(fail("cluster", server, error.to_string()));
            return lines;
        }
    }
    match cluster.who_am_i().await {
        Ok(name) => lines.push(ok("identity", name, "known to the server")),
        // Servers before 1.27 do not tell; nothing depends on it.
        Err(error) => lines.push(warn("identity", "-".into(), error.to_string())),
    }
    permissions(&cluster, all_namespaces, &mut lines).await;
    match selected.find(settings, &progress).await {
        Ok(found) => {
            for warning in &found.inventory.warnings {
                let object = warning.object.clone().unwrap_or_else(|| "-".into());
                lines.push(warn("inventory", object, warning.message.clone()));
            }
            let images: usize =
                found.inventory.workloads.iter().map(|workload| workload.slots.len()).sum();
            let workloads = found.inventory.workloads.len();
            let plural = |count: usize, noun: &str| match count {
                1 => format!("1 {noun}"),
                count => format!("{count} {noun}s"),
            };
            let (workloads, images) = (plural(workloads, "workload"), plural(images, "image"));
            lines.push(ok("inventory", workloads, &images));
            let secrets = found.cluster.map(|cluster| Arc::new(cluster) as Arc<dyn PullSecrets>);
            registries(&found.inventory, secrets, settings, &*progress, printer, &mut lines).await;
        }
        Err(error) => lines.push(fail("inventory", "-".into(), format!("{:#}", error.error))),
    }
    lines
}

fn ok(check: &'static str, object: String, detail: &str) -> Line {
    Line { check, object, status: Status::Ok, detail: detail.to_owned() }
}

fn warn(check: &'static str, object: String, detail: String) -> Line {
    Line { check, object, status: Status::Warn, detail }
}

fn fail(check: &'static str, object: String, detail: String) -> Line {
    Line { check, object, status: Status::Fail, detail }
}

/// A directory of ours has to be writable, or to be made so in one that is.
fn directory(check: &'static str, path: &Path) -> Line {
    let object = path.display().to_string();
    let nearest = path.ancestors().find(|ancestor| ancestor.exists());
    match nearest.map(tempfile::tempfile_in) {
        Some(Ok(_)) => ok(check, object, if path.exists() { "writable" } else { "can be made" }),
        Some(Err(error)) => warn(check, object, format!("not writable: {error}")),
        None => warn(check, object, "no part of this path exists".into()),
    }
}

/// What a plan reads: group, resource, verb, and what is lacking without it.
const OPTIONAL: [(&str, &str, &str, &str); 5] = [
    ("", "nodes", "list", "platforms of the nodes are not known without it"),
    ("", "secrets", "get", "pull secrets are not used without it"),
    ("", "serviceaccounts", "get", "pull secrets of service accounts are not used without it"),
    ("policy", "poddisruptionbudgets", "list", "blocking budgets are not seen without it"),
    (
        "",
        "persistentvolumeclaims",
        "list",
        "claims that only one node can mount are not seen without it",
    ),
];

async fn permissions(cluster: &Cluster, all_namespaces: bool, lines: &mut Vec<Line>) {
    let namespace = (!all_namespaces).then(|| cluster.default_namespace().to_owned());
    let place = namespace.as_deref().map_or_else(
        || "in all namespaces".to_owned(),
        |namespace| format!("in the namespace {namespace}"),
    );
    for kind in Kind::ALL {
        let permission = Permission {
            verb: "list",
            group: kind.group(),
            resource: kind.plural(),
            namespace: namespace.as_deref(),
        };
        let object = format!("list {} {place}", kind.plural());
        lines.push(
            permitted(cluster, permission, object, "these workloads are not seen without it").await,
        );
    }
    for (group, resource, verb, lacking) in OPTIONAL {
        let cluster_wide = resource == "nodes";
        let permission = Permission {
            verb,
            group,
            resource,
            namespace: namespace.as_deref().filter(|_| !cluster_wide),
        };
        let object = if cluster_wide {
            format!("{verb} {resource}")
        } else {
            format!("{verb} {resource} {place}")
        };
        lines.push(permitted(cluster, permission, object, lacking).await);
    }
}

async fn permitted(
    cluster: &Cluster,
    permission: Permission<'_>,
    object: String,
    lacking: &str,
) -> Line {
    match cluster.can_i(permission).await {
        Ok(access) if access.allowed => ok("permission", object, "allowed"),
        Ok(access) => {
            let reason = access.reason.map_or_else(String::new, |reason| format!(" ({reason})"));
            warn("permission", object, format!("not allowed{reason}: {lacking}"))
        }
        Err(DiscoverError::Forbidden { message }) => warn("permission", object, message),
        Err(error) => fail("permission", object, error.to_string()),
    }
}

/// Asks each registry for the tags of one repository, with the credentials that a plan would use.
async fn registries(
    inventory: &Inventory,
    secrets: Option<Arc<dyn PullSecrets>>,
    settings: &Settings,
    events: &dyn EventSink,
    printer: &Printer,
    lines: &mut Vec<Line>,
) {
    let registries = match wire::registries(settings, inventory, secrets.clone(), printer) {
        Ok(registries) => registries,
        Err(error) => {
            return lines.push(fail("registry", "-".into(), format!("{:#}", error.error)));
        }
    };
    let mut places: BTreeMap<Host, Place> = BTreeMap::new();
    for workload in &inventory.workloads {
        for slot in workload.slots.iter().filter(|slot| is_versioned(slot)) {
            if let Some(reference) = slot.image.reference() {
                let repository = reference.repository().clone();
                places
                    .entry(repository.registry().clone())
                    .or_insert_with(|| Place { repository, pull: workload.pull.clone() });
            }
        }
    }
    let catalogs = ask(&registries, places.values().cloned().collect(), events).await;
    for (host, place) in places {
        let repository = place.repository.familiar();
        lines.push(match catalogs.get(&place) {
            Some(Ok(published)) => {
                let detail = format!("{repository} has {} tags", published.catalog.len());
                ok("registry", host.to_string(), &detail)
            }
            // The registry answered, so it is there; a plan will tell of this repository.
            Some(Err(error @ LookupError::NotFound { .. })) => {
                warn("registry", host.to_string(), format!("answers, but {error}"))
            }
            Some(Err(error)) => {
                fail("registry", host.to_string(), format!("{error}; {}", error.hint()))
            }
            None => warn("registry", host.to_string(), "nobody asked it".into()),
        });
    }
    for warning in secrets.iter().flat_map(|secrets| secrets.warnings()) {
        let object = warning.object.clone().unwrap_or_else(|| "-".into());
        lines.push(warn("credentials", object, warning.message));
    }
}
