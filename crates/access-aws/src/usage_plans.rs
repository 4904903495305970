//! Usage plans as API Gateway lists them, and their limits in our terms.

use api_types::{Period, Quota, Throttle};
use aws_sdk_apigateway::types::{QuotaPeriodType, UsagePlan};

use crate::{
    action::GET_USAGE_PLANS,
    control::{Control, PAGE},
    error::AwsError,
};

/// All usage plans of the account, or those that a key is on.
pub(crate) async fn list(control: &Control, key_id: Option<&str>) -> Result<Vec<UsagePlan>, AwsError> {
    let send = |client: aws_sdk_apigateway::Client, position| {
        let request = client.get_usage_plans().limit(PAGE).set_key_id(key_id.map(str::to_owned));
        request.set_position(position).send()
    };
    control.pages(GET_USAGE_PLANS, send, |page| (page.items, page.position)).await
}

/// A plan's quota. The SDK reads a number that isn't there as 0, and some answer with an empty quota where there is none.
pub(crate) fn quota(plan: &UsagePlan) -> Quota {
    match plan.quota().filter(|quota| quota.limit() > 0) {
        None => Quota::Unlimited,
        Some(quota) => Quota::Limited {
            limit: u64::try_from(quota.limit()).unwrap_or_default(),
            offset: u32::try_from(quota.offset()).unwrap_or_default(),
            period: match quota.period() {
                Some(QuotaPeriodType::Week) => Period::Week,
                Some(QuotaPeriodType::Month) => Period::Month,
                _ => Period::Day,
            },
        },
    }
}

/// A plan's throttle. Rate and burst are optional each by itself ("ThrottleSettings"), so that either makes one: a
/// bucket that takes nothing, or that nothing fills again, is not the same as none. Some answer with an empty throttle
/// where there is none.
pub(crate) fn throttle(plan: &UsagePlan) -> Option<Throttle> {
    let throttle = plan.throttle().filter(|throttle| throttle.rate_limit() != 0.0 || throttle.burst_limit() != 0)?;
    let burst = u32::try_from(throttle.burst_limit()).unwrap_or_default();
    Some(Throttle { rate: throttle.rate_limit(), burst })
}
