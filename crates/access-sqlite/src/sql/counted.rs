//! The rows that admission reads and writes.

use access::{StoreError, UsagePlan};
use api_types::{Date, KeyId, Period, Plan, PlanName, Quota, Throttle};
use rusqlite::{Connection, OptionalExtension, Row, params};

use std::collections::HashMap;

use crate::{
    counting::counts::Counts,
    counting::keys_seen::KeyRow,
    counting::ledger::{DirtyRow, Rows, StoredSubscription},
    counting::live_plan::{LivePlan, PlanRow},
    counting::passes::SubscriptionRow,
    sql::columns::{count, day, from_count, key_digest, store_error, text, text_by},
    sql::earlier_values::earlier_values,
};

/// Reads through a connection.
pub(crate) struct SqliteRows<'a>(pub(crate) &'a Connection);

impl Rows for SqliteRows<'_> {
    fn key(&self, id: KeyId) -> Result<Option<KeyRow>, StoreError> {
        let sql = "SELECT keys.digest, keys.enabled, plan_keys.subscription, keys.account
                   FROM keys JOIN plan_keys ON plan_keys.key = keys.id WHERE keys.id = ?1";
        let read = |row: &Row<'_>| {
            Ok(KeyRow {
                digest: key_digest(row, 0)?,
                earlier: earlier_values(self.0, id)?.into_boxed_slice(),
                enabled: row.get(1)?,
                subscription: row.get(2)?,
                account: text(row, 3, "an account's id")?,
            })
        };
        let found =
            self.0.prepare_cached(sql).and_then(|mut statement| statement.query_row([id.to_string()], read).optional());
        found.map_err(store_error("read a key"))
    }

    fn subscription(&self, row: SubscriptionRow) -> Result<Option<StoredSubscription>, StoreError> {
        let sql = "SELECT public_id, plan, subscribed_on FROM subscriptions WHERE id = ?1";
        let read = |row: &Row<'_>| {
            Ok(StoredSubscription { id: text(row, 0, "an id")?, plan: row.get(1)?, subscribed_on: day(row, 2)? })
        };
        let found = self.0.prepare_cached(sql).and_then(|mut statement| statement.query_row([row], read).optional());
        found.map_err(store_error("read a subscription"))
    }

    fn days(&self, row: SubscriptionRow, start: Date, end: Date) -> Result<Vec<(Date, Counts)>, StoreError> {
        let sql = "SELECT day, used, refused, returned FROM usage_days
                   WHERE subscription = ?1 AND day >= ?2 AND day < ?3";
        let read = |row: &Row<'_>| {
            Ok((day(row, 0)?, Counts { used: count(row, 1)?, refused: count(row, 2)?, returned: count(row, 3)? }))
        };
        let rows = || -> rusqlite::Result<_> {
            let mut statement = self.0.prepare_cached(sql)?;
            statement.query_map(params![row, start.to_string(), end.to_string()], read)?.collect()
        };
        rows().map_err(store_error("read counts"))
    }
}

/// Writes the absolute values of day rows, so that writing twice is writing once.
pub(crate) fn write_days(conn: &Connection, rows: &[DirtyRow]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO usage_days (subscription, day, used, refused, returned) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (subscription, day)
               DO UPDATE SET used = excluded.used, refused = excluded.refused, returned = excluded.returned";
    let mut statement = conn.prepare_cached(sql)?;
    let mut written: Option<(Date, String)> = None;
    for row in rows {
        // Nearly every row is of the same day.
        if written.as_ref().is_none_or(|(day, _)| *day != row.day) {
            written = Some((row.day, row.day.to_string()));
        }
        let day = written.as_ref().map_or("", |(_, text)| text.as_str());
        let Counts { used, refused, returned } = row.counts;
        let subscription = row.subscription;
        statement.execute(params![subscription, day, from_count(used), from_count(refused), from_count(returned)])?;
    }
    Ok(())
}

/// Proves that writing works, as part of a transaction.
pub(crate) fn write_heartbeat(conn: &Connection) -> rusqlite::Result<()> {
    let sql = "INSERT INTO heartbeat (id, beats) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET beats = beats + 1";
    conn.prepare_cached(sql)?.execute([]).map(drop)
}

/// A plan's columns from `start` on, in the order of [`PLAN_COLUMNS`].
pub(crate) fn read_plan(row: &Row<'_>) -> rusqlite::Result<(PlanRow, LivePlan)> {
    let quota = match row.get_ref(3)?.data_type() {
        rusqlite::types::Type::Null => Quota::Unlimited,
        _ => Quota::Limited {
            limit: count(row, 3)?,
            period: text_by(row, 4, "a period", |text| period(text).ok_or(()))?,
            offset: row.get(5)?,
        },
    };
    let rate: Option<f64> = row.get(6)?;
    let burst: Option<u32> = row.get(7)?;
    let throttle = rate.zip(burst).map(|(rate, burst)| Throttle { rate, burst });
    let name = text_by(row, 1, "a plan's name", PlanName::parse)?;
    let plan = Plan { name, description: row.get(2)?, quota, throttle };
    let zone = text(row, 8, "a time zone")?;
    let plan = text_by(row, 1, "a plan", |_| UsagePlan::new(plan, zone))?;
    Ok((row.get(0)?, LivePlan::new(plan, row.get(9)?)))
}

/// What [`read_plan`] reads.
pub(crate) const PLAN_COLUMNS: &str = "id, name, description, quota_limit, quota_period, quota_offset, throttle_rate, \
                                       throttle_burst, time_zone, offered";

/// Every plan by its row.
pub(crate) fn all_plans(conn: &Connection) -> rusqlite::Result<HashMap<PlanRow, LivePlan>> {
    conn.prepare(&format!("SELECT {PLAN_COLUMNS} FROM plans"))?.query_map([], read_plan)?.collect()
}

fn period(text: &str) -> Option<Period> {
    [Period::Day, Period::Week, Period::Month].into_iter().find(|period| period.as_str() == text)
}
