//! Laws of accounts and sessions.

use api_types::{AccountId, ClientName, Email, SessionId, Timestamp, limits::REFRESH_GRACE_SECONDS};
use futures_util::future::join;

use super::{
    World,
    cast::{account_of, fresh, later, noon},
};
use crate::{CreateAccountError, NewSession, PasswordHash, Refresh, TokenDigest};

const DAY: i64 = 86_400;

fn token(text: &str) -> TokenDigest {
    TokenDigest::of(text)
}

fn new_password() -> PasswordHash {
    PasswordHash::from_phc("$argon2id$v=19$m=8,t=1,p=1$changed".to_owned())
}

/// Signs owner 1 up and in; the session's first refresh token is `first`.
async fn signed_in(world: &World) -> (AccountId, SessionId, PasswordHash) {
    let (row, _) = account_of(1, noon());
    let (account, password) = (row.id, row.password_hash.clone());
    world.accounts.create_account(row).await.unwrap();
    let id = start(world, account, &password, "first").await.unwrap();
    (account, id, password)
}

async fn start(world: &World, account: AccountId, proved: &PasswordHash, first: &str) -> Option<SessionId> {
    let id = SessionId::from_random(fresh());
    let expires_at = later(noon(), DAY);
    let client = ClientName::cut(first);
    let session = NewSession { id, account, client, refresh: token(first), created_at: noon(), expires_at };
    world.accounts.start_session(session, proved).await.unwrap().then_some(id)
}

async fn rotate(world: &World, presented: &str, successor: &str, now: Timestamp) -> Refresh {
    world.accounts.rotate_refresh(token(presented), token(successor), now, later(now, DAY)).await.unwrap()
}

async fn is_live(world: &World, id: SessionId, now: Timestamp) -> bool {
    world.accounts.session(id, now).await.unwrap().is_some()
}

/// An address that has an account takes no second one, and the first stays as it was.
pub async fn an_address_has_one_account(world: World) {
    let (first, _) = account_of(1, noon());
    let (second, _) = account_of(1, later(noon(), 9));
    world.accounts.create_account(first.clone()).await.unwrap();
    let refused = world.accounts.create_account(second).await;
    assert!(matches!(refused, Err(CreateAccountError::EmailTaken)), "{refused:?}");
    let stored = world.accounts.account_by_email(&first.email).await.unwrap().unwrap();
    assert_eq!((stored.id, stored.created_at), (first.id, noon()));
    assert!(stored.password_hash == first.password_hash);
    let nobody = Email::parse("nobody@example.com").unwrap();
    assert!(world.accounts.account_by_email(&nobody).await.unwrap().is_none());
}

/// Two sign-ups of one address at once: one account.
pub async fn two_sign_ups_at_once_give_one_account(world: World) {
    let (first, second) = (account_of(1, noon()).0, account_of(1, noon()).0);
    let (one, other) = join(world.accounts.create_account(first), world.accounts.create_account(second)).await;
    assert!(matches!(
        (&one, &other),
        (Ok(()), Err(CreateAccountError::EmailTaken)) | (Err(CreateAccountError::EmailTaken), Ok(()))
    ));
}

/// A session is found with the account it belongs to.
pub async fn a_session_knows_its_account(world: World) {
    let (account, id, password) = signed_in(&world).await;
    let session = world.accounts.session(id, noon()).await.unwrap().unwrap();
    assert_eq!((session.id, session.account.id), (id, account));
    assert_eq!(session.account.email.as_str(), "owner1@example.com");
    assert!(session.account.password_hash == password);
    assert!(!is_live(&world, SessionId::from_random(fresh()), noon()).await);
}

/// A session ends at its time.
pub async fn an_expired_session_is_none(world: World) {
    let (_, id, _) = signed_in(&world).await;
    assert!(is_live(&world, id, later(noon(), DAY - 1)).await);
    assert!(!is_live(&world, id, later(noon(), DAY)).await);
}

/// A sign-in that proved a password which was changed meanwhile starts no session; nor does one without an account.
pub async fn a_sign_in_that_raced_a_password_change_starts_nothing(world: World) {
    let (account, _, old) = signed_in(&world).await;
    assert!(world.accounts.change_password(account, &old, new_password()).await.unwrap());
    assert!(start(&world, account, &old, "raced").await.is_none());
    assert!(start(&world, AccountId::from_random(fresh()), &old, "nobody").await.is_none());
    assert_eq!(rotate(&world, "raced", "next", noon()).await, Refresh::Unknown);
    assert!(start(&world, account, &new_password(), "after").await.is_some());
}

/// Changing the password ends all sessions of the account, their refresh tokens too, and no other's.
pub async fn a_changed_password_ends_every_session(world: World) {
    let (account, id, password) = signed_in(&world).await;
    let second = start(&world, account, &password, "second").await.unwrap();
    let (other, _) = account_of(2, noon());
    let (other_id, other_password) = (other.id, other.password_hash.clone());
    world.accounts.create_account(other).await.unwrap();
    let stays = start(&world, other_id, &other_password, "stays").await.unwrap();
    assert!(world.accounts.change_password(account, &password, new_password()).await.unwrap());
    for ended in [id, second] {
        assert!(!is_live(&world, ended, noon()).await);
    }
    assert_eq!(rotate(&world, "first", "next", noon()).await, Refresh::Unknown);
    assert!(is_live(&world, stays, noon()).await);
}

/// A password is changed only from the one that was proved.
pub async fn a_password_is_changed_from_the_one_proved(world: World) {
    let (account, id, _) = signed_in(&world).await;
    assert!(!world.accounts.change_password(account, &new_password(), new_password()).await.unwrap());
    assert!(is_live(&world, id, noon()).await);
    let nobody = AccountId::from_random(fresh());
    assert!(!world.accounts.change_password(nobody, &new_password(), new_password()).await.unwrap());
}

/// A refresh token is replaced by its successor, which is replaced in turn.
pub async fn a_refresh_token_is_replaced(world: World) {
    let (account, session, _) = signed_in(&world).await;
    let rotated = Refresh::Rotated { session, account };
    assert_eq!(rotate(&world, "first", "second", later(noon(), 100)).await, rotated);
    assert_eq!(rotate(&world, "second", "third", later(noon(), 200)).await, rotated);
    assert_eq!(rotate(&world, "nobody's", "x", noon()).await, Refresh::Unknown);
    assert!(is_live(&world, session, later(noon(), 300)).await);
}

/// Two tabs, or a lost reply: within the grace the token just replaced is answered alike, and its successor works.
pub async fn the_token_just_replaced_is_answered_alike(world: World) {
    let (account, session, _) = signed_in(&world).await;
    let rotated = Refresh::Rotated { session, account };
    let (one, other) = join(rotate(&world, "first", "second", noon()), rotate(&world, "first", "second", noon())).await;
    assert_eq!((one, other), (rotated, rotated));
    assert_eq!(rotate(&world, "first", "second", later(noon(), REFRESH_GRACE_SECONDS)).await, rotated);
    assert_eq!(rotate(&world, "second", "third", later(noon(), 60)).await, rotated);
}

/// A token replaced longer ago is somebody's copy: the session ends, the newest token with it.
pub async fn a_token_replaced_long_ago_ends_the_session(world: World) {
    let (_, session, _) = signed_in(&world).await;
    rotate(&world, "first", "second", noon()).await;
    let late = later(noon(), REFRESH_GRACE_SECONDS + 1);
    assert_eq!(rotate(&world, "first", "second", late).await, Refresh::Reused { session });
    assert!(!is_live(&world, session, late).await);
    for ended in ["first", "second"] {
        assert_eq!(rotate(&world, ended, "x", late).await, Refresh::Unknown);
    }
}

/// Each refresh lets the session live on.
pub async fn refreshing_prolongs_the_session(world: World) {
    let (_, session, _) = signed_in(&world).await;
    let evening = later(noon(), DAY / 2);
    rotate(&world, "first", "second", evening).await;
    assert!(is_live(&world, session, later(evening, DAY - 1)).await);
    assert!(!is_live(&world, session, later(evening, DAY)).await);
}

/// A token of a session that expired is worth nothing.
pub async fn an_expired_refresh_token_is_unknown(world: World) {
    signed_in(&world).await;
    assert_eq!(rotate(&world, "first", "second", later(noon(), DAY)).await, Refresh::Unknown);
    assert_eq!(rotate(&world, "second", "third", later(noon(), DAY)).await, Refresh::Unknown);
}

/// After sign-out neither session nor refresh token work; signing out twice is no error.
pub async fn signing_out_ends_session_and_tokens(world: World) {
    let (_, session, _) = signed_in(&world).await;
    for _ in 0..2 {
        world.accounts.end_session(session).await.unwrap();
    }
    assert!(!is_live(&world, session, noon()).await);
    assert_eq!(rotate(&world, "first", "second", noon()).await, Refresh::Unknown);
}

/// Live sessions are listed with what they were started by and when, the one used last first, and no other account's.
pub async fn live_sessions_are_listed_with_their_last_use(world: World) {
    let (account, first, password) = signed_in(&world).await;
    let second = start(&world, account, &password, "second").await.unwrap();
    let ended = start(&world, account, &password, "ended").await.unwrap();
    world.accounts.end_session(ended).await.unwrap();
    let (other, _) = account_of(2, noon());
    let (other_id, other_password) = (other.id, other.password_hash.clone());
    world.accounts.create_account(other).await.unwrap();
    start(&world, other_id, &other_password, "other").await.unwrap();
    rotate(&world, "first", "first, refreshed", later(noon(), 3600)).await;
    let listed = world.accounts.sessions(account, later(noon(), 3600)).await.unwrap();
    let told: Vec<_> = listed.iter().map(|entry| (entry.id, entry.client.as_str(), entry.last_used_at)).collect();
    assert_eq!(told, [(first, "first", later(noon(), 3600)), (second, "second", noon())]);
    assert!(listed.iter().all(|entry| entry.created_at == noon()), "{listed:?}");
    // The one that was refreshed outlives the other.
    let left = world.accounts.sessions(account, later(noon(), DAY)).await.unwrap();
    assert_eq!(left.iter().map(|entry| entry.id).collect::<Vec<_>>(), [first]);
}

/// Ending all other sessions ends those and their tokens, not the one that stays, and no other account's.
pub async fn ending_other_sessions_keeps_one(world: World) {
    let (account, kept, password) = signed_in(&world).await;
    let second = start(&world, account, &password, "second").await.unwrap();
    let (other, _) = account_of(2, noon());
    let (other_id, other_password) = (other.id, other.password_hash.clone());
    world.accounts.create_account(other).await.unwrap();
    let stays = start(&world, other_id, &other_password, "stays").await.unwrap();
    for _ in 0..2 {
        world.accounts.end_other_sessions(account, kept).await.unwrap();
    }
    assert!(!is_live(&world, second, noon()).await);
    assert_eq!(rotate(&world, "second", "next", noon()).await, Refresh::Unknown);
    assert!(is_live(&world, kept, noon()).await && is_live(&world, stays, noon()).await);
    let rotated = Refresh::Rotated { session: kept, account };
    assert_eq!(rotate(&world, "first", "next", noon()).await, rotated);
}

/// A deleted account is gone with its sessions; its address can sign up again; deleting twice is no error.
pub async fn deleting_an_account_ends_its_sessions_and_frees_the_address(world: World) {
    let (account, session, password) = signed_in(&world).await;
    for _ in 0..2 {
        world.accounts.delete_account(account).await.unwrap();
    }
    assert!(!is_live(&world, session, noon()).await);
    assert_eq!(rotate(&world, "first", "second", noon()).await, Refresh::Unknown);
    assert!(start(&world, account, &password, "late").await.is_none());
    let (row, _) = account_of(1, noon());
    world.accounts.create_account(row).await.unwrap();
}
