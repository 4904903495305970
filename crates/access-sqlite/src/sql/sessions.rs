//! Sessions and their refresh tokens.

use access::{ListedSession, NewSession, PasswordHash, Refresh, Session, TokenDigest};
use api_types::{
    AccountId, SessionId, Timestamp,
    limits::{REFRESH_GRACE_SECONDS, REFRESH_TOKEN_SECONDS, SESSIONS_LISTED_MAX},
};
use rusqlite::{Connection, Row, params};

use super::{
    accounts,
    columns::Columns,
    statements::{first, list as all, run},
};

/// Starts a session if the password that was proved still is the account's; expired ones of anybody go.
pub(crate) fn start(conn: &Connection, session: &NewSession, proved: &PasswordHash) -> rusqlite::Result<bool> {
    let created_at = session.created_at.as_millisecond();
    run(conn, "DELETE FROM sessions WHERE expires_at <= ?1", [created_at])?;
    let sql = "INSERT INTO sessions (id, account, created_at, last_used_at, expires_at, client)
               SELECT ?1, id, ?4, ?4, ?5, ?6 FROM accounts WHERE id = ?2 AND password_hash = ?3 AND NOT blocked";
    let (id, account, expires_at) =
        (session.id.to_string(), session.account.to_string(), session.expires_at.as_millisecond());
    let values = params![id, account, proved.as_phc(), created_at, expires_at, session.client.as_str()];
    let is_started = run(conn, sql, values)? > 0;
    if is_started {
        put_token(conn, session.refresh, &id)?;
    }
    Ok(is_started)
}

/// A session that goes on, with its account.
pub(crate) fn find(conn: &Connection, id: SessionId, now: Timestamp) -> rusqlite::Result<Option<Session>> {
    let sql = "SELECT accounts.* FROM sessions JOIN accounts ON accounts.id = sessions.account
               WHERE sessions.id = ?1 AND sessions.expires_at > ?2";
    let read = |row: &Row<'_>| Ok(Session { id, account: accounts::read(row)? });
    first(conn, sql, params![id.to_string(), now.as_millisecond()], read)
}

/// Replaces a refresh token, answers one that was just replaced alike, or ends the session of one replaced long ago.
pub(crate) fn rotate(
    conn: &Connection,
    presented: TokenDigest,
    successor: TokenDigest,
    now: Timestamp,
    expires_at: Timestamp,
) -> rusqlite::Result<Refresh> {
    let sql = "SELECT sessions.id, sessions.account, sessions.expires_at, refresh_tokens.rotated_at
               FROM refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session
               WHERE refresh_tokens.digest = ?1";
    let read = |row: &Row<'_>| {
        let rotated_at: Option<Timestamp> = row.read("rotated_at")?;
        Ok((row.read("id")?, row.read("account")?, row.read("expires_at")?, rotated_at))
    };
    let found: Option<(SessionId, _, Timestamp, _)> = first(conn, sql, [presented.as_bytes()], read)?;
    let Some((session, account, ends_at, rotated_at)) = found else { return Ok(Refresh::Unknown) };
    if ends_at <= now {
        end(conn, session)?;
        return Ok(Refresh::Unknown);
    }
    let Some(rotated_at) = rotated_at else {
        let id = session.to_string();
        let now = now.as_millisecond();
        // Tokens that would have expired by themselves prove nothing any more.
        let expired = params![id, now - REFRESH_TOKEN_SECONDS * 1_000];
        run(conn, "DELETE FROM refresh_tokens WHERE session = ?1 AND rotated_at <= ?2", expired)?;
        let rotated = params![presented.as_bytes(), now];
        run(conn, "UPDATE refresh_tokens SET rotated_at = ?2 WHERE digest = ?1", rotated)?;
        put_token(conn, successor, &id)?;
        let prolonged = params![id, expires_at.as_millisecond(), now];
        run(conn, "UPDATE sessions SET expires_at = ?2, last_used_at = ?3 WHERE id = ?1", prolonged)?;
        return Ok(Refresh::Rotated { session, account });
    };
    if now.duration_since(rotated_at).as_secs_f64() <= REFRESH_GRACE_SECONDS as f64 {
        return Ok(Refresh::Rotated { session, account });
    }
    end(conn, session)?;
    Ok(Refresh::Reused { session })
}

/// Ends a session with its tokens.
pub(crate) fn end(conn: &Connection, id: SessionId) -> rusqlite::Result<()> {
    run(conn, "DELETE FROM sessions WHERE id = ?1", [id.to_string()]).map(drop)
}

/// An account's sessions that go on, the one used last first.
pub(crate) fn list(conn: &Connection, account: AccountId, now: Timestamp) -> rusqlite::Result<Vec<ListedSession>> {
    let sql = "SELECT id, client, created_at, last_used_at FROM sessions WHERE account = ?1 AND expires_at > ?2
               ORDER BY last_used_at DESC, id LIMIT ?3";
    let read = |row: &Row<'_>| {
        let (id, client) = (row.read("id")?, row.read("client")?);
        Ok(ListedSession { id, client, created_at: row.read("created_at")?, last_used_at: row.read("last_used_at")? })
    };
    all(conn, sql, params![account.to_string(), now.as_millisecond(), SESSIONS_LISTED_MAX as i64], read)
}

/// Ends an account's sessions but for one.
pub(crate) fn end_others(conn: &Connection, account: AccountId, kept: SessionId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM sessions WHERE account = ?1 AND id <> ?2";
    run(conn, sql, params![account.to_string(), kept.to_string()]).map(drop)
}

fn put_token(conn: &Connection, token: TokenDigest, session: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO refresh_tokens (digest, session) VALUES (?1, ?2)";
    run(conn, sql, params![token.as_bytes(), session]).map(drop)
}
