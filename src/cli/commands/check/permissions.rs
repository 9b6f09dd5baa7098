//! Which permissions there are: those that a plan reads with, and those that carrying one out needs.

use std::collections::BTreeSet;

use super::line::{Line, fail, ok, warn};
use crate::adapters::kubernetes::{Cluster, Permission};
use crate::cli::wire;
use crate::domain::inventory::Kind;
use crate::ports::DiscoverError;

/// Group, resource, verbs, and what is lacking without them.
type Needed = (&'static str, &'static str, &'static [&'static str], &'static str);

/// What a plan reads beside the workloads.
const READING: [Needed; 5] = [
    ("", "nodes", &["list"], "platforms of the nodes are not known without it"),
    ("", "secrets", &["get"], "pull secrets are not used without it"),
    ("", "serviceaccounts", &["get"], "pull secrets of service accounts are not used without it"),
    ("policy", "poddisruptionbudgets", &["list"], "blocking budgets are not seen without it"),
    (
        "",
        "persistentvolumeclaims",
        &["list"],
        "claims that only one node can mount are not seen without it",
    ),
];

/// The kinds that `apply` writes.
const WRITTEN: [Kind; 4] = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::CronJob];

/// What `apply` needs beside the workloads.
const WRITING: [Needed; 8] = [
    (
        "coordination.k8s.io",
        "leases",
        &["get", "list", "create", "patch"],
        "`apply --auto` refuses to write without it, other machines do not see what is under way, and nothing is remembered as known bad or approved",
    ),
    ("", "pods", &["list", "watch"], "apply cannot see whether new pods work without it"),
    ("apps", "replicasets", &["list"], "apply cannot tell new pods of a Deployment without it"),
    (
        "apps",
        "controllerrevisions",
        &["list"],
        "apply cannot tell new pods of a DaemonSet without it",
    ),
    ("", "events", &["list"], "why pods cannot be created is told later without it"),
    (
        "",
        "pods/eviction",
        &["create"],
        "a rollback cannot free a StatefulSet from a broken pod without it",
    ),
    (
        "",
        "pods",
        &["delete"],
        "a rollback cannot free a StatefulSet where a disruption budget forbids eviction without it",
    ),
    (
        "batch",
        "jobs",
        &["create", "get", "list", "watch", "patch"],
        "apply cannot start, judge and stop Jobs of CronJobs without it",
    ),
];

/// What is asked for, and where.
struct Asked<'a> {
    cluster: &'a Cluster,
    namespace: Option<&'a str>,
    place: String,
}

pub(super) async fn permissions(cluster: &Cluster, all_namespaces: bool, lines: &mut Vec<Line>) {
    let namespace = (!all_namespaces).then(|| cluster.default_namespace());
    let place = namespace.map_or_else(
        || "in all namespaces".to_owned(),
        |namespace| format!("in the namespace {namespace}"),
    );
    let asked = Asked { cluster, namespace, place };
    for kind in Kind::ALL {
        let lacking = "these workloads are not seen without it";
        lines.push(asked.ask("list", (kind.group(), kind.plural()), lacking).await);
    }
    asked.ask_all(&READING, lines).await;
    // Where the driver is none that can be read, other lines say so.
    let records = wire::helm_driver().ok().map(|driver| driver.keeper().plural());
    if let Some(records) = records {
        let lacking = "Helm releases are not seen without it";
        lines.push(asked.ask("list", ("", records), lacking).await);
    }
    for kind in WRITTEN {
        for (verb, lacking) in [
            ("get", "apply cannot read these workloads anew without it"),
            ("watch", "apply cannot follow the rollout of these workloads without it"),
            ("patch", "apply cannot change these workloads without it"),
        ] {
            lines.push(asked.ask(verb, (kind.group(), kind.plural()), lacking).await);
        }
    }
    asked.ask_all(&WRITING, lines).await;
    if let Some(records) = records {
        let lacking =
            "helm cannot keep its records, so that releases cannot be upgraded without it";
        for verb in ["get", "create", "update", "delete"] {
            lines.push(asked.ask(verb, ("", records), lacking).await);
        }
    }
    // What both reading and writing need is told once.
    let mut told = BTreeSet::new();
    lines.retain(|line| line.check != "permission" || told.insert(line.object.clone()));
}

impl Asked<'_> {
    async fn ask_all(&self, needed: &[Needed], lines: &mut Vec<Line>) {
        for (group, resource, verbs, lacking) in needed {
            for verb in *verbs {
                lines.push(self.ask(verb, (group, resource), lacking).await);
            }
        }
    }

    async fn ask(&self, verb: &str, (group, resource): (&str, &str), lacking: &str) -> Line {
        let cluster_wide = resource == "nodes";
        let namespace = self.namespace.filter(|_| !cluster_wide);
        let object = if cluster_wide {
            format!("{verb} {resource}")
        } else {
            format!("{verb} {resource} {}", self.place)
        };
        let permission = Permission { verb, group, resource, namespace };
        match self.cluster.can_i(permission).await {
            Ok(access) if access.allowed => ok("permission", object, "allowed"),
            Ok(access) => {
                let reason =
                    access.reason.map_or_else(String::new, |reason| format!(" ({reason})"));
                warn("permission", object, format!("not allowed{reason}: {lacking}"))
            }
            Err(DiscoverError::Forbidden { message }) => warn("permission", object, message),
            Err(error) => fail("permission", object, error.to_string()),
        }
    }
}
