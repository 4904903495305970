//! What operators see and do: looked up on the reader's thread, changed on the writer's.

use std::sync::Arc;

use access::{
    Administration, AdministrationError, Doing, InviteToMake, PasswordHash, PeopleQuery, StoreError, TokenDigest,
};
use api_types::{AccountId, AuditEntry, Email, Invite, InviteId, Person, PersonChange, RequestId, Standing, Timestamp};
use async_trait::async_trait;

use super::SqliteStore;
use crate::sql::{audit, invites, people, reset_links};

#[async_trait]
impl Administration for SqliteStore {
    async fn people(&self, query: PeopleQuery) -> Result<Vec<Person>, StoreError> {
        self.inner.reader.read("list people", move |conn| people::listed(conn, &query)).await
    }

    async fn person(&self, account: AccountId) -> Result<Option<Person>, StoreError> {
        self.inner.reader.read("find a person", move |conn| people::find(conn, account)).await
    }

    async fn person_by_email(&self, email: &Email) -> Result<Option<Person>, StoreError> {
        let email = email.clone();
        self.inner.reader.read("find a person", move |conn| people::by_email(conn, &email)).await
    }

    async fn change_person(
        &self,
        account: AccountId,
        change: PersonChange,
        by: Doing,
    ) -> Result<Person, AdministrationError> {
        let (doing, blocked) = ("change a person", Arc::clone(&self.inner.blocked));
        self.run(doing, move |state| {
            // Whether they are good may be otherwise from now on.
            state.forget_keys_of(doing, account)?;
            let person = state.change(doing, |conn| people::change(conn, account, &change, &by))?;
            match person.standing {
                Standing::Blocked => blocked.write().insert(account),
                Standing::Active | Standing::Waiting => blocked.write().remove(&account),
            };
            Ok(person)
        })
        .await
    }

    async fn delete_person(&self, account: AccountId, by: Doing) -> Result<(), AdministrationError> {
        let (doing, blocked) = ("delete a person", Arc::clone(&self.inner.blocked));
        self.run(doing, move |state| {
            state.forget_keys_of(doing, account)?;
            state.change(doing, |conn| people::delete(conn, account, &by))?;
            blocked.write().remove(&account);
            Ok(())
        })
        .await
    }

    async fn make_reset_link(
        &self,
        account: AccountId,
        digest: TokenDigest,
        expires_at: Timestamp,
        by: Doing,
    ) -> Result<(), AdministrationError> {
        let doing = "make a link for a new password";
        self.run(doing, move |state| {
            state.change(doing, |conn| reset_links::put(conn, account, digest, expires_at, &by))
        })
        .await
    }

    async fn reset_link_of(&self, digest: TokenDigest, now: Timestamp) -> Result<Option<Person>, StoreError> {
        let doing = "find a link for a new password";
        self.inner.reader.read(doing, move |conn| reset_links::of(conn, digest, now)).await
    }

    async fn reset_password(
        &self,
        digest: TokenDigest,
        to: PasswordHash,
        request: RequestId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change("reset a password", move |conn| reset_links::redeem(conn, digest, &to, request, now)).await
    }

    async fn make_invite(&self, new: InviteToMake, by: Doing) -> Result<(), AdministrationError> {
        let doing = "make an invitation";
        self.run(doing, move |state| state.change(doing, |conn| invites::put(conn, &new, &by))).await
    }

    async fn invites(&self, now: Timestamp) -> Result<Vec<Invite>, StoreError> {
        self.inner.reader.read("list invitations", move |conn| invites::listed(conn, now)).await
    }

    async fn withdraw_invite(&self, id: InviteId, by: Doing) -> Result<(), AdministrationError> {
        let doing = "withdraw an invitation";
        self.run(doing, move |state| state.change(doing, |conn| invites::withdraw(conn, id, &by))).await
    }

    async fn audit(
        &self,
        before: Option<u64>,
        subject: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.inner.reader.read("list the audit", move |conn| audit::listed(conn, before, subject, limit)).await
    }
}
