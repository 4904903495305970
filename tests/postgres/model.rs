//! Replicas that share a schema against the model of the rules.

use std::sync::atomic::{AtomicU32, Ordering};

use access::{
    Span,
    conformance::{
        World,
        model::{Bucket, Step, Subject, check, steps},
    },
};
use access_postgres::{Options, PostgresStore, migrate};
use api_types::{AccountId, Timestamp};
use async_trait::async_trait;
use proptest::{prelude::*, test_runner::TestRunner};
use tests::Database;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Client;

use crate::world;

const REPLICAS: usize = 3;

struct Cluster {
    options: Options,
    stores: Vec<PostgresStore>,
    worlds: Vec<World>,
    client: Client,
}

async fn open(options: &Options) -> PostgresStore {
    static REPLICA: AtomicU32 = AtomicU32::new(0);
    let mut name = [7; 16];
    name[8..12].copy_from_slice(&REPLICA.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    PostgresStore::open(options.clone(), name).await.unwrap()
}

impl Cluster {
    /// In a schema of its own.
    async fn new(database: &Database) -> Self {
        static SCHEMA: AtomicU32 = AtomicU32::new(0);
        let schema = format!("model_{}", SCHEMA.fetch_add(1, Ordering::Relaxed));
        let client = database.client().await;
        client.batch_execute(&format!("SET search_path TO {schema}")).await.unwrap();
        let options = world::options(database.url(), schema);
        migrate(&options).await.unwrap();
        let mut stores = Vec::new();
        for _ in 0..REPLICAS {
            stores.push(open(&options).await);
        }
        let worlds = stores.iter().map(world::world).collect();
        Self { options, stores, worlds, client }
    }

    async fn close(self) {
        for store in self.stores {
            store.close().await.unwrap();
        }
    }
}

#[async_trait(?Send)]
impl Subject for Cluster {
    fn stores(&self) -> &[World] {
        &self.worlds
    }

    async fn restart(&mut self, store: usize) {
        self.stores[store].close().await.unwrap();
        self.stores[store] = open(&self.options).await;
        self.worlds[store] = world::world(&self.stores[store]);
    }

    fn bucket(&self) -> Bucket {
        Bucket::FullAt(None)
    }

    /// The days themselves; what stands beside them is what is listed.
    async fn used_after_a_kill(&self, _: AccountId, span: &Span, _: Timestamp) -> u64 {
        let sql = "SELECT coalesce(sum(used), 0)::bigint FROM usage_days WHERE day >= $1 AND day < $2";
        let used: i64 = self.client.query_one(sql, &[&span.start, &span.end]).await.unwrap().get(0);
        used.try_into().unwrap()
    }

    fn written_ahead(&self, _: u64, _: u64) -> u64 {
        0
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn play(database: &Database, steps: Vec<Step>) {
    // Of its own, so that nothing of a case that failed goes on.
    runtime().block_on(async {
        let mut cluster = Cluster::new(database).await;
        check(&mut cluster, steps).await;
        cluster.close().await;
    });
}

#[test]
fn any_sequence_at_three_replicas_is_decided_as_the_model_does() {
    let database = runtime().block_on(Database::fresh());
    let config =
        ProptestConfig { cases: 24, max_shrink_iters: 100, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let run = runner.run(&steps(30), |steps| {
        play(&database, steps);
        Ok(())
    });
    run.unwrap_or_else(|failed| panic!("{failed}"));
}
