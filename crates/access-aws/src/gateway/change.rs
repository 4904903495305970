//! Switching a key off and on, labelling it, revoking it, and letting an account's keys go.

use std::{sync::Arc, time::Duration};

use access::{CarriedUse, Intent, KeyError, RemoteChange, RemoteKey, StoreError};
use api_types::{AccountId, KeyChange, KeyId, Timestamp};
use aws_sdk_apigateway::types::{Op, PatchOperation};
use futures_util::future::join_all;

use super::{
    Inner,
    rotate::{carried_use, removal},
};
use crate::{action::UPDATE_API_KEY, error::AwsError};

/// How long the end of an account waits to learn what its keys have used.
const CARRY_WAIT: Duration = Duration::from_secs(3);

impl Inner {
    /// Enables, disables or labels a key. API Gateway first: what fails there changes nothing here.
    pub(super) async fn change(
        self: Arc<Self>,
        (account, id): (AccountId, KeyId),
        change: KeyChange,
        now: Timestamp,
    ) -> Result<RemoteKey, KeyError> {
        let _turn = self.turn(account).await?;
        let row = self.keys.of_account(account, id).ok_or(KeyError::NotFound)?;
        let mut changed = row.clone();
        let (mut removals, mut carried) = (Vec::new(), Vec::new());
        if let Some(label) = change.label {
            changed.label = label;
        }
        if let Some(enabled) = change.enabled {
            if enabled != row.enabled && !self.switch(&row, enabled).await.map_err(StoreError::from)? {
                tracing::warn!(key = %id, "the key was deleted in API Gateway by somebody else; its row goes too");
                let removals = self.drop_rows(vec![row], now, Vec::new()).await?;
                self.remove_now(&removals, now).await;
                return Err(KeyError::NotFound);
            }
            changed.enabled = enabled;
            if enabled && !row.enabled {
                changed.fresh_since = now;
            }
            if !enabled && !changed.earlier.is_empty() {
                // Best effort, as the quota is.
                match self.fold(&mut changed, now).await {
                    Ok(folded) => carried.extend(folded),
                    Err(error) => {
                        tracing::warn!(key = %id, %error, "what was used in a grace could not be carried over");
                    }
                }
                removals.extend(changed.earlier.drain(..).map(|old| removal(&row, &old.value, now)));
            }
        }
        let (put, intents) = (Some(changed.clone()), removals.clone());
        let written = RemoteChange { put, intents, carried, ..RemoteChange::default() };
        self.rows.change_remote(written).await?;
        self.keys.put(changed.clone());
        self.remove_now(&removals, now).await;
        Ok(changed)
    }

    /// Switches a value on or off. `false`: it isn't there.
    async fn switch(&self, key: &RemoteKey, enabled: bool) -> Result<bool, AwsError> {
        let id = &key.value.remote_id;
        let patch = PatchOperation::builder().op(Op::Replace).path("/enabled").value(enabled.to_string()).build();
        let update = |client: aws_sdk_apigateway::Client| {
            client.update_api_key().api_key(id).patch_operations(patch.clone()).send()
        };
        match self.control.call(UPDATE_API_KEY, update).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) if error.may_be_done() => match self.is_enabled(id).await {
                Ok(Some(now)) if now == enabled => Ok(true),
                Ok(None) => Ok(false),
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Ends a key for good. It is refused here from the moment that API Gateway has deleted it, or said that it isn't
    /// there.
    pub(super) async fn revoke(self: Arc<Self>, account: AccountId, id: KeyId, now: Timestamp) -> Result<(), KeyError> {
        let _turn = self.turn(account).await?;
        let row = self.keys.of_account(account, id).ok_or(KeyError::NotFound)?;
        // Written before the value goes: API Gateway tells nothing of a deleted one.
        let carried: Vec<CarriedUse> = self.use_to_carry(&row, now).await.into_iter().collect();
        self.rows.change_remote(RemoteChange { carried, ..RemoteChange::default() }).await?;
        self.delete_value(&row.value.remote_id).await.map_err(StoreError::from)?;
        let removals: Vec<Intent> = row.earlier.iter().map(|old| removal(&row, &old.value, now)).collect();
        let change = RemoteChange { remove: vec![id], intents: removals.clone(), ..RemoteChange::default() };
        // In memory first: API Gateway has it no more.
        self.keys.remove(id);
        self.uses.forget(id);
        if let Err(error) = self.rows.change_remote(change).await {
            self.keys.put(row);
            return Err(error.into());
        }
        self.remove_now(&removals, now).await;
        Ok(())
    }

    /// Ends every key of an account: refused here at once, and removed from API Gateway now or by the sweeper.
    pub(super) async fn release(self: Arc<Self>, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        let _turn = self.turn(account).await?;
        let rows = self.keys.all_of(account);
        // At once for all, and not for long: an account can be deleted while AWS is away.
        let asked = join_all(rows.iter().map(|row| self.use_to_carry(row, now)));
        let carried = tokio::time::timeout(CARRY_WAIT, asked).await.unwrap_or_default();
        let carried = carried.into_iter().flatten().collect();
        let removals = self.drop_rows(rows, now, carried).await?;
        let inner = Arc::clone(&self);
        // What fails, or is cut off by the end of this process, is the sweeper's.
        self.runtime.spawn(async move { inner.remove_now(&removals, now).await });
        Ok(())
    }

    /// Rows go; the intents to remove their values are written, and are what is left to do.
    pub(super) async fn drop_rows(
        &self,
        rows: Vec<RemoteKey>,
        now: Timestamp,
        carried: Vec<CarriedUse>,
    ) -> Result<Vec<Intent>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let values = rows.iter().flat_map(|row| row.values().map(move |value| removal(row, value, now)));
        let intents: Vec<Intent> = values.collect();
        let remove: Vec<KeyId> = rows.iter().map(|row| row.id).collect();
        let change = RemoteChange { remove, intents: intents.clone(), carried, ..RemoteChange::default() };
        self.rows.change_remote(change).await?;
        for row in &rows {
            self.keys.remove(row.id);
            self.uses.forget(row.id);
        }
        Ok(intents)
    }

    /// What a key that goes has used of its period, for its owner's next key on the plan. Best effort, as the quota is.
    async fn use_to_carry(&self, row: &RemoteKey, now: Timestamp) -> Option<CarriedUse> {
        let plan = self.plans.of(row).ok().flatten()?;
        plan.limit()?;
        let used = self.used_now(row, &plan, now).await;
        let used = used.inspect_err(|error| tracing::warn!(key = %row.id, %error, "its use could not be kept")).ok()?;
        carried_use(row, &plan, used, now)
    }
}
