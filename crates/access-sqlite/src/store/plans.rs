//! Plans of the configuration, brought into the file at start.

use access::{StoreError, UsagePlan};
use api_types::{PlanName, Quota, Timestamp};
use rusqlite::{Connection, params};

use crate::{
    SqliteStore,
    sql::columns::{from_count, store_error, text_by},
    sql::counted::all_plans,
};

/// What applying the configuration's plans came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedPlans {
    /// Plans that the configuration no longer has but somebody is on: they serve their keys and take no new ones.
    pub retired: Vec<PlanName>,
}

impl SqliteStore {
    /// Makes the configuration's plans, whose names are unique, the ones on offer, in this order. Usage stays. A plan
    /// that is left out goes on serving its keys but takes no new ones; it is deleted once nobody is on it.
    ///
    /// # Errors
    /// When it could not be written; the plans are then as before.
    pub async fn apply_plans(&self, plans: Vec<UsagePlan>, now: Timestamp) -> Result<AppliedPlans, StoreError> {
        let doing = "apply plans";
        let job = move |desk: &mut crate::writer::state::Desk| {
            desk.purge_if_due(now);
            let outcome = desk.change::<_, std::convert::Infallible>(doing, |conn, _, _| apply(conn, &plans).map(Ok));
            let stored = all_plans(&desk.conn).map_err(store_error(doing))?;
            desk.set_plans(stored);
            let Ok(retired) = outcome?;
            Ok(AppliedPlans { retired })
        };
        self.inner.queue.run(doing, job).await
    }
}

fn apply(conn: &Connection, plans: &[UsagePlan]) -> rusqlite::Result<Vec<PlanName>> {
    conn.execute("UPDATE plans SET offered = 0", [])?;
    let mut put = conn.prepare(
        "INSERT INTO plans (name, description, quota_limit, quota_period, quota_offset, throttle_rate, throttle_burst,
                            time_zone, position, offered)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)
         ON CONFLICT (name) DO UPDATE SET
             description = excluded.description, quota_limit = excluded.quota_limit,
             quota_period = excluded.quota_period, quota_offset = excluded.quota_offset,
             throttle_rate = excluded.throttle_rate, throttle_burst = excluded.throttle_burst,
             time_zone = excluded.time_zone, position = excluded.position, offered = 1",
    )?;
    for (position, usage_plan) in (0_i64..).zip(plans) {
        let plan = usage_plan.plan();
        let (limit, period, offset) = match plan.quota {
            Quota::Limited { limit, period, offset } => (Some(from_count(limit)), Some(period.as_str()), offset),
            Quota::Unlimited => (None, None, 0),
        };
        put.execute(params![
            plan.name.as_str(),
            plan.description,
            limit,
            period,
            offset,
            plan.throttle.map(|throttle| throttle.rate),
            plan.throttle.map(|throttle| throttle.burst),
            usage_plan.time_zone().name(),
            position,
        ])?;
    }
    conn.execute(
        "DELETE FROM plans WHERE offered = 0 AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE plan = plans.id)",
        [],
    )?;
    let mut retired = conn.prepare("SELECT name FROM plans WHERE offered = 0 ORDER BY name")?;
    retired.query_map([], |row| text_by(row, 0, "a plan's name", PlanName::parse))?.collect()
}
