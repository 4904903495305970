//! Keys whose values live in another service.

use access::{EarlierValue, RemoteChange, RemoteKey, RemoteValue, UntoldUse};
use api_types::{AccountId, InstallationId, KeyId, Timestamp};
use rusqlite::{Connection, Row, params};

use super::{
    carried_use,
    columns::{Columns, from_count},
    remote_intents, repeatable_calls,
    statements::{list, run},
};

/// This store's name among those that use the same service: `candidate` if there is none yet.
pub(crate) fn installation(conn: &Connection, candidate: InstallationId) -> rusqlite::Result<InstallationId> {
    let sql = "INSERT INTO installation (id, public_id) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING";
    run(conn, sql, [candidate.to_string()])?;
    conn.query_row("SELECT public_id FROM installation", [], |row| row.read("public_id"))
}

/// Every key, oldest first.
pub(crate) fn all(conn: &Connection) -> rusqlite::Result<Vec<RemoteKey>> {
    // In one statement, so that a key and its earlier values are of one moment.
    let sql = "SELECT k.*, old.id AS old_id, old.operation AS old_operation, old.remote_id AS old_remote_id,
                      old.digest AS old_digest, old.until, old.counted, old.counted_at
               FROM remote_keys AS k LEFT JOIN earlier_remote_values AS old ON old.key = k.id
               ORDER BY k.created_at, k.rowid, old.id";
    let mut keys: Vec<RemoteKey> = Vec::new();
    for (key, earlier) in list(conn, sql, [], |row| Ok((read(row)?, read_earlier(row)?)))? {
        if keys.last().is_none_or(|last| last.id != key.id) {
            keys.push(key);
        }
        if let Some(last) = keys.last_mut() {
            last.earlier.extend(earlier);
        }
    }
    Ok(keys)
}

fn read(row: &Row<'_>) -> rusqlite::Result<RemoteKey> {
    let used = row.read("untold_used")?;
    Ok(RemoteKey {
        id: row.read("id")?,
        account: row.read("account")?,
        owner: row.read("owner")?,
        plan_name: row.read("plan_name")?,
        remote_plan: row.get("remote_plan")?,
        label: row.read("label")?,
        enabled: row.get("enabled")?,
        created_at: row.read("created_at")?,
        rotated_at: row.read("rotated_at")?,
        fresh_since: row.read("fresh_since")?,
        value: read_value(row, ["operation", "remote_id", "digest"])?,
        earlier: Vec::new(),
        untold: Option::zip(row.read("untold_period")?, used).map(|(period, used)| UntoldUse { period, used }),
    })
}

fn read_value(row: &Row<'_>, [operation, remote_id, digest]: [&'static str; 3]) -> rusqlite::Result<RemoteValue> {
    Ok(RemoteValue { operation: row.read(operation)?, remote_id: row.get(remote_id)?, digest: row.read(digest)? })
}

/// The earlier value beside a key, if there is one.
fn read_earlier(row: &Row<'_>) -> rusqlite::Result<Option<EarlierValue>> {
    if row.get::<_, Option<i64>>("old_id")?.is_none() {
        return Ok(None);
    }
    let value = read_value(row, ["old_operation", "old_remote_id", "old_digest"])?;
    let (counted, counted_at) = (row.read("counted")?, row.read("counted_at")?);
    Ok(Some(EarlierValue { value, until: row.read("until")?, counted, counted_at }))
}

/// The steps of a change within one transaction, in the order of the fields: the first that fails leaves nothing
/// behind.
pub(crate) fn change(conn: &Connection, change: &RemoteChange) -> rusqlite::Result<()> {
    let RemoteChange { remove, put, call, done, intents, carried } = change;
    remove.iter().try_for_each(|key| remove_key(conn, *key))?;
    put.iter().try_for_each(|key| put_key(conn, key))?;
    if let (Some(key), Some(call)) = (put, call) {
        repeatable_calls::note(conn, key.account, call, key.id, key.created_at)?;
    }
    done.iter().try_for_each(|operation| remote_intents::remove(conn, *operation))?;
    intents.iter().try_for_each(|intent| remote_intents::put(conn, intent))?;
    carried.iter().try_for_each(|carried| carried_use::put(conn, carried))?;
    // By the oldest, so that nothing goes that was just written.
    let oldest = carried.iter().map(|carried| carried.period).min();
    oldest.map_or(Ok(()), |oldest| carried_use::forget_before(conn, oldest))
}

/// Writes a key in place of the one of its id, and its earlier values in place of those. Not `INSERT OR REPLACE`, which
/// would also delete another key that the account has on the plan: that one is an error.
fn put_key(conn: &Connection, key: &RemoteKey) -> rusqlite::Result<()> {
    let sql = "INSERT INTO remote_keys (id, account, owner, plan_name, label, enabled, created_at, rotated_at,
                                        fresh_since, operation, remote_id, digest, remote_plan,
                                        untold_period, untold_used)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
               ON CONFLICT (id) DO UPDATE SET
                   account = excluded.account, owner = excluded.owner, plan_name = excluded.plan_name,
                   label = excluded.label, enabled = excluded.enabled, created_at = excluded.created_at,
                   rotated_at = excluded.rotated_at, fresh_since = excluded.fresh_since,
                   operation = excluded.operation, remote_id = excluded.remote_id, digest = excluded.digest,
                   remote_plan = excluded.remote_plan, untold_period = excluded.untold_period,
                   untold_used = excluded.untold_used";
    let RemoteKey { value, .. } = key;
    let id = key.id.to_string();
    let values = params![
        id,
        key.account.to_string(),
        key.owner.0,
        key.plan_name.as_str(),
        key.label.as_str(),
        key.enabled,
        key.created_at.as_millisecond(),
        key.rotated_at.map(Timestamp::as_millisecond),
        key.fresh_since.as_millisecond(),
        value.operation.to_string(),
        value.remote_id,
        value.digest.as_bytes(),
        key.remote_plan,
        key.untold.map(|untold| untold.period.to_string()),
        key.untold.map(|untold| from_count(untold.used)),
    ];
    run(conn, sql, values)?;
    run(conn, "DELETE FROM earlier_remote_values WHERE key = ?1", [&id])?;
    key.earlier.iter().try_for_each(|old| put_earlier(conn, &id, old))
}

fn put_earlier(conn: &Connection, key: &str, old: &EarlierValue) -> rusqlite::Result<()> {
    let sql = "INSERT INTO earlier_remote_values (key, operation, remote_id, digest, until, counted, counted_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let EarlierValue { value, until, counted, counted_at } = old;
    let values = params![
        key,
        value.operation.to_string(),
        value.remote_id,
        value.digest.as_bytes(),
        until.as_millisecond(),
        from_count(*counted),
        counted_at.as_millisecond(),
    ];
    run(conn, sql, values).map(drop)
}

/// Deletes a key; one that is gone already is no error.
fn remove_key(conn: &Connection, key: KeyId) -> rusqlite::Result<()> {
    run(conn, "DELETE FROM remote_keys WHERE id = ?1", [key.to_string()]).map(drop)
}

/// Ends every key of an account: its values are to be removed from the other service at once.
pub(crate) fn end_all_of(conn: &Connection, account: AccountId) -> rusqlite::Result<()> {
    remote_intents::remove_all_of(conn, account)?;
    run(conn, "DELETE FROM remote_keys WHERE account = ?1", [account.to_string()]).map(drop)
}
