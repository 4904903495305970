//! Ending keys: revoking one, letting an account's go, and what becomes of their rows and their use.

use std::{sync::Arc, time::Duration};

use access::{CarriedUse, Intent, KeyError, RemoteChange, RemoteKey, StoreError};
use api_types::{AccountId, KeyId, Timestamp};
use futures_util::future::join_all;

use crate::gateway::shared::Shared;

/// How long the end of an account waits to learn what its keys have used.
const CARRY_WAIT: Duration = Duration::from_secs(3);

impl Shared {
    /// Ends a key for good. It is refused here from the moment that API Gateway has deleted it, or said that it isn't
    /// there.
    pub(crate) async fn revoke(self: Arc<Self>, account: AccountId, id: KeyId, now: Timestamp) -> Result<(), KeyError> {
        let _turn = self.turn(account).await?;
        let row = self.keys.of_account(account, id).ok_or(KeyError::NotFound)?;
        // Written before the value goes: API Gateway tells nothing of a deleted one.
        let carried: Vec<CarriedUse> = self.use_to_carry(&row, now).await.into_iter().collect();
        self.rows.change_remote(RemoteChange { carried, ..RemoteChange::default() }).await?;
        self.delete_value(&row.value.remote_id).await.map_err(StoreError::from)?;
        let removals: Vec<Intent> = row.earlier.iter().map(|old| row.removal(&old.value, now)).collect();
        let change = RemoteChange { remove: vec![id], intents: removals.clone(), ..RemoteChange::default() };
        // In memory first: API Gateway has it no more.
        self.keys.remove(id);
        self.figures.forget(id);
        if let Err(error) = self.rows.change_remote(change).await {
            self.keys.put(row);
            return Err(error.into());
        }
        self.remove_now(&removals, now).await;
        Ok(())
    }

    /// Ends every key of an account: refused here at once, and removed from API Gateway now or by the sweeper.
    pub(crate) async fn release(self: Arc<Self>, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        let _turn = self.turn(account).await?;
        let rows = self.keys.all_of(account);
        // At once for all, and not for long: an account can be deleted while AWS is away.
        let asked = join_all(rows.iter().map(|row| self.use_to_carry(row, now)));
        let carried = tokio::time::timeout(CARRY_WAIT, asked).await.unwrap_or_default();
        let carried = carried.into_iter().flatten().collect();
        let removals = self.drop_rows(rows, now, carried).await?;
        let shared = Arc::clone(&self);
        // What fails, or is cut off by the end of this process, is the sweeper's.
        self.runtime.spawn(async move { shared.remove_now(&removals, now).await });
        Ok(())
    }

    /// Rows go; the intents to remove their values are written, and are what is left to do.
    pub(crate) async fn drop_rows(
        &self,
        rows: Vec<RemoteKey>,
        now: Timestamp,
        carried: Vec<CarriedUse>,
    ) -> Result<Vec<Intent>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let values = rows.iter().flat_map(|row| row.values().map(move |value| row.removal(value, now)));
        let intents: Vec<Intent> = values.collect();
        let remove: Vec<KeyId> = rows.iter().map(|row| row.id).collect();
        let change = RemoteChange { remove, intents: intents.clone(), carried, ..RemoteChange::default() };
        self.rows.change_remote(change).await?;
        for row in &rows {
            self.keys.remove(row.id);
            self.figures.forget(row.id);
        }
        Ok(intents)
    }

    /// What a key that goes has used of its period, for its owner's next key on the plan. Best effort, as the quota is.
    async fn use_to_carry(&self, row: &RemoteKey, now: Timestamp) -> Option<CarriedUse> {
        let plan = self.plans.of(row).ok().flatten()?;
        plan.limit()?;
        let used = self.used_now(row, &plan, now).await;
        let used = used.inspect_err(|error| tracing::warn!(key = %row.id, %error, "its use could not be kept")).ok()?;
        plan.carried(row, used, now)
    }
}
