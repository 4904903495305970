//! A usage plan as the backends know it: what the wire shows, and the time zone its periods follow.

use std::fmt;

use api_types::{Date, FieldError, Period, Plan, Quota, QuotaStatus, Timestamp};

use crate::{Span, TimeZone};

/// A checked usage plan.
#[derive(Debug, Clone, PartialEq)]
pub struct UsagePlan {
    plan: Plan,
    time_zone: TimeZone,
}

/// A plan breaks rules: which fields, such as `quota.offset`, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UsagePlanError(pub Vec<FieldError>);

impl fmt::Display for UsagePlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<_> = self.0.iter().map(|error| format!("{}: {}", error.field, error.detail)).collect();
        f.write_str(&told.join("; "))
    }
}

impl UsagePlan {
    /// Checks a plan by the rules at its fields; it shows the zone from then on.
    ///
    /// # Errors
    /// All that it breaks: limits out of `api_types::limits`, offsets out of what AWS's tools accept.
    pub fn new(mut plan: Plan, time_zone: TimeZone) -> Result<Self, UsagePlanError> {
        api_types::check(&plan).map_err(UsagePlanError)?;
        plan.time_zone = Some(time_zone.name().to_owned());
        Ok(Self { plan, time_zone })
    }

    /// What the wire shows.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The zone whose calendar its periods follow.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        &self.time_zone
    }

    /// The period of its quota that an instant lies in; a day where there is no quota, since usage is listed by day.
    #[must_use]
    pub fn span(&self, now: Timestamp) -> Span {
        let period = match self.plan.quota {
            Quota::Limited { period, .. } => period,
            Quota::Unlimited => Period::Day,
        };
        Span::at(period, &self.time_zone, now)
    }

    /// Requests allowed in a period; the offset is subtracted in the one in which the subscription began. `None` is
    /// unlimited.
    #[must_use]
    pub fn limit_in(&self, span: &Span, subscribed_on: Date) -> Option<u64> {
        match self.plan.quota {
            Quota::Limited { limit, offset, .. } if span.contains(subscribed_on) => Some(limit - u64::from(offset)),
            Quota::Limited { limit, .. } => Some(limit),
            Quota::Unlimited => None,
        }
    }

    /// How much is used of the period's quota.
    #[must_use]
    pub fn quota_status(&self, span: &Span, subscribed_on: Date, used: u64) -> QuotaStatus {
        match (self.plan.quota, self.limit_in(span, subscribed_on)) {
            (Quota::Limited { period, .. }, Some(limit)) => QuotaStatus::Limited {
                limit,
                used,
                remaining: limit.saturating_sub(used),
                period,
                reset_at: Some(span.resets_at),
            },
            _ => QuotaStatus::Unlimited,
        }
    }
}

#[cfg(test)]
mod tests {
    use api_types::{PlanName, Throttle};

    use super::*;

    fn plan(quota: Quota, throttle: Option<Throttle>) -> Result<UsagePlan, UsagePlanError> {
        let name = PlanName::parse("p").unwrap();
        UsagePlan::new(Plan { name, description: String::new(), quota, throttle, time_zone: None }, TimeZone::utc())
    }

    fn monthly(limit: u64, offset: u32) -> Quota {
        Quota::Limited { limit, period: Period::Month, offset }
    }

    #[test]
    fn bounds_name_their_field() {
        let field = |quota, throttle| {
            let UsagePlanError(errors) = plan(quota, throttle).unwrap_err();
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(field(monthly(0, 0), None), "quota.limit");
        assert_eq!(field(monthly(100, 28), None), "quota.offset");
        assert_eq!(field(monthly(5, 6), None), "quota.offset");
        assert_eq!(field(Quota::Limited { limit: 5, period: Period::Day, offset: 1 }, None), "quota.offset");
        assert_eq!(field(Quota::Unlimited, Some(Throttle { rate: 0.0, burst: 1 })), "throttle.rate");
        assert_eq!(field(Quota::Unlimited, Some(Throttle { rate: f64::NAN, burst: 1 })), "throttle.rate");
        assert_eq!(field(Quota::Unlimited, Some(Throttle { rate: 1.0, burst: 0 })), "throttle.burst");
        assert_eq!(field(monthly(0, 0), Some(Throttle { rate: 0.0, burst: 1 })), "quota.limit throttle.rate");
    }

    #[test]
    fn the_offset_lowers_only_the_first_period() {
        let plan = plan(monthly(1000, 2), None).unwrap();
        let subscribed: Date = "2026-11-20".parse().unwrap();
        let first = plan.span("2026-11-21T00:00:00Z".parse().unwrap());
        let second = plan.span("2026-12-01T00:00:00Z".parse().unwrap());
        assert_eq!(plan.limit_in(&first, subscribed), Some(998));
        assert_eq!(plan.limit_in(&second, subscribed), Some(1000));
    }

    #[test]
    fn without_a_quota_the_period_is_a_day() {
        let plan = plan(Quota::Unlimited, None).unwrap();
        let span = plan.span("2026-11-21T18:30:00Z".parse().unwrap());
        assert_eq!((span.start.to_string(), span.end.to_string()), ("2026-11-21".to_owned(), "2026-11-22".to_owned()));
    }
}
