//! Others at the same object: owners, other runs, other people.

use super::{MINUTE, NEVER_READY, Stage, ended};
use crate::bed::{Request, bed};

#[test]
fn what_belongs_to_somebody_else_is_refused_and_nothing_is_written() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    for (name, metadata, owner) in [
        (
            "argo",
            "annotations: {argocd.argoproj.io/tracking-id: 'shop:apps/Deployment:x/argo'}",
            "Argo CD",
        ),
        (
            "flux",
            "labels: {kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: flux}",
            "Flux",
        ),
        (
            "helm",
            "annotations: {meta.helm.sh/release-name: shop, meta.helm.sh/release-namespace: x}, labels: {app.kubernetes.io/managed-by: Helm}",
            "Helm release",
        ),
        (
            "operator",
            "ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: c, uid: UID, controller: true}]",
            "ConfigMap",
        ),
    ] {
        let mut metadata = metadata.to_owned();
        if name == "operator" {
            stage.namespace.kubectl(&["create", "configmap", "c"]).exits(0);
            metadata = metadata.replace("UID", &stage.field("configmap/c", ".metadata.uid"));
        }
        let manifest = crate::bed::deployment(name, &stage.image("1.0.0")).replace(
            &format!("metadata: {{name: {name}}}\nspec:"),
            &format!("metadata: {{name: {name}, {metadata}}}\nspec:"),
        );
        stage.namespace.create_from(&manifest);
        stage.namespace.wait_rolled_out(&format!("deployment/{name}"));
        let audit = bed().audit();
        let run = stage.apply(&[&format!("deploy/{name}=1.0.1"), "--yes"]);
        assert!(run.exits(3).stderr.contains(owner), "{run}");
        let requests = audit.in_namespace(stage.namespace.name());
        assert!(!requests.iter().any(|request| {
            Request::is_write(request) && request.user_agent.starts_with("safe-update/")
        }));
    }
}

#[test]
fn of_many_runs_one_writes() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let started: Vec<_> = (0..20)
        .map(|_| {
            let args = ["apply", "deploy/web=1.0.1", "--yes", "-o", "json", "--soak", "20s"];
            let program = bed().program();
            let child = program.spawn(&[&args[..], &["-n", stage.namespace.name()]].concat());
            (program, child)
        })
        .collect();
    let mut codes: Vec<i32> = started
        .into_iter()
        .map(|(_program, child)| child.wait(MINUTE).code.unwrap_or(-1))
        .collect();
    codes.sort_unstable();
    let mut wanted = vec![0];
    wanted.extend([7; 19]);
    assert_eq!(codes, wanted);
    assert_eq!(stage.field("deploy/web", ".metadata.generation"), "2");
}

#[test]
fn what_changes_between_the_plan_and_the_lock_is_seen_after_it() {
    let owner = "argocd.argoproj.io/tracking-id=shop:apps/Deployment:x/web";
    for (change, code, outcome, words) in [
        ("annotate", 3, "refused", "Argo CD"),
        ("env", 6, "stale", "its pod template was changed since"),
        ("image", 6, "stale", "1.0.5 now"),
        ("replace", 6, "stale", "made anew"),
    ] {
        let stage = Stage::new(&["1.0.0", "1.0.1"]);
        stage.deploy("web", "1.0.0");
        let file = stage.program.home().join("plan.json").display().to_string();
        stage.run(&["plan", "--out", &file]).exits(0);
        let proxy = bed().proxy();
        let lock = crate::bed::Fault::on("POST", "/leases").nth(1);
        proxy.fault(lock.delays(std::time::Duration::from_secs(4)));
        let program = bed().program().kubeconfig(&proxy.kubeconfig());
        // A saved plan says what the template was like; without one the image has to be the same.
        let what = if change == "image" { "deploy/web=1.0.1" } else { &file };
        let args = ["apply", what, "--yes", "-o", "json", "--soak", "0s"];
        let child = program.spawn(&[&args[..], &["-n", stage.namespace.name()]].concat());
        let end = std::time::Instant::now() + MINUTE;
        while proxy.count("POST", "/leases") == 0 {
            assert!(std::time::Instant::now() < end, "{change}: it never asked for the lock");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let image = format!("app={}", stage.image("1.0.5"));
        let kubectl = |args: &[&str]| {
            stage.namespace.kubectl(args).exits(0);
        };
        match change {
            "annotate" => kubectl(&["annotate", "deploy/web", owner]),
            "env" => kubectl(&["set", "env", "deploy/web", "A=b"]),
            "image" => kubectl(&["set", "image", "deploy/web", &image]),
            _ => {
                kubectl(&["delete", "deploy/web"]);
                stage.namespace.create_from(&crate::bed::deployment("web", &stage.image("1.0.0")));
            }
        }
        let after = stage.tag("deploy/web");
        ended(&child.wait(MINUTE), code, outcome, words);
        assert_eq!(stage.tag("deploy/web"), after, "{change}");
    }
}

/// What a run needs besides Leases.
const WITHOUT_LEASES: &str = "[{apiGroups: [apps], resources: [deployments, replicasets], \
     verbs: [get, list, watch, patch]}, {apiGroups: [''], resources: [pods, events], \
     verbs: [get, list, watch]}, {apiGroups: [''], resources: [configmaps, secrets, serviceaccounts], \
     verbs: [get, list]}, {apiGroups: [policy], resources: [poddisruptionbudgets], verbs: [list]}]";

#[test]
fn where_leases_are_forbidden_one_run_of_a_machine_writes() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let user = stage.namespace.restricted_user("without", WITHOUT_LEASES);
    let proxy = bed().proxy();
    let dry_run = crate::bed::Fault::on("PATCH", "/deployments/web").nth(1);
    proxy.fault(dry_run.delays(std::time::Duration::from_secs(4)));
    let apply = ["apply", "deploy/web=1.0.1", "--yes", "-o", "json", "--soak", "0s"];
    let program = bed().program().kubeconfig(&proxy.kubeconfig_of(&user));
    let child = program.spawn(&[&apply[..], &["-n", stage.namespace.name()]].concat());
    child.wait_for("asking the server", MINUTE);
    // Of the same machine, and not held up.
    let program = program.kubeconfig(&user);
    ended(&stage.run_by(&program, &apply), 7, "busy", "nothing was written");
    ended(&child.wait(MINUTE), 0, "succeeded", "done");
    assert_eq!(stage.field("deploy/web", ".metadata.generation"), "2");
}

#[test]
fn somebody_elses_rollout_is_never_rolled_back() {
    let stage = Stage::new(&["1.0.0", NEVER_READY]);
    stage.deploy("web", "1.0.0");
    let child = stage.program.spawn(&[
        "apply",
        "--auto",
        "-o",
        "json",
        "--progress-deadline",
        "40s",
        "-n",
        stage.namespace.name(),
    ]);
    stage.wait_for_tag("deploy/web", NEVER_READY);
    let other = stage.image("1.0.5");
    stage.namespace.kubectl(&["set", "image", "deploy/web", &format!("app={other}")]).exits(0);
    let run = child.wait(MINUTE);
    ended(&run, 8, "superseded", "1.0.5");
    // It was seen at once, and not only when the old version was to be put back.
    assert!(!run.stdout.contains("it had failed before"), "{run}");
    assert_eq!(stage.tag("deploy/web"), "1.0.5");
}

#[test]
fn scaling_during_the_rollout_does_not_confuse_it() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let child = stage.program.spawn(&[
        "apply",
        "--auto",
        "-o",
        "json",
        "--soak",
        "3s",
        "-n",
        stage.namespace.name(),
    ]);
    stage.wait_for_tag("deploy/web", "1.0.1");
    stage.namespace.kubectl(&["scale", "deploy/web", "--replicas=6"]).exits(0);
    ended(&child.wait(MINUTE), 0, "succeeded", "done");
    assert_eq!(stage.field("deploy/web", ".spec.replicas"), "6");
}

#[test]
fn a_pod_that_is_scaled_away_during_the_soak_is_no_relapse() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    stage.namespace.kubectl(&["scale", "deploy/web", "--replicas=3"]).exits(0);
    stage.namespace.wait_rolled_out("deployment/web");
    let namespace = stage.namespace.name();
    let args = ["apply", "--auto", "-o", "json", "--soak", "8s", "-n", namespace];
    let child = stage.program.spawn(&args);
    child.wait_for("watching for a relapse", MINUTE);
    stage.namespace.kubectl(&["scale", "deploy/web", "--replicas=1"]).exits(0);
    ended(&child.wait(MINUTE), 0, "succeeded", "soaked 8 s");
    assert_eq!(stage.field("deploy/web", ".spec.replicas"), "1");
}

#[test]
fn what_is_reverted_during_the_soak_is_said_with_the_manager() {
    let stage = Stage::new(&["1.0.0", "1.0.1"]);
    stage.deploy("web", "1.0.0");
    let child = stage.program.spawn(&[
        "apply",
        "--auto",
        "-o",
        "json",
        "--soak",
        "20s",
        "-n",
        stage.namespace.name(),
    ]);
    stage.wait_for_tag("deploy/web", "1.0.1");
    stage.namespace.wait_rolled_out("deployment/web");
    let old = format!("app={}", stage.image("1.0.0"));
    let revert = ["set", "image", "deploy/web", &old, "--field-manager=gitops-loop"];
    stage.namespace.kubectl(&revert).exits(0);
    ended(&child.wait(MINUTE), 8, "superseded", "gitops-loop");
    assert_eq!(stage.tag("deploy/web"), "1.0.0");
}
