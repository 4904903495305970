//! The values that a key had before, each of which works until the end that it was promised.

use access::{KeyDigest, KeyError};
use api_types::{KeyId, Timestamp, limits::OLD_VALUES_MAX};
use rusqlite::{Connection, Row, params};

use super::{
    columns::Columns,
    error::Unchanged,
    statements::{list, run},
};

/// Those of a key with their ends, the first end first; some may have ended.
pub(crate) fn all_of(conn: &Connection, key: KeyId) -> rusqlite::Result<Vec<(KeyDigest, Timestamp)>> {
    let sql = "SELECT digest, until FROM earlier_values WHERE key = ?1 ORDER BY until, id";
    let read = |row: &Row<'_>| Ok((row.read("digest")?, row.read("until")?));
    list(conn, sql, [key.to_string()], read)
}

/// Keeps a key's present value, which is about to be replaced, among them; those that have ended go.
pub(super) fn keep_present(
    conn: &Connection,
    key: KeyId,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), Unchanged<KeyError>> {
    let (id, now) = (key.to_string(), now.as_millisecond());
    run(conn, "DELETE FROM earlier_values WHERE key = ?1 AND until <= ?2", params![id, now])?;
    if let [(_, until), more @ ..] = all_of(conn, key)?.as_slice()
        && more.len() + 1 >= OLD_VALUES_MAX
    {
        return Err(Unchanged::Answer(KeyError::TooManyOldValues { until: *until }));
    }
    let sql = "INSERT INTO earlier_values (key, digest, until) SELECT id, digest, ?2 FROM keys WHERE id = ?1";
    run(conn, sql, params![id, until.as_millisecond()])?;
    Ok(())
}

/// Ends all of them.
pub(super) fn end_all_of(conn: &Connection, key: KeyId) -> rusqlite::Result<()> {
    run(conn, "DELETE FROM earlier_values WHERE key = ?1", [key.to_string()]).map(drop)
}
