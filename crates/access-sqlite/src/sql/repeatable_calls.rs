//! Calls that made a key and may be repeated.

use access::{CreateKeyError, Creation, RepeatableCall};
use api_types::{AccountId, KeyId, Timestamp, limits::REPEATABLE_SECONDS};
use rusqlite::{Connection, Row, params};

use super::{
    columns::Columns,
    statements::{first, run},
};

/// What a call came to that was made before, if it was.
pub(crate) fn made_before(
    conn: &Connection,
    account: AccountId,
    call: &RepeatableCall,
    now: Timestamp,
) -> rusqlite::Result<Option<Result<Creation, CreateKeyError>>> {
    let sql = "SELECT request, key FROM repeatable_calls WHERE account = ?1 AND name = ?2 AND made_at > ?3";
    let read = |row: &Row<'_>| Ok((row.get("request")?, row.read("key")?));
    let known: Option<([u8; 32], KeyId)> =
        first(conn, sql, params![account.to_string(), call.name, forgotten(now)], read)?;
    Ok(known.map(|(request, key)| {
        if request == call.request { Ok(Creation::MadeBefore(key)) } else { Err(CreateKeyError::AnotherRequest) }
    }))
}

/// Notes what a call made, and forgets those that are a day old.
pub(super) fn note(
    conn: &Connection,
    account: AccountId,
    call: &RepeatableCall,
    key: KeyId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    run(conn, "DELETE FROM repeatable_calls WHERE made_at <= ?1", [forgotten(now)])?;
    let sql = "INSERT INTO repeatable_calls (account, name, request, key, made_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = params![account.to_string(), call.name, call.request, key.to_string(), now.as_millisecond()];
    run(conn, sql, values).map(drop)
}

/// Calls from then and before are known no longer.
fn forgotten(now: Timestamp) -> i64 {
    now.as_millisecond().saturating_sub(REPEATABLE_SECONDS * 1_000)
}
