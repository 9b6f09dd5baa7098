//! Serialises machine output. Control characters are escaped, so that it can be shown safely.

use serde::Serialize;

use super::escape::{escape_json, steers};
use crate::cli::error::CommandError;

/// Indented JSON with a line end.
///
/// # Errors
/// A value that cannot be written as JSON, which none of ours is.
pub fn json(value: &impl Serialize) -> Result<String, CommandError> {
    let mut text = serde_json::to_string_pretty(value).map_err(CommandError::usage)?;
    text.push('\n');
    Ok(escape_json(&text).into_owned())
}

/// YAML of the same value. A value with characters that steer a terminal comes as JSON, which is
/// YAML too and can carry all of them escaped.
///
/// # Errors
/// A value that cannot be written as YAML, which none of ours is.
pub fn yaml(value: &impl Serialize) -> Result<String, CommandError> {
    let text = serde_yaml::to_string(value).map_err(CommandError::usage)?;
    if steers(&text) {
        return json(value);
    }
    Ok(text)
}
