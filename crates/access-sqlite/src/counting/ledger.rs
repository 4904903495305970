//! The counts in memory and every decision on them: pure, told the time, fed with rows by whoever holds the store.
//!
//! Decisions are made in batches. What a batch changed is on a list until [`Ledger::committed`] or
//! [`Ledger::rolled_back`] says what became of it; after the latter, memory holds what it held before, and the
//! counts it touched are read from the store again before they are used.

use std::collections::HashMap;

use access::{StoreError, TokenBucket};
use api_types::{AdmissionId, Date, KeyId, SubscriptionId, Timestamp};

use crate::{
    counting::counts::{Counts, Days},
    counting::keys_seen::{KeyRow, KeysSeen},
    counting::live_plan::{LivePlan, PlanRow},
    counting::passes::{Attempts, OpenPass, SubscriptionRow},
};

/// Where rows come from that aren't in memory.
pub(crate) trait Rows {
    /// A key and the subscription that it is attached to.
    fn key(&self, id: KeyId) -> Result<Option<KeyRow>, StoreError>;
    /// A subscription.
    fn subscription(&self, row: SubscriptionRow) -> Result<Option<StoredSubscription>, StoreError>;
    /// Day rows from `start` up to, not including, `end`.
    fn days(&self, row: SubscriptionRow, start: Date, end: Date) -> Result<Vec<(Date, Counts)>, StoreError>;
}

/// A subscription as stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredSubscription {
    /// Its id.
    pub(crate) id: SubscriptionId,
    /// Its plan.
    pub(crate) plan: PlanRow,
    /// The day it began, in the plan's zone at that time.
    pub(crate) subscribed_on: Date,
}

/// A subscription in memory.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Its row.
    pub(crate) stored: StoredSubscription,
    /// Its counts.
    pub(crate) days: Days,
    /// `None` until first used: full.
    pub(crate) bucket: Option<TokenBucket>,
    /// Passes under way.
    pub(crate) open: u32,
    /// Whether the batch changed it.
    pub(crate) touched: bool,
    /// Whether a write of it failed, so that its counts must be read again.
    stale: bool,
    /// Whether it was used since the last sweep.
    recent: bool,
}

/// One change of the batch, to be undone if it can't be written.
#[derive(Debug)]
pub(crate) enum Change {
    /// The subscription's bucket before the batch.
    Touched(SubscriptionRow, Option<TokenBucket>),
    /// A pass began.
    Granted(AdmissionId),
    /// A pass ended and was given back.
    Returned(Box<OpenPass>),
    /// A refusal was counted that stands on the batch's charges.
    Refused(SubscriptionRow, Date),
}

/// One row to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DirtyRow {
    /// Whose.
    pub(crate) subscription: SubscriptionRow,
    /// Which day.
    pub(crate) day: Date,
    /// What it holds now.
    pub(crate) counts: Counts,
}

/// Past so many subscriptions in memory the idle ones are dropped.
const SUBSCRIPTIONS_KEPT: usize = 100_000;

/// All of it.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) plans: HashMap<PlanRow, LivePlan>,
    pub(crate) keys: KeysSeen,
    pub(crate) attempts: Attempts,
    subscriptions: HashMap<SubscriptionRow, Subscription>,
    sweep_at: usize,
    changes: Vec<Change>,
    dirty: Vec<(SubscriptionRow, Date)>,
    urgent: bool,
}

impl Ledger {
    /// An empty ledger that knows the plans.
    pub(crate) fn new(plans: HashMap<PlanRow, LivePlan>) -> Self {
        Self {
            plans,
            keys: KeysSeen::default(),
            subscriptions: HashMap::new(),
            sweep_at: SUBSCRIPTIONS_KEPT,
            attempts: Attempts::default(),
            changes: Vec::new(),
            dirty: Vec::new(),
            urgent: false,
        }
    }

    /// The plans changed. Counts and buckets stay.
    pub(crate) fn set_plans(&mut self, plans: HashMap<PlanRow, LivePlan>) {
        self.plans = plans;
    }

    /// A key was created, changed or ended: its row must be read again.
    pub(crate) fn forget_key(&mut self, id: KeyId) {
        self.keys.forget(id);
    }

    /// A subscription was deleted.
    pub(crate) fn forget_subscription(&mut self, row: SubscriptionRow) {
        self.subscriptions.remove(&row);
        self.dirty.retain(|(dirty, _)| *dirty != row);
    }

    /// Whether a pass of this subscription is under way.
    pub(crate) fn has_open_pass(&self, row: SubscriptionRow) -> bool {
        self.subscriptions.get(&row).is_some_and(|subscription| subscription.open > 0)
    }

    /// A plan, by its row.
    pub(crate) fn plan(&self, row: PlanRow) -> Result<&LivePlan, StoreError> {
        self.plans.get(&row).ok_or_else(|| StoreError::new("find a plan", "the subscription's plan is gone"))
    }

    /// A subscription in memory, read from the store if it isn't there, with the days of a period known and true.
    pub(crate) fn known(
        &mut self,
        rows: &impl Rows,
        row: SubscriptionRow,
        now: Timestamp,
    ) -> Result<Option<&mut Subscription>, StoreError> {
        if !self.subscriptions.contains_key(&row) {
            let Some(stored) = rows.subscription(row)? else { return Ok(None) };
            if self.subscriptions.len() >= self.sweep_at {
                self.sweep(now);
            }
            let fresh = Subscription {
                stored,
                days: Days::default(),
                bucket: None,
                open: 0,
                touched: false,
                stale: false,
                recent: true,
            };
            self.subscriptions.insert(row, fresh);
        }
        let Some(subscription) = self.subscriptions.get_mut(&row) else { return Ok(None) };
        subscription.recent = true;
        subscription.make_true(rows, row)?;
        Ok(Some(subscription))
    }

    /// A subscription that [`known`](Self::known) was asked for before.
    pub(crate) fn subscription(&mut self, row: SubscriptionRow) -> Option<&mut Subscription> {
        self.subscriptions.get_mut(&row)
    }

    /// Puts the days that are in memory over what was read from the store.
    pub(crate) fn overlay(
        &mut self,
        rows: &impl Rows,
        row: SubscriptionRow,
        counts: &mut HashMap<Date, Counts>,
    ) -> Result<(), StoreError> {
        if let Some(subscription) = self.subscriptions.get_mut(&row) {
            subscription.make_true(rows, row)?;
            counts.extend(subscription.days.iter());
        }
        Ok(())
    }

    /// The batch is about to change a subscription's charges or bucket.
    pub(crate) fn touch(&mut self, row: SubscriptionRow) {
        if let Some(subscription) = self.subscriptions.get_mut(&row)
            && !subscription.touched
        {
            subscription.touched = true;
            self.changes.push(Change::Touched(row, subscription.bucket));
        }
    }

    /// Notes a change of the batch that must be written before it is answered.
    pub(crate) fn changed(&mut self, change: Change) {
        self.urgent |= matches!(change, Change::Granted(_) | Change::Returned(_));
        self.changes.push(change);
    }

    /// A day's counts, to be changed and written.
    pub(crate) fn counts(&mut self, row: SubscriptionRow, day: Date) -> Option<&mut Counts> {
        let entry = self.subscriptions.get_mut(&row)?.days.day(day);
        if !entry.dirty {
            entry.dirty = true;
            self.dirty.push((row, day));
        }
        Some(&mut entry.counts)
    }

    /// Whether an answer of the batch waits for a write.
    pub(crate) fn is_urgent(&self) -> bool {
        self.urgent
    }

    /// Whether there is anything to write, refusals included.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// The rows to write.
    pub(crate) fn unwritten(&mut self, rows: &impl Rows) -> Result<Vec<DirtyRow>, StoreError> {
        let mut list = Vec::with_capacity(self.dirty.len());
        for &(row, day) in &self.dirty {
            if let Some(subscription) = self.subscriptions.get_mut(&row) {
                subscription.make_true(rows, row)?;
                if let Some(counts) = subscription.days.get(day) {
                    list.push(DirtyRow { subscription: row, day, counts });
                }
            }
        }
        Ok(list)
    }

    /// The batch is durable.
    pub(crate) fn committed(&mut self) {
        for (row, day) in self.dirty.drain(..) {
            if let Some(subscription) = self.subscriptions.get_mut(&row) {
                subscription.days.day(day).dirty = false;
            }
        }
        for change in self.changes.drain(..) {
            if let Change::Touched(row, _) = change
                && let Some(subscription) = self.subscriptions.get_mut(&row)
            {
                subscription.touched = false;
            }
        }
        self.urgent = false;
    }

    /// The batch could not be written, or nobody knows. Charges are read again from the store before the next use;
    /// buckets and passes go back to what they were.
    pub(crate) fn rolled_back(&mut self) {
        for change in self.changes.drain(..).rev() {
            match change {
                Change::Touched(row, bucket) => {
                    if let Some(subscription) = self.subscriptions.get_mut(&row) {
                        subscription.bucket = bucket;
                        subscription.touched = false;
                        subscription.stale = true;
                    }
                }
                Change::Granted(attempt) => {
                    if let Some(open) = self.attempts.forget(attempt)
                        && let Some(subscription) = self.subscriptions.get_mut(&open.subscription)
                    {
                        subscription.open = subscription.open.saturating_sub(1);
                    }
                }
                Change::Returned(open) => {
                    if let Some(subscription) = self.subscriptions.get_mut(&open.subscription) {
                        subscription.open += 1;
                    }
                    self.attempts.begin(*open);
                }
                Change::Refused(row, day) => {
                    if let Some(subscription) = self.subscriptions.get_mut(&row) {
                        let counts = &mut subscription.days.day(day).counts;
                        counts.refused = counts.refused.saturating_sub(1);
                    }
                }
            }
        }
        self.urgent = false;
    }

    /// Drops the subscriptions whose loss changes nothing: no pass under way, nothing to write, bucket full.
    fn sweep(&mut self, now: Timestamp) {
        let plans = &self.plans;
        self.subscriptions.retain(|_, subscription| {
            let throttle = plans.get(&subscription.stored.plan).and_then(|plan| plan.plan.plan().throttle);
            let is_full = match (subscription.bucket, throttle) {
                (Some(mut bucket), Some(throttle)) => {
                    bucket.refill(throttle, now);
                    bucket.is_full(throttle)
                }
                _ => true,
            };
            let busy = subscription.touched || subscription.open > 0 || subscription.days.is_dirty();
            std::mem::take(&mut subscription.recent) || busy || !is_full
        });
        // Where all are in use they stay; looking again at every new one would be slow.
        self.sweep_at = SUBSCRIPTIONS_KEPT.max(self.subscriptions.len() / 4 * 5);
    }
}

impl Subscription {
    /// Reads the charges again if a write of them failed.
    fn make_true(&mut self, rows: &impl Rows, row: SubscriptionRow) -> Result<(), StoreError> {
        if self.stale {
            for (start, end) in self.days.to_reread() {
                let stored = rows.days(row, start, end)?;
                self.days.reread(start, end, stored);
            }
            self.stale = false;
        }
        Ok(())
    }

    /// The sum of a period, read from the store if it isn't known.
    pub(crate) fn sum(
        &mut self,
        rows: &impl Rows,
        row: SubscriptionRow,
        (start, end): (Date, Date),
    ) -> Result<Counts, StoreError> {
        if !self.days.covers(start, end) {
            let stored = rows.days(row, start, end)?;
            self.days.cover(start, end, stored);
        }
        Ok(self.days.sum(start, end))
    }
}
