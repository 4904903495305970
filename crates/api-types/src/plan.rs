//! Usage plans: a named quota and throttle, in API Gateway's terms.

use std::fmt;

use serde::{Deserialize, Serialize};

use validator::{Validate, ValidationError, ValidationErrors};

use crate::{
    Reason,
    limits::{
        PLAN_DESCRIPTION_MAX_CHARS, PLAN_NAME_MAX_BYTES, QUOTA_MAX, THROTTLE_BURST_MAX, THROTTLE_RATE_MAX,
        THROTTLE_RATE_MIN,
    },
};

/// A usage plan's name, unique among the plans; shown to people and used in URLs and configuration.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanName(String);

#[cfg(feature = "openapi")]
crate::schemas::has_schema!(PlanName, plan_name);

impl PlanName {
    /// Reads a name: 1 to 64 bytes of letters, digits, spaces and `-_.:/+`, no space at either end.
    ///
    /// # Errors
    /// A sentence for the field.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        if text.is_empty() {
            return Err(Reason::new("required", "Name a plan."));
        }
        if text.len() > PLAN_NAME_MAX_BYTES {
            return Err(Reason::new("length", "A plan's name has at most 64 bytes."));
        }
        if text.trim() != text || !text.chars().all(|c| c.is_alphanumeric() || " -_.:/+".contains(c)) {
            return Err(Reason::new("characters", "A plan's name has letters, digits, spaces and - _ . : / + only."));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PlanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl TryFrom<String> for PlanName {
    type Error = Reason;

    fn try_from(text: String) -> Result<Self, Reason> {
        Self::parse(&text)
    }
}

impl From<PlanName> for String {
    fn from(name: PlanName) -> String {
        name.0
    }
}

/// The span over which a quota counts, by the calendar of the plan's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Period {
    /// From local midnight.
    Day,
    /// From Monday's local midnight.
    Week,
    /// From the first of the month.
    Month,
}

impl Period {
    /// The spelling on the wire and in the configuration, which is API Gateway's.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    /// For people: "per day".
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Largest offset that AWS's tools accept for a quota of this period.
    #[must_use]
    pub const fn max_offset(self) -> u32 {
        match self {
            Self::Day => 0,
            Self::Week => 6,
            Self::Month => 27,
        }
    }
}

/// How many requests a plan allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "crate::quota_fields::QuotaFields")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Quota {
    /// So many per period.
    #[cfg_attr(feature = "openapi", schema(title = "LimitedQuota"))]
    Limited {
        /// Requests per period.
        #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 2147483647))]
        limit: u64,
        /// The period.
        period: Period,
        /// Requests subtracted from the limit in a subscription's first period.
        #[cfg_attr(feature = "openapi", schema(maximum = 27))]
        offset: u32,
    },
    /// As many as the throttle lets through.
    #[cfg_attr(feature = "openapi", schema(title = "UnlimitedQuota"))]
    Unlimited,
}

/// By hand, since `validator` derives for structs only.
impl Validate for Quota {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let Self::Limited { limit, period, offset } = *self else { return Ok(()) };
        let mut errors = ValidationErrors::new();
        let mut wrong = |field, message: String| {
            errors.add(field, ValidationError::new("range").with_message(message.into()));
        };
        let most = period.max_offset();
        if !(1..=QUOTA_MAX).contains(&limit) {
            wrong("limit", format!("must be from 1 to {QUOTA_MAX}"));
        } else if offset > most {
            wrong("offset", format!("must be from 0 to {most} for a {} quota", period.as_str()));
        } else if u64::from(offset) > limit {
            wrong("offset", "must not exceed the limit".to_owned());
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// A token bucket: how fast requests may come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Throttle {
    /// Tokens that come back per second.
    #[cfg_attr(feature = "openapi", schema(example = 10.0, minimum = 0.0001, maximum = 10000))]
    #[validate(custom(function = is_a_rate))]
    pub rate: f64,
    /// Most tokens the bucket holds.
    #[cfg_attr(feature = "openapi", schema(example = 20, minimum = 1, maximum = 100000))]
    #[validate(range(min = 1, max = THROTTLE_BURST_MAX, message = "must be from 1 to 100000"))]
    pub burst: u32,
}

/// What `range` would say too, but for NaN, which it lets through.
fn is_a_rate(rate: f64) -> Result<(), ValidationError> {
    const RATE: Reason = Reason::new("range", "must be from 0.0001 to 10000");
    if (THROTTLE_RATE_MIN..=THROTTLE_RATE_MAX).contains(&rate) { Ok(()) } else { Err(RATE.into()) }
}

/// One entry of `GET /plans`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "name": "10RequestPerDay", "description": "For trying things out.",
        "quota": {"kind": "limited", "limit": 10, "period": "DAY", "offset": 0}, "throttle": {"rate": 10.0, "burst": 20},
        "time_zone": "UTC"
    }))
)]
pub struct Plan {
    /// Its unique name.
    pub name: PlanName,
    /// A sentence for people; may be empty.
    #[cfg_attr(feature = "openapi", schema(max_length = 500))]
    #[validate(length(max = PLAN_DESCRIPTION_MAX_CHARS, message = "use at most 500 characters"))]
    pub description: String,
    /// How many requests.
    #[validate(nested)]
    pub quota: Quota,
    /// How fast; null is as fast as they come.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[validate(nested)]
    pub throttle: Option<Throttle>,
    /// Whose calendar its periods and days follow, as an IANA name; null where that isn't known, as with Amazon API Gateway.
    #[cfg_attr(feature = "openapi", schema(required, example = "Europe/Berlin"))]
    #[serde(default)]
    pub time_zone: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_the_documented_one() {
        let plan = Plan {
            name: PlanName::parse("10RequestPerDay").unwrap(),
            description: String::new(),
            quota: Quota::Limited { limit: 10, period: Period::Day, offset: 0 },
            throttle: None,
            time_zone: Some("UTC".to_owned()),
        };
        assert_eq!(
            serde_json::to_value(&plan).unwrap(),
            serde_json::json!({"name": "10RequestPerDay", "description": "",
                "quota": {"kind": "limited", "limit": 10, "period": "DAY", "offset": 0}, "throttle": null,
                "time_zone": "UTC"})
        );
        assert_eq!(serde_json::to_value(Quota::Unlimited).unwrap(), serde_json::json!({"kind": "unlimited"}));
    }

    #[test]
    fn odd_names_are_refused() {
        for text in ["", " x", "a\nb", "a\"b", &"x".repeat(65)] {
            assert!(PlanName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn bounds_are_told_as_they_are() {
        let refused = |description: &str, quota, throttle| {
            let name = PlanName::parse("p").unwrap();
            let plan =
                Plan { name, description: description.to_owned(), quota, throttle: Some(throttle), time_zone: None };
            crate::check(&plan).err().map(|errors| errors[0].detail.clone()).unwrap_or_default()
        };
        let throttle = Throttle { rate: THROTTLE_RATE_MAX, burst: THROTTLE_BURST_MAX };
        let quota = Quota::Limited { limit: QUOTA_MAX, period: Period::Month, offset: 27 };
        assert_eq!(refused("", quota, throttle), "");
        let long = "ä".repeat(501);
        assert_eq!(refused(&long[2..], quota, throttle), "");
        assert!(refused(&long, quota, throttle).contains(&PLAN_DESCRIPTION_MAX_CHARS.to_string()));
        let burst = Throttle { burst: THROTTLE_BURST_MAX + 1, ..throttle };
        assert!(refused("", quota, burst).ends_with(&format!("to {THROTTLE_BURST_MAX}")));
        let rate = Throttle { rate: 0.0, ..throttle };
        assert_eq!(refused("", quota, rate), format!("must be from {THROTTLE_RATE_MIN} to {THROTTLE_RATE_MAX}"));
        assert!(PlanName::parse(&"x".repeat(PLAN_NAME_MAX_BYTES + 1)).unwrap_err().detail.contains("64"));
    }
}
