//! Keys that live in another service: our rows about them, and what was begun there and isn't finished. A trait.
//!
//! Such a key exists in two places, and no transaction spans both. So an [`Intent`] is written here before anything is
//! made there, and goes in the same step that writes the row. Whatever a crash leaves behind there has an intent here,
//! from which a sweeper finishes the removal.

use api_types::{AccountId, Date, InstallationId, KeyId, KeyLabel, OperationId, PlanName, Timestamp};
use async_trait::async_trait;

use crate::{CreateKeyError, Creation, KeyDigest, OwnerDigest, RepeatableCall, StoreError};

/// One value of a key, as the other service holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteValue {
    /// The operation that made it; part of its name there.
    pub operation: OperationId,
    /// The other service's id for it.
    pub remote_id: String,
    /// Its digest; the value itself is not kept here.
    pub digest: KeyDigest,
}

/// A key's value before one of its rotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierValue {
    /// Which value it was.
    pub value: RemoteValue,
    /// Until when it works.
    pub until: Timestamp,
    /// Requests that the other service had counted with it, in a period, when they were last reckoned to the key's own
    /// value.
    pub counted: u64,
    /// When that was, which tells the period.
    pub counted_at: Timestamp,
}

/// Requests that count beside those that the other service counts with a value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntoldUse {
    /// The first day of their period.
    pub period: Date,
    /// How many.
    pub used: u64,
}

/// A key of an account, whose value lives in another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteKey {
    /// Our id.
    pub id: KeyId,
    /// Whose it is.
    pub account: AccountId,
    /// Digest of the account's address.
    pub owner: OwnerDigest,
    /// Its plan; an account has at most one key on it.
    pub plan_name: PlanName,
    /// The other service's id for the plan that its value is attached to: a plan deleted and made anew has another.
    pub remote_plan: String,
    /// Its owner's words for it.
    pub label: KeyLabel,
    /// Whether it is switched on.
    pub enabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its value was last replaced.
    pub rotated_at: Option<Timestamp>,
    /// When its value was last made or switched on; for a while after that the other service may still refuse it.
    pub fresh_since: Timestamp,
    /// The present value; an earlier one may work beside it for a while.
    pub value: RemoteValue,
    /// The values before it that still work, oldest first.
    pub earlier: Vec<EarlierValue>,
    /// What was used before its value and the other service could not be told of yet: it may allow that much again.
    pub untold: Option<UntoldUse>,
}

impl RemoteKey {
    /// Every value that may still work.
    pub fn values(&self) -> impl Iterator<Item = &RemoteValue> {
        self.earlier.iter().map(|old| &old.value).chain([&self.value])
    }

    /// The intent to remove one of its values.
    #[must_use]
    pub fn removal(&self, value: &RemoteValue, due_at: Timestamp) -> Intent {
        Intent {
            operation: value.operation,
            key: self.id,
            account: self.account,
            plan_name: self.plan_name.clone(),
            kind: IntentKind::Remove,
            remote_id: Some(value.remote_id.clone()),
            due_at,
        }
    }
}

/// Something begun in the other service and not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The operation that makes, or made, the value in question; one intent at a time for each.
    pub operation: OperationId,
    /// The key whose value it is.
    pub key: KeyId,
    /// Whose it is; the account may be gone.
    pub account: AccountId,
    /// The plan that the value is attached to.
    pub plan_name: PlanName,
    /// Whether the value is to come or to go.
    pub kind: IntentKind,
    /// The other service's id, where it is known.
    pub remote_id: Option<String>,
    /// When it was begun, or from when on it is to be done.
    pub due_at: Timestamp,
}

/// Whether a value is to come or to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentKind {
    /// A value is being made; when nobody is at it any more, it is to be removed.
    Create,
    /// A value is to be removed.
    Remove,
}

/// How much an owner had used on a plan when the key was revoked, for the next key in the same period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedUse {
    /// Whose use it is; outlives the account.
    pub owner: OwnerDigest,
    /// On which plan.
    pub plan_name: PlanName,
    /// The first day of the period.
    pub period: Date,
    /// Requests used in it.
    pub used: u64,
}

/// Rows to be written in one atomic step, in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteChange {
    /// Keys that are gone.
    pub remove: Vec<KeyId>,
    /// A key to be written, new or changed.
    pub put: Option<RemoteKey>,
    /// The call that made this key, to be remembered where it may be repeated.
    pub call: Option<RepeatableCall>,
    /// Operations whose intents are done.
    pub done: Vec<OperationId>,
    /// Intents to be written; each takes the place of an earlier one of its operation.
    pub intents: Vec<Intent>,
    /// Uses to be remembered; each takes the place of an earlier one of its owner and plan.
    pub carried: Vec<CarriedUse>,
}

/// Our rows about keys in another service. Safe for concurrent use; each change is durable when it returns.
#[async_trait]
pub trait RemoteKeys: Send + Sync {
    /// The name of this store among those that use the same service: the candidate, the first time; the same for ever.
    async fn installation(&self, candidate: InstallationId) -> Result<InstallationId, StoreError>;

    /// Every key, oldest first.
    async fn remote_keys(&self) -> Result<Vec<RemoteKey>, StoreError>;

    /// Whether an account is blocked now; by memory, since each request asks.
    fn is_blocked(&self, account: AccountId) -> bool;

    /// Every intent, in the order of `due_at`.
    async fn intents(&self) -> Result<Vec<Intent>, StoreError>;

    /// Begins a key: writes this intent of kind [`IntentKind::Create`], if the account exists, has no key and no other
    /// intent to create one on the plan, and holds fewer keys (those being created counted too) than `max_keys`
    /// (`None`: no bound). Two calls at once for one plan give one intent.
    async fn begin_key(&self, intent: Intent, max_keys: Option<u32>) -> Result<(), CreateKeyError>;

    /// What a call came to that made a key before, by [`RemoteChange::call`]; `None` where none did in
    /// `api_types::limits::REPEATABLE_SECONDS`.
    ///
    /// # Errors
    /// [`CreateKeyError::AnotherRequest`] where it asked for something else.
    async fn made_before(
        &self,
        account: AccountId,
        call: RepeatableCall,
        now: Timestamp,
    ) -> Result<Option<Creation>, CreateKeyError>;

    /// Writes a change, all or nothing.
    ///
    /// # Errors
    /// When it could not be written; also when `put` names an account that is gone, or a plan on which the account has
    /// another key.
    async fn change_remote(&self, change: RemoteChange) -> Result<(), StoreError>;

    /// What an owner had used on a plan, where it is remembered.
    async fn carried_use(&self, owner: OwnerDigest, plan_name: &PlanName) -> Result<Option<CarriedUse>, StoreError>;
}
