//! The laws of every backend, on Postgres: a database each, and the clock of the law.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod world;

use std::process::ExitCode;

use access::conformance::{self, Law};
use access_postgres::{PostgresStore, migrate};
use tests::Database;

fn main() -> ExitCode {
    conformance::main("postgres", PostgresStore::PROMISES, run)
}

fn run(law: &Law) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = Database::fresh().await;
        let options = world::options(database.url(), "tollgate".to_owned());
        migrate(&options).await.unwrap();
        let store = PostgresStore::open(options, [7; 16]).await.unwrap();
        (law.run)(world::world(&store)).await;
        store.close().await.unwrap();
    });
}
