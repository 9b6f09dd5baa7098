//! `completion`: a static script for a shell, and the link by which kubectl completes the plugin.

mod link;

use std::path::PathBuf;

use clap::CommandFactory as _;
use link::{Link, Place};

use crate::cli::args::{Cli, CompletionArgs, CompletionCommand};
use crate::cli::complete::KUBECTL_COMPLETES;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::face::Face;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::settings::variable;

/// Prints the script, or makes or removes the link. The script completes the name of the file,
/// because shells cannot complete a plugin behind `kubectl` by themselves.
///
/// # Errors
/// A closed pipe, or a link that cannot be made or removed.
pub fn run(
    arguments: &CompletionArgs,
    face: &Face,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    match (&arguments.command, arguments.shell) {
        // Under that name there is no program that a script could complete.
        _ if face.is_helm => Err(CommandError::usage_message(
            "helm asks its plugin itself, so that nothing has to be installed",
        )
        .hint("`helm completion SHELL` is all that the shell needs")),
        (Some(CompletionCommand::Install { dir }), _) => install(dir.clone(), printer),
        (Some(CompletionCommand::Uninstall { dir }), _) => uninstall(dir.clone(), printer),
        (None, Some(shell)) => {
            let mut script = Vec::new();
            let name = file_name(face);
            clap_complete::generate(shell, &mut Cli::command(), name.clone(), &mut script);
            // clap_complete 4 takes the `-` of a name for the border of a subcommand in one of two
            // places, so that bash finds nothing behind a verb.
            let (told, meant) = (name.replace('-', "__subcmd__"), name.replace('-', "__"));
            printer.data(&String::from_utf8_lossy(&script).replace(&told, &meant))?;
            Ok(Exit::Done)
        }
        // clap asks for one of them.
        (None, None) => Err(CommandError::usage_message("name a shell")),
    }
}

/// The file that the shell starts. A name that no script could carry is not taken from the file.
fn file_name(face: &Face) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match face.name.strip_prefix("kubectl ") {
        Some(plugin) => format!("kubectl-{}", plugin.replace('-', "_")),
        None if face.name.chars().all(plain) => face.name.clone(),
        None => "kubectl-safe_update".to_owned(),
    }
}

fn install(directory: Option<PathBuf>, printer: &Printer) -> Result<Exit, CommandError> {
    let place = place()?;
    let (link, made) = match directory {
        Some(directory) => place.install_in(&directory)?,
        None => place.install()?,
    };
    let text = |path: &std::path::Path| escape(&path.display().to_string()).into_owned();
    printer.data(&format!(
        "{} {} -> {}\n",
        if made { "linked" } else { "is there already:" },
        text(&link.path),
        text(&link.to)
    ))?;
    if !place.is_searched(&link.path) {
        let directory = text(link.path.parent().unwrap_or(&link.path));
        printer.warning(&format!(
            "{directory} is not in PATH, where kubectl looks for {KUBECTL_COMPLETES}; add it: export PATH=\"{directory}:$PATH\""
        ));
    }
    printer.note("kubectl's own completion has to be set up: `kubectl completion --help`");
    Ok(Exit::Done)
}

fn uninstall(directory: Option<PathBuf>, printer: &Printer) -> Result<Exit, CommandError> {
    let place = place()?;
    let found = match directory {
        Some(directory) => place.links_in(&[directory]),
        None => place.links(),
    };
    let mut text = String::new();
    for Link { path, .. } in &found.ours {
        std::fs::remove_file(path).map_err(|error| {
            let what = format!("removing {}", path.display());
            CommandError::environment(anyhow::Error::new(error).context(what))
        })?;
        text = format!("{text}removed {}\n", escape(&path.display().to_string()));
    }
    printer.data(&text)?;
    for other in &found.others {
        printer.note(&format!(
            "{} is none that install made, and stays",
            escape(&other.display().to_string())
        ));
    }
    if found.ours.is_empty() {
        printer.note("Nothing to remove.");
    }
    Ok(Exit::Done)
}

fn place() -> Result<Place, CommandError> {
    let program = std::env::current_exe().map_err(|error| {
        CommandError::environment(anyhow::Error::new(error).context("where this program lies"))
    })?;
    Ok(Place::new(program, variable("PATH"), dirs::home_dir()))
}
