//! Our rows about keys, in memory: what a request is looked up in. The store has the same, on the disk.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use access::{KeyDigest, RemoteKey};
use api_types::{AccountId, KeyId, Timestamp};

/// How long a new key may be refused by API Gateway without being wrong: AWS names no figure; public tests of others
/// wait up to two minutes.
pub(crate) const ACTIVATION: Duration = Duration::from_secs(120);

/// What is known of a presented key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Look {
    /// It is ours, and good as far as we know.
    Good(Arc<RemoteKey>),
    /// It has the form of ours, and isn't good: never made here, another secret, switched off, rotated away or revoked.
    Bad,
    /// It hasn't the form of ours: made elsewhere.
    Elsewhere,
}

#[derive(Debug, Default)]
struct Held {
    keys: HashMap<KeyId, Arc<RemoteKey>>,
    of_account: HashMap<AccountId, Vec<KeyId>>,
    /// Keys through which a request came since they were last fresh.
    working: HashSet<KeyId>,
}

/// Every key of the store.
#[derive(Debug, Default)]
pub(crate) struct LocalKeys(RwLock<Held>);

impl LocalKeys {
    /// All keys, as the store lists them.
    pub(crate) fn new(keys: Vec<RemoteKey>) -> Self {
        let local = Self::default();
        for key in keys {
            local.put(key);
        }
        local
    }

    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a presented key of our form.
    pub(crate) fn look(&self, id: KeyId, digest: KeyDigest, now: Timestamp) -> Look {
        let held = self.read();
        let Some(key) = held.keys.get(&id) else { return Look::Bad };
        let is_earlier = || key.earlier.iter().any(|old| old.value.digest == digest && now < old.until);
        if key.enabled && (key.value.digest == digest || is_earlier()) {
            Look::Good(Arc::clone(key))
        } else {
            Look::Bad
        }
    }

    /// One key of an account; another's is not found.
    pub(crate) fn of_account(&self, account: AccountId, id: KeyId) -> Option<RemoteKey> {
        self.read().keys.get(&id).filter(|key| key.account == account).map(|key| RemoteKey::clone(key))
    }

    /// One key.
    pub(crate) fn get(&self, id: KeyId) -> Option<Arc<RemoteKey>> {
        self.read().keys.get(&id).cloned()
    }

    /// An account's keys, oldest first.
    pub(crate) fn all_of(&self, account: AccountId) -> Vec<RemoteKey> {
        let held = self.read();
        let ids = held.of_account.get(&account).into_iter().flatten();
        let mut keys: Vec<RemoteKey> =
            ids.filter_map(|id| held.keys.get(id)).map(|key| RemoteKey::clone(key)).collect();
        keys.sort_by_key(|key| key.created_at);
        keys
    }

    /// Every key.
    pub(crate) fn all(&self) -> Vec<RemoteKey> {
        self.read().keys.values().map(|key| RemoteKey::clone(key)).collect()
    }

    /// A key, new or changed.
    pub(crate) fn put(&self, key: RemoteKey) {
        let mut held = self.write();
        let before = held.keys.get(&key.id).map(|old| (old.fresh_since, old.value.operation));
        if before != Some((key.fresh_since, key.value.operation)) {
            held.working.remove(&key.id);
        }
        if before.is_none() {
            held.of_account.entry(key.account).or_default().push(key.id);
        }
        held.keys.insert(key.id, Arc::new(key));
    }

    /// A key that ended.
    pub(crate) fn remove(&self, id: KeyId) {
        let mut held = self.write();
        if let Some(key) = held.keys.remove(&id)
            && let Some(ids) = held.of_account.get_mut(&key.account)
        {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                held.of_account.remove(&key.account);
            }
        }
        held.working.remove(&id);
    }

    /// A request came through with this key. While an old value works too, that tells nothing of the new one.
    pub(crate) fn works(&self, id: KeyId) {
        let is_news = {
            let held = self.read();
            !held.working.contains(&id) && held.keys.get(&id).is_some_and(|key| key.earlier.is_empty())
        };
        if is_news {
            self.write().working.insert(id);
        }
    }

    /// Whether a key that is switched on may still be refused by API Gateway without being wrong.
    pub(crate) fn is_activating(&self, key: &RemoteKey, now: Timestamp) -> bool {
        let is_fresh = now.duration_since(key.fresh_since).unsigned_abs() < ACTIVATION;
        is_fresh && !self.read().working.contains(&key.id)
    }
}

#[cfg(test)]
mod tests {
    use access::{OwnerDigest, RemoteValue};
    use api_types::{KeyLabel, OperationId, PlanName};

    use super::*;

    fn key(number: u8, created_at: Timestamp) -> RemoteKey {
        let id = [number; 16];
        let value = RemoteValue {
            operation: OperationId::from_random(id),
            remote_id: format!("remote{number}"),
            digest: KeyDigest::from_bytes([number; 32]),
        };
        RemoteKey {
            id: KeyId::from_random(id),
            account: AccountId::from_random([1; 16]),
            owner: OwnerDigest([1; 32]),
            plan_name: PlanName::parse("p").unwrap(),
            remote_plan: "plan".to_owned(),
            label: KeyLabel::default(),
            enabled: true,
            created_at,
            rotated_at: None,
            fresh_since: created_at,
            value,
            earlier: Vec::new(),
            untold: None,
        }
    }

    /// Whoever asked first may be done last.
    #[test]
    fn keys_are_listed_by_when_they_were_asked_for() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let (first, second) = (key(2, at(1)), key(1, at(2)));
        let keys = LocalKeys::default();
        keys.put(second.clone());
        keys.put(first.clone());
        assert_eq!(keys.all_of(first.account), [first, second]);
    }
}
