//! `completion`: a static script for a shell.

use clap::CommandFactory as _;

use crate::cli::args::{Cli, CompletionArgs};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::face::Face;
use crate::cli::printer::Printer;

/// Prints the script. It completes the name of the file, because shells cannot complete a plugin
/// behind `kubectl` by themselves.
///
/// # Errors
/// A closed pipe.
pub fn run(
    arguments: &CompletionArgs,
    face: &Face,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let name = match face.name.strip_prefix("kubectl ") {
        Some(plugin) => format!("kubectl-{}", plugin.replace('-', "_")),
        None => face.name.clone(),
    };
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), name, &mut script);
    printer.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
