//! Keys in memory: those that were seen lately, and ids that nobody has; both bounded.

use std::collections::{HashMap, HashSet};

use access::{KeyDigest, StoreError};
use api_types::{AccountId, KeyId, Timestamp};

use super::rows::{KeyRow, Rows, SubscriptionRowId};

/// Past so many keys all are dropped: each costs a row read again.
const KEYS_KEPT: usize = 100_000;
/// The same of ids without a key, apart, so that probing doesn't drop keys.
const UNKNOWN_KEPT: usize = 65_536;

/// The two memories.
#[derive(Debug, Default)]
pub(super) struct KeysSeen {
    known: HashMap<KeyId, KeyRow>,
    unknown: HashSet<KeyId>,
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
        if let Some(row) = self.known.get(&key) {
            return Ok(row.opened_by(digest, now));
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
            self.known.clear();
        }
        let opened = row.opened_by(digest, now);
        self.known.insert(key, row);
        Ok(opened)
    }

    /// As [`subscription_of`](Self::subscription_of), by memory alone.
    pub(super) fn remembered(
        &self,
        key: KeyId,
        digest: KeyDigest,
        now: Timestamp,
    ) -> Option<(SubscriptionRowId, AccountId)> {
        self.known.get(&key)?.opened_by(digest, now)
    }

    /// When a key was made, if it is remembered.
    pub(super) fn made_at(&self, key: KeyId) -> Option<Timestamp> {
        Some(self.known.get(&key)?.created_at)
    }

    /// The key's row, or that there is none, must be read again.
    pub(super) fn forget(&mut self, key: KeyId) {
        self.known.remove(&key);
        self.unknown.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use access::KeyValues;

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
    fn a_value_opens_an_enabled_key_until_its_end() {
        let (earlier, end) = (KeyDigest::from_bytes([2; 32]), Timestamp::from_second(9).unwrap());
        let before = Timestamp::from_second(8).unwrap();
        let values = |enabled| KeyValues { digest: digest(), earlier: Box::new([(earlier, end)]), enabled };
        let row = |enabled| KeyRow { values: values(enabled), ..Store::default().key.unwrap() };
        let opens = |enabled, value, now| row(enabled).opened_by(value, now).is_some();
        assert!(opens(true, digest(), end) && opens(true, earlier, before));
        assert!(!opens(true, earlier, end) && !opens(true, KeyDigest::from_bytes([3; 32]), before));
        assert!(!opens(false, digest(), before) && !opens(false, earlier, before));
    }

    #[test]
    fn past_the_bound_all_are_read_again() {
        let (store, mut keys) = (Store::default(), KeysSeen::default());
        let mut ask = |n| keys.subscription_of(&store, id(n), digest(), Timestamp::UNIX_EPOCH).unwrap();
        let kept = KEYS_KEPT as u64;
        assert!((0..=kept).all(|n| ask(n).is_some()));
        assert_eq!(store.key_reads.get(), KEYS_KEPT as u32 + 1);
        ask(kept);
        assert_eq!(store.key_reads.get(), KEYS_KEPT as u32 + 1);
        ask(0);
        assert_eq!(store.key_reads.get(), KEYS_KEPT as u32 + 2);
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
