//! `explain`: every tag and every gate of one target or image.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::memories;
use super::scope::{Found, Selected};
use crate::actions::explain::{self, Explanation};
use crate::actions::lookup::Published;
use crate::actions::plan::{ChartRoom, Options};
use crate::cli::args::{Candidates, ExplainArgs, Global, Selection, TextFormat};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::printer::Printer;
use crate::cli::render::progress::Progress;
use crate::cli::render::{explanation, json, machine};
use crate::cli::settings::{CacheUse, Settings, overrides};
use crate::cli::wire;
use crate::domain::candidate::{Catalog, Criteria};
use crate::domain::image::ImageReference;
use crate::domain::plan::Lookup as Outcome;
use crate::domain::target::TargetName;
use crate::ports::{EventSink, PullSecrets};

/// The largest tag file that is read, in bytes. A million tags of 60 characters fit.
const TAG_FILE_MAX: u64 = 128 << 20;

/// Explains.
///
/// # Errors
/// What stands in the way of looking it up.
pub fn run(
    global: &Global,
    arguments: &ExplainArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let tags = arguments.tags_from.as_deref().map(read_tags).transpose()?;
    let tags = tags.map(|tags| Published { catalog: Arc::new(tags), truncated: false });
    let subject = arguments.subject.as_str();
    if !arguments.image && TargetName::is_meant(subject) {
        let selection = Selection {
            container: arguments.container.clone(),
            filename: arguments.filename.clone(),
            ..Selection::default()
        };
        let selected = Selected::read(
            std::slice::from_ref(&arguments.subject),
            &selection,
            &global.connection,
        )?;
        let mut settings = Settings::load(global, &arguments.lookup, &arguments.filename, printer)?;
        // Who brings the tags wants no registry to be asked, not even for digests.
        if tags.is_some() {
            settings.cache = CacheUse::Only;
        }
        return wire::block_on(target(&selected, &settings, tags, arguments, printer));
    }
    let reference: ImageReference = subject.parse().map_err(|error| {
        CommandError::usage(
            anyhow::Error::new(error).context(format!("{subject:?} is no image reference")),
        )
        .hint(
            "write an image as nginx:1.25.3, a target as deploy/web or NAMESPACE/sts/db:CONTAINER",
        )
    })?;
    if let Some(flag) =
        [("-f", !arguments.filename.is_empty()), ("-c", arguments.container.is_some())]
            .iter()
            .find_map(|(flag, given)| given.then_some(flag))
    {
        return Err(CommandError::usage_message(format!(
            "{flag} chooses a target, but {subject:?} is an image"
        ))
        .hint("write a target as deploy/web"));
    }
    let criteria = criteria(&arguments.candidates);
    let explanation = if let Some(tags) = tags {
        explain::image_among(&reference, &tags.catalog, false, &criteria)
    } else {
        let settings = Settings::load(global, &arguments.lookup, &[], printer)?;
        wire::block_on(image(&reference, &criteria, &settings, printer))?
    };
    print(&explanation, arguments, printer)
}

/// What the command line asks of candidates of an image.
fn criteria(candidates: &Candidates) -> Criteria {
    Criteria {
        level: candidates.level,
        constraints: candidates.constraint.iter().cloned().collect(),
        allow_base_change: candidates.allow_base_change,
        ..Criteria::default()
    }
}

async fn image(
    reference: &ImageReference,
    criteria: &Criteria,
    settings: &Settings,
    printer: &Printer,
) -> Result<Explanation, CommandError> {
    let progress = Progress::start(printer.bars(), settings.quiet, "looking up tags");
    let hosts = BTreeSet::from([reference.repository().registry().clone()]);
    let registries = wire::registries_of(settings, &hosts, None, printer)?;
    let explanation = explain::image(&registries, reference, criteria, &progress).await?;
    registries.save();
    Ok(explanation)
}

async fn target(
    selected: &Selected,
    settings: &Settings,
    tags: Option<Published>,
    arguments: &ExplainArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    let progress = Arc::new(Progress::start(printer.bars(), settings.quiet, "reading the target"));
    let events: Arc<dyn EventSink> = progress.clone();
    let Found { mut inventory, cluster } = selected.find(settings, &events).await?;
    let names: Vec<String> = inventory
        .workloads
        .iter()
        .flat_map(|workload| workload.slots.iter().map(|slot| workload.target_id(slot)))
        .collect();
    if names.len() > 1 {
        return Err(CommandError::usage_message(format!(
            "{} has {} images, and one is explained at a time",
            arguments.subject,
            names.len()
        ))
        .hint(format!("choose one: {}", names.join(", "))));
    }
    if let Some(workload) = inventory.workloads.first_mut() {
        workload.slots.truncate(1);
    }
    let memories = memories::for_reading(cluster.as_ref(), &mut inventory).await?;
    let version = wire::version_for_charts(cluster.as_ref(), &mut inventory).await;
    let secrets = cluster.map(|cluster| Arc::new(cluster) as Arc<dyn PullSecrets>);
    let registries = Arc::new(wire::registries(settings, &inventory, secrets.clone(), printer)?);
    let charts = wire::charts(settings, &registries, settings.cache);
    let overrides = overrides(&arguments.candidates);
    let options = Options {
        policy: &settings.merged.policy,
        overrides: &overrides,
        now: settings.now,
        memories: &memories,
        named: &[],
        findings: true,
        charts: Some(ChartRoom {
            charts: &charts,
            cluster: version.as_ref(),
            sources: &settings.merged.charts,
            given: None,
        }),
    };
    let explained = explain::target(inventory, &*registries, &options, tags, &*progress).await;
    registries.save();
    progress.finish();
    for warning in secrets.iter().flat_map(|secrets| secrets.warnings()) {
        printer.warning(&warning.message);
    }
    let explained = explained?;
    let row = explained.plan.as_ref().and_then(|plan| {
        for warning in plan.warnings() {
            printer.warning(&warning.message);
        }
        plan.proposals.first()
    });
    let exit = match row.map(|row| row.lookup) {
        Some(Outcome::Failed) => Exit::Environment,
        Some(Outcome::Malformed) => Exit::Usage,
        Some(Outcome::NotNeeded | Outcome::Done) | None => Exit::Done,
    };
    print(&explained, arguments, printer)?;
    Ok(exit)
}

fn print(
    explanation: &Explanation,
    arguments: &ExplainArgs,
    printer: &Printer,
) -> Result<Exit, CommandError> {
    match arguments.output {
        TextFormat::Table => {
            let (width, styles) = (printer.width(), &printer.styles);
            printer.data(&explanation::text(explanation, width, arguments.all_tags, styles))?;
        }
        TextFormat::Json => printer.json(&json::explain_output(explanation))?,
        TextFormat::Yaml => printer.data(&machine::yaml(&json::explain_output(explanation))?)?,
    }
    Ok(Exit::Done)
}

/// What registries answer (`tags`) and what `skopeo list-tags` prints (`Tags`).
#[derive(serde::Deserialize)]
struct TagDocument {
    #[serde(alias = "Tags")]
    tags: Vec<String>,
}

/// Reads tags from a file or standard input: one a line, or JSON: a list of strings, or an object
/// with one.
fn read_tags(file: &Path) -> Result<Catalog, CommandError> {
    let dash = file == Path::new("-");
    let name = if dash { "standard input".to_owned() } else { file.display().to_string() };
    let mut bytes = Vec::new();
    let read = if dash {
        std::io::stdin().lock().take(TAG_FILE_MAX + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file)
            .and_then(|file| file.take(TAG_FILE_MAX + 1).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read tags from {name}")).map_err(|error| {
        CommandError::usage(error).hint("give a file with one tag a line, or a JSON list of tags")
    })?;
    if bytes.len() as u64 > TAG_FILE_MAX {
        return Err(CommandError::usage_message(format!(
            "{name} is larger than {} MiB",
            TAG_FILE_MAX >> 20
        )));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    if bytes.trim_ascii_start().starts_with(b"[") {
        return serde_json::from_slice::<Vec<String>>(bytes)
            .map(|tags| tags.iter().collect())
            .with_context(|| format!("{name} is no JSON list of strings"))
            .map_err(|error| {
                CommandError::usage(error)
                    .hint("a list looks like [\"1.25.3\", \"1.25.4\"]; without brackets, write one tag a line")
            });
    }
    if bytes.trim_ascii_start().starts_with(b"{") {
        return serde_json::from_slice::<TagDocument>(bytes)
            .map(|document| document.tags.iter().collect())
            .with_context(|| format!("{name} is no JSON object with a list of tags"))
            .map_err(|error| {
                CommandError::usage(error)
                    .hint("give what `skopeo list-tags` prints or a registry answers to tags/list, a JSON list, or one tag a line")
            });
    }
    // Bytes that are no text cannot be tags; they are told as such, never trimmed into one.
    Ok(bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
        .map(String::from_utf8_lossy)
        .collect())
}
