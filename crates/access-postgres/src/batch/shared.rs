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

/// Notes a change by its number, as a part of it.
pub(crate) const NOTE_CHANGE: &str = "INSERT INTO changes (id, made_at) VALUES ($1, now())";

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

    /// Whether a change was made whose reply was lost; if not, it won't be. Asked until Postgres answers, but not for ever.
    pub(crate) async fn was_made(&self, number: &[u8]) -> bool {
        tracing::warn!("the reply to a commit was lost; Postgres is asked what became of it");
        let ask = async {
            loop {
                match self.note_unmade(number).await {
                    Ok(is_noted) => return !is_noted,
                    Err(_) => sleep(PAUSE).await,
                }
            }
        };
        timeout(self.patience.saturating_mul(2), ask).await.unwrap_or_default()
    }

    /// Writes the change's number in its place; waits for whoever may be writing it. Not where it is there.
    async fn note_unmade(&self, number: &[u8]) -> Result<bool, Failure> {
        let client = self.client().await?;
        let statement = format!("{NOTE_CHANGE} ON CONFLICT DO NOTHING");
        let values: [&(dyn ToSql + Sync); 1] = [&number];
        let noted = timeout(self.patience, client.execute(&statement, &values)).await;
        let noted = noted.map_err(|_| Failure::TooSlow)??;
        client.give_back();
        Ok(noted > 0)
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
