//! One request decided by both limits of its plan: what every backend that counts exactly decides by.

use api_types::{Date, KeyId, QuotaStatus, Timestamp};

use crate::{Holder, KeyDigest, Refusal, Span, TokenBucket, UsagePlan, UsedUp};

/// The values that open a key.
#[derive(Debug, Clone)]
pub struct KeyValues {
    /// Digest of its present value.
    pub digest: KeyDigest,
    /// Digests of its earlier values, and until when each works.
    pub earlier: Box<[(KeyDigest, Timestamp)]>,
    /// Whether its owner has it switched on.
    pub enabled: bool,
}

impl KeyValues {
    /// Whether a value of this digest opens the key now.
    #[must_use]
    pub fn are_opened_by(&self, digest: KeyDigest, now: Timestamp) -> bool {
        let is_earlier = || self.earlier.iter().any(|(old, until)| *old == digest && now < *until);
        self.enabled && (self.digest == digest || is_earlier())
    }
}

impl UsagePlan {
    /// Decides one request: both limits are looked at, and the quota's refusal comes before the throttle's. `used` are
    /// the charges of the period so far, `bucket` is the throttle's as it is now. Tells the quota with this request
    /// counted.
    ///
    /// # Errors
    /// The refusal; nothing is to be taken then.
    pub fn decide(
        &self,
        key: KeyId,
        span: &Span,
        subscribed_on: Date,
        used: u64,
        bucket: Option<&TokenBucket>,
    ) -> Result<QuotaStatus, Box<Refusal>> {
        let shown = self.plan();
        let holder = || Some(Holder { key, plan_name: shown.name.clone() });
        let too_fast =
            shown.throttle.zip(bucket).and_then(|(throttle, bucket)| Some((throttle, bucket.wait(throttle)?)));
        match (self.quota_status(span, subscribed_on, used), too_fast) {
            (QuotaStatus::Limited { limit, remaining: 0, period, reset_at, .. }, _) => {
                let used_up = Some(UsedUp { limit, used, period });
                Err(Box::new(Refusal::Quota { holder: holder(), used_up, reset_at }))
            }
            (quota, Some((throttle, retry_after))) => {
                let (throttle, quota) = (Some(throttle), Some(quota));
                Err(Box::new(Refusal::Throttle { holder: holder(), throttle, retry_after, quota }))
            }
            (_, None) => Ok(self.quota_status(span, subscribed_on, used + 1)),
        }
    }

    /// Whether a period in which so many charges were given back takes another return: as many as the quota is large, so
    /// that nobody has endless free tries.
    #[must_use]
    pub fn may_return(&self, span: &Span, subscribed_on: Date, returned: u64) -> bool {
        self.limit_in(span, subscribed_on).is_none_or(|most| returned < most)
    }
}
