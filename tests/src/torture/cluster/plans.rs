//! The plans that the cluster's replicas offer.

use access::UsagePlan;
use api_types::{Period, Plan, PlanName, Quota};

use crate::calm_time_zone;

/// Quotas of the plans in turn: small ones that are used up again and again, and one that lasts some rounds.
pub(super) const QUOTAS: [u64; 3] = [60, 10, 1_500];

/// All of them, as the configuration of every replica has them.
pub(super) fn plans() -> Vec<UsagePlan> {
    let plan = |place: usize| {
        let (name, limit) = plan_of(place);
        let quota = Quota::Limited { limit, period: Period::Day, offset: 0 };
        let plan = Plan { name, description: String::new(), quota, throttle: None, time_zone: None };
        UsagePlan::new(plan, calm_time_zone().parse().expect("a zone")).expect("a plan")
    };
    (0..QUOTAS.len()).map(plan).collect()
}

/// A plan's name and its quota.
pub(super) fn plan_of(place: usize) -> (PlanName, u64) {
    let limit = QUOTAS[place];
    (PlanName::parse(&format!("{limit} a day")).expect("a name"), limit)
}
