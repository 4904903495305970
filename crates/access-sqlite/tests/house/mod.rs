//! A store in a temporary folder with one plan, one account and one key, for this crate's own tests.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod remote;

use std::{path::PathBuf, sync::Arc};

use access::{
    Account, Accounts, Admission, Gate, Inspection, KeySecret, NewKey, OwnerDigest, Pass, PasswordHash, PresentedKey,
    Registry, StoreError, TimeZone, UsagePlan, conformance::World,
};
use access_sqlite::{Options, SqliteStore};
use api_types::{
    AccountId, AdmissionId, Email, KeyId, KeyStatus, Period, Plan, PlanName, Quota, QuotaStatus, SubscriptionId,
    Throttle, Timestamp,
};
use rusqlite::Connection;

pub struct House {
    pub store: SqliteStore,
    pub account: AccountId,
    pub secret: String,
    pub key: PresentedKey,
    pub folder: tempfile::TempDir,
}

pub const OWNER: OwnerDigest = OwnerDigest([7; 32]);
pub const PASSWORD_HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA";

pub fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

pub fn admission() -> AdmissionId {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    AdmissionId::from_random(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).to_be_bytes())
}

pub fn plan(limit: u64, period: Period, throttle: Option<Throttle>) -> UsagePlan {
    let quota = Quota::Limited { limit, period, offset: 0 };
    let plan =
        Plan { name: PlanName::parse("p").unwrap(), description: String::new(), quota, throttle, time_zone: None };
    UsagePlan::new(plan, TimeZone::utc()).unwrap()
}

pub fn key_secret(generation: u8) -> KeySecret {
    // Bytes that repeat nowhere else, so that a search for them finds only them.
    let random = std::array::from_fn(|at| (at as u8).wrapping_mul(37).wrapping_add(generation));
    KeySecret::new(KeyId::from_random([9; 16]), random)
}

pub fn presented(generation: u8) -> PresentedKey {
    PresentedKey::parse(&key_secret(generation).reveal()).unwrap()
}

pub async fn create_key(store: &SqliteStore, account: AccountId, now: Timestamp) -> Result<(), access::CreateKeyError> {
    let secret = key_secret(1);
    let plan_name = PlanName::parse("p").unwrap();
    let subscription = SubscriptionId::from_random([5; 16]);
    let max_keys = None;
    let new = NewKey { secret: &secret, account, owner: OWNER, plan_name, subscription, max_keys, call: None, now };
    store.create_key(new).await.map(drop)
}

impl House {
    /// An account, and a plan of so many requests per day.
    pub async fn empty(limit: u64, throttle: Option<Throttle>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
        store.apply_plans(vec![plan(limit, Period::Day, throttle)], noon()).await.unwrap();
        let row = Account::new(
            AccountId::from_random([1; 16]),
            Email::parse("ada@example.com").unwrap(),
            PasswordHash::from_phc(PASSWORD_HASH.to_owned()),
            noon(),
        );
        let account = row.id;
        store.create_account(row).await.unwrap();
        Self { store, account, secret: key_secret(1).reveal(), key: presented(1), folder }
    }

    /// The same with a key.
    pub async fn new(limit: u64, throttle: Option<Throttle>) -> Self {
        let house = Self::empty(limit, throttle).await;
        create_key(&house.store, house.account, noon()).await.unwrap();
        house
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("tollgate.db")
    }

    /// Another program that has the file open.
    pub fn other_program(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub async fn ask(&self) -> Result<Admission, StoreError> {
        self.store.admit(&self.key, admission(), noon()).await
    }

    pub async fn granted(&self) -> Pass {
        granted(self.ask().await)
    }

    pub async fn used(&self) -> u64 {
        used(&self.store, &self.key, noon()).await
    }

    /// Asks so often at once: how many were admitted.
    pub async fn at_once(&self, requests: usize) -> usize {
        let answers = futures_util::future::join_all((0..requests).map(|_| self.ask())).await;
        answers.iter().filter(|answer| matches!(answer, Ok(Admission::Granted(_)))).count()
    }
}

/// The store as the laws and the model see it.
pub fn world(store: &SqliteStore) -> World {
    let planned = store.clone();
    World {
        accounts: Arc::new(store.clone()),
        administration: Arc::new(store.clone()),
        registry: Arc::new(store.clone()),
        gate: Arc::new(store.clone()),
        owners: Arc::new(store.clone()),
        stage: None,
        apply_plans: Box::new(move |plans, now| {
            let store = planned.clone();
            Box::pin(async move { Ok(store.apply_plans(plans, now).await?.retired) })
        }),
    }
}

pub fn granted(answer: Result<Admission, StoreError>) -> Pass {
    match answer.unwrap() {
        Admission::Granted(pass) => pass,
        other => panic!("not admitted: {other:?}"),
    }
}

pub async fn used(store: &SqliteStore, key: &PresentedKey, now: Timestamp) -> u64 {
    match store.inspect(key, now).await.unwrap() {
        Inspection::Known(KeyStatus { quota: QuotaStatus::Limited { used, .. }, .. }) => used,
        other => panic!("{other:?}"),
    }
}

/// Waits for a condition that another thread brings about.
pub fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let give_up = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !condition() {
        assert!(std::time::Instant::now() < give_up, "never happened: {what}");
        std::thread::yield_now();
    }
}
