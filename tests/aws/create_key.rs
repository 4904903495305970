//! `create_key` on API Gateway: its calls, and every fault at every step; after each the sweep leaves no key that
//! nobody has.

use std::collections::HashSet;

use access::{CreateKeyError, RemoteKeys as _};
use futures_util::future::join_all;
use tests::aws::{Fault, When};

use crate::house::{House, faults};

#[tokio::test]
async fn a_key_takes_two_calls_and_carries_our_ids() {
    let house = House::new().await;
    let person = house.person(1).await;
    let calls: Vec<_> = house.aws.take_calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["CreateApiKey", "CreateUsagePlanKey"]);
    let key = &house.remote()[0];
    assert!(key.enabled);
    assert_eq!(key.value, person.presented.reveal());
    let name = key.name.as_deref().unwrap();
    for id in [person.key.to_string(), person.account.to_string()] {
        assert!(name.contains(&id), "{name}");
        assert!(key.tags.values().any(|tag| *tag == id), "{:?}", key.tags);
    }
    assert_eq!(key.tags["managed-by"], "tollgate");
    assert!(name.contains(&key.tags["tollgate:operation"]), "{name}");
    house.assert_consistent("one key").await;
    assert_eq!(house.listed(person.account).await.len(), 1);
}

#[tokio::test]
async fn every_fault_at_every_step_gives_one_key_or_none() {
    for step in ["CreateApiKey", "CreateUsagePlanKey"] {
        join_all(faults().map(|(fault, when)| async move { one_fault(step, &fault, when, &[]).await })).await;
    }
}

/// When reading what became of a lost reply fails too, or taking a half-made key away.
#[tokio::test]
async fn faults_of_what_mends_a_fault_leave_nothing_either() {
    for (step, also) in [
        ("CreateApiKey", vec!["GetApiKeys"]),
        ("CreateUsagePlanKey", vec!["GetUsagePlans"]),
        ("CreateUsagePlanKey", vec!["DeleteApiKey"]),
        ("CreateUsagePlanKey", vec!["GetUsagePlans", "DeleteApiKey", "GetApiKey"]),
    ] {
        let mut failed_too = HashSet::new();
        for fault in [Fault::DropReply, Fault::AccessDenied, Fault::Html500] {
            failed_too.extend(one_fault(step, &fault, When::Always, &also).await);
        }
        assert_eq!(failed_too, also.iter().copied().collect(), "{step}: what should fail too was not asked for");
    }
}

/// Which of the others were asked for, and failed too.
async fn one_fault<'a>(step: &str, fault: &Fault, when: When, also: &[&'a str]) -> Vec<&'a str> {
    let what = format!("{fault:?} at {step}, {when:?}, with {also:?} failing too");
    let house = House::new().await;
    let account = house.sign_up(1).await;
    house.aws.fault(step, when, fault.clone());
    for other in also {
        house.aws.fault(other, When::Always, Fault::DropRequest);
    }
    let made = house.key_for(account).await;
    assert!(!house.aws.calls_of(step).is_empty(), "{what}: nobody came there");
    let failed_too = also.iter().copied().filter(|other| !house.aws.calls_of(other).is_empty()).collect();
    house.aws.clear_faults();
    house.sweep().await;
    house.assert_consistent(&what).await;
    match made {
        Ok(person) => {
            assert_eq!(house.listed(account.0).await.len(), 1, "{what}");
            assert_eq!(house.remote()[0].value, person.presented.reveal(), "{what}");
        }
        Err(CreateKeyError::CreateFailed(error)) => {
            assert!(house.remote().is_empty(), "{what}");
            assert!(house.listed(account.0).await.is_empty(), "{what}");
            let said = error.to_string();
            assert!(!said.contains("tg_") && !said.contains('\n'), "{what}: {said}");
            // Nothing is in the way of another try.
            house.key_for(account).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        Err(other) => panic!("{what}: {other:?}"),
    }
    assert!(house.store.intents().await.unwrap().is_empty(), "{what}");
    failed_too
}

#[tokio::test]
async fn a_plan_deleted_behind_our_back_is_an_unknown_plan_and_leaves_nothing() {
    let house = House::new().await;
    let account = house.sign_up(1).await;
    house.aws.console_delete_plan(&house.plan);
    for _ in 0..2 {
        let refused = house.key_for(account).await.err().unwrap();
        assert!(matches!(refused, CreateKeyError::UnknownPlan), "{refused:?}");
        assert!(house.remote().is_empty());
    }
    assert!(house.store.intents().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_caller_who_leaves_leaves_a_whole_key_behind() {
    let house = House::new().await;
    let account = house.sign_up(1).await;
    house.aws.fault("CreateUsagePlanKey", When::Next, Fault::HangReply);
    {
        let creating = std::pin::pin!(house.key_for(account));
        let begun = tests::wait_until("the key is being attached", || {
            let calls = house.aws.calls_of("CreateUsagePlanKey").len();
            async move { (calls > 0).then_some(()) }
        });
        tokio::select! {
            _ = creating => panic!("it can't be done yet"),
            () = begun => {}
        }
    }
    house.aws.release_hanging();
    tests::wait_until("the key is listed", || async { (!house.listed(account.0).await.is_empty()).then_some(()) })
        .await;
    house.assert_consistent("a caller left").await;
}
