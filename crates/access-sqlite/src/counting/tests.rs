//! The ledger over a store of one key: batches that are written, that fail, and of which nobody knows.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use access::{Admission, Charge, KeyDigest, StoreError, TimeZone, UsagePlan};
use api_types::{
    AccountId, AdmissionId, Date, KeyId, Period, Plan, PlanName, Quota, SubscriptionId, Throttle, Timestamp,
};

use super::{
    Asking, Counts, DayRow, Decision, KeyRow, Ledger, LivePlan, PlanRowId, Plans, Rows, SubscriptionRow,
    SubscriptionRowId,
};

pub(super) const SUBSCRIPTION: SubscriptionRowId = SubscriptionRowId(1);
const PLAN: PlanRowId = PlanRowId(1);

/// A store of one key, whose reads are counted and can be made to fail.
pub(super) struct Store {
    pub(super) key: Option<KeyRow>,
    pub(super) key_reads: Cell<u32>,
    days: RefCell<HashMap<Date, Counts>>,
    is_down: Cell<bool>,
}

impl Default for Store {
    fn default() -> Self {
        let account = AccountId::from_random([2; 16]);
        let key =
            KeyRow { digest: digest(), earlier: Box::default(), enabled: true, account, subscription: SUBSCRIPTION };
        Self { key: Some(key), key_reads: Cell::new(0), days: RefCell::default(), is_down: Cell::new(false) }
    }
}

impl Store {
    pub(super) fn without_key() -> Self {
        Self { key: None, ..Self::default() }
    }

    fn write(&self, rows: &[DayRow]) {
        self.days.borrow_mut().extend(rows.iter().map(|row| (row.day, row.counts)));
    }
}

impl Rows for Store {
    fn key(&self, _: KeyId) -> Result<Option<KeyRow>, StoreError> {
        self.key_reads.set(self.key_reads.get() + 1);
        Ok(self.key.clone())
    }

    fn subscription(&self, _: SubscriptionRowId) -> Result<Option<SubscriptionRow>, StoreError> {
        let subscribed_on = TimeZone::utc().day(now());
        Ok(Some(SubscriptionRow { id: SubscriptionId::from_random([1; 16]), plan: PLAN, subscribed_on }))
    }

    fn days(&self, _: SubscriptionRowId, start: Date, end: Date) -> Result<Vec<(Date, Counts)>, StoreError> {
        if self.is_down.get() {
            return Err(StoreError::new("read", "down"));
        }
        let days = self.days.borrow();
        Ok(days.iter().filter(|(day, _)| start <= **day && **day < end).map(|(day, row)| (*day, *row)).collect())
    }
}

pub(super) fn digest() -> KeyDigest {
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
    Ledger::new(Plans(HashMap::from([(PLAN, LivePlan::new(plan, true))])))
}

fn admission(n: u8) -> AdmissionId {
    AdmissionId::from_random([n; 16])
}

fn admit(ledger: &mut Ledger, store: &Store, n: u8) -> Result<Decision<Admission>, StoreError> {
    let asking =
        Asking { key: KeyId::from_random([1; 16]), digest: digest(), admission: admission(n), asker: 0, now: now() };
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
    store.is_down.set(true);
    admit(&mut ledger, &store, 2).unwrap_err();
    ledger.unwritten(&store).unwrap_err();
    store.is_down.set(false);
    assert!(is_granted(&mut ledger, &store, 3) && is_granted(&mut ledger, &store, 4));
}

#[test]
fn a_return_that_failed_leaves_the_pass_open() {
    let (store, mut ledger) = (Store::default(), ledger(1, 9));
    assert!(is_granted(&mut ledger, &store, 1));
    commit(&mut ledger, &store);
    for failing in [true, false] {
        assert!(ledger.settle(&store, admission(1), Charge::Returned, now()).unwrap().held);
        if failing { ledger.rolled_back() } else { commit(&mut ledger, &store) }
    }
    assert!(!ledger.settle(&store, admission(1), Charge::Returned, now()).unwrap().held);
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
