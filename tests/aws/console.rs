//! What people do in AWS's console shows here with the next refresh, and nothing of theirs is touched.

use access::{CreateKeyError, KeyError, Registry as _, RemoteChange, RemoteKeys as _};
use api_types::{KeyState, PlanName};
use serde_json::json;
use tests::aws::{Fault, Quota, Throttle, When};

use crate::house::{House, SWITCH_OFF};

async fn plan_names(house: &House) -> Vec<String> {
    house.gateway.plans().await.unwrap().iter().map(|plan| plan.name.to_string()).collect()
}

#[tokio::test]
async fn a_key_switched_in_the_console_is_switched_here() {
    let house = House::new().await;
    let person = house.person(1).await;
    let id = house.remote()[0].id.clone();
    house.aws.console_disable_key(&id);
    house.refresh().await;
    assert_eq!(house.listed(person.account).await[0].state, KeyState::Disabled);
    assert!(house.is_refused(&person.presented, house.now()).await);
    house.aws.console_enable_key(&id);
    house.refresh().await;
    assert_ne!(house.listed(person.account).await[0].state, KeyState::Disabled);
    assert!(!house.is_refused(&person.presented, house.now()).await);
    house.assert_consistent("on again").await;
}

#[tokio::test]
async fn a_key_deleted_in_the_console_is_gone_here() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    house.rotate(&mut person, Some(house.later(86_400))).await.unwrap();
    house.pass(3_600);
    let newest = house.remote().into_iter().find(|key| key.value == person.presented.reveal()).unwrap();
    house.aws.console_delete_key(&newest.id);
    // Until that is noticed its owner sees the key, and not an error.
    assert_eq!(house.listed(person.account).await.len(), 1);
    house.refresh().await;
    assert_eq!(house.listed(person.account).await, []);
    assert!(house.remote().is_empty(), "its old value is of no more use");
    house.assert_consistent("gone").await;
    house.key_for(person.owner()).await.unwrap();
}

/// Lists may lag behind a creation.
#[tokio::test]
async fn a_new_key_that_is_missing_in_a_list_is_kept_for_a_while() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    let id = house.remote()[0].id.clone();
    house.aws.console_delete_key(&id);
    house.refresh().await;
    assert_eq!(house.listed(person.account).await.len(), 1);
    house.pass(301);
    house.refresh().await;
    assert_eq!(house.listed(person.account).await, []);
}

#[tokio::test]
async fn changing_a_key_that_was_deleted_in_the_console_finds_none() {
    let house = House::new().await;
    let person = house.person(1).await;
    house.aws.console_delete_key(&house.remote()[0].id);
    let changed = house.change(&person, SWITCH_OFF).await;
    assert!(matches!(changed, Err(KeyError::NotFound)), "{changed:?}");
    house.assert_consistent("gone").await;
    house.key_for(person.owner()).await.unwrap();
}

#[tokio::test]
async fn rotating_a_key_that_was_deleted_in_the_console_brings_it_back() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    house.use_up(&person.presented, 3).await;
    house.aws.console_delete_key(&house.remote()[0].id);
    house.rotate(&mut person, None).await.unwrap();
    assert_eq!(house.call(&person.presented).await, 200);
    house.assert_consistent("back").await;
}

#[tokio::test]
async fn plans_made_changed_and_deleted_in_the_console_are_noticed() {
    let house = House::new().await;
    let person = house.person(1).await;
    let (api, stage) = (&house.place.api_id, &house.place.stage);
    let big = house.aws.add_plan("big", None, Some(Throttle { rate: 2.5, burst: 5 }), api, stage);
    let (other_api, other_stage) = house.aws.seed_stage("http://127.0.0.1:9/v1");
    house.aws.add_plan("elsewhere", Some(Quota::per_day(1)), None, &other_api, &other_stage);
    assert_eq!(plan_names(&house).await, ["basic"]);
    house.refresh().await;
    assert_eq!(plan_names(&house).await, ["basic", "big"]);
    let throttle = house.gateway.plans().await.unwrap()[1].throttle.unwrap();
    assert_eq!((throttle.rate, throttle.burst), (2.5, 5));
    house.gateway.order_plans(vec![PlanName::parse("big").unwrap()]);
    assert_eq!(plan_names(&house).await, ["big", "basic"]);

    house.aws.console_delete_plan(&big);
    house.aws.console_delete_plan(&house.plan);
    house.gateway.refresh(house.now()).await.unwrap_err();
    assert_eq!(plan_names(&house).await, [""; 0]);
    assert_eq!(house.listed(person.account).await[0].state, KeyState::Disabled);
    let refused = house.key_for(house.sign_up(2).await).await.err().unwrap();
    assert!(matches!(refused, CreateKeyError::UnknownPlan), "{refused:?}");
    // Its keys can still be revoked.
    house.revoke(&person).await.unwrap();
    assert!(house.remote().is_empty());
}

/// Rate and burst are optional by themselves, and 0 then: the stage lets nothing through.
#[tokio::test]
async fn a_plan_with_half_a_throttle_is_not_offered_as_one_without() {
    let house = House::new().await;
    let (api, stage) = (&house.place.api_id, &house.place.stage);
    for (name, throttle) in [("rate", Throttle { rate: 2.5, burst: 0 }), ("burst", Throttle { rate: 0.0, burst: 5 })] {
        house.aws.add_plan(name, None, Some(throttle), api, stage);
    }
    house.refresh().await;
    assert_eq!(plan_names(&house).await, ["basic"]);
}

#[tokio::test]
async fn only_our_own_keys_that_nobody_knows_are_removed_and_only_when_they_are_old() {
    let mut house = House::new().await;
    let neighbour = house.beside().await;
    let theirs = neighbour.person(1).await;
    let console = house.aws.console_create_key("made-in-the-console-by-somebody", Some(&house.plan));
    let person = house.person(1).await;
    let lost = house.person(2).await;
    // As when a store was put back from a copy: no row and no intent.
    let forgotten = RemoteChange { remove: vec![lost.key], ..RemoteChange::default() };
    house.store.change_remote(forgotten).await.unwrap();
    house.restart().await;
    house.pass(600);
    house.refresh().await;
    assert_eq!(house.remote().len(), 4, "it could be somebody's who is at it right now");
    house.pass(1);
    house.refresh().await;
    let left: Vec<_> = house.remote().into_iter().map(|key| key.value).collect();
    assert_eq!(left.len(), 3);
    assert!(!left.contains(&lost.presented.reveal().to_owned()));
    for key in [&person.presented, &theirs.presented] {
        assert_eq!(house.call(key).await, 200);
    }
    assert!(house.remote().iter().any(|key| key.id == console));
}

/// It is rather our rows that are missing: the data folder is an old copy.
#[tokio::test]
async fn many_keys_that_nobody_knows_are_left_alone() {
    let mut house = House::new().await;
    let mut remove = Vec::new();
    for owner in 1..=6 {
        remove.push(house.person(owner).await.key);
    }
    house.store.change_remote(RemoteChange { remove, ..RemoteChange::default() }).await.unwrap();
    house.restart().await;
    house.pass(3_600);
    house.refresh().await;
    assert_eq!(house.remote().len(), 6);
}

#[tokio::test]
async fn keys_of_a_plan_that_was_made_anew_are_attached_to_it() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.aws.console_delete_plan(&house.plan);
    house.gateway.refresh(house.now()).await.unwrap_err();
    assert_eq!(house.call(&person.presented).await, 403);
    let (api, stage) = (house.place.api_id.clone(), house.place.stage.clone());
    house.plan = house.aws.add_plan("basic", Some(Quota::per_day(5)), None, &api, &stage);
    house.refresh().await;
    assert_eq!(house.call(&person.presented).await, 200);
    house.assert_consistent("attached again").await;
    let _ = house.aws.take_calls();
    house.refresh().await;
    assert_eq!(house.aws.calls_of("CreateUsagePlanKey"), [], "once");
}

/// A deployment of the stage's API, on a new stage of the name.
pub fn make_the_stage_anew(house: &House) {
    let (api, stage) = (&house.place.api_id, &house.place.stage);
    house.aws.console_delete_stage(api, stage);
    house.aws.console("POST", &format!("/restapis/{api}/deployments"), &json!({"stageName": stage}));
}

/// AWS takes a deleted stage out of its usage plans without a word.
#[tokio::test]
async fn a_stage_that_was_made_anew_gets_its_plans_back() {
    for is_restarted in [false, true] {
        let mut house = House::new().await;
        let person = house.person(1).await;
        house.pass(3_600);
        if is_restarted {
            make_the_stage_anew(&house);
            house.restart_unread().await;
        } else {
            house.refresh().await;
            house.pass(50);
            make_the_stage_anew(&house);
        }
        assert_eq!(house.call(&person.presented).await, 403);
        house.refresh().await;
        assert_eq!(house.call(&person.presented).await, 200, "{is_restarted}");
        house.assert_consistent("linked again").await;
        let _ = house.aws.take_calls();
        house.refresh().await;
        assert_eq!(house.aws.calls_of("UpdateUsagePlan"), [], "once");
        assert_eq!(house.aws.calls_of("GetStage"), [], "nothing is missing");
    }
}

/// Its clock may be behind ours.
#[tokio::test]
async fn a_stage_made_anew_within_a_minute_before_it_was_last_seen_gets_its_plans_back() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.pass(3_600);
    house.refresh().await;
    house.aws.clock().set_now(house.later(-59));
    make_the_stage_anew(&house);
    house.refresh().await;
    assert_eq!(house.call(&person.presented).await, 200);
}

#[tokio::test]
async fn without_the_right_to_look_at_the_stage_plans_are_read_all_the_same() {
    let house = House::new().await;
    house.aws.fault("GetStage", When::Always, Fault::AccessDenied);
    house.aws.console_delete_plan(&house.plan);
    let said = house.gateway.refresh(house.now()).await.unwrap_err().to_string();
    assert!(said.contains("no usage plan is attached to stage"), "{said}");
}

/// Whoever takes a plan off the stage means it.
#[tokio::test]
async fn a_plan_that_was_taken_off_the_stage_stays_off() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.pass(3_600);
    house.refresh().await;
    house.pass(50);
    let value = format!("{}:{}", house.place.api_id, house.place.stage);
    let off = json!({"op": "remove", "path": "/apiStages", "value": value});
    house.aws.console("PATCH", &format!("/usageplans/{}", house.plan), &json!({"patchOperations": [off]}));
    let said = house.gateway.refresh(house.now()).await.unwrap_err().to_string();
    assert!(said.contains("no usage plan is attached to stage"), "{said}");
    house.pass(50);
    make_the_stage_anew(&house);
    house.gateway.refresh(house.now()).await.unwrap_err();
    assert_eq!(house.call(&person.presented).await, 403);
}

#[tokio::test]
async fn values_in_their_grace_are_attached_to_a_plan_made_anew_too() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    let mut values = vec![person.presented.clone()];
    for grace in [600, 900] {
        house.rotate(&mut person, Some(house.later(grace))).await.unwrap();
        values.push(person.presented.clone());
    }
    house.aws.console_delete_plan(&house.plan);
    house.gateway.refresh(house.now()).await.unwrap_err();
    let (api, stage) = (house.place.api_id.clone(), house.place.stage.clone());
    house.plan = house.aws.add_plan("basic", Some(Quota::per_day(5)), None, &api, &stage);
    // One of them can't be attached at first.
    house.aws.fault("CreateUsagePlanKey", When::Nth(2), Fault::AccessDenied);
    house.gateway.refresh(house.now()).await.unwrap_err();
    house.refresh().await;
    for value in &values {
        assert_eq!(house.call(value).await, 200);
    }
    house.assert_consistent("attached again").await;
    let _ = house.aws.take_calls();
    house.refresh().await;
    assert_eq!(house.aws.calls_of("CreateUsagePlanKey"), [], "once");
}

#[tokio::test]
async fn a_value_whose_grace_has_ended_is_not_attached_to_a_plan_made_anew() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.rotate(&mut person, Some(house.later(60))).await.unwrap();
    house.pass(60);
    house.aws.console_delete_plan(&house.plan);
    let (api, stage) = (&house.place.api_id, &house.place.stage);
    house.aws.add_plan("basic", Some(Quota::per_day(5)), None, api, stage);
    house.refresh().await;
    assert_eq!((house.call(&old).await, house.call(&person.presented).await), (403, 200));
}

/// Names are not unique in API Gateway, and a key may hang on one plan of a stage only.
#[tokio::test]
async fn a_second_plan_of_the_same_name_takes_no_key_from_the_first() {
    let house = House::new().await;
    let person = house.person(1).await;
    for _ in 0..8 {
        // Of ids without an order, some are before the first one's.
        let (api, stage) = (&house.place.api_id, &house.place.stage);
        house.aws.add_plan("basic", Some(Quota::per_day(5)), None, api, stage);
    }
    house.refresh().await;
    assert_eq!(plan_names(&house).await, ["basic"]);
    house.use_up(&person.presented, 3).await;
    assert_eq!(house.left(&person.presented).await, 7);
    house.refresh().await;
    assert_eq!(house.used(&person).await, 10);
    house.assert_consistent("where it was").await;
}
