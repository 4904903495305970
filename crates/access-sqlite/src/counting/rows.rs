//! What counting reads of the store and has it write: rows, their ids, and the trait that reads them.

use access::{KeyDigest, StoreError};
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
    /// Digest of its value.
    pub(crate) digest: KeyDigest,
    /// Digests of its earlier values, and until when each works.
    pub(crate) earlier: Box<[(KeyDigest, Timestamp)]>,
    /// Whether its owner has it switched on.
    pub(crate) enabled: bool,
    /// Whose it is.
    pub(crate) account: AccountId,
    /// Who is charged.
    pub(crate) subscription: SubscriptionRowId,
}

impl KeyRow {
    /// Who is charged, and whose it is, if a value of this digest opens it now.
    pub(super) fn opened_by(&self, digest: KeyDigest, now: Timestamp) -> Option<(SubscriptionRowId, AccountId)> {
        let is_earlier = || self.earlier.iter().any(|(old, until)| *old == digest && now < *until);
        let is_open = self.enabled && (self.digest == digest || is_earlier());
        is_open.then_some((self.subscription, self.account))
    }
}

/// A subscription.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SubscriptionRow {
    pub(crate) id: SubscriptionId,
    pub(crate) plan: PlanRowId,
    /// The day it began, in the plan's zone at that time.
    pub(crate) subscribed_on: Date,
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
}

/// What happened on a day, or on the days of a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Requests charged, what was given back subtracted.
    pub(crate) used: u64,
    /// Requests refused by quota or throttle.
    pub(crate) refused: u64,
    /// Charges given back.
    pub(crate) returned: u64,
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
