//! The laws of every backend, on Postgres: a database each, and the clock of the law.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::{process::ExitCode, sync::Arc, time::Duration};

use access::conformance::{self, Law, World};
use access_postgres::{Clock, Options, PostgresStore, migrate};
use tests::Database;

fn main() -> ExitCode {
    conformance::main("postgres", PostgresStore::PROMISES, run)
}

fn run(law: &Law) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = Database::fresh().await;
        let options = Options {
            url: database.url(),
            authorities: None,
            schema: "tollgate".to_owned(),
            pool_size: 4,
            patience: Duration::from_secs(30),
            clock: Clock::Caller,
        };
        migrate(&options).await.unwrap();
        let store = PostgresStore::open(options, [7; 16]).await.unwrap();
        (law.run)(world(&store)).await;
        store.close().await.unwrap();
    });
}

fn world(store: &PostgresStore) -> World {
    let planned = store.clone();
    World {
        accounts: Arc::new(store.clone()),
        administration: Arc::new(store.clone()),
        registry: Arc::new(store.clone()),
        gate: Arc::new(store.clone()),
        owners: Arc::new(store.clone()),
        stage: None,
        apply_plans: Box::new(move |plans, now| {
            let store = planned.clone();
            Box::pin(async move { Ok(store.apply_plans(plans, now).await?.retired) })
        }),
    }
}
