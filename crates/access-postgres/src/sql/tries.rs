//! Tries that count, by what they are limited by.

use access::{CountedTries, TryKey};
use api_types::Timestamp;
use tokio_postgres::GenericClient;

use super::columns::Columns;
use crate::error::Failure;

/// Of those whose time is over, so many go with each write beside as many as come.
const FORGOTTEN_AT_ONCE: i64 = 100;

/// One row.
#[derive(Debug)]
pub(crate) struct TriesRow {
    pub(crate) key: TryKey,
    pub(crate) counted: CountedTries,
    /// From then on none counts.
    pub(crate) forget_at: Timestamp,
}

/// Locks the rows of these keys, in their order, and makes those that aren't there; tells Postgres's time as well.
pub(crate) async fn lock(client: &impl GenericClient, keys: &[TryKey]) -> Result<(Vec<TriesRow>, Timestamp), Failure> {
    let sql = "INSERT INTO tries (id, counted, forget_at)
               SELECT id, '', now() FROM unnest($1::bytea[]) AS asked (id) ORDER BY id
               ON CONFLICT (id) DO UPDATE SET id = excluded.id
               RETURNING id, counted, forget_at, clock_timestamp() AS now";
    let ids: Vec<&[u8]> = keys.iter().map(|key| key.0.as_slice()).collect();
    let (mut rows, mut now) = (Vec::with_capacity(keys.len()), Timestamp::MIN);
    for row in client.query(sql, &[&ids]).await? {
        let id: Vec<u8> = row.plain("id")?;
        let counted: Vec<u8> = row.plain("counted")?;
        let key = TryKey(id.try_into().map_err(|_| Failure::Unreadable("id"))?);
        let counted = CountedTries::from_bytes(&counted).ok_or(Failure::Unreadable("counted"))?;
        // When the last of the rows was locked.
        now = now.max(row.plain("now")?);
        rows.push(TriesRow { key, counted, forget_at: row.plain("forget_at")? });
    }
    Ok((rows, now))
}

/// Writes rows that were locked, and forgets some that are over.
pub(crate) async fn put(client: &impl GenericClient, rows: &[TriesRow], now: Timestamp) -> Result<(), Failure> {
    let sql = "WITH over AS (
                   DELETE FROM tries WHERE id IN (SELECT id FROM tries WHERE forget_at < $4 AND id <> ALL ($1)
                   ORDER BY forget_at LIMIT $5 FOR UPDATE SKIP LOCKED)
               )
               UPDATE tries SET counted = new.counted, forget_at = new.forget_at
               FROM unnest($1::bytea[], $2::bytea[], $3::timestamptz[]) AS new (id, counted, forget_at)
               WHERE tries.id = new.id";
    let ids: Vec<&[u8]> = rows.iter().map(|row| row.key.0.as_slice()).collect();
    let counted: Vec<Vec<u8>> = rows.iter().map(|row| row.counted.to_bytes()).collect();
    let ends: Vec<Timestamp> = rows.iter().map(|row| row.forget_at).collect();
    let most = FORGOTTEN_AT_ONCE.saturating_add(rows.len() as i64);
    client.execute(sql, &[&ids, &counted, &ends, &now, &most]).await?;
    Ok(())
}
