//! Refusals that wait to be written: nobody waits for them, so they go together, once a second.

use std::collections::BTreeMap;

use api_types::Date;
use deadpool_postgres::Pool;
use parking_lot::Mutex;

use crate::{
    error::Failure,
    sql::{
        columns::{SubscriptionRowId, from_count},
        counts,
    },
};

/// Refusals by subscription and day.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    waiting: Mutex<BTreeMap<(SubscriptionRowId, Date), u64>>,
}

impl Refusals {
    /// One more.
    pub(super) fn count(&self, subscription: SubscriptionRowId, day: Date) {
        *self.waiting.lock().entry((subscription, day)).or_default() += 1;
    }

    /// Those of a subscription, by day, that aren't written yet.
    pub(crate) fn waiting_for(&self, subscription: SubscriptionRowId) -> Vec<(Date, u64)> {
        let waiting = self.waiting.lock();
        let own = waiting.range((subscription, Date::MIN)..=(subscription, Date::MAX));
        own.map(|((_, day), more)| (*day, *more)).collect()
    }

    /// Writes all. Those that can't be written wait on.
    pub(crate) async fn write(&self, pool: &Pool) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut *self.waiting.lock());
        if waiting.is_empty() {
            return Ok(());
        }
        let written = add(pool, &waiting).await;
        if written.is_err() {
            let mut still = self.waiting.lock();
            for (of, more) in waiting {
                *still.entry(of).or_default() += more;
            }
        }
        written
    }
}

async fn add(pool: &Pool, rows: &BTreeMap<(SubscriptionRowId, Date), u64>) -> Result<(), Failure> {
    let subscriptions: Vec<i64> = rows.keys().map(|(id, _)| id.0).collect();
    let days: Vec<Date> = rows.keys().map(|(_, day)| *day).collect();
    let refused: Vec<i64> = rows.values().copied().map(from_count).collect();
    let none = vec![0_i64; rows.len()];
    let client = pool.get().await?;
    let statement = client.prepare_cached(counts::ADD).await?;
    client.execute(&statement, &[&subscriptions, &days, &none, &refused, &none]).await?;
    Ok(())
}
