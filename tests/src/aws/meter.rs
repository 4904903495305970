//! What a key has used of a plan: requests by day, what was granted on top, and the throttle's bucket.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::limits::{Period, Quota, Throttle};

/// Of one key in one plan, over all stages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    days: BTreeMap<Date, i64>,
    granted: Option<(Date, i64)>,
    bucket: Option<(f64, Timestamp)>,
}

/// The quota and when its plan was made, for the offset counts in the first period only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    pub(crate) quota: Quota,
    pub(crate) since: Timestamp,
}

impl Meter {
    pub(crate) fn used_on(&self, day: Date) -> i64 {
        self.days.get(&day).copied().unwrap_or_default()
    }

    pub(crate) fn is_used_between(&self, first: Date, last: Date) -> bool {
        self.days.range(first..=last).any(|(_, &used)| used > 0)
    }

    /// What is left at the end of a day.
    pub(crate) fn remaining(&self, allowance: Allowance, day: Date) -> i64 {
        self.balance(allowance, day).max(0)
    }

    fn balance(&self, Allowance { quota, since }: Allowance, day: Date) -> i64 {
        let start = quota.period.start(day);
        let offset = if quota.period.start(utc_day(since)) == start { i64::from(quota.offset) } else { 0 };
        let granted = self.granted.filter(|&(period, _)| period == start).map_or(0, |(_, granted)| granted);
        let used: i64 = self.days.range(start..=day).map(|(_, used)| used).sum();
        i64::from(quota.limit) - offset + granted - used
    }

    /// Makes this what is left, until the period ends.
    pub(crate) fn grant(&mut self, allowance: Allowance, day: Date, remaining: i64) {
        let missing = remaining - self.balance(allowance, day);
        let start = allowance.quota.period.start(day);
        let granted = self.granted.filter(|&(period, _)| period == start).map_or(0, |(_, granted)| granted);
        self.granted = Some((start, granted + missing));
    }

    /// Whether the throttle's bucket holds a token, filled up to now.
    pub(crate) fn has_token(&mut self, throttle: Throttle, now: Timestamp) -> bool {
        let full = f64::from(throttle.burst);
        let (tokens, at) = self.bucket.unwrap_or((full, now));
        let seconds = now.duration_since(at).as_secs_f64().max(0.0);
        let tokens = (tokens + seconds * throttle.rate).min(full);
        self.bucket = Some((tokens, now));
        // Adding up binary fractions may miss the whole by a little.
        tokens > 1.0 - 1e-6
    }

    /// One request let through.
    pub(crate) fn count(&mut self, now: Timestamp) {
        *self.days.entry(utc_day(now)).or_default() += 1;
        if let Some((tokens, _)) = &mut self.bucket {
            *tokens = (*tokens - 1.0).max(0.0);
        }
    }
}

/// The fake's day. AWS doesn't say when a day begins.
pub(crate) fn utc_day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

impl Period {
    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days()),
            Self::Month => day.first_of_month(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn remaining(meter: &Meter, quota: Quota, now: &str) -> i64 {
        let since = at("2026-03-02T00:00:00Z");
        meter.remaining(Allowance { quota, since }, utc_day(at(now)))
    }

    #[test]
    fn a_quota_starts_anew_with_its_period_and_the_offset_counts_once() {
        let mut meter = Meter::default();
        for now in ["2026-03-03T23:59:59Z", "2026-03-04T00:00:00Z", "2026-03-09T00:00:00Z"] {
            meter.count(at(now));
        }
        assert_eq!(remaining(&meter, Quota::per_day(10), "2026-03-04T12:00:00Z"), 9);
        let week = Quota { limit: 10, offset: 2, period: Period::Week };
        assert_eq!(remaining(&meter, week, "2026-03-08T23:00:00Z"), 6, "two used, two offset");
        assert_eq!(remaining(&meter, week, "2026-03-09T23:00:00Z"), 9, "a new week, no offset");
        let month = Quota { limit: 10, offset: 0, period: Period::Month };
        assert_eq!(remaining(&meter, month, "2026-03-31T00:00:00Z"), 7);
        assert_eq!(remaining(&meter, month, "2026-04-01T00:00:00Z"), 10);
    }

    #[test]
    fn what_is_granted_lasts_until_the_period_ends() {
        let mut meter = Meter::default();
        let (quota, now) = (Quota::per_day(2), at("2026-03-04T10:00:00Z"));
        let allowance = Allowance { quota, since: now };
        meter.count(now);
        meter.grant(allowance, utc_day(now), 50);
        meter.grant(allowance, utc_day(now), 5);
        meter.count(now);
        assert_eq!(meter.remaining(allowance, utc_day(now)), 4);
        assert_eq!(remaining(&meter, quota, "2026-03-05T00:00:00Z"), 2);
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let (mut meter, throttle) = (Meter::default(), Throttle { rate: 2.0, burst: 3 });
        let mut ask = |now: &str, times: usize| {
            let asked = (0..times).map(|_| {
                let has = meter.has_token(throttle, at(now));
                has.then(|| meter.count(at(now))).is_some()
            });
            asked.filter(|&let_through| let_through).count()
        };
        assert_eq!(ask("2026-03-04T10:00:00Z", 5), 3);
        assert_eq!(ask("2026-03-04T10:00:01Z", 5), 2);
        assert_eq!(ask("2026-03-04T11:00:00Z", 5), 3);
    }
}
