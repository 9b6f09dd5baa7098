//! Which kinds belong to the cluster and have no namespace.

use serde_json::{Map, Value};

/// Group and kind of everything built in, or so common that it is as good as built in.
pub(super) const OF_CLUSTER: [(&str, &str); 37] = [
    ("", "ComponentStatus"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("cert-manager.io", "ClusterIssuer"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("external-secrets.io", "ClusterExternalSecret"),
    ("external-secrets.io", "ClusterSecretStore"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("karpenter.sh", "NodePool"),
    ("kyverno.io", "ClusterPolicy"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("policy", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
];

/// Whether objects of a kind are known to have no namespace.
pub(super) fn is_of_cluster(group: &str, kind: &str) -> bool {
    OF_CLUSTER.binary_search(&(group, kind)).is_ok()
}

/// Whether an object defines a kind.
pub(super) fn is_definition(group: &str, kind: &str) -> bool {
    (group, kind) == ("apiextensions.k8s.io", "CustomResourceDefinition")
}

/// Group and kind of what an object defines, when that belongs to the cluster.
pub(super) fn defined(body: &Map<String, Value>) -> Option<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let group = body.get("apiVersion")?.as_str()?.split_once('/')?.0;
    if !is_definition(group, body.get("kind")?.as_str()?) {
        return None;
    }
    let spec = body.get("spec")?;
    let cluster = spec.get("scope")?.as_str()? == "Cluster";
    cluster.then(|| Some((text(spec.get("group")?)?, text(spec.get("names")?.get("kind")?)?)))?
}
