//! A limit on tries in a sliding window, held in memory and bounded; a restart forgets it.
//!
//! What counts is told when a try has ended, so that a store that fails, or a caller who leaves, costs nobody one. Tries
//! under way hold a place meanwhile, so that parallel ones can't slip past the limit.

use std::{collections::VecDeque, hash::Hash, num::NonZeroUsize, time::Duration};

use api_types::Timestamp;
use lru::LruCache;
use parking_lot::Mutex;

/// In which failures count, of signing in and of API keys alike: the five minutes of which the configuration speaks.
pub const FAILURE_WINDOW: Duration = Duration::from_secs(5 * 60);

/// Most keys remembered; above it, those that were quiet for longest go.
const MOST_KEYS: NonZeroUsize = NonZeroUsize::new(50_000).expect("more than nothing");

/// At most `most` counted tries per key within `window`.
#[derive(Debug)]
pub struct TryLimit<K: Eq + Hash> {
    most: usize,
    window: Duration,
    tries: Mutex<LruCache<K, Tries>>,
}

#[derive(Debug, Default)]
struct Tries {
    counted: VecDeque<Timestamp>,
    under_way: usize,
}

/// Why a try may not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooMany {
    /// The limit is reached; it opens after so many seconds.
    Counted(u64),
    /// Tries under way hold all places that are left.
    UnderWay,
}

/// A try under way. Dropped, it costs nothing.
#[derive(Debug)]
pub struct Try<'a, K: Eq + Hash> {
    limit: &'a TryLimit<K>,
    key: K,
}

impl<K: Eq + Hash + Clone> TryLimit<K> {
    /// A limit with nothing counted; `most` 0 refuses all.
    #[must_use]
    pub fn new(most: u32, window: Duration) -> Self {
        Self { most: most as usize, window, tries: Mutex::new(LruCache::sparse(MOST_KEYS)) }
    }

    /// Begins a try that holds a place until its outcome is known.
    ///
    /// # Errors
    /// When there were too many, or may be.
    pub fn begin(&self, key: K, now: Timestamp) -> Result<Try<'_, K>, TooMany> {
        let mut tries = self.tries.lock();
        let entry = tries.get_or_insert_mut(key.clone(), Tries::default);
        self.check_entry(entry, now).map_err(TooMany::Counted)?;
        if entry.counted.len() + entry.under_way >= self.most {
            return Err(TooMany::UnderWay);
        }
        entry.under_way += 1;
        Ok(Try { limit: self, key })
    }

    /// Whether the limit is open, tries under way left aside.
    ///
    /// # Errors
    /// Seconds to wait when it isn't.
    pub fn check(&self, key: &K, now: Timestamp) -> Result<(), u64> {
        match self.tries.lock().get_mut(key) {
            Some(entry) => self.check_entry(entry, now),
            None if self.most == 0 => Err(self.window.as_secs().max(1)),
            None => Ok(()),
        }
    }

    /// Counts a try that held no place.
    pub fn count(&self, key: K, now: Timestamp) {
        let mut tries = self.tries.lock();
        let counted = &mut tries.get_or_insert_mut(key, Tries::default).counted;
        counted.push_back(now);
        // The newest decide; more of them than the limit tell nothing.
        if counted.len() > self.most {
            counted.pop_front();
        }
    }

    fn check_entry(&self, entry: &mut Tries, now: Timestamp) -> Result<(), u64> {
        while entry.counted.front().is_some_and(|first| self.is_over(*first, now)) {
            entry.counted.pop_front();
        }
        if entry.counted.len() < self.most {
            return Ok(());
        }
        let oldest = entry.counted.front().copied().unwrap_or(now);
        let passed = u64::try_from(now.duration_since(oldest).as_secs()).unwrap_or(0);
        Err(self.window.as_secs().saturating_sub(passed).max(1))
    }

    /// Whether a try left the window; one from the future (a clock set back) did.
    fn is_over(&self, then: Timestamp, now: Timestamp) -> bool {
        let age = now.duration_since(then);
        age.is_negative() || age.unsigned_abs() >= self.window
    }
}

impl<K: Eq + Hash + Clone> Try<'_, K> {
    /// It counts.
    pub fn count(self, now: Timestamp) {
        self.limit.count(self.key.clone(), now);
    }
}

impl<K: Eq + Hash> Drop for Try<'_, K> {
    fn drop(&mut self) {
        let mut tries = self.limit.tries.lock();
        if let Some(entry) = tries.peek_mut(&self.key) {
            entry.under_way = entry.under_way.saturating_sub(1);
            if entry.under_way == 0 && entry.counted.is_empty() {
                tries.pop(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn limit(most: u32) -> TryLimit<&'static str> {
        TryLimit::new(most, Duration::from_secs(300))
    }

    #[test]
    fn the_window_slides() {
        let limit = limit(2);
        limit.begin("a", at(0)).unwrap().count(at(0));
        limit.begin("a", at(100)).unwrap().count(at(100));
        assert_eq!(limit.begin("a", at(200)).unwrap_err(), TooMany::Counted(100));
        assert!(limit.begin("b", at(200)).is_ok());
        limit.begin("a", at(300)).unwrap().count(at(300));
        assert_eq!(limit.check(&"a", at(301)), Err(99));
    }

    #[test]
    fn a_try_that_is_dropped_costs_nothing() {
        let limit = limit(1);
        drop(limit.begin("a", at(0)).unwrap());
        assert!(limit.begin("a", at(0)).is_ok());
    }

    #[test]
    fn parallel_tries_cant_slip_past_the_limit() {
        let limit = limit(2);
        let first = limit.begin("a", at(0)).unwrap();
        let second = limit.begin("a", at(0)).unwrap();
        assert_eq!(limit.begin("a", at(0)).unwrap_err(), TooMany::UnderWay);
        first.count(at(0));
        drop(second);
        assert!(limit.begin("a", at(0)).is_ok());
    }

    #[test]
    fn it_stays_bounded_and_forgets_the_quiet_ones_first() {
        let limit = TryLimit::new(1, Duration::from_secs(1_000_000));
        for key in 0..i64::try_from(MOST_KEYS.get()).unwrap() {
            limit.count(key, at(key));
        }
        limit.count(0, at(50_000));
        limit.count(50_000, at(50_000));
        assert_eq!(limit.tries.lock().len(), MOST_KEYS.get());
        assert!(limit.check(&1, at(60_000)).is_ok());
        assert!([0, 2, 50_000].iter().all(|key| limit.check(key, at(60_000)).is_err()));
    }
}
