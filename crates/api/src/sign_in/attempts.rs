//! A limit on attempts in a sliding window, held in memory and bounded; a restart forgets it.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use api_types::Timestamp;

/// Most keys remembered; above it, those with nothing in their window go first, then all.
const MOST_KEYS: usize = 50_000;

/// At most `most` attempts per key within `window`.
#[derive(Debug)]
pub struct AttemptLimit<K> {
    most: usize,
    window: Duration,
    attempts: Mutex<HashMap<K, VecDeque<Timestamp>>>,
}

impl<K: Eq + Hash> AttemptLimit<K> {
    /// A limit with nothing counted; `most` 0 refuses all.
    #[must_use]
    pub fn new(most: u32, window: Duration) -> Self {
        Self { most: most as usize, window, attempts: Mutex::new(HashMap::new()) }
    }

    /// Counts an attempt, before its outcome is known, so that parallel ones can't slip through.
    ///
    /// # Errors
    /// Seconds to wait when there were too many.
    pub fn take(&self, key: K, now: Timestamp) -> Result<(), u64> {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() >= MOST_KEYS && !attempts.contains_key(&key) {
            attempts.retain(|_, times| times.back().is_some_and(|last| !self.is_over(*last, now)));
            if attempts.len() >= MOST_KEYS {
                attempts.clear();
            }
        }
        let times = attempts.entry(key).or_default();
        while times.front().is_some_and(|first| self.is_over(*first, now)) {
            times.pop_front();
        }
        if times.len() >= self.most {
            let oldest = times.front().copied().unwrap_or(now);
            let passed = u64::try_from(now.duration_since(oldest).as_secs()).unwrap_or(0);
            return Err(self.window.as_secs().saturating_sub(passed).max(1));
        }
        times.push_back(now);
        Ok(())
    }

    /// Takes the last attempt back: it turned out fine.
    pub fn give_back(&self, key: &K) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = attempts.get_mut(key) {
            times.pop_back();
            if times.is_empty() {
                attempts.remove(key);
            }
        }
    }

    /// Whether an attempt left the window; one from the future (a clock set back) did.
    fn is_over(&self, then: Timestamp, now: Timestamp) -> bool {
        let age = now.duration_since(then);
        age.is_negative() || age.unsigned_abs() >= self.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn the_window_slides() {
        let limit = AttemptLimit::new(2, Duration::from_secs(300));
        assert_eq!(limit.take("a", at(0)), Ok(()));
        assert_eq!(limit.take("a", at(100)), Ok(()));
        assert_eq!(limit.take("a", at(200)), Err(100));
        assert_eq!(limit.take("b", at(200)), Ok(()));
        assert_eq!(limit.take("a", at(300)), Ok(()));
        assert_eq!(limit.take("a", at(301)), Err(99));
    }

    #[test]
    fn an_attempt_that_turned_out_fine_doesnt_count() {
        let limit = AttemptLimit::new(1, Duration::from_secs(300));
        assert_eq!(limit.take("a", at(0)), Ok(()));
        limit.give_back(&"a");
        assert_eq!(limit.take("a", at(0)), Ok(()));
    }
}
