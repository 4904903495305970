//! The calls that change something: what a step is made of, and what the estimate counts.

use std::collections::BTreeSet;

use super::patch::Patch;
use crate::{
    action::{self, Action},
    provision::wanted::surface::MethodId,
};

/// One call. Ids of what isn't there yet are looked up when it is its turn.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    CreateApi,
    UpdateApi(Vec<Patch>),
    /// With its stages, deployments and all else that hangs on it.
    DeleteApi(String),
    CreateResource(String),
    /// With all that lies below it.
    DeleteResource(String),
    PutMethod(MethodId),
    UpdateMethod(MethodId, Vec<Patch>),
    DeleteMethod(MethodId),
    /// What a preflight declares that it answers.
    PutMethodResponse(MethodId),
    DeleteMethodResponse(MethodId),
    PutIntegration(MethodId),
    PutIntegrationResponse(MethodId),
    PutGatewayResponse(&'static str),
    /// Back to AWS's own.
    DeleteGatewayResponse(String),
    /// Looks once more that no method lets people past the keys.
    CheckMethods,
    CreateDeployment,
    DeleteDeployment(String),
    /// Of this deployment, or the one just made.
    CreateStage(Option<String>),
    MoveStage(Option<String>),
    DeleteStage(String),
    /// The index among the wanted plans.
    CreatePlan(usize),
    UpdatePlan(String, Vec<Patch>),
    CheckKeys(KeyCheck),
    DeletePlan(String),
    CreateOperatorKey,
    /// Asks for the value of a key that was made but never put on a plan, and so never shown.
    ReadOperatorKey(String),
    /// Puts this key, or the one just made, on the plan of this name.
    AttachOperatorKey {
        key: Option<String>,
        plan_name: String,
    },
    DetachKey {
        plan: String,
        key: String,
    },
    /// It leaves its plans by that.
    DeleteKey(String),
}

/// Before a plan goes: a server goes on offering it until it reads again, so that somebody may have got a key on it since
/// it was read. Then the step ends here.
#[derive(Debug, Clone)]
pub(crate) struct KeyCheck {
    pub(crate) plan: String,
    /// Keys that may be on it.
    pub(crate) known: BTreeSet<String>,
    /// What becomes of the plan instead.
    pub(crate) instead: Vec<Patch>,
    /// Whether that stops the whole change.
    pub(crate) refuses: bool,
}

impl Call {
    /// What AWS calls it.
    pub(crate) fn action(&self) -> Action {
        match self {
            Self::CreateApi => action::CREATE_REST_API,
            Self::UpdateApi(_) => action::UPDATE_REST_API,
            Self::DeleteApi(_) => action::DELETE_REST_API,
            Self::CreateResource(_) => action::CREATE_RESOURCE,
            Self::DeleteResource(_) => action::DELETE_RESOURCE,
            Self::PutMethod(_) => action::PUT_METHOD,
            Self::UpdateMethod(..) => action::UPDATE_METHOD,
            Self::DeleteMethod(_) => action::DELETE_METHOD,
            Self::PutMethodResponse(_) => action::PUT_METHOD_RESPONSE,
            Self::DeleteMethodResponse(_) => action::DELETE_METHOD_RESPONSE,
            Self::PutIntegration(_) => action::PUT_INTEGRATION,
            Self::PutIntegrationResponse(_) => action::PUT_INTEGRATION_RESPONSE,
            Self::PutGatewayResponse(_) => action::PUT_GATEWAY_RESPONSE,
            Self::DeleteGatewayResponse(_) => action::DELETE_GATEWAY_RESPONSE,
            Self::CheckMethods => action::GET_RESOURCES,
            Self::CreateDeployment => action::CREATE_DEPLOYMENT,
            Self::DeleteDeployment(_) => action::DELETE_DEPLOYMENT,
            Self::CreateStage(_) => action::CREATE_STAGE,
            Self::MoveStage(_) => action::UPDATE_STAGE,
            Self::DeleteStage(_) => action::DELETE_STAGE,
            Self::CreatePlan(_) => action::CREATE_USAGE_PLAN,
            Self::UpdatePlan(..) => action::UPDATE_USAGE_PLAN,
            Self::CheckKeys(_) => action::GET_USAGE_PLAN_KEYS,
            Self::DeletePlan(_) => action::DELETE_USAGE_PLAN,
            Self::CreateOperatorKey => action::CREATE_API_KEY,
            Self::ReadOperatorKey(_) => action::GET_API_KEY,
            Self::AttachOperatorKey { .. } => action::CREATE_USAGE_PLAN_KEY,
            Self::DetachKey { .. } => action::DELETE_USAGE_PLAN_KEY,
            Self::DeleteKey(_) => action::DELETE_API_KEY,
        }
    }

    /// By which calls what it made is read afterwards, beside those that were made before.
    pub(super) fn reads_after(&self) -> &'static [Action] {
        match self {
            Self::CreateApi => {
                &[action::GET_RESOURCES, action::GET_GATEWAY_RESPONSES, action::GET_DEPLOYMENTS, action::GET_STAGES]
            }
            // Lists leave tags out.
            Self::CreatePlan(_) => &[action::GET_USAGE_PLAN],
            Self::CreateOperatorKey => &[action::GET_API_KEY, action::GET_USAGE_PLANS],
            _ => &[],
        }
    }
}
