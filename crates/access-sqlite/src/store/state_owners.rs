//! Owners of what the upstream keeps: gathered by the writer's thread, and looked up on the reader's behind all that was
//! gathered.

use access::{StateId, StateOwners, StoreError};
use api_types::{AccountId, Timestamp};
use async_trait::async_trait;

use super::SqliteStore;
use crate::{
    sql::state_owners::{NamedId, first_foreign},
    writer::{Message, WriterState},
};

#[async_trait]
impl StateOwners for SqliteStore {
    fn remember(&self, account: AccountId, id: StateId, now: Timestamp) {
        let named = NamedId { id, account, at: now };
        // A store that is closed or swamped remembers nothing more: its owner will have to begin anew.
        let _ = self.inner.queue.send("remember an owner", Message::Remember(named));
    }

    async fn first_foreign(
        &self,
        account: AccountId,
        ids: Vec<StateId>,
        now: Timestamp,
    ) -> Result<Option<usize>, StoreError> {
        let doing = "look up owners";
        self.run(doing, WriterState::write_owners).await?;
        self.inner.reader.read(doing, move |conn| first_foreign(conn, account, &ids, now)).await
    }
}
