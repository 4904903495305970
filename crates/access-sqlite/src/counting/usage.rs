//! A subscription's use by day: what the store has, and what memory knows better.

use std::collections::HashMap;

use access::{StoreError, last_listed};
use api_types::{Date, UsageDay};
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
        let after = last_listed(from, to).saturating_add(1.day());
        let mut counts: HashMap<_, _> = rows.days(id, from, after)?.into_iter().collect();
        if let Some(subscription) = self.subscriptions.get(id) {
            counts.extend(subscription.days.iter());
        }
        Ok(Some(self.plans.get(row.plan)?.plan.usage(row.subscribed_on, (from, to), &counts)))
    }
}
