//! Whether a key may call now: known, enabled, in a plan of the stage, within its throttle and its quota.

use super::refusal::Refusal;
use crate::aws::{
    account::Account,
    meter::{Allowance, utc_day},
    request::Request,
};

/// Lets a call through and counts it; one that is refused counts for nothing.
pub(super) fn admit(account: &mut Account, api: &str, stage: &str, request: &Request) -> Result<(), Refusal> {
    let now = account.now();
    let value = request.header("x-api-key").unwrap_or_default();
    let key = account.keys.values().find(|key| key.value == value && key.enabled && key.active);
    let key = key.ok_or(Refusal::InvalidApiKey)?.id.clone();
    let plan = account.plan_of(&key, api, stage).ok_or(Refusal::InvalidApiKey)?.clone();
    let meter = account.meters.entry((plan.id, key)).or_default();
    if plan.throttle.is_some_and(|throttle| !meter.has_token(throttle, now)) {
        return Err(Refusal::Throttled);
    }
    let allowance = plan.quota.map(|quota| Allowance { quota, since: plan.created });
    if allowance.is_some_and(|allowance| meter.remaining(allowance, utc_day(now)) == 0) {
        return Err(Refusal::QuotaExceeded);
    }
    meter.count(now);
    Ok(())
}
