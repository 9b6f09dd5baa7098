//! What `--since` says.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cli::error::CommandError;
use crate::domain::policy;

/// Reads a length of time before now, a date, or a time; without an offset it is UTC.
///
/// # Errors
/// It is none of these.
pub fn since(text: &str, now: Timestamp) -> Result<Timestamp, CommandError> {
    let length = policy::duration(text).ok().and_then(|length| {
        SignedDuration::try_from(length).ok().and_then(|length| now.checked_sub(length).ok())
    });
    let civil = || text.parse::<DateTime>().ok();
    let zoned = || Some(civil()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    length.or_else(|| text.parse().ok()).or_else(zoned).ok_or_else(|| {
        CommandError::usage_message(format!("--since: {text:?} is no length of time and no time"))
            .hint("write 36h, 7d, 2026-11-24 or 2026-11-24T16:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_length_a_date_or_a_time() {
        let now: Timestamp = "2026-11-24T16:00:00Z".parse().expect("a time");
        for (text, read) in [
            ("36h", "2026-11-23T04:00:00Z"),
            ("7d", "2026-11-17T16:00:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T12:30", "2026-11-20T12:30:00Z"),
            ("2026-11-20T12:30:00+02:00", "2026-11-20T10:30:00Z"),
            ("2026-11-20T12:30:00Z", "2026-11-20T12:30:00Z"),
        ] {
            let since = since(text, now).map(|time| time.to_string());
            assert_eq!(since.map_err(|error| error.error.to_string()), Ok(read.to_owned()));
        }
        for text in ["", "yesterday", "99999999999w", "2026-13-01", "-3d"] {
            assert!(since(text, now).is_err(), "{text}");
        }
    }
}
