//! `audit verify`: whether the journal of this machine is what was written.

use std::fmt::Write as _;

use serde::Serialize;

use crate::adapters::journal::{AuditError, Verified};
use crate::cli::args::{Global, Lookup, TextFormat};
use crate::cli::args_write::AuditCommand;
use crate::cli::error::{CommandError, Kind};
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::{escape::escape, machine};
use crate::cli::settings::Settings;
use crate::cli::wire;

/// Does what `audit` is asked for.
///
/// # Errors
/// The first entry that is not what was written.
pub fn run(
    global: &Global,
    command: &AuditCommand,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let settings = Settings::load(global, &Lookup::default(), &[], printer)?;
    match command {
        AuditCommand::Verify { head, output } => {
            verify(head.as_deref(), *output, &settings, printer)
        }
        AuditCommand::Rebuild => rebuild(&settings, printer),
    }
}

fn rebuild(settings: &Settings, printer: &Printer) -> Result<Exit, CommandError> {
    let rebuilt = wire::journal(settings).rebuild(settings.now)?;
    for note in &rebuilt.notes {
        printer.warning(note);
    }
    let mut text = match &rebuilt.trouble {
        Some(trouble) => format!("The index was damaged: {}\n", escape(trouble)),
        None => "Nothing was wrong with the index.\n".to_owned(),
    };
    if let Some(evidence) = &rebuilt.evidence {
        let _ = writeln!(text, "Kept     {}", escape(&evidence.display().to_string()));
    }
    let _ = writeln!(
        text,
        "Lines    {} stay, {} were added\nHead     {}",
        rebuilt.kept, rebuilt.added, rebuilt.head
    );
    printer.data(&text)?;
    Ok(Exit::Done)
}

fn verify(
    head: Option<&str>,
    output: TextFormat,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let head = head.map(hash).transpose()?;
    let verified = wire::journal(settings).verify(head.as_deref()).map_err(not_verified)?;
    for note in &verified.notes {
        printer.warning(note);
    }
    printer.data(&match output {
        TextFormat::Table => text(&verified),
        TextFormat::Json => machine::json(&VerifiedOutput::from(&verified))?,
        TextFormat::Yaml => machine::yaml(&VerifiedOutput::from(&verified))?,
    })?;
    Ok(Exit::Done)
}

/// `audit verify -o json`.
#[derive(Serialize)]
struct VerifiedOutput {
    runs: usize,
    entries: usize,
    head: String,
    since_head: Option<usize>,
    open: Vec<String>,
    notes: Vec<String>,
}

impl From<&Verified> for VerifiedOutput {
    fn from(verified: &Verified) -> Self {
        Self {
            runs: verified.runs,
            entries: verified.entries,
            head: verified.head.clone(),
            since_head: verified.since_anchor,
            open: verified.open.iter().map(ToString::to_string).collect(),
            notes: verified.notes.clone(),
        }
    }
}

fn text(verified: &Verified) -> String {
    let mut text = format!(
        "The journal is what was written.\nRuns     {}\nEntries  {}\nHead     {}\n",
        verified.runs, verified.entries, verified.head
    );
    if let Some(since) = verified.since_anchor {
        let _ = writeln!(text, "Since    {since} lines of the index after the head that was given");
    }
    for run in &verified.open {
        let _ = writeln!(
            text,
            "Open     {run}: under way or killed, so that entries missing at its end would not be seen"
        );
    }
    text
}

/// SHA-256 in hexadecimal digits.
fn hash(text: &str) -> Result<String, CommandError> {
    let text = text.trim().to_ascii_lowercase();
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text);
    }
    Err(CommandError::usage_message(format!(
        "--head: {text:?} is no hash of 64 hexadecimal digits"
    ))
    .hint("each run ends by telling one: `journal head …`"))
}

fn not_verified(error: AuditError) -> CommandError {
    const KEEP: &str = "keep the state directory as it is: it is the evidence; go on with another one (SAFE_UPDATE_HOME)";
    match error {
        AuditError::Journal(error) => error.into(),
        error => CommandError {
            kind: Kind::Environment,
            error: anyhow::Error::new(error).context("the journal is not what was written"),
            hints: vec![KEEP.into()],
        },
    }
}
