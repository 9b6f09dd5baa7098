//! Serialises machine output. Control characters are escaped, so that it can be shown safely.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::escape::{Escaped, escape_json, steers};
use crate::cli::error::CommandError;

/// How much JSON is handed to a stream at once, in bytes.
const PIECE: usize = 64 << 10;

/// Indented JSON with a line end.
///
/// # Errors
/// A value that cannot be written as JSON, which none of ours is.
pub fn json(value: &impl Serialize) -> Result<String, CommandError> {
    let mut text = serde_json::to_string_pretty(value).map_err(CommandError::usage)?;
    text.push('\n');
    Ok(escape_json(&text).into_owned())
}

/// Writes the same while it is serialised.
///
/// # Errors
/// The stream's, and a value that cannot be written as JSON, which none of ours is.
pub fn write_json(out: impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(PIECE, Escaped(out));
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")?;
    out.flush()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_pieces_is_escaped_like_the_whole() {
        // The pieces end at many different places.
        let tags: Vec<String> =
            (0..PIECE / 8).map(|number| format!("{number} größer \u{9b}\u{202e}日本")).collect();
        let mut written = Vec::new();
        write_json(&mut written, &tags).expect("writes");
        assert!(written.len() > 4 * PIECE);
        let whole = json(&tags).unwrap_or_else(|error| panic!("{:#}", error.error));
        assert_eq!(String::from_utf8(written).expect("text"), whole);
    }
}
