//! Subscriptions: their rows, and those without a key, which are kept for their count.

use access::{Counts, Span, UsagePlan};
use api_types::{Date, QuotaStatus, SubscriptionId, Timestamp};
use tokio_postgres::{GenericClient, Row};

use super::{
    columns::{Columns, PlanRowId, SubscriptionRowId},
    counts,
};
use crate::error::Failure;

/// A subscription's row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriptionRowId,
    pub(crate) public_id: SubscriptionId,
    pub(crate) plan: PlanRowId,
    /// The day it began, in the plan's zone at that time.
    pub(crate) subscribed_on: Date,
    /// The period whose sums stand beside: its first day, and the next one's.
    pub(crate) period: Option<(Date, Date)>,
    /// What happened in it.
    pub(crate) sums: Counts,
    /// When its throttle's bucket will be full, in nanoseconds since 1970.
    pub(crate) full_at: Option<i64>,
    /// When it was last used.
    pub(crate) used_at: Option<Timestamp>,
}

/// A subscription's columns, of whatever statement has them.
pub(super) fn read(row: &Row) -> Result<Subscription, Failure> {
    Ok(Subscription {
        id: row.read("id")?,
        public_id: row.read("public_id")?,
        plan: row.read("plan")?,
        subscribed_on: row.plain("subscribed_on")?,
        period: row.plain::<Option<Date>>("period_start")?.zip(row.plain("period_end")?),
        sums: Counts { used: row.read("used")?, refused: 0, returned: row.read("returned")? },
        full_at: row.plain("full_at")?,
        used_at: row.plain("used_at")?,
    })
}

impl Subscription {
    /// Its sums, if they are of this period.
    pub(crate) fn sums_of(&self, span: &Span) -> Option<Counts> {
        (self.period == Some((span.start, span.end))).then_some(self.sums)
    }

    /// How much of its quota is used in a period.
    pub(crate) async fn quota(
        &self,
        client: &impl GenericClient,
        plan: &UsagePlan,
        span: &Span,
    ) -> Result<QuotaStatus, Failure> {
        let sums = match self.sums_of(span) {
            Some(sums) => sums,
            None => counts::sum(client, self.id, span.start, span.end).await?,
        };
        Ok(plan.quota_status(span, self.subscribed_on, sums.used))
    }
}

/// Locks rows until the transaction ends, in the order of `ids`. Index scans alone: the order is the caller's, which is
/// that of the ids, so that two transactions never wait for each other.
pub(crate) const HOLD: &str = "SELECT held.* FROM unnest($1::bigint[]) AS asked (id) CROSS JOIN LATERAL
    (SELECT * FROM subscriptions WHERE subscriptions.id = asked.id FOR NO KEY UPDATE) AS held";

/// The same without those that somebody else holds.
pub(crate) const HOLD_FREE: &str = "SELECT held.* FROM unnest($1::bigint[]) AS asked (id) CROSS JOIN LATERAL
    (SELECT * FROM subscriptions WHERE subscriptions.id = asked.id FOR NO KEY UPDATE SKIP LOCKED) AS held";

/// The subscriptions of [`HOLD`]'s rows.
pub(crate) fn held(rows: &[Row]) -> Result<Vec<Subscription>, Failure> {
    rows.iter().map(read).collect()
}

/// One subscription, as it is.
pub(crate) async fn find(client: &impl GenericClient, id: SubscriptionRowId) -> Result<Option<Subscription>, Failure> {
    let found = client.query_opt("SELECT * FROM subscriptions WHERE id = $1", &[&id.0]).await?;
    found.as_ref().map(read).transpose()
}

/// The subscription of an owner on a plan, made if there is none, and locked until the transaction ends.
pub(super) async fn obtain(
    client: &impl GenericClient,
    candidate: SubscriptionId,
    owner: &[u8],
    plan: PlanRowId,
    today: Date,
) -> Result<SubscriptionRowId, Failure> {
    let sql = "INSERT INTO subscriptions (public_id, owner, plan, subscribed_on) VALUES ($1, $2, $3, $4)
               ON CONFLICT (owner, plan) DO UPDATE SET used = subscriptions.used RETURNING id";
    client.query_one(sql, &[&candidate.to_string(), &owner, &plan.0, &today]).await?.read("id")
}

/// So many are looked at in one transaction.
const PURGED_AT_ONCE: usize = 500;

/// Deletes those of a plan that have no key, and neither charge nor return since this day: nobody needs them. Days that
/// lie ahead count too: a clock that was set back comes to them again.
pub(crate) async fn purge(client: &impl GenericClient, plan: PlanRowId, start: Date) -> Result<(), Failure> {
    let unused = "NOT EXISTS (SELECT 1 FROM keys WHERE subscription = subscriptions.id)
                  AND NOT EXISTS (SELECT 1 FROM usage_days
                                  WHERE subscription = subscriptions.id AND day >= $2 AND used + returned > 0)";
    // Locked first and then looked at again, as they are by then: a key may have been made and used meanwhile.
    let lock = format!(
        "SELECT id FROM subscriptions WHERE plan = $1 AND id > $3 AND {unused}
         ORDER BY id LIMIT {PURGED_AT_ONCE} FOR UPDATE SKIP LOCKED"
    );
    let delete = format!("DELETE FROM subscriptions WHERE plan = $1 AND id = ANY($3) AND {unused}");
    let mut after = 0_i64;
    loop {
        client.batch_execute("BEGIN").await?;
        let rows = client.query(&lock, &[&plan.0, &start, &after]).await?;
        let ids = rows.iter().map(|row| row.plain("id")).collect::<Result<Vec<i64>, _>>()?;
        client.execute(&delete, &[&plan.0, &start, &ids]).await?;
        client.batch_execute("COMMIT").await?;
        match ids.last() {
            Some(last) if ids.len() == PURGED_AT_ONCE => after = *last,
            _ => return Ok(()),
        }
    }
}
