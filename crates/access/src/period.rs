//! Periods: which days a quota counts over, computed from the clock and never by a job.

use std::{fmt, str::FromStr};

use api_types::{Date, Period, Timestamp};
use jiff::{ToSpan, tz};

/// An IANA time zone by its name; UTC unless configured.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZone {
    name: String,
    zone: tz::TimeZone,
}

/// The name is in no IANA time zone database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {0:?}; use a name like \"UTC\" or \"Europe/Berlin\"")]
pub struct UnknownTimeZone(pub String);

impl TimeZone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: tz::TimeZone::UTC }
    }

    /// The name, as configured.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The calendar day that this instant lies in.
    #[must_use]
    pub fn day(&self, now: Timestamp) -> Date {
        self.zone.to_datetime(now).date()
    }

    /// The first instant of a day: midnight, or the end of the gap where the clock skips midnight.
    fn start_of(&self, day: Date) -> Timestamp {
        day.to_zoned(self.zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        match tz::TimeZone::get(name) {
            Ok(zone) => Ok(Self { name: name.to_owned(), zone }),
            Err(_) => Err(UnknownTimeZone(name.to_owned())),
        }
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// One period: the days from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The day that the instant lies in; charges are booked on it.
    pub today: Date,
    /// The period's first day: its id.
    pub start: Date,
    /// The first day of the next period.
    pub end: Date,
    /// The first instant of the next period.
    pub resets_at: Timestamp,
}

impl Span {
    /// The period that an instant lies in: a day from local midnight, a week from Monday, a month from day 1.
    #[must_use]
    pub fn at(period: Period, zone: &TimeZone, now: Timestamp) -> Self {
        let today = zone.day(now);
        let (start, end) = match period {
            Period::Day => (today, today.saturating_add(1.day())),
            Period::Week => {
                let since_monday = i64::from(today.weekday().to_monday_zero_offset());
                let start = today.saturating_sub(since_monday.days());
                (start, start.saturating_add(7.days()))
            }
            Period::Month => (today.first_of_month(), today.last_of_month().saturating_add(1.day())),
        };
        Self { today, start, end, resets_at: zone.start_of(end) }
    }

    /// Whether a day lies in it.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        self.start <= day && day < self.end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn span(period: Period, zone: &str, now: &str) -> (String, String, String) {
        let span = Span::at(period, &zone.parse().unwrap(), at(now));
        (span.start.to_string(), span.end.to_string(), span.resets_at.to_string())
    }

    fn row(start: &str, end: &str, resets_at: &str) -> (String, String, String) {
        (start.to_owned(), end.to_owned(), resets_at.to_owned())
    }

    #[test]
    fn periods_start_where_the_calendar_says() {
        let now = "2026-11-21T18:30:00Z"; // a Saturday
        assert_eq!(span(Period::Day, "UTC", now), row("2026-11-21", "2026-11-22", "2026-11-22T00:00:00Z"));
        assert_eq!(span(Period::Week, "UTC", now), row("2026-11-16", "2026-11-23", "2026-11-23T00:00:00Z"));
        assert_eq!(span(Period::Month, "UTC", now), row("2026-11-01", "2026-12-01", "2026-12-01T00:00:00Z"));
        assert_eq!(span(Period::Day, "Asia/Tokyo", now), row("2026-11-22", "2026-11-23", "2026-11-22T15:00:00Z"));
    }

    #[test]
    fn the_last_instant_of_a_period_and_the_first_of_the_next_differ() {
        assert_eq!(span(Period::Day, "UTC", "2026-12-31T23:59:59.999999999Z").0, "2026-12-31");
        assert_eq!(span(Period::Day, "UTC", "2027-01-01T00:00:00Z").0, "2027-01-01");
    }

    #[test]
    fn days_with_a_clock_change_are_23_and_25_hours_long() {
        let zone = "Europe/Berlin";
        assert_eq!(span(Period::Day, zone, "2026-03-29T10:00:00Z").2, "2026-03-29T22:00:00Z");
        assert_eq!(span(Period::Day, zone, "2026-03-28T10:00:00Z").2, "2026-03-28T23:00:00Z");
        assert_eq!(span(Period::Day, zone, "2026-10-25T10:00:00Z").2, "2026-10-25T23:00:00Z");
        assert_eq!(span(Period::Day, zone, "2026-10-24T10:00:00Z").2, "2026-10-24T22:00:00Z");
    }

    #[test]
    fn a_midnight_that_the_clock_skips_is_the_end_of_the_gap() {
        // Chile moved from 24:00 on 5 September 2026 to 01:00 on the 6th.
        assert_eq!(span(Period::Day, "America/Santiago", "2026-09-05T20:00:00Z").2, "2026-09-06T04:00:00Z");
    }

    #[test]
    fn an_unknown_zone_is_named() {
        assert!("Mars/Olympus".parse::<TimeZone>().unwrap_err().to_string().contains("Mars/Olympus"));
    }

    proptest! {
        #[test]
        fn every_instant_lies_in_its_own_period(seconds in 0i64..4_000_000_000, zone in 0usize..5, kind in 0usize..3) {
            let zone: TimeZone =
                ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"][zone].parse().unwrap();
            let kind = [Period::Day, Period::Week, Period::Month][kind];
            let now = Timestamp::from_second(seconds).unwrap();
            let span = Span::at(kind, &zone, now);
            prop_assert!(span.contains(span.today) && !span.contains(span.end));
            prop_assert!(now < span.resets_at);
            prop_assert_eq!(Span::at(kind, &zone, span.resets_at).start, span.end);
        }
    }
}
