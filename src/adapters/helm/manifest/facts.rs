//! What a summary says of an object: containers, their images and amounts, numbers of pods.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::adapters::workload::{ARCHITECTURE, OS};
use crate::domain::platform::Placement;
use crate::domain::preview::{ContainerFacts, Facts, ObjectKey};

/// Reads the facts that are the same for all kinds.
pub(super) fn facts(key: &ObjectKey, body: &Map<String, Value>) -> Facts {
    let spec = body.get("spec");
    let pod = pod_spec(key, body);
    let text = |name: &str| pod.and_then(|pod| pod.get(name)).and_then(Value::as_str);
    let lockable = matches!((&*key.group, &*key.kind), ("", "ConfigMap" | "Secret"));
    Facts {
        containers: pod.map(containers).unwrap_or_default(),
        volumes: pod.map(volumes).unwrap_or_default(),
        placement: pod.map(placement).unwrap_or_default(),
        pull_secrets: pod.map(pull_secrets).unwrap_or_default(),
        service_account: text("serviceAccountName").map(Into::into),
        replicas: spec.and_then(|spec| spec.get("replicas")).and_then(Value::as_u64),
        locked: lockable && body.get("immutable") == Some(&Value::Bool(true)),
        ..Facts::default()
    }
}

/// Where the containers stand; custom resources have them where Deployments have.
fn pod_spec<'v>(key: &ObjectKey, body: &'v Map<String, Value>) -> Option<&'v Value> {
    let spec = body.get("spec")?;
    match (&*key.group, &*key.kind) {
        ("", "Pod") => Some(spec),
        ("batch", "CronJob") => spec.get("jobTemplate")?.get("spec")?.get("template")?.get("spec"),
        _ => spec.get("template")?.get("spec"),
    }
}

fn pull_secrets(pod: &Value) -> Vec<Box<str>> {
    let named = pod.get("imagePullSecrets").and_then(Value::as_array).into_iter().flatten();
    named.filter_map(|one| Some(one.get("name")?.as_str()?.into())).collect()
}

/// Images as volumes (`image.reference`, Kubernetes 1.31).
fn volumes(pod: &Value) -> Vec<Box<str>> {
    let volumes = pod.get("volumes").and_then(Value::as_array).into_iter().flatten();
    volumes.filter_map(|one| Some(one.get("image")?.get("reference")?.as_str()?.into())).collect()
}

fn placement(pod: &Value) -> Placement {
    let selector = pod.get("nodeSelector").and_then(Value::as_object);
    let label = |names: [&str; 2]| {
        let value = names.iter().find_map(|name| selector?.get(*name)?.as_str());
        value.map(Arc::from)
    };
    let tolerations = pod.get("tolerations").and_then(Value::as_array);
    Placement {
        architectures: label(ARCHITECTURE).into_iter().collect(),
        os: label(OS),
        tolerates: tolerations.is_some_and(|tolerations| !tolerations.is_empty()),
    }
}

fn containers(pod: &Value) -> Vec<ContainerFacts> {
    let list = |name: &str| pod.get(name).and_then(Value::as_array).into_iter().flatten();
    let init = list("initContainers").map(|container| (container, true));
    init.chain(list("containers").map(|container| (container, false)))
        .filter_map(|(container, init)| {
            let text = |key: &str| container.get(key).and_then(Value::as_str);
            Some(ContainerFacts {
                name: text("name")?.into(),
                init,
                image: text("image").filter(|image| !image.is_empty()).map(Into::into),
                resources: container.get("resources").map(amounts).unwrap_or_default(),
            })
        })
        .collect()
}

fn amounts(resources: &Value) -> BTreeMap<Box<str>, Box<str>> {
    let mut amounts = BTreeMap::new();
    for list in ["requests", "limits"] {
        for (name, amount) in resources.get(list).and_then(Value::as_object).into_iter().flatten() {
            let amount = match amount {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            amounts.insert(format!("{list}.{name}").into(), amount.into());
        }
    }
    amounts
}
