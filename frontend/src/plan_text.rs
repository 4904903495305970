//! Plans in plain words; figures come from the server as they are.

use api_types::{Period, Plan, PlanName, Promises, Quota, Throttle};

use crate::{
    figures::{grouped, per_time},
    promise_text::is_rough,
    zone_text::midnight,
};

/// The quota as a card's figure and its unit: ("10", "requests per day").
pub(crate) fn quota(quota: &Quota) -> (String, String) {
    match quota {
        Quota::Unlimited => ("Unlimited".to_owned(), "requests".to_owned()),
        Quota::Limited { limit, period, .. } => {
            let requests = if *limit == 1 { "request" } else { "requests" };
            (grouped(*limit), format!("{requests} per {}", period.noun()))
        }
    }
}

/// What there is to know of a plan beside its quota's figure, as far as the backend promises it.
pub(crate) fn facts(plan: &Plan, promises: Option<Promises>, readers_zone: Option<&str>) -> Vec<String> {
    let mut facts = vec![throttle(plan.throttle.as_ref(), is_rough(promises))];
    if let Quota::Limited { limit, period, offset } = plan.quota {
        if offset > 0 {
            let first = limit.saturating_sub(u64::from(offset));
            facts.insert(0, format!("{} in the first {}", grouped(first), period.noun()));
        }
        if promises.is_some_and(|promises| promises.reset_known) {
            facts.push(resets_each(period, &midnight(plan.time_zone.as_deref(), readers_zone)));
        }
    }
    facts
}

/// When a period begins.
fn resets_each(period: Period, midnight: &str) -> String {
    match period {
        Period::Day => format!("Resets every day at {midnight}"),
        Period::Week => format!("Resets on Mondays at {midnight}"),
        Period::Month => format!("Resets on the 1st of the month at {midnight}"),
    }
}

fn throttle(throttle: Option<&Throttle>, rough: bool) -> String {
    match throttle {
        None => "No limit on speed".to_owned(),
        Some(Throttle { rate, burst }) => {
            format!("{} {}, bursts of {burst}", if rough { "About" } else { "Up to" }, per_time(*rate))
        }
    }
}

/// The next larger plan: the smallest of those that allow more in a day than this one.
pub(crate) fn larger<'p>(plans: &'p [Plan], than: &PlanName) -> Option<&'p Plan> {
    // Per 210 days, so that months compare with weeks in whole numbers.
    let allows = |plan: &Plan| match plan.quota {
        Quota::Unlimited => u64::MAX,
        Quota::Limited { limit, period: Period::Day, .. } => limit.saturating_mul(210),
        Quota::Limited { limit, period: Period::Week, .. } => limit.saturating_mul(30),
        Quota::Limited { limit, period: Period::Month, .. } => limit.saturating_mul(7),
    };
    let this = allows(plans.iter().find(|plan| plan.name == *than)?);
    plans.iter().filter(|plan| allows(plan) > this).min_by_key(|plan| allows(plan))
}

#[cfg(test)]
mod tests {
    use api_types::{KeyAtRest, QuotaPromise, Survival};

    use super::*;

    fn plan(quota: Quota) -> Plan {
        let name = PlanName::parse("plan").unwrap();
        Plan {
            name,
            description: String::new(),
            quota,
            throttle: Some(Throttle { rate: 10.0, burst: 20 }),
            time_zone: Some("Asia/Tokyo".to_owned()),
        }
    }

    fn exact() -> Promises {
        Promises {
            quota: QuotaPromise::Exact,
            survives: Survival::ProcessKill,
            fair_charge: true,
            reset_known: true,
            key_at_rest: KeyAtRest::Digest,
        }
    }

    #[test]
    fn a_quota_is_a_figure_and_its_unit() {
        let day = Quota::Limited { limit: 10, period: Period::Day, offset: 0 };
        assert_eq!(quota(&day), ("10".to_owned(), "requests per day".to_owned()));
        let month = Quota::Limited { limit: 1000, period: Period::Month, offset: 2 };
        assert_eq!(quota(&month).0, "1,000");
        assert_eq!(facts(&plan(month), Some(exact()), None)[0], "998 in the first month");
    }

    #[test]
    fn the_next_larger_plan_is_the_smallest_that_allows_more() {
        let named = |name: &str, quota| Plan { name: PlanName::parse(name).unwrap(), ..plan(quota) };
        let limited = |limit, period| Quota::Limited { limit, period, offset: 0 };
        let plans = [
            named("free", Quota::Unlimited),
            named("week", limited(100, Period::Week)),
            named("day", limited(10, Period::Day)),
            named("month", limited(1000, Period::Month)),
        ];
        let after = |name: &str| larger(&plans, &PlanName::parse(name).unwrap()).map(|plan| plan.name.as_str());
        assert_eq!(
            ["day", "week", "month", "free", "gone"].map(after),
            [Some("week"), Some("month"), Some("free"), None, None]
        );
    }

    #[test]
    fn a_reset_is_told_only_where_it_is_promised() {
        let day = plan(Quota::Limited { limit: 10, period: Period::Day, offset: 0 });
        let throttle = "Up to 10 requests per second, bursts of 20";
        assert_eq!(facts(&day, Some(exact()), Some("UTC")), [throttle, "Resets every day at midnight in Asia/Tokyo"]);
        assert_eq!(facts(&day, None, None), [throttle]);
        let rough = Promises { quota: QuotaPromise::BestEffort, reset_known: false, ..exact() };
        assert_eq!(facts(&day, Some(rough), None), ["About 10 requests per second, bursts of 20"]);
        assert_eq!(facts(&plan(Quota::Unlimited), Some(exact()), None), [throttle]);
    }
}
