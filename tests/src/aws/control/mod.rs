//! The control plane: which operation a request is, whether it is signed, and what it comes to.

mod apis;
mod deployments;
mod gateway_responses;
mod integration_responses;
mod integrations;
mod keys;
mod methods;
mod patch;
mod plan_keys;
mod plan_patches;
mod plans;
mod resources;
mod stages;
mod tagging;
mod tags;
mod usage;

pub(crate) use gateway_responses::default_response;
pub(crate) use resources::variable;

use super::{
    account::Account,
    answer::{Answered, AwsError},
    request::{Request, decoded},
};

/// An operation of API Gateway.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    method: &'static str,
    /// `{name}` stands for one part, which the operation finds by that name.
    path: &'static str,
    pub(crate) name: &'static str,
    apply: fn(&mut Account, &Request) -> Answered,
}

const fn on(
    method: &'static str,
    path: &'static str,
    name: &'static str,
    apply: fn(&mut Account, &Request) -> Answered,
) -> Operation {
    Operation { method, path, name, apply }
}

const METHOD: &str = "/restapis/{api}/resources/{resource}/methods/{method}";
const METHOD_RESPONSE: &str = "/restapis/{api}/resources/{resource}/methods/{method}/responses/{status}";
const INTEGRATION: &str = "/restapis/{api}/resources/{resource}/methods/{method}/integration";
const INTEGRATION_RESPONSE: &str =
    "/restapis/{api}/resources/{resource}/methods/{method}/integration/responses/{status}";

const OPERATIONS: &[Operation] = &[
    on("POST", "/apikeys", "CreateApiKey", keys::create),
    on("GET", "/apikeys", "GetApiKeys", keys::list),
    on("GET", "/apikeys/{key}", "GetApiKey", keys::get),
    on("PATCH", "/apikeys/{key}", "UpdateApiKey", keys::update),
    on("DELETE", "/apikeys/{key}", "DeleteApiKey", keys::delete),
    on("POST", "/usageplans", "CreateUsagePlan", plans::create),
    on("GET", "/usageplans", "GetUsagePlans", plans::list),
    on("GET", "/usageplans/{plan}", "GetUsagePlan", plans::get),
    on("PATCH", "/usageplans/{plan}", "UpdateUsagePlan", plan_patches::update),
    on("DELETE", "/usageplans/{plan}", "DeleteUsagePlan", plans::delete),
    on("POST", "/usageplans/{plan}/keys", "CreateUsagePlanKey", plan_keys::create),
    on("GET", "/usageplans/{plan}/keys", "GetUsagePlanKeys", plan_keys::list),
    on("GET", "/usageplans/{plan}/keys/{key}", "GetUsagePlanKey", plan_keys::get),
    on("DELETE", "/usageplans/{plan}/keys/{key}", "DeleteUsagePlanKey", plan_keys::delete),
    on("GET", "/usageplans/{plan}/usage", "GetUsage", usage::get),
    on("PATCH", "/usageplans/{plan}/keys/{key}/usage", "UpdateUsage", usage::update),
    on("GET", "/tags/{arn}", "GetTags", tagging::get),
    on("PUT", "/tags/{arn}", "TagResource", tagging::put),
    on("DELETE", "/tags/{arn}", "UntagResource", tagging::remove),
    on("POST", "/restapis", "CreateRestApi", apis::create),
    on("GET", "/restapis", "GetRestApis", apis::list),
    on("GET", "/restapis/{api}", "GetRestApi", apis::get),
    on("PATCH", "/restapis/{api}", "UpdateRestApi", apis::update),
    on("DELETE", "/restapis/{api}", "DeleteRestApi", apis::delete),
    on("GET", "/restapis/{api}/resources", "GetResources", resources::list),
    on("POST", "/restapis/{api}/resources/{resource}", "CreateResource", resources::create),
    on("GET", "/restapis/{api}/resources/{resource}", "GetResource", resources::get),
    on("DELETE", "/restapis/{api}/resources/{resource}", "DeleteResource", resources::delete),
    on("PUT", METHOD, "PutMethod", methods::put),
    on("GET", METHOD, "GetMethod", methods::get),
    on("PATCH", METHOD, "UpdateMethod", methods::update),
    on("DELETE", METHOD, "DeleteMethod", methods::delete),
    on("PUT", METHOD_RESPONSE, "PutMethodResponse", methods::put_response),
    on("GET", METHOD_RESPONSE, "GetMethodResponse", methods::get_response),
    on("DELETE", METHOD_RESPONSE, "DeleteMethodResponse", methods::delete_response),
    on("PUT", INTEGRATION, "PutIntegration", integrations::put),
    on("GET", INTEGRATION, "GetIntegration", integrations::get),
    on("PATCH", INTEGRATION, "UpdateIntegration", integrations::update),
    on("DELETE", INTEGRATION, "DeleteIntegration", integrations::delete),
    on("PUT", INTEGRATION_RESPONSE, "PutIntegrationResponse", integration_responses::put),
    on("GET", INTEGRATION_RESPONSE, "GetIntegrationResponse", integration_responses::get),
    on("DELETE", INTEGRATION_RESPONSE, "DeleteIntegrationResponse", integration_responses::delete),
    on("GET", "/restapis/{api}/gatewayresponses", "GetGatewayResponses", gateway_responses::list),
    on("PUT", "/restapis/{api}/gatewayresponses/{type}", "PutGatewayResponse", gateway_responses::put),
    on("GET", "/restapis/{api}/gatewayresponses/{type}", "GetGatewayResponse", gateway_responses::get),
    on("PATCH", "/restapis/{api}/gatewayresponses/{type}", "UpdateGatewayResponse", gateway_responses::update),
    on("DELETE", "/restapis/{api}/gatewayresponses/{type}", "DeleteGatewayResponse", gateway_responses::delete),
    on("POST", "/restapis/{api}/deployments", "CreateDeployment", deployments::create),
    on("GET", "/restapis/{api}/deployments", "GetDeployments", deployments::list),
    on("GET", "/restapis/{api}/deployments/{deployment}", "GetDeployment", deployments::get),
    on("PATCH", "/restapis/{api}/deployments/{deployment}", "UpdateDeployment", deployments::update),
    on("DELETE", "/restapis/{api}/deployments/{deployment}", "DeleteDeployment", deployments::delete),
    on("POST", "/restapis/{api}/stages", "CreateStage", stages::create),
    on("GET", "/restapis/{api}/stages", "GetStages", stages::list),
    on("GET", "/restapis/{api}/stages/{stage}", "GetStage", stages::get),
    on("PATCH", "/restapis/{api}/stages/{stage}", "UpdateStage", stages::update),
    on("DELETE", "/restapis/{api}/stages/{stage}", "DeleteStage", stages::delete),
];

/// The operation that a request is, its path's parameters filled in. A mode in the query is another operation (the
/// imports), and none that is spoken here.
pub(crate) fn find(request: &mut Request) -> Option<Operation> {
    if request.query("mode").is_some() {
        return None;
    }
    let (operation, parameters) = OPERATIONS.iter().find_map(|operation| {
        let same_method = operation.method == request.method;
        let parameters = same_method.then(|| parameters(operation.path, &request.path)).flatten();
        Some((*operation, parameters?))
    })?;
    request.parameters = parameters;
    Some(operation)
}

fn parameters(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (patterns, parts) = (pattern.split('/'), path.split('/'));
    if patterns.clone().count() != parts.clone().count() {
        return None;
    }
    let mut found = Vec::new();
    for (pattern, part) in patterns.zip(parts) {
        match pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !part.is_empty() => found.push((name, decoded(part))),
            None if pattern == part => {}
            _ => return None,
        }
    }
    Some(found)
}

/// Refuses what isn't signed for API Gateway. The signature itself isn't computed.
pub(crate) fn must_be_signed(request: &Request) -> Result<(), AwsError> {
    let credential = request.header("authorization").and_then(|header| {
        let fields = header.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let named = |name| fields.split(',').find_map(|field| field.trim().strip_prefix(name));
        named("SignedHeaders=").zip(named("Signature="))?;
        named("Credential=")
    });
    let scope: Vec<_> = credential.unwrap_or_default().split('/').collect();
    match scope.as_slice() {
        [id, _date, _region, "apigateway", "aws4_request"] if !id.is_empty() => Ok(()),
        _ => Err(AwsError::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token")),
    }
}

impl Operation {
    /// Applies it: wholly, or not at all when it is refused.
    pub(crate) fn apply(self, account: &mut Account, request: &Request) -> Answered {
        (self.apply)(account, request)
    }
}

/// Does what somebody does in the console; it must be right.
pub(crate) fn in_console(account: &mut Account, mut request: Request) -> serde_json::Value {
    let operation = find(&mut request).expect("an operation that the fake speaks");
    let reply = operation.apply(account, &request);
    let reply = reply.unwrap_or_else(|error| panic!("{}: {}", operation.name, error.message));
    serde_json::from_slice(&reply.body).unwrap_or_default()
}
