//! Who decides what an object looks like, from the marks that owners leave on it.
//!
//! The evidence in its order; the first that is found counts:
//!
//! 1. an owner reference with `controller: true` (Operator Lifecycle Manager's own kind is OLM);
//! 2. Argo CD: the annotation `argocd.argoproj.io/tracking-id`, or one of its field managers. The
//!    label `app.kubernetes.io/instance` proves nothing, because every chart writes it;
//! 3. Flux: its labels with name and namespace, or one of its field managers;
//! 4. Fleet, which deploys through Helm as well;
//! 5. OLM's labels, the addon manager's label, k3s' addons, kapp's label;
//! 6. Helm: the release annotations, or its label or field manager with a name of the release;
//! 7. this program itself;
//! 8. any other `app.kubernetes.io/managed-by`;
//! 9. a system namespace of the cluster;
//! 10. a manifest: the last applied configuration, or a field manager that applies.
//!
//! What delivers from Git comes before Helm, because it delivers charts too, and a change made to
//! the release would be undone. Field managers of subresources (status, scale) own nothing, and an
//! imperative `kubectl create`, `set`, `edit` or `rollout` leaves nobody.

use crate::domain::inventory::{Kind, Owner};

use super::wire::{WireManagedFields, WireMetadata, WireOwnerReference};

/// Field manager and label value of this program.
const OURSELVES: &str = "safe-update";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const INSTANCE: &str = "app.kubernetes.io/instance";
pub(in crate::adapters) const SYSTEM_NAMESPACES: [&str; 3] =
    ["kube-system", "kube-public", "kube-node-lease"];
const ARGO_CD_MANAGERS: [&str; 2] = ["argocd-controller", "argocd-application-controller"];
const FLUX_MANAGERS: [&str; 2] = ["kustomize-controller", "helm-controller"];
const FLEET_MANAGERS: [&str; 2] = ["fleetagent", "fleet-agent"];

/// The owner that the marks name.
pub(super) fn owner(metadata: &WireMetadata<'_>) -> Owner {
    controller(metadata)
        .map(|owner| match &*owner.kind {
            "ClusterServiceVersion" => Owner::Olm,
            kind => Owner::Controller { kind: kind.to_owned(), name: owner.name.to_string() },
        })
        .or_else(|| argo_cd(metadata))
        .or_else(|| flux(metadata))
        .or_else(|| fleet(metadata))
        .or_else(|| platform(metadata))
        .or_else(|| helm(metadata))
        .or_else(|| ourselves(metadata))
        .or_else(|| managed_by(metadata))
        .or_else(|| system(metadata))
        .or_else(|| manifest(metadata))
        .unwrap_or(Owner::Nobody)
}

/// The owner reference of the managing controller.
pub fn controller<'m, 'a>(metadata: &'m WireMetadata<'a>) -> Option<&'m WireOwnerReference<'a>> {
    metadata.owner_references.iter().find(|owner| owner.controller == Some(true))
}

/// Whether the controller of an object is a workload that is listed itself, so that the object is
/// only a part of it.
pub(super) fn is_part_of_a_listed_workload(kind: Kind, metadata: &WireMetadata<'_>) -> bool {
    controller(metadata).is_some_and(|owner| {
        matches!(
            (kind, &*owner.api_version, &*owner.kind),
            (Kind::ReplicaSet, "apps/v1", "Deployment")
                | (Kind::Job, "batch/v1", "CronJob")
                | (Kind::Pod, "apps/v1", "ReplicaSet" | "StatefulSet" | "DaemonSet")
                | (Kind::Pod, "batch/v1", "Job")
        )
    })
}

/// Managers of the object itself, without those of its subresources.
fn managers<'m, 'a>(
    metadata: &'m WireMetadata<'a>,
) -> impl Iterator<Item = &'m WireManagedFields<'a>> {
    metadata.managed_fields.iter().filter(|entry| entry.subresource.is_empty())
}

fn manager_of(metadata: &WireMetadata<'_>, names: &[&str]) -> Option<String> {
    managers(metadata)
        .find(|entry| names.contains(&&*entry.manager))
        .map(|entry| entry.manager.to_string())
}

fn argo_cd(metadata: &WireMetadata<'_>) -> Option<Owner> {
    // APPLICATION:GROUP/KIND:NAMESPACE/NAME
    let tracking = metadata.annotations.pairs.get("argocd.argoproj.io/tracking-id");
    let application =
        tracking.and_then(|id| id.split(':').next()).filter(|application| !application.is_empty());
    let known = tracking.is_some() || manager_of(metadata, &ARGO_CD_MANAGERS).is_some();
    known.then(|| Owner::ArgoCd { application: application.map(str::to_owned) })
}

fn flux(metadata: &WireMetadata<'_>) -> Option<Owner> {
    let labelled = |kind: &'static str, group: &str| {
        let name = metadata.labels.get(&format!("{group}/name"))?;
        let namespace = metadata.labels.get(&format!("{group}/namespace"));
        Some(Owner::Flux {
            kind,
            namespace: namespace.or(metadata.namespace.as_deref()).unwrap_or_default().to_owned(),
            name: name.to_owned(),
        })
    };
    // A HelmRelease is delivered by a Kustomization; what it renders belongs to the release.
    labelled("HelmRelease", "helm.toolkit.fluxcd.io")
        .or_else(|| labelled("Kustomization", "kustomize.toolkit.fluxcd.io"))
        .or_else(|| {
            let manager = manager_of(metadata, &FLUX_MANAGERS)?;
            Some(match (&*manager, release(metadata)) {
                ("helm-controller", Some((name, namespace))) => {
                    Owner::Flux { kind: "HelmRelease", namespace, name }
                }
                // Without labels the name of the Flux object is not known.
                _ => Owner::ManagedBy(manager),
            })
        })
}

fn fleet(metadata: &WireMetadata<'_>) -> Option<Owner> {
    let annotations = &metadata.annotations.pairs;
    let marked = annotations.any_under("fleet.cattle.io/")
        || metadata.labels.any_under("fleet.cattle.io/")
        || annotations.get("objectset.rio.cattle.io/id").is_some_and(|id| id.contains("fleet"))
        || manager_of(metadata, &FLEET_MANAGERS).is_some();
    marked.then_some(Owner::Fleet)
}

fn platform(metadata: &WireMetadata<'_>) -> Option<Owner> {
    let labels = &metadata.labels;
    if labels.any_under("olm.owner") || labels.any_under("operators.coreos.com/") {
        return Some(Owner::Olm);
    }
    if labels.get("addonmanager.kubernetes.io/mode").is_some() {
        return Some(Owner::AddonManager);
    }
    if let Some(owner) = metadata.annotations.pairs.get("objectset.rio.cattle.io/owner-gvk") {
        // `k3s.cattle.io/v1, Kind=Addon`: what k3s and RKE2 deploy from the disk of a server.
        if owner.starts_with("k3s.cattle.io/") {
            return Some(Owner::AddonManager);
        }
    }
    labels.get("kapp.k14s.io/app").map(|_| Owner::Kapp)
}

/// Name and namespace of the Helm release that the annotations name.
fn release(metadata: &WireMetadata<'_>) -> Option<(String, String)> {
    let annotations = &metadata.annotations.pairs;
    let name = annotations.get("meta.helm.sh/release-name")?;
    let namespace = annotations
        .get("meta.helm.sh/release-namespace")
        .or(metadata.namespace.as_deref())
        .unwrap_or_default();
    Some((name.to_owned(), namespace.to_owned()))
}

fn helm(metadata: &WireMetadata<'_>) -> Option<Owner> {
    if let Some((release, namespace)) = release(metadata) {
        return Some(Owner::Helm { release, namespace });
    }
    // A chart that was rendered and applied by hand has Helm's label too, and no release.
    manager_of(metadata, &["helm"])?;
    Some(match metadata.labels.get(INSTANCE) {
        Some(instance) => Owner::Helm {
            release: instance.to_owned(),
            namespace: metadata.namespace.as_deref().unwrap_or_default().to_owned(),
        },
        None => Owner::ManagedBy("Helm".to_owned()),
    })
}

fn ourselves(metadata: &WireMetadata<'_>) -> Option<Owner> {
    let name = "app.kubernetes.io/name";
    let marks = [metadata.labels.get(name), metadata.annotations.pairs.get(name)];
    marks.contains(&Some(OURSELVES)).then_some(Owner::Ourselves)
}

fn managed_by(metadata: &WireMetadata<'_>) -> Option<Owner> {
    let tool = metadata.labels.get(MANAGED_BY)?;
    // Helm was judged by better evidence.
    let known = tool.is_empty() || tool == "Helm";
    (!known).then(|| Owner::ManagedBy(tool.to_owned()))
}

fn system(metadata: &WireMetadata<'_>) -> Option<Owner> {
    let namespace = metadata.namespace.as_deref()?;
    SYSTEM_NAMESPACES.contains(&namespace).then_some(Owner::ClusterSystem)
}

fn manifest(metadata: &WireMetadata<'_>) -> Option<Owner> {
    let applies = managers(metadata)
        .find(|entry| &*entry.operation == "Apply" && &*entry.manager != OURSELVES)
        .map(|entry| entry.manager.to_string());
    let manager = if metadata.annotations.last_applied {
        manager_of(metadata, &["kubectl-client-side-apply"]).or(applies)
    } else {
        Some(applies?)
    };
    Some(Owner::Manifest { manager })
}

#[cfg(test)]
mod tests;
