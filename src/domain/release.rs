//! Releases of Helm: what is known of one without its values and its manifest, and which of its
//! revisions count. The words are those of Helm's own records.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::chart::ChartInUse;

/// Where a revision stands, in Helm's words (`pkg/release/common/status.go`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReleaseStatus {
    /// Helm does not know, or its word is not known here.
    Unknown,
    /// It is what runs.
    Deployed,
    /// It was uninstalled and its history was kept.
    Uninstalled,
    /// A later revision took its place.
    Superseded,
    /// It did not come up, or not wholly.
    Failed,
    /// It is being uninstalled.
    Uninstalling,
    /// It is being installed, or whoever did was stopped.
    PendingInstall,
    /// It is being upgraded, or whoever did was stopped.
    PendingUpgrade,
    /// It is being rolled back, or whoever did was stopped.
    PendingRollback,
}

impl ReleaseStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Unknown,
        Self::Deployed,
        Self::Uninstalled,
        Self::Superseded,
        Self::Failed,
        Self::Uninstalling,
        Self::PendingInstall,
        Self::PendingUpgrade,
        Self::PendingRollback,
    ];

    /// Helm's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
        }
    }

    /// Reads Helm's word. A word that nobody has heard of is unknown: a later Helm may have more.
    pub fn read(word: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == word).unwrap_or(Self::Unknown)
    }

    /// Helm is at work on it, or was stopped while it was; it refuses to begin anything else then.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

impl fmt::Display for ReleaseStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A revision of a release, as a rule its newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The namespace in which its record is: that of `helm -n`.
    pub namespace: Arc<str>,
    /// The namespace that it was installed into, where that is another. Helm itself never does so;
    /// Flux does (`targetNamespace`), and `helm upgrade` cannot follow it.
    pub target_namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
    /// The number of the revision, from 1 on.
    pub revision: u32,
    /// Where it stands.
    pub status: ReleaseStatus,
    /// The chart of this revision.
    pub chart: ChartInUse,
    /// When the release was installed.
    pub first_deployed: Option<Timestamp>,
    /// When this revision was written.
    pub last_deployed: Option<Timestamp>,
    /// Helm's remark, `Upgrade complete` for instance; of a failure the reason, shortened.
    pub description: String,
    /// Something runs before or after an install, upgrade, rollback or uninstall. Tests are hooks,
    /// too, and do not count, because they only run when somebody asks for them.
    pub has_hooks: bool,
    /// The chart brings definitions of custom resources (`crds/`), which Helm never upgrades. Those
    /// of its dependencies are not in the record and not known.
    pub has_crds: bool,
    /// The newest revision that is deployed, when this one is another.
    pub deployed: Option<DeployedRevision>,
}

/// A revision that is deployed although a newer one was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployedRevision {
    /// The number of the revision.
    pub revision: u32,
    /// The version of its chart, as written.
    pub version: Arc<str>,
    /// The version of what that chart deploys.
    pub app_version: Option<Arc<str>>,
}

impl Release {
    /// `NAMESPACE/NAME`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// Something that holds a revision.
pub trait Revision {
    /// The revision.
    fn release(&self) -> &Release;
    /// The revision, to be completed.
    fn release_mut(&mut self) -> &mut Release;
}

impl Revision for Release {
    fn release(&self) -> &Release {
        self
    }

    fn release_mut(&mut self) -> &mut Release {
        self
    }
}

/// The revisions of one release that count, out of those that are shown to it in any order: the
/// newest, and the newest that is deployed. Everything else is dropped at once.
#[derive(Debug, Clone)]
pub struct Revisions<R> {
    newest: Option<R>,
    /// The newest deployed one below the newest.
    below: Option<R>,
}

impl<R> Default for Revisions<R> {
    fn default() -> Self {
        Self { newest: None, below: None }
    }
}

impl<R: Revision> Revisions<R> {
    /// Takes a revision into account. One that is shown again replaces its earlier reading.
    pub fn add(&mut self, revision: R) {
        let number = revision.release().revision;
        match &self.newest {
            Some(newest) if newest.release().revision > number => self.demote(revision),
            Some(newest) if newest.release().revision == number => self.newest = Some(revision),
            _ => {
                if let Some(before) = self.newest.replace(revision) {
                    self.demote(before);
                }
            }
        }
    }

    fn demote(&mut self, revision: R) {
        let Release { revision: number, status, .. } = *revision.release();
        let is_newer = self.below.as_ref().is_none_or(|it| it.release().revision <= number);
        if status == ReleaseStatus::Deployed && is_newer {
            self.below = Some(revision);
        }
    }

    /// Whether a revision would count after those that were shown. One that does not now never will.
    pub fn would_count(&self, number: u32, status: ReleaseStatus) -> bool {
        let Some(newest) = self.newest.as_ref().map(Revision::release) else {
            return true;
        };
        let below = self.below.as_ref().map_or(0, |below| below.release().revision);
        let is_wanted = newest.status != ReleaseStatus::Deployed && number >= below;
        number >= newest.revision || (status == ReleaseStatus::Deployed && is_wanted)
    }

    /// The newest revision, which knows of the deployed one, and the deployed one where it is
    /// another.
    pub fn finish(self) -> Option<(R, Option<R>)> {
        let mut newest = self.newest?;
        let is_deployed = newest.release().status == ReleaseStatus::Deployed;
        let deployed = self.below.filter(|_| !is_deployed);
        newest.release_mut().deployed = deployed.as_ref().map(|deployed| DeployedRevision {
            revision: deployed.release().revision,
            version: Arc::clone(&deployed.release().chart.version),
            app_version: deployed.release().chart.app_version.clone(),
        });
        Some((newest, deployed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(number: u32, status: ReleaseStatus) -> Release {
        Release {
            namespace: "a".into(),
            target_namespace: None,
            name: "web".into(),
            revision: number,
            status,
            chart: ChartInUse {
                name: "web".into(),
                version: format!("1.0.{number}").into(),
                app_version: None,
                source: None,
            },
            first_deployed: None,
            last_deployed: None,
            description: String::new(),
            has_hooks: false,
            has_crds: false,
            deployed: None,
        }
    }

    #[test]
    fn statuses_are_read_as_they_are_written() {
        for status in ReleaseStatus::ALL {
            assert_eq!(ReleaseStatus::read(status.as_str()), status);
            assert_eq!(status.is_pending(), status.as_str().starts_with("pending-"), "{status}");
        }
        for word in ["", "Deployed", "deployed ", "pending", "quarantined"] {
            assert_eq!(ReleaseStatus::read(word), ReleaseStatus::Unknown, "{word}");
        }
    }

    /// Shows revisions in every rotation and both directions, which must not matter.
    #[track_caller]
    fn check(shown: &[(u32, ReleaseStatus)], newest: u32, deployed: Option<u32>) {
        let mut orders: Vec<Vec<_>> = (0..shown.len().max(1))
            .map(|by| {
                let mut order = shown.to_vec();
                order.rotate_left(by.min(shown.len()));
                order
            })
            .collect();
        orders.extend(orders.clone().into_iter().map(|order| order.into_iter().rev().collect()));
        for order in orders {
            let mut revisions = Revisions::default();
            for (number, status) in &order {
                // Leaving out what would not count must change nothing.
                if revisions.would_count(*number, *status) {
                    revisions.add(revision(*number, *status));
                }
            }
            let Some((first, second)) = revisions.finish() else {
                assert_eq!(newest, 0, "{order:?}");
                continue;
            };
            assert_eq!(first.revision, newest, "{order:?}");
            assert_eq!(second.as_ref().map(|release| release.revision), deployed, "{order:?}");
            let told = first.deployed.map(|it| (it.revision, it.version.to_string()));
            assert_eq!(told, deployed.map(|it| (it, format!("1.0.{it}"))), "{order:?}");
        }
    }

    #[test]
    fn the_newest_and_the_newest_deployed_revision_count() {
        use ReleaseStatus::{Deployed, Failed, PendingUpgrade, Superseded, Uninstalled};
        check(&[], 0, None);
        check(&[(1, Deployed)], 1, None);
        check(&[(1, Failed)], 1, None);
        check(&[(3, Deployed), (4, Failed)], 4, Some(3));
        check(&[(3, Deployed), (4, Failed), (5, PendingUpgrade)], 5, Some(3));
        check(&[(2, Failed), (10, Deployed), (9, Failed)], 10, None);
        check(&[(1, Superseded), (2, Superseded), (3, Uninstalled)], 3, None);
        // Two that are deployed: the newer one is what Helm goes by.
        check(&[(1, Deployed), (2, Deployed), (3, Failed)], 3, Some(2));
        check(&[(1, Deployed), (2, Deployed)], 2, None);
    }

    #[test]
    fn a_later_reading_of_the_same_revision_counts() {
        let mut revisions = Revisions::default();
        revisions.add(revision(1, ReleaseStatus::PendingInstall));
        revisions.add(revision(1, ReleaseStatus::Deployed));
        let (newest, deployed) = revisions.finish().expect("there is one");
        assert_eq!((newest.status, deployed), (ReleaseStatus::Deployed, None));
    }
}
