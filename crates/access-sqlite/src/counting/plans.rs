//! The plans in memory, each with the period of today worked out once and not for each request.

use std::{cell::Cell, collections::HashMap};

use access::{Span, StoreError, UsagePlan};
use api_types::{Period, PlanName, Timestamp};

use super::rows::PlanRowId;

/// Every plan that somebody may be on.
#[derive(Debug)]
pub(crate) struct Plans(pub(crate) HashMap<PlanRowId, LivePlan>);

impl Plans {
    /// The plan of a subscription.
    pub(crate) fn get(&self, id: PlanRowId) -> Result<&LivePlan, StoreError> {
        self.0.get(&id).ok_or_else(|| StoreError::new("find a plan", "the subscription's plan is gone"))
    }

    /// A plan that takes new keys.
    pub(crate) fn offered(&self, name: &PlanName) -> Option<(PlanRowId, &LivePlan)> {
        let mut plans = self.0.iter().map(|(id, plan)| (*id, plan));
        plans.find(|(_, plan)| plan.offered && plan.plan.plan().name == *name)
    }
}

/// A stored plan.
#[derive(Debug)]
pub(crate) struct LivePlan {
    pub(crate) plan: UsagePlan,
    /// Whether it takes new keys.
    offered: bool,
    today: Cell<Option<Today>>,
}

/// The span of one day's instants: good from `from`, before `until`.
#[derive(Debug, Clone, Copy)]
struct Today {
    from: Timestamp,
    until: Timestamp,
    span: Span,
}

impl LivePlan {
    /// A plan as stored.
    pub(crate) fn new(plan: UsagePlan, offered: bool) -> Self {
        Self { plan, offered, today: Cell::new(None) }
    }

    /// The period that an instant lies in.
    pub(crate) fn span(&self, now: Timestamp) -> Span {
        if let Some(today) = self.today.get()
            && today.from <= now
            && now < today.until
        {
            return today.span;
        }
        let span = self.plan.span(now);
        let until = Span::at(Period::Day, self.plan.time_zone(), now).resets_at;
        // Askers' clocks are read before they queue, so instants come a little out of order.
        let from = match self.today.get() {
            Some(today) if today.span.today == span.today => today.from.min(now),
            _ => now,
        };
        self.today.set(Some(Today { from, until, span }));
        span
    }
}

#[cfg(test)]
mod tests {
    use access::TimeZone;
    use api_types::{Plan, PlanName, Quota};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_remembered_period_is_the_computed_one(
            zone in 0usize..4,
            period in 0usize..3,
            steps in prop::collection::vec(-200_000i64..400_000, 1..60),
        ) {
            let zone: TimeZone =
                ["UTC", "Europe/Berlin", "America/Santiago", "Pacific/Apia"][zone].parse().unwrap();
            let quota = Quota::Limited { limit: 5, period: [Period::Day, Period::Week, Period::Month][period], offset: 0 };
            let plan = Plan { name: PlanName::parse("p").unwrap(), description: String::new(), quota, throttle: None, time_zone: None };
            let live = LivePlan::new(UsagePlan::new(plan, zone).unwrap(), true);
            let mut seconds = 1_790_000_000;
            for step in steps {
                seconds += step;
                let now = Timestamp::from_second(seconds).unwrap();
                prop_assert_eq!(live.span(now), live.plan.span(now));
            }
        }
    }
}
