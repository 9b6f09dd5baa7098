use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::domain::inventory::{Rollout, Running, SlotImage};
use crate::domain::platform::Placement;
use crate::domain::policy::{Overrides, Policy};

pub(crate) fn workload(kind: Kind) -> Workload {
    Workload {
        leg: Leg::Kubernetes,
        kind,
        namespace: Some("prod".into()),
        name: "web".into(),
        uid: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        owner: Owner::Nobody,
        rollout: Rollout { replicas: Some(2), ..Rollout::default() },
        pull: None,
        placement: Placement::default(),
        origin: None,
        slots: vec![slot(SlotKind::Container)],
        containers: vec!["nginx".into(), "other".into()],
    }
}

pub(crate) fn slot(kind: SlotKind) -> Slot {
    Slot {
        kind,
        name: "nginx".into(),
        image: SlotImage::read("nginx:1.25.3"),
        running: Running::default(),
        line: None,
    }
}

const OPEN: Surroundings<'_> =
    Surroundings { closed: None, manifests: Action::Review, still_listed: Some(true) };

/// Judges a step of the first slot under the default policy.
#[track_caller]
fn check(workload: &Workload, bump: Bump, surroundings: Surroundings<'_>, expected: &str) {
    let slot = &workload.slots[0];
    let limits = Policy::default().limits(workload, slot, &Overrides::default());
    let findings =
        judge(workload, slot, &limits, Step { bump, size: bump, version: "2.0.0" }, surroundings);
    let mut told = vec![fold(&findings).to_string()];
    told.extend(
        findings
            .iter()
            .filter_map(|finding| Some(format!("{}: {}", finding.gate, finding.verdict.reason()?))),
    );
    let told = told.join("\n");
    assert!(told.contains(expected), "expected {expected:?} in\n{told}");
    // Whatever stands in the way says what to do; nothing stands in the way of an update.
    assert_eq!(told == "update", fold(&findings) == Decision::Update, "{told}");
}

#[test]
fn each_kind_of_change_has_its_default_action() {
    let web = workload(Kind::Deployment);
    check(&web, Bump::Patch, OPEN, "update");
    check(&web, Bump::Minor, OPEN, "policy: a minor change needs a yes (set by the defaults)");
    check(&web, Bump::Major, OPEN, "prod/deploy/web:nginx=2.0.0");
    check(&web, Bump::Digest, OPEN, "held");
    check(&web, Bump::Base, OPEN, "held");
    check(&web, Bump::Prerelease, OPEN, "blocked");
}

#[test]
fn what_is_left_out_by_default_can_be_typed() {
    let web = workload(Kind::Deployment);
    let slot = &web.slots[0];
    let mut limits = Policy::default().limits(&web, slot, &Overrides::default());
    let (bump, size) = (Bump::Prerelease, Bump::Prerelease);
    for (typed, decision) in [("2.0.0-rc.2", Decision::Blocked), ("2.0.0-rc.1", Decision::Held)] {
        limits.only = Some(typed.parse().expect("a tag"));
        let step = Step { bump, size, version: "2.0.0-rc.1" };
        assert_eq!(fold(&judge(&web, slot, &limits, step, OPEN)), decision, "{typed}");
    }
}

#[test]
fn owners_that_would_put_it_back_are_never_patched() {
    let owners = [
        (
            Owner::Helm { release: "shop".into(), namespace: "prod".into() },
            "`upgrade shop -n prod`",
        ),
        (Owner::ArgoCd { application: Some("shop".into()) }, "Argo CD application shop"),
        (Owner::ArgoCd { application: None }, "Argo CD"),
        (
            Owner::Flux { kind: "Kustomization", namespace: "flux".into(), name: "apps".into() },
            "Flux Kustomization flux/apps",
        ),
        (Owner::Controller { kind: "Postgres".into(), name: "db".into() }, "Postgres db"),
        (Owner::Olm, "Subscription"),
        (Owner::AddonManager, "addon manager"),
        (Owner::Kapp, "kapp"),
        (Owner::Fleet, "Fleet"),
        (Owner::ManagedBy("pulumi".into()), "pulumi"),
    ];
    for (owner, sentence) in owners {
        let web = Workload { owner, ..workload(Kind::Deployment) };
        check(&web, Bump::Patch, OPEN, "blocked");
        check(&web, Bump::Patch, OPEN, sentence);
    }
}

#[test]
fn manifests_and_the_cluster_itself_limit_the_action() {
    let manifest = Owner::Manifest { manager: Some("kubectl".into()) };
    let web = Workload { owner: manifest, ..workload(Kind::Deployment) };
    check(&web, Bump::Patch, OPEN, "held");
    check(&web, Bump::Patch, OPEN, "applied by kubectl");
    check(&web, Bump::Patch, Surroundings { manifests: Action::Auto, ..OPEN }, "update");
    for owner in [Owner::ClusterSystem, Owner::Ourselves] {
        let web = Workload { owner, ..workload(Kind::Deployment) };
        check(&web, Bump::Patch, OPEN, "held");
        check(&web, Bump::Patch, OPEN, "prod/deploy/web:nginx=2.0.0");
    }
}

#[test]
fn what_cannot_be_seen_to_work_waits_or_is_refused() {
    let with = |kind, rollout| Workload { rollout, ..workload(kind) };
    let replicas = Some(1);
    for (web, expected) in [
        (
            with(Kind::Deployment, Rollout { paused: true, replicas, ..Default::default() }),
            "rollout resume deploy/web -n prod",
        ),
        (
            with(Kind::Deployment, Rollout { replicas: Some(0), ..Default::default() }),
            "zero replicas",
        ),
        (
            with(
                Kind::StatefulSet,
                Rollout { strategy: Strategy::OnDelete, replicas, ..Default::default() },
            ),
            "OnDelete",
        ),
        (
            with(Kind::DaemonSet, Rollout { strategy: Strategy::OnDelete, ..Default::default() }),
            "OnDelete",
        ),
        (
            with(Kind::StatefulSet, Rollout { partition: 2, replicas, ..Default::default() }),
            "partition 2",
        ),
        (
            with(
                Kind::Deployment,
                Rollout {
                    progress: Progress::Underway("1 of 2".into()),
                    replicas,
                    ..Default::default()
                },
            ),
            "settled: another rollout is under way: 1 of 2",
        ),
        (
            with(
                Kind::Deployment,
                Rollout { strategy: Strategy::Recreate, replicas, ..Default::default() },
            ),
            "capacity: strategy Recreate",
        ),
        (
            with(
                Kind::Deployment,
                Rollout { exclusive_claim: Some("data".into()), replicas, ..Default::default() },
            ),
            "the claim data",
        ),
        (
            with(
                Kind::Deployment,
                Rollout { blocking_budget: Some("web".into()), replicas, ..Default::default() },
            ),
            "PodDisruptionBudget web",
        ),
        (workload(Kind::Job), "blocked"),
        (workload(Kind::Pod), "blocked"),
        (workload(Kind::ReplicaSet), "blocked"),
    ] {
        check(&web, Bump::Patch, OPEN, expected);
    }
    let cron = workload(Kind::CronJob);
    check(&cron, Bump::Patch, OPEN, "update");
    let stuck = Rollout { progress: Progress::Exceeded, replicas, ..Default::default() };
    check(&with(Kind::Deployment, stuck), Bump::Patch, OPEN, "update");
}

#[test]
fn windows_and_the_way_back_hold() {
    let web = workload(Kind::Deployment);
    check(&web, Bump::Patch, Surroundings { closed: Some("frozen"), ..OPEN }, "window: frozen");
    let gone = Surroundings { still_listed: Some(false), ..OPEN };
    check(&web, Bump::Patch, gone, "way-back: no way back: the running image nginx:1.25.3");
    check(&web, Bump::Patch, Surroundings { still_listed: None, ..OPEN }, "update");
}

#[test]
fn manifests_on_disk_skip_what_needs_a_cluster() {
    let owner = Owner::Helm { release: "shop".into(), namespace: "prod".into() };
    let web = Workload { leg: Leg::File, owner, ..workload(Kind::Deployment) };
    check(&web, Bump::Patch, OPEN, "update");
    let frozen = Surroundings { closed: Some("frozen"), ..OPEN };
    check(&web, Bump::Patch, frozen, "window: frozen");
    let paused = Rollout { paused: true, ..Default::default() };
    let web = Workload { rollout: paused, ..web };
    check(&web, Bump::Patch, OPEN, "blocked");
}

#[test]
fn annotations_hold_skip_and_are_told_when_malformed() {
    let annotated = |key: &str, value: &str| {
        let annotations = [(Arc::from(key), Arc::from(value))].into();
        Workload { annotations, ..workload(Kind::Deployment) }
    };
    check(
        &annotated("skip", "true"),
        Bump::Patch,
        OPEN,
        "left alone by the annotation safe-update.io/skip",
    );
    check(&annotated("actions", "minor=auto"), Bump::Minor, OPEN, "update");
    check(&annotated("actions.nginx", "patch=manual"), Bump::Patch, OPEN, "held");
    check(&annotated("actions.other", "patch=manual"), Bump::Patch, OPEN, "update");
    check(&annotated("actions.othr", "patch=manual"), Bump::Patch, OPEN, "there are: nginx, other");
    check(&annotated("actions", "minor=perhaps"), Bump::Patch, OPEN, "mend it first");
    check(&annotated("constrain", "1"), Bump::Patch, OPEN, "no such key");
}
