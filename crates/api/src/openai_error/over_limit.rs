//! The 429 of a plan's own limits, the quota and the throttle, with all that it tells.

use access::{Holder, Refusal, UsedUp};
use actix_web::http::StatusCode;
use api_types::{Period, QuotaStatus, Throttle, Timestamp, openai::SpentQuota};

use super::OpenAiError;
use crate::rate_headers;

impl OpenAiError {
    /// Over the quota or the throttle.
    #[must_use]
    pub fn over_limit(refusal: &Refusal, now: Timestamp) -> Self {
        match refusal {
            Refusal::Quota { holder: Some(holder), used_up: Some(used_up), reset_at } => {
                let (plan_name, UsedUp { limit, used, period }) = (&holder.plan_name, *used_up);
                let (span, short) = match period {
                    Period::Day => ("day", "RPD"),
                    Period::Week => ("week", "RPW"),
                    Period::Month => ("month", "RPMo"),
                };
                let then = reset_at.map_or_else(
                    || "Please try again later.".to_owned(),
                    |at| format!("Please try again in {} (at {at}).", rate_headers::go_duration(at, now)),
                );
                let message = format!(
                    "Rate limit reached for plan {plan_name} on requests per {span} ({short}): Limit {limit}, Used \
                     {used}, Requested 1. {then}"
                );
                let (plan, reset_at) = (plan_name.clone(), *reset_at);
                let mut error = Self::limit_reached("requests", message).retry_at_reset(reset_at, now);
                error.body.error.quota = Some(SpentQuota { plan, limit, used, reset_at });
                let quota = QuotaStatus::Limited { limit, used, remaining: 0, period, reset_at };
                error.with_rate_headers(&quota, now)
            }
            Refusal::Quota { .. } => {
                let message = "Rate limit reached: the quota of this key's plan is used up. When it opens again isn't \
                               known exactly. Please try again later.";
                Self::limit_reached("requests", message).retry_at_reset(None, now)
            }
            Refusal::Throttle { holder, throttle, retry_after, quota } => {
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                let allowed = match (holder, throttle) {
                    (Some(Holder { plan_name, .. }), Some(Throttle { rate, burst })) => {
                        format!(" for plan {plan_name}: it allows {rate} per second with bursts of {burst}")
                    }
                    _ => String::new(),
                };
                let message = format!("Requests come too fast{allowed}. Please try again in {}s.", seconds.max(1));
                let error = Self::limit_reached("throttle", message).retry_after(seconds);
                quota.iter().fold(error, |error, quota| error.with_rate_headers(quota, now))
            }
        }
    }

    fn limit_reached(kind: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, kind, "rate_limit_exceeded", message)
    }

    fn with_rate_headers(mut self, quota: &QuotaStatus, now: Timestamp) -> Self {
        self.headers.extend(rate_headers::of(quota, now));
        self
    }
}
