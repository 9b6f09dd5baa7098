//! Looks at an upgrade of a release before it is made: what it would change, whether the release
//! still stands on its chart, and whether every image of the new chart is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::domain::change::ObjectId;
use crate::domain::image::{Digest, ImageReference};
use crate::domain::inventory::{Inventory, PullIdentity};
use crate::domain::plan::Findings;
use crate::domain::platform::{Platform, not_built_for};
use crate::domain::preview::{
    self, Ground, Input, Mismatched, Preview, PreviewObject, Size, values_changes, volatile,
};
use crate::ports::previews::{ChartWanted, PreviewError, Previews, Rendering};
use crate::ports::{LookupError, Registry, Wanted};

/// How many images are asked for at once.
const IN_FLIGHT: usize = 16;
/// How many objects are named in a reason.
const NAMED: usize = 5;

/// An upgrade that is looked at.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The release.
    pub object: ObjectId,
    /// The chart that it would get.
    pub to: ChartWanted,
    /// The version that is installed.
    pub from: String,
    /// How many lines around a change are shown; none for all.
    pub context: Option<usize>,
}

/// What an upgrade would do.
#[derive(Debug, Clone)]
pub struct Previewed {
    /// What changes.
    pub preview: Preview,
    /// Whether the release stands on its chart; an error says why that is not known.
    pub ground: Result<Ground, String>,
    /// Images that are not there, each with why.
    pub missing: Vec<String>,
    /// Images that are not built for nodes on which they may land, each with which.
    pub misfits: Vec<String>,
    /// Images of which nobody could say whether they are there.
    pub unseen: Vec<String>,
    /// The digest of the chart that was looked at.
    pub digest: Option<Digest>,
    /// It was rendered without the server, which forbids to look: its words.
    pub forbidden: Option<String>,
    /// The state of the release on which it was looked at.
    pub template_hash: String,
    /// What a tool of the user's says of it, as text for people.
    pub told: Option<String>,
}

/// Looks at an upgrade.
///
/// # Errors
/// The chart cannot be fetched or rendered, or the release not read.
pub async fn preview(
    previews: &dyn Previews,
    registry: &dyn Registry,
    nodes: &Inventory,
    subject: &Subject,
) -> Result<Previewed, PreviewError> {
    let Subject { object, to, from, context } = subject;
    let stored = previews.standing(object).await?;
    let new = previews.render(object, to, true).await?;
    let again = previews.render(object, to, true).await?;
    let moving = volatile(&new.objects, &again.objects);
    let installed = ChartWanted { version: from.clone(), digest: None, ..to.clone() };
    let ground = match previews.render(object, &installed, false).await {
        // What is looked up in the cluster would be missing on one side.
        Ok(Rendering { forbidden: Some(_), .. }) => Err("it is rendered without the server".into()),
        Ok(old) => {
            let again = previews.render(object, &installed, false).await?;
            let moving = volatile(&old.objects, &again.objects);
            Ok(preview::ground(&stored.objects, &old.objects, &moving))
        }
        Err(error) => Err(error.to_string()),
    };
    let Seen { missing, misfits, unseen } = images(registry, nodes, object, &new.objects).await;
    let told = previews.told(object, *context).await;
    let values = values_changes(&stored.defaults, &new.defaults, &new.values);
    Ok(Previewed {
        preview: preview::preview(Input {
            before: &stored.objects,
            after: &new.objects,
            volatile: moving,
            values,
            context: *context,
        }),
        ground,
        missing,
        misfits,
        unseen,
        digest: new.digest,
        forbidden: new.forbidden,
        template_hash: stored.template_hash,
        told,
    })
}

/// What is known of the images of a chart.
#[derive(Default)]
struct Seen {
    missing: Vec<String>,
    misfits: Vec<String>,
    unseen: Vec<String>,
}

/// Asks for every image that a chart names.
async fn images(
    registry: &dyn Registry,
    nodes: &Inventory,
    object: &ObjectId,
    objects: &[PreviewObject],
) -> Seen {
    let mut wanted: BTreeSet<(&str, PullIdentity, Vec<Platform>)> = BTreeSet::new();
    for one in objects {
        let facts = &one.facts;
        let namespace = one.key.namespace.as_deref().unwrap_or(&object.namespace);
        let pull = PullIdentity {
            namespace: namespace.into(),
            secrets: facts.pull_secrets.iter().map(|name| Arc::from(&**name)).collect(),
            service_account: facts.service_account.as_deref().unwrap_or("default").into(),
        };
        let needed = nodes.needed_platforms(&facts.placement);
        let containers = facts.containers.iter().filter_map(|each| each.image.as_deref());
        wanted.extend(containers.map(|image| (image, pull.clone(), needed.clone())));
        // What is mounted has no platform.
        let volumes = facts.volumes.iter();
        wanted.extend(volumes.map(|image| (&**image, pull.clone(), Vec::new())));
    }
    let asked = stream::iter(wanted).map(|(image, pull, needed)| async move {
        let answer = look(registry, image, &needed, &pull).await;
        (image, answer)
    });
    let answers: Vec<_> = asked.buffered(IN_FLIGHT).collect().await;
    let mut seen = Seen::default();
    for (image, answer) in answers {
        let (list, why) = match answer {
            Ok(()) => continue,
            Err(Wrong::Missing(why)) => (&mut seen.missing, why),
            Err(Wrong::Misfit(why)) => (&mut seen.misfits, why),
            Err(Wrong::Unseen(why)) => (&mut seen.unseen, why),
        };
        list.push(format!("{image}: {why}"));
    }
    for list in [&mut seen.missing, &mut seen.misfits, &mut seen.unseen] {
        list.dedup();
    }
    seen
}

/// What is wrong with an image.
enum Wrong {
    /// It certainly is not there.
    Missing(String),
    /// It is there, and not for every node.
    Misfit(String),
    /// Nobody can say.
    Unseen(String),
}

/// Looks for an image: its digest alone where nothing is asked of its platforms.
async fn look(
    registry: &dyn Registry,
    image: &str,
    needed: &[Platform],
    pull: &PullIdentity,
) -> Result<(), Wrong> {
    let reference: ImageReference =
        image.parse().map_err(|error| Wrong::Missing(format!("no image reference: {error}")))?;
    let repository = reference.repository();
    let manifest = match (reference.digest(), reference.effective_tag()) {
        // What is pinned is pulled by its digest, whatever its tag names.
        (Some(digest), _) => registry.pinned(repository, digest, Some(pull)).await,
        (None, Some(tag)) if needed.is_empty() => {
            registry.digest(repository, &tag, Some(pull)).await.map_err(absent)?;
            return Ok(());
        }
        (None, Some(tag)) => {
            registry.manifest(repository, &tag, Wanted { created: false }, Some(pull)).await
        }
        (None, None) => return Ok(()),
    };
    let platforms = &manifest.map_err(absent)?.platforms;
    match not_built_for(platforms, needed) {
        None => Ok(()),
        Some(_) if platforms.is_empty() => {
            Err(Wrong::Unseen("it does not say for which platforms it is built".into()))
        }
        Some(why) => Err(Wrong::Misfit(why)),
    }
}

fn absent(error: LookupError) -> Wrong {
    match error {
        LookupError::NotFound { .. } => Wrong::Missing(error.to_string()),
        error => Wrong::Unseen(error.to_string()),
    }
}

impl Previewed {
    /// What it means for the decision.
    pub fn findings(&self) -> Findings {
        let ground = match &self.ground {
            Ok(Ground::Same) => None,
            Ok(Ground::Differs(found)) => Some(format!(
                "the installed chart does not render what is stored ({}): a post-renderer, another repository, a changed chart, or a template that asks for more than values (an install, the time, the cluster); look at the preview",
                few(found.iter().map(told))
            )),
            Err(why) => {
                Some(format!("whether the release stands on its chart is not known: {why}"))
            }
        };
        let refused: Vec<String> = self
            .preview
            .summary
            .refused
            .iter()
            .map(|refusal| format!("{} {}", refusal.key, refusal.path))
            .collect();
        let refused = (!refused.is_empty())
            .then(|| format!("the API server would refuse it: {}", few(refused.into_iter())));
        let forbidden = self.forbidden.as_ref();
        let fails = forbidden
            .map(|why| format!("the server does not let helm ask what an upgrade asks: {why}"))
            .or(refused);
        let missing = (!self.missing.is_empty()).then(|| {
            format!(
                "the new chart names images that are not there: {}",
                few(self.missing.iter().cloned())
            )
        });
        let images = &self.preview.summary.images;
        let steps = images.iter().filter_map(|step| match step.size {
            Some(Size::Up(bump)) => Some(bump),
            Some(Size::Down(_)) | None => None,
        });
        let older: Vec<String> = images
            .iter()
            .filter(|step| matches!(step.size, Some(Size::Down(_))))
            .filter_map(|step| {
                Some(format!("{} to {}", step.from.as_deref()?, step.to.as_deref()?))
            })
            .collect();
        let older = (!older.is_empty()).then(|| {
            format!("it brings older images than those that run: {}", few(older.into_iter()))
        });
        Findings {
            ground,
            fails,
            missing,
            images: steps.max_by_key(|bump| bump.height()),
            older,
            misfits: (!self.misfits.is_empty()).then(|| {
                let misfits = few(self.misfits.iter().cloned());
                format!("the new chart names images that do not run on every node: {misfits}")
            }),
            digest: self.digest.clone(),
        }
    }
}

fn told(found: &Mismatched) -> String {
    found.key.to_string()
}

fn few(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
