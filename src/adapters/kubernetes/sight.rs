//! What a watch knows at a moment, put together from the news of its feeds, and the observation that
//! this is. Decides what is missing for one; asks for nothing itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::health::{JobState, Observation, Seen};
use crate::domain::inventory::{Kind, Strategy};
use crate::ports::rollouts::WatchSubject;

use super::client::RequestError;
use super::feed::News;
use super::pod::OwnedPod;
use super::revision::NewPods;
use super::seen::{JobSeen, ObjectSeen};

/// A feed that can be in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Feed {
    Object,
    Pods,
    Job,
    /// What is asked for once.
    Question,
}

/// The answer to: which pods are new?
struct Lookup {
    /// The template that it was asked for.
    template: String,
    /// The state of the object then.
    version: Arc<str>,
    /// None where nothing told them (yet).
    new: Option<NewPods>,
}

/// What is known.
pub(super) struct Sight {
    subject: WatchSubject,
    object: Option<ObjectSeen>,
    gone: bool,
    /// What tells the new pods, as it was looked up last.
    lookup: Option<Lookup>,
    /// The new pods; none as long as they have not been listed.
    pods: Option<BTreeMap<Arc<str>, OwnedPod>>,
    job: Option<JobSeen>,
    /// Why pods cannot be created, from events.
    failure: Option<String>,
    trouble: BTreeMap<Feed, RequestError>,
}

impl Sight {
    pub(super) fn new(subject: WatchSubject) -> Self {
        Self {
            subject,
            object: None,
            gone: false,
            lookup: None,
            pods: None,
            job: None,
            failure: None,
            trouble: BTreeMap::new(),
        }
    }

    /// The object, unless it is gone.
    pub(super) fn object(&self) -> Option<&ObjectSeen> {
        self.object.as_ref().filter(|_| !self.gone)
    }

    pub(super) fn job(&self) -> Option<&JobSeen> {
        self.job.as_ref()
    }

    pub(super) fn trouble(&self) -> Option<&RequestError> {
        self.trouble.values().next()
    }

    pub(super) fn set_trouble(&mut self, feed: Feed, error: Option<RequestError>) {
        match error {
            Some(error) => self.trouble.insert(feed, error),
            None => self.trouble.remove(&feed),
        };
    }

    /// The generation before which states do not count.
    pub(super) fn expect(&mut self, generation: i64) {
        self.subject.generation = generation;
    }

    pub(super) fn set_gone(&mut self) {
        self.gone = true;
    }

    pub(super) fn set_failure(&mut self, failure: Option<String>) {
        self.failure = failure;
    }

    /// Takes what is there of the object; whether it counts. A server that lags behind tells of
    /// states before the write, which would look like somebody else's change.
    pub(super) fn is(&mut self, object: ObjectSeen) -> bool {
        if object.uid != self.subject.uid {
            self.gone = true;
            return true;
        }
        let stale = object.seen.generation < self.subject.generation
            || self.object.as_ref().is_some_and(|known| object.is_older_than(known));
        if stale {
            return false;
        }
        let counts = self.object.as_ref().map(|known| known.seen.counts);
        if counts.is_some_and(|counts| counts != object.seen.counts) {
            self.failure = None;
        }
        self.gone = false;
        self.object = Some(object);
        true
    }

    /// Takes a deletion.
    pub(super) fn was(&mut self, object: &ObjectSeen) {
        // An object that lived before under this name may still be dying.
        if object.uid == self.subject.uid {
            self.gone = true;
        }
    }

    pub(super) fn pods(&mut self, news: News<OwnedPod>) {
        let Some(new) = self.new_pods() else {
            return;
        };
        let owner = Arc::clone(&new.owner);
        let ours = |pod: &OwnedPod| pod.owner.as_ref() == Some(&owner);
        match news {
            News::Anew(pods) => {
                let pods = pods.into_iter().filter(ours);
                self.pods = Some(pods.map(|pod| (Arc::clone(&pod.pod.uid), pod)).collect());
            }
            News::Is(pod) if ours(&pod) => {
                let pods = self.pods.get_or_insert_default();
                if pods.insert(Arc::clone(&pod.pod.uid), pod).is_none() {
                    // A pod was created after all.
                    self.failure = None;
                }
            }
            News::Was(pod) => {
                if let Some(pods) = &mut self.pods {
                    pods.remove(&pod.pod.uid);
                }
            }
            News::Is(_) => {}
            News::Trouble(error) => self.set_trouble(Feed::Pods, Some(error)),
            News::Well => self.set_trouble(Feed::Pods, None),
        }
    }

    pub(super) fn set_job(&mut self, job: JobSeen) {
        self.job = Some(job);
    }

    /// The Job is not there (any more): one that had ended was cleaned away.
    pub(super) fn job_gone(&mut self) {
        let state = match self.job.take() {
            Some(JobSeen { state: state @ (JobState::Complete | JobState::Failed(_)), .. }) => {
                state
            }
            _ => JobState::Gone,
        };
        self.job = Some(JobSeen { uid: Arc::from(""), state });
        self.pods.get_or_insert_default();
    }

    fn new_pods(&self) -> Option<&NewPods> {
        self.lookup.as_ref()?.new.as_ref()
    }

    /// The object whose new pods are to be looked up, when that is not known yet.
    pub(super) fn unknown_template(&self) -> Option<&ObjectSeen> {
        let replaces = |object: &&ObjectSeen| {
            matches!(object.seen.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
        };
        let object = self.object().filter(replaces).filter(|object| object.observed)?;
        let ours = self.subject.images.iter().all(|image| object.seen.images.contains(image));
        let known = self.lookup.as_ref().is_some_and(|lookup| {
            lookup.template == template(object)
                && (lookup.new.is_some() || lookup.version == object.version)
        });
        (ours && !known).then_some(object)
    }

    /// Takes what tells the new pods of the object as it is now; whether they have to be followed
    /// anew.
    pub(super) fn set_new(&mut self, new: Option<NewPods>) -> bool {
        let same = self.new_pods() == new.as_ref();
        self.lookup = Some(Lookup {
            template: self.object.as_ref().map(template).unwrap_or_default(),
            version: self
                .object
                .as_ref()
                .map(|object| Arc::clone(&object.version))
                .unwrap_or_default(),
            new,
        });
        if !same {
            self.pods = None;
        }
        !same
    }

    /// Whether pods that should be there are not, with none in the works: either the next step is
    /// about to come, or they cannot be created.
    pub(super) fn lacks_pods(&self) -> bool {
        let in_works = self
            .pods
            .iter()
            .flat_map(BTreeMap::values)
            .any(|pod| !pod.pod.ready && !pod.pod.ending);
        if let Some(job) = &self.job {
            return job.state == JobState::Active && !in_works;
        }
        let Some(object) = self.object() else {
            return false;
        };
        let seen = &object.seen;
        let wanted = seen.wanted.saturating_sub(seen.partition);
        // Old controllers tell nothing of a template whose first pod they could not create.
        let missing = !object.observed || seen.counts.updated < wanted;
        matches!(seen.kind, Kind::StatefulSet | Kind::DaemonSet)
            && seen.strategy != Strategy::OnDelete
            && missing
            && !in_works
    }

    /// The observation that this is; none as long as something is missing for one.
    pub(super) fn observation(&self) -> Option<Observation> {
        if self.gone {
            return Some(Observation::Gone);
        }
        let object = self.object.as_ref()?;
        // Old pods without the new ones would look like a rollout that has come to its end.
        let waits_for_pods = self.new_pods().is_some() && self.pods.is_none();
        let other_template =
            self.lookup.as_ref().is_none_or(|lookup| lookup.template != template(object));
        if waits_for_pods || (other_template && self.unknown_template().is_some()) {
            return None;
        }
        if self.subject.job.is_some() && (self.job.is_none() || self.pods.is_none()) {
            return None;
        }
        let mut pods: Vec<_> =
            self.pods.iter().flat_map(BTreeMap::values).map(|pod| pod.pod.clone()).collect();
        pods.sort_by(|one, other| one.name.cmp(&other.name));
        Some(Observation::Seen(Box::new(Seen {
            pods,
            job: self.job.as_ref().map(|job| job.state.clone()),
            creation_failure: object.seen.creation_failure.clone().or_else(|| self.failure.clone()),
            ..object.seen.clone()
        })))
    }
}

/// What the new pods of an object hang on.
fn template(object: &ObjectSeen) -> String {
    format!("{}{}", object.template, object.revision)
}
