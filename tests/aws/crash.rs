//! A process killed in the middle of any call: the next one finds what it began, and leaves one good key or none.

use access::Registry as _;
use tests::aws::{Fault, When};

use crate::house::{House, SWITCH_OFF};

/// Before the call was carried out, and after.
const WHERE: [Fault; 2] = [Fault::Hang, Fault::HangReply];

#[tokio::test]
async fn a_creation_killed_at_any_step_leaves_nothing_and_nothing_in_the_way() {
    for step in ["CreateApiKey", "CreateUsagePlanKey", "UpdateUsage"] {
        for fault in WHERE {
            let what = format!("{fault:?} at {step}");
            let mut house = House::new().await;
            let used = house.person(1).await;
            house.use_up(&used.presented, 3).await;
            house.revoke(&used).await.unwrap();
            let owner = used.owner();
            house
                .killed_at(step, fault, move |gateway, now| async move {
                    let _ = House::key_from(&gateway, owner, now).await;
                })
                .await;
            house.restart().await;
            assert!(house.listed(owner.0).await.is_empty(), "{what}");
            let person = house.key_for(owner).await.unwrap_or_else(|error| panic!("{what}: {error}"));
            house.sweep().await;
            house.assert_consistent(&what).await;
            assert_eq!(house.remote().len(), 1, "{what}");
            assert_eq!(house.left(&person.presented).await, 7, "{what}");
        }
    }
}

#[tokio::test]
async fn a_rotation_killed_at_any_step_leaves_one_good_value() {
    for step in ["GetUsage", "CreateApiKey", "CreateUsagePlanKey", "UpdateUsage", "DeleteApiKey"] {
        for fault in WHERE {
            let what = format!("{fault:?} at {step}");
            let mut house = House::new().await;
            let mut person = house.person(1).await;
            house.use_up(&person.presented, 3).await;
            let rotating = person.clone();
            house
                .killed_at(step, fault, move |gateway, now| async move {
                    let _ = House::rotate_from(&gateway, &rotating, None, now).await;
                })
                .await;
            house.restart().await;
            house.sweep().await;
            house.assert_consistent(&what).await;
            assert_eq!(house.remote().len(), 1, "{what}");
            // Nobody was told the new value: from the row on, the owner has to rotate again.
            let is_turned = step == "DeleteApiKey";
            assert_eq!(house.call(&person.presented).await, if is_turned { 403 } else { 200 }, "{what}");
            assert_eq!(house.is_refused(&person.presented, house.now()).await, is_turned, "{what}");
            house.rotate(&mut person, None).await.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(house.call(&person.presented).await, 200, "{what}");
            house.assert_consistent(&what).await;
        }
    }
}

#[tokio::test]
async fn a_revocation_killed_at_any_step_can_be_repeated() {
    for step in ["GetUsage", "DeleteApiKey"] {
        for fault in WHERE {
            let what = format!("{fault:?} at {step}");
            let mut house = House::new().await;
            let person = house.person(1).await;
            let (account, key) = (person.account, person.key);
            house
                .killed_at(step, fault, move |gateway, now| async move {
                    let _ = gateway.revoke_key(account, key, now).await;
                })
                .await;
            house.restart().await;
            house.revoke(&person).await.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(house.remote().is_empty(), "{what}");
            house.assert_consistent(&what).await;
            house.key_for(person.owner()).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        }
    }
}

#[tokio::test]
async fn a_switch_killed_at_its_call_ends_with_both_sides_alike() {
    for fault in WHERE {
        let mut house = House::new().await;
        let person = house.person(1).await;
        let (account, key) = (person.account, person.key);
        house
            .killed_at("UpdateApiKey", fault.clone(), move |gateway, now| async move {
                let _ = gateway.change_key(account, key, SWITCH_OFF, now).await;
            })
            .await;
        house.restart().await;
        let is_off = fault == Fault::HangReply;
        assert_eq!(house.remote()[0].enabled, !is_off, "{fault:?}");
        assert_eq!(house.is_refused(&person.presented, house.now()).await, is_off, "{fault:?}");
    }
}

#[tokio::test]
async fn a_release_killed_while_it_removes_keys_is_finished_by_the_sweep() {
    for fault in WHERE {
        let mut house = House::new().await;
        let mut person = house.person(1).await;
        house.rotate(&mut person, Some(house.later(600))).await.unwrap();
        let account = person.account;
        house
            .killed_at("DeleteApiKey", fault.clone(), move |gateway, now| async move {
                let _ = gateway.release_account(account, now).await;
            })
            .await;
        house.restart().await;
        assert!(house.is_refused(&person.presented, house.now()).await, "{fault:?}");
        house.sweep().await;
        assert!(house.remote().is_empty(), "{fault:?}");
        house.assert_consistent("released").await;
    }
}

/// The first try's reply is lost and AWS then throttles: the key that was made is found, or goes in the end.
#[tokio::test]
async fn a_lost_reply_behind_a_throttle_leaves_a_whole_key_or_none() {
    for can_be_read in [true, false] {
        let house = House::new().await;
        let account = house.sign_up(1).await;
        house.aws.fault("CreateApiKey", When::Next, Fault::DropReply);
        house.aws.fault("CreateApiKey", When::Always, Fault::Throttle);
        if !can_be_read {
            house.aws.fault("GetApiKeys", When::Always, Fault::Throttle);
        }
        let made = house.key_for(account).await;
        assert_eq!(made.is_ok(), can_be_read);
        house.aws.clear_faults();
        house.sweep().await;
        house.assert_consistent("a whole key or none").await;
        assert_eq!(house.remote().len(), usize::from(can_be_read));
        match made {
            Ok(person) => assert_eq!(house.call(&person.presented).await, 200),
            Err(_) => drop(house.key_for(account).await.unwrap()),
        }
    }
}
