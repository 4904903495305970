//! The laws of every backend, on a file in a temporary folder each.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::Arc;

use access::{
    Registry,
    conformance::{Law, World, check_table},
};
use access_sqlite::{Options, SqliteStore};

access::conformance_tests!(run);

fn run(law: &Law) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
    if !law.needs.met_by(store.promises()) {
        return;
    }
    let planned = store.clone();
    let world = World {
        accounts: Arc::new(store.clone()),
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

#[test]
fn the_table_says_what_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
    check_table("sqlite", store.promises()).unwrap_or_else(|wrong| panic!("{wrong}"));
}
