//! What counting reads of the store and has it write: rows, their ids, and the trait that reads them.

use access::{Counts, KeyDigest, KeyValues, StoreError};
use api_types::{AccountId, Date, KeyId, SubscriptionId, Timestamp};

/// The id of a plan's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PlanRowId(pub(crate) i64);

/// The id of a subscription's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SubscriptionRowId(pub(crate) i64);

/// A key, as far as admission needs it.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    /// What opens it.
    pub(crate) values: KeyValues,
    /// Whose it is.
    pub(crate) account: AccountId,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// Who is charged.
    pub(crate) subscription: SubscriptionRowId,
}

impl KeyRow {
    /// Who is charged, and whose it is, if a value of this digest opens it now.
    pub(super) fn opened_by(&self, digest: KeyDigest, now: Timestamp) -> Option<(SubscriptionRowId, AccountId)> {
        self.values.are_opened_by(digest, now).then_some((self.subscription, self.account))
    }
}

/// A subscription.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SubscriptionRow {
    pub(crate) id: SubscriptionId,
    pub(crate) plan: PlanRowId,
    /// The day it began, in the plan's zone at that time.
    pub(crate) subscribed_on: Date,
    /// When it was last used, as far as that is written.
    pub(crate) used_at: Option<Timestamp>,
}

/// What a subscription's day holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayRow {
    /// Whose.
    pub(crate) subscription: SubscriptionRowId,
    /// Which day.
    pub(crate) day: Date,
    /// What it holds.
    pub(crate) counts: Counts,
    /// When the subscription was last used, on that day or another.
    pub(crate) used_at: Option<Timestamp>,
}

/// Where rows come from that aren't in memory.
pub(crate) trait Rows {
    /// A key and the subscription that it is attached to.
    fn key(&self, id: KeyId) -> Result<Option<KeyRow>, StoreError>;
    /// A subscription.
    fn subscription(&self, id: SubscriptionRowId) -> Result<Option<SubscriptionRow>, StoreError>;
    /// Counts of the days from `start` up to, not including, `end`.
    fn days(&self, id: SubscriptionRowId, start: Date, end: Date) -> Result<Vec<(Date, Counts)>, StoreError>;
}
