//! Statements that are prepared once for each connection.

use rusqlite::{Connection, OptionalExtension, Params, Result, Row};

/// Runs one: how many rows it changed.
pub(super) fn run(conn: &Connection, sql: &str, values: impl Params) -> Result<usize> {
    conn.prepare_cached(sql)?.execute(values)
}

/// Whether it finds a row.
pub(super) fn has(conn: &Connection, sql: &str, values: impl Params) -> Result<bool> {
    conn.prepare_cached(sql)?.exists(values)
}

/// The first row that it finds.
pub(super) fn first<T, F>(conn: &Connection, sql: &str, values: impl Params, read: F) -> Result<Option<T>>
where
    F: FnOnce(&Row<'_>) -> Result<T>,
{
    conn.prepare_cached(sql)?.query_row(values, read).optional()
}

/// Every row that it finds.
pub(super) fn list<T, F>(conn: &Connection, sql: &str, values: impl Params, read: F) -> Result<Vec<T>>
where
    F: FnMut(&Row<'_>) -> Result<T>,
{
    conn.prepare_cached(sql)?.query_map(values, read)?.collect()
}
