//! The plan file (`plan --out`): what `-o json` prints, and what it was made from.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use jiff::SignedDuration;

use crate::adapters::config::Merged;
use crate::adapters::hash::sha256;
use crate::adapters::helm::rollouts::UpgradeOptions;
use crate::adapters::kubernetes::Cluster;
use crate::adapters::safe;
use crate::cli::error::CommandError;
use crate::cli::printer::Printer;
use crate::cli::render::json::{BasisOutput, ChangeBasis, plan_output};
use crate::cli::render::machine;
use crate::cli::settings::Settings;
use crate::cli::wire;
use crate::domain::gate::Decision;
use crate::domain::inventory::{Kind, Workload};
use crate::domain::plan::{Plan, Proposal, written};
use crate::domain::policy::{Overrides, Pin};
use crate::ports::rollouts::Rollouts;

/// How long a saved plan may be used.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// Objects that are read anew at one time.
const IN_FLIGHT: usize = 8;

/// Reads anew every object that has a candidate. Manifests on disk have no basis beside the policy:
/// nothing can be applied from them.
///
/// # Errors
/// The cluster's.
pub async fn basis(
    plan: &Plan,
    cluster: Option<&Cluster>,
    settings: &Settings,
    overrides: &Overrides,
    printer: &Printer,
) -> Result<BasisOutput, CommandError> {
    let mut identity = None;
    let mut changes = Vec::new();
    if let Some(cluster) = cluster {
        identity = Some(cluster.identity().await?);
        let mut objects: BTreeMap<usize, Vec<&Proposal>> = BTreeMap::new();
        for proposal in &plan.proposals {
            if matches!(proposal.decision, Decision::Update | Decision::Held) {
                objects.entry(proposal.workload).or_default().push(proposal);
            }
        }
        let leg = wire::releases(settings, cluster, UpgradeOptions::default(), false).await?;
        let releases = &*leg;
        let read: Vec<_> = stream::iter(objects)
            .map(|(index, proposals)| {
                let workload = &plan.inventory.workloads[index];
                let digests = digests(workload, &proposals, settings, overrides);
                async move { (workload, change(cluster, releases, workload, digests).await) }
            })
            .buffered(IN_FLIGHT)
            .collect()
            .await;
        // What cannot be read anew cannot be held against the server later; the rest can.
        for (workload, change) in read {
            match change {
                Ok(change) => changes.push(change),
                Err(error) => printer.warning(&format!(
                    "{} is left out of the plan file: {:#}",
                    workload.id(),
                    error.error
                )),
            }
        }
    }
    let expires = plan.created.checked_add(LIFETIME).map_err(|error| {
        CommandError::environment(anyhow::Error::new(error).context("the clock"))
    })?;
    Ok(BasisOutput {
        cluster: identity,
        policy_hash: policy_hash(&settings.merged),
        expires: expires.to_string(),
        changes,
    })
}

async fn change(
    cluster: &Cluster,
    releases: &dyn Rollouts,
    workload: &Workload,
    digests: BTreeMap<String, Option<String>>,
) -> Result<ChangeBasis, CommandError> {
    if let (Kind::Release, Some(object)) = (workload.kind, workload.object()) {
        let standing = releases.inspect(&object).await?;
        return Ok(ChangeBasis {
            object: workload.id(),
            uid: Some(standing.uid.to_string()),
            template_hash: standing.template_hash,
            digests,
        });
    }
    let namespace = workload.namespace.as_deref().unwrap_or_default();
    let standing = cluster.standing(workload.kind, namespace, &workload.name).await?;
    Ok(ChangeBasis {
        object: workload.id(),
        uid: Some(standing.uid),
        template_hash: standing.template_hash,
        digests,
    })
}

/// The proposed references as they would be written, with the digest that each names.
fn digests(
    workload: &Workload,
    proposals: &[&Proposal],
    settings: &Settings,
    overrides: &Overrides,
) -> BTreeMap<String, Option<String>> {
    proposals
        .iter()
        .filter_map(|proposal| {
            let slot = &workload.slots[proposal.slot];
            let offer = proposal.candidate.as_ref()?;
            let digest = offer.digest.as_ref().map(ToString::to_string);
            if slot.image.chart().is_some() {
                return Some((slot.image.shown(&offer.tag), digest));
            }
            let pin: Pin = settings.merged.policy.limits(workload, slot, overrides).pin;
            let reference = written(slot.image.reference()?, offer, pin);
            Some((reference.as_written().to_owned(), digest))
        })
        .collect()
}

/// SHA-256 of every setting that counts, in order.
pub fn policy_hash(merged: &Merged) -> String {
    let settings = merged.entries.iter();
    sha256(settings.flat_map(|entry| [entry.key.as_bytes(), b"=", entry.value.as_bytes(), b"\n"]))
}

/// Writes the plan file: whole or not at all, and readable by its owner only.
///
/// # Errors
/// What the disk says.
pub fn write(file: &Path, plan: &Plan, basis: BasisOutput) -> Result<(), CommandError> {
    let text = machine::json(&plan_output(plan, Some(basis)))?;
    safe::replace(file, text.as_bytes())
        .with_context(|| format!("the plan could not be written to {}", file.display()))
        .map_err(|error| CommandError::environment(error).hint("check the path and the free space"))
}
