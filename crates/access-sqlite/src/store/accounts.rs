//! Accounts: looked up on the reader's thread, changed on the writer's.

use access::{
    Account, Accounts, CreateAccountError, NewSession, PasswordHash, Refresh, Session, StoreError, TokenDigest,
};
use api_types::{AccountId, Email, SessionId, Timestamp};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    SqliteStore,
    sql::columns::{text, text_by, time},
    sql::remote_keys::end_remote_keys_of,
    sql::sessions,
    store::registry::end_keys_of,
    writer::state::Forget,
};

/// Reads id, email, password_hash, created_at from `first` on.
pub(crate) fn read_account(row: &Row<'_>, first: usize) -> rusqlite::Result<Account> {
    Ok(Account {
        id: text(row, first, "an account's id")?,
        email: text_by(row, first + 1, "an address", Email::parse)?,
        password_hash: PasswordHash::from_phc(row.get(first + 2)?),
        created_at: time(row, first + 3)?,
    })
}

impl SqliteStore {
    /// A change on the writer's thread, on the disk when it returns.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        doing: &'static str,
        change: impl FnOnce(&Connection, &mut Forget) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.change_at(doing, None, change).await
    }

    /// The same where the time is known: an occasion to delete what nobody needs any more.
    async fn change_at<T: Send + 'static>(
        &self,
        doing: &'static str,
        now: Option<Timestamp>,
        change: impl FnOnce(&Connection, &mut Forget) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let job = move |desk: &mut crate::writer::state::Desk| {
            if let Some(now) = now {
                desk.purge_if_due(now);
            }
            let outcome =
                desk.change::<T, std::convert::Infallible>(doing, |conn, _, forget| change(conn, forget).map(Ok))?;
            let Ok(value) = outcome;
            Ok(value)
        };
        self.inner.queue.run(doing, job).await
    }
}

#[async_trait]
impl Accounts for SqliteStore {
    async fn create_account(&self, account: Account) -> Result<(), CreateAccountError> {
        let change = move |conn: &Connection, _: &mut Forget| {
            let sql = "INSERT INTO accounts (id, email, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (email) DO NOTHING";
            let (id, created_at) = (account.id.to_string(), account.created_at.as_millisecond());
            let values = params![id, account.email.as_str(), account.password_hash.as_phc(), created_at];
            conn.prepare_cached(sql)?.execute(values)
        };
        match self.change("create an account", change).await? {
            0 => Err(CreateAccountError::EmailTaken),
            _ => Ok(()),
        }
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let email = email.clone();
        let read = move |conn: &Connection| {
            let sql = "SELECT id, email, password_hash, created_at FROM accounts WHERE email = ?1";
            conn.prepare_cached(sql)?.query_row([email.as_str()], |row| read_account(row, 0)).optional()
        };
        self.inner.reader.read("find an account", read).await
    }

    async fn change_password(
        &self,
        account: AccountId,
        from: &PasswordHash,
        to: PasswordHash,
    ) -> Result<bool, StoreError> {
        let from = from.clone();
        let change = move |conn: &Connection, _: &mut Forget| {
            let id = account.to_string();
            let sql = "UPDATE accounts SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
            let changed = conn.prepare_cached(sql)?.execute(params![id, from.as_phc(), to.as_phc()])? > 0;
            if changed {
                conn.prepare_cached("DELETE FROM sessions WHERE account = ?1")?.execute([id])?;
            }
            Ok(changed)
        };
        self.change("change a password", change).await
    }

    async fn delete_account(&self, account: AccountId) -> Result<(), StoreError> {
        let change = move |conn: &Connection, forget: &mut Forget| {
            // Those made since they were released: a key must never outlive its account.
            end_keys_of(conn, account, forget)?;
            end_remote_keys_of(conn, account)?;
            conn.prepare_cached("DELETE FROM accounts WHERE id = ?1")?.execute([account.to_string()]).map(drop)
        };
        self.change("delete an account", change).await
    }

    async fn start_session(&self, session: NewSession, proved: &PasswordHash) -> Result<bool, StoreError> {
        let proved = proved.clone();
        let now = Some(session.created_at);
        self.change_at("start a session", now, move |conn, _| sessions::start(conn, &session, &proved)).await
    }

    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        self.inner.reader.read("find a session", move |conn| sessions::find(conn, id, now)).await
    }

    async fn rotate_refresh(
        &self,
        presented: TokenDigest,
        successor: TokenDigest,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Refresh, StoreError> {
        let change =
            move |conn: &Connection, _: &mut Forget| sessions::rotate(conn, presented, successor, now, expires_at);
        self.change_at("refresh a session", Some(now), change).await
    }

    async fn end_session(&self, id: SessionId) -> Result<(), StoreError> {
        let change = move |conn: &Connection, _: &mut Forget| sessions::end(conn, id);
        self.change("end a session", change).await
    }
}
