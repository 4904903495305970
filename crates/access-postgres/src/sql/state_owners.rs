//! Owners of what the upstream keeps.

use access::{STATE_IDS_KEPT, STATE_KEPT, StateId};
use api_types::{AccountId, Timestamp};
use jiff::SignedDuration;
use tokio_postgres::GenericClient;

use super::columns::Columns;
use crate::error::Failure;

/// Of those whose time is over, so many go with each write beside as many as come.
const FORGOTTEN_AT_ONCE: i64 = 100;

/// An id that an answer named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedId {
    pub(crate) id: StateId,
    pub(crate) account: AccountId,
    pub(crate) at: Timestamp,
}

/// From then on what was named at this time is known no more.
fn forgotten_at(now: Timestamp) -> Timestamp {
    let kept = SignedDuration::try_from(STATE_KEPT).unwrap_or(SignedDuration::ZERO);
    now.checked_sub(kept).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Writes them all, which are of different ids, and makes room for what comes.
pub(crate) async fn put_all(client: &impl GenericClient, all: &[NamedId]) -> Result<(), Failure> {
    // The account may be gone since, and with it all that it owned.
    let put = "INSERT INTO state_owners AS there (id, account, named_at)
               SELECT named.id, accounts.id, named.at
               FROM unnest($1::bytea[], $2::text[], $3::timestamptz[]) AS named (id, account, at)
               JOIN accounts ON accounts.id = named.account ORDER BY named.id
               ON CONFLICT (id) DO UPDATE SET account = excluded.account, named_at = excluded.named_at
               WHERE there.named_at <= $4 OR (there.account = excluded.account AND there.named_at < excluded.named_at)";
    let Some(newest) = all.iter().map(|named| named.at).max() else { return Ok(()) };
    let ids: Vec<&[u8]> = all.iter().map(|named| named.id.as_bytes().as_slice()).collect();
    let accounts: Vec<String> = all.iter().map(|named| named.account.to_string()).collect();
    let times: Vec<Timestamp> = all.iter().map(|named| named.at).collect();
    client.execute(put, &[&ids, &accounts, &times, &forgotten_at(newest)]).await?;
    let over = "DELETE FROM state_owners WHERE id IN (SELECT id FROM state_owners WHERE named_at <= $1
                ORDER BY named_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
    let most = FORGOTTEN_AT_ONCE.saturating_add(all.len() as i64);
    client.execute(over, &[&forgotten_at(newest), &most]).await?;
    Ok(())
}

/// Deletes an account's oldest beyond the bound.
pub(crate) async fn keep_newest(client: &impl GenericClient, account: AccountId) -> Result<(), Failure> {
    let sql = "DELETE FROM state_owners WHERE id IN (SELECT id FROM state_owners WHERE account = $1
               ORDER BY named_at DESC OFFSET $2 FOR UPDATE SKIP LOCKED)";
    client.execute(sql, &[&account.to_string(), &(STATE_IDS_KEPT as i64)]).await?;
    Ok(())
}

/// The place of the first that isn't this account's.
pub(crate) async fn first_foreign(
    client: &impl GenericClient,
    account: AccountId,
    ids: &[StateId],
    now: Timestamp,
) -> Result<Option<usize>, Failure> {
    let sql = "SELECT min(asked.place) - 1 AS place FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (id, place)
               WHERE NOT EXISTS (SELECT 1 FROM state_owners
                                 WHERE id = asked.id AND account = $2 AND named_at > $3)";
    let texts: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let row = client.query_one(sql, &[&texts, &account.to_string(), &forgotten_at(now)]).await?;
    Ok(row.plain::<Option<i64>>("place")?.and_then(|place| usize::try_from(place).ok()))
}
