//! Laws of keys: creating, rotating, disabling and revoking them, and whose they are.

use api_types::{KeyChange, KeyId, KeyLabel, KeyState, Period, Quota, limits::OLD_VALUES_MAX};
use futures_util::future::{join, join_all};

use super::{
    World,
    cast::{at, daily, fresh, later, noon, plan, secret},
};
use crate::{Admission, CreateKeyError, KeyError};

const SWITCH_OFF: KeyChange = KeyChange { enabled: Some(false), label: None };
const SWITCH_ON: KeyChange = KeyChange { enabled: Some(true), label: None };

/// A key works as soon as it is made, and stands in its owner's list.
pub async fn a_new_key_works_and_is_listed(world: World) {
    let caller = world.caller_on(plan("p", daily(3), None), noon()).await;
    world.granted(&caller.presented, noon()).await;
    let keys = world.registry.keys(caller.account, noon()).await.unwrap();
    assert_eq!(keys.len(), 1);
    let entry = &keys[0];
    assert_eq!((entry.id, entry.plan_name.as_str(), entry.state), (caller.key, "p", KeyState::Active));
    assert_eq!((entry.label.as_str(), entry.created_at), ("", noon()));
    assert_eq!((entry.rotated_at, entry.old_value_until), (None, None));
}

/// There must be such a plan.
pub async fn a_key_on_an_unknown_plan_is_refused(world: World) {
    world.apply(vec![plan("p", daily(3), None)], noon()).await;
    let account = world.sign_up(1, noon()).await;
    let refused = world.key_for(account, "q", None, noon()).await.unwrap_err();
    assert!(matches!(refused, CreateKeyError::UnknownPlan), "{refused:?}");
    assert!(world.registry.keys(account.0, noon()).await.unwrap().is_empty());
}

/// One key per account and plan.
pub async fn a_second_key_on_a_plan_is_refused(world: World) {
    let caller = world.caller_on(plan("p", daily(3), None), noon()).await;
    let refused = world.key_for((caller.account, caller.owner), "p", None, noon()).await.unwrap_err();
    assert!(matches!(refused, CreateKeyError::KeyAlreadyExists), "{refused:?}");
    assert_eq!(refused.to_string(), "Key already exists");
    assert_eq!(world.registry.keys(caller.account, noon()).await.unwrap().len(), 1);
    world.granted(&caller.presented, noon()).await;
}

/// Two creations at once: one key, one refusal, and the key works.
pub async fn two_creations_at_once_give_one_key(world: World) {
    world.apply(vec![plan("p", daily(100), None)], noon()).await;
    for owner in 1..=10 {
        let account = world.sign_up(owner, noon()).await;
        let (one, other) =
            join(world.key_for(account, "p", None, noon()), world.key_for(account, "p", None, noon())).await;
        let (made, refused) = match (one, other) {
            (Ok(made), Err(refused)) | (Err(refused), Ok(made)) => (made, refused),
            both => panic!("{both:?}"),
        };
        assert!(matches!(refused, CreateKeyError::KeyAlreadyExists), "{refused:?}");
        assert_eq!(world.registry.keys(account.0, noon()).await.unwrap().len(), 1);
        world.granted(&made.presented, noon()).await;
    }
}

/// An account holds as many keys as it may, also when it asks for all at once.
pub async fn no_more_keys_than_allowed(world: World) {
    let plans = ["a", "b", "c", "d"];
    world.apply(plans.iter().map(|name| plan(name, daily(3), None)).collect(), noon()).await;
    let account = world.sign_up(1, noon()).await;
    let made = join_all(plans.iter().map(|name| world.key_for(account, name, Some(2), noon()))).await;
    let refused: Vec<_> = made.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|refused| matches!(refused, CreateKeyError::TooManyKeys)), "{refused:?}");
    let keys = world.registry.keys(account.0, noon()).await.unwrap();
    assert_eq!(keys.len(), 2);
    world.registry.revoke_key(account.0, keys[0].id, noon()).await.unwrap();
    world.key_for(account, keys[0].plan_name.as_str(), Some(2), noon()).await.unwrap();
}

/// An account may hold a key on every plan; they are listed oldest first.
pub async fn keys_on_every_plan(world: World) {
    let plans = ["c", "a", "b"];
    world.apply(plans.iter().map(|name| plan(name, daily(3), None)).collect(), noon()).await;
    let account = world.sign_up(1, noon()).await;
    for (seconds, name) in (0..).zip(plans) {
        world.key_for(account, name, None, later(noon(), seconds)).await.unwrap();
    }
    let keys = world.registry.keys(account.0, noon()).await.unwrap();
    assert_eq!(keys.iter().map(|key| key.plan_name.as_str()).collect::<Vec<_>>(), plans);
}

/// A request that outlives its account makes no key.
pub async fn an_account_that_is_gone_gets_no_key(world: World) {
    let caller = world.caller_on(plan("p", daily(3), None), noon()).await;
    world.registry.release_account(caller.account, noon()).await.unwrap();
    world.accounts.delete_account(caller.account).await.unwrap();
    let refused = world.key_for((caller.account, caller.owner), "p", None, noon()).await.unwrap_err();
    assert!(matches!(refused, CreateKeyError::NoAccount), "{refused:?}");
    assert!(world.registry.keys(caller.account, noon()).await.unwrap().is_empty());
}

/// A well-formed key that nobody made opens nothing, nor does text of another form.
pub async fn unknown_keys_are_unknown(world: World) {
    world.caller_on(plan("p", daily(3), None), noon()).await;
    let nobodys = secret(KeyId::from_random(fresh())).1;
    let foreign = crate::PresentedKey::parse("aBcDeFgHiJkLmNoPqRsTuVwXyZ012345").unwrap();
    for key in [nobodys, foreign] {
        for _ in 0..3 {
            assert!(world.is_unknown(&key, noon()).await);
        }
    }
}

/// A known id with another secret opens nothing, and costs its owner nothing.
pub async fn a_wrong_secret_is_unknown(world: World) {
    let caller = world.caller_on(plan("p", daily(3), None), noon()).await;
    for _ in 0..5 {
        let guess = secret(caller.key).1;
        assert!(world.is_unknown(&guess, noon()).await);
    }
    assert_eq!(world.used(&caller.presented, noon()).await, (0, 3));
}

/// A key that was asked for before it existed works once it does.
pub async fn an_unknown_key_works_once_created(world: World) {
    world.apply(vec![plan("p", daily(3), None)], noon()).await;
    let (account, owner) = world.sign_up(1, noon()).await;
    let (secret, presented) = secret(KeyId::from_random(fresh()));
    assert!(world.is_unknown(&presented, noon()).await);
    let new = crate::NewKey {
        secret: &secret,
        account,
        owner,
        plan_name: super::cast::name("p"),
        subscription: api_types::SubscriptionId::from_random(fresh()),
        max_keys: None,
        call: None,
        now: noon(),
    };
    world.registry.create_key(new).await.unwrap();
    world.granted(&presented, noon()).await;
}

/// A rotated key goes on with its count.
pub async fn rotation_keeps_the_count(world: World) {
    let caller = world.caller_on(plan("p", daily(5), None), noon()).await;
    for _ in 0..3 {
        world.granted(&caller.presented, noon()).await;
    }
    let (new, presented) = secret(caller.key);
    let name = world.registry.rotate_key(caller.account, &new, None, later(noon(), 1)).await.unwrap();
    assert_eq!(name.as_str(), "p");
    assert_eq!(world.used(&presented, noon()).await, (3, 5));
    assert_eq!(world.use_up(&presented, 9, noon()).await, 2);
    let entry = &world.registry.keys(caller.account, noon()).await.unwrap()[0];
    assert_eq!((entry.id, entry.rotated_at), (caller.key, Some(later(noon(), 1))));
}

/// Without grace the old value ends with the rotation.
pub async fn rotation_ends_the_old_value(world: World) {
    let caller = world.caller_on(plan("p", daily(5), None), noon()).await;
    world.granted(&caller.presented, noon()).await;
    let (new, presented) = secret(caller.key);
    world.registry.rotate_key(caller.account, &new, None, noon()).await.unwrap();
    assert!(world.is_unknown(&caller.presented, noon()).await);
    world.granted(&presented, noon()).await;
}

/// With grace both values work, on one count, until it ends.
pub async fn an_old_value_works_until_its_grace_ends(world: World) {
    let caller = world.caller_on(plan("p", daily(9), None), noon()).await;
    let (new, presented) = secret(caller.key);
    let until = later(noon(), 60);
    world.registry.rotate_key(caller.account, &new, Some(until), noon()).await.unwrap();
    let listed = &world.registry.keys(caller.account, noon()).await.unwrap()[0];
    assert_eq!(listed.old_value_until, Some(until));
    for key in [&caller.presented, &presented] {
        world.granted(key, later(noon(), 59)).await;
    }
    assert_eq!(world.used(&presented, noon()).await.0, 2);
    assert!(world.is_unknown(&caller.presented, until).await);
    world.granted(&presented, until).await;
    assert_eq!(world.registry.keys(caller.account, until).await.unwrap()[0].old_value_until, None);
}

/// Each value before the present one works until its own end, whatever rotations come after it.
pub async fn earlier_values_keep_the_grace_that_they_were_promised(world: World) {
    let caller = world.caller_on(plan("p", daily(30), None), noon()).await;
    let mut values = vec![caller.presented];
    for seconds in [400, 100, 300, 200] {
        let (new, presented) = secret(caller.key);
        let until = Some(later(noon(), seconds));
        world.registry.rotate_key(caller.account, &new, until, noon()).await.unwrap();
        values.push(presented);
    }
    for (seconds, works) in [
        (0, [true, true, true, true, true]),
        (99, [true, true, true, true, true]),
        (100, [true, false, true, true, true]),
        (200, [true, false, true, false, true]),
        (399, [true, false, false, false, true]),
        (400, [false, false, false, false, true]),
    ] {
        let now = later(noon(), seconds);
        for (value, works) in values.iter().zip(works) {
            assert_eq!(world.is_unknown(value, now).await, !works, "{seconds}");
        }
        let entry = &world.registry.keys(caller.account, now).await.unwrap()[0];
        let ends: Vec<_> =
            [100, 200, 300, 400].map(|end| later(noon(), end)).into_iter().filter(|end| *end > now).collect();
        assert_eq!((&entry.old_values_until, entry.old_value_until), (&ends, ends.last().copied()));
    }
}

/// A grace that was promised outweighs another that is asked for: until one has ended only a rotation without a grace is
/// made, which promises nothing, and takes nothing back.
pub async fn a_rotation_that_would_break_a_promised_grace_is_refused(world: World) {
    let caller = world.caller_on(plan("p", daily(30), None), noon()).await;
    let mut values = vec![caller.presented];
    for seconds in 1..=i64::try_from(OLD_VALUES_MAX).unwrap() {
        let (new, presented) = secret(caller.key);
        let until = Some(later(noon(), 100 * seconds));
        world.registry.rotate_key(caller.account, &new, until, noon()).await.unwrap();
        values.push(presented);
    }
    let before = world.registry.keys(caller.account, noon()).await.unwrap();
    let (new, presented) = secret(caller.key);
    let until = Some(later(noon(), 101));
    let refused = world.registry.rotate_key(caller.account, &new, until, later(noon(), 99)).await.unwrap_err();
    let first_end = later(noon(), 100);
    assert!(matches!(refused, KeyError::TooManyOldValues { until } if until == first_end), "{refused:?}");
    assert_eq!(world.registry.keys(caller.account, noon()).await.unwrap(), before);
    assert!(world.is_unknown(&presented, noon()).await);
    for value in &values {
        world.granted(value, later(noon(), 99)).await;
    }

    let (new, without) = secret(caller.key);
    world.registry.rotate_key(caller.account, &new, None, later(noon(), 99)).await.unwrap();
    assert!(world.is_unknown(&values.pop().unwrap(), later(noon(), 99)).await);
    for value in values.iter().chain([&without]) {
        world.granted(value, later(noon(), 99)).await;
    }
    let (new, _) = secret(caller.key);
    world.registry.rotate_key(caller.account, &new, Some(later(noon(), 999)), first_end).await.unwrap();
    world.granted(&without, first_end).await;
}

/// Disabling ends every value at once; enabling brings the new one back, the old ones not.
pub async fn disabling_ends_every_value_and_enabling_brings_one_back(world: World) {
    let caller = world.caller_on(plan("p", daily(9), None), noon()).await;
    let ((second_secret, second), (new, presented)) = (secret(caller.key), secret(caller.key));
    let until = Some(later(noon(), 60));
    world.registry.rotate_key(caller.account, &second_secret, until, noon()).await.unwrap();
    world.registry.rotate_key(caller.account, &new, until, noon()).await.unwrap();
    world.granted(&caller.presented, noon()).await;
    let entry = world.registry.change_key(caller.account, caller.key, SWITCH_OFF, noon()).await.unwrap();
    assert_eq!((entry.state, entry.old_value_until, entry.old_values_until), (KeyState::Disabled, None, Vec::new()));
    for value in [&caller.presented, &second, &presented] {
        assert!(world.is_unknown(value, noon()).await);
    }
    let entry = world.registry.change_key(caller.account, caller.key, SWITCH_ON, noon()).await.unwrap();
    assert_ne!(entry.state, KeyState::Disabled);
    for value in [&caller.presented, &second] {
        assert!(world.is_unknown(value, noon()).await);
    }
    world.granted(&presented, noon()).await;
    assert_eq!(world.registry.keys(caller.account, noon()).await.unwrap()[0].state, KeyState::Active);
    assert_eq!(world.used(&presented, noon()).await, (2, 9));
}

/// A label is its owner's words; what a change leaves out stays.
pub async fn a_label_is_kept(world: World) {
    let caller = world.caller_on(plan("p", daily(9), None), noon()).await;
    let label = |text| KeyChange { enabled: None, label: Some(KeyLabel::parse(text).unwrap()) };
    let state = world.registry.keys(caller.account, noon()).await.unwrap()[0].state;
    let entry = world.registry.change_key(caller.account, caller.key, label("laptop 'é'"), noon()).await.unwrap();
    assert_eq!((entry.label.as_str(), entry.state), ("laptop 'é'", state));
    let entry = world.registry.change_key(caller.account, caller.key, SWITCH_OFF, noon()).await.unwrap();
    assert_eq!(entry.label.as_str(), "laptop 'é'");
    let entry = world.registry.change_key(caller.account, caller.key, label(""), noon()).await.unwrap();
    assert_eq!((entry.label.as_str(), entry.state), ("", KeyState::Disabled));
    assert_eq!(world.registry.keys(caller.account, noon()).await.unwrap(), [entry]);
}

/// A revoked key is refused from the answer of the revocation on, and is in no list.
pub async fn revocation_is_instant(world: World) {
    let caller = world.caller_on(plan("p", daily(9), None), noon()).await;
    world.granted(&caller.presented, noon()).await;
    world.registry.revoke_key(caller.account, caller.key, noon()).await.unwrap();
    assert!(world.is_unknown(&caller.presented, noon()).await);
    assert!(world.registry.keys(caller.account, noon()).await.unwrap().is_empty());
    let again = world.registry.revoke_key(caller.account, caller.key, noon()).await;
    assert!(matches!(again, Err(KeyError::NotFound)), "{again:?}");
}

/// While many ask, none that begins after the revocation was answered is admitted.
pub async fn revocation_under_load_is_instant(world: World) {
    let caller = world.caller_on(plan("p", daily(1_000_000), None), noon()).await;
    let before = join_all((0..50).map(|_| world.ask(&caller.presented, noon())));
    let revoked = async {
        world.registry.revoke_key(caller.account, caller.key, noon()).await.unwrap();
        join_all((0..50).map(|_| world.ask(&caller.presented, noon()))).await
    };
    let (_, after) = join(before, revoked).await;
    assert!(after.iter().all(|answer| *answer == Admission::Unknown), "{after:?}");
}

/// Revoking and creating again on the same plan goes on with the count.
pub async fn a_key_made_again_keeps_the_count(world: World) {
    let caller = world.caller_on(plan("p", daily(3), None), noon()).await;
    world.granted(&caller.presented, noon()).await;
    let first = world.granted(&caller.presented, noon()).await;
    world.registry.revoke_key(caller.account, caller.key, noon()).await.unwrap();
    let again = world.key_for((caller.account, caller.owner), "p", None, noon()).await.unwrap();
    assert_eq!(world.used(&again.presented, noon()).await, (2, 3));
    let next = world.granted(&again.presented, noon()).await;
    assert_eq!(next.booking.unwrap().subscription, first.booking.unwrap().subscription);
    world.refused(&again.presented, noon()).await;
}

/// What belongs to another is as if it were not there, and stays as it is.
pub async fn another_accounts_key_is_not_found(world: World) {
    world.apply(vec![plan("p", daily(3), None)], noon()).await;
    let (owner, other) = (world.caller(1, "p", noon()).await, world.caller(2, "p", noon()).await);
    let registry = &world.registry;
    let before = registry.keys(owner.account, noon()).await.unwrap();
    let today = at("2026-11-21T00:00:00Z").to_zoned(jiff::tz::TimeZone::UTC).date();
    for key in [owner.key, KeyId::from_random(fresh())] {
        let changed = registry.change_key(other.account, key, SWITCH_OFF, noon()).await;
        assert!(matches!(changed, Err(KeyError::NotFound)), "{changed:?}");
        let rotated = registry.rotate_key(other.account, &secret(key).0, None, noon()).await;
        assert!(matches!(rotated, Err(KeyError::NotFound)), "{rotated:?}");
        let revoked = registry.revoke_key(other.account, key, noon()).await;
        assert!(matches!(revoked, Err(KeyError::NotFound)), "{revoked:?}");
        let usage = registry.usage(other.account, key, today, today).await;
        assert!(matches!(usage, Err(KeyError::NotFound)), "{usage:?}");
    }
    assert_eq!(registry.keys(owner.account, noon()).await.unwrap(), before);
    world.granted(&owner.presented, noon()).await;
}

/// Who deletes the account and signs up again with the address goes on with the count until the period ends.
pub async fn a_deleted_account_leaves_its_count_to_its_owner(world: World) {
    let caller = world.caller_on(plan("p", daily(3), None), noon()).await;
    assert_eq!(world.use_up(&caller.presented, 2, noon()).await, 2);
    world.registry.release_account(caller.account, noon()).await.unwrap();
    world.accounts.delete_account(caller.account).await.unwrap();
    assert!(world.is_unknown(&caller.presented, noon()).await);
    world.apply(vec![plan("p", daily(3), None)], noon()).await;
    let again = world.caller(1, "p", noon()).await;
    assert_eq!(world.used(&again.presented, noon()).await, (2, 3));
    assert_eq!(world.used(&again.presented, later(noon(), 86_400)).await, (0, 3));
    let stranger = world.caller(2, "p", noon()).await;
    assert_eq!(world.used(&stranger.presented, noon()).await, (0, 3));
}

/// Releasing an account ends all its keys and no other's.
pub async fn a_released_account_has_no_keys(world: World) {
    world.apply(vec![plan("a", daily(3), None), plan("b", daily(3), None)], noon()).await;
    let account = world.sign_up(1, noon()).await;
    let keys = [
        world.key_for(account, "a", None, noon()).await.unwrap(),
        world.key_for(account, "b", None, noon()).await.unwrap(),
    ];
    let other = world.caller(2, "a", noon()).await;
    for key in &keys {
        world.granted(&key.presented, noon()).await;
    }
    world.registry.release_account(account.0, noon()).await.unwrap();
    for key in &keys {
        assert!(world.is_unknown(&key.presented, noon()).await);
    }
    assert!(world.registry.keys(account.0, noon()).await.unwrap().is_empty());
    world.granted(&other.presented, noon()).await;
    world.registry.release_account(account.0, noon()).await.unwrap();
}

/// A subscription without a key ends with its period: its owner's next one is a first one again, as its offset shows.
pub async fn an_owner_who_left_begins_anew_after_the_period(world: World) {
    let quota = Quota::Limited { limit: 5, period: Period::Month, offset: 2 };
    let caller = world.caller_on(plan("p", quota, None), noon()).await;
    let pass = world.granted(&caller.presented, noon()).await;
    world.gate.settle(&pass, super::cast::ANSWERED, noon()).await.unwrap();
    world.registry.revoke_key(caller.account, caller.key, noon()).await.unwrap();
    let next_month = at("2026-12-05T00:00:00Z");
    world.apply(vec![plan("p", quota, None)], next_month).await;
    let again = world.key_for((caller.account, caller.owner), "p", None, next_month).await.unwrap();
    assert_eq!(world.used(&again.presented, next_month).await, (0, 3));
}
