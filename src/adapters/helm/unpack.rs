//! From the text of an object to the JSON of a record: base64, gzip, and the bounds on both. What
//! comes out may hold secrets; no error quotes any of it.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::ports::releases::Keeper;

/// The largest record, unpacked. A Secret holds 1 MiB of compressed text, which is some ten times as
/// much unpacked; what is beyond that by another factor was made to do harm.
pub(super) const RECORD_MAX: usize = 64 * 1024 * 1024;
/// How gzip begins. Records from before Helm compressed them do not.
const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Why a record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The object has no record.
    #[error("it has nothing under the key \"release\"")]
    Empty,
    /// The text is no base64.
    #[error("it is not base64")]
    Encoding,
    /// The gzip stream is broken.
    #[error("its compressed data is damaged or ends early")]
    Compression,
    /// A part of it is larger than allowed.
    #[error("{what} takes more than {} MiB", max / (1024 * 1024))]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// What is allowed, in bytes.
        max: usize,
    },
    /// It is not the JSON that Helm writes.
    #[error("{what} (line {line}, column {column})")]
    Json {
        /// What is wrong.
        what: &'static str,
        /// Where.
        line: usize,
        /// Where.
        column: usize,
    },
    /// Something that every record has is not there.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// Something that is short in every record is not.
    #[error("the {0} is longer than any that Helm writes")]
    Long(&'static str),
    /// It is the record of something else than the object is named for.
    #[error("it says another {0} than its object")]
    Foreign(&'static str),
}

/// The JSON in the text of an object.
pub(super) fn unpack(text: &str, keeper: Keeper) -> Result<Vec<u8>, DecodeError> {
    let packed = match keeper {
        // The API has encoded once more what Helm had encoded already.
        Keeper::Secrets => base64(&base64(text.as_bytes())?)?,
        Keeper::ConfigMaps => base64(text.as_bytes())?,
    };
    if !packed.starts_with(&GZIP) {
        return if packed.len() > RECORD_MAX { Err(too_large()) } else { Ok(packed) };
    }
    let mut record = Vec::new();
    // One byte more than is allowed tells that there is more, and nothing beyond it is unpacked.
    let most = u64::try_from(RECORD_MAX).map_or(u64::MAX, |max| max + 1);
    MultiGzDecoder::new(&*packed)
        .take(most)
        .read_to_end(&mut record)
        .map_err(|_| DecodeError::Compression)?;
    if record.len() > RECORD_MAX { Err(too_large()) } else { Ok(record) }
}

fn too_large() -> DecodeError {
    DecodeError::TooLarge { what: "its content", max: RECORD_MAX }
}

fn base64(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    STANDARD.decode(text.trim_ascii()).map_err(|_| DecodeError::Encoding)
}

/// Reads JSON, and says of an error only where it is.
pub(super) fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(bytes).map_err(|error| DecodeError::Json {
        what: match error.classify() {
            serde_json::error::Category::Data => "a field is not what Helm writes there",
            serde_json::error::Category::Eof => "its JSON ends early",
            _ => "it is not JSON, or is nested too deeply",
        },
        line: error.line(),
        column: error.column(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("memory takes everything");
        encoder.finish().expect("memory takes everything")
    }

    /// A record as Helm stores it in an object of this kind.
    pub(in super::super) fn packed(json: &str, keeper: Keeper) -> String {
        let text = STANDARD.encode(gzip(json.as_bytes()));
        match keeper {
            Keeper::Secrets => STANDARD.encode(text),
            Keeper::ConfigMaps => text,
        }
    }

    #[track_caller]
    fn check(text: &str, keeper: Keeper, expected: Result<&str, DecodeError>) {
        let record = unpack(text, keeper);
        let record = record.map(|bytes| String::from_utf8(bytes).expect("the test wrote text"));
        assert_eq!(record, expected.map(str::to_owned));
    }

    #[test]
    fn records_are_unpacked_from_both_kinds_of_objects() {
        for keeper in [Keeper::Secrets, Keeper::ConfigMaps] {
            check(&packed("{}", keeper), keeper, Ok("{}"));
        }
        // Before Helm compressed them.
        check(&STANDARD.encode("{}"), Keeper::ConfigMaps, Ok("{}"));
        check(&STANDARD.encode(STANDARD.encode("{}")), Keeper::Secrets, Ok("{}"));
        check("", Keeper::ConfigMaps, Ok(""));
        // Two streams in a row are one, as for Helm.
        let two = [gzip(b"{"), gzip(b"}")].concat();
        check(&STANDARD.encode(two), Keeper::ConfigMaps, Ok("{}"));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let once = packed("{}", Keeper::ConfigMaps);
        // Not encoded twice: what is inside is gzip and no base64.
        check(&once, Keeper::Secrets, Err(DecodeError::Encoding));
        check("%", Keeper::ConfigMaps, Err(DecodeError::Encoding));
        let whole = gzip(br#"{"name":"web"}"#);
        for length in [3, 9, whole.len() / 2, whole.len() - 1] {
            let text = STANDARD.encode(&whole[..length]);
            check(&text, Keeper::ConfigMaps, Err(DecodeError::Compression));
        }
        let mut damaged = whole;
        if let Some(checksum) = damaged.iter_mut().rev().nth(5) {
            *checksum ^= 0xff;
        }
        check(&STANDARD.encode(damaged), Keeper::ConfigMaps, Err(DecodeError::Compression));
    }

    #[test]
    fn a_bomb_is_not_unpacked_beyond_the_limit() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let zeros = vec![0; 1024 * 1024];
        for _ in 0..100 {
            encoder.write_all(&zeros).expect("memory takes everything");
        }
        let bomb = encoder.finish().expect("memory takes everything");
        assert!(bomb.len() < 1024 * 1024, "it fits a Secret");
        let error = unpack(&STANDARD.encode(bomb), Keeper::ConfigMaps).expect_err("a bomb");
        assert_eq!(error.to_string(), "its content takes more than 64 MiB");
    }

    #[test]
    fn errors_quote_nothing() {
        for text in [r#"{"name": "hunter2" x}"#, r#"{"name": {"hunter2": 1}}"#, r#"{"hunter2"#] {
            #[derive(Debug, Deserialize)]
            struct Named {
                #[expect(dead_code, reason = "only the error counts")]
                name: String,
            }
            let error = json::<Named>(text.as_bytes()).expect_err("malformed");
            let told = format!("{error} {error:?}");
            assert!(!told.contains("hunter2") && told.contains("column"), "{told}");
        }
    }
}
