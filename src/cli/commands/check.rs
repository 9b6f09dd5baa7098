//! `check`: whether everything that a plan has to read can be read, and what `apply` needs beside
//! it can be done. Changes nothing.

mod directories;
mod helm;
mod line;
mod permissions;
mod registries;

use std::sync::Arc;

use self::directories::{directory, journal};
use self::helm::helm;
use self::line::{Line, Status, fail, ok, warn};
use self::permissions::permissions;
use self::registries::registries;
use super::scope::Selected;
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
use crate::ports::{EventSink, PullSecrets};

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
                    [line.check, &line.object, line.status.as_str(), &line.detail]
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
    let mut lines = vec![journal(settings), directory("cache", &settings.directories.cache)];
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
    // Records and locks are bound to it.
    lines.push(match cluster.identity().await {
        Ok(id) => ok("cluster", format!("identity {id}"), "tells this cluster from others"),
        Err(error) => fail("cluster", "identity".into(), error.to_string()),
    });
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
            let cluster = found.cluster.as_ref();
            helm(&found.inventory, cluster, settings, printer, &mut lines).await;
            let secrets = found.cluster.map(|cluster| Arc::new(cluster) as Arc<dyn PullSecrets>);
            registries(&found.inventory, secrets, settings, &*progress, printer, &mut lines).await;
        }
        Err(error) => lines.push(fail("inventory", "-".into(), format!("{:#}", error.error))),
    }
    lines
}
