//! What operators see and do, each change a transaction with its entries in the audit.

use access::{
    Administration, AdministrationError, Doing, InviteToMake, PasswordHash, PeopleQuery, StoreError, TokenDigest,
};
use api_types::{AccountId, AuditEntry, Email, Invite, InviteId, Person, PersonChange, RequestId, Timestamp};
use async_trait::async_trait;

use super::{PostgresStore, time};
use crate::sql::{audit, invites, people, reset_links};

#[async_trait]
impl Administration for PostgresStore {
    async fn people(&self, query: PeopleQuery) -> Result<Vec<Person>, StoreError> {
        self.read("list people", |client| Box::pin(async move { Ok(people::listed(&***client, &query).await?) })).await
    }

    async fn person(&self, account: AccountId) -> Result<Option<Person>, StoreError> {
        self.read("find a person", move |client| Box::pin(async move { Ok(people::find(&***client, account).await?) }))
            .await
    }

    async fn person_by_email(&self, email: &Email) -> Result<Option<Person>, StoreError> {
        let email = email.clone();
        self.read("find a person", |client| Box::pin(async move { Ok(people::by_email(&***client, &email).await?) }))
            .await
    }

    async fn change_person(
        &self,
        account: AccountId,
        change: PersonChange,
        by: Doing,
    ) -> Result<Person, AdministrationError> {
        self.change("change a person", move |step| {
            Box::pin(async move { people::change(step, account, &change, &by).await })
        })
        .await
    }

    async fn delete_person(&self, account: AccountId, by: Doing) -> Result<(), AdministrationError> {
        self.change("delete a person", move |step| Box::pin(async move { people::delete(step, account, &by).await }))
            .await
    }

    async fn make_reset_link(
        &self,
        account: AccountId,
        digest: TokenDigest,
        expires_at: Timestamp,
        by: Doing,
    ) -> Result<(), AdministrationError> {
        self.change("make a link for a new password", move |step| {
            Box::pin(async move { reset_links::put(step, account, digest, expires_at, &by).await })
        })
        .await
    }

    async fn reset_link_of(&self, digest: TokenDigest, now: Timestamp) -> Result<Option<Person>, StoreError> {
        let told = self.told(now);
        self.read("find a link for a new password", move |client| {
            Box::pin(async move {
                let now = time(&***client, told).await?;
                Ok(reset_links::of(&***client, digest, now).await?)
            })
        })
        .await
    }

    async fn reset_password(
        &self,
        digest: TokenDigest,
        to: PasswordHash,
        request: RequestId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let told = self.told(now);
        self.change("reset a password", move |step| {
            Box::pin(async move {
                let now = time(step, told).await?;
                Ok(reset_links::redeem(step, digest, &to, request, now).await?)
            })
        })
        .await
    }

    async fn make_invite(&self, new: InviteToMake, by: Doing) -> Result<(), AdministrationError> {
        self.change("make an invitation", move |step| Box::pin(async move { invites::put(step, &new, &by).await }))
            .await
    }

    async fn invites(&self, now: Timestamp) -> Result<Vec<Invite>, StoreError> {
        let told = self.told(now);
        self.read("list invitations", move |client| {
            Box::pin(async move {
                let now = time(&***client, told).await?;
                Ok(invites::listed(&***client, now).await?)
            })
        })
        .await
    }

    async fn withdraw_invite(&self, id: InviteId, by: Doing) -> Result<(), AdministrationError> {
        self.change("withdraw an invitation", move |step| {
            Box::pin(async move { invites::withdraw(step, id, &by).await })
        })
        .await
    }

    async fn audit(
        &self,
        before: Option<u64>,
        subject: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.read("list the audit", move |client| {
            Box::pin(async move { Ok(audit::listed(&***client, before, subject, limit).await?) })
        })
        .await
    }
}
