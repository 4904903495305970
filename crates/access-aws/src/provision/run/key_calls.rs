//! The calls about keys: the operator's, which is made and moved, and those that go.

use aws_sdk_apigateway::Client;

use super::execution::{Execution, gone};
use crate::{
    ErrorKind, marks,
    provision::{
        error::ProvisionError,
        wanted::{Credential, OperatorKey},
    },
};

/// The only type of key there is.
const KEY_TYPE: &str = "API_KEY";

impl Execution<'_> {
    pub(super) async fn create_operator_key(&mut self) -> Result<(), ProvisionError> {
        let Some(operator) = self.operator else { return Ok(()) };
        let name = OperatorKey::name(&self.wanted.api_name);
        let send = |client: Client| {
            let mut request = client
                .create_api_key()
                .name(&name)
                .description("Made by `tollgate aws apply --operator-key`.")
                // AWS makes keys switched off unless told.
                .enabled(true)
                .value(operator.value().reveal())
                .tags(marks::TAG_OWNER, marks::OPERATOR);
            for (tag, value) in marks::tags(&self.wanted.api_name) {
                request = request.tags(tag, value);
            }
            request.send()
        };
        let created = self.send(send).await;
        // Its value is random: whatever key has it now or turns out to have been made is this one.
        let is_made = |kind| matches!(kind, ErrorKind::NoAnswer | ErrorKind::Conflict);
        if created.as_ref().err().is_none_or(|error| is_made(error.kind)) {
            self.made.operator_key = Some(operator.value().clone());
        }
        self.operator_key = created?.id;
        Ok(())
    }

    /// Made but never put on a plan, so its value was never shown: in an earlier run, or in this one.
    pub(super) async fn read_operator_key(&mut self, key: &str) -> Result<(), ProvisionError> {
        if self.made.operator_key.is_none() {
            let send = |client: Client| client.get_api_key().api_key(key).include_value(true).send();
            let value = self.send(send).await?.value;
            self.made.operator_key = value.as_deref().map(Credential::new);
        }
        Ok(())
    }

    pub(super) async fn attach_operator_key(&self, key: Option<&str>, plan_name: &str) -> Result<(), ProvisionError> {
        let plan = self.plans.get(plan_name).ok_or(ProvisionError::Vanished("the operator key's plan"))?;
        let key = key.or(self.operator_key.as_deref()).ok_or(ProvisionError::Vanished("the operator's key"))?;
        let send = |client: Client| {
            let request = client.create_usage_plan_key().usage_plan_id(plan).key_id(key).key_type(KEY_TYPE);
            request.send()
        };
        self.send(send).await?;
        Ok(())
    }

    /// Takes a key off a plan.
    pub(super) async fn detach_key(&self, plan: &str, key: &str) -> Result<(), ProvisionError> {
        let send = |client: Client| client.delete_usage_plan_key().usage_plan_id(plan).key_id(key).send();
        Ok(gone(self.send(send).await)?)
    }

    /// Deletes a key, which takes it off its plans.
    pub(super) async fn delete_key(&self, key: &str) -> Result<(), ProvisionError> {
        let send = |client: Client| client.delete_api_key().api_key(key).send();
        Ok(gone(self.send(send).await)?)
    }
}
