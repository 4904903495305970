//! Keys in memory: those that were seen lately, and ids that nobody has; both bounded.

use std::collections::{HashMap, HashSet};

use access::{KeyDigest, StoreError};
use api_types::{AccountId, KeyId, Timestamp};

use crate::{counting::ledger::Rows, counting::passes::SubscriptionRow};

/// Past so many keys those not used lately are dropped.
const KEYS_KEPT: usize = 100_000;
/// Past so many ids without a key all are dropped: probing costs a row read again.
const UNKNOWN_KEPT: usize = 65_536;

/// What admission needs of a key's row.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    /// Digest of its value.
    pub(crate) digest: KeyDigest,
    /// Digests of its earlier values, and until when each works.
    pub(crate) earlier: Box<[(KeyDigest, Timestamp)]>,
    /// Whether its owner has it switched on.
    pub(crate) enabled: bool,
    /// Whose it is.
    pub(crate) account: AccountId,
    /// Who is charged.
    pub(crate) subscription: SubscriptionRow,
}

impl KeyRow {
    /// Whether a value of this digest opens it now.
    fn admits(&self, digest: KeyDigest, now: Timestamp) -> bool {
        let is_earlier = || self.earlier.iter().any(|(old, until)| *old == digest && now < *until);
        self.enabled && (self.digest == digest || is_earlier())
    }
}

/// The two memories.
#[derive(Debug, Default)]
pub(crate) struct KeysSeen {
    known: HashMap<KeyId, Seen>,
    unknown: HashSet<KeyId>,
}

#[derive(Debug)]
struct Seen {
    row: KeyRow,
    recent: bool,
}

impl KeysSeen {
    /// The subscription that a presented key is charged to, and whose it is; `None` if it opens nothing.
    pub(crate) fn subscription_of(
        &mut self,
        rows: &impl Rows,
        key: KeyId,
        digest: KeyDigest,
        now: Timestamp,
    ) -> Result<Option<(SubscriptionRow, AccountId)>, StoreError> {
        if let Some(seen) = self.known.get_mut(&key) {
            seen.recent = true;
            return Ok(seen.row.admits(digest, now).then_some((seen.row.subscription, seen.row.account)));
        }
        if self.unknown.contains(&key) {
            return Ok(None);
        }
        let Some(row) = rows.key(key)? else {
            if self.unknown.len() >= UNKNOWN_KEPT {
                self.unknown.clear();
            }
            self.unknown.insert(key);
            return Ok(None);
        };
        if self.known.len() >= KEYS_KEPT {
            self.sweep();
        }
        let found = row.admits(digest, now).then_some((row.subscription, row.account));
        self.known.insert(key, Seen { row, recent: true });
        Ok(found)
    }

    /// The key's row, or that there is none, must be read again.
    pub(crate) fn forget(&mut self, key: KeyId) {
        self.known.remove(&key);
        self.unknown.remove(&key);
    }

    /// Drops what wasn't used since the last sweep; all, if everything was.
    fn sweep(&mut self) {
        self.known.retain(|_, seen| std::mem::take(&mut seen.recent));
        if self.known.len() >= KEYS_KEPT / 4 * 3 {
            self.known.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use api_types::Date;

    use super::*;
    use crate::{counting::counts::Counts, counting::ledger::StoredSubscription};

    struct Reads(Cell<u32>, Option<KeyRow>);

    impl Rows for Reads {
        fn key(&self, _: KeyId) -> Result<Option<KeyRow>, StoreError> {
            self.0.set(self.0.get() + 1);
            Ok(self.1.clone())
        }

        fn subscription(&self, _: SubscriptionRow) -> Result<Option<StoredSubscription>, StoreError> {
            Ok(None)
        }

        fn days(&self, _: SubscriptionRow, _: Date, _: Date) -> Result<Vec<(Date, Counts)>, StoreError> {
            Ok(Vec::new())
        }
    }

    fn id(n: u64) -> KeyId {
        KeyId::from_random((u128::from(n)).to_be_bytes())
    }

    #[test]
    fn a_key_costs_one_read_and_so_does_an_unknown_one() {
        let digest = KeyDigest::from_bytes([1; 32]);
        let account = AccountId::from_random([2; 16]);
        let row = KeyRow { digest, earlier: Box::default(), enabled: true, account, subscription: 7 };
        for found in [Some(row), None] {
            let rows = Reads(Cell::new(0), found.clone());
            let mut keys = KeysSeen::default();
            for _ in 0..3 {
                let expected = found.as_ref().map(|row| (row.subscription, row.account));
                assert_eq!(keys.subscription_of(&rows, id(1), digest, Timestamp::UNIX_EPOCH).unwrap(), expected);
            }
            assert_eq!(rows.0.get(), 1);
            keys.forget(id(1));
            keys.subscription_of(&rows, id(1), digest, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(rows.0.get(), 2);
        }
    }

    #[test]
    fn both_memories_are_bounded() {
        let digest = KeyDigest::from_bytes([1; 32]);
        let account = AccountId::from_random([2; 16]);
        let row = KeyRow { digest, earlier: Box::default(), enabled: true, account, subscription: 7 };
        for (found, bound) in [(Some(row), KEYS_KEPT), (None, UNKNOWN_KEPT)] {
            let rows = Reads(Cell::new(0), found);
            let mut keys = KeysSeen::default();
            for n in 0..250_000 {
                keys.subscription_of(&rows, id(n), digest, Timestamp::UNIX_EPOCH).unwrap();
            }
            assert!(keys.known.len() + keys.unknown.len() <= bound);
        }
    }
}
