//! How many wrong API keys a source may present. A key that was right lately passes all the same: a neighbour behind the
//! same address can't shut its owner out.

use std::{num::NonZeroUsize, sync::Arc};

use access::KeyDigest;
use api_types::Timestamp;
use lru::LruCache;
use parking_lot::Mutex;

use crate::{
    source::Source,
    tries::{BatchedTries, FAILURE_WINDOW, KeyedTries, TryLimit},
};

/// Most keys remembered as right.
const MOST_RIGHT: NonZeroUsize = NonZeroUsize::new(40_000).expect("more than nothing");

/// Wrong keys by source, and the right ones.
pub struct WrongKeys {
    wrong: Arc<TryLimit<Source>>,
    /// Where replicas share them.
    shared: Option<Arc<BatchedTries>>,
    right: Mutex<LruCache<[u8; 32], ()>>,
}

impl WrongKeys {
    /// At most so many in [`FAILURE_WINDOW`]; nothing counted yet, but for what the replicas share.
    #[must_use]
    pub fn new(most: u32, shared: Option<KeyedTries>) -> Self {
        let wrong = Arc::new(TryLimit::new(most, FAILURE_WINDOW));
        let shared = shared.map(|shared| BatchedTries::new(shared, "wrong key", Arc::clone(&wrong)));
        Self { wrong, shared, right: Mutex::new(LruCache::sparse(MOST_RIGHT)) }
    }

    /// Whether a source may try this key.
    ///
    /// # Errors
    /// Seconds to wait when it may not.
    pub fn check(&self, source: &Source, key: &KeyDigest, now: Timestamp) -> Result<(), u64> {
        if self.was_right(key) { Ok(()) } else { self.wrong.check(source, now) }
    }

    /// Counts a wrong key: at once here, within a second at the other replicas.
    pub fn count(&self, source: Source, now: Timestamp) {
        if let Some(shared) = &self.shared {
            shared.count(source);
        }
        self.wrong.count(source, now);
    }

    /// Whether the key was right lately.
    #[must_use]
    pub fn was_right(&self, key: &KeyDigest) -> bool {
        self.right.lock().contains(key.as_bytes())
    }

    /// Remembers a key that was right.
    pub fn remember_right(&self, key: &KeyDigest) {
        self.right.lock().put(*key.as_bytes(), ());
    }
}
