//! Clusters of several platforms: a version counts only where it runs on every node that the workload may land on.

use crate::bed::{Image, alone, bed};
use crate::manifest::cron_job;
use crate::rows::Rows;

/// A node of another architecture; deleted when dropped.
struct Node {
    name: String,
}

impl Node {
    fn add(architecture: &str, taints: &str) -> Self {
        let name = format!("{}-{architecture}", bed().namespace().name());
        bed().apply(&format!(
            "apiVersion: v1
kind: Node
metadata:
  name: {name}
  annotations: {{kwok.x-k8s.io/node: fake}}
  labels: {{type: kwok, kubernetes.io/arch: {architecture}, kubernetes.io/os: linux, kubernetes.io/hostname: {name}}}
spec: {{taints: [{taints}]}}
"
        ));
        let node = Self { name };
        let target = format!("node/{}", node.name);
        let ready = ["wait", &target, "--for=condition=Ready", "--timeout=30s"];
        bed().kubectl(&ready).exits(0);
        node
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = bed().kubectl(&["delete", "node", &self.name, "--wait=true"]);
    }
}

#[test]
fn a_version_that_lacks_a_platform_does_not_hide_the_one_below_it() {
    let namespace = bed().namespace();
    let registry = bed().registry();
    let both = &["linux/amd64", "linux/arm64"][..];
    let (app, lost, plain) =
        (namespace.repository("app"), namespace.repository("lost"), namespace.repository("plain"));
    registry.push_images(
        &app,
        &[
            Image::tag("1.0.0").platforms(both),
            Image::tag("1.0.1").platforms(both),
            Image::tag("1.0.2").platforms(&["linux/amd64"]),
            Image::tag("1.1.0").platforms(&["linux/arm64"]),
            Image::tag("2.0.0").platforms(both),
        ],
    );
    registry.push_images(
        &lost,
        &[
            Image::tag("1.0.0").platforms(both),
            Image::tag("1.0.1").platforms(&["linux/amd64", "linux/arm/v7"]),
        ],
    );
    // No index: the platform stands in the image's configuration.
    registry.push_tags(&plain, &["1.0.0", "1.0.1"]);
    let on = |architecture: &str| format!("nodeSelector: {{kubernetes.io/arch: {architecture}}}");
    let workloads =
        [("app", &app), ("lost", &lost), ("plain", &plain)].map(|(name, repository)| {
            let image = registry.reference(repository, "1.0.0");
            [
                cron_job(&format!("{name}-any"), &image, "", ""),
                cron_job(&format!("{name}-amd"), &image, "", &on("amd64")),
                cron_job(&format!("{name}-arm"), &image, "", &on("arm64")),
            ]
            .concat()
        });
    namespace.create_from(&workloads.concat());
    let program = bed().program();
    let run =
        |args: &[&str]| program.run(&[args, &["-n", namespace.name(), "-o", "json"]].concat());

    let (plan, explanation, tainted, afterwards) = {
        let _alone = alone();
        let node = Node::add("arm64", "");
        let plan = run(&["plan"]);
        let explanation = run(&["explain", "cj/app-any"]);
        drop(node);
        let node = Node::add("arm64", "{key: test, value: platforms, effect: NoSchedule}");
        let tainted = run(&["plan"]);
        drop(node);
        (plan, explanation, tainted, run(&["plan"]))
    };

    let plan = Rows::of(&plan);
    let lacking = "it is not built for linux/arm64";
    for (name, decision, words) in [
        ("app-any", "update 1.0.1", ""),
        ("app-amd", "update 1.0.2", ""),
        ("app-arm", "update 1.0.1", ""),
        ("lost-any", "blocked", lacking),
        ("lost-amd", "update 1.0.1", ""),
        ("lost-arm", "blocked", lacking),
        ("plain-any", "blocked", lacking),
        ("plain-amd", "update 1.0.1", ""),
        ("plain-arm", "blocked", lacking),
    ] {
        plan.row(&format!("cj/{name}:app")).is(decision, words);
    }
    let explanation = explanation.exits(0).json();
    let tags = explanation["tags"].as_array().expect("a list of tags");
    let reason = |tag: &str| {
        let found = tags.iter().find(|each| each["tag"] == tag);
        found.and_then(|each| each["reason"].as_str()).unwrap_or("none").to_owned()
    };
    assert_eq!(
        ["1.0.1", "1.0.2", "1.1.0", "2.0.0"].map(reason),
        ["none", "platform", "platform", "none"]
    );
    // Nothing lands on a tainted node that does not tolerate it, so nothing is asked for its sake.
    let tainted = Rows::of(&tainted);
    tainted.row("cj/lost-any:app").is("update 1.0.1", "");
    tainted.row("cj/lost-arm:app").is("blocked", lacking);
    // In a cluster of one platform everything counts again.
    Rows::of(&afterwards).row("cj/lost-any:app").is("update 1.0.1", "");
}
