//! One step from what there is to what is wanted: its line for people, and the calls that it takes.

use aws_sdk_apigateway::types::{Op, PatchOperation};

use super::{diff_plans::NEW_API, surface::MethodId};
use crate::action::{self, Action};

/// A step, with what it does in words.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// How people count it.
    pub(crate) sign: Sign,
    /// What it changes, without the sign.
    pub(crate) line: String,
    /// What it does.
    pub(crate) does: Does,
}

/// How a step is counted, and shown before its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Add,
    Change,
    Destroy,
}

impl Sign {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Change => "~",
            Self::Destroy => "-",
        }
    }
}

/// What a step does. Ids of what isn't there yet are looked up when it is its turn.
#[derive(Debug, Clone)]
pub(crate) enum Does {
    CreateApi,
    UpdateApi(Vec<Patch>),
    CreateResource(String),
    /// With all that lies below it.
    DeleteResource(String),
    Method(MethodId, MethodCalls),
    DeleteMethod(MethodId),
    SetRefusal(&'static str),
    ResetRefusal(String),
    Deploy,
    /// Of this deployment, or the one just made.
    CreateStage(Option<String>),
    MoveStage(Option<String>),
    DeleteStage(String),
    DeleteDeployment(String),
    /// The index among the wanted plans.
    CreatePlan(usize),
    UpdatePlan {
        id: String,
        patches: Vec<Patch>,
    },
    DeletePlan(Leaving),
    OperatorKey(OperatorKeyStep),
}

/// What is missing of a method.
#[derive(Debug, Clone, Default)]
pub(crate) struct MethodCalls {
    pub(crate) put: bool,
    pub(crate) patches: Vec<Patch>,
    /// The declared response of a preflight.
    pub(crate) reply: Option<Reply>,
    pub(crate) integration: bool,
    pub(crate) integration_reply: bool,
}

/// A method's response can be made but not overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Put,
    Replace,
}

/// A plan without keys that left the configuration, and what becomes of it if somebody gets a key meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Leaving {
    pub(crate) id: String,
    /// Detaches it from its stages, without which AWS deletes no plan.
    pub(crate) detach: Vec<Patch>,
    /// Undoes that.
    pub(crate) attach: Vec<Patch>,
    /// Ends its offer; `None` if that is done.
    pub(crate) retire: Option<Patch>,
}

/// What is missing of the operator's key.
#[derive(Debug, Clone, Default)]
pub(crate) struct OperatorKeyStep {
    /// The plan's name.
    pub(crate) plan: String,
    /// A key that was made but is on no plan.
    pub(crate) unfinished: Option<String>,
    /// A key that is on other plans, and those of them that are ours.
    pub(crate) moved: Option<(String, Vec<String>)>,
}

/// One operation of a PATCH; values are texts, whatever their type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    op: &'static str,
    path: String,
    value: Option<String>,
}

impl Patch {
    pub(crate) fn replace(path: impl Into<String>, value: impl Into<String>) -> Self {
        Self { op: "replace", path: path.into(), value: Some(value.into()) }
    }

    pub(crate) fn add(path: impl Into<String>, value: impl Into<String>) -> Self {
        Self { op: "add", path: path.into(), value: Some(value.into()) }
    }

    pub(crate) fn remove(path: impl Into<String>, value: Option<String>) -> Self {
        Self { op: "remove", path: path.into(), value }
    }

    /// With the API's id, where it wasn't known when the plan was made.
    pub(crate) fn of_api(&self, api_id: &str) -> Self {
        let value = self.value.as_ref().map(|value| match value.strip_prefix(NEW_API) {
            Some(stage) if self.path == "/apiStages" => format!("{api_id}{stage}"),
            _ => value.clone(),
        });
        Self { value, ..self.clone() }
    }

    pub(crate) fn operations(patches: &[Self]) -> Vec<PatchOperation> {
        let operation = |patch: &Self| {
            PatchOperation::builder()
                .op(Op::from(patch.op))
                .path(patch.path.clone())
                .set_value(patch.value.clone())
                .build()
        };
        patches.iter().map(operation).collect()
    }
}

impl Step {
    pub(crate) fn add(line: impl Into<String>, does: Does) -> Self {
        Self { sign: Sign::Add, line: line.into(), does }
    }

    pub(crate) fn change(line: impl Into<String>, does: Does) -> Self {
        Self { sign: Sign::Change, line: line.into(), does }
    }

    pub(crate) fn destroy(line: impl Into<String>, does: Does) -> Self {
        Self { sign: Sign::Destroy, line: line.into(), does }
    }

    /// The calls, for the estimate.
    pub(crate) fn calls(&self) -> Vec<Action> {
        match &self.does {
            Does::CreateApi => vec![action::CREATE_REST_API],
            Does::UpdateApi(_) => vec![action::UPDATE_REST_API],
            Does::CreateResource(_) => vec![action::CREATE_RESOURCE],
            Does::DeleteResource(_) => vec![action::DELETE_RESOURCE],
            Does::Method(_, calls) => calls.actions(),
            Does::DeleteMethod(_) => vec![action::DELETE_METHOD],
            Does::SetRefusal(_) => vec![action::PUT_GATEWAY_RESPONSE],
            Does::ResetRefusal(_) => vec![action::DELETE_GATEWAY_RESPONSE],
            Does::Deploy => vec![action::GET_RESOURCES, action::CREATE_DEPLOYMENT],
            Does::CreateStage(_) => vec![action::CREATE_STAGE],
            Does::MoveStage(_) => vec![action::UPDATE_STAGE],
            Does::DeleteStage(_) => vec![action::DELETE_STAGE],
            Does::DeleteDeployment(_) => vec![action::DELETE_DEPLOYMENT],
            Does::CreatePlan(_) => vec![action::CREATE_USAGE_PLAN],
            Does::UpdatePlan { .. } => vec![action::UPDATE_USAGE_PLAN],
            Does::DeletePlan(leaving) if leaving.detach.is_empty() => {
                vec![action::GET_USAGE_PLAN_KEYS, action::DELETE_USAGE_PLAN]
            }
            Does::DeletePlan(_) => vec![
                action::GET_USAGE_PLAN_KEYS,
                action::UPDATE_USAGE_PLAN,
                action::GET_USAGE_PLAN_KEYS,
                action::DELETE_USAGE_PLAN,
            ],
            Does::OperatorKey(step) => step.actions(),
        }
    }

    /// The calls by which what it made is read afterwards, for the estimate.
    pub(crate) fn reads_after(&self) -> Vec<Action> {
        match &self.does {
            Does::CreateApi => {
                vec![action::GET_RESOURCES, action::GET_GATEWAY_RESPONSES, action::GET_DEPLOYMENTS, action::GET_STAGES]
            }
            // Lists leave tags out.
            Does::CreatePlan(_) => vec![action::GET_USAGE_PLAN],
            Does::OperatorKey(step) if step.moved.is_none() && step.unfinished.is_none() => {
                vec![action::GET_API_KEY, action::GET_USAGE_PLANS]
            }
            _ => Vec::new(),
        }
    }

    /// The key that it moves from plan to plan.
    pub(crate) fn moved_key(&self) -> Option<&str> {
        let Does::OperatorKey(OperatorKeyStep { moved: Some((key, _)), .. }) = &self.does else { return None };
        Some(key)
    }

    /// What it is about, whatever it changes of it.
    pub(crate) fn subject(&self) -> &str {
        self.line.split(" (").next().unwrap_or(&self.line)
    }
}

impl OperatorKeyStep {
    fn actions(&self) -> Vec<Action> {
        let mut actions = match (&self.moved, &self.unfinished) {
            (Some((_, from)), _) => vec![action::DELETE_USAGE_PLAN_KEY; from.len()],
            (None, Some(_)) => vec![action::GET_API_KEY],
            (None, None) => vec![action::CREATE_API_KEY],
        };
        actions.push(action::CREATE_USAGE_PLAN_KEY);
        actions
    }
}

impl MethodCalls {
    pub(crate) fn is_empty(&self) -> bool {
        self.actions().is_empty()
    }

    fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut make = |needed: bool, action| {
            if needed {
                actions.push(action);
            }
        };
        make(self.put, action::PUT_METHOD);
        make(!self.patches.is_empty(), action::UPDATE_METHOD);
        make(self.reply == Some(Reply::Replace), action::DELETE_METHOD_RESPONSE);
        make(self.reply.is_some(), action::PUT_METHOD_RESPONSE);
        make(self.integration, action::PUT_INTEGRATION);
        make(self.integration_reply, action::PUT_INTEGRATION_RESPONSE);
        actions
    }
}
