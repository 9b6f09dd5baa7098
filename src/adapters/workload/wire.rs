//! The part of the API's objects that is read: a subset, borrowed from the bytes where the format
//! allows it. Unknown fields are skipped without being kept (managed fields and the last applied
//! configuration are most of an object), null counts as absent, and a missing field is never an
//! error: whoever needs it says so.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::text::{Annotations, Pairs, PlacedText, Text, WireAmount};

/// Null is the same as nothing.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An object of any kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireObject<'a> {
    /// Group and version; absent in the items of a list.
    pub api_version: Option<Text<'a>>,
    /// Kind; absent in the items of a list.
    pub kind: Option<Text<'a>>,
    /// Name, marks, owners.
    #[serde(deserialize_with = "nullable")]
    pub metadata: WireMetadata<'a>,
    /// What is wanted.
    #[serde(deserialize_with = "nullable")]
    pub spec: WireSpec<'a>,
    /// What is.
    #[serde(deserialize_with = "nullable")]
    pub status: WireStatus<'a>,
}

/// The metadata that is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireMetadata<'a> {
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: Text<'a>,
    /// Namespace.
    pub namespace: Option<Text<'a>>,
    /// Tells the object from every other of its name.
    pub uid: Option<Text<'a>>,
    /// Labels.
    #[serde(deserialize_with = "nullable")]
    pub labels: Pairs<'a>,
    /// Annotations, those that matter.
    #[serde(deserialize_with = "nullable")]
    pub annotations: Annotations<'a>,
    /// Owners.
    #[serde(deserialize_with = "nullable")]
    pub owner_references: Vec<WireOwnerReference<'a>>,
    /// Counts changes of the spec.
    pub generation: Option<i64>,
    /// RFC 3339 in UTC, so that it sorts as text.
    pub creation_timestamp: Option<Text<'a>>,
    /// Who wrote fields; which ones is skipped.
    #[serde(deserialize_with = "nullable")]
    pub managed_fields: Vec<WireManagedFields<'a>>,
}

/// An entry of `metadata.ownerReferences`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireOwnerReference<'a> {
    /// Group and version.
    #[serde(deserialize_with = "nullable")]
    pub api_version: Text<'a>,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: Text<'a>,
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: Text<'a>,
    /// Whether it is the managing controller.
    pub controller: Option<bool>,
}

/// An entry of `metadata.managedFields`, without the fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireManagedFields<'a> {
    /// Name of the manager.
    #[serde(deserialize_with = "nullable")]
    pub manager: Text<'a>,
    /// `Apply` or `Update`.
    #[serde(deserialize_with = "nullable")]
    pub operation: Text<'a>,
    /// `status`, `scale`; empty for the object itself.
    #[serde(deserialize_with = "nullable")]
    pub subresource: Text<'a>,
}

/// The spec of any kind; the kinds have no field of the same name with another meaning.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireSpec<'a> {
    /// Pod: containers.
    #[serde(deserialize_with = "nullable")]
    pub containers: Vec<WireContainer<'a>>,
    /// Pod: init containers, sidecars included.
    #[serde(deserialize_with = "nullable")]
    pub init_containers: Vec<WireContainer<'a>>,
    /// Pod: debugging containers.
    #[serde(deserialize_with = "nullable")]
    pub ephemeral_containers: Vec<WireContainer<'a>>,
    /// Pod: volumes.
    #[serde(deserialize_with = "nullable")]
    pub volumes: Vec<WireVolume<'a>>,
    /// Pod: pull secrets.
    #[serde(deserialize_with = "nullable")]
    pub image_pull_secrets: Vec<WireNamed<'a>>,
    /// Pod: service account.
    pub service_account_name: Option<Text<'a>>,
    /// Pod: taints that it bears.
    #[serde(deserialize_with = "nullable")]
    pub tolerations: Vec<IgnoredAny>,
    /// Pod: labels that a node must have.
    #[serde(deserialize_with = "nullable")]
    pub node_selector: Pairs<'a>,
    /// Wanted replicas.
    pub replicas: Option<u32>,
    /// Deployment: paused.
    #[serde(deserialize_with = "nullable")]
    pub paused: bool,
    /// Job and `CronJob`: suspended.
    #[serde(deserialize_with = "nullable")]
    pub suspend: bool,
    /// Deployment: how pods are replaced.
    #[serde(deserialize_with = "nullable")]
    pub strategy: WireStrategy<'a>,
    /// `StatefulSet` and `DaemonSet`: how pods are replaced.
    #[serde(deserialize_with = "nullable")]
    pub update_strategy: WireStrategy<'a>,
    /// `StatefulSet`: claims; only their number is of interest.
    #[serde(deserialize_with = "nullable")]
    pub volume_claim_templates: Vec<IgnoredAny>,
    /// Selector; absent matches nothing.
    pub selector: Option<WireSelector<'a>>,
    /// Pod template.
    pub template: Option<Box<WireTemplate<'a>>>,
    /// `CronJob`: job template.
    pub job_template: Option<Box<WireJobTemplate<'a>>>,
}

impl<'a> WireSpec<'a> {
    /// The pod spec: in the template, in the job's template, or this spec itself.
    pub fn pod(&self) -> &WireSpec<'a> {
        self.pod_template().map_or(self, |template| &template.spec)
    }

    /// The pod template, where the kind has one.
    pub fn pod_template(&self) -> Option<&WireTemplate<'a>> {
        self.template.as_deref().or_else(|| self.job_template.as_deref()?.spec.template.as_deref())
    }
}

/// A pod template.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireTemplate<'a> {
    /// Labels of the pods.
    #[serde(deserialize_with = "nullable")]
    pub metadata: WireMetadata<'a>,
    /// The pod spec.
    #[serde(deserialize_with = "nullable")]
    pub spec: WireSpec<'a>,
}

/// The job template of a `CronJob`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireJobTemplate<'a> {
    /// The spec of the job.
    #[serde(deserialize_with = "nullable")]
    pub spec: WireSpec<'a>,
}

/// A container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireContainer<'a> {
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: Text<'a>,
    /// Image; a template that something else completes may leave it out.
    pub image: Option<PlacedText<'a>>,
}

/// A volume, as far as images and claims go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireVolume<'a> {
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: Text<'a>,
    /// An image that is mounted.
    pub image: Option<WireImageVolume<'a>>,
    /// A claim that is mounted.
    pub persistent_volume_claim: Option<WireClaim<'a>>,
}

/// `volumes[].image`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireImageVolume<'a> {
    /// The image.
    pub reference: Option<PlacedText<'a>>,
}

/// `volumes[].persistentVolumeClaim`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireClaim<'a> {
    /// Name of the claim.
    #[serde(deserialize_with = "nullable")]
    pub claim_name: Text<'a>,
}

/// Something that has a name and nothing else of interest.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireNamed<'a> {
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: Text<'a>,
}

/// `strategy` and `updateStrategy`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireStrategy<'a> {
    /// `RollingUpdate`, `Recreate`, `OnDelete`.
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub kind: Text<'a>,
    /// Details of a rolling update.
    #[serde(deserialize_with = "nullable")]
    pub rolling_update: WireRollingUpdate<'a>,
}

/// Details of a rolling update.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireRollingUpdate<'a> {
    /// `StatefulSet`: pods below this ordinal stay.
    pub partition: Option<u32>,
    /// Deployment: pods beyond the wanted number, a number or a percentage.
    pub max_surge: Option<WireAmount<'a>>,
}

/// A label selector. Job selectors, disruption budgets and apps/v1 write it in the same way.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireSelector<'a> {
    /// Labels and the value that each must have.
    #[serde(deserialize_with = "nullable")]
    pub match_labels: Pairs<'a>,
    /// Further requirements; all must hold.
    #[serde(deserialize_with = "nullable")]
    pub match_expressions: Vec<WireRequirement<'a>>,
}

/// One requirement of a label selector.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireRequirement<'a> {
    /// The label.
    #[serde(deserialize_with = "nullable")]
    pub key: Text<'a>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    #[serde(deserialize_with = "nullable")]
    pub operator: Text<'a>,
    /// The values of `In` and `NotIn`.
    #[serde(deserialize_with = "nullable")]
    pub values: Vec<Text<'a>>,
}

/// The status of any kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireStatus<'a> {
    /// The generation that the controller has seen.
    #[serde(deserialize_with = "nullable")]
    pub observed_generation: i64,
    /// Pods, old and new.
    #[serde(deserialize_with = "nullable")]
    pub replicas: u32,
    /// Pods of the wanted template.
    #[serde(deserialize_with = "nullable")]
    pub updated_replicas: u32,
    /// `DaemonSet`: nodes that should run a pod.
    #[serde(deserialize_with = "nullable")]
    pub desired_number_scheduled: u32,
    /// `DaemonSet`: nodes that run a pod of the wanted template.
    #[serde(deserialize_with = "nullable")]
    pub updated_number_scheduled: u32,
    /// `StatefulSet`: the revision that was rolled out before.
    #[serde(deserialize_with = "nullable")]
    pub current_revision: Text<'a>,
    /// `StatefulSet`: the revision that is wanted.
    #[serde(deserialize_with = "nullable")]
    pub update_revision: Text<'a>,
    /// Conditions.
    #[serde(deserialize_with = "nullable")]
    pub conditions: Vec<WireCondition<'a>>,
    /// Pod: `Running`, `Succeeded`, …
    #[serde(deserialize_with = "nullable")]
    pub phase: Text<'a>,
    /// Pod: what the containers run.
    #[serde(deserialize_with = "nullable")]
    pub container_statuses: Vec<WireContainerStatus<'a>>,
    /// Pod: what the init containers ran.
    #[serde(deserialize_with = "nullable")]
    pub init_container_statuses: Vec<WireContainerStatus<'a>>,
    /// Pod: what the debugging containers run.
    #[serde(deserialize_with = "nullable")]
    pub ephemeral_container_statuses: Vec<WireContainerStatus<'a>>,
}

/// A condition.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireCondition<'a> {
    /// `Progressing`, `Available`, …
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub kind: Text<'a>,
    /// One word.
    #[serde(deserialize_with = "nullable")]
    pub reason: Text<'a>,
}

/// What a node reports of a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
pub struct WireContainerStatus<'a> {
    /// Name of the container.
    #[serde(deserialize_with = "nullable")]
    pub name: Text<'a>,
    /// What runs, in a form that depends on the container runtime.
    #[serde(rename = "imageID", deserialize_with = "nullable")]
    pub image_id: Text<'a>,
}
