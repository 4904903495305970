//! Switching, labelling, revoking and releasing keys on API Gateway: what fails there changes nothing here, and what was
//! carried out there is noticed however its reply was lost.

use access::{KeyError, Registry as _, RemoteKeys as _};
use api_types::{KeyChange, KeyLabel, KeyState};
use futures_util::future::join_all;
use tests::aws::{Fault, When};

use crate::house::{House, SWITCH_OFF, SWITCH_ON, faults};

#[tokio::test]
async fn every_fault_while_switching_leaves_both_sides_alike() {
    join_all(faults().map(|(fault, when)| async move {
        for on in [false, true] {
            let what = format!("{fault:?} {when:?}, to {on}");
            let switch = || if on { SWITCH_ON } else { SWITCH_OFF };
            let house = House::new().await;
            let person = house.person(1).await;
            if on {
                house.change(&person, SWITCH_OFF).await.unwrap();
            }
            house.aws.fault("UpdateApiKey", when, fault.clone());
            let is_on = if house.change(&person, switch()).await.is_ok() { on } else { !on };
            house.aws.clear_faults();
            assert_eq!(house.remote()[0].enabled, is_on, "{what}");
            assert_eq!(house.is_refused(&person.presented, house.now()).await, !is_on, "{what}");
            house.change(&person, switch()).await.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(house.remote()[0].enabled, on, "{what}");
            house.assert_consistent(&what).await;
        }
    }))
    .await;
}

/// Neither the change nor the reading after it is answered: the next refresh sees what became of it.
#[tokio::test]
async fn a_switch_whose_fate_is_unknown_is_seen_by_the_next_refresh() {
    let house = House::new().await;
    let person = house.person(1).await;
    house.aws.fault("UpdateApiKey", When::Always, Fault::DropReply);
    house.aws.fault("GetApiKey", When::Always, Fault::DropRequest);
    let unknown = house.change(&person, SWITCH_OFF).await;
    assert!(matches!(unknown, Err(KeyError::Store(_))), "{unknown:?}");
    house.aws.clear_faults();
    assert!(!house.remote()[0].enabled);
    house.refresh().await;
    assert_eq!(house.listed(person.account).await[0].state, KeyState::Disabled);
    assert!(house.is_refused(&person.presented, house.now()).await);
}

#[tokio::test]
async fn a_label_is_ours_alone_and_makes_no_call() {
    let house = House::new().await;
    let person = house.person(1).await;
    let _ = house.aws.take_calls();
    let label = KeyLabel::parse("my laptop").unwrap();
    let entry = house.change(&person, KeyChange { enabled: None, label: Some(label) }).await.unwrap();
    assert_eq!(entry.label.as_str(), "my laptop");
    assert_eq!(house.aws.take_calls(), []);
}

#[tokio::test]
async fn disabling_removes_an_old_value_at_once() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.rotate(&mut person, Some(house.later(600))).await.unwrap();
    house.change(&person, SWITCH_OFF).await.unwrap();
    assert_eq!((house.call(&old).await, house.call(&person.presented).await), (403, 403));
    house.assert_consistent("off").await;
    house.change(&person, SWITCH_ON).await.unwrap();
    assert_eq!((house.call(&old).await, house.call(&person.presented).await), (403, 200));
}

#[tokio::test]
async fn every_fault_while_revoking_revokes_or_changes_nothing() {
    join_all(faults().map(|(fault, when)| async move {
        let what = format!("{fault:?} {when:?}");
        let house = House::new().await;
        let person = house.person(1).await;
        house.aws.fault("DeleteApiKey", when, fault);
        let revoked = house.revoke(&person).await;
        house.aws.clear_faults();
        if let Err(error) = revoked {
            assert!(matches!(error, KeyError::Store(_)), "{what}: {error:?}");
            assert_eq!(house.call(&person.presented).await, 200, "{what}");
            assert!(!house.is_refused(&person.presented, house.now()).await, "{what}");
            house.assert_consistent(&what).await;
            house.revoke(&person).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        assert!(house.remote().is_empty(), "{what}");
        assert!(house.listed(person.account).await.is_empty(), "{what}");
        assert!(house.is_refused(&person.presented, house.now()).await, "{what}");
        house.assert_consistent(&what).await;
        house.key_for(person.owner()).await.unwrap_or_else(|error| panic!("{what}: {error}"));
    }))
    .await;
}

#[tokio::test]
async fn a_revocation_whose_fate_is_unknown_can_be_repeated() {
    let house = House::new().await;
    let person = house.person(1).await;
    house.aws.fault("DeleteApiKey", When::Always, Fault::DropReply);
    house.aws.fault("GetApiKey", When::Always, Fault::DropRequest);
    let unknown = house.revoke(&person).await;
    assert!(matches!(unknown, Err(KeyError::Store(_))), "{unknown:?}");
    house.aws.clear_faults();
    assert!(house.remote().is_empty());
    house.revoke(&person).await.unwrap();
    assert!(matches!(house.revoke(&person).await, Err(KeyError::NotFound)));
    house.assert_consistent("revoked").await;
}

#[tokio::test]
async fn a_key_made_again_in_the_same_period_goes_on_with_what_was_used() {
    let mut house = House::new().await;
    let person = house.person(1).await;
    house.use_up(&person.presented, 4).await;
    house.revoke(&person).await.unwrap();
    house.restart().await;
    let _ = house.aws.take_calls();
    let again = house.key_for(person.owner()).await.unwrap();
    let calls: Vec<_> = house.aws.take_calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["CreateApiKey", "CreateUsagePlanKey", "UpdateUsage"]);
    assert_eq!(house.used(&again).await, 4);
    // Revoked unused, it hands on what it began with, also when only the store knows that.
    house.restart().await;
    house.revoke(&again).await.unwrap();
    let third = house.key_for(person.owner()).await.unwrap();
    assert_eq!(house.used(&third).await, 4);
    assert_eq!(house.left(&third.presented).await, 6);
    house.revoke(&third).await.unwrap();
    house.pass(86_400);
    let _ = house.aws.take_calls();
    let tomorrow = house.key_for(person.owner()).await.unwrap();
    assert_eq!(house.aws.calls_of("UpdateUsage"), []);
    assert_eq!(house.left(&tomorrow.presented).await, 10);
    let stranger = house.person(2).await;
    assert_eq!(house.left(&stranger.presented).await, 10);
}

#[tokio::test]
async fn what_was_known_of_the_use_is_carried_where_it_cant_be_read() {
    let house = House::new().await;
    let person = house.person(1).await;
    house.use_up(&person.presented, 4).await;
    house.refresh().await;
    assert_eq!(house.used(&person).await, 4);
    house.aws.fault("GetUsage", When::Always, Fault::Throttle);
    house.revoke(&person).await.unwrap();
    let again = house.key_for(person.owner()).await.unwrap();
    assert_eq!(house.left(&again.presented).await, 6);
}

#[tokio::test]
async fn a_released_account_leaves_nothing_after_the_sweep() {
    let house = House::new().await;
    let mut person = house.person(1).await;
    let other = house.person(2).await;
    house.rotate(&mut person, Some(house.later(600))).await.unwrap();
    house.gateway.release_account(person.account, house.now()).await.unwrap();
    assert!(house.is_refused(&person.presented, house.now()).await);
    house.sweep().await;
    assert_eq!(house.remote().len(), 1);
    assert_eq!(house.call(&other.presented).await, 200);
    house.assert_consistent("one is left").await;
}

#[tokio::test]
async fn an_account_released_while_aws_is_away_stays_shut_out_until_its_keys_are_removed() {
    let mut house = House::new().await;
    let mut person = house.person(1).await;
    let old = person.presented.clone();
    house.rotate(&mut person, Some(house.later(7_200))).await.unwrap();
    house.aws.fault("*", When::Always, Fault::DropRequest);
    house.gateway.release_account(person.account, house.now()).await.unwrap();
    assert_eq!(house.listed(person.account).await, []);
    house.pass(3_600);
    house.gateway.sweep(house.now()).await.unwrap_err();
    for _ in 0..2 {
        for key in [&old, &person.presented] {
            assert!(house.is_refused(key, house.now()).await, "API Gateway still takes it, we don't");
        }
        house.restart_unread().await;
    }
    house.aws.clear_faults();
    house.sweep().await;
    assert!(house.remote().is_empty());
    assert!(house.store.intents().await.unwrap().is_empty());
}
