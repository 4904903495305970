//! Accounts.

use access::{Account, CreateAccountError, Doing, PasswordHash, TokenDigest};
use api_types::{AccountId, AuditedAction, Email, RequestId, Standing};
use rusqlite::{Connection, Row, params};

use super::{
    audit,
    columns::Columns,
    error::Unchanged,
    invites,
    statements::{first, has, run},
};

/// An account's columns, of whatever statement has them.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: row.read("id")?,
        email: row.read("email")?,
        password_hash: row.read("password_hash")?,
        created_at: row.read("created_at")?,
        standing: standing(row)?,
        is_operator: row.get("operator")?,
    })
}

/// What an account may do, of whatever statement has its columns.
pub(super) fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    Ok(match (row.get("blocked")?, row.get("waiting")?) {
        (true, _) => Standing::Blocked,
        (false, true) => Standing::Waiting,
        (false, false) => Standing::Active,
    })
}

/// Stores a new account, unless the address has one.
pub(crate) fn create(conn: &Connection, account: &Account) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO accounts (id, email, password_hash, created_at, waiting) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (email) DO NOTHING";
    let (id, created_at) = (account.id.to_string(), account.created_at.as_millisecond());
    let values = params![
        id,
        account.email.as_str(),
        account.password_hash.as_phc(),
        created_at,
        account.standing == Standing::Waiting
    ];
    Ok(run(conn, sql, values)? > 0)
}

/// The same by an invitation, which ends with it.
pub(crate) fn create_invited(
    conn: &Connection,
    account: &Account,
    invite: TokenDigest,
    request: RequestId,
) -> Result<(), Unchanged<CreateAccountError>> {
    let now = account.created_at;
    let Some(invite) = invites::find(conn, invite, &account.email, now)? else {
        return Err(Unchanged::Answer(CreateAccountError::InviteOver));
    };
    if !create(conn, account)? {
        return Err(Unchanged::Answer(CreateAccountError::EmailTaken));
    }
    invites::delete(conn, invite.id)?;
    let doing = Doing { actor: Some(account.id), request, note: None, now };
    let used = (Some(&*invite.id.to_string()), None);
    Ok(audit::note(conn, &doing, AuditedAction::InviteUsed, account.id, used)?)
}

/// Whether there is one.
pub(super) fn is_there(conn: &Connection, account: AccountId) -> rusqlite::Result<bool> {
    has(conn, "SELECT 1 FROM accounts WHERE id = ?1", [account.to_string()])
}

/// The account of an address.
pub(crate) fn by_email(conn: &Connection, email: &Email) -> rusqlite::Result<Option<Account>> {
    first(conn, "SELECT * FROM accounts WHERE email = ?1", [email.as_str()], read)
}

/// Replaces a password if it still is the one that was proved, and ends every session and a link for a new one.
pub(crate) fn change_password(
    conn: &Connection,
    account: AccountId,
    from: &PasswordHash,
    to: &PasswordHash,
) -> rusqlite::Result<bool> {
    let id = account.to_string();
    let sql = "UPDATE accounts SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
    let is_changed = run(conn, sql, params![id, from.as_phc(), to.as_phc()])? > 0;
    if is_changed {
        end_sessions(conn, account)?;
    }
    Ok(is_changed)
}

/// Ends every session, and a link for a new password.
pub(super) fn end_sessions(conn: &Connection, account: AccountId) -> rusqlite::Result<()> {
    let id = account.to_string();
    run(conn, "DELETE FROM sessions WHERE account = ?1", [&id])?;
    run(conn, "DELETE FROM reset_links WHERE account = ?1", [&id]).map(drop)
}

/// Deletes an account with its sessions. One that has keys is an error.
pub(crate) fn delete(conn: &Connection, account: AccountId) -> rusqlite::Result<()> {
    run(conn, "DELETE FROM accounts WHERE id = ?1", [account.to_string()]).map(drop)
}
