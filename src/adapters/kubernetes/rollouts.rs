//! The cluster as a leg that carries out changes: each verb is a file of its own.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::change::{ObjectId, SlotId};
use crate::domain::health::JobState;
use crate::domain::history::RecordId;
use crate::ports::rollouts::{
    CronRun, Inspected, ReadError, Replacement, Rollouts, WatchSubject, Watcher, WriteError,
    Written,
};

use super::cluster::Cluster;
use super::watch::Watching;

impl Rollouts for Cluster {
    fn inspect<'a>(&'a self, object: &'a ObjectId) -> BoxFuture<'a, Result<Inspected, ReadError>> {
        Box::pin(self.inspected(object))
    }

    fn write<'a>(
        &'a self,
        object: &'a ObjectId,
        base: &'a Inspected,
        images: &'a [Replacement],
        rehearsal: bool,
    ) -> BoxFuture<'a, Result<Written, WriteError>> {
        Box::pin(self.written(object, base, images, rehearsal))
    }

    fn watch<'a>(&'a self, subject: WatchSubject) -> Box<dyn Watcher + 'a> {
        Box::new(Watching::new(self, subject))
    }

    fn unstick<'a>(
        &'a self,
        object: &'a ObjectId,
        failed: &'a [(SlotId, Arc<str>)],
    ) -> BoxFuture<'a, Result<Vec<String>, ReadError>> {
        Box::pin(self.freed(object, failed))
    }

    fn job<'a>(&'a self, job: &'a ObjectId) -> BoxFuture<'a, Result<JobState, ReadError>> {
        Box::pin(self.job_state(job))
    }

    fn run_once<'a>(
        &'a self,
        object: &'a ObjectId,
        record: &'a RecordId,
    ) -> BoxFuture<'a, Result<String, WriteError>> {
        Box::pin(self.started(object, record))
    }

    fn stop_job<'a>(
        &'a self,
        object: &'a ObjectId,
        record: &'a RecordId,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(self.stopped(object, record))
    }

    fn newest_job<'a>(
        &'a self,
        object: &'a ObjectId,
        images: &'a [(SlotId, Arc<str>)],
    ) -> BoxFuture<'a, Result<Option<CronRun>, ReadError>> {
        Box::pin(self.newest_run(object, images))
    }
}
