//! Plans, and the version by which replicas see that they changed.

use std::collections::HashMap;

use access::UsagePlan;
use api_types::{Plan, PlanName, Quota, Throttle};
use tokio_postgres::{GenericClient, Row};

use super::columns::{Columns, PlanRowId, from_count};
use crate::error::Failure;

/// Every plan that somebody may be on, as of a version.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    /// The version that they were read with; 0: none was read.
    pub(crate) version: i64,
    known: HashMap<PlanRowId, StoredPlan>,
}

/// A plan as stored.
#[derive(Debug)]
pub(crate) struct StoredPlan {
    pub(crate) plan: UsagePlan,
    /// Whether it takes new keys.
    offered: bool,
}

impl Plans {
    /// The plan of a subscription.
    pub(crate) fn get(&self, id: PlanRowId) -> Result<&UsagePlan, Failure> {
        self.known.get(&id).map(|stored| &stored.plan).ok_or(Failure::Unreadable("plan"))
    }

    /// A plan that takes new keys.
    pub(crate) fn offered(&self, name: &PlanName) -> Option<(PlanRowId, &UsagePlan)> {
        let mut offered = self.known.iter().filter(|(_, stored)| stored.offered);
        offered.find(|(_, stored)| stored.plan.plan().name == *name).map(|(id, stored)| (*id, &stored.plan))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PlanRowId, &UsagePlan)> {
        self.known.iter().map(|(id, stored)| (*id, &stored.plan))
    }
}

fn read(row: &Row) -> Result<UsagePlan, Failure> {
    let quota = match row.plain::<Option<i64>>("quota_limit")? {
        Some(_) => Quota::Limited {
            limit: row.read("quota_limit")?,
            period: row.read("quota_period")?,
            offset: row.read::<u64>("quota_offset")?.try_into().map_err(|_| Failure::Unreadable("quota_offset"))?,
        },
        None => Quota::Unlimited,
    };
    let throttle = match row.plain::<Option<f64>>("throttle_rate")? {
        Some(rate) => {
            let burst = row.read::<u64>("throttle_burst")?;
            Some(Throttle { rate, burst: burst.try_into().map_err(|_| Failure::Unreadable("throttle_burst"))? })
        }
        None => None,
    };
    let (name, description) = (row.read("name")?, row.plain("description")?);
    let plan = Plan { name, description, quota, throttle, time_zone: None };
    UsagePlan::new(plan, row.read("time_zone")?).map_err(|_| Failure::Unreadable("plan"))
}

/// The version now.
pub(crate) const VERSION: &str = "SELECT version FROM plans_version";

/// Every plan, and the version. Read the version first: if plans change in between, they are read once more than needed.
pub(crate) async fn all(client: &impl GenericClient) -> Result<Plans, Failure> {
    let version = client.query_one(VERSION, &[]).await?.plain("version")?;
    let mut known = HashMap::new();
    for row in client.query("SELECT * FROM plans", &[]).await? {
        let stored = StoredPlan { plan: read(&row)?, offered: row.plain("offered")? };
        known.insert(row.read("id")?, stored);
    }
    Ok(Plans { version, known })
}

/// What stands in a plan's columns.
pub(super) struct PlanColumns<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    pub(super) limit: Option<i64>,
    pub(super) period: Option<&'static str>,
    pub(super) offset: i64,
    pub(super) rate: Option<f64>,
    pub(super) burst: Option<i64>,
    pub(super) zone: &'a str,
}

pub(super) fn columns(usage_plan: &UsagePlan) -> PlanColumns<'_> {
    let plan = usage_plan.plan();
    let (limit, period, offset) = match plan.quota {
        Quota::Limited { limit, period, offset } => (Some(from_count(limit)), Some(period.as_str()), i64::from(offset)),
        Quota::Unlimited => (None, None, 0),
    };
    let (rate, burst) = plan.throttle.map(|throttle| (throttle.rate, i64::from(throttle.burst))).unzip();
    let (name, description, zone) = (plan.name.as_str(), plan.description.as_str(), usage_plan.time_zone().name());
    PlanColumns { name, description, limit, period, offset, rate, burst, zone }
}

/// Those that take new keys, in the configuration's order.
pub(crate) async fn offered(client: &impl GenericClient) -> Result<Vec<Plan>, Failure> {
    let rows = client.query("SELECT * FROM plans WHERE offered ORDER BY position, id", &[]).await?;
    rows.iter().map(|row| Ok(read(row)?.plan().clone())).collect()
}

/// Makes these the ones on offer; the others go once nobody is on them. Which ones are no longer on offer but stay.
pub(crate) async fn apply(client: &impl GenericClient, plans: &[UsagePlan]) -> Result<Vec<PlanName>, Failure> {
    // Replicas that start at once take turns.
    client.execute("UPDATE plans_version SET version = version + 1", &[]).await?;
    client.execute("UPDATE plans SET offered = false", &[]).await?;
    let put = "INSERT INTO plans (name, description, quota_limit, quota_period, quota_offset, throttle_rate,
                                  throttle_burst, time_zone, position, offered)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, true)
               ON CONFLICT (name) DO UPDATE SET
                   description = excluded.description, quota_limit = excluded.quota_limit,
                   quota_period = excluded.quota_period, quota_offset = excluded.quota_offset,
                   throttle_rate = excluded.throttle_rate, throttle_burst = excluded.throttle_burst,
                   time_zone = excluded.time_zone, position = excluded.position, offered = true";
    for (position, usage_plan) in (0_i64..).zip(plans) {
        let PlanColumns { name, description, limit, period, offset, rate, burst, zone } = columns(usage_plan);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] =
            [&name, &description, &limit, &period, &offset, &rate, &burst, &zone, &position];
        client.execute(put, &values).await?;
    }
    // Locked before it is looked who is on them: whoever subscribes meanwhile is seen, or waits and finds the plan gone.
    client.query("SELECT 1 FROM plans WHERE NOT offered FOR UPDATE", &[]).await?;
    let unused = "DELETE FROM plans
                  WHERE NOT offered AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE plan = plans.id)";
    client.execute(unused, &[]).await?;
    let retired = client.query("SELECT name FROM plans WHERE NOT offered ORDER BY name", &[]).await?;
    retired.iter().map(|row| row.read("name")).collect()
}
