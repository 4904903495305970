//! How much of each quota is used: API Gateway's figures as last read, and what passed through us since.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api_types::{AdmissionId, Date, KeyId, Timestamp};

/// How long a figure is shown without asking again.
const KEPT: Duration = Duration::from_secs(60);
/// How long a figure that somebody looked at is read again with plans and keys, so that the next look costs no call.
const WATCHED_FOR: Duration = Duration::from_secs(600);
/// Most figures that are read again at a time.
const WATCHED_MOST: usize = 60;
/// How long a refusal for a spent quota outweighs a figure that says otherwise.
const SPENT_FOR: Duration = Duration::from_secs(600);
/// Most figures that are kept; past it they are forgotten and asked for again.
const MOST: usize = 20_000;

/// What is known to be used of a key's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figure {
    /// The period's first day.
    period: Date,
    pub(crate) used: u64,
    read_at: Timestamp,
    /// When somebody last wanted to see it.
    looked_at: Timestamp,
    /// When API Gateway last refused a request for a spent quota: its figures lag behind its refusals.
    spent_at: Option<Timestamp>,
    /// How often it was read.
    readings: u64,
}

impl Figure {
    /// Whether it is shown without asking again.
    pub(crate) fn is_new(&self, now: Timestamp) -> bool {
        now.duration_since(self.read_at).unsigned_abs() < KEPT
    }

    /// Whether a refusal for a spent quota still outweighs what is read.
    pub(crate) fn is_spent(&self, now: Timestamp) -> bool {
        self.spent_at.is_some_and(|at| now.duration_since(at).unsigned_abs() < SPENT_FOR)
    }
}

/// What was known of a key when a request of it began.
#[derive(Debug, Clone, Copy)]
struct Begun {
    period: Date,
    used: u64,
    readings: u64,
}

/// The figure of each key, and the requests that began since.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    figures: Mutex<HashMap<KeyId, Figure>>,
    begun: Mutex<HashMap<AdmissionId, Begun>>,
}

impl Figures {
    fn lock(&self) -> MutexGuard<'_, HashMap<KeyId, Figure>> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_begun(&self) -> MutexGuard<'_, HashMap<AdmissionId, Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A figure that is known.
    pub(crate) fn set(&self, key: KeyId, period: Date, used: u64, read_at: Timestamp) {
        let mut figures = self.lock();
        if figures.len() >= MOST {
            figures.clear();
        }
        let before = figures.get(&key).filter(|known| known.period == period);
        let looked_at = before.map_or(read_at, |known| known.looked_at);
        let spent_at = before.and_then(|known| known.spent_at);
        let readings = before.map_or(0, |known| known.readings + 1);
        figures.insert(key, Figure { period, used, read_at, looked_at, spent_at, readings });
    }

    /// A request of this key begins; [`Self::count`] or [`Self::forget_begun`] ends it.
    pub(crate) fn begin(&self, admission: AdmissionId, key: KeyId) {
        let known = self.lock().get(&key).map(|known| Begun {
            period: known.period,
            used: known.used,
            readings: known.readings,
        });
        if let Some(begun) = known {
            self.lock_begun().insert(admission, begun);
        }
    }

    /// A request that API Gateway didn't count.
    pub(crate) fn forget_begun(&self, admission: AdmissionId) {
        self.lock_begun().remove(&admission);
    }

    /// A request of this key was counted by API Gateway. A figure that was read meanwhile may hold it already.
    pub(crate) fn count(&self, admission: AdmissionId, key: KeyId) {
        let begun = self.lock_begun().remove(&admission);
        if let Some(known) = self.lock().get_mut(&key) {
            known.used = match begun {
                Some(begun) if begun.period == known.period && begun.readings != known.readings => {
                    known.used.max(begun.used + 1)
                }
                _ => known.used + 1,
            };
        }
    }

    /// API Gateway refused a request: so much is used, whatever its figures say for a while.
    pub(crate) fn spent(&self, key: KeyId, period: Date, limit: u64, now: Timestamp) {
        self.set(key, period, limit, now);
        if let Some(known) = self.lock().get_mut(&key) {
            known.spent_at = Some(now);
        }
    }

    /// A key that ended.
    pub(crate) fn forget(&self, key: KeyId) {
        self.lock().remove(&key);
    }

    /// Somebody wants to see it.
    pub(crate) fn look(&self, key: KeyId, now: Timestamp) {
        if let Some(known) = self.lock().get_mut(&key) {
            known.looked_at = now;
        }
    }

    /// The keys whose figures somebody looked at lately.
    pub(crate) fn watched(&self, now: Timestamp) -> Vec<KeyId> {
        let is_watched = |known: &Figure| now.duration_since(known.looked_at).unsigned_abs() < WATCHED_FOR;
        let figures = self.lock();
        figures.iter().filter(|(_, known)| is_watched(known)).map(|(key, _)| *key).take(WATCHED_MOST).collect()
    }

    /// What is known to be used in a period.
    pub(crate) fn known_used(&self, key: KeyId, period: Date) -> Option<u64> {
        self.known(key, period).map(|known| known.used)
    }

    pub(crate) fn known(&self, key: KeyId, period: Date) -> Option<Figure> {
        self.lock().get(&key).copied().filter(|known| known.period == period)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_once_whenever_the_figure_is_read() {
        let (key, now) = (KeyId::from_random([1; 16]), Timestamp::UNIX_EPOCH);
        let period = Date::constant(2026, 11, 27);
        let admission = |number: u8| AdmissionId::from_random([number; 16]);
        let figures = Figures::default();
        let used = || figures.known_used(key, period).unwrap();
        figures.set(key, period, 0, now);
        for (number, read, expected) in [(1, None, 1), (2, Some(2), 2), (3, Some(2), 3), (4, Some(9), 9)] {
            figures.begin(admission(number), key);
            if let Some(read) = read {
                figures.set(key, period, read, now);
            }
            figures.count(admission(number), key);
            assert_eq!(used(), expected, "{number}");
        }
        figures.begin(admission(5), key);
        figures.forget_begun(admission(5));
        assert_eq!(used(), 9);
        assert!(figures.lock_begun().is_empty());
    }
}
