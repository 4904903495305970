//! What is asked of AWS, and how often: its control plane takes ten requests a second for a whole account.

use access::{Gate as _, Inspection, NotReady, Registry as _};
use api_types::AdmissionId;
use tests::aws::{Fault, When};

use crate::house::House;

fn operations(house: &House) -> Vec<&'static str> {
    house.aws.take_calls().into_iter().map(|call| call.operation).collect()
}

/// All that a page and a request look at.
async fn look(house: &House, person: &crate::house::Person, seconds: i64) {
    let now = house.later(seconds);
    house.gateway.plans().await.unwrap();
    assert_eq!(house.gateway.keys(person.account, now).await.unwrap().len(), 1);
    let told = house.gateway.inspect(&person.presented, now).await.unwrap();
    assert!(matches!(told, Inspection::Known(_)), "{told:?}");
    house.gateway.admit(&person.presented, AdmissionId::from_random([1; 16]), now).await.unwrap();
    house.gateway.recognise(&person.presented, now).await.unwrap();
}

#[tokio::test]
async fn nothing_is_asked_within_a_minute_of_the_creation_or_the_first_look() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    operations(&house);
    for seconds in [0, 1, 30, 59] {
        look(&house, &person, seconds).await;
    }
    assert_eq!(operations(&house), [""; 0]);
    house.restart().await;
    operations(&house);
    look(&house, &person, 60).await;
    assert_eq!(operations(&house), ["GetUsage"]);
    look(&house, &person, 119).await;
    assert_eq!(operations(&house), [""; 0]);
}

#[tokio::test]
async fn a_page_that_stays_open_asks_nothing_itself() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    look(&house, &person, 0).await;
    operations(&house);
    for _ in 0..15 {
        house.pass(50);
        house.refresh().await;
        assert_eq!(operations(&house), ["GetUsagePlans", "GetApiKeys", "GetUsage"]);
        for seconds in [0, 25, 49] {
            look(&house, &person, seconds).await;
        }
        assert_eq!(operations(&house), [""; 0]);
    }
    // Nobody looks any more: for ten minutes after the last look it is read again.
    for round in 1..=15 {
        house.pass(50);
        house.refresh().await;
        let is_read = operations(&house).contains(&"GetUsage");
        assert_eq!(is_read, round <= 12, "{round}");
    }
}

#[tokio::test]
async fn requests_of_any_key_ask_the_control_plane_nothing() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.restart().await;
    house.pass(3_600);
    operations(&house);
    house.gateway.admit(&person.presented, AdmissionId::from_random([1; 16]), house.now()).await.unwrap();
    house.gateway.recognise(&person.presented, house.now()).await.unwrap();
    assert_eq!(operations(&house), [""; 0]);
}

#[tokio::test]
async fn a_gate_that_asked_nothing_yet_is_not_ready() {
    let mut house = House::new().await;
    house.restart_unread().await;
    let told = house.gateway.ready().await;
    assert!(matches!(told, Err(NotReady::Provider(_))), "{told:?}");
    house.refresh().await;
    house.gateway.ready().await.unwrap();
}

#[tokio::test]
async fn a_refresh_gives_up_soon_when_aws_is_away() {
    let house = House::new().await;
    for owner in 1..=5 {
        let person = house.person(owner).await;
        look(&house, &person, 0).await;
    }
    operations(&house);
    house.aws.fault("*", When::Always, Fault::AccessDenied);
    house.gateway.refresh(house.now()).await.unwrap_err();
    assert_eq!(operations(&house), ["GetUsagePlans"]);
    house.aws.clear_faults();
    house.aws.fault("GetUsage", When::Always, Fault::AccessDenied);
    house.gateway.refresh(house.now()).await.unwrap_err();
    assert_eq!(operations(&house), ["GetUsagePlans", "GetApiKeys", "GetUsage"]);
}

#[tokio::test]
async fn a_years_usage_asks_only_for_the_days_that_the_key_saw() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.use_up(&person.presented, 2).await;
    house.pass(86_400);
    house.use_up(&person.presented, 1).await;
    operations(&house);
    let day = |text: &str| text.parse().unwrap();
    let usage = house.gateway.usage(person.account, person.key, day("2026-01-01"), day("2026-11-23")).await.unwrap();
    let calls = house.aws.take_calls();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].query.contains("startDate=2026-11-21"), "{}", calls[0].query);
    let used: Vec<_> = usage.iter().rev().take(4).map(|row| (row.date.to_string(), row.used, row.limit)).collect();
    let expected = [("2026-11-23", 0), ("2026-11-22", 1), ("2026-11-21", 2), ("2026-11-20", 0)];
    assert_eq!(used, expected.map(|(date, used)| (date.to_owned(), used, Some(10))));
    assert_eq!(usage.len(), 327);
}
