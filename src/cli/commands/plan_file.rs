//! Reads a plan file and holds it against the cluster: everything that it was made from must be as it
//! was, or nothing of it is carried out.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::Deserialize;

use crate::actions::plan::NamedVersion;
use crate::adapters::kubernetes::Cluster;
use crate::cli::error::{CommandError, Kind};
use crate::cli::render::escape::escape;
use crate::domain::change::ObjectId;
use crate::domain::image::{Digest, ImageReference, Tag};
use crate::domain::inventory;
use crate::domain::plan::Plan;
use crate::domain::rollout::Images;
use crate::domain::target::TargetName;
use crate::ports::rollouts::{ReadError, Rollouts};

/// A plan of ten thousand targets has some ten megabytes.
const SIZE_MAX: u64 = 64 << 20;
/// Objects that are read anew at one time.
const IN_FLIGHT: usize = 8;
/// The shape that is known; a newer program may write another.
const KNOWN: &str = "safe-update/plan/v1";

/// The part that is read before the others.
#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// The parts of a plan file that are read.
#[derive(Debug, Deserialize)]
pub struct PlanFile {
    schema: String,
    proposals: Vec<Row>,
    basis: Option<Basis>,
}

#[derive(Debug, Deserialize)]
struct Row {
    target: RowTarget,
    current: RowCurrent,
    candidate: Option<RowCandidate>,
    decision: String,
}

#[derive(Debug, Deserialize)]
struct RowTarget {
    id: String,
}

#[derive(Debug, Deserialize)]
struct RowCurrent {
    image: String,
}

#[derive(Debug, Deserialize)]
struct RowCandidate {
    tag: String,
    digest: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Basis {
    cluster: Option<String>,
    policy_hash: String,
    expires: String,
    changes: Vec<ChangeBasis>,
}

#[derive(Debug, Deserialize)]
struct ChangeBasis {
    object: String,
    uid: Option<String>,
    template_hash: String,
}

/// What a plan file asks for.
#[derive(Debug)]
pub struct Planned {
    /// Its targets that have a candidate which is not blocked, in full.
    pub targets: Vec<String>,
    /// The version of each.
    pub versions: Vec<NamedVersion>,
    /// The image that each target had.
    images: BTreeMap<String, String>,
    /// The digest of each version, where the plan knew it.
    digests: BTreeMap<String, String>,
    /// Uid and template hash of each object.
    objects: BTreeMap<ObjectId, (String, String)>,
    cluster: String,
    policy_hash: String,
    expires: Timestamp,
}

/// Reads a plan file.
///
/// # Errors
/// It cannot be read, is no plan file, or is one of a newer program or of manifests.
pub fn read(file: &Path) -> Result<Planned, CommandError> {
    let name = file.display();
    let mut text = String::new();
    let opened = std::fs::File::open(file)
        .and_then(|file| file.take(SIZE_MAX + 1).read_to_string(&mut text));
    opened
        .with_context(|| format!("the plan file {name} cannot be read"))
        .map_err(|error| CommandError::usage(error).hint("`plan --out FILE` writes one"))?;
    let wrong = |what: String| {
        CommandError::usage_message(format!("the plan file {name} {what}"))
            .hint("make it anew with `plan --out FILE`")
    };
    if text.len() as u64 > SIZE_MAX {
        return Err(wrong(format!("is larger than {} MiB", SIZE_MAX >> 20)));
    }
    let place = |error: &serde_json::Error| {
        let what = if error.is_eof() { "is cut short" } else { "is no plan" };
        format!("{what} (line {}, column {})", error.line(), error.column())
    };
    // What a newer program wrote is refused by its name, not by the first field that differs.
    if let Ok(head) = serde_json::from_str::<Head>(&text)
        && head.schema != KNOWN
    {
        let schema = escape(&head.schema).into_owned();
        return Err(wrong(format!("has the format {schema}; this program reads {KNOWN}")));
    }
    let plan: PlanFile = serde_json::from_str(&text).map_err(|error| wrong(place(&error)))?;
    debug_assert_eq!(plan.schema, KNOWN);
    let Some(Basis { cluster: Some(cluster), policy_hash, expires, changes }) = plan.basis else {
        return Err(wrong(
            "does not say which cluster it was made from: it is of manifests, or was not written by --out"
                .into(),
        ));
    };
    let expires: Timestamp =
        expires.parse().map_err(|_| wrong("has an unreadable time in `expires`".into()))?;
    let mut planned = Planned {
        targets: Vec::new(),
        versions: Vec::new(),
        images: BTreeMap::new(),
        digests: BTreeMap::new(),
        objects: BTreeMap::new(),
        cluster,
        policy_hash,
        expires,
    };
    for change in changes {
        let object: ObjectId = change
            .object
            .parse()
            .map_err(|error| wrong(format!("names an object wrongly: {error}")))?;
        let uid = change.uid.unwrap_or_default();
        planned.objects.insert(object, (uid, change.template_hash));
    }
    for row in plan.proposals {
        let (Some(candidate), "update" | "held") = (row.candidate, row.decision.as_str()) else {
            continue;
        };
        let target: TargetName = row
            .target
            .id
            .parse()
            .map_err(|error| wrong(format!("names a target wrongly: {error}")))?;
        if !planned.objects.keys().any(|object| is_of(&target, object)) {
            return Err(wrong(format!("does not say what {target} was like when it was made")));
        }
        let tag = match target.kind {
            inventory::Kind::Release => candidate.tag.replace('+', "_"),
            _ => candidate.tag,
        };
        let tag: Tag = tag
            .parse()
            .map_err(|error| wrong(format!("has a malformed version for {target}: {error}")))?;
        if let Some(digest) = candidate.digest {
            planned.digests.insert(row.target.id.clone(), digest);
        }
        planned.images.insert(row.target.id.clone(), row.current.image);
        planned.targets.push(row.target.id);
        planned.versions.push(NamedVersion { target, tag });
    }
    Ok(planned)
}

impl Planned {
    /// The hash of an object's template when the plan was made.
    pub fn template_hash(&self, object: &ObjectId) -> Option<&str> {
        self.objects.get(object).map(|(_, hash)| hash.as_str())
    }

    /// Holds the plan against the time, the policy, the cluster, and each object in it. The objects at
    /// which everything that was planned is there already.
    ///
    /// # Errors
    /// Everything that moved since.
    pub async fn check(
        &self,
        cluster: &Cluster,
        rollouts: &dyn Rollouts,
        policy_hash: &str,
        now: Timestamp,
    ) -> Result<Vec<(ObjectId, Images)>, CommandError> {
        let mut moved = Vec::new();
        if now >= self.expires {
            moved.push(format!("it expired at {}", self.expires));
        }
        if policy_hash != self.policy_hash {
            moved.push("the policy was changed since".to_owned());
        }
        let mut done = Vec::new();
        if cluster.identity().await? == self.cluster {
            let checks = self.objects.keys().map(|object| self.look(rollouts, object));
            let found: Vec<Result<Found, ReadError>> =
                stream::iter(checks).buffered(IN_FLIGHT).collect().await;
            for (object, found) in self.objects.keys().zip(found) {
                match found? {
                    Found::AsPlanned => {}
                    Found::Done(images) => done.push((object.clone(), images)),
                    Found::Moved(what) => moved.push(what),
                }
            }
        } else {
            moved.push(format!("it was made for another cluster than {}", cluster.server_url()));
        }
        stale(&moved).map(|()| done)
    }

    /// Leaves out what is there already.
    pub fn leave_out(&mut self, done: &[ObjectId]) {
        self.versions.retain(|version| !done.iter().any(|object| is_of(&version.target, object)));
        self.targets = self.versions.iter().map(|version| version.target.to_string()).collect();
    }

    /// How an object stands to the plan.
    async fn look(&self, rollouts: &dyn Rollouts, object: &ObjectId) -> Result<Found, ReadError> {
        let moved = |what: String| Ok(Found::Moved(what));
        let seen = match rollouts.inspect(object).await {
            Ok(seen) => seen,
            Err(ReadError::Gone(_)) => return moved(format!("{object} is gone")),
            // What cannot be read has not moved for that.
            Err(error) => return Err(error),
        };
        let (uid, hash) = self.objects.get(object).cloned().unwrap_or_default();
        if *seen.uid != *uid {
            return moved(format!("{object} was deleted and made anew"));
        }
        if seen.template_hash == hash {
            return Ok(Found::AsPlanned);
        }
        let mut versions =
            self.versions.iter().filter(|version| is_of(&version.target, object)).peekable();
        let planned = versions.peek().is_some();
        let images = seen.images();
        if planned && versions.all(|version| self.is_there(version, &images)) {
            return Ok(Found::Done(images));
        }
        moved(match object.kind {
            inventory::Kind::Release => format!("{object} was upgraded since"),
            _ => format!("the pod template of {object} was changed"),
        })
    }

    /// Whether a version stands in the template already.
    fn is_there(&self, version: &NamedVersion, images: &Images) -> bool {
        let id = version.target.to_string();
        if version.target.kind == inventory::Kind::Release {
            let wanted = version.tag.as_str();
            return images.iter().any(|(_, image)| image.replace('+', "_") == wanted);
        }
        let Some(before) = self.images.get(&id).and_then(|image| image.parse().ok()) else {
            return false;
        };
        let before: ImageReference = before;
        let digest = self.digests.get(&id);
        let is = |image: &str| {
            image.parse::<ImageReference>().is_ok_and(|image| {
                let same =
                    |pinned: &Digest| digest.is_none_or(|planned| pinned.as_str() == planned);
                image.repository() == before.repository()
                    && image.effective_tag().as_ref() == Some(&version.tag)
                    && image.digest().is_none_or(same)
            })
        };
        let container = version.target.container.as_deref();
        images.iter().any(|(slot, image)| container == Some(&*slot.name) && is(image))
    }

    /// Holds the digests of a plan that was made anew against those of the file, apart from objects
    /// at which everything is there already.
    ///
    /// # Errors
    /// Every tag that names another image now.
    pub fn check_digests(&self, plan: &Plan, done: &[ObjectId]) -> Result<(), CommandError> {
        let mut moved = Vec::new();
        for proposal in &plan.proposals {
            let (workload, slot) = plan.target(proposal);
            if workload.object().is_some_and(|object| done.contains(&object)) {
                continue;
            }
            let id = workload.target_id(slot);
            let Some(planned) = self.digests.get(&id) else { continue };
            let Some(offer) = &proposal.candidate else {
                moved.push(format!(
                    "{id} has no candidate any more: {}",
                    proposal.reasons.join("; ")
                ));
                continue;
            };
            if let Some(digest) = offer.digest.as_ref().filter(|digest| digest.as_str() != planned)
            {
                moved.push(format!("{id}: {} was {planned} and is {digest} now", offer.tag));
            }
        }
        stale(&moved)
    }
}

/// How an object stands to a plan.
enum Found {
    /// As it was when the plan was made.
    AsPlanned,
    /// Everything that was planned for it is there; what stands there.
    Done(Images),
    /// It is another one than the plan was made for.
    Moved(String),
}

fn is_of(target: &TargetName, object: &ObjectId) -> bool {
    (target.namespace.as_deref(), target.kind, target.name.as_str())
        == (Some(&*object.namespace), object.kind, &*object.name)
}

fn stale(moved: &[String]) -> Result<(), CommandError> {
    if moved.is_empty() {
        return Ok(());
    }
    let message = format!("the plan is stale, nothing was written:\n  {}", moved.join("\n  "));
    Err(CommandError::message(Kind::Stale, message).hint("make it anew with `plan --out FILE`"))
}

#[cfg(test)]
mod tests;
