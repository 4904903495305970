//! The laws of every backend, on a file in a temporary folder each.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{process::ExitCode, sync::Arc};

use access::{
    Registry as _,
    conformance::{self, Law, World},
};
use access_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

fn main() -> ExitCode {
    let (_folder, store) = open();
    conformance::main("sqlite", store.promises(), run)
}

fn open() -> (TempDir, SqliteStore) {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
    (folder, store)
}

fn run(law: &Law) {
    let (_folder, store) = open();
    let planned = store.clone();
    let world = World {
        accounts: Arc::new(store.clone()),
        administration: Arc::new(store.clone()),
        registry: Arc::new(store.clone()),
        gate: Arc::new(store.clone()),
        owners: Arc::new(store),
        stage: None,
        apply_plans: Box::new(move |plans, now| {
            let store = planned.clone();
            Box::pin(async move { Ok(store.apply_plans(plans, now).await?.retired) })
        }),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on((law.run)(world));
}
