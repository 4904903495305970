//! The counts in memory, in batches.
//!
//! What a batch changed is on a list until [`Ledger::committed`] or [`Ledger::rolled_back`] says what became of it; after
//! the latter, memory holds what it held before, and the counts it touched are read from the store again before they
//! are used.

use access::StoreError;
use api_types::KeyId;

use super::{
    batch::{Batch, Change},
    keys_seen::KeysSeen,
    passes::Passes,
    plans::Plans,
    rows::{DayRow, Rows, SubscriptionRowId},
    subscriptions::Subscriptions,
};

/// All of it.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// The plans; where they change, counts and buckets stay.
    pub(crate) plans: Plans,
    pub(super) keys: KeysSeen,
    pub(super) passes: Passes,
    pub(super) subscriptions: Subscriptions,
    pub(super) batch: Batch,
}

impl Ledger {
    /// An empty ledger that knows the plans.
    pub(crate) fn new(plans: Plans) -> Self {
        Self {
            plans,
            keys: KeysSeen::default(),
            passes: Passes::default(),
            subscriptions: Subscriptions::default(),
            batch: Batch::default(),
        }
    }

    /// A key was or is about to be created, changed or ended: its row must be read again.
    pub(crate) fn forget_key(&mut self, id: KeyId) {
        self.keys.forget(id);
    }

    /// A subscription was or is about to be deleted.
    pub(crate) fn forget_subscription(&mut self, id: SubscriptionRowId) {
        self.subscriptions.forget(id);
        self.batch.days.retain(|(of, _)| *of != id);
    }

    /// Whether a pass of this subscription is under way.
    pub(crate) fn has_open_pass(&mut self, id: SubscriptionRowId) -> bool {
        self.subscriptions.get(id).is_some_and(|subscription| subscription.open > 0)
    }

    /// Whether an answer of the batch waits for a write.
    pub(crate) fn is_urgent(&self) -> bool {
        !self.batch.changes.is_empty()
    }

    /// Whether there is anything to write, refusals included.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.batch.days.is_empty()
    }

    /// The days to write.
    pub(crate) fn unwritten(&mut self, rows: &impl Rows) -> Result<Vec<DayRow>, StoreError> {
        let mut unwritten = Vec::with_capacity(self.batch.days.len());
        for &(id, day) in &self.batch.days {
            if let Some(subscription) = self.subscriptions.get(id) {
                subscription.reread_if_stale(rows)?;
                unwritten.extend(subscription.days.get(day).map(|counts| DayRow { subscription: id, day, counts }));
            }
        }
        Ok(unwritten)
    }

    /// The batch is durable.
    pub(crate) fn committed(&mut self) {
        for (id, day) in self.batch.days.drain(..) {
            if let Some(subscription) = self.subscriptions.get(id) {
                subscription.days.day(day).dirty = false;
            }
        }
        for change in self.batch.changes.drain(..) {
            if let Change::Touched(id, _) = change
                && let Some(subscription) = self.subscriptions.get(id)
            {
                subscription.touched = false;
            }
        }
    }

    /// The batch could not be written, or nobody knows. Charges are read again from the store before the next use;
    /// buckets and passes go back to what they were.
    pub(crate) fn rolled_back(&mut self) {
        for change in self.batch.changes.drain(..).rev() {
            match change {
                Change::Touched(id, bucket) => {
                    if let Some(subscription) = self.subscriptions.get(id) {
                        subscription.bucket = bucket;
                        subscription.touched = false;
                        subscription.stale = true;
                    }
                }
                Change::Granted(admission) => {
                    if let Some(open) = self.passes.forget(admission)
                        && let Some(subscription) = self.subscriptions.get(open.subscription)
                    {
                        subscription.open = subscription.open.saturating_sub(1);
                    }
                }
                Change::Returned(open) => {
                    if let Some(subscription) = self.subscriptions.get(open.subscription) {
                        subscription.open += 1;
                    }
                    self.passes.open.insert(open.pass.id, *open);
                }
                Change::Refused(id, day) => {
                    if let Some(subscription) = self.subscriptions.get(id) {
                        let counts = &mut subscription.days.day(day).counts;
                        counts.refused = counts.refused.saturating_sub(1);
                    }
                }
            }
        }
    }
}
