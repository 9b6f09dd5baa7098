//! What a command is about: contexts and namespaces as kubectl chooses them, selectors, names; and the way through kubectl.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::bed::{Namespace, SafeUpdate, bed};
use crate::manifest::cron_job;

/// The image of a workload that is never looked up.
const IMAGE: &str = "registry.invalid/app:1.0.0";

/// A directory with kubeconfigs: `clusters` names cluster and user and no context, `contexts` has contexts for two
/// namespaces and nothing else.
struct Files {
    directory: TempDir,
}

impl Files {
    fn new(directory: TempDir, first: &Namespace, second: &Namespace) -> std::io::Result<Self> {
        let files = Self { directory };
        let clusters = files.path("clusters");
        std::fs::copy(bed().kubeconfig(), &clusters)?;
        for args in [&["delete-context", "bed"][..], &["unset", "current-context"]] {
            bed().kubectl_as(&clusters, &[&["config"], args].concat(), "").exits(0);
        }
        let contexts = format!(
            "apiVersion: v1
kind: Config
current-context: first
contexts:
- {{name: first, context: {{cluster: bed, user: admin, namespace: {}}}}}
- {{name: second, context: {{cluster: bed, user: admin, namespace: {}}}}}
- {{name: bare, context: {{cluster: bed, user: admin}}}}
",
            first.name(),
            second.name()
        );
        std::fs::write(files.path("contexts"), contexts)?;
        Ok(files)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `KUBECONFIG` with several files, one of which does not exist.
    fn list(&self) -> String {
        let files =
            ["absent", "contexts", "clusters"].map(|name| self.path(name).display().to_string());
        files.join(":")
    }
}

#[test]
fn context_and_namespace_are_chosen_as_kubectl_chooses_them() {
    let (first, second) = (bed().namespace(), bed().namespace());
    for namespace in [&first, &second] {
        namespace.create_from(&cron_job("web", IMAGE, "", ""));
    }
    let files = tempfile::tempdir()
        .and_then(|directory| Files::new(directory, &first, &second))
        .expect("the kubeconfigs");
    let program = bed().program().kubeconfig(Path::new(&files.list()));
    let (one, two) = (first.name(), second.name());
    for (args, expected) in [
        (&[][..], Some(one)),
        (&["--context", "second"], Some(two)),
        (&["--context=second", "-n", one], Some(one)),
        (&["-n", two], Some(two)),
        (&["--namespace", two, "--context", "first"], Some(two)),
        // Without a namespace in the context it is `default`, where this test has nothing.
        (&["--context", "bare"], None),
    ] {
        let ours = program.run(&[&["list", "-o", "name"], args].concat());
        let kubectl = bed().plugin(&program, &[&["get", "cronjobs", "-o", "name"], args].concat());
        let found = |text: &str| text.lines().any(|line| line.contains("/web"));
        match expected {
            Some(namespace) => {
                assert_eq!(ours.exits(0).stdout, format!("{namespace}/cj/web:app\n"), "{args:?}");
                assert!(found(&kubectl.exits(0).stdout), "{kubectl}");
            }
            None => {
                assert!(
                    !found(&ours.exits(0).stdout) && !found(&kubectl.exits(0).stdout),
                    "{ours}"
                );
            }
        }
    }

    let all = program.run(&["list", "-A", "-o", "name", "-n", one]);
    for namespace in [one, two] {
        let id = format!("{namespace}/cj/web:app\n");
        assert!(all.exits(0).stdout.contains(&id), "-A counts more than -n: {all}");
    }
    let flag = files.path("contexts").display().to_string();
    let alone = program.run(&["list", "--kubeconfig", &flag]);
    assert!(alone.exits(1).stderr.contains("no cluster \"bed\""), "{alone}");
}

/// A namespace with three `CronJobs`: `web` (two containers) and `shop` of the tier `front`, `db` of the tier `data`.
fn shop() -> Namespace {
    let namespace = bed().namespace();
    let repository = namespace.repository("app");
    let registry = bed().registry();
    registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
    let image = registry.reference(&repository, "1.0.0");
    let helper = format!("initContainers: [{{name: helper, image: '{image}'}}]");
    namespace.create_from(
        &[
            cron_job("web", &image, "labels: {tier: front, app: web}", &helper),
            cron_job("shop", &image, "labels: {tier: front}", ""),
            cron_job("db", &image, "labels: {tier: data}", ""),
        ]
        .concat(),
    );
    namespace
}

#[test]
fn names_and_selectors_select() {
    let namespace = shop();
    let program = bed().program();
    let in_full = format!("{}/cronjob/db:app", namespace.name());
    let everything = &["db:app", "shop:app", "web:app", "web:helper"][..];
    for (args, expected) in [
        (&[][..], everything),
        (&["-l", "tier=front"], &["shop:app", "web:app", "web:helper"]),
        (&["-l", "tier!=front"], &["db:app"]),
        (&["-l", "tier in (data),!app"], &["db:app"]),
        (&["--selector=app"], &["web:app", "web:helper"]),
        (&["-l", "tier=none"], &[]),
        (&["--field-selector", "metadata.name=web"], &["web:app", "web:helper"]),
        (&["--field-selector=metadata.name!=web", "-l", "tier=front"], &["shop:app"]),
        (&["-c", "helper"], &["web:helper"]),
        (&["-l", "tier=front", "-c", "app"], &["shop:app", "web:app"]),
        (&["cj/web"], &["web:app", "web:helper"]),
        (&["cronjobs/web", "cronjob.batch/web", "cj/web"], &["web:app", "web:helper"]),
        (&["cj/web:helper"], &["web:helper"]),
        (&["cj/web", "-c", "app"], &["web:app"]),
        (&["cj/web:helper", "cj/db"], &["db:app", "web:helper"]),
        (&[in_full.as_str()], &["db:app"]),
    ] {
        for verb in ["list", "plan"] {
            let fixed = [verb, "-o", "name", "-n", namespace.name()];
            let run = program.run(&[&fixed, args].concat());
            let prefix = format!("{}/cj/", namespace.name());
            let mut names: Vec<&str> =
                run.exits(0).stdout.lines().filter_map(|line| line.strip_prefix(&prefix)).collect();
            names.sort_unstable();
            assert_eq!(names, expected, "{verb} {args:?}: {run}");
        }
    }
}

#[test]
fn a_selector_that_only_some_kinds_know_selects_those() {
    let namespace = shop();
    namespace.create_from(
        "apiVersion: v1
kind: Pod
metadata: {name: bare}
spec: {nodeName: node-1, containers: [{name: app, image: 'registry.invalid/app:1.0.0'}]}
",
    );
    let on_node = ["--field-selector", "spec.nodeName=node-1"];
    let args = [&["list", "-n", namespace.name(), "-o", "name"], &on_node[..]].concat();
    let run = bed().safe_update(&args);
    let only = format!("{}/pod/bare:app\n", namespace.name());
    assert_eq!(run.exits(0).stdout, only, "{run}");
    let warning = "warning: deployments.apps, statefulsets.apps";
    assert!(
        run.stderr.contains(warning) && run.stderr.contains("does not know this selector"),
        "{run}"
    );
}

#[test]
fn what_is_not_there_or_malformed_is_refused() {
    let namespace = shop();
    let program = bed().program();
    for (args, words) in [
        (&["cj/nope"][..], "/cj/nope not found"),
        (&["cj/web", "deploy/web"], "/deploy/web not found"),
        (&["nowhere/cj/web"], "nowhere/cj/web not found"),
        (&["cj/web:nope"], "cj/web has no container or image volume \"nope\""),
        (&["cj/web", "-c", "nope"], "no target has a container or image volume \"nope\""),
        (&["service/web"], "\"service\" is no kind that has images"),
        (&["-l", "tier in data"], "unable to parse requirement"),
        (&["--field-selector", "spec.schedule=x"], "is not a known field selector"),
        (&["--field-selector", "metadata.name"], "invalid selector"),
        (&["cj/web", "-l", "app=web"], "targets and selectors cannot be combined"),
        (&["cj/web", "-A"], "has no namespace"),
        (&["--only", "docker"], "invalid value"),
        (&["-n", "NO_NAMESPACE"], "can be no namespace"),
    ] {
        let fixed = ["plan", "-o", "json", "-n", namespace.name()];
        let args = if args.contains(&"-n") {
            [&fixed[..3], args].concat()
        } else {
            [&fixed, args].concat()
        };
        let run = program.run(&args);
        assert!(run.exits(1).stderr.contains(words), "{words}: {run}");
        assert!(run.stdout.is_empty(), "{run}");
    }
}

#[test]
fn nothing_found_is_said_and_is_no_failure() {
    let namespace = bed().namespace();
    let program = bed().program();
    let run = |args: &[&str]| program.run(&[args, &["-n", namespace.name()]].concat());
    let said = format!("No workloads found in {} namespace.\n", namespace.name());
    for verb in ["plan", "list"] {
        let run = run(&[verb]);
        assert_eq!(
            (run.exits(0).stderr.as_str(), run.stdout.as_str()),
            (said.as_str(), ""),
            "{run}"
        );
    }
    let json = run(&["plan", "-o", "json"]);
    assert_eq!(json.exits(0).json()["proposals"], serde_json::json!([]), "{json}");
}

#[test]
fn kubectl_calls_the_program_as_its_plugin() {
    let namespace = shop();
    let program = bed().program();
    let kubectl = |program: &SafeUpdate, args: &[&str]| bed().plugin(program, args);
    let name = namespace.name();

    let plan = kubectl(&program, &["safe-update", "plan", "-n", name, "-o", "name"]);
    assert_eq!(plan.exits(0).stdout.lines().count(), 4, "{plan}");
    let listed = kubectl(&program, &["plugin", "list"]);
    let found = listed.stdout.lines().any(|line| line.ends_with("/bin/kubectl-safe_update"));
    assert!(found, "{listed}");

    for (args, usage) in [
        (&["safe-update", "--help"][..], "Usage: kubectl safe-update "),
        (&["safe-update", "plan", "--help"], "Usage: kubectl safe-update plan "),
    ] {
        let help = kubectl(&program, args);
        assert!(help.exits(0).stdout.contains(usage), "{help}");
        assert!(!help.stdout.contains("kubectl-safe_update"), "{help}");
    }

    for (args, code) in [
        (&["plan", "--detailed-exitcode"][..], 2),
        (&["plan", "cj/nope"], 1),
        (&["plan", "--no-such-flag"], 1),
        (&["plan", "--server", "https://127.0.0.1:1"], 9),
    ] {
        let run = kubectl(&program, &[&["safe-update"], args, &["-n", name]].concat());
        assert_eq!(run.code, Some(code), "{run}");
    }
}
