//! The bed itself: that the servers are there, and that what tests build on does what it says.

use std::time::Instant;

use crate::bed::{Image, Request, bed, deployment};

#[test]
fn the_control_plane_is_ready() {
    assert_eq!(bed().kubectl(&["get", "--raw", "/readyz"]).exits(0).stdout, "ok");
    let nodes = bed().kubectl(&["get", "nodes", "-l", "type=kwok", "-o", "json"]).exits(0).json();
    let nodes = nodes["items"].as_array().expect("a list of nodes");
    assert_eq!(nodes.len(), 3);
    for node in nodes {
        assert_eq!(node["status"]["nodeInfo"]["architecture"], "amd64");
    }
}

/// What kwok makes of a pod whose image has this tag: the reason that its container waits for, or `Ready`/`NotReady`.
fn fate(tag: &str) -> String {
    let namespace = bed().namespace();
    // The repository is called as a fate too: only the tag may decide.
    namespace.create_from(&format!(
        "apiVersion: v1
kind: Pod
metadata:
  name: probe
  annotations: {{bed.safe-update.io/image-id.app: registry.invalid/crash@sha256:1234}}
spec: {{containers: [{{name: app, image: 'registry.invalid:5000/crash:{tag}'}}]}}
"
    ));
    let condition = "--for=jsonpath={.status.containerStatuses[0].name}=app";
    namespace.kubectl(&["wait", "pod/probe", condition, "--timeout=20s"]).exits(0);
    let pod = namespace.kubectl(&["get", "pod/probe", "-o", "json"]).exits(0).json();
    let status = &pod["status"]["containerStatuses"][0];
    match (status["state"]["waiting"]["reason"].as_str(), status["ready"].as_bool()) {
        (Some(reason), _) => reason.to_owned(),
        (None, Some(true)) => {
            assert_eq!(status["imageID"], "registry.invalid/crash@sha256:1234");
            "Ready".to_owned()
        }
        _ => "NotReady".to_owned(),
    }
}

#[test]
fn pods_do_what_their_tags_say() {
    for (tag, wanted) in [
        ("1.0.0", "Ready"),
        ("latest", "Ready"),
        ("1.0.0-errpull", "ErrImagePull"),
        ("1.0.0-crash", "CrashLoopBackOff"),
        ("1.0.0-neverready", "NotReady"),
    ] {
        assert_eq!(fate(tag), wanted, "{tag}");
    }
}

#[test]
fn a_deployment_is_rolled_out_and_a_late_crash_follows() {
    let namespace = bed().namespace();
    namespace.deploy("web", "registry.invalid/web:1.0.0-late");
    let unavailable = "--for=condition=Available=False";
    namespace.kubectl(&["wait", "deploy/web", unavailable, "--timeout=20s"]).exits(0);
}

#[test]
fn pods_of_jobs_succeed() {
    let namespace = bed().namespace();
    namespace.kubectl(&["create", "job", "once", "--image=registry.invalid/job:1"]).exits(0);
    namespace.kubectl(&["wait", "job/once", "--for=condition=Complete", "--timeout=20s"]).exits(0);
}

#[test]
fn applied_objects_belong_to_a_manifest_and_created_ones_do_not() {
    let namespace = bed().namespace();
    let manifest = |name| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    namespace.create_from(&manifest("created"));
    namespace.apply(&manifest("applied"));
    let list = namespace.kubectl(&["get", "configmap", "created", "applied", "-o", "json"]).json();
    let mark = |i: usize| &list["items"][i]["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"];
    assert!(mark(0).is_null());
    assert!(mark(1).is_string());
}

#[test]
fn cluster_wide_objects_can_be_applied() {
    let name = format!("{}-class", bed().namespace().name());
    bed().apply(&format!(
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: {name}}}\nvalue: 1\n"
    ));
    bed().kubectl(&["delete", "priorityclass", &name]).exits(0);
}

#[test]
fn a_namespace_goes_with_its_value() {
    let namespace = bed().namespace();
    let name = namespace.name().to_owned();
    drop(namespace);
    if std::env::var_os("SAFE_UPDATE_KEEP").is_none() {
        let gone = ["wait", "namespace", &name, "--for=delete", "--timeout=30s"];
        bed().kubectl(&gone).exits(0);
    }
}

#[test]
fn a_restricted_user_can_do_what_its_rules_say_and_no_more() {
    let namespace = bed().namespace();
    let rules = "[{apiGroups: [apps], resources: [deployments], verbs: [get, list]}]";
    let kubeconfig = namespace.restricted_user("reader", rules);
    let audit = bed().audit();
    let as_user = |args: &[&str]| bed().kubectl_as(&kubeconfig, args, "");
    as_user(&["get", "deployments"]).exits(0);
    for refused in [&["get", "pods"][..], &["get", "deployments", "--all-namespaces"]] {
        let run = as_user(refused);
        assert!(run.exits(1).stderr.contains("Forbidden"), "{run}");
    }
    let user = format!("system:serviceaccount:{}:reader", namespace.name());
    let requests = audit.requests();
    let asked = |resource, status| {
        requests.iter().any(|r| r.user == user && r.resource == resource && r.status == status)
    };
    assert!(asked("deployments", 200), "{requests:#?}");
    assert!(asked("pods", 403), "{requests:#?}");
}

#[test]
fn the_audit_log_tells_reads_from_writes() {
    let namespace = bed().namespace();
    let audit = bed().audit();
    namespace.kubectl(&["get", "deployments"]).exits(0);
    let reads = audit.in_namespace(namespace.name());
    assert!(reads.iter().any(|r| r.verb == "list" && r.resource == "deployments"), "{reads:#?}");
    assert!(!reads.iter().any(Request::is_write), "{reads:#?}");

    namespace.create_from(&deployment("web", "registry.invalid/web:1.0.0"));
    namespace.kubectl(&["set", "image", "deploy/web", "app=registry.invalid/web:2.0.0"]).exits(0);
    let requests = audit.by_agent("kubectl/");
    let patch = requests
        .iter()
        .find(|r| r.verb == "patch" && r.namespace == namespace.name())
        .expect("the patch is in the log");
    assert!(patch.is_write());
    assert_eq!((patch.user.as_str(), patch.name.as_str(), patch.status), ("admin", "web", 200));
    assert!(patch.uri.contains("/deployments/web"), "{patch:#?}");
    assert!(patch.body.to_string().contains("registry.invalid/web:2.0.0"), "{patch:#?}");
}

#[test]
fn pushed_tags_are_listed_and_are_sound_images() {
    let namespace = bed().namespace();
    let registry = bed().registry();
    let repository = namespace.repository("app");
    let digests = registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
    assert_ne!(digests[0], digests[1], "each tag has a digest of its own");
    let everywhere = Image::tag("2.0.0").platforms(&["linux/amd64", "linux/arm/v7"]);
    let index = registry.push(&repository, &everywhere.created("2026-05-01T10:00:00Z"));

    let (status, tags) = registry.get(&format!("{repository}/tags/list"));
    assert_eq!(status, 200);
    let tags: serde_json::Value = serde_json::from_str(&tags).expect("JSON");
    let mut tags: Vec<&str> =
        tags["tags"].as_array().expect("a list").iter().filter_map(|tag| tag.as_str()).collect();
    tags.sort_unstable(); // no order is promised
    assert_eq!(tags, ["1.0.0", "1.0.1", "2.0.0"]);
    // Another program reads them, checks every digest, and finds the same ones.
    for (tag, digest) in [("1.0.0", &digests[0]), ("2.0.0", &index)] {
        let reference = registry.reference(&repository, tag);
        bed().crane(&registry, &["validate", "--remote", &reference]).exits(0);
        assert_eq!(bed().crane(&registry, &["digest", &reference]).exits(0).stdout.trim(), digest);
    }
    let reference = registry.reference(&repository, "2.0.0");
    let config = bed()
        .crane(&registry, &["config", "--platform", "linux/arm/v7", &reference])
        .exits(0)
        .json();
    assert_eq!(config["created"], "2026-05-01T10:00:00Z");
    assert_eq!(config["variant"], "v7");
}

#[test]
fn a_tag_can_move_and_an_image_can_go() {
    let namespace = bed().namespace();
    let registry = bed().registry();
    let repository = namespace.repository("app");
    let before = registry.push(&repository, &Image::tag("stable"));
    let after = registry.push(&repository, &Image::tag("stable").revision(1));
    assert_ne!(before, after);
    let status = |reference: &str| registry.get(&format!("{repository}/manifests/{reference}")).0;
    assert_eq!((status(&before), status(&after), status("stable")), (200, 200, 200));
    registry.delete(&repository, &after);
    assert_eq!((status(&before), status(&after), status("stable")), (200, 404, 404));
}

#[test]
fn a_thousand_tags_are_a_matter_of_seconds() {
    let namespace = bed().namespace();
    let tags: Vec<String> = (0..1000).map(|patch| format!("1.0.{patch}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let start = Instant::now();
    let digests = bed().registry().push_tags(&namespace.repository("many"), &tags);
    assert_eq!(digests.len(), tags.len());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn the_private_registry_refuses_whoever_has_no_password() {
    let namespace = bed().namespace();
    let registry = bed().private_registry();
    let repository = namespace.repository("app");
    registry.push_tags(&repository, &["1.0.0"]);
    let list = format!("{repository}/tags/list");
    assert_eq!(registry.get(&list).0, 200);
    assert_eq!(registry.anonymous().get(&list).0, 401);
    let (username, password) = (registry.username(), registry.password());
    assert!(username.is_some() && password.is_some_and(|password| password.len() >= 32));

    // The same credentials as docker would keep them, used by another program.
    let repository = format!("{}/{repository}", registry.host());
    assert_eq!(bed().crane(&registry, &["ls", &repository]).exits(0).stdout.trim(), "1.0.0");
    let refused = bed().crane(&registry.anonymous(), &["ls", &repository]);
    assert!(refused.exits(1).stderr.contains("UNAUTHORIZED"), "{refused}");
}

#[test]
fn the_program_runs_in_a_home_of_its_own() {
    bed().safe_update(&["version"]).exits(0);
    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    let program = bed()
        .program()
        .kubeconfig(bed().kubeconfig())
        .env("SAFE_UPDATE_LOG", "off")
        .home_file(".docker/config.json", &bed().private_registry().docker_config())
        .directory(elsewhere.path())
        .input("");
    program.run(&["version"]).exits(0);
    assert!(program.home().join(".docker/config.json").is_file());
    assert_ne!(std::env::home_dir().as_deref(), Some(program.home()));
}
