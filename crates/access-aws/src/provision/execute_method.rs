//! Makes what is missing of one method: the method itself, what a preflight answers, and the integration.

use std::collections::HashMap;

use aws_sdk_apigateway::{
    Client,
    types::{IntegrationType, ResponseTransferMode},
};

use super::{
    error::ProvisionError,
    execute::{Execution, gone},
    step::{MethodCalls, Patch, Reply},
    surface::{MOCK_TEMPLATE, Method, MethodId, Proxy},
};
use crate::{action, control::once};

/// Makes it, the key first: at no moment is there a method that passes requests on without one.
pub(crate) async fn make(
    execution: &Execution<'_>,
    id: &MethodId,
    missing: &MethodCalls,
) -> Result<(), ProvisionError> {
    let Some(method) = execution.surface.methods.get(id) else { return Ok(()) };
    let at = At { execution, id, resource: execution.resource_id(&id.path)? };
    if missing.put {
        at.put(method).await?;
    }
    if !missing.patches.is_empty() {
        at.update(&missing.patches).await?;
    }
    if missing.reply == Some(Reply::Replace) {
        at.drop_reply().await?;
    }
    if let Method::Preflight(headers) = method
        && missing.reply.is_some()
    {
        at.put_reply(headers.keys().map(|name| ((*name).to_owned(), false)).collect()).await?;
    }
    if missing.integration {
        match method {
            Method::Proxy(proxy) => at.put_proxy(proxy).await?,
            Method::Preflight(_) => at.put_mock().await?,
        }
    }
    if let Method::Preflight(headers) = method
        && missing.integration_reply
    {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        at.put_integration_reply(headers).await?;
    }
    Ok(())
}

/// A method's place, for the calls about it.
struct At<'a> {
    execution: &'a Execution<'a>,
    id: &'a MethodId,
    resource: &'a str,
}

impl At<'_> {
    async fn put(&self, method: &Method) -> Result<(), ProvisionError> {
        let (needs_key, parameters) = match method {
            Method::Proxy(proxy) => {
                (true, proxy.parameters.iter().map(|(name, required)| ((*name).to_owned(), *required)).collect())
            }
            Method::Preflight(_) => (false, HashMap::new()),
        };
        let send = |client: Client| {
            client
                .put_method()
                .rest_api_id(self.execution.api_id())
                .resource_id(self.resource)
                .http_method(&self.id.verb)
                .authorization_type("NONE")
                .api_key_required(needs_key)
                .set_request_parameters(Some(parameters.clone()))
                .customize()
                .config_override(once())
                .send()
        };
        self.execution.control.call(action::PUT_METHOD, send).await?;
        Ok(())
    }

    async fn update(&self, patches: &[Patch]) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            client
                .update_method()
                .rest_api_id(self.execution.api_id())
                .resource_id(self.resource)
                .http_method(&self.id.verb)
                .set_patch_operations(Some(Patch::operations(patches)))
                .send()
        };
        self.execution.control.call(action::UPDATE_METHOD, send).await?;
        Ok(())
    }

    async fn drop_reply(&self) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            client
                .delete_method_response()
                .rest_api_id(self.execution.api_id())
                .resource_id(self.resource)
                .http_method(&self.id.verb)
                .status_code("200")
                .send()
        };
        Ok(gone(self.execution.control.call(action::DELETE_METHOD_RESPONSE, send).await)?)
    }

    async fn put_reply(&self, headers: HashMap<String, bool>) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            client
                .put_method_response()
                .rest_api_id(self.execution.api_id())
                .resource_id(self.resource)
                .http_method(&self.id.verb)
                .status_code("200")
                .set_response_parameters(Some(headers.clone()))
                .customize()
                .config_override(once())
                .send()
        };
        self.execution.control.call(action::PUT_METHOD_RESPONSE, send).await?;
        Ok(())
    }

    async fn put_proxy(&self, proxy: &Proxy) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            let mut request = client
                .put_integration()
                .rest_api_id(self.execution.api_id())
                .resource_id(self.resource)
                .http_method(&self.id.verb)
                .r#type(IntegrationType::HttpProxy)
                .integration_http_method(&self.id.verb)
                .uri(&proxy.uri)
                .timeout_in_millis(proxy.timeout)
                .response_transfer_mode(ResponseTransferMode::Stream);
            for (name, value) in &proxy.mapped {
                request = request.request_parameters(*name, value.text().as_str());
            }
            request.send()
        };
        self.execution.control.call(action::PUT_INTEGRATION, send).await?;
        Ok(())
    }

    async fn put_mock(&self) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            client
                .put_integration()
                .rest_api_id(self.execution.api_id())
                .resource_id(self.resource)
                .http_method(&self.id.verb)
                .r#type(IntegrationType::Mock)
                .request_templates("application/json", MOCK_TEMPLATE)
                .send()
        };
        self.execution.control.call(action::PUT_INTEGRATION, send).await?;
        Ok(())
    }

    async fn put_integration_reply(&self, headers: HashMap<String, String>) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            client
                .put_integration_response()
                .rest_api_id(self.execution.api_id())
                .resource_id(self.resource)
                .http_method(&self.id.verb)
                .status_code("200")
                .set_response_parameters(Some(headers.clone()))
                .send()
        };
        self.execution.control.call(action::PUT_INTEGRATION_RESPONSE, send).await?;
        Ok(())
    }
}
