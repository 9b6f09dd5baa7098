//! From files to workloads, and what is said about what is wrong.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::Manifests;
use crate::domain::inventory::{Inventory, Kind, Leg};
use crate::ports::{DiscoverError, ObjectName, Platform, Query, Scope};

fn discover(manifests: &Manifests, query: &Query) -> Result<Inventory, DiscoverError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(manifests.discover(query))
}

fn read_with(text: &str, query: &Query) -> Result<Inventory, DiscoverError> {
    let stdin = std::io::Cursor::new(text.to_owned().into_bytes());
    discover(&Manifests::new(vec![PathBuf::from("-")], stdin), query)
}

fn read(text: &str) -> Result<Inventory, DiscoverError> {
    read_with(text, &Query::default())
}

fn found(inventory: &Inventory) -> Vec<String> {
    let mut found = Vec::new();
    for workload in &inventory.workloads {
        let origin = workload.origin.as_ref().expect("an origin");
        for slot in &workload.slots {
            let line = slot.line.map_or("?".to_owned(), |line| line.to_string());
            let (id, image) = (workload.target_id(slot), slot.image.as_written());
            found.push(format!("{} {line} {id} {image}", origin.line));
        }
    }
    found
}

fn message(result: Result<Inventory, DiscoverError>) -> (String, Option<String>) {
    match result {
        Err(DiscoverError::Invalid { message, hint }) => (message, hint),
        other => panic!("not refused as invalid: {other:?}"),
    }
}

const SHOP: &str = r#"# The shop.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {app: web, version: 1.10}
spec:
  replicas: 2
  template:
    spec:
      initContainers:
        - name: migrate
          image: "ghcr.io/acme/migrate:v1.2.0" # keep in step
      containers:
        - image: nginx:1.25.3
          name: web
        - {name: log, image: fluent-bit:2.1}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  image: not-an-image:1
  doc: |
    kind: Deployment
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: report
              image: >-
                python:3.11-slim
"#;

const SHOP_FOUND: [&str; 4] = [
    "2 16 shop/deploy/web:web nginx:1.25.3",
    "2 18 shop/deploy/web:log fluent-bit:2.1",
    "2 14 shop/deploy/web:migrate ghcr.io/acme/migrate:v1.2.0",
    "28 39 cj/report:report python:3.11-slim",
];

#[test]
fn workloads_know_their_file_and_lines() {
    let inventory = read(SHOP).expect("an inventory");
    assert_eq!(found(&inventory), SHOP_FOUND);
    let web = &inventory.workloads[0];
    assert_eq!((web.leg, web.kind), (Leg::File, Kind::Deployment));
    assert_eq!(web.labels["version"].as_ref(), "1.10", "text stays as it was written");
    assert_eq!(web.origin.as_ref().map(|origin| &*origin.file), Some("-"));
    assert!(inventory.warnings.is_empty());
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    for text in [SHOP.replace('\n', "\r\n"), format!("\u{feff}{SHOP}")] {
        assert_eq!(found(&read(&text).expect("an inventory")), SHOP_FOUND);
    }
}

#[test]
fn lists_and_json_are_read() {
    let pod = |name: &str| {
        format!(
            r#"{{"metadata":{{"name":"{name}"}},"spec":{{"containers":[{{"name":"c","image":"a:1"}}]}}}}"#
        )
    };
    let typed =
        format!(r#"{{"apiVersion":"v1","kind":"PodList","items":[{},{}]}}"#, pod("a"), pod("b"));
    assert_eq!(found(&read(&typed).expect("json")), ["1 1 pod/a:c a:1", "1 1 pod/b:c a:1"]);
    let full = pod("x").replacen('{', r#"{"apiVersion":"v1","kind":"Pod","#, 1);
    // An object of another kind in the list whose spec looks otherwise.
    let odd = r#"{"apiVersion":"x.io/v1","kind":"Odd","spec":{"template":"text","containers":7}}"#;
    let mixed = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{odd},{full}]}}"#);
    assert_eq!(found(&read(&mixed).expect("json")), ["1 ? pod/x:c a:1"]);
    // Values in a row, and tabs, which YAML does not take.
    let row = format!("{full}\n\t{full}\n");
    assert_eq!(read(&row).expect("json").workloads.len(), 2);
    let yaml = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\n  spec:\n    containers:\n    - name: c\n      image: a:1\n";
    assert_eq!(found(&read(yaml).expect("yaml")), ["1 10 pod/p:c a:1"]);
}

#[test]
fn anchors_merges_and_the_line_of_what_an_alias_means() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - &c\n    name: a\n    image: &i a:1\n  - <<: *c\n    name: b\n  - name: d\n    image: *i\n";
    let expected = ["1 8 pod/p:a a:1", "1 8 pod/p:b a:1", "1 8 pod/p:d a:1"];
    assert_eq!(found(&read(text).expect("an inventory")), expected);
}

#[test]
fn what_is_no_workload_is_passed_over_with_a_warning() {
    for text in [
        "",
        "# only a comment\n",
        "a: 1\n",
        "- hosts: all\n  tasks: []\n",
        "just text\n",
        "apiVersion: x.io/v1\nkind: Odd\nspec: {template: 3, replicas: many}\n",
        "apiVersion: [1]\nkind: {a: b}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: patch}\nspec: {replicas: 3}\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: a:1}]}\n",
        // Both belong to workloads that are found themselves.
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web-5f, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]}\nspec: {template: {spec: {containers: [{name: c, image: a:1}]}}}\n",
    ] {
        let inventory = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(inventory.workloads.is_empty(), "{text}");
        assert_eq!(inventory.warnings[0].code, "no-workloads", "{text}");
    }
}

#[test]
fn broken_documents_are_all_told_with_their_places() {
    let good = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: []}\n";
    for (text, place, said, hint) in [
        ("a: 1\n b: 2\n", "-:2:3", "", None),
        ("a:\n\tb: 2\n", "-:2:1", "a tab cannot indent", Some("indent with spaces")),
        ("kind: Pod\nkind: Pod\n", "-:2:1", "stands here twice", Some("keep one")),
        ("a: {{ .Values.x }}\nb: [\n", "-:", "", Some("helm template")),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: many}\n",
            "-:4:18",
            "",
            None,
        ),
        ("a: *gone\n", "-:1:4", "", None),
    ] {
        let text = format!("{good}---\n{text}---\n{good}");
        let (message, hinted) = message(read(&text));
        let line = |place: &str| -> String {
            let mut parts = place.splitn(3, ':');
            let (file, line, rest) = (parts.next(), parts.next(), parts.next());
            match (file, line.and_then(|line| line.parse::<u32>().ok()), rest) {
                (Some(file), Some(line), Some(column)) => format!("{file}:{}:{column}", line + 5),
                _ => place.to_owned(),
            }
        };
        assert!(message.starts_with(&line(place)), "{text}\n{message}");
        assert!(message.contains(said), "{text}\n{message}");
        match hint {
            Some(hint) => assert!(hinted.is_some_and(|h| h.contains(hint)), "{message}"),
            None => assert_eq!(hinted, None, "{message}"),
        }
    }
    let (message, _) = message(read("a: [\n---\nb: [\n---\nc: 1\n"));
    assert!(message.contains("-:1:") || message.contains("-:2:"), "{message}");
    assert_eq!(message.lines().filter(|line| line.starts_with("-:")).count(), 2, "{message}");
}

#[test]
fn secrets_are_not_shown() {
    let (message, _) =
        message(read("apiVersion: v1\nkind: Secret\nstringData:\n  a: hush: hush\n"));
    assert!(message.starts_with("-:4:") && !message.contains("hush"), "{message}");
}

#[test]
fn selectors_namespaces_and_names_choose() {
    let text = "
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: one, labels: {app: a}}
spec: {containers: [{name: c, image: x:1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: two, labels: {app: b}}
spec: {containers: [{name: c, image: x:1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: c}
spec: {containers: [{name: c, image: x:1}]}
";
    let names = |query: &Query| -> Vec<String> {
        let inventory = read_with(text, query).expect("an inventory");
        inventory.workloads.iter().map(|workload| workload.name.to_string()).collect()
    };
    let selected = |selector: &str| Query { selector: Some(selector.into()), ..Query::default() };
    let object = |namespace: Option<&str>, name: &str| ObjectName {
        namespace: namespace.map(str::to_owned),
        kind: Kind::Pod,
        name: name.into(),
    };
    let only = |object| Query { objects: vec![object], ..Query::default() };
    assert_eq!(names(&Query::default()), ["a", "b", "c"]);
    assert_eq!(names(&selected("app in (a)")), ["a"]);
    assert_eq!(names(&selected("app!=a")), ["b", "c"]);
    let scope = Scope::Namespace("one".into());
    assert_eq!(names(&Query { scope, ..Query::default() }), ["a", "c"]);
    assert_eq!(names(&only(object(None, "b"))), ["b"]);
    assert_eq!(names(&only(object(Some("any"), "c"))), ["c"]);
    let missing = read_with(text, &only(object(Some("one"), "b")));
    assert!(
        matches!(&missing, Err(DiscoverError::NotFound { object }) if object == "one/pod/b"),
        "{missing:?}"
    );
    assert!(names(&selected("app=")).is_empty());
}

#[test]
fn what_only_a_server_can_do_is_refused() {
    let query = Query { field_selector: Some("spec.nodeName=a".into()), ..Query::default() };
    assert!(message(read_with("", &query)).0.contains("needs a cluster"));
    let query = Query { selector: Some("app in web".into()), ..Query::default() };
    assert!(message(read_with("", &query)).0.contains("no label requirement"));
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

fn names_in(folder: &std::path::Path, paths: &[&str]) -> (Vec<String>, Vec<&'static str>) {
    let paths = paths.iter().map(|path| folder.join(path)).collect();
    let inventory = discover(&Manifests::new(paths, std::io::empty()), &Query::default());
    let inventory = inventory.expect("an inventory");
    let files = inventory.workloads.iter().map(|workload| {
        let file = &workload.origin.as_ref().expect("an origin").file;
        file.rsplit('/').next().unwrap_or_default().to_owned()
    });
    (files.collect(), inventory.warnings.iter().map(|warning| warning.code).collect())
}

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: x:1}]}\n";

#[test]
fn directories_are_searched_for_manifests() {
    let folder = folder(&[
        ("b.yaml", POD),
        ("a.yml", POD),
        ("sub/deep/c.yaml", POD),
        ("z.json", &serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}).to_string()),
        ("notes.txt", POD),
        (".hidden.yaml", POD),
        (".git/x.yaml", POD),
        ("safe-update.yaml", POD),
        ("kustomization.yaml", POD),
        ("chart/Chart.yaml", "name: c"),
        ("chart/templates/x.yaml", "a: {{ x }}: ["),
        ("registry/oci-layout", "{}"),
        ("registry/index.json", "{broken"),
    ]);
    let (files, warnings) = names_in(folder.path(), &[""]);
    assert_eq!(files, ["a.yml", "b.yaml", "c.yaml", "z.json"]);
    assert_eq!(warnings, ["helm-chart"]);
    // What is named itself counts, whatever it is called, and only once.
    let (files, _) = names_in(folder.path(), &["notes.txt", "b.yaml", "", "./b.yaml"]);
    assert_eq!(files, ["notes.txt", "b.yaml", "a.yml", "c.yaml", "z.json"]);
}

#[test]
fn an_empty_directory_is_a_warning_and_a_missing_one_an_error() {
    let folder = folder(&[]);
    assert_eq!(names_in(folder.path(), &[""]).1, ["no-workloads"]);
    let missing = |path: &str| {
        let manifests = Manifests::new(vec![folder.path().join(path)], std::io::empty());
        message(discover(&manifests, &Query::default()))
    };
    assert!(missing("gone.yaml").0.ends_with("gone.yaml: no such file or directory"));
    let manifests = Manifests::new(vec!["https://example.com/x.yaml".into()], std::io::empty());
    let (_, hint) = message(discover(&manifests, &Query::default()));
    assert!(hint.is_some_and(|hint| hint.starts_with("curl")));
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed_and_loops_are_not() {
    let folder = folder(&[("..data/real.yaml", POD)]);
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(to, folder.path().join(name)).expect("a link");
    };
    link("..data/real.yaml", "web.yaml");
    link(".", "loop");
    link("nowhere", "gone.yaml");
    assert_eq!(names_in(folder.path(), &[""]).0, ["web.yaml"]);
}

#[test]
fn large_streams_are_read_document_by_document() {
    let mut text = String::new();
    for number in 0..3_000 {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d{number}\n  annotations:\n"
        );
        for line in 0..40 {
            let _ = writeln!(text, "    note-{line}.example.com/text: {}", "x".repeat(80));
        }
        text.push_str("spec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: nginx:1.25\n");
    }
    assert!(text.len() > 10_000_000);
    let inventory = read(&text).expect("an inventory");
    assert_eq!(inventory.workloads.len(), 3_000);
    let last = &inventory.workloads[2_999];
    assert_eq!(last.slots[0].line, u32::try_from(text.lines().count()).ok());
}

#[test]
fn bombs_are_refused_in_time() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", [alias.as_str(); 10].join(", "));
    }
    let deep = format!("a: {}", "[".repeat(100_000));
    let json = format!("{{\"a\": {}", "[".repeat(100_000));
    for text in [&bomb, &deep, &json] {
        let (said, _) = message(read(text));
        assert!(said.len() < 2_000, "{}", &said[..200]);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[ -~\\n\\t:{}\\[\\]&*\"'|>-]{0,200}") {
        let _ = read(&text);
    }
}
