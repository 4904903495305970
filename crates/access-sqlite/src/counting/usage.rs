//! A subscription's use by day: what the store has, and what memory knows better.

use std::collections::HashMap;

use access::{Span, StoreError};
use api_types::{Date, Period, Quota, Timestamp, UsageDay, limits::USAGE_MAX_DAYS};
use jiff::ToSpan;

use super::{
    ledger::Ledger,
    rows::{Rows, SubscriptionRowId},
};

impl Ledger {
    /// One row for each day, both ends included, of as many days as may be asked for; `None` if there is no such
    /// subscription.
    pub(crate) fn usage(
        &mut self,
        rows: &impl Rows,
        id: SubscriptionRowId,
        (from, to): (Date, Date),
    ) -> Result<Option<Vec<UsageDay>>, StoreError> {
        let Some(row) = rows.subscription(id)? else { return Ok(None) };
        let last = to.min(from.saturating_add((USAGE_MAX_DAYS - 1).days()));
        let mut counts: HashMap<_, _> = rows.days(id, from, last.saturating_add(1.day()))?.into_iter().collect();
        if let Some(subscription) = self.subscriptions.get(id) {
            counts.extend(subscription.days.iter());
        }
        let plan = &self.plans.get(row.plan)?.plan;
        let is_daily = matches!(plan.plan().quota, Quota::Limited { period: Period::Day, .. });
        let days = from.series(1.day()).take_while(|day| *day <= last).map(|date| {
            let of_day = counts.get(&date).copied().unwrap_or_default();
            let span = Span { today: date, start: date, end: date.saturating_add(1.day()), resets_at: Timestamp::MAX };
            UsageDay {
                date,
                used: of_day.used,
                refused: of_day.refused,
                returned: of_day.returned,
                limit: if is_daily { plan.limit_in(&span, row.subscribed_on) } else { None },
            }
        });
        Ok(Some(days.collect()))
    }
}
