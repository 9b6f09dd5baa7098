//! `forget`: takes versions off the list of what is known bad on an object.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use super::scope::{Found, Selected};
use crate::cli::args::{Global, Lookup, Selection};
use crate::cli::args_write::ForgetArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::progress::Progress;
use crate::cli::render::records;
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::image::Tag;
use crate::domain::target::TargetName;
use crate::ports::EventSink;
use crate::ports::rollouts::Lock as _;

/// Forgets.
///
/// # Errors
/// The target does not exist, or its Lease cannot be written.
pub fn run(
    global: &Global,
    arguments: &ForgetArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let target: TargetName = arguments.target.parse().map_err(|error| {
        CommandError::usage(error).hint("`list` shows what there is; `-o name` prints names")
    })?;
    let tag: Option<Tag> = match &arguments.version {
        Some(text) => {
            Some(text.parse().with_context(|| text.clone()).map_err(CommandError::usage)?)
        }
        None => None,
    };
    let targets = [arguments.target.clone()];
    let selected = Selected::read(&targets, &Selection::default(), &global.connection)?;
    let settings = Settings::load(global, &Lookup::default(), &[], printer)?;
    let container = target.container.as_deref();
    wire::block_on(async {
        let progress: Arc<dyn EventSink> =
            Arc::new(Progress::start(printer.bars(), settings.quiet, "reading workloads"));
        let Found { inventory, cluster } = selected.find(&settings, &progress).await?;
        drop(progress);
        let found = inventory.workloads.first();
        let found = found.and_then(|workload| Some((workload.object()?, workload.uid.clone()?)));
        let (Some((object, uid)), Some(cluster)) = (found, cluster) else {
            return Err(CommandError::usage_message(format!("{target} not found")));
        };
        let mut known = cluster.read(&object).await?.memory;
        // What is not known needs no Lease to be written.
        if known.forget(container, tag.as_ref()).is_empty() {
            let version = tag.as_ref().map_or_else(String::new, |tag| format!(" {tag} of"));
            printer
                .note(&format!("Nothing is known bad:{version} {}", escape(&target.to_string())));
            return Ok(Exit::Done);
        }
        let forgotten = Mutex::new(Vec::new());
        let change = |memory: &mut crate::domain::history::Memory| {
            let gone = memory.forget(container, tag.as_ref());
            *forgotten.lock().unwrap_or_else(PoisonError::into_inner) = gone;
        };
        cluster.edit(&object, &uid, &change).await?;
        let forgotten = forgotten.into_inner().unwrap_or_else(PoisonError::into_inner);
        printer.data(&records::forgotten(&object, &forgotten))?;
        Ok(Exit::Done)
    })
}
