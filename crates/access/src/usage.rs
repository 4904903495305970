//! What happened on the days of a subscription, as backends that count exactly keep and list it.

use std::collections::HashMap;

use api_types::{Date, Period, Quota, Timestamp, UsageDay, limits::USAGE_MAX_DAYS};
use jiff::ToSpan;

use crate::{Span, UsagePlan};

/// What happened on a day, or on the days of a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests charged, what was given back subtracted.
    pub used: u64,
    /// Requests refused by quota or throttle.
    pub refused: u64,
    /// Charges given back.
    pub returned: u64,
}

/// The last day that a listing from `from` to `to` reaches.
#[must_use]
pub fn last_listed(from: Date, to: Date) -> Date {
    to.min(from.saturating_add((USAGE_MAX_DAYS - 1).days()))
}

/// When a key was last used, as its owner is told: to the minute, of its subscription's last use. That may be another
/// key's, from before this one was made.
#[must_use]
pub fn last_use(of_subscription: Option<Timestamp>, key_made_at: Timestamp) -> Option<Timestamp> {
    of_subscription.filter(|used_at| *used_at >= key_made_at).map(whole_minute)
}

/// The minute that this instant lies in.
#[must_use]
pub fn whole_minute(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(60)).unwrap_or(at)
}

impl UsagePlan {
    /// One row for each day, both ends included, of as many days as may be asked for; days without a row count nothing.
    #[must_use]
    pub fn usage(
        &self,
        subscribed_on: Date,
        (from, to): (Date, Date),
        counts: &HashMap<Date, Counts>,
    ) -> Vec<UsageDay> {
        let last = last_listed(from, to);
        let is_daily = matches!(self.plan().quota, Quota::Limited { period: Period::Day, .. });
        let days = from.series(1.day()).take_while(|day| *day <= last).map(|date| {
            let Counts { used, refused, returned } = counts.get(&date).copied().unwrap_or_default();
            let span = Span { today: date, start: date, end: date.saturating_add(1.day()), resets_at: Timestamp::MAX };
            let limit = if is_daily { self.limit_in(&span, subscribed_on) } else { None };
            UsageDay { date, used, refused, returned, limit }
        });
        days.collect()
    }
}
