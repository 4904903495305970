//! Counts through restarts, kills and failing writes; keys that are made whole or not at all.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod house;

use access::{CreateKeyError, End, Gate, Phase, Registry, StoreError};
use access_sqlite::{Options, SqliteStore};
use api_types::Throttle;
use futures_util::FutureExt;
use house::{House, admission, create_key, noon, used, wait_for};

const FAILED: End = End { phase: Phase::Sent, status: Some(503), caller_left: false };
const NO_COUNTS: &str = "CREATE TRIGGER broken BEFORE INSERT ON usage_days BEGIN SELECT RAISE(ABORT, 'no'); END";

fn slow(burst: u32) -> Option<Throttle> {
    Some(Throttle { rate: 0.0001, burst })
}

#[tokio::test]
async fn counts_outlive_a_store_that_was_dropped() {
    let House { store, key, folder, .. } = house_with_three_used().await;
    drop(store);
    let again = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
    assert_eq!(used(&again, &key, noon()).await, 3);
}

async fn house_with_three_used() -> House {
    let house = House::new(10, None).await;
    assert_eq!(house.at_once(3).await, 3);
    house
}

/// What a killed process leaves behind is the file and its log as they are at that moment.
#[tokio::test]
async fn what_was_admitted_is_in_the_files_before_the_answer() {
    let house = House::new(500, None).await;
    for admitted in 1..=20 {
        house.granted().await;
        let folder = tempfile::tempdir().unwrap();
        for file in ["tollgate.db", "tollgate.db-wal"] {
            std::fs::copy(house.folder.path().join(file), folder.path().join(file)).unwrap();
        }
        let after = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
        assert_eq!(used(&after, &house.key, noon()).await, admitted);
    }
}

#[tokio::test]
async fn a_failed_write_admits_nobody_and_counts_nothing() {
    let house = House::new(5, slow(5)).await;
    house.granted().await;
    let other = house.other_program();
    other.execute_batch(NO_COUNTS).unwrap();
    let answers = futures_util::future::join_all((0..50).map(|_| house.ask())).await;
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    other.execute_batch("DROP TRIGGER broken").unwrap();
    // Neither the quota nor the bucket lost anything to the failed ones.
    assert_eq!(house.used().await, 1);
    assert_eq!(house.at_once(50).await, 4);
}

#[tokio::test]
async fn the_last_use_of_a_key_survives() {
    let house = House::new(1_000_000, None).await;
    let at = |seconds: u64| noon().checked_add(std::time::Duration::from_secs(seconds)).unwrap();
    // The later ones out of a block.
    for second in 0..200 {
        house::granted(house.store.admit(&house.key, house::admission(), at(second)).await);
    }
    house.store.close().await.unwrap();
    let again = SqliteStore::open(&house.path(), Options::default()).unwrap();
    let listed = again.keys(house.account, at(3_600)).await.unwrap();
    assert_eq!(listed[0].last_used_at, Some(at(180)));
}

#[tokio::test]
async fn a_failed_return_can_be_tried_again() {
    let house = House::new(5, None).await;
    let pass = house.granted().await;
    let other = house.other_program();
    other.execute_batch(NO_COUNTS).unwrap();
    for _ in 0..2 {
        house.store.settle(&pass, FAILED, noon()).await.unwrap_err();
    }
    assert_eq!(house.used().await, 1);
    other.execute_batch("DROP TRIGGER broken").unwrap();
    for _ in 0..2 {
        house.store.settle(&pass, FAILED, noon()).await.unwrap();
    }
    assert_eq!(house.used().await, 0);
}

#[tokio::test]
async fn a_refusal_that_stands_on_a_failed_write_is_an_error() {
    let house = House::new(1, None).await;
    let other = house.other_program();
    other.execute_batch(NO_COUNTS).unwrap();
    let answers = futures_util::future::join_all((0..20).map(|_| house.ask())).await;
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    other.execute_batch("DROP TRIGGER broken").unwrap();
    assert_eq!(house.at_once(20).await, 1);
}

#[tokio::test]
async fn a_locked_file_turns_requests_away_until_it_is_free() {
    let house = House::new(5, None).await;
    house.granted().await;
    let other = house.other_program();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    house.ask().await.unwrap_err();
    house.store.ready().await.unwrap_err();
    create_key(&house.store, house.account, noon()).await.unwrap_err();
    assert_eq!(house.used().await, 1);
    other.execute_batch("ROLLBACK").unwrap();
    house.store.ready().await.unwrap();
    assert_eq!(house.at_once(20).await, 4);
}

#[tokio::test]
async fn readiness_is_a_write() {
    let house = House::new(5, None).await;
    house.store.ready().await.unwrap();
    let other = house.other_program();
    other
        .execute_batch("CREATE TRIGGER broken BEFORE INSERT ON heartbeat BEGIN SELECT RAISE(ABORT, 'no'); END")
        .unwrap();
    house.store.ready().await.unwrap_err();
    other.execute_batch("DROP TRIGGER broken").unwrap();
    house.store.ready().await.unwrap();
}

#[tokio::test]
async fn a_failing_attach_leaves_nothing_behind() {
    let house = House::empty(5, None).await;
    let other = house.other_program();
    // After the subscription, within the same transaction.
    other.execute_batch("CREATE TRIGGER no_attach BEFORE INSERT ON keys BEGIN SELECT RAISE(ABORT, 'no'); END").unwrap();
    let failed = create_key(&house.store, house.account, noon()).await.unwrap_err();
    assert!(matches!(failed, CreateKeyError::CreateFailed(_)), "{failed:?}");
    assert_eq!(failed.to_string(), "create failed");
    for table in ["keys", "subscriptions"] {
        let rows: i64 = other.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    other.execute_batch("DROP TRIGGER no_attach").unwrap();
    create_key(&house.store, house.account, noon()).await.unwrap();
    house.granted().await;
}

#[tokio::test]
async fn a_revocation_that_fails_leaves_the_key_working() {
    let house = House::new(5, None).await;
    let other = house.other_program();
    other.execute_batch("CREATE TRIGGER no BEFORE DELETE ON keys BEGIN SELECT RAISE(ABORT, 'no'); END").unwrap();
    let key = house.key.own().unwrap().0;
    house.store.revoke_key(house.account, key, noon()).await.unwrap_err();
    house.granted().await;
    other.execute_batch("DROP TRIGGER no").unwrap();
    house.store.revoke_key(house.account, key, noon()).await.unwrap();
}

#[tokio::test]
async fn refusals_are_written_when_idle_and_at_close() {
    let house = House::new(1, None).await;
    assert_eq!(house.at_once(8).await, 1);
    let other = house.other_program();
    let refused = || -> i64 { other.query_row("SELECT sum(refused) FROM usage_days", [], |row| row.get(0)).unwrap() };
    wait_for("the refusals are written", || refused() == 7);
    house.ask().await.unwrap();
    house.store.close().await.unwrap();
    assert_eq!(refused(), 8);
}

#[tokio::test]
async fn an_asker_who_leaves_before_the_answer_is_not_charged() {
    let house = House::new(100, None).await;
    let mut kept = 0;
    for _ in 0..50 {
        // Polled once and dropped. A quick writer may have answered already: then the pass is the asker's.
        kept += usize::from(house.ask().now_or_never().is_some());
    }
    assert!(kept < 50, "every one was answered at once");
    assert_eq!(house.used().await, kept as u64);
    assert_eq!(house.at_once(120).await, 100 - kept);
}

#[tokio::test]
async fn an_admission_left_and_asked_again_counts_once() {
    let house = House::new(5, None).await;
    let admission = admission();
    let _ = house.store.admit(&house.key, admission, noon()).now_or_never();
    house::granted(house.store.admit(&house.key, admission, noon()).await);
    // Another call of the same admission may leave: the first one's pass stands.
    let _ = house.store.admit(&house.key, admission, noon()).now_or_never();
    assert_eq!(house.used().await, 1);
}

#[tokio::test]
async fn a_charge_whose_return_failed_is_returned_with_the_next_batch() {
    let (house, mut kept) = (House::new(1_000, None).await, 0);
    let other = house.other_program();
    other
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON usage_days WHEN new.returned > 0
             BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .unwrap();
    // The charge is written with the first batch or falls with it; then its return fails. A quick writer may have
    // answered within the one poll; whoever got that answer has to settle.
    while let Some(answer) = house.ask().now_or_never() {
        let pass = house::granted(answer);
        let spent = End { phase: Phase::FirstByte, ..FAILED };
        house.store.settle(&pass, spent, noon()).await.unwrap();
        kept += 1;
    }
    let _ = house.store.ready().await;
    other.execute_batch("DROP TRIGGER broken").unwrap();
    house.store.ready().await.unwrap();
    assert_eq!(house.used().await, kept);
}

#[tokio::test]
async fn no_error_tells_a_value() {
    let house = House::new(5, None).await;
    let other = house.other_program();
    other.execute_batch("UPDATE keys SET label = char(7) || 'private'; UPDATE accounts SET email = 'private'").unwrap();
    let listed: StoreError = house.store.keys(house.account, noon()).await.unwrap_err();
    assert!(!listed.to_string().contains("private"), "{listed}");
    assert!(listed.to_string().contains("the file's label can't be read"), "{listed}");
}
