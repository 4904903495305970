//! The plans of the configuration: their written form, and its way into checked usage plans.

use access::{TimeZone, UsagePlan};
use api_types::{Period, Plan, PlanName, Quota, Throttle};
use serde::{Deserialize, Deserializer, de::Error as _};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPlan {
    name: String,
    #[serde(default)]
    description: String,
    quota: WrittenQuota,
    throttle: Option<WrittenThrottle>,
    time_zone: Option<String>,
}

/// `quota = { limit = 10, period = "DAY" }` or `quota = "unlimited"`.
enum WrittenQuota {
    Unlimited,
    Limited(WrittenLimit),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLimit {
    limit: u64,
    period: Period,
    #[serde(default)]
    offset: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenThrottle {
    rate: f64,
    burst: u32,
}

impl<'de> Deserialize<'de> for WrittenQuota {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(from)? {
            toml::Value::String(text) if text == "unlimited" => Ok(Self::Unlimited),
            table @ toml::Value::Table(_) => {
                table.try_into().map(Self::Limited).map_err(|e: toml::de::Error| D::Error::custom(e.message()))
            }
            _ => Err(D::Error::custom("must be { limit = …, period = \"DAY\" } or \"unlimited\"")),
        }
    }
}

/// Reads and checks all plans; names must differ.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<UsagePlan>, D::Error> {
    let written = Vec::<WrittenPlan>::deserialize(from)?;
    if written.is_empty() {
        return Err(D::Error::custom("must hold at least one plan; leave it out for the default plans"));
    }
    let mut plans: Vec<UsagePlan> = Vec::with_capacity(written.len());
    for plan in written {
        let name = plan.name.clone();
        let checked = check(plan).map_err(|detail| D::Error::custom(format!("plan {name:?}: {detail}")))?;
        if plans.iter().any(|p| p.plan().name == checked.plan().name) {
            return Err(D::Error::custom(format!("plan {name:?} is there twice; give each its own name")));
        }
        plans.push(checked);
    }
    Ok(plans)
}

fn check(written: WrittenPlan) -> Result<UsagePlan, String> {
    let quota = match written.quota {
        WrittenQuota::Unlimited => Quota::Unlimited,
        WrittenQuota::Limited(WrittenLimit { limit, period, offset }) => Quota::Limited { limit, period, offset },
    };
    let plan = Plan {
        name: PlanName::parse(&written.name).map_err(|reason| reason.to_string())?,
        description: written.description,
        quota,
        throttle: written.throttle.map(|t| Throttle { rate: t.rate, burst: t.burst }),
        time_zone: None,
    };
    let zone = match written.time_zone {
        Some(name) => name.parse().map_err(|e: access::UnknownTimeZone| e.to_string())?,
        None => TimeZone::utc(),
    };
    UsagePlan::new(plan, zone).map_err(|e| e.to_string())
}

/// The plans of an installation without a configuration: 10, 20 and 30 requests per day.
///
/// # Panics
/// Never: the figures are within all bounds.
#[must_use]
pub fn default_plans() -> Vec<UsagePlan> {
    [10, 20, 30]
        .into_iter()
        .map(|limit| {
            check(WrittenPlan {
                name: format!("{limit}RequestPerDay"),
                description: format!("{limit} requests per day."),
                quota: WrittenQuota::Limited(WrittenLimit { limit, period: Period::Day, offset: 0 }),
                throttle: Some(WrittenThrottle { rate: 10.0, burst: 20 }),
                time_zone: None,
            })
            .expect("the default plans keep the rules")
        })
        .collect()
}
