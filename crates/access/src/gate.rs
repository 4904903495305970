//! Admission: may this key make one request now? The trait of the data plane.
//!
//! A gate decides a request in one atomic step: key, plan, throttle and quota together. Both limits are looked at;
//! both are taken or neither; if both refuse, the answer is the quota's. Refused requests cost nothing. A pass that
//! was granted is durable before the caller hears of it, and is ended once: spent or returned by the charge rule
//! ([`End::charge`](crate::End::charge)). *Exact* means: for a quota of N, of any number of parallel requests exactly
//! N are charged per period. A killed process loses nothing that was admitted: a pass open at that moment stays spent.

use std::time::Duration;

use api_types::{
    AttemptId, Date, KeyId, KeyStatus, Period, PlanName, QuotaStatus, SubscriptionId, Throttle, Timestamp,
};
use async_trait::async_trait;

use crate::{Charge, End, PresentedKey, StoreError};

/// The answer to "may this key make one request now".
#[derive(Debug, Clone, PartialEq)]
pub enum Admission {
    /// Go on.
    Granted(Pass),
    /// Over the quota or the throttle.
    Refused(Refusal),
    /// Unknown, malformed, revoked, disabled or expired: one answer for all.
    Unknown,
}

/// Leave to make one request; to be ended once through [`Gate::settle`].
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// The attempt that it was granted for.
    pub attempt: AttemptId,
    /// The key that asked.
    pub key: KeyId,
    /// The subscription that is charged.
    pub subscription: SubscriptionId,
    /// Its plan.
    pub plan_name: PlanName,
    /// The day that it is booked on, which tells its period.
    pub day: Date,
    /// The quota with this request counted.
    pub quota: QuotaStatus,
    /// What the upstream gets to see.
    pub credential: UpstreamCredential,
}

/// Which credential goes upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamCredential {
    /// The configured one.
    Configured,
    /// The caller's own key, for a gate that stands in front of the upstream.
    CallersKey,
}

/// Over a limit: which, and when to come back.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The quota is used up.
    Quota {
        /// The key that asked.
        key: KeyId,
        /// Its plan.
        plan_name: PlanName,
        /// Requests that the period allows.
        limit: u64,
        /// Requests charged, those under way among them.
        used: u64,
        /// The period's kind.
        period: Period,
        /// When the next one starts, where known.
        reset_at: Option<Timestamp>,
    },
    /// Too fast.
    Throttle {
        /// The key that asked.
        key: KeyId,
        /// Its plan.
        plan_name: PlanName,
        /// The throttle.
        throttle: Throttle,
        /// How long until one request would pass.
        retry_after: Duration,
        /// The quota as it stands; nothing was taken from it.
        quota: QuotaStatus,
    },
}

/// The data plane's view of keys and counts. Safe for concurrent use.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Decides one request. `attempt` is made by the caller: asking again with it while the pass is open answers the
    /// same pass and counts once. A caller who drops the future before its answer is given the charge back.
    ///
    /// # Errors
    /// When we could not look: fail closed, nothing was counted.
    async fn admit(&self, key: &PresentedKey, attempt: AttemptId, now: Timestamp) -> Result<Admission, StoreError>;

    /// Ends a pass by how far the request came, and tells what became of its charge: a return past the period's bound
    /// is spent. Ending it again changes nothing and tells `Spent`.
    ///
    /// # Errors
    /// When it could not be written; ask again, the pass is still open.
    async fn settle(&self, pass: &Pass, end: End, now: Timestamp) -> Result<Charge, StoreError>;

    /// What a key may learn about itself; costs nothing. `None` where [`admit`](Self::admit) answers `Unknown`.
    ///
    /// # Errors
    /// When we could not look.
    async fn inspect(&self, key: &PresentedKey, now: Timestamp) -> Result<Option<KeyStatus>, StoreError>;

    /// Whether the gate could decide a request right now, the durable write included.
    ///
    /// # Errors
    /// Why not.
    async fn ready(&self) -> Result<(), StoreError>;
}
