//! Links for a new password: one for each account, by the digest of its secret.

use access::{AdministrationError, Doing, PasswordHash, TokenDigest};
use api_types::{AccountId, AuditedAction, Person, RequestId, Timestamp};
use rusqlite::{Connection, params};

use super::{
    accounts, audit,
    columns::Columns,
    error::Unchanged,
    operators, people,
    statements::{first, run},
};

/// Puts a link in the place of the one before.
pub(crate) fn put(
    conn: &Connection,
    account: AccountId,
    digest: TokenDigest,
    expires_at: Timestamp,
    doing: &Doing,
) -> Result<(), Unchanged<AdministrationError>> {
    operators::require(conn, doing, None)?;
    if !accounts::is_there(conn, account)? {
        return Err(Unchanged::Answer(AdministrationError::NotFound));
    }
    let sql = "INSERT INTO reset_links (account, digest, expires_at) VALUES (?1, ?2, ?3)
               ON CONFLICT (account) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at";
    run(conn, sql, params![account.to_string(), digest.as_bytes(), expires_at.as_millisecond()])?;
    audit::note(conn, doing, AuditedAction::ResetLinkMade, account, (None, None))?;
    Ok(())
}

/// Whose password a link sets now.
pub(crate) fn of(conn: &Connection, digest: TokenDigest, now: Timestamp) -> rusqlite::Result<Option<Person>> {
    let sql = "SELECT account FROM reset_links JOIN accounts ON accounts.id = reset_links.account
               WHERE digest = ?1 AND expires_at > ?2 AND NOT blocked";
    let read = |row: &rusqlite::Row<'_>| row.read("account");
    let account: Option<AccountId> = first(conn, sql, params![digest.as_bytes(), now.as_millisecond()], read)?;
    account.map_or(Ok(None), |account| people::find(conn, account))
}

/// Replaces the password of a link's account, once.
pub(crate) fn redeem(
    conn: &Connection,
    digest: TokenDigest,
    to: &PasswordHash,
    request: RequestId,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let Some(person) = of(conn, digest, now)? else { return Ok(false) };
    let sql = "UPDATE accounts SET password_hash = ?2 WHERE id = ?1";
    run(conn, sql, params![person.id.to_string(), to.as_phc()])?;
    accounts::end_sessions(conn, person.id)?;
    let doing = Doing { actor: Some(person.id), request, note: None, now };
    audit::note(conn, &doing, AuditedAction::PasswordReset, person.id, (None, None))?;
    Ok(true)
}
