//! A limit on tries in a sliding window, held in memory and bounded; a restart forgets it.
//!
//! What counts is told when a try has ended, so that a store that fails, or a caller who leaves, costs nobody one. Tries
//! under way hold a place meanwhile, so that parallel ones can't slip past the limit.

use std::{hash::Hash, num::NonZeroUsize, time::Duration};

use access::{CountedTries, StoreError, TryRule};
use api_types::Timestamp;
use lru::LruCache;
use parking_lot::Mutex;

/// In which failures count, of signing in and of API keys alike: the five minutes of which the configuration speaks.
pub const FAILURE_WINDOW: Duration = Duration::from_secs(5 * 60);

/// Most keys remembered; above it, those that were quiet for longest go.
const MOST_KEYS: NonZeroUsize = NonZeroUsize::new(50_000).expect("more than nothing");

/// At most so many counted tries per key within a window.
#[derive(Debug)]
pub struct TryLimit<K: Eq + Hash> {
    rule: TryRule,
    tries: Mutex<LruCache<K, Tries>>,
}

#[derive(Debug, Default)]
struct Tries {
    counted: CountedTries,
    under_way: u32,
    closed: Option<Closed>,
}

/// What a store said that all replicas share: no more tries.
#[derive(Debug)]
struct Closed {
    at: Timestamp,
    /// Seconds until it is asked again.
    asked_after: u64,
    /// Seconds until it opens.
    opens_after: u64,
}

/// Why a try may not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTry {
    /// The limit is reached; it opens after so many seconds.
    Counted(u64),
    /// Tries under way hold all places that are left.
    UnderWay,
    /// The store that all replicas share can't tell.
    Unknown(StoreError),
}

/// A try under way. Dropped, it costs nothing.
#[derive(Debug)]
pub struct Try<'a, K: Eq + Hash + Clone> {
    limit: &'a TryLimit<K>,
    key: K,
}

impl<K: Eq + Hash + Clone> TryLimit<K> {
    /// A limit with nothing counted; `most` 0 refuses all.
    #[must_use]
    pub fn new(most: u32, window: Duration) -> Self {
        Self { rule: TryRule { most, window }, tries: Mutex::new(LruCache::sparse(MOST_KEYS)) }
    }

    /// What it keeps.
    #[must_use]
    pub fn rule(&self) -> TryRule {
        self.rule
    }

    /// Begins a try that holds a place until its outcome is known.
    ///
    /// # Errors
    /// When there were too many, or may be.
    pub fn begin(&self, key: K, now: Timestamp) -> Result<Try<'_, K>, NoTry> {
        let mut tries = self.tries.lock();
        let entry = tries.get_or_insert_mut(key.clone(), Tries::default);
        entry.check(self.rule, now).map_err(NoTry::Counted)?;
        if entry.counted.count(self.rule, now) + u64::from(entry.under_way) >= u64::from(self.rule.most) {
            return Err(NoTry::UnderWay);
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
            Some(entry) => entry.check(self.rule, now),
            None => CountedTries::default().check(self.rule, now),
        }
    }

    /// Counts a try that held no place.
    pub fn count(&self, key: K, now: Timestamp) {
        self.tries.lock().get_or_insert_mut(key, Tries::default).counted.add(1, self.rule, now);
    }

    /// Remembers that a store said no: for `asked_after` seconds; it opens after `opens_after`.
    pub fn close(&self, key: K, asked_after: u64, opens_after: u64, now: Timestamp) {
        let closed = Some(Closed { at: now, asked_after, opens_after });
        self.tries.lock().get_or_insert_mut(key, Tries::default).closed = closed;
    }
}

impl Tries {
    fn check(&mut self, rule: TryRule, now: Timestamp) -> Result<(), u64> {
        if let Some(closed) = &self.closed {
            // Negative where the clock was set back: then nothing is known.
            let passed = u64::try_from(now.duration_since(closed.at).as_secs()).unwrap_or(u64::MAX);
            if passed < closed.asked_after {
                return Err(closed.opens_after.saturating_sub(passed).max(1));
            }
            self.closed = None;
        }
        self.counted.check(rule, now)
    }
}

impl<K: Eq + Hash + Clone> Try<'_, K> {
    /// It counts.
    pub fn count(self, now: Timestamp) {
        self.limit.count(self.key.clone(), now);
    }

    /// It isn't made, since a store said no: see [`TryLimit::close`].
    pub fn close(self, asked_after: u64, opens_after: u64, now: Timestamp) {
        self.limit.close(self.key.clone(), asked_after, opens_after, now);
    }
}

impl<K: Eq + Hash + Clone> Drop for Try<'_, K> {
    fn drop(&mut self) {
        let mut tries = self.limit.tries.lock();
        if let Some(entry) = tries.peek_mut(&self.key) {
            entry.under_way = entry.under_way.saturating_sub(1);
            if entry.under_way == 0 && entry.counted.is_empty() && entry.closed.is_none() {
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
        assert_eq!(limit.begin("a", at(200)).unwrap_err(), NoTry::Counted(100));
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
        assert_eq!(limit.begin("a", at(0)).unwrap_err(), NoTry::UnderWay);
        first.count(at(0));
        drop(second);
        assert!(limit.begin("a", at(0)).is_ok());
    }

    #[test]
    fn what_a_store_said_is_believed_for_a_while() {
        let limit = limit(2);
        limit.begin("a", at(0)).unwrap().close(1, 200, at(0));
        assert_eq!(limit.begin("a", at(0)).unwrap_err(), NoTry::Counted(200));
        assert!(limit.begin("a", at(1)).is_ok());
        limit.close("a", 200, 200, at(0));
        assert_eq!(limit.check(&"a", at(150)), Err(50));
        assert_eq!(limit.check(&"a", at(-9)), Ok(()));
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
