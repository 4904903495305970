//! What a store keeps, as rows that another one can take: the form in which everything moves from backend to backend.

use std::fmt;

use api_types::{AccountId, AuditEntry, ClientName, Date, KeyId, KeyLabel, SessionId, SubscriptionId, Timestamp};

use crate::{Account, Counts, InviteToMake, KeyDigest, OwnerDigest, RepeatableCall, StateId, TokenDigest, UsagePlan};

/// Some rows of one kind. All of a kind come after all of the kinds before it, which are those that it names.
#[derive(Debug)]
pub enum StoredRows {
    /// Plans, on offer or not.
    Plans(Vec<StoredPlan>),
    /// Accounts.
    Accounts(Vec<StoredAccount>),
    /// Sessions, ended ones among them.
    Sessions(Vec<StoredSession>),
    /// Refresh tokens.
    RefreshTokens(Vec<StoredRefreshToken>),
    /// Subscriptions, with a key or without.
    Subscriptions(Vec<StoredSubscription>),
    /// Keys, oldest first.
    Keys(Vec<StoredKey>),
    /// What was counted.
    UsageDays(Vec<StoredDay>),
    /// Owners of what the upstream keeps.
    StateOwners(Vec<StoredStateOwner>),
    /// Calls that may be repeated.
    RepeatableCalls(Vec<StoredCall>),
    /// The audit, without addresses.
    Audit(Vec<AuditEntry>),
    /// Invitations.
    Invites(Vec<InviteToMake>),
}

/// A plan.
#[derive(Debug)]
pub struct StoredPlan {
    /// By which subscriptions name it; means nothing but within what moves together.
    pub number: i64,
    /// What it offers.
    pub plan: UsagePlan,
    /// Its place in the configuration.
    pub position: i64,
    /// Whether it takes new keys.
    pub offered: bool,
}

/// An account, with both of what its standing is made of.
#[derive(Debug)]
pub struct StoredAccount {
    /// As its owner and operators see it.
    pub account: Account,
    /// Whether it waits for an approval, also while it is blocked.
    pub waiting: bool,
    /// Whether it is blocked.
    pub blocked: bool,
}

/// A session.
#[derive(Debug)]
pub struct StoredSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// What was signed in with.
    pub client: ClientName,
    /// When it started.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Timestamp,
    /// When its refresh token expires.
    pub expires_at: Timestamp,
}

/// A refresh token, by its digest.
#[derive(Debug)]
pub struct StoredRefreshToken {
    /// Of the token.
    pub digest: TokenDigest,
    /// The session that goes on by it.
    pub session: SessionId,
    /// When it was replaced; `None`: it is the one that is valid.
    pub rotated_at: Option<Timestamp>,
}

/// An owner on a plan.
#[derive(Debug)]
pub struct StoredSubscription {
    /// By which keys and days name it; means nothing but within what moves together.
    pub number: i64,
    /// Its id.
    pub id: SubscriptionId,
    /// Digest of the owner's address.
    pub owner: OwnerDigest,
    /// [`StoredPlan::number`].
    pub plan: i64,
    /// The day it began, in the plan's zone at that time.
    pub subscribed_on: Date,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// A key, by the digests of its values.
#[derive(Debug)]
pub struct StoredKey {
    /// Its id.
    pub id: KeyId,
    /// Whose it is.
    pub account: AccountId,
    /// [`StoredSubscription::number`].
    pub subscription: i64,
    /// Of its value.
    pub digest: KeyDigest,
    /// Of its earlier values with their ends, the first end first; some may have ended.
    pub earlier: Vec<(KeyDigest, Timestamp)>,
    /// Whether its owner has it switched on.
    pub enabled: bool,
    /// What its owner calls it.
    pub label: KeyLabel,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its value was last replaced.
    pub rotated_at: Option<Timestamp>,
}

/// What happened on a subscription's day.
#[derive(Debug)]
pub struct StoredDay {
    /// [`StoredSubscription::number`].
    pub subscription: i64,
    /// In the plan's zone.
    pub day: Date,
    /// What happened.
    pub counts: Counts,
}

/// An owner of what the upstream keeps.
#[derive(Debug)]
pub struct StoredStateOwner {
    /// What it is.
    pub id: StateId,
    /// Whose it is.
    pub account: AccountId,
    /// When an answer last named it.
    pub named_at: Timestamp,
}

/// A call that may be repeated.
#[derive(Debug)]
pub struct StoredCall {
    /// Whose it is.
    pub account: AccountId,
    /// By what it is known again.
    pub call: RepeatableCall,
    /// What it made; may be gone.
    pub key: KeyId,
    /// When it was made.
    pub made_at: Timestamp,
}

/// How much a store has of each thing, by which two stores are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals([u64; Self::OF.len()]);

impl Totals {
    /// What is counted and summed, in this order.
    pub const OF: [&str; 17] = [
        "plans",
        "accounts",
        "accounts blocked or waiting",
        "operators",
        "sessions",
        "refresh tokens",
        "subscriptions",
        "keys",
        "earlier values of keys",
        "days of use",
        "requests charged",
        "requests refused",
        "charges given back",
        "owners of stored state",
        "repeatable calls",
        "entries of the audit",
        "invitations",
    ];

    /// The numbers of [`Totals::OF`].
    #[must_use]
    pub const fn new(numbers: [u64; Self::OF.len()]) -> Self {
        Self(numbers)
    }

    /// Each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Self::OF.into_iter().zip(self.0)
    }

    /// Whether there is nothing at all.
    #[must_use]
    pub fn are_zero(&self) -> bool {
        self.0.iter().all(|number| *number == 0)
    }
}

/// What there is, such as `plans: 3, accounts: 1`.
impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there: Vec<_> =
            self.iter().filter(|(_, number)| *number > 0).map(|(name, number)| format!("{name}: {number}")).collect();
        f.write_str(&there.join(", "))
    }
}
