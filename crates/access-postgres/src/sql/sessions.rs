//! Sessions and their refresh tokens.

use access::{ListedSession, NewSession, PasswordHash, Refresh, Session, TokenDigest};
use api_types::{
    AccountId, SessionId, Timestamp,
    limits::{REFRESH_GRACE_SECONDS, REFRESH_TOKEN_SECONDS, SESSIONS_LISTED_MAX},
};
use jiff::SignedDuration;
use tokio_postgres::{GenericClient, Row, types::ToSql};

use super::{accounts, columns::Columns};
use crate::error::Failure;

/// Starts a session if the password that was proved still is the account's; expired ones of anybody go.
pub(crate) async fn start(
    client: &impl GenericClient,
    session: &NewSession,
    proved: &PasswordHash,
    now: Timestamp,
) -> Result<bool, Failure> {
    // Shared with other sign-ins, but not with a change of the password: whichever is second sees the first.
    let proved_still = "SELECT 1 FROM accounts WHERE id = $1 AND password_hash = $2 AND NOT blocked FOR SHARE";
    let (id, account) = (session.id.to_string(), session.account.to_string());
    if client.query_opt(proved_still, &[&account, &proved.as_phc()]).await?.is_none() {
        return Ok(false);
    }
    let sql = "INSERT INTO sessions (id, account, created_at, last_used_at, expires_at, client)
               VALUES ($1, $2, $3, $3, $4, $5)";
    let values: [&(dyn ToSql + Sync); 5] =
        [&id, &account, &session.created_at, &session.expires_at, &session.client.as_str()];
    client.execute(sql, &values).await?;
    put_token(client, session.refresh, &id).await?;
    let expired = "DELETE FROM sessions WHERE id IN
                   (SELECT id FROM sessions WHERE expires_at <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)";
    client.execute(expired, &[&now]).await?;
    Ok(true)
}

/// A session that goes on, with its account.
pub(crate) async fn find(
    client: &impl GenericClient,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Session>, Failure> {
    let sql = "SELECT accounts.* FROM sessions JOIN accounts ON accounts.id = sessions.account
               WHERE sessions.id = $1 AND sessions.expires_at > $2";
    let found = client.query_opt(sql, &[&id.to_string(), &now]).await?;
    found.as_ref().map(|row| Ok(Session { id, account: accounts::read(row)? })).transpose()
}

/// Replaces a refresh token, answers one that was just replaced alike, or ends the session of one replaced long ago.
pub(crate) async fn rotate(
    client: &impl GenericClient,
    presented: TokenDigest,
    successor: TokenDigest,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Refresh, Failure> {
    let digest = presented.as_bytes().as_slice();
    // The session first, so that whoever presents the same token at once waits, and then sees what became of it.
    let hold = "SELECT id, account, expires_at FROM sessions
                WHERE id = (SELECT session FROM refresh_tokens WHERE digest = $1) FOR UPDATE";
    let Some(row) = client.query_opt(hold, &[&digest]).await? else { return Ok(Refresh::Unknown) };
    let (session, account): (SessionId, _) = (row.read("id")?, row.read("account")?);
    let id = session.to_string();
    let ends_at: Timestamp = row.plain("expires_at")?;
    if ends_at <= now {
        end(client, session).await?;
        return Ok(Refresh::Unknown);
    }
    let sql = "SELECT rotated_at FROM refresh_tokens WHERE digest = $1";
    let Some(row) = client.query_opt(sql, &[&digest]).await? else { return Ok(Refresh::Unknown) };
    let Some(rotated_at) = row.plain::<Option<Timestamp>>("rotated_at")? else {
        // Tokens that would have expired by themselves prove nothing any more.
        let expired =
            now.checked_sub(SignedDuration::from_secs(REFRESH_TOKEN_SECONDS)).unwrap_or(Timestamp::UNIX_EPOCH);
        client.execute("DELETE FROM refresh_tokens WHERE session = $1 AND rotated_at <= $2", &[&id, &expired]).await?;
        client.execute("UPDATE refresh_tokens SET rotated_at = $2 WHERE digest = $1", &[&digest, &now]).await?;
        put_token(client, successor, &id).await?;
        let prolonged = "UPDATE sessions SET expires_at = $2, last_used_at = $3 WHERE id = $1";
        client.execute(prolonged, &[&id, &expires_at, &now]).await?;
        return Ok(Refresh::Rotated { session, account });
    };
    if now.duration_since(rotated_at) <= SignedDuration::from_secs(REFRESH_GRACE_SECONDS) {
        return Ok(Refresh::Rotated { session, account });
    }
    end(client, session).await?;
    Ok(Refresh::Reused { session })
}

/// Ends a session with its tokens.
pub(crate) async fn end(client: &impl GenericClient, id: SessionId) -> Result<(), Failure> {
    client.execute("DELETE FROM sessions WHERE id = $1", &[&id.to_string()]).await?;
    Ok(())
}

/// An account's sessions that go on, the one used last first.
pub(crate) async fn list(
    client: &impl GenericClient,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<ListedSession>, Failure> {
    let sql = "SELECT id, client, created_at, last_used_at FROM sessions WHERE account = $1 AND expires_at > $2
               ORDER BY last_used_at DESC, id LIMIT $3";
    let rows = client.query(sql, &[&account.to_string(), &now, &(SESSIONS_LISTED_MAX as i64)]).await?;
    let read = |row: &Row| {
        let (id, client) = (row.read("id")?, row.read("client")?);
        Ok(ListedSession { id, client, created_at: row.plain("created_at")?, last_used_at: row.plain("last_used_at")? })
    };
    rows.iter().map(read).collect()
}

/// Ends an account's sessions but for one.
pub(crate) async fn end_others(
    client: &impl GenericClient,
    account: AccountId,
    kept: SessionId,
) -> Result<(), Failure> {
    let sql = "DELETE FROM sessions WHERE account = $1 AND id <> $2";
    client.execute(sql, &[&account.to_string(), &kept.to_string()]).await?;
    Ok(())
}

async fn put_token(client: &impl GenericClient, token: TokenDigest, session: &str) -> Result<(), Failure> {
    let sql = "INSERT INTO refresh_tokens (digest, session) VALUES ($1, $2)";
    client.execute(sql, &[&token.as_bytes().as_slice(), &session]).await?;
    Ok(())
}
