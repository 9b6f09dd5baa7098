//! What a user who may not read everything sees: what is allowed, and a warning that names what is not.

use std::path::Path;

use crate::bed::{Namespace, Run, bed, deployment};
use crate::rows::{Row, Rows};

/// Everything that a plan reads in a namespace, but for what a test leaves out.
fn rules(without: &[&str]) -> String {
    let readable = [
        ("apps", "deployments"),
        ("apps", "statefulsets"),
        ("apps", "daemonsets"),
        ("apps", "replicasets"),
        ("batch", "jobs"),
        ("batch", "cronjobs"),
        ("''", "pods"),
        ("''", "persistentvolumeclaims"),
        ("policy", "poddisruptionbudgets"),
        ("''", "secrets"),
        ("''", "serviceaccounts"),
    ];
    let rules = readable.iter().filter(|(_, resource)| !without.contains(resource)).map(
        |(group, resource)| {
            format!("{{apiGroups: [{group}], resources: [{resource}], verbs: [get, list]}}")
        },
    );
    format!("[{}]", rules.collect::<Vec<_>>().join(", "))
}

/// A namespace with a Deployment `web` and a `StatefulSet` `db` that have a newer version.
fn namespace() -> Namespace {
    let namespace = bed().namespace();
    let repository = namespace.repository("app");
    let registry = bed().registry();
    registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
    let image = registry.reference(&repository, "1.0.0");
    namespace.create_from(&format!(
        "{}---\n{}",
        deployment("web", &image),
        deployment("db", &image).replace("kind: Deployment", "kind: StatefulSet")
    ));
    for workload in ["deployment/web", "statefulset/db"] {
        namespace.wait_rolled_out(workload);
    }
    namespace
}

fn plan_as(kubeconfig: &Path, args: &[&str]) -> Run {
    let program = bed().program().kubeconfig(kubeconfig);
    program.run(&[&["plan", "-o", "json"], args].concat())
}

#[test]
fn check_tells_which_permissions_are_lacking() {
    let namespace = bed().namespace();
    let who = namespace.restricted_user(
        "writer",
        "[{apiGroups: [apps], resources: [deployments], verbs: [get, list, watch, patch]}, \
          {apiGroups: [''], resources: [secrets], verbs: [get, list]}]",
    );
    let program = bed().program().kubeconfig(&who);
    let run = program.run(&["check", "-o", "json"]);
    let lines = run.json();
    let status = |object: &str| {
        let place = format!("{object} in the namespace {}", namespace.name());
        let lines = lines.as_array().into_iter().flatten();
        let mut found = lines.filter(|line| line["object"] == *place);
        found.next().unwrap_or_else(|| panic!("no line of {place}: {run}"))["status"].clone()
    };
    for (object, expected) in [
        ("list deployments", "ok"),
        ("patch deployments", "ok"),
        ("list statefulsets", "warn"),
        ("list secrets", "ok"),
        ("create secrets", "warn"),
        ("delete secrets", "warn"),
    ] {
        assert_eq!(status(object), *expected, "{object}: {run}");
    }
}

#[test]
fn what_is_forbidden_is_left_out_and_named() {
    let namespace = namespace();
    let both = &["deploy/web:app", "sts/db:app"][..];
    // What may not be read, what is left, the warning.
    let cases = [
        (&["statefulsets"][..], &["deploy/web:app"][..], "not allowed to `list statefulsets.apps`"),
        (&["statefulsets", "cronjobs"], &["deploy/web:app"], "statefulsets.apps, cronjobs.batch"),
        (&["poddisruptionbudgets"], both, "not allowed to `list poddisruptionbudgets.policy`"),
        (&["pods"], both, "not allowed to `list pods`"),
        (&["secrets", "serviceaccounts"], both, "not allowed to `get serviceaccounts` in "),
    ];
    for (index, (without, names, warning)) in cases.into_iter().enumerate() {
        let user = namespace.restricted_user(&format!("reader-{index}"), &rules(without));
        let run = plan_as(&user, &[]);
        let plan = Rows::of(&run);
        assert_eq!(plan.names(), names, "{run}");
        assert!(plan.warnings().contains(warning), "{warning}: {run}");
        assert!(run.stderr.contains("warning: "), "{run}");
        for row in plan.all() {
            row.is("update 1.0.1", "");
        }
    }
}

#[test]
fn who_may_read_everything_needed_is_warned_of_nodes_and_leases_alone() {
    let namespace = namespace();
    let user = namespace.restricted_user("reader", &rules(&[]));
    let plan = Rows::of(&plan_as(&user, &[]));
    assert_eq!(plan.names(), ["deploy/web:app", "sts/db:app"]);
    // Nodes are no part of a namespace, so no Role can allow them.
    let warnings = plan.warnings();
    // A plan does without Leases, but does not see what was rolled back or approved.
    let known = |line: &str| line.contains("nodes") || line.contains("leases");
    assert!(warnings.lines().count() <= 2 && warnings.lines().all(known), "{warnings}");
}

#[test]
fn all_namespaces_are_read_as_far_as_it_is_allowed() {
    let (here, there) = (namespace(), namespace());
    let user = here.restricted_user("reader", &rules(&[]));

    // Neither the cluster as a whole nor its namespaces may be listed: the context's namespace is all.
    let run = plan_as(&user, &["-A"]);
    let plan = Rows::of(&run);
    assert_eq!(plan.names(), ["deploy/web:app", "sts/db:app"]);
    let only = format!("only namespace {:?} was read", here.name());
    assert!(
        plan.warnings().contains(&only) && plan.warnings().contains("list namespaces"),
        "{run}"
    );

    // Namespaces may be listed: each is tried.
    let account = format!("system:serviceaccount:{}:reader", here.name());
    let name = format!("{}-lists-namespaces", here.name());
    bed().apply(&format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{{apiGroups: [''], resources: [namespaces], verbs: [list]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: '{account}'}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: reader, namespace: {there}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: '{account}'}}]
",
        there = there.name()
    ));
    let run = plan_as(&user, &["-A"]);
    for kind in ["clusterrolebinding", "clusterrole"] {
        bed().kubectl(&["delete", kind, &name]).exits(0);
    }
    let plan = Rows::of(&run);
    let ids: Vec<&str> = plan.all().map(Row::id).collect();
    for namespace in [&here, &there] {
        let wanted = format!("{}/deploy/web:app", namespace.name());
        assert!(ids.contains(&wanted.as_str()), "{run}");
    }
    // Other tests' namespaces may be there; whatever is there, `default` is refused.
    assert!(plan.warnings().contains(" in default"), "{run}");
}

#[test]
fn who_may_read_nothing_is_told_what_is_missing() {
    let namespace = namespace();
    let user = namespace.restricted_user("nobody", "[]");
    for (args, words) in [
        (&[][..], "not allowed to read workloads"),
        (&["-A"], "not allowed to read workloads"),
        (&["deploy/web"], "not allowed to read"),
    ] {
        let run = plan_as(&user, args);
        assert!(run.exits(9).stderr.contains(words), "{run}");
        assert!(
            run.stderr.contains("cannot list resource")
                || run.stderr.contains("cannot get resource"),
            "{run}"
        );
        assert!(run.stderr.contains("hint: `check`") && run.stdout.is_empty(), "{run}");
    }
}

#[test]
fn who_is_impersonated_counts() {
    let namespace = namespace();
    let _ = namespace.restricted_user("reader", &rules(&["statefulsets"]));
    let reader = format!("system:serviceaccount:{}:reader", namespace.name());
    let program = bed().program();
    let run = |user: &str| {
        let args = ["plan", "-n", namespace.name(), "-o", "json", "--as", user];
        program.run(&args)
    };
    let plan = Rows::of(&run(&reader));
    assert_eq!(plan.names(), ["deploy/web:app"]);
    assert!(plan.warnings().contains("statefulsets.apps"), "{plan:?}");
    let stranger = run("stranger");
    let refused = "User \"stranger\" cannot list resource";
    assert!(stranger.exits(9).stderr.contains(refused), "{stranger}");
}
