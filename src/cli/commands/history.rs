//! `history`: what was done, as this machine's journal tells it; of a named target also what the
//! cluster remembers. Needs no cluster: trouble with it is a warning.

use super::resume::object;
use super::since::since;
use crate::cli::args::{Global, Lookup, TextFormat};
use crate::cli::args_write::{HistoryArgs, HistoryCommand};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::{json, machine, records};
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::change::ObjectId;
use crate::domain::history::{Record, RecordId};
use crate::domain::target::TargetName;
use crate::ports::Silent;
use crate::ports::rollouts::{Journal as _, Lock as _};

/// Tells what was done.
///
/// # Errors
/// A record that does not exist, or a state directory that cannot be read.
pub fn run(
    global: &Global,
    arguments: &HistoryArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    if let Some(HistoryCommand::Show { record, output }) = &arguments.command {
        let id: RecordId = record.parse().map_err(CommandError::usage)?;
        return show(global, &id, *output, printer);
    }
    let target =
        arguments.target.as_deref().map(str::parse::<TargetName>).transpose().map_err(|error| {
            CommandError::usage(error).hint("`history` without a target shows everything")
        })?;
    let settings = Settings::load(global, &Lookup::default(), &[], printer)?;
    let since = arguments.since.as_deref().map(|text| since(text, settings.now)).transpose()?;
    let mut records = journal(&settings, printer)?;
    if let Some(target) = &target {
        records = of_target(records, target, &settings, printer);
    } else if let Some(namespace) = global.connection.asked_namespace() {
        records.retain(|record| *record.change.object.namespace == *namespace);
    }
    records.retain(|record| since.is_none_or(|since| record.started >= since));
    records.sort_by(|a, b| (b.started, &b.id).cmp(&(a.started, &a.id)));
    let all = records.len();
    if arguments.limit > 0 {
        records.truncate(arguments.limit);
    }
    let text = match arguments.output {
        TextFormat::Table if records.is_empty() => {
            printer.note("No records.");
            return Ok(Exit::Done);
        }
        TextFormat::Table => records::table(&records, printer.width(), &printer.styles),
        TextFormat::Json => machine::json(&json::history_output(&records))?,
        TextFormat::Yaml => machine::yaml(&json::history_output(&records))?,
    };
    printer.data(&text)?;
    if all > records.len() {
        printer.note(&format!("{} older records; --limit 0 shows all", all - records.len()));
    }
    Ok(Exit::Done)
}

fn show(
    global: &Global,
    id: &RecordId,
    output: TextFormat,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let settings = Settings::load(global, &Lookup::default(), &[], printer)?;
    let records = journal(&settings, printer)?;
    let record = records.iter().find(|record| record.id == *id).ok_or_else(|| {
        CommandError::usage_message(format!("no record {id} in the journal of this machine"))
            .hint("`history` shows the records that there are")
    })?;
    printer.data(&match output {
        TextFormat::Table => records::text(record, printer.width(), &printer.styles),
        TextFormat::Json => machine::json(&json::record_output(record))?,
        TextFormat::Yaml => machine::yaml(&json::record_output(record))?,
    })?;
    Ok(Exit::Done)
}

/// The records of this machine; what cannot be read of them is told.
fn journal(settings: &Settings, printer: &Printer) -> Result<Vec<Record>, CommandError> {
    let (records, troubles) = wire::journal(settings).records()?;
    for trouble in troubles {
        printer.warning(&trouble);
    }
    Ok(records)
}

/// The records of a target, with the last one that the cluster remembers. Without a cluster a target
/// without a namespace means any.
fn of_target(
    mut records: Vec<Record>,
    target: &TargetName,
    settings: &Settings,
    printer: &Printer,
) -> Vec<Record> {
    let remembered: Result<_, CommandError> = wire::block_on(async {
        let cluster = wire::cluster(settings, std::sync::Arc::new(Silent)).await?;
        let object = object(target, cluster.default_namespace());
        let identity = cluster.identity().await?;
        let last = cluster.read(&object).await?.memory.last;
        Ok((object, identity, last))
    });
    match remembered {
        Ok((object, identity, last)) => {
            records.retain(|each| each.change.object == object && *each.cluster == *identity);
            if let Some(last) = last {
                // Another machine may have written on what began here, so the Lease knows better.
                records.retain(|each| each.id != last.id);
                records.push(last);
            }
        }
        Err(error) => {
            printer.warning(&format!("{:#}; only this machine's journal is heard", error.error));
            let here = target.namespace.as_ref().or(settings.connection.namespace.as_ref());
            records.retain(|each| is_of(&each.change.object, target, here.map(String::as_str)));
        }
    }
    if let Some(container) = &target.container {
        let names =
            |each: &Record| each.change.edits.iter().any(|edit| *edit.slot.name == **container);
        records.retain(names);
    }
    records
}

fn is_of(object: &ObjectId, target: &TargetName, namespace: Option<&str>) -> bool {
    object.kind == target.kind
        && *object.name == *target.name
        && namespace.is_none_or(|namespace| namespace == &*object.namespace)
}
