//! What there is in the account that is ours.

use std::collections::{BTreeMap, BTreeSet};

use api_types::{Quota, Throttle};

use super::{credential::Credential, surface::MethodId};

/// Everything of ours, as last read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Found {
    /// The API and what hangs on it.
    pub(crate) api: Option<FoundApi>,
    /// The usage plans.
    pub(crate) plans: Vec<FoundPlan>,
    /// The operator's key.
    pub(crate) operator_key: Option<FoundOperatorKey>,
}

/// The REST API.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundApi {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `HEADER` or `AUTHORIZER`; `None` where AWS doesn't tell.
    pub(crate) key_source: Option<String>,
    /// `REGIONAL`, `EDGE` or `PRIVATE`.
    pub(crate) endpoint_types: Vec<String>,
    /// Whether the stage's address was switched off.
    pub(crate) endpoint_disabled: bool,
    /// The resource `/`.
    pub(crate) root_id: Option<String>,
    /// Ids by path, without the root.
    pub(crate) resources: BTreeMap<String, String>,
    pub(crate) methods: BTreeMap<MethodId, FoundMethod>,
    /// Gateway responses that aren't AWS's own, by type.
    pub(crate) refusals: BTreeMap<String, FoundRefusal>,
    pub(crate) deployments: Vec<FoundDeployment>,
    pub(crate) stages: Vec<FoundStage>,
}

/// A method.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundMethod {
    pub(crate) key_required: bool,
    pub(crate) authorization: String,
    pub(crate) parameters: BTreeMap<String, bool>,
    /// Headers that its response 200 declares; `None` without such a response.
    pub(crate) reply_headers: Option<BTreeSet<String>>,
    pub(crate) integration: Option<FoundIntegration>,
}

/// An integration. Whatever is mapped may hold a credential.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundIntegration {
    /// `HTTP_PROXY`, `MOCK`, ….
    pub(crate) kind: String,
    pub(crate) verb: Option<String>,
    pub(crate) uri: Option<String>,
    /// Milliseconds; `None` where AWS doesn't tell.
    pub(crate) timeout: Option<i32>,
    /// `STREAM` or `BUFFERED`; `None` where AWS doesn't tell.
    pub(crate) transfer: Option<String>,
    pub(crate) mapped: BTreeMap<String, Credential>,
    /// The request template for JSON.
    pub(crate) template: Option<String>,
    /// Headers of the response 200; `None` without one.
    pub(crate) reply_headers: Option<BTreeMap<String, String>>,
}

/// A gateway response.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundRefusal {
    pub(crate) status: Option<String>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) template: Option<String>,
}

/// A deployment.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundDeployment {
    pub(crate) id: String,
    pub(crate) description: String,
}

/// A stage of the API.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundStage {
    pub(crate) name: String,
    pub(crate) deployment_id: String,
    /// Whether it has our tags.
    pub(crate) is_ours: bool,
}

/// A usage plan of ours.
#[derive(Debug, Clone)]
pub(crate) struct FoundPlan {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// The tag that says which plan of the configuration it is.
    pub(crate) plan_tag: Option<String>,
    pub(crate) quota: Quota,
    pub(crate) throttle: Option<Throttle>,
    /// As `(API id, stage)`.
    pub(crate) stages: Vec<(String, String)>,
    /// Its keys; `None` where they weren't asked for.
    pub(crate) keys: Option<Vec<FoundKey>>,
}

/// A key on a plan; its value is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundKey {
    pub(crate) id: String,
}

/// The key that the provisioner made for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundOperatorKey {
    pub(crate) id: String,
    /// Ids of the plans that it is on.
    pub(crate) plan_ids: Vec<String>,
}
