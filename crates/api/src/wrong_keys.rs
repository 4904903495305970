//! How many wrong API keys a source may present. A key that was right lately passes all the same: a neighbour behind the
//! same address can't shut its owner out.

use std::num::NonZeroUsize;

use access::KeyDigest;
use api_types::Timestamp;
use lru::LruCache;
use parking_lot::Mutex;

use crate::{
    source::Source,
    try_limit::{FAILURE_WINDOW, TryLimit},
};

/// Most keys remembered as right.
const MOST_RIGHT: NonZeroUsize = NonZeroUsize::new(40_000).expect("more than nothing");

/// Wrong keys by source, and the right ones.
pub struct WrongKeys {
    wrong: TryLimit<Source>,
    right: Mutex<LruCache<[u8; 32], ()>>,
}

impl WrongKeys {
    /// At most so many in [`FAILURE_WINDOW`]; nothing counted yet.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self { wrong: TryLimit::new(most, FAILURE_WINDOW), right: Mutex::new(LruCache::sparse(MOST_RIGHT)) }
    }

    /// Whether a source may try this key.
    ///
    /// # Errors
    /// Seconds to wait when it may not.
    pub fn check(&self, source: &Source, key: &KeyDigest, now: Timestamp) -> Result<(), u64> {
        if self.was_right(key) { Ok(()) } else { self.wrong.check(source, now) }
    }

    /// Counts a wrong key.
    pub fn count(&self, source: Source, now: Timestamp) {
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
