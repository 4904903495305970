//! The values that a key had before, each of which works until the end that it was promised.

use access::{KeyDigest, KeyError};
use api_types::{KeyId, Timestamp, limits::OLD_VALUES_MAX};
use rusqlite::{Connection, Row, params};

use crate::sql::columns::{key_digest, time};

/// Those of a key with their ends, the first end first; some may have ended.
pub(crate) fn earlier_values(conn: &Connection, key: KeyId) -> rusqlite::Result<Vec<(KeyDigest, Timestamp)>> {
    let sql = "SELECT digest, until FROM earlier_values WHERE key = ?1 ORDER BY until, id";
    let read = |row: &Row<'_>| Ok((key_digest(row, 0)?, time(row, 1)?));
    conn.prepare_cached(sql)?.query_map([key.to_string()], read)?.collect()
}

/// Keeps a key's present value, which is about to be replaced, among them; those that have ended go.
pub(crate) fn keep_present_value(
    conn: &Connection,
    key: KeyId,
    until: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Result<(), KeyError>> {
    let (id, now) = (key.to_string(), now.as_millisecond());
    conn.prepare_cached("DELETE FROM earlier_values WHERE key = ?1 AND until <= ?2")?.execute(params![id, now])?;
    if let [(_, until), more @ ..] = earlier_values(conn, key)?.as_slice()
        && more.len() + 1 >= OLD_VALUES_MAX
    {
        return Ok(Err(KeyError::TooManyOldValues { until: *until }));
    }
    let sql = "INSERT INTO earlier_values (key, digest, until) SELECT id, digest, ?2 FROM keys WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![id, until.as_millisecond()])?;
    Ok(Ok(()))
}

/// Ends all of them.
pub(crate) fn end_earlier_values(conn: &Connection, key: KeyId) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM earlier_values WHERE key = ?1")?.execute([key.to_string()]).map(drop)
}
