//! Removing a value from API Gateway, now or later by an intent.

use access::{Intent, RemoteChange, StoreError};
use api_types::Timestamp;

use super::names::ValueName;
use crate::{
    action::{DELETE_API_KEY, GET_API_KEY},
    error::AwsError,
    gateway::shared::Shared,
};

impl Shared {
    /// Deletes a value; one that isn't there counts as deleted, and a lost reply is looked into.
    pub(crate) async fn delete_value(&self, id: &str) -> Result<(), AwsError> {
        let deleted = self.control.call(DELETE_API_KEY, |client| client.delete_api_key().api_key(id).send()).await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) if error.may_be_done() => match self.is_enabled(id).await {
                Ok(None) => Ok(()),
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Whether a value is switched on; `None` if it isn't there.
    pub(crate) async fn is_enabled(&self, id: &str) -> Result<Option<bool>, AwsError> {
        match self.control.call(GET_API_KEY, |client| client.get_api_key().api_key(id).send()).await {
            Ok(key) => Ok(Some(key.enabled())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a value that an intent names, and the intent. Whether it is done.
    pub(crate) async fn remove(&self, intent: &Intent) -> Result<bool, StoreError> {
        let id = match &intent.remote_id {
            Some(id) => Some(id.clone()),
            None => self.find(&ValueName::of(intent).text(self.installation)).await?,
        };
        let Some(id) = id else { return Ok(false) };
        self.delete_value(&id).await?;
        let change = RemoteChange { done: vec![intent.operation], ..RemoteChange::default() };
        self.rows.change_remote(change).await?;
        Ok(true)
    }

    /// Removes what is due of these now; what fails is the sweeper's.
    pub(crate) async fn remove_now(&self, intents: &[Intent], now: Timestamp) {
        for intent in intents.iter().filter(|intent| intent.due_at <= now) {
            if let Err(error) = self.remove(intent).await {
                tracing::warn!(key = %intent.key, %error, "a value could not be removed yet; the sweeper goes on");
            }
        }
    }
}
