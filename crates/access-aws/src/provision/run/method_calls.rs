//! The calls about a method: itself, what a preflight answers, and the integration.

use std::collections::HashMap;

use aws_sdk_apigateway::{
    Client,
    types::{IntegrationType, ResponseTransferMode},
};

use super::execution::{Execution, gone};
use crate::provision::{
    change::Patch,
    error::ProvisionError,
    wanted::surface::{MOCK_TEMPLATE, Method, MethodId, Proxy},
};

impl Execution<'_> {
    pub(super) async fn put_method(&self, id: &MethodId) -> Result<(), ProvisionError> {
        let (needs_key, parameters) = match self.method(id)? {
            Method::Proxy(proxy) => {
                (true, proxy.parameters.iter().map(|(name, required)| ((*name).to_owned(), *required)).collect())
            }
            Method::Preflight(_) => (false, HashMap::new()),
        };
        let resource = self.resource_id(&id.path)?;
        let send = |client: Client| {
            client
                .put_method()
                .rest_api_id(self.api_id())
                .resource_id(resource)
                .http_method(&id.verb)
                .authorization_type("NONE")
                .api_key_required(needs_key)
                .set_request_parameters(Some(parameters.clone()))
                .send()
        };
        self.send(send).await?;
        Ok(())
    }

    pub(super) async fn update_method(&self, id: &MethodId, patches: &[Patch]) -> Result<(), ProvisionError> {
        let resource = self.resource_id(&id.path)?;
        let send = |client: Client| {
            let request = client.update_method().rest_api_id(self.api_id()).resource_id(resource);
            request.http_method(&id.verb).set_patch_operations(Some(Patch::operations(patches))).send()
        };
        self.send(send).await?;
        Ok(())
    }

    pub(super) async fn delete_method(&self, id: &MethodId) -> Result<(), ProvisionError> {
        let resource = self.resource_id(&id.path)?;
        let send = |client: Client| {
            client.delete_method().rest_api_id(self.api_id()).resource_id(resource).http_method(&id.verb).send()
        };
        Ok(gone(self.send(send).await)?)
    }

    pub(super) async fn delete_method_response(&self, id: &MethodId) -> Result<(), ProvisionError> {
        let resource = self.resource_id(&id.path)?;
        let send = |client: Client| {
            let request = client.delete_method_response().rest_api_id(self.api_id()).resource_id(resource);
            request.http_method(&id.verb).status_code("200").send()
        };
        Ok(gone(self.send(send).await)?)
    }

    pub(super) async fn put_method_response(&self, id: &MethodId) -> Result<(), ProvisionError> {
        let Method::Preflight(headers) = self.method(id)? else { return Ok(()) };
        let headers: HashMap<String, bool> = headers.keys().map(|name| ((*name).to_owned(), false)).collect();
        let resource = self.resource_id(&id.path)?;
        let send = |client: Client| {
            client
                .put_method_response()
                .rest_api_id(self.api_id())
                .resource_id(resource)
                .http_method(&id.verb)
                .status_code("200")
                .set_response_parameters(Some(headers.clone()))
                .send()
        };
        self.send(send).await?;
        Ok(())
    }

    pub(super) async fn put_integration(&self, id: &MethodId) -> Result<(), ProvisionError> {
        let (method, resource) = (self.method(id)?, self.resource_id(&id.path)?);
        let send = |client: Client| {
            let request =
                client.put_integration().rest_api_id(self.api_id()).resource_id(resource).http_method(&id.verb);
            match method {
                Method::Proxy(Proxy { uri, timeout, mapped, .. }) => {
                    let request = request
                        .r#type(IntegrationType::HttpProxy)
                        .integration_http_method(&id.verb)
                        .uri(uri)
                        .timeout_in_millis(*timeout)
                        .response_transfer_mode(ResponseTransferMode::Stream);
                    mapped.iter().fold(request, |request, (name, value)| {
                        request.request_parameters(*name, value.text().as_str())
                    })
                }
                Method::Preflight(_) => {
                    request.r#type(IntegrationType::Mock).request_templates("application/json", MOCK_TEMPLATE)
                }
            }
            .send()
        };
        self.send(send).await?;
        Ok(())
    }

    pub(super) async fn put_integration_response(&self, id: &MethodId) -> Result<(), ProvisionError> {
        let Method::Preflight(headers) = self.method(id)? else { return Ok(()) };
        let headers: HashMap<String, String> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let resource = self.resource_id(&id.path)?;
        let send = |client: Client| {
            let request = client.put_integration_response().rest_api_id(self.api_id()).resource_id(resource);
            let request = request.http_method(&id.verb).status_code("200");
            request.set_response_parameters(Some(headers.clone())).send()
        };
        self.send(send).await?;
        Ok(())
    }

    /// What the method shall be.
    fn method(&self, id: &MethodId) -> Result<&Method, ProvisionError> {
        self.surface.methods.get(id).ok_or(ProvisionError::Vanished("a method"))
    }
}
