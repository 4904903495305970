//! Accounts.

use access::{Account, CreateAccountError, Doing, PasswordHash, TokenDigest};
use api_types::{AccountId, AuditedAction, Email, RequestId, Standing, Timestamp};
use tokio_postgres::{GenericClient, Row};

use super::{audit, columns::Columns, invites};
use crate::error::{Failure, Unchanged};

/// An account's columns, of whatever statement has them.
pub(super) fn read(row: &Row) -> Result<Account, Failure> {
    Ok(Account {
        id: row.read("id")?,
        email: row.read("email")?,
        password_hash: row.read("password_hash")?,
        created_at: row.plain("created_at")?,
        standing: standing(row)?,
        is_operator: row.plain("operator")?,
    })
}

/// What an account may do, of whatever statement has its columns.
pub(super) fn standing(row: &Row) -> Result<Standing, Failure> {
    Ok(match (row.plain("blocked")?, row.plain("waiting")?) {
        (true, _) => Standing::Blocked,
        (false, true) => Standing::Waiting,
        (false, false) => Standing::Active,
    })
}

/// Stores a new account, unless the address has one.
pub(crate) async fn create(client: &impl GenericClient, account: &Account) -> Result<bool, Failure> {
    let sql = "INSERT INTO accounts (id, email, password_hash, created_at, waiting) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (email) DO NOTHING";
    let (id, email, hash) = (account.id.to_string(), account.email.as_str(), account.password_hash.as_phc());
    let waits = account.standing == Standing::Waiting;
    Ok(client.execute(sql, &[&id, &email, &hash, &account.created_at, &waits]).await? > 0)
}

/// The same by an invitation, which ends with it: whoever else uses it comes before or finds none.
pub(crate) async fn create_invited(
    client: &impl GenericClient,
    account: &Account,
    invite: TokenDigest,
    request: RequestId,
    now: Timestamp,
) -> Result<(), Unchanged<CreateAccountError>> {
    let over = || Unchanged::Answer(CreateAccountError::InviteOver);
    let invite = invites::find(client, invite, &account.email, now).await?.ok_or_else(over)?;
    if !invites::delete(client, invite.id).await? {
        return Err(over());
    }
    if !create(client, account).await? {
        return Err(Unchanged::Answer(CreateAccountError::EmailTaken));
    }
    let doing = Doing { actor: Some(account.id), request, note: None, now };
    let used = (Some(&*invite.id.to_string()), None);
    Ok(audit::note(client, &doing, AuditedAction::InviteUsed, account.id, used).await?)
}

/// Whether there is one; it then stays until the transaction ends, and no other one that asks so goes on meanwhile.
pub(super) async fn hold(client: &impl GenericClient, account: AccountId) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE";
    Ok(client.query_opt(sql, &[&account.to_string()]).await?.is_some())
}

/// The same where the account is about to go: nobody makes anything for it meanwhile.
pub(crate) async fn hold_for_good(client: &impl GenericClient, account: AccountId) -> Result<(), Failure> {
    client.query_opt("SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", &[&account.to_string()]).await?;
    Ok(())
}

/// The account of an address.
pub(crate) async fn by_email(client: &impl GenericClient, email: &Email) -> Result<Option<Account>, Failure> {
    let found = client.query_opt("SELECT * FROM accounts WHERE email = $1", &[&email.as_str()]).await?;
    found.as_ref().map(read).transpose()
}

/// Replaces a password if it still is the one that was proved, and ends every session and a link for a new one.
pub(crate) async fn change_password(
    client: &impl GenericClient,
    account: AccountId,
    from: &PasswordHash,
    to: &PasswordHash,
) -> Result<bool, Failure> {
    let id = account.to_string();
    let sql = "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    let is_changed = client.execute(sql, &[&id, &from.as_phc(), &to.as_phc()]).await? > 0;
    if is_changed {
        end_sessions(client, account).await?;
    }
    Ok(is_changed)
}

/// Ends every session, and a link for a new password.
pub(super) async fn end_sessions(client: &impl GenericClient, account: AccountId) -> Result<(), Failure> {
    let id = account.to_string();
    client.execute("DELETE FROM sessions WHERE account = $1", &[&id]).await?;
    client.execute("DELETE FROM reset_links WHERE account = $1", &[&id]).await?;
    Ok(())
}

/// Deletes an account with its sessions. One that has keys is an error.
pub(crate) async fn delete(client: &impl GenericClient, account: AccountId) -> Result<(), Failure> {
    client.execute("DELETE FROM accounts WHERE id = $1", &[&account.to_string()]).await?;
    Ok(())
}
