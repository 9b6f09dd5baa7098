//! Single values of a policy file that the domain does not read itself.

use crate::adapters::yaml::known_words;
use crate::domain::chart::{ChartSource, ChartSourceError};
use crate::domain::image::ReferenceError;
use crate::domain::inventory::Kind;
use crate::domain::policy::{Pattern, PolicyError};

/// Text with anything in it.
pub(super) fn nonempty(text: &str) -> Result<&str, String> {
    if text.trim().is_empty() { Err("nothing is written here".into()) } else { Ok(text) }
}

/// A pattern with anything in it.
pub(super) fn nonempty_pattern(text: &str) -> Result<Pattern, String> {
    nonempty(text)?.parse().map_err(|error: PolicyError| error.to_string())
}

/// A pattern of kinds. One that does not exist would silently match nothing; short names are as good as long ones.
pub(super) fn kind_pattern(text: &str) -> Result<Pattern, String> {
    if let Ok(kind) = text.parse::<Kind>() {
        return nonempty_pattern(kind.as_str());
    }
    let pattern = nonempty_pattern(text)?;
    if Kind::ALL.iter().any(|kind| pattern.matches(kind.as_str())) {
        return Ok(pattern);
    }
    let known = Kind::ALL.map(Kind::as_str);
    Err(format!("{text:?} matches no kind; {}", known_words(text, &known)))
}

/// A pattern of repositories. The tag is no part of what is matched, so a pattern with one would silently match nothing.
pub(super) fn image_pattern(text: &str) -> Result<Pattern, String> {
    let last = text.rsplit('/').next().unwrap_or_default();
    if last.contains([':', '@']) {
        return Err(format!("{text:?} has a tag or a digest: write the repository alone"));
    }
    nonempty_pattern(text)
}

/// The place of a chart.
pub(super) fn chart(text: &str) -> Result<ChartSource, String> {
    text.parse().map_err(|error: ChartSourceError| error.to_string())
}

/// What is said of a text that names no registry.
pub(super) fn no_host(text: &str) -> impl FnOnce(ReferenceError) -> String {
    let text = text.to_owned();
    move |error| format!("{text:?} is no registry: {error}")
}
