//! What was used before a value was made, where API Gateway can't be told: shown as API Gateway has it, and made up for.

use access::Registry as _;
use api_types::KeyEntry;
use tests::aws::{Fault, Quota, When};

use crate::house::{House, Person, SWITCH_OFF, SWITCH_ON};

const NOT_BUILT: Fault = Fault::Status(501, "NotImplementedException", "The operation is not implemented");

async fn entry(house: &House, person: &Person) -> KeyEntry {
    house.listed(person.account).await.remove(0)
}

/// What is shown of a key: used, and whether more than that was used before.
async fn shown(house: &House, person: &Person) -> (u64, bool) {
    (house.used(person).await, entry(house, person).await.carry_over_pending)
}

/// Somebody who used four of ten, and whose value was then replaced, of which API Gateway could not be told.
async fn rotated_untold(fault: Fault) -> (House, Person) {
    let house = House::new().await;
    let mut person = house.person(1).await;
    house.use_up(&person.presented, 4).await;
    house.aws.fault("UpdateUsage", When::Always, fault);
    house.rotate(&mut person, None).await.unwrap();
    (house, person)
}

#[tokio::test]
async fn what_api_gateway_may_allow_again_is_shown_until_it_was_told() {
    let (mut house, person) = rotated_untold(NOT_BUILT).await;
    for _ in 0..2 {
        assert_eq!(shown(&house, &person).await, (0, true), "all ten may be used");
        house.gateway.sweep(house.now()).await.unwrap();
        house.restart().await;
    }
    house.use_up(&person.presented, 1).await;
    house.pass(60);
    assert_eq!(shown(&house, &person).await, (1, true));
    house.aws.clear_faults();
    house.gateway.sweep(house.now()).await.unwrap();
    assert_eq!(shown(&house, &person).await, (5, false));
    let _ = house.aws.take_calls();
    house.gateway.sweep(house.now()).await.unwrap();
    assert_eq!(house.aws.take_calls(), [], "once");
    house.restart().await;
    assert_eq!(shown(&house, &person).await, (5, false));
    assert_eq!(house.left(&person.presented).await, 5);
}

#[tokio::test]
async fn a_key_made_again_whose_start_could_not_be_told_is_made_up_for_too() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.use_up(&person.presented, 4).await;
    house.revoke(&person).await.unwrap();
    house.aws.fault("UpdateUsage", When::Always, NOT_BUILT);
    let again = house.key_for(person.owner()).await.unwrap();
    assert_eq!(shown(&house, &again).await, (0, true));
    house.restart().await;
    assert_eq!(shown(&house, &again).await, (0, true));
    house.aws.clear_faults();
    house.gateway.sweep(house.now()).await.unwrap();
    assert_eq!(shown(&house, &again).await, (4, false));
    assert_eq!(house.left(&again.presented).await, 6);
}

/// It was done, and we don't know.
#[tokio::test]
async fn what_was_told_although_the_reply_was_lost_is_not_taken_twice() {
    let (house, person) = rotated_untold(Fault::DropReply).await;
    house.use_up(&person.presented, 1).await;
    house.aws.clear_faults();
    house.gateway.sweep(house.now()).await.unwrap();
    assert_eq!(shown(&house, &person).await, (5, false));
    assert_eq!(house.left(&person.presented).await, 5);
}

#[tokio::test]
async fn what_could_not_be_told_goes_on_to_the_next_value_and_the_next_key() {
    for revoke in [false, true] {
        let (house, mut person) = rotated_untold(NOT_BUILT).await;
        house.use_up(&person.presented, 2).await;
        house.aws.clear_faults();
        if revoke {
            house.revoke(&person).await.unwrap();
            person = house.key_for(person.owner()).await.unwrap();
        } else {
            house.rotate(&mut person, None).await.unwrap();
        }
        assert_eq!(shown(&house, &person).await, (6, false), "{revoke}");
        assert_eq!(house.left(&person.presented).await, 4, "{revoke}");
    }
}

#[tokio::test]
async fn what_could_not_be_told_goes_on_although_nothing_can_be_read() {
    let (house, person) = rotated_untold(NOT_BUILT).await;
    house.use_up(&person.presented, 1).await;
    house.ended(&person.presented, Some(200)).await;
    house.aws.clear_faults();
    house.aws.fault("GetUsage", When::Always, Fault::AccessDenied);
    house.revoke(&person).await.unwrap();
    house.aws.clear_faults();
    let again = house.key_for(person.owner()).await.unwrap();
    assert_eq!(shown(&house, &again).await, (5, false));
    assert_eq!(house.left(&again.presented).await, 5);
}

#[tokio::test]
async fn with_its_period_it_is_forgotten() {
    let (mut house, person) = rotated_untold(NOT_BUILT).await;
    house.aws.clear_faults();
    house.pass(86_400);
    assert_eq!(shown(&house, &person).await, (0, false));
    house.gateway.sweep(house.now()).await.unwrap();
    assert_eq!(house.aws.calls_of("UpdateUsage").len(), 1, "the one that failed");
    assert_eq!(house.left(&person.presented).await, 10);
}

#[tokio::test]
async fn what_was_used_in_a_grace_and_could_not_be_told_is_made_up_for() {
    for is_switched_off in [false, true] {
        let mut house = House::new().await;
        let mut person = house.person(1).await;
        let old = person.presented.clone();
        house.rotate(&mut person, Some(house.later(60))).await.unwrap();
        house.use_up(&old, 3).await;
        house.use_up(&person.presented, 1).await;
        house.aws.fault("UpdateUsage", When::Always, NOT_BUILT);
        if is_switched_off {
            house.change(&person, SWITCH_OFF).await.unwrap();
            house.change(&person, SWITCH_ON).await.unwrap();
        } else {
            house.pass(60);
            house.gateway.sweep(house.now()).await.unwrap();
        }
        assert_eq!(shown(&house, &person).await, (1, true), "{is_switched_off}");
        house.aws.clear_faults();
        house.gateway.sweep(house.now()).await.unwrap();
        assert_eq!(shown(&house, &person).await, (4, false), "{is_switched_off}");
        house.assert_consistent("told").await;
        assert_eq!(house.left(&person.presented).await, 6, "{is_switched_off}");
    }
}

/// A plan made anew has counted nothing.
#[tokio::test]
async fn a_plan_made_anew_is_told_what_was_used_before() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.use_up(&person.presented, 4).await;
    house.pass(60);
    assert_eq!(house.used(&person).await, 4);
    house.aws.console_delete_plan(&house.plan);
    house.gateway.refresh(house.now()).await.unwrap_err();
    let (api, stage) = (house.place.api_id.clone(), house.place.stage.clone());
    house.plan = house.aws.add_plan("basic", Some(Quota::per_day(5)), None, &api, &stage);
    house.refresh().await;
    assert_eq!(shown(&house, &person).await, (0, true));
    house.gateway.sweep(house.now()).await.unwrap();
    assert_eq!(shown(&house, &person).await, (4, false));
    assert_eq!(house.left(&person.presented).await, 1);
    assert_eq!(house.gateway.keys(person.account, house.now()).await.unwrap().len(), 1);
}
