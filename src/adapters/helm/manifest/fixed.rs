//! Fields that the API server does not let anyone change, by kind, as its validation has them
//! (`pkg/apis/*/validation`, Kubernetes 1.34). Fields that the server fills in by itself count with
//! that value.

use serde_json::{Map, Value};

use crate::adapters::hash;
use crate::domain::preview::{Fingerprint, Fixed, FixedRule, ObjectKey};

/// Longer values are not shown.
const SHOWN_MAX: usize = 100;

/// The claims of a `StatefulSet`.
const CLAIMS: &str = "spec.volumeClaimTemplates";

/// A field, where it stands, which changes are refused, and what it is when nothing is set.
type Field = (&'static str, FixedRule, Option<&'static str>);

/// Reads the fixed fields of an object.
pub(super) fn fixed(key: &ObjectKey, body: &Map<String, Value>) -> Vec<Fixed> {
    let at = |path: &str| find(body, path);
    let mut found: Vec<_> = fields(key)
        .into_iter()
        .filter_map(|(path, rule, default)| {
            let set = at(path).filter(|value| !is_empty(value)).cloned();
            let value = set.or_else(|| default.map(|text| Value::String(text.into())))?;
            let value = if path == CLAIMS { claim_templates(value) } else { value };
            Some(field(path, rule, &value))
        })
        .collect();
    match (&*key.group, &*key.kind) {
        // A service that points outside has no address of its own.
        ("", "Service") if at("spec.type").and_then(Value::as_str) == Some("ExternalName") => {
            found.push(field("spec.clusterIP", FixedRule::Free, &Value::Null));
        }
        ("", "PersistentVolumeClaim") => {
            if let Some(Value::Object(spec)) = body.get("spec") {
                found.push(field("spec", FixedRule::Always, &Value::Object(claim(spec))));
            }
        }
        ("", "Pod") => {
            if let Some(Value::Object(spec)) = body.get("spec") {
                found.push(field("spec", FixedRule::Always, &Value::Object(pod(spec))));
            }
        }
        ("batch", "Job") => {
            // Completions of an indexed job may change together with its parallelism.
            let completions = at("spec.completions");
            let indexed = at("spec.completionMode").and_then(Value::as_str) == Some("Indexed");
            let free = indexed && completions == at("spec.parallelism");
            let rule = if free { FixedRule::FreeAfter } else { FixedRule::Always };
            if let Some(completions) = completions {
                found.push(field("spec.completions", rule, completions));
            }
        }
        _ => {}
    }
    found
}

fn fields(key: &ObjectKey) -> Vec<Field> {
    use FixedRule::{Always, OnceSet, Shrinking, ToAnother, WhenLocked};
    match (&*key.group, &*key.kind) {
        ("apps", "Deployment" | "DaemonSet" | "ReplicaSet") => {
            vec![("spec.selector", Always, None)]
        }
        ("apps", "StatefulSet") => vec![
            ("spec.selector", Always, None),
            ("spec.serviceName", Always, Some("")),
            ("spec.podManagementPolicy", Always, Some("OrderedReady")),
            (CLAIMS, Always, None),
        ],
        ("batch", "Job") => vec![
            // The server makes one where none is written.
            ("spec.selector", OnceSet, None),
            ("spec.template", Always, None),
            ("spec.completionMode", Always, Some("NonIndexed")),
            ("spec.podFailurePolicy", Always, None),
            ("spec.successPolicy", Always, None),
            ("spec.backoffLimitPerIndex", Always, None),
            ("spec.managedBy", Always, None),
        ],
        ("", "Service") => vec![("spec.clusterIP", ToAnother, None)],
        ("", "PersistentVolumeClaim") => vec![
            ("spec.resources.requests.storage", Shrinking, None),
            // The cluster chooses these where nothing is written.
            ("spec.storageClassName", OnceSet, None),
            ("spec.volumeName", OnceSet, None),
        ],
        ("", "ConfigMap") => {
            vec![("data", WhenLocked, None), ("binaryData", WhenLocked, None)]
        }
        ("", "Secret") => vec![
            ("type", Always, Some("Opaque")),
            ("data", WhenLocked, None),
            ("stringData", WhenLocked, None),
        ],
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            vec![("roleRef.kind", Always, None), ("roleRef.name", Always, None)]
        }
        ("storage.k8s.io", "StorageClass") => vec![
            ("provisioner", Always, None),
            ("parameters", Always, None),
            ("reclaimPolicy", Always, Some("Delete")),
            ("volumeBindingMode", Always, Some("Immediate")),
        ],
        ("scheduling.k8s.io", "PriorityClass") => {
            vec![
                ("value", Always, None),
                ("preemptionPolicy", Always, Some("PreemptLowerPriority")),
            ]
        }
        ("node.k8s.io", "RuntimeClass") => vec![("handler", Always, None)],
        ("networking.k8s.io", "IngressClass") => vec![("spec.controller", Always, None)],
        ("apiextensions.k8s.io", "CustomResourceDefinition") => vec![("spec.scope", Always, None)],
        _ => Vec::new(),
    }
}

/// Nothing is the same as an empty list.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// Claims without what the server fills in by itself.
fn claim_templates(mut claims: Value) -> Value {
    for claim in claims.as_array_mut().into_iter().flatten() {
        let Some(claim) = claim.as_object_mut() else { continue };
        for filled in ["apiVersion", "kind", "status"] {
            claim.remove(filled);
        }
        if let Some(spec) = claim.get_mut("spec").and_then(Value::as_object_mut) {
            spec.entry("volumeMode").or_insert_with(|| "Filesystem".into());
        }
    }
    claims
}

/// The claim without what may change, or has a rule of its own.
fn claim(spec: &Map<String, Value>) -> Map<String, Value> {
    let mut rest = spec.clone();
    for free in ["resources", "storageClassName", "volumeName", "volumeAttributesClassName"] {
        rest.remove(free);
    }
    rest.entry("volumeMode").or_insert_with(|| "Filesystem".into());
    rest
}

/// The pod without what may change.
fn pod(spec: &Map<String, Value>) -> Map<String, Value> {
    let mut rest = spec.clone();
    for free in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"] {
        rest.remove(free);
    }
    for list in ["containers", "initContainers"] {
        for container in rest.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                container.remove("image");
            }
        }
    }
    rest
}

fn find<'v>(body: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let mut steps = path.split('.');
    let first = body.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

fn field(path: &'static str, rule: FixedRule, value: &Value) -> Fixed {
    let shown = match value {
        // Only fields whose values are words of the API, names and amounts are shown.
        _ if matches!(path, "data" | "stringData" | "binaryData") => None,
        Value::String(text) if text.len() <= SHOWN_MAX => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    };
    // Maps are in the order of their keys, so the same value is the same text.
    let text = value.to_string();
    Fixed { path, shown, fingerprint: Fingerprint::new(hash::sha256([text.as_bytes()])), rule }
}
