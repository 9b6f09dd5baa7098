//! Reading one tag: what it is, and which family of comparable tags it belongs to.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::image::Tag;
use super::digits::is_separator;
use super::find::{find_body, has_hash, is_artifact, mask_hashes, names_review};
use super::order::{Family, Scheme, Version};
use super::reader::{Reader, place};
use super::words;

/// How a tag is read.
#[derive(Debug, Clone)]
pub enum Reading {
    /// It has an order.
    Version(Version),
    /// A name that is moved from image to image: `latest`, `alpine`, `bookworm`, `pr-12`.
    Floating,
    /// Named by a commit or a digest alone: no order.
    Hash,
    /// A signature, an attestation or a list of parts, not an image that runs.
    Artifact,
}

/// Reads one tag.
pub fn read(tag: &Tag) -> Reading {
    Families::default().read(tag)
}

/// Reads tags and keeps one copy of what many of them share.
#[derive(Debug, Default)]
pub(in super::super) struct Families(HashSet<Arc<Family>>);

impl Families {
    pub(in super::super) fn read(&mut self, tag: &Tag) -> Reading {
        let text = tag.as_str();
        if is_artifact(text) {
            return Reading::Artifact;
        }
        let Some(start) = find_body(text) else {
            return if has_hash(text) { Reading::Hash } else { Reading::Floating };
        };
        if names_review(&text[..start]) {
            return Reading::Floating;
        }
        let mut reader = Reader::new(text, start);
        let scheme = reader.body();
        reader.suffix();
        let prefix = mask_hashes(&text[..start]);
        let hashed = prefix.contains('@') || reader.variant.contains('@');
        let epoch = hashed && scheme == Scheme::Numbers && reader.is_epoch();
        let family = Family {
            prefix: prefix.into(),
            form: reader.form.into(),
            variant: reader.variant.into(),
            complete: reader.complete,
        };
        let family = self.shared(family);
        let [parts, pre_numbers] = [reader.parts.len(), reader.pre_numbers.len()];
        let mut numbers = reader.parts;
        numbers.append(&mut reader.pre_numbers);
        numbers.append(&mut reader.counters);
        Reading::Version(Version {
            tag: tag.clone(),
            family,
            scheme: if epoch { Scheme::Epoch } else { scheme },
            numbers: numbers.into(),
            parts: place(parts),
            pre_numbers: place(pre_numbers),
            pre_rank: reader.pre_rank,
        })
    }

    fn shared(&mut self, family: Family) -> Arc<Family> {
        if let Some(known) = self.0.get(&family) {
            return Arc::clone(known);
        }
        let family = Arc::new(family);
        self.0.insert(Arc::clone(&family));
        family
    }
}

/// Splits a pre-release of a constraint's bound (`rc.1`, `beta2`, `0`) into rank and numbers. An
/// unknown word is lower than every known one, as `-0` is.
pub(in super::super) fn pre_release_bound(text: &str) -> (u8, Vec<Box<str>>) {
    let folded = text.to_ascii_lowercase();
    let letters = folded.bytes().take_while(u8::is_ascii_alphabetic).count();
    let rank = words::pre_release_rank(&folded[..letters]).unwrap_or(0);
    let numbers = folded[letters..]
        .split(is_separator)
        .filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        .map(|part| part.trim_start_matches('0').into())
        .collect();
    (rank, numbers)
}

/// The digits of a number without leading zeros, when `text` is one.
pub(in super::super) fn split_digits(text: &str) -> Option<&str> {
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| text.trim_start_matches('0'))
}
