//! Owners of what the upstream keeps through restarts, kills and failing writes.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod house;

use access::{Gate, STATE_KEPT, StateId, StateOwners};
use access_sqlite::{Options, SqliteStore};
use api_types::{AccountId, Timestamp};
use house::{House, noon, wait_for};

const NO_OWNERS: &str = "CREATE TRIGGER broken BEFORE INSERT ON state_owners BEGIN SELECT RAISE(ABORT, 'no'); END";

async fn owns(store: &SqliteStore, account: AccountId, id: &str) -> bool {
    owns_at(store, account, id, noon()).await
}

async fn owns_at(store: &SqliteStore, account: AccountId, id: &str, now: Timestamp) -> bool {
    store.first_foreign(account, vec![StateId::of(id)], now).await.unwrap().is_none()
}

fn written(house: &House) -> i64 {
    house.other_program().query_row("SELECT count(*) FROM state_owners", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn owners_outlive_a_store_that_was_closed_or_dropped() {
    let house = House::new(3, None).await;
    house.store.remember(house.account, StateId::of("resp_1"), noon());
    house.store.close().await.unwrap();
    let again = SqliteStore::open(&house.path(), Options::default()).unwrap();
    again.remember(house.account, StateId::of("resp_2"), noon());
    drop(again);
    let again = SqliteStore::open(&house.path(), Options::default()).unwrap();
    for id in ["resp_1", "resp_2"] {
        assert!(owns(&again, house.account, id).await, "{id}");
    }
}

#[tokio::test]
async fn an_owner_comes_to_the_disk_with_the_next_admission_or_by_itself() {
    let house = House::new(3, None).await;
    house.store.remember(house.account, StateId::of("resp_1"), noon());
    house.granted().await;
    assert_eq!(written(&house), 1);
    house.store.remember(house.account, StateId::of("resp_2"), noon());
    wait_for("the owner is written", || written(&house) == 2);
}

#[tokio::test]
async fn while_owners_can_not_be_written_nobody_is_told_one() {
    let house = House::new(3, None).await;
    let other = house.other_program();
    other.execute_batch(NO_OWNERS).unwrap();
    house.store.remember(house.account, StateId::of("resp_1"), noon());
    assert!(house.store.first_foreign(house.account, vec![StateId::of("resp_1")], noon()).await.is_err());
    other.execute_batch("DROP TRIGGER broken").unwrap();
    assert!(owns(&house.store, house.account, "resp_1").await);
    house.store.ready().await.unwrap();
}

#[tokio::test]
async fn what_nobody_owns_any_more_is_deleted_as_more_comes() {
    let house = House::new(3, None).await;
    let over = noon() + STATE_KEPT;
    for n in 0..3_000 {
        house.store.remember(house.account, StateId::of(&format!("old_{n}")), noon());
    }
    assert!(owns(&house.store, house.account, "old_0").await);
    let mut newer = 0;
    while written(&house) > newer {
        assert!(newer < 100, "{} rows", written(&house));
        house.store.remember(house.account, StateId::of(&format!("new_{newer}")), over);
        newer += 1;
        assert!(!owns_at(&house.store, house.account, "old_0", over).await);
    }
}

#[tokio::test]
async fn no_id_stands_in_the_file_in_clear() {
    let house = House::new(3, None).await;
    house.store.remember(house.account, StateId::of("resp_in_clear"), noon());
    house.store.close().await.unwrap();
    let bytes = std::fs::read(house.path()).unwrap();
    assert!(!bytes.windows(13).any(|window| window == b"resp_in_clear"));
}
