//! Makes one step at a time. Every call may be repeated: what is there already is taken as it is, what is gone is gone.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{ApiKeySourceType, EndpointConfiguration, EndpointType};

use super::{
    credential::Credential,
    diff, diff_plans,
    error::ProvisionError,
    execute_method, execute_plan,
    found::{Found, FoundApi},
    operator_key::OperatorKey,
    read_surface,
    step::{Does, Patch, Step},
    surface::{MethodId, Surface},
    wanted::Wanted,
};
use crate::{
    AwsError, action,
    control::{Control, once},
    marks,
};

/// What a run of `apply` has made.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Steps that came to their end.
    pub(crate) steps: usize,
    /// The value of the operator's key, which nobody has seen yet.
    pub(crate) operator_key: Option<Credential>,
}

/// One pass through the steps, with the ids of what there is.
pub(crate) struct Execution<'a> {
    pub(crate) control: &'a Control,
    pub(crate) wanted: &'a Wanted,
    pub(crate) surface: &'a Surface,
    pub(crate) operator: Option<&'a OperatorKey>,
    api: FoundApi,
    /// Id of the deployment of the wanted surface.
    deployment: Option<String>,
    /// Ids of usage plans by their configured name.
    pub(crate) plans: BTreeMap<String, String>,
}

/// A deletion's answer: not there is as good as done.
pub(crate) fn gone<T>(answer: Result<T, AwsError>) -> Result<(), AwsError> {
    match answer {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}

impl<'a> Execution<'a> {
    pub(crate) fn new(
        control: &'a Control,
        wanted: &'a Wanted,
        surface: &'a Surface,
        operator: Option<&'a OperatorKey>,
        found: Found,
    ) -> Self {
        let plans = found.plans.iter().rev().filter_map(|plan| {
            let name = diff_plans::configured_as(wanted, plan)?.plan().name.as_str().to_owned();
            Some((name, plan.id.clone()))
        });
        Self {
            control,
            wanted,
            surface,
            operator,
            plans: plans.collect(),
            api: found.api.unwrap_or_default(),
            deployment: None,
        }
    }

    pub(crate) fn api_id(&self) -> &str {
        &self.api.id
    }

    /// The id of a method's resource.
    pub(crate) fn resource_id(&self, path: &str) -> Result<&str, ProvisionError> {
        let id = if path == "/" { self.api.root_id.as_ref() } else { self.api.resources.get(path) };
        id.map(String::as_str).ok_or(ProvisionError::Vanished("a resource"))
    }

    /// Makes one step.
    pub(crate) async fn step(&mut self, step: &Step, made: &mut Made) -> Result<(), ProvisionError> {
        match &step.does {
            Does::CreateApi => self.create_api().await,
            Does::UpdateApi(patches) => self.update_api(patches).await,
            Does::CreateResource(path) => self.create_resource(path).await,
            Does::DeleteResource(path) => self.delete_resource(path).await,
            Does::Method(id, control) => execute_method::make(self, id, control).await,
            Does::DeleteMethod(id) => self.delete_method(id).await,
            Does::SetRefusal(kind) => self.set_refusal(kind).await,
            Does::ResetRefusal(kind) => self.reset_refusal(kind).await,
            Does::Deploy => self.deploy().await,
            Does::CreateStage(deployment) => self.create_stage(deployment.as_deref()).await,
            Does::MoveStage(deployment) => self.move_stage(deployment.as_deref()).await,
            Does::DeleteStage(name) => self.delete_stage(name).await,
            Does::DeleteDeployment(id) => self.delete_deployment(id).await,
            Does::CreatePlan(index) => execute_plan::create(self, *index).await,
            Does::UpdatePlan { id, patches } => execute_plan::update(self, id, patches).await,
            Does::DeletePlan(leaving) => Ok(execute_plan::leave(self.control, leaving).await?),
            Does::OperatorKey(step) => execute_plan::operator_key(self, step, made).await,
        }
    }

    async fn create_api(&mut self) -> Result<(), ProvisionError> {
        let wanted = self.wanted;
        let api = self
            .control
            .call(action::CREATE_REST_API, |client| {
                let mut request = client
                    .create_rest_api()
                    .name(&wanted.api_name)
                    .description("Tollgate: usage plans and keys in front of an OpenAI-compatible API.")
                    .api_key_source(ApiKeySourceType::Header)
                    .endpoint_configuration(EndpointConfiguration::builder().types(EndpointType::Regional).build());
                for (name, value) in marks::tags(&wanted.api_name) {
                    request = request.tags(name, value);
                }
                request.customize().config_override(once()).send()
            })
            .await?;
        self.api.id = api.id.unwrap_or_default();
        self.api.root_id = api.root_resource_id;
        if self.api.root_id.is_none() {
            read_surface::resources(self.control, &mut self.api).await?;
        }
        Ok(())
    }

    async fn update_api(&self, patches: &[Patch]) -> Result<(), ProvisionError> {
        let send = |client: aws_sdk_apigateway::Client| {
            let request = client.update_rest_api().rest_api_id(self.api_id());
            request.set_patch_operations(Some(Patch::operations(patches))).send()
        };
        self.control.call(action::UPDATE_REST_API, send).await?;
        Ok(())
    }

    async fn create_resource(&mut self, path: &str) -> Result<(), ProvisionError> {
        let (above, part) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.resource_id(if above.is_empty() { "/" } else { above })?;
        let resource = self
            .control
            .call(action::CREATE_RESOURCE, |client| {
                let request = client.create_resource().rest_api_id(self.api_id()).parent_id(parent).path_part(part);
                request.customize().config_override(once()).send()
            })
            .await?;
        self.api.resources.insert(path.to_owned(), resource.id.unwrap_or_default());
        Ok(())
    }

    async fn delete_resource(&self, path: &str) -> Result<(), ProvisionError> {
        let id = self.resource_id(path)?;
        let send = |client: aws_sdk_apigateway::Client| {
            client.delete_resource().rest_api_id(self.api_id()).resource_id(id).send()
        };
        Ok(gone(self.control.call(action::DELETE_RESOURCE, send).await)?)
    }

    async fn delete_method(&self, id: &MethodId) -> Result<(), ProvisionError> {
        let resource = self.resource_id(&id.path)?;
        let send = |client: aws_sdk_apigateway::Client| {
            client.delete_method().rest_api_id(self.api_id()).resource_id(resource).http_method(&id.verb).send()
        };
        Ok(gone(self.control.call(action::DELETE_METHOD, send).await)?)
    }

    async fn set_refusal(&self, kind: &str) -> Result<(), ProvisionError> {
        let Some(refusal) = self.surface.refusals.get(kind) else { return Ok(()) };
        let send = |client: aws_sdk_apigateway::Client| {
            client
                .put_gateway_response()
                .rest_api_id(self.api_id())
                .response_type(kind.into())
                .set_status_code(refusal.status.map(str::to_owned))
                .set_response_parameters(Some(refusal.parameters.clone().into_iter().collect()))
                .response_templates("application/json", &refusal.template)
                .send()
        };
        self.control.call(action::PUT_GATEWAY_RESPONSE, send).await?;
        Ok(())
    }

    async fn reset_refusal(&self, kind: &str) -> Result<(), ProvisionError> {
        let send = |client: aws_sdk_apigateway::Client| {
            client.delete_gateway_response().rest_api_id(self.api_id()).response_type(kind.into()).send()
        };
        Ok(gone(self.control.call(action::DELETE_GATEWAY_RESPONSE, send).await)?)
    }

    /// Takes the picture that goes live, after looking once more that no way past the keys is on it.
    async fn deploy(&mut self) -> Result<(), ProvisionError> {
        read_surface::resources(self.control, &mut self.api).await?;
        let unsafe_methods = diff::unsafe_methods(self.surface, &self.api);
        if !unsafe_methods.is_empty() {
            return Err(ProvisionError::Unsettled { left: unsafe_methods });
        }
        let deployment = self
            .control
            .call(action::CREATE_DEPLOYMENT, |client| {
                // Without a stage's name: a stage is moved, never made anew, since its usage plans hang on it.
                let request = client.create_deployment().rest_api_id(self.api_id()).description(&self.surface.mark);
                request.customize().config_override(once()).send()
            })
            .await?;
        self.deployment = deployment.id;
        Ok(())
    }

    fn deployment<'d>(&'d self, known: Option<&'d str>) -> Result<&'d str, ProvisionError> {
        known.or(self.deployment.as_deref()).ok_or(ProvisionError::Vanished("the deployment"))
    }

    async fn create_stage(&self, deployment: Option<&str>) -> Result<(), ProvisionError> {
        let deployment = self.deployment(deployment)?;
        let send = |client: aws_sdk_apigateway::Client| {
            let mut request = client
                .create_stage()
                .rest_api_id(self.api_id())
                .stage_name(&self.wanted.stage)
                .deployment_id(deployment);
            for (name, value) in marks::tags(&self.wanted.api_name) {
                request = request.tags(name, value);
            }
            request.customize().config_override(once()).send()
        };
        self.control.call(action::CREATE_STAGE, send).await?;
        Ok(())
    }

    async fn move_stage(&self, deployment: Option<&str>) -> Result<(), ProvisionError> {
        let patch = [Patch::replace("/deploymentId", self.deployment(deployment)?)];
        let send = |client: aws_sdk_apigateway::Client| {
            let request = client.update_stage().rest_api_id(self.api_id()).stage_name(&self.wanted.stage);
            request.set_patch_operations(Some(Patch::operations(&patch))).send()
        };
        self.control.call(action::UPDATE_STAGE, send).await?;
        Ok(())
    }

    async fn delete_stage(&self, name: &str) -> Result<(), ProvisionError> {
        let send = |client: aws_sdk_apigateway::Client| {
            client.delete_stage().rest_api_id(self.api_id()).stage_name(name).send()
        };
        Ok(gone(self.control.call(action::DELETE_STAGE, send).await)?)
    }

    async fn delete_deployment(&self, id: &str) -> Result<(), ProvisionError> {
        let send = |client: aws_sdk_apigateway::Client| {
            client.delete_deployment().rest_api_id(self.api_id()).deployment_id(id).send()
        };
        Ok(gone(self.control.call(action::DELETE_DEPLOYMENT, send).await)?)
    }
}
