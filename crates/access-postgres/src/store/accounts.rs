//! Accounts and their sessions.

use access::{
    Account, Accounts, CreateAccountError, ListedSession, NewSession, PasswordHash, Refresh, Session, StoreError,
    TokenDigest,
};
use api_types::{AccountId, Email, RequestId, SessionId, Timestamp};
use async_trait::async_trait;

use super::{PostgresStore, time};
use crate::sql::{accounts, invites, keys, sessions};

#[async_trait]
impl Accounts for PostgresStore {
    async fn create_account(&self, account: Account) -> Result<(), CreateAccountError> {
        let is_created = self.change::<_, StoreError>("create an account", |step| {
            Box::pin(async move { Ok(accounts::create(step, &account).await?) })
        });
        if is_created.await? { Ok(()) } else { Err(CreateAccountError::EmailTaken) }
    }

    async fn create_invited_account(
        &self,
        account: Account,
        invite: TokenDigest,
        request: RequestId,
    ) -> Result<(), CreateAccountError> {
        let told = self.told(account.created_at);
        self.change("create an account", move |step| {
            Box::pin(async move {
                let now = time(step, told).await?;
                accounts::create_invited(step, &account, invite, request, now).await
            })
        })
        .await
    }

    async fn is_invited(&self, invite: TokenDigest, email: &Email, now: Timestamp) -> Result<bool, StoreError> {
        let (email, told) = (email.clone(), self.told(now));
        self.read("find an invitation", move |client| {
            Box::pin(async move {
                let now = time(&***client, told).await?;
                Ok(invites::find(&***client, invite, &email, now).await?.is_some())
            })
        })
        .await
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let email = email.clone();
        self.read("find an account", |client| {
            Box::pin(async move { Ok(accounts::by_email(&***client, &email).await?) })
        })
        .await
    }

    async fn change_password(
        &self,
        account: AccountId,
        from: &PasswordHash,
        to: PasswordHash,
    ) -> Result<bool, StoreError> {
        let from = from.clone();
        self.change("change a password", move |step| {
            Box::pin(async move { Ok(accounts::change_password(step, account, &from, &to).await?) })
        })
        .await
    }

    async fn delete_account(&self, account: AccountId) -> Result<(), StoreError> {
        self.change("delete an account", move |step| {
            Box::pin(async move {
                // Keys that are being made come before or find no account.
                accounts::hold_for_good(step, account).await?;
                // Those made since they were released: a key must never outlive its account.
                keys::delete_all_of(step, account).await?;
                Ok(accounts::delete(step, account).await?)
            })
        })
        .await
    }

    async fn start_session(&self, session: NewSession, proved: &PasswordHash) -> Result<bool, StoreError> {
        self.purge_if_due(session.created_at).await;
        let (proved, told) = (proved.clone(), self.told(session.created_at));
        self.change("start a session", move |step| {
            Box::pin(async move {
                let now = time(step, told).await?;
                Ok(sessions::start(step, &session, &proved, now).await?)
            })
        })
        .await
    }

    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let told = self.told(now);
        self.read("find a session", move |client| {
            Box::pin(async move {
                let now = time(&***client, told).await?;
                Ok(sessions::find(&***client, id, now).await?)
            })
        })
        .await
    }

    async fn rotate_refresh(
        &self,
        presented: TokenDigest,
        successor: TokenDigest,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Refresh, StoreError> {
        self.purge_if_due(now).await;
        let told = self.told(now);
        self.change("refresh a session", move |step| {
            Box::pin(async move {
                let now = time(step, told).await?;
                Ok(sessions::rotate(step, presented, successor, now, expires_at).await?)
            })
        })
        .await
    }

    async fn end_session(&self, id: SessionId) -> Result<(), StoreError> {
        self.change("end a session", move |step| Box::pin(async move { Ok(sessions::end(step, id).await?) })).await
    }

    async fn sessions(&self, account: AccountId, now: Timestamp) -> Result<Vec<ListedSession>, StoreError> {
        let told = self.told(now);
        self.read("list sessions", move |client| {
            Box::pin(async move {
                let now = time(&***client, told).await?;
                Ok(sessions::list(&***client, account, now).await?)
            })
        })
        .await
    }

    async fn end_other_sessions(&self, account: AccountId, kept: SessionId) -> Result<(), StoreError> {
        self.change("end the other sessions", move |step| {
            Box::pin(async move { Ok(sessions::end_others(step, account, kept).await?) })
        })
        .await
    }
}
