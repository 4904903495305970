//! The calls about the API itself, its resources, gateway responses, deployments and stages.

use aws_sdk_apigateway::{
    Client,
    types::{ApiKeySourceType, EndpointConfiguration, EndpointType},
};

use super::execution::{Execution, gone};
use crate::{
    marks,
    provision::{
        change::{Patch, surface::unsafe_methods},
        error::ProvisionError,
        found::FoundSurface,
    },
};

impl Execution<'_> {
    pub(super) async fn create_api(&mut self) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            let mut request = client
                .create_rest_api()
                .name(&self.wanted.api_name)
                .description("Tollgate: usage plans and keys in front of an OpenAI-compatible API.")
                .api_key_source(ApiKeySourceType::Header)
                .endpoint_configuration(EndpointConfiguration::builder().types(EndpointType::Regional).build());
            for (name, value) in marks::tags(&self.wanted.api_name) {
                request = request.tags(name, value);
            }
            request.send()
        };
        let api = self.send(send).await?;
        self.api.id = api.id.unwrap_or_default();
        self.api.surface.root_id = api.root_resource_id;
        if self.api.surface.root_id.is_none() {
            self.api.surface = FoundSurface::read(self.control, self.api_id()).await?;
        }
        Ok(())
    }

    pub(super) async fn update_api(&self, patches: &[Patch]) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            let request = client.update_rest_api().rest_api_id(self.api_id());
            request.set_patch_operations(Some(Patch::operations(patches))).send()
        };
        self.send(send).await?;
        Ok(())
    }

    pub(super) async fn delete_api(&self, id: &str) -> Result<(), ProvisionError> {
        let send = |client: Client| client.delete_rest_api().rest_api_id(id).send();
        Ok(gone(self.send(send).await)?)
    }

    pub(super) async fn create_resource(&mut self, path: &str) -> Result<(), ProvisionError> {
        let (above, part) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.resource_id(if above.is_empty() { "/" } else { above })?;
        let send = |client: Client| {
            let request = client.create_resource().rest_api_id(self.api_id()).parent_id(parent).path_part(part);
            request.send()
        };
        let resource = self.send(send).await?;
        self.api.surface.resources.insert(path.to_owned(), resource.id.unwrap_or_default());
        Ok(())
    }

    pub(super) async fn delete_resource(&self, path: &str) -> Result<(), ProvisionError> {
        let id = self.resource_id(path)?;
        let send = |client: Client| client.delete_resource().rest_api_id(self.api_id()).resource_id(id).send();
        Ok(gone(self.send(send).await)?)
    }

    pub(super) async fn put_gateway_response(&self, kind: &str) -> Result<(), ProvisionError> {
        let Some(response) = self.surface.gateway_responses.get(kind) else { return Ok(()) };
        let send = |client: Client| {
            client
                .put_gateway_response()
                .rest_api_id(self.api_id())
                .response_type(kind.into())
                .set_status_code(response.status.map(str::to_owned))
                .set_response_parameters(Some(response.parameters.clone().into_iter().collect()))
                .response_templates("application/json", &response.template)
                .send()
        };
        self.send(send).await?;
        Ok(())
    }

    pub(super) async fn delete_gateway_response(&self, kind: &str) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            client.delete_gateway_response().rest_api_id(self.api_id()).response_type(kind.into()).send()
        };
        Ok(gone(self.send(send).await)?)
    }

    pub(super) async fn check_methods(&self) -> Result<(), ProvisionError> {
        let now = FoundSurface::read(self.control, self.api_id()).await?;
        let left = unsafe_methods(self.surface, &now);
        if left.is_empty() { Ok(()) } else { Err(ProvisionError::Unsettled { left }) }
    }

    /// Takes the picture that goes live.
    pub(super) async fn create_deployment(&mut self) -> Result<(), ProvisionError> {
        let send = |client: Client| {
            // Without a stage's name: a stage is moved, never made anew, since its usage plans hang on it.
            let request = client.create_deployment().rest_api_id(self.api_id()).description(&self.surface.mark);
            request.send()
        };
        self.deployment = self.send(send).await?.id;
        Ok(())
    }

    fn deployment<'d>(&'d self, known: Option<&'d str>) -> Result<&'d str, ProvisionError> {
        known.or(self.deployment.as_deref()).ok_or(ProvisionError::Vanished("the deployment"))
    }

    pub(super) async fn create_stage(&self, deployment: Option<&str>) -> Result<(), ProvisionError> {
        let deployment = self.deployment(deployment)?;
        let send = |client: Client| {
            let mut request = client
                .create_stage()
                .rest_api_id(self.api_id())
                .stage_name(&self.wanted.stage)
                .deployment_id(deployment);
            for (name, value) in marks::tags(&self.wanted.api_name) {
                request = request.tags(name, value);
            }
            request.send()
        };
        self.send(send).await?;
        Ok(())
    }

    pub(super) async fn move_stage(&self, deployment: Option<&str>) -> Result<(), ProvisionError> {
        let patch = [Patch::replace("/deploymentId", self.deployment(deployment)?)];
        let send = |client: Client| {
            let request = client.update_stage().rest_api_id(self.api_id()).stage_name(&self.wanted.stage);
            request.set_patch_operations(Some(Patch::operations(&patch))).send()
        };
        self.send(send).await?;
        Ok(())
    }

    pub(super) async fn delete_stage(&self, name: &str) -> Result<(), ProvisionError> {
        let send = |client: Client| client.delete_stage().rest_api_id(self.api_id()).stage_name(name).send();
        Ok(gone(self.send(send).await)?)
    }

    pub(super) async fn delete_deployment(&self, id: &str) -> Result<(), ProvisionError> {
        let send = |client: Client| client.delete_deployment().rest_api_id(self.api_id()).deployment_id(id).send();
        Ok(gone(self.send(send).await)?)
    }
}
