//! Owners of what the upstream keeps: gathered, and written by whoever looks or by a task that follows at once.

use std::sync::Arc;

use access::{StateId, StateOwners, StoreError};
use api_types::{AccountId, Timestamp};
use async_trait::async_trait;

use super::{PostgresStore, time};
use crate::sql::state_owners::{NamedId, first_foreign};

#[async_trait]
impl StateOwners for PostgresStore {
    fn remember(&self, account: AccountId, id: StateId, now: Timestamp) {
        let inner = Arc::clone(&self.inner);
        if !inner.owners.add(NamedId { id, account, at: now }) {
            tracing::warn!("too many owners of what the upstream keeps wait to be written: one is lost");
            return;
        }
        self.inner.runtime.spawn(async move {
            if let Err(failure) = inner.owners.write(&inner.shared.pool).await {
                tracing::warn!(%failure, "owners of what the upstream keeps can't be written; they wait");
            }
        });
    }

    async fn first_foreign(
        &self,
        account: AccountId,
        ids: Vec<StateId>,
        now: Timestamp,
    ) -> Result<Option<usize>, StoreError> {
        let (inner, told) = (Arc::clone(&self.inner), self.told(now));
        self.run("look up owners", async move {
            inner.owners.write(&inner.shared.pool).await?;
            let client = inner.shared.client().await?;
            let now = time(&**client, told).await?;
            Ok(first_foreign(&**client, account, &ids, now).await?)
        })
        .await
    }
}
