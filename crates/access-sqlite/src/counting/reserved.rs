//! Admission out of a block: what is charged there is written already, so that nobody need be waited for.

use access::Pass;
use api_types::Timestamp;

use super::{
    admission::{Asking, Charging},
    ledger::Ledger,
    rows::SubscriptionRowId,
};

/// A request that was admitted out of a block.
#[derive(Debug)]
pub(crate) struct Reserved {
    /// Leave to make it.
    pub(crate) pass: Pass,
    /// Whose block is to be filled up, by [`Ledger::reserve`].
    pub(crate) asks_for_more: Option<SubscriptionRowId>,
}

impl Ledger {
    /// Admits a request out of its subscription's block. `None` where memory alone can't say yes: [`Ledger::admit`]
    /// decides.
    pub(crate) fn admit_reserved(&mut self, asking: Asking) -> Option<Reserved> {
        let Self { plans, keys, passes, subscriptions, .. } = self;
        let Asking { key, digest, admission, now, .. } = asking;
        let (id, account) = keys.remembered(key, digest, now)?;
        let subscription = subscriptions.get(id)?;
        let plan = plans.get(subscription.row.plan).ok()?;
        let span = plan.span(now);
        let mut block = subscription.block.filter(|block| block.day == span.today)?;
        let used = subscription.days.sum_if_known(span.start, span.end)?.used;
        let throttle = plan.plan.plan().throttle;
        let is_too_fast = throttle.is_some_and(|limit| subscription.refilled(limit, now).wait(limit).is_some());
        if is_too_fast || passes.has(admission) {
            return None;
        }
        let is_half_empty = block.take()?;
        subscription.block = Some(block);
        let pass = Charging { asking, account, id, span, used }.grant(subscription, plan, passes);
        Some(Reserved { pass, asks_for_more: is_half_empty.then_some(id) })
    }

    /// Fills a block up, to be written with the batch.
    pub(crate) fn reserve(&mut self, id: SubscriptionRowId, now: Timestamp) {
        let Self { plans, subscriptions, batch, .. } = self;
        let Some(subscription) = subscriptions.get(id) else { return };
        let Ok(plan) = plans.get(subscription.row.plan) else { return };
        let span = plan.span(now);
        let Some(counts) = subscription.days.sum_if_known(span.start, span.end) else { return };
        if subscription.block.is_some_and(|block| block.day == span.today) {
            subscription.touch(batch);
            subscription.counts(span.today, batch);
            let quota = plan.plan.quota_status(&span, subscription.row.subscribed_on, counts.used);
            subscription.block.iter_mut().for_each(|block| block.ask(quota));
        }
    }

    /// Whether any block is out.
    pub(crate) fn has_blocks(&self) -> bool {
        !self.with_block.is_empty()
    }

    /// Takes back the blocks that weren't used since the last call, to be written with the batch.
    pub(crate) fn take_idle_blocks_back(&mut self) {
        let Self { subscriptions, batch, with_block, .. } = self;
        with_block.retain(|id| {
            let Some(subscription) = subscriptions.get(*id) else { return false };
            let is_busy = subscription.block.as_mut().is_some_and(|block| block.was_busy());
            if !is_busy {
                subscription.take_block_back(batch);
            }
            is_busy
        });
    }

    /// Takes every block back, to be written with the batch.
    pub(crate) fn take_blocks_back(&mut self) {
        let Self { subscriptions, batch, with_block, .. } = self;
        for id in with_block.drain() {
            if let Some(subscription) = subscriptions.get(id) {
                subscription.take_block_back(batch);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use access::{Admission, Counts, TimeZone};
    use api_types::{KeyId, Quota, QuotaStatus, Throttle};
    use jiff::ToSpan;

    use super::{
        super::tests::{Store, admission, commit, digest, now, plans},
        *,
    };

    const LIMIT: u64 = 100_000;

    fn asking(n: u8, now: Timestamp) -> Asking {
        Asking { key: KeyId::from_random([1; 16]), digest: digest(), admission: admission(n), asker: 0, now }
    }

    /// Asks as a worker does; whether a write was needed, and how much was used then.
    fn ask(ledger: &mut Ledger, store: &Store, n: u8) -> (bool, u64) {
        ask_at(ledger, store, n, now())
    }

    fn ask_at(ledger: &mut Ledger, store: &Store, n: u8, now: Timestamp) -> (bool, u64) {
        let used = |pass: Pass| match pass.booking.unwrap().quota {
            QuotaStatus::Limited { used, remaining, limit, .. } if used + remaining == limit => used,
            quota => panic!("{quota:?}"),
        };
        if let Some(Reserved { pass, asks_for_more }) = ledger.admit_reserved(asking(n, now)) {
            if let Some(id) = asks_for_more {
                ledger.reserve(id, now);
                commit(ledger, store);
            }
            return (false, used(pass));
        }
        let Admission::Granted(pass) = ledger.admit(store, asking(n, now)).unwrap().answer else { panic!("refused") };
        commit(ledger, store);
        (true, used(pass))
    }

    fn busy() -> (Store, Ledger) {
        let (store, mut ledger) = (Store::default(), Ledger::new(plans(LIMIT, None)));
        for n in 1..=2 {
            assert_eq!(ask(&mut ledger, &store, n), (true, u64::from(n)));
        }
        (store, ledger)
    }

    fn stored(store: &Store) -> u64 {
        store.days.borrow().values().map(|counts| counts.used).sum()
    }

    #[test]
    fn who_asks_again_soon_is_admitted_without_a_write_and_counted_exactly() {
        let (store, mut ledger) = busy();
        for n in 3..=200 {
            assert_eq!(ask(&mut ledger, &store, n), (false, u64::from(n)));
        }
        let held = stored(&store) - 200;
        assert!(0 < held && held <= LIMIT / 1_000, "{held}");
        ledger.take_blocks_back();
        commit(&mut ledger, &store);
        assert_eq!(stored(&store), 200);
        assert!(!ledger.has_blocks());
    }

    #[test]
    fn whatever_dies_here_nothing_was_admitted_that_isnt_written() {
        let (store, mut ledger) = busy();
        for n in 3..=250 {
            let (_, used) = ask(&mut ledger, &store, n);
            assert!(used <= stored(&store));
        }
    }

    #[test]
    fn a_block_whose_write_failed_admits_nobody() {
        let (store, mut ledger) = (Store::default(), Ledger::new(plans(LIMIT, None)));
        ask(&mut ledger, &store, 1);
        ledger.admit(&store, asking(2, now())).unwrap();
        assert!(ledger.admit_reserved(asking(3, now())).is_none(), "it isn't written yet");
        ledger.rolled_back();
        assert!(ledger.admit_reserved(asking(3, now())).is_none());
        assert_eq!(ask(&mut ledger, &store, 4), (true, 2));
    }

    #[test]
    fn what_is_taken_while_a_batch_fails_stays_counted() {
        let (store, mut ledger) = busy();
        ledger.admit(&store, asking(3, now())).unwrap();
        assert!(ledger.admit_reserved(asking(4, now())).is_some());
        ledger.rolled_back();
        assert!(stored(&store) >= 3);
        assert_eq!(ask(&mut ledger, &store, 5), (true, 4), "the block is empty, and the next one isn't written");
    }

    #[test]
    fn idle_blocks_go_back_and_busy_ones_stay() {
        let (store, mut ledger) = busy();
        ledger.take_idle_blocks_back();
        assert!(ledger.has_blocks(), "it was used since the beginning");
        ask(&mut ledger, &store, 3);
        ledger.take_idle_blocks_back();
        assert!(ledger.has_blocks());
        ledger.take_idle_blocks_back();
        assert!(!ledger.has_blocks() && ledger.is_dirty());
        commit(&mut ledger, &store);
        assert_eq!(stored(&store), 3);
        assert!(ask(&mut ledger, &store, 4).0, "it begins anew");
    }

    #[test]
    fn the_last_use_is_written_with_the_block_and_costs_no_write_of_its_own() {
        let (store, mut ledger) = busy();
        let later = |seconds: i64| now().checked_add(seconds.seconds()).unwrap();
        // All that it holds, in the next minute: nothing is left to take back.
        let mut used_at = now();
        let mut n = 3;
        while ledger.admit_reserved(asking(n, later(60))).is_some() {
            (n, used_at) = (n + 1, later(60));
        }
        assert!(used_at > now());
        ledger.take_blocks_back();
        let written: Vec<_> = ledger.unwritten().iter().map(|row| row.used_at).collect();
        assert_eq!(written, [Some(used_at)], "else it is lost with the process");
        ledger.committed();
        // Once a minute is told, the rest of it needs no more.
        ask_at(&mut ledger, &store, 200, later(61));
        ledger.take_blocks_back();
        assert!(!ledger.is_dirty());
    }

    #[test]
    fn a_new_day_takes_the_block_of_the_old_one_back() {
        let (store, mut ledger) = busy();
        let today = TimeZone::utc().day(now());
        let tomorrow = now().checked_add(24.hours()).unwrap();
        assert_eq!(ask_at(&mut ledger, &store, 3, tomorrow), (true, 1));
        let counts = |used| Counts { used, ..Counts::default() };
        assert_eq!(store.days.borrow().get(&today), Some(&counts(2)));
        assert_eq!(store.days.borrow().get(&today.tomorrow().unwrap()), Some(&counts(1)));
    }

    #[test]
    fn the_last_thousand_are_counted_one_by_one() {
        let store = Store::default();
        let today = TimeZone::utc().day(now());
        store.days.borrow_mut().insert(today, Counts { used: LIMIT - 1_005, ..Counts::default() });
        let mut ledger = Ledger::new(plans(LIMIT, None));
        let writes = (1..=10).map(|n| ask(&mut ledger, &store, n)).filter(|(is_written, _)| *is_written).count();
        assert_eq!(writes, 10 - 3, "of three that may be reserved, after two that came before");
        assert_eq!(stored(&store), LIMIT - 995);
    }

    #[test]
    fn who_is_charged_past_a_block_empties_it_all_the_same() {
        let store = Store::default();
        let today = TimeZone::utc().day(now());
        store.days.borrow_mut().insert(today, Counts { used: LIMIT - 1_100, ..Counts::default() });
        let mut ledger = Ledger::new(plans(LIMIT, None));
        for n in 1..=250 {
            ledger.admit(&store, asking(n, now())).unwrap();
            commit(&mut ledger, &store);
            assert!(stored(&store) <= LIMIT - 1_000 || n > 100, "nothing of the last thousand is reserved");
        }
        assert_eq!(stored(&store), LIMIT - 1_100 + 250);
        assert!(ledger.admit_reserved(asking(251, now())).is_none());
    }

    #[test]
    fn what_a_batch_reserves_shrinks_with_what_it_charges() {
        let store = Store::default();
        let today = TimeZone::utc().day(now());
        store.days.borrow_mut().insert(today, Counts { used: LIMIT - 1_050, ..Counts::default() });
        let mut ledger = Ledger::new(plans(LIMIT, None));
        for n in 1..=200 {
            ledger.admit(&store, asking(n, now())).unwrap();
        }
        commit(&mut ledger, &store);
        assert_eq!(stored(&store), LIMIT - 1_050 + 200);
        assert!(ledger.admit_reserved(asking(201, now())).is_none());
    }

    #[test]
    fn a_spent_throttle_an_admission_asked_again_and_a_changed_key_are_left_to_the_writer() {
        let (store, mut ledger) = busy();
        assert!(ledger.admit_reserved(asking(2, now())).is_none(), "it was granted before");
        ledger.forget_key(KeyId::from_random([1; 16]));
        assert!(ledger.admit_reserved(asking(3, now())).is_none());
        let throttle = Throttle { rate: 0.001, burst: 3 };
        let mut ledger = Ledger::new(plans(LIMIT, Some(throttle)));
        for n in 1..=3 {
            ask(&mut ledger, &store, n);
        }
        assert!(ledger.admit_reserved(asking(4, now())).is_none());
    }

    #[test]
    fn without_a_quota_blocks_spare_the_writes() {
        let store = Store::default();
        let mut ledger = Ledger::new(super::super::tests::plans_of(Quota::Unlimited, None));
        let mut writes = 0;
        for n in 1..=200 {
            match ledger.admit_reserved(asking(n, now())) {
                Some(Reserved { asks_for_more, .. }) => {
                    if let Some(id) = asks_for_more {
                        ledger.reserve(id, now());
                        commit(&mut ledger, &store);
                        writes += 1;
                    }
                }
                None => {
                    ledger.admit(&store, asking(n, now())).unwrap();
                    commit(&mut ledger, &store);
                    writes += 1;
                }
            }
        }
        assert!(writes < 20, "{writes}");
    }
}
