//! Laws of creations that are repeated, since their answer was lost.

use api_types::{AccountId, KeyId, SubscriptionId, Timestamp, limits::REPEATABLE_SECONDS};
use futures_util::future::join_all;

use super::{
    World,
    cast::{daily, fresh, later, name, noon, plan, secret},
};
use crate::{CreateKeyError, Creation, NewKey, OwnerDigest, RepeatableCall};

/// Something to ask for under a name.
const fn call(name: u8, request: u8) -> RepeatableCall {
    RepeatableCall { name: [name; 32], request: [request; 32] }
}

/// Creates a key by a call that may be repeated; gives the id that the key has if it is made, too.
async fn create(
    world: &World,
    (account, owner): (AccountId, OwnerDigest),
    plan_name: &str,
    call: RepeatableCall,
    now: Timestamp,
) -> (KeyId, Result<Creation, CreateKeyError>) {
    let key = KeyId::from_random(fresh());
    let (secret, _) = secret(key);
    let subscription = SubscriptionId::from_random(fresh());
    let plan_name = name(plan_name);
    let new =
        NewKey { secret: &secret, account, owner, plan_name, subscription, max_keys: Some(1), call: Some(call), now };
    (key, world.registry.create_key(new).await)
}

async fn one_account(world: &World) -> (AccountId, OwnerDigest) {
    world.apply(vec![plan("p", daily(3), None), plan("q", daily(3), None)], noon()).await;
    world.sign_up(1, noon()).await
}

/// A repetition makes nothing, and is told what the call had made.
pub async fn a_repeated_creation_gives_the_same_key(world: World) {
    let ada = one_account(&world).await;
    let (key, made) = create(&world, ada, "p", call(1, 1), noon()).await;
    assert_eq!(made.unwrap(), Creation::Made);
    for seconds in [0, 1, REPEATABLE_SECONDS - 1] {
        let (_, again) = create(&world, ada, "p", call(1, 1), later(noon(), seconds)).await;
        assert_eq!(again.unwrap(), Creation::MadeBefore(key), "{seconds}");
    }
    let keys = world.registry.keys(ada.0, noon()).await.unwrap();
    assert_eq!(keys.iter().map(|entry| entry.id).collect::<Vec<_>>(), [key]);
    // Under another name it is another call, which would be a second key.
    let (_, other) = create(&world, ada, "p", call(2, 1), noon()).await;
    assert!(matches!(other.unwrap_err(), CreateKeyError::KeyAlreadyExists));
    // Another account's call of the same name is its own.
    let bob = world.sign_up(2, noon()).await;
    assert_eq!(create(&world, bob, "p", call(1, 1), noon()).await.1.unwrap(), Creation::Made);
}

/// Of calls at once under one name one makes the key, and the others are told of it.
pub async fn a_creation_repeated_at_once_gives_one_key(world: World) {
    let ada = one_account(&world).await;
    let answers = join_all((0..5).map(|_| create(&world, ada, "p", call(1, 1), noon()))).await;
    let made: Vec<_> = answers.iter().filter(|(_, made)| matches!(made, Ok(Creation::Made))).collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    for (key, answer) in &answers {
        let expected = if *key == made[0].0 { Creation::Made } else { Creation::MadeBefore(made[0].0) };
        assert_eq!(*answer.as_ref().unwrap(), expected);
    }
    assert_eq!(world.registry.keys(ada.0, noon()).await.unwrap().len(), 1);
}

/// A name stands for one request.
pub async fn another_request_under_the_same_name_is_refused(world: World) {
    let ada = one_account(&world).await;
    create(&world, ada, "p", call(1, 1), noon()).await.1.unwrap();
    let (_, refused) = create(&world, ada, "q", call(1, 2), noon()).await;
    assert!(matches!(refused.unwrap_err(), CreateKeyError::AnotherRequest));
    assert_eq!(world.registry.keys(ada.0, noon()).await.unwrap().len(), 1);
}

/// What was refused isn't remembered: the name may be used once more.
pub async fn a_refused_creation_keeps_no_name(world: World) {
    let ada = one_account(&world).await;
    let (_, refused) = create(&world, ada, "unknown", call(1, 1), noon()).await;
    assert!(matches!(refused.unwrap_err(), CreateKeyError::UnknownPlan));
    assert_eq!(create(&world, ada, "p", call(1, 2), noon()).await.1.unwrap(), Creation::Made);
}

/// A key that was revoked stays revoked, whatever is repeated.
pub async fn a_repetition_revives_no_revoked_key(world: World) {
    let ada = one_account(&world).await;
    let (key, made) = create(&world, ada, "p", call(1, 1), noon()).await;
    made.unwrap();
    world.registry.revoke_key(ada.0, key, noon()).await.unwrap();
    let (_, again) = create(&world, ada, "p", call(1, 1), noon()).await;
    assert_eq!(again.unwrap(), Creation::MadeBefore(key));
    assert!(world.registry.keys(ada.0, noon()).await.unwrap().is_empty());
}

/// After a day a name is as good as new.
pub async fn a_call_is_forgotten_after_a_day(world: World) {
    let ada = one_account(&world).await;
    let (key, made) = create(&world, ada, "p", call(1, 1), noon()).await;
    made.unwrap();
    let tomorrow = later(noon(), REPEATABLE_SECONDS);
    let (_, refused) = create(&world, ada, "p", call(1, 1), tomorrow).await;
    assert!(matches!(refused.unwrap_err(), CreateKeyError::KeyAlreadyExists));
    world.registry.revoke_key(ada.0, key, tomorrow).await.unwrap();
    assert_eq!(create(&world, ada, "q", call(1, 2), tomorrow).await.1.unwrap(), Creation::Made);
}
