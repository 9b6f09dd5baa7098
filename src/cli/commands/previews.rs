//! What upgrades of releases would do: looked at before anybody is asked, and shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use secrecy::SecretString;

use crate::actions::plan::NamedChart;
use crate::actions::preview::{Previewed, Subject, preview};
use crate::adapters::helm::rollouts::{HelmRollouts, UpgradeOptions};
use crate::adapters::helm::words::masked;
use crate::cli::error::CommandError;
use crate::cli::printer::Printer;
use crate::cli::render;
use crate::cli::render::escape::escape;
use crate::domain::consent::{self, Answer, Consent};
use crate::domain::gate::Decision;
use crate::domain::inventory::Kind;
use crate::domain::plan::{self, Plan, Unseen};
use crate::domain::policy::Limits;
use crate::ports::Registry;
use crate::ports::previews::{ChartWanted, PreviewError};

/// What a user says about the upgrades of a run.
#[derive(Debug, Clone)]
pub struct HelmFlags {
    /// The flags of `helm upgrade`.
    pub options: UpgradeOptions,
    /// The chart that was named for the one release.
    pub chart: Option<NamedChart>,
    /// How many lines around a change are shown; none for all.
    pub context: Option<usize>,
    /// The verb, as it is recorded.
    pub verb: &'static str,
    /// A release that a dead helm left pending is freed first.
    pub unlock: bool,
    /// Somebody reads it, so that it is worth asking the user's own tools.
    pub for_people: bool,
}

impl HelmFlags {
    /// What holds where nothing is said.
    pub fn new(for_people: bool) -> Self {
        Self {
            options: UpgradeOptions::default(),
            chart: None,
            context: Some(CONTEXT),
            verb: "apply",
            unlock: false,
            for_people,
        }
    }

    /// Whether more is said of the values than that the release's own are kept.
    pub fn sets_values(&self) -> bool {
        self.options.values != UpgradeOptions::default().values
    }
}

/// Lines around a change.
const CONTEXT: usize = 3;

/// An upgrade that was looked at.
#[derive(Debug, Clone)]
pub struct Looked {
    /// What was seen.
    pub seen: Previewed,
    /// What is masked wherever it is shown: even names of objects may be made of values.
    pub hidden: Vec<SecretString>,
}

/// Previews by the row of the plan.
pub type Previews = BTreeMap<usize, Looked>;

/// Looks at every upgrade of a plan that may be made, and judges its row anew. A row that cannot be
/// looked at is not made.
///
/// # Errors
/// The values that were given are none.
pub async fn previews(
    plan: &mut Plan,
    limits: &[Limits],
    consent: Consent,
    (releases, registry): (&Arc<HelmRollouts>, &dyn Registry),
    flags: &HelmFlags,
    printer: &Printer,
) -> Result<Previews, CommandError> {
    let mut previews = Previews::new();
    for (row, limits) in limits.iter().enumerate() {
        let proposal = &plan.proposals[row];
        let (workload, _) = plan.target(proposal);
        let may_be_made = matches!(proposal.decision, Decision::Update | Decision::Held)
            && consent::answer(proposal, limits, consent) == Answer::Take;
        if workload.kind != Kind::Release || !may_be_made {
            continue;
        }
        let Some(subject) = subject(plan, row, flags) else { continue };
        tracing::debug!(event = "preview", object = %subject.object);
        match preview(&**releases, registry, &plan.inventory, &subject).await {
            Ok(previewed) => {
                for image in &previewed.unseen {
                    let object = &subject.object;
                    printer.warning(&format!(
                        "{object}: whether an image exists is not known: {image}"
                    ));
                }
                let found = previewed.findings();
                plan::count_preview(&mut plan.proposals[row], limits, found);
                let hidden = releases.hidden(&subject.object).await;
                previews.insert(row, Looked { seen: previewed, hidden });
            }
            Err(error @ PreviewError::Values(_)) => return Err(CommandError::usage(error)),
            Err(error) => {
                if !matches!(error, PreviewError::Render { .. }) {
                    printer.warning(&format!("{}: {error}", subject.object));
                }
                let (unseen, why) = unseen(&error);
                plan::block_unseen(&mut plan.proposals[row], unseen, why);
            }
        }
    }
    Ok(previews)
}

/// What a row would upgrade.
fn subject(plan: &Plan, row: usize, flags: &HelmFlags) -> Option<Subject> {
    let proposal = &plan.proposals[row];
    let (workload, slot) = plan.target(proposal);
    let (chart, offer) = (slot.image.chart()?, proposal.candidate.as_ref()?);
    Some(Subject {
        object: workload.object()?,
        from: chart.version.to_string(),
        to: ChartWanted {
            source: (**proposal.source.as_ref()?).clone(),
            name: chart.name.to_string(),
            version: slot.image.shown(&offer.tag),
            digest: offer.digest.clone(),
        },
        context: flags.context,
    })
}

/// Why an upgrade cannot be looked at.
fn unseen(error: &PreviewError) -> (Unseen, String) {
    let why = format!("it cannot be previewed: {error}");
    match error {
        PreviewError::NoHelm { hint: Some(hint), .. } => {
            (Unseen::NotKnown, format!("{why}: {hint}"))
        }
        PreviewError::Render { .. } => (Unseen::DoesNotRender, why),
        _ => (Unseen::NotKnown, why),
    }
}

/// The text of some previews.
pub fn shown(
    plan: &Plan,
    previews: &Previews,
    rows: &std::collections::BTreeSet<usize>,
    printer: &Printer,
) -> String {
    let mut text = String::new();
    for (row, looked) in previews.iter().filter(|(row, _)| rows.contains(row)) {
        let Looked { seen: previewed, hidden } = looked;
        let proposal = &plan.proposals[*row];
        let (workload, slot) = plan.target(proposal);
        let Some(offer) = &proposal.candidate else { continue };
        let title = format!(
            "{}: {} to {}",
            workload.target_id(slot),
            slot.image.described(),
            slot.image.shown(&offer.tag)
        );
        let styles = &printer.styles;
        let from = text.len();
        let _ = writeln!(text, "{}", styles.heading.style(escape(&title)));
        if let Ok(ground) = &previewed.ground {
            text.push_str(&render::preview::ground(ground, styles));
        }
        match &previewed.told {
            // The summary is ours; the objects as the user's own tool shows them.
            Some(told) => {
                text.push_str(&render::preview::summary_text(&previewed.preview, styles));
                text.push('\n');
                text.push_str(told);
            }
            None => text.push_str(&render::preview::text(&previewed.preview, styles)),
        }
        text.push('\n');
        let shown = masked(&text[from..], hidden);
        text.replace_range(from.., &shown);
    }
    text
}
