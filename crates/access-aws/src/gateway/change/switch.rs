//! Switching a key off and on, and labelling it.

use std::sync::Arc;

use access::{KeyError, RemoteChange, RemoteKey, StoreError};
use api_types::{AccountId, KeyChange, KeyId, Timestamp};
use aws_sdk_apigateway::types::{Op, PatchOperation};

use crate::{action::UPDATE_API_KEY, error::AwsError, gateway::shared::Shared};

impl Shared {
    /// Enables, disables or labels a key. API Gateway first: what fails there changes nothing here.
    pub(crate) async fn change(
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
                removals.extend(changed.earlier.drain(..).map(|old| row.removal(&old.value, now)));
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
}
