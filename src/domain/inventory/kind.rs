//! The kinds of objects that are looked at, and the words for them.

use std::fmt;
use std::str::FromStr;

/// The kinds whose pod template (or pod) names images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 `StatefulSet`.
    StatefulSet,
    /// apps/v1 `DaemonSet`.
    DaemonSet,
    /// batch/v1 `CronJob`.
    CronJob,
    /// batch/v1 Job that no `CronJob` owns.
    Job,
    /// apps/v1 `ReplicaSet` that no Deployment owns.
    ReplicaSet,
    /// v1 Pod that nothing owns.
    Pod,
    /// A Helm release: no object of the API, but what several of its objects belong to.
    Release,
}

impl Kind {
    /// Every kind of workload, in the order in which they are listed. A release is none.
    pub const ALL: [Self; 7] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::CronJob,
        Self::Job,
        Self::ReplicaSet,
        Self::Pod,
    ];

    /// The kind as the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::CronJob => "CronJob",
            Self::Job => "Job",
            Self::ReplicaSet => "ReplicaSet",
            Self::Pod => "Pod",
            Self::Release => "Release",
        }
    }

    /// The short name that kubectl takes and that a target is written with.
    pub fn short(self) -> &'static str {
        match self {
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
            Self::CronJob => "cj",
            Self::Job => "job",
            Self::ReplicaSet => "rs",
            Self::Pod => "pod",
            Self::Release => "release",
        }
    }

    /// The plural resource name.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::CronJob => "cronjobs",
            Self::Job => "jobs",
            Self::ReplicaSet => "replicasets",
            Self::Pod => "pods",
            Self::Release => "releases",
        }
    }

    /// API group, empty for the core group. That of a release only tells it from objects.
    pub fn group(self) -> &'static str {
        match self {
            Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::ReplicaSet => "apps",
            Self::CronJob | Self::Job => "batch",
            Self::Pod => "",
            Self::Release => "helm.sh",
        }
    }

    /// `apps/v1`, `batch/v1` or `v1`; for a release what Helm calls the format of its records.
    pub fn api_version(self) -> &'static str {
        match self.group() {
            "apps" => "apps/v1",
            "batch" => "batch/v1",
            "helm.sh" => "helm.sh/release.v1",
            _ => "v1",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A word that names no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind that has images: use deploy, sts, ds, cj, job, rs, pod or release")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Reads what kubectl takes: kind, singular, plural or short name, in any case, with or
    /// without a group (`deployments.apps`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase();
        let word = lower.split('.').next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .chain([Self::Release])
            .find(|kind| {
                let extra = match kind {
                    Self::Pod => "po",
                    _ => kind.short(),
                };
                word == kind.as_str().to_ascii_lowercase()
                    || word == kind.plural()
                    || word == kind.short()
                    || word == extra
            })
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_kubectl_reads_them() {
        for (text, kind) in [
            ("deploy", Kind::Deployment),
            ("Deployment", Kind::Deployment),
            ("deployments.apps", Kind::Deployment),
            ("deployment.v1.apps", Kind::Deployment),
            ("sts", Kind::StatefulSet),
            ("ds", Kind::DaemonSet),
            ("cj", Kind::CronJob),
            ("job", Kind::Job),
            ("jobs", Kind::Job),
            ("rs", Kind::ReplicaSet),
            ("po", Kind::Pod),
            ("pod", Kind::Pod),
        ] {
            assert_eq!(text.parse::<Kind>(), Ok(kind), "{text}");
        }
        assert!("nginx".parse::<Kind>().is_err());
        assert!("".parse::<Kind>().is_err());
    }
}
