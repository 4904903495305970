//! Owners of what the upstream keeps: gathered, and written by whoever looks or by a task that follows at once.

use std::{sync::Arc, time::Duration};

use access::{StateId, StateOwners, StoreError};
use api_types::{AccountId, Timestamp};
use async_trait::async_trait;
use tokio::time::sleep;

use super::{Inner, PostgresStore, time};
use crate::{
    error::{Failure, Unchanged},
    sql::state_owners::{NamedId, first_foreign},
    unwritten_owners::Added,
};

/// Pause before owners that couldn't be written are written again.
const PAUSE: Duration = Duration::from_secs(1);

#[async_trait]
impl StateOwners for PostgresStore {
    fn remember(&self, account: AccountId, id: StateId, now: Timestamp) {
        match self.inner.owners.add(NamedId { id, account, at: now }) {
            Added::First => drop(self.inner.runtime.spawn(write_owners(Arc::clone(&self.inner)))),
            Added::Another => {}
            Added::Lost => tracing::warn!("too many owners of what the upstream keeps wait to be written: one is lost"),
        }
    }

    async fn first_foreign(
        &self,
        account: AccountId,
        ids: Vec<StateId>,
        now: Timestamp,
    ) -> Result<Option<usize>, StoreError> {
        let (doing, inner, told) = ("look up owners", Arc::clone(&self.inner), self.told(now));
        // On a task of its own, which isn't dropped in the middle where the look-up takes too long.
        let written = self.inner.runtime.spawn(async move { inner.owners.write(&inner.shared).await });
        let written = written.await.unwrap_or(Err(Failure::Unknown));
        written.map_err(|failure| failure.store_error(doing))?;
        self.read(doing, move |client| {
            Box::pin(async move {
                let now = time(&***client, told).await?;
                Ok::<_, Unchanged<StoreError>>(first_foreign(&***client, account, &ids, now).await?)
            })
        })
        .await
    }
}

/// Writes what waits, until it is written.
async fn write_owners(inner: Arc<Inner>) {
    let mut failing = false;
    while let Err(failure) = inner.owners.write(&inner.shared).await {
        if !std::mem::replace(&mut failing, true) {
            tracing::warn!(%failure, "owners of what the upstream keeps can't be written; they wait");
        }
        if inner.shared.queue.is_closed() {
            return;
        }
        sleep(PAUSE).await;
    }
}
