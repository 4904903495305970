//! Plans.

use access::UsagePlan;
use api_types::{Plan, PlanName, Quota, Throttle};
use rusqlite::{Connection, Row, params};

use super::{
    columns::{Columns, from_count, unreadable},
    statements::{list, run},
};
use crate::counting::{LivePlan, PlanRowId, Plans};

/// A plan's columns.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<UsagePlan> {
    let quota = match row.read("quota_limit")? {
        Some(limit) => Quota::Limited { limit, period: row.read("quota_period")?, offset: row.get("quota_offset")? },
        None => Quota::Unlimited,
    };
    let rate: Option<f64> = row.get("throttle_rate")?;
    let throttle = rate.zip(row.get("throttle_burst")?).map(|(rate, burst)| Throttle { rate, burst });
    let plan = Plan { name: row.read("name")?, description: row.get("description")?, quota, throttle, time_zone: None };
    UsagePlan::new(plan, row.read("time_zone")?).map_err(|_| unreadable("plan"))
}

/// Every plan.
pub(crate) fn all(conn: &Connection) -> rusqlite::Result<Plans> {
    let read = |row: &Row<'_>| Ok((row.read::<PlanRowId>("id")?, LivePlan::new(read(row)?, row.get("offered")?)));
    Ok(Plans(list(conn, "SELECT * FROM plans", [], read)?.into_iter().collect()))
}

/// Those that take new keys, in the configuration's order.
pub(crate) fn offered(conn: &Connection) -> rusqlite::Result<Vec<Plan>> {
    let sql = "SELECT * FROM plans WHERE offered = 1 ORDER BY position, id";
    list(conn, sql, [], |row| Ok(read(row)?.plan().clone()))
}

/// Makes these the ones on offer; the others go once nobody is on them. Which ones are no longer on offer but stay.
pub(crate) fn apply(conn: &Connection, plans: &[UsagePlan]) -> rusqlite::Result<Vec<PlanName>> {
    run(conn, "UPDATE plans SET offered = 0", [])?;
    let put = "INSERT INTO plans (name, description, quota_limit, quota_period, quota_offset, throttle_rate,
                                  throttle_burst, time_zone, position, offered)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)
               ON CONFLICT (name) DO UPDATE SET
                   description = excluded.description, quota_limit = excluded.quota_limit,
                   quota_period = excluded.quota_period, quota_offset = excluded.quota_offset,
                   throttle_rate = excluded.throttle_rate, throttle_burst = excluded.throttle_burst,
                   time_zone = excluded.time_zone, position = excluded.position, offered = 1";
    for (position, usage_plan) in (0_i64..).zip(plans) {
        let plan = usage_plan.plan();
        let (limit, period, offset) = match plan.quota {
            Quota::Limited { limit, period, offset } => (Some(from_count(limit)), Some(period.as_str()), offset),
            Quota::Unlimited => (None, None, 0),
        };
        let (rate, burst) = plan.throttle.map(|throttle| (throttle.rate, throttle.burst)).unzip();
        let (name, zone) = (plan.name.as_str(), usage_plan.time_zone().name());
        run(conn, put, params![name, plan.description, limit, period, offset, rate, burst, zone, position])?;
    }
    let unused = "DELETE FROM plans
                  WHERE offered = 0 AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE plan = plans.id)";
    run(conn, unused, [])?;
    list(conn, "SELECT name FROM plans WHERE offered = 0 ORDER BY name", [], |row| row.read("name"))
}
