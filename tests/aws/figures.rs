//! What is shown of a key's use: API Gateway's figures, what passed since they were read, and its refusals, which they lag
//! behind.

use access::{Gate as _, PresentedKey, UpstreamHead, Verdict};

use crate::house::{House, Person};

/// API Gateway refuses a request with this key for its quota.
fn refused(house: &House, key: &PresentedKey) {
    let head = UpstreamHead { status: 429, headers: &[("x-amzn-errortype", "LimitExceededException")] };
    let verdict = house.gateway.judge(key, head, house.now());
    assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
}

/// Somebody of whose ten requests API Gateway has counted one.
async fn used_one() -> (House, Person) {
    let house = House::new().await;
    let person = house.person(1).await;
    house.use_up(&person.presented, 1).await;
    (house, person)
}

#[tokio::test]
async fn a_refusal_outweighs_for_ten_minutes_what_is_read() {
    let (mut house, person) = used_one().await;
    refused(&house, &person.presented);
    for (seconds, used) in [(0, 10), (60, 10), (539, 10), (60, 1)] {
        house.pass(seconds);
        assert_eq!(house.used(&person).await, used, "{seconds} seconds later");
    }
}

#[tokio::test]
async fn a_refusal_of_one_of_several_values_tells_nothing_of_the_key() {
    let (mut house, mut person) = used_one().await;
    let old = person.presented.clone();
    house.rotate(&mut person, Some(house.later(3_600))).await.unwrap();
    refused(&house, &old);
    house.pass(60);
    assert_eq!(house.used(&person).await, 1);
}

#[tokio::test]
async fn what_passed_since_the_last_reading_counts_unless_it_was_refused() {
    let house = House::new().await;
    let person = house.person(1).await;
    let ends =
        [(Some(200), 1), (Some(401), 1), (Some(403), 1), (Some(429), 1), (None, 1), (Some(500), 2), (Some(404), 3)];
    for (status, used) in ends {
        house.ended(&person.presented, status).await;
        assert_eq!(house.used(&person).await, used, "{status:?}");
    }
}
