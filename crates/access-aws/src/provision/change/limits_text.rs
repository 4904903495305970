//! A usage plan's limits, for people.

use api_types::{Quota, Throttle};

/// For people: "10 per day, 2.5 per second with bursts of 5".
pub(crate) fn limits(quota: Quota, throttle: Option<Throttle>) -> String {
    format!("{}, {}", quota_text(quota), throttle_text(throttle))
}

pub(super) fn quota_text(quota: Quota) -> String {
    match quota {
        Quota::Unlimited => "no quota".to_owned(),
        Quota::Limited { limit, offset: 0, period } => format!("{limit} per {}", period.noun()),
        Quota::Limited { limit, offset, period } => format!("{limit} per {} offset {offset}", period.noun()),
    }
}

pub(super) fn throttle_text(throttle: Option<Throttle>) -> String {
    match throttle {
        None => "no throttle".to_owned(),
        Some(Throttle { rate, burst }) => format!("{rate} per second with bursts of {burst}"),
    }
}
