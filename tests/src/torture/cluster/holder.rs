//! Somebody with a key in the cluster.

use access::{Account, Accounts, Gate, Inspection, KeyError, NewKey, PasswordHash, PresentedKey, Registry, StoreError};
use access_postgres::PostgresStore;
use api_types::{AccountId, Email, KeyChange, KeyId, PlanName, QuotaStatus, SubscriptionId, Timestamp};

use super::{
    super::{
        Chance,
        holder::{owner_of, secret},
    },
    books::Books,
};

/// A key that was acknowledged, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) account: AccountId,
    pub(super) id: KeyId,
    pub(super) key: PresentedKey,
    pub(super) quota: u64,
}

/// A key's holder, and what is known of the count.
pub(super) struct Holder {
    pub(super) name: String,
    pub(super) key: Acknowledged,
    pub(super) books: Books,
}

/// Signs somebody up and makes them a key on a plan of this quota. Once this is answered, the key works everywhere.
pub(super) async fn new_key(
    store: &PostgresStore,
    chance: &mut Chance,
    (plan, quota): (PlanName, u64),
    now: Timestamp,
) -> Option<Acknowledged> {
    let account = AccountId::from_random(chance.bytes());
    let email = Email::parse(&format!("{account}@example.com")).expect("an address");
    let password_hash = PasswordHash::from_phc(String::new());
    store.create_account(Account::new(account, email, password_hash, now)).await.ok()?;
    let id = KeyId::from_random(chance.bytes());
    let (secret, key) = secret(id, chance);
    let subscription = SubscriptionId::from_random(chance.bytes());
    let owner = owner_of(account);
    let new =
        NewKey { secret: &secret, account, owner, plan_name: plan, subscription, max_keys: None, call: None, now };
    store.create_key(new).await.ok()?;
    Some(Acknowledged { account, id, key, quota })
}

impl Acknowledged {
    /// What is counted, as this replica reads it; `Ok(None)` when the key doesn't work.
    pub(super) async fn counted(&self, store: &PostgresStore, now: Timestamp) -> Result<Option<u64>, StoreError> {
        Ok(match store.inspect(&self.key, now).await? {
            Inspection::Known(status) => match status.quota {
                QuotaStatus::Limited { used, .. } => Some(used),
                QuotaStatus::Unlimited => None,
            },
            Inspection::Unknown | Inspection::Elsewhere => None,
        })
    }

    /// Ends it, or its value, in one of three ways; says which.
    pub(super) async fn end(
        &self,
        store: &PostgresStore,
        chance: &mut Chance,
        now: Timestamp,
    ) -> Result<&'static str, KeyError> {
        match chance.below(3) {
            0 => store.revoke_key(self.account, self.id, now).await.map(|()| "revoked"),
            1 => {
                let change = KeyChange { enabled: Some(false), label: None };
                store.change_key(self.account, self.id, change, now).await.map(|_| "disabled")
            }
            _ => {
                let (next, _) = secret(self.id, chance);
                store.rotate_key(self.account, &next, None, now).await.map(|_| "rotated")
            }
        }
    }
}
