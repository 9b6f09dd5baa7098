//! Manifests as they come: standard input, many documents, lists, JSON, directories; and the change
//! of each in its own lines.

use serde_json::Value;

use crate::env::TestEnv;
use crate::layouts::{WEB_PLAN, deployment, web};

#[test]
fn manifests_come_from_standard_input() {
    let env = web();
    let manifest = deployment("web", "nginx:1.25.3");
    let plan = env.command(&["plan", "-f", "-", "-q"]).input(manifest);
    assert_eq!(plan.run().succeeds(), WEB_PLAN);
    let none = env.command(&["plan", "-f", "-"]).input("").run();
    let (stdout, stderr) = none.streams(0);
    assert_eq!(stdout, "");
    assert!(stderr.contains("No workloads found in -"), "{stderr}");
}

#[test]
fn documents_lists_line_ends_and_comments() {
    let env = web();
    let text = "\
# first
apiVersion: v1
kind: List
items:
  - apiVersion: batch/v1
    kind: CronJob
    metadata: {name: night, namespace: a}
    spec: {jobTemplate: {spec: {template: {spec: {containers: [
      {name: job, image: 'nginx:1.25.3'}]}}}}}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: c}
    data: {image: nginx}
---
# nothing here
---
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  initContainers:
    - {name: first, image: nginx:1.25.4}
  containers: # all of them
    - name: second
      # the image
      image: nginx:1.25.5
...
";
    let wanted = [("a/cj/night:job", 9), ("pod/p:second", 26), ("pod/p:first", 22)];
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        env.write("all.yaml", text);
        let json = env.run(&["list", "-f", "all.yaml", "-o", "json"]).succeeds();
        let json: Value = serde_json::from_str(&json).expect("JSON");
        let found: Vec<(&str, u64)> = json["targets"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|row| {
                let target = &row["target"];
                assert_eq!(target["file"], "all.yaml");
                let id = target["id"].as_str().expect("a name");
                (id, target["line"].as_u64().expect("a line"))
            })
            .collect();
        assert_eq!(found, wanted);
    }
}

#[test]
fn a_directory_is_read_in_order_and_json_is_read_too() {
    let env = TestEnv::new();
    env.write("d/b.yaml", deployment("b", "nginx:1"));
    env.write("d/a.yml", deployment("a", "nginx:1"));
    env.write(
        "d/c.json",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"c\"},\n\"spec\": {\"containers\": [\n{\"name\": \"x\",\n\"image\": \"nginx:1\"}]}}",
    );
    env.write("d/notes.txt", "image: nginx");
    let names = env.run(&["list", "-f", "d", "-o", "name"]).succeeds();
    assert_eq!(names, "shop/deploy/a:main\nshop/deploy/b:main\npod/c:x\n");
    let json = env.run(&["list", "-f", "d/c.json", "-o", "json"]).succeeds();
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["targets"][0]["target"]["line"], 4);
}

#[test]
fn the_difference_is_the_files_own_lines() {
    let env = web();
    env.write("web.yaml", deployment("web", "\"nginx:1.25.3\" # the server"));
    let plan = env.run(&["plan", "-f", "web.yaml", "--diff", "-q"]).succeeds();
    let (_, diff) = plan.split_once("\n\n").expect("a table");
    insta::assert_snapshot!(diff, @r#"
    1 target: 1 update

    --- web.yaml
    +++ web.yaml
    @@ -8,4 +8,4 @@
         spec:
           containers:
             - name: main
    -          image: "nginx:1.25.3" # the server
    +          image: "nginx:1.25.5" # the server
    "#);
}
