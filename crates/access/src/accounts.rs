//! People and their sessions: the trait that a store of accounts keeps.

use std::fmt;

use api_types::{AccountId, ClientName, Email, RequestId, SessionId, Standing, Timestamp};
use async_trait::async_trait;

use crate::{StoreError, TokenDigest};

/// A password's Argon2id hash as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash that was just computed or comes from the store.
    #[must_use]
    pub const fn from_phc(text: String) -> Self {
        Self(text)
    }

    /// The PHC string.
    #[must_use]
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// An account as it is stored.
#[derive(Debug, Clone)]
pub struct Account {
    /// Made by the caller when it signs up; stays, whatever else changes.
    pub id: AccountId,
    /// No other account has the same.
    pub email: Email,
    /// What a sign-in is verified against.
    pub password_hash: PasswordHash,
    /// When it signed up.
    pub created_at: Timestamp,
    /// What it may do.
    pub standing: Standing,
    /// Whether it is an operator's; a new one never is.
    pub is_operator: bool,
}

impl Account {
    /// An active one that is no operator's.
    #[must_use]
    pub const fn new(id: AccountId, email: Email, password_hash: PasswordHash, created_at: Timestamp) -> Self {
        Self { id, email, password_hash, created_at, standing: Standing::Active, is_operator: false }
    }
}

/// A session to be stored.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Stands in the session's tokens as their `sid`.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// What was signed in with.
    pub client: ClientName,
    /// Digest of its first refresh token.
    pub refresh: TokenDigest,
    /// When it started.
    pub created_at: Timestamp,
    /// When its refresh token expires.
    pub expires_at: Timestamp,
}

/// A live session with its account.
#[derive(Debug, Clone)]
pub struct Session {
    /// As in [`NewSession::id`].
    pub id: SessionId,
    /// Whose it is, as the account is now.
    pub account: Account,
}

/// A live session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSession {
    /// As in [`NewSession::id`].
    pub id: SessionId,
    /// As in [`NewSession::client`]; empty for sessions from before it was kept.
    pub client: ClientName,
    /// When it started.
    pub created_at: Timestamp,
    /// When its refresh token was last replaced; its start, if never.
    pub last_used_at: Timestamp,
}

/// What presenting a refresh token came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// The successor is valid now: it replaced the token, or had replaced it up to 10 s ago.
    Rotated {
        /// The session that goes on.
        session: SessionId,
        /// Whose it is.
        account: AccountId,
    },
    /// The token had been replaced longer ago: somebody else holds a copy, so the session was ended.
    Reused {
        /// The session that was ended.
        session: SessionId,
    },
    /// No such token, or its session has ended or expired.
    Unknown,
}

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateAccountError {
    /// The address has an account.
    #[error("an account with this email address exists")]
    EmailTaken,
    /// The invitation is unknown, was used, is over, or is for somebody else.
    #[error("no such invitation")]
    InviteOver,
    /// The store failed; nothing was written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// People and their sessions. Safe for concurrent use; every method is one atomic step, durable when it returns.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Stores a new account, active or waiting.
    async fn create_account(&self, account: Account) -> Result<(), CreateAccountError>;

    /// The same by an invitation, which is used up in the same step: of two who use it at once, one signs up.
    async fn create_invited_account(
        &self,
        account: Account,
        invite: TokenDigest,
        request: RequestId,
    ) -> Result<(), CreateAccountError>;

    /// Whether an invitation may be used now, for this address.
    async fn is_invited(&self, invite: TokenDigest, email: &Email, now: Timestamp) -> Result<bool, StoreError>;

    /// The account of an address.
    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError>;

    /// Replaces the password's hash if it still is `from`, and ends every session of the account and a link for a new
    /// password. `false` if the account is gone or its password was changed meanwhile.
    async fn change_password(
        &self,
        account: AccountId,
        from: &PasswordHash,
        to: PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Deletes the account and its sessions; keys are the registry's, released before. Deleting twice is no error.
    async fn delete_account(&self, account: AccountId) -> Result<(), StoreError>;

    /// Starts a session if the account exists, isn't blocked, and its password's hash still is `proved`; `false`
    /// otherwise, so that a sign-in that races a password change or a block can't outlive it.
    async fn start_session(&self, session: NewSession, proved: &PasswordHash) -> Result<bool, StoreError>;

    /// The session of this id, unless it has ended or expired.
    async fn session(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError>;

    /// Replaces a refresh token by its successor and lets the session expire at `expires_at`. Presenting the same
    /// token again within `api_types::limits::REFRESH_GRACE_SECONDS` is answered alike, so the successor must be a
    /// function of the token; presenting it later ends the session.
    async fn rotate_refresh(
        &self,
        presented: TokenDigest,
        successor: TokenDigest,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Refresh, StoreError>;

    /// Ends a session; ending it twice is no error.
    async fn end_session(&self, id: SessionId) -> Result<(), StoreError>;

    /// The account's live sessions, the one used last first; at most `api_types::limits::SESSIONS_LISTED_MAX`.
    async fn sessions(&self, account: AccountId, now: Timestamp) -> Result<Vec<ListedSession>, StoreError>;

    /// Ends every session of the account but this one.
    async fn end_other_sessions(&self, account: AccountId, kept: SessionId) -> Result<(), StoreError>;
}
