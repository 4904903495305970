//! Rows about keys in another service, and how they stand in columns.

use access::{CarriedUse, EarlierValue, Intent, IntentKind, OwnerDigest, RemoteKey, RemoteValue, UntoldUse};
use api_types::{AccountId, KeyId, KeyLabel, OperationId, PlanName, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use crate::sql::columns::{count, day, from_count, key_digest, optional_time, owner_digest, text, text_by, time};

/// Every key, oldest first.
pub(crate) fn all_keys(conn: &Connection) -> rusqlite::Result<Vec<RemoteKey>> {
    // In one statement, so that a key and its earlier values are of one moment.
    let sql = "SELECT k.id, k.account, k.owner, k.plan_name, k.label, k.enabled, k.created_at, k.rotated_at,
                      k.fresh_since, k.operation, k.remote_id, k.digest, k.remote_plan,
                      old.operation, old.remote_id, old.digest, old.until, old.counted, old.counted_at, old.id,
                      k.untold_period, k.untold_used
               FROM remote_keys AS k LEFT JOIN earlier_remote_values AS old ON old.key = k.id
               ORDER BY k.created_at, k.rowid, old.id";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut keys: Vec<RemoteKey> = Vec::new();
    while let Some(row) = rows.next()? {
        let key = read_key(row)?;
        if keys.last().is_none_or(|last| last.id != key.id) {
            keys.push(key);
        }
        if row.get_ref(19)?.data_type() != Type::Null
            && let Some(last) = keys.last_mut()
        {
            last.earlier.push(read_earlier(row)?);
        }
    }
    Ok(keys)
}

fn read_key(row: &Row<'_>) -> rusqlite::Result<RemoteKey> {
    Ok(RemoteKey {
        id: text(row, 0, "an id")?,
        account: text(row, 1, "an account's id")?,
        owner: owner_digest(row, 2)?,
        plan_name: text_by(row, 3, "a plan's name", PlanName::parse)?,
        remote_plan: row.get(12)?,
        label: text_by(row, 4, "a label", KeyLabel::parse)?,
        enabled: row.get(5)?,
        created_at: time(row, 6)?,
        rotated_at: optional_time(row, 7)?,
        fresh_since: time(row, 8)?,
        value: RemoteValue { operation: text(row, 9, "an id")?, remote_id: row.get(10)?, digest: key_digest(row, 11)? },
        earlier: Vec::new(),
        untold: read_untold(row)?,
    })
}

fn read_untold(row: &Row<'_>) -> rusqlite::Result<Option<UntoldUse>> {
    if row.get_ref(20)?.data_type() == Type::Null {
        return Ok(None);
    }
    Ok(Some(UntoldUse { period: day(row, 20)?, used: count(row, 21)? }))
}

fn read_earlier(row: &Row<'_>) -> rusqlite::Result<EarlierValue> {
    let value =
        RemoteValue { operation: text(row, 13, "an id")?, remote_id: row.get(14)?, digest: key_digest(row, 15)? };
    Ok(EarlierValue { value, until: time(row, 16)?, counted: count(row, 17)?, counted_at: time(row, 18)? })
}

/// Writes a key in place of the one of its id, and its earlier values in place of those. Not `INSERT OR REPLACE`, which
/// would also delete another key that the account has on the plan: that one is an error.
pub(crate) fn put_key(conn: &Connection, key: &RemoteKey) -> rusqlite::Result<()> {
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
    conn.prepare_cached(sql)?.execute(values)?;
    conn.prepare_cached("DELETE FROM earlier_remote_values WHERE key = ?1")?.execute([&id])?;
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
    conn.prepare_cached(sql)?.execute(values).map(drop)
}

/// Deletes a key; one that is gone already is no error.
pub(crate) fn remove_key(conn: &Connection, key: KeyId) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM remote_keys WHERE id = ?1")?.execute([key.to_string()]).map(drop)
}

/// Ends every key of an account: its values are to be removed from the other service at once, earlier ones too.
pub(crate) fn end_remote_keys_of(conn: &Connection, account: AccountId) -> rusqlite::Result<()> {
    let account = account.to_string();
    // Due since the key was created, which lies in the past: at once.
    let sql = format!(
        "{PUT_INTENT}
         SELECT operation, id, account, plan_name, 'REMOVE', remote_id, created_at
         FROM remote_keys WHERE account = ?1
         UNION ALL
         SELECT old.operation, k.id, account, plan_name, 'REMOVE', old.remote_id, created_at
         FROM remote_keys AS k JOIN earlier_remote_values AS old ON old.key = k.id WHERE account = ?1
         {OR_REPLACE_INTENT}"
    );
    conn.prepare_cached(&sql)?.execute([&account])?;
    conn.prepare_cached("DELETE FROM remote_keys WHERE account = ?1")?.execute([account]).map(drop)
}

const PUT_INTENT: &str = "INSERT INTO remote_intents (operation, key, account, plan_name, kind, remote_id, due_at)";
const OR_REPLACE_INTENT: &str = "ON CONFLICT (operation) DO UPDATE SET
    key = excluded.key, account = excluded.account, plan_name = excluded.plan_name, kind = excluded.kind,
    remote_id = excluded.remote_id, due_at = excluded.due_at";

/// Every intent in the order of `due_at`.
pub(crate) fn all_intents(conn: &Connection) -> rusqlite::Result<Vec<Intent>> {
    let sql = "SELECT operation, key, account, plan_name, kind, remote_id, due_at
               FROM remote_intents ORDER BY due_at, rowid";
    let read = |row: &Row<'_>| {
        Ok(Intent {
            operation: text(row, 0, "an id")?,
            key: text(row, 1, "an id")?,
            account: text(row, 2, "an account's id")?,
            plan_name: text_by(row, 3, "a plan's name", PlanName::parse)?,
            kind: text_by(row, 4, "a kind of intent", |text| kind_of(text).ok_or(()))?,
            remote_id: row.get(5)?,
            due_at: time(row, 6)?,
        })
    };
    conn.prepare_cached(sql)?.query_map([], read)?.collect()
}

/// Writes an intent; one of its operation that is there already is an error.
pub(crate) fn begin_intent(conn: &Connection, intent: &Intent) -> rusqlite::Result<()> {
    write_intent(conn, intent, "")
}

/// Writes an intent in place of the one of its operation.
pub(crate) fn put_intent(conn: &Connection, intent: &Intent) -> rusqlite::Result<()> {
    write_intent(conn, intent, OR_REPLACE_INTENT)
}

fn write_intent(conn: &Connection, intent: &Intent, or_else: &str) -> rusqlite::Result<()> {
    let values = params![
        intent.operation.to_string(),
        intent.key.to_string(),
        intent.account.to_string(),
        intent.plan_name.as_str(),
        kind_text(intent.kind),
        intent.remote_id,
        intent.due_at.as_millisecond(),
    ];
    let sql = format!("{PUT_INTENT} VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) {or_else}");
    conn.prepare_cached(&sql)?.execute(values).map(drop)
}

/// Deletes the intent of an operation; one that is gone already is no error.
pub(crate) fn remove_intent(conn: &Connection, operation: OperationId) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM remote_intents WHERE operation = ?1")?.execute([operation.to_string()]).map(drop)
}

fn kind_text(kind: IntentKind) -> &'static str {
    match kind {
        IntentKind::Create => "CREATE",
        IntentKind::Remove => "REMOVE",
    }
}

fn kind_of(text: &str) -> Option<IntentKind> {
    [IntentKind::Create, IntentKind::Remove].into_iter().find(|kind| kind_text(*kind) == text)
}

/// What an owner had used on a plan.
pub(crate) fn find_carried(
    conn: &Connection,
    owner: OwnerDigest,
    plan_name: &PlanName,
) -> rusqlite::Result<Option<CarriedUse>> {
    let sql = "SELECT period, used FROM carried_use WHERE owner = ?1 AND plan_name = ?2";
    let read = |row: &Row<'_>| {
        Ok(CarriedUse { owner, plan_name: plan_name.clone(), period: day(row, 0)?, used: count(row, 1)? })
    };
    conn.prepare_cached(sql)?.query_row(params![owner.0, plan_name.as_str()], read).optional()
}

/// Writes a use in place of the one of its owner and plan.
pub(crate) fn put_carried(conn: &Connection, carried: &CarriedUse) -> rusqlite::Result<()> {
    let sql = "INSERT INTO carried_use (owner, plan_name, period, used) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (owner, plan_name) DO UPDATE SET period = excluded.period, used = excluded.used";
    let CarriedUse { owner, plan_name, period, used } = carried;
    let values = params![owner.0, plan_name.as_str(), period.to_string(), from_count(*used)];
    conn.prepare_cached(sql)?.execute(values).map(drop)
}
