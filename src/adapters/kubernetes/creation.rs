//! Why the pods of an object cannot be created, from its events: `StatefulSets`, `DaemonSets` and
//! Jobs say it nowhere else. Asked only when nothing has moved for a while.

use std::sync::Arc;

use serde::Deserialize;

use crate::adapters::workload::Text;

use super::client::RequestError;
use super::cluster::Inner;
use super::list::{Filter, Resource, list};
use super::page::items;

/// What is kept of one message.
const MESSAGE_MAX: usize = 1000;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct Notice<'a> {
    message: Option<Text<'a>>,
    last_timestamp: Option<Text<'a>>,
    event_time: Option<Text<'a>>,
    series: Option<Series<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
struct Series<'a> {
    last_observed_time: Option<Text<'a>>,
}

/// The newest reason since a moment (RFC 3339 in UTC; everything counts when it is empty).
pub(super) async fn failure(
    inner: &Arc<Inner>,
    namespace: &str,
    uid: &str,
    since: &str,
) -> Result<Option<String>, RequestError> {
    let fields = format!("involvedObject.uid={uid},reason=FailedCreate,type=Warning");
    let filter = Filter { labels: None, fields: Some(fields) };
    let page = |bytes: &[u8], kept: &mut Vec<(String, String)>| {
        items(bytes, |event: Notice<'_>| {
            let series =
                event.series.as_ref().and_then(|series| series.last_observed_time.as_ref());
            let times = [event.last_timestamp.as_ref(), event.event_time.as_ref(), series];
            let at = times.into_iter().flatten().map(|at| &**at).max().unwrap_or_default();
            if let (Some(message), true) = (&event.message, seconds(at) >= seconds(since)) {
                kept.push((at.to_owned(), message.chars().take(MESSAGE_MAX).collect()));
            }
        })
    };
    let found = list(inner, Resource::EVENTS, Some(namespace), &filter, page).await?;
    Ok(found.into_iter().max().map(|(_, message)| message))
}

/// A time without its fraction, which some times have and others have not.
fn seconds(time: &str) -> &str {
    time.get(..19).unwrap_or(time)
}
