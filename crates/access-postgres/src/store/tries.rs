//! Tries that all replicas count together: each call is one transaction that locks its rows and decides by the rule.

use std::time::Duration;

use access::{HeldTry, HoldError, SharedTries, StoreError, TryKey, TryRule};
use api_types::Timestamp;
use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::time::sleep;

use super::PostgresStore;
use crate::{error::Unchanged, sql::tries};

/// Pause before a try that couldn't be taken back is taken back again.
const PAUSE: Duration = Duration::from_secs(1);
/// So often at most; a process that ends before leaves it counted, until its window ends.
const TAKEN_BACK_AT_MOST: usize = 60;

#[async_trait]
impl SharedTries for PostgresStore {
    async fn hold(&self, of: Vec<(TryKey, TryRule)>, now: Timestamp) -> Result<HeldTry, HoldError> {
        let store = self.clone();
        // Where the caller goes away, the task's result is dropped, and with it what it held.
        let task = self.inner.runtime.spawn(async move {
            let second = store.hold_at(of.clone(), now).await?;
            Ok(HeldTry::new(move || store.take_back(of, second)))
        });
        task.await.unwrap_or_else(|_| Err(StoreError::new("hold a try", "the store is closed").into()))
    }

    async fn count(
        &self,
        made: Vec<(TryKey, u32)>,
        rule: TryRule,
        now: Timestamp,
    ) -> Result<Vec<Result<(), u64>>, StoreError> {
        let told = self.told(now);
        self.change("count tries", move |step| {
            Box::pin(async move {
                let keys: Vec<TryKey> = made.iter().map(|(key, _)| *key).collect();
                let (mut rows, now) = tries::lock(step, &keys).await?;
                let now = told.unwrap_or(now);
                for row in &mut rows {
                    let tries = made.iter().filter(|(key, _)| *key == row.key).map(|(_, tries)| *tries).sum();
                    row.counted.add(tries, rule, now);
                    row.forget_at = end(row.forget_at, rule, now);
                }
                tries::put(step, &rows, now).await?;
                let mut check =
                    |key| rows.iter_mut().find(|row| row.key == key).map(|row| row.counted.check(rule, now));
                Ok(keys.into_iter().map(|key| check(key).unwrap_or(Ok(()))).collect())
            })
        })
        .await
    }
}

impl PostgresStore {
    /// Counts a try under all keys, or none; the second in which it was.
    async fn hold_at(&self, of: Vec<(TryKey, TryRule)>, now: Timestamp) -> Result<i64, HoldError> {
        let told = self.told(now);
        self.change("hold a try", move |step| {
            Box::pin(async move {
                let keys: Vec<TryKey> = of.iter().map(|(key, _)| *key).collect();
                let (mut rows, now) = tries::lock(step, &keys).await?;
                let now = told.unwrap_or(now);
                for row in &mut rows {
                    let Some((_, rule)) = of.iter().find(|(key, _)| *key == row.key) else { continue };
                    row.counted
                        .check(*rule, now)
                        .map_err(|seconds| Unchanged::Answer(HoldError::TooMany(row.key, seconds)))?;
                    row.counted.add(1, *rule, now);
                    row.forget_at = end(row.forget_at, *rule, now);
                }
                tries::put(step, &rows, now).await?;
                Ok(now.as_second())
            })
        })
        .await
    }

    /// Takes a held try back, on a task of its own.
    fn take_back(&self, of: Vec<(TryKey, TryRule)>, second: i64) {
        let store = self.clone();
        self.inner.runtime.spawn(async move {
            for _ in 0..TAKEN_BACK_AT_MOST {
                match store.take_back_once(of.clone(), second).await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "a try that ended well still counts"),
                }
                if store.inner.shared.queue.is_closed() {
                    return;
                }
                sleep(PAUSE).await;
            }
        });
    }

    async fn take_back_once(&self, of: Vec<(TryKey, TryRule)>, second: i64) -> Result<(), StoreError> {
        self.change("take back a try", move |step| {
            Box::pin(async move {
                let keys: Vec<TryKey> = of.iter().map(|(key, _)| *key).collect();
                let (mut rows, now) = tries::lock(step, &keys).await?;
                for row in &mut rows {
                    row.counted.take_back(second);
                }
                tries::put(step, &rows, now).await?;
                Ok(())
            })
        })
        .await
    }
}

/// When a row's tries are over, of which the last is made now.
fn end(before: Timestamp, rule: TryRule, now: Timestamp) -> Timestamp {
    let window = SignedDuration::try_from(rule.window).unwrap_or(SignedDuration::MAX);
    now.checked_add(window).unwrap_or(Timestamp::MAX).max(before)
}
