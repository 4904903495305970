//! Makes one step at a time. Every call may be repeated: what is there already is taken as it is, what is gone is gone.

use std::{collections::BTreeMap, ops::ControlFlow};

use aws_sdk_apigateway::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use super::look::Change;
use crate::{
    AwsError,
    action::{self, Action},
    control::Control,
    provision::{
        change::{Call, Goal, Step},
        error::ProvisionError,
        found::{Found, FoundApi},
        wanted::{Credential, OperatorKey, Wanted, surface::Surface},
    },
};

/// What a change has made.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Steps that came to their end.
    pub(crate) steps: usize,
    /// The value of the operator's key, which nobody has seen yet.
    pub(crate) operator_key: Option<Credential>,
}

/// One pass through the steps, with the ids of what there is.
pub(super) struct Execution<'a> {
    pub(super) control: &'a Control,
    pub(super) wanted: &'a Wanted,
    pub(super) surface: &'a Surface,
    pub(super) operator: Option<&'a OperatorKey>,
    pub(super) made: &'a mut Made,
    pub(super) api: FoundApi,
    /// Id of the deployment of the wanted surface, if it was made in this pass.
    pub(super) deployment: Option<String>,
    /// Ids of usage plans by their configured name.
    pub(super) plans: BTreeMap<String, String>,
    /// Id of the operator's key, if it was made in this pass.
    pub(super) operator_key: Option<String>,
    /// The call that is being made; set with each.
    action: Action,
}

/// A deletion's answer: not there is as good as done.
pub(super) fn gone<T>(answer: Result<T, AwsError>) -> Result<(), AwsError> {
    match answer {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}

impl<'a> Execution<'a> {
    pub(super) fn new(change: &'a Change<'_>, found: &Found, made: &'a mut Made) -> Self {
        let plans = found.plans.iter().rev().filter_map(|plan| {
            let name = plan.configured_as(change.wanted)?.plan().name.as_str().to_owned();
            Some((name, plan.id.clone()))
        });
        let operator = match change.goal {
            Goal::Wanted(operator) => operator,
            Goal::Nothing { .. } => None,
        };
        Self {
            control: change.control,
            wanted: change.wanted,
            surface: &change.surface,
            operator,
            made,
            plans: plans.collect(),
            api: found.api.clone().unwrap_or_default(),
            deployment: None,
            operator_key: None,
            action: action::CREATE_REST_API,
        }
    }

    /// Makes one step.
    pub(super) async fn step(&mut self, step: &Step) -> Result<(), ProvisionError> {
        for call in &step.calls {
            if self.make(call).await?.is_break() {
                break;
            }
        }
        self.made.steps += 1;
        Ok(())
    }

    /// Makes one call, and says whether the step goes on.
    pub(super) async fn make(&mut self, call: &Call) -> Result<ControlFlow<()>, ProvisionError> {
        self.action = call.action();
        match call {
            Call::CreateApi => self.create_api().await?,
            Call::UpdateApi(patches) => self.update_api(patches).await?,
            Call::DeleteApi(id) => self.delete_api(id).await?,
            Call::CreateResource(path) => self.create_resource(path).await?,
            Call::DeleteResource(path) => self.delete_resource(path).await?,
            Call::PutMethod(id) => self.put_method(id).await?,
            Call::UpdateMethod(id, patches) => self.update_method(id, patches).await?,
            Call::DeleteMethod(id) => self.delete_method(id).await?,
            Call::PutMethodResponse(id) => self.put_method_response(id).await?,
            Call::DeleteMethodResponse(id) => self.delete_method_response(id).await?,
            Call::PutIntegration(id) => self.put_integration(id).await?,
            Call::PutIntegrationResponse(id) => self.put_integration_response(id).await?,
            Call::PutGatewayResponse(kind) => self.put_gateway_response(kind).await?,
            Call::DeleteGatewayResponse(kind) => self.delete_gateway_response(kind).await?,
            Call::CheckMethods => self.check_methods().await?,
            Call::CreateDeployment => self.create_deployment().await?,
            Call::DeleteDeployment(id) => self.delete_deployment(id).await?,
            Call::CreateStage(deployment) => self.create_stage(deployment.as_deref()).await?,
            Call::MoveStage(deployment) => self.move_stage(deployment.as_deref()).await?,
            Call::DeleteStage(name) => self.delete_stage(name).await?,
            Call::CreatePlan(index) => self.create_plan(*index).await?,
            Call::UpdatePlan(id, patches) => self.update_plan(id, patches).await?,
            Call::CheckKeys(check) => return self.check_keys(check).await,
            Call::DeletePlan(id) => self.delete_plan(id).await?,
            Call::CreateOperatorKey => self.create_operator_key().await?,
            Call::ReadOperatorKey(key) => self.read_operator_key(key).await?,
            Call::AttachOperatorKey { key, plan_name } => self.attach_operator_key(key.as_deref(), plan_name).await?,
            Call::DetachKey { plan, key } => self.detach_key(plan, key).await?,
            Call::DeleteKey(key) => self.delete_key(key).await?,
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Sends the call that is being made.
    pub(super) async fn send<T, E, Sent>(&self, send: impl Fn(Client) -> Sent) -> Result<T, AwsError>
    where
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.control.call(self.action, send).await
    }

    pub(super) fn api_id(&self) -> &str {
        &self.api.id
    }

    /// The id of a method's resource.
    pub(super) fn resource_id(&self, path: &str) -> Result<&str, ProvisionError> {
        let surface = &self.api.surface;
        let id = if path == "/" { surface.root_id.as_ref() } else { surface.resources.get(path) };
        id.map(String::as_str).ok_or(ProvisionError::Vanished("a resource"))
    }
}
