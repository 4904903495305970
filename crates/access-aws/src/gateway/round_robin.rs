//! Some at a time, in turns: none that fails each time keeps the others waiting.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Most that are taken in one go, so that what is read every minute isn't kept waiting.
const MOST_AT_ONCE: usize = 20;
/// So many failures are no longer a matter of single values: API Gateway is away, or refuses us.
pub(super) const MOST_FAILURES: usize = 3;

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct RoundRobin(AtomicUsize);

impl RoundRobin {
    /// Those whose turn it is of all, who come in the same order each time.
    pub(super) fn next<T>(&self, mut all: Vec<T>) -> Vec<T> {
        if !all.is_empty() {
            let begun = self.0.fetch_add(MOST_AT_ONCE, Ordering::Relaxed) % all.len();
            all.rotate_left(begun);
            all.truncate(MOST_AT_ONCE);
        }
        all
    }
}
