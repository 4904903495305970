//! A key's row as its owner sees it.

use access::{KeyError, StoreError};
use api_types::{AccountId, KeyEntry, KeyId, KeyLabel, KeyState, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    counting::live_plan::PlanRow,
    counting::passes::SubscriptionRow,
    sql::columns::{optional_time, store_error, text, text_by, time},
    sql::earlier_values::earlier_values,
    writer::state::Desk,
};

/// One key with its subscription.
pub(crate) struct StoredKey {
    pub(crate) id: KeyId,
    pub(crate) subscription: SubscriptionRow,
    pub(crate) plan: PlanRow,
    label: KeyLabel,
    state: KeyState,
    created_at: Timestamp,
    rotated_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT keys.id, plan_keys.subscription, subscriptions.plan, keys.label, keys.enabled,
                             keys.created_at, keys.rotated_at
                      FROM keys JOIN plan_keys ON plan_keys.key = keys.id
                                JOIN subscriptions ON subscriptions.id = plan_keys.subscription
                      WHERE keys.account = ?1";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredKey> {
    Ok(StoredKey {
        id: text(row, 0, "an id")?,
        subscription: row.get(1)?,
        plan: row.get(2)?,
        label: text_by(row, 3, "a label", KeyLabel::parse)?,
        state: if row.get(4)? { KeyState::Active } else { KeyState::Disabled },
        created_at: time(row, 5)?,
        rotated_at: optional_time(row, 6)?,
    })
}

/// An account's keys, oldest first.
pub(crate) fn keys_of(conn: &Connection, account: AccountId) -> rusqlite::Result<Vec<StoredKey>> {
    let mut statement = conn.prepare_cached(&format!("{SELECT} ORDER BY keys.created_at, keys.rowid"))?;
    statement.query_map([account.to_string()], read)?.collect()
}

/// One key of an account; another's is not found.
pub(crate) fn key_of(
    conn: &Connection,
    account: AccountId,
    key: KeyId,
) -> rusqlite::Result<Result<StoredKey, KeyError>> {
    let mut statement = conn.prepare_cached(&format!("{SELECT} AND keys.id = ?2"))?;
    let found = statement.query_row(params![account.to_string(), key.to_string()], read).optional()?;
    Ok(found.ok_or(KeyError::NotFound))
}

/// A key as listed, with its quota as of now.
pub(crate) fn entry(desk: &mut Desk, key: StoredKey, now: Timestamp) -> Result<KeyEntry, StoreError> {
    let (ledger, rows) = desk.parts();
    let quota = ledger.quota(&rows, key.subscription, now)?;
    let quota = quota.ok_or_else(|| StoreError::new("show a key", "its subscription is gone"))?;
    let plan = ledger.plan(key.plan)?.plan.plan();
    let (plan_name, throttle) = (plan.name.clone(), plan.throttle);
    let earlier = earlier_values(&desk.conn, key.id).map_err(store_error("list old values"))?;
    let old_values_until: Vec<Timestamp> = earlier.into_iter().map(|(_, until)| until).filter(|u| *u > now).collect();
    Ok(KeyEntry {
        id: key.id,
        plan_name,
        label: key.label,
        state: key.state,
        created_at: key.created_at,
        rotated_at: key.rotated_at,
        old_value_until: old_values_until.last().copied(),
        old_values_until,
        carry_over_pending: false,
        quota,
        throttle,
    })
}
