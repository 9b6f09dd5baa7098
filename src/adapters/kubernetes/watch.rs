//! Watches an object and its new pods, and turns what it sees into observations. A task of its own
//! does the work, so that nothing is lost when somebody stops waiting for the next observation;
//! whoever asks late gets the newest one only.
//!
//! In requests: one watch of the object; once the controller has seen the write, one list that
//! tells the new pods (none for a `StatefulSet`); one list and one watch of these.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::domain::change::ObjectId;
use crate::domain::health::{JobState, Observation};
use crate::ports::rollouts::{ReadError, WatchSubject, Watcher};

use super::client::RequestError;
use super::cluster::{Cluster, Inner};
use super::creation;
use super::feed::{News, Selection, follow};
use super::list::Resource;
use super::object::path;
use super::pod::OwnedPod;
use super::revision::{NewPods, new_pods};
use super::seen::{JobSeen, ObjectSeen};
use super::sight::{Feed, Sight};

/// Changes within this time are told as one.
const BURST: Duration = Duration::from_millis(75);
/// An object that a watch has not told of after this long is asked for.
const SILENT: Duration = Duration::from_millis(1500);
/// The longest that one question may take.
const QUESTION: Duration = Duration::from_secs(5);
/// The pause before a question is asked again.
const AGAIN: Duration = Duration::from_secs(2);
/// When events are looked at while nothing moves, counted from the last move.
const STALLED: [Duration; 4] = [
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(90),
];

type Told = Result<Observation, ReadError>;

/// An object under watch. Nothing is sent before the first observation is asked for.
pub(super) struct Watching {
    cluster: Cluster,
    subject: WatchSubject,
    running: Option<Running>,
}

struct Running {
    told: watch::Receiver<Option<Told>>,
    _task: AbortOnDropHandle<()>,
}

impl Watching {
    pub(super) fn new(cluster: &Cluster, subject: WatchSubject) -> Self {
        Self { cluster: cluster.clone(), subject, running: None }
    }
}

impl Watcher for Watching {
    fn next(&mut self) -> BoxFuture<'_, Told> {
        Box::pin(async move {
            let Running { told, .. } = self.running.get_or_insert_with(|| {
                let (tell, told) = watch::channel(None);
                let work = Driver::new(self.cluster.clone(), self.subject.clone(), tell).run();
                Running { told, _task: AbortOnDropHandle::new(tokio::spawn(work)) }
            });
            while told.changed().await.is_ok() {
                if let Some(told) = told.borrow_and_update().clone() {
                    return told;
                }
            }
            self.running = None;
            Err(ReadError::Unavailable("the watch broke off".into()))
        })
    }
}

/// News of one feed.
enum Message {
    Object(News<ObjectSeen>),
    Job(News<JobSeen>),
    /// With the number of the feed: what an earlier one said last does not count.
    Pods(u32, News<OwnedPod>),
}

type Task = AbortOnDropHandle<()>;

struct Driver {
    cluster: Cluster,
    subject: WatchSubject,
    tell: watch::Sender<Option<Told>>,
    messages: (mpsc::Sender<Message>, mpsc::Receiver<Message>),
    sight: Sight,
    object: Option<Task>,
    job: Option<Task>,
    pods: Option<Task>,
    /// The number of the feed of pods.
    epoch: u32,
    /// When the object, or the Job, has to be asked for.
    ask_object: Option<Instant>,
    ask_job: Option<Instant>,
    /// Not before this moment are the new pods looked up.
    lookup: Instant,
    /// When nothing has moved since, and how often events were looked at.
    stalled: Option<(Instant, usize)>,
    /// When the change that is not told yet came.
    changed: Option<Instant>,
    last: Option<Observation>,
}

impl Driver {
    fn new(cluster: Cluster, subject: WatchSubject, tell: watch::Sender<Option<Told>>) -> Self {
        Self {
            cluster,
            sight: Sight::new(subject.clone()),
            subject,
            tell,
            messages: mpsc::channel(64),
            object: None,
            job: None,
            pods: None,
            epoch: 0,
            ask_object: None,
            ask_job: None,
            lookup: Instant::now(),
            stalled: None,
            changed: None,
            last: None,
        }
    }

    async fn run(mut self) {
        let ObjectId { namespace, kind, name } = self.subject.object.clone();
        if path(&self.subject.object).is_none() {
            self.tell.send_replace(Some(Err(ReadError::Gone(self.subject.object))));
            return std::future::pending().await;
        }
        let selection = Selection::one(Resource::of(kind), &namespace, &name);
        let read = move |bytes: &[u8]| ObjectSeen::read(kind, bytes);
        self.object = Some(self.follow(selection, read, Message::Object));
        if let Some(job) = self.subject.job.clone() {
            let selection = Selection::one(Resource::JOBS, &namespace, &job);
            self.job = Some(self.follow(selection, JobSeen::read, Message::Job));
        }
        loop {
            let message = match self.wake() {
                Some(at) => tokio::time::timeout_at(at, self.messages.1.recv()).await.ok(),
                None => Some(self.messages.1.recv().await),
            };
            if let Some(Some(message)) = message {
                self.take(message);
            }
            self.ask().await;
            self.tell();
        }
    }

    /// Begins to follow a selection.
    fn follow<T: Send + 'static>(
        &self,
        selection: Selection,
        read: impl Fn(&[u8]) -> Result<T, RequestError> + Send + Sync + 'static,
        wrap: impl Fn(News<T>) -> Message + Send + Sync + 'static,
    ) -> Task {
        let sender = self.messages.0.clone();
        let tell = move |news| -> BoxFuture<'static, bool> {
            let (message, sender) = (wrap(news), sender.clone());
            Box::pin(async move { sender.send(message).await.is_ok() })
        };
        let inner = Arc::clone(&self.cluster.inner);
        let work = follow(inner, selection, Arc::new(read), Arc::new(tell));
        AbortOnDropHandle::new(tokio::spawn(work))
    }

    fn inner(&self) -> &Arc<Inner> {
        &self.cluster.inner
    }

    /// When something is due without any news.
    fn wake(&self) -> Option<Instant> {
        let stalled = self.stalled.and_then(|(since, times)| Some(since + *STALLED.get(times)?));
        let lookup = self.sight.unknown_template().map(|_| self.lookup);
        let changed = self.changed.map(|at| at + BURST);
        [self.ask_object, self.ask_job, stalled, lookup, changed].into_iter().flatten().min()
    }

    fn take(&mut self, message: Message) {
        let asked = || Some(Instant::now() + SILENT);
        match message {
            Message::Object(News::Anew(_)) => self.ask_object = asked(),
            Message::Object(News::Is(object)) => {
                if self.sight.is(object) {
                    self.ask_object = None;
                    self.sight.set_trouble(Feed::Question, None);
                }
            }
            Message::Object(News::Was(object)) => self.sight.was(&object),
            Message::Object(News::Trouble(error)) => {
                self.sight.set_trouble(Feed::Object, Some(error));
            }
            Message::Object(News::Well) => self.sight.set_trouble(Feed::Object, None),
            Message::Job(News::Anew(_)) => self.ask_job = asked(),
            Message::Job(News::Is(job)) => self.take_job(job),
            Message::Job(News::Was(job)) => {
                // How it ended may be told with its deletion alone.
                if job.state != JobState::Active {
                    self.sight.set_job(job);
                }
                self.sight.job_gone();
            }
            Message::Job(News::Trouble(error)) => self.sight.set_trouble(Feed::Job, Some(error)),
            Message::Job(News::Well) => self.sight.set_trouble(Feed::Job, None),
            Message::Pods(epoch, news) if epoch == self.epoch => self.sight.pods(news),
            Message::Pods(..) => {}
        }
        self.changed.get_or_insert_with(Instant::now);
    }

    fn take_job(&mut self, job: JobSeen) {
        self.ask_job = None;
        let new = self.subject.job.as_ref().map(|name| NewPods {
            labels: format!("job-name={name}"),
            owner: Arc::clone(&job.uid),
        });
        self.sight.set_job(job);
        self.follow_pods(new);
    }

    fn follow_pods(&mut self, new: Option<NewPods>) {
        let labels = new.as_ref().map(|new| new.labels.clone());
        if !self.sight.set_new(new) {
            return;
        }
        self.epoch += 1;
        self.sight.set_trouble(Feed::Pods, None);
        let (epoch, namespace) = (self.epoch, Arc::clone(&self.subject.object.namespace));
        self.pods = labels.map(|labels| {
            let selection = Selection::labelled(Resource::PODS, &namespace, labels);
            self.follow(selection, OwnedPod::read, move |news| Message::Pods(epoch, news))
        });
    }

    /// Asks what is due.
    async fn ask(&mut self) {
        let now = Instant::now();
        if self.ask_object.is_some_and(|at| at <= now) {
            self.ask_for_object().await;
        }
        if self.ask_job.is_some_and(|at| at <= now) {
            self.ask_for_job().await;
        }
        if self.lookup <= now
            && let Some(object) = self.sight.unknown_template()
        {
            let namespace = &self.subject.object.namespace;
            let lookup = new_pods(self.inner(), namespace, object, &self.subject.images);
            let answer = in_time(lookup).await;
            self.lookup = Instant::now() + AGAIN;
            if let Some(new) = self.answered(answer) {
                self.follow_pods(new);
            }
        }
        self.look_at_events().await;
    }

    /// What came of a question; none when there was trouble.
    fn answered<T>(&mut self, answer: Result<T, RequestError>) -> Option<T> {
        self.changed.get_or_insert_with(Instant::now);
        let (answer, error) = match answer {
            Ok(answer) => (Some(answer), None),
            Err(error) => (None, Some(error)),
        };
        self.sight.set_trouble(Feed::Question, error);
        answer
    }

    async fn ask_for_object(&mut self) {
        let kind = self.subject.object.kind;
        let Some(path) = path(&self.subject.object) else {
            return;
        };
        let answer = in_time(self.inner().transport.get(&path)).await;
        match answer.and_then(|bytes| ObjectSeen::read(kind, &bytes)) {
            Ok(object) => {
                // The server itself says so, not its cache: there is no later state to wait for.
                self.subject.generation = self.subject.generation.min(object.seen.generation);
                self.sight.expect(self.subject.generation);
                self.sight.is(object);
                self.ask_object = None;
                self.answered(Ok(()));
            }
            Err(error) if error.is_not_found() => {
                self.sight.set_gone();
                self.ask_object = None;
                self.answered(Ok(()));
            }
            Err(error) => {
                self.ask_object = Some(Instant::now() + AGAIN);
                self.answered::<()>(Err(error));
            }
        }
    }

    async fn ask_for_job(&mut self) {
        let Some(job) = self.subject.job.clone() else {
            return;
        };
        let jobs = Resource::JOBS.path(Some(&self.subject.object.namespace));
        let path = format!("{jobs}/{job}");
        let answer = in_time(self.inner().transport.get(&path)).await;
        match answer.and_then(|bytes| JobSeen::read(&bytes)) {
            Ok(job) => {
                self.answered(Ok(()));
                self.take_job(job);
            }
            Err(error) if error.is_not_found() => {
                self.ask_job = None;
                self.answered(Ok(()));
                self.sight.job_gone();
            }
            Err(error) => {
                self.ask_job = Some(Instant::now() + AGAIN);
                self.answered::<()>(Err(error));
            }
        }
    }

    /// Looks for the reason when pods are missing and nothing moves.
    async fn look_at_events(&mut self) {
        let now = Instant::now();
        if !self.sight.lacks_pods() {
            self.stalled = None;
            return;
        }
        let (since, times) = *self.stalled.get_or_insert((now, 0));
        if STALLED.get(times).is_none_or(|after| now < since + *after) {
            return;
        }
        self.stalled = Some((since, times + 1));
        let (uid, written) = match (self.sight.job(), self.sight.object()) {
            (Some(job), _) => (Arc::clone(&job.uid), Arc::from("")),
            (None, Some(object)) => (Arc::clone(&object.uid), Arc::clone(&object.written_at)),
            (None, None) => return,
        };
        let namespace = &self.subject.object.namespace;
        // Events only help to explain; that they cannot be read is no trouble.
        match in_time(creation::failure(self.inner(), namespace, &uid, &written)).await {
            Ok(failure) => {
                self.sight.set_failure(failure);
                self.changed.get_or_insert_with(Instant::now);
            }
            Err(error) => tracing::debug!(event = "events-unread", %error),
        }
    }

    /// Tells what there is to tell, when the burst of changes is over.
    fn tell(&mut self) {
        if self.changed.is_none_or(|at| Instant::now() < at + BURST) {
            return;
        }
        self.changed = None;
        if let Some(error) = self.sight.trouble() {
            let error = self.cluster.unread(&self.subject.object, error);
            self.last = None;
            self.tell.send_replace(Some(Err(error)));
            return;
        }
        let observation = self.sight.observation();
        if let Some(observation) = observation.filter(|now| self.last.as_ref() != Some(now)) {
            self.last = Some(observation.clone());
            self.tell.send_replace(Some(Ok(observation)));
        }
    }
}

async fn in_time<T>(
    question: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    tokio::time::timeout(QUESTION, question).await.unwrap_or(Err(RequestError::Timeout(QUESTION)))
}

#[cfg(test)]
mod tests;
