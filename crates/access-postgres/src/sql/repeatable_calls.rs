//! Calls that made a key and may be repeated.

use access::{CreateKeyError, Creation, RepeatableCall};
use api_types::{AccountId, KeyId, Timestamp, limits::REPEATABLE_SECONDS};
use jiff::SignedDuration;
use tokio_postgres::GenericClient;

use super::columns::Columns;
use crate::error::Failure;

/// What a call came to that was made before, if it was.
pub(super) async fn made_before(
    client: &impl GenericClient,
    account: AccountId,
    call: &RepeatableCall,
    now: Timestamp,
) -> Result<Option<Result<Creation, CreateKeyError>>, Failure> {
    let sql = "SELECT request, key FROM repeatable_calls WHERE account = $1 AND name = $2 AND made_at > $3";
    let found = client.query_opt(sql, &[&account.to_string(), &call.name.as_slice(), &forgotten(now)]).await?;
    let Some(row) = found else { return Ok(None) };
    let is_same = row.plain::<&[u8]>("request")? == call.request;
    let key = row.read("key")?;
    Ok(Some(if is_same { Ok(Creation::MadeBefore(key)) } else { Err(CreateKeyError::AnotherRequest) }))
}

/// Notes what a call made, and forgets the account's that are a day old.
pub(super) async fn note(
    client: &impl GenericClient,
    account: AccountId,
    call: &RepeatableCall,
    key: KeyId,
    now: Timestamp,
) -> Result<(), Failure> {
    let account = account.to_string();
    let sql = "DELETE FROM repeatable_calls WHERE account = $1 AND made_at <= $2";
    client.execute(sql, &[&account, &forgotten(now)]).await?;
    let sql = "INSERT INTO repeatable_calls (account, name, request, key, made_at) VALUES ($1, $2, $3, $4, $5)";
    let (name, request) = (call.name.as_slice(), call.request.as_slice());
    client.execute(sql, &[&account, &name, &request, &key.to_string(), &now]).await?;
    Ok(())
}

/// Calls from then and before are known no longer.
fn forgotten(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_secs(REPEATABLE_SECONDS)).unwrap_or(Timestamp::UNIX_EPOCH)
}
