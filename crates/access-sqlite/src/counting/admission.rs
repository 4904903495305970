//! The decisions: admit a request, end a pass, tell a key about itself.

use access::{Admission, Booking, Charge, Holder, KeyDigest, Pass, Refusal, Span, Spent, StoreError, TokenBucket};
use api_types::{AdmissionId, Date, KeyId, KeyState, KeyStatus, QuotaStatus, Timestamp};

use crate::{
    counting::ledger::{Change, Ledger, Rows},
    counting::passes::{OpenPass, SubscriptionRow},
};

/// An answer, and whether it stands on what the batch changed and must wait for its commit.
#[derive(Debug)]
pub(crate) struct Decision<T> {
    /// What to answer.
    pub(crate) answer: T,
    /// Whether to hold it until the batch is written.
    pub(crate) held: bool,
}

/// One request that asks to be admitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    /// The key's id.
    pub(crate) key: KeyId,
    /// Digest of the presented value.
    pub(crate) digest: KeyDigest,
    /// The caller's attempt.
    pub(crate) attempt: AdmissionId,
    /// Tells this call from another with the same attempt.
    pub(crate) asker: u64,
    /// When.
    pub(crate) now: Timestamp,
}

impl Ledger {
    /// Decides one request: both limits are looked at, both taken or neither, the quota's refusal before the
    /// throttle's.
    pub(crate) fn admit(&mut self, rows: &impl Rows, asking: Asking) -> Result<Decision<Admission>, StoreError> {
        let Asking { key, digest, attempt, asker, now } = asking;
        let unknown = Decision { answer: Admission::Unknown, held: false };
        let Some((row, account)) = self.keys.subscription_of(rows, key, digest, now)? else { return Ok(unknown) };
        if let Some(pass) = self.attempts.again(attempt) {
            if pass.holder.as_ref().is_none_or(|holder| holder.key != key) {
                return Err(StoreError::new("admit", "the attempt belongs to another key"));
            }
            return Ok(Decision { answer: Admission::Granted(pass.clone()), held: true });
        }

        let Some(subscription) = self.known(rows, row, now)? else { return Ok(unknown) };
        let (stored, held) = (subscription.stored, subscription.touched);
        let plan = self.plan(stored.plan)?;
        let (span, shown) = (plan.span(now), plan.plan.plan());
        let (holder, throttle) = (Some(Holder { key, plan_name: shown.name.clone() }), shown.throttle);
        let Some(subscription) = self.subscription(row) else { return Ok(unknown) };
        let used = subscription.sum(rows, row, (span.start, span.end))?.used;
        let bucket = throttle.map(|throttle| {
            let bucket = subscription.bucket.get_or_insert_with(|| TokenBucket::full(throttle, now));
            bucket.refill(throttle, now);
            (*bucket, throttle)
        });
        let plan = &self.plan(stored.plan)?.plan;
        let quota = plan.quota_status(&span, stored.subscribed_on, used);
        let granted = plan.quota_status(&span, stored.subscribed_on, used + 1);

        let refusal = match (quota, bucket.and_then(|(bucket, throttle)| Some((bucket.wait(throttle)?, throttle)))) {
            (QuotaStatus::Limited { limit, remaining: 0, period, reset_at, .. }, _) => {
                Refusal::Quota { holder, spent: Some(Spent { limit, used, period }), reset_at }
            }
            (_, Some((retry_after, throttle))) => {
                Refusal::Throttle { holder, throttle: Some(throttle), retry_after, quota: Some(quota) }
            }
            (_, None) => {
                self.touch(row);
                if let Some(subscription) = self.subscription(row) {
                    subscription.open += 1;
                    subscription.bucket.iter_mut().for_each(TokenBucket::take);
                }
                if let Some(counts) = self.counts(row, span.today) {
                    counts.used += 1;
                }
                let booking = Some(Booking { subscription: stored.id, day: span.today, quota: granted });
                let account = Some(account);
                let pass = Pass { id: attempt, holder, account, booking };
                let period = (span.start, span.end);
                let (day, asker) = (span.today, Some(asker));
                self.attempts.begin(OpenPass { pass: pass.clone(), subscription: row, day, period, asker });
                self.changed(Change::Granted(attempt));
                return Ok(Decision { answer: Admission::Granted(pass), held: true });
            }
        };
        if let Some(counts) = self.counts(row, span.today) {
            counts.refused += 1;
        }
        if held {
            self.changed(Change::Refused(row, span.today));
        }
        Ok(Decision { answer: Admission::Refused(refusal), held })
    }

    /// Ends a pass. Whether the end must be written before it is answered.
    pub(crate) fn settle(
        &mut self,
        rows: &impl Rows,
        attempt: AdmissionId,
        charge: Charge,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(open) = self.attempts.get(attempt) else { return Ok(false) };
        let (row, day, period) = (open.subscription, open.day, open.period);
        let returned = charge == Charge::Returned && self.may_return(rows, row, period, now)?;
        let Some(open) = self.attempts.end(attempt) else { return Ok(false) };
        if let Some(subscription) = self.subscription(row) {
            subscription.open = subscription.open.saturating_sub(1);
        }
        if !returned {
            self.attempts.remember(open.pass);
            return Ok(false);
        }
        self.touch(row);
        if let Some(counts) = self.counts(row, day) {
            counts.used = counts.used.saturating_sub(1);
            counts.returned += 1;
        }
        self.changed(Change::Returned(Box::new(open)));
        Ok(true)
    }

    /// Whether a period takes another return: as many as the quota is large, so that nobody has endless free tries.
    fn may_return(
        &mut self,
        rows: &impl Rows,
        row: SubscriptionRow,
        (start, end): (Date, Date),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(subscription) = self.known(rows, row, now)? else { return Ok(false) };
        let stored = subscription.stored;
        let returned = subscription.sum(rows, row, (start, end))?.returned;
        let span = Span { today: start, start, end, resets_at: now };
        Ok(self.plan(stored.plan)?.plan.limit_in(&span, stored.subscribed_on).is_none_or(|most| returned < most))
    }

    /// The asker went away before it had its answer: nothing was sent, so the charge is given back and the attempt
    /// forgotten. Whether something must be written.
    pub(crate) fn abandon(
        &mut self,
        rows: &impl Rows,
        attempt: AdmissionId,
        asker: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match self.attempts.get(attempt) {
            Some(open) if open.asker == Some(asker) => self.settle(rows, attempt, Charge::Returned, now),
            _ => Ok(false),
        }
    }

    /// What a key may learn about itself.
    pub(crate) fn inspect(
        &mut self,
        rows: &impl Rows,
        (key, digest): (KeyId, KeyDigest),
        now: Timestamp,
    ) -> Result<Decision<Option<KeyStatus>>, StoreError> {
        let Some((row, _)) = self.keys.subscription_of(rows, key, digest, now)? else {
            return Ok(Decision { answer: None, held: false });
        };
        let Some(quota) = self.quota(rows, row, now)? else { return Ok(Decision { answer: None, held: false }) };
        let Some(subscription) = self.subscription(row) else { return Ok(Decision { answer: None, held: false }) };
        let (held, plan) = (subscription.touched, subscription.stored.plan);
        let plan = self.plan(plan)?.plan.plan();
        let status = KeyStatus {
            id: key,
            plan_name: plan.name.clone(),
            state: KeyState::Active,
            quota,
            throttle: plan.throttle,
        };
        Ok(Decision { answer: Some(status), held })
    }

    /// How much of a subscription's quota is used now; `None` if there is no such subscription.
    pub(crate) fn quota(
        &mut self,
        rows: &impl Rows,
        row: SubscriptionRow,
        now: Timestamp,
    ) -> Result<Option<QuotaStatus>, StoreError> {
        let Some(subscription) = self.known(rows, row, now)? else { return Ok(None) };
        let stored = subscription.stored;
        let span = self.plan(stored.plan)?.span(now);
        let Some(subscription) = self.subscription(row) else { return Ok(None) };
        let used = subscription.sum(rows, row, (span.start, span.end))?.used;
        Ok(Some(self.plan(stored.plan)?.plan.quota_status(&span, stored.subscribed_on, used)))
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::HashMap};

    use access::{TimeZone, UsagePlan};
    use api_types::{AccountId, Period, Plan, PlanName, Quota, SubscriptionId, Throttle};

    use super::*;
    use crate::{
        counting::counts::Counts,
        counting::keys_seen::KeyRow,
        counting::ledger::{DirtyRow, StoredSubscription},
        counting::live_plan::LivePlan,
    };

    /// A store of one key, whose reads can be made to fail.
    #[derive(Default)]
    struct Store {
        days: RefCell<HashMap<Date, Counts>>,
        down: RefCell<bool>,
    }

    impl Store {
        fn write(&self, rows: &[DirtyRow]) {
            self.days.borrow_mut().extend(rows.iter().map(|row| (row.day, row.counts)));
        }
    }

    impl Rows for Store {
        fn key(&self, _: KeyId) -> Result<Option<KeyRow>, StoreError> {
            let account = AccountId::from_random([2; 16]);
            let earlier = Box::default();
            Ok(Some(KeyRow { digest: digest(), earlier, enabled: true, account, subscription: 1 }))
        }

        fn subscription(&self, _: SubscriptionRow) -> Result<Option<StoredSubscription>, StoreError> {
            let subscribed_on = TimeZone::utc().day(now());
            Ok(Some(StoredSubscription { id: SubscriptionId::from_random([1; 16]), plan: 1, subscribed_on }))
        }

        fn days(&self, _: SubscriptionRow, start: Date, end: Date) -> Result<Vec<(Date, Counts)>, StoreError> {
            if *self.down.borrow() {
                return Err(StoreError::new("read", "down"));
            }
            let days = self.days.borrow();
            Ok(days.iter().filter(|(day, _)| start <= **day && **day < end).map(|(day, row)| (*day, *row)).collect())
        }
    }

    fn digest() -> KeyDigest {
        KeyDigest::from_bytes([1; 32])
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_000_000).unwrap()
    }

    fn ledger(limit: u64, burst: u32) -> Ledger {
        let quota = Quota::Limited { limit, period: Period::Day, offset: 0 };
        let throttle = Some(Throttle { rate: 0.0001, burst });
        let plan = Plan { name: PlanName::parse("p").unwrap(), description: String::new(), quota, throttle };
        let plan = UsagePlan::new(plan, TimeZone::utc()).unwrap();
        Ledger::new(HashMap::from([(1, LivePlan::new(plan, true))]))
    }

    fn attempt(n: u8) -> AdmissionId {
        AdmissionId::from_random([n; 16])
    }

    fn admit(ledger: &mut Ledger, store: &Store, n: u8) -> Result<Decision<Admission>, StoreError> {
        let asking =
            Asking { key: KeyId::from_random([1; 16]), digest: digest(), attempt: attempt(n), asker: 0, now: now() };
        ledger.admit(store, asking)
    }

    fn is_granted(ledger: &mut Ledger, store: &Store, n: u8) -> bool {
        matches!(admit(ledger, store, n).unwrap().answer, Admission::Granted(_))
    }

    fn commit(ledger: &mut Ledger, store: &Store) {
        let rows = ledger.unwritten(store).unwrap();
        store.write(&rows);
        ledger.committed();
    }

    #[test]
    fn a_batch_that_failed_leaves_quota_and_bucket_as_they_were() {
        let (store, mut ledger) = (Store::default(), ledger(5, 3));
        assert!(is_granted(&mut ledger, &store, 1));
        commit(&mut ledger, &store);
        assert!(is_granted(&mut ledger, &store, 2) && is_granted(&mut ledger, &store, 3));
        ledger.rolled_back();
        assert!(is_granted(&mut ledger, &store, 4) && is_granted(&mut ledger, &store, 5));
        assert!(!is_granted(&mut ledger, &store, 6), "the bucket held 3");
        commit(&mut ledger, &store);
        assert_eq!(store.days.borrow().values().next().unwrap().used, 3);
    }

    #[test]
    fn a_write_that_came_through_unheard_is_counted() {
        let (store, mut ledger) = (Store::default(), ledger(2, 9));
        assert!(is_granted(&mut ledger, &store, 1));
        let rows = ledger.unwritten(&store).unwrap();
        store.write(&rows);
        ledger.rolled_back();
        assert!(is_granted(&mut ledger, &store, 2));
        assert!(!is_granted(&mut ledger, &store, 3));
    }

    #[test]
    fn after_a_failed_write_nothing_is_decided_until_the_store_can_be_read() {
        let (store, mut ledger) = (Store::default(), ledger(2, 9));
        assert!(is_granted(&mut ledger, &store, 1));
        ledger.rolled_back();
        store.down.replace(true);
        admit(&mut ledger, &store, 2).unwrap_err();
        ledger.unwritten(&store).unwrap_err();
        store.down.replace(false);
        assert!(is_granted(&mut ledger, &store, 3) && is_granted(&mut ledger, &store, 4));
    }

    #[test]
    fn a_return_that_failed_leaves_the_pass_open() {
        let (store, mut ledger) = (Store::default(), ledger(1, 9));
        assert!(is_granted(&mut ledger, &store, 1));
        commit(&mut ledger, &store);
        for failing in [true, false] {
            assert!(ledger.settle(&store, attempt(1), Charge::Returned, now()).unwrap());
            if failing { ledger.rolled_back() } else { commit(&mut ledger, &store) }
        }
        assert!(!ledger.settle(&store, attempt(1), Charge::Returned, now()).unwrap());
        let counts = *store.days.borrow().values().next().unwrap();
        assert_eq!((counts.used, counts.returned), (0, 1));
    }

    #[test]
    fn only_what_stands_on_the_batch_waits_for_it() {
        let (store, mut ledger) = (Store::default(), ledger(1, 9));
        assert!(admit(&mut ledger, &store, 1).unwrap().held);
        assert!(admit(&mut ledger, &store, 2).unwrap().held, "it could be admitted if the write fails");
        commit(&mut ledger, &store);
        assert!(!admit(&mut ledger, &store, 3).unwrap().held);
        assert!(!ledger.is_urgent() && ledger.is_dirty());
    }
}
