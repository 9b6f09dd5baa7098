//! Where the last rollout of a workload stands, from its status alone.
//!
//! The questions and their order are those of `kubectl rollout status`, asked only as far as
//! "does anything still move": the generation is observed, every replica is of the wanted template,
//! none of an old one is left. Availability is not asked: pods that are broken and stay so are no
//! rollout, and waiting for them would hold back the version that mends them. An exceeded progress
//! deadline ends a rollout too.

use crate::domain::inventory::{Kind, Progress, Rollout, Strategy};

use super::wire::{WireObject, WireSpec, WireStatus};

/// The facts of an object's ability to roll out. What other objects decide (claims, disruption
/// budgets) is left out.
pub(super) fn rollout(kind: Kind, object: &WireObject<'_>) -> Rollout {
    let (spec, status) = (&object.spec, &object.status);
    let strategy = strategy(kind, spec);
    Rollout {
        paused: match kind {
            Kind::Deployment => spec.paused,
            Kind::Job => spec.suspend,
            _ => false,
        },
        replicas: match kind {
            // The server's default is one.
            Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet => {
                Some(spec.replicas.unwrap_or(1))
            }
            Kind::DaemonSet => Some(status.desired_number_scheduled),
            Kind::CronJob | Kind::Job | Kind::Pod | Kind::Release => None,
        },
        strategy,
        partition: partition(kind, spec),
        progress: progress(kind, object, strategy),
        stateful: kind == Kind::StatefulSet && !spec.volume_claim_templates.is_empty(),
        exclusive_claim: None,
        blocking_budget: None,
        failed: None,
    }
}

fn strategy(kind: Kind, spec: &WireSpec<'_>) -> Strategy {
    let written = match kind {
        Kind::Deployment => &spec.strategy.kind,
        Kind::StatefulSet | Kind::DaemonSet => &spec.update_strategy.kind,
        _ => return Strategy::Rolling,
    };
    match &**written {
        "Recreate" => Strategy::Recreate,
        "OnDelete" => Strategy::OnDelete,
        _ => Strategy::Rolling,
    }
}

fn partition(kind: Kind, spec: &WireSpec<'_>) -> u32 {
    match kind {
        Kind::StatefulSet => spec.update_strategy.rolling_update.partition.unwrap_or(0),
        _ => 0,
    }
}

fn progress(kind: Kind, object: &WireObject<'_>, strategy: Strategy) -> Progress {
    let status = &object.status;
    match kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => {}
        // A ReplicaSet does not replace pods; the others have no rollout at all.
        Kind::ReplicaSet | Kind::CronJob | Kind::Job | Kind::Pod | Kind::Release => {
            return Progress::Settled;
        }
    }
    let generation = object.metadata.generation.unwrap_or(0);
    if generation > status.observed_generation {
        return Progress::Underway(format!(
            "the controller has not seen generation {generation} yet"
        ));
    }
    match kind {
        Kind::Deployment => deployment(object.spec.replicas.unwrap_or(1), status),
        Kind::StatefulSet if strategy == Strategy::Rolling => {
            let wanted = object.spec.replicas.unwrap_or(1);
            stateful_set(wanted, partition(kind, &object.spec), status)
        }
        Kind::DaemonSet if strategy == Strategy::Rolling => {
            updated(status.updated_number_scheduled, status.desired_number_scheduled)
        }
        // OnDelete: nothing moves until somebody deletes a pod.
        _ => Progress::Settled,
    }
}

fn deployment(wanted: u32, status: &WireStatus<'_>) -> Progress {
    let exceeded = status.conditions.iter().any(|condition| {
        &*condition.kind == "Progressing" && &*condition.reason == "ProgressDeadlineExceeded"
    });
    if exceeded {
        return Progress::Exceeded;
    }
    match updated(status.updated_replicas, wanted) {
        Progress::Settled if status.replicas > status.updated_replicas => {
            let old = status.replicas - status.updated_replicas;
            Progress::Underway(format!("{old} old replicas are still there"))
        }
        other => other,
    }
}

fn stateful_set(wanted: u32, partition: u32, status: &WireStatus<'_>) -> Progress {
    if status.current_revision == status.update_revision {
        return Progress::Settled;
    }
    if partition > 0 {
        // A partitioned rollout ends with both revisions present.
        return updated(status.updated_replicas, wanted.saturating_sub(partition));
    }
    if wanted == 0 {
        return Progress::Settled;
    }
    Progress::Underway(format!("{} of {wanted} replicas are updated", status.updated_replicas))
}

fn updated(updated: u32, wanted: u32) -> Progress {
    if updated < wanted {
        Progress::Underway(format!("{updated} of {wanted} replicas are updated"))
    } else {
        Progress::Settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, json: &str) -> Rollout {
        rollout(kind, &serde_json::from_str(json).expect("the fixture is JSON"))
    }

    #[test]
    fn settled_means_that_nothing_moves_any_more() {
        use Kind::{CronJob, DaemonSet, Deployment, ReplicaSet, StatefulSet};
        let cases = [
            (
                Deployment,
                r#"{"metadata":{"generation":3},"spec":{"replicas":2},
                    "status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2}}"#,
                Some("the controller has not seen generation 3 yet"),
            ),
            (
                Deployment,
                r#"{"metadata":{"generation":3},"spec":{"replicas":2},
                    "status":{"observedGeneration":3,"replicas":3,"updatedReplicas":1}}"#,
                Some("1 of 2 replicas are updated"),
            ),
            (
                Deployment,
                r#"{"metadata":{"generation":3},"spec":{"replicas":2},
                    "status":{"observedGeneration":3,"replicas":3,"updatedReplicas":2}}"#,
                Some("1 old replicas are still there"),
            ),
            (
                Deployment,
                r#"{"metadata":{"generation":3},"spec":{"replicas":2},
                    "status":{"observedGeneration":3,"replicas":2,"updatedReplicas":2,
                              "conditions":[{"type":"Available","status":"False"}]}}"#,
                None,
            ),
            (
                Deployment,
                r#"{"metadata":{"generation":1},"spec":{"replicas":0},
                    "status":{"observedGeneration":1}}"#,
                None,
            ),
            (
                StatefulSet,
                r#"{"metadata":{"generation":2},"spec":{"replicas":3},
                    "status":{"observedGeneration":2,"updatedReplicas":1,
                              "currentRevision":"a","updateRevision":"b"}}"#,
                Some("1 of 3 replicas are updated"),
            ),
            (
                StatefulSet,
                r#"{"metadata":{"generation":2},
                    "spec":{"replicas":3,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2}}},
                    "status":{"observedGeneration":2,"updatedReplicas":1,
                              "currentRevision":"a","updateRevision":"b"}}"#,
                None,
            ),
            (
                StatefulSet,
                r#"{"metadata":{"generation":2},
                    "spec":{"replicas":3,"updateStrategy":{"type":"OnDelete"}},
                    "status":{"observedGeneration":2,"currentRevision":"a","updateRevision":"b"}}"#,
                None,
            ),
            (
                DaemonSet,
                r#"{"metadata":{"generation":2},"spec":{},
                    "status":{"observedGeneration":2,"desiredNumberScheduled":5,"updatedNumberScheduled":4}}"#,
                Some("4 of 5 replicas are updated"),
            ),
            (
                ReplicaSet,
                r#"{"metadata":{"generation":2},"spec":{"replicas":3},"status":{}}"#,
                None,
            ),
            (CronJob, r#"{"metadata":{"generation":2},"spec":{},"status":{}}"#, None),
        ];
        for (kind, json, underway) in cases {
            let expected =
                underway.map_or(Progress::Settled, |text| Progress::Underway(text.into()));
            assert_eq!(read(kind, json).progress, expected, "{kind} {json}");
        }
    }

    #[test]
    fn an_exceeded_deadline_ends_a_rollout() {
        let json = r#"{"metadata":{"generation":3},"spec":{"replicas":2},
            "status":{"observedGeneration":3,"replicas":3,"updatedReplicas":1,
                      "conditions":[{"type":"Progressing","reason":"ProgressDeadlineExceeded"}]}}"#;
        assert_eq!(read(Kind::Deployment, json).progress, Progress::Exceeded);
        // An old verdict does not count for a generation that nobody has seen yet.
        let newer = json.replace(r#""generation":3"#, r#""generation":4"#);
        assert!(matches!(read(Kind::Deployment, &newer).progress, Progress::Underway(_)));
    }

    #[test]
    fn facts_are_read_per_kind() {
        let deployment =
            read(Kind::Deployment, r#"{"spec":{"paused":true,"strategy":{"type":"Recreate"}}}"#);
        assert!(deployment.paused);
        assert_eq!(deployment.strategy, Strategy::Recreate);
        assert_eq!(deployment.replicas, Some(1), "the server's default");

        let set = read(
            Kind::StatefulSet,
            r#"{"spec":{"replicas":0,"volumeClaimTemplates":[{"metadata":{"name":"data"}}],
                "updateStrategy":{"rollingUpdate":{"partition":4}}}}"#,
        );
        assert_eq!((set.replicas, set.partition, set.stateful), (Some(0), 4, true));

        let daemon = read(Kind::DaemonSet, r#"{"status":{"desiredNumberScheduled":7}}"#);
        assert_eq!(daemon.replicas, Some(7));

        let job = read(Kind::Job, r#"{"spec":{"suspend":true}}"#);
        assert_eq!((job.paused, job.replicas), (true, None));
        assert!(!read(Kind::CronJob, r#"{"spec":{"suspend":true}}"#).paused);
    }
}
