//! Whose answers named what the upstream keeps: a trait.
//!
//! All callers share the upstream's one account, so that an id is all that it takes to go on from another's response.
//! An account may name only what an answer to one of its own requests named before. An owner that is lost costs that
//! owner a "not found" and gives nobody anything, so that remembering may be written a little later than it is told; a
//! look-up comes after it all the same.

use std::time::Duration;

use api_types::{AccountId, Timestamp};
use async_trait::async_trait;
use sha2::{Digest as _, Sha256};

use crate::StoreError;

/// How long an owner is remembered after an answer last named the id. OpenAI keeps responses 30 days (guide
/// "Conversation state").
pub const STATE_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// About how many ids of one account are remembered; past it the oldest go. An answer names a few.
pub const STATE_IDS_KEPT: u64 = 50_000;

/// One of the upstream's ids as it is remembered: half of its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateId([u8; 16]);

impl StateId {
    /// Of the upstream's own text.
    #[must_use]
    pub fn of(id: &str) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&Sha256::digest(id)[..16]);
        Self(half)
    }

    /// As a store gave it back.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// As it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Who may name what the upstream keeps. Safe for concurrent use.
#[async_trait]
pub trait StateOwners: Send + Sync {
    /// An answer to a request of this account names the id. Never waits: every look-up that begins later sees it, and it
    /// is on the disk soon after. What another account's answer named before stays that account's, until it is
    /// forgotten.
    fn remember(&self, account: AccountId, id: StateId, now: Timestamp);

    /// The first of these ids that isn't known as this account's, by its place in the list; `None`: all are.
    ///
    /// # Errors
    /// When we could not look: fail closed.
    async fn first_foreign(
        &self,
        account: AccountId,
        ids: Vec<StateId>,
        now: Timestamp,
    ) -> Result<Option<usize>, StoreError>;
}
