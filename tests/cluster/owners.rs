//! Who owns what runs: three hundred workloads that were made in all the ways in which people and tools make them.

use crate::bed::{Namespace, Request, bed, deployment};
use crate::manifest::cron_job;
use crate::rows::Rows;

/// How often each way of owning appears; with [`OWNERS`] it makes three hundred.
const EACH: usize = 20;

/// A way of owning an object, and what a plan says about it.
struct Owner {
    name: &'static str,
    made: Made,
    /// Lines of the metadata.
    marks: &'static str,
    /// The column of `list`.
    listed: &'static str,
    decision: &'static str,
    words: &'static str,
}

/// How an object comes into the cluster.
#[derive(Clone, Copy, PartialEq)]
enum Made {
    Created,
    Applied,
    /// By server-side apply of this field manager.
    AppliedBy(&'static str),
}

const PATCH: &str = "a patch change, allowed by the policy";

const OWNERS: [Owner; 15] = [
    Owner {
        name: "nobody",
        made: Made::Created,
        marks: "",
        listed: "-",
        decision: "update 1.0.1",
        words: PATCH,
    },
    Owner {
        name: "manifest",
        made: Made::Applied,
        marks: "",
        listed: "manifest (kubectl-client-side-apply)",
        decision: "held 1.0.1",
        words: "needs a yes: a manifest describes this object (applied by kubectl-client-side-apply)",
    },
    Owner {
        name: "applier",
        made: Made::AppliedBy("deploy-bot"),
        marks: "",
        listed: "manifest (deploy-bot)",
        decision: "held 1.0.1",
        words: "a manifest describes this object (applied by deploy-bot), and applying it again would put the old version back",
    },
    Owner {
        name: "helm",
        made: Made::Created,
        marks: "annotations: {meta.helm.sh/release-name: shop, meta.helm.sh/release-namespace: sales}, labels: {app.kubernetes.io/managed-by: Helm}",
        listed: "Helm sales/shop",
        decision: "blocked 1.0.1",
        words: "belongs to the Helm release sales/shop: change it there, with `upgrade shop -n sales`, which moves its chart",
    },
    Owner {
        name: "argo",
        made: Made::Created,
        marks: "annotations: {argocd.argoproj.io/tracking-id: 'store:apps/Deployment:prod/web'}",
        listed: "Argo CD store",
        decision: "blocked 1.0.1",
        words: "belongs to the Argo CD application store: change it in its source",
    },
    Owner {
        name: "argo-ssa",
        made: Made::AppliedBy("argocd-controller"),
        marks: "labels: {app.kubernetes.io/instance: store}",
        listed: "Argo CD",
        decision: "blocked 1.0.1",
        words: "belongs to Argo CD: change the image in the source of its application",
    },
    Owner {
        name: "flux",
        made: Made::AppliedBy("kustomize-controller"),
        marks: "labels: {kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: flux-system}",
        listed: "Flux Kustomization flux-system/apps",
        decision: "blocked 1.0.1",
        words: "belongs to the Flux Kustomization flux-system/apps: change it in its source",
    },
    Owner {
        name: "flux-chart",
        made: Made::Created,
        marks: "annotations: {meta.helm.sh/release-name: shop}, labels: {helm.toolkit.fluxcd.io/name: shop, helm.toolkit.fluxcd.io/namespace: flux-system}",
        listed: "Flux HelmRelease flux-system/shop",
        decision: "blocked 1.0.1",
        words: "belongs to the Flux HelmRelease flux-system/shop",
    },
    Owner {
        name: "kapp",
        made: Made::Created,
        marks: "labels: {kapp.k14s.io/app: '1700000000'}",
        listed: "kapp",
        decision: "blocked 1.0.1",
        words: "belongs to kapp: change its source and run `kapp deploy`",
    },
    Owner {
        name: "fleet",
        made: Made::Created,
        marks: "annotations: {objectset.rio.cattle.io/id: default-fleet-agent-bootstrap, meta.helm.sh/release-name: shop}",
        listed: "Fleet",
        decision: "blocked 1.0.1",
        words: "belongs to Rancher Fleet: change the image in its Git repository",
    },
    Owner {
        name: "olm",
        made: Made::Created,
        marks: "labels: {olm.owner: prometheus.v1, olm.owner.kind: ClusterServiceVersion}",
        listed: "OLM",
        decision: "blocked 1.0.1",
        words: "change the Subscription of its operator",
    },
    Owner {
        name: "addon",
        made: Made::Applied,
        marks: "labels: {addonmanager.kubernetes.io/mode: Reconcile}",
        listed: "addon manager",
        decision: "blocked 1.0.1",
        words: "change the addon on the control plane",
    },
    Owner {
        name: "operator",
        made: Made::Created,
        marks: "ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: kafka, uid: UID, controller: true}]",
        listed: "ConfigMap/kafka",
        decision: "blocked 1.0.1",
        words: "belongs to ConfigMap kafka: change the image there, its controller would put it back",
    },
    Owner {
        name: "unknown",
        made: Made::Created,
        marks: "labels: {app.kubernetes.io/managed-by: pulumi}",
        listed: "pulumi",
        decision: "blocked 1.0.1",
        words: "is managed by pulumi (label app.kubernetes.io/managed-by): change the image there",
    },
    Owner {
        // Rendered by Helm and applied by hand: the label alone makes no release.
        name: "rendered",
        made: Made::Applied,
        marks: "labels: {app.kubernetes.io/managed-by: Helm, app.kubernetes.io/instance: shop}",
        listed: "manifest (kubectl-client-side-apply)",
        decision: "held 1.0.1",
        words: "a manifest describes this object",
    },
];

/// The first of each owner is a Deployment, which is rolled out; the others are `CronJobs`, which need no pods.
fn kind(number: usize) -> &'static str {
    if number == 0 { "deploy" } else { "cj" }
}

fn manifest(owner: &Owner, number: usize, image: &str, uid: &str) -> String {
    let name = format!("{}-{number}", owner.name);
    let marks = owner.marks.replace("UID", uid);
    if kind(number) == "cj" {
        return cron_job(&name, image, &marks, "");
    }
    let marked = format!("metadata: {{name: {name}, {marks}}}\n");
    let plain = format!("metadata: {{name: {name}}}\n");
    format!("---\n{}", deployment(&name, image).replacen(&plain, &marked, 1))
}

fn make(namespace: &Namespace, image: &str) {
    let cluster = ["create", "configmap", "kafka", "-o", "jsonpath={.metadata.uid}"];
    let uid = namespace.kubectl(&cluster).exits(0).stdout.clone();
    let mut ways: Vec<(Made, String)> = Vec::new();
    for owner in &OWNERS {
        let manifests: String =
            (0..EACH).map(|number| manifest(owner, number, image, &uid)).collect();
        match ways.iter_mut().find(|(made, _)| *made == owner.made) {
            Some((_, text)) => text.push_str(&manifests),
            None => ways.push((owner.made, manifests)),
        }
    }
    std::thread::scope(|scope| {
        for (made, manifests) in &ways {
            scope.spawn(move || match made {
                Made::Created => namespace.create_from(manifests),
                Made::Applied => namespace.apply(manifests),
                Made::AppliedBy(manager) => {
                    let manager = format!("--field-manager={manager}");
                    let name = namespace.name();
                    let apply =
                        ["--namespace", name, "apply", "--server-side", &manager, "-f", "-"];
                    bed().kubectl_with_input(&apply, manifests).exits(0);
                }
            });
        }
    });
}

#[test]
fn each_owner_is_told_and_nothing_is_written() {
    let namespace = bed().namespace();
    let repository = namespace.repository("app");
    let registry = bed().registry();
    registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
    make(&namespace, &registry.reference(&repository, "1.0.0"));
    for owner in &OWNERS {
        namespace.wait_rolled_out(&format!("deployment/{}-0", owner.name));
    }

    let audit = bed().audit();
    let program = bed().program();
    let run = program.run(&["plan", "-n", namespace.name(), "-o", "json"]);
    let plan = Rows::of(&run);
    let ours: Vec<Request> = audit
        .by_agent("safe-update/")
        .into_iter()
        .filter(|request| request.namespace == namespace.name())
        .collect();
    let list = Rows::of(&program.run(&["list", "-n", namespace.name(), "-o", "json"]));

    for owner in &OWNERS {
        for number in 0..EACH {
            let name = format!("{}/{}-{number}:app", kind(number), owner.name);
            plan.row(&name).is(owner.decision, owner.words);
            assert_eq!(list.row(&name).text("/owner"), owner.listed, "{name}");
            let elsewhere = !list.row(&name).text("/change_at").is_empty();
            assert_eq!(elsewhere, owner.decision.starts_with("blocked"), "{name}");
        }
    }
    for (word, decision) in [("updates", "update"), ("held", "held"), ("blocked", "blocked")] {
        let owners = OWNERS.iter().filter(|owner| owner.decision.starts_with(decision));
        assert_eq!(plan.count(word), (owners.count() * EACH) as u64, "{word}");
    }
    assert_eq!(plan.count("targets"), (OWNERS.len() * EACH) as u64);
    // Some lists, whatever number of workloads there is.
    assert!(ours.iter().any(|request| request.resource == "deployments"), "{ours:#?}");
    assert!(!ours.iter().any(Request::is_write), "{ours:#?}");
    assert!(ours.len() < 30, "{} requests: {ours:#?}", ours.len());
}

#[test]
fn a_policy_lifts_the_limit_of_manifests_and_of_nobody_else() {
    let namespace = bed().namespace();
    let repository = namespace.repository("app");
    let registry = bed().registry();
    registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
    let image = registry.reference(&repository, "1.0.0");
    namespace.apply(&deployment("web", &image));
    namespace.create_from(&deployment("shop", &image).replacen(
        "name: shop",
        "name: shop, labels: {kapp.k14s.io/app: '1'}",
        1,
    ));
    for workload in ["deployment/web", "deployment/shop"] {
        namespace.wait_rolled_out(workload);
    }
    let plan = |policy: &str| {
        let program = bed().program().home_file("safe-update.yaml", policy);
        Rows::of(&program.run(&["plan", "-n", namespace.name(), "-o", "json"]))
    };
    let strict = plan("version: 1\n");
    strict.row("deploy/web:app").is("held 1.0.1", "a manifest describes this object");
    let lifted = plan("version: 1\nowners: {manifests: auto}\n");
    lifted.row("deploy/web:app").is("update 1.0.1", PATCH);
    lifted.row("deploy/shop:app").is("blocked 1.0.1", "belongs to kapp");
}

#[test]
fn what_others_wrote_does_not_reach_the_terminal_as_it_is() {
    let namespace = bed().namespace();
    let repository = namespace.repository("app");
    let registry = bed().registry();
    registry.push_tags(&repository, &["1.0.0", "1.0.1"]);
    let image = registry.reference(&repository, "1.0.0");
    let marks = r#"annotations: {argocd.argoproj.io/tracking-id: "st\e[2J\a\u202Eore:apps"}"#;
    namespace.create_from(&cron_job("web", &image, marks, ""));
    let program = bed().program();
    for args in [
        &["plan"][..],
        &["plan", "-o", "wide", "--diff"],
        &["plan", "-v=9"],
        &["plan", "-v=9", "--log-format", "json"],
        &["list"],
        &["list", "-o", "wide"],
        &["explain", "cj/web"],
    ] {
        let run = program.run(&[args, &["-n", namespace.name()]].concat());
        let shown = [run.exits(0).stdout.as_str(), run.stderr.as_str()].concat();
        let foreign = |c: char| (c.is_control() && c != '\n') || c == '\u{202E}';
        assert!(!shown.contains(foreign), "{args:?}: {shown:?}");
    }
    // Machine output has it as it is, escaped as JSON asks for.
    let list = program.run(&["list", "-n", namespace.name(), "-o", "json"]);
    let owner = Rows::of(&list).row("cj/web:app").text("/owner").to_owned();
    assert_eq!(owner, "Argo CD st\u{1b}[2J\u{7}\u{202E}ore", "{list}");
}
