//! The counts in memory, in batches.
//!
//! What a batch changed is on a list until [`Ledger::committed`] or [`Ledger::rolled_back`] says what became of it; after
//! the latter, memory holds what it held before. Rows are written with all that they hold, so that it doesn't matter
//! whether a write that failed came through.

use std::collections::HashSet;

use access::Passes;
use api_types::KeyId;

use super::{
    batch::{Batch, Change},
    keys_seen::KeysSeen,
    plans::Plans,
    rows::{DayRow, SubscriptionRowId},
    subscriptions::Subscriptions,
};

/// All of it.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// The plans; where they change, counts and buckets stay.
    pub(crate) plans: Plans,
    pub(super) keys: KeysSeen,
    pub(super) passes: Passes<SubscriptionRowId>,
    pub(super) subscriptions: Subscriptions,
    pub(super) batch: Batch,
    /// Those with a block, which is empty at first.
    pub(super) with_block: HashSet<SubscriptionRowId>,
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
            with_block: HashSet::new(),
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

    /// The days to write, each with what its block holds.
    pub(crate) fn unwritten(&mut self) -> Vec<DayRow> {
        let mut unwritten = Vec::with_capacity(self.batch.days.len());
        for &(id, day) in &self.batch.days {
            unwritten.extend(self.subscriptions.get(id).and_then(|subscription| subscription.day_row(day)));
        }
        unwritten
    }

    /// The batch is durable.
    pub(crate) fn committed(&mut self) {
        for (id, day) in self.batch.days.drain(..) {
            if let Some(subscription) = self.subscriptions.get(id) {
                subscription.days.day(day).dirty = false;
            }
        }
        for change in self.batch.changes.drain(..) {
            if let Change::Touched(id) = change
                && let Some(subscription) = self.subscriptions.get(id)
            {
                subscription.written(true);
            }
        }
    }

    /// The batch could not be written, or nobody knows.
    pub(crate) fn rolled_back(&mut self) {
        let Self { plans, passes, subscriptions, batch, .. } = self;
        for change in batch.changes.drain(..).rev() {
            match change {
                Change::Touched(id) => {
                    if let Some(subscription) = subscriptions.get(id) {
                        subscription.written(false);
                    }
                }
                Change::Granted(admission, id, day) => {
                    let is_open = passes.forget(admission);
                    if let Some(subscription) = subscriptions.get(id) {
                        subscription.uncharge(day, plans);
                        if is_open {
                            subscription.open = subscription.open.saturating_sub(1);
                        }
                    }
                }
                Change::Returned(open) => {
                    if let Some(subscription) = subscriptions.get(open.subscription) {
                        let counts = &mut subscription.days.day(open.span.today).counts;
                        counts.used += 1;
                        counts.returned = counts.returned.saturating_sub(1);
                        subscription.open += 1;
                    }
                    passes.open.insert(open.pass.id, *open);
                }
                Change::Refused(id, day) => {
                    if let Some(subscription) = subscriptions.get(id) {
                        let counts = &mut subscription.days.day(day).counts;
                        counts.refused = counts.refused.saturating_sub(1);
                    }
                }
            }
        }
    }
}
