//! Gates: named, pure checks of one target, and the fold of their verdicts to a decision.
//!
//! A gate never hides a version: it judges the one that was chosen. Each verdict that is not
//! `Allow` says in words what stands in the way and how to get past it.

use std::fmt;

use super::inventory::{Kind, Leg, Owner, Progress, Slot, SlotKind, Strategy, Workload};
use super::policy::{Action, Limits, Source};
use super::version::Bump;

/// The checks, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Who decides what the object looks like.
    Owner,
    /// What the policy says about this kind of change.
    Policy,
    /// No other rollout is under way.
    Settled,
    /// The update would be carried out, and could be seen to work.
    Verifiable,
    /// Replacing the pods does not interrupt the service.
    Capacity,
    /// Now is a time for updates.
    Window,
    /// What runs now could be put back.
    WayBack,
    /// It is known where the chart of a release comes from.
    Source,
    /// What helm would render of the installed chart is what stands in the cluster.
    Ground,
    /// Every image of the new chart can be pulled.
    Images,
    /// The API server would take what the new chart renders.
    Preview,
}

impl Gate {
    /// The name in machine output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Policy => "policy",
            Self::Settled => "settled",
            Self::Verifiable => "verifiable",
            Self::Capacity => "capacity",
            Self::Window => "window",
            Self::WayBack => "way-back",
            Self::Source => "source",
            Self::Ground => "ground",
            Self::Images => "images",
            Self::Preview => "preview",
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The answer of one gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing stands in the way.
    Allow,
    /// It needs a yes, a name, time, or a hand; the text says which.
    Hold(String),
    /// It will not happen here; the text says where it would.
    Deny(String),
}

impl Verdict {
    /// The word in machine output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Hold(_) => "hold",
            Self::Deny(_) => "deny",
        }
    }

    /// Why, where it is not `Allow`.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Allow => None,
            Self::Hold(reason) | Self::Deny(reason) => Some(reason),
        }
    }
}

/// What one gate said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The gate.
    pub gate: Gate,
    /// Its answer.
    pub verdict: Verdict,
}

/// What happens to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// An unattended run would take it.
    Update,
    /// It needs a yes, a name, time or a hand.
    Held,
    /// It will not happen.
    Blocked,
    /// There is nothing newer.
    UpToDate,
    /// It could not be looked up.
    Unknown,
}

impl Decision {
    /// The word in machine output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Held => "held",
            Self::Blocked => "blocked",
            Self::UpToDate => "up-to-date",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Folds verdicts: one denial blocks, one hold holds.
pub fn fold(findings: &[Finding]) -> Decision {
    let any = |wanted: fn(&Verdict) -> bool| findings.iter().any(|each| wanted(&each.verdict));
    if any(|verdict| matches!(verdict, Verdict::Deny(_))) {
        Decision::Blocked
    } else if any(|verdict| matches!(verdict, Verdict::Hold(_))) {
        Decision::Held
    } else {
        Decision::Update
    }
}

/// What the gates know beside the target itself.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Why updates may not happen now; none when they may.
    pub closed: Option<&'a str>,
    /// The freest action for objects that somebody's manifest describes.
    pub manifests: Action,
    /// Whether the running tag is still published; none when that is not known.
    pub still_listed: Option<bool>,
}

/// The step that is judged.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// What kind of change it is.
    pub bump: Bump,
    /// The step of the version alone.
    pub size: Bump,
    /// The version to name, for the hint of a manual step.
    pub version: &'a str,
}

/// Asks every gate about one step of one slot. Manifests on disk skip the gates that need a
/// cluster.
pub fn judge(
    workload: &Workload,
    slot: &Slot,
    limits: &Limits,
    step: Step<'_>,
    surroundings: Surroundings<'_>,
) -> Vec<Finding> {
    let in_cluster = workload.leg.is_in_cluster();
    let mut findings = Vec::with_capacity(7);
    let mut add = |gate, verdict| findings.push(Finding { gate, verdict });
    if in_cluster {
        add(Gate::Owner, owner(workload, slot));
    }
    add(Gate::Policy, policy(workload, slot, limits, step, surroundings.manifests));
    if in_cluster {
        add(Gate::Settled, settled(workload));
    }
    add(Gate::Verifiable, verifiable(workload, slot));
    if in_cluster {
        add(Gate::Capacity, capacity(workload));
    }
    let closed = surroundings.closed.map(|why| Verdict::Hold(why.into()));
    add(Gate::Window, closed.unwrap_or(Verdict::Allow));
    add(Gate::WayBack, way_back(slot, step.bump, surroundings.still_listed));
    findings
}

/// The action that holds for a step, with who set it: the policy's, limited by whose object it is.
/// A change of the base that is a major step as well needs what either of them needs.
pub fn action(
    workload: &Workload,
    limits: &Limits,
    step: Step<'_>,
    manifests: Action,
) -> (Action, Source) {
    let (change, size) = (limits.action(step.bump), limits.action(step.size));
    let set = if size.value > change.value { size } else { change };
    let limit = match (&workload.owner, workload.leg) {
        (Owner::Manifest { .. }, Leg::Kubernetes) => manifests,
        (Owner::ClusterSystem | Owner::Ourselves, Leg::Kubernetes | Leg::Helm) => Action::Manual,
        _ => Action::Auto,
    };
    // What never happens by default is not forbidden: whoever types the version wants it.
    let typed = limits.only.as_ref().is_some_and(|only| only.as_str() == step.version);
    if typed && set.value == Action::Skip && set.source == Source::Default {
        return (Action::Manual, Source::Default);
    }
    // Where both ask for the same, whose object it is explains more.
    if limit >= set.value && limit > Action::Auto {
        (limit, Source::Owner)
    } else {
        (set.value, set.source.clone())
    }
}

fn owner(workload: &Workload, slot: &Slot) -> Verdict {
    if slot.kind == SlotKind::EphemeralContainer {
        return Verdict::Deny(
            "an ephemeral container cannot be changed once it was added; it ends with its pod"
                .into(),
        );
    }
    match owner_sentence(&workload.owner) {
        Some(sentence) => Verdict::Deny(sentence),
        None => Verdict::Allow,
    }
}

/// The sentence that says who owns an object that is not ours to patch, and where to change it;
/// none for objects that may be patched.
pub fn owner_sentence(owner: &Owner) -> Option<String> {
    Some(match owner {
        Owner::Nobody | Owner::Manifest { .. } | Owner::ClusterSystem | Owner::Ourselves => {
            return None;
        }
        Owner::Helm { release, namespace } => format!(
            "belongs to the Helm release {namespace}/{release}: change it there, with `upgrade {release} -n {namespace}`, which moves its chart"
        ),
        Owner::ArgoCd { application: Some(application) } => {
            format!("belongs to the Argo CD application {application}: change it in its source")
        }
        Owner::ArgoCd { application: None } => {
            "belongs to Argo CD: change the image in the source of its application".into()
        }
        Owner::Flux { kind, namespace, name } => {
            format!("belongs to the Flux {kind} {namespace}/{name}: change it in its source")
        }
        Owner::Controller { kind, name } => {
            format!(
                "belongs to {kind} {name}: change the image there, its controller would put it back"
            )
        }
        Owner::Olm => {
            "belongs to Operator Lifecycle Manager: change the Subscription of its operator".into()
        }
        Owner::AddonManager => {
            "belongs to the cluster's addon manager: change the addon on the control plane".into()
        }
        Owner::Kapp => "belongs to kapp: change its source and run `kapp deploy`".into(),
        Owner::Fleet => "belongs to Rancher Fleet: change the image in its Git repository".into(),
        Owner::ManagedBy(tool) => format!(
            "is managed by {tool} (label app.kubernetes.io/managed-by): change the image there"
        ),
    })
}

fn policy(
    workload: &Workload,
    slot: &Slot,
    limits: &Limits,
    step: Step<'_>,
    manifests: Action,
) -> Verdict {
    if let Some(source) = &limits.skip {
        return Verdict::Deny(format!("left alone by {source}"));
    }
    if let Some(error) = limits.errors.first() {
        return Verdict::Hold(format!("{error}; mend it first"));
    }
    let (action, source) = action(workload, limits, step, manifests);
    let bump = if step.bump == step.size || limits.action(step.bump).value == action {
        step.bump
    } else {
        step.size
    };
    match action {
        Action::Auto => Verdict::Allow,
        Action::Review if source == Source::Owner => Verdict::Hold(format!(
            "needs a yes: a manifest describes this object{}, and applying it again would put the old version back; change it there too",
            match &workload.owner {
                Owner::Manifest { manager: Some(manager) } => format!(" (applied by {manager})"),
                _ => String::new(),
            }
        )),
        Action::Review => Verdict::Hold(format!("a {bump} change needs a yes (set by {source})")),
        Action::Manual if source == Source::Owner => Verdict::Hold(format!(
            "needs its name and version ({}={}): {}",
            workload.target_id(slot),
            step.version,
            if workload.owner == Owner::Ourselves {
                "this is the program itself"
            } else if workload.owner == Owner::ClusterSystem {
                "this is a part of the cluster itself"
            } else {
                "a manifest describes this object"
            }
        )),
        Action::Manual => Verdict::Hold(format!(
            "a {bump} change needs its name and version: {}={} (set by {source})",
            workload.target_id(slot),
            step.version
        )),
        Action::Skip => {
            Verdict::Deny(format!("{bump} changes never happen here (set by {source})"))
        }
    }
}

fn settled(workload: &Workload) -> Verdict {
    match &workload.rollout.progress {
        Progress::Settled | Progress::Exceeded => Verdict::Allow,
        Progress::Underway(what) => Verdict::Hold(format!("another rollout is under way: {what}")),
    }
}

fn verifiable(workload: &Workload, slot: &Slot) -> Verdict {
    let rollout = &workload.rollout;
    if slot.kind == SlotKind::EphemeralContainer {
        return Verdict::Deny("an ephemeral container cannot be changed".into());
    }
    if let Some(why) = unchangeable(workload) {
        return Verdict::Deny(why);
    }
    match workload.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet if rollout.replicas == Some(0) => {
            Verdict::Hold("zero replicas: nothing would show whether the new version works".into())
        }
        Kind::StatefulSet | Kind::DaemonSet if rollout.strategy == Strategy::OnDelete => {
            Verdict::Hold(
                "OnDelete: pods take the new version only when somebody deletes them".into(),
            )
        }
        Kind::StatefulSet if rollout.partition > 0 => Verdict::Hold(format!(
            "partition {}: pods with a lower ordinal would stay on the old version",
            rollout.partition
        )),
        Kind::Release => match &rollout.failed {
            Some(what) => {
                Verdict::Hold(format!("its last operation failed ({what}): look at what stands"))
            }
            None => Verdict::Allow,
        },
        _ => Verdict::Allow,
    }
}

/// Why nothing would come of a change, whatever is said.
pub(super) fn unchangeable(workload: &Workload) -> Option<String> {
    Some(match workload.kind {
        Kind::Deployment if workload.rollout.paused => format!(
            "paused, so nothing would roll out: `kubectl rollout resume {}`",
            with_namespace(&workload.id())
        ),
        Kind::Job => "the pod template of a Job cannot be changed: delete it and create it with the new version".into(),
        Kind::ReplicaSet => "a ReplicaSet does not replace running pods: change what owns it, or make it a Deployment".into(),
        Kind::Pod => "nothing replaces a Pod without an owner: delete it and create it with the new version".into(),
        Kind::Deployment
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::CronJob
        | Kind::Release => return None,
    })
}

/// `NS/deploy/web` as arguments of kubectl: `deploy/web -n NS`.
fn with_namespace(id: &str) -> String {
    match id.splitn(3, '/').collect::<Vec<_>>()[..] {
        [namespace, kind, name] => format!("{kind}/{name} -n {namespace}"),
        _ => id.to_owned(),
    }
}

fn capacity(workload: &Workload) -> Verdict {
    let rollout = &workload.rollout;
    if let Some(budget) = &rollout.blocking_budget {
        return Verdict::Hold(format!(
            "the PodDisruptionBudget {budget} allows no disruption now: wait, or free it"
        ));
    }
    if workload.kind == Kind::Deployment && rollout.strategy == Strategy::Recreate {
        return Verdict::Hold(
            "strategy Recreate: the service is away until the new pods are ready".into(),
        );
    }
    if let Some(claim) = &rollout.exclusive_claim {
        return Verdict::Hold(format!(
            "the claim {claim} can be mounted by one node only, so a new pod may wait for the old one for ever"
        ));
    }
    Verdict::Allow
}

fn way_back(slot: &Slot, bump: Bump, still_listed: Option<bool>) -> Verdict {
    if bump == Bump::Digest && slot.pinned_or_running().is_none() {
        return Verdict::Hold(
            "no way back: its pods report different digests under this tag, so that it is not known which one to put back".into(),
        );
    }
    if still_listed == Some(false) {
        let image = slot.image.as_written();
        Verdict::Hold(format!("no way back: the running image {image} is no longer published"))
    } else {
        Verdict::Allow
    }
}

#[cfg(test)]
pub(crate) mod tests;
