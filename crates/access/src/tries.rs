//! How many tries (sign-ups, failed sign-ins, wrong keys) may be made in a sliding window: the rule, and the trait of a
//! store by which all replicas count together.

use std::{collections::VecDeque, time::Duration};

use api_types::Timestamp;
use async_trait::async_trait;

use crate::StoreError;

/// A limit: at most so many tries within a window, which is of at least a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryRule {
    /// Most counted tries; 0 refuses all.
    pub most: u32,
    /// How long each counts.
    pub window: Duration,
}

impl TryRule {
    fn window_seconds(self) -> i64 {
        i64::try_from(self.window.as_secs()).unwrap_or(i64::MAX).max(1)
    }
}

/// The counted tries of one key, by the second in which they were made: the newest, as many as decide, so that it is
/// bounded by the rule's `most` and by its window's seconds, whichever is less.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct CountedTries(VecDeque<(i64, u32)>);

impl CountedTries {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many count now; forgets those that don't any more.
    pub fn count(&mut self, rule: TryRule, now: Timestamp) -> u64 {
        // One from the future (a clock set back) left the window too.
        self.0.retain(|(second, _)| (0..rule.window_seconds()).contains(&now.as_second().saturating_sub(*second)));
        self.0.iter().map(|(_, tries)| u64::from(*tries)).sum()
    }

    /// Whether another may be made.
    ///
    /// # Errors
    /// Seconds until then, at least 1, where it may not.
    pub fn check(&mut self, rule: TryRule, now: Timestamp) -> Result<(), u64> {
        let mut left = self.count(rule, now);
        if left < u64::from(rule.most) {
            return Ok(());
        }
        // The last that has to leave the window.
        let mut last = now.as_second();
        for (second, tries) in &self.0 {
            last = *second;
            left = left.saturating_sub(u64::from(*tries));
            if left < u64::from(rule.most) {
                break;
            }
        }
        let passed = now.as_second().saturating_sub(last);
        Err(u64::try_from(rule.window_seconds().saturating_sub(passed)).unwrap_or(1).max(1))
    }

    /// Counts more of them, made now.
    pub fn add(&mut self, tries: u32, rule: TryRule, now: Timestamp) {
        let counted = self.count(rule, now);
        match self.0.back_mut() {
            Some((second, there)) if *second == now.as_second() => *there = there.saturating_add(tries),
            _ => self.0.push_back((now.as_second(), tries)),
        }
        // The newest decide; more of them than the limit tell nothing.
        let mut beyond = counted.saturating_add(u64::from(tries)).saturating_sub(u64::from(rule.most));
        while let Some((_, oldest)) = self.0.front_mut() {
            let gone = u32::try_from(beyond).unwrap_or(u32::MAX).min(*oldest);
            *oldest -= gone;
            beyond -= u64::from(gone);
            if *oldest > 0 {
                break;
            }
            self.0.pop_front();
        }
    }

    /// Takes back one that was made in this second, if it is still there.
    pub fn take_back(&mut self, second: i64) {
        if let Some((_, tries)) = self.0.iter_mut().find(|(there, _)| *there == second) {
            *tries = tries.saturating_sub(1);
        }
        self.0.retain(|(_, tries)| *tries > 0);
    }

    /// As it is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|(second, tries)| [&second.to_be_bytes()[..], &tries.to_be_bytes()[..]].concat())
            .collect()
    }

    /// As it was stored; `None` if it never was.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (entries, rest) = bytes.as_chunks::<12>();
        let entry = |entry: &[u8; 12]| {
            let (second, tries) = entry.split_first_chunk::<8>()?;
            Some((i64::from_be_bytes(*second), u32::from_be_bytes(tries.try_into().ok()?)))
        };
        if rest.is_empty() { entries.iter().map(entry).collect::<Option<_>>().map(Self) } else { None }
    }
}

/// What is limited, such as an address's failed sign-ins: a keyed digest, so that whoever reads the store learns no
/// address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TryKey(pub [u8; 16]);

/// A try that was counted before its outcome is known. Dropped, it is taken back, soon; [`Self::keep`] leaves it counted.
#[must_use]
pub struct HeldTry(Option<Box<dyn FnOnce() + Send>>);

impl HeldTry {
    /// One that is taken back in this way, which must not wait.
    pub fn new(take_back: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(take_back)))
    }

    /// It counts.
    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for HeldTry {
    fn drop(&mut self) {
        if let Some(take_back) = self.0.take() {
            take_back();
        }
    }
}

/// Why a try couldn't be held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// There were too many under this key; seconds until another may be made.
    #[error("too many tries")]
    TooMany(TryKey, u64),
    /// Nobody can tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tries that all replicas count together. Safe for concurrent use.
#[async_trait]
pub trait SharedTries: Send + Sync {
    /// Counts a try under each of these keys, or under none if one of them is at its limit. Exact over all replicas: no
    /// two of them get the same last place. Where the caller goes away meanwhile, it is taken back.
    ///
    /// # Errors
    /// When there were too many, or the store can't be asked.
    async fn hold(&self, of: Vec<(TryKey, TryRule)>, now: Timestamp) -> Result<HeldTry, HoldError>;

    /// Counts tries that were made, so many under each key, in one step; for each, in the same order, whether another may
    /// be made, or the seconds until then.
    ///
    /// # Errors
    /// When the store can't be asked: none is counted.
    async fn count(
        &self,
        made: Vec<(TryKey, u32)>,
        rule: TryRule,
        now: Timestamp,
    ) -> Result<Vec<Result<(), u64>>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: TryRule = TryRule { most: 3, window: Duration::from_secs(300) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn it_opens_when_enough_have_left_the_window() {
        let mut tries = CountedTries::default();
        tries.add(2, RULE, at(0));
        assert_eq!(tries.check(RULE, at(9)), Ok(()));
        tries.add(1, RULE, at(10));
        assert_eq!(tries.check(RULE, at(100)), Err(200));
        assert_eq!(tries.check(TryRule { most: 1, ..RULE }, at(100)), Err(210));
        assert_eq!(tries.check(RULE, at(300)), Ok(()));
        assert_eq!(tries.check(TryRule { most: 0, ..RULE }, at(900)), Err(300));
    }

    #[test]
    fn it_keeps_no_more_than_decide_and_forgets_the_future() {
        let mut tries = CountedTries::default();
        tries.add(7, RULE, at(0));
        tries.add(2, RULE, at(5));
        assert_eq!(tries.count(RULE, at(5)), 3);
        assert_eq!(tries.check(RULE, at(5)), Err(295));
        assert_eq!(tries.check(RULE, at(-1)), Ok(()));
    }

    #[test]
    fn one_is_taken_back_and_all_come_back_from_bytes() {
        let mut tries = CountedTries::default();
        tries.add(2, RULE, at(0));
        tries.add(1, RULE, at(1));
        assert_eq!(CountedTries::from_bytes(&tries.to_bytes()), Some(tries.clone()));
        assert_eq!(CountedTries::from_bytes(&[0; 13]), None);
        tries.take_back(at(1).as_second());
        tries.take_back(at(7).as_second());
        assert_eq!(tries.count(RULE, at(1)), 2);
    }
}
