//! Invitations that weren't used yet, by the digest of their secret.

use access::{AdministrationError, Doing, InviteToMake, TokenDigest};
use api_types::{AuditedAction, Email, Invite, InviteId, Timestamp};
use rusqlite::{Connection, Row, params};

use super::{
    audit,
    columns::Columns,
    error::Unchanged,
    operators,
    statements::{first, list, run},
};

/// Stores one; those that are over go.
pub(crate) fn put(conn: &Connection, new: &InviteToMake, doing: &Doing) -> Result<(), Unchanged<AdministrationError>> {
    operators::require(conn, doing, None)?;
    run(conn, "DELETE FROM invites WHERE expires_at <= ?1", [doing.now.as_millisecond()])?;
    let Invite { id, email, domain, created_at, expires_at } = &new.invite;
    let sql = "INSERT INTO invites (id, digest, email, domain, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (created_at, expires_at) = (created_at.as_millisecond(), expires_at.as_millisecond());
    let id = id.to_string();
    let email = email.as_ref().map(Email::as_str);
    run(conn, sql, params![id, new.digest.as_bytes(), email, domain, created_at, expires_at])?;
    Ok(audit::note(conn, doing, AuditedAction::InviteMade, None, (None, Some(&id)))?)
}

/// Those that may still be used, newest first.
pub(crate) fn listed(conn: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Invite>> {
    let sql = "SELECT * FROM invites WHERE expires_at > ?1 ORDER BY created_at DESC, id";
    list(conn, sql, [now.as_millisecond()], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Invite> {
    Ok(Invite {
        id: row.read("id")?,
        email: row.read("email")?,
        domain: row.get("domain")?,
        created_at: row.read("created_at")?,
        expires_at: row.read("expires_at")?,
    })
}

/// The same with the digest of its secret.
pub(super) fn read_with_digest(row: &Row<'_>) -> rusqlite::Result<InviteToMake> {
    Ok(InviteToMake { invite: read(row)?, digest: row.read("digest")? })
}

/// The one that lets this address sign up now.
pub(crate) fn find(
    conn: &Connection,
    digest: TokenDigest,
    email: &Email,
    now: Timestamp,
) -> rusqlite::Result<Option<Invite>> {
    let sql = "SELECT * FROM invites WHERE digest = ?1 AND expires_at > ?2
               AND coalesce(email, ?3) = ?3 AND coalesce(domain, ?4) = ?4";
    let values = params![digest.as_bytes(), now.as_millisecond(), email.as_str(), email.domain()];
    first(conn, sql, values, read)
}

/// Ends one. Whether there was one.
pub(crate) fn delete(conn: &Connection, id: InviteId) -> rusqlite::Result<bool> {
    run(conn, "DELETE FROM invites WHERE id = ?1", [id.to_string()]).map(|rows| rows > 0)
}

/// Ends one before it was used.
pub(crate) fn withdraw(conn: &Connection, id: InviteId, doing: &Doing) -> Result<(), Unchanged<AdministrationError>> {
    operators::require(conn, doing, None)?;
    if !delete(conn, id)? {
        return Err(Unchanged::Answer(AdministrationError::NotFound));
    }
    Ok(audit::note(conn, doing, AuditedAction::InviteWithdrawn, None, (Some(&id.to_string()), None))?)
}
