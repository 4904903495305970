//! What was begun in another service and isn't finished.

use access::{CreateKeyError, Intent};
use api_types::{AccountId, OperationId};
use rusqlite::{Connection, Row, params};

use super::{
    accounts,
    columns::{Columns, intent_kind},
    error::Unchanged,
    statements::{has, list, run},
};

const PUT: &str = "INSERT INTO remote_intents (operation, key, account, plan_name, kind, remote_id, due_at)";
const OR_REPLACE: &str = "ON CONFLICT (operation) DO UPDATE SET
    key = excluded.key, account = excluded.account, plan_name = excluded.plan_name, kind = excluded.kind,
    remote_id = excluded.remote_id, due_at = excluded.due_at";

/// Intents to create a key of this account that has no row yet; one that has is being rotated.
const BEING_CREATED: &str = "FROM remote_intents WHERE account = ?1 AND kind = 'CREATE'
                             AND NOT EXISTS (SELECT 1 FROM remote_keys WHERE id = remote_intents.key)";

/// Every intent in the order of `due_at`.
pub(crate) fn all(conn: &Connection) -> rusqlite::Result<Vec<Intent>> {
    let read = |row: &Row<'_>| {
        Ok(Intent {
            operation: row.read("operation")?,
            key: row.read("key")?,
            account: row.read("account")?,
            plan_name: row.read("plan_name")?,
            kind: row.read("kind")?,
            remote_id: row.get("remote_id")?,
            due_at: row.read("due_at")?,
        })
    };
    list(conn, "SELECT * FROM remote_intents ORDER BY due_at, rowid", [], read)
}

/// Begins a key: its account has none on that plan, nor is one being created, and no more than it may hold.
pub(crate) fn begin_key(
    conn: &Connection,
    intent: &Intent,
    max_keys: Option<u32>,
) -> Result<(), Unchanged<CreateKeyError>> {
    if !accounts::is_there(conn, intent.account)? {
        return Err(Unchanged::Answer(CreateKeyError::NoAccount));
    }
    let account = intent.account.to_string();
    let on_plan = params![account, intent.plan_name.as_str()];
    let held = "SELECT 1 FROM remote_keys WHERE account = ?1 AND plan_name = ?2";
    if has(conn, held, on_plan)? || has(conn, &format!("SELECT 1 {BEING_CREATED} AND plan_name = ?2"), on_plan)? {
        return Err(Unchanged::Answer(CreateKeyError::KeyAlreadyExists));
    }
    let sql = format!(
        "SELECT 1 WHERE (SELECT count(*) FROM remote_keys WHERE account = ?1)
                      + (SELECT count(DISTINCT key) {BEING_CREATED}) >= ?2"
    );
    if let Some(most) = max_keys
        && has(conn, &sql, params![account, most])?
    {
        return Err(Unchanged::Answer(CreateKeyError::TooManyKeys));
    }
    // One of its operation that is there already is an error.
    Ok(write(conn, intent, "")?)
}

/// Writes an intent in place of the one of its operation.
pub(super) fn put(conn: &Connection, intent: &Intent) -> rusqlite::Result<()> {
    write(conn, intent, OR_REPLACE)
}

fn write(conn: &Connection, intent: &Intent, or_else: &str) -> rusqlite::Result<()> {
    let values = params![
        intent.operation.to_string(),
        intent.key.to_string(),
        intent.account.to_string(),
        intent.plan_name.as_str(),
        intent_kind(intent.kind),
        intent.remote_id,
        intent.due_at.as_millisecond(),
    ];
    run(conn, &format!("{PUT} VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) {or_else}"), values).map(drop)
}

/// Deletes the intent of an operation; one that is gone already is no error.
pub(super) fn remove(conn: &Connection, operation: OperationId) -> rusqlite::Result<()> {
    run(conn, "DELETE FROM remote_intents WHERE operation = ?1", [operation.to_string()]).map(drop)
}

/// The values of an account's keys, earlier ones too, are to be removed at once.
pub(super) fn remove_all_of(conn: &Connection, account: AccountId) -> rusqlite::Result<()> {
    // Due since the key was created, which lies in the past: at once.
    let sql = format!(
        "{PUT}
         SELECT operation, id, account, plan_name, 'REMOVE', remote_id, created_at
         FROM remote_keys WHERE account = ?1
         UNION ALL
         SELECT old.operation, k.id, account, plan_name, 'REMOVE', old.remote_id, created_at
         FROM remote_keys AS k JOIN earlier_remote_values AS old ON old.key = k.id WHERE account = ?1
         {OR_REPLACE}"
    );
    run(conn, &sql, [account.to_string()]).map(drop)
}
