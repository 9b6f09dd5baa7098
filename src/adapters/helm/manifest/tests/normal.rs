use proptest::prelude::*;

use super::*;

#[test]
fn what_means_the_same_is_the_same_text() {
    let check = |one_rest: &str, two_rest: &str, same: bool| {
        let of = |rest| one(&object("example.com/v1", "Widget", rest));
        let (left, right) = (of(one_rest), of(two_rest));
        assert_eq!(
            canonical(&left.body) == canonical(&right.body),
            same,
            "{one_rest} | {two_rest}"
        );
        assert_eq!(left.body == right.body, same, "{one_rest} | {two_rest}");
    };
    check("spec: {b: 1, a: 2}\n", "spec:\n  a: 2\n  b: 1 # one\n", true);
    check("spec: {a: \"x\"}\n", "spec: {a: 'x'}\n", true);
    check("spec: {a: x, b: null}\n", "spec: {a: x}\n", true);
    check("spec:\n  a:\n", "spec: {}\n", true);
    check("spec: {a: {}}\n", "spec: {}\n", false);
    check("  labels: {}\n  annotations:\n", "", true);
    check("spec: {metadata: {labels: {}}}\n", "spec: {metadata: {}}\n", true);
    check("spec: {a: 1}\n", "spec: {a: \"1\"}\n", false);
    check("spec: {a: 1}\n", "spec: {a: 1.0}\n", true);
    check("spec: {a: 1e3}\n", "spec: {a: 1000}\n", true);
    check("spec: {a: 0644}\n", "spec: {a: 420}\n", true);
    check("spec: {a: 0x10}\n", "spec: {a: 16}\n", true);
    check("spec: {a: yes}\n", "spec: {a: true}\n", true);
    check("spec: {a: yes}\n", "spec: {a: \"yes\"}\n", false);
    check("spec: {a: true}\n", "spec: {a: \"true\"}\n", false);
    check("spec: {a: [1, 2]}\n", "spec: {a: [2, 1]}\n", false);
    check("spec: {a: \"x\\ny\\n\"}\n", "spec:\n  a: |\n    x\n    y\n", true);
    check("spec:\n  a: &x {b: 1}\n  c: *x\n", "spec: {a: {b: 1}, c: {b: 1}}\n", true);
    check("  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}\n", "", true);
}

#[test]
fn the_text_reads_well() {
    let text = object(
        "apps/v1",
        "Deployment",
        r#"spec:
  template:
    spec:
      volumes: []
      containers:
        - name: app
          args: ["--port=80", "-v", "a: b", "", "on", "1.5", "2024-01-01", "x # y", "é"]
          env: [{name: MODE, value: "10"}, {name: SIZE, value: 10Gi}]
          command:
          - sh
          - -c
          - |
            set -e

              echo
          lifecycle: [[a, b], [c]]
"#,
    );
    insta::assert_snapshot!(canonical(&one(&text).body), @r#"
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: x
    spec:
      template:
        spec:
          containers:
          - args:
            - --port=80
            - -v
            - "a: b"
            - ""
            - "on"
            - "1.5"
            - "2024-01-01"
            - "x # y"
            - é
            command:
            - sh
            - -c
            - |
              set -e

                echo
            env:
            - name: MODE
              value: "10"
            - name: SIZE
              value: 10Gi
            lifecycle:
            -
              - a
              - b
            -
              - c
            name: app
          volumes: []
    "#);
}

#[test]
fn objects_of_the_same_meaning_are_not_listed() {
    let before = "---\n# Source: a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {}}\ndata: {x: 'z'}\n";
    let after = "---\n# Source: b.yaml\ndata:\n  x: z\nkind: ConfigMap\napiVersion: v1\nmetadata:\n  name: a\n  namespace: shop\n";
    // The namespace is written in one and implied in the other.
    let preview = previewed(before, after);
    assert!(preview.is_empty(), "{:?}", changed(&preview));
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z]{0,6}",
        "[ -~]{0,12}",
        "[-0-9.eExX_+: #]{0,6}",
        "[ \\ta-z\\n]{0,12}",
        "\\PC{0,6}",
        "(yes|no|null|~|true|---|=|<<|\\.inf|0o7|1_000|12:30)",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        text.clone().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(text.clone(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_text_of_a_tree_is_yaml_of_the_same_value(value in value()) {
        let tree = values(&json!({ "a": value }));
        let text = canonical(&tree);
        let again: Value = serde_yaml::from_str(&text)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(values(&again), tree, "{}", text);
    }
}
