//! `resume`: finishes or undoes what a killed run left, as this machine's journal and the cluster's
//! Leases tell it.

use std::collections::BTreeSet;

use super::carry::{self, Left, Work};
use super::remembered::{Known, Scope, known};
use crate::actions::apply::Report;
use crate::actions::resume::{UnderWay, Undo, resume, to_take_up};
use crate::adapters::helm::rollouts::UpgradeOptions;
use crate::adapters::journal::FileJournal;
use crate::adapters::kubernetes::Cluster;
use crate::cli::args::{Global, Lookup, TextFormat};
use crate::cli::args_write::ResumeArgs;
use crate::cli::error::{CommandError, Kind};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::progress::Progress;
use crate::cli::render::rollouts::Rollouts;
use crate::cli::session::{Purpose, Stop, stoppable};
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::change::ObjectId;
use crate::domain::history::Record;
use crate::domain::image::{ImageReference, Registry as Host};
use crate::domain::rollout::Outcome;
use crate::domain::target::TargetName;
use crate::ports::rollouts::Rollouts as _;

/// Resumes.
///
/// # Errors
/// What stands in the way of beginning.
pub fn run(
    global: &Global,
    arguments: &ResumeArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let targets = arguments
        .targets
        .iter()
        .map(|text| text.parse::<TargetName>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| CommandError::usage(error).hint("`status` shows what is unfinished"))?;
    let settings = Settings::load(global, &Lookup::default(), &[], printer)?;
    let namespace = global.connection.namespace.as_deref();
    stoppable(printer, |stop| carry_out(arguments, (&targets, namespace), &settings, stop, printer))
}

async fn carry_out(
    arguments: &ResumeArgs,
    (targets, namespace): (&[TargetName], Option<&str>),
    settings: &Settings,
    stop: Stop,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let progress =
        std::sync::Arc::new(Progress::start(printer.bars(), settings.quiet, "reading records"));
    let cluster = wire::cluster(settings, progress.clone()).await?;
    let journal = wire::journal(settings);
    let objects: Vec<ObjectId> =
        targets.iter().map(|target| object(target, cluster.default_namespace())).collect();
    let scope = match namespace {
        _ if !objects.is_empty() => Scope::Objects(&objects),
        _ if arguments.all_namespaces => Scope::All,
        Some(namespace) => Scope::Namespace(namespace),
        None => Scope::Mine,
    };
    let (records, held) = open_records(&cluster, &journal, &scope, printer).await?;
    progress.finish();
    if records.is_empty() {
        if !objects.is_empty() {
            let seen = wire::releases(settings, &cluster, UpgradeOptions::default(), false).await?;
            for object in &objects {
                // A slip of the name must not look like good news.
                seen.inspect(object).await?;
            }
        }
        if let (Some(first), true) = (held.first(), objects.is_empty()) {
            let message = format!("{} held by a run that may be at work: {first}", held.len());
            return Err(CommandError::message(Kind::Busy, message).hint(
                "a run that was killed holds its objects for up to 75 s; `status` shows them",
            ));
        }
        printer.note("Nothing was left unfinished.");
        if arguments.output != TextFormat::Table {
            carry::nothing(arguments.output, &[], &Left::NOTHING, printer)?;
        }
        return Ok(Exit::Done);
    }
    let work = Work {
        settings,
        cluster,
        releases: None,
        hosts: hosts(&records),
        purpose: Purpose {
            pace: &arguments.pace,
            rehearsal: false,
            run_once: false,
            unattended: false,
            command: format!("resume {}", arguments.targets.join(" ")).trim_end().to_owned(),
        },
        output: arguments.output,
        named: true,
        metrics: None,
        plan: None,
        previews: &[],
        left: Left::NOTHING,
    };
    let session = work.open(stop, printer).await?;
    let display = Rollouts::start(printer, settings.quiet);
    let room = session.room(&display);
    let mut reports: Vec<Report> = Vec::new();
    for record in records {
        if session.was_stopped() || session.is_out_of_time() {
            // What was not taken up loses no attempt.
            let why = "it was left as it was: the run was stopped before it".to_owned();
            let object = record.change.object.clone();
            reports.push(Report::early(object, Outcome::Unknown(why)));
            continue;
        }
        let undo = arguments.undo.then_some(Undo::Asked);
        reports.push(Box::pin(resume(&room, record, undo)).await);
    }
    drop(display);
    work.tell(&session, &reports, printer)
}

/// The unfinished records: of some objects, or of all that the journal and the Leases know and
/// nobody carries out right now.
///
/// # Errors
/// The journal cannot be read, or a named object's Lease.
async fn open_records(
    cluster: &Cluster,
    journal: &FileJournal,
    scope: &Scope<'_>,
    printer: &Printer,
) -> Result<(Vec<Record>, Vec<ObjectId>), CommandError> {
    let Known { identity, records, leases } = known(cluster, journal, scope, printer).await?;
    let mut held: Vec<ObjectId> =
        leases.iter().filter_map(UnderWay::of).map(|each| each.object).collect();
    let named = matches!(scope, Scope::Objects(_));
    let mut open = to_take_up(&identity, records, leases, named);
    open.retain(|record| {
        let object = &record.change.object;
        match scope {
            // What is named is told to be busy; what is not is none of our business.
            Scope::Objects(objects) => objects.contains(object),
            Scope::Namespace(namespace) => {
                *object.namespace == **namespace && !held.contains(object)
            }
            Scope::All | Scope::Mine => !held.contains(object),
        }
    });
    if let Scope::Namespace(namespace) = scope {
        held.retain(|object| *object.namespace == **namespace);
    }
    Ok((open, held))
}

/// The object that a target names; without a namespace, one of the context's.
pub fn object(target: &TargetName, here: &str) -> ObjectId {
    ObjectId {
        namespace: target.namespace.as_deref().unwrap_or(here).into(),
        kind: target.kind,
        name: target.name.as_str().into(),
    }
}

/// The registries that records name.
pub fn hosts(records: &[Record]) -> BTreeSet<Host> {
    let edits = records.iter().flat_map(|record| &record.change.edits);
    edits
        .flat_map(|edit| [&edit.from, &edit.to])
        .filter_map(|image| {
            Some(image.parse::<ImageReference>().ok()?.repository().registry().clone())
        })
        .collect()
}
