//! The tries that all replicas count together, under keyed digests of what they are limited by.

use std::sync::Arc;

use access::{SharedTries, TryKey};
use tokio::runtime::Handle;

use crate::{sign_in::SessionKey, source::Source};

/// A store of tries, and the key by which digests for it are made: all replicas have the same.
#[derive(Clone)]
pub struct KeyedTries {
    /// Counts them.
    pub store: Arc<dyn SharedTries>,
    /// Where batches are written: it outlives the workers.
    pub runtime: Handle,
    key: SessionKey,
}

impl KeyedTries {
    /// Tries in this store.
    #[must_use]
    pub fn new(store: Arc<dyn SharedTries>, key: SessionKey, runtime: Handle) -> Self {
        Self { store, runtime, key }
    }

    /// What stands in the store for tries of this kind, from this source and at this target, which may be empty.
    #[must_use]
    pub fn key(&self, kind: &str, source: &Source, target: &str) -> TryKey {
        let digest = self.key.derive("tries", format!("{kind} {} {target}", source.text()).as_bytes());
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        TryKey(half)
    }
}
