//! What all lanes and the traits share.

use std::{sync::Arc, time::Duration};

use access::Passes;
use api_types::{AdmissionId, KeyId};
use deadpool_postgres::{ClientWrapper, Pool};
use lru::LruCache;
use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_postgres::types::ToSql;

use super::{
    lease::{Lease, lease},
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

/// Pause before Postgres is asked again what became of a commit.
const PAUSE: Duration = Duration::from_millis(250);

/// What all lanes and the traits share.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) lane_pool: Pool,
    pub(crate) queue: Queue,
    pub(crate) passes: Mutex<Passes<SubscriptionRowId>>,
    /// Which subscription a key is on; that never changes.
    pub(crate) subscriptions: Mutex<LruCache<KeyId, SubscriptionRowId>>,
    pub(crate) plans: Mutex<Arc<Plans>>,
    pub(crate) refusals: Refusals,
    pub(crate) patience: Duration,
    /// Told when the queue is closed.
    pub(crate) closing: Notify,
}

impl Shared {
    /// A connection for whoever isn't a lane.
    pub(crate) async fn client(&self) -> Result<Lease, Failure> {
        lease(&self.pool, self.patience).await
    }

    /// A connection for a lane: nobody else takes those.
    pub(super) async fn lane_client(&self) -> Result<Lease, Failure> {
        lease(&self.lane_pool, self.patience).await
    }

    /// Whether a transaction was committed whose reply was lost; asked until Postgres knows, but not for ever.
    pub(crate) async fn was_committed(&self, number: &str) -> bool {
        tracing::warn!("the reply to a commit was lost; Postgres is asked what became of it");
        let ask = async {
            loop {
                match self.status_of(number).await.as_ref().map(Option::as_deref) {
                    Ok(Some("committed")) => return true,
                    Ok(Some("in progress")) | Err(_) => sleep(PAUSE).await,
                    Ok(_) => return false,
                }
            }
        };
        timeout(self.patience.saturating_mul(2), ask).await.unwrap_or_default()
    }

    async fn status_of(&self, number: &str) -> Result<Option<String>, Failure> {
        let client = self.client().await?;
        let values: [&(dyn ToSql + Sync); 1] = [&number];
        let row = client.query_one("SELECT pg_xact_status($1::text::xid8)", &values);
        let status = timeout(self.patience, row).await.map_err(|_| Failure::TooSlow)??.try_get(0)?;
        client.give_back();
        Ok(status)
    }

    /// The plans as of a version.
    pub(crate) async fn plans_of(&self, client: &ClientWrapper, version: i64) -> Result<Arc<Plans>, Failure> {
        let known = Arc::clone(&self.plans.lock());
        if known.version == version {
            return Ok(known);
        }
        let read = Arc::new(plans::all(&**client).await?);
        *self.plans.lock() = Arc::clone(&read);
        Ok(read)
    }

    /// The plans as they are now.
    pub(crate) async fn plans_now(&self, client: &ClientWrapper) -> Result<Arc<Plans>, Failure> {
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
