//! The list of tags, page by page.
//!
//! The next page is where `Link: <…>; rel="next"` points, on the same host only. A page that says
//! nothing new, or an address that was asked before, is a loop and makes the list unusable. A
//! full page without `Link` is followed by `last`, as the specification allows. Past the caps of
//! pages, bytes and tags the list is cut and says so.

use std::collections::HashSet;
use std::sync::Arc;

use http::header::{ETAG, LAST_MODIFIED, LINK};
use http::{HeaderMap, Method, StatusCode};
use reqwest::Url;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::cache::Validators;
use super::client::Lookup;
use super::hosts::Class;
use super::request::Request;
use super::transport::bad_answer;
use crate::ports::{LookupError, TagList};

/// Tags asked for at once; servers may give fewer.
const PAGE: usize = 1_000;
/// Pages without a tag that are put up with (some registries filter after they cut).
const MAX_EMPTY: usize = 10;

/// A tag read into its final place at once.
#[derive(Debug)]
pub(super) struct TagText(pub(super) Arc<str>);

impl<'de> Deserialize<'de> for TagText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = TagText;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a tag")
            }

            fn visit_str<E>(self, text: &str) -> Result<TagText, E> {
                Ok(TagText(text.into()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    tags: Option<Vec<TagText>>,
}

impl Page {
    fn read(bytes: &[u8]) -> serde_json::Result<Self> {
        // An array would be taken for the fields of a structure in their order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(serde::de::Error::custom("not an object"));
        }
        serde_json::from_slice(bytes)
    }
}

/// What the registry said.
pub(super) enum Tags {
    /// The list, and what makes the next question cheap.
    List(TagList, Validators),
    /// It is still the one with the validators that were sent.
    Same,
}

impl Lookup<'_> {
    /// All tags of the repository.
    pub(super) async fn tags(&self, validators: &Validators) -> Result<Tags, LookupError> {
        let what = self.repository.path();
        let limits = self.transport.limits();
        let bad = |message: &str| bad_answer(self.host, what, message.to_owned());
        let mut list = Gathered::default();
        let mut visited = HashSet::new();
        let mut bytes = 0;
        let mut empty = 0;
        let mut kept = Validators::default();
        let mut url = self.url(&format!("tags/list?n={PAGE}"))?;
        for page_number in 0.. {
            if page_number == limits.max_pages || bytes >= limits.list_bytes {
                return Ok(list.cut());
            }
            if !visited.insert(url.as_str().to_owned()) {
                return Err(bad("the pages of its tags go round in circles"));
            }
            let request = Request {
                method: Method::GET,
                url: url.clone(),
                accept: "application/json",
                validators: (page_number == 0).then_some(validators),
                form: None,
                limit: limits.page_bytes,
                into: None,
                class: Class::Others,
                what,
            };
            let answer = self.ask(&request).await?;
            match answer.status {
                StatusCode::OK => {}
                StatusCode::NOT_MODIFIED if page_number == 0 => return Ok(Tags::Same),
                _ => return Err(self.unexpected(&answer, what)),
            }
            bytes += answer.body.len();
            let page = Page::read(&answer.body)
                .map_err(|error| bad(&format!("not a list of tags: {error}")))?;
            let tags = page.tags.unwrap_or_default();
            let count = tags.len();
            let cursor = tags.last().map(|tag| Arc::clone(&tag.0));
            let added = list.add(tags, limits.max_tags);
            if list.full {
                return Ok(list.cut());
            }
            if page_number == 0 {
                kept = validators_of(&answer.headers);
            }
            let next = match next_of(&answer.headers) {
                Some(target) => {
                    if count > 0 && added == 0 {
                        return Err(bad("the pages of its tags repeat themselves"));
                    }
                    empty = if count == 0 { empty + 1 } else { 0 };
                    if empty > MAX_EMPTY {
                        return Err(bad("the pages of its tags stay empty"));
                    }
                    Some(self.next_page(&url, &target).map_err(|message| bad(&message))?)
                }
                // Without a link a full page may still have a successor.
                None if count == PAGE && added > 0 => {
                    let mut next = self.url(&format!("tags/list?n={PAGE}"))?;
                    next.query_pairs_mut()
                        .append_pair("last", cursor.as_deref().unwrap_or_default());
                    Some(next)
                }
                None => None,
            };
            let Some(next) = next else {
                // The validators of a page say nothing of the pages after it.
                let validators = if page_number == 0 { kept } else { Validators::default() };
                return Ok(Tags::List(list.whole(), validators));
            };
            url = next;
        }
        Ok(list.cut())
    }

    /// Where a link leads; it may not leave the registry. A registry behind a proxy that ends TLS
    /// may name itself with `http`: then its page is asked for with `https` all the same.
    fn next_page(&self, from: &Url, target: &str) -> Result<Url, String> {
        let mut next =
            from.join(target).map_err(|_| "the link to the next page is no URL".to_owned())?;
        if next.scheme() == "http" && self.base.scheme() == "https" && next.port().is_none() {
            // Cannot fail between these two schemes.
            let _ = next.set_scheme("https");
        }
        next.set_fragment(None);
        let userless = next.username().is_empty() && next.password().is_none();
        if next.origin() != self.base.origin() || !userless {
            return Err("the link to the next page leads to another host".into());
        }
        Ok(next)
    }
}

/// Tags in the order of their arrival, each once.
#[derive(Default)]
struct Gathered {
    tags: Vec<Arc<str>>,
    seen: HashSet<Arc<str>>,
    full: bool,
}

impl Gathered {
    /// Adds a page; gives the number of tags that are new.
    fn add(&mut self, page: Vec<TagText>, max: usize) -> usize {
        let before = self.tags.len();
        for TagText(tag) in page {
            if self.tags.len() == max {
                self.full = !self.seen.contains(&tag);
                if self.full {
                    break;
                }
            }
            if self.seen.insert(Arc::clone(&tag)) {
                self.tags.push(tag);
            }
        }
        self.tags.len() - before
    }

    fn whole(self) -> TagList {
        TagList { tags: self.tags, truncated: false }
    }

    fn cut(self) -> Tags {
        let list = TagList { truncated: true, ..self.whole() };
        Tags::List(list, Validators::default())
    }
}

fn validators_of(headers: &HeaderMap) -> Validators {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
    Validators { etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
}

/// The target of the first link with the relation `next` (RFC 8288 §3).
fn next_of(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(next_in)
}

fn next_in(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let (target, after) = rest[start + 1..].split_once('>')?;
        // The parameters go up to the next link.
        let end = after.find(['<']).unwrap_or(after.len());
        let next = after[..end].split([';', ',']).any(|param| {
            param.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_ascii_whitespace()
                        .any(|relation| relation.eq_ignore_ascii_case("next"))
            })
        });
        if next {
            return Some(target.trim().to_owned());
        }
        rest = &after[end..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_real_registries() {
        for (header, next) in [
            (
                r#"</v2/library/nginx/tags/list?last=1.25&n=1000>; rel="next""#,
                Some("/v2/library/nginx/tags/list?last=1.25&n=1000"),
            ),
            (
                r#"<https://r.test/x?next_page=a%2Fb>; rel="next""#,
                Some("https://r.test/x?next_page=a%2Fb"),
            ),
            ("<x>;rel=next", Some("x")),
            (r#"<a>; rel="prev", <b>; rel="next""#, Some("b")),
            (r#"<a>; title="x"; rel="last next""#, Some("a")),
            (r#"<a>; rel="prev""#, None),
            ("<a", None),
            ("", None),
            ("next", None),
        ] {
            assert_eq!(next_in(header).as_deref(), next, "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_without_panic(text in r#"[ -~]{0,40}|(<|>|;|,|rel|=|next|"| ){0,20}"#) {
            next_in(&text);
        }
    }

    #[test]
    fn a_page_is_read_with_and_without_tags() {
        for (text, count) in [
            (r#"{"name":"x","tags":["a","b"]}"#, Some(2)),
            (r#"{"name":"x","tags":null}"#, Some(0)),
            (r#"{"name":"x"}"#, Some(0)),
            (r#"{"tags":["a\"b"]}"#, Some(1)),
            (r#"{"tags":[1]}"#, None),
            (r#"{"tags":"a"}"#, None),
            ("<html>", None),
        ] {
            let found =
                Page::read(text.as_bytes()).ok().map(|page| page.tags.unwrap_or_default().len());
            assert_eq!(found, count, "{text}");
        }
    }
}
