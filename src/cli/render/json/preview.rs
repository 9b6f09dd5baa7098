//! The shape of a preview in JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::actions::preview::Previewed;
use crate::domain::diff::{Diff, LineTag};
use crate::domain::preview::{
    Fields, Ground, Mismatch, ObjectChange, ObjectKey, Preview, Size, Summary, Volatile,
};

/// What was seen of a release's upgrade before it was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PreviewedOutput {
    /// `NAMESPACE/release/NAME`.
    pub object: String,
    /// Whether the release stands on its chart; null where that is not known.
    pub ground: Option<GroundOutput>,
    /// Why it is not known; null where it is.
    pub ground_unknown: Option<String>,
    /// Images of the new chart that are not there, each with why.
    pub missing_images: Vec<String>,
    /// Images that are not built for every node on which they may land, each with which.
    pub unfit_images: Vec<String>,
    /// Images of which nobody could say.
    pub unseen_images: Vec<String>,
    /// What changes.
    pub preview: PreviewOutput,
}

/// Converts what was seen of an upgrade.
pub fn previewed_output(object: String, previewed: &Previewed) -> PreviewedOutput {
    PreviewedOutput {
        object,
        ground: previewed.ground.as_ref().ok().map(ground_output),
        ground_unknown: previewed.ground.as_ref().err().cloned(),
        missing_images: previewed.missing.clone(),
        unfit_images: previewed.misfits.clone(),
        unseen_images: previewed.unseen.clone(),
        preview: preview_output(&previewed.preview),
    }
}

/// What an upgrade of a release changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PreviewOutput {
    /// Images that change.
    pub images: Vec<ImageStepOutput>,
    /// Numbers of pods that change.
    pub replicas: Vec<StepOutput>,
    /// Amounts of containers that change.
    pub resources: Vec<StepOutput>,
    /// What is allowed from then on, and what is not any more.
    pub permissions: Vec<PermissionOutput>,
    /// Objects that Helm deletes.
    pub deleted: Vec<DeletionOutput>,
    /// Objects that leave the release and stay in the cluster.
    pub kept: Vec<ObjectOutput>,
    /// Changes that the API server refuses.
    pub would_fail: Vec<StepOutput>,
    /// What differs at every render.
    pub volatile: Vec<FieldsOutput>,
    /// What changes in the values.
    pub values: ValuesOutput,
    /// Objects that change.
    pub objects: Vec<ObjectChangeOutput>,
    /// Hooks that change.
    pub hooks: Vec<ObjectChangeOutput>,
    /// Definitions of kinds that change.
    pub crds: Vec<ObjectChangeOutput>,
}

/// An object.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObjectOutput {
    /// Its API group; empty for the core.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace; null for what belongs to the cluster.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// An image that changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImageStepOutput {
    /// Which object.
    pub object: ObjectOutput,
    /// Which container.
    pub container: String,
    /// It runs before the others.
    pub init: bool,
    /// The old image; null for a new container.
    pub from: Option<String>,
    /// The new image; null for a container that goes.
    pub to: Option<String>,
    /// patch, minor, major, digest, base or prerelease; null when the tags cannot be compared.
    pub bump: Option<&'static str>,
    /// The step goes to an older version.
    pub downgrade: bool,
}

/// A value that changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StepOutput {
    /// Which object.
    pub object: ObjectOutput,
    /// Which container; null when it concerns the object.
    pub container: Option<String>,
    /// Which field.
    pub field: String,
    /// The old value; null for none, and where it is not shown.
    pub from: Option<String>,
    /// The new value; null for none, and where it is not shown.
    pub to: Option<String>,
}

/// A permission that comes or goes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PermissionOutput {
    /// The role or binding.
    pub object: ObjectOutput,
    /// added or removed.
    pub change: &'static str,
    /// The role or binding itself comes or goes.
    pub whole: bool,
    /// What is allowed.
    pub rule: String,
    /// wildcard, secrets, escalation.
    pub dangers: Vec<&'static str>,
}

/// An object that Helm deletes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeletionOutput {
    /// Which object.
    pub object: ObjectOutput,
    /// What else goes with it; null for nothing.
    pub danger: Option<&'static str>,
}

/// Fields of an object.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldsOutput {
    /// Which object.
    pub object: ObjectOutput,
    /// Which fields; null for the whole object.
    pub fields: Option<Vec<String>>,
}

/// What changes in the values.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ValuesOutput {
    /// Effective values that change because the chart's defaults do.
    pub moved: Vec<ValueOutput>,
    /// Keys that the user sets and that the new chart no longer has.
    pub gone: Vec<String>,
}

/// A value that changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ValueOutput {
    /// Its place.
    pub path: String,
    /// The old value as YAML; null for none.
    pub from: Option<String>,
    /// The new value as YAML; null for none.
    pub to: Option<String>,
}

/// An object that changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObjectChangeOutput {
    /// Which object.
    pub object: ObjectOutput,
    /// Group and version, as apps/v1.
    pub api_version: String,
    /// The template that it comes from; null when that is not known.
    pub template: Option<String>,
    /// When Helm runs it; null for what is no hook.
    pub hook: Option<String>,
    /// added, removed or changed.
    pub change: &'static str,
    /// The difference in the unified form, without secret values.
    pub diff: String,
    /// How many lines of it are left out because there are too many.
    pub hidden_lines: usize,
}

/// Whether a release stands on the chart that is said to be installed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroundOutput {
    /// It does.
    pub same: bool,
    /// Objects that differ.
    pub objects: Vec<MismatchOutput>,
}

/// An object that a chart does not render as it is stored.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MismatchOutput {
    /// Which object.
    pub object: ObjectOutput,
    /// only-stored, only-rendered or fields.
    pub mismatch: &'static str,
    /// Which fields differ.
    pub fields: Vec<String>,
}

impl From<&ObjectKey> for ObjectOutput {
    fn from(key: &ObjectKey) -> Self {
        Self {
            group: key.group.to_string(),
            kind: key.kind.to_string(),
            namespace: key.namespace.as_deref().map(str::to_owned),
            name: key.name.to_string(),
        }
    }
}

impl From<&ObjectChange> for ObjectChangeOutput {
    fn from(change: &ObjectChange) -> Self {
        Self {
            object: (&change.key).into(),
            api_version: change.api_version.to_string(),
            template: (!change.template.is_empty()).then(|| change.template.to_string()),
            hook: change.hook.as_deref().map(str::to_owned),
            change: change.change.as_str(),
            diff: unified(&change.diff),
            hidden_lines: change.hidden,
        }
    }
}

impl From<&Volatile> for FieldsOutput {
    fn from(volatile: &Volatile) -> Self {
        let fields = match &volatile.fields {
            Fields::Whole => None,
            Fields::Paths(paths) => Some(paths.clone()),
        };
        Self { object: (&volatile.key).into(), fields }
    }
}

/// Converts a preview.
pub fn preview_output(preview: &Preview) -> PreviewOutput {
    let changes = |changes: &[ObjectChange]| changes.iter().map(Into::into).collect();
    let summary = &preview.summary;
    let text = |value: &Option<Box<str>>| value.as_deref().map(str::to_owned);
    PreviewOutput {
        images: images(summary),
        replicas: summary
            .replicas
            .iter()
            .map(|each| StepOutput {
                object: (&each.key).into(),
                container: None,
                field: "spec.replicas".to_owned(),
                from: each.from.map(|from| from.to_string()),
                to: each.to.map(|to| to.to_string()),
            })
            .collect(),
        resources: summary
            .resources
            .iter()
            .map(|each| StepOutput {
                object: (&each.key).into(),
                container: Some(each.container.to_string()),
                field: each.resource.to_string(),
                from: text(&each.from),
                to: text(&each.to),
            })
            .collect(),
        permissions: summary
            .permissions
            .iter()
            .map(|each| PermissionOutput {
                object: (&each.key).into(),
                change: if each.added { "added" } else { "removed" },
                whole: each.whole,
                rule: each.rule.text.to_string(),
                dangers: each.rule.dangers.iter().map(|danger| danger.as_str()).collect(),
            })
            .collect(),
        deleted: summary
            .deleted
            .iter()
            .map(|each| DeletionOutput { object: (&each.key).into(), danger: each.danger })
            .collect(),
        kept: summary.kept.iter().map(Into::into).collect(),
        would_fail: summary
            .refused
            .iter()
            .map(|each| StepOutput {
                object: (&each.key).into(),
                container: None,
                field: each.path.to_owned(),
                from: text(&each.from),
                to: text(&each.to),
            })
            .collect(),
        volatile: summary.volatile.iter().map(Into::into).collect(),
        values: values(summary),
        objects: changes(&preview.objects),
        hooks: changes(&preview.hooks),
        crds: changes(&preview.crds),
    }
}

fn images(summary: &Summary) -> Vec<ImageStepOutput> {
    summary
        .images
        .iter()
        .map(|each| {
            let bump = each.size.map(|size| match size {
                Size::Up(bump) | Size::Down(bump) => bump.as_str(),
            });
            ImageStepOutput {
                object: (&each.key).into(),
                container: each.container.to_string(),
                init: each.init,
                from: each.from.as_deref().map(str::to_owned),
                to: each.to.as_deref().map(str::to_owned),
                bump,
                downgrade: matches!(each.size, Some(Size::Down(_))),
            }
        })
        .collect()
}

fn values(summary: &Summary) -> ValuesOutput {
    let moved = summary.values.moved.iter().map(|each| ValueOutput {
        path: each.path.clone(),
        from: each.from.clone(),
        to: each.to.clone(),
    });
    ValuesOutput { moved: moved.collect(), gone: summary.values.gone.clone() }
}

fn unified(diff: &Diff) -> String {
    let mut text = String::new();
    for hunk in &diff.hunks {
        text.push_str(hunk.header.trim_end());
        text.push('\n');
        for line in &hunk.lines {
            text.push(match line.tag {
                LineTag::Context => ' ',
                LineTag::Removed => '-',
                LineTag::Added => '+',
            });
            text.push_str(&line.text);
            text.push('\n');
        }
    }
    text
}

/// Converts what is said of the ground.
pub fn ground_output(ground: &Ground) -> GroundOutput {
    let found = match ground {
        Ground::Same => &[][..],
        Ground::Differs(found) => found,
    };
    let objects = found.iter().map(|each| {
        let (mismatch, fields) = match &each.mismatch {
            Mismatch::OnlyStored => ("only-stored", Vec::new()),
            Mismatch::OnlyRendered => ("only-rendered", Vec::new()),
            Mismatch::Paths(paths) => ("fields", paths.clone()),
        };
        MismatchOutput { object: (&each.key).into(), mismatch, fields }
    });
    GroundOutput { same: found.is_empty(), objects: objects.collect() }
}
