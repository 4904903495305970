//! Subscriptions without a key are kept for their count; when their period has none, they go with their owner's digest.

use access::{StoreError, TimeZone};
use api_types::Timestamp;

use super::state::WriterState;
use crate::sql::{store_error, subscriptions};

impl WriterState {
    /// Once a day of UTC: subscriptions that nobody needs any more go.
    pub(crate) fn purge_if_due(&mut self, now: Timestamp) {
        let today = TimeZone::utc().day(now);
        if self.purged_on.replace(today) == Some(today) {
            return;
        }
        if let Err(error) = self.purge(now) {
            tracing::warn!(%error, "subscriptions without a key were not looked through; tried again tomorrow");
        }
    }

    /// Deletes every subscription that has no key, no pass under way, and neither charge nor return in its present
    /// period.
    fn purge(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let doing = "delete unused subscriptions";
        let mut unused = Vec::new();
        for (id, plan) in subscriptions::released(&self.conn).map_err(store_error(doing))? {
            let start = self.ledger().plans.get(plan)?.span(now).start;
            let is_counted = subscriptions::is_counted_since(&self.conn, id, start).map_err(store_error(doing))?;
            if !is_counted && !self.ledger().has_open_pass(id) {
                self.ledger().forget_subscription(id);
                unused.push(id);
            }
        }
        if unused.is_empty() {
            return Ok(());
        }
        self.change(doing, |conn| Ok(unused.iter().try_for_each(|id| subscriptions::delete(conn, *id))?))
    }
}
