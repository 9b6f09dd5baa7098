//! What pods really run: from the pods' controllers to the workloads, and from `imageID` to digests.

use std::collections::HashMap;
use std::sync::Arc;

use crate::adapters::workload::{Interner, WireContainerStatus, WireObject, controller};
use crate::domain::image::Digest;
use crate::domain::inventory::{Kind, Running, Slot, SlotKind, Workload};

/// Namespace and name.
type ObjectKey = (Arc<str>, Arc<str>);

/// What nodes report, by the workload that controls the pods.
#[derive(Debug, Default)]
pub(super) struct Reports {
    reports: HashMap<Controller, Report>,
    /// The Deployment that each `ReplicaSet` with live pods belongs to, as far as names tell.
    replica_sets: HashMap<ObjectKey, Option<Arc<str>>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Controller {
    namespace: Arc<str>,
    kind: Kind,
    name: Arc<str>,
}

#[derive(Debug, Default)]
struct Report {
    /// Creation of the pod that counts, for Jobs.
    created: Arc<str>,
    digests: Vec<(SlotKind, Arc<str>, Digest)>,
}

/// The `CronJob` of each Job that has one.
#[derive(Debug, Default)]
pub(super) struct CronJobs(HashMap<ObjectKey, Arc<str>>);

impl CronJobs {
    /// Takes note of a Job that a `CronJob` controls.
    pub(super) fn job(&mut self, job: &WireObject<'_>, interner: &mut Interner) {
        let namespace = job.metadata.namespace.as_deref().unwrap_or_default();
        if let Some(owner) = controller(&job.metadata).filter(|owner| &*owner.kind == "CronJob") {
            let key = (interner.text(namespace), Arc::from(&*job.metadata.name));
            self.0.insert(key, interner.text(&owner.name));
        }
    }
}

impl Reports {
    /// Takes note of a pod.
    pub(super) fn pod(&mut self, pod: &WireObject<'_>, interner: &mut Interner) {
        let Some(owner) = controller(&pod.metadata) else {
            return;
        };
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str() == &*owner.kind) else {
            return;
        };
        // A Job's pods tell what it ran when they have ended too; of other pods only the live count.
        let ended = matches!(&*pod.status.phase, "Succeeded" | "Failed");
        if ended && kind != Kind::Job {
            return;
        }
        // A Deployment names its ReplicaSets after itself and the hash of the template, which the
        // pods carry as a label.
        let deployment = match (kind, pod.metadata.labels.get("pod-template-hash")) {
            (Kind::ReplicaSet, Some(hash)) => {
                owner.name.strip_suffix(hash).and_then(|name| name.strip_suffix('-'))
            }
            _ => None,
        };
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let namespace = interner.text(namespace);
        if kind == Kind::ReplicaSet {
            let key = (Arc::clone(&namespace), interner.text(&owner.name));
            let deployment = deployment.map(|name| interner.text(name));
            self.replica_sets.insert(key, deployment);
        }
        let mut keys = vec![(kind, &*owner.name)];
        keys.extend(deployment.map(|name| (Kind::Deployment, name)));
        for (kind, name) in keys {
            let key =
                Controller { namespace: Arc::clone(&namespace), kind, name: interner.text(name) };
            self.reports.entry(key).or_default().add(kind, pod, interner);
        }
    }

    /// `ReplicaSets` with live pods: namespace, name, and the Deployment that the name tells.
    pub(super) fn replica_sets(&self) -> impl Iterator<Item = (&str, &str, Option<&str>)> {
        self.replica_sets
            .iter()
            .map(|((namespace, name), deployment)| (&**namespace, &**name, deployment.as_deref()))
    }

    /// Moves what the Jobs of a `CronJob` report to it: the newest counts.
    pub(super) fn fold_jobs(&mut self, jobs: &CronJobs) {
        for ((namespace, job), cron_job) in &jobs.0 {
            let key = |kind, name: &Arc<str>| Controller {
                namespace: Arc::clone(namespace),
                kind,
                name: Arc::clone(name),
            };
            let Some(report) = self.reports.remove(&key(Kind::Job, job)) else {
                continue;
            };
            let folded = self.reports.entry(key(Kind::CronJob, cron_job)).or_default();
            if report.created >= folded.created {
                *folded = report;
            }
        }
    }

    /// Fills the slots of a workload whose tags float.
    pub(super) fn fill(&self, workload: &mut Workload, floating: impl Fn(&Slot) -> bool) {
        let Some(namespace) = &workload.namespace else {
            return;
        };
        let key = Controller {
            namespace: Arc::clone(namespace),
            kind: workload.kind,
            name: Arc::clone(&workload.name),
        };
        let report = self.reports.get(&key);
        for slot in workload.slots.iter_mut().filter(|slot| floating(slot)) {
            slot.running = report.map_or(Running::Unreported, |report| report.of(slot));
        }
    }
}

impl Report {
    fn add(&mut self, kind: Kind, pod: &WireObject<'_>, interner: &mut Interner) {
        let created = pod.metadata.creation_timestamp.as_deref().unwrap_or_default();
        if kind == Kind::Job {
            if created < &*self.created {
                return;
            }
            self.digests.clear();
        }
        self.created = interner.text(created);
        for (slot, name, digest) in reported(pod, interner) {
            let known = (slot, name, digest);
            if !self.digests.contains(&known) {
                self.digests.push(known);
            }
        }
    }

    fn of(&self, slot: &Slot) -> Running {
        let digests: Vec<Digest> = self
            .digests
            .iter()
            .filter(|(kind, name, _)| *kind == slot.kind && *name == slot.name)
            .map(|(_, _, digest)| digest.clone())
            .collect();
        if digests.is_empty() { Running::Unreported } else { Running::Digests(digests) }
    }
}

/// What a pod itself runs, for pods that nobody controls.
pub(super) fn of_pod(pod: &WireObject<'_>, slot: &Slot, interner: &mut Interner) -> Running {
    let report = Report { created: Arc::default(), digests: reported(pod, interner) };
    report.of(slot)
}

fn reported(pod: &WireObject<'_>, interner: &mut Interner) -> Vec<(SlotKind, Arc<str>, Digest)> {
    let status = &pod.status;
    let lists: [(SlotKind, &[WireContainerStatus<'_>]); 3] = [
        (SlotKind::Container, &status.container_statuses),
        (SlotKind::InitContainer, &status.init_container_statuses),
        (SlotKind::EphemeralContainer, &status.ephemeral_container_statuses),
    ];
    lists
        .into_iter()
        .flat_map(|(kind, list)| list.iter().map(move |status| (kind, status)))
        .filter_map(|(kind, status)| {
            Some((kind, interner.text(&status.name), digest(&status.image_id)?))
        })
        .collect()
}

/// The digest that a registry knows: `REPOSITORY@sha256:…`, with `docker-pullable://` before it on
/// old nodes. A digest without a repository is that of the image's configuration, which no registry
/// lists.
pub(super) fn digest(image_id: &str) -> Option<Digest> {
    let (repository, digest) = image_id.rsplit_once('@')?;
    let repository = repository.rsplit_once("://").map_or(repository, |(_, name)| name);
    (!repository.is_empty()).then(|| digest.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::workload::workload;
    use crate::domain::inventory::Leg;

    fn hex(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    fn pod(owner: &str, hash: &str, phase: &str, created: &str, image_id: &str) -> String {
        let (kind, name) = owner.split_once('/').expect("KIND/NAME");
        format!(
            r#"{{"metadata":{{"name":"p","namespace":"n","creationTimestamp":"{created}",
                  "labels":{{"pod-template-hash":"{hash}"}},
                  "ownerReferences":[{{"kind":"{kind}","name":"{name}","controller":true}}]}},
                "status":{{"phase":"{phase}","containerStatuses":[{{"name":"c","imageID":"{image_id}"}}]}}}}"#
        )
    }

    fn running(kind: Kind, name: &str, pods: &[String], jobs: &[&str]) -> Running {
        let mut interner = Interner::default();
        let mut reports = Reports::default();
        for pod in pods {
            let pod = serde_json::from_str(pod).expect("the fixture is JSON");
            reports.pod(&pod, &mut interner);
        }
        let mut cron_jobs = CronJobs::default();
        for job in jobs {
            let job = format!(
                r#"{{"metadata":{{"name":"{job}","namespace":"n",
                    "ownerReferences":[{{"kind":"CronJob","name":"cron","controller":true}}]}}}}"#
            );
            let job = serde_json::from_str(&job).expect("the fixture is JSON");
            cron_jobs.job(&job, &mut interner);
        }
        reports.fold_jobs(&cron_jobs);
        let json = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"n"}},"spec":{{
                "template":{{"spec":{{"containers":[{{"name":"c","image":"nginx"}}]}}}}}}}}"#
        );
        let object = serde_json::from_str(&json).expect("the fixture is JSON");
        let mut workload = workload(kind, &object, Leg::Kubernetes, &mut interner);
        reports.fill(&mut workload, |_| true);
        workload.slots[0].running.clone()
    }

    fn digests(digits: &[char]) -> Running {
        let digests = digits.iter().map(|digit| hex(*digit).parse().expect("a digest"));
        Running::Digests(digests.collect())
    }

    #[test]
    fn image_ids_are_read_in_their_forms() {
        let hash = hex('a');
        for (image_id, expected) in [
            (format!("docker.io/library/nginx@{hash}"), true),
            (format!("docker-pullable://nginx@{hash}"), true),
            (format!("localhost:5000/a@{hash}"), true),
            (hash.clone(), false),
            (format!("docker://{hash}"), false),
            (format!("@{hash}"), false),
            ("nginx@sha256:short".to_owned(), false),
            ("nginx:1".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(
                digest(&image_id).is_some_and(|digest| digest.as_str() == hash),
                expected,
                "{image_id}"
            );
        }
    }

    #[test]
    fn pods_lead_to_their_workloads() {
        let image = |digit| format!("nginx@{}", hex(digit));
        let pods = [
            pod("ReplicaSet/web-1-5d9c7", "5d9c7", "Running", "1", &image('a')),
            pod("ReplicaSet/web-1-5d9c7", "5d9c7", "Running", "1", &image('a')),
            pod("ReplicaSet/web-1-77777", "77777", "Running", "1", &image('b')),
            pod("ReplicaSet/web-1-88888", "88888", "Failed", "1", &image('c')),
            pod("ReplicaSet/web-5d9c7", "5d9c7", "Running", "1", &image('d')),
            pod("StatefulSet/db", "", "Running", "1", &image('e')),
        ];
        let of = |kind, name| running(kind, name, &pods, &[]);
        assert_eq!(of(Kind::Deployment, "web-1"), digests(&['a', 'b']));
        assert_eq!(of(Kind::Deployment, "web"), digests(&['d']));
        assert_eq!(of(Kind::StatefulSet, "db"), digests(&['e']));
        assert_eq!(of(Kind::DaemonSet, "db"), Running::Unreported);
    }

    #[test]
    fn the_newest_job_of_a_cron_job_counts() {
        let image = |digit| format!("nginx@{}", hex(digit));
        let pods = [
            pod("Job/cron-1", "", "Succeeded", "2026-01-01T00:00:00Z", &image('a')),
            pod("Job/cron-3", "", "Succeeded", "2026-01-03T00:00:00Z", &image('c')),
            pod("Job/cron-2", "", "Succeeded", "2026-01-02T00:00:00Z", &image('b')),
        ];
        let jobs = ["cron-1", "cron-2", "cron-3"];
        assert_eq!(running(Kind::CronJob, "cron", &pods, &jobs), digests(&['c']));
    }

    #[test]
    fn a_node_that_reports_nothing_is_told() {
        let pods = [pod("StatefulSet/db", "", "Running", "1", "")];
        assert_eq!(running(Kind::StatefulSet, "db", &pods, &[]), Running::Unreported);
    }
}
