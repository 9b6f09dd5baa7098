//! `config`: make, show and check policy files, and print schemas.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::adapters::config::{self, ConfigErrors, DEFAULT_FILE, Merged};
use crate::cli::args::{ConfigCommand, Global, Lookup, SchemaSubject, TextFormat};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::escape::escape;
use crate::cli::render::grid::grid;
use crate::cli::render::{json, machine};
use crate::cli::settings::{Settings, config_error};

/// Does what `config` is asked for.
///
/// # Errors
/// What is wrong with the files.
pub fn run(
    global: &Global,
    command: &ConfigCommand,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    match command {
        ConfigCommand::Init { file, force } => init(file, *force, printer),
        ConfigCommand::Show { filename, output } => {
            let settings = Settings::load(global, &Lookup::default(), filename, printer)?;
            show(&settings.merged, *output, printer)
        }
        ConfigCommand::Check { file } => check(global, file.as_deref(), printer),
        ConfigCommand::Schema { subject } => {
            let schema = match subject {
                SchemaSubject::Policy => config::policy_schema(),
                SchemaSubject::Plan => json::schema::<json::PlanOutput<'_>>(),
                SchemaSubject::Explain => json::schema::<json::ExplainOutput<'_>>(),
                SchemaSubject::List => json::schema::<json::ListOutput>(),
                SchemaSubject::Apply => json::schema::<json::ApplyOutput>(),
                SchemaSubject::History => json::schema::<json::HistoryOutput>(),
                SchemaSubject::Record => json::schema::<json::RecordShownOutput>(),
                SchemaSubject::Status => json::schema::<json::StatusOutput>(),
            };
            printer.data(&machine::json(&schema)?)?;
            Ok(Exit::Done)
        }
    }
}

fn init(file: &Path, force: bool, printer: &Printer) -> Result<Exit, CommandError> {
    if file == Path::new("-") {
        printer.data(DEFAULT_FILE)?;
        return Ok(Exit::Done);
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let opened = options.open(file);
    if let Err(error) = &opened
        && error.kind() == ErrorKind::AlreadyExists
    {
        return Err(CommandError::usage_message(format!("{} is there already", file.display()))
            .hint("--force overwrites it; `config init -` prints the default to compare with"));
    }
    opened
        .and_then(|mut file| file.write_all(DEFAULT_FILE.as_bytes()))
        .with_context(|| format!("{} cannot be written", file.display()))
        .map_err(CommandError::environment)?;
    printer.note(&format!("wrote {}", escape(&file.display().to_string())));
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct ShownSetting<'a> {
    key: &'a str,
    value: &'a str,
    source: String,
}

fn show(merged: &Merged, output: TextFormat, printer: &Printer) -> Result<Exit, CommandError> {
    let settings: Vec<ShownSetting<'_>> = merged
        .entries
        .iter()
        .map(|entry| ShownSetting {
            key: &entry.key,
            value: &entry.value,
            source: entry.origin.to_string(),
        })
        .collect();
    let text = match output {
        TextFormat::Table => {
            let rows: Vec<Vec<String>> = settings
                .iter()
                .map(|setting| {
                    [setting.key, setting.value, &setting.source]
                        .map(|cell| escape(cell).into_owned())
                        .to_vec()
                })
                .collect();
            let heads = ["SETTING", "VALUE", "FROM"];
            grid(&heads, &rows, printer.width(), true, &printer.styles, |_, _, cell| {
                cell.to_owned()
            })
        }
        TextFormat::Json => machine::json(&settings)?,
        TextFormat::Yaml => machine::yaml(&settings)?,
    };
    printer.data(&text)?;
    Ok(Exit::Done)
}

fn check(global: &Global, file: Option<&Path>, printer: &Printer) -> Result<Exit, CommandError> {
    let merged = match file {
        Some(file) => config::check(file)
            .map_err(|ConfigErrors(errors)| config_error(ConfigErrors(errors)))?,
        None => Settings::load(global, &Lookup::default(), &[], printer)?.merged,
    };
    if merged.files.is_empty() {
        printer.note("no policy file was found; the defaults hold (`config init` writes one)");
    }
    for file in &merged.files {
        printer.note(&format!("{}: ok", escape(&file.display().to_string())));
    }
    Ok(Exit::Done)
}
