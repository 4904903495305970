//! Accounts: looked up on the reader's thread, changed on the writer's.

use access::{
    Account, Accounts, CreateAccountError, ListedSession, NewSession, PasswordHash, Refresh, Session, StoreError,
    TokenDigest,
};
use api_types::{AccountId, Email, RequestId, SessionId, Timestamp};
use async_trait::async_trait;

use super::SqliteStore;
use crate::sql::{accounts, invites, keys, remote_keys, sessions};

#[async_trait]
impl Accounts for SqliteStore {
    async fn create_account(&self, account: Account) -> Result<(), CreateAccountError> {
        match self.change("create an account", move |conn| accounts::create(conn, &account)).await? {
            true => Ok(()),
            false => Err(CreateAccountError::EmailTaken),
        }
    }

    async fn create_invited_account(
        &self,
        account: Account,
        invite: TokenDigest,
        request: RequestId,
    ) -> Result<(), CreateAccountError> {
        let doing = "create an account";
        self.run(doing, move |state| {
            state.change(doing, |conn| accounts::create_invited(conn, &account, invite, request))
        })
        .await
    }

    async fn is_invited(&self, invite: TokenDigest, email: &Email, now: Timestamp) -> Result<bool, StoreError> {
        let email = email.clone();
        let find = move |conn: &_| invites::find(conn, invite, &email, now).map(|found| found.is_some());
        self.inner.reader.read("find an invitation", find).await
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let email = email.clone();
        self.inner.reader.read("find an account", move |conn| accounts::by_email(conn, &email)).await
    }

    async fn change_password(
        &self,
        account: AccountId,
        from: &PasswordHash,
        to: PasswordHash,
    ) -> Result<bool, StoreError> {
        let from = from.clone();
        self.change("change a password", move |conn| accounts::change_password(conn, account, &from, &to)).await
    }

    async fn delete_account(&self, account: AccountId) -> Result<(), StoreError> {
        let doing = "delete an account";
        self.run(doing, move |state| {
            state.forget_keys_of(doing, account)?;
            state.change(doing, |conn| {
                // Those made since they were released: a key must never outlive its account.
                keys::delete_all_of(conn, account)?;
                remote_keys::end_all_of(conn, account)?;
                Ok(accounts::delete(conn, account)?)
            })
        })
        .await
    }

    async fn start_session(&self, session: NewSession, proved: &PasswordHash) -> Result<bool, StoreError> {
        let (doing, proved) = ("start a session", proved.clone());
        self.run(doing, move |state| {
            state.purge_if_due(session.created_at);
            state.change(doing, |conn| Ok(sessions::start(conn, &session, &proved)?))
        })
        .await
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
        let doing = "refresh a session";
        self.run(doing, move |state| {
            state.purge_if_due(now);
            state.change(doing, |conn| Ok(sessions::rotate(conn, presented, successor, now, expires_at)?))
        })
        .await
    }

    async fn end_session(&self, id: SessionId) -> Result<(), StoreError> {
        self.change("end a session", move |conn| sessions::end(conn, id)).await
    }

    async fn sessions(&self, account: AccountId, now: Timestamp) -> Result<Vec<ListedSession>, StoreError> {
        self.inner.reader.read("list sessions", move |conn| sessions::list(conn, account, now)).await
    }

    async fn end_other_sessions(&self, account: AccountId, kept: SessionId) -> Result<(), StoreError> {
        self.change("end the other sessions", move |conn| sessions::end_others(conn, account, kept)).await
    }
}
