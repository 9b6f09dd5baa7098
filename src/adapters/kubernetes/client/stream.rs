//! An answer that does not end: opened within a deadline, read line by line. A line is bounded;
//! silence is the caller's to notice.

use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use kube::client::Body;

use super::failure::innermost;
use super::{Failure, RequestError, Transport, credentials};

/// The longest line. The store takes objects of 1.5 MiB; names of managers and fields come on top.
const LINE_MAX: usize = 8 * 1024 * 1024;

/// The lines of an answer.
pub(in crate::adapters::kubernetes) struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to where no line feed stands.
    scanned: usize,
}

impl Transport {
    /// GETs what does not end; the deadline is for the head of the answer.
    pub(in crate::adapters::kubernetes) async fn open(
        &self,
        target: &str,
        deadline: Duration,
    ) -> Result<Lines, RequestError> {
        tokio::time::timeout(deadline, self.head(target))
            .await
            .unwrap_or(Err(RequestError::Timeout(deadline)))
    }

    async fn head(&self, target: &str) -> Result<Lines, RequestError> {
        let build = || Request::get(target).body(Body::empty());
        let mut renewed = false;
        loop {
            let token = self.token().await?;
            match (self.answer(&build, token.as_ref()).await, &self.plugin) {
                (Ok(response), _) => {
                    let body = response.into_body();
                    return Ok(Lines { body, buffer: Vec::new(), start: 0, scanned: 0 });
                }
                (Err(Failure { error, .. }), Some(plugin))
                    if error.code() == Some(401) && !renewed =>
                {
                    renewed = true;
                    plugin.renew(token.as_ref()).await.map_err(|error| credentials(&error))?;
                }
                (Err(Failure { error, .. }), _) => return Err(error),
            }
        }
    }
}

impl Lines {
    /// The next line without its end; none when the answer has ended. Nothing is lost when the
    /// future is dropped. What follows the last line feed is a line that was cut off, and is dropped.
    pub(in crate::adapters::kubernetes) async fn next(
        &mut self,
    ) -> Result<Option<Vec<u8>>, RequestError> {
        loop {
            if let Some(at) = self.buffer[self.scanned..].iter().position(|byte| *byte == b'\n') {
                let end = self.scanned + at;
                let line = self.buffer[self.start..end].to_vec();
                self.start = end + 1;
                self.scanned = self.start;
                return Ok(Some(line));
            }
            self.buffer.drain(..self.start);
            self.start = 0;
            self.scanned = self.buffer.len();
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            let frame = frame.map_err(|error| RequestError::Unreachable(innermost(&error)))?;
            if let Some(data) = frame.data_ref() {
                if self.buffer.len() + data.len() > LINE_MAX {
                    return Err(RequestError::TooLarge(LINE_MAX));
                }
                self.buffer.extend_from_slice(data);
            }
        }
    }
}
