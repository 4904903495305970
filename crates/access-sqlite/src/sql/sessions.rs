//! Sessions and their refresh tokens.

use access::{NewSession, PasswordHash, Refresh, Session, TokenDigest};
use api_types::{
    SessionId, Timestamp,
    limits::{REFRESH_GRACE_SECONDS, REFRESH_TOKEN_SECONDS},
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    sql::columns::{optional_time, text, time},
    store::accounts::read_account,
};

/// Starts a session if the password that was proved still is the account's; expired ones of anybody go.
pub(crate) fn start(conn: &Connection, session: &NewSession, proved: &PasswordHash) -> rusqlite::Result<bool> {
    let created_at = session.created_at.as_millisecond();
    conn.prepare_cached("DELETE FROM sessions WHERE expires_at <= ?1")?.execute([created_at])?;
    let sql = "INSERT INTO sessions (id, account, created_at, expires_at)
               SELECT ?1, id, ?4, ?5 FROM accounts WHERE id = ?2 AND password_hash = ?3";
    let (id, account, expires_at) =
        (session.id.to_string(), session.account.to_string(), session.expires_at.as_millisecond());
    let started = conn.prepare_cached(sql)?.execute(params![id, account, proved.as_phc(), created_at, expires_at])? > 0;
    if started {
        put_token(conn, session.refresh, &id)?;
    }
    Ok(started)
}

/// A session that goes on, with its account.
pub(crate) fn find(conn: &Connection, id: SessionId, now: Timestamp) -> rusqlite::Result<Option<Session>> {
    let sql = "SELECT accounts.id, accounts.email, accounts.password_hash, accounts.created_at
               FROM sessions JOIN accounts ON accounts.id = sessions.account
               WHERE sessions.id = ?1 AND sessions.expires_at > ?2";
    let mut statement = conn.prepare_cached(sql)?;
    statement
        .query_row(params![id.to_string(), now.as_millisecond()], |row| {
            Ok(Session { id, account: read_account(row, 0)? })
        })
        .optional()
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
    let mut statement = conn.prepare_cached(sql)?;
    let found = statement
        .query_row([presented.as_bytes()], |row| {
            let (session, account): (SessionId, _) = (text(row, 0, "an id")?, text(row, 1, "an id")?);
            Ok((session, account, time(row, 2)?, optional_time(row, 3)?))
        })
        .optional()?;
    let Some((session, account, ends_at, rotated_at)) = found else { return Ok(Refresh::Unknown) };
    if ends_at <= now {
        end(conn, session)?;
        return Ok(Refresh::Unknown);
    }
    let Some(rotated_at) = rotated_at else {
        let id = session.to_string();
        let now = now.as_millisecond();
        // Tokens that would have expired by themselves prove nothing any more.
        conn.prepare_cached("DELETE FROM refresh_tokens WHERE session = ?1 AND rotated_at <= ?2")?
            .execute(params![id, now - REFRESH_TOKEN_SECONDS * 1_000])?;
        conn.prepare_cached("UPDATE refresh_tokens SET rotated_at = ?2 WHERE digest = ?1")?
            .execute(params![presented.as_bytes(), now])?;
        put_token(conn, successor, &id)?;
        conn.prepare_cached("UPDATE sessions SET expires_at = ?2 WHERE id = ?1")?
            .execute(params![id, expires_at.as_millisecond()])?;
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
    conn.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([id.to_string()]).map(drop)
}

fn put_token(conn: &Connection, token: TokenDigest, session: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO refresh_tokens (digest, session) VALUES (?1, ?2)";
    conn.prepare_cached(sql)?.execute(params![token.as_bytes(), session]).map(drop)
}
