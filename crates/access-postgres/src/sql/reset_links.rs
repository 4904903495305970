//! Links for a new password: one for each account, by the digest of its secret.

use access::{AdministrationError, Doing, PasswordHash, TokenDigest};
use api_types::{AccountId, AuditedAction, Person, RequestId, Timestamp};
use tokio_postgres::GenericClient;

use super::{accounts, audit, columns::Columns, operators, people};
use crate::error::{Failure, Unchanged};

/// Puts a link in the place of the one before.
pub(crate) async fn put(
    client: &impl GenericClient,
    account: AccountId,
    digest: TokenDigest,
    expires_at: Timestamp,
    doing: &Doing,
) -> Result<(), Unchanged<AdministrationError>> {
    operators::begin(client, doing, None).await?;
    if !accounts::hold(client, account).await? {
        return Err(Unchanged::Answer(AdministrationError::NotFound));
    }
    let sql = "INSERT INTO reset_links (account, digest, expires_at) VALUES ($1, $2, $3)
               ON CONFLICT (account) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at";
    client.execute(sql, &[&account.to_string(), &digest.as_bytes().as_slice(), &expires_at]).await?;
    audit::note(client, doing, AuditedAction::ResetLinkMade, account, (None, None)).await?;
    Ok(())
}

/// Whose password a link sets now.
pub(crate) async fn of(
    client: &impl GenericClient,
    digest: TokenDigest,
    now: Timestamp,
) -> Result<Option<Person>, Failure> {
    let sql = "SELECT account FROM reset_links JOIN accounts ON accounts.id = reset_links.account
               WHERE digest = $1 AND expires_at > $2 AND NOT blocked";
    match client.query_opt(sql, &[&digest.as_bytes().as_slice(), &now]).await? {
        Some(row) => people::find(client, row.read("account")?).await,
        None => Ok(None),
    }
}

/// Replaces the password of a link's account, once.
pub(crate) async fn redeem(
    client: &impl GenericClient,
    digest: TokenDigest,
    to: &PasswordHash,
    request: RequestId,
    now: Timestamp,
) -> Result<bool, Failure> {
    // The account first, as everybody does who changes one; then the link is looked at again.
    let Some(person) = of(client, digest, now).await? else { return Ok(false) };
    accounts::hold(client, person.id).await?;
    if of(client, digest, now).await?.is_none() {
        return Ok(false);
    }
    let sql = "UPDATE accounts SET password_hash = $2 WHERE id = $1";
    client.execute(sql, &[&person.id.to_string(), &to.as_phc()]).await?;
    accounts::end_sessions(client, person.id).await?;
    let doing = Doing { actor: Some(person.id), request, note: None, now };
    audit::note(client, &doing, AuditedAction::PasswordReset, person.id, (None, None)).await?;
    Ok(true)
}
