//! One request and its answer, and the credentials that go with it by origin.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::Url;

use super::cache::Validators;
use super::hosts::Class;
use super::realm::same_origin;

/// Manifests are at most 4 MiB (distribution); configurations stay below that in practice.
pub(super) const MAX_DOCUMENT: usize = 8 << 20;

/// One request.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: &'a str,
    pub(super) validators: Option<&'a Validators>,
    /// An URL-encoded form.
    pub(super) form: Option<String>,
    /// Bytes of the answer.
    pub(super) limit: usize,
    /// Where the body of a success is written; it is not kept in memory then.
    pub(super) into: Option<&'a Sink>,
    pub(super) class: Class,
    /// Repository or tag, for errors.
    pub(super) what: &'a str,
}

/// A file that takes the body of an answer, from an offset on.
#[derive(Debug)]
pub(in crate::adapters) struct Sink {
    file: File,
    offset: u64,
}

impl Sink {
    /// The handle has to be one of its own: its position moves.
    pub(in crate::adapters) fn new(file: File, offset: u64) -> Self {
        Self { file, offset }
    }

    /// Forgets what another attempt has written.
    pub(super) fn restart(&self) -> std::io::Result<()> {
        self.file.set_len(self.offset)?;
        (&self.file).seek(SeekFrom::Start(self.offset)).map(drop)
    }

    pub(super) fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        (&self.file).write_all(bytes)
    }
}

/// One answer, whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Who answered, after redirects.
    pub(super) url: Url,
}

impl Answer {
    /// Pulls left: `ratelimit-remaining: 76;w=21600` (Docker Hub).
    pub(super) fn remaining(&self) -> Option<u64> {
        let text = self.headers.get("ratelimit-remaining")?.to_str().ok()?;
        text.split(';').next()?.trim().parse().ok()
    }

    /// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = jiff::fmt::rfc2822::parse(text).ok()?;
        let date = SystemTime::from(date.timestamp());
        Some(date.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

/// Authorization headers by origin.
#[derive(Default, Clone)]
pub(super) struct Jar {
    known: Vec<(Url, HeaderValue)>,
    /// For every other origin.
    everywhere: Option<HeaderValue>,
}

impl Jar {
    pub(super) fn put(&mut self, url: &Url, header: HeaderValue) {
        self.known.retain(|(known, _)| !same_origin(known, url));
        self.known.push((url.clone(), header));
    }

    /// The header goes to whoever is asked, where somebody wants that expressly.
    pub(super) fn put_everywhere(&mut self, header: HeaderValue) {
        self.everywhere = Some(header);
    }

    pub(super) fn get(&self, url: &Url) -> Option<&HeaderValue> {
        let found = self.known.iter().find(|(known, _)| same_origin(known, url));
        found.map(|(_, header)| header).or(self.everywhere.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &'static str, value: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        Answer {
            status: StatusCode::OK,
            headers,
            body: Vec::new(),
            url: Url::parse("https://r.test").unwrap(),
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let check = |text: &str| answer("retry-after", text).retry_after();
        assert_eq!(check("120"), Some(Duration::from_mins(2)));
        assert_eq!(check("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert!(check("Wed, 21 Oct 2415 07:28:00 GMT") > Some(Duration::from_hours(24)));
        assert_eq!(check("soon"), None);
        assert_eq!(check("-1"), None);
    }

    #[test]
    fn pulls_left() {
        for (text, left) in [("76;w=21600", Some(76)), ("0", Some(0)), ("", None), ("x;w=1", None)]
        {
            assert_eq!(answer("ratelimit-remaining", text).remaining(), left, "{text}");
        }
    }

    #[test]
    fn headers_are_kept_by_origin() {
        let mut jar = Jar::default();
        let url = |text: &str| Url::parse(text).unwrap();
        jar.put(&url("https://r.test/v2/a"), HeaderValue::from_static("one"));
        jar.put(&url("https://r.test/v2/b"), HeaderValue::from_static("two"));
        assert_eq!(jar.get(&url("https://r.test:443/x")).unwrap(), "two");
        for other in ["http://r.test/", "https://r.test:444/", "https://x.r.test/"] {
            assert!(jar.get(&url(other)).is_none(), "{other}");
        }
    }
}
