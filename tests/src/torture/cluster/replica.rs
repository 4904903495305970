//! A replica: a store on a runtime of its own.

use std::time::Duration;

use access::UsagePlan;
use access_postgres::{Clock, Options, PostgresStore, SchemaError, migrate};
use api_types::Timestamp;
use jiff::SignedDuration;
use tokio::runtime::{self, Handle, Runtime};

use super::super::Chance;

/// Long enough for a machine that is busy with other tests, short enough that a black hole is noticed in a round.
const PATIENCE: Duration = Duration::from_secs(5);

/// One process's part of the cluster.
pub(super) struct Replica {
    /// Where it finds Postgres.
    url: String,
    /// By how much its clock is wrong.
    skew: SignedDuration,
    running: Option<Running>,
}

struct Running {
    runtime: Runtime,
    store: PostgresStore,
}

/// Makes the tables.
pub(super) async fn prepare(url: String) -> Result<(), SchemaError> {
    migrate(&options(url)).await.map(drop)
}

fn options(url: String) -> Options {
    Options {
        url,
        authorities: None,
        schema: "tollgate".to_owned(),
        pool_size: 6,
        patience: PATIENCE,
        clock: Clock::Database,
    }
}

impl Replica {
    /// Starts one, as a process does: it offers the plans of its configuration.
    pub(super) async fn start(url: String, chance: &mut Chance, plans: Vec<UsagePlan>) -> Self {
        let mut replica = Self { url, skew: SignedDuration::ZERO, running: None };
        replica.start_again(chance, plans).await;
        replica
    }

    /// Starts it again after [`Self::kill`].
    pub(super) async fn start_again(&mut self, chance: &mut Chance, plans: Vec<UsagePlan>) {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let opening = runtime.spawn(PostgresStore::open(options(self.url.clone()), chance.bytes()));
        let store = opening.await.expect("opening doesn't panic").expect("a store on a Postgres that is up");
        store.apply_plans(plans, self.now()).await.expect("plans are applied");
        self.running = Some(Running { runtime, store });
    }

    /// Ends it in the middle of everything: all its tasks, and with them its connections and whoever asks here.
    pub(super) fn kill(&mut self) {
        if let Some(Running { runtime, store }) = self.running.take() {
            runtime.shutdown_background();
            drop(store);
        }
    }

    /// Store and runtime, while it runs.
    pub(super) fn running(&self) -> Option<(&PostgresStore, &Handle)> {
        self.running.as_ref().map(|running| (&running.store, running.runtime.handle()))
    }

    /// Its store.
    pub(super) fn store(&self) -> &PostgresStore {
        self.running().expect("a replica that runs").0
    }

    /// The time, as its clock has it.
    pub(super) fn now(&self) -> Timestamp {
        now(self.skew)
    }

    /// Sets its clock while it runs: from now on it is so wrong.
    pub(super) fn set_clock(&mut self, skew: SignedDuration) {
        self.skew = skew;
    }

    pub(super) fn skew(&self) -> SignedDuration {
        self.skew
    }
}

/// The time on a clock that is so wrong.
pub(super) fn now(skew: SignedDuration) -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "replicas have clocks, and Postgres has its own")]
    let now = Timestamp::now();
    now + skew
}

impl Drop for Replica {
    fn drop(&mut self) {
        // A runtime can't wait for its end inside another one.
        self.kill();
    }
}
