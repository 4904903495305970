//! A new value may be refused by API Gateway for a while without being wrong.

use access::{Gate as _, PresentedKey, UpstreamHead, Verdict};
use api_types::KeyState;
use tests::aws::FakeAws;

use crate::house::{House, SWITCH_OFF, SWITCH_ON};

const FORBIDDEN: UpstreamHead<'_> =
    UpstreamHead { status: 403, headers: &[("x-amzn-errortype", "ForbiddenException")] };

fn judged(house: &House, key: &PresentedKey, seconds: i64) -> Verdict {
    house.gateway.judge(key, FORBIDDEN, house.later(seconds))
}

#[tokio::test]
async fn a_new_key_is_activating_until_it_works_or_two_minutes_have_passed() {
    let house = House::new().await;
    let person = house.person(1).await;
    assert_eq!(house.listed(person.account).await[0].state, KeyState::Activating);
    assert_eq!(judged(&house, &person.presented, 119), Verdict::Activating);
    assert_eq!(judged(&house, &person.presented, 120), Verdict::Unknown);
    house.ended(&person.presented, Some(200)).await;
    assert_eq!(house.listed(person.account).await[0].state, KeyState::Active);
    assert_eq!(judged(&house, &person.presented, 1), Verdict::Unknown);
}

/// API Gateway gives many an answer without a look at the key.
#[tokio::test]
async fn nothing_but_a_success_shows_that_a_new_key_works() {
    let house = House::new().await;
    let person = house.person(1).await;
    for status in [400, 403, 404, 413, 429, 500, 504] {
        house.ended(&person.presented, Some(status)).await;
        assert_eq!(judged(&house, &person.presented, 1), Verdict::Activating, "{status}");
    }
    house.ended(&person.presented, Some(200)).await;
    assert_eq!(judged(&house, &person.presented, 1), Verdict::Unknown);
}

#[tokio::test]
async fn an_old_value_that_works_tells_nothing_of_the_new_one() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.ended(&old, Some(200)).await;
    house.pass(1);
    house.rotate(&mut person, Some(house.later(3_600))).await.unwrap();
    house.ended(&old, Some(200)).await;
    assert_eq!(judged(&house, &person.presented, 1), Verdict::Activating);
}

#[tokio::test]
async fn a_key_switched_on_again_is_activating_again() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.ended(&person.presented, Some(200)).await;
    house.change(&person, SWITCH_OFF).await.unwrap();
    house.pass(600);
    let entry = house.change(&person, SWITCH_ON).await.unwrap();
    assert_eq!(entry.state, KeyState::Activating);
    assert_eq!(judged(&house, &person.presented, 60), Verdict::Activating);
}

#[tokio::test]
async fn the_stage_knows_a_held_key_later() {
    let house = House::new().await;
    let aws: &FakeAws = &house.aws;
    aws.hold_activation();
    let person = house.person(1).await;
    assert_eq!(house.call(&person.presented).await, 403);
    aws.release_activation();
    assert_eq!(house.call(&person.presented).await, 200);
}
