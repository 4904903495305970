//! Plans, keys, subscriptions and usage: the trait of the management plane.

use std::fmt;

use api_types::{
    AccountId, Date, KeyChange, KeyEntry, KeyId, Plan, PlanName, Promises, SubscriptionId, Timestamp, UsageDay,
};
use async_trait::async_trait;

use crate::{Creation, KeySecret, RepeatableCall, StoreError};

/// A keyed digest of an owner's email address, by which a count outlives a deleted account until its period ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnerDigest(pub [u8; 32]);

impl fmt::Debug for OwnerDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnerDigest(…)")
    }
}

/// A key to be created and attached to its plan.
#[derive(Debug)]
pub struct NewKey<'a> {
    /// The key; its id is the key's id.
    pub secret: &'a KeySecret,
    /// Whose it is.
    pub account: AccountId,
    /// Digest of the account's address.
    pub owner: OwnerDigest,
    /// The plan that it is attached to.
    pub plan_name: PlanName,
    /// Id of the subscription, if there is none yet for this owner and plan.
    pub subscription: SubscriptionId,
    /// Most keys that the account may hold; `None` is one on every plan.
    pub max_keys: Option<u32>,
    /// By what the call is known again, if its caller may repeat it.
    pub call: Option<RepeatableCall>,
    /// When it is created.
    pub now: Timestamp,
}

/// Why a key was not created; nothing was left behind.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// The account is gone.
    #[error("no such account")]
    NoAccount,
    /// No such plan, or it takes no new keys.
    #[error("no such plan")]
    UnknownPlan,
    /// The account has a key on this plan.
    #[error("Key already exists")]
    KeyAlreadyExists,
    /// The account holds as many keys as it may.
    #[error("too many keys")]
    TooManyKeys,
    /// The call has the name of another one, which asked for something else.
    #[error("the call's name stands for another request")]
    AnotherRequest,
    /// A step failed, and what was done before it was undone.
    #[error("create failed")]
    CreateFailed(#[from] StoreError),
}

/// Why a key could not be shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No such key, or somebody else's.
    #[error("no such key")]
    NotFound,
    /// As many of its old values still work as may (`api_types::limits::OLD_VALUES_MAX`), and what was promised to them
    /// is kept; nothing was changed.
    #[error("as many old values as may still work, the first until {until}")]
    TooManyOldValues {
        /// When the first of them ends.
        until: Timestamp,
    },
    /// The store failed; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Plans, keys, subscriptions and usage. Safe for concurrent use; every change is one atomic step, durable when it
/// returns, and the gate obeys it from then on.
#[async_trait]
pub trait Registry: Send + Sync {
    /// What this backend keeps to.
    fn promises(&self) -> Promises;

    /// The plans that take new keys, in the configuration's order.
    async fn plans(&self) -> Result<Vec<Plan>, StoreError>;

    /// Creates a key and attaches it to its plan, all or nothing: one key per account and plan, also for two calls at
    /// once. An owner who was on the plan before goes on with the same subscription and count.
    ///
    /// A call that made a key and may be repeated is remembered for `api_types::limits::REPEATABLE_SECONDS`, in the same
    /// step: repeated, also at once, it makes nothing and is told which key it had made, whatever became of that since.
    async fn create_key(&self, new: NewKey<'_>) -> Result<Creation, CreateKeyError>;

    /// The account's keys, oldest first.
    async fn keys(&self, account: AccountId, now: Timestamp) -> Result<Vec<KeyEntry>, StoreError>;

    /// Enables, disables or labels a key. Disabling ends the grace of its old values too.
    async fn change_key(
        &self,
        account: AccountId,
        key: KeyId,
        change: KeyChange,
        now: Timestamp,
    ) -> Result<KeyEntry, KeyError>;

    /// Replaces a key's value; id, plan and count stay. The value before it works until `old_value_until` (`None`: no
    /// longer). Values before that keep the grace that they were promised: where another one has no room beside them,
    /// [`KeyError::TooManyOldValues`].
    async fn rotate_key(
        &self,
        account: AccountId,
        secret: &KeySecret,
        old_value_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<PlanName, KeyError>;

    /// Ends a key for good. The subscription's count stays.
    async fn revoke_key(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<(), KeyError>;

    /// The calendar day now in the zone of the key's plan.
    async fn today(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<Date, KeyError>;

    /// One row for each day from `from` to `to`, both included, in the plan's zone; at most
    /// `api_types::limits::USAGE_MAX_DAYS`, days without a request too.
    async fn usage(&self, account: AccountId, key: KeyId, from: Date, to: Date) -> Result<Vec<UsageDay>, KeyError>;

    /// Ends every key of an account that is about to be deleted; counts stay with the owner's digest until their
    /// period ends.
    async fn release_account(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError>;
}
