//! The sweeper: it takes away nothing that is somebody's, and one value that can't be removed holds up no other.

use std::{collections::HashSet, sync::Arc};

use access::{
    CarriedUse, CreateKeyError, Creation, Intent, IntentKind, OwnerDigest, RemoteChange, RemoteKey, RemoteKeys,
    RepeatableCall, StoreError,
};
use access_sqlite::SqliteStore;
use api_types::{AccountId, InstallationId, KeyId, OperationId, PlanName, Timestamp};
use async_trait::async_trait;
use tests::{
    aws::{Fault, When},
    wait_until,
};
use tokio::sync::Semaphore;

use crate::{
    house::{BASIC, House},
    site::fresh,
};

/// A store whose answer to who asks for the intents comes late: once they were read, and the test says so.
struct LateIntents {
    store: SqliteStore,
    was_read: Semaphore,
    go_on: Semaphore,
}

#[async_trait]
impl RemoteKeys for LateIntents {
    async fn installation(&self, candidate: InstallationId) -> Result<InstallationId, StoreError> {
        self.store.installation(candidate).await
    }

    async fn remote_keys(&self) -> Result<Vec<RemoteKey>, StoreError> {
        self.store.remote_keys().await
    }

    fn is_blocked(&self, account: AccountId) -> bool {
        self.store.is_blocked(account)
    }

    async fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        let intents = self.store.intents().await;
        self.was_read.add_permits(1);
        self.go_on.acquire().await.unwrap().forget();
        intents
    }

    async fn begin_key(&self, intent: Intent, max_keys: Option<u32>) -> Result<(), CreateKeyError> {
        self.store.begin_key(intent, max_keys).await
    }

    async fn made_before(
        &self,
        account: AccountId,
        call: RepeatableCall,
        now: Timestamp,
    ) -> Result<Option<Creation>, CreateKeyError> {
        self.store.made_before(account, call, now).await
    }

    async fn change_remote(&self, change: RemoteChange) -> Result<(), StoreError> {
        self.store.change_remote(change).await
    }

    async fn carried_use(&self, owner: OwnerDigest, plan_name: &PlanName) -> Result<Option<CarriedUse>, StoreError> {
        self.store.carried_use(owner, plan_name).await
    }
}

#[tokio::test]
async fn a_key_that_was_being_made_when_the_sweep_began_is_kept() {
    let mut house = House::new().await;
    let account = house.sign_up(1).await;
    let rows =
        Arc::new(LateIntents { store: house.store.clone(), was_read: Semaphore::new(0), go_on: Semaphore::new(2) });
    house.restart_over(rows.clone()).await;
    house.refresh().await;
    rows.was_read.forget_permits(2);
    house.aws.fault("CreateUsagePlanKey", When::Next, Fault::HangReply);
    let swept = async {
        wait_until("the key is being attached", || async { (house.aws.hanging() == 1).then_some(()) }).await;
        let swept = house.gateway.sweep(house.now());
        let made = async {
            rows.was_read.acquire().await.unwrap().forget();
            house.aws.release_hanging();
            wait_until("the key is listed", || async { (!house.listed(account.0).await.is_empty()).then_some(()) })
                .await;
            rows.go_on.add_permits(1);
        };
        tokio::join!(swept, made).0.unwrap();
    };
    let (made, ()) = tokio::join!(house.key_for(account), swept);
    assert_eq!(house.call(&made.unwrap().presented).await, 200);
    house.assert_consistent("one key").await;
}

/// A creation of which nothing is known but that it was begun.
fn begun(house: &House, account: AccountId, kind: IntentKind) -> Intent {
    Intent {
        operation: OperationId::from_random(fresh()),
        key: KeyId::from_random(fresh()),
        account,
        plan_name: PlanName::parse(BASIC).unwrap(),
        kind,
        remote_id: None,
        due_at: house.now(),
    }
}

#[tokio::test]
async fn a_value_that_may_still_turn_up_is_looked_for_for_a_quarter_of_an_hour() {
    let house = House::new().await;
    let (account, _) = house.sign_up(1).await;
    let intents = vec![begun(&house, account, IntentKind::Remove)];
    house.store.change_remote(RemoteChange { intents, ..RemoteChange::default() }).await.unwrap();
    for (seconds, left) in [(0, 1), (900, 1), (901, 0)] {
        house.gateway.sweep(house.later(seconds)).await.unwrap();
        assert_eq!(house.store.intents().await.unwrap().len(), left, "{seconds} seconds later");
    }
}

#[tokio::test]
async fn what_an_earlier_process_began_is_in_nobodys_way() {
    let mut house = House::new().await;
    let account = house.sign_up(1).await;
    house.store.begin_key(begun(&house, account.0, IntentKind::Create), None).await.unwrap();
    let refused = house.key_for(account).await.err().unwrap();
    assert!(matches!(refused, CreateKeyError::KeyAlreadyExists), "{refused:?}");
    house.restart().await;
    house.key_for(account).await.unwrap();
}

#[tokio::test]
async fn a_value_that_cant_be_removed_holds_up_no_other() {
    let mut house = House::new().await;
    let people = [house.person(1).await, house.person(2).await];
    house.leave_to_be_removed(&people).await;
    house.aws.fault("DeleteApiKey", When::Next, Fault::Status(400, "BadRequestException", "not this one"));
    house.gateway.sweep(house.now()).await.unwrap_err();
    assert_eq!(house.remote().len(), 1);
    house.gateway.sweep(house.now()).await.unwrap();
    assert!(house.remote().is_empty());
    house.assert_consistent("swept").await;
}

#[tokio::test]
async fn a_sweep_gives_up_soon_when_aws_is_away() {
    let mut house = House::new().await;
    let mut people = Vec::new();
    for owner in 1..=6 {
        people.push(house.person(owner).await);
    }
    house.leave_to_be_removed(&people).await;
    house.aws.fault("DeleteApiKey", When::Always, Fault::AccessDenied);
    let _ = house.aws.take_calls();
    let said = house.gateway.sweep(house.now()).await.unwrap_err().to_string();
    assert!(said.contains("apigateway:DELETE on /apikeys/*"), "{said}");
    assert_eq!(house.aws.calls_of("DeleteApiKey").len(), 3);
    house.aws.clear_faults();
    house.sweep().await;
    assert!(house.remote().is_empty());
}

#[tokio::test]
async fn a_sweep_takes_some_at_a_time_and_begins_elsewhere_the_next_time() {
    let mut house = House::new().await;
    let mut people = Vec::new();
    for owner in 1..=30 {
        people.push(house.person(owner).await);
    }
    house.leave_to_be_removed(&people).await;
    house.aws.fault("DeleteApiKey", When::Always, Fault::AccessDenied);
    let _ = house.aws.take_calls();
    // Three that fail end a sweep; those after them have their turn all the same.
    for _ in 0..3 {
        house.gateway.sweep(house.now()).await.unwrap_err();
    }
    let tried: HashSet<_> = house.aws.take_calls().into_iter().map(|call| call.path).collect();
    assert_eq!(tried.len(), 9);
    house.aws.clear_faults();
    house.gateway.sweep(house.now()).await.unwrap();
    assert_eq!(house.remote().len(), 10);
    house.gateway.sweep(house.now()).await.unwrap();
    assert!(house.remote().is_empty());
    house.assert_consistent("swept").await;
}
