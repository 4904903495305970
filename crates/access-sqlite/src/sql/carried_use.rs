//! What owners had used on plans of another service before their keys were made anew.

use access::{CarriedUse, OwnerDigest};
use api_types::{Date, PlanName};
use jiff::ToSpan;
use rusqlite::{Connection, Row, params};

use super::{
    columns::{Columns, from_count},
    statements::{first, run},
};

/// So many months after its first day no period goes on: the longest is a month.
const CARRIED_MONTHS: i32 = 2;

/// What an owner had used on a plan.
pub(crate) fn find(
    conn: &Connection,
    owner: OwnerDigest,
    plan_name: &PlanName,
) -> rusqlite::Result<Option<CarriedUse>> {
    let sql = "SELECT period, used FROM carried_use WHERE owner = ?1 AND plan_name = ?2";
    let read = |row: &Row<'_>| {
        Ok(CarriedUse { owner, plan_name: plan_name.clone(), period: row.read("period")?, used: row.read("used")? })
    };
    first(conn, sql, params![owner.0, plan_name.as_str()], read)
}

/// Writes a use in place of the one of its owner and plan.
pub(super) fn put(conn: &Connection, carried: &CarriedUse) -> rusqlite::Result<()> {
    let sql = "INSERT INTO carried_use (owner, plan_name, period, used) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (owner, plan_name) DO UPDATE SET period = excluded.period, used = excluded.used";
    let CarriedUse { owner, plan_name, period, used } = carried;
    run(conn, sql, params![owner.0, plan_name.as_str(), period.to_string(), from_count(*used)]).map(drop)
}

/// Deletes those whose period ended before this one began.
pub(super) fn forget_before(conn: &Connection, period: Date) -> rusqlite::Result<()> {
    let ended = period.saturating_sub(CARRIED_MONTHS.months());
    run(conn, "DELETE FROM carried_use WHERE period < ?1", [ended.to_string()]).map(drop)
}
