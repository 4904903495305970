//! Switching a key off and on, labelling it, revoking it, and letting an account's keys go.

use std::sync::Arc;

use access::{CarriedUse, Intent, KeyError, RemoteChange, RemoteKey, StoreError};
use api_types::{AccountId, KeyChange, KeyId, Timestamp};
use aws_sdk_apigateway::types::{Op, PatchOperation};

use super::{
    Inner,
    rotate::{carried_use, removal},
};
use crate::{action::UPDATE_API_KEY, error::AwsError};

impl Inner {
    /// Enables, disables or labels a key. API Gateway first: what fails there changes nothing here.
    pub(super) async fn change(
        self: Arc<Self>,
        (account, id): (AccountId, KeyId),
        change: KeyChange,
        now: Timestamp,
    ) -> Result<RemoteKey, KeyError> {
        let _turn = self.turn(account).await;
        let row = self.keys.of_account(account, id).ok_or(KeyError::NotFound)?;
        let mut changed = row.clone();
        let mut removals = Vec::new();
        if let Some(label) = change.label {
            changed.label = label;
        }
        if let Some(enabled) = change.enabled {
            if enabled != row.enabled && !self.switch(&row, enabled).await.map_err(StoreError::from)? {
                tracing::warn!(key = %id, "the key was deleted in API Gateway by somebody else; its row goes too");
                self.drop_rows(vec![row], now, Vec::new()).await?;
                return Err(KeyError::NotFound);
            }
            changed.enabled = enabled;
            if enabled && !row.enabled {
                changed.fresh_since = now;
            }
            if !enabled && let Some(old) = changed.previous.take() {
                removals.push(removal(&row, &old.value, now));
            }
        }
        let written = RemoteChange { put: Some(changed.clone()), intents: removals.clone(), ..RemoteChange::default() };
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
        let _turn = self.turn(account).await;
        let row = self.keys.of_account(account, id).ok_or(KeyError::NotFound)?;
        let carried = self.use_to_carry(&row, now).await;
        self.delete_value(&row.value.remote_id).await.map_err(StoreError::from)?;
        let removals: Vec<Intent> = row.previous.iter().map(|old| removal(&row, &old.value, now)).collect();
        let change = RemoteChange {
            remove: vec![id],
            intents: removals.clone(),
            carried: carried.into_iter().collect(),
            ..RemoteChange::default()
        };
        // In memory first: API Gateway has it no more.
        self.keys.remove(id, now);
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
        let _turn = self.turn(account).await;
        let rows = self.keys.all_of(account);
        let mut carried = Vec::new();
        for row in &rows {
            carried.extend(self.use_to_carry(row, now).await);
        }
        self.drop_rows(rows, now, carried).await
    }

    /// Rows go, and their values with them.
    pub(super) async fn drop_rows(
        &self,
        rows: Vec<RemoteKey>,
        now: Timestamp,
        carried: Vec<CarriedUse>,
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let values = rows.iter().flat_map(|row| {
            let previous = row.previous.iter().map(|old| &old.value);
            previous.chain([&row.value]).map(move |value| removal(row, value, now))
        });
        let intents: Vec<Intent> = values.collect();
        let remove: Vec<KeyId> = rows.iter().map(|row| row.id).collect();
        let change = RemoteChange { remove, intents: intents.clone(), carried, ..RemoteChange::default() };
        self.rows.change_remote(change).await?;
        for row in &rows {
            self.keys.remove(row.id, now);
            self.uses.forget(row.id);
        }
        self.remove_now(&intents, now).await;
        Ok(())
    }

    /// What a key that goes has used of its period, for its owner's next key on the plan. Best effort, as the quota is.
    async fn use_to_carry(&self, row: &RemoteKey, now: Timestamp) -> Option<CarriedUse> {
        let plan = self.plans.named(&row.plan_name).ok().flatten()?;
        plan.limit()?;
        let used = self.used_now(row, &plan, now).await;
        let used = used.inspect_err(|error| tracing::warn!(key = %row.id, %error, "its use could not be kept")).ok()?;
        carried_use(row, &plan, used, now)
    }
}
