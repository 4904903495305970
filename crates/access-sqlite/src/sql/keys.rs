//! Keys as their owners see them: listed, changed, rotated and ended.

use access::{KeyDigest, KeyError};
use api_types::{AccountId, KeyChange, KeyId, KeyLabel, KeyState, Timestamp};
use rusqlite::{Connection, Row, params};

use super::{
    columns::Columns,
    earlier_values,
    error::Unchanged,
    statements::{first, list, run},
};
use crate::counting::{PlanRowId, SubscriptionRowId};

/// One key with its subscription.
pub(crate) struct OwnedKey {
    pub(crate) id: KeyId,
    pub(crate) subscription: SubscriptionRowId,
    pub(crate) plan: PlanRowId,
    pub(crate) label: KeyLabel,
    pub(crate) state: KeyState,
    pub(crate) created_at: Timestamp,
    pub(crate) rotated_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT keys.*, subscriptions.plan
                      FROM keys JOIN subscriptions ON subscriptions.id = keys.subscription WHERE keys.account = ?1";

fn read(row: &Row<'_>) -> rusqlite::Result<OwnedKey> {
    Ok(OwnedKey {
        id: row.read("id")?,
        subscription: row.read("subscription")?,
        plan: row.read("plan")?,
        label: row.read("label")?,
        state: if row.get("enabled")? { KeyState::Active } else { KeyState::Disabled },
        created_at: row.read("created_at")?,
        rotated_at: row.read("rotated_at")?,
    })
}

/// An account's keys, oldest first.
pub(crate) fn all_of(conn: &Connection, account: AccountId) -> rusqlite::Result<Vec<OwnedKey>> {
    list(conn, &format!("{SELECT} ORDER BY keys.created_at, keys.rowid"), [account.to_string()], read)
}

/// One key of an account; another's is not found.
pub(crate) fn find(conn: &Connection, account: AccountId, key: KeyId) -> Result<OwnedKey, Unchanged<KeyError>> {
    let found =
        first(conn, &format!("{SELECT} AND keys.id = ?2"), params![account.to_string(), key.to_string()], read)?;
    found.ok_or(Unchanged::Answer(KeyError::NotFound))
}

/// Switches or labels a key. Switched off, its earlier values end.
pub(crate) fn change(
    conn: &Connection,
    account: AccountId,
    key: KeyId,
    change: &KeyChange,
) -> Result<OwnedKey, Unchanged<KeyError>> {
    let sql = "UPDATE keys SET enabled = coalesce(?3, enabled), label = coalesce(?4, label)
               WHERE id = ?1 AND account = ?2";
    let label = change.label.as_ref().map(KeyLabel::as_str);
    let is_found = run(conn, sql, params![key.to_string(), account.to_string(), change.enabled, label])? > 0;
    if is_found && change.enabled == Some(false) {
        earlier_values::end_all_of(conn, key)?;
    }
    find(conn, account, key)
}

/// Replaces a key's value; the one before it works until `old_value_until`.
pub(crate) fn rotate(
    conn: &Connection,
    account: AccountId,
    (key, digest): (KeyId, KeyDigest),
    old_value_until: Option<Timestamp>,
    now: Timestamp,
) -> Result<OwnedKey, Unchanged<KeyError>> {
    let found = find(conn, account, key)?;
    if let Some(until) = old_value_until.filter(|until| *until > now) {
        earlier_values::keep_present(conn, key, until, now)?;
    }
    let sql = "UPDATE keys SET digest = ?2, rotated_at = ?3 WHERE id = ?1";
    run(conn, sql, params![key.to_string(), digest.as_bytes(), now.as_millisecond()])?;
    Ok(found)
}

/// Ends a key for good; its subscription stays with the owner's digest.
pub(crate) fn delete(conn: &Connection, account: AccountId, key: KeyId) -> Result<(), Unchanged<KeyError>> {
    let sql = "DELETE FROM keys WHERE id = ?1 AND account = ?2";
    match run(conn, sql, params![key.to_string(), account.to_string()])? {
        0 => Err(Unchanged::Answer(KeyError::NotFound)),
        _ => Ok(()),
    }
}

/// Ends every key of an account.
pub(crate) fn delete_all_of(conn: &Connection, account: AccountId) -> rusqlite::Result<()> {
    run(conn, "DELETE FROM keys WHERE account = ?1", [account.to_string()]).map(drop)
}
