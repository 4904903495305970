//! What all lanes and the traits share.

use std::{sync::Arc, time::Duration};

use access::Passes;
use api_types::{AdmissionId, KeyId};
use deadpool_postgres::{Client, Pool};
use lru::LruCache;
use parking_lot::Mutex;

use super::{
    queue::{Ask, GiveBack, Queue},
    refusals::Refusals,
};
use crate::{
    error::Failure,
    sql::{
        columns::{Columns, SubscriptionRowId},
        plans::{self, Plans},
    },
};

/// What all lanes and the traits share.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) queue: Queue,
    pub(crate) passes: Mutex<Passes<SubscriptionRowId>>,
    /// Which subscription a key is on; that never changes.
    pub(crate) subscriptions: Mutex<LruCache<KeyId, SubscriptionRowId>>,
    pub(crate) plans: Mutex<Arc<Plans>>,
    pub(crate) refusals: Refusals,
    pub(crate) patience: Duration,
}

impl Shared {
    /// A connection of the pool.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        Ok(self.pool.get().await?)
    }

    /// The plans as of a version.
    pub(crate) async fn plans_of(&self, client: &Client, version: i64) -> Result<Arc<Plans>, Failure> {
        let known = Arc::clone(&self.plans.lock());
        if known.version == version {
            return Ok(known);
        }
        let read = Arc::new(plans::all(&***client).await?);
        *self.plans.lock() = Arc::clone(&read);
        Ok(read)
    }

    /// The plans as they are now.
    pub(crate) async fn plans_now(&self, client: &Client) -> Result<Arc<Plans>, Failure> {
        let version = client.query_one(&client.prepare_cached(plans::VERSION).await?, &[]).await?.plain("version")?;
        self.plans_of(client, version).await
    }

    /// A pass that nobody got is given back; tried again until it is written.
    pub(crate) fn abandon(self: &Arc<Self>, admission: AdmissionId, asker: u64) {
        let mut passes = self.passes.lock();
        if passes.open.get(&admission).is_some_and(|open| open.asker == Some(asker))
            && let Some(pass) = passes.open.remove(&admission)
        {
            drop(passes);
            let id = pass.subscription;
            // A store that is closed counts no more.
            let _ = self.queue.push(id, Ask::GiveBack(GiveBack { pass, abandoned: true, reply: None }));
        }
    }
}
