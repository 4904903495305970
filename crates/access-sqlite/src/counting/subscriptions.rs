//! Subscriptions in memory, bounded: their counts, buckets and blocks, and how many of their passes are under way.

use std::collections::{HashMap, hash_map::Entry};

use access::{Counts, Span, StoreError, TokenBucket, whole_minute};
use api_types::{Date, QuotaStatus, Throttle, Timestamp};

use super::{
    batch::{Batch, Change},
    block::Block,
    days::Days,
    plans::{LivePlan, Plans},
    rows::{DayRow, Rows, SubscriptionRow, SubscriptionRowId},
};

/// Past so many the idle ones are dropped.
const KEPT: usize = 100_000;

/// A subscription in memory.
#[derive(Debug)]
pub(super) struct Subscription {
    id: SubscriptionRowId,
    /// As stored.
    pub(super) row: SubscriptionRow,
    /// Its counts.
    pub(super) days: Days,
    /// `None` until first used: full.
    pub(super) bucket: Option<TokenBucket>,
    /// Passes under way.
    pub(super) open: u32,
    /// What is reserved for it, if it is busy and its quota large.
    pub(super) block: Option<Block>,
    /// Whether the batch changed its charges or its block.
    pub(super) touched: bool,
    /// When it was last used.
    pub(super) used_at: Option<Timestamp>,
    /// The same as it is written, or will be with a row that waits to be.
    use_written: Option<Timestamp>,
    /// Whether it was used since the last sweep.
    recent: bool,
}

impl Subscription {
    fn new(id: SubscriptionRowId, row: SubscriptionRow) -> Self {
        let days = Days::default();
        let (used_at, use_written) = (row.used_at, row.used_at);
        Self { id, row, days, bucket: None, open: 0, block: None, touched: false, used_at, use_written, recent: true }
    }

    /// The sum of a period, read from the store if it isn't known.
    pub(super) fn sum(&mut self, rows: &impl Rows, &Span { start, end, .. }: &Span) -> Result<Counts, StoreError> {
        if !self.days.covers(start, end) {
            let stored = rows.days(self.id, start, end)?;
            self.days.cover(start, end, stored, self.block.map(|block| block.day));
        }
        Ok(self.days.sum(start, end))
    }

    /// How much of its quota is used now.
    pub(super) fn quota(
        &mut self,
        rows: &impl Rows,
        plan: &LivePlan,
        now: Timestamp,
    ) -> Result<QuotaStatus, StoreError> {
        let span = plan.span(now);
        let used = self.sum(rows, &span)?.used;
        Ok(plan.plan.quota_status(&span, self.row.subscribed_on, used))
    }

    /// Its bucket as it is now.
    pub(super) fn refilled(&mut self, throttle: Throttle, now: Timestamp) -> &TokenBucket {
        let bucket = self.bucket.get_or_insert_with(|| TokenBucket::full(throttle, now));
        bucket.refill(throttle, now);
        bucket
    }

    /// Whether a period takes another return.
    pub(super) fn may_return(&mut self, rows: &impl Rows, plan: &LivePlan, span: &Span) -> Result<bool, StoreError> {
        let returned = self.sum(rows, span)?.returned;
        Ok(plan.plan.may_return(span, self.row.subscribed_on, returned))
    }

    /// The batch is about to change its charges or its block.
    pub(super) fn touch(&mut self, batch: &mut Batch) {
        if !std::mem::replace(&mut self.touched, true) {
            batch.changes.push(Change::Touched(self.id));
        }
    }

    /// The batch that touched it is on the disk, or isn't.
    pub(super) fn written(&mut self, is_written: bool) {
        self.touched = false;
        self.block.iter_mut().for_each(|block| block.asked(is_written));
    }

    /// A charge of the batch was never made after all.
    pub(super) fn uncharge(&mut self, day: Date, plans: &Plans) {
        let counts = &mut self.days.day(day).counts;
        counts.used = counts.used.saturating_sub(1);
        let throttle = plans.get(self.row.plan).ok().and_then(|plan| plan.plan.plan().throttle);
        if let (Some(bucket), Some(throttle)) = (&mut self.bucket, throttle) {
            bucket.give_back(throttle);
        }
    }

    /// It is charged by a write on this day, which leaves its quota as told: if it is charged again soon, it gets a block.
    /// Whether it has one now.
    pub(super) fn reserve(&mut self, day: Date, quota: QuotaStatus, batch: &mut Batch) -> bool {
        match &mut self.block {
            Some(block) if block.day == day => {
                // Out of the block first, so that a block never holds what others have used up.
                block.take();
                block.ask(quota);
            }
            _ => {
                self.take_block_back(batch);
                self.block = Block::begin(day, quota);
            }
        }
        self.block.is_some()
    }

    /// What its block still holds wasn't used: the row is to be written without it. So it is where the block was used in a
    /// minute of which the row doesn't tell.
    pub(super) fn take_block_back(&mut self, batch: &mut Batch) {
        let is_told = self.used_at.map(whole_minute) == self.use_written.map(whole_minute);
        if let Some(block) = self.block.take()
            && (block.held() > 0 || !is_told)
        {
            self.counts(block.day, batch);
        }
    }

    /// A day as it is to be written.
    pub(super) fn day_row(&mut self, day: Date) -> Option<DayRow> {
        let mut counts = self.days.get(day)?;
        counts.used += self.block.filter(|block| block.day == day).map_or(0, |block| block.held());
        // Where the write fails, the row goes on waiting for one.
        self.use_written = self.used_at;
        Some(DayRow { subscription: self.id, day, counts, used_at: self.used_at })
    }

    /// A day's counts, to be changed and written.
    pub(super) fn counts(&mut self, day: Date, batch: &mut Batch) -> &mut Counts {
        let entry = self.days.day(day);
        if !std::mem::replace(&mut entry.dirty, true) {
            batch.days.push((self.id, day));
        }
        &mut entry.counts
    }

    /// Whether its loss would change nothing: no pass under way, no block, nothing to write, and a full bucket.
    fn is_idle(&mut self, plans: &Plans, now: Timestamp) -> bool {
        let throttle = plans.get(self.row.plan).ok().and_then(|plan| plan.plan.plan().throttle);
        let is_full = throttle.is_none_or(|throttle| self.refilled(throttle, now).is_full(throttle));
        is_full && !self.touched && self.open == 0 && self.block.is_none() && !self.days.is_dirty()
    }
}

/// Those that were used lately, and all that are in use.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    known: HashMap<SubscriptionRowId, Subscription>,
    /// Where all are in use they stay, and looking again at every new one would be slow: so many are looked at next.
    sweep_at: usize,
}

impl Subscriptions {
    /// One of them, read from the store if it isn't in memory; `None` if there is none.
    pub(super) fn known(
        &mut self,
        rows: &impl Rows,
        id: SubscriptionRowId,
        plans: &Plans,
        now: Timestamp,
    ) -> Result<Option<&mut Subscription>, StoreError> {
        if self.known.len() >= self.sweep_at.max(KEPT) {
            self.sweep(plans, now);
        }
        let subscription = match self.known.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => match rows.subscription(id)? {
                Some(row) => place.insert(Subscription::new(id, row)),
                None => return Ok(None),
            },
        };
        subscription.recent = true;
        Ok(Some(subscription))
    }

    /// One that is in memory.
    pub(super) fn get(&mut self, id: SubscriptionRowId) -> Option<&mut Subscription> {
        self.known.get_mut(&id)
    }

    /// It was deleted.
    pub(super) fn forget(&mut self, id: SubscriptionRowId) {
        self.known.remove(&id);
    }

    /// Drops those that are idle and weren't used since the last sweep.
    fn sweep(&mut self, plans: &Plans, now: Timestamp) {
        self.known.retain(|_, known| std::mem::take(&mut known.recent) || !known.is_idle(plans, now));
        self.sweep_at = self.known.len() / 4 * 5;
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{Store, now, plans},
        *,
    };

    const THROTTLE: Throttle = Throttle { rate: 1.0, burst: 1 };

    #[test]
    fn past_the_bound_the_idle_go_and_those_in_use_stay() {
        let (store, plans, mut batch) = (Store::default(), plans(5, Some(THROTTLE)), Batch::default());
        let mut subscriptions = Subscriptions::default();
        let ask = |subscriptions: &mut Subscriptions, ids: std::ops::Range<usize>| {
            for id in ids {
                subscriptions.known(&store, SubscriptionRowId(id as i64), &plans, now()).unwrap();
            }
        };
        ask(&mut subscriptions, 0..KEPT);
        subscriptions.get(SubscriptionRowId(0)).unwrap().open = 1;
        subscriptions.get(SubscriptionRowId(1)).unwrap().counts(Date::MAX, &mut batch);
        subscriptions.get(SubscriptionRowId(2)).unwrap().touch(&mut batch);
        for (id, ago) in [(3, 0), (4, 10)] {
            let mut bucket = TokenBucket::full(THROTTLE, Timestamp::from_second(now().as_second() - ago).unwrap());
            bucket.take();
            subscriptions.get(SubscriptionRowId(id)).unwrap().bucket = Some(bucket);
        }
        // All were used since the beginning; those that come now aren't looked at before there are a quarter more.
        ask(&mut subscriptions, KEPT..KEPT + 1);
        ask(&mut subscriptions, 5..6);
        ask(&mut subscriptions, KEPT + 1..KEPT / 4 * 5);
        assert_eq!(subscriptions.known.len(), KEPT / 4 * 5);
        ask(&mut subscriptions, KEPT / 4 * 5..KEPT / 4 * 5 + 1);
        let stayed: Vec<_> = (0..6).filter(|id| subscriptions.known.contains_key(&SubscriptionRowId(*id))).collect();
        assert_eq!(stayed, [0, 1, 2, 3, 5]);
        assert_eq!(subscriptions.known.len(), KEPT / 4 + 6);
    }
}
