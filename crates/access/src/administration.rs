//! What operators see and do: people and their standing, links for a new password, and the audit of it all.

use api_types::{
    AccountId, AuditEntry, AuditNote, Email, Invite, InviteId, Person, PersonChange, RequestId, Standing, Timestamp,
};
use async_trait::async_trait;

use crate::{PasswordHash, StoreError, TokenDigest};

/// Which people are asked for, newest first.
#[derive(Debug, Clone, Default)]
pub struct PeopleQuery {
    /// Whose address holds this, in lower case; empty: everybody.
    pub search: String,
    /// Only those of this standing.
    pub standing: Option<Standing>,
    /// Only operators.
    pub operators: bool,
    /// Those after this one, by when they signed up and their id: the last of the part before.
    pub after: Option<(Timestamp, AccountId)>,
    /// At most so many.
    pub limit: u32,
}

/// Who does something, and by which request: for the audit, which is written in the same step.
#[derive(Debug, Clone)]
pub struct Doing {
    /// The operator's account. `None`: `tollgate`'s own commands, on the machine.
    pub actor: Option<AccountId>,
    /// The request, as the log names it.
    pub request: RequestId,
    /// Why, in the operator's words.
    pub note: Option<AuditNote>,
    /// When.
    pub now: Timestamp,
}

/// An invitation to be stored, by the digest of its secret.
#[derive(Debug, Clone)]
pub struct InviteToMake {
    /// As it is listed.
    pub invite: Invite,
    /// Of its secret.
    pub digest: TokenDigest,
}

/// Why something was not done; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// No such account, or no such invitation.
    #[error("no such account or invitation")]
    NotFound,
    /// It is the last operator who can sign in, and an operator may not lock everybody out. The machine's own commands
    /// may.
    #[error("the last operator")]
    LastOperator,
    /// Whoever does it is no operator any more, or blocked: it is looked at in the same step.
    #[error("no operator any more")]
    NotAnOperator,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What operators see and do. Safe for concurrent use; every change is one atomic step with its entries in the audit,
/// durable when it returns, and requests that begin from then on find it obeyed.
#[async_trait]
pub trait Administration: Send + Sync {
    /// People, newest first.
    async fn people(&self, query: PeopleQuery) -> Result<Vec<Person>, StoreError>;

    /// One person.
    async fn person(&self, account: AccountId) -> Result<Option<Person>, StoreError>;

    /// The person of an address.
    async fn person_by_email(&self, email: &Email) -> Result<Option<Person>, StoreError>;

    /// Changes somebody's standing or part. Blocking ends their sessions and has their keys refused at once; unblocking
    /// enables no key that was disabled. What is so already changes nothing and stands in no audit.
    async fn change_person(
        &self,
        account: AccountId,
        change: PersonChange,
        doing: Doing,
    ) -> Result<Person, AdministrationError>;

    /// Deletes an account with its keys and sessions; counts stay with the owner's digest until their period ends.
    /// Keys that live in another service are released before, by the registry.
    async fn delete_person(&self, account: AccountId, doing: Doing) -> Result<(), AdministrationError>;

    /// Stores the digest of a link for a new password; the link before it ends.
    async fn make_reset_link(
        &self,
        account: AccountId,
        digest: TokenDigest,
        expires_at: Timestamp,
        doing: Doing,
    ) -> Result<(), AdministrationError>;

    /// Whose password a link sets, as long as it may be used.
    async fn reset_link_of(&self, digest: TokenDigest, now: Timestamp) -> Result<Option<Person>, StoreError>;

    /// Replaces a password through a link, which ends with it, and ends every session. `false`: the link is unknown,
    /// used or over, or its account is blocked; nothing was changed.
    async fn reset_password(
        &self,
        digest: TokenDigest,
        to: PasswordHash,
        request: RequestId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Stores an invitation.
    async fn make_invite(&self, new: InviteToMake, doing: Doing) -> Result<(), AdministrationError>;

    /// Invitations that may still be used, newest first.
    async fn invites(&self, now: Timestamp) -> Result<Vec<Invite>, StoreError>;

    /// Ends an invitation that wasn't used.
    async fn withdraw_invite(&self, id: InviteId, doing: Doing) -> Result<(), AdministrationError>;

    /// The audit, newest first: entries of ids below `before`, at most so many; of one account, if told.
    async fn audit(
        &self,
        before: Option<u64>,
        subject: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;
}
