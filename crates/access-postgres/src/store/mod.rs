//! The traits of `access`, implemented by one store: requests go to the lanes, everything else is a transaction of its
//! own on a connection of the pool.

mod accounts;
mod gate;
mod plans;
mod registry;
mod state_owners;

use std::{
    num::NonZeroUsize,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use access::{Passes, StoreError, TimeZone};
use api_types::{Date, Timestamp};
use deadpool_postgres::Client;
use lru::LruCache;
use parking_lot::Mutex;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_postgres::Transaction;

pub use plans::AppliedPlans;

use crate::{
    Clock, Options, SchemaError,
    batch::{Lane, Queue, Refusals, Shared},
    connect::Target,
    error::{Failure, Unchanged},
    sql::{columns::Columns, migrations, plans::Plans, subscriptions},
    unwritten_owners::UnwrittenOwners,
};

/// So many keys' subscriptions are remembered.
const KEYS_KEPT: NonZeroUsize = NonZeroUsize::new(100_000).expect("it isn't zero");
/// How often refusals, which nobody waits for, are written.
const REFUSALS_WRITTEN_EVERY: Duration = Duration::from_secs(1);
/// Most transactions of admissions under way at once.
const LANES_MAX: usize = 4;

/// One Postgres as a store of accounts, a registry and a gate. Clones share it.
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    owners: UnwrittenOwners,
    clock: Clock,
    /// This process's row among the lanes, by which it proves that it can write.
    replica: [u8; 16],
    askers: AtomicU64,
    runtime: Handle,
    purged_on: Mutex<Option<Date>>,
    lanes: Mutex<Vec<JoinHandle<()>>>,
    refusals: JoinHandle<()>,
}

/// A step of a transaction.
type Step<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, Unchanged<E>>> + Send + 'a>>;

impl PostgresStore {
    /// Looks at the tables, and begins to work on the current runtime, which has to live longer than the store. `random`
    /// names this process among the replicas.
    ///
    /// # Errors
    /// Why Postgres can't be used, and what to do.
    pub async fn open(options: Options, random: [u8; 16]) -> Result<Self, SchemaError> {
        let target = Target::of(&options)?;
        let pool = target.pool(options.pool_size);
        let client = pool.get().await.map_err(Failure::from)?;
        migrations::check(&**client, target.schema()).await?;
        drop(client);
        let lanes = options.pool_size.div_ceil(2).clamp(1, LANES_MAX);
        let shared = Arc::new(Shared {
            pool,
            queue: Queue::new(lanes),
            passes: Mutex::new(Passes::default()),
            subscriptions: Mutex::new(LruCache::new(KEYS_KEPT)),
            plans: Mutex::new(Arc::new(Plans::default())),
            refusals: Refusals::default(),
            patience: options.patience,
        });
        let runtime = Handle::current();
        let lane = |number: usize| {
            let mut id = random;
            id[0] = id[0].wrapping_add(u8::try_from(number).unwrap_or_default()).wrapping_add(1);
            runtime.spawn(Lane::new(Arc::clone(&shared), id).run())
        };
        let lanes = (0..lanes).map(lane).collect();
        let refusals = runtime.spawn(write_refusals(Arc::clone(&shared)));
        let inner = Inner {
            owners: UnwrittenOwners::default(),
            shared,
            clock: options.clock,
            replica: random,
            askers: AtomicU64::new(0),
            runtime,
            purged_on: Mutex::new(None),
            lanes: Mutex::new(lanes),
            refusals,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Decides and writes what waits, and closes the connections. Every later call is an error.
    ///
    /// # Errors
    /// When something could not be written.
    pub async fn close(&self) -> Result<(), StoreError> {
        let shared = &self.inner.shared;
        shared.queue.close();
        let lanes = std::mem::take(&mut *self.inner.lanes.lock());
        for lane in lanes {
            // A lane that panicked said so itself.
            let _ = lane.await;
        }
        self.inner.refusals.abort();
        let refused = shared.refusals.write(&shared.pool).await;
        let owned = self.inner.owners.write(&shared.pool).await;
        shared.pool.close();
        refused.and(owned).map_err(|failure| failure.store_error("close"))
    }

    /// Whether a key of this fingerprint is the one that all replicas share under a name: the first to ask says which.
    ///
    /// # Errors
    /// When it couldn't be asked.
    pub async fn shares(&self, name: &'static str, fingerprint: [u8; 32]) -> Result<bool, StoreError> {
        self.change("compare a shared key", move |step| {
            Box::pin(async move {
                let sql = "INSERT INTO shared_keys (name, fingerprint) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                step.execute(sql, &[&name, &fingerprint.as_slice()]).await?;
                let sql = "SELECT fingerprint = $2 FROM shared_keys WHERE name = $1";
                Ok(step.query_one(sql, &[&name, &fingerprint.as_slice()]).await?.try_get(0)?)
            })
        })
        .await
    }

    /// A number that no other call has.
    fn asker(&self) -> u64 {
        self.inner.askers.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs something on the store's own runtime, so that its connections outlive the caller's; it is done even where
    /// the caller goes away. Bounded in time.
    async fn run<T, E>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, Unchanged<E>>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let patience = self.inner.shared.patience;
        let bounded = async move { tokio::time::timeout(patience, work).await.unwrap_or(Err(Failure::TooSlow.into())) };
        match self.inner.runtime.spawn(bounded).await {
            Ok(outcome) => outcome.map_err(|unchanged| unchanged.told(doing)),
            Err(_) => Err(StoreError::new(doing, "the store is closed").into()),
        }
    }

    /// Reads with a connection of the pool.
    async fn read<T, E>(
        &self,
        doing: &'static str,
        read: impl for<'a> FnOnce(&'a Client) -> Step<'a, T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let shared = Arc::clone(&self.inner.shared);
        self.run(doing, async move {
            let client = shared.client().await?;
            read(&client).await
        })
        .await
    }

    /// Changes something in a transaction, all or nothing.
    async fn change<T, E>(
        &self,
        doing: &'static str,
        change: impl for<'a> FnOnce(&'a Transaction<'a>) -> Step<'a, T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let shared = Arc::clone(&self.inner.shared);
        self.run(doing, async move {
            let mut client = shared.client().await?;
            let client: &mut tokio_postgres::Client = &mut client;
            let transaction = client.transaction().await?;
            let changed = change(&transaction).await?;
            transaction.commit().await?;
            Ok(changed)
        })
        .await
    }

    /// The time that counts: Postgres's, or the caller's.
    fn told(&self, now: Timestamp) -> Option<Timestamp> {
        match self.inner.clock {
            Clock::Database => None,
            Clock::Caller => Some(now),
        }
    }

    /// Once a day of UTC: subscriptions that nobody needs any more go.
    async fn purge_if_due(&self, now: Timestamp) {
        let today = TimeZone::utc().day(now);
        if self.inner.purged_on.lock().replace(today) == Some(today) {
            return;
        }
        let (shared, told) = (Arc::clone(&self.inner.shared), self.told(now));
        let purged: Result<(), StoreError> = self
            .run("delete unused subscriptions", async move {
                let client = shared.client().await?;
                let now = time(&**client, told).await?;
                let plans = shared.plans_now(&client).await?;
                for (id, plan) in plans.iter() {
                    subscriptions::purge(&**client, id, plan.span(now).start).await?;
                }
                Ok(())
            })
            .await;
        if let Err(error) = purged {
            tracing::warn!(%error, "subscriptions without a key were not looked through; tried again tomorrow");
        }
    }
}

/// The time that counts: the one told, or Postgres's.
async fn time(client: &impl tokio_postgres::GenericClient, told: Option<Timestamp>) -> Result<Timestamp, Failure> {
    match told {
        Some(now) => Ok(now),
        None => client.query_one("SELECT clock_timestamp() AS now", &[]).await?.plain("now"),
    }
}

/// Writes refusals every so often, until it is aborted.
async fn write_refusals(shared: Arc<Shared>) {
    let mut failing = false;
    loop {
        tokio::time::sleep(REFUSALS_WRITTEN_EVERY).await;
        let written = shared.refusals.write(&shared.pool).await;
        if let Err(failure) = &written
            && !failing
        {
            tracing::warn!(%failure, "refusals can't be written; they wait");
        }
        failing = written.is_err();
    }
}

impl Drop for Inner {
    /// What isn't closed ends when all is decided.
    fn drop(&mut self) {
        self.shared.queue.close();
        self.refusals.abort();
    }
}
