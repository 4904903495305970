//! Subscriptions without a key, which are kept for their count.

use api_types::Date;
use rusqlite::{Connection, Row, params};

use super::{
    columns::Columns,
    statements::{has, list, run},
};
use crate::counting::{PlanRowId, SubscriptionRowId};

/// All of them with their plans.
pub(crate) fn released(conn: &Connection) -> rusqlite::Result<Vec<(SubscriptionRowId, PlanRowId)>> {
    let sql = "SELECT id, plan FROM subscriptions
               WHERE NOT EXISTS (SELECT 1 FROM keys WHERE subscription = subscriptions.id)";
    list(conn, sql, [], |row: &Row<'_>| Ok((row.read("id")?, row.read("plan")?)))
}

/// Whether a period has charges or returns, or days that lie ahead: a clock that was set back comes to them again.
pub(crate) fn is_counted_since(conn: &Connection, id: SubscriptionRowId, start: Date) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM usage_days WHERE subscription = ?1 AND day >= ?2 AND used + returned > 0";
    has(conn, sql, params![id.0, start.to_string()])
}

/// Deletes one with its counts.
pub(crate) fn delete(conn: &Connection, id: SubscriptionRowId) -> rusqlite::Result<()> {
    run(conn, "DELETE FROM subscriptions WHERE id = ?1", [id.0]).map(drop)
}
