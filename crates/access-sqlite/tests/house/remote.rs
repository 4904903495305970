//! Keys in another service, their intents and carried uses, for this crate's own tests.

use access::{
    Account, Accounts, CarriedUse, EarlierValue, Intent, IntentKind, KeyDigest, OwnerDigest, PasswordHash,
    RemoteChange, RemoteKey, RemoteKeys, RemoteValue, UntoldUse,
};
use api_types::{AccountId, Date, Email, KeyId, KeyLabel, OperationId, PlanName, Timestamp};

use super::{House, OWNER, PASSWORD_HASH, noon};

pub fn name(text: &str) -> PlanName {
    PlanName::parse(text).unwrap()
}

pub fn operation(number: u8) -> OperationId {
    OperationId::from_random([number; 16])
}

pub fn key_id(number: u8) -> KeyId {
    KeyId::from_random([number; 16])
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(noon().as_second() + seconds).unwrap()
}

pub fn value(number: u8) -> RemoteValue {
    let digest = KeyDigest::from_bytes([number; 32]);
    RemoteValue { operation: operation(number), remote_id: format!("remote{number}"), digest }
}

/// The key of this number; its value was made by the operation of the same number.
pub fn key(account: AccountId, number: u8, plan_name: &str) -> RemoteKey {
    RemoteKey {
        id: key_id(number),
        account,
        owner: OWNER,
        plan_name: name(plan_name),
        remote_plan: format!("remote {plan_name}"),
        label: KeyLabel::default(),
        enabled: true,
        created_at: noon(),
        rotated_at: None,
        fresh_since: noon(),
        value: value(number),
        earlier: Vec::new(),
        untold: None,
    }
}

/// A value of this number that works so many seconds more.
pub fn earlier(number: u8, seconds: i64) -> EarlierValue {
    EarlierValue { value: value(number), until: at(seconds), counted: u64::from(number), counted_at: at(10) }
}

/// A key with something in every column.
pub fn full_key(account: AccountId) -> RemoteKey {
    RemoteKey {
        label: KeyLabel::parse("laptop").unwrap(),
        enabled: false,
        rotated_at: Some(at(10)),
        fresh_since: at(10),
        earlier: vec![earlier(101, 7_200), earlier(102, 3_600)],
        untold: Some(UntoldUse { period: "2026-11-01".parse().unwrap(), used: 9 }),
        ..key(account, 1, "p")
    }
}

/// An intent to create the key of this number.
pub fn creation(account: AccountId, number: u8, plan_name: &str) -> Intent {
    Intent {
        operation: operation(number),
        key: key_id(number),
        account,
        plan_name: name(plan_name),
        kind: IntentKind::Create,
        remote_id: None,
        due_at: noon(),
    }
}

pub fn removal(account: AccountId, number: u8, due_at: Timestamp) -> Intent {
    let remote_id = Some(format!("remote{number}"));
    Intent { kind: IntentKind::Remove, remote_id, due_at, ..creation(account, number, "p") }
}

pub fn carried(owner: OwnerDigest, plan_name: &str, period: &str, used: u64) -> CarriedUse {
    CarriedUse { owner, plan_name: name(plan_name), period: period.parse::<Date>().unwrap(), used }
}

pub async fn put(house: &House, key: RemoteKey) {
    house.store.change_remote(RemoteChange { put: Some(key), ..RemoteChange::default() }).await.unwrap();
}

pub async fn intend(house: &House, intents: Vec<Intent>) {
    house.store.change_remote(RemoteChange { intents, ..RemoteChange::default() }).await.unwrap();
}

pub async fn carry(house: &House, carried: Vec<CarriedUse>) {
    house.store.change_remote(RemoteChange { carried, ..RemoteChange::default() }).await.unwrap();
}

pub async fn used_of(house: &House, owner: OwnerDigest, plan_name: &str) -> Option<u64> {
    house.store.carried_use(owner, &name(plan_name)).await.unwrap().map(|carried| carried.used)
}

pub async fn another_account(house: &House) -> AccountId {
    let id = AccountId::from_random([2; 16]);
    let email = Email::parse("bob@example.com").unwrap();
    let password_hash = PasswordHash::from_phc(PASSWORD_HASH.to_owned());
    house.store.create_account(Account::new(id, email, password_hash, noon())).await.unwrap();
    id
}
