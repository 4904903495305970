//! The ledger over a store of one key: batches that are written, that fail, and of which nobody knows.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use access::{Admission, Charge, Counts, KeyDigest, KeyValues, StoreError, TimeZone, UsagePlan};
use api_types::{
    AccountId, AdmissionId, Date, KeyId, Period, Plan, PlanName, Quota, QuotaStatus, SubscriptionId, Throttle,
    Timestamp, limits::USAGE_MAX_DAYS,
};

use super::{
    Asking, DayRow, Decision, KeyRow, Ledger, LivePlan, PlanRowId, Plans, Rows, SubscriptionRow, SubscriptionRowId,
};

pub(super) const SUBSCRIPTION: SubscriptionRowId = SubscriptionRowId(1);
const PLAN: PlanRowId = PlanRowId(1);

/// A store of one key, whose reads are counted and can be made to fail.
pub(super) struct Store {
    pub(super) key: Option<KeyRow>,
    pub(super) key_reads: Cell<u32>,
    pub(super) days: RefCell<HashMap<Date, Counts>>,
    is_down: Cell<bool>,
}

impl Default for Store {
    fn default() -> Self {
        let account = AccountId::from_random([2; 16]);
        let key = KeyRow {
            values: KeyValues { digest: digest(), earlier: Box::default(), enabled: true },
            account,
            created_at: Timestamp::UNIX_EPOCH,
            subscription: SUBSCRIPTION,
        };
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
        Ok(Some(SubscriptionRow { id: SubscriptionId::from_random([1; 16]), plan: PLAN, subscribed_on, used_at: None }))
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

pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

/// The plan of every subscription, which takes new keys, and another, which doesn't.
pub(super) fn plans(limit: u64, throttle: Option<Throttle>) -> Plans {
    plans_of(Quota::Limited { limit, period: Period::Day, offset: 0 }, throttle)
}

pub(super) fn plans_of(quota: Quota, throttle: Option<Throttle>) -> Plans {
    let plan = |name| {
        let plan =
            Plan { name: PlanName::parse(name).unwrap(), description: String::new(), quota, throttle, time_zone: None };
        UsagePlan::new(plan, TimeZone::utc()).unwrap()
    };
    Plans(HashMap::from([
        (PLAN, LivePlan::new(plan("p"), true)),
        (PlanRowId(2), LivePlan::new(plan("retired"), false)),
    ]))
}

fn ledger(limit: u64, burst: u32) -> Ledger {
    Ledger::new(plans(limit, Some(Throttle { rate: 0.0001, burst })))
}

pub(super) fn admission(n: u8) -> AdmissionId {
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

pub(super) fn commit(ledger: &mut Ledger, store: &Store) {
    store.write(&ledger.unwritten());
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
fn a_write_that_came_through_unheard_is_put_right_by_the_next() {
    let (store, mut ledger) = (Store::default(), ledger(2, 9));
    assert!(is_granted(&mut ledger, &store, 1));
    store.write(&ledger.unwritten());
    ledger.rolled_back();
    assert!(is_granted(&mut ledger, &store, 2) && is_granted(&mut ledger, &store, 3));
    assert!(!is_granted(&mut ledger, &store, 4));
    commit(&mut ledger, &store);
    assert_eq!(store.days.borrow().values().next().unwrap().used, 2, "the first was told that it failed");
}

#[test]
fn nothing_is_decided_before_the_store_could_be_read() {
    let (store, mut ledger) = (Store::default(), ledger(2, 9));
    store.is_down.set(true);
    admit(&mut ledger, &store, 1).unwrap_err();
    store.is_down.set(false);
    assert!(is_granted(&mut ledger, &store, 1) && is_granted(&mut ledger, &store, 2));
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

#[test]
fn a_plan_is_offered_by_its_name_while_it_takes_keys() {
    let plans = plans(1, None);
    let offered = |name| plans.offered(&PlanName::parse(name).unwrap()).map(|(id, _)| id);
    assert_eq!([offered("p"), offered("retired"), offered("q")], [Some(PLAN), None, None]);
}

#[test]
fn what_a_batch_changed_is_written_once() {
    let (store, mut ledger) = (Store::default(), ledger(1, 9));
    for n in 1..=3 {
        admit(&mut ledger, &store, n).unwrap();
    }
    let day = TimeZone::utc().day(now());
    let counts = Counts { used: 1, refused: 2, returned: 0 };
    assert_eq!(ledger.unwritten(), [DayRow { subscription: SUBSCRIPTION, day, counts, used_at: Some(now()) }]);
    commit(&mut ledger, &store);
    assert!(!ledger.is_dirty() && !ledger.is_urgent());
    assert_eq!(ledger.unwritten(), []);
    admit(&mut ledger, &store, 4).unwrap();
    assert_eq!(ledger.unwritten().len(), 1);
}

#[test]
fn a_refusal_that_stood_on_a_failed_batch_is_not_counted_and_one_before_it_is() {
    let (store, mut ledger) = (Store::default(), ledger(1, 9));
    assert!(is_granted(&mut ledger, &store, 1));
    commit(&mut ledger, &store);
    admit(&mut ledger, &store, 2).unwrap();
    assert!(ledger.settle(&store, admission(1), Charge::Returned, now()).unwrap().held);
    assert!(is_granted(&mut ledger, &store, 3));
    admit(&mut ledger, &store, 4).unwrap();
    ledger.rolled_back();
    let counts = ledger.unwritten()[0].counts;
    assert_eq!(counts, Counts { used: 1, refused: 1, returned: 0 });
}

#[test]
fn a_pass_under_way_is_known_until_it_ends_whatever_becomes_of_its_batch() {
    let (store, mut ledger) = (Store::default(), ledger(9, 9));
    assert!(!ledger.has_open_pass(SUBSCRIPTION));
    assert!(is_granted(&mut ledger, &store, 1));
    assert!(ledger.has_open_pass(SUBSCRIPTION));
    ledger.rolled_back();
    assert!(!ledger.has_open_pass(SUBSCRIPTION));
    assert!(is_granted(&mut ledger, &store, 1));
    commit(&mut ledger, &store);
    assert!(ledger.settle(&store, admission(1), Charge::Returned, now()).unwrap().held);
    assert!(!ledger.has_open_pass(SUBSCRIPTION));
    ledger.rolled_back();
    assert!(ledger.has_open_pass(SUBSCRIPTION));
    assert!(!ledger.settle(&store, admission(1), Charge::Spent, now()).unwrap().held);
    assert!(!ledger.has_open_pass(SUBSCRIPTION));
}

#[test]
fn a_pass_is_given_back_to_the_one_who_asked_alone() {
    let (store, mut ledger) = (Store::default(), ledger(9, 9));
    assert!(is_granted(&mut ledger, &store, 1));
    assert!(!ledger.abandon(&store, admission(1), 7, now()).unwrap(), "somebody else's call");
    assert!(ledger.abandon(&store, admission(1), 0, now()).unwrap());
    assert!(!ledger.abandon(&store, admission(1), 0, now()).unwrap(), "it is gone");
    assert!(is_granted(&mut ledger, &store, 2) && is_granted(&mut ledger, &store, 2));
    assert!(!ledger.abandon(&store, admission(2), 0, now()).unwrap(), "another call has it too");
    commit(&mut ledger, &store);
    let counts = *store.days.borrow().values().next().unwrap();
    assert_eq!(counts, Counts { used: 1, refused: 0, returned: 1 });
}

#[test]
fn a_subscription_that_is_forgotten_has_nothing_to_write() {
    let (store, mut ledger) = (Store::default(), ledger(1, 9));
    assert!(is_granted(&mut ledger, &store, 1));
    ledger.forget_subscription(SubscriptionRowId(2));
    assert_eq!(ledger.unwritten().len(), 1);
    ledger.forget_subscription(SUBSCRIPTION);
    assert!(!ledger.is_dirty() && !ledger.has_open_pass(SUBSCRIPTION));
    assert!(is_granted(&mut ledger, &store, 2), "its charge went with it");
}

#[test]
fn usage_is_what_the_store_has_and_what_memory_knows_better() {
    let (store, mut ledger) = (Store::default(), ledger(5, 9));
    let today = TimeZone::utc().day(now());
    let [eve, next] = [today.yesterday().unwrap(), today.tomorrow().unwrap()];
    store.days.borrow_mut().extend([eve, today].map(|day| (day, Counts { used: 3, ..Counts::default() })));
    assert!(is_granted(&mut ledger, &store, 1));
    let listed = ledger.usage(&store, SUBSCRIPTION, (eve, next)).unwrap().unwrap();
    let used: Vec<_> = listed.iter().map(|day| (day.date, day.used, day.limit)).collect();
    assert_eq!(used, [(eve, 3, Some(5)), (today, 4, Some(5)), (next, 0, Some(5))]);
    ledger.rolled_back();
    let listed = ledger.usage(&store, SUBSCRIPTION, (today, today)).unwrap().unwrap();
    assert_eq!(listed.iter().map(|day| day.used).collect::<Vec<_>>(), [3]);
}

#[test]
fn usage_is_as_long_as_may_be_asked_and_has_a_limit_where_days_have_one() {
    let (store, today) = (Store::default(), TimeZone::utc().day(now()));
    let counts = Counts { used: 3, refused: 2, returned: 1 };
    store.days.borrow_mut().insert(today, counts);
    let mut ledger = Ledger::new(plans_of(Quota::Limited { limit: 5, period: Period::Week, offset: 0 }, None));
    let listed = ledger.usage(&store, SUBSCRIPTION, (today, today)).unwrap().unwrap();
    let [only] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((only.used, only.refused, only.returned, only.limit), (3, 2, 1, None));
    let listed = ledger.usage(&store, SUBSCRIPTION, (today, Date::MAX)).unwrap().unwrap();
    assert_eq!(listed.len(), USAGE_MAX_DAYS as usize);
}

#[test]
fn two_batches_that_fail_in_a_row_leave_no_trace() {
    let (store, mut ledger) = (Store::default(), ledger(5, 3));
    for n in [1, 2] {
        assert!(is_granted(&mut ledger, &store, n) && is_granted(&mut ledger, &store, n + 10));
        ledger.rolled_back();
    }
    assert!((3..6).all(|n| is_granted(&mut ledger, &store, n)) && !is_granted(&mut ledger, &store, 6));
    commit(&mut ledger, &store);
    assert_eq!(store.days.borrow().values().next().unwrap().used, 3);
}

#[test]
fn a_pass_that_began_and_ended_in_a_batch_that_failed_was_never_there() {
    let (store, mut ledger) = (Store::default(), ledger(5, 9));
    for charge in [Charge::Returned, Charge::Spent] {
        assert!(is_granted(&mut ledger, &store, 1));
        ledger.settle(&store, admission(1), charge, now()).unwrap();
        ledger.rolled_back();
        assert!(!ledger.has_open_pass(SUBSCRIPTION));
    }
    assert!(is_granted(&mut ledger, &store, 1));
    commit(&mut ledger, &store);
    assert_eq!(store.days.borrow().values().next().unwrap().used, 1, "it was a new request");
}

#[test]
fn asking_again_costs_nothing_and_waits_for_the_same_batch() {
    let (store, mut ledger) = (Store::default(), ledger(2, 9));
    assert!(is_granted(&mut ledger, &store, 1));
    assert!(admit(&mut ledger, &store, 1).unwrap().held);
    ledger.settle(&store, admission(1), Charge::Spent, now()).unwrap();
    assert!(is_granted(&mut ledger, &store, 1), "a spent one too");
    commit(&mut ledger, &store);
    assert_eq!(store.days.borrow().values().next().unwrap().used, 1);
    let (key, digest) = (KeyId::from_random([2; 16]), digest());
    let asking = Asking { key, digest, admission: admission(1), asker: 0, now: now() };
    ledger.admit(&store, asking).unwrap_err();
}

#[test]
fn a_pass_and_a_key_tell_what_is_used_and_wait_where_it_may_be_taken_back() {
    let (store, mut ledger) = (Store::default(), ledger(5, 9));
    let Admission::Granted(pass) = admit(&mut ledger, &store, 1).unwrap().answer else { panic!("refused") };
    let used = |quota| matches!(quota, QuotaStatus::Limited { used: 1, remaining: 4, .. });
    assert!(used(pass.booking.unwrap().quota));
    let inspect = |ledger: &mut Ledger| ledger.inspect(&store, (KeyId::from_random([1; 16]), digest()), now()).unwrap();
    let told = inspect(&mut ledger);
    assert!(told.held && used(told.answer.unwrap().quota) && ledger.is_urgent());
    commit(&mut ledger, &store);
    assert!(!inspect(&mut ledger).held);
}

#[test]
fn a_period_takes_as_many_returns_as_its_quota_is_large() {
    let (store, mut ledger) = (Store::default(), ledger(2, 9));
    let mut give_back = |n| {
        assert!(is_granted(&mut ledger, &store, n));
        ledger.settle(&store, admission(n), Charge::Returned, now()).unwrap().answer
    };
    assert_eq!([1, 2, 3].map(&mut give_back), [Charge::Returned, Charge::Returned, Charge::Spent]);
}

#[test]
fn a_key_that_changed_is_read_again() {
    let (mut store, mut ledger) = (Store::default(), ledger(5, 9));
    assert!(is_granted(&mut ledger, &store, 1));
    store.key = None;
    assert!(is_granted(&mut ledger, &store, 2));
    ledger.forget_key(KeyId::from_random([1; 16]));
    assert_eq!(admit(&mut ledger, &store, 3).unwrap().answer, Admission::Unknown);
}
