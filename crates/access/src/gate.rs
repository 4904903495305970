//! Admission: may this key make one request now? The trait of the data plane.
//!
//! A gate decides a request in one atomic step: key, plan, throttle and quota together. Both limits are looked at;
//! both are taken or neither; if both refuse, the answer is the quota's. Refused requests cost nothing. A pass that
//! was granted is durable before the caller hears of it, and is ended once: spent or returned by the charge rule
//! ([`End::charge`](crate::End::charge)). *Exact* means: for a quota of N, of any number of parallel requests exactly
//! N are charged per period. A killed process loses nothing that was admitted: a pass open at that moment stays spent.

use std::time::Duration;

use api_types::{
    AccountId, AdmissionId, Date, KeyId, KeyStatus, Period, PlanName, QuotaStatus, SubscriptionId, Throttle, Timestamp,
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
    /// The admission that it was granted by.
    pub id: AdmissionId,
    /// Who asked. `None`: a key that only the upstream knows.
    pub holder: Option<Holder>,
    /// Whose key it is. `None`: a key that only the upstream knows.
    pub account: Option<AccountId>,
    /// Where it is counted. `None`: the upstream counts.
    pub booking: Option<Booking>,
}

/// A key that we keep, and its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Which key it is; all its values are the same key.
    pub key: KeyId,
    /// The plan that it is on.
    pub plan_name: PlanName,
}

/// Where a request is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Booking {
    /// The subscription that is charged.
    pub subscription: SubscriptionId,
    /// The day that it is booked on, which tells its period.
    pub day: Date,
    /// The quota with this request counted.
    pub quota: QuotaStatus,
}

/// Over a limit: which, and when to come back, as far as the gate knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The quota is used up.
    Quota {
        /// Who asked.
        holder: Option<Holder>,
        /// What is used up, where the gate knows it.
        used_up: Option<UsedUp>,
        /// When the next period starts.
        reset_at: Option<Timestamp>,
    },
    /// Too fast.
    Throttle {
        /// Who asked.
        holder: Option<Holder>,
        /// What the plan allows, where the gate knows it.
        throttle: Option<Throttle>,
        /// How long until one request would pass.
        retry_after: Duration,
        /// The quota as it stands; nothing was taken from it.
        quota: Option<QuotaStatus>,
    },
}

impl Refusal {
    /// Who asked.
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        let (Self::Quota { holder, .. } | Self::Throttle { holder, .. }) = self;
        holder.as_ref()
    }
}

/// A quota that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedUp {
    /// Requests that the period allows.
    pub limit: u64,
    /// Requests charged, those under way among them.
    pub used: u64,
    /// The period's kind.
    pub period: Period,
}

/// What a key may learn about itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Inspection {
    /// Its plan and its use.
    Known(KeyStatus),
    /// Made elsewhere: only the upstream can tell whether it is good.
    Elsewhere,
    /// Unknown, malformed, revoked, disabled or expired: one answer for all.
    Unknown,
}

/// Whether a key is good, as far as is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognition {
    /// It is one of ours.
    Holder(Holder),
    /// Made elsewhere: only the upstream can tell whether it is good.
    Elsewhere,
    /// Unknown, malformed, revoked, disabled or expired: one answer for all.
    Unknown,
}

/// Why a gate can't decide requests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// Our own store can't be asked: what it said is for the log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A service that somebody else runs can't be used: what is wrong is for whoever can mend it.
    #[error(transparent)]
    Provider(StoreError),
}

/// The head of an answer that the upstream, or a gate in front of it, gave instead of serving a request.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamHead<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
}

impl<'a> UpstreamHead<'a> {
    /// The first header of this name, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }
}

/// What the head of an answer means, where a gate may stand in front of the upstream.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is the upstream's own.
    Upstream,
    /// The key opens nothing.
    Unknown,
    /// The key is good, and too new to work everywhere.
    Activating,
    /// Over the quota or the throttle.
    Refused(Refusal),
    /// The request didn't reach the gate that it was meant for: the operator has to mend that.
    Misdirected,
}

/// The data plane's view of keys and counts. Safe for concurrent use.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Decides one request. `id` is made by the caller: asking again with it while the pass is open answers the
    /// same pass and counts once. A caller who drops the future before its answer is given the charge back.
    ///
    /// # Errors
    /// When we could not look: fail closed, nothing was counted.
    async fn admit(&self, key: &PresentedKey, id: AdmissionId, now: Timestamp) -> Result<Admission, StoreError>;

    /// Ends a pass by how far the request came, and tells what became of its charge: a return past the period's bound
    /// is spent. Ending it again changes nothing and tells `Spent`.
    ///
    /// # Errors
    /// When it could not be written; ask again, the pass is still open.
    async fn settle(&self, pass: &Pass, end: End, now: Timestamp) -> Result<Charge, StoreError>;

    /// Ends a pass without waiting, where that is possible, and tells what became of its charge: as
    /// [`settle`](Self::settle) would. `None`: nothing was done, and `settle` has to.
    fn settle_at_once(&self, _pass: &Pass, _end: End) -> Option<Charge> {
        None
    }

    /// What a key may learn about itself; costs nothing. [`Inspection::Unknown`] where [`admit`](Self::admit) answers
    /// [`Admission::Unknown`].
    ///
    /// # Errors
    /// When we could not look.
    async fn inspect(&self, key: &PresentedKey, now: Timestamp) -> Result<Inspection, StoreError>;

    /// Whether a key is good, as far as is known here; costs nothing, and asks nobody else.
    ///
    /// # Errors
    /// When we could not look.
    async fn recognise(&self, key: &PresentedKey, now: Timestamp) -> Result<Recognition, StoreError> {
        Ok(match self.inspect(key, now).await? {
            Inspection::Known(status) => Recognition::Holder(Holder { key: status.id, plan_name: status.plan_name }),
            Inspection::Elsewhere => Recognition::Elsewhere,
            Inspection::Unknown => Recognition::Unknown,
        })
    }

    /// What an answer other than the one asked for means, for the key that asked. A gate that decides everything in
    /// [`admit`](Self::admit) judges nothing.
    fn judge(&self, _key: &PresentedKey, _head: UpstreamHead<'_>, _now: Timestamp) -> Verdict {
        Verdict::Upstream
    }

    /// Whether the gate could decide a request right now, the durable write included.
    ///
    /// # Errors
    /// Why not.
    async fn ready(&self) -> Result<(), NotReady>;
}
