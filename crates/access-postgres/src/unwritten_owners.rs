//! Owners of what the upstream keeps that wait to be written.

use std::collections::HashMap;

use access::StateId;
use api_types::AccountId;
use parking_lot::Mutex;
use tokio::{sync::Mutex as Turn, time::timeout};

use crate::{
    batch::Shared,
    error::Failure,
    sql::state_owners::{NamedId, keep_newest, put_all},
};

/// Most owners that wait; past it those that come are lost: an owner will have to begin anew.
const WAITING_MAX: usize = 65_536;
/// An account's ids are counted after so many of them came.
const COUNTED_EVERY: u64 = 256;
/// Of so many accounts it is remembered how many came.
const ACCOUNTS_KNOWN: usize = 10_000;

/// All of them.
#[derive(Default)]
pub(crate) struct UnwrittenOwners {
    waiting: Mutex<HashMap<StateId, NamedId>>,
    /// Ids that came of each account since it was counted. Whoever holds it writes: who looks waits for what is being
    /// written.
    since_counted: Turn<HashMap<AccountId, u64>>,
}

/// What became of an owner that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// Nobody else waits: somebody has to write.
    First,
    /// It will be written along with others.
    Another,
    /// Too many wait.
    Lost,
}

impl UnwrittenOwners {
    /// One more. An id that another account's answer named before stays that account's.
    pub(crate) fn add(&self, named: NamedId) -> Added {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= WAITING_MAX {
            return Added::Lost;
        }
        let added = if waiting.is_empty() { Added::First } else { Added::Another };
        let known = waiting.entry(named.id).or_insert(named);
        if known.account == named.account && known.at < named.at {
            *known = named;
        }
        added
    }

    /// Writes all that wait; those that can't be written wait on. Not to be dropped before it ends.
    pub(crate) async fn write(&self, shared: &Shared) -> Result<(), Failure> {
        let mut since_counted = self.since_counted.lock().await;
        let all: Vec<NamedId> = std::mem::take(&mut *self.waiting.lock()).into_values().collect();
        if all.is_empty() {
            return Ok(());
        }
        let put = timeout(shared.patience, put(shared, &all, &mut since_counted)).await;
        let written = put.unwrap_or(Err(Failure::TooSlow));
        if written.is_err() {
            let mut waiting = self.waiting.lock();
            for named in all {
                waiting.entry(named.id).or_insert(named);
            }
        }
        written
    }
}

async fn put(shared: &Shared, all: &[NamedId], since_counted: &mut HashMap<AccountId, u64>) -> Result<(), Failure> {
    let client = shared.client().await?;
    put_all(&**client, all).await?;
    if since_counted.len() > ACCOUNTS_KNOWN {
        since_counted.clear();
    }
    let mut came: HashMap<AccountId, u64> = HashMap::new();
    for NamedId { account, .. } in all {
        *came.entry(*account).or_default() += 1;
    }
    for (account, more) in came {
        // Where it isn't known when it was counted: now.
        let since = since_counted.entry(account).or_insert(COUNTED_EVERY);
        *since += more;
        if *since >= COUNTED_EVERY {
            *since = 0;
            keep_newest(&**client, account).await?;
        }
    }
    client.give_back();
    Ok(())
}
