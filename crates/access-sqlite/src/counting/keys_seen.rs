//! Keys in memory: those that were seen lately, and ids that nobody has; both bounded.

use std::collections::{HashMap, HashSet};

use access::{KeyDigest, StoreError};
use api_types::{AccountId, KeyId, Timestamp};

use super::rows::{KeyRow, Rows, SubscriptionRowId};

/// Past so many keys those not used lately are dropped.
const KEYS_KEPT: usize = 100_000;
/// Past so many ids without a key all are dropped: probing costs a row read again.
const UNKNOWN_KEPT: usize = 65_536;

/// The two memories.
#[derive(Debug, Default)]
pub(super) struct KeysSeen {
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
    pub(super) fn subscription_of(
        &mut self,
        rows: &impl Rows,
        key: KeyId,
        digest: KeyDigest,
        now: Timestamp,
    ) -> Result<Option<(SubscriptionRowId, AccountId)>, StoreError> {
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
    pub(super) fn forget(&mut self, key: KeyId) {
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
    use super::{
        super::tests::{Store, digest},
        *,
    };

    fn id(n: u64) -> KeyId {
        KeyId::from_random((u128::from(n)).to_be_bytes())
    }

    /// Stores in which every id is a key, and none.
    fn stores() -> [Store; 2] {
        [Store::default(), Store::without_key()]
    }

    #[test]
    fn a_key_costs_one_read_and_so_does_an_unknown_one() {
        for store in stores() {
            let mut keys = KeysSeen::default();
            let mut ask = || keys.subscription_of(&store, id(1), digest(), Timestamp::UNIX_EPOCH).unwrap();
            let expected = store.key.as_ref().map(|row| (row.subscription, row.account));
            assert_eq!([ask(), ask(), ask()], [expected; 3]);
            assert_eq!(store.key_reads.get(), 1);
            keys.forget(id(1));
            keys.subscription_of(&store, id(1), digest(), Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(store.key_reads.get(), 2);
        }
    }

    #[test]
    fn both_memories_are_bounded() {
        for (store, bound) in stores().into_iter().zip([KEYS_KEPT, UNKNOWN_KEPT]) {
            let mut keys = KeysSeen::default();
            for n in 0..250_000 {
                keys.subscription_of(&store, id(n), digest(), Timestamp::UNIX_EPOCH).unwrap();
            }
            assert!(keys.known.len() + keys.unknown.len() <= bound);
        }
    }
}
