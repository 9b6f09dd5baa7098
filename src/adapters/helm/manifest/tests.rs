use serde_json::{Value, json};

use super::*;
use crate::domain::preview::{Input, Preview, PreviewObject, ValuesChanges, canonical, preview};

mod effects;
mod normal;
mod secrets;

fn objects(text: &str) -> Vec<PreviewObject> {
    read(text, "shop").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn one(text: &str) -> PreviewObject {
    let mut objects = objects(text);
    assert_eq!(objects.len(), 1, "{text}");
    objects.remove(0)
}

/// An object of some kind with some content.
fn object(api_version: &str, kind: &str, rest: &str) -> String {
    format!("---\napiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: x\n{rest}")
}

fn previewed(before: &str, after: &str) -> Preview {
    preview(Input {
        before: &objects(before),
        after: &objects(after),
        volatile: Vec::new(),
        values: ValuesChanges::default(),
        context: Some(3),
    })
}

/// The lines of a difference that change.
fn changed(preview: &Preview) -> Vec<String> {
    use crate::domain::diff::LineTag;
    let changes = [&preview.objects, &preview.hooks, &preview.crds].into_iter().flatten();
    changes
        .flat_map(|change| &change.diff.hunks)
        .flat_map(|hunk| &hunk.lines)
        .filter_map(|line| match line.tag {
            LineTag::Context => None,
            LineTag::Removed => Some(format!("-{}", line.text.trim_start())),
            LineTag::Added => Some(format!("+{}", line.text.trim_start())),
        })
        .collect()
}

#[test]
fn a_manifest_is_split_and_each_object_knows_its_template() {
    let text = "\u{feff}# Source: shop/templates/empty.yaml\n\n---\n# Source: shop/templates/a.yaml\n\
        apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    --- \n    ---\n--- \r\n\
        # Source: shop/charts/sub/templates/b.yaml\n# a comment\napiVersion: apps/v1\nkind: Deployment\n\
        metadata: {name: b, namespace: other}\n---\n---\nnull\n---\napiVersion: v1\nkind: Namespace\n\
        metadata: {name: 1234}\n";
    let found: Vec<_> = objects(text)
        .iter()
        .map(|object| format!("{} [{}] {}", object.key, object.api_version, object.template))
        .collect();
    assert_eq!(
        found,
        [
            "ConfigMap shop/a [v1] shop/templates/a.yaml",
            "Deployment other/b [apps/v1] shop/charts/sub/templates/b.yaml",
            "Namespace 1234 [v1] ",
        ]
    );
    for empty in ["", "\n", "---\n", "# Source: x\n---\n# y\n"] {
        assert_eq!(objects(empty), []);
    }
}

#[test]
fn lists_are_flattened() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n\
        - null\n- apiVersion: rbac.authorization.k8s.io/v1\n  kind: RoleList\n  items:\n  - metadata: {name: b}\n";
    let found: Vec<_> = objects(text).iter().map(|object| object.key.to_string()).collect();
    assert_eq!(found, ["ConfigMap shop/a", "Role shop/b"]);
}

#[test]
fn what_is_no_object_is_an_error_with_its_template_and_line() {
    let check = |document: &str, expected: &str| {
        let text = format!(
            "---\n# Source: a.yaml\napiVersion: v1\nkind: List\nitems: []\n---\n{document}"
        );
        let error = read(&text, "shop").expect_err(document);
        assert_eq!(error.to_string(), expected, "{document}");
    };
    let named = |rest: &str| format!("# Source: shop/templates/b.yaml\n\n{rest}");
    check(
        &named("- a\n"),
        "shop/templates/b.yaml: line 9 of the manifest: the document is no object",
    );
    check("text\n", "line 7 of the manifest: the document is no object");
    check(
        &named("kind: X\n"),
        "shop/templates/b.yaml: line 9 of the manifest: the object has no apiVersion",
    );
    check(
        &named("apiVersion: v1\n"),
        "shop/templates/b.yaml: line 9 of the manifest: the object has no kind",
    );
    check(
        &named("apiVersion: v1\nkind: Secret\nmetadata: {}\n"),
        "shop/templates/b.yaml: line 9 of the manifest: the Secret has no name in its metadata",
    );
    check(
        &named("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  a: eA==\n  a: eQ==\n"),
        "shop/templates/b.yaml: line 14 of the manifest: the key \"a\" stands here twice",
    );
    check(
        &named("apiVersion: v1\nkind: Secret\n  metadata: x\n"),
        "shop/templates/b.yaml: line 11 of the manifest: mapping values are not allowed in this context",
    );
}

#[test]
fn kinds_of_the_cluster_have_no_namespace() {
    let check = |api_version: &str, kind: &str, expected: Option<&str>| {
        let object = one(&object(api_version, kind, ""));
        assert_eq!(object.key.namespace.as_deref(), expected, "{kind}");
    };
    check("v1", "Namespace", None);
    check("rbac.authorization.k8s.io/v1", "ClusterRole", None);
    check("rbac.authorization.k8s.io/v1", "Role", Some("shop"));
    check("storage.k8s.io/v1", "StorageClass", None);
    check("example.com/v1", "Namespace", Some("shop"));
    check("example.com/v1", "Widget", Some("shop"));
    // What the manifest itself defines.
    let definition = object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "spec: {group: example.com, scope: Cluster, names: {kind: Widget}}\n",
    );
    let both = objects(&format!("{}{definition}", object("example.com/v1", "Widget", "")));
    assert_eq!(both[0].key.namespace, None);
    assert!(both[1].marks.crd);
}

#[test]
fn every_kind_of_the_cluster_is_found() {
    for (group, kind) in kinds::OF_CLUSTER {
        assert!(kinds::is_of_cluster(group, kind), "{group}/{kind}");
    }
}

#[test]
fn marks_are_read() {
    let marks = |annotations: &str| {
        one(&object("v1", "ConfigMap", &format!("  annotations: {annotations}\n"))).marks
    };
    let hook = marks("{helm.sh/hook: 'pre-upgrade,post-install'}");
    assert_eq!(hook.hook.as_deref(), Some("pre-upgrade,post-install"));
    assert!(marks("{helm.sh/resource-policy: Keep}").keep);
    assert!(!marks("{helm.sh/resource-policy: delete}").keep);
    assert_eq!(marks("{}"), crate::domain::preview::Marks::default());
}

#[test]
fn facts_of_containers() {
    let pod = "containers: [{name: app, image: 'a:1', resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1500m}}}], \
        initContainers: [{name: init, image: 'b:1'}]";
    for (api_version, kind, spec) in [
        ("v1", "Pod", format!("spec: {{{pod}}}")),
        ("apps/v1", "Deployment", format!("spec: {{replicas: 3, template: {{spec: {{{pod}}}}}}}")),
        (
            "batch/v1",
            "CronJob",
            format!("spec: {{jobTemplate: {{spec: {{template: {{spec: {{{pod}}}}}}}}}}}"),
        ),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            format!("spec: {{replicas: 3, template: {{spec: {{{pod}}}}}}}"),
        ),
    ] {
        let facts = one(&object(api_version, kind, &spec)).facts;
        let [init, app] = &facts.containers[..] else { panic!("{kind}: {facts:?}") };
        assert_eq!((&*init.name, init.init, init.image.as_deref()), ("init", true, Some("b:1")));
        let amounts: Vec<_> =
            app.resources.iter().map(|(name, amount)| format!("{name} {amount}")).collect();
        assert_eq!(amounts, ["limits.cpu 1500m", "requests.cpu 1", "requests.memory 1Gi"]);
        assert_eq!(facts.replicas, spec.contains("replicas").then_some(3));
    }
}

#[test]
fn trees_keep_their_values() {
    let value = json!({"a": [1, 1.5, "1", true, null, {"b": {}}]});
    let text = canonical(&values(&value));
    assert_eq!(text, "a:\n- 1\n- 1.5\n- \"1\"\n- true\n- null\n- b: {}\n");
    let again: Value = serde_yaml::from_str(&text).expect("YAML");
    assert_eq!(again, value);
}

#[test]
fn schemas_may_nest_deeply_and_nothing_may_nest_without_end() {
    let nested = |depth: usize| {
        let spec = format!("spec: {}1{}\n", "{a: ".repeat(depth), "}".repeat(depth));
        read(&object("example.com/v1", "Widget", &spec), "shop")
    };
    let deep = nested(60).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(canonical(&deep[0].body).lines().count(), 65);
    assert!(nested(100_000).is_err());
}
