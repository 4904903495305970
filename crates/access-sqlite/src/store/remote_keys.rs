//! Keys that live in another service: their rows and intents, each change one transaction that is on the disk when
//! it was answered.

use access::{
    CarriedUse, CreateKeyError, Creation, Intent, IntentKind, OwnerDigest, RemoteChange, RemoteKey, RemoteKeys,
    RepeatableCall, StoreError,
};
use api_types::{AccountId, InstallationId, PlanName, Timestamp};
use async_trait::async_trait;

use super::SqliteStore;
use crate::sql::{carried_use, remote_intents, remote_keys, repeatable_calls};

#[async_trait]
impl RemoteKeys for SqliteStore {
    async fn installation(&self, candidate: InstallationId) -> Result<InstallationId, StoreError> {
        self.change("name the installation", move |conn| remote_keys::installation(conn, candidate)).await
    }

    async fn remote_keys(&self) -> Result<Vec<RemoteKey>, StoreError> {
        self.inner.reader.read("list remote keys", remote_keys::all).await
    }

    fn is_blocked(&self, account: AccountId) -> bool {
        self.inner.blocked.read().contains(&account)
    }

    async fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.inner.reader.read("list intents", remote_intents::all).await
    }

    async fn begin_key(&self, intent: Intent, max_keys: Option<u32>) -> Result<(), CreateKeyError> {
        let doing = "begin a key";
        if intent.kind != IntentKind::Create {
            // Written, it would hold no place for the key that is begun.
            return Err(StoreError::new(doing, "its intent is not one to create").into());
        }
        let begin = move |conn: &_| remote_intents::begin_key(conn, &intent, max_keys);
        self.run(doing, move |state| state.change(doing, begin)).await
    }

    async fn made_before(
        &self,
        account: AccountId,
        call: RepeatableCall,
        now: Timestamp,
    ) -> Result<Option<Creation>, CreateKeyError> {
        let find = move |conn: &_| repeatable_calls::made_before(conn, account, &call, now);
        self.inner.reader.read("find a repeated call", find).await?.transpose()
    }

    async fn change_remote(&self, change: RemoteChange) -> Result<(), StoreError> {
        self.change("change remote keys", move |conn| remote_keys::change(conn, &change)).await
    }

    async fn carried_use(&self, owner: OwnerDigest, plan_name: &PlanName) -> Result<Option<CarriedUse>, StoreError> {
        let plan_name = plan_name.clone();
        self.inner.reader.read("find a carried use", move |conn| carried_use::find(conn, owner, &plan_name)).await
    }
}
