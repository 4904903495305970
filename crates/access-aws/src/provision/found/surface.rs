//! Resources, methods, integrations and gateway responses of our API.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_apigateway::{
    Client,
    operation::get_method::GetMethodOutput,
    types::{GatewayResponse, Integration, IntegrationType, Method},
};

use crate::{
    AwsError, action,
    control::{Control, PAGE},
    provision::wanted::{Credential, surface::MethodId},
};

/// What of the API is, or goes, live with a deployment.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundSurface {
    /// The resource `/`.
    pub(crate) root_id: Option<String>,
    /// Ids by path, without the root.
    pub(crate) resources: BTreeMap<String, String>,
    pub(crate) methods: BTreeMap<MethodId, FoundMethod>,
    /// Gateway responses that aren't AWS's own, by type.
    pub(crate) gateway_responses: BTreeMap<String, FoundGatewayResponse>,
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
pub(crate) struct FoundGatewayResponse {
    pub(crate) status: Option<String>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) template: Option<String>,
}

/// Methods that are asked for one by one where the list names none.
const VERBS: [&str; 8] = ["ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

impl FoundSurface {
    /// Resources with their methods; gateway responses are a list of their own.
    pub(crate) async fn read(control: &Control, api_id: &str) -> Result<Self, AwsError> {
        let send = |client: Client, position| {
            let request = client.get_resources().rest_api_id(api_id).embed("methods").limit(PAGE);
            request.set_position(position).send()
        };
        let resources = control.pages(action::GET_RESOURCES, send, |page| (page.items, page.position)).await?;
        let mut found = Self::default();
        let names_methods = resources.iter().any(|r| r.resource_methods().is_some_and(|methods| !methods.is_empty()));
        for resource in resources {
            let (Some(id), Some(path)) = (resource.id, resource.path) else { continue };
            let told = resource.resource_methods.unwrap_or_default();
            let verbs: Vec<String> = if names_methods {
                told.keys().cloned().collect()
            } else if path == "/" {
                Vec::new()
            } else {
                VERBS.map(str::to_owned).to_vec()
            };
            for verb in verbs {
                let whole = told.get(&verb).filter(|method| is_whole(method));
                let method = match whole {
                    Some(method) => Some(found_method(method.clone())),
                    None => one_method(control, api_id, &id, &verb).await?,
                };
                if let Some(method) = method {
                    found.methods.insert(MethodId { path: path.clone(), verb }, method);
                }
            }
            if path == "/" {
                found.root_id = Some(id);
            } else {
                found.resources.insert(path, id);
            }
        }
        Ok(found)
    }
}

/// Whether the list tells all of this method that we compare; if not, it is asked for by itself.
fn is_whole(method: &Method) -> bool {
    let Some(integration) = method.method_integration() else { return false };
    let answers_itself = integration.r#type() == Some(&IntegrationType::Mock);
    let tells_answers = method.method_responses().is_some() && integration.integration_responses().is_some();
    method.api_key_required().is_some() && (tells_answers || !answers_itself)
}

/// Asks for one method, where the list doesn't tell all of it.
async fn one_method(control: &Control, api: &str, resource: &str, verb: &str) -> Result<Option<FoundMethod>, AwsError> {
    let asked = control
        .call(action::GET_METHOD, |client| {
            client.get_method().rest_api_id(api).resource_id(resource).http_method(verb).send()
        })
        .await;
    match asked {
        Ok(method) => Ok(Some(found_method(as_method(method)))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same fields, which the SDK keeps in two types.
fn as_method(method: GetMethodOutput) -> Method {
    Method::builder()
        .set_http_method(method.http_method)
        .set_authorization_type(method.authorization_type)
        .set_api_key_required(method.api_key_required)
        .set_request_parameters(method.request_parameters)
        .set_method_responses(method.method_responses)
        .set_method_integration(method.method_integration)
        .build()
}

fn found_method(method: Method) -> FoundMethod {
    let reply = method.method_responses.and_then(|mut replies| replies.remove("200"));
    FoundMethod {
        // Where it isn't told, none is required: that is AWS's default.
        key_required: method.api_key_required.unwrap_or(false),
        authorization: method.authorization_type.unwrap_or_default(),
        parameters: method.request_parameters.unwrap_or_default().into_iter().collect(),
        reply_headers: reply.map(|reply| reply.response_parameters.unwrap_or_default().into_keys().collect()),
        integration: method.method_integration.map(found_integration),
    }
}

fn found_integration(integration: Integration) -> FoundIntegration {
    let reply = integration.integration_responses.and_then(|mut replies| replies.remove("200"));
    let mapped = integration.request_parameters.unwrap_or_default();
    FoundIntegration {
        kind: integration.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        verb: integration.http_method,
        uri: integration.uri,
        timeout: Some(integration.timeout_in_millis).filter(|timeout| *timeout != 0),
        transfer: integration.response_transfer_mode.map(|mode| mode.as_str().to_owned()),
        mapped: mapped.into_iter().map(|(name, value)| (name, Credential::new(&value))).collect(),
        template: integration.request_templates.and_then(|mut templates| templates.remove("application/json")),
        reply_headers: reply.map(|reply| reply.response_parameters.unwrap_or_default().into_iter().collect()),
    }
}

/// Gateway responses that were set.
pub(super) async fn gateway_responses(
    control: &Control,
    api_id: &str,
) -> Result<BTreeMap<String, FoundGatewayResponse>, AwsError> {
    let reply = control
        .call(action::GET_GATEWAY_RESPONSES, |client| {
            client.get_gateway_responses().rest_api_id(api_id).limit(PAGE).send()
        })
        .await?;
    let set = reply.items.unwrap_or_default().into_iter().filter(|response| !response.default_response);
    Ok(set.filter_map(found_response).collect())
}

fn found_response(response: GatewayResponse) -> Option<(String, FoundGatewayResponse)> {
    let parameters: BTreeMap<_, _> = response.response_parameters.unwrap_or_default().into_iter().collect();
    let template = response.response_templates.and_then(|mut templates| templates.remove("application/json"));
    let kind = response.response_type?.as_str().to_owned();
    Some((kind, FoundGatewayResponse { status: response.status_code, parameters, template }))
}
