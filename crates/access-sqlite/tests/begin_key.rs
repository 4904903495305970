//! Keys that are begun in another service: one for each plan, as many as are allowed, an intent before anything else.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod house;

use access::{Accounts, CreateKeyError, Intent, RemoteChange, RemoteKeys};
use access_sqlite::{Options, SqliteStore};
use api_types::AccountId;
use futures_util::{FutureExt, future::join_all};
use house::{
    House, noon,
    remote::{another_account, creation, intend, key, key_id, operation, put, removal},
};

/// What a killed process leaves behind is the file and its log as they are at that moment.
#[tokio::test]
async fn an_intent_is_in_the_files_before_the_answer() {
    let house = House::empty(3, None).await;
    let intent = creation(house.account, 1, "p");
    house.store.begin_key(intent.clone(), None).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for file in ["tollgate.db", "tollgate.db-wal"] {
        std::fs::copy(house.folder.path().join(file), folder.path().join(file)).unwrap();
    }
    let after = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
    assert_eq!(after.intents().await.unwrap(), [intent]);
}

#[tokio::test]
async fn an_asker_who_leaves_before_the_answer_leaves_the_intent() {
    let house = House::empty(3, None).await;
    let _ = house.store.begin_key(creation(house.account, 1, "p"), None).now_or_never();
    let again = house.store.begin_key(creation(house.account, 2, "p"), None).await;
    assert!(matches!(again, Err(CreateKeyError::KeyAlreadyExists)), "{again:?}");
    assert_eq!(house.store.intents().await.unwrap(), [creation(house.account, 1, "p")]);
}

#[tokio::test]
async fn a_key_is_not_begun_without_an_account() {
    let house = House::empty(3, None).await;
    let nobody = AccountId::from_random([8; 16]);
    // Even where the bound would refuse it too.
    let refused = house.store.begin_key(creation(nobody, 1, "p"), Some(0)).await;
    assert!(matches!(refused, Err(CreateKeyError::NoAccount)), "{refused:?}");
    assert_eq!(house.store.intents().await.unwrap(), []);
}

#[tokio::test]
async fn a_key_is_begun_once_by_many_at_once() {
    let house = House::empty(3, None).await;
    let begun = join_all((1..=16).map(|n| house.store.begin_key(creation(house.account, n, "p"), None))).await;
    let (good, refused): (Vec<_>, Vec<_>) = begun.into_iter().partition(Result::is_ok);
    assert_eq!(good.len(), 1);
    assert!(refused.iter().all(|one| matches!(one, Err(CreateKeyError::KeyAlreadyExists))), "{refused:?}");
    assert_eq!(house.store.intents().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_is_not_begun_where_there_is_one() {
    let house = House::empty(3, None).await;
    put(&house, key(house.account, 1, "p")).await;
    // Even where the bound would refuse it too.
    let refused = house.store.begin_key(creation(house.account, 2, "p"), Some(1)).await;
    assert!(matches!(refused, Err(CreateKeyError::KeyAlreadyExists)), "{refused:?}");
    house.store.begin_key(creation(house.account, 2, "q"), None).await.unwrap();
}

#[tokio::test]
async fn a_key_is_begun_for_each_account_by_itself() {
    let house = House::empty(3, None).await;
    let other = another_account(&house).await;
    put(&house, key(house.account, 1, "p")).await;
    house.store.begin_key(creation(house.account, 2, "q"), Some(2)).await.unwrap();
    house.store.begin_key(creation(other, 3, "p"), Some(1)).await.unwrap();
}

#[tokio::test]
async fn a_bound_counts_keys_and_those_being_created() {
    let house = House::empty(3, None).await;
    put(&house, key(house.account, 1, "a")).await;
    house.store.begin_key(creation(house.account, 2, "b"), Some(3)).await.unwrap();
    house.store.begin_key(creation(house.account, 3, "c"), Some(3)).await.unwrap();
    let refused = house.store.begin_key(creation(house.account, 4, "d"), Some(3)).await;
    assert!(matches!(refused, Err(CreateKeyError::TooManyKeys)), "{refused:?}");
    assert_eq!(house.store.intents().await.unwrap().len(), 2);
    house.store.begin_key(creation(house.account, 4, "d"), Some(4)).await.unwrap();
}

#[tokio::test]
async fn a_bound_holds_for_many_plans_at_once() {
    let house = House::empty(3, None).await;
    let plan_names: Vec<_> = (1..=12).map(|number| (number, format!("plan {number}"))).collect();
    let begin = |(number, plan_name): &(u8, String)| {
        house.store.begin_key(creation(house.account, *number, plan_name), Some(5))
    };
    let begun = join_all(plan_names.iter().map(begin)).await;
    assert_eq!(begun.iter().filter(|one| one.is_ok()).count(), 5);
}

#[tokio::test]
async fn a_bound_does_not_count_what_is_rotated_or_removed() {
    let house = House::empty(3, None).await;
    put(&house, key(house.account, 1, "p")).await;
    let rotation = Intent { operation: operation(101), ..creation(house.account, 1, "p") };
    intend(&house, vec![rotation, removal(house.account, 50, noon())]).await;
    house.store.begin_key(creation(house.account, 2, "q"), Some(2)).await.unwrap();
}

#[tokio::test]
async fn a_plan_is_free_again_once_its_intent_is_done_or_a_removal() {
    let house = House::empty(3, None).await;
    house.store.begin_key(creation(house.account, 1, "p"), Some(1)).await.unwrap();
    intend(&house, vec![removal(house.account, 1, noon())]).await;
    house.store.begin_key(creation(house.account, 2, "p"), Some(1)).await.unwrap();
    let done = RemoteChange { done: vec![operation(2)], ..RemoteChange::default() };
    house.store.change_remote(done).await.unwrap();
    house.store.begin_key(creation(house.account, 3, "p"), Some(1)).await.unwrap();
}

#[tokio::test]
async fn an_operation_that_is_known_is_not_begun_again() {
    let house = House::empty(3, None).await;
    house.store.begin_key(creation(house.account, 1, "p"), None).await.unwrap();
    let again = Intent { key: key_id(2), ..creation(house.account, 1, "q") };
    let failed = house.store.begin_key(again, None).await;
    assert!(matches!(failed, Err(CreateKeyError::CreateFailed(_))), "{failed:?}");
    assert_eq!(house.store.intents().await.unwrap(), [creation(house.account, 1, "p")]);
}

#[tokio::test]
async fn a_removal_begins_no_key() {
    let house = House::empty(3, None).await;
    let failed = house.store.begin_key(removal(house.account, 1, noon()), None).await;
    assert!(matches!(failed, Err(CreateKeyError::CreateFailed(_))), "{failed:?}");
    assert_eq!(house.store.intents().await.unwrap(), []);
}

#[tokio::test]
async fn a_creation_ends_in_one_step() {
    let house = House::empty(3, None).await;
    house.store.begin_key(creation(house.account, 1, "p"), None).await.unwrap();
    let row = key(house.account, 1, "p");
    let change = RemoteChange { put: Some(row.clone()), done: vec![operation(1)], ..RemoteChange::default() };
    house.store.change_remote(change).await.unwrap();
    assert_eq!(house.store.remote_keys().await.unwrap(), [row]);
    assert_eq!(house.store.intents().await.unwrap(), []);
}

#[tokio::test]
async fn a_creation_that_loses_its_account_can_only_be_removed() {
    let house = House::empty(3, None).await;
    let begun = creation(house.account, 1, "p");
    house.store.begin_key(begun.clone(), None).await.unwrap();
    house.store.delete_account(house.account).await.unwrap();
    let change =
        RemoteChange { put: Some(key(house.account, 1, "p")), done: vec![begun.operation], ..RemoteChange::default() };
    house.store.change_remote(change).await.unwrap_err();
    assert_eq!(house.store.intents().await.unwrap(), [begun]);
    intend(&house, vec![removal(house.account, 1, noon())]).await;
    assert_eq!(house.store.intents().await.unwrap(), [removal(house.account, 1, noon())]);
}
