//! The shape of `list -o json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::plan::{TargetOutput, WarningOutput, target};
use crate::domain::gate::owner_sentence;
use crate::domain::inventory::{Inventory, Owner};

/// Version of the shape.
const LIST: &str = "safe-update/list/v1";

/// `list -o json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "safe-update/list/v1")]
pub struct ListOutput {
    /// `safe-update/list/v1`.
    pub schema: &'static str,
    /// One entry per target.
    pub targets: Vec<ListedOutput>,
    /// What could not be read.
    pub warnings: Vec<WarningOutput>,
}

/// One target of the inventory.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedOutput {
    /// What it is.
    pub target: TargetOutput,
    /// The image as written.
    pub image: String,
    /// The registry it comes from; null for what is no image reference.
    pub registry: Option<String>,
    /// The repository in full; null for what is no image reference.
    pub repository: Option<String>,
    /// Its tag.
    pub tag: Option<String>,
    /// Its digest, where it is written.
    pub digest: Option<String>,
    /// Who owns the object, in a word or two.
    pub owner: String,
    /// Where to change it instead; null where it may be changed here.
    pub change_at: Option<String>,
}

/// Who owns an object, in a word or two.
pub fn owner_word(owner: &Owner) -> String {
    match owner {
        Owner::Nobody => "-".into(),
        Owner::Manifest { manager: None } => "manifest".into(),
        Owner::Manifest { manager: Some(manager) } => format!("manifest ({manager})"),
        Owner::Helm { release, namespace } => format!("Helm {namespace}/{release}"),
        Owner::ArgoCd { application: Some(application) } => format!("Argo CD {application}"),
        Owner::ArgoCd { application: None } => "Argo CD".into(),
        Owner::Flux { kind, namespace, name } => format!("Flux {kind} {namespace}/{name}"),
        Owner::Controller { kind, name } => format!("{kind}/{name}"),
        Owner::Olm => "OLM".into(),
        Owner::AddonManager => "addon manager".into(),
        Owner::Kapp => "kapp".into(),
        Owner::Fleet => "Fleet".into(),
        Owner::ManagedBy(tool) => tool.clone(),
        Owner::ClusterSystem => "cluster".into(),
        Owner::Ourselves => "safe-update".into(),
    }
}

/// Converts an inventory.
pub fn list_output(inventory: &Inventory) -> ListOutput {
    let targets = inventory
        .workloads
        .iter()
        .flat_map(|workload| workload.slots.iter().map(move |slot| (workload, slot)))
        .map(|(workload, slot)| {
            let reference = slot.image.reference();
            ListedOutput {
                target: target(workload, slot),
                image: slot.image.described().into_owned(),
                registry: reference.map(|each| each.repository().registry().to_string()),
                repository: reference.map(|each| each.repository().to_string()),
                tag: reference.and_then(|each| each.effective_tag().map(|tag| tag.to_string())),
                digest: reference.and_then(|each| each.digest().map(ToString::to_string)),
                owner: owner_word(&workload.owner),
                change_at: owner_sentence(&workload.owner),
            }
        })
        .collect();
    ListOutput {
        schema: LIST,
        targets,
        warnings: inventory.warnings.iter().map(Into::into).collect(),
    }
}
