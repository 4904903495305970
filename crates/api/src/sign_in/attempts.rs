//! A limit on attempts in a sliding window, held in memory and bounded; a restart forgets it.
//!
//! What counts is told when an attempt has ended, so that a store that fails, or a caller who leaves, costs nobody a
//! try. Attempts under way hold a place meanwhile, so that parallel ones can't slip past the limit.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api_types::Timestamp;

/// Most keys remembered; above it, those with nothing in their window go first, then the longest quiet half.
const MOST_KEYS: usize = 50_000;

/// At most `most` counted attempts per key within `window`.
#[derive(Debug)]
pub struct AttemptLimit<K> {
    most: usize,
    window: Duration,
    attempts: Mutex<HashMap<K, Attempts>>,
}

#[derive(Debug, Default)]
struct Attempts {
    counted: VecDeque<Timestamp>,
    under_way: usize,
}

/// Why an attempt may not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooMany {
    /// The limit is reached; it opens after so many seconds.
    Counted(u64),
    /// Attempts under way hold all places that are left.
    UnderWay,
}

/// An attempt under way. Dropped, it costs nothing.
#[derive(Debug)]
pub struct Attempt<'a, K: Eq + Hash> {
    limit: &'a AttemptLimit<K>,
    key: K,
}

impl<K: Eq + Hash + Clone> AttemptLimit<K> {
    /// A limit with nothing counted; `most` 0 refuses all.
    #[must_use]
    pub fn new(most: u32, window: Duration) -> Self {
        Self { most: most as usize, window, attempts: Mutex::new(HashMap::new()) }
    }

    /// Begins an attempt that holds a place until its outcome is known.
    ///
    /// # Errors
    /// When there were too many, or may be.
    pub fn begin(&self, key: K, now: Timestamp) -> Result<Attempt<'_, K>, TooMany> {
        let mut attempts = self.lock();
        self.make_room(&mut attempts, &key, now);
        let entry = attempts.entry(key.clone()).or_default();
        self.check_entry(entry, now).map_err(TooMany::Counted)?;
        if entry.counted.len() + entry.under_way >= self.most {
            return Err(TooMany::UnderWay);
        }
        entry.under_way += 1;
        Ok(Attempt { limit: self, key })
    }

    /// Whether the limit is open, attempts under way left aside.
    ///
    /// # Errors
    /// Seconds to wait when it isn't.
    pub fn check(&self, key: &K, now: Timestamp) -> Result<(), u64> {
        match self.lock().get_mut(key) {
            Some(entry) => self.check_entry(entry, now),
            None if self.most == 0 => Err(self.window.as_secs().max(1)),
            None => Ok(()),
        }
    }

    /// Counts an attempt that held no place.
    pub fn count(&self, key: K, now: Timestamp) {
        let mut attempts = self.lock();
        self.make_room(&mut attempts, &key, now);
        let counted = &mut attempts.entry(key).or_default().counted;
        counted.push_back(now);
        // The newest decide; more of them than the limit tell nothing.
        if counted.len() > self.most {
            counted.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Attempts>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_entry(&self, entry: &mut Attempts, now: Timestamp) -> Result<(), u64> {
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

    fn make_room(&self, attempts: &mut HashMap<K, Attempts>, key: &K, now: Timestamp) {
        if attempts.len() < MOST_KEYS || attempts.contains_key(key) {
            return;
        }
        let last = |entry: &Attempts| entry.counted.back().copied();
        attempts.retain(|_, entry| entry.under_way > 0 || last(entry).is_some_and(|last| !self.is_over(last, now)));
        if attempts.len() >= MOST_KEYS {
            let mut times: Vec<_> = attempts.values().filter_map(last).collect();
            let middle = times.len() / 2;
            if let Some((_, median, _)) = (middle > 0).then(|| times.select_nth_unstable(middle)) {
                attempts.retain(|_, entry| entry.under_way > 0 || last(entry).is_some_and(|last| last > *median));
            }
        }
    }

    /// Whether an attempt left the window; one from the future (a clock set back) did.
    fn is_over(&self, then: Timestamp, now: Timestamp) -> bool {
        let age = now.duration_since(then);
        age.is_negative() || age.unsigned_abs() >= self.window
    }
}

impl<K: Eq + Hash + Clone> Attempt<'_, K> {
    /// It counts.
    pub fn count(self, now: Timestamp) {
        self.limit.count(self.key.clone(), now);
    }
}

impl<K: Eq + Hash> Drop for Attempt<'_, K> {
    fn drop(&mut self) {
        let mut attempts = self.limit.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = attempts.get_mut(&self.key) {
            entry.under_way = entry.under_way.saturating_sub(1);
            if entry.under_way == 0 && entry.counted.is_empty() {
                attempts.remove(&self.key);
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

    fn limit(most: u32) -> AttemptLimit<&'static str> {
        AttemptLimit::new(most, Duration::from_secs(300))
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
    fn an_attempt_that_is_dropped_costs_nothing() {
        let limit = limit(1);
        drop(limit.begin("a", at(0)).unwrap());
        assert!(limit.begin("a", at(0)).is_ok());
    }

    #[test]
    fn parallel_attempts_cant_slip_past_the_limit() {
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
        let limit = AttemptLimit::new(1, Duration::from_secs(1_000_000));
        for key in 0..i64::try_from(MOST_KEYS).unwrap() + 1 {
            limit.count(key, at(key));
        }
        assert!(limit.lock().len() <= MOST_KEYS);
        assert!(limit.check(&0, at(60_000)).is_ok());
        assert!(limit.check(&49_999, at(60_000)).is_err());
    }
}
