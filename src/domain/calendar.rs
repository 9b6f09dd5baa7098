//! When updates may happen: windows that open, freezes that close. `now` is an argument.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A time of the week in which updates may happen.
#[derive(Debug, Clone)]
pub struct Window {
    /// The days on which it opens.
    pub days: Vec<Weekday>,
    /// When it opens.
    pub from: Time,
    /// When it closes; not later than `from` means on the next day.
    pub to: Time,
    /// Whose clock.
    pub time_zone: TimeZone,
}

/// Days on which nothing may happen.
#[derive(Debug, Clone)]
pub struct Freeze {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Whose calendar.
    pub time_zone: TimeZone,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Window {
    /// Whether it is open.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let here = now.to_zoned(self.time_zone.clone());
        let (today, time) = (here.date().weekday(), here.time());
        if self.from < self.to {
            return self.days.contains(&today) && self.from <= time && time < self.to;
        }
        // Over midnight: tonight's part of a window that opened today or yesterday.
        (self.days.contains(&today) && self.from <= time)
            || (self.days.contains(&today.previous()) && time < self.to)
    }

    /// When it opens next, not before `now`.
    pub fn next_opening(&self, now: Timestamp) -> Option<Zoned> {
        let here = now.to_zoned(self.time_zone.clone());
        (0_i64..=7).find_map(|ahead| {
            let date = here.date().checked_add(jiff::Span::new().days(ahead)).ok()?;
            let opening = date.to_datetime(self.from).to_zoned(self.time_zone.clone()).ok()?;
            (self.days.contains(&date.weekday()) && opening >= here).then_some(opening)
        })
    }
}

impl Freeze {
    /// Whether it holds.
    pub fn holds(&self, now: Timestamp) -> bool {
        let today = now.to_zoned(self.time_zone.clone()).date();
        self.from <= today && today <= self.to
    }
}

/// Why updates may not happen now; none when they may.
pub fn closed(windows: &[Window], freezes: &[Freeze], now: Timestamp) -> Option<String> {
    if let Some(freeze) = freezes.iter().find(|freeze| freeze.holds(now)) {
        let reason =
            freeze.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
        return Some(format!("frozen until the end of {}{reason}", freeze.to));
    }
    if windows.is_empty() || windows.iter().any(|window| window.is_open(now)) {
        return None;
    }
    let next = windows.iter().filter_map(|window| window.next_opening(now)).min();
    Some(match next {
        Some(opening) => {
            format!("outside the window; it opens {}", opening.strftime("%a %Y-%m-%d %H:%M %Z"))
        }
        None => "outside the window, which never opens".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[Weekday], from: (i8, i8), to: (i8, i8)) -> Window {
        let time = |(hour, minute)| Time::constant(hour, minute, 0, 0);
        Window { days: days.to_vec(), from: time(from), to: time(to), time_zone: TimeZone::UTC }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time stamp")
    }

    #[test]
    fn windows_open_and_close() {
        // 2026-11-23 is a Monday.
        let day = window(&[Weekday::Monday], (9, 0), (16, 0));
        let night = window(&[Weekday::Sunday], (22, 0), (2, 0));
        for (window, now, open) in [
            (&day, "2026-11-23T08:59:59Z", false),
            (&day, "2026-11-23T09:00:00Z", true),
            (&day, "2026-11-23T15:59:59Z", true),
            (&day, "2026-11-23T16:00:00Z", false),
            (&day, "2026-11-24T10:00:00Z", false),
            (&night, "2026-11-22T21:59:00Z", false),
            (&night, "2026-11-22T22:00:00Z", true),
            (&night, "2026-11-23T01:59:00Z", true),
            (&night, "2026-11-23T02:00:00Z", false),
            (&night, "2026-11-23T22:30:00Z", false),
        ] {
            assert_eq!(window.is_open(at(now)), open, "{now}");
        }
    }

    #[test]
    fn a_closed_window_says_when_it_opens() {
        let windows = [window(&[Weekday::Monday, Weekday::Thursday], (9, 0), (16, 0))];
        assert_eq!(closed(&windows, &[], at("2026-11-23T10:00:00Z")), None);
        assert_eq!(
            closed(&windows, &[], at("2026-11-23T17:00:00Z")).as_deref(),
            Some("outside the window; it opens Thu 2026-11-26 09:00 UTC")
        );
        assert_eq!(closed(&[], &[], at("2026-11-23T17:00:00Z")), None);
    }

    #[test]
    fn a_freeze_beats_an_open_window() {
        let freezes = [Freeze {
            from: jiff::civil::date(2026, 12, 20),
            to: jiff::civil::date(2027, 1, 3),
            time_zone: TimeZone::UTC,
            reason: Some("holidays".into()),
        }];
        assert_eq!(
            closed(&[], &freezes, at("2027-01-03T23:59:59Z")).as_deref(),
            Some("frozen until the end of 2027-01-03 (holidays)")
        );
        assert_eq!(closed(&[], &freezes, at("2027-01-04T00:00:00Z")), None);
    }
}
