//! Rotation on API Gateway: a new value takes the old one's place with what is left of its quota, and any fault at any
//! step leaves exactly one good value.

use std::collections::HashSet;

use access::{KeyError, Registry as _};
use futures_util::future::join_all;
use serde_json::json;
use tests::aws::{Fault, When};

use crate::house::{House, faults};

fn operations(house: &House) -> Vec<&'static str> {
    house.aws.take_calls().into_iter().map(|call| call.operation).collect()
}

#[tokio::test]
async fn a_new_value_is_attached_and_the_old_one_is_gone() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    operations(&house);
    house.rotate(&mut person, None).await.unwrap();
    assert_eq!(operations(&house), ["GetUsage", "CreateApiKey", "CreateUsagePlanKey", "DeleteApiKey"]);
    assert_eq!((house.call(&old).await, house.call(&person.presented).await), (403, 200));
    assert!(house.is_refused(&old, house.now()).await);
    assert!(!house.is_refused(&person.presented, house.now()).await);
    house.assert_consistent("rotated").await;
    let listed = &house.listed(person.account).await[0];
    assert_eq!((listed.id, listed.rotated_at, listed.old_value_until), (person.key, Some(house.now()), None));
}

#[tokio::test]
async fn with_grace_both_values_work_until_the_sweep_after_it() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    let until = house.later(60);
    house.rotate(&mut person, Some(until)).await.unwrap();
    assert_eq!((house.call(&old).await, house.call(&person.presented).await), (200, 200));
    house.gateway.sweep(house.later(59)).await.unwrap();
    assert_eq!(house.call(&old).await, 200);
    assert!(!house.is_refused(&old, house.later(59)).await);
    // Through us it ends at once, at the stage with the sweep.
    assert!(house.is_refused(&old, until).await);
    // A restart changes nothing of that.
    house.restart().await;
    assert!(!house.is_refused(&old, house.later(59)).await);
    house.gateway.sweep(until).await.unwrap();
    assert_eq!((house.call(&old).await, house.call(&person.presented).await), (403, 200));
    house.assert_consistent("after the grace").await;
    assert_eq!(house.remote().len(), 1);
    assert_eq!(house.store_earlier().await, [], "the row remembers the old value no more");
}

#[tokio::test]
async fn each_earlier_value_works_until_its_own_grace_ends() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    let mut values = vec![person.presented.clone()];
    for grace in [600, 60, 300] {
        house.rotate(&mut person, Some(house.later(grace))).await.unwrap();
        values.push(person.presented.clone());
    }
    house.assert_consistent("four values").await;
    // A restart changes nothing of that.
    house.restart().await;
    let alive = async |house: &House| {
        let mut alive = Vec::new();
        for value in &values {
            let works = house.call(value).await == 200;
            assert_eq!(house.is_refused(value, house.now()).await, !works);
            alive.push(works);
        }
        alive
    };
    for (seconds, expected) in [
        (0, [true, true, true, true]),
        (60, [true, false, true, true]),
        (240, [true, false, false, true]),
        (300, [false, false, false, true]),
    ] {
        house.pass(seconds);
        house.gateway.sweep(house.now()).await.unwrap();
        assert_eq!(alive(&house).await, expected, "{seconds} seconds later");
        house.assert_consistent("after a grace").await;
    }
}

#[tokio::test]
async fn a_fifth_value_in_its_grace_is_refused_and_nothing_is_made() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    for grace in [400, 100, 300, 200] {
        house.rotate(&mut person, Some(house.later(grace))).await.unwrap();
    }
    operations(&house);
    let refused = house.rotate(&mut person, Some(house.later(50))).await;
    let first_end = house.later(100);
    assert!(matches!(refused, Err(KeyError::TooManyOldValues { until }) if until == first_end), "{refused:?}");
    assert_eq!(operations(&house), [""; 0]);
    house.assert_consistent("five values").await;
    // Without a grace nothing more is promised.
    house.rotate(&mut person, None).await.unwrap();
    house.assert_consistent("still five").await;
    assert_eq!(house.remote().len(), 5);
    house.pass(100);
    house.rotate(&mut person, Some(house.later(600))).await.unwrap();
    house.assert_consistent("the one that has ended made room").await;
    assert_eq!(house.remote().len(), 5);
    assert_eq!(house.call(&person.presented).await, 200);
}

#[tokio::test]
async fn the_new_value_begins_with_what_is_left_of_the_quota() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    house.use_up(&person.presented, 4).await;
    operations(&house);
    house.rotate(&mut person, None).await.unwrap();
    let calls = house.aws.calls_of("UpdateUsage");
    assert_eq!(calls.len(), 1);
    let new = &house.remote()[0].id;
    assert_eq!(calls[0].path, format!("/usageplans/{}/keys/{new}/usage", house.plan));
    assert_eq!(calls[0].body, json!({"patchOperations": [{"op": "replace", "path": "/remaining", "value": "6"}]}));
    assert_eq!(house.used(&person).await, 4);
    assert_eq!(house.left(&person.presented).await, 6);
}

#[tokio::test]
async fn a_spent_quota_stays_spent_however_often_the_key_is_rotated() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    house.use_up(&person.presented, 10).await;
    for round in 0..4 {
        house.rotate(&mut person, None).await.unwrap();
        assert_eq!(house.left(&person.presented).await, 0, "round {round}");
        assert_eq!(house.used(&person).await, 10, "round {round}");
        if round == 1 {
            // What is only in memory is gone, and API Gateway lists no use of a value that made no request.
            house.restart().await;
            assert_eq!(house.used(&person).await, 10);
        }
    }
    house.pass(86_400);
    house.rotate(&mut person, None).await.unwrap();
    assert_eq!(house.left(&person.presented).await, 10, "a new day");
}

/// API Gateway counts each value by itself.
#[tokio::test]
async fn what_is_used_with_the_old_value_in_its_grace_counts_in_the_end() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.use_up(&old, 2).await;
    let until = house.later(600);
    house.rotate(&mut person, Some(until)).await.unwrap();
    house.use_up(&old, 3).await;
    house.use_up(&person.presented, 1).await;
    house.pass(600);
    house.gateway.sweep(house.now()).await.unwrap();
    house.assert_consistent("after the grace").await;
    assert_eq!(house.left(&person.presented).await, 4);
}

#[tokio::test]
async fn what_is_used_with_each_of_several_old_values_counts_once_in_the_end() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    let first = person.presented.clone();
    house.use_up(&first, 1).await;
    house.rotate(&mut person, Some(house.later(600))).await.unwrap();
    let second = person.presented.clone();
    house.use_up(&first, 1).await;
    house.use_up(&second, 1).await;
    // It begins with what is left after three.
    house.rotate(&mut person, Some(house.later(300))).await.unwrap();
    assert_eq!(house.used(&person).await, 3);
    house.use_up(&first, 1).await;
    house.use_up(&second, 1).await;
    house.use_up(&person.presented, 1).await;
    house.pass(300);
    assert_eq!(house.used(&person).await, 6);
    for _ in 0..2 {
        house.gateway.sweep(house.now()).await.unwrap();
        house.assert_consistent("after a grace").await;
        house.pass(60);
        assert_eq!(house.used(&person).await, 6);
        house.pass(240);
    }
    assert_eq!(house.left(&person.presented).await, 4);
}

#[tokio::test]
async fn what_an_old_value_is_used_for_on_another_day_counts_there_in_full() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.use_up(&old, 3).await;
    house.rotate(&mut person, Some(house.later(2 * 86_400))).await.unwrap();
    house.pass(86_400);
    house.use_up(&old, 2).await;
    assert_eq!(house.used(&person).await, 2);
}

#[tokio::test]
async fn a_key_that_is_off_is_rotated_without_switching_it_on() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    house.change(&person, crate::house::SWITCH_OFF).await.unwrap();
    house.rotate(&mut person, Some(house.later(600))).await.unwrap();
    assert_eq!(house.call(&person.presented).await, 403);
    assert_eq!(house.remote().len(), 1, "an old value that is off has no grace");
    house.change(&person, crate::house::SWITCH_ON).await.unwrap();
    assert_eq!(house.call(&person.presented).await, 200);
    house.assert_consistent("on again").await;
}

#[tokio::test]
async fn every_fault_at_every_step_leaves_one_good_value() {
    for step in ["GetUsage", "CreateApiKey", "CreateUsagePlanKey", "UpdateUsage", "DeleteApiKey"] {
        join_all(faults().map(|(fault, when)| one_fault(step, fault, when, &[]))).await;
    }
}

/// When reading what became of a lost reply fails too, or taking a value away.
#[tokio::test]
async fn faults_of_what_mends_a_fault_leave_one_good_value_too() {
    for (step, also) in [
        ("CreateApiKey", &["GetApiKeys"][..]),
        ("CreateUsagePlanKey", &["GetUsagePlans", "DeleteApiKey", "GetApiKey"]),
        ("DeleteApiKey", &["GetApiKey"]),
    ] {
        let faults = [Fault::DropReply, Fault::AccessDenied, Fault::Html500];
        let failed_too = join_all(faults.map(|fault| one_fault(step, fault, When::Always, also))).await;
        let failed_too: HashSet<_> = failed_too.into_iter().flatten().collect();
        assert_eq!(failed_too, also.iter().copied().collect(), "{step}: what should fail too was not asked for");
    }
}

/// Which of the others were asked for, and failed too.
async fn one_fault<'a>(step: &str, fault: Fault, when: When, also: &[&'a str]) -> Vec<&'a str> {
    let what = format!("{fault:?} at {step}, {when:?}, with {also:?} failing too");
    let house = House::new().await;
    let mut person = house.person(1).await;
    house.use_up(&person.presented, 1).await;
    let old = person.presented.clone();
    house.aws.fault(step, when, fault);
    for other in also {
        house.aws.fault(other, When::Always, Fault::DropRequest);
    }
    let _ = house.aws.take_calls();
    let rotated = house.rotate(&mut person, None).await;
    assert!(!house.aws.calls_of(step).is_empty(), "{what}: nobody came there");
    let failed_too = also.iter().copied().filter(|other| !house.aws.calls_of(other).is_empty()).collect();
    house.aws.clear_faults();
    house.sweep().await;
    house.assert_consistent(&what).await;
    assert_eq!(house.remote().len(), 1, "{what}");
    assert_eq!(house.call(&person.presented).await, 200, "{what}: the good value is the one that was answered");
    assert!(!house.is_refused(&person.presented, house.now()).await, "{what}");
    match rotated {
        Ok(()) => {
            assert_eq!(house.call(&old).await, 403, "{what}");
            assert!(house.is_refused(&old, house.now()).await, "{what}");
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!said.contains("tg_") && !said.contains('\n'), "{what}: {said}");
        }
    }
    house.rotate(&mut person, None).await.unwrap_or_else(|error| panic!("{what}: {error}"));
    house.assert_consistent(&what).await;
    assert_eq!(house.gateway.keys(person.account, house.now()).await.unwrap().len(), 1, "{what}");
    failed_too
}
