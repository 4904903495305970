//! A store on Postgres as the laws and the model see it.

use std::{sync::Arc, time::Duration};

use access::conformance::World;
use access_postgres::{Clock, Options, PostgresStore};

/// A store with the clock of whoever plays with it.
pub fn options(url: String, schema: String) -> Options {
    let patience = Duration::from_secs(30);
    Options { url, authorities: None, schema, pool_size: 4, patience, clock: Clock::Caller }
}

pub fn world(store: &PostgresStore) -> World {
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
