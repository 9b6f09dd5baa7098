//! Parse, call the verb, tell errors, give the exit code.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use super::args::{Cli, Command, LogFormat};
use super::complete::{self, Question};
use super::error::{CommandError, Kind};
use super::exit::Exit;
use super::face::{Face, for_helm, normalise};
use super::printer::Printer;
use super::settings::variable;
use super::{commands, logging, variables};

/// Runs the program with its arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let face = Face::of(arguments.first(), variable("HELM_PLUGIN_NAME").as_ref());
    if let Some(question) = Question::read(&arguments, &face) {
        return complete::answer(question);
    }
    let arguments = normalise(arguments);
    let command = face.dress(Cli::command());
    let arguments = if face.is_helm { for_helm(arguments, &command) } else { arguments };
    let cli =
        command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let mut cli = match cli {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let environment = std::env::vars_os().collect();
    let filled = variables::fill(&mut cli, &environment);
    if face.is_helm {
        variables::connect_as_helm(&mut cli.global.connection, &environment);
    }
    logging::start(&cli.global);
    let printer = Printer::new(
        cli.global.color.unwrap_or_default(),
        cli.global.quiet,
        cli.global.log_format == Some(LogFormat::Json),
    );
    match filled.and_then(|()| dispatch(&cli, &face, &printer)) {
        Ok(exit) => exit,
        Err(error) => {
            if error.kind != Kind::BrokenPipe {
                printer.error(&error);
            }
            error.exit()
        }
    }
}

/// clap tells usage errors with the code 2, which means "changes are pending" here.
fn usage(error: &clap::Error) -> Exit {
    // A closed pipe while help is printed is no error.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
        _ => Exit::Usage,
    }
}

fn dispatch(cli: &Cli, face: &Face, printer: &Printer) -> Result<Exit, CommandError> {
    let global = &cli.global;
    match &cli.command {
        Command::Plan(arguments) => commands::plan::run(global, arguments, printer),
        Command::Apply(arguments) => commands::apply::run(global, arguments, printer),
        Command::Upgrade(arguments) => commands::upgrade::run(global, arguments, printer),
        Command::Rollback(arguments) => commands::rollback::run(global, arguments, printer),
        Command::Resume(arguments) => commands::resume::run(global, arguments, printer),
        Command::Status(arguments) => commands::status::run(global, arguments, printer),
        Command::History(arguments) => commands::history::run(global, arguments, printer),
        Command::Approve(arguments) => commands::approve::run(global, arguments, printer),
        Command::Forget(arguments) => commands::forget::run(global, arguments, printer),
        Command::Audit(command) => commands::audit::run(global, command, printer),
        Command::Config(command) => commands::config::run(global, command, printer),
        Command::Check(arguments) => commands::check::run(global, arguments, printer),
        Command::List(arguments) => commands::list::run(global, arguments, printer),
        Command::Explain(arguments) => commands::explain::run(global, arguments, printer),
        Command::Completion(arguments) => commands::completion::run(arguments, face, printer),
        Command::Version(arguments) => commands::version::run(arguments, printer),
    }
}
