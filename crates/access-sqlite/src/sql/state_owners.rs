//! Owners of what the upstream keeps.

use access::{STATE_IDS_KEPT, STATE_KEPT, StateId};
use api_types::{AccountId, Timestamp};
use rusqlite::{Connection, params};

use super::statements::{has, run};

/// Of those whose time is over, so many go with each write beside as many as come.
const FORGOTTEN_AT_ONCE: usize = 100;

/// An id that an answer named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedId {
    pub(crate) id: StateId,
    pub(crate) account: AccountId,
    pub(crate) at: Timestamp,
}

/// From then on what was named at this time is known no more, in milliseconds.
fn forgotten_at(now: Timestamp) -> i64 {
    now.as_millisecond().saturating_sub(STATE_KEPT.as_millis() as i64)
}

/// Writes them all, and makes room for what comes.
pub(crate) fn put_all(conn: &Connection, all: &[NamedId]) -> rusqlite::Result<()> {
    // The account may be gone since, and with it all that it owned.
    let put = "INSERT INTO state_owners (id, account, named_at) SELECT ?1, id, ?3 FROM accounts WHERE id = ?2
               ON CONFLICT (id) DO UPDATE SET account = excluded.account, named_at = excluded.named_at
               WHERE named_at <= ?4 OR (account = excluded.account AND named_at < excluded.named_at)";
    let mut statement = conn.prepare_cached(put)?;
    for NamedId { id, account, at } in all {
        statement.execute(params![id.as_bytes(), account.to_string(), at.as_millisecond(), forgotten_at(*at)])?;
    }
    let over = "DELETE FROM state_owners WHERE id IN
                (SELECT id FROM state_owners WHERE named_at <= ?1 ORDER BY named_at LIMIT ?2)";
    if let Some(newest) = all.iter().map(|named| named.at).max() {
        run(conn, over, params![forgotten_at(newest), (all.len() + FORGOTTEN_AT_ONCE) as i64])?;
    }
    Ok(())
}

/// Deletes an account's oldest beyond the bound.
pub(crate) fn keep_newest(conn: &Connection, account: AccountId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM state_owners WHERE id IN
               (SELECT id FROM state_owners WHERE account = ?1 ORDER BY named_at
                LIMIT max(0, (SELECT count(*) FROM state_owners WHERE account = ?1) - ?2))";
    run(conn, sql, params![account.to_string(), STATE_IDS_KEPT as i64]).map(drop)
}

/// The place of the first that isn't this account's.
pub(crate) fn first_foreign(
    conn: &Connection,
    account: AccountId,
    ids: &[StateId],
    now: Timestamp,
) -> rusqlite::Result<Option<usize>> {
    let sql = "SELECT 1 FROM state_owners WHERE id = ?1 AND account = ?2 AND named_at > ?3";
    let (account, forgotten) = (account.to_string(), forgotten_at(now));
    for (at, id) in ids.iter().enumerate() {
        if !has(conn, sql, params![id.as_bytes(), account, forgotten])? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}
