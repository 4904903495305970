//! The rows that counting reads and writes.

use access::{Counts, KeyValues, StoreError};
use api_types::{Date, KeyId, Timestamp};
use rusqlite::{Connection, Row, params};

use super::{
    columns::{Columns, from_count},
    earlier_values,
    error::store_error,
    statements::{first, list},
};
use crate::counting::{DayRow, KeyRow, Rows, SubscriptionRow, SubscriptionRowId};

/// Reads through a connection.
pub(crate) struct SqliteRows<'a>(pub(crate) &'a Connection);

impl Rows for SqliteRows<'_> {
    fn key(&self, id: KeyId) -> Result<Option<KeyRow>, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(KeyRow {
                values: KeyValues {
                    digest: row.read("digest")?,
                    earlier: earlier_values::all_of(self.0, id)?.into_boxed_slice(),
                    enabled: row.get::<_, bool>("enabled")? && row.get("permitted")?,
                },
                account: row.read("account")?,
                created_at: row.read("created_at")?,
                subscription: row.read("subscription")?,
            })
        };
        let sql = "SELECT keys.*, NOT accounts.blocked AS permitted
                   FROM keys JOIN accounts ON accounts.id = keys.account WHERE keys.id = ?1";
        let found = first(self.0, sql, [id.to_string()], read);
        found.map_err(store_error("read a key"))
    }

    fn subscription(&self, id: SubscriptionRowId) -> Result<Option<SubscriptionRow>, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(SubscriptionRow {
                id: row.read("public_id")?,
                plan: row.read("plan")?,
                subscribed_on: row.read("subscribed_on")?,
                used_at: row.read("used_at")?,
            })
        };
        let sql =
            "SELECT *, (SELECT max(last_used_at) FROM usage_days WHERE subscription = subscriptions.id) AS used_at
                   FROM subscriptions WHERE id = ?1";
        let found = first(self.0, sql, [id.0], read);
        found.map_err(store_error("read a subscription"))
    }

    fn days(&self, id: SubscriptionRowId, start: Date, end: Date) -> Result<Vec<(Date, Counts)>, StoreError> {
        let sql = "SELECT * FROM usage_days WHERE subscription = ?1 AND day >= ?2 AND day < ?3";
        let read = |row: &Row<'_>| {
            let (used, refused, returned) = (row.read("used")?, row.read("refused")?, row.read("returned")?);
            Ok((row.read("day")?, Counts { used, refused, returned }))
        };
        let found = list(self.0, sql, params![id.0, start.to_string(), end.to_string()], read);
        found.map_err(store_error("read counts"))
    }
}

/// Writes the absolute values of days, so that writing twice is writing once.
pub(crate) fn write_days(conn: &Connection, rows: &[DayRow]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO usage_days (subscription, day, used, refused, returned, last_used_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (subscription, day)
               DO UPDATE SET used = excluded.used, refused = excluded.refused, returned = excluded.returned,
                             last_used_at = excluded.last_used_at";
    let mut statement = conn.prepare_cached(sql)?;
    // Nearly every row is of the same day.
    for of_day in rows.chunk_by(|one, next| one.day == next.day) {
        let day = of_day.first().map(|row| row.day.to_string());
        for row in of_day {
            let [used, refused, returned] = [row.counts.used, row.counts.refused, row.counts.returned].map(from_count);
            let used_at = row.used_at.map(Timestamp::as_millisecond);
            statement.execute(params![row.subscription.0, day, used, refused, returned, used_at])?;
        }
    }
    Ok(())
}
