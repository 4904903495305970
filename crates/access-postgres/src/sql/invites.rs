//! Invitations that weren't used yet, by the digest of their secret.

use access::{AdministrationError, Doing, InviteToMake, TokenDigest};
use api_types::{AuditedAction, Email, Invite, InviteId, Timestamp};
use tokio_postgres::{GenericClient, Row};

use super::{audit, columns::Columns, operators};
use crate::error::{Failure, Unchanged};

/// Stores one; those that are over go.
pub(crate) async fn put(
    client: &impl GenericClient,
    new: &InviteToMake,
    doing: &Doing,
) -> Result<(), Unchanged<AdministrationError>> {
    operators::begin(client, doing, None).await?;
    client.execute("DELETE FROM invites WHERE expires_at <= $1", &[&doing.now]).await?;
    let Invite { id, email, domain, created_at, expires_at } = &new.invite;
    let sql = "INSERT INTO invites (id, digest, email, domain, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let (id, email) = (id.to_string(), email.as_ref().map(Email::as_str));
    client.execute(sql, &[&id, &new.digest.as_bytes().as_slice(), &email, domain, created_at, expires_at]).await?;
    Ok(audit::note(client, doing, AuditedAction::InviteMade, None, (None, Some(&id))).await?)
}

/// Those that may still be used, newest first.
pub(crate) async fn listed(client: &impl GenericClient, now: Timestamp) -> Result<Vec<Invite>, Failure> {
    let sql = "SELECT * FROM invites WHERE expires_at > $1 ORDER BY created_at DESC, id";
    client.query(sql, &[&now]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Invite, Failure> {
    Ok(Invite {
        id: row.read("id")?,
        email: row.maybe("email")?,
        domain: row.plain("domain")?,
        created_at: row.plain("created_at")?,
        expires_at: row.plain("expires_at")?,
    })
}

/// The one that lets this address sign up now.
pub(crate) async fn find(
    client: &impl GenericClient,
    digest: TokenDigest,
    email: &Email,
    now: Timestamp,
) -> Result<Option<Invite>, Failure> {
    let sql = "SELECT * FROM invites WHERE digest = $1 AND expires_at > $2
               AND coalesce(email, $3) = $3 AND coalesce(domain, $4) = $4";
    let digest = digest.as_bytes().as_slice();
    client.query_opt(sql, &[&digest, &now, &email.as_str(), &email.domain()]).await?.as_ref().map(read).transpose()
}

/// Ends one; whoever else is at it comes before or finds none. Whether there was one.
pub(crate) async fn delete(client: &impl GenericClient, id: InviteId) -> Result<bool, Failure> {
    Ok(client.execute("DELETE FROM invites WHERE id = $1", &[&id.to_string()]).await? > 0)
}

/// Ends one before it was used.
pub(crate) async fn withdraw(
    client: &impl GenericClient,
    id: InviteId,
    doing: &Doing,
) -> Result<(), Unchanged<AdministrationError>> {
    operators::begin(client, doing, None).await?;
    if !delete(client, id).await? {
        return Err(Unchanged::Answer(AdministrationError::NotFound));
    }
    Ok(audit::note(client, doing, AuditedAction::InviteWithdrawn, None, (Some(&id.to_string()), None)).await?)
}
