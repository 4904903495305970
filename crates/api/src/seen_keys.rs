//! Remembers which keys were right lately, bounded.

use std::{
    collections::HashSet,
    hash::Hash,
    sync::{PoisonError, RwLock},
};

/// Most keys remembered in each of the two halves.
const HALF: usize = 20_000;

/// A bounded set that forgets the older half when the newer one is full.
#[derive(Debug)]
pub struct SeenKeys<K>(RwLock<Halves<K>>);

#[derive(Debug)]
struct Halves<K> {
    new: HashSet<K>,
    old: HashSet<K>,
}

impl<K> Default for SeenKeys<K> {
    fn default() -> Self {
        Self(RwLock::new(Halves { new: HashSet::new(), old: HashSet::new() }))
    }
}

impl<K: Eq + Hash> SeenKeys<K> {
    /// Whether the key was right lately.
    pub fn contains(&self, key: &K) -> bool {
        let halves = self.0.read().unwrap_or_else(PoisonError::into_inner);
        halves.new.contains(key) || halves.old.contains(key)
    }

    /// Remembers a key that was right.
    pub fn insert(&self, key: K) {
        if self.0.read().unwrap_or_else(PoisonError::into_inner).new.contains(&key) {
            return;
        }
        let mut halves = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if halves.new.len() >= HALF {
            halves.old = std::mem::take(&mut halves.new);
        }
        halves.new.insert(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_bounded_and_keeps_the_newest() {
        let seen = SeenKeys::default();
        for key in 0..HALF * 3 {
            seen.insert(key);
        }
        assert!(seen.contains(&(HALF * 3 - 1)));
        assert!(!seen.contains(&0));
    }
}
