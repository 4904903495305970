//! Subscriptions without a key are kept for their count; when their period has none, they go with their owner's
//! digest.

use std::convert::Infallible;

use access::StoreError;
use api_types::{Date, Timestamp};
use rusqlite::Connection;

use crate::{
    counting::live_plan::PlanRow,
    counting::passes::SubscriptionRow,
    sql::columns::{count, store_error},
    writer::state::Desk,
};

/// Deletes every subscription that has no key, no pass under way, and neither charge nor return in its present period.
pub(crate) fn purge(desk: &mut Desk, now: Timestamp) -> Result<(), StoreError> {
    let doing = "delete unused subscriptions";
    let released = released(&desk.conn).map_err(store_error(doing))?;
    let mut unused = Vec::new();
    for (row, plan) in released {
        let span = desk.ledger.plan(plan)?.span(now);
        let counted = counted(&desk.conn, row, span.start).map_err(store_error(doing))?;
        if counted == 0 && !desk.ledger.has_open_pass(row) {
            unused.push(row);
        }
    }
    if unused.is_empty() {
        return Ok(());
    }
    let outcome = desk.change::<_, Infallible>(doing, |conn, _, forget| {
        let mut delete = conn.prepare("DELETE FROM subscriptions WHERE id = ?1")?;
        for row in &unused {
            delete.execute([row])?;
        }
        forget.subscriptions = unused;
        Ok(Ok(()))
    });
    let Ok(()) = outcome?;
    Ok(())
}

fn released(conn: &Connection) -> rusqlite::Result<Vec<(SubscriptionRow, PlanRow)>> {
    let sql = "SELECT id, plan FROM subscriptions
               WHERE NOT EXISTS (SELECT 1 FROM plan_keys WHERE subscription = subscriptions.id)";
    conn.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Charges and returns of a period, and of days that lie ahead: a clock that was set back comes to them again.
fn counted(conn: &Connection, row: SubscriptionRow, start: Date) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce(sum(used + returned), 0) FROM usage_days WHERE subscription = ?1 AND day >= ?2";
    conn.prepare_cached(sql)?.query_row(rusqlite::params![row, start.to_string()], |row| count(row, 0))
}
