//! Days, times of day, dates and time zones as a policy file writes them.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

/// Three letters each, in the order of the week.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Reads a day (`mon`, `Monday`) or a range of days (`mon-thu`, `sat-mon`).
pub(super) fn days(text: &str) -> Result<Vec<Weekday>, String> {
    let Some((first, last)) = text.split_once('-') else {
        return day(text.trim()).map(|day| vec![day]);
    };
    let (first, last) = (day(first.trim())?, day(last.trim())?);
    let mut days = vec![first];
    let mut next = first;
    while next != last {
        next = next.next();
        days.push(next);
    }
    Ok(days)
}

fn day(text: &str) -> Result<Weekday, String> {
    let lower = text.to_ascii_lowercase();
    DAYS.into_iter()
        .find(|(short, day)| lower == *short || lower == format!("{day:?}").to_ascii_lowercase())
        .map(|(_, day)| day)
        .ok_or_else(|| format!("{text:?} is no day: write mon, tue, wed, thu, fri, sat or sun"))
}

/// Reads a time of day: `9:00`, `09:00`, and `24:00` for the midnight at the end of a day.
pub(super) fn time(text: &str) -> Result<Time, String> {
    let wrong = || format!("{text:?} is no time of day: write 09:00");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let number = |part: &str| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse::<i8>().ok() } else { None }
    };
    match (number(hour), number(minute)) {
        (Some(24), Some(0)) => Ok(Time::midnight()),
        (Some(hour), Some(minute)) if minute_has_two_digits(text) => {
            Time::new(hour, minute, 0, 0).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

fn minute_has_two_digits(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(_, minute)| minute.len() == 2)
}

/// Reads a date: `2026-12-20`.
pub(super) fn date(text: &str) -> Result<Date, String> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    plain
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| format!("{text:?} is no date: write 2026-12-20"))
}

/// Reads a name of the time zone database.
pub(super) fn time_zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text)
        .map_err(|_| format!("{text:?} is no time zone: write a name such as Europe/Prague or UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_ranges_of_days() {
        use Weekday::{Friday, Monday, Saturday, Sunday};
        for (text, expected) in [
            ("mon", Some(vec![Monday])),
            ("Monday", Some(vec![Monday])),
            ("fri-mon", Some(vec![Friday, Saturday, Sunday, Monday])),
            ("sun-sun", Some(vec![Sunday])),
            ("mo", None),
            ("mon-", None),
            ("", None),
        ] {
            assert_eq!(days(text).ok(), expected, "{text}");
        }
        assert_eq!(days("mon-sun").map(|days| days.len()), Ok(7));
    }

    #[test]
    fn times_of_day() {
        for (text, expected) in [
            ("09:00", Some((9, 0))),
            ("9:30", Some((9, 30))),
            ("23:59", Some((23, 59))),
            ("24:00", Some((0, 0))),
            ("24:01", None),
            ("25:00", None),
            ("9", None),
            ("9:0", None),
            ("-1:00", None),
            ("09:00:00", None),
            ("", None),
        ] {
            let expected = expected.map(|(hour, minute)| Time::constant(hour, minute, 0, 0));
            assert_eq!(time(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn dates_and_zones() {
        assert_eq!(date("2026-12-20"), Ok(jiff::civil::date(2026, 12, 20)));
        for text in ["2026-13-01", "2026-02-30", "20.12.2026", "2026-12-20T00:00", "", "-009999-1"]
        {
            assert!(date(text).is_err(), "{text}");
        }
        assert!(time_zone("Europe/Prague").is_ok());
        assert!(time_zone("UTC").is_ok());
        for text in ["Prague", "", "../../etc/passwd"] {
            assert!(time_zone(text).is_err(), "{text}");
        }
    }
}
