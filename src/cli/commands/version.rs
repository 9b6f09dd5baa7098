//! `version`: which program this is. Asks nobody, reads nothing.

use serde::Serialize;

use crate::cli::args::{TextFormat, VersionArgs};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::machine;

#[derive(Serialize)]
struct Program {
    name: &'static str,
    version: &'static str,
    os: &'static str,
    architecture: &'static str,
}

/// Prints name, version and platform.
///
/// # Errors
/// A closed pipe.
pub fn run(arguments: &VersionArgs, printer: &Printer) -> Result<Exit, CommandError> {
    let program = Program {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        os: std::env::consts::OS,
        architecture: std::env::consts::ARCH,
    };
    let text = match arguments.output {
        TextFormat::Table => format!(
            "{} {} ({}/{})\n",
            program.name, program.version, program.os, program.architecture
        ),
        TextFormat::Json => machine::json(&program)?,
        TextFormat::Yaml => machine::yaml(&program)?,
    };
    printer.data(&text)?;
    Ok(Exit::Done)
}
