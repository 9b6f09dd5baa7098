use super::*;
use crate::domain::inventory::{Owner, Progress, SlotImage, Strategy};

const DEPLOYMENT: &str = r#"{
  "apiVersion": "apps/v1", "kind": "Deployment",
  "metadata": {
    "name": "web", "namespace": "prod", "generation": 4, "uid": "x",
    "labels": {"app": "web", "tier": "front\u0022end"},
    "annotations": {
      "safe-update.io/actions": "minor=auto",
      "safe-update.io/actions.app": "major=skip",
      "kubectl.kubernetes.io/last-applied-configuration": "{\"kind\":\"Deployment\"}",
      "deployment.kubernetes.io/revision": "7"
    },
    "managedFields": [
      {"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
      {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "fieldsV1": {}}
    ]
  },
  "spec": {
    "replicas": 3,
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}},
    "selector": {"matchLabels": {"app": "web"}},
    "template": {
      "metadata": {"labels": {"app": "web"}, "creationTimestamp": null},
      "spec": {
        "containers": [
          {"name": "app", "image": "ghcr.io/shop/web:1.2.3", "ports": [{"containerPort": 80}]},
          {"name": "proxy", "image": "Not Valid"},
          {"name": "later"}
        ],
        "initContainers": [{"name": "sidecar", "image": "ghcr.io/shop/web:1.2.3", "restartPolicy": "Always"}],
        "ephemeralContainers": null,
        "volumes": [
          {"name": "model", "image": {"reference": "ghcr.io/shop/model:v1", "pullPolicy": "Always"}},
          {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
        ],
        "imagePullSecrets": [{"name": "pull"}, {}],
        "serviceAccountName": "web",
        "nodeSelector": {"kubernetes.io/arch": "arm64"}
      }
    }
  },
  "status": {"observedGeneration": 4, "replicas": 3, "updatedReplicas": 3}
}"#;

fn read(kind: Kind, json: &str, leg: Leg) -> Workload {
    let object: WireObject<'_> = serde_json::from_str(json).expect("the fixture is JSON");
    workload(kind, &object, leg, &mut Interner::default())
}

fn images(workload: &Workload) -> Vec<(SlotKind, &str, &str)> {
    workload.slots.iter().map(|slot| (slot.kind, &*slot.name, slot.image.as_written())).collect()
}

#[test]
fn a_deployment_becomes_a_workload() {
    let web = read(Kind::Deployment, DEPLOYMENT, Leg::Kubernetes);
    assert_eq!(web.id(), "prod/deploy/web");
    assert_eq!(web.labels.get("tier").map(|tier| &**tier), Some("front\"end"));
    let annotations: Vec<_> = web.annotations.iter().map(|(k, v)| (&**k, &**v)).collect();
    assert_eq!(annotations, [("actions", "minor=auto"), ("actions.app", "major=skip")]);
    assert_eq!(web.owner, Owner::Manifest { manager: Some("kubectl-client-side-apply".into()) });
    assert_eq!(web.rollout.replicas, Some(3));
    assert_eq!(web.rollout.strategy, Strategy::Rolling);
    let pull = web.pull.as_deref().expect("a cluster's workload has an identity");
    assert_eq!(pull.secrets, ["pull".into()]);
    assert_eq!(&*pull.service_account, "web");
    assert_eq!(web.placement.architectures, ["arm64".into()]);
    assert_eq!(
        images(&web),
        [
            (SlotKind::Container, "app", "ghcr.io/shop/web:1.2.3"),
            (SlotKind::Container, "proxy", "Not Valid"),
            (SlotKind::InitContainer, "sidecar", "ghcr.io/shop/web:1.2.3"),
            (SlotKind::Volume, "model", "ghcr.io/shop/model:v1"),
        ]
    );
    assert!(matches!(web.slots[1].image, SlotImage::Malformed { .. }));
    let containers: Vec<_> = web.containers.iter().map(|name| &**name).collect();
    assert_eq!(containers, ["app", "proxy", "later", "sidecar", "model"]);
}

#[test]
fn a_file_has_no_cluster_facts() {
    let web = read(Kind::Deployment, DEPLOYMENT, Leg::File);
    assert_eq!(web.pull, None);
    assert_eq!(web.rollout.replicas, Some(3));
    assert_eq!(web.rollout.progress, Progress::Settled);
    assert_eq!(web.slots.len(), 4);
}

#[test]
fn every_kind_keeps_its_pod_spec_in_its_own_place() {
    let pod = r#"{"containers":[{"name":"c","image":"nginx"}]}"#;
    for kind in Kind::ALL {
        let spec = match kind {
            Kind::Pod => pod.to_owned(),
            Kind::CronJob => {
                format!(r#"{{"jobTemplate":{{"spec":{{"template":{{"spec":{pod}}}}}}}}}"#)
            }
            _ => format!(r#"{{"template":{{"spec":{pod}}}}}"#),
        };
        let json = format!(r#"{{"metadata":{{"name":"x"}},"spec":{spec}}}"#);
        let workload = read(kind, &json, Leg::Kubernetes);
        assert_eq!(images(&workload), [(SlotKind::Container, "c", "nginx")], "{kind}");
    }
}

#[test]
fn kinds_are_told_by_group() {
    for (api_version, kind, expected) in [
        ("apps/v1", "Deployment", Some(Kind::Deployment)),
        ("extensions/v1beta1", "DaemonSet", Some(Kind::DaemonSet)),
        ("batch/v1beta1", "CronJob", Some(Kind::CronJob)),
        ("v1", "Pod", Some(Kind::Pod)),
        ("v1", "Deployment", None),
        ("serving.knative.dev/v1", "Deployment", None),
        ("apps/v1", "Pod", None),
        ("v1", "ConfigMap", None),
    ] {
        assert_eq!(kind_of(api_version, kind), expected, "{api_version} {kind}");
    }
}

#[test]
fn parts_of_listed_workloads_are_told_apart() {
    for (kind, api_version, owner, controller, expected) in [
        (Kind::ReplicaSet, "apps/v1", "Deployment", true, true),
        (Kind::ReplicaSet, "apps/v1", "Deployment", false, false),
        (Kind::ReplicaSet, "argoproj.io/v1alpha1", "Rollout", true, false),
        (Kind::Pod, "apps/v1", "ReplicaSet", true, true),
        (Kind::Pod, "batch/v1", "Job", true, true),
        // Replication controllers are not listed, so their pods are.
        (Kind::Pod, "v1", "ReplicationController", true, false),
        (Kind::Pod, "v1", "Node", true, false),
        (Kind::Job, "batch/v1", "CronJob", true, true),
        (Kind::Deployment, "apps/v1", "Deployment", true, false),
    ] {
        let json = format!(
            r#"{{"ownerReferences":[{{"apiVersion":"{api_version}","kind":"{owner}","name":"o","controller":{controller}}}]}}"#
        );
        let metadata: WireMetadata<'_> = serde_json::from_str(&json).expect("the fixture is JSON");
        assert_eq!(is_part_of_a_listed_workload(kind, &metadata), expected, "{kind} {owner}");
    }
}

#[test]
fn sparse_and_null_objects_are_read() {
    for json in [
        "{}",
        r#"{"metadata":null,"spec":null,"status":null}"#,
        r#"{"metadata":{"labels":null,"annotations":null,"ownerReferences":null},"spec":{"template":null}}"#,
        r#"{"metadata":{"labels":{"a":null}},"spec":{"template":{"spec":{"containers":null}}}}"#,
    ] {
        assert!(read(Kind::Deployment, json, Leg::Kubernetes).slots.is_empty(), "{json}");
    }
}

#[test]
fn yaml_is_read_through_the_same_types() {
    let yaml = "
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
  labels:
    app: db
spec:
  updateStrategy: {rollingUpdate: {partition: 1}}
  template:
    spec:
      containers:
      - name: db
        image: postgres:16.1
";
    let object: WireObject<'_> = serde_yaml::from_str(yaml).expect("the fixture is YAML");
    assert_eq!(object.kind.as_deref(), Some("StatefulSet"));
    let workload = workload(Kind::StatefulSet, &object, Leg::File, &mut Interner::default());
    assert_eq!(workload.id(), "sts/db");
    assert_eq!(images(&workload), [(SlotKind::Container, "db", "postgres:16.1")]);
}
