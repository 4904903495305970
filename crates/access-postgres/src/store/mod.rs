//! The traits of `access`, implemented by one store: requests go to the lanes, everything else is a transaction of its
//! own on a connection of the pool.

mod accounts;
mod administration;
mod gate;
mod plans;
mod registry;
mod state_owners;
mod tries;

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
use lru::LruCache;
use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::Notify, task::JoinHandle, time::timeout};
use tokio_postgres::Transaction;

pub use plans::AppliedPlans;

use crate::{
    Clock, Options, SchemaError,
    batch::{Lane, Lease, NOTE_CHANGE, Queue, Refusals, Shared},
    connect::Target,
    error::{Failure, Unchanged},
    sql::{
        columns::Columns,
        migrations,
        plans::{self as stored_plans, Plans},
        subscriptions,
    },
    unwritten_owners::UnwrittenOwners,
};

/// So many keys' subscriptions are remembered.
const KEYS_KEPT: NonZeroUsize = NonZeroUsize::new(100_000).expect("it isn't zero");
/// How often refusals, which nobody waits for, are written.
const REFUSALS_WRITTEN_EVERY: Duration = Duration::from_secs(1);
/// Least transactions of admissions under way at once: one for hot rows and one for all others.
const LANES_MIN: usize = 2;
/// Most of them.
const LANES_MAX: usize = 4;

/// Changes that are so old are known to whoever made them.
const FORGET_CHANGES: &str = "DELETE FROM changes WHERE made_at < now() - interval '1 hour'";
/// Lanes that weren't used for so long belong to nobody.
const FORGET_LANES: &str = "DELETE FROM lanes WHERE used_at < now() - interval '7 days'";

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
    /// The lanes, and who writes refusals.
    tasks: Mutex<Vec<JoinHandle<()>>>,
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
        let lanes = (options.pool_size / 2).clamp(LANES_MIN, LANES_MAX);
        let shared = Arc::new(Shared {
            pool: target.pool(options.pool_size.saturating_sub(lanes).max(1)),
            lane_pool: target.pool(lanes),
            queue: Queue::new(lanes),
            passes: Mutex::new(Passes::default()),
            subscriptions: Mutex::new(LruCache::new(KEYS_KEPT)),
            plans: Mutex::new(Arc::new(Plans::default())),
            refusals: Refusals::default(),
            patience: options.patience,
            closing: Notify::new(),
        });
        let client = shared.client().await?;
        migrations::check(&**client, target.schema()).await?;
        client.give_back();
        let runtime = Handle::current();
        let lane = |number: usize| {
            let mut id = random;
            id[0] = id[0].wrapping_add(u8::try_from(number).unwrap_or_default()).wrapping_add(1);
            runtime.spawn(Lane::new(Arc::clone(&shared), id).run())
        };
        let mut tasks: Vec<_> = (0..lanes).map(lane).collect();
        tasks.push(runtime.spawn(write_refusals(Arc::clone(&shared))));
        let inner = Inner {
            owners: UnwrittenOwners::default(),
            shared,
            clock: options.clock,
            replica: random,
            askers: AtomicU64::new(0),
            runtime,
            purged_on: Mutex::new(None),
            tasks: Mutex::new(tasks),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Decides and writes what waits, and closes the connections. Every later call is an error.
    ///
    /// # Errors
    /// When something could not be written.
    pub async fn close(&self) -> Result<(), StoreError> {
        let shared = &self.inner.shared;
        self.inner.end();
        let tasks = std::mem::take(&mut *self.inner.tasks.lock());
        for task in tasks {
            // A task that panicked said so itself.
            let _ = task.await;
        }
        let refused = shared.refusals.write(&shared.pool, shared.patience).await;
        let owned = self.inner.owners.write(shared).await;
        shared.pool.close();
        shared.lane_pool.close();
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

    /// A number that no other change has, of any replica.
    fn change_number(&self) -> [u8; 24] {
        let mut number = [0; 24];
        number[..16].copy_from_slice(&self.inner.replica);
        number[16..].copy_from_slice(&self.asker().to_be_bytes());
        number
    }

    /// Runs something on the store's own runtime, so that its connections outlive the caller's; it is done even where
    /// the caller goes away.
    async fn run<T, E>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, Unchanged<E>>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self.inner.runtime.spawn(work).await {
            Ok(outcome) => outcome.map_err(|unchanged| unchanged.told(doing)),
            Err(_) => Err(StoreError::new(doing, "the store is closed").into()),
        }
    }

    /// Reads with a connection of the pool, bounded in time.
    async fn read<T, E>(
        &self,
        doing: &'static str,
        read: impl for<'a> FnOnce(&'a Lease) -> Step<'a, T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let shared = Arc::clone(&self.inner.shared);
        self.run(doing, async move {
            let client = shared.client().await?;
            let outcome = timeout(shared.patience, read(&client)).await.unwrap_or(Err(Failure::TooSlow.into()));
            if !matches!(outcome, Err(Unchanged::Failed(_))) {
                client.give_back();
            }
            outcome
        })
        .await
    }

    /// Changes something in a transaction, all or nothing. Where the reply to its commit is lost, it is found out what
    /// became of it.
    async fn change<T, E>(
        &self,
        doing: &'static str,
        change: impl for<'a> FnOnce(&'a Transaction<'a>) -> Step<'a, T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (shared, number) = (Arc::clone(&self.inner.shared), self.change_number());
        self.run(doing, async move {
            let mut client = shared.client().await?;
            match in_transaction(&mut client, shared.patience, &number, change).await {
                Ended::Known(outcome) => {
                    if !matches!(outcome, Err(Unchanged::Failed(_))) {
                        client.give_back();
                    }
                    outcome
                }
                Ended::Lost { changed, failure } => {
                    drop(client);
                    if shared.was_made(&number).await { Ok(changed) } else { Err(failure.into()) }
                }
            }
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

    /// Once a day of UTC: subscriptions that nobody needs any more go, and lanes of replicas that are long gone.
    async fn purge_if_due(&self, now: Timestamp) {
        let today = TimeZone::utc().day(now);
        if self.inner.purged_on.lock().replace(today) == Some(today) {
            return;
        }
        let told = self.told(now);
        let purged: Result<(), StoreError> = self
            .read("delete unused subscriptions", move |client| {
                Box::pin(async move {
                    let now = time(&***client, told).await?;
                    for (id, plan) in stored_plans::all(&***client).await?.iter() {
                        subscriptions::purge(&***client, id, plan.span(now).start).await?;
                    }
                    client.execute(FORGET_LANES, &[]).await?;
                    client.execute(FORGET_CHANGES, &[]).await?;
                    Ok(())
                })
            })
            .await;
        if let Err(error) = purged {
            // What went is gone; the rest is looked through with the next change.
            *self.inner.purged_on.lock() = None;
            tracing::warn!(%error, "not all subscriptions without a key were looked through; that goes on later");
        }
    }
}

/// How a transaction ended.
enum Ended<T, E> {
    /// It was committed, or nothing was changed.
    Known(Result<T, Unchanged<E>>),
    /// The reply to its commit was lost.
    Lost { changed: T, failure: Failure },
}

async fn in_transaction<T, E>(
    client: &mut tokio_postgres::Client,
    patience: Duration,
    number: &[u8],
    change: impl for<'a> FnOnce(&'a Transaction<'a>) -> Step<'a, T, E> + Send,
) -> Ended<T, E> {
    let begun = async {
        let transaction = client.transaction().await?;
        let changed = change(&transaction).await?;
        transaction.execute(NOTE_CHANGE, &[&number]).await?;
        Ok((transaction, changed))
    };
    let (transaction, changed) = match timeout(patience, begun).await {
        Ok(Ok(begun)) => begun,
        // The transaction ended with its future.
        Ok(Err(unchanged)) => return Ended::Known(Err(unchanged)),
        Err(_) => return Ended::Known(Err(Failure::TooSlow.into())),
    };
    let failure = match timeout(patience, transaction.commit()).await {
        Ok(Ok(())) => return Ended::Known(Ok(changed)),
        Ok(Err(error)) => Failure::from(error),
        Err(_) => Failure::TooSlow,
    };
    if failure.is_a_refusal() { Ended::Known(Err(failure.into())) } else { Ended::Lost { changed, failure } }
}

/// The time that counts: the one told, or Postgres's.
async fn time(client: &impl tokio_postgres::GenericClient, told: Option<Timestamp>) -> Result<Timestamp, Failure> {
    match told {
        Some(now) => Ok(now),
        None => client.query_one("SELECT clock_timestamp() AS now", &[]).await?.plain("now"),
    }
}

/// Writes refusals every so often, until the queue is closed.
async fn write_refusals(shared: Arc<Shared>) {
    let mut failing = false;
    while !shared.queue.is_closed() {
        // Whichever comes first.
        let _ = timeout(REFUSALS_WRITTEN_EVERY, shared.closing.notified()).await;
        let written = shared.refusals.write(&shared.pool, shared.patience).await;
        if let Err(failure) = &written
            && !failing
        {
            tracing::warn!(%failure, "refusals can't be written; they wait");
        }
        failing = written.is_err();
    }
}

impl Inner {
    /// Nothing more is taken; what waits is decided.
    fn end(&self) {
        self.shared.queue.close();
        self.shared.closing.notify_one();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.end();
    }
}
