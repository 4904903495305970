//! Refusals that wait to be written: nobody waits for them, so they go together, once a second.

use std::{collections::BTreeMap, time::Duration};

use api_types::Date;
use deadpool_postgres::Pool;
use parking_lot::Mutex;
use tokio::time::timeout;

use super::lease::lease;

use crate::{
    error::Failure,
    sql::{
        columns::{SubscriptionRowId, from_count},
        counts,
    },
};

/// So many days are written at once.
const PART: usize = 256;

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

    /// Writes all, a part at a time: nobody who is admitted should wait long for their days. Those that can't be written
    /// wait on. Not to be dropped before it ends.
    pub(crate) async fn write(&self, pool: &Pool, patience: Duration) -> Result<(), Failure> {
        loop {
            let mut part = std::mem::take(&mut *self.waiting.lock());
            if part.is_empty() {
                return Ok(());
            }
            if let Some(beyond) = part.keys().nth(PART).copied() {
                self.wait_on(part.split_off(&beyond));
            }
            let written = timeout(patience, add(pool, patience, &part)).await.unwrap_or(Err(Failure::TooSlow));
            if written.is_err() {
                self.wait_on(part);
                return written;
            }
        }
    }

    fn wait_on(&self, rows: BTreeMap<(SubscriptionRowId, Date), u64>) {
        let mut waiting = self.waiting.lock();
        for (of, more) in rows {
            *waiting.entry(of).or_default() += more;
        }
    }
}

async fn add(pool: &Pool, patience: Duration, rows: &BTreeMap<(SubscriptionRowId, Date), u64>) -> Result<(), Failure> {
    let subscriptions: Vec<i64> = rows.keys().map(|(id, _)| id.0).collect();
    let days: Vec<Date> = rows.keys().map(|(_, day)| *day).collect();
    let refused: Vec<i64> = rows.values().copied().map(from_count).collect();
    let client = lease(pool, patience).await?;
    let statement = client.prepare_cached(counts::ADD_REFUSALS).await?;
    client.execute(&statement, &[&subscriptions, &days, &refused]).await?;
    client.give_back();
    Ok(())
}
