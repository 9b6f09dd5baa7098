use super::*;
use crate::domain::preview::{Change, Fields, Ground, Mismatch, ground, volatile};

fn refused(before: &str, after: &str) -> Vec<String> {
    let steps = previewed(before, after).summary.refused.into_iter().map(|each| {
        let shown = |value: Option<Box<str>>| value.map_or_else(|| "?".to_owned(), Into::into);
        format!("{} {} {}", each.path, shown(each.from), shown(each.to))
    });
    steps.collect()
}

#[track_caller]
fn check(api_version: &str, kind: &str, before: &str, after: &str, expected: &[&str]) {
    let (old, new) = (object(api_version, kind, before), object(api_version, kind, after));
    assert_eq!(refused(&old, &new), expected, "{kind}: {before} | {after}");
    assert_eq!(refused(&old, &old), [""; 0], "{kind}: {before}");
}

fn set(rest: &str) -> String {
    format!("spec: {{{rest}}}\n")
}

#[test]
fn changes_of_workloads_that_the_api_server_refuses() {
    let selector =
        |app: &str| format!("spec: {{replicas: 1, selector: {{matchLabels: {{app: {app}}}}}}}\n");
    for kind in ["Deployment", "DaemonSet", "StatefulSet"] {
        check("apps/v1", kind, &selector("a"), &selector("b"), &["spec.selector ? ?"]);
    }
    let sets = |before: &str, after: &str, expected: &[&str]| {
        check("apps/v1", "StatefulSet", &set(before), &set(after), expected);
    };
    sets("serviceName: a", "serviceName: b", &["spec.serviceName a b"]);
    sets("serviceName: ''", "replicas: 1", &[]);
    sets(
        "replicas: 1",
        "podManagementPolicy: Parallel",
        &["spec.podManagementPolicy OrderedReady Parallel"],
    );
    sets("replicas: 1", "podManagementPolicy: OrderedReady", &[]);
    sets(
        "volumeClaimTemplates: [{metadata: {name: a}, spec: {resources: {requests: {storage: 1Gi}}}}]",
        "volumeClaimTemplates: [{metadata: {name: a}, spec: {resources: {requests: {storage: 2Gi}}}}]",
        &["spec.volumeClaimTemplates ? ?"],
    );
    sets(
        "volumeClaimTemplates: [{metadata: {name: a}, spec: {volumeMode: Filesystem}}]",
        "volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {}}]",
        &[],
    );
    sets(
        "replicas: 1, template: {metadata: {labels: {a: b}}}, minReadySeconds: 1",
        "replicas: 2, updateStrategy: {type: OnDelete}, revisionHistoryLimit: 1, ordinals: {start: 1}, \
         persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}",
        &[],
    );
    let jobs = |before: &str, after: &str, expected: &[&str]| {
        check("batch/v1", "Job", &set(before), &set(after), expected);
    };
    jobs("template: {a: 1}", "template: {a: 2}", &["spec.template ? ?"]);
    jobs("completions: 1", "completions: 2", &["spec.completions 1 2"]);
    jobs("completions: 1, parallelism: 1", "completions: 1, parallelism: 2, suspend: true", &[]);
    jobs(
        "completionMode: Indexed, completions: 1, parallelism: 1",
        "completionMode: Indexed, completions: 2, parallelism: 2",
        &[],
    );
    jobs(
        "completionMode: Indexed, completions: 1, parallelism: 1",
        "completionMode: Indexed, completions: 2, parallelism: 1",
        // The free one is the old one; what counts is the new one.
        &["spec.completions 1 2"],
    );
    // Helm makes a hook anew.
    let hook = |rest: &str| format!("  annotations: {{helm.sh/hook: pre-upgrade}}\n{}", set(rest));
    check("batch/v1", "Job", &hook("template: {a: 1}"), &hook("template: {a: 2}"), &[]);
    let pod = |image: &str, command: &str| {
        set(&format!("containers: [{{name: a, image: {image}, command: [{command}]}}]"))
    };
    check("v1", "Pod", &pod("a", "x"), &pod("b", "x"), &[]);
    check("v1", "Pod", &pod("a", "x"), &pod("a", "y"), &["spec ? ?"]);
}

#[test]
fn changes_that_the_api_server_refuses() {
    let services = |before: &str, after: &str, expected: &[&str]| {
        check("v1", "Service", &set(before), &set(after), expected);
    };
    services("clusterIP: 10.0.0.1", "clusterIP: 10.0.0.2", &["spec.clusterIP 10.0.0.1 10.0.0.2"]);
    services("type: ClusterIP", "clusterIP: None", &["spec.clusterIP ? None"]);
    services("clusterIP: None", "type: ClusterIP", &[]);
    services("clusterIP: ''", "type: NodePort", &[]);
    services("type: ExternalName", "clusterIP: None", &[]);
    let claims = |before: &str, after: &str, expected: &[&str]| {
        check("v1", "PersistentVolumeClaim", &set(before), &set(after), expected);
    };
    let size = |size: &str| format!("resources: {{requests: {{storage: {size}}}}}");
    claims(&size("1Gi"), &size("2Gi"), &[]);
    claims(&size("1Gi"), &size("1024Mi"), &[]);
    claims(&size("2Gi"), &size("1Gi"), &["spec.resources.requests.storage 2Gi 1Gi"]);
    claims("accessModes: [ReadWriteOnce]", "accessModes: [ReadWriteMany]", &["spec ? ?"]);
    claims("storageClassName: a", "storageClassName: b", &["spec.storageClassName a b"]);
    claims("volumeMode: Filesystem", "storageClassName: b", &[]);
    for kind in ["ConfigMap", "Secret"] {
        check("v1", kind, "data: {a: eA==}\n", "data: {a: eQ==}\n", &[]);
        check(
            "v1",
            kind,
            "immutable: true\ndata: {a: eA==}\n",
            "immutable: true\ndata: {a: eQ==}\n",
            &["data ? ?"],
        );
        check("v1", kind, "immutable: true\n", "immutable: false\n", &["immutable true false"]);
        check("v1", kind, "data: {a: eA==}\n", "immutable: true\ndata: {a: eQ==}\n", &[]);
    }
    check("v1", "Secret", "type: Opaque\n", "data: {}\n", &[]);
    check(
        "v1",
        "Secret",
        "data: {}\n",
        "type: kubernetes.io/tls\n",
        &["type Opaque kubernetes.io/tls"],
    );
    let bind = |name: &str| format!("roleRef: {{kind: Role, name: {name}}}\nsubjects: []\n");
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        check("rbac.authorization.k8s.io/v1", kind, &bind("a"), &bind("b"), &["roleRef.name a b"]);
    }
    let class = |before: &str, after: &str, expected: &[&str]| {
        check("storage.k8s.io/v1", "StorageClass", before, after, expected);
    };
    class("provisioner: a\n", "provisioner: b\n", &["provisioner a b"]);
    class("parameters: {a: b}\n", "parameters: {a: c}\n", &["parameters ? ?"]);
    class("reclaimPolicy: Delete\n", "allowVolumeExpansion: true\n", &[]);
}

#[test]
fn permissions_are_compared_by_what_they_allow() {
    let role = |rules: &str| {
        object("rbac.authorization.k8s.io/v1", "ClusterRole", &format!("rules: [{rules}]\n"))
    };
    let lines = |before: &str, after: &str| -> Vec<String> {
        let found = previewed(before, after).summary.permissions.into_iter().map(|each| {
            let dangers: Vec<_> = each.rule.dangers.iter().map(|danger| danger.as_str()).collect();
            let sign = if each.added { '+' } else { '-' };
            format!("{sign}{} {dangers:?}", each.rule.text)
        });
        found.collect()
    };
    let check = |before: &str, after: &str, expected: &[&str]| {
        assert_eq!(lines(&role(before), &role(after)), expected, "{before} | {after}");
    };
    let pods = "{apiGroups: [''], resources: [pods], verbs: [get, list]}";
    check(
        pods,
        "{apiGroups: [''], resources: [pods], verbs: [list]}, {apiGroups: [''], resources: [pods], verbs: [get]}",
        &[],
    );
    check(
        pods,
        "{apiGroups: ['', apps], resources: [pods, secrets], verbs: [get]}",
        &[
            "-pods: get, list []",
            "+apps/pods: get []",
            "+apps/secrets: get []",
            "+pods: get []",
            "+secrets: get [\"secrets\"]",
        ],
    );
    check(
        "",
        "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}",
        &["+*/*: * [\"wildcard\", \"secrets\"]"],
    );
    check(
        "",
        "{apiGroups: [apps], resources: ['*'], verbs: [get]}",
        &["+apps/*: get [\"wildcard\"]"],
    );
    check(
        "",
        "{apiGroups: [''], resources: [secrets], resourceNames: [a], verbs: ['*']}",
        &["+secrets (a): * [\"wildcard\", \"secrets\"]"],
    );
    check("", "{nonResourceURLs: [/metrics], verbs: [get]}", &["+url /metrics: get []"]);
    check(
        "",
        "{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [escalate]}",
        &["+rbac.authorization.k8s.io/roles: escalate [\"escalation\"]"],
    );
    let binding = |name: &str| {
        let rest = format!(
            "roleRef: {{kind: ClusterRole, name: {name}}}\nsubjects: [{{kind: ServiceAccount, name: web}}, {{kind: Group, name: dev}}]\n"
        );
        object("rbac.authorization.k8s.io/v1", "RoleBinding", &rest)
    };
    assert_eq!(
        lines("", &binding("cluster-admin")),
        [
            "+Group dev gets ClusterRole cluster-admin [\"wildcard\"]",
            "+ServiceAccount shop/web gets ClusterRole cluster-admin [\"wildcard\"]",
        ]
    );
    assert_eq!(lines(&binding("view"), "").len(), 2);
    assert!(previewed("", &binding("view")).summary.permissions[0].whole);
}

#[test]
fn objects_come_and_go() {
    let kept = "  annotations: {helm.sh/resource-policy: keep}\n";
    let hook = "  annotations: {helm.sh/hook: test}\n";
    let before = [
        object("v1", "PersistentVolumeClaim", ""),
        object("v1", "ConfigMap", ""),
        object("v1", "Secret", kept),
        object("batch/v1", "Job", hook),
        object("apiextensions.k8s.io/v1", "CustomResourceDefinition", ""),
    ];
    let after = [object("apps/v1", "Deployment", ""), object("v1", "Pod", hook)];
    let preview = previewed(&before.concat(), &after.concat());
    let shown = |changes: &[crate::domain::preview::ObjectChange]| -> Vec<String> {
        changes.iter().map(|change| format!("{} {}", change.change.as_str(), change.key)).collect()
    };
    assert_eq!(
        shown(&preview.objects),
        [
            "removed ConfigMap shop/x",
            "removed PersistentVolumeClaim shop/x",
            "added Deployment shop/x"
        ]
    );
    assert_eq!(shown(&preview.hooks), ["added Pod shop/x", "removed Job shop/x"]);
    assert_eq!(shown(&preview.crds), ["removed CustomResourceDefinition x"]);
    let deleted: Vec<_> = preview
        .summary
        .deleted
        .iter()
        .map(|each| format!("{} {}", each.key.kind, each.danger.is_some()))
        .collect();
    assert_eq!(
        deleted,
        ["ConfigMap false", "PersistentVolumeClaim true", "CustomResourceDefinition true"]
    );
    assert_eq!(preview.summary.kept.len(), 1);
    // What becomes a hook is deleted and made anew.
    let preview = previewed(&object("batch/v1", "Job", ""), &object("batch/v1", "Job", hook));
    assert_eq!(preview.summary.deleted.len(), 1);
    assert_eq!(preview.hooks[0].change, Change::Added);
    // Another version of the API is the same object.
    let preview = previewed(&object("policy/v1beta1", "X", ""), &object("policy/v1", "X", ""));
    assert_eq!(changed(&preview), ["-apiVersion: policy/v1beta1", "+apiVersion: policy/v1"]);
}

#[test]
fn what_differs_at_every_render_is_no_other_ground() {
    let render = |random: &str, replicas: u32| {
        let secret = format!(
            "---\n# Source: s.yaml\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{a: {random}, b: same}}\n"
        );
        let job = format!(
            "---\n# Source: j.yaml\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: j-{random}}}\n"
        );
        let deployment = format!(
            "---\n# Source: d.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{replicas: {replicas}, template: {{metadata: {{annotations: {{checksum/secret: {random}}}}}}}}}\n"
        );
        objects(&[secret, job, deployment].concat())
    };
    let (one, two) = (render("qpzm", 1), render("wxyv", 1));
    let found = volatile(&one, &two);
    let shown: Vec<_> = found
        .iter()
        .map(|each| match &each.fields {
            Fields::Whole => format!("{} whole", each.key),
            Fields::Paths(paths) => format!("{} {}", each.key, paths.join(" ")),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "Secret shop/s stringData.a",
            "Deployment shop/d spec.template.metadata.annotations.checksum/secret",
            "Job shop/j-qpzm whole",
            "Job shop/j-wxyv whole",
        ]
    );
    assert_eq!(volatile(&one, &one), []);
    let stored = render("asdf", 1);
    assert_eq!(ground(&stored, &one, &found), Ground::Same);
    let Ground::Differs(other) = ground(&render("asdf", 2), &one, &found) else { panic!("same") };
    assert_eq!(other.len(), 1);
    assert_eq!(other[0].mismatch, Mismatch::Paths(vec!["spec.replicas".to_owned()]));
    assert!(matches!(ground(&stored, &one, &[]), Ground::Differs(other) if other.len() == 4));
    assert!(
        matches!(ground(&stored, &one[..2], &found), Ground::Differs(other) if other[0].mismatch == Mismatch::OnlyStored)
    );
    // Hooks are not stored with the manifest.
    let mut rendered = one;
    rendered.extend(objects(&object("batch/v1", "Job", "  annotations: {helm.sh/hook: test}\n")));
    assert_eq!(ground(&stored, &rendered, &found), Ground::Same);
}
