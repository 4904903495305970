//! Laws of what the upstream keeps: who may name it.

use api_types::{AccountId, Timestamp};

use super::{
    World,
    cast::{account_of, later, noon},
};
use crate::{STATE_IDS_KEPT, STATE_KEPT, StateId};

impl World {
    async fn account(&self, owner: u8) -> AccountId {
        self.sign_up(owner, noon()).await.0
    }

    fn names(&self, account: AccountId, id: &str, now: Timestamp) {
        self.owners.remember(account, StateId::of(id), now);
    }

    async fn owns(&self, account: AccountId, id: &str, now: Timestamp) -> bool {
        self.owners.first_foreign(account, vec![StateId::of(id)], now).await.unwrap().is_none()
    }
}

fn kept_seconds() -> i64 {
    i64::try_from(STATE_KEPT.as_secs()).unwrap()
}

/// What an answer named is its account's from that moment on, and nobody else's; what none named is nobody's.
pub async fn an_account_owns_what_its_answers_named(world: World) {
    let (one, other) = (world.account(1).await, world.account(2).await);
    assert!(!world.owns(one, "resp_1", noon()).await);
    for n in 0..50 {
        let id = format!("resp_{n}");
        world.names(one, &id, noon());
        assert!(world.owns(one, &id, noon()).await, "{id}");
        assert!(!world.owns(other, &id, noon()).await, "{id}");
    }
    assert!(!world.owns(one, "RESP_1", noon()).await);
}

/// Of several ids the first that isn't the account's own is told.
pub async fn the_first_foreign_id_of_several_is_told(world: World) {
    let (one, other) = (world.account(1).await, world.account(2).await);
    for id in ["a", "b"] {
        world.names(one, id, noon());
    }
    world.names(other, "c", noon());
    for (ids, expected) in
        [(&["a", "b", "a"][..], None), (&["a", "c", "x"][..], Some(1)), (&["x", "a"][..], Some(0)), (&[][..], None)]
    {
        let ids: Vec<StateId> = ids.iter().copied().map(StateId::of).collect();
        assert_eq!(world.owners.first_foreign(one, ids, noon()).await.unwrap(), expected);
    }
}

/// Naming what another account's answer named before, as soon as it did, makes nobody its owner.
pub async fn the_first_owner_of_an_id_stays(world: World) {
    let (one, other) = (world.account(1).await, world.account(2).await);
    world.names(one, "conv_1", noon());
    world.names(other, "conv_1", noon());
    world.names(one, "conv_2", noon());
    assert!(world.owns(one, "conv_2", noon()).await);
    world.names(other, "conv_2", later(noon(), 60));
    for id in ["conv_1", "conv_2"] {
        assert!(world.owns(one, id, later(noon(), 60)).await, "{id}");
        assert!(!world.owns(other, id, later(noon(), 60)).await, "{id}");
    }
}

/// An owner is known for as long as the upstream keeps things; naming the id again begins the time anew.
pub async fn an_owner_is_forgotten_in_time(world: World) {
    let (one, other) = (world.account(1).await, world.account(2).await);
    world.names(one, "resp_1", noon());
    world.names(one, "conv_1", noon());
    world.names(one, "conv_1", later(noon(), 60));
    // An answer that took longer doesn't shorten it.
    world.names(one, "conv_1", later(noon(), 30));
    let (last, over) = (later(noon(), kept_seconds() - 1), later(noon(), kept_seconds()));
    assert!(world.owns(one, "resp_1", last).await && !world.owns(one, "resp_1", over).await);
    assert!(world.owns(one, "conv_1", over).await && !world.owns(one, "conv_1", later(over, 60)).await);
    // What nobody owns any more is whose it is named next.
    world.names(other, "resp_1", over);
    assert!(world.owns(other, "resp_1", over).await && !world.owns(one, "resp_1", over).await);
}

/// So many ids of an account are remembered, the newest, and one account's many don't cost another its few.
pub async fn what_an_account_owns_is_bounded(world: World) {
    let (one, other) = (world.account(1).await, world.account(2).await);
    world.names(other, "resp_other", noon());
    let many = STATE_IDS_KEPT + STATE_IDS_KEPT / 4;
    for n in 0..many {
        world.names(one, &format!("resp_{n}"), later(noon(), n as i64));
        if n % 10_000 == 0 {
            assert!(world.owns(one, &format!("resp_{n}"), later(noon(), n as i64)).await);
        }
    }
    let now = later(noon(), many as i64);
    assert!(!world.owns(one, "resp_0", now).await);
    let newest = (many - STATE_IDS_KEPT..many).map(|n| StateId::of(&format!("resp_{n}"))).collect();
    assert_eq!(world.owners.first_foreign(one, newest, now).await.unwrap(), None);
    assert!(world.owns(other, "resp_other", now).await);
}

/// With the account goes what it owned, also what is named late; a new account of the same address begins with nothing.
pub async fn a_deleted_account_owns_nothing(world: World) {
    let one = world.account(1).await;
    world.names(one, "resp_1", noon());
    world.accounts.delete_account(one).await.unwrap();
    world.names(one, "resp_2", noon());
    let (row, _) = account_of(1, noon());
    let again = row.id;
    world.accounts.create_account(row).await.unwrap();
    for id in ["resp_1", "resp_2"] {
        assert!(!world.owns(one, id, noon()).await && !world.owns(again, id, noon()).await, "{id}");
    }
    world.names(again, "resp_2", noon());
    assert!(world.owns(again, "resp_2", noon()).await);
}
