//! `status`: what is under way, and what was left unfinished, as the Leases of the cluster and the
//! journal of this machine tell it.

use super::remembered::{Known, known, named_namespace};
use crate::actions::resume::{UnderWay, to_take_up};
use crate::adapters::journal::FileJournal;
use crate::cli::args::{Global, Lookup, TextFormat};
use crate::cli::args_write::StatusArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::progress::Progress;
use crate::cli::render::{json, machine, records};
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::history::Record;
use crate::ports::rollouts::{Journal as _, JournalError};

/// Tells.
///
/// # Errors
/// The state directory cannot be read.
pub fn run(
    global: &Global,
    arguments: &StatusArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let settings = Settings::load(global, &Lookup::default(), &[], printer)?;
    let journal = wire::journal(&settings);
    let seen = wire::block_on(seen(arguments, &settings, &journal, printer));
    let (status, exit) = match seen {
        Ok(status) => (status, Exit::Done),
        // What this machine knows helps even then, but it is not the whole answer.
        Err(error) => {
            let exit = error.exit();
            printer.error(&error);
            (of_this_machine(&settings, &journal, printer)?, exit)
        }
    };
    let (under_way, open) = status;
    let (awaiting, open): (Vec<Record>, Vec<Record>) =
        open.into_iter().partition(Record::awaits_run);
    let text = match arguments.output {
        TextFormat::Table if under_way.is_empty() && open.is_empty() && awaiting.is_empty() => {
            if exit == Exit::Done {
                printer.note("Nothing is under way, and nothing was left unfinished.");
            }
            return Ok(exit);
        }
        TextFormat::Table => {
            records::status(&under_way, &open, &awaiting, printer.width(), &printer.styles)
        }
        TextFormat::Json => machine::json(&json::status_output(&under_way, &open, &awaiting))?,
        TextFormat::Yaml => machine::yaml(&json::status_output(&under_way, &open, &awaiting))?,
    };
    printer.data(&text)?;
    Ok(exit)
}

/// What is under way, and the open records of what is not.
type Status = (Vec<UnderWay>, Vec<Record>);

async fn seen(
    arguments: &StatusArgs,
    settings: &Settings,
    journal: &FileJournal,
    printer: &Printer,
) -> Result<Status, CommandError> {
    let progress =
        std::sync::Arc::new(Progress::start(printer.bars(), settings.quiet, "reading records"));
    let cluster = wire::cluster(settings, progress.clone()).await?;
    let only = (!arguments.all_namespaces).then(|| cluster.default_namespace().to_owned());
    let scope = named_namespace(only.as_deref());
    let Known { identity, records, leases } = known(&cluster, journal, &scope, printer).await?;
    progress.finish();
    let mut under_way: Vec<UnderWay> = leases.iter().filter_map(UnderWay::of).collect();
    // A Lease is written less often than the journal: of what is carried out from here, that knows
    // better how far it is.
    for each in under_way.iter_mut().filter_map(|each| each.record.as_mut()) {
        if let Some(known) = records.iter().find(|record| record.id == each.id && record.is_open())
        {
            each.clone_from(known);
        }
    }
    let mut open = to_take_up(&identity, records, leases, false);
    let all = open.len();
    if let Some(only) = &only {
        open.retain(|record| *record.change.object.namespace == **only);
        under_way.retain(|each| *each.object.namespace == **only);
    }
    let elsewhere = all - open.len();
    if elsewhere > 0 {
        printer.note(&format!("{elsewhere} unfinished in other namespaces: -A shows them"));
    }
    open.retain(|record| !under_way.iter().any(|each| each.object == record.change.object));
    let (held, open) = held_here(journal, open);
    under_way.extend(held);
    Ok((under_way, open))
}

/// The open records of the journal alone.
fn of_this_machine(
    settings: &Settings,
    journal: &FileJournal,
    printer: &Printer,
) -> Result<Status, CommandError> {
    let (records, troubles) = journal.records()?;
    for trouble in troubles {
        printer.warning(&trouble);
    }
    let here = settings.connection.namespace.as_deref();
    let mut clusters: Vec<_> = records.iter().map(|record| record.cluster.clone()).collect();
    clusters.sort();
    clusters.dedup();
    let open =
        clusters.iter().flat_map(|cluster| to_take_up(cluster, records.clone(), Vec::new(), false));
    let open =
        open.filter(|record| here.is_none_or(|here| here == &*record.change.object.namespace));
    Ok(held_here(journal, open.collect()))
}

/// Records whose object another process of this machine holds are under way: where no Lease may be
/// written, nothing else tells.
fn held_here(journal: &FileJournal, open: Vec<Record>) -> Status {
    let (held, open): (Vec<Record>, Vec<Record>) = open.into_iter().partition(|record| {
        let lock = journal.lock(&record.cluster, &record.change.object);
        matches!(lock, Err(JournalError::Busy { .. }))
    });
    (held.into_iter().map(UnderWay::on_this_machine).collect(), open)
}
