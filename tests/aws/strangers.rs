//! What isn't ours, or isn't where we look: another account, a plan made anew, an old copy of the data folder, and a
//! grace that would refill a quota.

use access::{RemoteChange, RemoteKeys as _};
use api_types::KeyChange;
use tests::aws::{FakeAws, Fault, Quota, When};

use crate::{
    house::{BASIC, House},
    site::open,
};

#[tokio::test]
async fn a_look_into_another_account_or_region_costs_nobody_a_key() {
    let house = House::new().await;
    let person = house.person(1).await;
    let elsewhere = FakeAws::start().await;
    let wrong = open(&elsewhere.endpoint_url(), std::sync::Arc::new(house.store.clone()), &house.place).await;
    for seconds in [0, 3_600, 7_200] {
        let said = wrong.refresh(house.later(seconds)).await.unwrap_err().to_string();
        assert!(said.contains("aws.api_id"), "{said}");
        wrong.sweep(house.later(seconds)).await.unwrap();
    }
    assert_eq!(house.store.remote_keys().await.unwrap().len(), 1);
    let right = open(&house.aws.endpoint_url(), std::sync::Arc::new(house.store.clone()), &house.place).await;
    right.refresh(house.later(7_260)).await.unwrap();
    assert_eq!(house.call(&person.presented).await, 200);
    house.assert_consistent("back in the right account").await;
}

#[tokio::test]
async fn a_plan_made_anew_under_its_name_gets_its_keys_back() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.aws.console_delete_plan(&house.plan);
    house.plan = house.aws.add_plan(BASIC, Some(Quota::per_day(10)), None, &house.place.api_id, &house.place.stage);
    assert_eq!(house.call(&person.presented).await, 403);
    house.refresh().await;
    assert_eq!(house.call(&person.presented).await, 200);
    house.assert_consistent("attached again").await;
}

#[tokio::test]
async fn many_keys_without_a_row_are_left_alone() {
    let mut house = House::new().await;
    let mut people = Vec::new();
    for owner in 1..=6 {
        people.push(house.person(owner).await);
    }
    // As in a data folder that was put back from before they were made.
    let remove = people.iter().map(|person| person.key).collect();
    house.store.change_remote(RemoteChange { remove, ..RemoteChange::default() }).await.unwrap();
    house.restart_unread().await;
    house.gateway.refresh(house.later(3_600)).await.unwrap();
    assert_eq!(house.remote().len(), 6);
    assert_eq!(house.call(&people[0].presented).await, 200);
}

#[tokio::test]
async fn rotating_with_grace_again_and_again_refills_no_quota() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    let first = person.presented.clone();
    house.rotate(&mut person, Some(house.later(3_600))).await.unwrap();
    // Each value has its own rest at API Gateway while the grace lasts, but the next one begins with none of it.
    house.use_up(&first, 10).await;
    house.rotate(&mut person, Some(house.later(3_600))).await.unwrap();
    assert_eq!(house.left(&person.presented).await, 0);
}

#[tokio::test]
async fn what_was_used_in_a_grace_stays_used_after_it() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.use_up(&old, 1).await;
    house.rotate(&mut person, Some(house.later(60))).await.unwrap();
    house.use_up(&old, 5).await;
    house.gateway.sweep(house.later(60)).await.unwrap();
    assert_eq!(house.left(&person.presented).await, 4);
}

#[tokio::test]
async fn what_was_used_in_a_grace_is_taken_once_however_often_the_removal_fails() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.rotate(&mut person, Some(house.later(60))).await.unwrap();
    house.use_up(&old, 5).await;
    house.aws.fault("DeleteApiKey", When::First(2), Fault::AccessDenied);
    for _ in 0..2 {
        house.gateway.sweep(house.later(60)).await.unwrap_err();
    }
    house.gateway.sweep(house.later(60)).await.unwrap();
    assert_eq!(house.call(&old).await, 403);
    assert_eq!(house.left(&person.presented).await, 5);
}

#[tokio::test]
async fn switching_off_in_a_grace_refills_no_quota() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.rotate(&mut person, Some(house.later(3_600))).await.unwrap();
    house.use_up(&old, 7).await;
    for enabled in [false, true] {
        house.change(&person, KeyChange { enabled: Some(enabled), label: None }).await.unwrap();
    }
    assert_eq!(house.left(&person.presented).await, 3);
}

#[tokio::test]
async fn revoking_in_a_grace_refills_no_quota() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.rotate(&mut person, Some(house.later(3_600))).await.unwrap();
    house.use_up(&old, 7).await;
    house.revoke(&person).await.unwrap();
    let again = house.key_for(person.owner()).await.unwrap();
    assert_eq!(house.left(&again.presented).await, 3);
}
