//! Keys as their owners see them: listed, changed, rotated and ended. Who changes one locks its subscription first, so
//! that admissions come before or after.

use access::{KeyDigest, KeyError};
use api_types::{AccountId, KeyChange, KeyId, KeyLabel, KeyState, Timestamp, limits::OLD_VALUES_MAX};
use tokio_postgres::{GenericClient, Row};

use super::{
    columns::Columns,
    subscriptions::{self, Subscription},
};
use crate::error::{Failure, Unchanged};

/// One key with its subscription.
#[derive(Debug)]
pub(crate) struct OwnedKey {
    pub(crate) id: KeyId,
    pub(crate) subscription: Subscription,
    pub(crate) label: KeyLabel,
    pub(crate) state: KeyState,
    pub(crate) created_at: Timestamp,
    pub(crate) rotated_at: Option<Timestamp>,
    /// When each of its earlier values ends, the first end first.
    pub(crate) earlier_until: Vec<Timestamp>,
}

const SELECT: &str = "SELECT keys.id AS key, keys.label, keys.enabled, keys.created_at, keys.rotated_at,
                             keys.earlier_until, subscriptions.*
                      FROM keys JOIN subscriptions ON subscriptions.id = keys.subscription WHERE keys.account = $1";

fn read(row: &Row) -> Result<OwnedKey, Failure> {
    Ok(OwnedKey {
        id: row.read("key")?,
        subscription: subscriptions::read(row)?,
        label: row.read("label")?,
        state: if row.plain("enabled")? { KeyState::Active } else { KeyState::Disabled },
        created_at: row.plain("created_at")?,
        rotated_at: row.plain("rotated_at")?,
        earlier_until: row.plain("earlier_until")?,
    })
}

/// An account's keys, oldest first.
pub(crate) async fn all_of(client: &impl GenericClient, account: AccountId) -> Result<Vec<OwnedKey>, Failure> {
    let sql = format!("{SELECT} ORDER BY keys.created_at, keys.number");
    client.query(&sql, &[&account.to_string()]).await?.iter().map(read).collect()
}

/// One key of an account; another's is not found.
pub(crate) async fn find(
    client: &impl GenericClient,
    account: AccountId,
    key: KeyId,
) -> Result<OwnedKey, Unchanged<KeyError>> {
    let sql = format!("{SELECT} AND keys.id = $2");
    match client.query_opt(&sql, &[&account.to_string(), &key.to_string()]).await? {
        Some(row) => Ok(read(&row)?),
        None => Err(Unchanged::Answer(KeyError::NotFound)),
    }
}

/// The same, with its subscription locked until the transaction ends.
async fn hold(client: &impl GenericClient, account: AccountId, key: KeyId) -> Result<OwnedKey, Unchanged<KeyError>> {
    let sql = "SELECT 1 FROM subscriptions
               WHERE id = (SELECT subscription FROM keys WHERE id = $1 AND account = $2) FOR NO KEY UPDATE";
    client.query_opt(sql, &[&key.to_string(), &account.to_string()]).await?;
    find(client, account, key).await
}

/// Switches or labels a key. Switched off, its earlier values end.
pub(crate) async fn change(
    client: &impl GenericClient,
    account: AccountId,
    key: KeyId,
    change: &KeyChange,
) -> Result<OwnedKey, Unchanged<KeyError>> {
    hold(client, account, key).await?;
    let sql = "UPDATE keys SET enabled = coalesce($2, enabled), label = coalesce($3, label),
                   earlier_digests = CASE WHEN $2 IS FALSE THEN '{}' ELSE earlier_digests END,
                   earlier_until = CASE WHEN $2 IS FALSE THEN '{}' ELSE earlier_until END
               WHERE id = $1";
    let label = change.label.as_ref().map(KeyLabel::as_str);
    client.execute(sql, &[&key.to_string(), &change.enabled, &label]).await?;
    find(client, account, key).await
}

/// Replaces a key's value; the one before it works until `old_value_until`.
pub(crate) async fn rotate(
    client: &impl GenericClient,
    account: AccountId,
    (key, digest): (KeyId, KeyDigest),
    old_value_until: Option<Timestamp>,
    now: Timestamp,
) -> Result<OwnedKey, Unchanged<KeyError>> {
    let found = hold(client, account, key).await?;
    let id = key.to_string();
    let row = client.query_one("SELECT digest, earlier_digests FROM keys WHERE id = $1", &[&id]).await?;
    let digests: Vec<Vec<u8>> = row.plain("earlier_digests")?;
    let mut kept: Vec<(Timestamp, Vec<u8>)> = found.earlier_until.iter().copied().zip(digests).collect();
    if let Some(until) = old_value_until.filter(|until| *until > now) {
        kept.retain(|(until, _)| *until > now);
        if kept.len() >= OLD_VALUES_MAX
            && let Some((until, _)) = kept.first()
        {
            return Err(Unchanged::Answer(KeyError::TooManyOldValues { until: *until }));
        }
        kept.push((until, row.plain("digest")?));
        kept.sort_by_key(|(until, _)| *until);
    }
    let (ends, digests): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    let sql = "UPDATE keys SET digest = $2, rotated_at = $3, earlier_digests = $4, earlier_until = $5 WHERE id = $1";
    client.execute(sql, &[&id, &digest.as_bytes().as_slice(), &now, &digests, &ends]).await?;
    Ok(found)
}

/// Ends a key for good; its subscription stays with the owner's digest.
pub(crate) async fn delete(
    client: &impl GenericClient,
    account: AccountId,
    key: KeyId,
) -> Result<(), Unchanged<KeyError>> {
    hold(client, account, key).await?;
    client.execute("DELETE FROM keys WHERE id = $1", &[&key.to_string()]).await?;
    Ok(())
}

/// Ends every key of an account.
pub(crate) async fn delete_all_of(client: &impl GenericClient, account: AccountId) -> Result<(), Failure> {
    let account = account.to_string();
    // Locked in the order of their ids, as admissions do.
    let hold = "SELECT 1 FROM subscriptions WHERE id IN (SELECT subscription FROM keys WHERE account = $1)
                ORDER BY id FOR NO KEY UPDATE";
    client.query(hold, &[&account]).await?;
    client.execute("DELETE FROM keys WHERE account = $1", &[&account]).await?;
    Ok(())
}
