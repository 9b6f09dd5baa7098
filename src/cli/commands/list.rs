//! `list`: what runs, who owns it, where it comes from. Asks no registry.

use std::fmt::Write as _;
use std::sync::Arc;

use super::scope::{Found, Selected};
use crate::cli::args::{Global, ListArgs, Lookup, PlanFormat};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::progress::Progress;
use crate::cli::render::{escape::escape, json, machine, table};
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::ports::EventSink;

/// Lists.
///
/// # Errors
/// What stands in the way of seeing the targets at all.
pub fn run(global: &Global, arguments: &ListArgs, printer: &Printer) -> Result<Exit, CommandError> {
    let selected = Selected::read(&arguments.targets, &arguments.selection, &global.connection)?;
    let settings =
        Settings::load(global, &Lookup::default(), &arguments.selection.filename, printer)?;
    let found = wire::block_on(async {
        let events: Arc<dyn EventSink> =
            Arc::new(Progress::start(printer.bars(), settings.quiet, "reading workloads"));
        selected.find(&settings, &events).await
    })?;
    let Found { inventory, cluster } = found;
    for warning in &inventory.warnings {
        printer.warning(&warning.message);
    }
    let text = match arguments.output {
        PlanFormat::Table | PlanFormat::Wide if inventory.workloads.is_empty() => {
            printer.note(&escape(&selected.nothing(cluster.as_ref())));
            return Ok(Exit::Done);
        }
        PlanFormat::Table | PlanFormat::Wide => {
            let layout = table::Layout {
                width: printer.width(),
                wide: arguments.output == PlanFormat::Wide,
                headers: !arguments.no_headers,
                namespaces: selected.spans_namespaces() || selected.is_of_files(),
            };
            table::list(&inventory, layout, &printer.styles)
        }
        PlanFormat::Json => machine::json(&json::list_output(&inventory))?,
        PlanFormat::Yaml => machine::yaml(&json::list_output(&inventory))?,
        PlanFormat::Name => {
            let mut text = String::new();
            for workload in &inventory.workloads {
                for slot in &workload.slots {
                    let _ = writeln!(text, "{}", escape(&workload.target_id(slot)));
                }
            }
            text
        }
    };
    printer.data(&text)?;
    Ok(Exit::Done)
}
